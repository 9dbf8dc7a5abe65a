"""Reviews that a person opens: for an incident that no source reported, or for a near miss."""

import secrets
from typing import Literal

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from domain.lifecycle.incident_routing import review_id
from domain.lifecycle.inputs import Input, OpenReview
from domain.model.draft_parts import Measured
from domain.model.taxonomy import IncidentKind, IncidentStatus, Realisation, Severity, StoppedBy
from domain.model.values import Record, Utc
from integrations.incidents.delivery import IncidentId, Measurements, Name, ReportedIncident, WebUrl
from web.actions.admit import require_handle
from web.api.commands import Refused, carried
from web.auth.authentication import Caller, Who, acting
from web.deps import WebDeps
from web.errors import WRONG_BODY, ErrorBody, Responses
from web.views.privacy_warnings import doubts_about
from web.webhooks.intake import take_in


class ToldByHand(Record):
    """An incident that is over, as a person tells it."""

    by: str | None = Field(
        default=None,
        description="the handle of who opens it; left out by who is signed in or brings a token",
        examples=["ml-lead@example.org"],
    )
    title: Name = Field(description="one line", examples=["Fallback answered 38 % of requests for six hours"])
    service: Name = Field(description="the service, as the catalogue names it", examples=["fraud-scoring"])
    severity: Severity
    kinds: tuple[IncidentKind, ...] = ()
    models: tuple[Name, ...] = Field(default=(), description="left out: the models of the service in the catalogue")
    id: IncidentId | None = Field(default=None, description="your own id of the incident; left out: one is made")
    began: Utc | None = None
    detected: Utc | None = None
    resolved: Utc | None = Field(default=None, description="when it ended; left out: by now, nobody knows when")
    private_to: tuple[Name, ...] = Field(default=(), description="the teams that alone see it; left out: everybody")
    responder: str | None = Field(default=None, description="who answered last, and so owns the review; else the lead")
    url: WebUrl | None = None


class NewReview(Measurements, ToldByHand):
    """An incident that is over, as the person tells it who opens its review, and what was measured of it."""


class NewNearMiss(NewReview):
    """Something that nearly did harm."""

    stopped_by: StoppedBy = Field(description="what kept it from doing harm")


class Opened(Record):
    """The review that was opened."""

    review: str = Field(description="its id", examples=["hand:20261122-1f3a9c"])
    note: str | None = Field(default=None, description="who will not see it, or will all the same, where it is private")


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


async def opened(
    deps: WebDeps,
    who: Caller,
    source: Literal["hand", "near-miss"],
    body: NewReview,
    realisation: Realisation,
    stopped_by: StoppedBy | None,
) -> Opened:
    """Open the review that somebody tells of. Raises `ApiError`: 422, 409 with every reason, 503 without an answer."""
    if body.responder is not None:
        require_handle("responder", body.responder)
    own = body.id or f"{deps.now():%Y%m%d}-{secrets.token_hex(3)}"
    told = ReportedIncident(
        source=source,
        id=own,
        status=IncidentStatus.RESOLVED,
        as_of=deps.now(),
        realisation=realisation,
        **body.model_dump(include=_TOLD),
    )

    def input() -> Input:
        by = acting(deps, who, body.by)
        incident = take_in(deps, told, stopped_by)
        return Input(
            id=f"open:{deps.records.people.mark_of(body.model_dump_json(), review_id(source, own))}",
            by=by,
            door=who.door,
            standing=who.standing,
            at=told.as_of,
            body=OpenReview(incident=incident, private_to=body.private_to),
        )

    review = review_id(source, own)
    await carried(deps, review, await run_in_threadpool(input))
    return Opened(review=review, note=await run_in_threadpool(doubts_about, deps, body.private_to))


_TOLD = {"title", "service", "severity", "kinds", "models", "began", "detected", "resolved", "responder", "url"} | set(
    Measured.model_fields
)
