"""What the pages and lists read: made from the streams as they grow, and rebuilt from them at will."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from domain.evolve import fold
from domain.issues import TRACKING
from domain.review import IssueRef, Review
from domain.taxonomy import ItemStatus, Stage
from domain.values import Record
from domain.view import next_deadline
from records import streams, tables
from records.chain import Link
from records.database import Database
from records.people import insert_once


class WatchedIssue(Record):
    """An issue whose state some review wants to know, and the state that it knows."""

    review_id: str
    item: str
    ref: IssueRef
    status: str


def project(connection: Connection, review: Review, before: Review | None = None) -> None:
    """Write what can be read of a review. Belongs into the transaction that appended its events.

    `before` is the review as it was projected last; none where that is not known, and everything is written.
    """
    if review.stage is None:
        return
    row = {
        "review_id": review.id,
        "seq": review.seq,
        "stage": review.stage,
        "severity": review.severity,
        "service": review.service,
        "team": review.team or "",
        "owner": review.owner,
        "next_deadline": next_deadline(review),
        "changed_at": datetime.now(UTC),
        "state": review.model_dump_json(),
    }
    changed = connection.execute(update(tables.reviews).where(tables.reviews.c.review_id == review.id).values(row))
    if changed.rowcount == 0:
        connection.execute(insert(tables.reviews), row)
    watched = list(_watched(review))
    if before is None or watched != list(_watched(before)):
        _rewrite_watched(connection, review.id, watched)
    if before is None or review.incidents != before.incidents:
        routes = [
            {"incident": i.ref, "review_id": review.id, "source_key": source_key(i.source, i.key)}
            for i in review.incidents.values()
        ]
        insert_once(connection, tables.routes, routes)


def _rewrite_watched(connection: Connection, review_id: str, watched: Sequence[WatchedIssue]) -> None:
    connection.execute(delete(tables.watched_issues).where(tables.watched_issues.c.review_id == review_id))
    rows = [
        {
            "review_id": issue.review_id,
            "item": issue.item,
            "ref": issue.ref.model_dump_json(),
            "tracker": issue.ref.tracker,
            "status": issue.status,
        }
        for issue in watched
    ]
    if rows:
        connection.execute(insert(tables.watched_issues), rows)


def source_key(source: str, key: str | None) -> str | None:
    """Under what name incidents of the same trouble are found; none where the source gave no key."""
    return f"{source} {key}" if key else None


def _watched(review: Review) -> Iterable[WatchedIssue]:
    if review.stage in (Stage.ARCHIVED, Stage.DISMISSED, Stage.EXCLUDED):
        return
    for id, item in review.items.items():
        if item.ref is not None and item.status is not ItemStatus.WITHDRAWN:
            status = item.issue_status.value if item.issue_status else ""
            yield WatchedIssue(review_id=review.id, item=id, ref=item.ref, status=status)
    if review.tracking is not None:
        yield WatchedIssue(
            review_id=review.id, item=TRACKING, ref=review.tracking.ref, status=review.tracking.status.value
        )


def read_review(connection: Connection, review_id: str) -> Review:
    """The review that a stream makes; an empty one for a stream that does not exist."""
    return folded(review_id, streams.load(connection, review_id))


def folded(review_id: str, links: Sequence[Link]) -> Review:
    """The review that these rows make."""
    return fold(review_id, (row.envelope.event for row in links))


def state_of(connection: Connection, review_id: str) -> Review | None:
    """One review as the read model has it."""
    query = select(tables.reviews.c.state).where(tables.reviews.c.review_id == review_id)
    state = connection.execute(query).scalar_one_or_none()
    return Review.model_validate_json(state) if state else None


class Reviews:
    """What can be read of all reviews."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, review_id: str) -> Review | None:
        """One review as it is now."""
        with self._database.read() as connection:
            return state_of(connection, review_id)

    def list(self, stages: Iterable[Stage] = (), limit: int = 500) -> Sequence[Review]:
        """The reviews in these stages (all but excluded ones where none is named), the most pressing first."""
        wanted = [s.value for s in stages] or [s.value for s in Stage if s is not Stage.EXCLUDED]
        query = (
            select(tables.reviews.c.state)
            .where(tables.reviews.c.stage.in_(wanted))
            .order_by(
                tables.reviews.c.next_deadline.is_(None), tables.reviews.c.next_deadline, tables.reviews.c.review_id
            )
            .limit(limit)
        )
        with self._database.read() as connection:
            return [Review.model_validate_json(state) for state in connection.execute(query).scalars()]

    def ids(self, without: Iterable[Stage] = ()) -> Sequence[str]:
        """The ids of all reviews that are in none of these stages."""
        query = select(tables.reviews.c.review_id).where(tables.reviews.c.stage.not_in([s.value for s in without]))
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(tables.reviews.c.review_id)).scalars())

    def history(self, review_id: str) -> Sequence[Link]:
        """The recorded events of a review, oldest first."""
        with self._database.read() as connection:
            return streams.load(connection, review_id)

    def watched_issues(self, tracker: str | None = None) -> Sequence[WatchedIssue]:
        """The issues whose state some review wants to know, in one tracker or in all."""
        query = select(tables.watched_issues).order_by(tables.watched_issues.c.review_id, tables.watched_issues.c.item)
        if tracker is not None:
            query = query.where(tables.watched_issues.c.tracker == tracker)
        with self._database.read() as connection:
            return [_issue(row) for row in connection.execute(query)]

    def rebuild(self) -> int:
        """Drop the read model and make it anew from the streams; how many reviews there are then."""
        with self._database.write() as connection:
            connection.execute(delete(tables.reviews))
            connection.execute(delete(tables.watched_issues))
            stream_ids = list(connection.execute(select(tables.events.c.stream_id).distinct()).scalars())
            for stream_id in stream_ids:
                project(connection, read_review(connection, stream_id))
        return len(stream_ids)


def _issue(row: Row[tuple[object, ...]]) -> WatchedIssue:
    return WatchedIssue(
        review_id=row.review_id, item=row.item, ref=IssueRef.model_validate_json(row.ref), status=row.status
    )
