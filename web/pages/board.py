"""The board: all reviews by stage, what waits for somebody, and what is not reviewed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.stages import OPEN_STAGES
from domain.model.review import Review
from domain.model.taxonomy import Stage
from web.formatting import Said, counted, plain
from web.views.review_status import Mark, clock, in_the_way, kinds_of, models_of, prevention

ORDER = (Stage.REMEDIATION, Stage.SIGN_OFF, Stage.DRAFT, Stage.STABILIZATION, Stage.CLOSED)
"""From what is nearest to closing to what has just begun; then what is closed and still watched."""

ELSEWHERE = (Stage.ARCHIVED, Stage.DISMISSED, Stage.EXCLUDED)
"""What has ended, or was never reviewed: counted, and listed where somebody asks for it."""

ROWS = 20
"""How many reviews the board shows at once, and a list of one stage on each of its pages."""


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
    """The reviews in one stage: the most pressing ones, and how many there are in all."""

    stage: Stage
    name: str
    count: str
    rows: list[Row]
    more: int


@dataclass(frozen=True)
class Board:
    """All that the board shows."""

    groups: list[Group]
    summary: str
    elsewhere: list[tuple[Stage, str]]


def shares(counts: Mapping[Stage, int], rows: int = ROWS) -> dict[Stage, int]:
    """How many of each stage are shown in so many rows: what one leaves goes to the others."""
    left, given = rows, dict[Stage, int]()
    smallest_first = sorted((counts.get(stage, 0), stage) for stage in ORDER)
    for done, (count, stage) in enumerate(smallest_first):
        given[stage] = min(count, left // (len(ORDER) - done))
        left -= given[stage]
    return given


def board(groups: Iterable[Group], counts: Mapping[Stage, int], late: int) -> Board:
    """The board of these groups, out of so many reviews in each stage."""
    is_open = sum(counts.get(stage, 0) for stage in OPEN_STAGES)
    return Board(
        groups=[group for group in groups if group.rows],
        summary=f"{is_open} open · {late} late · {counts.get(Stage.CLOSED, 0)} closed and watched",
        elsewhere=[(stage, f"{counts[stage]} {_ENDED[stage]}") for stage in ELSEWHERE if counts.get(stage)],
    )


_ENDED = {Stage.ARCHIVED: "archived", Stage.DISMISSED: "dismissed", Stage.EXCLUDED: "not reviewed"}


def group(stage: Stage, shown: Sequence[Review], names: Mapping[str, str], count: int, now: datetime) -> Group:
    """Some of the reviews in one stage, out of so many."""
    rows = [row(review, names, now) for review in shown]
    return Group(stage, plain(stage), counted(count, "review"), rows, count - len(rows))


def row(review: Review, names: Mapping[str, str], now: datetime) -> Row:
    """One review in a line; `names` are the texts and handles that it needs, by what stands for them."""
    marks, words = prevention(review, now)
    return Row(
        id=review.id,
        title=names.get(review.title or "", review.id),
        severity=review.severity.value,
        tags=kinds_of(review),
        service=review.service,
        models=models_of(review),
        owner=names.get(review.owner or ""),
        clock=clock(review, now),
        marks=marks,
        prevented=words,
        way=in_the_way(review, blockers(review, now)),
        note=review.excluded_by or "",
    )
