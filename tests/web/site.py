"""A whole site for tests: real records, the engine of `engine.py`, the app over them, and a client that speaks HTTP."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from domain.model.catalogue import Catalogue
from domain.model.policy import Policy
from records.database import Database
from records.store import Records
from runtime.settings import IncidentSettings, PagerDutySettings, WebSettings
from tests.domain.build import POLICY
from tests.web.engine import Engine
from web.app import create_app
from web.deps import WebDeps

SECRET, TOKEN = "a signing secret", "a bearer token"
HOST = "http://127.0.0.1:8585"

CATALOGUE = Catalogue.model_validate(
    {
        "teams": {
            "ml": {"title": "ML risk", "lead": "ml-lead@example.org"},
            "infrastructure": {"title": "Infrastructure", "lead": "infrastructure-lead@example.org"},
            "product": {"title": "Payments product", "lead": "product-lead@example.org"},
        },
        "services": {
            "fraud-scoring": {"title": "Fraud scoring", "team": "ml", "source_ids": ["PF9KMXH"]},
            "credit-limit": {"title": "Credit limits", "team": "product"},
        },
        "models": {"fraud-scorer": {"title": "Fraud scorer", "services": ["fraud-scoring"], "team": "ml"}},
    }
)

ENGINEER, REQUESTER, HEAD = "ml-engineer@example.org", "ml-lead@example.org", "risk-head@example.org"
SIGNERS = {team: f"{team}-reviewer@example.org" for team in ("ml", "infrastructure", "product")}

DRAFT: dict[str, Any] = {
    "summary": "A campaign brought a merchant category that made up 0.4 % of the training data to 11 % of traffic.\n\n"
    "Precision at the blocking threshold fell from 0.93 to 0.61.",
    "answers": {question.id: f"An answer to: {question.prompt}" for question in POLICY.questions},
    "factors": [
        {
            "id": "F1",
            "dimension": "data",
            "cause": "drift",
            "confidence": "known",
            "explanation": "The input mix moved outside what the model had seen.",
            "evidence": "Share of the category by hour, from the feature store.",
            "control_that_should_have_caught_it": "A drift monitor on merchant category.",
            "led_to": "effect",
        },
        {
            "id": "F2",
            "dimension": "evaluation",
            "cause": "slice_not_evaluated",
            "confidence": "known",
            "explanation": "The release suite has no slice for rare categories.",
            "evidence": "Evaluation report of the release in use.",
            "led_to": "F1",
        },
    ],
    "considered": {
        "model": "None. Retraining restored the precision.",
        "system": "None. Latency and capacity were as planned.",
        "governance": "None found.",
    },
    "items": [
        {
            "id": "I1",
            "title": "Add release tests for rare merchant categories",
            "item_class": "prevent",
            "strength": "stronger",
            "outcome": "training_or_evaluation_procedure",
            "end_state": "The release gate fails on a model whose precision on a rare category is below 0.85.",
            "prevents": ["F2"],
            "team": "ml",
            "owner": ENGINEER,
        },
        {
            "id": "I2",
            "title": "Alert on a shift of the merchant mix",
            "item_class": "prevent",
            "strength": "intermediate",
            "outcome": "monitoring_or_alerts",
            "prevents": ["F1"],
            "team": "infrastructure",
        },
        {
            "id": "I3",
            "title": "Share the campaign calendar with the model owners",
            "item_class": "process",
            "strength": "weaker",
            "outcome": "ownership_and_escalation",
        },
    ],
}


@dataclass
class Site:
    """What a test holds: the parts, and a client."""

    records: Records
    engine: Engine
    deps: WebDeps
    app: FastAPI
    http: httpx.AsyncClient

    async def idle(self) -> None:
        """Wait until nothing is being sent to reviews."""
        await self.app.state.dispatcher.idle()

    # --- incidents ----------------------------------------------------------------------------------------------------

    async def deliver(self, body: bytes, secret: str = SECRET) -> httpx.Response:
        """Deliver as PagerDuty does."""
        answer = await self.http.post("/webhooks/pagerduty", content=body, headers=signed(body, secret))
        await self.idle()
        return answer

    async def incident_closes(self, id: str = "Q1", **about: Any) -> str:
        """A resolved incident comes in; the id of the review that it opens."""
        answer = await self.deliver(delivery(id, **about))
        assert answer.status_code == 202, answer.text
        return f"pagerduty:{id}"

    # --- commands -----------------------------------------------------------------------------------------------------

    async def say(self, review: str, by: str, type: str, **command: Any) -> httpx.Response:
        """Say a command."""
        body = {"by": by, "command": {"type": type, **command}}
        return await self.http.post(f"/api/reviews/{review}/commands", json=body)

    async def accepted(self, review: str, by: str, type: str, **command: Any) -> dict[str, Any]:
        """Say a command that is accepted."""
        answer = await self.say(review, by, type, **command)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def get(self, path: str) -> Any:
        """What the API says at a path."""
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def page(self, path: str) -> str:
        """A page."""
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def act(self, key: str, action: str, by: str | None = None) -> dict[str, Any]:
        """Act on an issue."""
        answer = await self.http.post(f"/api/issues/{key}/{action}", json={"by": by} if by else {})
        assert answer.status_code == 200, answer.text
        await self.idle()
        acted: dict[str, Any] = answer.json()
        return acted

    # --- reviews that have come some way ------------------------------------------------------------------------------

    async def in_draft(self, id: str = "Q1", **about: Any) -> str:
        """A review whose quiet window has passed."""
        review = await self.incident_closes(id, **about)
        self.engine.tick(review, hours=24, seconds=1)
        return review

    async def saved(self, review: str, **changes: Any) -> dict[str, Any]:
        """Save a draft."""
        body = {"by": ENGINEER, "document": DRAFT | changes}
        answer = await self.http.put(f"/api/reviews/{review}/draft", json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def in_sign_off(self, id: str = "Q1", **about: Any) -> tuple[str, str]:
        """A review whose draft was submitted, and the digest that is to be signed."""
        review = await self.in_draft(id, **about)
        draft = await self.saved(review)
        await self.accepted(review, ENGINEER, "submit_draft", revision=draft["revision"], digest=draft["digest"])
        return review, draft["digest"]

    async def in_remediation(self, id: str = "Q1", **about: Any) -> str:
        """A review that every team signed, with its issues open."""
        review, digest = await self.in_sign_off(id, **about)
        for team, by in SIGNERS.items():
            await self.accepted(review, by, "sign", team=team, digest=digest)
        return review

    async def key_of(self, review: str, item: str) -> str:
        """The key of an item's issue."""
        key: str = (await self.get(f"/api/reviews/{review}"))["items"][item]["ref"]["key"]
        return key

    async def closed(self, id: str = "Q1", **about: Any) -> str:
        """A review that closed because its prevention was done."""
        review = await self.in_remediation(id, **about)
        for item in ("I1", "I2"):
            await self.act(await self.key_of(review, item), "done")
        return review


