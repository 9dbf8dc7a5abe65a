"""Claims: a row that precedes each create, so that two attempts never create the same thing at the same time."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from domain.ports import Claim
from records import tables
from records.database import Database
from records.people import insert_once


class RecordedClaims:
    """Claims kept in our database (`domain.ports.Claims`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, key: str, now: datetime, seconds: int) -> Claim | None:
        """A claim on `key`, or none while another attempt's claim lives."""
        until = now + timedelta(seconds=seconds)
        with self._database.write() as connection:
            fresh = {"key": key, "first_attempt": now, "held_until": now}
            insert_once(connection, tables.claims, [fresh])
            row = connection.execute(select(tables.claims).where(tables.claims.c.key == key).with_for_update()).one()
            if row.held_until > now:
                return None
            connection.execute(update(tables.claims).where(tables.claims.c.key == key).values(held_until=until))
        return Claim(key=key, first_attempt=row.first_attempt, until=until, repeated=row.first_attempt < now)

    def release(self, claim: Claim, at: datetime) -> None:
        """End a claim at a time (UTC): now where its outcome is known. The time of the first attempt is kept.

        A claim that has ended by itself, and is another attempt's by now, is left alone.
        """
        with self._database.write() as connection:
            connection.execute(
                update(tables.claims)
                .where(tables.claims.c.key == claim.key, tables.claims.c.held_until == claim.until)
                .values(held_until=at)
            )
