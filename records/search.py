"""Searching all reviews that somebody sees, by the words that `records.search_index` wrote."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, column, func, literal_column, select, table, text, true
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

RANKED = 300
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
        matching = _in_postgres if self._database.is_postgres else _in_sqlite
        with self._database.read() as connection:
            if self._database.is_postgres:
                connection.execute(text(BY_INDEX))
            rows = connection.execute(matching(query, _conditions(sight, narrowed)).limit(RANKED + 1)).all()
            ranked = sorted(rows[:RANKED], key=lambda row: (-row.rank, -row.id))
            ids = [row.review_id for row in ranked[offset : offset + limit]]
            hits = _hits(connection, ids)
        return Found(hits=hits, count=len(ranked), is_cut=len(rows) > RANKED)


BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off"
"""Only the index of words is asked for them: reading the words of each review takes far longer than it is reckoned."""


def _in_sqlite(query: Query, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The reviews that match, the newest first, each with how well."""
    words, index = tables.searched, table("searched_words", column("rowid"))
    is_match = literal_column("searched_words").op("MATCH")(_for_sqlite(query))
    rank = -func.bm25(literal_column("searched_words"), 10.0, 3.0, 1.0)
    matching = select(words.c.review_id, words.c.id, rank.label("rank")).where(is_match, *conditions)
    found = matching.select_from(index.join(words, words.c.id == index.c.rowid))
    return found.order_by(index.c.rowid.desc())  # in that order FTS5 goes by itself


def _in_postgres(query: Query, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The reviews that match, the newest first, each with how well.

    The index knows in which reviews all words are, and nothing of their order: so phrases are looked for in the words
    of one review after the other, from the newest on, and only until there are enough.
    """
    words = tables.searched
    kept: ColumnElement[str] = column("words")
    asked = func.to_tsquery(_PLAIN, _for_postgres(query))
    candidates = select(words.c.id).where(
        kept.op("@@")(func.to_tsquery(_PLAIN, _for_postgres(query.loose))), *conditions
    )
    found = candidates.cte("found").prefix_with("MATERIALIZED")
    newest = select(found).order_by(found.c.id.desc()).cte("newest").prefix_with("MATERIALIZED")
    rank = func.ts_rank_cd(text("'{0.1, 0.1, 0.3, 1.0}'"), kept, asked, 1)
    checked = select(words.c.review_id, rank.label("rank")).where(words.c.id == newest.c.id, kept.op("@@")(asked))
    one = checked.offset(0).lateral("one")  # the offset keeps the order in which they are looked at
    return select(one.c.review_id, newest.c.id, one.c.rank).select_from(newest.join(one, true()))


_PLAIN = cast("simple", REGCONFIG)


def _conditions(sight: Sight, narrowed: Narrowed) -> list[ColumnElement[bool]]:
    """Who sees what is known beside the words; the rest is asked of the reviews where somebody narrows it."""
    reviews = tables.reviews.c
    wanted = {reviews.stage: narrowed.stage, reviews.service: narrowed.service, reviews.severity: narrowed.severity}
    asked = [kept == value for kept, value in wanted.items() if value is not None]
    seen = seen_by(sight, tables.searched)
    return [seen, tables.searched.c.review_id.in_(select(reviews.review_id).where(*asked))] if asked else [seen]


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
