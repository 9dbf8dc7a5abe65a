"""Searching: a page and the API over the same answer, in which every hit says where it was found."""

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import Field

from domain.drafts.searchable import ABOUT, TITLE, Part
from domain.model.review import Review
from domain.model.taxonomy import Severity, Stage
from domain.model.template import ANSWER
from domain.model.values import LONGEST_LINE, Record
from records.read_model.search import RANKED, Hit, Narrowed
from records.read_model.tokenizer import LONGEST_QUERY, Finder, Phrase, Piece, query
from web.auth.authentication import Caller, Who
from web.deps import WebDeps
from web.formatting import plain
from web.rendering import Pages, review_path

NO_NUL = r"^[^\x00]*$"
"""PostgreSQL takes no NUL."""

PAGE = 10
"""Hits on a page."""

PLACES = 3
"""So many places of a review are shown at most; together they have as much of the query as its parts do."""


class SearchPlace(Record):
    """Where in a review something was found."""

    part: str = Field(description="`about`, `items`, or a section of the draft")
    heading: str
    path: str = Field(description="where that can be read")
    pieces: tuple[Piece, ...] = Field(description="the words around it, as plain text")


class SearchHit(Record):
    """A review that was found."""

    id: str
    title: str
    pieces: tuple[Piece, ...] = Field(description="the title, and what of it was looked for")
    stage: Stage
    severity: Severity
    service: str
    places: tuple[SearchPlace, ...] = Field(description="where else it was found")


class SearchAnswer(Record):
    """Some of the reviews that were found, the best first."""

    hits: tuple[SearchHit, ...]
    count: int = Field(description=f"how many match; {RANKED} where there are more")
    more: bool = Field(description=f"whether more than {RANKED} match: then only the newest of them are put in order")
    following: int | None = Field(description="the offset from which the next hits come; none where there are no more")


def routes(deps: WebDeps, pages: Pages) -> APIRouter:
    """The page and the API."""
    router = APIRouter()

    @router.get("/api/search", tags=["Reviews"], summary="Search reviews and drafts")
    def search(
        who: Who,
        q: Annotated[
            str,
            Query(
                max_length=LONGEST_QUERY,
                description='all these words, `"a phrase"`, nothing with a `-word`; the last word may be a beginning',
            ),
        ],
        stage: Annotated[Stage | None, Query(description="only reviews in this stage")] = None,
        service: Annotated[str | None, Query(description="only of this service", pattern=NO_NUL)] = None,
        severity: Annotated[Severity | None, Query(description="only of this severity")] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = PAGE,
        offset: Annotated[int, Query(ge=0, le=RANKED)] = 0,
    ) -> SearchAnswer:
        """Titles, ids, services, models, kinds, incidents, items and their issues, and all that the newest draft says.

        The best first: who is called so, then items before draft, and the newest where two match equally well. Names of
        people are not searched.
        """
        narrowed = Narrowed(stage=stage, service=service, severity=severity)
        return answer(deps, who, q, narrowed, limit, offset)

    @router.get("/search", include_in_schema=False)
    def show_search(
        who: Who,
        q: Annotated[str, Query(max_length=LONGEST_QUERY)] = "",
        stage: Stage | Literal[""] = "",
        service: Annotated[str, Query(max_length=LONGEST_LINE, pattern=NO_NUL)] = "",
        severity: Severity | Literal[""] = "",
        page: Annotated[int, Query(ge=1, le=RANKED // PAGE)] = 1,
    ) -> HTMLResponse:
        narrowed = Narrowed(stage=stage or None, service=service or None, severity=severity or None)
        chosen = {"q": q, "stage": stage, "service": service, "severity": severity}
        return pages.render(
            "search.html",
            who=who,
            asked=query(q),
            found=answer(deps, who, q, narrowed, PAGE, (page - 1) * PAGE),
            chosen=chosen,
            any=_address({"q": q}),
            page=page,
            per_page=PAGE,
            before=_address(chosen | {"page": page - 1}) if page > 1 else None,
            after=_address(chosen | {"page": page + 1}),
            stages=list(Stage),
            services=sorted(deps.catalogue.services),
            severities=list(Severity),
            longest=LONGEST_QUERY,
            ranked=RANKED,
        )

    return router


def _address(chosen: dict[str, str | int]) -> str:
    return f"/search?{urlencode({name: value for name, value in chosen.items() if value})}"


def answer(deps: WebDeps, who: Caller, text: str, narrowed: Narrowed, limit: int, offset: int) -> SearchAnswer:
    """What somebody finds by a text among the reviews that they see."""
    asked = query(text)
    found = deps.search(who.standing, asked, narrowed, limit, offset)
    finder, following = Finder(asked.wanted), offset + limit
    return SearchAnswer(
        hits=tuple(_shown(hit, finder) for hit in found.hits),
        count=found.count,
        more=found.is_cut,
        following=following if following < found.count else None,
    )


def _shown(hit: Hit, finder: Finder) -> SearchHit:
    review = hit.review
    assert review.stage is not None  # what is in the read model has begun
    title = next((part.texts[0] for part in hit.parts if part.id == TITLE), review.id)
    return SearchHit(
        id=review.id,
        title=title,
        pieces=finder.pieces(title, around=None),
        stage=review.stage,
        severity=review.severity,
        service=review.service,
        places=tuple(_places(hit, finder)),
    )


def _places(hit: Hit, finder: Finder) -> Iterator[SearchPlace]:
    """The part with the most of the query, then those with what is still missing of it."""
    found = list(_until_all(((part, *_best(part, finder)) for part in hit.parts if part.id != TITLE), finder))
    shown: frozenset[Phrase] = frozenset()
    for _ in range(min(PLACES, len(found))):
        part, text, phrases = max(found, key=lambda one: len(one[2] - shown))
        if not phrases - shown:
            return
        shown |= phrases
        heading, path = _heading(hit.review, part.id), _path(hit.review, part.id)
        yield SearchPlace(part=part.id, heading=heading, path=path, pieces=finder.pieces(text))


_Found = tuple[Part, str, frozenset[Phrase]]
"""A part, the text in it that has the most of the query, and what it has of it."""


def _until_all(found: Iterator[_Found], finder: Finder) -> Iterator[_Found]:
    """These up to the first that has all that is wanted: nothing behind it has more."""
    for one in found:
        yield one
        if one[2] == finder.wanted:
            return


def _best(part: Part, finder: Finder) -> tuple[str, frozenset[Phrase]]:
    """The text that has the most of the query, and what it has of it."""
    best: tuple[str, frozenset[Phrase]] = ("", frozenset())
    for text in part.texts:
        phrases = finder.phrases(text)
        if len(phrases) > len(best[1]):
            best = (text, phrases)
        if phrases == finder.wanted:
            break
    return best


def _heading(review: Review, part: str) -> str:
    """What a part is called, as the pinned template calls it."""
    if part == ABOUT:
        return "About it"
    policy = review.policy
    named = {section.id: section.title for section in policy.sections} if policy else {}
    named |= {f"{ANSWER}{question.id}": question.prompt for question in policy.questions} if policy else {}
    return named.get(part) or plain(part).capitalize()


def _path(review: Review, part: str) -> str:
    """Where a part can be read; items that nobody has submitted yet only in the draft."""
    place = review_path(review.id)
    if part == ABOUT:
        return place
    return f"{place}{'' if part != 'items' or review.items else '/draft'}#{quote(part, safe=':')}"
