"""What nobody is held up by, and every signer is shown: thin answers, prevention in name only, a lowered severity."""

from datetime import timedelta
from typing import Any

import pytest

from domain.drafts.thin import says_little
from domain.lifecycle.doubts import PREVENTS_NOTHING, doubts
from domain.lifecycle.inputs import Classify, IncidentTold, LowerSeverity
from domain.model.taxonomy import IncidentStatus, Outcome, Severity, Stage
from tests.domain.build import NOW, POLICY, Driver, document, finish, in_sign_off, incident, item

REAL = {"outcome": Outcome.TRAINING_OR_EVALUATION_PROCEDURE}
FIRST = POLICY.questions[0]


@pytest.mark.parametrize(
    "text", ["x", "n/a", "N/A.", "-", "…", "See above", "no no no no", "TBD", "  ", "1", FIRST.prompt]
)
def test_a_text_that_says_little(text: str) -> None:
    assert says_little(text, FIRST.prompt)


@pytest.mark.parametrize(
    "text",
    [
        "The cache was cold.",
        "キャッシュが冷えていた。",
        "缓存是冷的。",
        "Nobody looked at it.",
        f"{FIRST.prompt} The embedder.",
    ],
)
def test_a_text_that_may_say_something(text: str) -> None:
    assert not says_little(text, FIRST.prompt)


def asked(**changes: Any) -> Driver:
    """A review in sign-off with this draft, its item a measure that prevents."""
    return in_sign_off(of=document(**{"items": [item(**REAL)], "summary": "It was stale for hours."} | changes))


def test_signers_are_shown_what_is_thin_and_are_not_held_up_by_it() -> None:
    said = dict.fromkeys((question.id for question in POLICY.questions), "The clicks were late.")
    driver = asked(summary="Broke.", answers=said | {FIRST.id: "n/a"})
    assert doubts(driver.review) == (
        "Next to nothing is said under “What happened”.",
        f"Next to nothing is said under “{FIRST.prompt}”.",
    )
    assert "sign_off" in {b.rule for b in driver.blockers}
    driver.sign_all()
    driver.obey()
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    assert driver.review.closure is not None
    assert driver.review.closure.doubts == doubts(driver.review.model_copy(update={"closure": None}))
    corrected = driver.review.model_copy(update={"submission": None})
    assert doubts(corrected) == driver.review.closure.doubts, "every screen says what there was when it closed"


@pytest.mark.parametrize("outcome", Outcome)
def test_what_prevents_in_name_only_is_said_of_prevention_alone(outcome: Outcome) -> None:
    odd = {"item_class": "detect", "prevents": ()}
    driver = asked(items=[item(outcome=outcome), item("I2", outcome=outcome, **odd)])
    assert [said.split(" is called")[0] for said in doubts(driver.review)] == ["I1"] * (outcome in PREVENTS_NOTHING)


def test_a_severity_that_was_lowered_is_said_while_it_does_not_count() -> None:
    driver = Driver()
    driver.now = NOW + timedelta(days=1)
    over, is_open = IncidentStatus.RESOLVED, IncidentStatus.OPEN
    for minutes, severity, status in ((90, "SEV2", over), (0, "SEV1", is_open), (13, "SEV2", is_open)):
        told = incident(as_of=NOW + timedelta(minutes=minutes), severity=severity, status=status)
        driver.say(IncidentTold(incident=told))
    assert doubts(driver.review) == ("pagerduty:PD-1 was SEV1 from 02 Mar 09:00 to 02 Mar 09:13 UTC, and then SEV2.",)
    driver.say(Classify(severity=Severity.SEV1, reason="text:why"))
    assert doubts(driver.review) == (), "which counts: there is nothing that a signer could miss"


def test_a_severity_that_two_have_lowered_is_said_since_the_graver_one_counts() -> None:
    driver = asked()
    driver.say(LowerSeverity(severity=Severity.SEV3, reason="text:why"))
    driver.approve()
    assert doubts(driver.review) == ("It was SEV1, which is what counts, and is called SEV3 by now.",)
