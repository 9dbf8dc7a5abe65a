"""How things are said: durations, dates and the words of the vocabulary. Times are in UTC, and short."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.model.template import ANSWER

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_WORDS = {
    "sign_off": "Sign-off",
    "review": "The review",
    "latency_slo": "latency SLO",
    "accuracy_collapse_shift": "accuracy under shift",
    "near_miss": "near miss",
    "not_evaluated": "not evaluated",
    "forbidden": "not readable",
    "summary": "what happened",
    "causes": "why",
    "items": "what will be done",
}


@dataclass(frozen=True)
class Said:
    """Something in words. `tone` is `hold`, `wait`, `good` or empty; the words alone say all that it says.

    `part` is how much of it has passed, between 0 and 1, where that can be shown.
    """

    words: str
    tone: str = ""
    detail: str = ""
    part: float | None = None


def plain(word: str) -> str:
    """A word of the vocabulary as people write it; a stage or clock begins with a capital."""
    text = str(word).removeprefix(ANSWER)
    said = _WORDS.get(text, text.replace("_", " "))
    return said[:1].upper() + said[1:] if text in _BEGINS else said


_BEGINS = frozenset(
    {
        *("excluded", "stabilization", "draft", "sign_off", "remediation", "closed", "archived", "dismissed"),
        *("review", "effectiveness"),
        *("model", "data", "system", "evaluation", "governance"),
    }
)


def counted(count: int, thing: str) -> str:
    """`1 item`, `2 items`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def times(count: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def span(length: timedelta) -> str:
    """A length of time in one unit: `2 days`, `5 h`, `12 min`, `less than a minute`."""
    seconds = abs(length.total_seconds())
    if seconds >= 36 * 3600:
        return counted(int(seconds / 86400 + 0.5), "day")
    if seconds >= 5400:
        return f"{int(seconds / 3600 + 0.5)} h"
    return f"{int(seconds / 60 + 0.5)} min" if seconds >= 60 else "less than a minute"


def day(moment: datetime, now: datetime | None = None) -> str:
    """`4 Dec`; with its year where that is not the year of `now`."""
    utc = moment.astimezone(UTC)
    short = f"{utc.day} {_MONTHS[utc.month - 1]}"
    return short if now is None or utc.year == now.astimezone(UTC).year else f"{short} {utc.year}"


def minute(moment: datetime) -> str:
    """`4 Dec 10:12`, in UTC."""
    return f"{day(moment)} {moment.astimezone(UTC):%H:%M}"


def due(moment: datetime, now: datetime) -> Said:
    """How far off a due date is. It is late once it is past, and not before."""
    if now > moment:
        return Said(f"{span(now - moment)} late", "hold")
    today, that = now.astimezone(UTC).date(), moment.astimezone(UTC).date()
    if that == today:
        return Said(f"due today {moment.astimezone(UTC):%H:%M}", "wait")
    if that - today == timedelta(days=1):
        return Said("due tomorrow", "wait")
    return Said(f"due in {(that - today).days} days")


def quiet(until: datetime, total: timedelta, now: datetime, detail: str = "") -> Said:
    """How much of a quiet window has passed: `quiet for 9 of 24 h`."""
    seconds = total.total_seconds()
    passed = min(max(seconds - (until - now).total_seconds(), 0), seconds)
    unit, name = (3600, "h") if seconds >= 7200 else (60, "min") if seconds >= 120 else (1, "s")
    words = f"quiet for {int(passed / unit)} of {seconds / unit:g} {name}"
    return Said(words, detail=detail, part=round(passed / seconds, 3) if seconds else 1)


_MARKDOWN = ((r"\[([^\]]*)\]\([^)\s]*\)", r"\1"), (r"\*\*(.+?)\*\*", r"\1"), (r"`([^`]+)`", r"\1"))


def without_marks(text: str) -> str:
    """Markdown as plain text: links as their words, nothing in bold, list items with a bullet."""
    for mark, words in _MARKDOWN:
        text = re.sub(mark, words, text)
    return re.sub(r"(?m)^- ", "• ", text)


def size(count: int) -> str:
    """How much so many bytes are: `812 bytes`, `14 kB`, `1.2 MB`."""
    if count < 1000:
        return counted(count, "byte")
    return f"{count / 1000:.0f} kB" if count < 999_500 else f"{count / 1_000_000:.1f} MB".replace(".0 ", " ")


def short_name(handle: str) -> str:
    """A handle without the domain of its e-mail address."""
    return handle.partition("@")[0] or handle
