"""A draft is never blank: what is known when nobody has written anything yet.

Only what is known is filled in, and nothing that a rule asks a person for: an answer that nobody gave is none.
"""

import re
from collections.abc import Mapping, Sequence

from domain.draft import DraftDocument
from domain.draft_parts import ITEM_ID, DraftItem, ModelVersion, Moment
from domain.review import Incident, Review
from domain.taxonomy import ItemClass, ItemStatus
from domain.values import Line, Record, Utc


class EarlierItem(Record):
    """A prevention item of an earlier review."""

    title: str
    status: ItemStatus


class Earlier(Record):
    """An earlier review of the same service or model, and what it is like this one in."""

    review: Line
    title: str
    opened: Utc | None
    shares: tuple[str, ...]
    prevention: tuple[EarlierItem, ...] = ()


def resemblance(review: Review, other: Review) -> tuple[str, ...]:
    """What another review has in common with this one: service, models, kinds of incident; nothing where it is none.

    The same kind alone is no resemblance: everybody has slow days.
    """
    same = [f"service {review.service}"] if review.service == other.service else []
    same += [f"model {model}" for model in review.models if model in other.models]
    return (*same, *(f"kind {kind}" for kind in review.kinds if kind in other.kinds)) if same else ()


def earlier(other: Review, shares: tuple[str, ...], texts: Mapping[str, str]) -> Earlier:
    """An earlier review as a draft names it; `texts` are those behind references."""
    return Earlier(
        review=other.id,
        title=texts.get(other.title or "", other.id),
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

    `texts` and `handles` are those behind references and ids; one that is erased is left out.
    """
    moments = [moment for incident in review.incidents.values() for moment in _moments(incident)]
    return DraftDocument(
        background="\n".join([*_titles(review, texts), *_seen_before(seen_before)]),
        timeline=tuple(sorted(moments, key=lambda moment: moment.at)),
        versions=tuple(ModelVersion(model=model) for model in review.models),
        items=tuple(_items(review, texts, handles)),
    )


def _titles(review: Review, texts: Mapping[str, str]) -> list[str]:
    told = [(incident.ref, texts.get(incident.title), incident.url) for incident in review.incidents.values()]
    return [f"- {ref}: {title}{f' ({url})' if url else ''}" for ref, title, url in told if title]


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
