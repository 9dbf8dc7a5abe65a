"""What is known of an incident after several tellings: nothing that comes later makes the review lighter."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.lifecycle.events import Event, IncidentUpdated
from domain.lifecycle.inputs import Dismiss, IncidentTold, JoinIncident
from domain.model.review import Incident
from domain.model.taxonomy import IncidentKind, IncidentStatus, Realisation, Severity, Stage
from tests.domain.build import (
    NOW,
    POLICY,
    Driver,
    closed,
    in_draft,
    in_sign_off,
    in_stabilization,
    incident,
    policy,
)

AHEAD = datetime(2099, 1, 1, tzinfo=UTC)


def tell(driver: Driver, **about: Any) -> list[Event]:
    """Let a second pass, and tell of the incident that opened the review."""
    driver.now += timedelta(seconds=1)
    return driver.say(IncidentTold(incident=incident(**({"as_of": driver.now} | about))))


def known(driver: Driver, ref: str = "pagerduty:PD-1") -> Incident:
    return driver.review.incidents[ref]


def test_a_source_that_calls_harm_a_near_miss_later_does_not_lighten_the_review() -> None:
    driver = in_sign_off()
    before = driver.review.profile
    tell(driver, realisation=Realisation.NEAR_MISS)
    assert (known(driver).realisation, driver.review.profile) == (Realisation.HARM, before)
    driver.obey()
    assert driver.is_in(Stage.SIGN_OFF)


def test_a_near_miss_that_turns_out_to_have_done_harm_did_harm_whenever_that_was_told() -> None:
    driver = in_draft(realisation=Realisation.NEAR_MISS)
    tell(driver, realisation=Realisation.HAZARD)
    before = driver.review.realisation
    tell(driver, realisation=Realisation.HARM, as_of=NOW)
    assert (before, driver.review.realisation) == (Realisation.HAZARD, Realisation.HARM)


def test_service_and_team_stay_those_of_the_first_telling_and_kinds_are_only_added() -> None:
    driver = in_draft(kinds=(IncidentKind.PRIVACY_LEAK,))
    tell(driver, service="search", team="ml", kinds=(IncidentKind.ADVERSARIAL,))
    tell(driver, kinds=())
    assert (driver.review.service, driver.review.team) == ("ranker", "recs")
    assert driver.review.kinds == (IncidentKind.PRIVACY_LEAK, IncidentKind.ADVERSARIAL)


def test_a_service_that_was_not_listed_gets_the_team_that_the_catalogue_learns_of() -> None:
    driver = in_draft(service="new", team=None)
    tell(driver, service="ranker", team="recs")
    before = driver.review.team
    tell(driver, service="new", team="ml")
    assert (before, driver.review.team) == (None, "ml")


def test_what_a_later_telling_leaves_out_stays_and_an_older_one_fills_in_what_is_missing() -> None:
    driver = in_draft(url="https://pd.example/1", began=NOW)
    tell(driver, url=None, key="k", responder=None)
    tell(driver, url=None, began=None, key=None, lead="lead", as_of=NOW - timedelta(hours=1))
    assert known(driver).model_dump(include={"url", "began", "key", "responder", "lead"}) == {
        "url": "https://pd.example/1",
        "began": NOW,
        "key": "k",
        "responder": "owner",
        "lead": "lead",
    }
    assert set(known(driver).older) == {"url", "began", "lead", "responder"}
    tell(driver, url="https://pd.example/0", as_of=NOW - timedelta(hours=2))
    assert known(driver).url == "https://pd.example/1"
    tell(driver, url="https://pd.example/2", as_of=NOW + timedelta(hours=1))
    assert known(driver).url == "https://pd.example/2"


def test_nobody_tells_what_only_we_keep() -> None:
    driver = in_stabilization(older={"url": NOW})
    assert known(driver).older == {}


def test_a_source_whose_clock_is_ahead_speaks_now_and_silences_nobody() -> None:
    driver = in_stabilization(as_of=AHEAD)
    assert known(driver).as_of == NOW
    tell(driver, status=IncidentStatus.OPEN)
    assert (driver.review.quiet_until, known(driver).status) == (None, IncidentStatus.OPEN)
    driver.wait(hours=24)
    assert driver.is_in(Stage.STABILIZATION)


def test_a_source_whose_clock_is_ahead_is_heard_in_the_order_in_which_it_speaks() -> None:
    driver = in_stabilization()
    for status in (IncidentStatus.OPEN, IncidentStatus.RESOLVED):
        driver.say(IncidentTold(incident=incident(status=status, as_of=AHEAD)))
    assert known(driver).status is IncidentStatus.RESOLVED
    assert known(driver).as_of - driver.now < timedelta(milliseconds=1)


def test_an_incident_that_joins_with_a_clock_ahead_is_heard_again() -> None:
    driver = in_draft()
    driver.say(JoinIncident(incident=incident(id="PD-2", as_of=AHEAD)))
    tell(driver, id="PD-2", status=IncidentStatus.OPEN)
    assert "incident/pagerduty:PD-2" in driver.blocker_ids


def test_later_news_of_an_ended_review_is_recorded_and_changes_nothing_else() -> None:
    dismissed = in_draft(severity="SEV3")
    dismissed.say(Dismiss(reason="text:why"))
    archived = closed()
    archived.wait(days=106)
    for driver, stage in ((dismissed, Stage.DISMISSED), (archived, Stage.ARCHIVED)):
        recorded = tell(driver, status=IncidentStatus.OPEN)
        assert isinstance(recorded[0], IncidentUpdated)
        assert (driver.stage, known(driver).status) == (stage, IncidentStatus.OPEN)
        assert (driver.plan.ended, driver.blockers) == (True, [])
        assert tell(driver, status=IncidentStatus.OPEN, as_of=known(driver).as_of) == []
        assert isinstance(tell(driver, id="PD-2")[0], IncidentUpdated)


def test_the_end_of_the_calendar_is_a_time_like_any_other() -> None:
    driver = Driver(policy(qualifies=POLICY.qualifies.model_dump() | {"shortest": "5 min"}))
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    driver.say(IncidentTold(incident=incident(began=end, resolved=end, as_of=end)))
    assert driver.review.excluded_by == "duration: shorter than 5 min"


@pytest.mark.parametrize("severities", [("SEV1", "SEV2"), ("SEV2", "SEV1")])
def test_of_two_severities_told_for_the_same_time_the_graver_one_counts(severities: tuple[str, str]) -> None:
    driver = in_draft(severity="SEV3")
    for severity in severities:
        driver.say(IncidentTold(incident=incident(severity=severity, as_of=driver.now)))
    assert (driver.review.severity, known(driver).severity) == (Severity.SEV1, Severity.SEV1)
