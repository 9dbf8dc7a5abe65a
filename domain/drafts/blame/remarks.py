"""What the lint says: remarks, each with a better question. They name no author, and nobody counts them."""

import unicodedata
from enum import StrEnum
from typing import Final

from domain.model.values import Record, digest_of


class Field(StrEnum):
    """Where in a review a text stands."""

    CAUSE = "cause"
    """What is said of a factor: explanation, evidence, the control that should have caught it."""
    ACTION = "action"
    """An item's title and end state."""
    NARRATIVE = "narrative"
    """The summary and the answers."""
    TIMELINE = "timeline"


class Level(StrEnum):
    ERROR = "error"
    HINT = "hint"


class Tier(StrEnum):
    """How sure the words are, and so how loudly they are told; `LEVELS` says where."""

    FAULT = "A"
    """Fault in so many words."""
    SUBJECT = "B"
    """What is said of a person, and would be blameless of a machine."""
    REMINDER = "C"
    """What asks people to be better, where nothing else is done."""
    NAME = "name"


LEVELS: Final[dict[Tier, dict[Field, Level]]] = {
    Tier.FAULT: {
        Field.CAUSE: Level.ERROR,
        Field.ACTION: Level.ERROR,
        Field.NARRATIVE: Level.HINT,
        Field.TIMELINE: Level.HINT,
    },
    Tier.SUBJECT: {Field.CAUSE: Level.HINT, Field.ACTION: Level.HINT, Field.NARRATIVE: Level.HINT},
    Tier.REMINDER: {Field.ACTION: Level.HINT},
    Tier.NAME: {Field.NARRATIVE: Level.HINT},
}
"""A field that is left out hears nothing: a timeline says what people did, as they saw it then."""


class Advice(Record):
    """What a rule tells: a sentence on what is the matter, and the question that leads on. Neither quotes the text."""

    rule: str
    tier: Tier
    sentence: str
    question: str


class Remark(Record):
    """One place that finds fault with people."""

    rule: str
    level: Level
    start: int
    end: int
    """`start` and `end` are offsets in characters (code points) of the text as it was given; `end` is exclusive."""
    words: str
    sentence: str
    question: str
    key: str
    """The same for the same rule and sentence, whatever stands around it: a remark is kept, with a reason, under it."""
    offer: str = ""
    """What can be said in the place of the words, to be taken or left; empty where nothing is on offer."""


def remark(advice: Advice, level: Level, text: str, start: int, end: int, key: str, offer: str = "") -> Remark:
    return Remark(
        rule=advice.rule,
        level=level,
        start=start,
        end=end,
        words=text[start:end],
        sentence=advice.sentence,
        question=advice.question,
        key=key,
        offer=offer,
    )


def key_of(rule: str, sentence: str, salt: str) -> str:
    """The rule, and the beginning of a digest of both, short enough for people to copy.

    Case, white space, the kind of apostrophe and the end mark do not matter.
    """
    plain = unicodedata.normalize("NFKC", sentence).replace("’", "'").casefold()
    digest = digest_of([rule, " ".join(plain.split()).strip(" -*•.!?")], salt)
    return f"{rule}:{digest.removeprefix('sha256:')[:12]}"
