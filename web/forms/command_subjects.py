"""What is known of a command before anybody types: what it is about, where it stands, and what may be chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from string import ascii_lowercase
from typing import Any

from domain.lifecycle import inputs
from domain.lifecycle.claims import has_nothing_to_sign
from domain.lifecycle.closure_rules import findings
from domain.lifecycle.inputs import SignForTeam
from domain.lifecycle.stages import HEARD_IN
from domain.model.review import Item, Review
from domain.model.taxonomy import ItemStatus, Mode, Stage
from domain.model.template import ANSWER
from domain.model.values import Record
from web.deps import WebDeps
from web.formatting import plain
from web.forms.draft_fields import Choices
from web.forms.draft_form import Plain

MORE, OWNER, SIGN_OFF, EXCLUDED, INCIDENTS, VERDICT = "more", "owner", "sign-off", "excluded", "incidents", "blockers"
"""Places of a review's page; an item's is `item-I1`, a request's `request-R1`."""


@dataclass(frozen=True)
class Subject:
    """What a command is about. The form itself says `fixed`; `filled` may be changed; `names` are for the words.

    `before` tells that it was said already: then it is offered to be said once more.
    """

    place: str = MORE
    fixed: Plain = field(default_factory=dict)
    filled: Plain = field(default_factory=dict)
    names: Mapping[str, Any] = field(default_factory=dict)
    before: str = ""


def subjects(deps: WebDeps, command: type[Record], review: Review) -> list[Subject]:
    """Everything in a review that a command can be about; the review as a whole is one thing."""
    found = _SUBJECTS.get(command)
    return found(deps, review) if found else [Subject()]


def choices(deps: WebDeps, command: type[Record], review: Review, path: str) -> Choices:
    """What a review (texts in place) gives to choose from in a field; nothing where it gives nothing."""
    found = _CHOICES.get((command, path)) or _CHOICES.get(path)
    return found(deps, review) if found else ()


def _of_items(deps: WebDeps, review: Review) -> list[Subject]:
    return [_of_item(id, {"item": id}, {}) for id in _items(review)]


def _items(review: Review) -> dict[str, Item]:
    return {id: item for id, item in review.items.items() if item.status is not ItemStatus.WITHDRAWN}


def _of_item(id: str, fixed: Plain, filled: Plain) -> Subject:
    return Subject(f"item-{id}", fixed, filled, {"item": id})


def _spec(item: Item) -> Plain:
    return item.spec.model_dump(mode="json", exclude={"id"})


def _changes(deps: WebDeps, review: Review) -> list[Subject]:
    return [_of_item(id, {"spec": {"id": id}}, {"spec": _spec(item)}) for id, item in _items(review).items()]


def _verifications(deps: WebDeps, review: Review) -> list[Subject]:
    return [
        replace(_of_item(id, {"item": id}, {}), before=f"{id} is verified already." if item.verification else "")
        for id, item in _items(review).items()
    ]


def _splits(deps: WebDeps, review: Review) -> list[Subject]:
    """Each part is as the whole, but for what is typed; two ids are at hand."""
    found = []
    for id, item in _items(review).items():
        free = [part for letter in ascii_lowercase if (part := f"{id[:39]}{letter}") not in review.items]
        whole = {name: value for name, value in _spec(item).items() if name != "title"}
        fixed = {"item": id, "into": {"*": whole}}
        found.append(_of_item(id, fixed, {"into": [{"id": part} for part in free[:2]]}))
    return found


def _signatures(deps: WebDeps, review: Review) -> list[Subject]:
    submission = review.submission
    if submission is None or review.stage not in HEARD_IN[SignForTeam]:
        return []
    return [
        Subject(
            SIGN_OFF,
            {"team": team, "digest": submission.digest},
            {},
            {"team": team, "revision": submission.revision},
        )
        for team in review.required_teams
        if not has_nothing_to_sign(review, team)
    ]


def _requests(deps: WebDeps, review: Review) -> list[Subject]:
    pending = [id for id, request in review.requests.items() if request.pending]
    return [Subject(f"request-{id}", {"request": id}, {}, {"request": id}) for id in pending]


def _next_item(deps: WebDeps, review: Review) -> list[Subject]:
    """A new item, with an id at hand that no other has."""
    numbers = [int(id[1:]) for id in review.items if id[:1] == "I" and id[1:].isdecimal()]
    return [Subject(filled={"spec": {"id": f"I{max(numbers, default=0) + 1}"}})]


