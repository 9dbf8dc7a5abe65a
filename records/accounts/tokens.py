"""API tokens: shown once, kept as a digest, narrowed to scopes, and revoked at will."""

import json
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Row, insert, select, update

from domain.model.taxonomy import Scope
from domain.model.values import PersonId, Record, Utc
from records import tables
from records.accounts.sessions import digest_of
from records.database import Database

PREFIX = "hf_"
"""What every token begins with, so that scanners for leaked secrets can know it."""

USED_EVERY = timedelta(hours=1)
"""How exactly it is kept when a token was used."""


class Token(Record):
    """A token, without the secret. Who may do what with it is that of `person`, narrowed to `scopes`."""

    id: str
    person: PersonId
    made_by: PersonId
    purpose: str
    scopes: tuple[Scope, ...]
    made_at: Utc
    ends_at: Utc
    revoked_at: Utc | None
    used_at: Utc | None


class Tokens:
    """All API tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(
        self,
        person: PersonId,
        made_by: PersonId,
        purpose: str,
        scopes: tuple[Scope, ...],
        now: datetime,
        ends: datetime,
    ) -> tuple[Token, str]:
        """Make a token that ends at `ends` (UTC): what is kept of it, and the token itself, told only now."""
        secret = PREFIX + secrets.token_urlsafe(32)
        row = {
            "id": f"t-{secrets.token_hex(4)}",
            "digest": digest_of(secret),
            "person": person,
            "made_by": made_by,
            "purpose": purpose,
            "scopes": json.dumps(sorted(set(scopes))),
            "made_at": now,
            "ends_at": ends,
        }
        with self._database.write() as connection:
            connection.execute(insert(tables.api_tokens).values(row))
            made = connection.execute(select(tables.api_tokens).where(tables.api_tokens.c.id == row["id"])).one()
        return _token(made), secret

    def find(self, secret: str, now: datetime) -> Token | None:
        """The token that this is; none for one that has ended, was revoked, or never was."""
        table = tables.api_tokens
        if not secret.startswith(PREFIX):
            return None
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.digest == digest_of(secret))).one_or_none()
        if row is None or row.revoked_at is not None or row.ends_at <= now:
            return None
        if row.used_at is None or row.used_at + USED_EVERY <= now:
            with self._database.write() as connection:
                hour = now.replace(minute=0, second=0, microsecond=0)
                connection.execute(update(table).where(table.c.id == row.id).values(used_at=hour))
        return _token(row)

    def list(self, person: PersonId | None = None) -> list[Token]:
        """The tokens of a person, or all; the newest first."""
        table = tables.api_tokens
        query = select(table).order_by(table.c.made_at.desc(), table.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query if person is None else query.where(table.c.person == person)).all()
        return [_token(row) for row in rows]

    def revoke(self, id: str, now: datetime) -> Token | None:
        """End a token for good; none where there is no such token. Revoking it again changes nothing."""
        table = tables.api_tokens
        with self._database.write() as connection:
            connection.execute(
                update(table).where(table.c.id == id, table.c.revoked_at.is_(None)).values(revoked_at=now)
            )
            row = connection.execute(select(table).where(table.c.id == id)).one_or_none()
        return _token(row) if row else None


def _token(row: Row[tuple[object, ...]]) -> Token:
    shown = {name: getattr(row, name) for name in Token.model_fields}
    return Token.model_validate(shown | {"scopes": json.loads(shown["scopes"])})
