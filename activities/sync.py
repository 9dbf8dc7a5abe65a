"""Looking at the trackers: what has changed there goes to the reviews, through the inbox.

The cost grows with what changed: a project is asked what changed since the last look, and every watched issue is read
only once a day, for what no list shows.
"""

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Protocol

from temporalio import activity

from activities.failures import as_application_error
from activities.listening import Listening
from activities.reading import read_following
from domain.lifecycle.inputs import Input, IssueDisturbed, ItemsUnreadable, Tick
from domain.model.review import IssueRef, Review
from domain.model.taxonomy import Door, FailureKind
from domain.model.tracker_routing import Place
from domain.model.values import Message, digest_of
from domain.trackers.issue_text import TRACKING, fact_of, is_disturbed, is_later
from domain.trackers.ports import (
    Comment,
    IssueSeen,
    IssueSnapshot,
    IssueTracker,
    NotFoundError,
    ProjectSeen,
    RejectedError,
    SeenBook,
    TrackerError,
    Trouble,
    UnauthorisedError,
    UnavailableError,
)

OVERDUE = timedelta(minutes=5)
"""How late a review's workflow may be before it counts as not running."""

WAKE_AGAIN = timedelta(minutes=15)
"""How often a review that stays late is sent a tick."""

SWEEP = timedelta(days=1)
"""How often every watched issue is read, for deletions, transfers and lost permissions, which lists do not show."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""How long a project that a credential does not open is left alone; twice as long each time."""

AT_ONCE = 300
"""How many issues that webhooks named are read in one go."""

READ_AT_ONCE = 100
"""How many issues are read in one go; trackers tell so many for one request."""

LAGGING = timedelta(minutes=1)
"""Lists of comments may lag behind what an issue tells of itself."""

FAILURES = 8
"""After so many failures in one look a tracker is left alone until the next."""

NEEDS_A_PERSON = (UnauthorisedError, NotFoundError, RejectedError)
"""What asking again does not mend by itself."""

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

    def watched_issues(
        self, tracker: str | None = None, project: str | None = None, ids: Collection[str] | None = None
    ) -> Sequence[Watched]:
        """Those of one tracker and project, or these, by their ids, or all."""
        ...

    def find(self, review_id: str) -> Review | None:
        """One review as it is now."""
        ...


class FactInbox(Protocol):
    """Where facts are kept on their way to the reviews."""

    def receive(self, source: str, kind: str, input: Input, review_id: str | None = None) -> bool:
        """Keep a fact; false where it is there already."""
        ...


class Looked(Message):
    """What a look saw: how many issues, how many tellings of changes; whether there is more, or why it saw nothing."""

    read: int = 0
    told: int = 0
    more: bool = False
    trouble: str = ""


