"""The places of a draft that a part of the file is for, spelled as the draft names them: `factors.F1.evidence`."""

import re
from enum import StrEnum
from urllib.parse import quote, unquote

from domain.drafts.document import DraftDocument
from domain.model.draft_parts import (
    Detection,
    DraftFactor,
    DraftItem,
    FailureModes,
    Impact,
    Looked,
    ModelVersion,
    Moment,
    SafeguardUse,
)
from domain.model.taxonomy import Dimension
from domain.model.template import SECTIONS
from domain.model.values import Record

Place = tuple[str, ...]

NUMBERED: dict[str, type[Record]] = {"factors": DraftFactor, "items": DraftItem}
RECORDS: dict[str, type[Record]] = {"impact": Impact, "detection": Detection, "failure_modes": FailureModes, **NUMBERED}
LISTS: dict[str, type[Record]] = {
    "versions": ModelVersion,
    "timeline": Moment,
    "safeguards": SafeguardUse,
    "extent": Looked,
}

TEXTS = ("summary", "background")
"""Sections that are nothing but prose."""

TOLD: dict[str, tuple[str, ...]] = {
    "impact": ("business", "people"),
    "detection": ("how",),
    "failure_modes": ("no_change",),
    "factors": ("explanation", "evidence", "control_that_should_have_caught_it"),
    "items": ("end_state",),
}
"""The fields of a record that are told in prose, under headings of their own."""

_IDS = {"factors": re.compile(r"F\d+"), "items": re.compile(r"I\d{1,6}")}


class Kind(StrEnum):
    """What a part holds: prose; fields in a block of YAML; or other parts only."""

    PROSE = "prose"
    FIELDS = "fields"
    GROUP = "group"


def spelled(place: Place) -> str:
    """A place as a mark names it; what people chose themselves is written so that no comment ends in it."""
    first, *rest = place
    return ".".join((first, *(quote(step, safe="") for step in rest)))


def place_of(text: str) -> Place:
    """The place that a mark names, whether there is one or not."""
    first, dot, rest = text.partition(".")
    if first == "answers" and dot:
        return first, unquote(rest)
    return tuple(text.split("."))


def kind_of(place: Place) -> Kind | None:
    """What belongs to a place; none where the draft has no such place."""
    match place:
        case ("causes",) | ("items",):
            return Kind.GROUP
        case (part,) if part in TEXTS:
            return Kind.PROSE
        case ("answers", _):
            return Kind.PROSE
        case ("considered", dimension):
            return Kind.PROSE if dimension in set(Dimension) else None
        case (part,) if part == "kept" or part in LISTS or (part in RECORDS and part not in NUMBERED):
            return Kind.FIELDS
        case (part, id) if part in NUMBERED:
            return Kind.FIELDS if _IDS[part].fullmatch(id) else None
        case (part, id, field) if part in NUMBERED:
            return Kind.PROSE if _IDS[part].fullmatch(id) and field in TOLD[part] else None
        case (part, field) if part in TOLD:
            return Kind.PROSE if field in TOLD[part] else None
    return None


KNOWN = sorted({*SECTIONS, *DraftDocument.model_fields} - {"factors", "answers", "considered"})
"""Places for a hint to whoever spelled one wrongly."""
