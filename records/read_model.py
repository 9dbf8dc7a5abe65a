"""What the pages and lists read: made from the streams as they grow, and rebuilt from them at will."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from pydantic import Field
from sqlalchemy import Connection, Row, bindparam, delete, insert, select, text, update

from domain.evolve import fold
from domain.issues import TRACKING
from domain.plan import Plan, plan
from domain.policy import Policy
from domain.prefill import traits
from domain.review import IssueRef, Review
from domain.stages import ENDED_STAGES
from domain.taxonomy import Stage
from domain.values import END_OF_TIME, Record, Utc, digest_of
from domain.view import next_deadline
from records import streams, tables
from records.chain import Link
from records.database import Database
from records.people import insert_once


class WatchedProject(Record):
    """A tracker project in which some review watches an issue."""

    tracker: str
    project: str


class WatchedIssue(Record):
    """An issue whose state some review wants to know, and the state that it knows."""

    review_id: str
    item: str
    ref: IssueRef
    status: str
    as_of: Utc | None = Field(default=None, description="when the read began that told the status")


IN_GOOD_TIME = timedelta(minutes=5)
"""How long the workflow of a review may take to do what is owed before somebody looks whether it runs at all."""


_PROJECT = (
    update(tables.reviews)
    .where(tables.reviews.c.review_id == bindparam("which"))
    .values({column.name: bindparam(column.name) for column in tables.reviews.columns})
)

_SHOW, _WATCH = insert(tables.reviews), insert(tables.watched_issues)
_KEEP_TRAITS = insert(tables.review_traits)
_FORGET_TRAITS = delete(tables.review_traits).where(tables.review_traits.c.review_id == bindparam("which"))
_TRAITS = tables.review_traits.c
_ALIKE = (
    select(_TRAITS.review_id, _TRAITS.opened)
    .join(tables.reviews, tables.reviews.c.review_id == _TRAITS.review_id)
    .where(_TRAITS.trait == bindparam("trait"), _TRAITS.opened <= bindparam("until"))
    .where(_TRAITS.review_id != bindparam("which"))
    .where(tables.reviews.c.private_to.is_(None), tables.reviews.c.stage != Stage.EXCLUDED.value)
    .order_by(_TRAITS.opened.desc(), _TRAITS.review_id.desc())
)
_UNWATCH = delete(tables.watched_issues).where(tables.watched_issues.c.review_id == bindparam("which"))


def project(connection: Connection, review: Review, owed: Plan, now: datetime, before: Review | None = None) -> None:
    """Write what can be read of a review, and of its plan at `now` (UTC).

    Belongs into the transaction that appended its events.
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
        "look_at": _look_at(owed, now),
        "changed_at": datetime.now(UTC),
        "policy": review.policy_digest if review.policy else None,
        "private_to": json.dumps(review.private_to) if review.private_to else None,
        "state": review.model_dump_json(exclude={"policy"}),
    }
    if connection.execute(_PROJECT, row | {"which": review.id}).rowcount == 0:
        connection.execute(_SHOW, row)
    if review.policy and (before is None or before.policy != review.policy):
        insert_once(connection, tables.policies, [{"digest": row["policy"], "body": review.policy.model_dump_json()}])
    watched = list(_watched(review))
    if before is None or watched != list(_watched(before)):
        _rewrite_watched(connection, review, watched)
    if before is None or (traits(review), review.opened) != (traits(before), before.opened):
        _rewrite_traits(connection, review)
    if before is None or review.incidents != before.incidents:
        routes = [
            {"incident": i.ref, "review_id": review.id, "source_key": source_key(i.source, i.key)}
            for i in review.incidents.values()
        ]
        insert_once(connection, tables.routes, routes)


def _look_at(owed: Plan, now: datetime) -> datetime | None:
    moments = [owed.wake_at] if owed.wake_at else []
    return min([*moments, now + IN_GOOD_TIME] if owed.effects else moments, default=None)


