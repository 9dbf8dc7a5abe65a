"""A draft as it is read: every section in which something is said, beside those that a review's page tells itself."""

from dataclasses import dataclass

from domain.draft import DraftDocument
from domain.review import Review
from web.draft_fields import PARTS
from web.draft_form import Marks, Shown, ShownRows, shown


@dataclass(frozen=True)
class Said:
    """A field in which something is said; prose is Markdown."""

    label: str
    text: str
    is_prose: bool


@dataclass(frozen=True)
class Entry:
    """What belongs together: the fields of a row, or those that stand alone."""

    title: str
    said: list[Said]


@dataclass(frozen=True)
class Told:
    """A section."""

    id: str
    title: str
    entries: list[Entry]


_TOLD_APART = ("summary", "causes", "items")


def told(review: Review, document: DraftDocument) -> list[Told]:
    """The other sections of the template in which something is said, in its order."""
    data = document.model_dump(mode="json")
    found = []
    for section in review.policy.sections if review.policy else ():
        if section.id in _TOLD_APART:
            continue
        entries = list[Entry]()
        for part in shown(PARTS[section.id], data, Marks()):
            if isinstance(part, ShownRows):
                name = part.title if len(PARTS[section.id]) > 1 else ""
                entries += [Entry(name if row.number == "0" else "", _said(row.fields)) for row in part.rows]
            else:
                entries.append(Entry("", _said([part])))
        entries = [entry for entry in entries if entry.said]
        if entries:
            found.append(Told(section.id, section.title, entries))
    return found


def _said(fields: list[Shown]) -> list[Said]:
    return [Said(field.label, _words(field), field.kind == "prose") for field in fields if field.value]


def _words(field: Shown) -> str:
    named = dict(choice for _, choices in field.groups for choice in choices)
    return named.get(field.value, str(field.value))
