"""The hash chain of a stream: what is hashed, how, and how a break is found.

Each event's hash is SHA-256 over the hash before it, a line break, and the event's text. The text is the whole envelope
as canonical JSON, kept as it was hashed: nobody has to write it anew, byte for byte, to verify it.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from domain.lifecycle.events import Event, decode
from domain.model.taxonomy import Door
from domain.model.values import Record, Utc, canonical_json

BEGINNING = "0" * 64
"""The hash before the first event of every stream."""


class Envelope(Record):
    """An event with everything that is known of its recording."""

    stream: str
    seq: int
    type: str
    version: int
    input_id: str
    by: str
    door: Door
    happened_at: Utc | None
    decided_at: Utc
    recorded_at: Utc
    epoch: int
    data: dict[str, Any]

    @property
    def event(self) -> Event:
        """The event itself."""
        return decode(self.type, self.version, self.data)


class Link(Record):
    """One row of a stream as it is kept."""

    stream_id: str
    seq: int
    type: str
    input_id: str
    recorded_at: datetime
    text: str
    hash: str

    @property
    def envelope(self) -> Envelope:
        """What the text says."""
        return Envelope.model_validate_json(self.text)


def link(before: str, envelope: Envelope) -> Link:
    """The row that follows the hash `before`."""
    text = canonical_json(envelope.model_dump(mode="json"))
    return Link(
        stream_id=envelope.stream,
        seq=envelope.seq,
        type=envelope.type,
        input_id=envelope.input_id,
        recorded_at=envelope.recorded_at,
        text=text,
        hash=hash_after(before, text),
    )


def hash_after(before: str, text: str) -> str:
    """The hash of an event whose predecessor's hash is `before`."""
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def breaks(links: Iterable[Link]) -> list[str]:
    """What is wrong with a stream, a sentence each: a gap, a changed text, a column that says other than the text."""
    wrong, before, expected = [], BEGINNING, 1
    for row in links:
        name = f"{row.stream_id} event {row.seq}"
        if row.seq != expected:
            wrong.append(f"{name}: event {expected} was expected here.")
        if row.hash != hash_after(before, row.text):
            wrong.append(f"{name}: its hash does not follow from its text and the hash before it.")
        try:
            said = row.envelope
        except ValueError:
            wrong.append(f"{name}: its text is not an event.")
        else:
            if (said.stream, said.seq, said.type, said.input_id, said.recorded_at) != (
                row.stream_id,
                row.seq,
                row.type,
                row.input_id,
                row.recorded_at,
            ):
                wrong.append(f"{name}: its columns say other than its text.")
        before, expected = row.hash, row.seq + 1
    return wrong
