"""An audit: the chain is whole, the state is what the events make, and the rules in force allowed every closure."""

import hashlib
from collections.abc import Iterator, Sequence, Set
from datetime import datetime

from pydantic import Field
from sqlalchemy import select

from domain.drafts.draft import derive
from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.events import DraftSubmitted, ReviewClosed, ReviewOpened
from domain.lifecycle.evolve import evolve
from domain.model.attachment import digest_of_bytes
from domain.model.review import Review
from domain.model.values import Record, Utc, digest_of, text_ref
from records import tables
from records.database import Database
from records.documents import drafts
from records.event_log import streams
from records.event_log.hash_chain import BEGINNING, Link, breaks
from records.read_model.reviews import Reviews, state_of


class ClosureNote(Record):
    """Under what a review was closed: its policy, the exceptions that it stood on, and what was worth a look."""

    review: str
    at: Utc
    policy: str
    independence: str
    exceptions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


class AuditReport(Record):
    """What an audit looked at, and what it found wrong (nothing, if all is well)."""

    streams: int
    events: int
    closures: int
    head: str = Field(default="", description="digest over the last hash of every stream that was looked at")
    wrong: tuple[str, ...] = ()
    closed: tuple[ClosureNote, ...] = Field(default=(), description="every closure, the oldest first in each review")


