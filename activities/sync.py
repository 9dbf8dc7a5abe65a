"""The periodic read of the trackers: what has changed there goes to the reviews, through the inbox."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio import activity

from domain.inputs import Input, Tick
from domain.issues import fact_of
from domain.ports import IssueSnapshot, IssueTracker, TrackerError
from domain.review import IssueRef
from domain.values import Message, digest_of

OVERDUE = timedelta(minutes=5)
"""How late a review's workflow may be before it counts as not running."""

log = logging.getLogger(__name__)


class Watched(Protocol):
    """An issue that some review watches, and the status that it knows."""

    @property
    def review_id(self) -> str: ...
    @property
    def item(self) -> str: ...
    @property
    def ref(self) -> IssueRef: ...
    @property
    def status(self) -> str: ...
    @property
    def as_of(self) -> datetime | None: ...


class WatchedIssues(Protocol):
    """Where reviews and their watched issues are listed."""

    def overdue(self, since: datetime) -> dict[str, datetime]:
        """The reviews that should have been looked at before `since` (UTC), and when."""
        ...

    def watched_issues(self, tracker: str | None = None) -> Sequence[Watched]:
        """Those of one tracker, or all."""
        ...


class FactInbox(Protocol):
    """Where facts are kept on their way to the reviews."""

    def receive(self, source: str, kind: str, input: Input, review_id: str | None = None) -> bool:
        """Keep a fact; false where it is there already."""
        ...


class SyncResult(Message):
    """How many issues were read, how many of them had changed, and which trackers could not be read."""

    read: int = 0
    changed: int = 0
    failed: tuple[str, ...] = ()


class SyncActivities:
    """Reads what the reviews watch."""

    def __init__(self, reviews: WatchedIssues, inbox: FactInbox, trackers: Mapping[str, IssueTracker]) -> None:
        self._reviews = reviews
        self._inbox = inbox
        self._trackers = trackers

    @activity.defn
    def wake_overdue(self) -> int:
        """Send a tick to every review that should have been looked at by now; how many there are.

        A workflow that was ended from outside, in Temporal's own pages or by a limit, is started again by it.
        """
        overdue = self._reviews.overdue(datetime.now(UTC) - OVERDUE)
        for review_id, since in overdue.items():
            tick = Input(id=f"wake:{digest_of([review_id, since.isoformat()])}", body=Tick())
            self._inbox.receive("holdfast", "overdue", tick, review_id)
        return len(overdue)

    @activity.defn
    def sync_issues(self) -> SyncResult:
        """Read every watched issue, tracker by tracker; one that is in trouble does not hold the others up."""
        result = SyncResult()
        for name, tracker in self._trackers.items():
            watched = self._reviews.watched_issues(name)
            if not watched:
                continue
            try:
                found = tracker.read([issue.ref for issue in watched])
            except TrackerError as error:
                log.warning("sync of %s: %s: %s", name, error.kind.value, error)
                result = result.model_copy(update={"failed": (*result.failed, f"{name}: {error.kind}")})
                continue
            changed = [pair for pair in zip(watched, found, strict=True) if pair[0].status != pair[1].status.value]
            for issue, snapshot in changed:
                self._inbox.receive(name, "issue_read", _told_once(issue, snapshot), issue.review_id)
            result = result.model_copy(
                update={"read": result.read + len(found), "changed": result.changed + len(changed)}
            )
        return result


def _told_once(issue: Watched, found: IssueSnapshot) -> Input:
    """The fact that an issue has changed, under an id that stays the same until the review has heard of it.

    So a review that hears nothing for a while is not told the same again with every look; but once an hour it is,
    should the first telling have been of no use.
    """
    fact = fact_of(issue.review_id, issue.item, found)
    known = [issue.review_id, issue.item, issue.status, str(issue.as_of), found.status.value]
    known.append(f"{found.as_of:%Y-%m-%dT%H}")
    return fact.model_copy(update={"id": f"sync:{digest_of(known)}"})
