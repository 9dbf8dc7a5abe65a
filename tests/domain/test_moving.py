"""Moving an item: to a new issue or to one that is there, with the earlier one closed once it is."""

from datetime import timedelta

import pytest

from domain.lifecycle.decide import Rejected
from domain.lifecycle.events import ItemIssueLeft, ItemMoved
from domain.lifecycle.inputs import (
    AcceptItem,
    Approve,
    Dismiss,
    EffectFailed,
    IssueOpened,
    IssueReleased,
    ItemsRead,
    MoveItem,
    ProposeItem,
    TrackingRead,
    WithdrawItem,
)
from domain.model.review import IssueRef, Item, Reading
from domain.model.taxonomy import FailureKind, IssueStatus, ItemStatus, Stage
from domain.model.tracker_routing import Place
from domain.trackers.issue_text import item_key
from tests.domain.build import (
    ROUTING,
    Driver,
    closed,
    finish,
    in_draft,
    in_remediation,
    issue_of,
    ref,
    spec,
    withdraw_all,
)

HOME, ELSEWHERE = ROUTING.default, Place(tracker="jira", project="ACME")
MOVE = MoveItem(item="I1", place=ELSEWHERE)


def i1(driver: Driver) -> Item:
    return driver.review.items["I1"]


def opened(driver: Driver, id: str = "I1") -> IssueRef:
    """Open the issue that the item is owed."""
    item = driver.review.items[id]
    driver.say(IssueOpened(item=id, ref=issue_of(item), moves=item.moves))
    return issue_of(item)


def withdrawn(driver: Driver, request: str = "R1") -> Driver:
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    driver.approve(request)
    return driver


def test_a_moved_item_is_owed_a_new_issue_and_then_the_end_of_the_one_it_left() -> None:
    driver = in_remediation()
    assert driver.say(MOVE, "ann") == [ItemMoved(item="I1", by="ann", place=ELSEWHERE, adopts=None)]
    item = i1(driver)
    assert (item.place, item.ref, item.left, item.formerly) == (ELSEWHERE, None, ref(), (ref(),))
    assert (item.moves, item.status, item.issue_status) == (1, ItemStatus.OPEN, None)
    opening, telling = driver.plan.effects
    assert (opening.key, opening.tracker) == ("issue:I1/2", "jira")
    assert (telling.key, telling.tracker) == ("tracking", "github")
    new = opened(driver)
    (releasing,) = driver.plan.effects
    assert (releasing.key, releasing.tracker) == ("release:I1", "github")
    driver.obey()
    assert (i1(driver).ref, i1(driver).left, i1(driver).released, driver.owed) == (new, None, False, [])
    assert i1(driver).formerly == (ref(),)


def test_a_moved_item_has_its_issue_yet_to_come() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    assert [b.sentence for b in driver.blockers] == ["I1 has no issue in its tracker yet."]
    driver.obey()
    assert [b.sentence for b in driver.blockers] == ["I1 (#I1/2) is open."]


def test_a_moved_item_is_done_where_it_went_and_closes_the_review() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    driver.obey()
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_an_issue_that_is_there_already_is_adopted_by_a_move() -> None:
    driver = in_remediation()
    driver.say(MoveItem.model_validate({"item": "I1", "place": "jira:ACME", "adopts": "ACME-12"}))
    driver.obey()
    assert (i1(driver).adopts, i1(driver).ref, i1(driver).left) == ("ACME-12", ref("ACME-12", "jira"), None)


def test_an_issue_that_was_adopted_is_let_go_and_one_that_was_made_is_closed() -> None:
    driver = in_remediation()
    assert not i1(driver).lets_go
    driver.say(MoveItem.model_validate({"item": "I1", "place": "jira:ACME", "adopts": "ACME-12"}))
    opened(driver)
    assert not i1(driver).lets_go, "what it leaves was made for it"
    driver.obey()
    driver.say(MoveItem(item="I1", place=HOME))
    opened(driver)
    assert (i1(driver).left, i1(driver).lets_go) == (ref("ACME-12", "jira"), True)
    driver.obey()
    assert not i1(driver).lets_go


def test_an_adopted_issue_is_let_go_when_its_item_is_withdrawn() -> None:
    driver = in_remediation()
    driver.say(MoveItem.model_validate({"item": "I1", "place": "jira:ACME", "adopts": "ACME-12"}))
    driver.obey()
    assert i1(withdrawn(driver)).lets_go


def test_an_issue_that_was_adopted_too_late_is_let_go_too() -> None:
    driver = in_remediation()
    driver.say(MoveItem.model_validate({"item": "I1", "place": "jira:ACME", "adopts": "ACME-12"}))
    adopting = driver.result(driver.plan.effects[0])
    driver.say(MoveItem(item="I1", place=HOME))
    driver.say(adopting)
    opened(driver)
    assert [i1(driver).left, *i1(driver).leaving] == [ref(), ref(), ref("ACME-12", "jira")]
    assert not i1(driver).lets_go
    driver.say(IssueReleased(item="I1"))
    assert i1(driver).lets_go


