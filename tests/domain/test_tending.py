"""Issues that somebody changed or closed without doing them: put back and answered, once for each time."""

from datetime import timedelta

from domain.lifecycle.events import IssueFoundDisturbed, ItemIssueTended
from domain.lifecycle.inputs import (
    AcceptItem,
    ChangeItem,
    Dismiss,
    EffectFailed,
    ExtendDue,
    IssueDisturbed,
    IssueOpened,
    IssueTended,
    MoveItem,
    ProposeItem,
    WithdrawItem,
)
from domain.model.review import RESTORED, WITHIN
from domain.model.taxonomy import FailureKind, IssueStatus, ItemClass, ItemStatus, Stage, Strength
from domain.model.tracker_routing import Place
from tests.domain.build import Driver, closed, finish, in_draft, in_remediation, ref, spec, withdraw_all

DECLINED, OPEN = IssueStatus.DECLINED, IssueStatus.OPEN


def disturb(driver: Driver, id: str = "I1", minutes: float = 1) -> list[object]:
    driver.now += timedelta(minutes=minutes)
    return list(driver.say(IssueDisturbed(item=id, as_of=driver.now)))


def tended(driver: Driver, id: str = "I1", ago: timedelta = timedelta(0)) -> list[object]:
    return list(driver.say(IssueTended(item=id, as_of=driver.now - ago)))


def tends(driver: Driver) -> bool:
    return "tend:I1" in driver.owed


def test_a_disturbed_issue_is_tended_once() -> None:
    driver = in_remediation()
    assert disturb(driver) == [IssueFoundDisturbed(item="I1", as_of=driver.now)]
    (effect,) = driver.plan.effects
    assert (effect.kind, effect.key, effect.item, effect.tracker) == ("tend_issue", "tend:I1", "I1", "github")
    assert tended(driver) == [ItemIssueTended(item="I1", as_of=driver.now)]
    assert (driver.review.items["I1"].disturbed, driver.owed) == (None, [])
    assert tended(driver) == []


def test_a_disturbance_blocks_nothing() -> None:
    driver = in_remediation()
    before = driver.blockers
    disturb(driver)
    assert driver.blockers == before
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_one_that_waits_to_be_tended_is_not_recorded_again() -> None:
    driver = in_remediation()
    disturb(driver)
    assert disturb(driver) == []
    tended(driver)
    assert disturb(driver) != []


def test_what_is_found_after_the_tending_began_is_tended_again() -> None:
    driver = in_remediation()
    driver.read("I1", DECLINED)
    begun = driver.now
    disturb(driver)
    driver.say(IssueTended(item="I1", as_of=begun))
    assert driver.review.items["I1"].disturbed == driver.now
    assert tends(driver)
    tended(driver)
    assert not tends(driver)


def test_a_clock_that_runs_ahead_is_not_believed() -> None:
    driver = in_remediation()
    driver.say(IssueDisturbed(item="I1", as_of=driver.now + timedelta(days=1)))
    assert driver.review.items["I1"].disturbed == driver.now
    assert driver.say(IssueTended(item="I1", as_of=driver.now + timedelta(days=1))) == [
        ItemIssueTended(item="I1", as_of=driver.now)
    ]
    assert driver.owed == []


def test_an_item_without_an_issue_is_not_disturbed() -> None:
    driver = in_draft()
    driver.say(ProposeItem(spec=spec("I9")))
    assert disturb(driver, "I9") == disturb(driver, "I8") == []
    assert tended(driver, "I9") == tended(driver, "I8") == []


def test_nothing_is_tended_after_closure_or_dismissal() -> None:
    driver = closed()
    assert disturb(driver) == []
    assert driver.owed == []
    driver = in_remediation()
    disturb(driver)
    withdraw_all(driver)
    driver.say(Dismiss(reason="text:why"))
    driver.approve("R2")
    assert not tends(driver)
    driver.obey()
    assert driver.plan.ended


