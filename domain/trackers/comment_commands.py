"""What people say to Holdfast in an issue's comment, and what they are answered.

/holdfast why
/holdfast extend 2026-12-24 the vendor's fix comes in a week
/holdfast verify https://ci.example/runs/4711 the replay raises the alert
"""

import re
from datetime import date
from typing import Literal

from domain.lifecycle.closure_rules import Blocker
from domain.lifecycle.effects import PRIVATE
from domain.model.review import Review
from domain.model.values import Record

_SAID = re.compile(r"^\s*/holdfast\b[ \t]*(.*)$", re.MULTILINE)

HELP = (
    "Say `/holdfast why`, `/holdfast extend YEAR-MONTH-DAY reason`, or `/holdfast verify ADDRESS` with the address of "
    "the evidence."
)
_ADDRESS = re.compile(r"^<?(https?://[^\s<>]{3,2000})>?$")


class Said(Record):
    """What a comment asks for; `address` is where evidence is, and `reason` what else was said."""

    what: Literal["why", "extend", "verify"]
    until: date | None = None
    address: str = ""
    reason: str = ""


class NotUnderstood(Exception):
    """A comment speaks to Holdfast, and does not say what is known here; the message is for who wrote it.

    It quotes nothing: what it says is recorded for ever, and what people write has to stay erasable.
    """


def said(text: str) -> Said | None:
    """What the first line of a comment that speaks to Holdfast asks for; none where no line does.

    Raises `NotUnderstood`.
    """
    found = _SAID.search(text)
    if found is None:
        return None
    what, _, rest = found[1].strip().partition(" ")
    if what == "why" and not rest.strip():
        return Said(what="why")
    rest = rest.strip().replace("\x00", "")
    if what == "extend":
        return _extend(rest)
    if what == "verify":
        return _verify(rest)
    raise NotUnderstood(f"That is not known here. {HELP}")


def _verify(rest: str) -> Said:
    address, _, note = rest.partition(" ")
    found = _ADDRESS.match(address)
    if found is None:
        raise NotUnderstood(f"The address of the evidence has to come after `verify`. {HELP}")
    return Said(what="verify", address=found[1], reason=note.strip())


def _extend(rest: str) -> Said:
    day, _, reason = rest.partition(" ")
    try:
        until = date.fromisoformat(day)
    except ValueError:
        raise NotUnderstood(f"A date like 2026-12-24 has to come after `extend`. {HELP}") from None
    if not reason.strip():
        raise NotUnderstood(f"Say why, too. {HELP}")
    return Said(what="extend", until=until, reason=reason.strip())


def why(review: Review, in_the_way: list[Blocker], address: str) -> str:
    """What stands between a review and its closure, and who can clear each; of a private one where that is told."""
    if review.private_to:
        return f"{PRIVATE} {address}"
    if not in_the_way:
        return f"Nothing is in the way of closing the review. {address}"
    lines = [f"- {blocker.sentence} Cleared by {blocker.cleared_by}." for blocker in in_the_way]
    return "\n".join([f"**In the way of closing the review: {len(in_the_way)}**", *lines, "", address])
