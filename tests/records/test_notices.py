"""Messages are claimed before they are sent: each is sent once, or its outcome is unknown and shown."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from domain.model.taxonomy import FailureKind
from domain.people.notifications import Notice
from records.operations.notifications import DUE, FAILED, KEPT, SENT, UNKNOWN
from records.store import Records

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOTICE = Notice(key="day/person/p-1/2026-03-02", to="person/p-1", title="T", text="Text.", told=("r/a", "r/b soon"))


def outcomes(records: Records) -> dict[str, str]:
    return {kept.key: kept.outcome for kept in records.notices.list()}


def test_a_message_is_claimed_once_and_then_its_outcome_is_unknown_until_it_is_known(records: Records) -> None:
    records.notices.keep_due([NOTICE], NOW)
    assert outcomes(records) == {NOTICE.key: DUE}
    assert records.notices.sent(NOW).keys == frozenset()
    assert records.notices.claim(NOTICE.key, NOW) == NOTICE
    assert outcomes(records) == {NOTICE.key: UNKNOWN}
    assert records.notices.claim(NOTICE.key, NOW) is None
    assert records.notices.sent(NOW).keys == {NOTICE.key}
    assert records.notices.sent(NOW).told == {(NOTICE.to, "r/a"), (NOTICE.to, "r/b soon")}
    records.notices.arrived(NOTICE.key, NOW + timedelta(seconds=1))
    (kept,) = records.notices.list([SENT])
    assert (kept.claimed_at, kept.sent_at) == (NOW, NOW + timedelta(seconds=1))
    assert kept.digest.startswith("sha256:")


def test_of_many_who_would_send_a_message_one_may(records: Records) -> None:
    records.notices.keep_due([NOTICE], NOW)
    with ThreadPoolExecutor(8) as threads:
        claimed = list(threads.map(lambda _: records.notices.claim(NOTICE.key, NOW), range(8)))
    assert sum(notice is not None for notice in claimed) == 1


def test_what_is_decided_again_after_it_was_claimed_is_not_due_again(records: Records) -> None:
    records.notices.keep_due([NOTICE], NOW)
    records.notices.claim(NOTICE.key, NOW)
    records.notices.keep_due([NOTICE], NOW)
    assert outcomes(records) == {NOTICE.key: UNKNOWN}
    assert records.notices.claim(NOTICE.key, NOW) is None


def test_what_is_not_wanted_any_more_is_forgotten(records: Records) -> None:
    records.notices.keep_due([NOTICE], NOW)
    records.notices.keep_due([], NOW)
    assert outcomes(records) == {}
    assert records.notices.claim(NOTICE.key, NOW) is None


def test_what_nobody_got_for_certain_is_told_again_and_not_too_soon(records: Records) -> None:
    records.notices.keep_due([NOTICE], NOW)
    records.notices.claim(NOTICE.key, NOW)
    records.notices.failed(NOTICE.key, FailureKind.UNAVAILABLE, NOW + timedelta(minutes=5), untouched=True)
    (kept,) = records.notices.list([FAILED])
    assert (kept.says, kept.retry_at) == ("unavailable", NOW + timedelta(minutes=5))
    assert records.notices.sent(NOW).held == {NOTICE.to}
    sent = records.notices.sent(NOW + timedelta(minutes=5))
    assert (sent.keys, sent.told, sent.held) == (frozenset(), frozenset(), frozenset())
    fresh = NOTICE.model_copy(update={"text": "What is asked by now."})
    records.notices.keep_due([fresh], NOW + timedelta(minutes=5))
    assert records.notices.claim(NOTICE.key, NOW) == fresh


def test_what_somebody_may_have_got_is_never_sent_again(records: Records) -> None:
    records.notices.keep_due([NOTICE], NOW)
    records.notices.claim(NOTICE.key, NOW)
    records.notices.failed(NOTICE.key, FailureKind.UNAVAILABLE, NOW + timedelta(minutes=5), untouched=False)
    (kept,) = records.notices.list([UNKNOWN])
    assert (kept.says, kept.retry_at) == ("unavailable", None)
    assert records.notices.sent(NOW).keys == {NOTICE.key}


def test_an_outcome_that_comes_too_late_changes_nothing(records: Records) -> None:
    records.notices.keep_due([NOTICE], NOW)
    records.notices.claim(NOTICE.key, NOW)
    records.notices.arrived(NOTICE.key, NOW)
    records.notices.failed(NOTICE.key, FailureKind.REJECTED, NOW, untouched=True)
    assert outcomes(records) == {NOTICE.key: SENT}
    assert records.notices.sent(NOW).told != frozenset()


def test_two_messages_do_not_tell_the_same_step(records: Records) -> None:
    other = NOTICE.model_copy(update={"key": "urgent/person/p-1/x"})
    records.notices.keep_due([NOTICE, other], NOW)
    assert records.notices.claim(NOTICE.key, NOW) is not None
    assert records.notices.claim(other.key, NOW) is None
    assert outcomes(records) == {NOTICE.key: UNKNOWN, other.key: DUE}


def test_what_was_told_long_ago_may_be_told_again(records: Records) -> None:
    records.notices.keep_due([NOTICE], NOW)
    records.notices.claim(NOTICE.key, NOW)
    for later, again in ((NOW + KEPT - timedelta(seconds=1), False), (NOW + KEPT, True)):
        records.notices.keep_due([NOTICE], later)
        assert (records.notices.claim(NOTICE.key, later) is not None) is again


def test_the_threads_of_a_review_are_kept_for_each_recipient_and_channel(records: Records) -> None:
    keep = records.notices.keep_threads
    keep("team/ml in threads", "r", {"#ml": "1.1", "#ops": "1.2"})
    keep("team/ml in threads", "s", {"#ml": "2.1"})
    keep("team/recs in threads", "r", {"#ml": "3.1"})
    keep("team/ml in threads", "r", {"#ops": "4.2"})
    keep("team/ml in threads", "r", {})
    assert records.notices.threads("team/ml in threads", "r") == {"#ml": "1.1", "#ops": "4.2"}
    assert records.notices.threads("team/ml in threads", "s") == {"#ml": "2.1"}
    assert records.notices.threads("team/recs in threads", "s") == {}
