"""What is known of a review from the records: what its draft begins with, and earlier reviews that it is like."""

from collections.abc import Iterable, Sequence

from domain.drafts.document import DraftDocument
from domain.drafts.prefill import Earlier, earlier, first_draft, resemblance, traits
from domain.model.review import Review
from domain.model.values import TextRef
from web.auth.authentication import Caller
from web.deps import WebDeps

SEEN_BEFORE = 10
"""How many earlier reviews are named, the newest ones."""


def beginning(deps: WebDeps, review: Review, who: Caller) -> DraftDocument:
    """What is known of a review that nobody has written about yet, with earlier ones that `who` may see."""
    people = deps.records.people
    owners = {item.spec.owner for item in review.items.values() if item.spec.owner}
    handles = {id: handle for id, handle in people.handles(owners).items() if handle != id}
    return first_draft(review, seen_before(deps, review, who), people.kept_texts(_texts_of([review])), handles)


def seen_before(deps: WebDeps, review: Review, who: Caller, touched: Sequence[str] = ()) -> list[Earlier]:
    """Earlier reviews of the same service, model or failure mode that `who` may see, the newest first.

    `touched` names the failure modes that the draft has by now. Private reviews are left out, whoever asks: a draft is
    read by others, too.
    """
    others = deps.alike(who.standing, review, traits(review, touched), SEEN_BEFORE)
    texts = deps.records.people.kept_texts(_texts_of(others))
    return [earlier(other, resemblance(review, other, touched), texts) for other in others]


def _texts_of(reviews: Iterable[Review]) -> Iterable[TextRef | None]:
    for review in reviews:
        yield from (incident.title for incident in review.incidents.values())
        yield from (text for item in review.items.values() for text in (item.spec.title, item.spec.end_state))
