"""Claims: a row that precedes each create, so that two attempts never create the same thing at the same time."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from domain.trackers.ports import Attempts, Claim
from records import tables
from records.database import Database, insert_once


class RecordedClaims:
    """Claims kept in our database (`domain.trackers.ports.Claims`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, key: str, now: datetime, seconds: int) -> Claim | None:
        """A claim on `key`, or none while another attempt's claim lives."""
        until = now + timedelta(seconds=seconds)
        with self._database.write() as connection:
            fresh = {"key": key, "first_attempt": now, "last_attempt": now, "held_until": now}
            insert_once(connection, tables.claims, [fresh])
            row = connection.execute(select(tables.claims).where(tables.claims.c.key == key).with_for_update()).one()
            if row.held_until > now:
                return None
            held = update(tables.claims).where(tables.claims.c.key == key)
            connection.execute(held.values(held_until=until, last_attempt=now))
        earlier = Attempts(first=row.first_attempt, last=row.last_attempt) if row.first_attempt < now else None
        return Claim(key=key, until=until, earlier=earlier)

    def release(self, claim: Claim, at: datetime, untouched: bool = False) -> None:
        """End a claim at a time (UTC): now where its outcome is known. The times of the attempts are kept.

        An attempt that left everything `untouched` does not count as the last one.
        A claim that has ended by itself, and is another attempt's by now, is left alone.
        """
        with self._database.write() as connection:
            connection.execute(
                update(tables.claims)
                .where(tables.claims.c.key == claim.key, tables.claims.c.held_until == claim.until)
                .values(
                    {"held_until": at} | ({"last_attempt": claim.earlier.last} if untouched and claim.earlier else {})
                )
            )
