"""What the pages and lists read; `projection` writes it as the streams grow, and it is rebuilt at will."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, not_, select, text

from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.evolve import fold
from domain.lifecycle.permissions import Sight
from domain.lifecycle.plan import plan
from domain.lifecycle.stages import ENDED_STAGES, OPEN_STAGES
from domain.model.policy import Policy
from domain.model.review import IssueRef, Review
from domain.model.taxonomy import Stage
from domain.model.values import END_OF_TIME, Record, digest_of
from records import tables
from records.database import Database
from records.event_log import streams
from records.event_log.hash_chain import Link
from records.read_model.paging import Page, Place, page_of
from records.read_model.projection import SHAPE, WatchedIssue, project
from records.read_model.visibility import seen_by


class WatchedProject(Record):
    """A tracker project in which some review watches an issue."""

    tracker: str
    project: str


_TRAITS = tables.review_traits.c
_ALIKE = (
    select(_TRAITS.review_id, _TRAITS.opened)
    .join(tables.reviews, tables.reviews.c.review_id == _TRAITS.review_id)
    .where(_TRAITS.trait == bindparam("trait"), _TRAITS.opened <= bindparam("until"))
    .where(_TRAITS.review_id != bindparam("which"))
    .where(not_(tables.reviews.c.is_private), tables.reviews.c.stage != Stage.EXCLUDED.value)
    .order_by(_TRAITS.opened.desc(), _TRAITS.review_id.desc())
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


def states_of(connection: Connection, ids: Collection[str]) -> dict[str, Review]:
    """These reviews as the read model has them, by id."""
    rows = connection.execute(_STATES.where(tables.reviews.c.review_id.in_(ids)))
    return {review.id: review for review in map(_review, rows)}


_STATES = select(tables.reviews.c.state, tables.policies.c.body).outerjoin(
    tables.policies, tables.policies.c.digest == tables.reviews.c.policy
)


def _review(row: Row[Any, Any]) -> Review:
    return _kept(row.state, row.body)


def _read(state: str, policy: str | None) -> Review:
    review = Review.model_validate_json(state)
    return review.model_copy(update={"policy": _policy(policy)}) if policy else review


_kept = lru_cache(maxsize=256)(_read)
"""Read once as long as nothing is recorded of it: everybody's lists begin with the same reviews."""


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

    def some(self, ids: Iterable[str]) -> dict[str, Review]:
        """These reviews as they are now, by id; without those that there are not."""
        with self._database.read() as connection:
            return states_of(connection, list(dict.fromkeys(ids)))

    def asking(self) -> Sequence[Review]:
        """The reviews that asked something of somebody when they were recorded last."""
        query = _STATES.where(tables.reviews.c.review_id.in_(select(tables.asked.c.review_id)))
        with self._database.read() as connection:
            return [
                _read(row.state, row.body) for row in connection.execute(query.order_by(tables.reviews.c.review_id))
            ]

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

    def page(self, sight: Sight, stages: Iterable[Stage], limit: int, after: Place | None = None) -> Page[Review]:
        """The most pressing reviews in these stages that somebody sees, from a place in the list on."""
        found = tables.reviews
        order = (found.c.due, found.c.review_id)
        queries = [
            select(*order).where(found.c.stage == stage.value, seen_by(sight)).order_by(*order) for stage in stages
        ]
        with self._database.read() as connection:
            keys, following = page_of(connection, queries, order, limit, after)
        reviews = self.some(id for _, id in keys)
        return Page(tuple(reviews[id] for _, id in keys if id in reviews), following)

    def counts(self, sight: Sight, stages: Iterable[Stage] = tuple(Stage)) -> dict[Stage, int]:
        """How many reviews somebody sees in each of these stages."""
        found, wanted = tables.reviews, [stage.value for stage in stages]
        query = select(found.c.stage, func.count()).where(found.c.stage.in_(wanted), seen_by(sight))
        query = query.group_by(found.c.stage)
        with self._database.read() as connection:
            return {Stage(stage): count for stage, count in connection.execute(query)}

    def late(self, sight: Sight, now: datetime) -> int:
        """How many open reviews that somebody sees have a due date that is past at `now` (UTC)."""
        found = tables.reviews
        past = found.c.stage.in_([stage.value for stage in OPEN_STAGES]) & (found.c.due < now)
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(found).where(past, seen_by(sight))).scalar_one()

    def unseen(self, sight: Sight, ids: Iterable[str]) -> frozenset[str]:
        """Which of these reviews somebody does not see."""
        named = tables.reviews.c.review_id.in_(list(dict.fromkeys(ids)))
        query = select(tables.reviews.c.review_id).where(named, not_(seen_by(sight)))
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def ending_in(self, sight: Sight, ending: str) -> Sequence[str]:
        """Ids of reviews that somebody sees and that end like this."""
        which = tables.reviews.c.review_id.endswith(ending, autoescape=True) & seen_by(sight)
        with self._database.read() as connection:
            return list(connection.execute(select(tables.reviews.c.review_id).where(which)).scalars())

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

    def watched_issues(
        self, tracker: str | None = None, project: str | None = None, ids: Collection[str] | None = None
    ) -> Sequence[WatchedIssue]:
        """The issues whose state some review wants to know: of one tracker, of one project, or these, by their ids."""
        query = select(tables.watched_issues).order_by(tables.watched_issues.c.review_id, tables.watched_issues.c.item)
        if tracker is not None:
            query = query.where(tables.watched_issues.c.tracker == tracker)
        if project is not None:
            query = query.where(tables.watched_issues.c.project == project)
        if ids is not None:
            query = query.where(tables.watched_issues.c.issue.in_(list(ids)))
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
                connection.execute(text("LOCK TABLE reviews, searched IN EXCLUSIVE MODE"))
            connection.execute(delete(tables.projection))
            connection.execute(insert(tables.projection), {"one": 1, "shape": _shape()})
            for table in _MADE_ANEW:
                connection.execute(delete(table))
            stream_ids = list(connection.execute(_BY_AGE).scalars())
            for stream_id in stream_ids:
                review, now = read_review(connection, stream_id), datetime.now(UTC)
                in_the_way = blockers(review, now) if review.stage else []
                project(connection, review, plan(review, now, in_the_way), in_the_way, now)
        return len(stream_ids)


_MADE_ANEW = (
    tables.reviews,
    tables.audiences,
    tables.asked,
    tables.watched_issues,
    tables.review_traits,
    tables.policies,
    tables.searched,
)

_BY_AGE = (
    select(tables.events.c.stream_id)
    .where(tables.events.c.seq == 1)
    .order_by(tables.events.c.recorded_at, tables.events.c.stream_id)
)


@cache
def _shape() -> str:
    return digest_of([SHAPE, Review.model_json_schema()])


def _issue(row: Row[tuple[object, ...]]) -> WatchedIssue:
    return WatchedIssue(
        review_id=row.review_id,
        item=row.item,
        ref=IssueRef.model_validate_json(row.ref),
        status=row.status,
        as_of=row.as_of,
    )
