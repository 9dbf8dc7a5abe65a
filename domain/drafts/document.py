"""The draft of a review as people write it, and which of its fields make up each section."""

from collections.abc import Iterator, Sequence
from typing import Self

from pydantic import Field, model_validator

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
    is_empty,
)
from domain.model.taxonomy import Dimension
from domain.model.values import Line, Prose, Record


class DraftDocument(Record):
    """A whole draft. Anything may still be missing; what is there must be well formed."""

    summary: Prose = ""
    answers: dict[Line, Prose] = {}
    factors: tuple[DraftFactor, ...] = ()
    considered: dict[Dimension, Prose] = Field(
        default={}, description="dimensions without a factor, and why there is none"
    )
    items: tuple[DraftItem, ...] = ()
    background: Prose = Field(default="", exclude_if=is_empty, description="what was known before anybody wrote")
    impact: Impact = Field(default=Impact(), exclude_if=is_empty)
    versions: tuple[ModelVersion, ...] = Field(default=(), exclude_if=is_empty)
    detection: Detection = Field(default=Detection(), exclude_if=is_empty)
    timeline: tuple[Moment, ...] = Field(default=(), exclude_if=is_empty)
    safeguards: tuple[SafeguardUse, ...] = Field(default=(), exclude_if=is_empty)
    extent: tuple[Looked, ...] = Field(default=(), exclude_if=is_empty)
    failure_modes: FailureModes = Field(default=FailureModes(), exclude_if=is_empty)
    kept: dict[Line, Prose] = Field(
        default={}, exclude_if=is_empty, description="remarks of the blameless lint that stand, by key, and why"
    )

    @model_validator(mode="after")
    def _ids_hold(self) -> Self:
        factors = [(factor.id, factor.led_to) for factor in self.factors]
        items = [(item.id, item.prevents) for item in self.items]
        for place, what in astray(factors, items, [looked.at for looked in self.extent]):
            raise ValueError(f"{place}: {what}")
        return self


def astray(
    factors: Sequence[tuple[str, str | None]], items: Sequence[tuple[str, Sequence[str]]], extent: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """What is there twice, or names a factor that is not there; each with its place, such as `items.I1.prevents`.

    `factors` are ids with what each led to, `items` are ids with what each prevents, `extent` are the places looked at.
    """
    known = [id for id, _ in factors]
    for place, ids in (("factors", known), ("items", [id for id, _ in items]), ("extent", extent)):
        twice = sorted({id for id in ids if list(ids).count(id) > 1})
        if twice:
            yield place, f"{', '.join(twice)} is there twice"
    for id, prevents in items:
        unknown = sorted(set(prevents) - set(known))
        if unknown:
            yield f"items.{id}.prevents", f"there is no factor {', '.join(unknown)}"
    for id, led_to in factors:
        if led_to not in (None, "effect", *known):
            yield f"factors.{id}.led_to", f"there is no factor {led_to}"


FIELDS_OF: dict[str, tuple[str, ...]] = {
    "summary": ("summary",),
    "background": ("background",),
    "impact": ("impact",),
    "versions": ("versions",),
    "detection": ("detection",),
    "timeline": ("timeline",),
    "safeguards": ("safeguards",),
    "causes": ("factors", "considered"),
    "extent": ("extent",),
    "items": ("items",),
    "failure_modes": ("failure_modes",),
}
"""The fields of a draft that make up each section."""
