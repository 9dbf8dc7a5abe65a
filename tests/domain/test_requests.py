"""What makes it easier needs a second person: dismissing, lowering the severity, and deciding requests."""

from datetime import timedelta

import pytest

from domain.lifecycle.events import ReviewDismissed
from domain.lifecycle.inputs import AcceptItem, Approve, Dismiss, IncidentTold, LowerSeverity, ProposeItem, Refuse
from domain.model.taxonomy import IncidentStatus, Severity, Stage
from tests.domain.build import closed, finish, in_draft, in_remediation, in_stabilization, incident, spec, withdraw_all

DISMISS = Dismiss(reason="text:why")


def lower(severity: Severity) -> LowerSeverity:
    return LowerSeverity(severity=severity, reason="text:why")


@pytest.mark.parametrize("severity", [Severity.SEV1, Severity.SEV2])
def test_a_grave_review_is_dismissed_by_two_people(severity: Severity) -> None:
    driver = in_draft(severity=severity)
    driver.say(DISMISS, "other")
    assert driver.is_in(Stage.DRAFT)
    assert driver.reasons(Approve(request="R1"), "other") == (
        "Who asked for R1 does not approve it: another person has to.",
    )
    recorded = driver.approve()
    assert recorded[-1] == ReviewDismissed(by="other", reason="text:why")
    assert driver.is_in(Stage.DISMISSED)
    assert driver.plan.ended


@pytest.mark.parametrize("severity", [Severity.SEV3, Severity.SEV4])
def test_a_lighter_review_is_dismissed_for_a_reason(severity: Severity) -> None:
    driver = in_stabilization(severity=severity)
    driver.say(DISMISS)
    assert driver.is_in(Stage.DISMISSED)


def test_a_dismissed_review_still_says_so_in_its_tracking_issue_and_then_ends() -> None:
    driver = in_remediation()
    withdraw_all(driver)
    driver.say(DISMISS)
    driver.approve("R2")
    assert (driver.owed, driver.plan.ended) == (["release:I1"], False)
    driver.obey()
    assert (driver.owed, driver.plan.ended, driver.blockers) == ([], True, [])


def test_a_request_is_refused_once_or_granted_once() -> None:
    driver = in_draft()
    driver.say(DISMISS)
    driver.say(Refuse(request="R1", reason="text:no"), "approver")
    assert driver.reasons(Approve(request="R1"), "approver") == ("R1 is refused already.",)
    driver.say(lower(Severity.SEV4))
    driver.approve("R2")
    assert driver.reasons(Refuse(request="R2", reason="text:no")) == ("R2 is granted already.",)
    assert driver.reasons(Approve(request="R7")) == ("There is no request R7; there are R1, R2.",)


def test_a_severity_is_lowered_by_two_people() -> None:
    driver = in_draft()
    driver.say(lower(Severity.SEV3))
    before = driver.review.severity
    driver.approve()
    assert (before, driver.review.severity) == (Severity.SEV1, Severity.SEV3)


def test_a_severity_is_not_lowered_to_itself_or_upwards() -> None:
    driver = in_draft(severity="SEV2")
    assert driver.reasons(lower(Severity.SEV2)) == ("SEV2 is not lower than SEV2.",)
    assert driver.reasons(lower(Severity.SEV1)) == ("SEV1 is not lower than SEV2.",)


def test_an_approval_of_a_lower_severity_does_not_stand_once_it_turned_out_graver() -> None:
    driver = in_draft(severity="SEV2")
    driver.say(lower(Severity.SEV4))
    driver.say(IncidentTold(incident=incident(as_of=driver.now, severity="SEV1")))
    assert driver.reasons(Approve(request="R1"), "approver") == (
        "The severity was SEV2 when R1 was asked, and is SEV1; ask anew.",
    )
    assert driver.reasons(lower(Severity.SEV4)) == ()


def test_the_source_does_not_undo_a_lowered_severity_by_saying_the_same_again() -> None:
    driver = in_draft()
    driver.say(lower(Severity.SEV3))
    driver.approve()
    driver.say(IncidentTold(incident=incident(as_of=driver.now, title="text:new")))
    assert driver.review.severity is Severity.SEV3


def test_what_cannot_be_asked_of_a_closed_review_is_not_granted_either() -> None:
    driver = in_remediation()
    lower = LowerSeverity(severity=Severity.SEV3, reason="text:why")
    driver.say(lower)
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    not_any_more = ("The severity cannot be lowered while the review is closed.",)
    assert driver.reasons(Approve(request="R1"), "approver") == not_any_more
    assert driver.reasons(lower) == not_any_more


@pytest.mark.parametrize("severity", [Severity.SEV1, Severity.SEV3])
def test_a_review_does_not_end_while_something_is_promised(severity: Severity) -> None:
    """Dismissing dropped what was promised, in silence; at SEV3 one person did it alone."""
    driver = in_remediation(severity=severity)
    dropped = ("I1 would be dropped: finish what is promised, or withdraw it first.",)
    assert driver.reasons(DISMISS) == dropped
    withdraw_all(driver)
    assert driver.reasons(DISMISS) == ()


def test_a_dismissal_is_not_granted_once_something_is_promised() -> None:
    driver = in_draft()
    driver.say(DISMISS)
    driver.say(ProposeItem(spec=spec("I1")))
    driver.say(AcceptItem(item="I1"))
    reasons = driver.reasons(Approve(request="R1"), "approver")
    assert reasons == ("I1 would be dropped: finish what is promised, or withdraw it first.",)


def test_a_closed_review_that_a_recurrence_reopens_may_be_dismissed() -> None:
    driver = closed()
    again = driver.now + timedelta(hours=1)
    driver.now = again
    driver.say(IncidentTold(incident=incident(status=IncidentStatus.OPEN, as_of=again)))
    driver.say(DISMISS)
    driver.approve()
    assert driver.is_in(Stage.DISMISSED)
