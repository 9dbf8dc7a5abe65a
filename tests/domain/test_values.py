"""Periods, times and digests."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.model.values import (
    END_OF_TIME,
    Calendar,
    Line,
    Period,
    PeriodText,
    Prose,
    Utc,
    canonical_json,
    digest_of,
    text_ref,
)
from tests.domain.build import NOW, spec

PERIOD: TypeAdapter[Period] = TypeAdapter(PeriodText)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("0 s", Period()),
        ("90 s", Period(seconds=90)),
        ("10 min", Period(seconds=600)),
        ("24 h", Period(seconds=86400)),
        ("3 days", Period(seconds=3 * 86400)),
        ("1 day", Period(seconds=86400)),
        ("2 weeks", Period(seconds=14 * 86400)),
        ("5 business days", Period(business_days=5)),
        ("1 business day", Period(business_days=1)),
    ],
)
def test_a_period_reads_and_writes_itself_as_text(text: str, period: Period) -> None:
    assert PERIOD.validate_python(text) == period
    assert PERIOD.validate_json(PERIOD.dump_json(period)) == period


def test_a_period_that_is_one_already_stays_as_it_is() -> None:
    assert PERIOD.validate_python(Period(seconds=5)) == Period(seconds=5)


@pytest.mark.parametrize("text", ["", "soon", "3", "3 moons", "-3 days", "5 business hours", "1.5 days"])
def test_what_is_no_period_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError, match="write one like '24 h'"):
        PERIOD.validate_python(text)


def test_a_period_is_never_negative() -> None:
    with pytest.raises(ValidationError):
        Period(seconds=-1)


@pytest.mark.parametrize(
    ("period", "text"),
    [
        (Period(seconds=86400), "1 day"),
        (Period(seconds=7200), "2 h"),
        (Period(seconds=120), "2 min"),
        (Period(seconds=61), "61 s"),
        (Period(), "0 s"),
        (Period(business_days=1), "1 business day"),
        (Period(business_days=2), "2 business days"),
    ],
)
def test_a_period_is_said_in_the_largest_whole_unit(period: Period, text: str) -> None:
    assert str(period) == text


def test_business_days_skip_weekends_and_holidays_and_keep_the_time_of_day() -> None:
    friday = datetime(2026, 3, 6, 15, 30, tzinfo=UTC)
    assert Period(business_days=1).after(friday) == datetime(2026, 3, 9, 15, 30, tzinfo=UTC)
    assert Period(business_days=5).after(friday) == datetime(2026, 3, 13, 15, 30, tzinfo=UTC)
    monday_off = Calendar(holidays=frozenset({date(2026, 3, 9)}))
    assert Period(business_days=1).after(friday, monday_off) == datetime(2026, 3, 10, 15, 30, tzinfo=UTC)


def test_business_days_are_those_of_the_team_and_keep_its_time_of_day_when_the_clocks_change() -> None:
    berlin = Calendar(zone="Europe/Berlin", holidays=frozenset({date(2026, 4, 3), date(2026, 4, 6)}))
    friday = datetime(2026, 3, 27, 15, 30, tzinfo=UTC)  # 16:30 there; the clocks go forward on Sunday
    assert Period(business_days=1).after(friday, berlin) == datetime(2026, 3, 30, 14, 30, tzinfo=UTC)
    assert Period(business_days=5).after(friday, berlin) == datetime(2026, 4, 7, 14, 30, tzinfo=UTC)
    assert Period(seconds=3 * 86400).after(friday, berlin) == datetime(2026, 3, 30, 15, 30, tzinfo=UTC)
    late_sunday = datetime(2026, 3, 8, 20, tzinfo=UTC)  # Monday already in Auckland
    auckland = Calendar(zone="Pacific/Auckland")
    assert auckland.day(late_sunday) == date(2026, 3, 9)
    assert Period(business_days=1).after(late_sunday, auckland) == datetime(2026, 3, 9, 20, tzinfo=UTC)


@given(
    st.integers(-10_000, 25_000).map(lambda hours: NOW + timedelta(hours=hours, minutes=hours % 60)),
    st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata")),
    st.integers(1, 15),
    st.frozensets(st.dates(date(2025, 1, 1), date(2029, 1, 1)), max_size=5),
)
def test_a_period_of_business_days_ends_on_a_workday_after_as_many_of_them(
    start: datetime, zone: str, days: int, holidays: frozenset[date]
) -> None:
    calendar = Calendar(zone=zone, holidays=holidays)
    end = Period(business_days=days).after(start, calendar)
    first, last = calendar.day(start), calendar.day(end)
    assert calendar.is_workday(last)
    between = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert sum(map(calendar.is_workday, between)) == days


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd"])
def test_a_time_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="is not a time zone; write one like"):
        Calendar(zone=name)


def test_a_period_ends_at_the_same_moment_wherever_its_start_was_written() -> None:
    abroad = NOW.replace(hour=2).astimezone(timezone(timedelta(hours=-5)))
    for period in (Period(seconds=3600), Period(business_days=1)):
        assert period.after(abroad) == period.after(abroad.astimezone(UTC))


def test_a_period_that_goes_past_the_calendar_ends_with_it() -> None:
    late = datetime(9999, 12, 31, 23, tzinfo=UTC)
    for period in (Period(seconds=86400), Period(seconds=10**15), Period(business_days=3)):
        assert period.after(late) == END_OF_TIME


def test_a_time_without_a_zone_is_refused_and_another_zone_becomes_utc() -> None:
    utc: TypeAdapter[datetime] = TypeAdapter(Utc)
    with pytest.raises(ValidationError):
        utc.validate_python(NOW.replace(tzinfo=None))
    there = utc.validate_python(NOW.astimezone(timezone(timedelta(hours=9))))
    assert (there, there.utcoffset()) == (NOW, timedelta(0))


def test_the_same_value_has_the_same_digest_whatever_its_order() -> None:
    assert canonical_json({"b": 1, "a": "ü"}) == '{"a":"ü","b":1}'
    assert digest_of({"b": 1, "a": 2}) == digest_of({"a": 2, "b": 1})
    assert digest_of(spec()) == digest_of(spec().model_dump(mode="json"))
    assert digest_of(spec()) != digest_of(spec("I2"))


def test_a_salt_changes_every_digest() -> None:
    assert digest_of("text", "salt") != digest_of("text")
    assert text_ref("text", "salt") == text_ref("text", "salt") != text_ref("text", "another")


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (Line, "x" * 301, "longer than 300 characters"),
        (Line, "a\nb", "must be one line"),
        (Prose, "x" * 100_001, "longer than 100000 characters"),
        (Prose, "a\x00b", "NUL"),
        (Utc, "0001-01-01T00:00:00+14:00", "no such moment in UTC"),
    ],
)
def test_what_no_database_can_keep_is_refused(kind: Any, value: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        TypeAdapter(kind).validate_python(value)
