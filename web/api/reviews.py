"""The API's reads, drafts, and whether we are well."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from domain.lifecycle.permissions import sight
from domain.model.taxonomy import Stage
from records.operations.inbox import Delivery, OpenIncident
from web.api import responses as reading
from web.api.notifications import NoticeOutcome, ShownNotice, shown_notices
from web.auth.authentication import Who, review_for
from web.deps import WebDeps
from web.errors import WRONG_BODY, ErrorBody, Responses
from web.paging import REVIEWS, After, link_next, place_of
from web.views.history import Entry
from web.views.open_incidents import told_open
from web.views.tracker_status import TrackerProject, tracker_projects

ReviewId = Annotated[str, Path(description="the review's id, such as `pagerduty:Q3X7A`")]

_NO_REVIEW: Responses = {404: {"model": ErrorBody, "description": "There is no such review."}}


def routes(deps: WebDeps) -> APIRouter:
    """What can be read, and drafts."""
    router = APIRouter()
    reviews = APIRouter(prefix="/api/reviews", tags=["Reviews"])
    records = deps.records

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

    @router.get("/api/incidents", tags=["Reviews"], summary="The incidents that are open, and have no review yet")
    def open_incidents() -> list[OpenIncident]:
        """The gravest first, then the longest open. A review opens by itself when one is resolved, or is excluded."""
        return told_open(deps)

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
