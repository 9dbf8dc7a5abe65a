"""What is derived from a draft, as people wrote it, for the rules.

Rules never take a fact from a client's word: they take it from the revision that was submitted, through `derive`, and
an audit derives it again.
"""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import Field

from domain.drafts.blameless import faults
from domain.drafts.document import FIELDS_OF, DraftDocument
from domain.drafts.thin import says_little
from domain.model.draft_parts import (
    is_empty,
)
from domain.model.policy import Policy
from domain.model.review import Factor, ItemSpec
from domain.model.taxonomy import Dimension
from domain.model.template import ANSWER
from domain.model.values import PersonId, Record, TextRef, digest_of, text_ref


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
    thin: tuple[str, ...] = Field(default=(), description="ids of the sections in which next to nothing is said")
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
        thin=tuple(_thin(document, policy)),
        texts=texts,
        blame=tuple(faults(document, salt)),
    )


def _thin(document: DraftDocument, policy: Policy) -> Iterator[str]:
    if document.summary.strip() and says_little(document.summary):
        yield "summary"
    for question in policy.questions:
        answer = document.answers.get(question.id, "")
        if answer.strip() and says_little(answer, question.prompt):
            yield f"{ANSWER}{question.id}"


_ALWAYS = ("summary", "causes", "items")
"""Sections that every draft has, whatever the policy says of them."""


def _plain(document: DraftDocument, section: str) -> dict[str, Any]:
    """What a section says, as plain data."""
    written = document.model_dump(mode="json", include=set(FIELDS_OF[section]))
    return {name: written[name] for name in FIELDS_OF[section] if name in written}
