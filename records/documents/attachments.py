"""Copies of evidence, pictures and files, kept by digest: bounded in size and kind, the same for ever, or erased."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, select, update

from domain.model.attachment import Attachment, digest_of_bytes
from domain.model.values import PersonId, Record, Utc
from records import tables
from records.database import Database, insert_or_update


class Kept(Record):
    """A copy that is kept. Sizes are in bytes."""

    digest: str
    name: str
    media_type: str
    size: int
    author: PersonId
    kept_at: Utc


class Attachments:
    """The copies of every review."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, review_id: str, copy: Attachment, author: PersonId) -> Kept:
        """Keep a copy; the same bytes again are the same copy."""
        kept = Kept(
            **copy.model_dump(exclude={"data"}),
            digest=copy.digest,
            size=len(copy.data),
            author=author,
            kept_at=datetime.now(UTC),
        )
        with self._database.write() as connection:
            earlier = _find(connection, review_id, kept.digest)
            if earlier is not None:
                return earlier
            row = kept.model_dump() | {"review_id": review_id, "body": copy.data}
            insert_or_update(connection, tables.attachments, [row], ("review_id", "digest"))
        return kept

    def find(self, review_id: str, digest: str) -> tuple[Kept, bytes] | None:
        """A copy and its bytes; none where it was never kept, or erased, or is not what its digest says any more."""
        table = tables.attachments
        with self._database.read() as connection:
            kept = _find(connection, review_id, digest)
            body = select(table.c.body).where(table.c.review_id == review_id, table.c.digest == digest)
            data = bytes(connection.execute(body).scalar_one()) if kept else b""
        return (kept, data) if kept and digest_of_bytes(data) == digest else None

    def of(self, review_id: str) -> list[Kept]:
        """All copies of a review that are not erased, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(_KEPT.where(tables.attachments.c.review_id == review_id))
            return [Kept.model_validate(dict(row._mapping)) for row in rows]

    def erase(self, review_id: str, digest: str) -> None:
        """Erase a copy for good; its digest stays in the events."""
        table = tables.attachments
        with self._database.write() as connection:
            gone = update(table).where(table.c.review_id == review_id, table.c.digest == digest)
            connection.execute(gone.values(body=None))


_KEPT = (
    select(*(tables.attachments.c[name] for name in Kept.model_fields))
    .where(tables.attachments.c.body.is_not(None))
    .order_by(tables.attachments.c.kept_at, tables.attachments.c.digest)
)


def _find(connection: Connection, review_id: str, digest: str) -> Kept | None:
    table = tables.attachments
    row = connection.execute(_KEPT.where(table.c.review_id == review_id, table.c.digest == digest)).one_or_none()
    return Kept.model_validate(dict(row._mapping)) if row else None


def kept(connection: Connection, review_id: str, digests: Sequence[str]) -> frozenset[str]:
    """Which of these copies are kept for a review."""
    table = tables.attachments
    found = connection.execute(_KEPT.where(table.c.review_id == review_id, table.c.digest.in_(digests)))
    return frozenset(row.digest for row in found)
