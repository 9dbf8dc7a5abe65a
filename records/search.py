"""Searching all reviews that somebody sees, by the words that `records.search_index` wrote."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, column, func, literal_column, select, table, text
from sqlalchemy.dialects.postgresql import REGCONFIG
from sqlalchemy.sql import cast

from domain.access import Sight
from domain.findable import Part, sections
from domain.review import Review
from domain.taxonomy import Severity, Stage
from domain.values import Record
from records import tables
from records.database import Database
from records.read_model import states_of
from records.search_index import facts_of, newest_draft
from records.sight import seen_by
from records.words import Phrase, Query

RANKED = 1_000
"""So many of the newest reviews that match are put in order; with more of them a word more is what helps."""


class Narrowed(Record):
    """Only reviews in this stage, of this service, of this severity; none: of any."""

    stage: Stage | None = None
    service: str | None = None
    severity: Severity | None = None


class Hit(Record):
    """A review that was found, and all its parts that can be."""

    review: Review
    parts: tuple[Part, ...]


class Found(Record):
    """Some of the reviews that match, the best first."""

    hits: tuple[Hit, ...] = ()
    count: int = 0
    """How many match, up to `RANKED`."""
    is_cut: bool = False
    """Whether more match than are put in order."""


class Search:
    """Finds reviews by words."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, sight: Sight, query: Query, narrowed: Narrowed, limit: int, offset: int = 0) -> Found:
        """The best matches that somebody with this sight sees, `limit` of them from `offset` on.

        Title before facts before draft, and the newest first where two match equally well.
        """
        if not query.wanted:
            return Found()
        with self._database.read() as connection:
            rows = connection.execute(self._matching(query).where(*_conditions(sight, narrowed))).all()
            ranked = sorted(rows[:RANKED], key=lambda row: (-row.rank, -row.id))
            ids = [row.review_id for row in ranked[offset : offset + limit]]
            hits = _hits(connection, ids)
        return Found(hits=hits, count=len(ranked), is_cut=len(rows) > RANKED)

    def _matching(self, query: Query) -> Select[Any]:
        """The newest reviews that match, each with how well."""
        words, reviews = tables.searched, tables.reviews
        newest: ColumnElement[int] = words.c.id
        rank: ColumnElement[float]
        if self._database.is_postgres:
            asked = func.to_tsquery(cast("simple", REGCONFIG), _for_postgres(query))
            kept: ColumnElement[str] = column("words")
            is_match = kept.op("@@")(asked)
            rank = func.ts_rank_cd(text("'{0.1, 0.1, 0.3, 1.0}'"), kept, asked, 1)
            joined = words.join(reviews, reviews.c.review_id == words.c.review_id)
        else:
            index = table("searched_words", column("rowid"))
            is_match = literal_column("searched_words").op("MATCH")(_for_sqlite(query))
            rank = -func.bm25(literal_column("searched_words"), 10.0, 3.0, 1.0)
            newest = index.c.rowid  # in whose order FTS5 goes by itself
            joined = index.join(words, words.c.id == index.c.rowid)
            joined = joined.join(reviews, reviews.c.review_id == words.c.review_id)
        matching = select(words.c.review_id, words.c.id, rank.label("rank")).where(is_match)
        return matching.select_from(joined).order_by(newest.desc()).limit(RANKED + 1)


def _conditions(sight: Sight, narrowed: Narrowed) -> list[Any]:
    reviews = tables.reviews.c
    wanted = {reviews.stage: narrowed.stage, reviews.service: narrowed.service, reviews.severity: narrowed.severity}
    return [seen_by(sight), *(kept == value for kept, value in wanted.items() if value is not None)]


def _hits(connection: Connection, ids: Sequence[str]) -> tuple[Hit, ...]:
    reviews = states_of(connection, ids)
    told = facts_of(connection, reviews.values())
    return tuple(Hit(review=reviews[id], parts=(*told[id], *sections(newest_draft(connection, id)))) for id in ids)


def _for_sqlite(query: Query) -> str:
    """A query as FTS5 takes it. Words hold letters and digits only, so that nothing in them is taken for more."""

    def either(phrase: Phrase) -> str:
        said = f'"{" ".join(phrase.words)}"' + (" *" if phrase.is_open else "")
        return f'({said} OR "{phrase.stem}")' if phrase.stem else f"({said})"

    wanted = " AND ".join(map(either, query.wanted))
    return f"({wanted}) NOT ({' OR '.join(map(either, query.unwanted))})" if query.unwanted else wanted


def _for_postgres(query: Query) -> str:
    """A query as `to_tsquery` takes it. Words hold letters and digits only, so that nothing is taken for more."""

    def either(phrase: Phrase) -> str:
        said = " <-> ".join(f"'{word}'" for word in phrase.words) + (":*" if phrase.is_open else "")
        return f"(({said}) | '{phrase.stem}')" if phrase.stem else f"({said})"

    return " & ".join([*map(either, query.wanted), *(f"!{either(phrase)}" for phrase in query.unwanted)])