def _rewrite_watched(connection: Connection, review: Review, watched: Sequence[WatchedIssue]) -> None:
    connection.execute(_UNWATCH, {"which": review.id})
    rows = [
        {
            "review_id": issue.review_id,
            "item": issue.item,
            "ref": issue.ref.model_dump_json(),
            "tracker": issue.ref.tracker,
            "project": issue.ref.project,
            "status": issue.status,
            "as_of": issue.as_of,
        }
        for issue in watched
    ]
    if rows:
        connection.execute(_WATCH, rows)


def _rewrite_traits(connection: Connection, review: Review) -> None:
    connection.execute(_FORGET_TRAITS, {"which": review.id})
    if review.opened is not None:
        rows = [
            {"review_id": review.id, "trait": digest_of(trait), "opened": review.opened} for trait in traits(review)
        ]
        if rows:
            connection.execute(_KEEP_TRAITS, rows)


def source_key(source: str, key: str | None) -> str | None:
    """Under what name incidents of the same trouble are found; none where the source gave no key."""
    return f"{source} {key}" if key else None


def _watched(review: Review) -> Iterable[WatchedIssue]:
    if review.stage in (Stage.ARCHIVED, Stage.DISMISSED, Stage.EXCLUDED):
        return
    for id, item in review.tracked_items.items():
        if item.ref is not None:
            status = item.issue_status.value if item.issue_status else ""
            yield WatchedIssue(review_id=review.id, item=id, ref=item.ref, status=status, as_of=item.as_of)
    if review.tracking is not None:
        tracking = review.tracking
        yield WatchedIssue(
            review_id=review.id,
            item=TRACKING,
            ref=tracking.ref,
            status=tracking.status.value,
            as_of=tracking.as_of,
        )


def read_review(connection: Connection, review_id: str) -> Review:
    """The review that a stream makes; an empty one for a stream that does not exist."""
    return folded(review_id, streams.load(connection, review_id))


def folded(review_id: str, links: Sequence[Link]) -> Review:
    """The review that these rows make."""
    return fold(Review(id=review_id), (row.envelope.event for row in links))


def state_of(connection: Connection, review_id: str) -> Review | None:
    """One review as the read model has it."""
    row = connection.execute(_STATES.where(tables.reviews.c.review_id == review_id)).one_or_none()
    return _review(row) if row else None


_STATES = select(tables.reviews.c.state, tables.policies.c.body).outerjoin(
    tables.policies, tables.policies.c.digest == tables.reviews.c.policy
)


def _review(row: Row[Any, Any]) -> Review:
    review = Review.model_validate_json(row.state)
    return review.model_copy(update={"policy": _policy(row.body)}) if row.body else review


