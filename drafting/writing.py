"""From a draft to the file that people write in: every part that the template asks for, and whatever else is there."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from domain.drafts.document import DraftDocument
from domain.model.taxonomy import CAUSES, Dimension
from domain.model.template import SECTIONS, Question, Section
from domain.model.values import Record
from drafting import plain_yaml
from drafting.header import Header, fingerprint, written
from drafting.notation import EMPTY, WINDOWS, escaped, heading, hint, is_windows, lines_of, prose_lines
from drafting.places import LISTS, RECORDS, TEXTS, TOLD, Place, spelled
from drafting.shapes import shape, unsaid

_ALWAYS = ("summary", "causes", "items")

_HOW = """Write below the headings. The comments behind them say what each part is: leave those as they are.
Comments like this one are for you, and are not read back. Whatever you leave out stays open.
In a block of YAML take the # off the fields that you fill in. Every value is taken as it is written: no figure is
rounded, and numbers and dates need no quotes.
To find mistakes: holdfast draft check FILE. To save: holdfast draft push FILE. Then: holdfast draft submit FILE."""


def to_markdown(
    document: DraftDocument, header: Header, sections: Sequence[Section], questions: Sequence[Question]
) -> str:
    """The whole file. The same draft under the same template always gives the same text.

    Sections and questions come in the template's order; what the draft has beside them, after those.
    """
    body = "\n".join(["", hint(_HOW), "", *_parts(document, sections, questions)])
    return written(header.model_copy(update={"saved": fingerprint(lines_of(body))})) + body


def _parts(document: DraftDocument, sections: Sequence[Section], questions: Sequence[Question]) -> Iterator[str]:
    asked = {section.id: section for section in sections}
    for id in SECTIONS:
        if id not in asked and (id in _ALWAYS or _says(document, id)):
            asked[id] = Section(id=id, title=_title(id))
    for section in asked.values():
        yield from _section(document, section)
    prompts = {question.id: question for question in questions}
    for id in (*prompts, *(id for id in document.answers if id not in prompts)):
        question = prompts.get(id, Question(id=id, prompt=id))
        yield from _prose(2, question.prompt, ("answers", id), document.answers.get(id), question.about)
    if document.kept:
        about = "Remarks of the blameless lint that stand, by their keys, and why."
        yield from _fields(2, "Kept as it is said", ("kept",), dict(document.kept), [], about)


def _says(document: DraftDocument, id: str) -> bool:
    names = ("factors", "considered") if id == "causes" else (id,)
    return any(getattr(document, name) != DraftDocument.model_fields[name].get_default() for name in names)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _section(document: DraftDocument, section: Section) -> Iterator[str]:
    id, title, about = section.id, section.title, section.about
    if id in TEXTS:
        yield from _prose(2, title, (id,), getattr(document, id), about)
    elif id == "causes":
        yield from _group(title, id, about, _CAUSES)
        yield from _numbered(document, "factors", "F1")
        yield from _considered(document)
    elif id == "items":
        yield from _group(title, id, about, _ITEMS)
        yield from _numbered(document, "items", "I1")
    elif id in LISTS:
        entries = document.model_dump(mode="json", include={id}, exclude_defaults=True).get(id, [])
        yield from _fields(2, title, (id,), entries, [f"- {shape(LISTS[id])}"], about)
    else:
        yield from _record(2, title, (id,), getattr(document, id), about)


_CAUSES = "\n".join(
    (
        "For another factor copy all of F1, name it F2 wherever F1 stands in a heading or its comment, and go on so.",
        "A factor of which nothing is said is not there. The causes of each dimension:",
        *(f"  {dimension}: {', '.join(sorted(CAUSES[dimension]))}" for dimension in Dimension),
    )
)

_ITEMS = """For another item copy all of I1, name it I2 wherever I1 stands in a heading or its comment, and go on so.
An item of which nothing is said is not there."""


def _group(title: str, id: str, about: str, how: str) -> Iterator[str]:
    yield from (heading(2, title, id), "", hint("\n".join(filter(None, (about, how)))), "")


def _numbered(document: DraftDocument, part: str, first: str) -> Iterator[str]:
    known = {record.id: record for record in getattr(document, part)}
    for id, record in (known or {first: None}).items():
        yield from _record(3, id, (part, id), record)


def _considered(document: DraftDocument) -> Iterator[str]:
    with_factor = {factor.dimension for factor in document.factors}
    for dimension in Dimension:
        if dimension in document.considered or dimension not in with_factor:
            about = "Only where no factor is of this dimension: why there is none."
            why = document.considered.get(dimension)
            yield from _prose(3, _title(dimension), ("considered", dimension.value), why, about)


def _record(level: int, title: str, place: Place, record: Record | None, about: str = "") -> Iterator[str]:
    """Fields in a block, and what is told in prose under headings of the next level."""
    part = place[0]
    told = TOLD.get(part, ())
    said = record.model_dump(mode="json", exclude={"id", *told}, exclude_defaults=True) if record else {}
    yield from _fields(level, title, place, said, unsaid(RECORDS[part], {"id", *told, *said}), about)
    for name in told:
        yield from _prose(level + 1, _title(name), (*place, name), getattr(record, name, None))


def _fields(level: int, title: str, place: Place, said: Any, open_: list[str], about: str) -> Iterator[str]:
    """A block of YAML. What is left open stands in it as comments, which show the form."""
    yield from (heading(level, title, spelled(place)), "")
    if about:
        yield from (hint(about), "")
    lines = plain_yaml.dumped(said).removesuffix("\n").split("\n") if said else []
    if not lines or place[0] not in LISTS:
        lines += [f"# {line}" for line in open_]
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", "\n".join(lines))), default=0))
    yield from (f"{fence}yaml", *(escaped(line) for line in lines), fence, "")


def _prose(level: int, title: str, place: Place, text: str | None, about: str = "") -> Iterator[str]:
    keeps = [WINDOWS] if text and is_windows(text) else []
    if text == "" and place[0] in ("answers", "considered"):
        keeps = [EMPTY]
    yield heading(level, title, spelled(place), *keeps)
    if about:
        yield from ("", hint(about))
    yield from prose_lines(text or "")
