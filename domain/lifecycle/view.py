"""What can be told of a review without its texts: for Temporal's search attributes and details, and for an answer."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from domain.lifecycle.claims import because
from domain.lifecycle.closure_rules import Blocker, blockers
from domain.lifecycle.effects import deadlines
from domain.lifecycle.events import Event, SignaturesVoided
from domain.lifecycle.plan import Plan, plan
from domain.lifecycle.stages import OPEN_STAGES
from domain.model.review import Review
from domain.model.taxonomy import Severity, Stage
from domain.model.values import Message, Utc

LONGEST_NAME, LONGEST_ATTRIBUTE, LONGEST_DETAILS = 200, 1_500, 15_000
"""In characters, and in bytes of JSON: Temporal refuses what is longer (2,048 for an attribute, 20,000 for details)."""


class Answer(Message):
    """What comes back for an input: accepted, or refused with every reason."""

    accepted: bool
    reasons: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    stage: Stage | None = None
    told: tuple[str, ...] = ()
    """What follows for others, in sentences."""


class View(Message):
    """Where a review stands, in words that name nobody and quote nothing."""

    stage: Stage | None = None
    severity: Severity | None = None
    service: str = ""
    models: tuple[str, ...] = ()
    team: str = ""
    next_deadline: Utc | None = None
    details: str = ""


class Outcome(Message):
    """What `advance` hands back to the workflow."""

    answer: Answer
    plan: Plan
    view: View


def outcome(review: Review, now: datetime, answer: Answer, in_the_way: Sequence[Blocker] | None = None) -> Outcome:
    """What a review owes and shows at `now` (UTC), with an answer to whoever said something to it.

    `in_the_way` is what `blockers` says at that moment, for a caller who has asked already.
    """
    in_the_way = blockers(review, now) if in_the_way is None else in_the_way
    return Outcome(answer=answer, plan=plan(review, now, in_the_way), view=view(review, in_the_way))


def told_of(recorded: Iterable[Event]) -> tuple[str, ...]:
    """Which signatures stand no more by these events: whoever approved a change may not expect it."""
    return tuple(
        f"What {', '.join(e.teams)} signed stands no more{because(e.claims)}: it is to be signed again."
        for e in recorded
        if isinstance(e, SignaturesVoided)
    )


def view(review: Review, in_the_way: Sequence[Blocker]) -> View:
    """Where a review stands while these are in the way of its closure."""
    if review.stage is None:
        return View()
    if review.private_to:
        return View(details=f"Review {review.id} is private.")
    return View(
        stage=review.stage,
        severity=review.severity,
        service=_short(review.service),
        models=_few(review.models),
        team=_short(review.team or ""),
        next_deadline=next_deadline(review),
        details=_cut(_details(review, in_the_way)),
    )


def _size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def _short(name: str) -> str:
    name = name[:LONGEST_NAME]
    while _size(name) > LONGEST_ATTRIBUTE:
        name = name[:-1]
    return name


def _few(names: Iterable[str]) -> tuple[str, ...]:
    """As many as there is room for, from the first on."""
    few: list[str] = []
    for name in map(_short, names):
        if _size([*few, name]) > LONGEST_ATTRIBUTE:
            break
        few.append(name)
    return tuple(few)


def _cut(text: str) -> str:
    """The beginning of `text`, as far as it fits."""
    return text.encode()[:LONGEST_DETAILS].decode(errors="ignore")


def next_deadline(review: Review) -> datetime | None:
    """The earliest deadline that is still ahead, or the end of the quiet window."""
    ahead = list(deadlines(review).values())
    if review.stage is Stage.STABILIZATION and review.quiet_until:
        ahead.append(review.quiet_until)
    return min(ahead, default=None)


def _details(review: Review, in_the_way: Sequence[Blocker]) -> str:
    if review.stage is Stage.EXCLUDED:
        return f"Not reviewed. {review.excluded_by}."
    lines = [f"**{review.severity}** review of `{review.service}` in stage **{review.stage}**."]
    if review.stage in OPEN_STAGES:
        lines.append(
            f"In the way of closure: {len(in_the_way)}." if in_the_way else "Nothing is in the way of closure."
        )
        lines += [f"- {b.sentence} ({b.cleared_by})" for b in in_the_way[:20]]
    return "\n".join(lines)
