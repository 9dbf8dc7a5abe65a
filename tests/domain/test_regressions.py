"""What is open again after closure: by policy the review goes on, or it is only told."""

import pytest

from domain.lifecycle.events import (
    ItemStatusesRead,
    ItemVerified,
    RegressionSeen,
    ReviewClosed,
    ReviewReopened,
    TrackingIssueTold,
)
from domain.lifecycle.evolve import fold
from domain.lifecycle.inputs import AcceptItem, AskWaiver, IncidentTold, ProposeItem, VerifyItem
from domain.model.policy import OnRegression
from domain.model.review import Review
from domain.model.taxonomy import Clock, IncidentStatus, IssueStatus, ItemClass, Stage
from tests.domain.build import (
    COPY,
    SUBMITTER,
    Driver,
    closed,
    document,
    finish,
    in_remediation,
    incident,
    item,
    policy,
    policy_with_rules,
    spec,
)

TELL = policy(on_regression=OnRegression.TELL)
OPEN = IssueStatus.OPEN
TWO = document(items=[item(), item("I2")])


def seen(driver: Driver) -> list[tuple[str, ...]]:
    return [event.because for event in driver.events if isinstance(event, RegressionSeen)]


def test_a_review_goes_on_where_the_policy_says_nothing_else() -> None:
    driver = closed()
    driver.read("I1", OPEN)
    assert (driver.stage, driver.review.reopened, seen(driver)) == (Stage.REMEDIATION, 1, [])


def test_a_regression_that_is_only_told_leaves_the_review_closed() -> None:
    driver = closed(TELL)
    assert driver.read("I1", OPEN)[-1] == RegressionSeen(because=("done/I1",))
    assert (driver.stage, driver.review.regressions, driver.review.reopened) == (Stage.CLOSED, ("done/I1",), 0)
    assert driver.review.closure is not None
    assert driver.blocker_ids == ["done/I1"]


def test_a_regression_is_recorded_once_for_each_set_of_blockers() -> None:
    driver = closed(TELL, TWO)
    driver.read("I1", OPEN)
    driver.read("I1", IssueStatus.DECLINED)
    driver.wait(days=1)
    driver.read("I2", OPEN)
    driver.read("I1", IssueStatus.DONE)
    driver.read("I2", IssueStatus.DONE)
    driver.read("I2", OPEN)
    assert seen(driver) == [("done/I1",), ("done/I1", "done/I2"), ("done/I2",), (), ("done/I2",)]


def test_a_review_is_not_archived_while_a_regression_stands() -> None:
    driver = closed(TELL)
    driver.read("I1", OPEN)
    driver.now = driver.review.due[Clock.EFFECTIVENESS]
    driver.wait(days=30)
    assert (driver.stage, driver.plan.ended) == (Stage.CLOSED, False)
    driver.read("I1", IssueStatus.DONE)
    assert (driver.stage, driver.review.regressions) == (Stage.ARCHIVED, ())


@pytest.mark.parametrize("reads", [True, False])
def test_what_regressed_and_is_done_and_verified_again_lets_the_review_end(reads: bool) -> None:
    """Also where nothing tells who did it: what its closure judged is judged, in streams of before as well."""
    tell = policy_with_rules(verified="block").model_copy(update={"on_regression": OnRegression.TELL})
    driver = in_remediation(tell)
    finish(driver, ["I1"])
    driver.say(VerifyItem(item="I1", evidence=(COPY,)))
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    driver.read("I1", OPEN)
    assert driver.blocker_ids == ["done/I1", "verified/I1"]
    driver.doers = ("engineer",) if reads else None
    finish(driver, ["I1"])
    driver.say(VerifyItem(item="I1", evidence=(COPY,)))
    assert (driver.blocker_ids, "doers:I1" in driver.owed) == ([], False)
    driver.obey()
    driver.answer()
    assert driver.is_in(Stage.ARCHIVED)


def test_what_was_put_off_at_closure_and_is_done_later_is_read_also_once_nothing_puts_it_off() -> None:
    tell = policy_with_rules(verified="block").model_copy(update={"on_regression": OnRegression.TELL})
    driver = in_remediation(tell)
    driver.say(AskWaiver(rule="done", subject="I1", reason="text:why"), SUBMITTER)
    driver.approve()
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    finish(driver, ["I1"])
    driver.say(VerifyItem(item="I1", evidence=(COPY,)))
    driver.wait(days=31)
    assert (driver.stage, driver.blocker_ids) == (Stage.REMEDIATION, ["verified/I1"])
    assert "doers:I1" in driver.owed
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_what_was_done_but_put_off_at_closure_is_read_while_its_review_stays_closed() -> None:
    tell = policy_with_rules(verified="block").model_copy(update={"on_regression": OnRegression.TELL})
    driver = in_remediation(tell)
    driver.say(AskWaiver(rule="done", subject="I1", reason="text:why"), SUBMITTER)
    driver.approve()
    driver.doers = None
    finish(driver, ["I1"])
    driver.say(VerifyItem(item="I1", evidence=(COPY,)))
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    driver.wait(days=31)
    assert (driver.stage, driver.blocker_ids) == (Stage.CLOSED, ["verified/I1"])
    assert "doers:I1" in driver.owed
    driver.doers = ("engineer",)
    driver.obey()
    assert driver.blocker_ids == []


