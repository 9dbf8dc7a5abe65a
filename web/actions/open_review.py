"""Opening a review by hand, from the API or from a form: what is told, and what becomes of it."""

import secrets
from typing import Literal

from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from domain.lifecycle.incident_routing import review_id
from domain.lifecycle.inputs import Input, OpenReview
from domain.model.draft_parts import Measured
from domain.model.taxonomy import IncidentKind, IncidentStatus, Realisation, Severity, StoppedBy
from domain.model.values import Record, Utc
from integrations.incidents.delivery import IncidentId, Measurements, Name, ReportedIncident, WebUrl
from web.actions.send_command import carried
from web.auth.authentication import Caller, acting
from web.deps import WebDeps
from web.references import require_handle
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
