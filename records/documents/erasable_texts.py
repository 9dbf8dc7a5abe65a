"""Names and free text, kept apart from the events, so that they can be erased and every proof still holds."""

import secrets
from collections.abc import Iterable, Mapping
from functools import cache

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.model.values import PersonId, TextRef, text_ref
from records import tables
from records.database import Database, insert_into, insert_once
from records.read_model.search_index import before_erasing, forget_text

AT_ONCE = 1_000
"""How many of what somebody wrote are looked up at once: databases take only so many values in a query."""


@cache
def _insert_text(dialect: str) -> postgresql.Insert | sqlite.Insert:
    fresh = insert_into(dialect, tables.texts)
    return fresh.on_conflict_do_update(index_elements=["ref"], set_={"body": fresh.excluded.body})


_KNOWN = select(tables.people.c.id).where(tables.people.c.folded == bindparam("folded"))


def person_id(connection: Connection, handle: str) -> PersonId:
    """The opaque id of the person with this handle; a new one for a handle that is new.

    Upper and lower case are the same person, or one could be two, and approve what they asked for.
    """
    handle = handle.strip()
    known = {"folded": handle.casefold()}
    found = connection.execute(_KNOWN, known).scalar_one_or_none()
    if found is None:
        row = {"id": f"p-{secrets.token_hex(6)}", "handle": handle, "folded": handle.casefold()}
        insert_once(connection, tables.people, [row])
        found = connection.execute(_KNOWN, known).scalar_one()
    return str(found)


def keep_texts(connection: Connection, kept: Mapping[TextRef, str], salt: str) -> None:
    """Keep texts under the references that were made of them with `salt`; one that was erased is there again."""
    if kept:
        query = _insert_text(connection.dialect.name)
        connection.execute(query, [{"ref": ref, "salt": salt, "body": text} for ref, text in kept.items()])


_SALT = select(tables.drafts.c.salt).where(tables.drafts.c.review_id == bindparam("review"))


def salt_of(connection: Connection, review_id: str) -> str:
    """The salt of everything that is written about a review; made when it is asked for first."""
    salt = connection.execute(_SALT, {"review": review_id}).scalar_one_or_none()
    if salt is None:
        insert_once(connection, tables.drafts, [{"review_id": review_id, "salt": secrets.token_hex(16)}])
        salt = connection.execute(_SALT, {"review": review_id}).scalar_one()
    return str(salt)


class People:
    """Handles and texts behind the opaque names in the events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def id_of(self, handle: str) -> PersonId:
        """The opaque id of the person with this handle; a new one for a handle that is new."""
        with self._database.write() as connection:
            return person_id(connection, handle)

    def known(self, handles: Iterable[str]) -> set[str]:
        """Those of these handles that are somebody's, upper and lower case alike."""
        wanted, found = {handle.strip().casefold(): handle for handle in handles}, set[str]()
        each = list(wanted)
        with self._database.read() as connection:
            for begin in range(0, len(each), AT_ONCE):
                some = tables.people.c.folded.in_(each[begin : begin + AT_ONCE])
                found |= set(connection.execute(select(tables.people.c.folded).where(some)).scalars())
        return {wanted[folded] for folded in found}

    def handles(self, ids: Iterable[PersonId]) -> dict[PersonId, str]:
        """The handles behind ids; an id whose handle was erased, or that is no person's, stands for itself."""
        wanted = {id for id in ids if id}
        with self._database.read() as connection:
            rows = connection.execute(
                select(tables.people.c.id, tables.people.c.handle).where(tables.people.c.id.in_(wanted))
            )
            known = {row.id: row.handle for row in rows if row.handle}
        return {id: known.get(id, id) for id in wanted}

    def keep(self, text: str, review_id: str | None = None) -> TextRef:
        """Keep a text; what comes back stands for it in inputs and events.

        The same text said of the same review, in its draft or elsewhere, gets the same reference.
        """
        with self._database.write() as connection:
            salt = salt_of(connection, review_id) if review_id else secrets.token_hex(16)
            ref = text_ref(text, salt)
            keep_texts(connection, {ref: text}, salt)
        return ref

    def mark_of(self, text: str, review_id: str) -> str:
        """A digest that tells the same text of a review again, and gives nothing away; the text is not kept."""
        with self._database.write() as connection:
            return text_ref(text, salt_of(connection, review_id)).removeprefix("text:")

    def texts(self, refs: Iterable[TextRef | None]) -> dict[TextRef, str]:
        """The texts behind references; one that was erased says so."""
        wanted = {ref for ref in refs if ref}
        known = self.kept_texts(wanted)
        return {ref: known.get(ref) or "(erased)" for ref in wanted}

    def kept_texts(self, refs: Iterable[TextRef | None]) -> dict[TextRef, str]:
        """The texts behind references, without those that were erased."""
        wanted = {ref for ref in refs if ref}
        with self._database.read() as connection:
            rows = connection.execute(
                select(tables.texts.c.ref, tables.texts.c.body).where(tables.texts.c.ref.in_(wanted))
            )
            return {row.ref: row.body for row in rows if row.body is not None}

    def erase_text(self, ref: TextRef) -> None:
        """Erase a text for good; its digest stays in the events."""
        with self._database.write() as connection:
            before_erasing(connection)
            connection.execute(update(tables.texts).where(tables.texts.c.ref == ref).values(body=None))
            forget_text(connection, ref)

    def erase_person(self, id: PersonId) -> None:
        """Erase for good all that is known of a person, and end their sessions and tokens; the id stays in the events.

        Who signs in after that is somebody new.
        """
        nothing = {c.name: None for c in tables.people.columns if c.name != "id"}
        with self._database.write() as connection:
            for table in (tables.sessions, tables.api_tokens, tables.identities):
                connection.execute(delete(table).where(table.c.person == id))
            connection.execute(update(tables.people).where(tables.people.c.id == id).values(nothing))
