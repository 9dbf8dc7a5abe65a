from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from domain.trackers.ports import Attempts
from records.store import Records

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_claim_is_held_by_one_until_it_ends(records: Records) -> None:
    first = records.claims.claim("k", NOW, 60)
    assert first is not None
    assert first.earlier is None
    assert records.claims.claim("k", NOW + timedelta(seconds=59), 60) is None
    second = records.claims.claim("k", NOW + timedelta(seconds=61), 60)
    assert second is not None
    assert second.earlier == Attempts(first=NOW, last=NOW)


def test_a_released_claim_can_be_had_at_once_and_remembers_the_first_attempt(records: Records) -> None:
    first = records.claims.claim("k", NOW, 60)
    assert first is not None
    records.claims.release(first, NOW + timedelta(seconds=1))
    assert records.claims.claim("k", NOW, 60) is None
    again = records.claims.claim("k", NOW + timedelta(seconds=1), 60)
    assert again is not None
    assert again.earlier == Attempts(first=NOW, last=NOW)


def test_of_many_who_ask_at_once_one_gets_the_claim(records: Records) -> None:
    with ThreadPoolExecutor(8) as threads:
        claims = list(threads.map(lambda _: records.claims.claim("k", NOW, 60), range(8)))
    assert sum(claim is not None for claim in claims) == 1


def test_a_late_release_leaves_the_claim_of_the_next_attempt_alone(records: Records) -> None:
    late = records.claims.claim("k", NOW, 60)
    assert late is not None
    records.claims.claim("k", NOW + timedelta(seconds=61), 60)
    records.claims.release(late, NOW + timedelta(seconds=62))
    assert records.claims.claim("k", NOW + timedelta(seconds=63), 60) is None


def test_an_attempt_that_left_everything_untouched_does_not_count_as_the_last(records: Records) -> None:
    for minute, untouched in ((0, False), (1, False), (2, True)):
        claim = records.claims.claim("k", NOW + timedelta(minutes=minute), 60)
        assert claim is not None
        records.claims.release(claim, NOW + timedelta(minutes=minute), untouched)
    claim = records.claims.claim("k", NOW + timedelta(minutes=3), 60)
    assert claim is not None
    assert claim.earlier == Attempts(first=NOW, last=NOW + timedelta(minutes=1))
