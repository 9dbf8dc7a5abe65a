"""Reading and appending event streams. Nothing is ever changed or removed."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from domain.events import Event
from domain.inputs import Input
from records import tables
from records.chain import BEGINNING, Envelope, Link, link


class ConflictError(Exception):
    """Somebody else appended to this stream meanwhile: load it anew and decide again."""


class SupersededError(Exception):
    """These records belong to a newer engine: whoever holds the older epoch may not write any more."""


def check_epoch(connection: Connection, epoch: int) -> None:
    """Raise `SupersededError` unless `epoch` is that of the engine that owns the records.

    The row stays locked until the transaction ends, so that a take-over waits for it, or it for the take-over.
    """
    owner = select(tables.engine.c.epoch).where(tables.engine.c.one == 1).with_for_update(read=True)
    current = connection.execute(owner).scalar_one_or_none()
    if current != epoch:
        raise SupersededError(f"The records belong to engine epoch {current}; epoch {epoch} may not write any more.")


def load(connection: Connection, stream_id: str) -> list[Link]:
    """All events of a stream, in order; none for a stream that does not exist."""
    rows = connection.execute(
        select(tables.events).where(tables.events.c.stream_id == stream_id).order_by(tables.events.c.seq)
    )
    return [Link.model_construct(**row._mapping) for row in rows]


def append(
    connection: Connection,
    stream_id: str,
    after: Sequence[Link],
    recorded: Sequence[Event],
    input: Input,
    decided_at: datetime,
    epoch: int,
) -> list[Link]:
    """Append what was decided on `after`. Raises `ConflictError` where the stream is longer by now."""
    before, seq, now = (
        (after[-1].hash, after[-1].seq, datetime.now(UTC)) if after else (BEGINNING, 0, datetime.now(UTC))
    )
    links = []
    for event in recorded:
        seq += 1
        envelope = Envelope(
            stream=stream_id,
            seq=seq,
            type=type(event).__name__,
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
        connection.execute(insert(tables.events), [row.model_dump() for row in links])
    except IntegrityError as error:
        raise ConflictError(f"{stream_id} has grown past event {len(after)}") from error
    return links
