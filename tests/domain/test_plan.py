"""What is owed: the tracker that each thing touches, and the same for whoever knows the blockers already."""

import pytest

from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.effects import Effect
from domain.lifecycle.inputs import Dismiss, IssueDisturbed, MoveItem, WithdrawItem
from domain.lifecycle.plan import plan
from domain.model.tracker_routing import Place, Routing
from tests.domain.build import (
    Driver,
    closed,
    document,
    finish,
    in_draft,
    in_remediation,
    in_sign_off,
    in_stabilization,
    item,
)

JIRA = Place(tracker="jira", project="ACME")


def owed(driver: Driver, kind: str) -> Effect:
    (effect,) = [effect for effect in driver.plan.effects if effect.kind == kind]
    return effect


def to_be_signed(routing: Routing) -> Driver:
    driver = in_sign_off(routing=routing)
    driver.sign_all()
    return driver


def test_an_issue_is_opened_in_the_tracker_that_the_item_goes_to() -> None:
    assert owed(to_be_signed(Routing(default=JIRA)), "open_issue").tracker == "jira"


def test_an_issue_is_tended_and_released_in_the_tracker_that_it_is_in() -> None:
    driver = in_remediation(of=document(items=[item(), item("I2")]))
    driver.say(IssueDisturbed(item="I1", as_of=driver.now))
    driver.say(MoveItem(item="I2", place=JIRA))
    driver.say(driver.result(owed(driver, "open_issue")))
    assert owed(driver, "tend_issue").tracker == "github"
    assert owed(driver, "release_issue").tracker == "github"
    driver.obey()
    driver.say(IssueDisturbed(item="I2", as_of=driver.now))
    assert owed(driver, "tend_issue").tracker == "jira"
    driver.say(WithdrawItem(item="I2", reason="text:why"))
    driver.approve()
    assert owed(driver, "release_issue").tracker == "jira"


def test_the_tracking_issue_is_told_in_the_home_of_the_review_and_then_where_it_is() -> None:
    driver = to_be_signed(Routing(default=JIRA))
    driver.say(driver.result(owed(driver, "open_issue")))
    assert owed(driver, "tell_tracking").tracker == "jira"
    driver.obey()
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    driver.approve()
    driver.say(driver.result(owed(driver, "release_issue")))
    assert driver.review.tracking is not None
    assert owed(driver, "tell_tracking").tracker == driver.review.tracking.ref.tracker == "github"


def test_a_read_of_all_items_touches_the_tracker_that_they_are_in_or_several() -> None:
    driver = in_remediation(of=document(items=[item(), item("I2")]))
    finish(driver, ["I1", "I2"])
    assert owed(driver, "read_items").tracker == "github"
    driver = in_remediation(of=document(items=[item(), item("I2")]))
    driver.say(MoveItem(item="I2", place=JIRA))
    driver.obey()
    finish(driver, ["I1", "I2"])
    assert owed(driver, "read_items").tracker == ""


def test_the_tracking_issue_waits_for_what_is_owed_to_its_own_tracker_and_to_no_other() -> None:
    driver = in_remediation(of=document(items=[item(), item("I2")]))
    driver.say(MoveItem(item="I2", place=JIRA))
    assert driver.owed == ["issue:I2/2", "tracking"]
    driver.say(IssueDisturbed(item="I1", as_of=driver.now))
    assert driver.owed == ["tend:I1", "issue:I2/2"]


@pytest.mark.parametrize("begin", [Driver, in_stabilization, in_draft, in_sign_off, in_remediation, closed])
def test_who_has_asked_for_the_blockers_gets_the_same_plan(begin: type[Driver]) -> None:
    driver = begin()
    assert plan(driver.review, driver.now, blockers(driver.review, driver.now)) == driver.plan


def test_who_has_asked_for_the_blockers_gets_the_same_plan_for_closing_and_for_ending() -> None:
    driver = in_remediation()
    finish(driver, ["I1"])
    assert plan(driver.review, driver.now, driver.blockers) == driver.plan
    assert driver.owed == ["read"]
    driver.say(Dismiss(reason="text:why"))
    driver.approve()
    assert plan(driver.review, driver.now, driver.blockers) == driver.plan
