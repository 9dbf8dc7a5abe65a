"""Incidents: which open a review, how a quiet window ends, and what a re-fire does."""

from datetime import timedelta
from typing import Any

import pytest

from domain.drafts.prefill import first_draft
from domain.lifecycle.closure_rules import warnings
from domain.lifecycle.events import IncidentExcluded, IncidentUpdated
from domain.lifecycle.inputs import AcceptItem, Approve, IncidentTold, JoinIncident, OpenReview, RemoveIncident, Tick
from domain.model.catalogue import Catalogue
from domain.model.taxonomy import Clock, IncidentKind, IncidentStatus, Realisation, Severity, Stage
from domain.people.tasks import asks
from tests.domain.build import (
    DEFAULT,
    NOW,
    OTHER,
    OWNER,
    POLICY,
    Driver,
    closed,
    in_draft,
    in_remediation,
    in_stabilization,
    incident,
    policy,
)


def told(**about: Any) -> IncidentTold:
    return IncidentTold(incident=incident(**about))


def test_an_incident_that_ends_opens_a_review_with_an_owner_a_policy_and_a_date() -> None:
    review = in_stabilization().review
    assert (review.stage, review.owner, review.opened) == (Stage.STABILIZATION, OWNER, NOW)
    assert (review.policy, review.policy_digest) == (POLICY, POLICY.digest)
    assert review.due == {Clock.REVIEW: NOW + timedelta(days=14)}
    assert review.quiet_until == NOW + timedelta(hours=24)


def test_the_lead_owns_what_nobody_answered() -> None:
    assert in_stabilization(responder=None, lead="recs-lead").review.owner == "recs-lead"
    assert in_stabilization(responder=None).review.owner is None


def test_an_open_incident_opens_nothing() -> None:
    driver = Driver()
    assert driver.say(told(status=IncidentStatus.OPEN)) == []
    assert (driver.stage, driver.plan.ended) == (None, True)


@pytest.mark.parametrize(
    ("about", "rule"),
    [
        ({"severity": "SEV3"}, "severity: SEV3 is not reviewed"),
        ({"service": "unlisted"}, "service: unlisted is not listed in the catalogue"),
        ({"began": NOW, "resolved": NOW + timedelta(minutes=4)}, "duration: shorter than 5 min"),
    ],
)
def test_what_does_not_qualify_is_recorded_once_with_the_reason(about: dict[str, Any], rule: str) -> None:
    driver = Driver(policy(qualifies=POLICY.qualifies.model_dump() | {"shortest": "5 min"}))
    (event,) = driver.say(told(**about))
    assert isinstance(event, IncidentExcluded)
    assert event.rule == rule
    assert (driver.stage, driver.plan.ended, driver.blockers) == (Stage.EXCLUDED, True, [])
    assert warnings(driver.review, driver.now) == []
    assert driver.say(told(as_of=NOW + timedelta(hours=1), **about)) == []
    assert driver.say(Tick()) == []


def test_what_was_excluded_is_reviewed_once_it_turns_out_graver_or_a_person_wants_it() -> None:
    driver = Driver()
    driver.say(told(severity="SEV3"))
    assert driver.say(told(status=IncidentStatus.OPEN, as_of=NOW + timedelta(hours=1))) == []
    driver.say(told(severity="SEV2", as_of=NOW + timedelta(hours=2)))
    assert (driver.stage, driver.review.excluded_by) == (Stage.STABILIZATION, None)
    by_hand = Driver()
    by_hand.say(told(severity="SEV3"))
    by_hand.say(OpenReview(incident=incident(severity="SEV3")))
    assert by_hand.is_in(Stage.STABILIZATION)


def test_another_reason_for_exclusion_is_recorded_too() -> None:
    driver = Driver()
    driver.say(told(severity="SEV3"))
    driver.say(told(service="unlisted", as_of=NOW + timedelta(hours=1)))
    assert driver.review.excluded_by == "service: unlisted is not listed in the catalogue"


BACKWARDS = {"began": NOW, "resolved": NOW - timedelta(hours=2)}
WHY = "it cannot have been over at 02 Mar 2026 07:00:00 UTC, before it began at 02 Mar 2026 09:00:00 UTC."


