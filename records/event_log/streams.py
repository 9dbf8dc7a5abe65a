"""Reading and appending event streams. Nothing is ever changed or removed."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from domain.lifecycle.events import Event
from domain.lifecycle.inputs import Input
from records import tables
from records.event_log.hash_chain import BEGINNING, Envelope, Link, link

_OWNER = select(tables.engine.c.epoch).where(tables.engine.c.one == 1).with_for_update(read=True)
_LOAD = (
    select(tables.events)
    .where(
        tables.events.c.stream_id == bindparam("stream"),
        (tables.events.c.seq >= bindparam("since")) | (tables.events.c.input_id == bindparam("input")),
    )
    .order_by(tables.events.c.seq)
)
_APPEND = insert(tables.events)
"""Written once: SQLAlchemy spends more on writing a statement than SQLite on carrying it out."""


class ConflictError(Exception):
    """Somebody else appended to this stream meanwhile: load it anew and decide again."""


class SupersededError(Exception):
    """These records belong to a newer engine: whoever holds the older epoch may not write any more."""


def check_epoch(connection: Connection, epoch: int) -> None:
    """Raise `SupersededError` unless `epoch` is that of the engine that owns the records.

    The row stays locked until the transaction ends, so that a take-over waits for it, or it for the take-over.
    """
    current = connection.execute(_OWNER).scalar_one_or_none()
    if current != epoch:
        raise SupersededError(f"The records belong to engine epoch {current}; epoch {epoch} may not write any more.")


def load(connection: Connection, stream_id: str, since: int = 1, input_id: str | None = None) -> list[Link]:
    """The events of a stream from number `since` on and those that an input caused, in order."""
    values = {"stream": stream_id, "since": since, "input": input_id}
    return [Link.model_construct(**row) for row in connection.execute(_LOAD, values).mappings()]


def append(
    connection: Connection,
    stream_id: str,
    after: Link | None,
    recorded: Sequence[Event],
    input: Input,
    decided_at: datetime,
    epoch: int,
) -> list[Link]:
    """Append what was decided when `after` was the last event. Raises `ConflictError` where it is that no more."""
    before, seq, now = after.hash if after else BEGINNING, after.seq if after else 0, datetime.now(UTC)
    links = []
    for event in recorded:
        seq += 1
        envelope = Envelope(
            stream=stream_id,
            seq=seq,
            type=event.name,
            version=event.version,
            input_id=input.id,
            by=input.by,
            door=input.door,
            happened_at=input.at,
            decided_at=decided_at,
            recorded_at=now,
            epoch=epoch,
            data=event.model_dump(mode="json"),
        )
        links.append(link(before, envelope))
        before = links[-1].hash
    try:
        connection.execute(_APPEND, [dict(row) for row in links])
    except IntegrityError as error:
        raise ConflictError(f"{stream_id} has grown past event {after.seq if after else 0}") from error
    return links
