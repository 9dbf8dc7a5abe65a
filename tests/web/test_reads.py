"""What the API tells: reviews, why they cannot close, their history, their drafts, and whether all is well."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from records.database import DatabaseError
from tests.domain.build import POLICY
from tests.web.site import CATALOGUE, DRAFT, ENGINEER, HEAD, REQUESTER, SIGNERS, Site, delivery, site
from web.deps import WebDeps


async def test_reviews_are_listed_without_what_is_excluded(web: Site) -> None:
    await web.in_draft("Q1")
    await web.incident_closes("Q2", priority="P4")
    assert [r["id"] for r in await web.get("/api/reviews")] == ["pagerduty:Q1"]
    assert [r["id"] for r in await web.get("/api/reviews?stage=excluded")] == ["pagerduty:Q2"]
    assert len(await web.get("/api/reviews?stage=excluded&stage=draft")) == 2


async def test_a_stage_that_does_not_exist_is_named(web: Site) -> None:
    answer = await web.http.get("/api/reviews?stage=lost")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("query.stage.0: ")


async def test_a_summary_says_what_a_list_needs(web: Site) -> None:
    await web.in_draft("Q1")
    (told,) = await web.get("/api/reviews")
    assert told["title"] == "Precision fell to 0.61 after the merchant mix shifted"
    assert told["in_the_way"] == 15
    assert told["next_deadline"]


@pytest.mark.parametrize("part", ["", "/why", "/history", "/draft"])
async def test_a_review_that_is_not_there_is_a_404(web: Site, part: str) -> None:
    answer = await web.http.get(f"/api/reviews/pagerduty:NONE{part}")
    assert (answer.status_code, answer.json()) == (404, {"error": "There is no review pagerduty:NONE."})


async def test_an_id_that_no_review_can_have_is_a_404(web: Site) -> None:
    assert (await web.http.get("/api/reviews/a%00b")).status_code == 404
    assert (await web.http.get("/reviews/a%00b")).status_code == 404


async def test_why_names_rule_subject_and_who_can_clear_it(web: Site) -> None:
    review = await web.in_remediation()
    ask = {"rule": "done", "subject": "I2", "reason": "The vendor needs two weeks."}
    await web.accepted(review, REQUESTER, "ask_waiver", **ask)
    why = await web.get(f"/api/reviews/{review}/why")
    assert why["stage"] == "remediation"
    assert why["blockers"][1] == {
        "rule": "done",
        "subject": "I2",
        "sentence": "I2 (HF-2) is open.",
        "cleared_by": "team infrastructure",
        "waivable": True,
    }
    (request,) = why["requests"]
    assert (request["id"], request["by"], request["reason"]) == ("R1", REQUESTER, "The vendor needs two weeks.")
    await web.accepted(review, HEAD, "approve", request="R1")
    why = await web.get(f"/api/reviews/{review}/why")
    assert [b["subject"] for b in why["blockers"]] == ["I1"]
    assert why["requests"] == []


async def test_an_expired_waiver_brings_its_blocker_back_at_once(web: Site) -> None:
    review = await web.in_remediation()
    await web.accepted(review, REQUESTER, "ask_waiver", rule="done", subject="I2", reason="Later.")
    await web.accepted(review, HEAD, "approve", request="R1")
    web.engine.clock += web.engine.clock * 31
    assert len((await web.get(f"/api/reviews/{review}/why"))["blockers"]) == 2


async def test_warnings_are_told_apart_from_blockers(web: Site) -> None:
    body = {"by": ENGINEER, "title": "A near miss", "service": "fraud-scoring", "severity": "SEV4", "id": "n1"}
    await web.http.post("/api/near-misses", json=body | {"stopped_by": "luck"})
    why = await web.get("/api/reviews/near-miss:n1/why")
    assert {b["rule"] for b in why["blockers"]} == {"questions", "causes"}
    assert {w["rule"] for w in why["warnings"]} == {"sign_off"}


async def test_history_tells_events_in_order(web: Site) -> None:
    review = await web.closed()
    history = await web.get(f"/api/reviews/{review}/history")
    assert [e["seq"] for e in history] == list(range(1, len(history) + 1))
    assert (history[0]["type"], history[0]["enters"]) == ("ReviewOpened", "stabilization")
    assert any(e["type"] == "ReviewClosed" and e["sentence"] == "Closed on a read of 3 items." for e in history)


async def test_time_is_the_clocks_unless_a_test_says_otherwise(web: Site) -> None:
    deps = WebDeps(records=web.records, policy=POLICY, catalogue=CATALOGUE)
    assert abs(deps.now() - datetime.now(UTC)) < timedelta(minutes=1)


# --- drafts -----------------------------------------------------------------------------------------------------------


async def test_a_draft_is_saved_and_read_again(web: Site) -> None:
    review = await web.in_draft()
    saved = await web.saved(review)
    assert (saved["revision"], saved["author"]) == (1, ENGINEER)
    read = await web.get(f"/api/reviews/{review}/draft")
    assert read == saved
    assert read["document"]["summary"] == DRAFT["summary"]


async def test_a_draft_that_nobody_wrote_says_what_is_known(web: Site) -> None:
    review = await web.in_draft()
    answer = await web.http.get(f"/api/reviews/{review}/draft")
    told = answer.json()
    assert (told["revision"], told["author"], told["saved_at"]) == (0, "holdfast", None)
    assert review in told["document"]["background"]
    assert told["document"]["answers"] == {}


async def test_a_revision_upon_an_old_one_that_changes_the_same_is_refused(web: Site) -> None:
    review = await web.in_draft()
    await web.saved(review)
    body = {"by": ENGINEER, "document": DRAFT | {"summary": "Other."}, "upon": 0}
    answer = await web.http.put(f"/api/reviews/{review}/draft", json=body)
    assert (answer.status_code, answer.json()["newest"]) == (409, 1)
    assert answer.json()["error"].startswith("Somebody else changed the same meanwhile: summary.")
    answer = await web.http.put(f"/api/reviews/{review}/draft", json=body | {"upon": 1})
    assert (answer.status_code, answer.json()["revision"]) == (200, 2)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"factors": [DRAFT["factors"][0] | {"cause": "somebody"}]}, "document.factors.0: 'somebody' is not a cause"),
        ({"items": [DRAFT["items"][0] | {"prevents": ["F7"]}]}, "document: items.I1.prevents: there is no factor F7"),
        ({"odd": 1}, "document.odd: "),
        ({"summary": "a\u0000b"}, "document.summary: "),
        ({"answers": {"a\u0000b": "c"}}, "document.answers."),
        ({"items": [DRAFT["items"][0] | {"title": "a\u0000b"}]}, "document.items.0.title: "),
        ({"items": [DRAFT["items"][0] | {"owner": "x" * 301}]}, "document.items.0.owner: "),
        ({"summary": None}, "document.summary: "),
    ],
)
async def test_a_draft_that_is_not_well_formed_names_the_field(web: Site, changes: dict[str, Any], named: str) -> None:
    review = await web.in_draft()
    body = {"by": ENGINEER, "document": DRAFT | changes}
    answer = await web.http.put(f"/api/reviews/{review}/draft", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(named)


async def test_what_follows_by_itself_is_credited_to_nobody(web: Site) -> None:
    review = await web.in_remediation()
    item = {
        "id": "I9",
        "title": "T",
        "item_class": "process",
        "strength": "weaker",
        "outcome": "ownership_and_escalation",
    }
    await web.accepted(review, ENGINEER, "propose_item", spec=item)
    await web.accepted(review, ENGINEER, "accept_item", item="I9")
    told = await web.get(f"/api/reviews/{review}/history")
    (signed,) = [e for e in told if e["type"] == "TeamSigned" and e["by"] == SIGNERS["product"]]
    followed = [e for e in told if e["input"] == signed["input"] and e != signed]
    assert {e["type"] for e in followed} >= {"StageEntered", "ItemAccepted"}
    assert {(e["by"], e["door"]) for e in followed} == {("holdfast", "engine")}
    (own,) = [e for e in told if e["type"] == "ItemAccepted" and e["by"] != "holdfast"]
    assert (own["by"], own["door"]) == (ENGINEER, "local, unauthenticated")


async def test_an_unknown_field_is_answered_with_one_that_is_near(web: Site) -> None:
    review = await web.in_draft()
    said = {"by": ENGINEER, "command": {"type": "dismiss", "raeson": "x", "reason": "y"}}
    answer = await web.http.post(f"/api/reviews/{review}/commands", json=said)
    assert answer.json()["error"] == "command.dismiss.raeson: unknown field; did you mean reason?"
    answer = await web.http.post(f"/api/reviews/{review}/commands", json=said | {"command": {"type": "dismis"}})
    assert answer.json()["error"].startswith("command: dismis is not known; known are open_review, ")
    item = {"id": "I1", "titel": "T"}
    answer = await web.http.put(f"/api/reviews/{review}/draft", json={"by": ENGINEER, "document": {"items": [item]}})
    assert "document.items.0.titel: unknown field; did you mean title?" in answer.json()["error"]
    answer = await web.http.put(f"/api/reviews/{review}/draft", json={"by": ENGINEER, "document": {}, "zzzz": 1})
    assert answer.json()["error"] == "zzzz: unknown field"


async def test_a_draft_of_no_review_is_refused(web: Site) -> None:
    body = {"by": ENGINEER, "document": DRAFT}
    assert (await web.http.put("/api/reviews/pagerduty:NONE/draft", json=body)).status_code == 404


async def test_drafts_need_no_engine(web: Site) -> None:
    review = await web.in_draft()
    web.deps.door = None
    assert (await web.saved(review))["revision"] == 1


# --- health -----------------------------------------------------------------------------------------------------------


async def test_it_is_well_when_everything_can_be_reached(web: Site) -> None:
    assert await web.get("/healthz") == {"ready": True, "lacking": []}
    assert await web.get("/readyz") == {"ready": True, "lacking": []}

    async def yes() -> bool:
        return True

    web.deps.engine_answers = yes
    assert (await web.get("/readyz"))["ready"]


async def test_what_cannot_be_reached_is_named(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no() -> bool:
        return False

    def gone() -> bool:
        raise DatabaseError("The database sqlite:///x cannot be reached: gone")

    web.deps.engine_answers = no
    monkeypatch.setattr(web.records.database, "schema_is_current", gone)
    answer = await web.http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["lacking"] == [
        "The database sqlite:///x cannot be reached: gone",
        "The engine cannot be reached.",
    ]
    assert (await web.http.get("/healthz")).status_code == 200


async def test_an_old_schema_and_a_missing_engine_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(tmp_path, door=None) as web:
        monkeypatch.setattr(web.records.database, "schema_is_current", lambda: False)
        answer = await web.http.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["lacking"] == [
            "The database has another schema than this release works with.",
            "The engine is not connected.",
        ]


async def test_deliveries_are_listed_newest_first(web: Site) -> None:
    await web.deliver(delivery("Q1"))
    await web.deliver(delivery("Q2"))
    told = await web.get("/api/deliveries?limit=1")
    assert [d["delivery_id"] for d in told] == ["pagerduty:Q2-incident.resolved"]
    assert (told[0]["state"], told[0]["review_id"]) == ("done", "pagerduty:Q2")
    assert (await web.http.get("/api/deliveries?limit=0")).status_code == 422
