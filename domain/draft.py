"""The draft of a review as people write it, and what is derived from it.

Rules never take a fact from a client's word: they take it from the revision that was submitted, through `derive`, and
an audit derives it again.
"""

from collections.abc import Callable
from typing import Self

from pydantic import Field, model_validator

from domain.policy import Policy
from domain.review import Factor, ItemSpec
from domain.taxonomy import CAUSES, Confidence, Dimension, ItemClass, Outcome, Strength
from domain.values import Line, PersonId, Prose, Record, TextRef, digest_of, text_ref


class DraftFactor(Record):
    """A contributing factor as it is written."""

    id: str = Field(pattern=r"^F\d+$", description="F1, F2, … stable across revisions")
    dimension: Dimension
    cause: str
    confidence: Confidence
    explanation: Prose
    evidence: Prose = ""
    control_that_should_have_caught_it: Prose = ""
    led_to: str | None = Field(default=None, description="the id of another factor, or `effect`")

    @model_validator(mode="after")
    def _cause_fits(self) -> Self:
        if self.cause not in CAUSES[self.dimension]:
            known = ", ".join(sorted(CAUSES[self.dimension]))
            raise ValueError(f"{self.cause!r} is not a cause of dimension {self.dimension}; known are {known}")
        return self


class DraftItem(Record):
    """An action item as it is written."""

    id: str = Field(pattern=r"^I\d{1,6}$", description="I1, I2, … stable across revisions")
    title: Line
    item_class: ItemClass
    strength: Strength
    outcome: Outcome
    end_state: Prose = Field(default="", description="how anyone can tell that it is done")
    prevents: tuple[str, ...] = ()
    team: Line | None = None
    owner: Line | None = Field(default=None, description="a person's handle")


class DraftDocument(Record):
    """A whole draft. Anything may still be missing; what is there must be well formed."""

    summary: Prose = ""
    answers: dict[Line, Prose] = {}
    factors: tuple[DraftFactor, ...] = ()
    considered: dict[Dimension, Prose] = Field(
        default={}, description="dimensions without a factor, and why there is none"
    )
    items: tuple[DraftItem, ...] = ()

    @model_validator(mode="after")
    def _ids_hold(self) -> Self:
        factors, items = [f.id for f in self.factors], [i.id for i in self.items]
        for what, ids in (("factors", factors), ("items", items)):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(f"{what}: {', '.join(twice)} is there twice")
        for item in self.items:
            unknown = sorted(set(item.prevents) - set(factors))
            if unknown:
                raise ValueError(f"items.{item.id}.prevents: there is no factor {', '.join(unknown)}")
        for factor in self.factors:
            if factor.led_to not in (None, "effect", *factors):
                raise ValueError(f"factors.{factor.id}.led_to: there is no factor {factor.led_to}")
        return self


class DraftContent(Record):
    """What the rules may know of a revision. `texts` are the texts behind the references in `items`."""

    revision: int
    digest: str
    sections: dict[str, str]
    answered: tuple[str, ...]
    factors: tuple[Factor, ...]
    considered: tuple[Dimension, ...]
    items: tuple[ItemSpec, ...]
    texts: dict[TextRef, str]


def derive(
    document: DraftDocument, revision: int, policy: Policy, salt: str, person: Callable[[str], PersonId]
) -> DraftContent:
    """The facts of a revision: what is answered, considered, found and promised, and a digest per section.

    `salt` belongs to the document and stays the same over its revisions, so that an unchanged section keeps its digest
    and a digest alone gives no text away. `person` turns a handle into an opaque id.
    """
    known = {question.id for question in policy.questions}
    sections = {
        "summary": digest_of({"summary": document.summary}, salt),
        "causes": digest_of(
            {
                "factors": [factor.model_dump(mode="json") for factor in document.factors],
                "considered": {d.value: why for d, why in document.considered.items()},
            },
            salt,
        ),
        "items": digest_of({"items": [item.model_dump(mode="json") for item in document.items]}, salt),
    } | {
        f"answer:{q}": digest_of({q: document.answers.get(q, "")}, salt) for q in sorted(known | set(document.answers))
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
            )
            for item in document.items
        ),
        texts=texts,
    )
