"""The periodic read of the trackers: what has changed there goes to the reviews, through the inbox."""

import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from temporalio import activity

from domain.inputs import Input
from domain.issues import fact_of
from domain.ports import IssueTracker, TrackerError
from domain.review import IssueRef
from domain.values import Record

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


class WatchedIssues(Protocol):
    """Where the watched issues are listed."""

    def watched_issues(self, tracker: str | None = None) -> Sequence[Watched]:
        """Those of one tracker, or all."""
        ...


class FactInbox(Protocol):
    """Where facts are kept on their way to the reviews."""

    def receive(self, source: str, kind: str, input: Input, review_id: str | None = None) -> bool:
        """Keep a fact; false where it is there already."""
        ...


class SyncResult(Record):
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
                fact = fact_of(issue.review_id, issue.item, snapshot)
                self._inbox.receive(name, "issue_read", fact, issue.review_id)
            result = result.model_copy(
                update={"read": result.read + len(found), "changed": result.changed + len(changed)}
            )
        return result