def test_what_a_move_asks_for_has_a_key_of_its_own() -> None:
    driver = in_remediation()
    keys = [item_key(driver.review, i1(driver))]
    for place in (ELSEWHERE, HOME):
        driver.say(MoveItem(item="I1", place=place))
        keys.append(item_key(driver.review, i1(driver)))
        driver.obey()
    assert keys == ["pagerduty:PD-1/I1", "pagerduty:PD-1/I1/2", "pagerduty:PD-1/I1/3"]


def test_an_issue_that_was_asked_for_before_the_move_is_not_the_item_s() -> None:
    driver = in_draft()
    driver.say(ProposeItem(spec=spec()))
    driver.say(AcceptItem(item="I1"))
    driver.say(MOVE)
    assert driver.say(IssueOpened(item="I1", ref=ref(), moves=0)) == [ItemIssueLeft(item="I1", ref=ref())]
    assert driver.say(IssueOpened(item="I1", ref=ref(), moves=0)) == []
    assert i1(driver).ref is None
    assert driver.say(IssueOpened(item="I1", ref=ref("I1/2", "jira"), moves=1)) != []
    assert (driver.owed, i1(driver).formerly) == (["release:I1"], (ref(),))
    driver.obey()
    assert (driver.owed, i1(driver).ref) == ([], ref("I1/2", "jira"))


def test_no_two_items_adopt_the_same_issue() -> None:
    driver = in_remediation()
    driver.obey()
    driver.say(ProposeItem(spec=spec("I2")))
    with pytest.raises(Rejected, match="#I1 is the issue of I1 already"):
        driver.say(AcceptItem(item="I2", adopts="#I1"))
    driver.say(AcceptItem(item="I2", adopts="#I7"))
    with pytest.raises(Rejected, match="#I7 is the issue of I2 already"):
        driver.say(MoveItem(item="I1", place=Place(tracker="jira", project="ACME"), adopts="#I7"))


def test_a_move_before_there_is_an_issue_leaves_nothing_behind() -> None:
    driver = in_draft()
    driver.say(ProposeItem(spec=spec()))
    driver.say(AcceptItem(item="I1"))
    driver.say(MOVE)
    driver.say(MoveItem(item="I1", place=HOME))
    assert (i1(driver).left, i1(driver).formerly, i1(driver).moves) == (None, (), 2)


def test_a_second_move_before_the_new_issue_is_there_remembers_the_one_that_was_left() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    driver.say(MoveItem(item="I1", place=Place(tracker="builtin")))
    assert (i1(driver).left, i1(driver).formerly) == (ref(), (ref(),))
    driver.obey()
    assert (i1(driver).left, driver.owed) == (None, [])


def test_a_moved_item_that_is_withdrawn_ends_the_issue_that_it_left_and_no_other() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    withdrawn(driver)
    assert [e.key for e in driver.plan.effects] == ["release:I1"]
    driver.say(IssueReleased(item="I1"))
    assert (i1(driver).left, i1(driver).released, driver.owed) == (None, False, ["tracking"])
    driver.obey()
    driver.wait(days=99)
    driver.obey()
    assert driver.say(IssueReleased(item="I1")) == []


def test_a_moved_item_that_is_withdrawn_with_both_issues_open_ends_both() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    opened(driver)
    withdrawn(driver)
    first, *_ = driver.plan.effects
    assert (first.key, first.tracker) == ("release:I1", "github")
    driver.say(IssueReleased(item="I1"))
    second, *_ = driver.plan.effects
    assert (second.key, second.tracker) == ("release:I1", "jira")
    driver.say(IssueReleased(item="I1"))
    assert (i1(driver).released, driver.owed) == (True, ["tracking"])
    assert driver.say(IssueReleased(item="I1")) == []


def test_an_issue_that_comes_after_a_moved_item_was_withdrawn_is_ended_too() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    withdrawn(driver)
    driver.say(IssueReleased(item="I1"))
    opened(driver)
    driver.obey()
    assert (i1(driver).released, driver.owed) == (True, [])


def test_the_issue_that_an_item_has_is_not_ended_when_it_adopts_that_one() -> None:
    driver = in_remediation()
    driver.say(MoveItem(item="I1", place=HOME, adopts="I1"))
    opened(driver)
    assert (i1(driver).ref, i1(driver).left, driver.owed) == (ref(), None, ["tracking"])
    assert driver.say(IssueReleased(item="I1")) == []


