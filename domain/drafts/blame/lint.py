"""Reading a text sentence by sentence with every rule."""

import re
from collections.abc import Iterator
from typing import Final

from domain.drafts.blame.people import subject_before
from domain.drafts.blame.remarks import LEVELS, Field, Remark, Tier, key_of, remark
from domain.drafts.blame.rules import RULES, Rule
from domain.drafts.blame.silence import silenced

_BREAK: Final = re.compile(r"(?<=[.!?])\s+|\n\s*\n|\n(?= *(?:[-*•#] |\d{1,3}[.)] |\d{1,2}:\d\d))")
_NOT_SO: Final = re.compile(
    r"\b(?:not|never|no|nor|nobody|neither|without|(?:rather|other) than|instead of)\b|n't\b", re.I
)
_LEFT, _RIGHT = 30, 200
"""In characters: how far before fault a 'not' counts, and how far behind it a reason."""


def lint(text: str, field: Field, salt: str = "") -> tuple[Remark, ...]:
    """What in `text` finds fault with people, in the order of the text; English only.

    Words alone are not enough: most rules want a person as their subject, and quotes, code and logs are not read.
    `salt` goes into the keys, so that a kept key gives no text away.
    """
    read, found = silenced(text), []
    for start, end in sentences(read):
        for rule in RULES:
            level = LEVELS[rule.tier].get(field)
            places = list(_places(rule, read, start, end)) if level else []
            if level and places:
                key = key_of(rule.rule, text[start:end], salt)
                found += [remark(rule, level, text, *place, key) for place in places]
    return tuple(sorted(found, key=lambda each: (each.start, each.end, each.rule)))


def sentences(read: str) -> Iterator[tuple[int, int]]:
    """Where each sentence, list item or line of a timeline begins and ends."""
    start = 0
    for gap in _BREAK.finditer(read):
        yield start, gap.start()
        start = gap.end()
    yield start, len(read)


def _places(rule: Rule, read: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    taken = start
    for begin, stop in sorted(
        [
            *_alone(rule, read, start, end),
            *_of(rule.of_people, read, start, end),
            *_of(rule.of_people_only, read, start, end, first_names=True),
        ]
    ):
        denied = rule.tier is Tier.FAULT and _NOT_SO.search(read, max(taken, begin - _LEFT), begin)
        if begin >= taken and not denied and not rule.unless.search(read, stop, min(end, stop + _RIGHT)):
            taken = stop
            yield begin, stop


def _alone(rule: Rule, read: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for found in rule.alone.finditer(read[start:end]):
        yield start + found.start(), start + found.end()


def _of(said: re.Pattern[str], read: str, start: int, end: int, first_names: bool = False) -> Iterator[tuple[int, int]]:
    for found in said.finditer(read, start, end):
        person = subject_before(read, start, found.start(), first_names)
        if person is not None:
            yield person, found.end()
