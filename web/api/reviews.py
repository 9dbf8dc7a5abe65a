"""The API's reads, drafts, and whether we are well."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from domain.lifecycle.permissions import sight
from domain.model.taxonomy import Stage
from records.database import DatabaseError
from records.operations.inbox import Delivery
from web.api import responses as reading
from web.api.notifications import NoticeOutcome, ShownNotice, shown_notices
from web.auth.authentication import Who, review_for
from web.deps import WebDeps
from web.errors import WRONG_BODY, ErrorBody, Responses
from web.paging import REVIEWS, After, link_next, place_of
from web.views.history import Entry
from web.views.tracker_status import TrackerProject, tracker_projects

ReviewId = Annotated[str, Path(description="the review's id, such as `pagerduty:Q3X7A`")]

_NO_REVIEW: Responses = {404: {"model": ErrorBody, "description": "There is no such review."}}


class Wellness(BaseModel):
    """Whether this can do its work, and what it lacks."""

    ready: bool
    lacking: tuple[str, ...] = ()


def routes(deps: WebDeps) -> APIRouter:
    """What can be read, and drafts."""
    router = APIRouter()
    reviews = APIRouter(prefix="/api/reviews", tags=["Reviews"])
    records = deps.records

    @router.get("/healthz", tags=["Health"], summary="Whether this process answers")
    def alive() -> Wellness:
        """Always, while it does."""
        return Wellness(ready=True)

    @router.get(
        "/readyz",
        tags=["Health"],
        summary="Whether everything that is needed can be reached",
        response_model=Wellness,
        responses={503: {"model": Wellness, "description": "Something is lacking; it is named."}},
    )
    async def ready() -> JSONResponse:
        """The database with its current schema, and the engine."""
        lacking = (*await run_in_threadpool(_database_lacks, deps), *await _engine_lacks(deps))
        answer = Wellness(ready=not lacking, lacking=lacking)
        return JSONResponse(answer.model_dump(mode="json"), 503 if lacking else 200)

    @reviews.get("", summary="List reviews", responses=WRONG_BODY)
    def list_reviews(
        request: Request,
        response: Response,
        who: Who,
        stage: Annotated[
            list[Stage] | None, Query(description="only these stages; without it, all but excluded")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=500, description="how many at once")] = 30,
        after: After = None,
    ) -> list[reading.ReviewSummary]:
        """The most pressing first. Where there are more, the header `Link` says where they are (`rel="next"`)."""
        stages = stage or [stage for stage in Stage if stage is not Stage.EXCLUDED]
        page = records.reviews.page(sight(who.standing), stages, limit, place_of(after, REVIEWS))
        link_next(request, response, "after", page.following)
        return reading.summaries(deps, page.rows)

    @reviews.get("/{review_id}", summary="Read a review", responses=_NO_REVIEW)
    def read_review(review_id: ReviewId, who: Who) -> reading.ReviewDetail:
        """All that is known of it now."""
        return reading.detail(deps, review_for(deps, review_id, who))

    @reviews.get("/{review_id}/why", summary="Why a review cannot close yet", responses=_NO_REVIEW)
    def why(review_id: ReviewId, who: Who) -> reading.Why:
        """What is in the way, who can clear it, and what waits for a second person."""
        return reading.why(deps, review_for(deps, review_id, who))

    @reviews.get("/{review_id}/history", summary="What was recorded", responses=_NO_REVIEW)
    def history(review_id: ReviewId, who: Who) -> list[Entry]:
        """Every recorded event, oldest first."""
        return reading.history(deps, review_for(deps, review_id, who).id)

    @router.get("/api/deliveries", tags=["Webhooks"], summary="The newest deliveries, and what became of them")
    def deliveries(who: Who, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> list[Delivery]:
        """Newest first: from sources and from trackers; none of reviews that one may not see."""
        newest = records.inbox.list(limit)
        hidden = deps.unseen(who.standing, [delivery.review_id for delivery in newest])
        return [delivery for delivery in newest if delivery.review_id not in hidden]

    @router.get("/api/trackers", tags=["Trackers"], summary="The tracker projects, and how far each is known")
    def trackers() -> list[TrackerProject]:
        """Those in trouble first: why, since when, and when the next try is."""
        return tracker_projects(deps)

    @router.get("/api/notices", tags=["Notices"], summary="The newest messages to people, and what became of them")
    def notices(
        outcome: Annotated[list[NoticeOutcome] | None, Query(description="only those with these outcomes")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> list[ShownNotice]:
        """Newest first. `unknown`: sending began, and nobody knows whether it arrived; it is not sent again."""
        return shown_notices(deps, outcome or (), limit)

    router.include_router(reviews)
    return router


def _database_lacks(deps: WebDeps) -> list[str]:
    try:
        current = deps.records.database.schema_is_current()
    except DatabaseError as error:
        return [str(error)]
    return [] if current else ["The database has another schema than this release works with."]


async def _engine_lacks(deps: WebDeps) -> list[str]:
    if deps.door is None:
        return ["The engine is not connected."]
    if deps.engine_answers is not None and not await deps.engine_answers():
        return ["The engine cannot be reached."]
    return []
