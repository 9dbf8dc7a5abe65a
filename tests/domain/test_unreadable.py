"""A tracker project that cannot be read blocks by name, and goes by itself when it can be read again."""

import pytest

from domain.lifecycle.events import ItemsFoundUnreadable
from domain.lifecycle.inputs import AcceptItem, ItemsRead, ItemsUnreadable, MoveItem, ProposeItem, WithdrawItem
from domain.model.taxonomy import FailureKind, IssueStatus, ItemClass, Stage
from domain.model.tracker_routing import Place
from tests.domain.build import Driver, closed, document, finish, in_remediation, item, spec

REFUSED = ItemsUnreadable(items=("I1",), kind=FailureKind.UNAUTHORISED)
READABLE = ItemsUnreadable(items=("I1",), kind=None)


def sentences(driver: Driver) -> list[str]:
    return [b.sentence for b in driver.blockers]


def test_an_item_that_cannot_be_read_blocks_and_says_why() -> None:
    driver = in_remediation()
    assert driver.say(REFUSED, "holdfast") == [ItemsFoundUnreadable(items=("I1",), kind=FailureKind.UNAUTHORISED)]
    assert sentences(driver) == ["I1 (#I1) cannot be read: the tracker refused the credential."]
    assert driver.owed == ["tracking"]


def test_it_passes_when_the_project_can_be_read_again() -> None:
    driver = in_remediation()
    driver.say(REFUSED)
    driver.say(READABLE)
    assert sentences(driver) == ["I1 (#I1) is open."]


def test_it_passes_with_a_newer_read() -> None:
    driver = in_remediation()
    driver.say(REFUSED)
    driver.read("I1", IssueStatus.OPEN)
    assert sentences(driver) == ["I1 (#I1) is open."]


def test_an_older_read_says_nothing_about_it() -> None:
    driver = in_remediation()
    old = driver.found("I1", IssueStatus.OPEN)
    driver.read("I1", IssueStatus.OPEN)
    driver.say(REFUSED)
    assert driver.say(ItemsRead(readings=(old,))) == []
    assert driver.review.items["I1"].unreadable is FailureKind.UNAUTHORISED


def test_the_same_trouble_is_recorded_once_and_another_anew() -> None:
    driver = in_remediation(of=document(items=[item(), item("I2")]))
    driver.say(REFUSED)
    assert driver.say(REFUSED) == []
    both = ItemsUnreadable(items=("I1", "I2"), kind=FailureKind.UNAUTHORISED)
    assert driver.say(both) == [ItemsFoundUnreadable(items=("I2",), kind=FailureKind.UNAUTHORISED)]
    assert driver.say(ItemsUnreadable(items=("I1",), kind=FailureKind.NOT_FOUND)) != []
    assert "I1 (#I1) cannot be read: the tracker project cannot be found." in sentences(driver)


def test_a_closed_review_does_not_go_on_for_it() -> None:
    driver = closed()
    assert driver.say(REFUSED) == []
    assert (driver.stage, driver.owed) == (Stage.CLOSED, [])


def test_what_was_done_stays_done_until_it_is_read_otherwise() -> None:
    driver = in_remediation()
    finish(driver, ["I1"])
    driver.say(REFUSED)
    assert (driver.blocker_ids, driver.owed) == ([], ["read"])
    driver.wait(minutes=1)
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    assert driver.review.items["I1"].unreadable is None


def test_an_item_that_only_has_to_have_its_issue_is_not_held_up_by_it() -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("I9", item_class=ItemClass.DETECT)))
    driver.say(AcceptItem(item="I9"))
    driver.obey()
    driver.say(ItemsUnreadable(items=("I9",), kind=FailureKind.UNAUTHORISED))
    assert driver.blocker_ids == ["done/I1"]


@pytest.mark.parametrize("stage", ["no issue yet", "withdrawn", "nowhere"])
def test_nothing_is_said_of_items_that_are_not_read(stage: str) -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("I9")))
    if stage == "no issue yet":
        driver.say(AcceptItem(item="I9"))
    elif stage == "withdrawn":
        driver.say(WithdrawItem(item="I9", reason="text:why"))
    id = "I8" if stage == "nowhere" else "I9"
    assert driver.say(ItemsUnreadable(items=(id,), kind=FailureKind.UNAUTHORISED)) == []


def test_an_item_that_moves_leaves_the_trouble_behind() -> None:
    driver = in_remediation()
    driver.say(REFUSED)
    driver.say(MoveItem(item="I1", place=Place(tracker="jira", project="ACME")))
    driver.obey()
    assert sentences(driver) == ["I1 (#I1/2) is open."]
