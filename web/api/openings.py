"""Reviews that a person opens: for an incident that no source reported, or for a near miss."""

from fastapi import APIRouter

from domain.model.taxonomy import Realisation
from web.actions.open_review import NewNearMiss, NewReview, Opened, opened
from web.api.commands import Refused
from web.auth.authentication import Who
from web.deps import WebDeps
from web.errors import WRONG_BODY, ErrorBody, Responses

_WRONG: Responses = WRONG_BODY | {
    409: {
        "model": Refused,
        "description": "Refused, with every reason: there is one already, or the catalogue differs.",
    },
    503: {"model": ErrorBody, "description": "The engine did not answer in time; ask again, with your own id."},
}


def routes(deps: WebDeps) -> APIRouter:
    """Opening reviews by hand."""
    router = APIRouter(prefix="/api", tags=["Reviews"], responses=_WRONG)

    @router.post("/reviews", status_code=201, summary="Open a review by hand")
    async def open_review(body: NewReview, who: Who) -> Opened:
        """For an incident that no source reported. Saying the same again, with your own id, opens nothing twice.

        Service and models have to be in the catalogue, if that lists any.
        """
        return await opened(deps, who, "hand", body, Realisation.HARM, None)

    @router.post("/near-misses", status_code=201, summary="Report a near miss")
    async def report_near_miss(body: NewNearMiss, who: Who) -> Opened:
        """A near miss always gets a review, and a short one, of what is in no catalogue too. Say what stopped it."""
        return await opened(deps, who, "near-miss", body, Realisation.NEAR_MISS, body.stopped_by)

    return router
