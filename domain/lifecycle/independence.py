"""Who counts as a second person: for each act, whom the pinned policy excludes from it.

One table, asked by `decide`, and by what is asked of people.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

from domain.model.policy import Independence
from domain.model.review import Item, Request, Review
from domain.model.taxonomy import GRAVE
from domain.model.values import PersonId


class Act(StrEnum):
    """What takes a person who is independent of it."""

    SIGN = "sign"
    VERIFY = "verify"
    APPROVE = "approve"


class Relation(StrEnum):
    """What somebody may have had to do with a review, an item or a request."""

    SUBMITTER = "submitter"
    AUTHOR = "author"
    OWNER = "owner"
    ITEM_OWNER = "item_owner"
    IMPLEMENTER = "implementer"
    REQUESTER = "requester"


_A = Relation.AUTHOR
_S, _O, _I, _D, _R = Relation.SUBMITTER, Relation.OWNER, Relation.ITEM_OWNER, Relation.IMPLEMENTER, Relation.REQUESTER

EXCLUDED: dict[Act, dict[Independence, tuple[Relation, ...]]] = {
    Act.SIGN: {
        Independence.SMALL_TEAM: (_S,),
        Independence.STANDARD: (_S, _O),
        Independence.REGULATED: (_S, _A, _O),
    },
    Act.VERIFY: {
        Independence.SMALL_TEAM: (_D,),
        Independence.STANDARD: (_D, _I),
        Independence.REGULATED: (_D, _I, _O),
    },
    Act.APPROVE: {
        Independence.SMALL_TEAM: (_R,),
        Independence.STANDARD: (_R, _S, _I, _D),
        Independence.REGULATED: (_R, _S, _A, _I, _D, _O),
    },
}
"""The table: who is excluded from each act. An owner is whoever has owned the review at any time."""

_SENTENCES: dict[tuple[Act, Relation], str] = {
    (Act.SIGN, _S): "Who submitted the draft does not sign it.",
    (Act.SIGN, _A): "They submitted an earlier text of it: somebody else has to sign.",
    (Act.SIGN, _O): "The review's owner does not sign it.",
    (Act.VERIFY, _D): "They had a hand in {item}: somebody else has to verify it.",
    (Act.VERIFY, _I): "They own item {item}: somebody else has to verify it.",
    (Act.VERIFY, _O): "They own this review, or did: somebody else has to verify {item}.",
    (Act.APPROVE, _R): "Who asked for {request} does not approve it: another person has to.",
    (Act.APPROVE, _S): "Who submitted the draft does not approve {request}: another person has to.",
    (Act.APPROVE, _A): "They submitted an earlier text: another person has to approve {request}.",
    (
        Act.APPROVE,
        _I,
    ): "They own item {item} or a part of it, or did when {request} was asked: a person who does not has "
    "to approve it.",
    (Act.APPROVE, _D): "They had a hand in {item}: another person has to approve {request}.",
    (Act.APPROVE, _O): "They own this review, or did: another person has to approve {request}.",
}


def not_independent(
    review: Review, act: Act, people: Iterable[PersonId], item: str = "", request: Request | None = None
) -> tuple[str, ...]:
    """Why these ids of one person exclude them from an act; empty where they do not. `item` is its id, or empty."""
    mine = set(people)
    names = {"item": item, "request": request.id if request else ""}
    return tuple(
        _SENTENCES[act, relation].format(**names)
        for relation in EXCLUDED[act][_independence(review)]
        if not mine.isdisjoint(_excluded_by(relation, review, act, item, request))
    )


def excluded_people(review: Review, act: Act, item: str = "", request: Request | None = None) -> tuple[PersonId, ...]:
    """Everybody who is excluded from an act, as far as is known, each once."""
    relations = EXCLUDED[act][_independence(review)]
    return tuple(dict.fromkeys(p for r in relations for p in _excluded_by(r, review, act, item, request)))


def _independence(review: Review) -> Independence:
    return review.policy.independence if review.policy else Independence.STANDARD


def _excluded_by(
    relation: Relation, review: Review, act: Act, item: str, request: Request | None
) -> tuple[PersonId, ...]:
    found = _RELATED[relation](review, review.items.get(item), request)
    if act is Act.VERIFY and relation is Relation.ITEM_OWNER and review.gravest not in GRAVE:
        return tuple(person for person in found if person != review.owner)  # in a small review they often are the same
    return found


def _item_owners(review: Review, item: Item | None, request: Request | None) -> tuple[PersonId, ...]:
    specs = (item.spec if item else None, request.item if request else None, *(request.into if request else ()))
    return (*(spec.owner for spec in specs if spec is not None and spec.owner), *(item.former_owners if item else ()))


_RELATED: dict[Relation, Callable[[Review, Item | None, Request | None], tuple[PersonId, ...]]] = {
    Relation.SUBMITTER: lambda review, item, request: (review.submission.by,) if review.submission else (),
    Relation.AUTHOR: lambda review, item, request: tuple(
        who for who in review.authors if review.submission is None or who != review.submission.by
    ),
    Relation.OWNER: lambda review, item, request: review.owners,
    Relation.ITEM_OWNER: _item_owners,
    Relation.IMPLEMENTER: lambda review, item, request: (item.doers or ()) if item else (),
    Relation.REQUESTER: lambda review, item, request: (request.by,) if request else (),
}
