"""Searching all reviews that somebody sees, by the words that `records.read_model.search_index` wrote."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql import cast

from domain.drafts.searchable import Part, sections
from domain.lifecycle.permissions import Sight
from domain.model.review import Review
from domain.model.taxonomy import Severity, Stage
from domain.model.values import Record
from records import tables
from records.database import Database
from records.read_model.reviews import states_of
from records.read_model.search_index import facts_of, newest_drafts
from records.read_model.tokenizer import BREAK, Finder, Phrase, Query, words
from records.read_model.visibility import seen_by

RANKED = 100
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

        First those of which title or id has all that is wanted; then by how well facts and draft match, facts more. The
        newest first where two match equally well.
        """
        if not query.wanted:
            return Found()
        with self._database.read() as connection:
            rows = _matching(connection, query, sight, narrowed, RANKED + 1)
            is_named = _called(query)
            ranked = sorted(rows[:RANKED], key=lambda row: (not is_named(row), -row.rank, -row.id))
            ids = [row.review_id for row in ranked[offset : offset + limit]]
            hits = _hits(connection, ids)
        return Found(hits=hits, count=len(ranked), is_cut=len(rows) > RANKED)


def _called(query: Query) -> Callable[[Row[Any]], bool]:
    """Whether a review is called what is looked for. No weight tells that for certain: texts differ in length."""
    finder = Finder(query.wanted)
    return lambda row: finder.phrases_of([*row.title.split(), BREAK, *words(row.review_id)]) == finder.wanted


def _matching(connection: Connection, query: Query, sight: Sight, narrowed: Narrowed, limit: int) -> Sequence[Row[Any]]:
    """The newest reviews that match, the newest first, each with how well."""
    if connection.dialect.name == "sqlite":
        return connection.execute(_in_sqlite(sight, narrowed), {"asked": _for_sqlite(query), "most": limit}).all()
    connection.execute(_BY_INDEX)
    asked = {"asked": _for_postgres(query), "loose": _for_postgres(query.loose), "most": limit}
    return connection.execute(_in_postgres(sight, narrowed), asked).all()


@lru_cache(maxsize=256)
def _in_sqlite(sight: Sight, narrowed: Narrowed) -> Select[Any]:
    """Made once for everybody in the same teams, as making it takes as long as carrying it out."""
    words, index = tables.searched, table("searched_words", column("rowid"))
    is_match = literal_column("searched_words").op("MATCH")(bindparam("asked"))
    rank = -func.bm25(literal_column("searched_words"), 10.0, 3.0, 1.0)
    told = (words.c.review_id, words.c.id, words.c.title, rank.label("rank"))
    matching = select(*told).where(is_match, *_conditions(sight, narrowed))
    found = matching.select_from(index.join(words, words.c.id == index.c.rowid))
    return found.order_by(index.c.rowid.desc()).limit(bindparam("most"))  # in that order FTS5 goes by itself


_BY_INDEX = text(
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL plan_cache_mode = force_custom_plan"
)
"""Only the index of words is asked for them: reading the words of each review takes far longer than it is reckoned.

And it is planned for what is asked now: a plan for any query would make the query anew for every review.
"""


@lru_cache(maxsize=256)
def _in_postgres(sight: Sight, narrowed: Narrowed) -> Select[Any]:
    """The index knows in which reviews all words are, and nothing of their order.

    So phrases are looked for in the words of one review after the other, from the newest on, until there are enough.
    """
    words = tables.searched
    kept: ColumnElement[str] = column("words")
    asked, loose = (cast(bindparam(name), TSQUERY) for name in ("asked", "loose"))
    candidates = select(words.c.id).where(kept.op("@@")(loose), *_conditions(sight, narrowed))
    found = candidates.cte("found").prefix_with("MATERIALIZED")
    newest = select(found).order_by(found.c.id.desc()).cte("newest").prefix_with("MATERIALIZED")
    rank = func.ts_rank_cd(text("'{0.1, 0.1, 0.3, 1.0}'"), kept, asked, 1)
    told = (words.c.review_id, words.c.title, rank.label("rank"))
    checked = select(*told).where(words.c.id == newest.c.id, kept.op("@@")(asked))
    one = checked.offset(0).lateral("one")  # the offset keeps the planner from looking at all of them
    matching = select(one.c.review_id, newest.c.id, one.c.title, one.c.rank).select_from(newest.join(one, true()))
    return matching.order_by(newest.c.id.desc()).limit(bindparam("most"))


def _conditions(sight: Sight, narrowed: Narrowed) -> list[ColumnElement[bool]]:
    """Who sees what is known beside the words; the rest is asked of the reviews where somebody narrows it."""
    reviews = tables.reviews.c
    wanted = {reviews.stage: narrowed.stage, reviews.service: narrowed.service, reviews.severity: narrowed.severity}
    asked = [kept == value for kept, value in wanted.items() if value is not None]
    seen = seen_by(sight, tables.searched)
    return [seen, tables.searched.c.review_id.in_(select(reviews.review_id).where(*asked))] if asked else [seen]


def _hits(connection: Connection, ids: Sequence[str]) -> tuple[Hit, ...]:
    reviews, drafts = states_of(connection, ids), newest_drafts(connection, ids)
    told = facts_of(connection, reviews.values())
    return tuple(Hit(review=reviews[id], parts=(*told[id], *sections(drafts.get(id)))) for id in ids)


def _for_sqlite(query: Query) -> str:
    """A query as FTS5 takes it. Words hold letters and digits only, so that nothing in them is taken for more."""

    def either(phrase: Phrase) -> str:
        said = f'"{" ".join(phrase.words)}"' + (" *" if phrase.is_open else "")
        return f'({said} OR "{phrase.stem}")' if phrase.stem else f"({said})"

    wanted = " AND ".join(map(either, query.wanted))
    return f"({wanted}) NOT ({' OR '.join(map(either, query.unwanted))})" if query.unwanted else wanted


def _for_postgres(query: Query) -> str:
    """A query as `tsquery` takes it. Words hold letters and digits only, so that nothing is taken for more."""

    def either(phrase: Phrase) -> str:
        said = " <-> ".join(f"'{word}'" for word in phrase.words) + (":*" if phrase.is_open else "")
        return f"(({said}) | '{phrase.stem}')" if phrase.stem else f"({said})"

    return " & ".join([*map(either, query.wanted), *(f"!{either(phrase)}" for phrase in query.unwanted)])