def _incident(deps: WebDeps, review: Review) -> list[Subject]:
    """One more incident, of the same service as things are now."""
    told = {"status": "resolved", "service": review.service, "severity": review.severity.value}
    return [Subject(INCIDENTS, filled={"incident": told | {"as_of": f"{deps.now():%Y-%m-%d %H:%M}"}})]


def _known(deps: WebDeps, review: Review) -> list[Subject]:
    """What a correction says stands in place of what is known: so what is known is at hand, to be added to."""
    first = review.first_incident
    known = {"kinds": [*first.kinds], "models": [*first.models]} if first and len(review.incidents) == 1 else {}
    return [Subject(INCIDENTS, filled=known)]


def _excluded(deps: WebDeps, review: Review) -> list[Subject]:
    incident = review.incidents.get(review.id)
    if incident is None or review.stage is not Stage.EXCLUDED:
        return []
    return [Subject(EXCLUDED, {"incident": incident.model_dump(mode="json", exclude={"older"})})]


_SUBJECTS: Mapping[type[Record], Callable[[WebDeps, Review], list[Subject]]] = {
    inputs.OpenReview: _excluded,
    inputs.JoinIncident: _incident,
    inputs.Classify: _known,
    inputs.RemoveIncident: lambda deps, review: [Subject(INCIDENTS)],
    inputs.AssignOwner: lambda deps, review: [Subject(OWNER)],
    inputs.SignForTeam: _signatures,
    inputs.DelegateSigning: lambda deps, review: [Subject(SIGN_OFF)],
    inputs.RequestChanges: lambda deps, review: [Subject(SIGN_OFF)],
    inputs.ProposeItem: _next_item,
    inputs.AcceptItem: _of_items,
    inputs.WithdrawItem: _of_items,
    inputs.ChangeItem: _changes,
    inputs.ExtendDue: _of_items,
    inputs.MoveItem: _of_items,
    inputs.SplitItem: _splits,
    inputs.VerifyItem: _verifications,
    inputs.AnswerEffectiveness: lambda deps, review: [Subject(VERDICT)],
    inputs.Approve: _requests,
    inputs.Refuse: _requests,
}


def _teams(deps: WebDeps, review: Review) -> Choices:
    known = review.private_to or (*sorted(deps.catalogue.teams), *review.required_teams)
    return [(team, team) for team in dict.fromkeys(known)]


def _other_teams(deps: WebDeps, review: Review) -> Choices:
    return [(team, team) for team in sorted(deps.catalogue.teams) if team not in review.private_to]


def _factors(deps: WebDeps, review: Review) -> Choices:
    factors = review.submission.factors if review.submission else ()
    return [(factor.id, f"{factor.id}, {plain(factor.cause)}") for factor in factors]


def _sections(deps: WebDeps, review: Review) -> Choices:
    if review.policy is None or review.submission is None:
        return ()
    titles = {section.id: section.title for section in review.policy.sections}
    titles |= {f"{ANSWER}{question.id}": question.prompt for question in review.policy.questions}
    told = {id for id in review.submission.sections if not id.startswith(ANSWER)}
    told |= {f"{ANSWER}{id}" for id in review.submission.answered}
    order = [*titles, *sorted(told - set(titles))]
    return [(id, titles.get(id, plain(id))) for id in order if id in told]


def _in_the_way(deps: WebDeps, review: Review) -> Choices:
    found = findings(review, deps.now())
    return [(each.id, each.sentence) for each in found if each.waivable and each.mode is Mode.BLOCK]


def _files(deps: WebDeps, review: Review) -> Choices:
    return [(kept.digest, kept.name) for kept in deps.records.attachments.of(review.id)]


_CHOICES: Mapping[str | tuple[type[Record], str], Callable[[WebDeps, Review], Choices]] = {
    "team": lambda deps, review: [(team, team) for team in review.required_teams],
    "sections": _sections,
    "factor": _factors,
    "spec.prevents": _factors,
    "rule/subject": _in_the_way,
    "teams": _teams,
    (inputs.Share, "teams"): _other_teams,
    "evidence.*.digest": _files,
    (inputs.VerifyItem, "others"): lambda deps, review: [
        (id, id) for id, item in review.items.items() if item.status is ItemStatus.DONE
    ],
    (inputs.Classify, "incident"): lambda deps, review: [(ref, ref) for ref in review.incidents],
    (inputs.RemoveIncident, "incident"): lambda deps, review: [(ref, ref) for ref in [*review.incidents][1:]],
}
