"""How our own words stand in a Markdown file: a mark behind each heading that begins a part, and hints.

Both are HTML comments, so that no reader sees them. Where a text that people wrote has the same words in it, they bear
a backslash in the file, and so every text can be written, and comes back as it was.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import TextWrapper

HEADING = re.compile(r"#{1,6}[ \t]+(.*?)[ \t]*<!--[ \t]*holdfast:([^\s>]+?)((?:[ \t]+[a-z]+)*)[ \t]*-->[ \t]*")
"""A heading that begins a part: its title, the place in the draft that it is for, and how its text is kept."""

HINT = re.compile(r"<!--[ \t]*holdfast:(?!\S)")
"""How a hint begins; it ends with `-->`, in this line or a later one."""

OURS = re.compile(r"(<!--[ \t]*\\*)(holdfast:)")
_ESCAPED = re.compile(r"(<!--[ \t]*\\*)\\(holdfast:)")
_RETURN = re.compile(r"&((?:amp;)*)#13;")

_WRAP = TextWrapper(width=118, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)

WINDOWS, EMPTY = "crlf", "empty"
"""How a text is kept, as a mark says it: its lines end as on Windows; it is there, and empty."""


@dataclass(frozen=True)
class Line:
    """A line of the file, with its number, counted from 1."""

    number: int
    text: str


def lines_of(text: str) -> list[Line]:
    """The lines as an editor numbers them; a file that was saved on Windows is read as any other."""
    split = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    return [Line(number, line) for number, line in enumerate(split, 1)]


def heading(level: int, title: str, place: str, *kept: str) -> str:
    """The heading that begins the part for a place."""
    shown = " ".join(title.split()).replace("<!--", "<! --")
    return f"{'#' * level} {shown} <!-- holdfast:{' '.join((place, *kept))} -->"


def hint(text: str) -> str:
    """A word to whoever writes, which nobody reads back."""
    shown = text.replace("<!--", "<! --").replace("-->", "-- >")
    lines = f"<!-- holdfast: {shown} -->".splitlines()
    return "\n".join(_WRAP.fill(line) for line in lines)


def escaped(text: str) -> str:
    """A text in which nothing is taken for ours."""
    return OURS.sub(r"\1\\\2", text)


def unescaped(text: str) -> str:
    """The text that was escaped."""
    return _ESCAPED.sub(r"\1\2", text)


def prose_lines(text: str) -> Iterator[str]:
    """What people wrote, between one blank line and another. All other blank lines are theirs."""
    yield ""
    if text:
        plain = text.replace("\r\n", "\n") if is_windows(text) else text
        returns = _RETURN.sub(r"&amp;\1#13;", plain).replace("\r", "&#13;")
        yield from escaped(returns).split("\n")
        yield ""


def prose_of(lines: list[Line], windows: bool) -> str:
    """What people wrote, from the lines of its part without hints."""
    texts = [line.text for line in lines]
    if texts and not texts[0]:
        texts = texts[1:]
    if texts and not texts[-1]:
        texts = texts[:-1]
    text = _RETURN.sub(lambda found: f"&{found[1][4:]}#13;" if found[1] else "\r", unescaped("\n".join(texts)))
    return text.replace("\n", "\r\n") if windows else text


def is_windows(text: str) -> bool:
    """Whether every line of a text ends as on Windows. An editor would not keep that, so a mark does."""
    return "\r\n" in text and not {"\r", "\n"} & set(text.replace("\r\n", ""))
