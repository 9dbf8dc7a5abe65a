"""Messages to people: decided, claimed and then sent, so that a crash leaves an unknown outcome and no second message.

A message that is claimed has the outcome `unknown` until it is known. Its text is kept until then, and not longer. The
threads of a review are kept for good: they are answered in for as long as it lives.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from domain.model.taxonomy import FailureKind
from domain.model.values import Record, Utc, digest_of
from domain.people.notifications import Notice, Sent
from domain.trackers.ports import Threads
from records import tables
from records.database import Database, insert_once, insert_or_update

DUE, UNKNOWN, SENT, FAILED = "due", "unknown", "sent", "failed"

KEPT = timedelta(days=60)
"""How long messages are kept, and what they told counts as told."""


class KeptNotice(Record):
    """What is kept of a message. `outcome` is due, unknown, sent or failed; `says` is why it failed."""

    key: str
    recipient: str
    outcome: str
    due_at: Utc
    claimed_at: Utc | None
    sent_at: Utc | None
    retry_at: Utc | None
    says: str | None
    digest: str


class Notices:
    """Where messages wait, are claimed, and their outcomes are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sent(self, now: datetime) -> Sent:
        """What was sent or may have been, without what failed for certain, and who is left alone at `now` (UTC)."""
        kept, steps = tables.notices, tables.notice_steps
        gone = kept.c.outcome.in_((SENT, UNKNOWN))
        told = select(steps.c.recipient, steps.c.step).join(kept, kept.c.key == steps.c.notice).where(gone)
        with self._database.read() as connection:
            return Sent(
                keys=frozenset(connection.execute(select(kept.c.key).where(gone)).scalars()),
                told=frozenset((row.recipient, row.step) for row in connection.execute(told)),
                held=frozenset(
                    connection.execute(select(kept.c.recipient).where(kept.c.retry_at > now).distinct()).scalars()
                ),
            )

    def keep_due(self, notices: Sequence[Notice], now: datetime) -> None:
        """Keep messages that are to be sent. Forgotten are those that were and are not any more, and old ones."""
        kept, steps = tables.notices, tables.notice_steps
        old = kept.c.due_at <= now - KEPT
        with self._database.write() as connection:
            connection.execute(delete(steps).where(steps.c.notice.in_(select(kept.c.key).where(old))))
            connection.execute(delete(kept).where(or_(kept.c.outcome == DUE, old)))
            for notice in notices:
                row = {
                    "key": notice.key,
                    "recipient": notice.to,
                    "outcome": DUE,
                    "due_at": now,
                    "digest": digest_of([notice.title, notice.text]),
                    "body": notice.model_dump_json(),
                }
                insert_once(connection, kept, [row])
                failed = and_(kept.c.key == notice.key, kept.c.outcome == FAILED)
                connection.execute(update(kept).where(failed).values(row))

    def claim(self, key: str, now: datetime) -> Notice | None:
        """The message of that key, to be sent by whoever asks first; none for all others, ever.

        None, too, where another message told the same meanwhile: what is left is decided anew.
        """
        kept = tables.notices
        try:
            with self._database.write() as connection:
                which = and_(kept.c.key == key, kept.c.outcome == DUE)
                body = connection.execute(select(kept.c.body).where(which).with_for_update()).scalar_one_or_none()
                if body is None:
                    return None
                notice = Notice.model_validate_json(body)
                steps = [{"recipient": notice.to, "step": step, "notice": key} for step in notice.told]
                if steps:
                    connection.execute(insert(tables.notice_steps), steps)
                claimed = {"outcome": UNKNOWN, "claimed_at": now, "body": None, "retry_at": None, "says": None}
                connection.execute(update(kept).where(kept.c.key == key).values(claimed))
        except IntegrityError:
            return None
        return notice

    def arrived(self, key: str, now: datetime) -> None:
        """Note that a claimed message was sent."""
        kept = tables.notices
        with self._database.write() as connection:
            claimed = and_(kept.c.key == key, kept.c.outcome == UNKNOWN)
            connection.execute(update(kept).where(claimed).values(outcome=SENT, sent_at=now))

    def failed(self, key: str, kind: FailureKind, retry_at: datetime, untouched: bool) -> None:
        """Note why a claimed message failed. Where nobody got it for certain, what it told is to be told again."""
        kept, steps = tables.notices, tables.notice_steps
        with self._database.write() as connection:
            claimed = and_(kept.c.key == key, kept.c.outcome == UNKNOWN)
            values = {"outcome": FAILED, "retry_at": retry_at} if untouched else {}
            changed = connection.execute(update(kept).where(claimed).values(says=kind.value, **values)).rowcount
            if changed and untouched:
                connection.execute(delete(steps).where(steps.c.notice == key))

    def threads(self, recipient: str, review: str) -> Threads:
        """A review's thread in each channel of a recipient where it has one."""
        kept = tables.notice_threads
        which = and_(kept.c.recipient == recipient, kept.c.review_id == review)
        with self._database.read() as connection:
            rows = connection.execute(select(kept.c.channel, kept.c.thread).where(which))
            return {row.channel: row.thread for row in rows}

    def keep_threads(self, recipient: str, review: str, threads: Threads) -> None:
        """Keep in which threads a review is told of from now on. Channels that are not among them keep theirs."""
        rows = [
            {"recipient": recipient, "review_id": review, "channel": channel, "thread": thread}
            for channel, thread in threads.items()
        ]
        if rows:
            with self._database.write() as connection:
                insert_or_update(connection, tables.notice_threads, rows, ("recipient", "review_id", "channel"))

    def list(self, outcomes: Sequence[str] = (), limit: int = 100) -> Sequence[KeptNotice]:
        """What became of the last messages, newest first: of those with these outcomes, or of all."""
        kept = tables.notices
        columns = [column for column in kept.columns if column.name != "body"]
        query = select(*columns).order_by(kept.c.due_at.desc(), kept.c.key).limit(limit)
        if outcomes:
            query = query.where(or_(*(kept.c.outcome == outcome for outcome in outcomes)))
        with self._database.read() as connection:
            return [KeptNotice(**row) for row in connection.execute(query).mappings()]
