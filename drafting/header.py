"""The front matter: of which review a file is the draft, and upon which revision it was written."""

import hashlib
from dataclasses import dataclass

from pydantic import Field, ValidationError

from domain.model.validation_messages import fault
from domain.model.values import Line as OneLine
from domain.model.values import Record
from drafting import plain_yaml
from drafting.notation import Line, lines_of

EDGE = "---"


class Header(Record):
    """What a file says of itself. Nothing in it changes but by saving."""

    review: OneLine
    upon: int = Field(ge=0, description="the revision that this was pulled or saved as last; 0: none")
    template: str = Field(default="", description="name@version of what the draft follows")
    saved: str = Field(default="", description="fingerprint of what is below, as it was pulled or saved last")


@dataclass(frozen=True)
class Mistake:
    """What is wrong, in which line, and what was expected."""

    line: int
    what: str


class DraftError(Exception):
    """A file that cannot be read as a draft: every mistake in it, in the order of their lines."""

    def __init__(self, *mistakes: Mistake) -> None:
        self.mistakes = tuple(sorted(set(mistakes), key=lambda mistake: (mistake.line, mistake.what)))
        super().__init__("; ".join(f"line {mistake.line}: {mistake.what}" for mistake in self.mistakes))


def fingerprint(body: list[Line]) -> str:
    """What tells one text from another, below the front matter; the ends of lines do not count."""
    return hashlib.sha256("\n".join(line.text for line in body).encode()).hexdigest()[:16]


def split(text: str) -> tuple[list[Line], list[Line]]:
    """The lines of the front matter without its edges, and those below it. Raises `DraftError` where there is none."""
    lines = lines_of(text)
    edges = [at for at, line in enumerate(lines) if line.text.rstrip() == EDGE][:2]
    if len(edges) < 2 or edges[0] != 0:
        raise DraftError(
            Mistake(1, f"a draft begins with a line {EDGE}, what it is of (review, upon), and {EDGE} again")
        )
    return lines[1 : edges[1]], lines[edges[1] + 1 :]


def read_header(front: list[Line]) -> Header:
    """What the front matter says. Raises `DraftError`."""
    tree = plain_yaml.read("\n".join(line.text for line in front), 2)
    if tree.mistakes:
        raise DraftError(*(Mistake(line, what) for line, what in tree.mistakes))
    mistakes = []
    try:
        return Header.model_validate(tree.said or {})
    except ValidationError as error:
        for found in error.errors():
            line = tree.lines.get(found["loc"], 1)
            mistakes.append(Mistake(line, ": ".join((*map(str, found["loc"]), fault(found, Header)))))
    raise DraftError(*mistakes)


def written(header: Header) -> str:
    """The front matter, edges included."""
    return f"{EDGE}\n{plain_yaml.dumped(header.model_dump(mode='json') | {'upon': str(header.upon)})}{EDGE}\n"


def is_unsaved(text: str) -> bool:
    """Whether what is below the front matter was changed since it was pulled or saved. Raises `DraftError`."""
    front, body = split(text)
    return read_header(front).saved != fingerprint(body)


def saved_as(text: str, pushed: str, revision: int) -> str:
    """`text` with the front matter of a file of which `pushed` was saved as a revision. What is below stays as it is.

    `text` is the same or, where somebody wrote on in the meantime, a later one. Raises `DraftError`.
    """
    front, body = split(text)
    changes = {"upon": revision, "saved": fingerprint(split(pushed)[1])}
    header = read_header(front).model_copy(update=changes)
    end = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    return (written(header) + "\n".join(line.text for line in body)).replace("\n", end)