def test_a_person_cannot_tell_of_what_ended_before_it_began() -> None:
    driver = Driver()
    assert driver.reasons(OpenReview(incident=incident(**BACKWARDS))) == (f"resolved: {WHY}",)
    near_miss = incident(realisation=Realisation.NEAR_MISS, service="unlisted", **BACKWARDS)
    assert driver.reasons(OpenReview(incident=near_miss)) == (f"resolved: {WHY}",)
    driver.say(OpenReview(incident=incident()))
    assert driver.reasons(JoinIncident(incident=incident(id="PD-2", **BACKWARDS))) == (f"resolved: {WHY}",)


def test_what_a_source_tells_with_impossible_dates_is_reviewed_and_the_draft_says_so() -> None:
    driver = Driver(policy(qualifies=POLICY.qualifies.model_dump() | {"shortest": "5 min"}))
    driver.say(told(**BACKWARDS))
    assert driver.is_in(Stage.STABILIZATION)
    assert f"  - Its dates are wrong: {WHY}" in first_draft(driver.review, (), {}, {}).background
    told_so = incident(severity="SEV3", **BACKWARDS)
    excluded = Driver()
    excluded.say(IncidentTold(incident=told_so))
    excluded.say(OpenReview(incident=told_so))
    assert excluded.is_in(Stage.STABILIZATION)


def test_a_person_names_what_the_catalogue_lists() -> None:
    driver = Driver()
    assert driver.reasons(OpenReview(incident=incident(service="rankr", models=("ranker-v3", "a", "b")))) == (
        "service: rankr is not in the catalogue; it lists ranker, search.",
        "models: a, b are not in the catalogue; it lists embedder, ranker-v3.",
    )
    assert driver.reasons(OpenReview(incident=incident(models=("a",)))) == (
        "models: a is not in the catalogue; it lists embedder, ranker-v3.",
    )
    Driver(catalogue=Catalogue()).say(OpenReview(incident=incident(service="any", models=("any",))))
    Driver().say(OpenReview(incident=incident(service="any", models=("any",), realisation=Realisation.NEAR_MISS)))


def test_near_misses_always_qualify() -> None:
    driver = Driver()
    driver.say(told(severity="SEV4", service="unlisted", realisation=Realisation.NEAR_MISS))
    assert driver.is_in(Stage.STABILIZATION)


def test_a_review_is_opened_once() -> None:
    driver = in_stabilization()
    assert driver.reasons(OpenReview(incident=incident())) == (
        "The review cannot be opened again while it is in stabilization; the quiet window ends on 03 Mar 09:00 UTC.",
    )


def test_the_quiet_window_is_by_severity_and_leads_to_the_draft() -> None:
    for severity, hours in ((Severity.SEV1, 24), (Severity.SEV3, 4)):
        driver = in_stabilization(severity=severity)
        assert driver.plan.wake_at == NOW + timedelta(hours=hours)
        driver.wake()
        assert driver.is_in(Stage.DRAFT)
    assert driver.review.due[Clock.DRAFT] == driver.now + timedelta(days=14)  # ten business days


def test_a_refire_stops_the_quiet_window_and_its_end_starts_it_again() -> None:
    driver = in_stabilization()
    driver.wait(hours=20)
    driver.say(told(status=IncidentStatus.OPEN, as_of=driver.now))
    assert (driver.review.quiet_until, driver.review.refires) == (None, 1)
    driver.wait(hours=20)
    assert (driver.stage, driver.blocker_ids[0]) == (Stage.STABILIZATION, "incident/pagerduty:PD-1")
    driver.say(told(as_of=driver.now))
    assert driver.review.quiet_until == driver.now + timedelta(hours=24)
    driver.wake()
    assert driver.is_in(Stage.DRAFT)


def test_a_telling_that_changes_neither_state_nor_end_does_not_restart_the_window() -> None:
    driver = in_stabilization()
    before = driver.review.quiet_until
    driver.wait(hours=1)
    driver.say(told(as_of=driver.now, title="text:new"))
    assert driver.review.quiet_until == before


def test_a_telling_that_does_not_say_when_it_was_over_does_not_restart_the_window() -> None:
    driver = in_stabilization(resolved=NOW)
    before = driver.review.quiet_until
    driver.now += timedelta(hours=1)
    driver.say(IncidentTold(incident=incident(as_of=driver.now, resolved=None)))
    assert driver.review.quiet_until == before


def test_the_quiet_window_waits_for_every_incident() -> None:
    driver = in_stabilization()
    driver.say(told(id="PD-2", status=IncidentStatus.OPEN))
    driver.say(told(as_of=NOW + timedelta(hours=1), resolved=NOW + timedelta(hours=1)))
    driver.wait(days=3)
    assert driver.is_in(Stage.STABILIZATION)
    driver.say(told(id="PD-2", as_of=driver.now))
    driver.wake()
    assert driver.is_in(Stage.DRAFT)


