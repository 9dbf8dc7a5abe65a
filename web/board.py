"""The board: all reviews by stage, what waits for somebody, and what is not reviewed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.review import Request, Review
from domain.rules import blockers
from domain.stages import OPEN_STAGES
from domain.taxonomy import IncidentStatus, Stage
from web.history import asked
from web.standing import Mark, clock, in_the_way, kinds_of, models_of, prevention, running
from web.wording import Said, counted, due, plain, span

ORDER = (Stage.REMEDIATION, Stage.SIGN_OFF, Stage.DRAFT, Stage.STABILIZATION, Stage.CLOSED)
"""From what is nearest to closing to what has just begun; then what is closed and still watched."""

ASKED_AT_MOST = 6
ENDS_SOON = timedelta(days=7)


@dataclass(frozen=True)
class Row:
    """A review on the board."""

    id: str
    title: str
    severity: str
    tags: list[str]
    service: str
    models: str
    owner: str | None
    clock: Said
    marks: list[Mark]
    prevented: str
    way: Said
    note: str = ""


@dataclass(frozen=True)
class Group:
    """The reviews in one stage."""

    name: str
    count: str
    rows: list[Row]


@dataclass(frozen=True)
class Asked:
    """Something that waits for somebody."""

    said: Said
    review: str
    title: str


@dataclass(frozen=True)
class Board:
    """All that the board shows."""

    groups: list[Group]
    asked: list[Asked]
    unshown: int
    summary: str
    ended: list[Row]
    excluded: list[Row]


def board(reviews: Sequence[Review], excluded: Sequence[Review], now: datetime) -> Board:
    """The board of these reviews (texts and handles in place) at `now`."""
    rows = {review.id: row(review, now) for review in reviews}
    groups = []
    for stage in ORDER:
        of_stage = [rows[review.id] for review in reviews if review.stage is stage]
        if of_stage:
            groups.append(Group(plain(stage), counted(len(of_stage), "review"), of_stage))
    waiting = [asked for review in reviews for asked in waiting_for(review, now)]
    waiting.sort(key=lambda asked: asked.said.tone != "hold")
    is_open = [review for review in reviews if review.stage in OPEN_STAGES]
    late = sum(any(deadline.due < now for deadline in running(review)) for review in is_open)
    closed = sum(review.stage is Stage.CLOSED for review in reviews)
    return Board(
        groups=groups,
        asked=waiting[:ASKED_AT_MOST],
        unshown=max(len(waiting) - ASKED_AT_MOST, 0),
        summary=f"{len(is_open)} open · {late} late · {closed} closed and watched",
        ended=[rows[r.id] for r in reviews if r.stage in (Stage.ARCHIVED, Stage.DISMISSED)],
        excluded=[row(review, now) for review in excluded],
    )


def row(review: Review, now: datetime) -> Row:
    """One review in a line."""
    marks, words = prevention(review, now)
    return Row(
        id=review.id,
        title=review.title or review.id,
        severity=review.severity.value,
        tags=kinds_of(review),
        service=review.service,
        models=models_of(review),
        owner=review.owner,
        clock=clock(review, now),
        marks=marks,
        prevented=words,
        way=in_the_way(review, blockers(review, now)),
        note=review.excluded_by or (plain(review.stage) if review.stage else ""),
    )


def _from(request: Request) -> str:
    return f"asked for by {request.by}" if request.reason else "as its date was put off in the tracker"


def waiting_for(review: Review, now: datetime) -> list[Asked]:
    """What of a review waits for somebody in particular, the gravest first."""
    if review.stage not in (*OPEN_STAGES, Stage.CLOSED):
        return []
    found = []
    for deadline in running(review):
        if deadline.due < now:
            found.append(Said(f"{deadline.what} is {due(deadline.due, now).words}", "hold", deadline.who))
    if review.stage is not Stage.STABILIZATION:
        found += [
            Said(f"Incident {incident.ref} is open again", "hold", "it blocks closure until it is resolved")
            for incident in review.incidents.values()
            if incident.status is IncidentStatus.OPEN
        ]
    if review.owner is None and review.stage in OPEN_STAGES:
        found.append(Said("A review without an owner", "wait", "somebody has to answer for it"))
    found += [
        Said(f"{request.id} waits for a second person", "wait", f"{asked(request, now)}, {_from(request)}")
        for request in review.requests.values()
        if request.pending and (request.until is None or request.until > now)
    ]
    found += [
        Said(f"A waiver ends in {span(waiver.until - now)}", "wait", f"{what}: its blocker comes back")
        for what, waiver in (*review.waivers.items(), *review.risks.items())
        if timedelta() < waiver.until - now <= ENDS_SOON
    ]
    return [Asked(said, review.id, review.title or review.id) for said in found]
