"""Closing: on a read of the trackers made for it, and on nothing else."""

from datetime import timedelta

import pytest

from domain.lifecycle.decisions.closing import FIRST_RETRY, LONGEST_RETRY
from domain.lifecycle.events import ClosureAsked, ReviewClosed
from domain.lifecycle.inputs import (
    AcceptItem,
    AnswerEffectiveness,
    AskWaiver,
    Close,
    EffectFailed,
    ItemsRead,
    OpenReview,
    ProposeItem,
    WithdrawItem,
)
from domain.model.review import Item
from domain.model.taxonomy import Clock, Effectiveness, FailureKind, IssueStatus, ItemClass, ItemStatus, Stage
from domain.model.values import Period
from domain.people.tasks import asks
from tests.domain.build import (
    CATALOGUE,
    OTHER,
    OWNER,
    Driver,
    closed,
    document,
    finish,
    in_draft,
    in_remediation,
    in_sign_off,
    incident,
    item,
    policy_with_rules,
    reading,
    spec,
)


def ready(items: int = 1) -> Driver:
    """A review that waits for nothing but its closing read."""
    of = document(items=[item(f"I{n}") for n in range(1, items + 1)])
    driver = in_remediation(of=of)
    finish(driver, driver.review.items)
    assert driver.owed == ["read"]
    return driver


def read(driver: Driver, **statuses: IssueStatus) -> ItemsRead:
    driver.now += timedelta(minutes=1)
    readings = tuple(reading(id, status, driver.now) for id, status in statuses.items())
    return ItemsRead(readings=readings, for_closing=True)


def test_a_review_closes_by_itself_on_the_read_that_was_made_for_it() -> None:
    driver = ready()
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    assert driver.review.closure is not None
    assert driver.review.submission is not None
    assert driver.review.closure.readings == (reading("I1", IssueStatus.DONE, driver.now),)
    assert driver.review.closure.submission == driver.review.submission.digest
    assert driver.review.due[Clock.EFFECTIVENESS] == driver.now + timedelta(days=90)


def test_a_read_that_was_not_made_for_closing_closes_nothing() -> None:
    driver = ready()
    seen = read(driver, I1=IssueStatus.DONE)
    driver.say(seen.model_copy(update={"for_closing": False}))
    assert driver.is_in(Stage.REMEDIATION)


def test_asking_to_close_says_what_is_in_the_way_or_waits_for_the_read() -> None:
    draft = in_draft()
    refused = draft.reasons(Close())
    assert refused[0] == "The review is in draft, before remediation."
    assert len(refused) == 1 + len(draft.blockers)
    driver = ready()
    assert driver.say(Close(), "ann") == [ClosureAsked(by="ann")]
    assert (driver.stage, driver.owed) == (Stage.REMEDIATION, ["read"])


def test_an_item_that_the_closing_read_finds_undone_blocks() -> None:
    driver = ready(2)
    driver.say(read(driver, I1=IssueStatus.DONE, I2=IssueStatus.OPEN))
    assert (driver.stage, driver.blocker_ids, driver.owed) == (Stage.REMEDIATION, ["done/I2"], ["tracking"])


def test_an_item_that_is_not_in_the_closing_read_blocks_and_is_read_again() -> None:
    driver = ready(2)
    driver.say(read(driver, I1=IssueStatus.DONE))
    assert (driver.stage, driver.review.items["I2"].status) == (Stage.REMEDIATION, ItemStatus.LOST)
    assert driver.blocker_ids == ["done/I2", "done/read"]
    driver.obey()
    assert driver.is_in(Stage.REMEDIATION)
    driver.wake()
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_a_missing_reading_holds_a_review_whose_items_are_only_warned_about() -> None:
    driver = in_sign_off(policy_with_rules(prevention="warn", done="warn"))
    driver.say(AcceptItem(item="I1"))
    driver.obey()
    driver.sign_all()
    driver.say(read(driver))
    assert (driver.stage, driver.owed) == (Stage.REMEDIATION, ["tracking"])
    driver.obey()
    driver.wake()
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_a_read_that_is_too_old_closes_nothing_and_is_made_again_later() -> None:
    driver = ready()
    old = read(driver, I1=IssueStatus.DONE)
    driver.now += timedelta(minutes=10, seconds=1)
    driver.say(old)
    assert (driver.stage, driver.owed, driver.blocker_ids) == (Stage.REMEDIATION, ["tracking"], ["done/read"])
    driver.obey()
    assert driver.plan.wake_at == driver.now + FIRST_RETRY
    driver.wake()
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_a_read_that_is_just_young_enough_closes() -> None:
    driver = ready()
    young = read(driver, I1=IssueStatus.DONE)
    driver.now += timedelta(minutes=10)
    driver.say(young)
    assert driver.is_in(Stage.CLOSED)


