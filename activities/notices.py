"""Messages to people: what is due is decided from the records, claimed there, and then sent.

No review waits for any of this, and none is ever changed by it. Temporal's history gets keys, and no text.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from domain.model.review import Review
from domain.model.taxonomy import FailureKind
from domain.model.values import Calendar, Message, PersonId, TextRef
from domain.people.notifications import Asking, Book, Notice, Sent, due_notices
from domain.people.tasks import Role, Wanted, asks
from domain.trackers.ports import NO_THREADS, Notifier, RateLimitedError, Threads, TrackerError, UnavailableError

AT_ONCE = 200
"""How many messages are sent in one go; the next one follows soon."""

PAUSE, LONG_PAUSE = timedelta(minutes=5), timedelta(hours=1)
"""How long a recipient is left alone after a failure: one that time mends, and one that a person has to mend."""

log = logging.getLogger(__name__)


class AskingReviews(Protocol):
    """Where the reviews are listed."""

    def asking(self) -> Sequence[Review]:
        """The reviews that asked something of somebody when they were recorded last."""
        ...


class Names(Protocol):
    """What people and texts are behind references."""

    def handles(self, ids: Iterable[PersonId]) -> dict[PersonId, str]:
        """The handles behind ids."""
        ...

    def texts(self, refs: Iterable[TextRef | None]) -> dict[TextRef, str]:
        """The texts behind references."""
        ...


class KeptNotices(Protocol):
    """Where messages wait and are claimed."""

    def sent(self, now: datetime) -> Sent:
        """What was sent, or may have been."""
        ...

    def keep_due(self, notices: Sequence[Notice], now: datetime) -> None:
        """Keep messages that are to be sent."""
        ...

    def claim(self, key: str, now: datetime) -> Notice | None:
        """A message to be sent by whoever asks first."""
        ...

    def arrived(self, key: str, now: datetime) -> None:
        """Note that a claimed message was sent."""
        ...

    def threads(self, recipient: str, review: str) -> Threads:
        """A review's thread in each channel of a recipient where it has one."""
        ...

    def keep_threads(self, recipient: str, review: str, threads: Threads) -> None:
        """Keep in which threads a review is told of from now on."""
        ...

    def failed(self, key: str, kind: FailureKind, retry_at: datetime, untouched: bool) -> None:
        """Note why a claimed message failed."""
        ...


class DueNotices(Message):
    """The keys of the messages that are to be sent now."""

    keys: tuple[str, ...] = ()


class NoticeActivities:
    """Tells people in time what is asked of them."""

    def __init__(
        self,
        reviews: AskingReviews,
        names: Names,
        notices: KeptNotices,
        notifier: Notifier,
        book: Book,
        address_of: Callable[[str], str],
        calendar_of: Callable[[str | None, datetime], Calendar],
    ) -> None:
        self._reviews = reviews
        self._names = names
        self._notices = notices
        self._notifier = notifier
        self._book = book
        self._address_of = address_of
        self._calendar_of = calendar_of

    @activity.defn
    def decide_notices(self) -> DueNotices:
        """Decide which messages go out now, and keep them until they are claimed.

        A failure goes into the history by its name alone: what it says may quote a text.
        """
        if not self._book.recipients:
            return DueNotices()
        try:
            return self._decide(datetime.now(UTC))
        except Exception as error:
            log.exception("it could not be decided who is to be told what")
            raise ApplicationError("deciding failed", type=type(error).__name__) from None

    def _decide(self, now: datetime) -> DueNotices:
        asking = self._asking(now)
        book = self._book.model_copy(update={"called": self._called(asking)})
        due = due_notices(asking, book, self._notices.sent(now), now)[:AT_ONCE]
        self._notices.keep_due(due, now)
        return DueNotices(keys=tuple(notice.key for notice in due))

    def _asking(self, now: datetime) -> list[Asking]:
        that_ask = [(review, wanted) for review in self._reviews.asking() if (wanted := asks(review, now))]
        titles = self._names.texts(review.title for review, _ in that_ask)
        return [self._of(review, wanted, titles, now) for review, wanted in that_ask]

    def _of(self, review: Review, wanted: tuple[Wanted, ...], titles: Mapping[TextRef, str], now: datetime) -> Asking:
        assert review.policy is not None
        return Asking(
            review=review.id,
            title=" ".join(titles[review.title].split()) if review.title else "",
            team=review.team,
            address=self._address_of(review.id),
            calendar=self._calendar_of(review.team, now),
            escalation=review.policy.escalation,
            asks=wanted,
        )

    def _called(self, asking: Sequence[Asking]) -> dict[PersonId, str]:
        people = {w.of.id for one in asking for w in one.asks if w.of.role is Role.PERSON}
        return self._names.handles(people)

    @activity.defn
    def send_notice(self, key: str) -> str:
        """Claim a message and send it; what came of it in a word. One that was claimed before is left alone."""
        notice = self._notices.claim(key, datetime.now(UTC))
        if notice is None:
            return "left alone"
        try:
            known = self._notices.threads(notice.to, notice.thread) if notice.thread else NO_THREADS
            threads = self._notifier.send(notice.to, notice.title, notice.text, known)
        except TrackerError as error:
            log.warning("%s was not sent as it should be: %s", key, error)
            pause = PAUSE if isinstance(error, UnavailableError | RateLimitedError) else LONG_PAUSE
            retry_at = max(error.retry_at or datetime.now(UTC), datetime.now(UTC) + pause)
            self._notices.failed(key, error.kind, retry_at, error.untouched)
            return error.kind.value
        except Exception as error:  # what it says may quote an address with its secret
            log.error("%s: nobody knows whether it was sent: %s", key, type(error).__name__)
            raise ApplicationError("sending failed", type=type(error).__name__, non_retryable=True) from None
        if notice.thread:
            self._notices.keep_threads(notice.to, notice.thread, threads)
        self._notices.arrived(key, datetime.now(UTC))
        return "sent"