def test_an_incident_joins_once() -> None:
    driver = in_draft()
    driver.say(JoinIncident(incident=incident(id="PD-2", models=("embedder",), kinds=(IncidentKind.OTHER,))), OTHER)
    assert driver.reasons(JoinIncident(incident=incident(id="PD-2"))) == (
        "pagerduty:PD-2 is part of this review already.",
    )
    assert driver.review.models == ("ranker-v3", "embedder")
    assert driver.review.kinds == (IncidentKind.OTHER,)
    assert driver.is_in(Stage.DRAFT)


def test_harm_outweighs_a_near_miss() -> None:
    driver = in_draft(realisation=Realisation.NEAR_MISS)
    before = driver.review.realisation
    driver.say(JoinIncident(incident=incident(id="PD-2")))
    assert (before, driver.review.realisation) == (Realisation.NEAR_MISS, Realisation.HARM)


def test_an_incident_that_is_open_again_after_stabilization_blocks_until_it_is_over() -> None:
    driver = in_remediation()
    driver.now = NOW + timedelta(hours=32)
    driver.say(told(status=IncidentStatus.OPEN, as_of=NOW + timedelta(hours=30)))
    assert driver.is_in(Stage.SIGN_OFF)
    assert driver.blocker_ids[0] == "incident/pagerduty:PD-1"
    driver.say(told(as_of=NOW + timedelta(hours=31)))
    asked_again = ["sign_off/ml", "sign_off/infrastructure", "sign_off/product", "sign_off/incidents"]
    assert driver.blocker_ids == ["done/I1", *asked_again]
    driver.sign_all()
    assert driver.blocker_ids == ["done/I1", "sign_off/incidents"]
    driver.submit(revision=2)
    assert (driver.stage, driver.blocker_ids) == (Stage.REMEDIATION, ["done/I1"])


def test_an_incident_that_recurs_after_closure_reopens_the_review() -> None:
    driver = closed()
    driver.say(told(status=IncidentStatus.OPEN, as_of=driver.now))
    assert (driver.stage, driver.review.reopened) == (Stage.STABILIZATION, 1)
    driver.now += timedelta(hours=1)
    driver.say(told(as_of=driver.now))
    assert driver.review.quiet_until == driver.now + timedelta(hours=24)
    driver.wait(hours=24)
    assert driver.is_in(Stage.DRAFT)
    driver.submit(revision=2)
    assert driver.is_in(Stage.SIGN_OFF)
    driver.sign_all()
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_a_graver_telling_raises_the_severity_and_a_lighter_one_does_not_lower_it() -> None:
    driver = in_draft(severity="SEV2")
    driver.say(told(severity="SEV1", as_of=driver.now))
    assert driver.review.severity is Severity.SEV1
    driver.say(told(severity="SEV4", as_of=driver.now + timedelta(minutes=1)))
    assert driver.review.severity is Severity.SEV1


def test_a_repeated_report_records_nothing_and_a_late_one_only_its_severity() -> None:
    driver = in_draft()
    driver.say(told(as_of=NOW + timedelta(hours=2), title="text:new"))
    assert driver.say(told(as_of=NOW + timedelta(hours=2), title="text:new")) == []
    before = driver.review.incidents["pagerduty:PD-1"]
    driver.say(told(as_of=NOW + timedelta(hours=1), title="text:old"))
    after = driver.review.incidents["pagerduty:PD-1"]
    assert after.model_copy(update={"severities": before.severities}) == before
    assert len(after.severities) == len(before.severities) + 1


def test_of_two_tellings_at_the_same_time_the_open_one_counts() -> None:
    driver = in_draft()
    (event,) = driver.say(told(status=IncidentStatus.OPEN))
    assert isinstance(event, IncidentUpdated)
    assert event.refired
    assert driver.say(told()) == []


def test_an_empty_review_hears_no_command_but_that_which_opens_it() -> None:
    driver = Driver()
    assert driver.reasons(AcceptItem(item="I1")) == ("There is no review pagerduty:PD-1.",)
    assert (driver.review.service, driver.review.team, driver.review.title) == ("", None, None)
    assert (driver.review.profile, driver.review.required_teams) == (None, ())


