"""Sessions of browsers, and sign-ins that are under way. Only a digest of what a browser has is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from domain.model.values import PersonId, Record
from records import tables
from records.database import Database

SIGN_IN_WITHIN = timedelta(minutes=10)
"""How long somebody may take at their identity provider."""

SEEN_EVERY = timedelta(minutes=1)
"""How often it is noted that a session is used: not a write for every page."""


class Pending(Record):
    """A sign-in that is under way: what its answer has to match, and the page of ours on which to go on."""

    state: str
    nonce: str
    verifier: str
    go_on: str


class Session(Record):
    """Who uses a browser. `is_local` tells that nobody has proved it."""

    person: PersonId
    is_local: bool


def digest_of(secret: str) -> str:
    """What is kept of a secret of 256 random bits: guessing is hopeless, so it needs no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Sessions:
    """Server-side sessions: each ends after a time, sooner where it is not used, and at once where that is wanted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin_sign_in(self, pending: Pending, now: datetime) -> str:
        """Remember what the answer has to match; what comes back is for the browser's cookie."""
        secret, table = secrets.token_urlsafe(32), tables.sign_ins
        with self._database.write() as connection:
            connection.execute(delete(table).where(table.c.ends_at <= now))
            row = {"key": digest_of(secret), "body": pending.model_dump_json(), "ends_at": now + SIGN_IN_WITHIN}
            connection.execute(insert(table).values(row))
        return secret

    def take_sign_in(self, secret: str, now: datetime) -> Pending | None:
        """What the answer has to match: once, and none where that is over or never began."""
        table = tables.sign_ins
        with self._database.write() as connection:
            query = delete(table).where(table.c.key == digest_of(secret)).returning(table.c.body, table.c.ends_at)
            row = connection.execute(query).one_or_none()
        return Pending.model_validate_json(row.body) if row is not None and now < row.ends_at else None

    def begin(self, person: PersonId, is_local: bool, now: datetime, longest: timedelta) -> str:
        """Begin a session of at most this length; what comes back is for the browser's cookie, and kept nowhere."""
        secret, table = secrets.token_urlsafe(32), tables.sessions
        row = {"key": digest_of(secret), "person": person, "is_local": is_local, "seen_at": now}
        with self._database.write() as connection:
            connection.execute(delete(table).where(table.c.ends_at <= now))
            connection.execute(insert(table).values(row | {"ends_at": now + longest}))
        return secret

    def find(self, secret: str, now: datetime, idle: timedelta) -> Session | None:
        """Whose session that is; none for one that has ended, or was not used for `idle`."""
        table, key = tables.sessions, digest_of(secret)
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.key == key)).one_or_none()
        if row is None or row.ends_at <= now or row.seen_at + idle <= now:
            return None
        if row.seen_at + SEEN_EVERY <= now:
            with self._database.write() as connection:
                connection.execute(update(table).where(table.c.key == key).values(seen_at=now))
        return Session(person=row.person, is_local=row.is_local)

    def end(self, secret: str) -> None:
        """End a session."""
        with self._database.write() as connection:
            connection.execute(delete(tables.sessions).where(tables.sessions.c.key == digest_of(secret)))
