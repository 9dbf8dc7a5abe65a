"""The parts of a file: each begins with a heading that bears our mark, and ends where the next one begins."""

from collections.abc import Iterator
from dataclasses import dataclass

from drafting.header import Mistake
from drafting.notation import EMPTY, HEADING, HINT, OURS, WINDOWS, Line
from drafting.places import Place, place_of


@dataclass(frozen=True)
class Heading:
    """A heading that begins a part."""

    line: int
    title: str
    place: Place
    keeps: tuple[str, ...] = ()


def parts(body: list[Line], mistakes: list[Mistake]) -> Iterator[tuple[Heading, list[Line]]]:
    """The parts in their order, each with its lines, without hints. What is wrong between them goes to `mistakes`."""
    heading: Heading | None = None
    lines: list[Line] = []
    for line in _without_hints(body, mistakes):
        if match := HEADING.fullmatch(line.text):
            if heading is not None:
                yield heading, lines
            heading, lines = Heading(line.number, match[1], place_of(match[2]), tuple(match[3].split())), []
            for keeps in set(heading.keeps) - {WINDOWS, EMPTY}:
                mistakes.append(Mistake(line.number, f"{keeps} is not known here; there are {WINDOWS} and {EMPTY}"))
            continue
        if any(not ours[1].endswith("\\") for ours in OURS.finditer(line.text)):
            mistakes.append(Mistake(line.number, "a part begins with a heading; in a text, write `<!-- \\holdfast:`"))
        if heading is None and line.text.strip():
            mistakes.append(Mistake(line.number, "this text is in no part; write it under one of the headings"))
        lines.append(line)
    if heading is not None:
        yield heading, lines


def _without_hints(lines: list[Line], mistakes: list[Mistake]) -> Iterator[Line]:
    """All lines but those of hints, and the blank line behind each."""
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not HINT.match(line.text):
            yield line
            continue
        end = _end_of_hint(lines, at - 1)
        if end is None:
            mistakes.append(Mistake(line.number, "this comment has no end; --> is expected"))
            continue
        if lines[end].text.partition("-->")[2].strip():
            mistakes.append(
                Mistake(lines[end].number, "nothing is read behind the end of this comment; begin a new line")
            )
        at = end + 1
        if at < len(lines) and not lines[at].text:
            at += 1


def _end_of_hint(lines: list[Line], begin: int) -> int | None:
    """Where a hint ends; none where another comment begins before that."""
    for at in range(begin, len(lines)):
        inside, end, _ = lines[at].text.partition("-->")
        if inside.rfind("<!--") > (0 if at == begin else -1):
            return None
        if end:
            return at
    return None
