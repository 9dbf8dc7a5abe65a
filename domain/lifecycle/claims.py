"""What people put their name to: each claim of a review has a name, and a digest of what it says now.

An endorsement keeps the digests of the claims that it is about. It falls when one of them says something else, and for
no other reason: nothing lists which act makes which word fall.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache

from domain.lifecycle.independence import Act
from domain.model.endorsement import Endorsement
from domain.model.review import Item, Review
from domain.model.taxonomy import ItemStatus, Stage
from domain.model.template import ANSWER
from domain.model.values import digest_of

SECTION, FACTOR, ITEM, INCIDENTS, EXCEPTIONS = "section", "factor", "item", "incidents", "exceptions"


GIVEN_FOR: dict[Act, tuple[str, ...]] = {
    Act.SIGN: (SECTION, ITEM, INCIDENTS, EXCEPTIONS),
    Act.VERIFY: (ITEM,),
    Act.APPROVE: (SECTION, FACTOR, ITEM, INCIDENTS, EXCEPTIONS),
}
"""The table: which claims each act may be given for. It falls where one of them says something else, and only then.

A signature is given for the sections that concern its team, an approval for what its request is about.
"""


def claim(review: Review, name: str) -> str | None:
    """The digest of what a claim says now; none where it is not made any more."""
    kind, _, id = name.partition("/")
    return _CLAIMS[kind](review, id)


def _section(review: Review, id: str) -> str | None:
    return review.submission.sections.get(id) if review.submission else None


def _factor(review: Review, id: str) -> str | None:
    factor = review.factor(id)
    return digest_of([factor.dimension, factor.cause, factor.confidence]) if factor else None


def _item(review: Review, id: str) -> str | None:
    item = review.items.get(id)
    return None if item is None or item.status is ItemStatus.WITHDRAWN else item.promised


def promise_of(item: Item) -> str:
    """The digest of what an item promises, and of the issue that a person chose for it; not of who does it by when."""
    spec = item.spec
    return _digest(spec.title, spec.item_class, spec.strength, spec.end_state, item.adopts, *spec.prevents)


@lru_cache(maxsize=4096)
def _digest(*promised: str | None) -> str:
    return digest_of(promised)


def _incidents(review: Review, _: str) -> str:
    """Which incidents there are, and how often one of them was new or came again."""
    return digest_of([sorted(review.incidents), review.refires])


def _exceptions(review: Review, _: str) -> str:
    """What the team that answers for risk agrees to, where there is more of it than others may grant."""
    return digest_of(sorted(review.exceptions) if review.risk_team else [])


_CLAIMS: dict[str, Callable[[Review, str], str | None]] = {
    SECTION: _section,
    FACTOR: _factor,
    ITEM: _item,
    INCIDENTS: _incidents,
    EXCEPTIONS: _exceptions,
}


def basis(review: Review, names: Iterable[str]) -> dict[str, str]:
    """What these claims say now, of those that are made."""
    return {name: digest for name in names if (digest := claim(review, name)) is not None}


def changed(review: Review, word: Endorsement) -> tuple[str, ...]:
    """The claims that do not say any more what somebody saw when they gave their word."""
    return tuple(name for name, digest in word.basis.items() if claim(review, name) != digest)


def basis_of_signature(review: Review, team: str) -> dict[str, str]:
    """What a team puts its name to: the sections that concern it, all items, and the incidents that it is about.

    The team that answers for risk also puts it to the exceptions, where there are too many.
    """
    sections = sections_for(review, team, review.submission.sections if review.submission else {})
    names = (*(f"{SECTION}/{id}" for id in sections), *_items(review), INCIDENTS)
    return basis(review, (*names, EXCEPTIONS) if team == review.risk_team else names)


def basis_of_waiver(review: Review, rule: str, subject: str) -> dict[str, str]:
    """What is seen by whoever lifts a rule for a subject: the team's text, the item, the factor, or what is said."""
    if rule == "sign_off":
        return basis_of_signature(review, subject)
    named = (f"{ITEM}/{subject}", f"{FACTOR}/{subject}", f"{SECTION}/{subject}", f"{SECTION}/{ANSWER}{subject}")
    about = basis(review, named)
    return about or basis(review, (f"{SECTION}/{_SAID_IN.get(rule, rule)}",))


_SAID_IN = {"prevention": "causes"}


def _items(review: Review) -> list[str]:
    return [f"{ITEM}/{id}" for id in review.items]


def unsigned(review: Review, team: str, concerned: dict[str, set[str]] | None = None) -> tuple[str, ...]:
    """The claims for which the signature that a team has given does not stand."""
    sections = review.submission.sections if review.submission else {}
    concerned = concerned_teams(review) if concerned is None else concerned
    mine = {f"{SECTION}/{id}": digest for id, digest in _of_concern(sections, concerned, team).items()}
    signature = review.signatures[team]
    held = signature.basis
    if team == review.risk_team and EXCEPTIONS not in held:
        return (EXCEPTIONS,)
    sections_changed = tuple(name for name, digest in mine.items() if held.get(name) != digest)
    if review.stage is Stage.CLOSED:  # what becomes of its items then is for `done`, and for two persons
        return sections_changed
    return (*sections_changed, *(n for n in changed(review, signature) if not n.startswith(f"{SECTION}/")))


def added_since(review: Review, word: Endorsement) -> tuple[str, ...]:
    """The items that were not there when somebody gave their word."""
    return tuple(name for name in _items(review) if name not in word.basis and claim(review, name) is not None)


def has_signed(review: Review, team: str) -> bool:
    """Whether the team's signature stands for all that concerns it, as it is now."""
    return review.submission is not None and team in review.signatures and not unsigned(review, team)


def has_nothing_to_sign(review: Review, team: str) -> bool:
    """Whether the team's signature stands, and nothing was added since that it could sign, too."""
    return has_signed(review, team) and not added_since(review, review.signatures[team])


def sections_for(review: Review, team: str, sections: dict[str, str]) -> dict[str, str]:
    """The sections (id and digest) that concern a team: those that name it, and those that name no team that signs."""
    return _of_concern(sections, concerned_teams(review), team)


def _of_concern(sections: dict[str, str], concerned: dict[str, set[str]], team: str) -> dict[str, str]:
    return {id: digest for id, digest in sections.items() if not concerned.get(id) or team in concerned[id]}


def concerned_teams(review: Review) -> dict[str, set[str]]:
    """The teams that sign each section that names any of them."""
    assert review.policy is not None
    named = {section.id: section.teams for section in review.policy.sections}
    named |= {f"{ANSWER}{question.id}": question.teams for question in review.policy.questions}
    signing = set(review.required_teams)
    signing_of = {teams: signing.intersection(review.resolved(teams)) for teams in set(named.values())}
    return {id: signing_of[teams] for id, teams in named.items() if teams}


def in_words(names: Iterable[str]) -> str:
    """What has changed: `item I1 changed`; empty where nothing has."""
    said = dict.fromkeys(_word(name) for name in names)
    return f"{' and '.join(said)} changed" if said else ""


def because(names: Iterable[str]) -> str:
    """The same with its comma, to follow what is said of it; empty where nothing has changed."""
    return f", because {what}" if (what := in_words(names)) else ""


def _word(name: str) -> str:
    kind, _, id = name.partition("/")
    said = {SECTION: "the text", FACTOR: f"factor {id}", ITEM: f"item {id}", INCIDENTS: "the incidents it covers"}
    return said.get(kind, "what it makes exceptions of")