def test_an_incident_that_was_added_by_mistake_is_taken_out_by_two_persons() -> None:
    driver = in_remediation()
    driver.say(JoinIncident(incident=incident(id="PD-2", source="pagerdutty", status=IncidentStatus.OPEN)))
    (way,) = [b for b in driver.blockers if b.rule == "incident"]
    assert way.cleared_by == "whoever resolves it at its source, or takes it out of the review"
    asked = [w.sentence for w in asks(driver.review, driver.now) if w.subject == "pagerdutty:PD-2"]
    assert asked[0].endswith("If it was added by mistake, ask to take it out.")
    removal = RemoveIncident(incident="pagerdutty:PD-2", reason="text:why")
    driver.say(removal)
    assert driver.reasons(removal) == ("R1 asks for that already, and waits for an approval.",)
    assert "approve it: another person has to" in driver.reasons(Approve(request="R1"))[0]
    driver.approve()
    assert set(driver.review.incidents) == {"pagerduty:PD-1"}
    assert "incident" not in {b.rule for b in driver.blockers}


def test_what_a_review_is_about_is_not_taken_out_of_it_nor_what_it_does_not_have() -> None:
    driver = in_draft()
    assert driver.reasons(RemoveIncident(incident="pagerduty:PD-1", reason="text:why")) == (
        "pagerduty:PD-1 is what this review is about: dismiss the review instead.",
    )
    assert driver.reasons(RemoveIncident(incident="pagerduty:PD-2", reason="text:why")) == (
        "There is no incident pagerduty:PD-2; there are pagerduty:PD-1.",
    )


def test_what_was_taken_out_meanwhile_is_not_taken_out_again() -> None:
    driver = in_draft()
    driver.say(JoinIncident(incident=incident(id="PD-2")))
    driver.say(RemoveIncident(incident="pagerduty:PD-2", reason="text:why"))
    driver.approve()
    driver.say(JoinIncident(incident=incident(id="PD-2")))
    driver.say(RemoveIncident(incident="pagerduty:PD-2", reason="text:again"))
    driver.review = driver.review.model_copy(update={"incidents": {"pagerduty:PD-1": incident()}})
    assert driver.reasons(Approve(request="R2"), "approver") == ("pagerduty:PD-2 is no part of this review any more.",)


def called(*tellings: tuple[int, str], resolved: tuple[int, str]) -> Driver:
    """An incident that was called this after so many minutes, told after it was over, as the inbox does."""
    driver = Driver(DEFAULT)
    driver.now = NOW + timedelta(days=1)
    for minutes, severity in (resolved, *tellings):
        status = IncidentStatus.RESOLVED if (minutes, severity) == resolved else IncidentStatus.OPEN
        driver.say(told(status=status, severity=severity, as_of=NOW + timedelta(minutes=minutes)))
    return driver


def test_a_severity_that_stood_for_longer_than_triage_counts_though_it_was_lowered_before_the_end() -> None:
    driver = called((0, "SEV1"), (70, "SEV3"), resolved=(90, "SEV3"))
    assert driver.is_in(Stage.STABILIZATION)
    assert (driver.review.severity, driver.review.gravest) == (Severity.SEV3, Severity.SEV1)
    assert driver.review.profile is not None
    assert driver.review.profile.name == "grave"


def test_a_severity_that_was_lowered_at_once_does_not_count() -> None:
    driver = called((0, "SEV1"), (13, "SEV3"), resolved=(90, "SEV3"))
    assert driver.review.gravest is Severity.SEV3
    assert called((80, "SEV1"), (85, "SEV3"), resolved=(90, "SEV3")).is_in(Stage.EXCLUDED)


def test_the_severity_at_the_end_counts_however_short_it_stood() -> None:
    assert called((0, "SEV3"), resolved=(1, "SEV1")).review.gravest is Severity.SEV1


def test_a_late_lighter_report_leaves_an_incident_excluded() -> None:
    driver = called((0, "SEV4"), resolved=(90, "SEV3"))
    assert (driver.stage, driver.review.excluded_by) == (Stage.EXCLUDED, "severity: SEV3 is not reviewed")


def test_who_opens_an_excluded_incident_may_call_it_graver_and_not_lighter() -> None:
    for severity, counts in (("SEV1", Severity.SEV1), ("SEV4", Severity.SEV3)):
        driver = called(resolved=(90, "SEV3"))
        driver.say(OpenReview(incident=incident(severity=severity, as_of=driver.now)))
        assert (driver.review.severity, driver.review.gravest) == (counts, counts)
