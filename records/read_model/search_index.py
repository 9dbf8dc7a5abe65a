"""The words by which reviews are found, written as they change: derived from the read model, texts and drafts.

A row for each review, so that words of its title, its items and its draft find it together. What a word was made of is
read again when it is shown (`records.read_model.search`), never from here.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from domain.drafts.document import DraftDocument
from domain.drafts.searchable import TITLE, Part, facts, sections
from domain.model.review import Review
from domain.model.values import TextRef
from records import tables
from records.read_model.tokenizer import indexed

_FACTS = (
    update(tables.searched)
    .where(tables.searched.c.review_id == bindparam("which"))
    .values({name: bindparam(name) for name in ("is_private", "title", "facts")})
)
_DRAFT = (
    update(tables.searched).where(tables.searched.c.review_id == bindparam("which")).values(draft=bindparam("draft"))
)
_TEXTS = select(tables.texts.c.ref, tables.texts.c.body).where(
    tables.texts.c.ref.in_(bindparam("refs", expanding=True)), tables.texts.c.body.is_not(None)
)
_NUMBERS = (
    select(tables.draft_revisions.c.review_id, func.max(tables.draft_revisions.c.revision).label("newest"))
    .where(tables.draft_revisions.c.review_id.in_(bindparam("ids", expanding=True)))
    .group_by(tables.draft_revisions.c.review_id)
    .subquery()
)
_NEWEST = (
    select(tables.draft_revisions.c.review_id, tables.draft_revisions.c.body)
    .join(_NUMBERS, _NUMBERS.c.review_id == tables.draft_revisions.c.review_id)
    .where(tables.draft_revisions.c.revision == _NUMBERS.c.newest, tables.draft_revisions.c.body.is_not(None))
)


def write_facts(connection: Connection, review: Review, before: Review | None = None) -> None:
    """Write the words of what is recorded of a review, and whether it is private, where that is not as `before`.

    Belongs into the transaction that projects the review.
    """
    if before is not None and not _differ(review, before):
        return
    _alone(connection, "_shared")  # beside other writers; but a text that is being erased is not read before it is
    parts = facts_of(connection, [review])[review.id]
    row = {
        "is_private": bool(review.private_to),
        "title": _words(part for part in parts if part.id == TITLE),
        "facts": _words(part for part in parts if part.id != TITLE),
    }
    if connection.execute(_FACTS, row | {"which": review.id}).rowcount == 0:
        draft = _words(sections(newest_drafts(connection, [review.id]).get(review.id)))
        connection.execute(insert(tables.searched), row | {"review_id": review.id, "draft": draft})


def _differ(review: Review, before: Review) -> bool:
    """Whether other words are to be found, or by others; most inputs touch neither incidents nor items."""
    if bool(review.private_to) != bool(before.private_to):
        return True
    touched = (review.incidents, review.items) != (before.incidents, before.items)
    return touched and facts(review, str) != facts(before, str)


def write_draft(connection: Connection, review_id: str, document: DraftDocument | None) -> None:
    """Write the words of a review's newest draft; of a review that is not there yet they come with its facts."""
    connection.execute(_DRAFT, {"which": review_id, "draft": _words(sections(document))})


def forget_draft(connection: Connection, review_id: str) -> None:
    """Keep no word of what was erased of a review's draft."""
    write_draft(connection, review_id, newest_drafts(connection, [review_id]).get(review_id))
    _purge(connection)


def before_erasing(connection: Connection) -> None:
    """Wait until nobody is writing words of a text that they have read, and let nobody begin until this is over."""
    _alone(connection)


def _alone(connection: Connection, how: str = "") -> None:
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        connection.execute(text(f"SELECT pg_advisory_xact_lock{how}(hashtext('holdfast search'))"))


def forget_text(connection: Connection, ref: TextRef) -> None:
    """Keep no word of a text that is erased, whatever review refers to it. `before_erasing` comes first."""
    states = select(tables.reviews.c.state).where(tables.reviews.c.state.contains(ref, autoescape=True))
    for state in connection.execute(states).scalars().all():
        write_facts(connection, Review.model_validate_json(state))
    _purge(connection)


def facts_of(connection: Connection, reviews: Iterable[Review]) -> dict[str, list[Part]]:
    """What is recorded of reviews, with texts in place of their references; nothing for one that was erased."""
    kept, refs = list(reviews), list[TextRef]()

    def note(ref: TextRef) -> str:
        refs.append(ref)
        return ""

    for review in kept:
        facts(review, note)
    known = {row.ref: row.body for row in connection.execute(_TEXTS, {"refs": sorted(set(refs))})}
    return {review.id: facts(review, lambda ref: known.get(ref, "")) for review in kept}


def newest_drafts(connection: Connection, ids: Sequence[str]) -> dict[str, DraftDocument]:
    """The newest drafts of these reviews, by id; of those that have one, and where it was not erased."""
    rows = connection.execute(_NEWEST, {"ids": ids})
    return {row.review_id: DraftDocument.model_validate_json(row.body) for row in rows}


def _words(parts: Iterable[Part]) -> str:
    return indexed(text for part in parts for text in part.texts)


def _purge(connection: Connection) -> None:
    """Take out what an index of SQLite keeps of rows that are gone until it is merged by itself."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("INSERT INTO searched_words (searched_words) VALUES ('optimize')"))
