"""Reading issues, and following those that their tracker moved."""

from collections.abc import Sequence

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import IssueSnapshot, IssueTracker


def read_following(tracker: IssueTracker, refs: Sequence[IssueRef]) -> list[IssueSnapshot]:
    """One snapshot for every ref, in order; of one that was moved to where we can see it, what it is there.

    Raises `domain.trackers.ports.TrackerError`.
    """
    found = tracker.read(refs)
    moved = [snapshot.ref for snapshot in found if snapshot.status is IssueStatus.MOVED and snapshot.ref is not None]
    if not moved:
        return found
    there = {snapshot.asked: snapshot for snapshot in tracker.read(moved)}
    return [
        there[snapshot.ref].model_copy(update={"asked": snapshot.asked, "as_of": snapshot.as_of})
        if snapshot.status is IssueStatus.MOVED and snapshot.ref is not None
        else snapshot
        for snapshot in found
    ]