@asynccontextmanager
async def site(
    directory: Path, url: str | None = None, policy: Policy = POLICY, engine_type: type[Engine] = Engine, **changes: Any
) -> AsyncIterator[Site]:
    """A site over a database of its own, or over the one at `url`."""
    records = Records(Database(url or f"sqlite:///{directory / 'records.db'}"))
    engine = engine_type(records, policy, CATALOGUE)
    parts: dict[str, Any] = {
        "records": records,
        "policy": policy,
        "catalogue": CATALOGUE,
        "door": engine,
        "pagerduty": PagerDutySettings(secrets=[SecretStr("an older secret"), SecretStr(SECRET)]),
        "incidents": IncidentSettings(token=SecretStr(TOKEN)),
        "web": WebSettings(public_url="https://reviews.example.org/"),
        "now": lambda: engine.now,
        "close_patience": timedelta(seconds=0.3),
    }
    deps = WebDeps(**parts | changes)
    app = create_app(deps)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=HOST) as http:
        yield Site(records, engine, deps, app, http)
    records.database.close()


def delivery(
    id: str = "Q1",
    *,
    event: str = "incident.resolved",
    title: str = "Precision fell to 0.61 after the merchant mix shifted",
    priority: str = "P2",
    service: str = "PF9KMXH",
    key: str | None = None,
    at: datetime | None = None,
    delivery_id: str | None = None,
) -> bytes:
    """The body of a delivery of PagerDuty's v3 webhooks."""
    now = at or datetime.now(UTC)
    data = {
        "id": id,
        "type": "incident",
        "html_url": f"https://example.pagerduty.com/incidents/{id}",
        "status": "resolved" if event == "incident.resolved" else "triggered",
        "incident_key": key,
        "created_at": (now - timedelta(hours=6)).isoformat(),
        "title": title,
        "service": {"id": service, "type": "service_reference"},
        "assignees": [{"id": "PTUXL6G", "type": "user_reference"}],
        "priority": {"id": "PSO75BM", "summary": priority},
    }
    told = {"id": delivery_id or f"{id}-{event}", "event_type": event, "occurred_at": now.isoformat(), "data": data}
    return json.dumps({"event": told}).encode()


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers with which PagerDuty signs."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-PagerDuty-Signature": f"v1={signature}", "Content-Type": "application/json"}
