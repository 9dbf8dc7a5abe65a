"""How many people and acts an honest review takes, by GATE. An act is one accepted command, or one issue closed."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from building.files import read_policy
from domain.drafts.document import DraftDocument
from domain.lifecycle.inputs import ExtendDue, IncidentTold, ProposeItem, SignForTeam, SubmitDraft, VerifyItem
from domain.model.taxonomy import Severity, Stage
from runtime.settings import Settings
from tests.domain.build import (
    COPY,
    SIGNERS,
    Driver,
    content,
    document,
    finish,
    incident,
    item,
    spec,
)

AUTHOR, FULL = (
    "author",
    {
        "impact": {"business": "x"},
        "detection": {"method": "customer", "gap": "no_monitor", "how": "x"},
        "safeguards": [{"type": "fallback", "outcome": "absent"}],
        "extent": [{"at": "embedder", "found": "not_there", "how": "x"}],
    },
)


class Life:
    """A review that honest people lead to its end, and who of them did how much."""

    def __init__(self, under: str, severity: Severity) -> None:
        self.driver = Driver(read_policy(Settings(policy=Path(under))))
        self.driver.policy = self.driver.policy.model_copy(
            update={"qualifies": self.driver.policy.qualifies.model_copy(update={"severities": tuple(Severity)})}
        )
        self.acts, self.people, self.revision = 0, set[str](), 0
        self.driver.say(IncidentTold(incident=incident(severity=severity, responder=AUTHOR)))
        self.driver.doers = (AUTHOR,)
        self.driver.wait(hours=24)

    def say(self, body: Any, by: str, draft: Any = None) -> None:
        self.driver.say(body, by, draft)
        self.acts, self.people = self.acts + 1, self.people | {by}

    def submit(self, of: DraftDocument) -> None:
        self.revision += 1
        draft = content(of, self.revision, self.driver.policy)
        self.say(SubmitDraft(revision=self.revision, digest=draft.digest), AUTHOR, draft)

    def sign(self, team: str) -> None:
        digest = self.driver.review.submission.digest if self.driver.review.submission else ""
        self.say(SignForTeam(team=team, digest=digest), SIGNERS[team])

    def sign_what_is_left(self) -> None:
        for blocker in [b for b in self.driver.blockers if b.rule == "sign_off"]:
            self.sign(blocker.subject)

    def end(self) -> None:
        """Every item is done in its tracker, and one signer sees that they do what they promised."""
        self.driver.obey()
        first, *others = self.driver.review.items
        finish(self.driver, [first, *others])
        self.acts, self.people = self.acts + 1 + len(others), self.people | {AUTHOR}
        self.driver.obey()
        if any(b.rule == "verified" for b in self.driver.blockers):
            verifier = SIGNERS[self.driver.review.required_teams[0]]
            self.say(VerifyItem(item=first, others=tuple(others), evidence=(COPY,)), verifier)
            self.driver.obey()
        assert self.driver.is_in(Stage.CLOSED)


LIVES = [
    ("standard", Severity.SEV2, ("I1", "I2"), 4, 10, 16),
    ("small team", Severity.SEV2, ("I1", "I2"), 2, 6, 11),
    ("regulated", Severity.SEV2, ("I1", "I2"), 4, 10, 16),
    ("standard", Severity.SEV3, ("I1",), 2, 4, 9),
]
"""Policy, severity, items; people, acts where nothing goes wrong, acts in ordinary life. GATE wants 6 of the last 9."""


@pytest.mark.parametrize(("under", "severity", "items", "people", "acts", "_"), LIVES)
def test_where_nothing_goes_wrong_few_people_do_little(
    under: str, severity: Severity, items: tuple[str, ...], people: int, acts: int, _: int
) -> None:
    life = Life(under, severity)
    life.submit(document(items=[item(id, owner=AUTHOR) for id in items], **FULL))
    life.sign_what_is_left()
    life.end()
    assert len(life.people) <= people
    assert life.acts <= acts


@pytest.mark.parametrize(("under", "severity", "items", "people", "_", "acts"), LIVES)
def test_ordinary_life_takes_a_little_more(
    under: str, severity: Severity, items: tuple[str, ...], people: int, _: int, acts: int
) -> None:
    """The text changes after a signature, a date slips, and an item is added after the last signature."""
    life = Life(under, severity)
    promised = [item(id, owner=AUTHOR) for id in items]
    life.submit(document(items=promised, **FULL))
    life.sign(life.driver.review.required_teams[0])
    life.submit(document(items=promised, summary="It was stale for six hours.", **FULL))
    life.sign_what_is_left()
    due = life.driver.review.items["I1"].due
    assert due is not None
    life.say(ExtendDue(item="I1", until=due + timedelta(days=5), reason="text:why"), AUTHOR)
    life.say(ProposeItem(spec=spec("I9", owner=AUTHOR)), AUTHOR)
    life.sign(life.driver.review.required_teams[0])
    life.end()
    assert len(life.people) <= people
    assert life.acts <= acts
