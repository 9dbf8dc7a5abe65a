"""The principles that the property machine holds see what they are to see: each is broken here on purpose."""

from typing import Any

from domain.lifecycle.inputs import Approve, Close, Dismiss, ProposeItem, SubmitDraft, WithdrawItem
from domain.model.review import Review
from domain.model.taxonomy import ItemStatus, Stage
from tests.domain.build import Driver, in_remediation, spec
from tests.domain.principles import dropped, eased

TAKEN_BACK = WithdrawItem(item="I1", reason="text:why")


def with_item(review: Review, id: str = "I1", **changes: Any) -> Review:
    """The review with an item that is otherwise."""
    return review.model_copy(update={"items": review.items | {id: review.items[id].model_copy(update=changes)}})


def proposed() -> Driver:
    """A review in remediation in which somebody has proposed one more item."""
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("I9")))
    return driver


def test_a_promise_that_one_person_takes_back_is_seen() -> None:
    driver = in_remediation()
    gone = with_item(driver.review, status=ItemStatus.WITHDRAWN)
    signed = gone.model_copy(update={"signatures": gone.signatures})
    assert dropped(driver.review, signed, TAKEN_BACK) == ["I1"]
    assert dropped(driver.review, signed, Approve(request="R1")) == []
    ended = driver.review.model_copy(update={"stage": Stage.DISMISSED})
    assert dropped(driver.review, ended, Dismiss(reason="text:why")) == ["I1"]


def test_a_blocker_that_vanishes_at_one_person_s_word_is_seen() -> None:
    driver = in_remediation()
    review, done = driver.review, with_item(driver.review, status=ItemStatus.DONE)
    assert eased(review, done, Close(), driver.now) == ["done/I1"]
    assert eased(review, review, Close(), driver.now) == []
    assert eased(review, done, Approve(request="R1"), driver.now) == []
    assert eased(review, done, SubmitDraft(revision=1, digest="x"), driver.now) == []
    assert eased(review, done.model_copy(update={"signatures": {}}), Close(), driver.now) == [], "which is signed then"


def test_what_is_only_proposed_is_decided_by_taking_it_back() -> None:
    driver = proposed()
    gone = with_item(driver.review, "I9", status=ItemStatus.WITHDRAWN)
    assert (eased(driver.review, gone, TAKEN_BACK, driver.now), dropped(driver.review, gone, TAKEN_BACK)) == ([], [])
