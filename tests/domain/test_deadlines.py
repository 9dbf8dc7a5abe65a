"""Deadlines: which run when, that each is recorded once, and that the plan wakes for the next."""

from datetime import timedelta

from domain.lifecycle.effects import deadlines
from domain.lifecycle.events import DeadlinePassed
from domain.lifecycle.inputs import AssignOwner, Close, IncidentTold, LowerSeverity, RequestChanges
from domain.model.taxonomy import Clock, IncidentStatus, Severity, Stage
from domain.people.tasks import asks
from tests.domain.build import (
    NOW,
    OWNER,
    Driver,
    closed,
    finish,
    in_draft,
    in_remediation,
    in_sign_off,
    in_stabilization,
    incident,
)


def names(driver: Driver) -> set[str]:
    return {name.split(":")[0] for name in deadlines(driver.review)}


def test_each_stage_has_its_own_clocks() -> None:
    assert names(in_draft()) == {"review", "draft"}
    assert names(in_sign_off()) == {"review", "sign_off"}
    assert names(in_remediation()) == {"review", "item"}
    assert names(closed()) == set()
    assert names(Driver()) == set()


def test_a_deadline_that_passes_is_recorded_once() -> None:
    driver = in_draft()
    due = driver.review.due[Clock.DRAFT]
    assert driver.plan.wake_at == due
    assert driver.wake() == [DeadlinePassed(deadline=f"draft:{due.isoformat()}", due=due)]
    assert driver.wait(hours=1) == []
    assert driver.plan.wake_at == driver.review.due[Clock.REVIEW]


def test_a_stage_that_begins_again_has_a_new_deadline() -> None:
    driver = in_sign_off()
    first = driver.review.due[Clock.DRAFT]
    driver.wait(days=1)
    driver.say(RequestChanges(team="ml", reason="text:why"))
    assert driver.review.due[Clock.DRAFT] == first + timedelta(days=1)


def test_the_plan_wakes_at_the_very_moment() -> None:
    driver = in_draft()
    due = driver.review.due[Clock.DRAFT]
    driver.now = due - timedelta(microseconds=1)
    assert driver.plan.wake_at == due


def test_a_moment_that_has_passed_and_was_not_acted_upon_is_waked_for_at_once() -> None:
    driver = in_stabilization()
    assert driver.review.quiet_until is not None
    driver.now = driver.review.quiet_until + timedelta(seconds=1)
    assert driver.plan.wake_at == driver.now


def test_a_moment_that_has_passed_and_records_nothing_is_not_waked_for() -> None:
    driver = in_stabilization()
    driver.say(IncidentTold(incident=incident(status=IncidentStatus.OPEN, as_of=NOW + timedelta(hours=1))))
    driver.wait(days=2)
    assert driver.plan.wake_at is not None
    assert driver.plan.wake_at > driver.now


def test_time_comes_before_what_is_said_and_stays_where_that_is_refused() -> None:
    driver = in_stabilization()
    driver.now += timedelta(hours=24, seconds=1)
    assert driver.reasons(Close())[0] == "The review is in draft, before remediation."
    assert driver.stage is Stage.DRAFT
    assert [event.name for event in driver.events[-1:]] == ["StageEntered"]


def test_a_date_is_computed_once_and_not_again_for_another_severity() -> None:
    driver = in_draft()
    before = driver.review.due
    driver.say(LowerSeverity(severity="SEV4", reason="text:why"))
    driver.approve()
    assert driver.review.due == before


def test_items_are_reminded_of_until_they_are_done() -> None:
    driver = in_remediation()
    assert any(name.startswith("item:I1:") for name in deadlines(driver.review))
    finish(driver, ["I1"])
    assert not any(name.startswith("item:I1:") for name in deadlines(driver.review))


def test_a_review_that_waits_for_a_person_alone_is_not_woken() -> None:
    driver = in_draft()
    driver.wait(days=15)
    assert (driver.stage, driver.plan.wake_at, driver.plan.ended) == (Stage.DRAFT, None, False)
    assert driver.now > NOW


def test_an_owner_is_assigned_once() -> None:
    driver = in_draft()
    assert driver.reasons(AssignOwner(owner=OWNER)) == ("They own this review already.",)
    driver.say(AssignOwner(owner="uma"))
    assert driver.review.owner == "uma"


def test_a_review_is_due_no_sooner_than_what_is_promised() -> None:
    """By default a SEV2 was due in 14 days, and its items in 30: it was late before anybody else was."""
    driver = in_remediation(severity=Severity.SEV2)
    item = driver.review.items["I1"].due
    assert item is not None
    assert driver.review.due[Clock.REVIEW] == item
    driver.now = driver.review.due[Clock.REVIEW] + timedelta(days=1)
    assert not any(name.startswith("review") for name in driver.review.late)
    assert {asked.until for asked in asks(driver.review, driver.now) if asked.key.endswith("/close")} <= {item}
