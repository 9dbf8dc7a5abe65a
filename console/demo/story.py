"""The demo's story: its steps, played through the same API as everyone uses, each of which checks what it claims."""

import asyncio
import base64
import copy
import hashlib
import hmac
import json
import os
import secrets
import signal
import sys
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from console.demo.trackers import DemoTracker, OutsideEngineer, Seen
from console.services.up import Running
from integrations.trackers.webhooks import SIGNATURE_HEADERS
from runtime.files import read_yaml

STORY = Path(__file__).parent / "story.yaml"
VERIFIER = "product-reviewer@example.org"
"""Who had no hand in any item."""

PATIENCE = 45.0
"""Seconds that anything in the story may take before the demo says that it failed."""


class StepFailedError(Exception):
    """A step of the story did not hold; the message says which, and what was seen."""


def read_story() -> dict[str, Any]:
    """The catalogue, the incidents and the draft that the story is about."""
    story: dict[str, Any] = read_yaml(STORY)
    return story


class Story:
    """The steps, each of which checks what it claims. `secret` is what PagerDuty signs with."""

    def __init__(
        self, console: Console, running: Running, http: httpx.AsyncClient, secret: str, tracker: DemoTracker
    ) -> None:
        self._console = console
        self._running = running
        self._http = http
        self._secret = secret
        self._tracker = tracker
        self._engineer = tracker.engineer(http)
        self._story = read_story()
        self.steps = 0

    async def first_review(self) -> None:
        """The whole life of a review, with everything that tries to end it early."""
        review = await self._incident_closes(self._story["incident"])
        await self._in_stage(review, "draft")
        self._step("The quiet window passed", "no re-fire came, so the draft is due now")
        await self._draft_and_sign_off(review)
        await self._early_ends_are_refused(review)
        if isinstance(self._engineer, OutsideEngineer):
            await self._questions_are_answered(review, self._engineer)
        await self._waiver_is_granted(review)
        if isinstance(self._engineer, OutsideEngineer):
            await self._moves_are_followed(review, self._engineer)
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
            f"The items were opened in {self._tracker.title}",
            f"{keys}; {items['tracking']['ref']['key']} tracks the review",
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
        await self._engineer.finish(tracking)
        reopened = await self._until(
            "the tracking issue is opened again",
            lambda: self._engineer.look(tracking),
            lambda issue: issue.is_open and issue.comments,
        )
        self._step(
            f"{tracking} was closed early, and opened itself again",
            "with a comment that lists what blocks:",
            _shown(reopened.comments[-1])[1:],
        )
        key = await self._key(review, "I2")
        await self._engineer.decline(key)
        await self._until(
            "the declined item is seen",
            lambda: self._review(review),
            lambda r: r["items"]["I2"]["status"] == "declined",
        )
        why = await self._why(review)
        self._require(any(b["id"] == "done/I2" for b in why), "a declined item does not block")
        told = await self._comment(key, "closed without being done")
        self._step(
            f"{key} was closed without being done",
            "which goes on blocking, as it is told there:",
            [*(b["sentence"] for b in why), *_shown(told)],
        )

    async def _questions_are_answered(self, review: str, engineer: OutsideEngineer) -> None:
        """Engineers stay in their tracker: they ask in a comment, and are answered beside it."""
        forged = {header: f"sha256={secrets.token_hex(32)}" for header in SIGNATURE_HEADERS.values()}
        refused = await self._http.post(self._tracker.webhook, content=b"{}", headers=forged)
        self._require(refused.status_code == 401, f"a webhook with a bad signature got {refused.status_code}")
        key = await self._key(review, "I1")
        await engineer.say(key, "/holdfast why")
        answer = await self._comment(key, "In the way of closing the review")
        self._step(
            f"An engineer said `/holdfast why` on {key}",
            "and was answered there; a webhook with a bad signature got 401:",
            _shown(answer),
        )

    async def _waiver_is_granted(self, review: str) -> None:
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

    async def _moves_are_followed(self, review: str, engineer: OutsideEngineer) -> None:
        before = await self._key(review, "I1")
        after = await engineer.move(before)
        moved = await self._until(
            f"{before} is followed to {after}",
            lambda: self._review(review),
            lambda r: r["items"]["I1"]["ref"]["key"] == after,
        )
        why = await self._until(
            f"{after} is read",
            lambda: self._why(review),
            lambda blockers: any(b["id"] == "done/I1" and b["sentence"] == f"I1 ({after}) is open." for b in blockers),
        )
        self._require(before in moved["links"]["I1"]["formerly"], f"that I1 was {before} is forgotten")
        self._step(
            f"{before} was moved to another project, where it is {after}",
            "and was followed: it blocks as before, and what it was called before is kept:",
            [b["sentence"] for b in why],
        )

    async def _prevention_happens(self, review: str) -> None:
        await self._engineer.finish(await self._key(review, "I1"))
        await self._verified(review, "I1")
        closed = await self._in_stage(review, "closed")
        read = ", ".join(f"{r['item']} {r['status']}" for r in closed["closure"]["readings"])
        self._step(
            f"I1 was done in {self._tracker.title}, and the review closed by itself",
            f"verified by somebody else, with a log that is kept, and on a read made for this decision: {read}; "
            "I3 stays on its list",
        )

    async def _verified(self, review: str, item: str) -> None:
        """Somebody who had no hand in a done item says, with evidence, that it holds."""
        await self._until("it is done", lambda: self._review(review), lambda r: r["items"][item]["status"] == "done")
        log = base64.b64encode(f"The incident's first hour was replayed: {item} holds.".encode()).decode()
        copy = {"by": VERIFIER, "name": "replay.log", "media_type": "text/plain", "data": log}
        kept = (await self._http.post(f"/api/reviews/{review}/attachments", json=copy)).raise_for_status().json()
        command = {"type": "verify_item", "item": item, "evidence": [{"digest": kept["digest"]}]}
        await self._accepted(review, VERIFIER, command)

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
            await self._engineer.finish(await self._key(review, item))
            await self._verified(review, item)
        await self._in_stage(review, "closed")
        history = (await self._http.get(f"/api/reviews/{review}/history")).raise_for_status().json()
        signed = [event for event in history if event["type"] == "TeamSigned"]
        self._require(len(signed) == 3, f"{len(signed)} signatures are recorded, and not 3")
        self._step(
            "The worker was killed with SIGKILL while a signature was on its way",
            f"a new one went on; nothing was lost or doubled, and {review} closed as well",
        )

    async def webhooks(self) -> None:
        """An outside tracker told of everything in signed webhooks, and each was taken."""
        if not isinstance(self._engineer, OutsideEngineer):
            return
        hooks = self._engineer.hooks
        self._require(await asyncio.to_thread(hooks.wait, PATIENCE), "webhooks are still on their way")
        refused = [d for d in hooks.deliveries if d.statuses and d.statuses[-1] != 202]  # what came since is on its way
        self._require(bool(hooks.deliveries), f"{self._tracker.title} sent no webhooks")
        self._require(not refused, f"{len(refused)} webhooks were refused, such as {refused[:1]}")
        self._step(
            f"{self._tracker.title} told in {len(hooks.deliveries)} signed webhooks what happened there",
            "each was accepted, for no more than a look at what it names; nothing else that it says is believed",
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

    async def _review(self, review: str) -> Any:
        answer = await self._http.get(f"/api/reviews/{review}")
        return answer.json() if answer.status_code == 200 else None

    async def _comment(self, key: str, words: str) -> str:
        """The newest comment on an issue that holds these words, once there is one."""
        seen: Seen = await self._until(
            f"a comment on {key} says: {words}",
            lambda: self._engineer.look(key),
            lambda issue: any(words in comment for comment in issue.comments),
        )
        return next(comment for comment in reversed(seen.comments) if words in comment)

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
                f"Waited {PATIENCE:.0f} s until {what}; last seen: {json.dumps(seen, default=str)[:600]}"
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


def _shown(comment: str) -> list[str]:
    """A comment as its readers see it, line by line."""
    return [line for line in comment.splitlines() if line and not line.startswith("<!--")]


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
    """The headers of a PagerDuty delivery."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-PagerDuty-Signature": f"v1={signature}", "Content-Type": "application/json"}
