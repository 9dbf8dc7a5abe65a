"""`evolve` never fails, whatever is recorded about things that are not there."""

import pytest

from domain.lifecycle import events
from domain.lifecycle.evolve import evolve, fold
from domain.model.review import Request, Review
from domain.model.taxonomy import Ask, FailureKind, IssueStatus, Stage
from domain.model.tracker_routing import Place
from tests.domain.build import NOW, closed, reading, ref

ODD: list[events.Event] = [
    events.ItemAccepted(item="I9", due=NOW),
    events.ItemIssueLeft(item="I9", ref=ref()),
    events.ItemWithdrawn(item="I9", by="approver", reason="text:why"),
    events.ItemIssueOpened(item="I9", ref=ref("I9")),
    events.ItemIssueReleased(item="I9"),
    events.DueExtended(item="I9", due=NOW),
    events.ItemMoved(item="I9", by="approver", place=Place(tracker="jira", project="ACME"), adopts=None),
    events.ItemsFoundUnreadable(items=("I9",), kind=FailureKind.UNAUTHORISED),
    events.IssueFoundDisturbed(item="I9", as_of=NOW),
    events.ItemIssueTended(item="I9", as_of=NOW),
    events.ItemStatusesRead(readings=(reading("I9"),)),
    events.ApprovalGranted(request="R9", by="approver"),
    events.ApprovalRefused(request="R9", by="approver", reason="text:why"),
    events.TrackingIssueRead(status=IssueStatus.DONE, as_of=NOW),
    events.SignaturesVoided(teams=("nobody",)),
]


@pytest.mark.parametrize("event", ODD)
def test_what_is_not_there_does_not_change(event: events.Event) -> None:
    empty = Review(id="x")
    assert evolve(empty, event) == Review(id="x", seq=1)


def test_a_waiver_without_an_end_lifts_nothing() -> None:
    asked = Request(id="R1", ask=Ask.WAIVE, by="ann", at=NOW, reason="text:why", rule="done", subject="I1")
    review = fold(
        Review(id="x"), [events.ApprovalAsked(request=asked), events.ApprovalGranted(request="R1", by="approver")]
    )
    assert (review.requests["R1"].granted, review.waivers) == (True, {})


def test_every_event_can_be_evolved_and_every_review_is_the_fold_of_its_events() -> None:
    driver = closed()
    assert fold(Review(id=driver.review.id), driver.events) == driver.review
    assert driver.review.seq == len(driver.events)
    assert driver.is_in(Stage.CLOSED)
