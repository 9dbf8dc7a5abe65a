"""Where incident sources and trackers deliver. It is kept before it is acknowledged, which needs no engine."""

import hmac
from collections.abc import Callable, Mapping
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field, SecretStr

from domain.model.taxonomy import Severity
from integrations.incidents import generic, pagerduty
from integrations.incidents.delivery import BadDelivery, Delivery
from integrations.trackers import webhooks
from integrations.trackers.webhooks import Look
from web.deps import WebDeps
from web.errors import WRONG_BODY, ApiError, ErrorBody, Responses
from web.webhooks.dispatch import Dispatcher
from web.webhooks.intake import note_look, receive


class Receipt(BaseModel):
    """What became of a delivery."""

    delivery: str = Field(description="its id across sources; the same however often it is repeated")
    state: Literal["accepted", "known", "ignored"]
    because: str | None = Field(default=None, description="why it was ignored")


_WRONG: Responses = {
    413: WRONG_BODY[413],
    401: {"model": ErrorBody, "description": "The sender could not prove who it is."},
    422: {"model": ErrorBody, "description": "The body cannot be read; the sentence names the field."},
    503: {"model": ErrorBody, "description": "No secret is configured; the sentence names the setting."},
}


def routes(deps: WebDeps, dispatcher: Dispatcher) -> APIRouter:
    """The ways in for sources."""
    router = APIRouter(prefix="/webhooks", tags=["Webhooks"], responses=_WRONG)

    @router.post("/pagerduty", status_code=202, summary="Take a delivery of PagerDuty's v3 webhooks")
    async def from_pagerduty(request: Request) -> Receipt:
        """The signature is verified over the raw body. Repeating a delivery is harmless."""
        secrets = [secret.get_secret_value() for secret in deps.pagerduty.secrets]
        if not any(secrets):
            raise ApiError(503, "No signing secret is configured: set HOLDFAST_PAGERDUTY__SECRETS.")
        body = await request.body()
        if not pagerduty.verify_signature(body, request.headers.get(pagerduty.SIGNATURE_HEADER), secrets):
            raise ApiError(401, f"{pagerduty.SIGNATURE_HEADER}: no signature of this body by a known secret.")
        severities = {priority: Severity(severity) for priority, severity in deps.pagerduty.severities.items()}
        try:
            delivery = pagerduty.parse(body, severities, Severity(deps.pagerduty.unmapped))
        except BadDelivery as error:
            raise ApiError(422, str(error)) from error
        return await taken(delivery)

    @router.post("/incidents", status_code=202, summary="Take an incident from any source, as a CloudEvent")
    async def from_anywhere(request: Request) -> Receipt:
        """Structured (application/cloudevents+json) or binary (ce- headers), with a bearer token."""
        token = deps.incidents.token.get_secret_value() if deps.incidents.token else ""
        if not token:
            raise ApiError(503, "No token is configured: set HOLDFAST_INCIDENTS__TOKEN.")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise ApiError(401, "authorization: bring the configured token as a bearer token.")
        try:
            delivery = generic.parse(request.headers, await request.body())
        except BadDelivery as error:
            raise ApiError(422, str(error)) from error
        return await taken(delivery)

    @router.post("/github", status_code=202, summary="Take a webhook of GitHub: it causes a look at what it names")
    async def from_github(request: Request) -> Receipt:
        """The signature is verified over the raw body. Nothing that it says is believed; the issue is read."""
        secret = deps.trackers.github.webhook_secret
        return await looked(request, webhooks.GITHUB, secret, webhooks.parse_github)

    @router.post("/jira", status_code=202, summary="Take a webhook of Jira: it causes a look at what it names")
    async def from_jira(request: Request) -> Receipt:
        """Webhooks that administrators make with a secret are signed. Nothing that it says is believed."""
        secret = deps.trackers.jira.webhook_secret
        return await looked(request, webhooks.JIRA, secret, webhooks.parse_jira)

    async def looked(
        request: Request, tracker: str, secret: SecretStr | None, parse: Callable[[Mapping[str, str], bytes], Look]
    ) -> Receipt:
        if secret is None or not secret.get_secret_value():
            name = f"HOLDFAST_TRACKERS__{tracker.upper()}__WEBHOOK_SECRET"
            raise ApiError(503, f"No webhook secret is configured: set {name}.")
        body, header = await request.body(), webhooks.SIGNATURE_HEADERS[tracker]
        if not webhooks.verify_signature(body, request.headers.get(header), secret.get_secret_value()):
            raise ApiError(401, f"{header}: no signature of this body by the configured secret.")
        try:
            look = parse(request.headers, body)
        except BadDelivery as error:
            raise ApiError(422, str(error)) from error
        state = await run_in_threadpool(note_look, deps, look)
        if state == "accepted":
            dispatcher.poke()
        because = look.ignored_because if state == "ignored" else None
        return Receipt.model_validate({"delivery": look.id, "state": state, "because": because})

    async def taken(delivery: Delivery) -> Receipt:
        state = await run_in_threadpool(receive, deps, delivery)
        if state == "accepted":
            dispatcher.poke()
        return Receipt.model_validate(
            {
                "delivery": delivery.id,
                "state": state,
                "because": delivery.ignored_because if state == "ignored" else None,
            }
        )

    return router
