"""A draft as it is read: every section in which something is said, beside those that a review's page tells itself."""

from dataclasses import dataclass

from domain.drafts.document import DraftDocument
from domain.model.review import Review
from web.forms.draft_form import Marks, Shown, ShownRows, parts_of, shown


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
    found = []
    for section in review.policy.sections if review.policy else ():
        if section.id not in _TOLD_APART and (entries := said_in(section.id, document)):
            found.append(Told(section.id, section.title, entries))
    return found


def said_in(section: str, document: DraftDocument) -> list[Entry]:
    """What is said in a section, or in an answer; nothing where nothing is."""
    parts, entries = parts_of(section), list[Entry]()
    for part in shown(parts, document.model_dump(mode="json"), Marks()):
        if isinstance(part, ShownRows):
            name = part.title if len(parts) > 1 else ""
            entries += [Entry(name if row.number == "0" else "", _said(row.fields)) for row in part.rows]
        else:
            entries.append(Entry("", _said([part])))
    return [entry for entry in entries if entry.said]


def _said(fields: list[Shown]) -> list[Said]:
    return [Said(field.label, _words(field), field.kind == "prose") for field in fields if field.value]


def _words(field: Shown) -> str:
    named = dict(choice for _, choices in field.groups for choice in choices)
    if field.kind == "factors":
        return ", ".join(named[value] for value in field.value)
    return named.get(field.value, str(field.value))
