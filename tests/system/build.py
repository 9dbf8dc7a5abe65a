"""The whole product as its own processes, and people who use it over HTTP and never give up."""

import asyncio
import json
import os
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import yaml

from console.demo.command import delivery, signed
from console.services.up import Running, everything
from domain.model.taxonomy import Outcome
from runtime.engine import free_port
from runtime.settings import CONFIG_VARIABLE, Settings, load_settings
from standins.github.server import TOKEN, GithubServer
from tests.domain.build import POLICY, document, item

SECRET = "a signing secret"
TEAMS = ("ml", "infrastructure", "product")
TOLD = {"title": "Precision fell", "service": "PSVC1", "priority": "P2"}


def prepare(directory: Path, server: GithubServer, monkeypatch: pytest.MonkeyPatch, **trackers: Any) -> Settings:
    """Settings for a house of its own: a quiet window of a second, and issues at a loopback GitHub.

    `trackers` stands in place of, or beside, what is set there.
    """
    policy = POLICY.model_dump(mode="json")
    policy["clocks"]["quiet"] = dict.fromkeys(policy["clocks"]["quiet"], "1 s")
    catalogue = {
        "teams": {"ml": {"title": "ML", "lead": "ml-lead@example.org"}},
        "services": {"ranker": {"title": "Ranker", "team": "ml", "source_ids": ["PSVC1"]}},
    }
    config = {
        "data_dir": str(directory / "data"),
        "catalogue": str(directory / "catalogue.yaml"),
        "policy": str(directory / "policy.yaml"),
        "engine": {"port": free_port(), "ui_port": free_port()},
        "web": {"port": free_port()},
        "trackers": {
            "default": "github:acme/risk",
            "sync_every": "PT1S",
            "github": {"token": TOKEN, "api_url": server.url},
        }
        | trackers,
        "pagerduty": {"secrets": [SECRET]},
    }
    for name, content in (("holdfast", config), ("policy", policy), ("catalogue", catalogue)):
        (directory / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    for name in [name for name in os.environ if name.startswith("HOLDFAST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(CONFIG_VARIABLE, str(directory / "holdfast.yaml"))
    return load_settings()


@asynccontextmanager
async def product(settings: Settings, recover: bool = False) -> AsyncIterator[Running]:
    """The engine, the worker and the web app, as their own processes."""
    environment: Mapping[str, str] = {CONFIG_VARIABLE: os.environ[CONFIG_VARIABLE]}
    async with everything(settings, environment, recover) as running:
        yield running


class Users:
    """People and machines that use the product over HTTP, and ask again, with the same id, until they are answered."""

    def __init__(self, url: str, patience: float = 150, every: float = 0.2) -> None:
        """They wait for `patience` seconds at most, and look `every` so many seconds."""
        self._patience, self._every = patience, every
        # No connection outlives its answer: the server that it leads to may be killed at any moment.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.AsyncClient(base_url=url, timeout=40, limits=limits)
        self.accepted: dict[str, list[str]] = {}
        self.deliveries: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def _ask(self, ask: Callable[[], Any], good: Callable[[httpx.Response], bool]) -> httpx.Response:
        async with asyncio.timeout(self._patience):
            while True:
                try:
                    answer: httpx.Response = await ask()
                    if good(answer):
                        return answer
                    assert answer.status_code == 503, answer.text
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.2)

    async def incident_closes(self) -> str:
        """A PagerDuty delivery, sent until it is acknowledged; the id of the review that it opens."""
        body, incident = delivery(TOLD)
        headers = signed(body, SECRET)
        await self._ask(
            lambda: self.http.post("/webhooks/pagerduty", content=body, headers=headers),
            lambda answer: answer.status_code == 202,
        )
        self.deliveries.append(f"pagerduty:{json.loads(body)['event']['id']}")
        return f"pagerduty:{incident}"

    async def command(self, review: str, by: str, command: dict[str, Any]) -> None:
        """A command, said until it is answered."""
        id = str(uuid.uuid4())
        body = {"id": id, "by": by, "command": command}
        answer = await self._ask(
            lambda: self.http.post(f"/api/reviews/{review}/commands", json=body),
            lambda answer: answer.status_code in (200, 409),
        )
        assert answer.status_code == 200, answer.text
        self.accepted.setdefault(review, []).append(id)

    async def submit(self, review: str, items: int = 1) -> str:
        """Save and submit a draft that meets the template, with so many items; its digest."""
        outcomes = cycle((Outcome.MONITORING_OR_ALERTS, Outcome.RESILIENCE_TEST))
        draft = document(items=[item(f"I{n + 1}", outcome=next(outcomes)) for n in range(items)])
        body = {"by": "submitter@example.org", "document": draft.model_dump(mode="json")}
        saved = (
            await self._ask(
                lambda: self.http.put(f"/api/reviews/{review}/draft", json=body), lambda a: a.status_code == 200
            )
        ).json()
        command = {"type": "submit_draft", "revision": saved["revision"], "digest": saved["digest"]}
        await self.command(review, "submitter@example.org", command)
        return str(saved["digest"])

    async def until(self, review: str, holds: Callable[[Any], Any]) -> Any:
        """The review as soon as this holds of it."""
        seen: Any = None
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    answer = await self._ask(
                        lambda: self.http.get(f"/api/reviews/{review}"), lambda a: a.status_code in (200, 404)
                    )
                    seen = answer.json() if answer.status_code == 200 else None
                    if seen and holds(seen):
                        return seen
                    await asyncio.sleep(self._every)
        except TimeoutError:
            raise AssertionError(f"{review} did not come so far: {json.dumps(seen)[:1500]}") from None

    async def live(self, github: GithubServer) -> str:
        """A whole life, from the incident's close to the closed review."""
        review = await self.incident_closes()
        await self.until(review, lambda r: r["stage"] == "draft")
        digest = await self.submit(review)
        for team in TEAMS:
            await self.command(review, f"{team}@example.org", {"type": "sign", "team": team, "digest": digest})
        found = await self.until(review, lambda r: r["items"]["I1"]["ref"] is not None)
        issue = github.issue(found["items"]["I1"]["ref"]["key"])
        issue.state, issue.state_reason = "closed", "completed"
        await self.until(review, lambda r: r["stage"] == "closed")
        return review
