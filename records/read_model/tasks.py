"""What reviews ask of people, as it was when each was recorded last: for lists that are sorted by due date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select, true

from domain.lifecycle.permissions import Sight
from domain.people.tasks import Role
from records import tables
from records.database import Database
from records.read_model.paging import Page, Place, page_of
from records.read_model.visibility import seen_by


@dataclass(frozen=True)
class Pointer:
    """Where an ask is found: `tasks.asks` of that review has it under this key, unless it is over by now."""

    review: str
    key: str


@dataclass(frozen=True)
class Of:
    """Whom lists are of: everybody in a role, or only who is named, be it a person or a team."""

    role: Role
    name: str | None = None


_KEY = (tables.asked.c.until, tables.asked.c.review_id, tables.asked.c.key)


class AskedOf:
    """The lists, each sorted by due date: what is late comes first, and what has no due date last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def these(self, sight: Sight, of: Sequence[Of], limit: int, after: Place | None = None) -> Page[Pointer]:
        """What is asked of any of these, about reviews that somebody sees."""
        return self._page(sight, [_is_of(one) for one in of], limit, after)

    def team(self, sight: Sight, team: str, limit: int, after: Place | None = None) -> Page[Pointer]:
        """What is a team's work, whoever does it."""
        return self._page(sight, [tables.asked.c.team == team], limit, after)

    def late(self, sight: Sight, now: datetime, limit: int) -> Page[Pointer]:
        """What is past its due date at `now` (UTC)."""
        return self._page(sight, [tables.asked.c.until < now], limit, None)

    def waiting(self, sight: Sight, limit: int) -> Page[Pointer]:
        """What has no due date, and is urgent or asked of nobody in particular."""
        undated = tables.asked.c.until == tables.NEVER
        some = [_is_of(Of(role)) for role in (Role.APPROVER, Role.LEAD, Role.ADMIN)]
        return self._page(sight, [undated & one for one in (tables.asked.c.urgent == true(), *some)], limit, None)

    def _page(
        self, sight: Sight, conditions: Sequence[ColumnElement[bool]], limit: int, after: Place | None
    ) -> Page[Pointer]:
        queries = [_listed(condition, sight) for condition in conditions]
        with self._database.read() as connection:
            rows, following = page_of(connection, queries, _KEY, limit, after)
        return Page(tuple(Pointer(review, key) for _, review, key in rows), following)


def _is_of(of: Of) -> ColumnElement[bool]:
    in_role = tables.asked.c.role == of.role.value
    return in_role if of.name is None else in_role & (tables.asked.c.whom == of.name)


def _listed(condition: ColumnElement[bool], sight: Sight) -> Select[Any]:
    query = select(*_KEY).where(condition).order_by(*_KEY)
    if sight.everything:
        return query
    return query.join(tables.reviews, tables.reviews.c.review_id == tables.asked.c.review_id).where(seen_by(sight))