def test_an_issue_that_is_given_up_is_not_tended() -> None:
    driver = in_remediation()
    disturb(driver)
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    driver.approve()
    assert not tends(driver)
    assert disturb(driver) == []


def test_tending_waits_after_a_failure_and_success_forgets_it() -> None:
    driver = in_remediation()
    disturb(driver)
    driver.say(EffectFailed(key="tend:I1", kind=FailureKind.UNAVAILABLE))
    assert not tends(driver)
    driver.wake()
    assert tends(driver)
    driver.obey()
    assert driver.review.failures == {}


# --- changed ----------------------------------------------------------------------------------------------------------


def test_what_a_command_changes_is_told_where_the_item_is_kept() -> None:
    driver = in_remediation()
    stronger = driver.review.items["I1"].spec.model_copy(update={"strength": Strength.STRONGER})
    driver.say(ChangeItem(spec=stronger, reason="text:why"))
    assert driver.owed == ["tend:I1"]
    driver.obey()
    item = driver.review.items["I1"]
    assert item.told is not None
    assert (item.told.strength, item.retold, driver.owed) == (Strength.STRONGER, 1, [])


def test_an_extension_is_told_and_an_owner_is_the_tracker_s() -> None:
    driver = in_remediation()
    item = driver.review.items["I1"]
    driver.say(ChangeItem(spec=item.spec.model_copy(update={"owner": "another"}), reason="text:why"))
    assert driver.owed == []
    assert item.due is not None
    driver.say(ExtendDue(item="I1", until=item.due + timedelta(days=9), reason="text:why"))
    driver.approve()
    assert driver.owed == ["tend:I1"]


def test_what_changes_while_it_is_told_is_told_again() -> None:
    driver = in_remediation()
    item = driver.review.items["I1"]
    for strength in (Strength.STRONGER, Strength.INTERMEDIATE):
        before = driver.review.items["I1"].to_tell
        change = ChangeItem(spec=item.spec.model_copy(update={"strength": strength}), reason="text:why")
        driver.say(change)
    driver.say(IssueTended(item="I1", as_of=driver.now, told=before))
    assert driver.owed == ["tend:I1"]
    driver.obey()
    assert (driver.review.items["I1"].told, driver.review.items["I1"].retold) == (item.told, 2)


def test_what_changes_while_its_issue_is_made_is_told_after() -> None:
    driver = in_draft()
    driver.say(ProposeItem(spec=spec()))
    driver.say(AcceptItem(item="I1"))
    making = driver.result(driver.plan.effects[0])
    driver.say(ChangeItem(spec=spec(strength=Strength.STRONGER), reason="text:why"))
    driver.say(making)
    assert driver.owed == ["tend:I1"]


def test_what_an_issue_was_told_by_an_earlier_release_is_not_known_and_not_rewritten() -> None:
    driver = in_draft()
    driver.say(ProposeItem(spec=spec()))
    driver.say(AcceptItem(item="I1"))
    driver.say(IssueOpened(item="I1", ref=ref()))
    driver.say(ChangeItem(spec=spec(strength=Strength.STRONGER), reason="text:why"))
    assert (driver.review.items["I1"].outdated, driver.owed) == (False, [])


# --- again and again --------------------------------------------------------------------------------------------------


def test_what_is_changed_again_and_again_is_left_alone_for_a_while() -> None:
    driver = in_remediation()
    first = driver.now + timedelta(minutes=1)
    for _ in range(RESTORED):
        disturb(driver)
        assert tends(driver)
        tended(driver)
    disturb(driver)
    assert not tends(driver)
    assert disturb(driver) == []
    item = driver.review.items["I1"]
    assert item.contested_until == first + WITHIN
    assert item.is_contested(driver.now)
    while driver.now < first + WITHIN:
        driver.wake()
    assert tends(driver)
    tended(driver)
    assert driver.review.items["I1"].contested_until is None