class Audit:
    """Folds the streams through the same functions that made them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reviews = Reviews(database)

    def verify(self, review_id: str | None = None) -> AuditReport:
        """Audit one review, or all of them, while they go on."""
        ids = [review_id] if review_id else self._stream_ids()
        events, closures, heads, wrong = 0, 0, list[str](), self._text_faults()
        closed: list[ClosureNote] = []
        wrong += [] if review_id else self._copy_faults()
        for id in ids:
            with self._database.read() as connection:  # one state of the events and of what is shown of them
                rows, shown = streams.load(connection, id), state_of(connection, id)
            events += len(rows)
            heads.append(f"{id} {rows[-1].hash if rows else BEGINNING}")
            closures += sum(row.type == ReviewClosed.name for row in rows)
            broken = breaks(rows)
            closed += [] if broken else _closures(id, rows)
            wrong += broken or self._replay(id, rows, shown)
            if not rows:
                kept = "it is in the read model, and has no events" if shown else "there is no such review"
                wrong.append(f"{id}: {kept}.")
        head = hashlib.sha256("\n".join(heads).encode()).hexdigest()
        return AuditReport(
            streams=len(ids), events=events, closures=closures, head=head, wrong=tuple(wrong), closed=tuple(closed)
        )

    def _text_faults(self) -> list[str]:
        """Texts that are not those that their references were made of. What was erased cannot be compared."""
        with self._database.read() as connection:
            rows = connection.execute(select(tables.texts).where(tables.texts.c.body.is_not(None)))
            return [
                f"{row.ref}: the text is not the one that was kept under this reference."
                for row in rows
                if text_ref(row.body, row.salt) != row.ref
            ]

    def _copy_faults(self) -> list[str]:
        """Copies of evidence whose bytes are not those of their digest. One that was erased cannot be compared."""
        table, wrong = tables.attachments, list[str]()
        with self._database.read() as connection:
            named = connection.execute(select(table.c.review_id, table.c.digest).where(table.c.body.is_not(None))).all()
            for review_id, digest in named:
                body = select(table.c.body).where(table.c.review_id == review_id, table.c.digest == digest)
                if digest_of_bytes(bytes(connection.execute(body).scalar_one())) != digest:
                    wrong.append(f"{review_id}: the copy {digest} is not the one that was kept.")
        return wrong

    def _evidence_faults(self, review: Review) -> list[str]:
        """Evidence that an item is verified with, and of which the records know no copy."""
        with self._database.read() as connection:
            kept = select(tables.attachments.c.digest).where(tables.attachments.c.review_id == review.id)
            known = set(connection.execute(kept).scalars())
        return [
            f"{review.id}: {id} was verified with the copy {evidence.digest}, which is not in the records."
            for id, item in review.items.items()
            for evidence in (item.verification.evidence if item.verification else ())
            if evidence.digest is not None and evidence.digest not in known
        ]

    def _stream_ids(self) -> list[str]:
        with self._database.read() as connection:
            recorded = set(connection.execute(select(tables.events.c.stream_id).distinct()).scalars())
        return sorted(recorded | set(self._reviews.ids()))

    def _replay(self, review_id: str, rows: Sequence[Link], shown: Review | None) -> list[str]:
        review, wrong = Review(id=review_id), list[str]()
        for row in rows:
            envelope = row.envelope
            event = envelope.event
            if isinstance(event, ReviewOpened) and digest_of(envelope.data["policy"]) != event.policy_digest:
                wrong.append(f"{review_id} event {row.seq}: the pinned policy is not the one that its digest names.")
            if isinstance(event, ReviewClosed):
                wrong += _closure_faults(review, event, row.seq, envelope.decided_at)
            if isinstance(event, DraftSubmitted):
                wrong += self._draft_faults(review, event, row.seq, set(envelope.data))
            review = evolve(review, event)
        wrong += self._evidence_faults(review)
        if review.stage is not None and shown != review:
            wrong.append(
                f"{review_id}: the read model is not what the events make: find out why before you rebuild it."
            )
        return wrong

    def _draft_faults(self, review: Review, event: DraftSubmitted, seq: int, told: Set[str]) -> list[str]:
        """Derive a submission's facts again. What was erased cannot be compared, and is no fault.

        Only what was `told` then is compared: a later release derives more. What the catalogue said then is not kept.
        """
        if review.policy is None:
            return []
        with self._database.read() as connection:
            kept = drafts.find(connection, review.id, event.revision)
        if kept is None:
            return [f"{review.id} event {seq}: revision {event.revision} was submitted, and is not in the records."]
        salt, document, people = kept
        if document is None or any(item.owner and item.owner not in people for item in document.items):
            return []
        derived = derive(document, event.revision, review.policy, salt, people.__getitem__)
        facts = DraftSubmitted.of(derived, event.by, event.elsewhere, event.models)
        same = all(getattr(facts, name) == getattr(event, name) for name in told)
        return [] if same else [f"{review.id} event {seq}: what was submitted is not what its revision says."]


def _closures(review_id: str, rows: Sequence[Link]) -> Iterator[ClosureNote]:
    """Every closure of a review, with what it stood on."""
    policy = None
    for event in (row.envelope.event for row in rows):
        if isinstance(event, ReviewOpened):
            policy = event.policy
        if isinstance(event, ReviewClosed):
            waived = (f"risk/{w.subject}" if w.rule == "" else w.id for w in event.closure.waivers)
            yield ClosureNote(
                review=review_id,
                at=event.closure.at,
                policy=policy.name if policy else "",
                independence=policy.independence if policy else "",
                exceptions=tuple(waived),
                doubts=event.closure.doubts,
            )


def _closure_faults(review: Review, event: ReviewClosed, seq: int, decided_at: datetime) -> list[str]:
    in_the_way = blockers(review, decided_at)
    name = f"{review.id} event {seq}"
    wrong = [f"{name}: it was closed although {b.sentence}" for b in in_the_way]
    if event.closure.policy != review.policy_digest:
        wrong.append(f"{name}: the closure names another policy than the pinned one.")
    read = {reading.item: reading for reading in event.closure.readings}
    for id, item in review.items.items():
        if item.accepted and item.ref is not None and id not in read:
            wrong.append(f"{name}: it was closed without reading {id}.")
        elif id in read and read[id].status is not item.issue_status:
            wrong.append(f"{name}: the closure says {read[id].status} of {id}, the events say {item.issue_status}.")
    return wrong
