"""What the blameless lint says of a draft, with the names that the records and the catalogue know."""

from collections.abc import Iterable

from pydantic import Field

from domain.drafts.blame import Level, Remark, handles_in
from domain.drafts.blameless import narratives, remarks
from domain.drafts.document import DraftDocument
from domain.lifecycle.closure_rules import blames_nobody
from domain.model.review import Review
from domain.people.review_roles import roles_by_name, roles_in
from web.deps import WebDeps


class PlacedRemark(Remark):
    """A remark with the place that it is about."""

    place: str = Field(examples=["answers.what_failed", "factors.F1.explanation"])
    stops: bool = Field(description="whether it stands against a submission until it is said otherwise, or kept")


def remarked(deps: WebDeps, review: Review, document: DraftDocument) -> list[PlacedRemark]:
    """Every remark but those that are kept for a reason."""
    salt, _ = deps.records.drafts.salt_and_people(review.id, document)
    counts = blames_nobody(review)
    names = names_in(deps, review, (text for _, text in narratives(document)))
    return [
        PlacedRemark(place=place, stops=counts and remark.level is Level.ERROR, **remark.model_dump())
        for place, remark in remarks(document, salt, names)
        if not document.kept.get(remark.key, "").strip()
    ]


def names_in(deps: WebDeps, review: Review, texts: Iterable[str]) -> dict[str, str]:
    """By each name that these texts may call somebody by, the role that is on offer in its place."""
    people = deps.records.people
    known = {id: handle for id, handle in people.handles(roles_in(review)).items() if handle != id}
    others = people.known(handle for text in texts for handle in handles_in(text))
    return roles_by_name(review, deps.catalogue, known, others)