def test_a_disturbance_now_and_then_is_put_back_each_time() -> None:
    driver = in_remediation()
    for _ in range(RESTORED * 2):
        disturb(driver, minutes=60 * 24 * 3)
        assert tends(driver)
        tended(driver)


def test_what_is_left_alone_may_be_answered_or_changed_all_the_same() -> None:
    driver = in_remediation()
    for _ in range(RESTORED + 1):
        disturb(driver)
        if tends(driver):
            tended(driver)
    driver.read("I1", DECLINED)
    assert tends(driver)


# --- declined ---------------------------------------------------------------------------------------------------------


def test_a_prevention_item_that_is_declined_is_answered_once() -> None:
    driver = in_remediation()
    driver.read("I1", DECLINED)
    assert driver.review.items["I1"].unanswered
    assert driver.owed == ["tend:I1"]
    tended(driver)
    assert (driver.review.items["I1"].answered, tends(driver)) == (True, False)
    driver.read("I1", IssueStatus.DUPLICATE)
    assert not tends(driver)


def test_it_is_answered_again_after_it_was_open_and_is_declined_anew() -> None:
    driver = in_remediation()
    for status in (DECLINED, IssueStatus.DUPLICATE):
        driver.read("I1", status)
        assert tends(driver)
        tended(driver)
        driver.read("I1", OPEN)
        assert not tends(driver)
        assert not driver.review.items["I1"].answered


def test_what_is_declined_after_the_tending_began_is_not_answered_by_it() -> None:
    driver = in_remediation()
    disturb(driver)
    begun = driver.now
    driver.read("I1", DECLINED)
    driver.say(IssueTended(item="I1", as_of=begun))
    assert driver.review.items["I1"].unanswered
    tended(driver)
    driver.read("I1", DECLINED)
    assert not tends(driver)


def test_what_was_answered_stays_so_when_it_is_disturbed_and_read_again_meanwhile() -> None:
    driver = in_remediation()
    driver.read("I1", DECLINED)
    tended(driver)
    disturb(driver)
    begun = driver.now
    driver.read("I1", DECLINED)
    driver.say(IssueTended(item="I1", as_of=begun))
    assert not driver.review.items["I1"].unanswered


def test_an_item_that_is_declined_where_it_moved_to_is_answered_there_too() -> None:
    driver = in_remediation()
    driver.read("I1", DECLINED)
    tended(driver)
    driver.say(MoveItem(item="I1", place=Place(tracker="jira", project="ACME")))
    driver.obey()
    driver.read("I1", DECLINED)
    (effect,) = [e for e in driver.plan.effects if e.kind == "tend_issue"]
    assert effect.tracker == "jira"


def test_what_was_disturbed_in_the_issue_that_was_left_is_not_put_back_in_the_new_one() -> None:
    driver = in_remediation()
    disturb(driver)
    driver.say(MoveItem(item="I1", place=Place(tracker="jira", project="ACME")))
    driver.obey()
    assert driver.review.items["I1"].disturbed is None
    assert not any(isinstance(event, ItemIssueTended) for event in driver.events)


def test_what_only_detects_may_be_declined_without_an_answer() -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("I9", item_class=ItemClass.DETECT)))
    driver.say(AcceptItem(item="I9"))
    driver.obey()
    driver.read("I9", DECLINED)
    assert (driver.review.items["I9"].status, driver.owed) == (ItemStatus.DECLINED, [])


def test_what_is_declined_after_closure_reopens_the_review_and_is_answered_then() -> None:
    driver = closed()
    driver.read("I1", DECLINED)
    assert (driver.stage, tends(driver)) == (Stage.REMEDIATION, True)


def test_what_is_withdrawn_is_answered_no_more() -> None:
    driver = in_remediation()
    driver.read("I1", DECLINED)
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    driver.approve()
    assert not tends(driver)