def test_a_stream_that_closed_on_who_was_known_before_folds_to_a_review_that_stays_closed() -> None:
    """As it was recorded before who did something anew was read anew."""
    driver = in_remediation(policy_with_rules(verified="block"))
    finish(driver, ["I1"])
    driver.say(VerifyItem(item="I1", evidence=(COPY,)))
    driver.obey()
    *earlier, closed_then = [e for e in driver.events if not isinstance(e, TrackingIssueTold)]
    assert isinstance(closed_then, ReviewClosed)
    (verified,) = [e for e in earlier if isinstance(e, ItemVerified)]
    anew = [ItemStatusesRead(readings=(driver.found("I1", status),)) for status in (OPEN, IssueStatus.DONE)]
    driver.review = fold(Review(id=driver.review.id), [*earlier, *anew, verified, closed_then])
    assert driver.review.items["I1"].doers_unread
    assert (driver.stage, driver.blocker_ids, driver.wait(days=1)) == (Stage.CLOSED, [], [])
    assert driver.owed == ["tracking"]


def test_a_review_that_went_on_reads_anew_who_did_what_had_regressed() -> None:
    driver = in_remediation(policy_with_rules(verified="block"))
    finish(driver, ["I1"])
    driver.say(VerifyItem(item="I1", evidence=(COPY,)))
    driver.obey()
    driver.read("I1", OPEN)
    finish(driver, ["I1"])
    driver.say(VerifyItem(item="I1", evidence=(COPY,)))
    assert (driver.stage, driver.blocker_ids) == (Stage.REMEDIATION, ["verified/I1"])
    assert "doers:I1" in driver.owed
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_anything_else_in_the_way_reopens_the_review() -> None:
    driver = closed(TELL)
    driver.read("I1", OPEN)
    again = incident(status=IncidentStatus.OPEN, as_of=driver.now)
    recorded = driver.say(IncidentTold(incident=again))
    assert [e.because for e in recorded if isinstance(e, ReviewReopened)] == [
        (
            "incident/pagerduty:PD-1",
            "done/I1",
            "sign_off/incidents",
        )
    ]
    assert (driver.stage, driver.review.regressions, driver.review.closure) == (Stage.STABILIZATION, (), None)


def test_what_was_told_is_told_anew_after_the_next_closure() -> None:
    driver = closed(TELL)
    driver.read("I1", OPEN)
    driver.say(IncidentTold(incident=incident(status=IncidentStatus.OPEN, as_of=driver.now)))
    driver.now = driver.now.replace(minute=30)
    driver.say(IncidentTold(incident=incident(as_of=driver.now)))
    driver.wait(hours=25)
    driver.submit(revision=2)
    driver.sign_all()
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    driver.read("I1", OPEN)
    assert seen(driver) == [("done/I1",), ("done/I1",)]


@pytest.mark.parametrize("on_regression", OnRegression)
def test_a_waiver_that_ends_after_closure_reopens_the_review_in_any_case(on_regression: OnRegression) -> None:
    driver = in_remediation(policy(on_regression=on_regression))
    driver.say(AskWaiver(rule="done", subject="I1", reason="text:why"))
    driver.approve()
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    driver.now = driver.review.waivers["done/I1"].until
    driver.wait(hours=0)
    assert (driver.stage, seen(driver), driver.blocker_ids) == (Stage.REMEDIATION, [], ["done/I1"])


def test_what_only_detects_does_not_regress() -> None:
    driver = in_remediation(TELL)
    driver.say(ProposeItem(spec=spec("I9", item_class=ItemClass.DETECT)))
    driver.say(AcceptItem(item="I9"))
    driver.obey()
    finish(driver, ["I1", "I9"])
    driver.obey()
    driver.read("I9", OPEN)
    assert (driver.stage, seen(driver)) == (Stage.CLOSED, [])


def test_what_is_told_is_said_in_the_tracking_issue_which_stays_closed() -> None:
    driver = closed(TELL)
    driver.read("I1", OPEN)
    assert driver.owed == ["tracking"]
    driver.obey()
    assert driver.review.tracking is not None
    assert driver.review.tracking.status is IssueStatus.DONE
    assert driver.owed == []