def test_an_item_that_goes_back_to_the_issue_that_it_left_keeps_it() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    driver.say(MoveItem(item="I1", place=HOME, adopts="I1"))
    opened(driver)
    assert "release:I1" not in driver.owed
    assert driver.read("I1", IssueStatus.DONE) != []
    assert i1(driver).status is ItemStatus.DONE


@pytest.mark.parametrize("status", [IssueStatus.DONE, IssueStatus.DECLINED])
def test_what_becomes_of_the_issue_that_was_left_is_no_news(status: IssueStatus) -> None:
    driver = in_remediation()
    driver.now += timedelta(minutes=1)
    late = driver.found("I1", status)
    driver.say(MOVE)
    new = opened(driver)
    assert driver.say(ItemsRead(readings=(late,))) == []
    assert (i1(driver).ref, i1(driver).status) == (new, ItemStatus.OPEN)


@pytest.mark.parametrize("status", [IssueStatus.MISSING, IssueStatus.FORBIDDEN])
def test_an_issue_that_was_left_and_is_not_found_is_no_news(status: IssueStatus) -> None:
    driver = in_remediation()
    driver.now += timedelta(minutes=1)
    late = driver.found("I1", status).model_copy(update={"ref": None})
    driver.say(MOVE)
    opened(driver)
    assert driver.say(ItemsRead(readings=(late,))) == []
    assert i1(driver).status is ItemStatus.OPEN
    driver.say(ItemsRead(readings=(driver.found("I1", status).model_copy(update={"ref": None}),)))
    assert i1(driver).status is ItemStatus.LOST


def test_an_issue_that_was_left_is_no_news_wherever_its_tracker_moved_it() -> None:
    driver = in_remediation()
    driver.now += timedelta(minutes=1)
    late = driver.found("I1", IssueStatus.DONE).model_copy(update={"ref": ref("elsewhere")})
    driver.say(MOVE)
    opened(driver)
    assert driver.say(ItemsRead(readings=(late,))) == []


def test_an_issue_that_is_read_by_its_name_of_before_is_the_item_s() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    before = opened(driver)
    driver.now += timedelta(minutes=1)
    there = ref("elsewhere", "jira")
    for status in (IssueStatus.OPEN, IssueStatus.DONE):
        driver.now += timedelta(minutes=1)
        late = Reading(item="I1", status=status, as_of=driver.now, ref=there, asked=before)
        driver.say(ItemsRead(readings=(late,)))
    assert (i1(driver).ref, i1(driver).status) == (there, ItemStatus.DONE)


def test_a_moved_item_is_followed_where_its_tracker_moves_it() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    new = opened(driver)
    moved = new.model_copy(update={"key": "OTHER-3"})
    transferred = ref("transferred", "jira")
    for found in (moved, transferred):
        driver.now += timedelta(minutes=1)
        driver.say(ItemsRead(readings=(driver.found("I1", IssueStatus.OPEN).model_copy(update={"ref": found}),)))
    assert (i1(driver).ref, i1(driver).formerly) == (transferred, (ref(), new, moved))


def test_a_place_that_could_not_be_written_to_does_not_hold_up_the_next() -> None:
    driver = in_draft()
    driver.say(ProposeItem(spec=spec()))
    driver.say(AcceptItem(item="I1"))
    until = driver.now + timedelta(hours=9)
    driver.say(EffectFailed(key="issue:I1", kind=FailureKind.NOT_FOUND, retry_at=until))
    assert driver.owed == []
    driver.say(MOVE)
    assert driver.owed == ["issue:I1/2"]
    assert "I1 has no issue in its tracker yet." in [b.sentence for b in driver.blockers]


def test_only_an_accepted_item_is_moved_that_is_not_done() -> None:
    driver = in_draft()
    assert driver.reasons(MOVE) == ("There is no item I1; there are none.",)
    driver.say(ProposeItem(spec=spec()))
    assert driver.reasons(MOVE) == ("I1 is proposed: only an accepted item has an issue.",)
    driver = in_remediation()
    finish(driver, ["I1"])
    assert driver.reasons(MOVE) == ("I1 is done.",)
    driver = withdrawn(in_remediation())
    assert driver.reasons(MOVE) == ("I1 is withdrawn: only an accepted item has an issue.",)


def test_an_item_is_not_moved_to_where_it_is() -> None:
    driver = in_remediation()
    assert driver.reasons(MoveItem(item="I1", place=HOME)) == ("I1 is at github:acme/ranker already.",)
    driver.say(MOVE)
    assert driver.reasons(MOVE) == ("I1 is at jira:ACME already.",)
    assert driver.reasons(MoveItem(item="I1", place=ELSEWHERE, adopts="ACME-3")) == ()


