"""Messages, from the records to the notifier: decided, claimed, sent once, and never by guesswork again."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError

from activities.notices import LONG_PAUSE, NoticeActivities
from domain.lifecycle.inputs import Tick
from domain.people.notifications import Book, Notice, Recipient, Way, named, person, team
from domain.trackers.ports import (
    NO_THREADS,
    Notifier,
    RateLimitedError,
    Threads,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)
from integrations.notifiers.memory import InMemoryNotifier
from records import tables
from records.calendars import Calendars
from records.operations.notifications import KeptNotice
from records.store import Records
from tests.domain.build import CATALOGUE
from tests.records.build import PERSON, Teller, told

OWNER, RECS = person(PERSON), team("recs")
BOOK = Book(recipients={id: Recipient(id=id) for id in (OWNER, RECS)})


class Crash(InMemoryNotifier):
    """A process that dies while it sends."""

    def send(self, to: str, title: str, text: str, threads: Threads = NO_THREADS) -> Threads:
        super().send(to, title, text, threads)
        raise MemoryError(f"while sending {text} to slack://hush")


THREADS = named(RECS, Way.THREADS)
IN_THREADS = Book(recipients={RECS: Recipient(id=RECS, ways=(Way.THREADS,))})


@pytest.fixture
def notifier() -> InMemoryNotifier:
    return InMemoryNotifier([OWNER, RECS])


def activities(records: Records, notifier: Notifier, book: Book = BOOK) -> NoticeActivities:
    def address(review: str) -> str:
        return f"http://127.0.0.1/reviews/{review}"

    calendars = Calendars(CATALOGUE)
    return NoticeActivities(records.reviews, records.people, records.notices, notifier, book, address, calendars.of)


@pytest.fixture
def review(sqlite_records: Records) -> str:
    """A review whose draft was due long ago."""
    teller = Teller(sqlite_records)
    title = sqlite_records.people.keep("Stale\nrecommendations")
    incident = told().incident
    teller.say("pagerduty:Q1", told().model_copy(update={"incident": incident.model_copy(update={"title": title})}))
    teller.now += timedelta(hours=25)
    teller.say("pagerduty:Q1", Tick())
    return "pagerduty:Q1"


def the_daily(records: Records) -> KeptNotice:
    return next(kept for kept in records.notices.list() if kept.key.startswith(f"day/{OWNER}"))


def test_what_is_asked_is_told_and_told_once(sqlite_records: Records, notifier: InMemoryNotifier, review: str) -> None:
    acting = activities(sqlite_records, notifier)
    keys = acting.decide_notices().keys
    assert [acting.send_notice(key) for key in keys] == ["sent"] * len(keys)
    assert [acting.send_notice(key) for key in keys] == ["left alone"] * len(keys)
    told_owner = [text for to, _, text in notifier.sent if to == OWNER]
    assert all(text.startswith(f"{review}: Stale recommendations\n- ") for text in told_owner)
    assert any(f"Late since 10 Mar 2026 10:00 (UTC). http://127.0.0.1/reviews/{review}#draft" in t for t in told_owner)
    assert acting.decide_notices().keys == ()
    assert {kept.outcome for kept in sqlite_records.notices.list()} == {"sent"}


def test_a_crash_leaves_an_unknown_outcome_and_no_second_message(
    sqlite_records: Records, review: str, caplog: pytest.LogCaptureFixture
) -> None:
    crashing = Crash([OWNER, RECS])
    acting = activities(sqlite_records, crashing)
    keys = [key for key in acting.decide_notices().keys if key.startswith("day/person")]
    with pytest.raises(ApplicationError, match=r"^MemoryError: sending failed$") as raised:
        acting.send_notice(keys[0])
    assert raised.value.non_retryable
    assert "hush" not in caplog.text
    assert the_daily(sqlite_records).outcome == "unknown"
    assert acting.send_notice(keys[0]) == "left alone"
    assert keys[0] not in acting.decide_notices().keys
    assert len(crashing.sent) == 1


@pytest.mark.parametrize(
    ("error", "outcome", "word"),
    [
        (UnavailableError("away", untouched=True), "failed", "unavailable"),
        (UnavailableError("no answer"), "unknown", "unavailable"),
        (RateLimitedError("slow", datetime(2126, 1, 1, tzinfo=UTC), untouched=True), "failed", "rate_limited"),
    ],
)
def test_what_failed_is_kept_with_its_reason(
    sqlite_records: Records, notifier: InMemoryNotifier, review: str, error: TrackerError, outcome: str, word: str
) -> None:
    acting = activities(sqlite_records, notifier)
    key = next(key for key in acting.decide_notices().keys if key.startswith("day/person"))
    notifier.fail(error)
    assert acting.send_notice(key) == word
    kept = the_daily(sqlite_records)
    assert (kept.outcome, kept.says) == (outcome, word)
    sent = sqlite_records.notices.sent(datetime.now(UTC) + timedelta(minutes=6))
    assert (key in sent.keys) is (outcome == "unknown")
    assert (OWNER in sent.held) is (error.retry_at is not None)


def test_a_refused_address_is_left_alone_for_longer(
    sqlite_records: Records, notifier: InMemoryNotifier, review: str
) -> None:
    acting = activities(sqlite_records, notifier)
    refused = UnauthorisedError("no")
    refused.untouched = True
    notifier.fail(refused)
    acting.send_notice(next(key for key in acting.decide_notices().keys if key.startswith("day/person")))
    retry_at = the_daily(sqlite_records).retry_at
    assert retry_at is not None
    assert retry_at > datetime.now(UTC) + LONG_PAUSE - timedelta(minutes=1)
    assert not any(OWNER in key for key in acting.decide_notices().keys)


def test_what_is_told_of_a_review_stands_in_its_thread_and_the_digest_in_none(
    sqlite_records: Records, review: str
) -> None:
    notifier = InMemoryNotifier([THREADS], ["#recs"])
    acting = activities(sqlite_records, notifier, IN_THREADS)
    for key in acting.decide_notices().keys:
        assert acting.send_notice(key) == "sent"
    begun = sqlite_records.notices.threads(THREADS, review)
    told = dict(zip((title for _, title, _ in notifier.sent), notifier.stands, strict=True))
    assert [stands for title, stands in told.items() if review in title] == [begun]
    assert [stands for title, stands in told.items() if "The week of" in title] != [begun]
    notice = Notice(key="another", to=THREADS, title="later", text="Text.", thread=review)
    for ended in (False, True):
        sqlite_records.notices.keep_due([notice.model_copy(update={"key": f"another {ended}"})], datetime.now(UTC))
        if ended:
            notifier.end_threads()
        assert acting.send_notice(f"another {ended}") == "sent"
        assert (notifier.stands[-1] == begun) is not ended
        assert sqlite_records.notices.threads(THREADS, review) == notifier.stands[-1]


def test_a_crash_leaves_an_unknown_outcome_in_a_thread_too(sqlite_records: Records, review: str) -> None:
    crashing = Crash([THREADS], ["#recs"])
    acting = activities(sqlite_records, crashing, IN_THREADS)
    key = next(key for key in acting.decide_notices().keys if not key.startswith("week"))
    with pytest.raises(ApplicationError):
        acting.send_notice(key)
    assert [kept.key for kept in sqlite_records.notices.list(["unknown"])] == [key]
    assert acting.send_notice(key) == "left alone"
    assert key not in acting.decide_notices().keys
    assert sqlite_records.notices.threads(THREADS, review) == {}


def test_where_nobody_can_be_told_nothing_is_decided(sqlite_records: Records, review: str) -> None:
    assert activities(sqlite_records, InMemoryNotifier([]), Book()).decide_notices().keys == ()
    assert sqlite_records.notices.list() == []


def test_what_cannot_be_decided_says_nothing_of_what_it_was_about(sqlite_records: Records, review: str) -> None:
    with sqlite_records.database.write() as connection:
        connection.execute(update(tables.reviews).values(state='{"id": "the text"}x'))
    with pytest.raises(ApplicationError, match=r"^ValidationError: deciding failed$"):
        activities(sqlite_records, InMemoryNotifier([])).decide_notices()
