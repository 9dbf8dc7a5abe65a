"""Ways around the gate that were found by attacking it: each is shut, and each dead end has a way out."""

from datetime import timedelta
from typing import Any

import pytest

from domain.lifecycle.doubts import doubts
from domain.lifecycle.inputs import (
    AnswerEffectiveness,
    Approve,
    Classify,
    Dismiss,
    ExtendDue,
    IncidentTold,
    JoinIncident,
    OpenReview,
    RemoveIncident,
    SignForTeam,
    SplitItem,
    VerifyItem,
)
from domain.model.review import Review
from domain.model.taxonomy import Effectiveness, IncidentKind, IncidentStatus, IssueStatus, Severity, Stage
from domain.people.tasks import Role, asks
from tests.domain.build import (
    APPROVER,
    CATALOGUE,
    COPY,
    DEFAULT,
    NOW,
    OWNER,
    Driver,
    closed,
    document,
    in_draft,
    in_remediation,
    in_sign_off,
    in_stabilization,
    incident,
    item,
)
from tests.domain.honest import FULL, policy_named

OPEN, OVER = IncidentStatus.OPEN, IncidentStatus.RESOLVED
PRIVACY = IncidentKind.PRIVACY_LEAK
SEARCH = CATALOGUE.services["search"].model_copy(update={"roles": {"infrastructure": "ml", "product": "ml"}})
FEW = CATALOGUE.model_copy(update={"services": CATALOGUE.services | {"search": SEARCH}})


def told(driver: Driver, minutes: int, severity: str, status: IncidentStatus = OPEN, **more: Any) -> None:
    driver.say(
        IncidentTold(
            incident=incident(severity=severity, as_of=NOW + timedelta(minutes=minutes), status=status, **more)
        )
    )


def classify(driver: Driver, by: str, **facts: Any) -> tuple[str, ...]:
    return driver.reasons(Classify(**facts, reason="text:why"), by)


@pytest.mark.parametrize(
    ("called", "counts"),
    [
        (((0, "SEV1"), (50, "SEV1"), (100, "SEV3")), "SEV1"),  # told twice is not lowered in between
        (((0, "SEV1"), (59, "SEV2"), (118, "SEV3")), "SEV2"),  # and at least SEV2 for all of it
        (((0, "SEV1"), (30, "SEV3"), (50, "SEV1"), (90, "SEV3")), "SEV3"),
        (((0, "SEV1"), (13, "SEV3")), "SEV3"),
        (((0, "SEV3"), (13, "SEV1")), "SEV1"),
    ],
)
def test_the_gravest_counts_that_it_was_called_or_graver_for_long_enough(called: Any, counts: str) -> None:
    driver = Driver(DEFAULT)
    driver.now = NOW + timedelta(days=1)
    *before, (minutes, severity) = called
    told(driver, minutes, severity, OVER)
    for minutes, severity in before:
        told(driver, minutes, severity)
    assert driver.review.gravest == counts


def test_an_incident_that_is_taken_out_is_an_exception_and_said_to_signers() -> None:
    driver = in_draft(severity=Severity.SEV3)
    driver.say(JoinIncident(incident=incident(id="PD-2", severity=Severity.SEV1)))
    driver.say(RemoveIncident(incident="pagerduty:PD-2", reason="text:why"))
    driver.approve()
    assert driver.review.gravest is Severity.SEV3
    assert driver.review.exceptions == ("incident/pagerduty:PD-2",)
    assert doubts(driver.review)[-1] == "pagerduty:PD-2 (SEV1) was taken out, as added by mistake."


def test_taking_an_incident_out_is_asked_anew_where_it_turned_out_graver() -> None:
    driver = in_draft()
    driver.say(JoinIncident(incident=incident(id="PD-2", severity=Severity.SEV4)))
    driver.say(RemoveIncident(incident="pagerduty:PD-2", reason="text:why"))
    driver.wait(minutes=1)
    told(driver, 24 * 60 + 1, "SEV1", OVER, id="PD-2")
    assert "has changed since R1 was asked" in driver.reasons(Approve(request="R1"), APPROVER)[0]


def test_one_person_takes_no_signature_out_by_naming_the_service() -> None:
    driver = Driver(DEFAULT, FEW)
    unlisted = incident(service="PX9", team=None)
    driver.say(IncidentTold(incident=unlisted))
    driver.say(OpenReview(incident=unlisted))
    assert classify(driver, "a", service="search") == ()
    assert driver.review.required_teams == ("ml", "infrastructure", "product"), "another person has to approve it"
    driver.approve()
    assert driver.review.required_teams == ("ml",)  # type: ignore[comparison-overlap]


def test_another_incident_s_service_chooses_nobody_who_signs() -> None:
    driver = Driver(DEFAULT, FEW)
    driver.say(IncidentTold(incident=incident()))
    driver.say(JoinIncident(incident=incident(id="PD-2", service="PX9", team=None)))
    signing = driver.review.required_teams
    assert classify(driver, "a", incident="pagerduty:PD-2", service="search") == ()
    assert driver.review.incidents["pagerduty:PD-2"].team == "ml"
    assert (driver.review.required_teams, driver.review.requests) == (signing, {})


def test_the_service_of_an_excluded_incident_that_has_a_team_is_asked_for_once_it_is_reviewed() -> None:
    driver = Driver(DEFAULT, FEW)
    driver.say(IncidentTold(incident=incident(severity=Severity.SEV3)))
    (reason,) = classify(driver, "a", service="search", severity=Severity.SEV2)
    assert reason == "service: ranker is team recs's: open the review first, then ask for another service."


