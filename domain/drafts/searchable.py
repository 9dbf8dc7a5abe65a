"""What of a review is found by its words: its facts and its newest draft, in parts that can be pointed at.

Names of people are left out: who did what is in the audit log, and a search is no way to look for somebody.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from domain.drafts.document import FIELDS_OF, DraftDocument
from domain.model.review import Review
from domain.model.template import ANSWER, SECTIONS
from domain.model.values import Record, TextRef

LONGEST = 100_000
"""In characters: so much of a review's facts, and of its draft, is found. PostgreSQL indexes a megabyte at most."""

TITLE, ABOUT = "title", "about"
"""The parts of the facts that are no section of a draft."""


class Part(Record):
    """A part of a review: `title`, `about`, or a section of the draft; and what is said in it."""

    id: str
    texts: tuple[str, ...]


def facts(review: Review, text: Callable[[TextRef], str]) -> list[Part]:
    """What is recorded of a review. `text` gives the text behind a reference; nothing where it was erased."""
    incidents, items = review.incidents.values(), review.items.values()
    about = [review.id, review.service, *review.models, *review.kinds]
    for incident in incidents:
        about += [incident.ref, incident.service, incident.key or ""]
        about += [text(incident.title)] if incident.title != review.title else []
    promised = []
    for item in items:
        promised += [text(item.spec.title), text(item.spec.end_state) if item.spec.end_state else ""]
        promised += [ref.key for ref in (*item.formerly, *([item.ref] if item.ref else []))]
    title = [text(review.title)] if review.title else []
    return _bounded([(TITLE, title), (ABOUT, about), ("items", promised)])


def sections(document: DraftDocument | None) -> list[Part]:
    """What a draft says, section by section; nothing where there is none, or it was erased."""
    if document is None:
        return []
    said = [(id, [text for name in FIELDS_OF[id] for text in _texts(getattr(document, name))]) for id in SECTIONS]
    return _bounded([*said, *((f"{ANSWER}{id}", [answer]) for id, answer in sorted(document.answers.items()))])


_LEFT_OUT = frozenset({"id", "owner", "led_to", "prevents", "confidence", "item_class", "strength"})
"""Fields of a draft that are not found: who owns an item, and words that are in nearly every draft."""


@cache
def _found_in(kind: type[Record]) -> tuple[str, ...]:
    """The fields of a part in which something is found."""
    return tuple(name for name in kind.model_fields if name not in _LEFT_OUT)


def _texts(value: Any) -> Iterator[str]:
    """All that is said in a part of a draft, however deep."""
    if isinstance(value, Record):
        for name in _found_in(type(value)):
            yield from _texts(getattr(value, name))
    elif isinstance(value, dict | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
    elif value is not None and not isinstance(value, date | Decimal):  # a moment is a date, too
        yield str(value)


def _bounded(parts: Iterable[tuple[str, Iterable[str]]]) -> list[Part]:
    """The parts in which something is said, as far as they fit, each text once."""
    left, found = LONGEST, []
    for id, said in parts:
        kept = []
        for text in dict.fromkeys(filter(str.strip, said)):
            if left > 0:
                kept.append(text[:left])
                left -= len(text)
        if kept:
            found.append(Part(id=id, texts=tuple(kept)))
    return found
