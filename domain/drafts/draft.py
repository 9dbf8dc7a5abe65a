"""The draft of a review as people write it, and what is derived from it.

Rules never take a fact from a client's word: they take it from the revision that was submitted, through `derive`, and
an audit derives it again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

from pydantic import Field, model_validator

from domain.drafts.blameless import faults
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
from domain.model.policy import Policy
from domain.model.review import Factor, ItemSpec
from domain.model.taxonomy import Dimension
from domain.model.template import ANSWER
from domain.model.values import Line, PersonId, Prose, Record, TextRef, digest_of, text_ref


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


class DraftContent(Record):
    """What the rules may know of a revision. `texts` are the texts behind the references in `items`."""

    revision: int
    digest: str
    sections: dict[str, str]
    answered: tuple[str, ...]
    factors: tuple[Factor, ...]
    considered: tuple[Dimension, ...]
    items: tuple[ItemSpec, ...]
    filled: tuple[str, ...] = Field(default=(), description="ids of the sections in which something is said")
    looked: tuple[str, ...] = Field(default=(), description="models and pipelines in which the cause was looked for")
    failure_modes: tuple[str, ...] = Field(default=(), description="keys of those that it touched")
    texts: dict[TextRef, str]
    blame: tuple[str, ...] = Field(
        default=(), description="what finds fault with people, and was not kept for a reason"
    )


def derive(
    document: DraftDocument, revision: int, policy: Policy, salt: str, person: Callable[[str], PersonId]
) -> DraftContent:
    """The facts of a revision: what is answered, considered, found and promised, and a digest per section.

    `salt` belongs to the document and stays the same over its revisions, so that an unchanged section keeps its digest
    and a digest alone gives no text away. `person` turns a handle into an opaque id.
    """
    known = {question.id for question in policy.questions}
    named = {*_ALWAYS, *(section.id for section in policy.sections)} & set(FIELDS_OF)
    sections = {id: digest_of(_plain(document, id), salt) for id in sorted(named)} | {
        f"{ANSWER}{q}": digest_of({q: document.answers.get(q, "")}, salt) for q in sorted(known | set(document.answers))
    }
    texts: dict[TextRef, str] = {}

    def keep(text: str) -> TextRef:
        ref = text_ref(text, salt)
        texts[ref] = text
        return ref

    return DraftContent(
        revision=revision,
        digest=digest_of(document, salt),
        sections=sections,
        answered=tuple(q for q in sorted(known) if document.answers.get(q, "").strip()),
        factors=tuple(
            Factor(
                id=factor.id,
                dimension=factor.dimension,
                cause=factor.cause,
                confidence=factor.confidence,
                evidence=bool(factor.evidence.strip()),
                led_to=factor.led_to,
            )
            for factor in document.factors
        ),
        considered=tuple(d for d in Dimension if document.considered.get(d, "").strip()),
        items=tuple(
            ItemSpec(
                id=item.id,
                title=keep(item.title),
                item_class=item.item_class,
                strength=item.strength,
                outcome=item.outcome,
                end_state=keep(item.end_state) if item.end_state.strip() else None,
                prevents=item.prevents,
                team=item.team,
                owner=person(item.owner) if item.owner else None,
                due=item.due,
            )
            for item in document.items
        ),
        filled=tuple(
            id for id in sorted(named) if not all(is_empty(getattr(document, name)) for name in FIELDS_OF[id])
        ),
        looked=tuple(looked.at for looked in document.extent if looked.how.strip()),
        failure_modes=document.failure_modes.keys,
        texts=texts,
        blame=tuple(faults(document, salt)),
    )


_ALWAYS = ("summary", "causes", "items")
"""Sections that every draft has, whatever the policy says of them."""

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


def _plain(document: DraftDocument, section: str) -> dict[str, Any]:
    """What a section says, as plain data."""
    written = document.model_dump(mode="json", include=set(FIELDS_OF[section]))
    return {name: written[name] for name in FIELDS_OF[section] if name in written}
