"""What is asked of whoever looks, and what a team has open: by the same asks that messages are made of."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from domain.lifecycle.permissions import sight
from domain.model.catalogue import Catalogue
from domain.model.review import Review
from domain.model.taxonomy import Role
from domain.model.values import PersonId
from domain.people.tasks import Role as As
from domain.people.tasks import Wanted, asks
from records.read_model.paging import Page, Place
from records.read_model.tasks import Of, Pointer
from web.auth.authentication import Caller, Who
from web.deps import WebDeps
from web.errors import ApiError
from web.formatting import Said, day, due
from web.paging import ASKED, After, place_of
from web.references import revealed
from web.rendering import Pages, review_path
from web.views.item_changes import would_change


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
    """What is asked of somebody by due date: what is late, then the rest, and where the list goes on."""

    late: list[Line]
    others: list[Line]
    following: str | None = None


AT_ONCE = 25
"""How many lines a page has."""

FURTHER = 8
"""How many pages are looked through for something that is still asked of who looks, before the rest is left to them."""


def routes(deps: WebDeps, pages: Pages) -> APIRouter:
    """The page of whoever is signed in, and one for each team."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    asked = deps.records.asked

    @router.get("/work")
    def show_work(who: Who, after: After = None) -> HTMLResponse:
        of = asked_as(who, deps.catalogue)
        seen = sight(who.standing)
        shown = desk(deps, lambda place: asked.these(seen, of, AT_ONCE, place), place_of(after, ASKED), but=who.hands)
        teams = [team for team in deps.catalogue.teams if who.standing is None or team in who.standing.teams]
        return pages.render("work.html", who=who, desk=shown, teams=teams, further=after is not None)

    @router.get("/teams/{team}")
    def show_team(team: str, who: Who, after: After = None) -> HTMLResponse:
        if not team.isprintable():
            raise ApiError(404, "There is no such team.")
        seen = sight(who.standing)
        shown = desk(deps, lambda place: asked.team(seen, team, AT_ONCE, place), place_of(after, ASKED))
        known = deps.catalogue.teams.get(team)
        if known is None and not shown.late and not shown.others:
            raise ApiError(404, f"There is no team {team} in the catalogue, and nothing is asked of one.")
        title, lead = (known.title, known.lead) if known else (team, None)
        further = after is not None
        return pages.render("team.html", who=who, desk=shown, team=team, title=title, lead=lead, further=further)

    return router


def asked_as(who: Caller, catalogue: Catalogue) -> list[Of]:
    """As what something is asked of this caller: as a person, in a team, as its lead, or by a role.

    Where nobody has to sign in everybody has every role and is in every team.
    """
    if who.person is None:
        return []
    handle, held = (who.handle or "").casefold(), who.standing
    led = [Of(As.LEAD, name) for name, team in catalogue.teams.items() if team.lead.casefold() == handle]
    named = [Of(As.PERSON, who.person), *led]
    if held is None:
        return [*named, Of(As.TEAM), Of(As.APPROVER), Of(As.ADMIN)]
    teams = [Of(As.TEAM, team) for team in held.teams]
    roles = [Of(asked) for asked, role in ((As.APPROVER, Role.APPROVER), (As.ADMIN, Role.ADMIN)) if role in held.roles]
    return [*named, *teams, *roles]


def desk(
    deps: WebDeps,
    listed: Callable[[Place | None], Page[Pointer]],
    after: Place | None,
    but: Collection[PersonId] = (),
) -> Desk:
    """What is asked, from a place of the list on, without what `but` would be refused."""
    now, lines, following = deps.now(), list[Line](), after
    for _ in range(FURTHER):
        page = listed(following)
        lines, following = lines_of(deps, page.rows, now, but), page.following
        if lines or following is None:
            break
    late, others = [line for line in lines if line.late], [line for line in lines if not line.late]
    return Desk(late, others, str(following) if following else None)


def pressing(deps: WebDeps, who: Caller, now: datetime, limit: int = 6) -> tuple[list[Line], bool]:
    """What waits for somebody most, and whether more does: what is late, and what nobody in particular was asked."""
    seen = sight(who.standing)
    late, waiting = deps.records.asked.late(seen, now, limit), deps.records.asked.waiting(seen, limit)
    chosen = [*late.rows[: limit - min(len(waiting.rows), limit // 2)], *waiting.rows]
    return lines_of(deps, chosen[:limit], now), len(chosen) > limit or late.following is not None


def lines_of(deps: WebDeps, pointers: Sequence[Pointer], now: datetime, but: Collection[PersonId] = ()) -> list[Line]:
    """What is still asked at these places, in their order, with names in place; without what `but` may not do."""
    reviews = deps.records.reviews.some(pointer.review for pointer in pointers)
    wanted = {(id, one.key): one for id, review in reviews.items() for one in asks(review, now)}
    found = [wanted[at] for p in pointers if (at := (p.review, p.key)) in wanted and {*wanted[at].but}.isdisjoint(but)]
    told = {review.id: review for review in revealed(deps.records.people, reviews.values())}
    names = deps.records.people.handles(one.of.id for one in found if one.of.role is As.PERSON)
    return [_line(told[one.review], one, names, now) for one in found]


def _line(review: Review, one: Wanted, names: dict[str, str], now: datetime) -> Line:
    return Line(
        sentence=_sentence(review, one),
        whose=_WHOSE[one.of.role].format(id=names.get(one.of.id, one.of.id)),
        title=review.title or review.id,
        review=review.id,
        severity=review.severity.value,
        place=f"{review_path(review.id)}{'/draft' if one.place == '#draft' else one.place}",
        when=_when(one, now),
        late=one.is_late(now),
    )


def _sentence(review: Review, one: Wanted) -> str:
    """What is asked, with the title of its item, or what its request would change."""
    item, request = review.items.get(one.subject), review.requests.get(one.subject)
    said = one.sentence.removesuffix(".")
    if item:
        return f"{said}: {item.spec.title}"
    changes = would_change(request) if request else ()
    return f"{said} ({'; '.join(changes)})." if changes else one.sentence


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
