"""Lives that honest people lead, with what goes wrong in ordinary ones, and how many people and acts each takes.

An act is one accepted command, or one issue closed in its tracker (GATE). Every life has to close: a gate that refuses
honest people is switched off.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from building.files import read_policy
from domain.drafts.document import DraftDocument
from domain.drafts.draft import DraftContent
from domain.lifecycle import inputs
from domain.model.policy import Policy
from domain.model.review import Reading
from domain.model.taxonomy import IncidentStatus, Severity, Stage
from domain.model.tracker_routing import Place
from runtime.settings import Settings
from tests.domain.build import COPY, NOW, SIGNERS, Driver, content, document, finish, incident, item, spec

AUTHOR, GHOST = "author", "github:ghost"

FULL: dict[str, Any] = {
    "impact": {"business": "x"},
    "detection": {"method": "customer", "gap": "no_monitor", "how": "x"},
    "safeguards": [{"type": "fallback", "outcome": "absent"}],
    "extent": [{"at": "embedder", "found": "not_there", "how": "x"}],
}


def policy_named(name: str) -> Policy:
    """A policy that Holdfast ships with, by the name that the settings take, for incidents of every severity."""
    policy = read_policy(Settings(policy=Path(name)))
    return policy.model_copy(update={"qualifies": policy.qualifies.model_copy(update={"severities": tuple(Severity)})})


class HonestDriver(Driver):
    """A driver in which somebody unknown may have had a hand in an item, until it is said who that is."""

    unknown = False

    def _found_with_doers(self, id: str) -> Reading:
        found = super()._found_with_doers(id)
        known = {"met": (GHOST,)} if GHOST in self.review.items[id].strangers else {}
        return found.model_copy(update={"strangers": (GHOST,)} if self.unknown else known)


class Life:
    """A review that honest people lead to its end, and who of them did how much."""

    def __init__(self, under: Policy, severity: Severity) -> None:
        self.driver = HonestDriver(under)
        self.acts, self.people, self.revision, self.severity = 0, set[str](), 0, severity
        self.promised: list[dict[str, Any]] = []

    # --- what people do ---------------------------------------------------------------------------------------------

    def begin(self, called: Iterable[tuple[int, Severity]] = ()) -> None:
        """The incident is over, and its quiet window; while it was open it was called this, after so many minutes."""
        over = NOW + timedelta(minutes=90)
        told = [(NOW + timedelta(minutes=m), severity, IncidentStatus.OPEN) for m, severity in called]
        self.driver.now = over
        for as_of, severity, status in ((over, self.severity, IncidentStatus.RESOLVED), *told):
            said = incident(severity=severity, responder=AUTHOR, as_of=as_of, status=status)
            self.driver.say(inputs.IncidentTold(incident=said))
        self.driver.doers = (AUTHOR,)
        self.driver.wait(hours=24)

    def say(self, body: Any, by: str, draft: DraftContent | None = None) -> None:
        """Say a command, which has to be accepted. Raises `Rejected`."""
        self.driver.say(body, by, draft)
        self.acts, self.people = self.acts + 1, self.people | {by}

    def submit(self, of: DraftDocument) -> None:
        """Put a text forward."""
        self.revision += 1
        draft = content(of, self.revision, self.driver.policy)
        self.say(inputs.SubmitDraft(revision=self.revision, digest=draft.digest), AUTHOR, draft)

    def sign(self, team: str) -> None:
        """Sign what is submitted."""
        digest = self.driver.review.submission.digest if self.driver.review.submission else ""
        self.say(inputs.SignForTeam(team=team, digest=digest), SIGNERS[team])

    def sign_what_is_left(self) -> None:
        """Each team signs that has not, or has to again."""
        for blocker in [b for b in self.driver.blockers if b.rule == "sign_off"]:
            self.sign(blocker.subject)

    def ask(self, body: Any) -> None:
        """Ask for what takes two; one who signs approves it."""
        self.say(body, AUTHOR)
        self.say(inputs.Approve(request=list(self.driver.review.requests)[-1]), self.signer)

    @property
    def signer(self) -> str:
        """Somebody who signs, and verifies and approves, too."""
        return SIGNERS[self.driver.review.required_teams[0]]

    def end(self) -> None:
        """Every item is done in its tracker, and one signer sees that they do what they promised."""
        self.driver.obey()
        first, *others = [id for id, one in self.driver.review.items.items() if one.accepted]
        finish(self.driver, [first, *others])
        self.acts, self.people = self.acts + 1 + len(others), self.people | {AUTHOR}
        self.driver.obey()
        if self.driver.unknown:
            self.driver.unknown = False  # the lead says in the catalogue whose account that is
            self.acts += 1
            self.driver.wait(minutes=10)
            for id in (first, *others):
                self.driver.say(self.driver.doers_read(id), "holdfast")
        if any(b.rule == "verified" for b in self.driver.blockers):
            verification = inputs.VerifyItem(item=first, others=tuple(others), evidence=(COPY,))
            self.say(verification, self.signer)
            self.driver.obey()

    @property
    def is_closed(self) -> bool:
        """Whether it came to its end."""
        return self.driver.is_in(Stage.CLOSED)


class OrdinaryLife(Life):
    """A life in which some of what goes wrong in ordinary ones goes wrong, drawn from a seed."""

    def __init__(self, under: Policy, severity: Severity, seed: int) -> None:
        super().__init__(under, severity)
        self.random = Random(seed)
        self.mishaps: list[str] = []

    def happens(self, what: str, one_in: int) -> bool:
        """Whether something goes wrong this time; it is noted."""
        is_so = self.random.randrange(one_in) == 0
        self.mishaps += [what] if is_so else []
        return is_so

    def live(self) -> "OrdinaryLife":
        """From the incident to the closure."""
        lowered = self.severity is not Severity.SEV1 and self.happens("lowered at once", 4)
        self.begin([(0, Severity.SEV1), (13, self.severity)] if lowered else ())
        self.promised = [item(f"I{n + 1}", owner=AUTHOR) for n in range(self.random.choice((1, 2, 2, 3)))]
        self.submit(document(items=self.promised, **FULL))
        if not self.is_closed and self.happens("a late edit", 3):
            self.sign(self.driver.review.required_teams[0])
            self.submit(document(items=self.promised, summary="It was stale for six hours.", **FULL))
        self.sign_what_is_left()
        self.driver.obey()
        for mishap, one_in in _LATER:
            if not self.is_closed and self.happens(mishap.__doc__ or "", one_in):
                mishap(self)
                self.sign_what_is_left()
                self.driver.obey()
        if not self.is_closed:  # where a light policy holds it up for nothing, it closes by itself
            self.end()
        return self

    def _pause(self) -> None:
        """a holiday"""
        self.driver.wait(days=self.random.choice((3, 16)))

    def _hand_over(self) -> None:
        """another owner"""
        self.say(inputs.AssignOwner(owner="heir"), AUTHOR)

    def _slip(self) -> None:
        """a date that slipped"""
        due, asked = self.driver.review.items["I1"].due, len(self.driver.review.requests)
        assert due is not None
        until = max(due, self.driver.now) + timedelta(days=5)
        self.say(inputs.ExtendDue(item="I1", until=until, reason="text:why"), AUTHOR)
        if len(self.driver.review.requests) > asked:
            self.say(inputs.Approve(request=list(self.driver.review.requests)[-1]), self.signer)

    def _slip_again(self) -> None:
        """a date that slipped again"""
        self._slip()
        self._slip()

    def _add(self) -> None:
        """an item that was added"""
        self.say(inputs.ProposeItem(spec=spec("I9", owner=AUTHOR)), AUTHOR)
        self.sign(self.driver.review.required_teams[0])

    def _split(self) -> None:
        """an item that was split"""
        whole = self.driver.review.items["I1"].spec
        parts = tuple(whole.model_copy(update={"id": f"I1{letter}"}) for letter in "ab")
        self.ask(inputs.SplitItem(item="I1", into=parts, reason="text:why"))

    def _move(self) -> None:
        """an issue that moved"""
        id = next(id for id, one in self.driver.review.items.items() if one.accepted)
        self.say(inputs.MoveItem(item=id, place=Place(tracker="builtin")), AUTHOR)

    def _stranger(self) -> None:
        """an account that nobody knew"""
        self.driver.unknown = True


_LATER: tuple[tuple[Callable[[OrdinaryLife], None], int], ...] = (
    (OrdinaryLife._pause, 3),
    (OrdinaryLife._hand_over, 6),
    (OrdinaryLife._slip, 3),
    (OrdinaryLife._slip_again, 8),
    (OrdinaryLife._add, 3),
    (OrdinaryLife._split, 6),
    (OrdinaryLife._move, 5),
    (OrdinaryLife._stranger, 6),
)
