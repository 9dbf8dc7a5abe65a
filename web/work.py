"""What is asked of whoever looks, and what a team has open: by the same asks that messages are made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from domain.asks import Role as As
from domain.asks import Wanted, asks
from domain.catalogue import Catalogue
from domain.review import Review
from domain.taxonomy import Role
from web.callers import Caller, Who
from web.deps import WebDeps
from web.errors import ApiError
from web.markers import revealed
from web.rendering import Pages, review_path
from web.wording import Said, day, due


@dataclass(frozen=True)
class Line:
    """One thing that is asked, and the very place where it is done."""

    sentence: str
    whose: str
    title: str
    review: str
    severity: str
    place: str
    when: Said
    late: bool


@dataclass(frozen=True)
class Desk:
    """What is asked of somebody: what is late first, then by due date, then what has none."""

    late: list[Line]
    others: list[Line]


def routes(deps: WebDeps, pages: Pages) -> APIRouter:
    """The page of whoever is signed in, and one for each team."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def asked(who: Caller) -> tuple[list[tuple[Review, Wanted]], datetime]:
        now = deps.now()
        return [(review, one) for review in deps.list(who.standing) for one in asks(review, now)], now

    @router.get("/work")
    def show_work(who: Who) -> HTMLResponse:
        found, now = asked(who)
        mine = [(review, one) for review, one in found if is_asked_of(who, one, deps.catalogue)]
        teams = [team for team in deps.catalogue.teams if who.standing is None or team in who.standing.teams]
        return pages.render("work.html", who=who, desk=desk(deps, mine, now), teams=teams, now=now)

    @router.get("/teams/{team}")
    def show_team(team: str, who: Who) -> HTMLResponse:
        found, now = asked(who)
        its = [(review, one) for review, one in found if is_of_team(team, review, one)]
        known = deps.catalogue.teams.get(team)
        if known is None and not its:
            raise ApiError(404, f"There is no team {team} in the catalogue, and nothing is asked of one.")
        title, lead = (known.title, known.lead) if known else (team, None)
        shown = desk(deps, its, now)
        return pages.render("team.html", who=who, desk=shown, team=team, title=title, lead=lead, now=now)

    return router


def is_asked_of(who: Caller, one: Wanted, catalogue: Catalogue) -> bool:
    """Whether that is asked of this caller, as a person, in a team, as its lead, or by a role.

    Where nobody has to sign in everybody has every role and is in every team.
    """
    if who.person is None or who.person in one.but:
        return False
    of, held = one.of, who.standing
    if of.role is As.PERSON:
        return of.id == who.person
    if of.role is As.TEAM:
        return held is None or of.id in held.teams
    if of.role is As.LEAD:
        team = catalogue.teams.get(of.id)
        return team is not None and team.lead.casefold() == (who.handle or "").casefold()
    return held is None or (Role.APPROVER if of.role is As.APPROVER else Role.ADMIN) in held.roles


def is_of_team(team: str, review: Review, one: Wanted) -> bool:
    """Whether that is a team's: asked of it, or about an item that it has taken on, whoever does it."""
    item = review.items.get(one.subject)
    return (one.of.role is As.TEAM and one.of.id == team) or (item is not None and item.spec.team == team)


def desk(deps: WebDeps, found: Sequence[tuple[Review, Wanted]], now: datetime) -> Desk:
    """These asks in the order in which they are due, with names and titles in place."""
    people = deps.records.people
    told = {review.id: review for review in revealed(people, {r.id: r for r, _ in found}.values())}
    names = people.handles(one.of.id for _, one in found if one.of.role is As.PERSON)
    lines = [_line(told[review.id], one, names, now) for review, one in _in_order(found)]
    return Desk([line for line in lines if line.late], [line for line in lines if not line.late])


def _in_order(found: Iterable[tuple[Review, Wanted]]) -> list[tuple[Review, Wanted]]:
    return sorted(found, key=lambda one: (one[1].until is None, one[1].until, one[0].severity, one[1].key))


def _line(review: Review, one: Wanted, names: dict[str, str], now: datetime) -> Line:
    item = review.items.get(one.subject)
    sentence = f"{one.sentence.removesuffix('.')}: {item.spec.title}" if item else one.sentence
    return Line(
        sentence=sentence,
        whose=_WHOSE[one.of.role].format(id=names.get(one.of.id, one.of.id)),
        title=review.title or review.id,
        review=review.id,
        severity=review.severity.value,
        place=f"{review_path(review.id)}{'/draft' if one.place == '#draft' else one.place}",
        when=_when(one, now),
        late=one.is_late(now),
    )


_WHOSE = {
    As.PERSON: "{id}",
    As.TEAM: "team {id}",
    As.LEAD: "the lead of team {id}",
    As.APPROVER: "whoever may approve",
    As.ADMIN: "whoever runs Holdfast",
}


def _when(one: Wanted, now: datetime) -> Said:
    if one.until is None:
        return Said("no due date")
    said = due(one.until, now)
    return Said(said.words, said.tone, day(one.until, now))