def test_only_who_raised_a_severity_takes_it_back_as_a_slip() -> None:
    driver = in_draft(severity=Severity.SEV3)
    assert classify(driver, "c", severity=Severity.SEV1) == ()
    assert "which takes two" in classify(driver, "a", severity=Severity.SEV3)[0]
    assert classify(driver, "c", severity=Severity.SEV3) == ()


def test_an_excluded_incident_that_is_told_graver_is_asked_about() -> None:
    driver = Driver(DEFAULT)
    driver.say(IncidentTold(incident=incident(service="PX9", team=None, severity=Severity.SEV3)))
    assert asks(driver.review, driver.now) == ()
    driver.now += timedelta(hours=3)
    driver.say(IncidentTold(incident=incident(service="PX9", team=None, severity=Severity.SEV1, as_of=driver.now)))
    assert [wanted.of.role for wanted in asks(driver.review, driver.now)] == [Role.ADMIN]
    driver.say(Dismiss(reason="text:why"))
    assert driver.stage is Stage.EXCLUDED, "which takes two"


def test_a_kind_that_was_taken_away_is_said_to_signers() -> None:
    driver = in_draft(kinds=(PRIVACY,))
    assert classify(driver, "a", kinds=(IncidentKind.OTHER,)) == ()
    assert "pagerduty:PD-1 was called privacy leak, and is not any more." in doubts(driver.review)


def test_no_author_signs_or_approves_under_the_regulated_policy() -> None:
    driver = in_draft(policy_named("regulated"), severity=Severity.SEV2)
    driver.submit(document(**FULL), by="b")
    driver.submit(document(**FULL | {"summary": "It was stale for a day."}), by="a", revision=2)
    assert driver.review.submission is not None
    signing = SignForTeam(team="ml", digest=driver.review.submission.digest)
    assert driver.reasons(signing, "b") == ("They submitted an earlier text of it: somebody else has to sign.",)
    assert driver.reasons(signing, "ml-signer") == ()


def test_that_prevention_did_not_work_does_not_end_a_review_at_once() -> None:
    driver = closed()
    driver.answer(Effectiveness.INEFFECTIVE)
    assert driver.is_in(Stage.CLOSED), "somebody else may know better"
    driver.say(AnswerEffectiveness(answer=Effectiveness.EFFECTIVE, reason="text:replayed"), "b")
    assert driver.is_in(Stage.ARCHIVED)


def test_a_part_of_an_item_that_was_put_off_is_not_put_off_once_more_by_one() -> None:
    driver = in_remediation()
    due = driver.review.items["I1"].due
    assert due is not None
    driver.say(ExtendDue(item="I1", until=due + timedelta(days=1), reason="text:why"))
    whole = driver.review.items["I1"].spec
    parts = tuple(whole.model_copy(update={"id": f"I1{letter}"}) for letter in "ab")
    driver.say(SplitItem(item="I1", into=parts, reason="text:why"))
    driver.approve()
    driver.say(ExtendDue(item="I1a", until=due + timedelta(days=2), reason="text:why"))
    assert driver.review.requests["R2"].pending


# --- ways out ---------------------------------------------------------------------------------------------------------


def test_a_review_goes_on_when_the_open_incident_is_taken_out_that_it_waited_for() -> None:
    driver = in_stabilization(severity=Severity.SEV2)
    driver.say(JoinIncident(incident=incident(id="PD-2", status=OPEN)))
    assert driver.review.quiet_until is None
    driver.say(RemoveIncident(incident="pagerduty:PD-2", reason="text:why"))
    driver.approve()
    assert driver.review.quiet_until is not None
    driver.wait(hours=25)
    assert driver.is_in(Stage.DRAFT)


def test_who_told_of_an_incident_by_hand_tells_when_it_is_over() -> None:
    driver = in_draft()
    driver.say(JoinIncident(incident=incident(source="hand", id="H1", status=OPEN)))
    assert "incident/hand:H1" in driver.blocker_ids
    driver.say(JoinIncident(incident=incident(source="hand", id="H1", as_of=driver.now)))
    assert "incident/hand:H1" not in driver.blocker_ids
    again = JoinIncident(incident=incident(source="hand", id="H1", as_of=driver.now))
    assert driver.reasons(again) == ("hand:H1 is part of this review already.",)


def test_a_team_that_the_catalogue_names_later_is_learnt_by_naming_the_service() -> None:
    driver = Driver(DEFAULT)
    driver.review = Review(id="near-miss:N1")
    miss = incident(source="near-miss", id="N1", service="new-svc", team=None, realisation="near_miss")
    driver.say(OpenReview(incident=miss))
    known = CATALOGUE.services | {"new-svc": CATALOGUE.services["search"]}
    driver.catalogue = CATALOGUE.model_copy(update={"services": known})
    assert classify(driver, "a", service="new-svc") == ()
    assert driver.review.team == "ml"


def test_who_may_not_verify_is_not_asked_to() -> None:
    driver = in_sign_off(policy_named("standard"), of=document(items=[item(owner="b")], **FULL), severity=Severity.SEV2)
    driver.sign_all()
    driver.obey()
    driver.doers = (OWNER,)
    driver.read("I1", IssueStatus.DONE)
    driver.say(driver.doers_read("I1"), "holdfast")
    (wanted,) = (w for w in asks(driver.review, driver.now) if "rule:verified" in w.key)
    assert (wanted.of.role, wanted.of.id, OWNER in wanted.but) == (Role.TEAM, "recs", True)
    assert driver.reasons(VerifyItem(item="I1", evidence=(COPY,)), OWNER) != ()
