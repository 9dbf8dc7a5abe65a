from datetime import UTC, datetime

import pytest

from activities.sync import SyncActivities
from activities.trackers import EffectRequest, Places, TrackerActivities
from domain.inputs import ItemsRead, TrackingRead
from domain.ports import UnauthorisedError
from domain.taxonomy import Door, IssueStatus, ItemStatus
from integrations.trackers.memory import InMemoryTracker
from records.store import Records
from tests.records.build import Teller


@pytest.fixture
def tracker() -> InMemoryTracker:
    return InMemoryTracker("default")


@pytest.fixture
def review(sqlite_records: Records, tracker: InMemoryTracker) -> str:
    teller = Teller(sqlite_records)
    activities = TrackerActivities(
        sqlite_records.reviews,
        sqlite_records.people,
        sqlite_records.claims,
        {"memory": tracker},
        Places(default="memory"),
        str,
    )
    review = teller.to_remediation()
    teller.say(review, activities.open_issue(EffectRequest(review_id=review, item="I1")))
    teller.say(review, activities.tell_tracking(EffectRequest(review_id=review)))
    return review


def sync(records: Records, **trackers: InMemoryTracker) -> SyncActivities:
    return SyncActivities(records.reviews, records.inbox, trackers)


def test_what_has_not_changed_is_not_told(sqlite_records: Records, tracker: InMemoryTracker, review: str) -> None:
    result = sync(sqlite_records, memory=tracker).sync_issues()
    assert (result.read, result.changed, result.failed) == (2, 0, ())
    assert sqlite_records.inbox.outgoing() == []


def test_what_has_changed_goes_to_its_review_through_the_inbox(
    sqlite_records: Records, tracker: InMemoryTracker, review: str
) -> None:
    tracker.decline(f"{review}/I1")
    tracker.finish(f"{review}/tracking")
    assert sync(sqlite_records, memory=tracker).sync_issues().changed == 2
    item, tracking = sorted(sqlite_records.inbox.outgoing(), key=lambda sent: sent.input.body.type)
    assert {item.review_id, tracking.review_id} == {review}
    assert isinstance(item.input.body, ItemsRead)
    assert isinstance(tracking.input.body, TrackingRead)
    assert item.input.door is Door.TRACKER
    teller = Teller(sqlite_records)
    teller.now = datetime.now(UTC)
    teller.say(review, item.input.body)
    teller.say(review, tracking.input.body)
    found = teller.find(review)
    assert found.items["I1"].status is ItemStatus.DECLINED
    assert found.tracking is not None
    assert found.tracking.status is IssueStatus.DONE
    assert sync(sqlite_records, memory=tracker).sync_issues().changed == 0


def test_a_tracker_in_trouble_is_named_and_holds_no_other_up(
    sqlite_records: Records, tracker: InMemoryTracker, review: str
) -> None:
    broken = InMemoryTracker("default", name="broken")
    broken.break_with(UnauthorisedError("no"), times=None)
    result = sync(sqlite_records, broken=broken, memory=tracker).sync_issues()
    assert result.failed == ()  # nobody watches anything there
    tracker.break_with(UnauthorisedError("no"))
    result = sync(sqlite_records, memory=tracker).sync_issues()
    assert result.failed == ("memory: unauthorised",)