class SyncActivities:
    """Looks at what the reviews watch."""

    def __init__(
        self,
        reviews: WatchedIssues,
        inbox: FactInbox,
        seen: SeenBook,
        trackers: Mapping[str, IssueTracker],
        address_of: Callable[[str], str],
        listening: Listening,
        sweep_every: timedelta = SWEEP,
    ) -> None:
        self._reviews = reviews
        self._inbox = inbox
        self._seen = seen
        self._trackers = trackers
        self._address_of = address_of
        self._listening = listening
        self._sweep_every = sweep_every

    @activity.defn
    def wake_overdue(self) -> int:
        """Send a tick to every review that should have been looked at by now; how many there are.

        A workflow that was ended from outside, in Temporal's own pages or by a limit, is started again by it. As long
        as a review stays late it gets another tick in each turn of `WAKE_AGAIN`.
        """
        now = datetime.now(UTC)
        overdue, turn = self._reviews.overdue(now - OVERDUE), int(now.timestamp() // WAKE_AGAIN.total_seconds())
        for review_id, since in overdue.items():
            tick = Input(id=f"wake:{digest_of([review_id, since.isoformat(), turn])}", body=Tick())
            self._inbox.receive("holdfast", "overdue", tick, review_id)
        return len(overdue)

    @activity.defn
    def look_at_project(self, place: Place) -> Looked:
        """One look at a tracker project: a page of what changed, or everything where it has not been read for a day.

        The cursor is kept only when what was seen is on its way. What a person has to mend is told once, and tried
        again less and less often; everything else fails, and is Temporal's to repeat, not before the tracker allows it.
        """
        watched = self._reviews.watched_issues(place.tracker, place.project)
        known, now = self._seen.project(place.tracker, place.project), datetime.now(UTC)
        trouble = known.trouble or self._seen.troubled(place.tracker)
        if not watched or (trouble is not None and trouble.retry_at > now):
            return Looked(trouble=trouble.kind if trouble else "")
        try:
            looked, after = self._look(place, known, watched, now)
        except NEEDS_A_PERSON as error:
            return self._in_trouble(known, watched, error, now)
        except TrackerError as error:
            log.warning("%s: %s: %s", place, error.kind.value, error)
            raise as_application_error(error) from None
        if known.trouble is not None:
            log.warning("%s can be read again", place)
            self._tell_unreadable(known, watched, known.trouble, None)
        self._seen.keep(after)
        return looked

    def _look(
        self, place: Place, known: ProjectSeen, watched: Sequence[Watched], now: datetime
    ) -> tuple[Looked, ProjectSeen]:
        tracker, ids = self._trackers[place.tracker], {issue.ref.id for issue in watched}
        sweep = known.cursor is None or known.swept_at is None or known.swept_at + self._sweep_every < now
        if known.cursor is not None and not (sweep or known.trouble or known.sweep_began):
            try:
                changes = tracker.changes(place.project, known.cursor, ids)
            except RejectedError as error:
                log.warning("%s: everything is read: %s", place, error)
            else:
                told = self._tell(place.tracker, watched, changes.snapshots)
                looked = Looked(read=len(changes.snapshots), told=told, more=changes.more)
                return looked, known.model_copy(update={"looked_at": now, "cursor": changes.cursor})
        return self._sweep(place, known, watched, now)

    def _sweep(
        self, place: Place, known: ProjectSeen, watched: Sequence[Watched], now: datetime
    ) -> tuple[Looked, ProjectSeen]:
        """Read every issue. A sweep that was broken off goes on with those that it has not read yet."""
        ids = {issue.ref.id for issue in watched}
        if known.sweep_began is None:  # the cursor is taken first, so that nothing falls between
            cursor = self._trackers[place.tracker].changes(place.project, None, ids).cursor
            known = known.model_copy(update={"cursor": cursor, "sweep_began": now})
            self._seen.keep(known)
        if known.trouble is not None and known.cursor is not None:  # only a list tells whether there is none any more
            self._trackers[place.tracker].changes(place.project, known.cursor, ids)
        began, seen = known.sweep_began or now, self._seen.issues(place.tracker, ids)
        left = [i for i in watched if i.ref.id not in seen or seen[i.ref.id].seen_at < began]
        told = self._read_and_tell(place.tracker, left)
        over = {"looked_at": now, "trouble": None, "swept_at": began, "sweep_began": None}
        return Looked(read=len(left), told=told), known.model_copy(update=over)

    @activity.defn
    def look_at_wanted(self, name: str) -> Looked:
        """Read the issues of a tracker that webhooks named. What a person has to mend shows in their project's look."""
        trouble = self._seen.troubled(name)
        if trouble is not None and trouble.retry_at > datetime.now(UTC):
            return Looked(trouble=trouble.kind)
        wanted = self._seen.wanted(name, AT_ONCE)
        watched = self._reviews.watched_issues(name, ids=wanted)
        told = 0
        try:
            told = self._read_and_tell(name, watched, wanted)
        except NEEDS_A_PERSON as error:
            log.warning("%s: %s: %s", name, error.kind.value, error)
            return Looked(trouble=error.kind)
        except TrackerError as error:
            log.warning("%s: %s: %s", name, error.kind.value, error)
            raise as_application_error(error) from None
        self._seen.looked(name, wanted)
        return Looked(read=len(watched), told=told, more=len(wanted) == AT_ONCE)

    def _read_and_tell(
        self, name: str, watched: Sequence[Watched], wanted: Mapping[str, datetime] | None = None
    ) -> int:
        """Read issues and tell of them; how many tellings there were. `wanted` are the wishes that this fulfils.

        In trouble that passes what can be read is read, in smaller and smaller pieces, so that a tracker which fails
        now and then is known in the end; what is left fails, to be read the next time. Raises `TrackerError`.
        """
        pieces, told = deque(_pieces(watched, READ_AT_ONCE)), 0
        failed, left = list[UnavailableError](), False
        while pieces:
            piece = pieces.popleft()
            try:
                found = read_following(self._trackers[name], [issue.ref for issue in piece])
            except UnavailableError as error:
                failed.append(error)
                if len(failed) > FAILURES:
                    raise
                smaller = len(piece) // 4
                left = left or smaller == 0
                pieces.extend(_pieces(piece, smaller) if smaller else ())
                continue
            told += self._tell(name, piece, found, asked=wanted is not None)
            if wanted is not None:
                ids = {issue.ref.id for issue in piece}
                self._seen.looked(name, {id: at for id, at in wanted.items() if id in ids})
        if left:
            raise failed[-1]
        return told

    # --- telling ------------------------------------------------------------------------------------------------------

    def _tell(
        self, tracker: str, watched: Sequence[Watched], found: Iterable[IssueSnapshot], asked: bool = False
    ) -> int:
        """Tell the reviews what is news to them, and keep what was seen; how many tellings there were."""
        watching = defaultdict[str, list[Watched]](list)
        for issue in watched:
            watching[issue.ref.id].append(issue)
        snapshots = {snapshot.asked.id: snapshot for snapshot in found}
        seen, told, now_seen = self._seen.issues(tracker, snapshots), 0, list[IssueSeen]()
        review_of = cache(self._reviews.find)  # many issues are of the same few reviews
        for id, snapshot in snapshots.items():
            before = seen.get(id)
            comments = self._said(snapshot, before, asked)
            for issue in watching[id]:
                said = self._listening.facts(tracker, issue.review_id, issue.item, comments or ())
                for fact in (*self._news(issue, snapshot, before, review_of), *said):
                    told += self._inbox.receive(tracker, fact.body.type, fact, issue.review_id)
            heard = snapshot.updated if comments is not None else (before.heard if before else None)
            now_seen += _seen(tracker, snapshot, heard)
        self._seen.see(now_seen)
        return told

    def _news(
        self,
        issue: Watched,
        found: IssueSnapshot,
        seen: IssueSeen | None,
        review_of: Callable[[str], Review | None],
    ) -> Iterable[Input]:
        moved = found.ref is not None and found.ref.key != issue.ref.key
        review = review_of(issue.review_id) if issue.item != TRACKING else None
        later = review is not None and is_later(review, issue.item, found) and (seen is None or seen.due != found.due)
        if issue.status != found.status or moved or later:
            yield _told_once(issue, found)
        if review is not None and is_disturbed(review, issue.item, found, self._address_of(review.id)):
            body = IssueDisturbed(item=issue.item, as_of=found.as_of)
            id = digest_of([issue.review_id, issue.item, found.as_of.isoformat()])
            yield Input(id=f"disturbed:{id}", door=Door.TRACKER, at=found.as_of, body=body)

    def _said(self, found: IssueSnapshot, seen: IssueSeen | None, asked: bool) -> Sequence[Comment] | None:
        """The comments since the last hearing; none where they cannot be had, so that they are asked for again.

        An issue that has not changed since has no new ones. Where somebody asked for this look it is not relied on.
        """
        heard = seen.heard if seen else None
        if found.ref is None:
            return None
        if not found.comments or (found.updated is not None and found.updated == heard and not asked):
            return ()
        try:
            return self._trackers[found.ref.tracker].comments(found.ref, heard - LAGGING if heard else None)
        except NEEDS_A_PERSON as error:  # of this one issue, which must not stop the others
            log.warning("the comments of %s: %s: %s", found.ref.key, error.kind.value, error)
            return None

    def _in_trouble(self, known: ProjectSeen, watched: Sequence[Watched], error: TrackerError, now: datetime) -> Looked:
        """Note what a person has to mend; the first time, say so, and let the reviews know what they cannot know."""
        before = known.trouble if known.trouble and known.trouble.kind is error.kind else None
        count = before.count + 1 if before else 1
        pause = min(FIRST_PAUSE * 2 ** min(count - 1, 10), LONGEST_PAUSE)
        trouble = Trouble(
            kind=error.kind,
            everywhere=isinstance(error, UnauthorisedError) and error.everywhere,
            says=str(error)[:500],
            since=before.since if before else now,
            retry_at=now + pause,
            count=count,
        )
        if before is None:
            log.error("%s:%s cannot be read: %s", known.tracker, known.project, error)
            self._tell_unreadable(known, watched, trouble, error.kind)
        self._seen.keep(known.model_copy(update={"trouble": trouble}))
        return Looked(trouble=error.kind)

    def _tell_unreadable(
        self, known: ProjectSeen, watched: Sequence[Watched], trouble: Trouble, kind: FailureKind | None
    ) -> None:
        items = defaultdict[str, list[str]](list)
        for issue in watched:
            if issue.item != TRACKING:
                items[issue.review_id].append(issue.item)
        for review_id, ids in items.items():
            about = [known.tracker, known.project, review_id, trouble.since.isoformat(), str(kind)]
            fact = Input(
                id=f"unreadable:{digest_of(about)}",
                door=Door.TRACKER,
                body=ItemsUnreadable(items=tuple(ids), kind=kind),
            )
            self._inbox.receive(known.tracker, fact.body.type, fact, review_id)


def _pieces(watched: Sequence[Watched], size: int) -> Iterator[Sequence[Watched]]:
    for start in range(0, len(watched), size):
        yield watched[start : start + size]


def _seen(tracker: str, found: IssueSnapshot, heard: datetime | None) -> Iterator[IssueSeen]:
    """What was seen of an issue; under its new id as well, where its tracker gave it another."""
    for id in dict.fromkeys([found.asked.id, found.ref.id if found.ref else found.asked.id]):
        yield IssueSeen(
            tracker=tracker,
            id=id,
            status=found.status,
            title=found.title,
            assignee=found.assignee,
            due=found.due,
            comments=found.comments or 0,
            heard=heard,
            note=found.note,
            seen_at=found.as_of,
        )


def _told_once(issue: Watched, found: IssueSnapshot) -> Input:
    """The fact that an issue has changed, under an id that stays the same until the review has heard of it.

    So a review that hears nothing for a while is not told the same again with every look; but once an hour it is,
    should the first telling have been of no use.
    """
    fact = fact_of(issue.review_id, issue.item, found)
    known = [issue.review_id, issue.item, issue.status, str(issue.as_of), found.status.value, str(found.due)]
    known += [issue.ref.id, found.ref.key if found.ref else "", f"{found.as_of:%Y-%m-%dT%H}"]
    return fact.model_copy(update={"id": f"sync:{digest_of(known)}"})
