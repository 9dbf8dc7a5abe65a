"""Which review an incident belongs to."""

import pytest

from domain.lifecycle.incident_routing import RoutedReview, review_id, route
from domain.model.taxonomy import IncidentStatus, Stage

OPEN, ENDED = IncidentStatus.OPEN, IncidentStatus.RESOLVED


def at(stage: Stage | None, review: str = "pagerduty:PD-0") -> RoutedReview:
    return RoutedReview(review=review, stage=stage)


def test_an_unknown_incident_opens_a_review_of_its_own_when_it_ends() -> None:
    assert route("pagerduty", "PD-1", ENDED, None, []) == review_id("pagerduty", "PD-1") == "pagerduty:PD-1"
    assert route("pagerduty", "PD-1", OPEN, None, []) is None


def test_a_known_incident_goes_where_it_went_before() -> None:
    for status in (OPEN, ENDED):
        assert route("pagerduty", "PD-1", status, at(Stage.CLOSED), [at(Stage.STABILIZATION, "x")]) == "pagerduty:PD-0"


def test_an_open_incident_waits_for_a_review_of_which_nothing_is_recorded() -> None:
    assert route("pagerduty", "PD-1", OPEN, at(None), []) is None
    assert route("pagerduty", "PD-1", ENDED, at(None), []) == "pagerduty:PD-0"


@pytest.mark.parametrize(
    ("status", "stage", "joins"),
    [
        (OPEN, Stage.STABILIZATION, True),
        (ENDED, Stage.STABILIZATION, True),
        (ENDED, None, True),
        (OPEN, None, False),
        (ENDED, Stage.DRAFT, False),
        (ENDED, Stage.CLOSED, False),
    ],
)
def test_an_alert_with_the_same_key_joins_inside_the_quiet_window(
    status: IncidentStatus, stage: Stage | None, joins: bool
) -> None:
    went = route("pagerduty", "PD-1", status, None, [at(stage)])
    assert (went == "pagerduty:PD-0") is joins
