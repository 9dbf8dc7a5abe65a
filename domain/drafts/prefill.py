"""A draft is never blank: what is known when nobody has written anything yet.

Only what is known is filled in, with where that is known from. Answers, causes and what was looked for are left to
people: an answer that nobody gave is none.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from domain.drafts.document import DraftDocument
from domain.model.draft_parts import ITEM_ID, DraftItem, Impact, ModelVersion, Moment, mode_key
from domain.model.review import Incident, Review
from domain.model.taxonomy import ItemClass, ItemStatus
from domain.model.values import Line, Record, Utc


class EarlierItem(Record):
    """A prevention item of an earlier review."""

    title: str
    status: ItemStatus


class Earlier(Record):
    """An earlier review of the same service, model or failure mode, and what it is like this one in."""

    review: Line
    title: str
    opened: Utc | None
    shares: tuple[str, ...]
    prevention: tuple[EarlierItem, ...] = ()


def traits(review: Review, touched: Sequence[str] = ()) -> dict[str, str]:
    """What a review is known again by: service, models and failure modes; by key, each as people say it.

    Of the failure modes that were submitted the keys alone are known; `touched` names those that its draft has by now.
    """
    modes = review.submission.failure_modes if review.submission else ()
    said = {f"service {review.service}": f"service {review.service}"} if review.service else {}
    said |= {f"model {model}": f"model {model}" for model in review.models}
    said |= {f"failure mode {key}": "failure mode" for key in modes}
    return said | {f"failure mode {mode_key(name)}": f"failure mode {name}" for name in touched}


def resemblance(review: Review, other: Review, touched: Sequence[str] = ()) -> tuple[str, ...]:
    """What another review has in common with this one, the kinds of incident too; nothing where it is none.

    The same kind alone is no resemblance: everybody has slow days. `touched` as for `traits`.
    """
    theirs = traits(other)
    same = [said for key, said in traits(review, touched).items() if key in theirs]
    return (*same, *(f"kind {kind}" for kind in review.kinds if kind in other.kinds)) if same else ()


def earlier(other: Review, shares: tuple[str, ...], texts: Mapping[str, str]) -> Earlier:
    """An earlier review as a draft names it; `texts` are those behind references that were not erased."""
    return Earlier(
        review=other.id,
        title=texts.get(other.title or "", "its title was erased"),
        opened=other.opened,
        shares=shares,
        prevention=tuple(
            EarlierItem(title=texts.get(item.spec.title, id), status=item.status)
            for id, item in other.items.items()
            if item.accepted and item.spec.item_class is ItemClass.PREVENT
        ),
    )


def first_draft(
    review: Review, seen_before: Sequence[Earlier], texts: Mapping[str, str], handles: Mapping[str, str]
) -> DraftDocument:
    """What is known of a review, as the draft that people begin with.

    `texts` and `handles` are those behind references and ids; one that is erased is left out, and so is an item that
    has no title any more. No item answers a factor yet: there is none to name before people have written.
    """
    incidents = tuple(review.incidents.values())
    moments = [moment for incident in incidents for moment in _moments(incident)]
    return DraftDocument(
        background="\n".join([*_titles(incidents, texts), *_seen_before(seen_before)]),
        impact=Impact(
            service_levels=_measured(incidents, "service_levels"),
            latency=_measured(incidents, "latency"),
            metrics=_measured(incidents, "metrics"),
        ),
        timeline=tuple(sorted(moments, key=lambda moment: moment.at)),
        versions=_versions(review),
        items=tuple(_items(review, texts, handles)),
    )


def _titles(incidents: Sequence[Incident], texts: Mapping[str, str]) -> list[str]:
    lines = []
    for incident in incidents:
        title, where = texts.get(incident.title, "its title was erased"), f" ({incident.url})" if incident.url else ""
        lines.append(f"- {incident.ref}: {title}{where}")
        lines += [f"  - Its dates are wrong: {incident.contradiction}"] if incident.contradiction else []
    return lines


def _measured(incidents: Sequence[Incident], what: str) -> tuple[Any, ...]:
    """What incidents told of one kind, each with who told it where they do not say where that is from."""
    told = [(incident.ref, one) for incident in incidents for one in getattr(incident, what) or ()]
    return tuple(dict.fromkeys(one.model_copy(update={"source": one.source or ref}) for ref, one in told))


def _versions(review: Review) -> tuple[ModelVersion, ...]:
    """The versions that were told; of the other models nothing is known but that they were concerned."""
    told = dict.fromkeys(version for incident in review.incidents.values() for version in incident.versions or ())
    named = {version.model for version in told}
    return (*told, *(ModelVersion(model=model) for model in review.models if model not in named))


def _seen_before(reviews: Sequence[Earlier]) -> list[str]:
    lines = []
    for other in reviews:
        when = f", {other.opened:%d %b %Y}" if other.opened else ""
        lines.append(f"- Seen before: {other.review}{when}: {other.title} (same {', '.join(other.shares)})")
        lines += [f"  - its prevention item “{item.title}” is {item.status}" for item in other.prevention]
    return lines


def _moments(incident: Incident) -> list[Moment]:
    told = ((incident.began, "It began."), (incident.detected, "It was detected."), (incident.resolved, "It was over."))
    return [Moment(at=at, what=what, source=incident.ref) for at, what in told if at is not None]


def _items(review: Review, texts: Mapping[str, str], handles: Mapping[str, str]) -> list[DraftItem]:
    """Those that were proposed or promised already, under the ids that they have."""
    return [
        DraftItem(
            id=id,
            title=texts[spec.title],
            item_class=spec.item_class,
            strength=spec.strength,
            outcome=spec.outcome,
            end_state=texts.get(spec.end_state or "", ""),
            team=spec.team,
            owner=handles.get(spec.owner or ""),
            due=spec.due,
        )
        for id, item in review.items.items()
        if item.status is not ItemStatus.WITHDRAWN and (spec := item.spec).title in texts and re.match(ITEM_ID, id)
    ]
