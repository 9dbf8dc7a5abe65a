"""What can be told of a review without its texts."""

from domain.inputs import IncidentTold
from domain.taxonomy import Severity, Stage
from domain.view import View, next_deadline, view
from tests.domain.build import NOW, OWNER, Driver, closed, finish, in_remediation, in_stabilization, incident


def shown(driver: Driver) -> View:
    return view(driver.review, driver.now)


def test_a_review_that_nobody_heard_of_shows_nothing() -> None:
    assert shown(Driver()) == View()


def test_an_excluded_incident_shows_why() -> None:
    driver = Driver()
    driver.say(IncidentTold(incident=incident(severity="SEV3")))
    assert shown(driver).details == "Not reviewed. severity: SEV3 is not reviewed."


def test_an_open_review_shows_what_is_in_its_way_and_names_nobody() -> None:
    driver = in_remediation()
    seen = shown(driver)
    assert (seen.stage, seen.severity, seen.service, seen.team) == (Stage.REMEDIATION, Severity.SEV1, "ranker", "recs")
    assert seen.models == ("ranker-v3",)
    assert "In the way of closure: 1." in seen.details
    assert "- I1 (#I1) is open. (whoever does it in the tracker)" in seen.details
    assert OWNER not in seen.model_dump_json()
    finish(driver, ["I1"])
    assert "Nothing is in the way of closure." in shown(driver).details


def test_a_closed_review_shows_nothing_in_its_way() -> None:
    assert "in the way" not in shown(closed()).details.lower()


def test_the_next_deadline_is_the_nearest_one() -> None:
    driver = in_stabilization()
    assert next_deadline(driver.review) == driver.review.quiet_until
    assert shown(in_stabilization(team=None)).team == ""
    driver = in_remediation()
    assert next_deadline(driver.review) == driver.review.items["I1"].due
    assert next_deadline(Driver().review) is None
    assert driver.now > NOW
