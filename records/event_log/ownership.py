"""Which Temporal engine owns the records. There is one at a time, so that two can never both write."""

from datetime import UTC, datetime

from sqlalchemy import insert, select, update

from domain.model.values import Record, Utc
from records import tables
from records.database import Database, insert_once


class Ownership(Record):
    """The engine that owns the records, and since when. Each take-over raises the epoch."""

    epoch: int
    engine_id: str
    since: Utc


class ForeignEngineError(Exception):
    """The records belong to another engine than the one that asks."""


class Engines:
    """Claiming the records for an engine, and taking them over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, engine_id: str) -> int:
        """The epoch under which this engine may write; the first engine to ask becomes the owner.

        Raises `ForeignEngineError` where another engine is the owner.
        """
        owner = self.owner()
        if owner is None:
            row = {"one": 1, "epoch": 1, "engine_id": engine_id, "since": datetime.now(UTC)}
            with self._database.write() as connection:
                insert_once(connection, tables.engine, [row])
            owner = self.owner()
        assert owner is not None
        if owner.engine_id != engine_id:
            raise ForeignEngineError(
                f"These records belong to another Temporal engine (epoch {owner.epoch}, since "
                f"{owner.since:%d %b %Y %H:%M} UTC). To move them to this one, stop "
                "the other one's workers and run `holdfast recover`."
            )
        return owner.epoch

    def owner(self) -> Ownership | None:
        """The engine that owns the records now."""
        with self._database.read() as connection:
            row = connection.execute(select(tables.engine)).one_or_none()
        return Ownership(epoch=row.epoch, engine_id=row.engine_id, since=row.since) if row else None

    def take_over(self, engine_id: str) -> int:
        """Make this engine the owner under a new epoch: from now on whoever holds an older one is refused."""
        now = datetime.now(UTC)
        with self._database.write() as connection:
            owner = connection.execute(select(tables.engine).with_for_update()).one_or_none()
            if owner is None:
                connection.execute(insert(tables.engine).values(one=1, epoch=1, engine_id=engine_id, since=now))
                return 1
            epoch = int(owner.epoch) + 1
            connection.execute(update(tables.engine).values(epoch=epoch, engine_id=engine_id, since=now))
            return epoch
