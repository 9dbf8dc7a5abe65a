"""`holdfast demo`: a review lives its whole life on real parts, and every step says what it proves.

It starts the embedded engine, sends a signed PagerDuty delivery over HTTP, plays everybody who takes part through the
same API as everyone else, kills its own worker, and audits the records in the end. Settings of whoever runs it count
for nothing: it has its own, in a folder of its own.
"""

import asyncio
import contextlib
import copy
import hashlib
import hmac
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml
from rich.console import Console
from rich.markup import escape

from console.up import Running, everything
from runtime.engine import free_port
from runtime.files import DEFAULT_POLICY, read_yaml
from runtime.settings import CONFIG_VARIABLE, Settings, load_settings

STORY = Path(__file__).parent / "story.yaml"
PATIENCE = 45.0
"""Seconds that anything in the story may take before the demo says that it failed."""

QUIET_WINDOW = "2 s"


class StepFailedError(Exception):
    """A step of the story did not hold; the message says which, and what was seen."""


async def play(console: Console, once: bool) -> None:
    """Play the story. Raises `StepFailedError`, or `runtime.engine.EngineError` where the engine cannot be started."""
    directory = Path(tempfile.mkdtemp(prefix="holdfast-demo-"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        with _apart(directory):
            secret = secrets.token_hex(16)
            settings = _prepare(directory, secret)
            environment = {CONFIG_VARIABLE: str(directory / "holdfast.yaml")}
            console.print("[bold]Holdfast demo[/bold]: one review, from an incident's close to a closed review\n")
            playing = asyncio.create_task(_tell(console, settings, environment, secret, once, stop))
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({playing, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if once and not playing.done():
                playing.cancel()
            await playing
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def _apart(directory: Path) -> Iterator[None]:
    """For as long as the block lasts, this process and its children see no `.env` and no settings but those of
    `directory`."""
    here = Path.cwd()
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.upper().startswith("HOLDFAST_")}
    os.environ[CONFIG_VARIABLE] = str(directory / "holdfast.yaml")
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(here)
        del os.environ[CONFIG_VARIABLE]
        os.environ.update(taken)


def _prepare(directory: Path, secret: str) -> Settings:
    policy = read_yaml(DEFAULT_POLICY)
    policy["name"] = "demo: the default policy with a quiet window of seconds"
    policy["clocks"]["quiet"] = dict.fromkeys(policy["clocks"]["quiet"], QUIET_WINDOW)
    config = {
        "data_dir": str(directory / "data"),
        "catalogue": str(directory / "catalogue.yaml"),
        "policy": str(directory / "policy.yaml"),
        "engine": {"port": free_port(), "ui_port": free_port()},
        "web": {"port": free_port()},
        "trackers": {"sync_every": "PT1S"},
        "pagerduty": {"secrets": [secret]},
    }
    for name, content in (("holdfast", config), ("policy", policy), ("catalogue", _story()["catalogue"])):
        (directory / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return load_settings()


def _story() -> dict[str, Any]:
    story: dict[str, Any] = read_yaml(STORY)
    return story


async def _tell(
    console: Console,
    settings: Settings,
    environment: Mapping[str, str],
    secret: str,
    once: bool,
    stop: asyncio.Event,
) -> None:
    with console.status("Starting the engine, the worker and the web app"):
        starting = everything(settings, environment)
        running = await starting.__aenter__()
    try:
        async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE) as http:
            story = Story(console, running, http, secret)
            console.print(f"  pages: [bold]{running.url}[/bold]   Temporal's own pages: {running.ui_url}\n")
            await story.first_review()
            await story.second_review()
            await story.audit()
        console.print(f"\n[bold green]All {story.steps} steps held.[/bold green]")
        if not once:
            console.print(f"The pages stay up at [bold]{running.url}[/bold] until Ctrl-C.")
            await stop.wait()
    finally:
        await starting.__aexit__(None, None, None)


class Story:
    """The steps, each of which checks what it claims."""

    def __init__(self, console: Console, running: Running, http: httpx.AsyncClient, secret: str) -> None:
        self._console = console
        self._running = running
        self._http = http
        self._secret = secret
        self._story = _story()
        self.steps = 0

    async def first_review(self) -> None:
        """The whole life of a review, with everything that tries to end it early."""
        review = await self._incident_closes(self._story["incident"])
        await self._in_stage(review, "draft")
        self._step("The quiet window passed", "no re-fire came, so the draft is due now")
        await self._draft_and_sign_off(review)
        await self._early_ends_are_refused(review)
        await self._prevention_happens(review)

    async def _incident_closes(self, told: dict[str, str]) -> str:
        body, incident = delivery(told)
        refused = await self._http.post("/webhooks/pagerduty", content=body, headers=signed(body, "wrong secret"))
        self._require(refused.status_code == 401, f"a delivery with a bad signature was answered {refused.status_code}")
        headers = signed(body, self._secret)
        for _ in range(2):
            answer = await self._http.post("/webhooks/pagerduty", content=body, headers=headers)
            self._require(answer.status_code == 202, f"the delivery was answered {answer.status_code}: {answer.text}")
        review = f"pagerduty:{incident}"
        found = await self._in_stage(review, "stabilization", "draft")
        self._step(
            f"PagerDuty told, signed, that {incident} is resolved: review {review} opened by itself",
            f"{found['severity']}, sent twice and opened once; a delivery with a bad signature got 401",
        )
        return review

    async def _draft_and_sign_off(self, review: str) -> None:
        draft = self._story["draft"]
        revision, digest = await self._submit(review, draft)
        self._step(
            f"The draft was submitted as revision {revision}",
            "it answers all questions and looks along all five dimensions",
        )
        command = {
            "type": "request_changes",
            "team": "infrastructure",
            "sections": ["answer:early_signals"],
            "reason": "Which report should have shown it?",
        }
        await self._accepted(review, "infrastructure-reviewer@example.org", command)
        await self._in_stage(review, "draft")
        changed = copy.deepcopy(draft)
        changed["answers"] |= self._story["changed_answer"]
        revision, digest = await self._submit(review, changed)
        self._step("Infrastructure asked for changes, and got them", f"revision {revision} is to be signed")
        answer = await self._say(review, "ml-engineer@example.org", {"type": "sign", "team": "ml", "digest": digest})
        self._require(answer.status_code == 409, "who submitted the draft could sign it")
        for team in ("ml", "infrastructure", "product"):
            await self._accepted(
                review, f"{team}-reviewer@example.org", {"type": "sign", "team": team, "digest": digest}
            )
        await self._in_stage(review, "remediation")
        self._step("ML, infrastructure and product signed", "each a person of their own; who submitted it was refused")
        items = await self._until(
            "every item has its issue",
            lambda: self._review(review),
            lambda r: all(item["ref"] for item in r["items"].values()) and r["tracking"],
        )
        keys = ", ".join(f"{id} is {item['ref']['key']}" for id, item in items["items"].items())
        self._step(
            "The items were opened in the tracker", f"{keys}; {items['tracking']['ref']['key']} tracks the review"
        )

    async def _submit(self, review: str, draft: dict[str, Any]) -> tuple[int, str]:
        body = {"by": "ml-engineer@example.org", "document": draft}
        saved = (await self._http.put(f"/api/reviews/{review}/draft", json=body)).raise_for_status().json()
        command = {"type": "submit_draft", "revision": saved["revision"], "digest": saved["digest"]}
        await self._accepted(review, "ml-engineer@example.org", command)
        return int(saved["revision"]), str(saved["digest"])

    async def _early_ends_are_refused(self, review: str) -> None:
        answer = await self._say(review, "ml-lead@example.org", {"type": "close"})
        self._require(answer.status_code == 409, "the review could be closed with its prevention open")
        self._step("Closing was refused", "prevention has not happened yet:", answer.json()["reasons"])
        tracking = (await self._review(review))["tracking"]["ref"]["key"]
        await self._act(tracking, "done")
        reopened = await self._until(
            "the tracking issue is opened again",
            lambda: self._issue(tracking),
            lambda i: i["status"] == "open" and i["comments"],
        )
        self._step(
            f"{tracking} was closed early, and opened itself again",
            "with a comment that lists what blocks:",
            reopened["comments"][-1].splitlines()[2:],
        )
        key = await self._key(review, "I2")
        await self._act(key, "decline")
        await self._until(
            "the declined item is seen",
            lambda: self._review(review),
            lambda r: r["items"]["I2"]["status"] == "declined",
        )
        why = await self._why(review)
        self._require(any(b["id"] == "done/I2" for b in why), "a declined item does not block")
        self._step(f"{key} was closed as not planned", "which is not done:", [b["sentence"] for b in why])

    async def _prevention_happens(self, review: str) -> None:
        until = (datetime.now(UTC) + timedelta(days=14)).isoformat()
        ask = {
            "type": "ask_waiver",
            "rule": "done",
            "subject": "I2",
            "reason": "The vendor's alerting API comes in two weeks.",
            "until": until,
        }
        await self._accepted(review, "ml-lead@example.org", ask)
        approve = {"type": "approve", "request": "R1"}
        answer = await self._say(review, "ml-lead@example.org", approve)
        self._require(answer.status_code == 409, "who asked for a waiver could approve it")
        await self._accepted(review, "risk-head@example.org", approve)
        self._step(
            "A waiver for I2 was asked for by one person and approved by another",
            f"until {until[:10]}; then its blocker is back. Approving one's own was refused",
        )
        await self._act(await self._key(review, "I1"), "done")
        closed = await self._in_stage(review, "closed")
        read = ", ".join(f"{r['item']} {r['status']}" for r in closed["closure"]["readings"])
        self._step(
            "I1 was done in the tracker, and the review closed by itself",
            f"on a read made for this decision: {read}; I3 stays on its list",
        )

    async def second_review(self) -> None:
        """A worker that is killed half-way loses nothing."""
        review = await self._incident_closes(self._story["second_incident"])
        await self._in_stage(review, "draft")
        _, digest = await self._submit(review, self._story["draft"])
        await self._accepted(review, "ml-reviewer@example.org", {"type": "sign", "team": "ml", "digest": digest})
        command = {"type": "sign", "team": "infrastructure", "digest": digest}
        signing = asyncio.create_task(self._accepted(review, "infrastructure-reviewer@example.org", command))
        pid, starts = self._running.worker.pid, self._running.worker.starts
        self._require(pid is not None, "the worker does not run")
        os.kill(pid or 0, signal.SIGKILL)
        with self._console.status(
            f"The worker (process {pid}) was killed with SIGKILL while a signature was on its way"
        ):
            await signing
        self._require(self._running.worker.starts > starts, "the worker was not killed at all")
        await self._accepted(
            review, "product-reviewer@example.org", {"type": "sign", "team": "product", "digest": digest}
        )
        for item in ("I1", "I2"):
            await self._act(await self._key(review, item), "done")
        await self._in_stage(review, "closed")
        history = (await self._http.get(f"/api/reviews/{review}/history")).raise_for_status().json()
        signed = [event for event in history if event["type"] == "TeamSigned"]
        self._require(len(signed) == 3, f"{len(signed)} signatures are recorded, and not 3")
        self._step(
            "The worker was killed with SIGKILL while a signature was on its way",
            f"a new one went on; nothing was lost or doubled, and {review} closed as well",
        )

    async def audit(self) -> None:
        """The chain is whole, and the rules in force allowed every closure."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", "audit", "verify", "--json"), stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        self._require(process.returncode == 0, f"the audit found faults: {output.decode()}")
        report = json.loads(output)
        self._require(report["closures"] == 2, f"the audit saw {report['closures']} closures, and not 2")
        found = f"{report['events']} events in {report['streams']} streams, an unbroken chain"
        closures = f"{report['closures']} closures, each allowed by the rules"
        self._step("An audit folded the records again", f"{found}; {closures}")

    # --- how the steps speak to Holdfast ------------------------------------------------------------------------------

    async def _say(self, review: str, by: str, command: dict[str, Any]) -> httpx.Response:
        """Say a command; while no answer comes, ask again with the same id."""
        body = {"id": str(uuid.uuid4()), "by": by, "command": command}
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self._http.post(f"/api/reviews/{review}/commands", json=body)
                if answer.status_code != 503:
                    return answer
                await asyncio.sleep(0.2)

    async def _accepted(self, review: str, by: str, command: dict[str, Any]) -> None:
        answer = await self._say(review, by, command)
        self._require(answer.status_code == 200, f"{command['type']} was answered {answer.status_code}: {answer.text}")

    async def _act(self, key: str, action: str) -> None:
        (await self._http.post(f"/api/issues/{key}/{action}", json={"by": "engineer@example.org"})).raise_for_status()

    async def _review(self, review: str) -> Any:
        answer = await self._http.get(f"/api/reviews/{review}")
        return answer.json() if answer.status_code == 200 else None

    async def _issue(self, key: str) -> Any:
        return (await self._http.get(f"/api/issues/{key}")).raise_for_status().json()

    async def _why(self, review: str) -> list[dict[str, str]]:
        why = (await self._http.get(f"/api/reviews/{review}/why")).raise_for_status().json()["blockers"]
        return [b | {"id": f"{b['rule']}/{b['subject']}"} for b in why]

    async def _key(self, review: str, item: str) -> str:
        found = await self._until(
            f"{item} has its issue", lambda: self._review(review), lambda r: r["items"][item]["ref"] is not None
        )
        return str(found["items"][item]["ref"]["key"])

    async def _in_stage(self, review: str, *stages: str) -> Any:
        return await self._until(
            f"{review} is in stage {' or '.join(stages)}",
            lambda: self._review(review),
            lambda r: r is not None and r["stage"] in stages,
        )

    async def _until(self, what: str, look: Callable[[], Awaitable[Any]], holds: Callable[[Any], Any]) -> Any:
        seen: Any = None
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    seen = await look()
                    if seen is not None and holds(seen):
                        return seen
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise StepFailedError(
                f"Waited {PATIENCE:.0f} s until {what}; last seen: {json.dumps(seen)[:600]}"
            ) from None

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise StepFailedError(otherwise)

    def _step(self, what: str, proves: str, lines: list[str] | None = None) -> None:
        self.steps += 1
        self._console.print(f"[green]✓[/green] [bold]{escape(what)}[/bold]", soft_wrap=True)
        self._console.print(f"  {escape(proves)}", style="dim", soft_wrap=True)
        for line in lines or []:
            self._console.print(f"    {escape(line)}", style="dim", soft_wrap=True)


def delivery(told: dict[str, str]) -> tuple[bytes, str]:
    """A PagerDuty v3 webhook delivery (`incident.resolved`), and the incident's id."""
    incident, now = "Q" + secrets.token_hex(6).upper(), datetime.now(UTC)
    data = {
        "id": incident,
        "type": "incident",
        "self": f"https://api.pagerduty.com/incidents/{incident}",
        "html_url": f"https://example.pagerduty.com/incidents/{incident}",
        "number": 1,
        "status": "resolved",
        "incident_key": secrets.token_hex(16),
        "created_at": (now - timedelta(hours=6, minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": told["title"],
        "service": {"id": told["service"], "type": "service_reference", "summary": "Fraud scoring"},
        "assignees": [{"id": "PTUXL6G", "type": "user_reference", "summary": "on call"}],
        "escalation_policy": {"id": "PUS0KTE", "type": "escalation_policy_reference"},
        "teams": [],
        "priority": {"id": "PSO75BM", "type": "priority_reference", "summary": told["priority"]},
        "urgency": "high",
    }
    event = {
        "id": "01" + secrets.token_hex(12).upper(),
        "event_type": "incident.resolved",
        "resource_type": "incident",
        "occurred_at": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "agent": {"id": "PTUXL6G", "type": "user_reference"},
        "client": None,
        "data": data,
    }
    return json.dumps({"event": event}).encode(), incident


def signed(body: bytes, secret: str) -> dict[str, str]:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-PagerDuty-Signature": f"v1={signature}", "Content-Type": "application/json"}
