"""What can be read of a review, written as its events are recorded: the other half is `records.read_model.reviews`."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from pydantic import Field
from sqlalchemy import Connection, Delete, Insert, Table, bindparam, delete, insert, select, update

from domain.drafts.prefill import traits
from domain.lifecycle.closure_rules import Blocker
from domain.lifecycle.effects import clocks_running, items_running
from domain.lifecycle.plan import Plan
from domain.model.review import IssueRef, Review
from domain.model.taxonomy import Stage
from domain.model.values import Record, Utc, digest_of
from domain.people.tasks import Role, Wanted, asks, team_of
from domain.trackers.issue_text import TRACKING
from records import tables
from records.database import insert_once
from records.read_model.search_index import write_facts

SHAPE = 4
"""Raised when something else is written than before: what an older release wrote is then made anew."""


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

_SHOW = insert(tables.reviews)

_ASKED = select(tables.asked).where(tables.asked.c.review_id == bindparam("which"))
_ASK = insert(tables.asked)
_ASK_NO_MORE = delete(tables.asked).where(
    tables.asked.c.review_id == bindparam("which"), tables.asked.c.key == bindparam("what")
)


def project(
    connection: Connection,
    review: Review,
    owed: Plan,
    in_the_way: Sequence[Blocker],
    now: datetime,
    before: Review | None = None,
) -> None:
    """Write what can be read of a review, of its plan at `now` (UTC), and of what it asks while that is in the way.

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
        "due": min([*clocks_running(review).values(), *items_running(review).values(), tables.NEVER]),
        "look_at": _look_at(owed, now),
        "changed_at": datetime.now(UTC),
        "policy": review.policy_digest if review.policy else None,
        "is_private": bool(review.private_to),
        "state": review.model_dump_json(exclude={"policy"}),
    }
    if connection.execute(_PROJECT, row | {"which": review.id}).rowcount == 0:
        connection.execute(_SHOW, row)
    if review.policy and (before is None or before.policy != review.policy):
        insert_once(connection, tables.policies, [{"digest": row["policy"], "body": review.policy.model_dump_json()}])
    if before is None or before.private_to != review.private_to:
        _rewrite(connection, tables.audiences, review, [{"team": team} for team in review.private_to])
    watched = list(_watched(review))
    if before is None or watched != list(_watched(before)):
        _rewrite(connection, tables.watched_issues, review, map(_watching, watched))
    if before is None or (traits(review), review.opened) != (traits(before), before.opened):
        rows = [{"trait": digest_of(trait), "opened": review.opened} for trait in traits(review) if review.opened]
        _rewrite(connection, tables.review_traits, review, rows)
    project_asks(connection, review, asks(review, now, in_the_way))
    write_facts(connection, review, before)
    removed = [ref for ref in (before.incidents if before else ()) if ref not in review.incidents]
    if removed:
        mine = tables.routes.c.review_id == review.id
        connection.execute(delete(tables.routes).where(mine, tables.routes.c.incident.in_(removed)))
    if before is None or review.incidents != before.incidents:
        routes = [
            {"incident": i.ref, "review_id": review.id, "source_key": source_key(i.source, i.key)}
            for i in review.incidents.values()
        ]
        insert_once(connection, tables.routes, routes)


def _look_at(owed: Plan, now: datetime) -> datetime | None:
    moments = [owed.wake_at] if owed.wake_at else []
    return min([*moments, now + IN_GOOD_TIME] if owed.effects else moments, default=None)


def _rewrite(connection: Connection, table: Table, review: Review, rows: Iterable[dict[str, Any]]) -> None:
    forget, keep = _statements(table)
    connection.execute(forget, {"which": review.id})
    if anew := [{"review_id": review.id} | row for row in rows]:
        connection.execute(keep, anew)


@cache
def _statements(table: Table) -> tuple[Delete, Insert]:
    """Made once: making them anew takes longer than carrying them out."""
    return delete(table).where(table.c.review_id == bindparam("which")), insert(table)


def _watching(issue: WatchedIssue) -> dict[str, Any]:
    return {
        "item": issue.item,
        "ref": issue.ref.model_dump_json(),
        "tracker": issue.ref.tracker,
        "issue": issue.ref.id,
        "project": issue.ref.project,
        "status": issue.status,
        "as_of": issue.as_of,
    }


_NAMED = (Role.PERSON, Role.TEAM, Role.LEAD)
"""Who is asked by name; of the others, having the role is enough."""


_LOOKED = update(tables.reviews).where(tables.reviews.c.review_id == bindparam("which"))


def project_time(
    connection: Connection, review: Review, owed: Plan, in_the_way: Sequence[Blocker], now: datetime
) -> None:
    """Write what time alone changes of what can be read: what is asked by now, and when to look at the review again."""
    project_asks(connection, review, asks(review, now, in_the_way))
    connection.execute(_LOOKED, {"which": review.id, "look_at": _look_at(owed, now)})


def project_asks(connection: Connection, review: Review, asked: Iterable[Wanted]) -> None:
    """Write what has come to be asked, and take out what is asked no more; most of it stays from input to input."""
    written = {row.key: row._asdict() for row in connection.execute(_ASKED, {"which": review.id})}
    wanted = {
        one.key: {
            "review_id": review.id,
            "key": one.key,
            "role": one.of.role.value,
            "whom": one.of.id if one.of.role in _NAMED else "",
            "team": team_of(review, one) or "",
            "until": min(one.until or tables.NEVER, tables.NEVER),
            "urgent": one.urgent,
        }
        for one in asked
    }
    gone = [{"which": review.id, "what": key} for key, row in written.items() if wanted.get(key) != row]
    new = [row for key, row in wanted.items() if written.get(key) != row]
    if gone:
        connection.execute(_ASK_NO_MORE, gone)
    if new:
        connection.execute(_ASK, new)


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