def test_nothing_is_moved_in_a_review_that_has_ended() -> None:
    driver = closed()
    driver.answer()
    assert driver.reasons(MOVE) == ("An item cannot be moved while the review is archived.",)


def test_a_moved_item_of_a_review_that_is_dismissed_gets_no_new_issue() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    withdraw_all(driver)
    driver.say(Dismiss(reason="text:why"))
    driver.say(Approve(request="R2"), "approver")
    driver.obey()
    assert driver.plan.ended


def test_every_issue_that_was_left_is_ended_one_after_the_other() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    second = opened(driver)
    driver.say(MoveItem(item="I1", place=Place(tracker="builtin")))
    opened(driver)
    for left in (ref(), second):
        (effect,) = [e for e in driver.plan.effects if e.kind == "release_issue"]
        assert (i1(driver).left, effect.tracker) == (left, left.tracker)
        driver.say(driver.result(effect))
    assert (i1(driver).left, i1(driver).formerly, driver.owed) == (None, (ref(), second), ["tracking"])


def test_an_item_that_goes_back_still_ends_the_others_that_it_left() -> None:
    driver = in_remediation()
    driver.say(MOVE)
    second = opened(driver)
    driver.say(MoveItem(item="I1", place=HOME, adopts="I1"))
    opened(driver)
    assert (i1(driver).ref, i1(driver).left) == (ref(), second)
    driver.obey()
    assert (i1(driver).left, driver.owed) == (None, [])


def test_an_issue_that_another_item_has_is_not_taken_for_this_one() -> None:
    driver = in_remediation()
    driver.obey()
    driver.say(ProposeItem(spec=spec("I2")))
    driver.say(AcceptItem(item="I2", adopts="#i1"))
    driver.say(IssueOpened(item="I2", ref=ref()))
    assert driver.review.items["I2"].ref is None
    assert driver.review.failures["issue:I2"].kind is FailureKind.REJECTED


def test_nothing_is_sent_to_a_tracker_that_nobody_set_up() -> None:
    driver = in_remediation()
    driver.obey()
    driver.routing = driver.routing.model_copy(update={"trackers": ("builtin", "github")})
    assert driver.reasons(MOVE) == ("No tracker called jira is set up; there are builtin, github.",)
    driver.say(MoveItem(item="I1", place=Place(tracker="builtin")))


def test_a_tracking_issue_that_was_moved_is_followed() -> None:
    driver = in_remediation()
    driver.obey()
    driver.now += timedelta(minutes=5)
    there = ref("tracking").model_copy(update={"key": "elsewhere#7"})
    driver.say(TrackingRead(status=IssueStatus.OPEN, as_of=driver.now, ref=there))
    assert driver.review.tracking is not None
    assert driver.review.tracking.ref == there


@pytest.mark.parametrize("status", [IssueStatus.MISSING, IssueStatus.DECLINED, IssueStatus.DUPLICATE])
def test_an_issue_that_is_of_no_use_any_more_is_replaced_in_the_same_place(status: IssueStatus) -> None:
    """It was asked for, and refused: the item was “there already”."""
    driver = in_remediation()
    driver.read("I1", status)
    assert driver.review.items["I1"].place == HOME
    assert driver.reasons(MoveItem(item="I1", place=HOME)) == ()
    driver.obey()
    assert driver.review.items["I1"].ref == ref("I1/2")
    assert driver.reasons(MoveItem(item="I1", place=HOME)) == ("I1 is at github:acme/ranker already.",)


@pytest.mark.parametrize("name", ["5", "#5", "acme/ranker#5"])
def test_a_bare_number_is_that_of_the_project_s_own_issue(name: str) -> None:
    driver = in_draft()
    for id in ("I1", "I2"):
        driver.say(ProposeItem(spec=spec(id)))
    driver.say(AcceptItem(item="I1", adopts=name))
    assert driver.review.items["I1"].adopts == "acme/ranker#5"
    for other in ("5", "acme/ranker#5"):
        taken = ("acme/ranker#5 is the issue of I1 already.",)
        assert driver.reasons(AcceptItem(item="I2", adopts=other)) == taken
        assert driver.reasons(AcceptItem(item="I2", place=HOME, adopts=other)) == taken


@pytest.mark.parametrize(
    ("place", "name", "key"),
    [
        (HOME, "12", "acme/ranker#12"),
        (Place(tracker="jira", project="ACME"), "12", "ACME-12"),
        (Place(tracker="builtin"), "12", "HF-12"),
        (Place(tracker="jira", project="ACME"), "OTHER-7", "OTHER-7"),
        (Place(tracker="memory"), "12", "12"),
    ],
)
def test_the_key_of_an_issue_is_written_as_its_tracker_writes_it(place: Place, name: str, key: str) -> None:
    assert place.issue_key(name) == key
