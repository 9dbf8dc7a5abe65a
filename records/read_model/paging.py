"""Lists in pages: each page goes on behind the last row of the one before, so that none is skipped or shown twice."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, select, tuple_, union

T = TypeVar("T")


LONGEST = 3_000
"""No place takes more characters to say."""

NO_PLACE = "this is no place in the list: begin at its first page again"


@dataclass(frozen=True)
class Place:
    """A place in a list that is sorted by a moment (UTC) and then by names: behind the row that these are of."""

    moment: datetime
    names: tuple[str, ...]

    def __str__(self) -> str:
        said = json.dumps([self.moment.isoformat(), *self.names])
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def place(text: str, names: int) -> Place:
    """The place that this text stands for in a list that is sorted by so many names, as a page before gave it.

    Raises `ValueError` where none gave it.
    """
    try:
        moment, *told = json.loads(base64.urlsafe_b64decode(text[:LONGEST] + "=" * (-len(text) % 4)))
        found = Place(datetime.fromisoformat(moment).astimezone(UTC), tuple(told))
    except (binascii.Error, TypeError, UnicodeDecodeError, ValueError, OverflowError, RecursionError):
        raise ValueError(NO_PLACE) from None
    if len(told) != names or not all(isinstance(name, str) and name.isprintable() for name in told):
        raise ValueError(NO_PLACE)
    return found


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, and where the rest begins; none where there is no more."""

    rows: tuple[T, ...]
    following: Place | None = None


def page_of(
    connection: Connection,
    queries: Sequence[Select[Any]],
    order: Sequence[ColumnElement[Any]],
    limit: int,
    after: Place | None,
) -> tuple[list[tuple[Any, ...]], Place | None]:
    """The first `limit` rows of several sorted queries together, from a place on, and where the rest begins.

    Each query is answered from an index in its order; together they would have to be sorted as a whole.
    """
    if not queries:
        return [], None
    if after is not None:
        queries = [query.where(tuple_(*order) > tuple_(after.moment, *after.names)) for query in queries]
    some = [select(query.limit(limit + 1).subquery()) for query in queries]
    together = union(*some).subquery()  # put in order by the database, too: it sorts names in its own way
    rows = [tuple(row) for row in connection.execute(select(together).order_by(*together.c).limit(limit + 1))]
    if len(rows) <= limit:
        return rows, None
    moment, *names = rows[limit - 1]
    return rows[:limit], Place(moment, tuple(names))
