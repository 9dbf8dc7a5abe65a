"""The tracking issue: owed from remediation on, told what blocks, and never the end of a review."""

from datetime import timedelta

from domain.lifecycle.effects import tracking_digest, tracking_text
from domain.lifecycle.inputs import EffectFailed, IncidentTold, TrackingRead, TrackingTold
from domain.model.policy import OnEarlyClose
from domain.model.review import Review
from domain.model.taxonomy import FailureKind, IncidentStatus, IssueStatus, Stage
from tests.domain.build import Driver, closed, finish, in_remediation, in_sign_off, incident, policy, ref


def close_early(driver: Driver) -> None:
    driver.now += timedelta(minutes=1)
    driver.say(TrackingRead(status=IssueStatus.DONE, as_of=driver.now))


def told(driver: Driver, **changes: object) -> TrackingTold:
    values = {
        "ref": ref("tracking"),
        "told": tracking_digest(driver.review, driver.now),
        "status": IssueStatus.OPEN,
        "as_of": driver.now,
    }
    return TrackingTold.model_validate(values | changes)


def test_a_tracking_issue_is_owed_from_remediation_on_and_told_last() -> None:
    driver = in_sign_off()
    assert driver.owed == []
    driver.sign_all()
    assert driver.owed == ["issue:I1"]
    driver.obey()
    assert driver.review.tracking is not None
    assert (driver.review.tracking.status, driver.owed) == (IssueStatus.OPEN, [])


def test_it_says_what_blocks_and_is_told_again_when_that_changes() -> None:
    driver = in_remediation()
    assert tracking_text(driver.review, driver.now) == (True, ("I1 (#I1) is open.",))
    driver.say(IncidentTold(incident=incident(status=IncidentStatus.OPEN, as_of=driver.now)))
    assert driver.owed == ["tracking"]


def test_closing_it_early_does_not_close_the_review() -> None:
    driver = in_remediation()
    close_early(driver)
    assert (driver.stage, driver.owed) == (Stage.REMEDIATION, ["tracking"])
    driver.obey()
    assert driver.review.tracking is not None
    assert (driver.review.tracking.status, driver.review.tracking.closed_early) == (IssueStatus.OPEN, False)


def test_a_policy_may_only_comment_on_it() -> None:
    driver = in_remediation(policy(on_early_close=OnEarlyClose.COMMENT))
    close_early(driver)
    assert driver.owed == ["tracking"]
    driver.obey()
    assert driver.review.tracking is not None
    assert (driver.review.tracking.status, driver.owed) == (IssueStatus.DONE, [])


def test_the_review_s_own_closing_of_it_is_not_early() -> None:
    driver = closed()
    assert driver.review.tracking is not None
    assert driver.review.tracking.status is IssueStatus.DONE
    close_early(driver)
    assert driver.owed == []


def test_a_read_that_is_older_or_says_the_same_records_nothing() -> None:
    driver = in_remediation()
    assert driver.say(TrackingRead(status=IssueStatus.DONE, as_of=driver.now)) == []
    driver.now += timedelta(minutes=1)
    assert driver.say(TrackingRead(status=IssueStatus.OPEN, as_of=driver.now)) == []
    assert in_sign_off().say(TrackingRead(status=IssueStatus.DONE, as_of=driver.now)) == []


def test_closing_it_while_it_is_being_told_is_not_forgotten() -> None:
    driver = in_remediation()
    begun = driver.now
    close_early(driver)
    driver.say(told(driver, as_of=begun))
    assert driver.review.tracking is not None
    assert driver.review.tracking.closed_early
    assert driver.owed == ["tracking"]
    driver.obey()
    assert not driver.review.tracking.closed_early


def test_a_clock_that_runs_ahead_does_not_silence_it() -> None:
    driver = in_remediation()
    driver.say(told(driver, as_of=driver.now + timedelta(days=1)))
    close_early(driver)
    assert driver.owed == ["tracking"]


def test_a_failed_read_of_the_items_is_no_news_for_it() -> None:
    driver = in_remediation()
    finish(driver, ["I1"])
    driver.say(told(driver))
    driver.say(EffectFailed(key="read", kind=FailureKind.UNAVAILABLE))
    assert driver.owed == []


def test_telling_it_waits_after_a_failure_and_success_forgets_the_failure() -> None:
    driver = in_remediation()
    close_early(driver)
    driver.say(EffectFailed(key="tracking", kind=FailureKind.RATE_LIMITED))
    assert driver.owed == []
    driver.wake()
    assert driver.owed == ["tracking"]
    driver.obey()
    assert driver.review.failures == {}


def test_a_review_that_was_never_opened_has_none() -> None:
    driver = Driver()
    assert driver.say(told(driver)) == []
    assert driver.review == Review(id=driver.review.id)
