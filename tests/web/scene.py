"""A site with something in every stage, for looking at: what a team could see on an ordinary day."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.web.site import DRAFT, ENGINEER, HEAD, REQUESTER, SIGNERS, TOKEN, Site
from tests.web.story import CALIBRATION, LATENCY, STORY

GENERIC = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/cloudevents+json"}


async def busy(web: Site) -> str:
    """Fill the site; the id of the review in remediation that has the most to tell."""
    engine, now = web.engine, datetime.now(UTC)

    async def told(
        id: str,
        days_ago: float,
        title: str,
        event: str = "resolved",
        service: str = "fraud-scoring",
        severity: str = "SEV2",
        **more: Any,
    ) -> str:
        engine.clock = timedelta(days=-days_ago)
        time = (now + engine.clock).isoformat()
        began = (now + engine.clock - timedelta(hours=6)).isoformat()
        data = {"id": id, "title": title, "service": service, "severity": severity, "began": began, **more}
        body = {
            "specversion": "1.0",
            "id": f"{id}-{event}-{days_ago}",
            "source": "grafana",
            "type": f"dev.holdfast.incident.{event}",
            "time": time,
            "data": data,
        }
        answer = await web.http.post("/webhooks/incidents", json=body, headers=GENERIC)
        assert answer.status_code == 202, answer.text
        await web.idle()
        return f"grafana:{id}"

    async def signed(review: str, digest: str, *teams: str) -> None:
        for team in teams:
            await web.accepted(review, SIGNERS[team], "sign", team=team, digest=digest)

    async def submitted(review: str, **changes: Any) -> str:
        draft = await web.saved(review, **changes)
        await web.accepted(review, ENGINEER, "submit_draft", revision=draft["revision"], digest=draft["digest"])
        digest: str = draft["digest"]
        return digest

    # closed, and still watched
    review = await told(
        "G-101", 40, "Rollback shipped the older tokenizer", severity="SEV1", kinds=["bad_model_change"]
    )
    engine.tick(review, hours=25)
    await signed(review, await submitted(review), *SIGNERS)
    engine.clock = timedelta(days=-20)
    for item in ("I1", "I2"):
        await web.act(await web.key_of(review, item), "done", ENGINEER)
    engine.tick(review, minutes=1)

    # remediation, with everything that can happen
    story = await told(
        "G-117",
        17,
        "Precision fell to 0.61 after the merchant mix shifted",
        kinds=["accuracy_collapse_shift"],
        key="merchant-mix",
        responder="on-call-lead@example.org",
        detected=(now - timedelta(days=17, hours=2)).isoformat(),
        url="https://grafana.example.org/incidents/G-117",
    )
    await told("G-118", 16.8, "The same alert again", kinds=["accuracy_collapse_shift"], key="merchant-mix")
    engine.tick(story, hours=25)
    engine.clock += timedelta(hours=20)
    await submitted(story, **STORY)
    engine.clock += timedelta(days=1)
    await web.accepted(
        story,
        SIGNERS["infrastructure"],
        "request_changes",
        team="infrastructure",
        sections=["answer:early_signals"],
        reason="Which report should have shown it?",
    )
    report = "Support tickets rose within 15 minutes.\nNo alert joins them to us."
    rewritten = STORY | {"answers": STORY["answers"] | {"early_signals": report}}
    more = {
        "id": "I4",
        "title": "Test the fallback rule in the weekly drill",
        "item_class": "prevent",
        "strength": "intermediate",
        "outcome": "resilience_test",
        "prevents": ["F1"],
        "team": "infrastructure",
    }
    digest = await submitted(story, **rewritten, items=[*DRAFT["items"], more])
    engine.clock += timedelta(days=1)
    await signed(story, digest, *SIGNERS)
    engine.clock = timedelta(days=-6)
    await web.act(await web.key_of(story, "I1"), "done", ENGINEER)
    await web.act(await web.key_of(story, "I4"), "decline")
    engine.clock = timedelta(days=-2)
    until = (now + timedelta(days=5)).isoformat()
    ask = {"rule": "done", "subject": "I4", "reason": "The drill is rebuilt next week.", "until": until}
    await web.accepted(story, REQUESTER, "ask_waiver", **ask)
    await web.accepted(story, HEAD, "approve", request="R1")
    ask = {"severity": "SEV3", "reason": "Fewer payments were blocked than first counted."}
    await web.accepted(story, REQUESTER, "lower_severity", **ask)
    engine.clock = timedelta()
    engine.tick(story)

    # sign-off: a team has asked for changes, and another signs again
    review = await told("G-120", 10, "p99 over 900 ms during the batch backfill", kinds=["latency_slo"])
    engine.tick(review, hours=25)
    engine.clock += timedelta(hours=5)
    early = {"early_signals": "Queue depth had risen every night for two weeks."}
    digest = await submitted(review, **LATENCY | {"answers": LATENCY["answers"] | early})
    engine.clock += timedelta(hours=5)
    await signed(review, digest, "infrastructure")
    why, where = "Who looks at that, and why not?", ["answer:early_signals"]
    await web.accepted(review, SIGNERS["ml"], "request_changes", team="ml", reason=why, sections=where)
    digest = await submitted(review, **LATENCY)
    engine.clock = timedelta(days=-3)
    await signed(review, digest, "ml", "product")

    # draft: one that has been written in, a late one, and a near miss
    review = await told("G-123", 4, "Calibration drifted for new accounts", kinds=["calibration_failure"])
    engine.tick(review, hours=25)
    await web.saved(review, **CALIBRATION)
    review = await told("G-119", 9, "Fallback answered 38 % of requests", severity="SEV1", kinds=["fallback_runaway"])
    engine.tick(review, hours=25)
    engine.clock = timedelta()
    engine.tick(review)
    miss = {
        "by": ENGINEER,
        "id": "canary-7",
        "service": "shadow-ranker",
        "severity": "SEV3",
        "title": "A canary stopped a model that had lost a slice",
        "stopped_by": "safeguard",
        "models": ["ranker-v12"],
    }
    engine.clock = timedelta(days=-1)
    assert (await web.http.post("/api/near-misses", json=miss)).status_code == 201
    engine.tick("near-miss:canary-7", hours=5)

    # stabilization
    title = "Approval gap between regions widened to 7 points"
    await told("G-125", 0.38, title, service="credit-limit", kinds=["fairness_regression"], key="gap")
    await told("G-126", 0.3, title, service="credit-limit", kinds=["fairness_regression"], key="gap")

    # dismissed, and excluded
    review = await told("G-110", 25, "A test alert", severity="SEV2")
    await web.accepted(review, REQUESTER, "dismiss", reason="It was a drill.")
    await web.accepted(review, HEAD, "approve", request="R1")
    await told("G-111", 12, "A dashboard was slow", severity="SEV4")
    await told("G-112", 11, "Disk nearly full", service="build-farm")

    # open at its source, so without a review
    await told("G-131", 0.1, "Checkout scores time out in one region", event="triggered", severity="SEV1")
    engine.clock = timedelta()
    return story
