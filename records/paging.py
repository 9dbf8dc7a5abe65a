"""Lists in pages: each page goes on behind the last row of the one before, so that none is skipped or shown twice."""

import base64
import binascii
import heapq
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, tuple_

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """A place in a list that is sorted by a moment (UTC) and then by names: behind the row that these are of."""

    moment: datetime
    names: tuple[str, ...]

    def __str__(self) -> str:
        said = json.dumps([self.moment.isoformat(), *self.names])
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def place(text: str) -> Place:
    """The place that this text stands for, as a page before gave it. Raises `ValueError` where it gave no such text."""
    try:
        moment, *names = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return Place(datetime.fromisoformat(moment).astimezone(UTC), tuple(map(str, names)))
    except (binascii.Error, TypeError, UnicodeDecodeError, ValueError, OverflowError):
        raise ValueError("this is no place in the list: begin at its first page again") from None


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
    found = []
    for query in queries:
        if after is not None:
            query = query.where(tuple_(*order) > tuple_(after.moment, *after.names))
        found.append([tuple(row) for row in connection.execute(query.limit(limit + 1))])
    rows = list(dict.fromkeys(heapq.merge(*found)))[: limit + 1]
    if len(rows) <= limit:
        return rows, None
    moment, *names = rows[limit - 1]
    return rows[:limit], Place(moment, tuple(names))