@lru_cache(maxsize=64)
def _policy(body: str) -> Policy:
    """Read once: many reviews are under the same one."""
    return Policy.model_validate_json(body)


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
            _STATES.where(tables.reviews.c.stage.in_(wanted))
            .order_by(
                tables.reviews.c.next_deadline.is_(None), tables.reviews.c.next_deadline, tables.reviews.c.review_id
            )
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_review(row) for row in connection.execute(query)]

    def alike(self, review: Review, shared: Collection[str], limit: int) -> Sequence[Review]:
        """At most `limit` reviews that were opened before this one and share any of these traits, the newest first.

        Private reviews are never among them.
        """
        found: dict[str, datetime] = {}
        with self._database.read() as connection:
            for trait in map(digest_of, shared):  # one by one: each is a walk along the index that ends at the limit
                rows = connection.execute(
                    _ALIKE.limit(limit), {"trait": trait, "which": review.id, "until": review.opened or END_OF_TIME}
                )
                found |= {row.review_id: row.opened for row in rows}
            newest = sorted(found, key=lambda id: (found[id], id), reverse=True)[:limit]
            states = [_review(row) for row in connection.execute(_STATES.where(tables.reviews.c.review_id.in_(newest)))]
        return sorted(states, key=lambda one: newest.index(one.id))

    def ids(self, without: Iterable[Stage] = ()) -> Sequence[str]:
        """The ids of all reviews that are in none of these stages."""
        query = select(tables.reviews.c.review_id).where(tables.reviews.c.stage.not_in([s.value for s in without]))
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(tables.reviews.c.review_id)).scalars())

    def private(self) -> dict[str, tuple[str, ...]]:
        """The private reviews, and which teams see each."""
        query = select(tables.reviews.c.review_id, tables.reviews.c.private_to)
        with self._database.read() as connection:
            rows = connection.execute(query.where(tables.reviews.c.private_to.is_not(None)))
            return {row.review_id: tuple(json.loads(row.private_to)) for row in rows}

    def going_on(self) -> Sequence[str]:
        """The ids of all reviews that have not ended, or still owe something to the outside."""
        query = select(tables.reviews.c.review_id).where(
            tables.reviews.c.stage.not_in([s.value for s in ENDED_STAGES]) | tables.reviews.c.look_at.is_not(None)
        )
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(tables.reviews.c.review_id)).scalars())

    def overdue(self, since: datetime) -> dict[str, datetime]:
        """The reviews that should have been looked at before `since` (UTC), and when."""
        query = select(tables.reviews.c.review_id, tables.reviews.c.look_at).where(tables.reviews.c.look_at < since)
        with self._database.read() as connection:
            return {row.review_id: row.look_at for row in connection.execute(query)}

    def history(self, review_id: str) -> Sequence[Link]:
        """The recorded events of a review, oldest first."""
        with self._database.read() as connection:
            return streams.load(connection, review_id)

    def watched_projects(self) -> Sequence[WatchedProject]:
        """The tracker projects in which some review watches an issue."""
        query = select(tables.watched_issues.c.tracker, tables.watched_issues.c.project).distinct()
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(tables.watched_issues.c.tracker, tables.watched_issues.c.project))
            return [WatchedProject(tracker=row.tracker, project=row.project) for row in rows]

    def watched_issues(self, tracker: str | None = None, project: str | None = None) -> Sequence[WatchedIssue]:
        """The issues whose state some review wants to know: of one tracker or of all, of one project or of all."""
        query = select(tables.watched_issues).order_by(tables.watched_issues.c.review_id, tables.watched_issues.c.item)
        if tracker is not None:
            query = query.where(tables.watched_issues.c.tracker == tracker)
        if project is not None:
            query = query.where(tables.watched_issues.c.project == project)
        with self._database.read() as connection:
            return [_issue(row) for row in connection.execute(query)]

    def bring_up_to_date(self) -> None:
        """Rebuild where another release wrote the reviews in another shape: they could not be read as they are."""
        with self._database.read() as connection:
            written = connection.execute(select(tables.projection.c.shape)).scalar_one_or_none()
        if written != _shape():
            self.rebuild()

    def rebuild(self) -> int:
        """Drop the read model and make it anew from the streams; how many reviews there are then."""
        with self._database.write() as connection:
            if self._database.is_postgres:  # or what somebody records meanwhile could be overwritten
                connection.execute(text("LOCK TABLE reviews IN EXCLUSIVE MODE"))
            connection.execute(delete(tables.projection))
            connection.execute(insert(tables.projection), {"one": 1, "shape": _shape()})
            connection.execute(delete(tables.reviews))
            connection.execute(delete(tables.watched_issues))
            connection.execute(delete(tables.review_traits))
            connection.execute(delete(tables.policies))
            stream_ids = list(connection.execute(select(tables.events.c.stream_id).distinct()).scalars())
            for stream_id in stream_ids:
                review, now = read_review(connection, stream_id), datetime.now(UTC)
                project(connection, review, plan(review, now), now)
        return len(stream_ids)


@cache
def _shape() -> str:
    return digest_of(Review.model_json_schema())


def _issue(row: Row[tuple[object, ...]]) -> WatchedIssue:
    return WatchedIssue(
        review_id=row.review_id,
        item=row.item,
        ref=IssueRef.model_validate_json(row.ref),
        status=row.status,
        as_of=row.as_of,
    )
