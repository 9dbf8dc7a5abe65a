"""From the file back to the draft. Every mistake is told at once, with its line and what was expected."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from pydantic import ValidationError

from domain.drafts.document import DraftDocument, astray
from domain.model.validation_messages import fault
from drafting import plain_yaml
from drafting.header import DraftError, Header, Mistake, read_header, split
from drafting.notation import EMPTY, WINDOWS, Line, prose_of, unescaped
from drafting.parts import Heading, parts
from drafting.places import KNOWN, LISTS, NUMBERED, Kind, kind_of, place_of
from drafting.plain_yaml import Path

_FENCE = re.compile(r"(`{3,})ya?ml[ \t]*")


@dataclass(frozen=True)
class Parsed:
    """A file that holds."""

    header: Header
    document: DraftDocument
    headings: tuple[Heading, ...]

    def line_at(self, place: str) -> int:
        """The line in which the part begins that a place is in."""
        spoken = place_of(place)
        around = [heading for heading in self.headings if spoken[: len(heading.place)] == heading.place]
        return max(around, key=lambda heading: len(heading.place)).line if around else 1

    def line_of(self, sentence: str) -> int | None:
        """The line of the part that a sentence is about: that of the place that it begins with, of the longest title
        in it, or of what its words are about. None where it names none."""
        spoken = place_of(sentence.partition(":")[0])
        for heading in self.headings:
            if heading.place == spoken or (spoken[-1:] == ("title",) and heading.place == spoken[:-1]):
                return heading.line
        named = [h for h in self.headings if h.title and re.search(rf"(?<!\w){re.escape(h.title)}(?!\w)", sentence)]
        if named:
            return max(named, key=lambda h: len(h.title)).line
        about = next((place for words, place in _ABOUT.items() if words in sentence), None)
        return self.line_at(about) if about else None


_ABOUT = {"contributing factor": "causes", "looked for": "extent"}
"""Where what is missing belongs, by the words of a sentence that names no title."""


def from_markdown(text: str) -> Parsed:
    """The draft that a file says. Raises `DraftError` with every mistake."""
    front, body = split(text)
    reading = _Reading()
    for heading, lines in parts(body, reading.mistakes):
        reading.take(heading, lines)
    document = reading.document()
    try:
        header = read_header(front)
    except DraftError as error:
        reading.mistakes += error.mistakes
    if reading.mistakes:
        raise DraftError(*reading.mistakes)
    assert document is not None
    return Parsed(header, document, tuple(reading.headings))


@dataclass
class _Reading:
    """What was read so far: the draft as plain data, the line of each place in it, and the mistakes."""

    said: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    headings: list[Heading] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    unread: set[Path] = field(default_factory=set)
    """Places of which something was said that could not be read: nothing is told missing there."""

    def wrong(self, line: int, what: str) -> None:
        self.mistakes.append(Mistake(line, what))

    def take(self, heading: Heading, lines: list[Line]) -> None:
        """Take in a part."""
        name, kind = ".".join(heading.place), kind_of(heading.place)
        if kind is None:
            near = difflib.get_close_matches(name, KNOWN, 1)
            known = f"there are {', '.join(KNOWN)}, answers.…, factors.F1, items.I1"
            known = f"did you mean {near[0]}?" if near else known
            self.wrong(heading.line, f"there is no part {name}; {known}")
            return
        earlier = next((one.line for one in self.headings if one.place == heading.place), None)
        if earlier is not None:
            self.wrong(heading.line, f"{name} is there twice; it began in line {earlier} already")
            return
        self.headings.append(heading)
        self.lines[heading.place] = heading.line
        if kind is Kind.PROSE:
            self._tell(heading, prose_of(lines, WINDOWS in heading.keeps))
        elif kind is Kind.FIELDS:
            self._fill(heading, self._block(heading, lines))
        else:
            self._nothing_in(lines, f"{name}: no text belongs here; write under the headings that are part of it")

    def _tell(self, heading: Heading, text: str) -> None:
        *path, name = heading.place
        if text or EMPTY in heading.keeps or path not in (["answers"], ["considered"]):
            self._put(path, name, text, heading.line)

    def _fill(self, heading: Heading, block: plain_yaml.Tree) -> None:
        place, name = heading.place, ".".join(heading.place)
        for line, what in block.mistakes:
            self.wrong(line, f"{name}: {what}")
            self.unread.add(place)
        for path, line in block.lines.items():
            self.lines.setdefault((*place, *path), line)
        if place[0] in LISTS:
            if block.said is not None:
                self.said[place[0]] = block.said
        elif isinstance(block.said, dict):
            for key, value in block.said.items():
                self._put(place, key, value, block.lines[(key,)])
        elif block.said is not None:
            self.wrong(block.lines[()], f"{name}: fields are expected here, as `name: value`")
            self.unread.add(place)

    def _put(self, path: Sequence[str], name: str, value: Any, line: int) -> None:
        """Put a value into its place. An empty text gives way to what is said otherwise; else the first counts."""
        inside = self.said
        for number, step in enumerate(path):
            inside = inside.setdefault(step, {"id": step} if number == 1 and path[0] in NUMBERED else {})
        if inside.get(name) and value:
            self.wrong(line, f"{'.'.join((*path, name))} is given twice; it belongs in one place only")
        inside[name] = inside.get(name) or value

    def _block(self, heading: Heading, lines: list[Line]) -> plain_yaml.Tree:
        """What the block of YAML says that is expected in a part, and is all that may be in it."""
        name = ".".join(heading.place)
        begins = next((at for at, line in enumerate(lines) if _FENCE.fullmatch(line.text)), None)
        if begins is None:
            if self._nothing_in(lines, f"{name}: a block is expected here, from ```yaml to ```"):
                self.unread.add(heading.place)
            return plain_yaml.Tree()
        fence = lines[begins].text.partition("y")[0]
        inside = list(takewhile(lambda line: not _closes(line, fence), lines[begins + 1 :]))
        ends = begins + 1 + len(inside)
        if ends == len(lines):
            self.wrong(lines[begins].number, f"{name}: the block has no end; a line {fence} is expected")
        self._nothing_in([*lines[:begins], *lines[ends + 1 :]], f"{name}: nothing is read here but one block of YAML")
        return plain_yaml.read(unescaped("".join(f"{line.text}\n" for line in inside)), lines[begins].number + 1)

    def _nothing_in(self, lines: list[Line], what: str) -> bool:
        """Whether there was something where nothing belongs; told where it begins."""
        first = next((line for line in lines if line.text.strip()), None)
        if first is not None:
            self.wrong(first.number, what)
        return first is not None

    def document(self) -> DraftDocument | None:
        """The draft; none where there are mistakes, each of which is then noted."""
        said = dict(self.said)
        for part in NUMBERED:
            ones = said.get(part, {}).items()
            said[part] = [one for id, one in ones if (part, id) in self.unread or any({**one, "id": None}.values())]
        for place, what in _astray(said):
            self.wrong(self._line(tuple(place.split("."))), f"{place}: {what}")
        try:
            return DraftDocument.model_validate(said)
        except ValidationError as error:
            for found in error.errors():
                self._note(found, _with_ids(found["loc"], said))
            return None

    def _note(self, found: Any, path: Path) -> None:
        """Note what a validation found; what is wrong with the whole draft is what is astray, and told already."""
        if path and not any(path[: len(unread)] == unread for unread in self.unread):
            at_cause = found["type"] == "value_error" and len(path) == 2 and path[0] == "factors"
            line = self._line((*path, "cause") if at_cause else path)
            self.wrong(line, f"{'.'.join(map(str, path))}: {fault(found, DraftDocument)}")

    def _line(self, path: Path) -> int:
        """The line of a place, or of the nearest thing around it."""
        around = (path[:length] for length in range(len(path), 0, -1))
        return next((self.lines[near] for near in around if near in self.lines), 1)


def _closes(line: Line, fence: str) -> bool:
    text = line.text.rstrip()
    return text.startswith(fence) and not text.strip("`")


def _with_ids(path: Path, said: dict[str, Any]) -> Path:
    """A path into the draft in which factors and items are named by their ids."""
    if len(path) > 1 and path[0] in NUMBERED:
        path = (path[0], said[str(path[0])][path[1]]["id"], *path[2:])
    return tuple(step for step in path if step != "[key]")


def _astray(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What names something that is not there, as far as what is said has the form for it."""
    extent = said.get("extent")
    return astray(
        [(factor["id"], next(iter(_texts([factor.get("led_to")])), None)) for factor in said["factors"]],
        [(item["id"], _texts(item.get("prevents"))) for item in said["items"]],
        _texts([looked.get("at") for looked in extent if isinstance(looked, dict)] if isinstance(extent, list) else []),
    )


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
