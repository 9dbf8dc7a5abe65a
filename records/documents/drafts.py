"""Draft documents: immutable revisions, saved one upon the other, never through Temporal."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.drafts.document import DraftDocument
from domain.drafts.draft import DraftContent, derive
from domain.drafts.merge import Merged, merge
from domain.model.policy import Policy
from domain.model.values import PersonId, Record, canonical_json, digest_of
from records import tables
from records.database import Database
from records.documents.erasable_texts import keep_texts, person_id, salt_of
from records.read_model.search_index import forget_draft, write_draft


class StaleRevisionError(Exception):
    """Somebody saved a newer revision meanwhile: read it, and save upon it."""


class Saved(Record):
    """A revision as it was saved."""

    revision: int
    digest: str
    author: PersonId
    saved_at: datetime
    document: DraftDocument | None


class Proposal(Record):
    """What two wrote of the same, put together, and the revision that it has taken in: it is saved upon that one.

    Upon a newer one it would undo what was saved between the two.
    """

    merged: Merged
    upon: int


class Drafts:
    """The revisions of every review's draft."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, review_id: str, document: DraftDocument, author: PersonId, upon: int | None = None) -> Saved:
        """Save a revision, upon revision `upon` where that is given. The same text again is the revision it was.

        Raises `StaleRevisionError` where `upon` is not the newest revision.
        """
        with self._database.write() as connection:
            salt = salt_of(connection, review_id)
            newest = _newest(connection, review_id)
            if upon is not None and upon != (newest.revision if newest else 0):
                raise StaleRevisionError(f"Revision {newest.revision if newest else 0} is the newest, not {upon}.")
            digest = digest_of(document, salt)
            if newest is not None and newest.digest == digest:
                return newest
            saved = Saved(
                revision=newest.revision + 1 if newest else 1,
                digest=digest,
                author=author,
                saved_at=datetime.now(UTC),
                document=document,
            )
            row = saved.model_dump(exclude={"document"}) | {
                "review_id": review_id,
                "body": canonical_json(document.model_dump(mode="json")),
            }
            try:
                connection.execute(insert(tables.draft_revisions).values(row))
            except IntegrityError as error:
                raise StaleRevisionError(f"Revision {saved.revision} was saved by somebody else meanwhile.") from error
            write_draft(connection, review_id, document)
            return saved

    def save_with_others(
        self, review_id: str, document: DraftDocument, author: PersonId, upon: int
    ) -> Saved | Proposal:
        """Save what was written upon revision `upon`, together with what others have saved since then.

        Where both changed the same, nothing is saved: the proposal comes back, with every conflict. Upon
        revision 0 nobody has written anything: what all begin with is no change of anybody's. Raises
        `StaleRevisionError` where revision `upon` is not there, or erased.
        """
        with self._database.read() as connection:
            newest = _newest(connection, review_id)
        if upon == (newest.revision if newest else 0):
            return self.save(review_id, document, author, upon)
        before = DraftDocument() if upon == 0 else self.revision(review_id, upon)
        if before is None or newest is None or newest.document is None:
            raise StaleRevisionError(f"There is no revision {upon} to go on from: read the draft anew.")
        merged = merge(before, document, newest.document)
        if merged.conflicts:
            return Proposal(merged=merged, upon=newest.revision)
        return self.save(review_id, merged.document, author, newest.revision)

    def newest(self, review_id: str) -> Saved | None:
        """The newest revision, if there is any."""
        with self._database.read() as connection:
            return _newest(connection, review_id)

    def revision(self, review_id: str, revision: int) -> DraftDocument | None:
        """What a revision said; none where there is no such revision, or it was erased."""
        with self._database.read() as connection:
            row = connection.execute(_REVISION, {"review": review_id, "revision": revision}).one_or_none()
        return _document(row) if row is not None else None

    def erase(self, review_id: str, revision: int) -> None:
        """Erase what a revision said for good; its digest stays."""
        table = tables.draft_revisions
        with self._database.write() as connection:
            gone = update(table).where(table.c.review_id == review_id, table.c.revision == revision)
            connection.execute(gone.values(body=None))
            forget_draft(connection, review_id)

    def salt_and_people(self, review_id: str, document: DraftDocument) -> tuple[str, dict[str, PersonId]]:
        """What deriving a document of this review takes, saved or not: salt, and ids by handle."""
        with self._database.write() as connection:
            return salt_of(connection, review_id), _known(connection, document)


def content(connection: Connection, review_id: str, revision: int, policy: Policy) -> DraftContent | None:
    """What is derived from a saved revision; none where there is no such revision, or it was erased.

    Keeps the texts that the derived items refer to.
    """
    row = connection.execute(_REVISION, {"review": review_id, "revision": revision}).one_or_none()
    document = _document(row) if row is not None else None
    if document is None:
        return None
    salt = salt_of(connection, review_id)
    derived = derive(document, revision, policy, salt, lambda handle: person_id(connection, handle))
    keep_texts(connection, derived.texts, salt)
    return derived


def find(
    connection: Connection, review_id: str, revision: int
) -> tuple[str, DraftDocument | None, dict[str, PersonId]] | None:
    """A saved revision for deriving it again: its salt, the document (none once erased), and ids by handle.

    None where there is no such revision. Changes nothing.
    """
    row = connection.execute(_REVISION, {"review": review_id, "revision": revision}).one_or_none()
    if row is None:
        return None
    document = _document(row)
    return salt_of(connection, review_id), document, _known(connection, document) if document else {}


def _known(connection: Connection, document: DraftDocument) -> dict[str, PersonId]:
    """The ids of those who own items, by handle as it is written there; nothing for who is not known yet."""
    handles = [item.owner for item in document.items if item.owner]
    found = connection.execute(
        select(tables.people.c.folded, tables.people.c.id).where(
            tables.people.c.folded.in_([handle.strip().casefold() for handle in handles])
        )
    )
    ids = {row.folded: row.id for row in found}
    return {handle: ids[handle.strip().casefold()] for handle in handles if handle.strip().casefold() in ids}


_REVISIONS = select(tables.draft_revisions).where(tables.draft_revisions.c.review_id == bindparam("review"))
_REVISION = _REVISIONS.where(tables.draft_revisions.c.revision == bindparam("revision"))
_NEWEST = _REVISIONS.order_by(tables.draft_revisions.c.revision.desc()).limit(1)


def _newest(connection: Connection, review_id: str) -> Saved | None:
    row = connection.execute(_NEWEST, {"review": review_id}).one_or_none()
    if row is None:
        return None
    document = _document(row)
    return Saved(revision=row.revision, digest=row.digest, author=row.author, saved_at=row.saved_at, document=document)


def _document(row: Row[Any]) -> DraftDocument | None:
    """What a revision says; none once it was erased."""
    return DraftDocument.model_validate(json.loads(row.body)) if row.body else None
