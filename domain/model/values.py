"""The small values that everything in the domain is made of: frozen records, UTC times, periods, digests."""

import hashlib
import json
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

PERSON, TEXT = "person", "text"
"""What a field stands for, so that a door can put ids and references in the place of names and texts."""

PersonId = Annotated[str, PERSON]
"""An opaque id of a person. The name behind it is kept apart, and can be erased."""

TextRef = Annotated[str, TEXT]
"""A salted digest that stands for a text kept apart from the events, so that it can be erased."""


LONGEST_LINE, LONGEST_PROSE = 300, 100_000
"""In characters: for names, keys and handles, and for what people write."""


def _line(text: str) -> str:
    if len(text) > LONGEST_LINE:
        raise ValueError(f"must not be longer than {LONGEST_LINE} characters")
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line, and not empty")
    return text


def _prose(text: str) -> str:
    if len(text) > LONGEST_PROSE:
        raise ValueError(f"must not be longer than {LONGEST_PROSE} characters")
    if "\x00" in text:
        raise ValueError("must not hold a NUL character, which not every database can keep")
    return text


Line = Annotated[str, AfterValidator(_line)]
"""One line that every database can keep: a name, a key, a handle."""

Prose = Annotated[str, AfterValidator(_prose)]
"""What people write, as every database can keep it."""


class Record(BaseModel):
    """A value that never changes and knows no field but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Message(Record):
    """A record that Temporal's history keeps, and that another release reads: what it does not know it leaves alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("there is no such moment in UTC") from None


Utc = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment in UTC. A time without a zone is refused, since guessing one would move deadlines."""

END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)

_UNITS: Final = {"s": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "day": 86400, "week": 604800}
_PERIOD: Final = re.compile(r"^(\d+) ?(business )?([a-z]+?)s?$")


def end_of(day: date) -> datetime:
    """The last second of a day, in UTC: until when something is in time that is due on it."""
    return datetime.combine(day, time(23, 59, 59), UTC)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; write one like 'Europe/Berlin' or 'UTC'") from None
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]
"""A time zone by its name in the IANA database, whose data comes with the package `tzdata`."""


class Calendar(Record):
    """How days are counted somewhere: in which time zone, and on which dates nobody works beside the weekends."""

    zone: ZoneName = "UTC"
    holidays: frozenset[date] = frozenset()

    def local(self, moment: datetime) -> datetime:
        """A moment as the clocks there show it."""
        return moment.astimezone(ZoneInfo(self.zone))

    def day(self, moment: datetime) -> date:
        """The date that it is there at a moment."""
        return self.local(moment).date()

    def is_workday(self, day: date) -> bool:
        """Whether people work there on that date: not on Saturdays, Sundays and holidays."""
        return day.weekday() < 5 and day not in self.holidays


class Period(Record):
    """A length of time as a policy writes it: `24 h`, `3 days`, or `5 business days`."""

    seconds: int = Field(default=0, ge=0)
    business_days: int = Field(default=0, ge=0)

    def after(self, start: datetime, calendar: Calendar = Calendar()) -> datetime:  # noqa: B008 (it never changes)
        """The moment (UTC) at which this period, begun at `start`, has passed.

        Business days are those of `calendar`, and keep the time of day there; all other days are 24 hours. What would
        pass after the end of time passes at its end.
        """
        try:
            moment, left = calendar.local(start), self.business_days
            while left > 0:
                moment += timedelta(days=1)  # on the wall clock there, whatever was done to it meanwhile
                left -= calendar.is_workday(moment.date())
            return moment.astimezone(UTC) + timedelta(seconds=self.seconds)
        except OverflowError:
            return END_OF_TIME

    def __str__(self) -> str:
        if self.business_days:
            return f"{self.business_days} business day{'s' if self.business_days != 1 else ''}"
        for name in ("day", "h", "min"):
            if self.seconds and self.seconds % _UNITS[name] == 0:
                count = self.seconds // _UNITS[name]
                return f"{count} {name}{'s' if name == 'day' and count != 1 else ''}"
        return f"{self.seconds} s"


def _read_period(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _PERIOD.match(value.strip())
    if match is None or match[3] not in _UNITS or (match[2] and match[3] != "day"):
        raise ValueError(f"{value!r} is not a period; write one like '24 h', '3 days' or '5 business days'")
    if match[2]:
        return Period(business_days=int(match[1]))
    return Period(seconds=int(match[1]) * _UNITS[match[3]])


PeriodText = Annotated[Period, BeforeValidator(_read_period), PlainSerializer(str, return_type=str)]
"""A `Period` that reads and writes itself as text."""


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spare space: the same value gives the same text.

    For strings, integers, lists and objects with ASCII keys this is RFC 8785; floats do not occur in what we digest.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: Any, salt: str = "") -> str:
    """`sha256:…` over the salt and the canonical JSON of `value` (a record or plain data)."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return "sha256:" + hashlib.sha256((salt + canonical_json(plain)).encode()).hexdigest()


def text_ref(text: str, salt: str) -> TextRef:
    """The reference under which `text` is kept apart from the events."""
    return "text:" + hashlib.sha256((salt + text).encode()).hexdigest()
