"""How the link between an item and its issue stands, from what was recorded and what was last seen of the tracker.

Derived in one place, so that pages, API and command line say the same. What is not known is said to be unknown.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from domain.lifecycle.closure_rules import WHY_FAILED
from domain.lifecycle.stages import ENDED_STAGES
from domain.model.review import WITHIN, Item, Request, Review
from domain.model.taxonomy import Ask, FailureKind, IssueStatus, ItemStatus
from domain.model.values import Record, Utc
from domain.trackers.ports import IssueSeen, ProjectSeen

SOMETIMES = timedelta(minutes=15)
"""A project is never called stale sooner than this after it was looked at, however often it is to be looked at."""

LOOKS_MISSED = 3
"""So many looks have to be missing before what they would have told counts as stale."""

LONG = 200
"""Trackers cut titles from about this length on."""


class Link(StrEnum):
    """How a link stands. Only the issue of `in_sync` and `moved` is known to be as it is shown."""

    NONE = "none"
    UNKNOWN = "unknown"
    IN_SYNC = "in_sync"
    MOVED = "moved"
    STALE = "stale"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    MISSING = "missing"


class LinkState(Record):
    """How the link stands, in a word and in sentences. `known` is when it was last known how the issue is (UTC)."""

    state: Link
    says: str
    known: Utc | None = None
    since: Utc | None = Field(default=None, description="since when nothing newer can be known, where that is so")
    formerly: tuple[str, ...] = Field(default=(), description="what its issues were called before, oldest first")


def link_state(
    review: Review,
    item: Item,
    seen: IssueSeen | None,
    project: ProjectSeen | None,
    now: datetime,
    every: timedelta = timedelta(minutes=5),
    title: str | None = None,
) -> LinkState:
    """How the link of an item stands at `now` (UTC).

    `seen` is what was last seen of its issue and `project` how far its tracker project is known, none where neither
    was. `every` is how often a project is looked at. `title` is the item's title as text, none where it is not known;
    it is not compared with that of an issue that was adopted, which never was ours.
    """
    formerly = tuple(dict.fromkeys(ref.key for ref in item.formerly if item.ref is None or ref.key != item.ref.key))
    if item.ref is None:
        return LinkState(state=Link.NONE, says=_why_none(review, item), formerly=formerly)
    status, known = _last(item, seen), _known(item, seen, project)
    state, says, since = _standing(review, item, status, known, project, now, every)
    if state in (Link.IN_SYNC, Link.MOVED) and (odd := " ".join(_conflicts(review, item, seen, title, now))):
        state, says = Link.CONFLICT, odd
    return LinkState(state=state, says=says, known=known, since=since, formerly=formerly)


def _why_none(review: Review, item: Item) -> str:
    if not item.accepted:
        return f"No issue: it is {item.status}."
    failure = review.failures.get(item.opening)
    return (
        f"Its issue could not be opened yet: {WHY_FAILED[failure.kind]}." if failure else "Its issue is being opened."
    )


def _last(item: Item, seen: IssueSeen | None) -> IssueStatus | None:
    """The status by the newest read; none where the issue was never read."""
    if seen is not None and (item.as_of is None or seen.seen_at > item.as_of):
        return seen.status
    return item.issue_status if item.as_of is not None else None


def _known(item: Item, seen: IssueSeen | None, project: ProjectSeen | None) -> datetime | None:
    """When it was last known how the issue is: when it was read, or its project told all that had changed."""
    read = max(filter(None, [item.as_of, seen.seen_at if seen else None]), default=None)
    looked = project.looked_at if project else None
    return max(read, looked) if read and looked else read


def _standing(
    review: Review,
    item: Item,
    status: IssueStatus | None,
    known: datetime | None,
    project: ProjectSeen | None,
    now: datetime,
    every: timedelta,
) -> tuple[Link, str, datetime | None]:
    if item.status is ItemStatus.WITHDRAWN or review.stage in ENDED_STAGES:
        read = f" It was last read {_at(known)}." if known else ""
        return Link.NONE, f"It is not followed any more.{read}", None
    if project is not None and (trouble := project.trouble) is not None:
        why = f"{WHY_FAILED[trouble.kind]} ({trouble.says})" if trouble.says else WHY_FAILED[trouble.kind]
        again = f"Next try {_at(trouble.retry_at)}."
        return Link.STALE, f"Nothing is known since {_at(trouble.since)}: {why}. {again}", trouble.since
    if item.unreadable is not None:
        why = WHY_FAILED[item.unreadable]
        return Link.STALE, f"Nothing is known since {_at(known)}: {why}." if known else f"Not read: {why}.", known
    if known is None or status in (None, IssueStatus.UNREAD):
        return Link.UNKNOWN, "Not known: it was not read yet.", None
    if status is IssueStatus.FORBIDDEN:
        return Link.FORBIDDEN, f"It may not be read: permission refused, as of {_at(known)}.", None
    if status is IssueStatus.MISSING:
        return Link.MISSING, f"It is gone from its tracker, as of {_at(known)}.", None
    if status is IssueStatus.MOVED:
        return Link.MISSING, f"It was moved out of reach, as of {_at(known)}.", None
    if now - known > max(every * LOOKS_MISSED, SOMETIMES):
        return Link.STALE, f"Nobody looked since {_at(known)}.", known
    if item.formerly:
        return Link.MOVED, f"It was another issue before; in sync, seen {_at(known)}.", None
    return Link.IN_SYNC, f"In sync, seen {_at(known)}.", None


def _conflicts(review: Review, item: Item, seen: IssueSeen | None, title: str | None, now: datetime) -> Iterator[str]:
    """What the tracker says otherwise than the review, and nobody has agreed to."""
    if item.is_contested(now):
        changed = f"What Holdfast keeps in it was changed {len(item.disturbances)} times within {WITHIN.days} days"
        yield f"{changed}; it is not put back before {_at(item.contested_until)}."
    if seen is None:
        return
    if seen.due is not None and item.due is not None and seen.due > item.due.date():
        asked = [r for r in review.requests.values() if (r.ask, r.subject) == (Ask.EXTEND_DUE, item.spec.id)]
        of_date = [r for r in asked if r.until is not None and r.until.date() == seen.due]
        yield f"The tracker says due {seen.due:%d %b %Y}, the review {item.due:%d %b %Y}{_came_of(of_date)}."
    if seen.title is not None and title is not None and item.adopts is None and not _is_same(seen.title, title):
        yield f"The tracker calls it “{' '.join(seen.title.split())}”."


def _came_of(asked: list[Request]) -> str:
    if not asked:
        return "; nobody asked for that yet"
    last = asked[-1]
    return f"; {last.id} asks for it, and waits" if last.pending else f"; {last.id} asked for it, and was refused"


def _is_same(theirs: str, ours: str) -> bool:
    one, other = " ".join(theirs.split()), " ".join(ours.split())
    return one == other or (len(one) >= LONG and other.startswith(one.rstrip("…. ")))


def _at(moment: datetime | None) -> str:
    return f"{moment:%d %b %H:%M} UTC" if moment else "an unknown time"


class ProjectState(StrEnum):
    """How a tracker project is known. Only `ok` is known as it is."""

    OK = "ok"
    UNKNOWN = "unknown"
    STALE = "stale"
    REFUSED = "refused"
    TROUBLE = "trouble"


def project_state(project: ProjectSeen, now: datetime, every: timedelta = timedelta(minutes=5)) -> ProjectState:
    """How a project is known at `now` (UTC), where it is to be looked at `every` so often."""
    if project.trouble is not None:
        refused = project.trouble.kind is FailureKind.UNAUTHORISED
        return ProjectState.REFUSED if refused else ProjectState.TROUBLE
    if project.looked_at is None:
        return ProjectState.UNKNOWN
    return ProjectState.STALE if now - project.looked_at > max(every * LOOKS_MISSED, SOMETIMES) else ProjectState.OK