def test_a_clock_that_runs_ahead_does_not_make_a_read_younger_than_the_next() -> None:
    driver = ready()
    driver.say(ItemsRead(readings=(reading("I1", IssueStatus.DONE, driver.now + timedelta(days=9)),)))
    driver.say(read(driver, I1=IssueStatus.OPEN))
    assert (driver.stage, driver.blocker_ids) == (Stage.REMEDIATION, ["done/I1"])


def test_a_failed_read_blocks_and_is_tried_again_ever_later_up_to_an_hour() -> None:
    driver = ready()
    waited = []
    for _ in range(10):
        driver.say(EffectFailed(key="read", kind=FailureKind.UNAVAILABLE))
        assert driver.blocker_ids == ["done/read"]
        assert "read" not in driver.owed
        waited.append(driver.review.failures["read"].retry_at - driver.now)
        driver.now = driver.review.failures["read"].retry_at
    assert waited[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
    assert waited == sorted(waited)
    assert waited[-1] == LONGEST_RETRY
    assert driver.blockers[0].sentence.startswith(
        "The items could not be read: the tracker cannot be reached. Next try"
    )
    driver.obey()
    assert (driver.stage, driver.review.failures) == (Stage.CLOSED, {})


def test_a_tracker_that_wants_to_be_left_alone_is_left_alone() -> None:
    driver = ready()
    until = driver.now + timedelta(hours=5)
    driver.say(EffectFailed(key="read", kind=FailureKind.RATE_LIMITED, retry_at=until))
    assert driver.review.failures["read"].retry_at == until


def test_a_failed_read_cannot_be_waived() -> None:
    driver = ready()
    driver.say(EffectFailed(key="read", kind=FailureKind.UNAVAILABLE))
    refused = driver.reasons(AskWaiver(rule="done", subject="read", reason="text:why"))
    assert refused == ("Nothing to waive: done/read does not block. In the way are no waivable rules.",)


def test_what_is_not_owed_cannot_have_failed() -> None:
    assert closed().say(EffectFailed(key="read", kind=FailureKind.UNAVAILABLE)) == []
    assert in_remediation().say(EffectFailed(key="read", kind=FailureKind.UNAVAILABLE)) == []
    assert Driver().say(EffectFailed(key="tracking", kind=FailureKind.UNAVAILABLE)) == []


@pytest.mark.parametrize("name", ["read", "policy"])
def test_an_item_may_have_any_name_and_blocks_all_the_same(name: str) -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec(name)))
    finish(driver, ["I1"])
    assert (driver.blocker_ids, driver.owed) == ([f"done/{name}"], ["tracking"])


def test_a_failed_read_of_items_that_are_withdrawn_meanwhile_is_made_good_by_an_empty_read() -> None:
    driver = in_remediation(policy_with_rules(prevention="warn", done="block"))
    finish(driver, ["I1"])
    driver.say(EffectFailed(key="read", kind=FailureKind.UNAVAILABLE))
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    driver.approve()
    driver.sign_all()
    assert (driver.stage, driver.blocker_ids) == (Stage.REMEDIATION, ["done/read"])
    driver.obey()
    driver.wake()
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


@pytest.mark.parametrize("status", [IssueStatus.MISSING, IssueStatus.MOVED, IssueStatus.FORBIDDEN])
def test_an_item_that_is_out_of_reach_is_looked_for_again_until_it_is_found(status: IssueStatus) -> None:
    driver = ready()
    driver.issues["I1"] = status
    driver.obey()
    for _ in range(3):
        assert (driver.stage, driver.owed) == (Stage.REMEDIATION, [])
        driver.wake()
        driver.obey()
    assert driver.review.failures["read"].count == 4
    driver.issues["I1"] = IssueStatus.DONE
    driver.wake()
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_a_review_without_issues_closes_without_a_read() -> None:
    driver = in_draft(severity="SEV4")
    (closing,) = [e for e in driver.submit(document(items=[])) if isinstance(e, ReviewClosed)]
    assert closing.closure.readings == ()
    assert driver.is_in(Stage.CLOSED)


