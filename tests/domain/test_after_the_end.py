"""What becomes of promises and of harm once a review is closed, or has ended."""

from datetime import timedelta

import pytest

from domain.lifecycle.decide import decide
from domain.lifecycle.events import ReviewOpened, ReviewSucceeded
from domain.lifecycle.incident_routing import successor_id
from domain.lifecycle.inputs import Approve, Dismiss, Given, HarmReported, IncidentTold, Input, WithdrawItem
from domain.model.review import Review
from domain.model.taxonomy import IncidentStatus, IssueStatus, Severity, Stage
from domain.people.tasks import Role, asks
from tests.domain.build import (
    POLICY,
    Driver,
    closed,
    document,
    finish,
    in_remediation,
    in_stabilization,
    incident,
    item,
)

WITH_AN_ALERT = document(items=[item(), item("I2", item_class="detect", strength="weaker", prevents=())])


def with_an_alert(*done: str) -> Driver:
    """A closed review, of which an alert was promised, too."""
    driver = in_remediation(of=WITH_AN_ALERT, severity=Severity.SEV2)
    finish(driver, ["I1", *done])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    return driver


def test_what_somebody_closed_undone_is_not_taken_back_by_that() -> None:
    driver = with_an_alert()
    driver.read("I2", IssueStatus.DUPLICATE)
    driver.wait(days=106)
    assert driver.is_in(Stage.CLOSED)
    (asked,) = [w for w in asks(driver.review, driver.now) if w.subject == "I2" and "/link:" in w.key]
    assert asked.sentence.endswith("open it again, give it another issue, or ask to withdraw it.")
    driver.say(WithdrawItem(item="I2", reason="text:why"), "requester")
    assert driver.is_in(Stage.CLOSED)
    assert driver.reasons(Approve(request="R1"), "requester") != ()
    driver.approve()
    assert driver.is_in(Stage.ARCHIVED)


def test_what_is_withdrawn_after_closure_takes_nobody_s_signature_back() -> None:
    driver = with_an_alert()
    driver.say(WithdrawItem(item="I2", reason="text:why"), "requester")
    driver.approve()
    assert (driver.stage, driver.blockers) == (Stage.CLOSED, [])


def ended(how: str) -> Driver:
    if how == "dismissed":
        driver = in_stabilization(severity=Severity.SEV2)
        driver.say(Dismiss(reason="text:why"))
        driver.approve()
        return driver
    driver = with_an_alert("I2")
    driver.wait(days=106)
    return driver


def tell(driver: Driver, **changes: object) -> list[str]:
    driver.now += timedelta(hours=1)
    told = incident(**({"severity": Severity.SEV2, "as_of": driver.now} | changes))
    recorded = driver.say(IncidentTold(incident=told))
    return [event.successor for event in recorded if isinstance(event, ReviewSucceeded)]


@pytest.mark.parametrize("how", ["archived", "dismissed"])
@pytest.mark.parametrize("harm", [{"status": IncidentStatus.OPEN}, {"severity": Severity.SEV1}])
def test_harm_after_the_end_begins_a_review_that_follows(how: str, harm: dict[str, object]) -> None:
    driver = ended(how)
    assert tell(driver, **harm) == [successor_id(driver.review.id)] == ["pagerduty:PD-1~2"]
    assert tell(driver, **harm) == []
    assert driver.review.stage == Stage(how)


@pytest.mark.parametrize(
    "news",
    [
        {"title": "text:another"},
        {"severity": Severity.SEV3},
    ],
)
def test_late_news_of_an_ended_review_opens_no_successor(news: dict[str, object]) -> None:
    assert tell(ended("archived"), **news) == []


def test_the_review_that_follows_names_the_one_that_it_follows() -> None:
    given, again = Given(policy=POLICY, catalogue=Driver().catalogue), incident(status=IncidentStatus.OPEN)
    body = HarmReported(incident=again, follows="pagerduty:PD-1", private_to=("ml",))
    empty = Review(id="pagerduty:PD-1~2")
    (opened,) = decide(empty, Input(id="follows:1", body=body), again.as_of, given)
    assert isinstance(opened, ReviewOpened)
    assert (opened.follows, opened.private_to, opened.quiet_until) == ("pagerduty:PD-1", ("ml",), None)
    heard_before = closed().review
    assert decide(heard_before, Input(id="follows:1", body=body), again.as_of, given) == []
    assert successor_id("pagerduty:PD-1~9") == "pagerduty:PD-1~10"


def excluded(**about: object) -> Driver:
    driver = Driver()
    driver.say(IncidentTold(incident=incident(service="unlisted", **about)))
    assert driver.is_in(Stage.EXCLUDED)
    return driver


def test_an_excluded_sev1_or_sev2_is_a_task_of_the_admin() -> None:
    driver = excluded(severity=Severity.SEV2)
    (asked,) = asks(driver.review, driver.now)
    assert (asked.of.role, asked.urgent) == (Role.ADMIN, True)
    assert asked.sentence == (
        "Review incident pagerduty:PD-1 after all, or dismiss it: it was SEV2, and is not reviewed "
        "(service: unlisted is not listed in the catalogue)."
    )
    driver.say(Dismiss(reason="text:why"), "admin")
    assert [w.of.role for w in asks(driver.review, driver.now)] == [Role.ADMIN, Role.APPROVER]
    assert driver.reasons(Approve(request="R1"), "admin") != ()
    driver.approve()
    assert (driver.stage, asks(driver.review, driver.now)) == (Stage.DISMISSED, ())


def test_a_light_incident_that_is_not_reviewed_is_nobody_s_task() -> None:
    driver = excluded(severity=Severity.SEV3)
    assert asks(driver.review, driver.now) == ()
    driver.say(Dismiss(reason="text:why"), "admin")
    assert driver.is_in(Stage.DISMISSED)