def test_an_item_that_regresses_after_closure_reopens_the_review() -> None:
    driver = closed()
    driver.now += timedelta(days=3)
    driver.say(ItemsRead(readings=(reading("I1", IssueStatus.OPEN, driver.now),)))
    assert (driver.stage, driver.blocker_ids, driver.review.closure) == (Stage.REMEDIATION, ["done/I1"], None)
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_a_closed_review_is_archived_when_its_window_has_passed() -> None:
    driver = closed()
    assert driver.plan.wake_at == driver.review.due[Clock.EFFECTIVENESS]
    driver.wake()
    assert driver.is_in(Stage.CLOSED), "somebody is asked whether prevention worked"
    assert driver.plan.wake_at == driver.review.due[Clock.ANSWER]
    driver.wake()
    assert (driver.stage, driver.plan.ended, driver.blockers) == (Stage.ARCHIVED, True, [])
    assert driver.review.effectiveness is None, "that nobody answered is an outcome, and said so"


@pytest.mark.parametrize("answer", Effectiveness)
def test_whoever_answers_is_asked_once_after_the_window_and_the_review_ends_with_it(answer: Effectiveness) -> None:
    driver = closed()
    early = AnswerEffectiveness(answer=answer, reason="text:why")
    over = driver.review.due[Clock.EFFECTIVENESS]
    assert driver.reasons(early) == (
        f"Whether prevention worked is asked once the window is over, on {over:%d %b %Y}.",
    )
    assert not [w for w in asks(driver.review, driver.now) if "effectiveness" in w.key]
    driver.wake()
    (wanted,) = (w for w in asks(driver.review, driver.now) if "effectiveness" in w.key)
    assert (wanted.sentence, wanted.of.id) == ("Say whether prevention worked: its window is over.", OWNER)
    assert wanted.until == driver.review.due[Clock.ANSWER]
    driver.answer(answer)
    assert driver.is_in(Stage.ARCHIVED) is (answer is Effectiveness.EFFECTIVE)
    driver.now = driver.review.due[Clock.ANSWER]
    driver.wait(minutes=1)
    assert driver.is_in(Stage.ARCHIVED)
    assert driver.review.effectiveness is not None
    assert (driver.review.effectiveness.answer, driver.review.effectiveness.by) == (answer, OTHER)


def test_an_answer_is_given_anew_while_something_still_holds_the_review_and_not_twice_the_same() -> None:
    driver = closed(of=document(items=[item(), item("I2", item_class="process", prevents=())]))
    driver.review = driver.review.model_copy(update={"items": driver.review.items | _reopened(driver, "I2")})
    driver.answer(Effectiveness.UNKNOWN)
    same = AnswerEffectiveness(answer=Effectiveness.UNKNOWN, reason="text:why")
    assert driver.reasons(same) == ("That was answered already.",)
    driver.answer(Effectiveness.INEFFECTIVE)
    assert driver.is_in(Stage.CLOSED)
    assert driver.review.effectiveness is not None
    assert driver.review.effectiveness.answer is Effectiveness.INEFFECTIVE


def _reopened(driver: Driver, id: str) -> dict[str, Item]:
    return {id: driver.review.items[id].model_copy(update={"status": ItemStatus.OPEN})}


def test_no_window_ends_before_the_labels_of_its_models_have_come() -> None:
    lags = CATALOGUE.models | {
        "ranker-v3": CATALOGUE.models["ranker-v3"].model_copy(update={"label_lag": Period(seconds=200 * 86400)})
    }
    driver = in_remediation()
    driver.catalogue = CATALOGUE.model_copy(update={"models": lags})
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    assert driver.review.due[Clock.EFFECTIVENESS] == driver.now + timedelta(days=200)


def test_what_nobody_accepted_does_not_keep_a_closed_review_from_its_archive() -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("I9", item_class=ItemClass.PROCESS)))
    finish(driver, ["I1"])
    driver.obey()
    driver.answer()
    assert driver.is_in(Stage.ARCHIVED)


def test_an_archived_review_is_not_opened_again() -> None:
    driver = closed()
    driver.answer()
    assert driver.reasons(OpenReview(incident=incident())) == (
        "The review cannot be opened again while it is archived.",
    )
