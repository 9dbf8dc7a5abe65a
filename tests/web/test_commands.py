"""Commands through the API: accepted, refused with every reason, or nobody there to ask."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain.lifecycle.inputs import Input
from domain.lifecycle.view import Answer
from tests.web.site import DRAFT, ENGINEER, HEAD, REQUESTER, SIGNERS, Site, delivery


async def test_an_accepted_command_is_answered_with_what_was_recorded(web: Site) -> None:
    review = await web.in_draft()
    answer = await web.accepted(review, REQUESTER, "assign_owner", owner="new-owner@example.org")
    assert (answer["accepted"], answer["events"], answer["stage"]) == (True, ["OwnerAssigned"], "draft")
    assert answer["id"]
    assert (await web.get(f"/api/reviews/{review}"))["owner"] == "new-owner@example.org"


async def test_what_is_recorded_holds_ids_and_references_and_no_words(web: Site) -> None:
    review = await web.in_draft()
    spec = DRAFT["items"][0] | {"id": "I9", "title": "A very private title"}
    await web.accepted(review, REQUESTER, "propose_item", spec=spec)
    await web.accepted(review, REQUESTER, "withdraw_item", item="I9", reason="A very private reason")
    recorded = " ".join(link.text for link in web.records.reviews.history(review))
    assert "very private" not in recorded
    assert "@example" not in recorded
    sentences = [entry["sentence"] for entry in await web.get(f"/api/reviews/{review}/history")]
    assert "I9 was proposed: A very private title" in sentences
    assert "I9 was withdrawn: A very private reason" in sentences


async def test_a_refused_command_names_every_reason_and_leaves_no_trace(web: Site) -> None:
    review, _ = await web.in_sign_off()
    before = await web.get(f"/api/reviews/{review}/history")
    answer = await web.say(
        review, HEAD, "request_changes", team="nobody", reason="A secret reason", sections=["nothing"]
    )
    assert answer.status_code == 409
    told = answer.json()
    assert (told["accepted"], len(told["reasons"]), told["stage"]) == (False, 2, "sign_off")
    assert all(reason in told["error"] for reason in told["reasons"])
    assert await web.get(f"/api/reviews/{review}/history") == before


async def test_who_submitted_cannot_sign(web: Site) -> None:
    review, digest = await web.in_sign_off()
    answer = await web.say(review, ENGINEER, "sign", team="ml", digest=digest)
    assert answer.status_code == 409
    assert answer.json()["reasons"] == ["Who submitted the draft does not sign it."]


async def test_the_same_key_is_carried_out_once(web: Site) -> None:
    review = await web.in_draft()
    body = {"id": "my-key", "by": REQUESTER, "command": {"type": "assign_owner", "owner": "a@example.org"}}
    answers = [await web.http.post(f"/api/reviews/{review}/commands", json=body) for _ in range(2)]
    assert [a.json() for a in answers] == [answers[0].json()] * 2
    assert answers[0].json()["id"] == "my-key"
    history = await web.get(f"/api/reviews/{review}/history")
    assert [e["type"] for e in history].count("OwnerAssigned") == 1


async def test_a_callers_key_is_never_the_id_of_a_fact(web: Site) -> None:
    review = await web.in_draft()
    body = {"id": "issue:I1", "by": REQUESTER, "command": {"type": "assign_owner", "owner": "a@example.org"}}
    await web.http.post(f"/api/reviews/{review}/commands", json=body)
    assert {link.input_id for link in web.records.reviews.history(review)} >= {"command:issue:I1"}


async def test_commands_are_recorded_as_unauthenticated(web: Site) -> None:
    review = await web.in_draft()
    await web.accepted(review, REQUESTER, "assign_owner", owner="a@example.org")
    last = (await web.get(f"/api/reviews/{review}/history"))[-1]
    assert (last["by"], last["door"]) == (REQUESTER, "local, unauthenticated")


async def test_an_unknown_review_is_not_opened_by_a_command(web: Site) -> None:
    answer = await web.say("pagerduty:NONE", REQUESTER, "close")
    assert answer.status_code == 404
    assert answer.json() == {"error": "There is no review pagerduty:NONE."}
    assert await web.get("/api/reviews") == []


async def test_an_engine_that_is_away_is_told_with_the_key_to_ask_again(web: Site) -> None:
    review = await web.in_draft()
    web.engine.away = True
    answer = await web.say(review, REQUESTER, "assign_owner", owner="a@example.org")
    assert answer.status_code == 503
    assert answer.json()["id"]
    assert "same id" in answer.json()["error"]
    web.deps.door = None
    assert (await web.say(review, REQUESTER, "close")).status_code == 503


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ({"type": "incident_told"}, "command"),
        ({"type": "items_read", "readings": [], "for_closing": True}, "command"),
        ({"type": "tick"}, "command"),
        ({"type": "sign", "team": "ml"}, "command.sign.digest"),
        ({"type": "dismiss", "reason": "  "}, "command.reason"),
        ({"type": "dismiss", "reason": "a\u0000b"}, "command.reason"),
        ({"type": "dismiss", "reason": "x" * 100_001}, "command.reason"),
        ({"type": "assign_owner", "owner": ""}, "command.owner"),
        ({"type": "assign_owner", "owner": "a\nb"}, "command.owner"),
        ({"type": "propose_item", "spec": DRAFT["items"][0] | {"title": ""}}, "command.spec.title"),
        ({"type": "propose_item", "spec": DRAFT["items"][0] | {"owner": " "}}, "command.spec.owner"),
        ({"type": "close", "odd": 1}, "command.close.odd"),
    ],
)
async def test_what_is_no_good_command_names_the_field(web: Site, command: dict[str, Any], named: str) -> None:
    review = await web.in_draft()
    answer = await web.http.post(f"/api/reviews/{review}/commands", json={"by": REQUESTER, "command": command})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(f"{named}: ")


@pytest.mark.parametrize("by", ["", "x" * 301, None])
async def test_a_command_needs_somebody_who_wants_it(web: Site, by: str | None) -> None:
    review = await web.in_draft()
    answer = await web.http.post(f"/api/reviews/{review}/commands", json={"by": by, "command": {"type": "close"}})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("by: ")


async def test_nothing_is_kept_for_a_command_with_a_wrong_field(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    review = await web.in_draft()

    def never(text: str) -> str:
        raise AssertionError(text)

    monkeypatch.setattr(web.records.people, "keep", never)
    spec = DRAFT["items"][0] | {"end_state": " "}
    answer = await web.say(review, REQUESTER, "propose_item", spec=spec)
    assert answer.json()["error"].startswith("command.spec.end_state: ")


async def test_a_waiver_needs_two_people(web: Site) -> None:
    review = await web.in_remediation()
    ask = {"rule": "done", "subject": "I2", "reason": "The vendor needs two weeks."}
    await web.accepted(review, REQUESTER, "ask_waiver", **ask)
    assert (await web.say(review, REQUESTER, "approve", request="R1")).status_code == 409
    await web.accepted(review, HEAD, "approve", request="R1")
    assert (await web.get(f"/api/reviews/{review}"))["waivers"]["done/I2"]["granted_by"] == [HEAD]


# --- joining and opening --------------------------------------------------------------------------------------------


def incident(**changes: Any) -> dict[str, Any]:
    """An incident in the domain's shape, with plain text and handles."""
    return {
        "source": "pagerduty",
        "id": "Q9",
        "status": "resolved",
        "as_of": "2026-11-22T09:00:00Z",
        "title": "Another incident of the same trouble",
        "service": "fraud-scoring",
        "severity": "SEV2",
        "responder": "on-call@example.org",
        "lead": None,
    } | changes


async def test_an_incident_is_joined_with_its_words_kept_apart(web: Site) -> None:
    review = await web.in_draft()
    await web.accepted(review, REQUESTER, "join_incident", incident=incident())
    joined = (await web.get(f"/api/reviews/{review}"))["incidents"]["pagerduty:Q9"]
    assert (joined["title"], joined["responder"]) == ("Another incident of the same trouble", "on-call@example.org")
    stored = web.records.reviews.find(review)
    assert stored is not None
    assert stored.incidents["pagerduty:Q9"].title.startswith("text:")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"url": "javascript:alert(1)"}, "command.incident.url: "),
        ({"id": "a/b"}, "command.join_incident.incident.id: "),
        ({"service": "x" * 201}, "command.incident.service: "),
        ({"source": "x" * 101}, "command.join_incident.incident.source: "),
        ({"team": "a\u0000b"}, "command.join_incident.incident.team: "),
        ({"title": ""}, "command.incident.title: "),
    ],
)
async def test_an_incident_is_held_to_what_sources_are_held_to(web: Site, changes: dict[str, Any], named: str) -> None:
    review = await web.in_draft()
    answer = await web.say(review, REQUESTER, "join_incident", incident=incident(**changes))
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(named)


async def test_an_excluded_incident_is_opened_after_all(web: Site) -> None:
    await web.deliver(delivery("Q9", priority="P4"))
    review = "pagerduty:Q9"
    answer = await web.say(review, REQUESTER, "open_review", incident=incident(id="Q8"))
    assert answer.status_code == 422
    assert "a review of its own" in answer.json()["error"]
    metric = {"name": "precision", "before": 0.93, "during": 0.61}
    more = incident(url="https://example.org/Q9", metrics=[metric])
    await web.accepted(review, REQUESTER, "open_review", incident=more)
    assert (await web.get(f"/api/reviews/{review}"))["stage"] == "stabilization"
    (known,) = (await web.get(f"/api/reviews/{review}/draft"))["document"]["impact"]["metrics"]
    assert known == {"name": "precision", "slice": None, "before": "0.93", "during": "0.61", "source": review}


# --- closing --------------------------------------------------------------------------------------------------------


async def test_closing_too_early_is_refused_with_what_is_in_the_way(web: Site) -> None:
    review = await web.in_remediation()
    answer = await web.say(review, REQUESTER, "close")
    assert answer.status_code == 409
    assert answer.json()["reasons"] == ["I1 (HF-1) is open.", "I2 (HF-2) is open."]


async def being_closed(web: Site) -> str:
    """A review with nothing in its way, whose closing read was not made yet."""
    review = await web.in_remediation()
    web.engine.obedient = False
    for item in ("I1", "I2"):
        await web.act(await web.key_of(review, item), "done")
    return review


async def test_close_waits_until_the_items_were_read(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    review, said, heard = await being_closed(web), asyncio.Event(), web.engine.command
    web.deps.close_patience = timedelta(minutes=2)

    async def command(review_id: str, input: Input) -> Answer:
        answer = await heard(review_id, input)
        said.set()
        return answer

    async def later() -> None:
        await said.wait()
        web.engine.obedient = True
        web.engine.tick(review)

    monkeypatch.setattr(web.engine, "command", command)
    reading = asyncio.create_task(later())
    answer = await web.accepted(review, REQUESTER, "close")
    await reading
    assert (answer["stage"], answer["note"]) == ("closed", None)


async def test_close_says_when_the_items_are_still_being_read(web: Site) -> None:
    review = await being_closed(web)
    answer = await web.accepted(review, REQUESTER, "close")
    assert (answer["accepted"], answer["stage"], answer["note"]) == (True, "remediation", "being read")


async def test_close_does_not_wait_for_what_is_closed(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    review = await web.in_remediation()

    async def closed(review_id: str, input: Input) -> Answer:
        return Answer.model_validate({"accepted": True, "events": ["ReviewClosed"], "stage": "closed"})

    monkeypatch.setattr(web.engine, "command", closed)
    answer = await web.accepted(review, REQUESTER, "close")
    assert (answer["stage"], answer["note"]) == ("closed", None)


async def test_a_review_closes_by_itself_when_prevention_has_happened(web: Site) -> None:
    review = await web.closed()
    told = await web.get(f"/api/reviews/{review}")
    assert told["stage"] == "closed"
    assert {r["item"]: r["status"] for r in told["closure"]["readings"]} == {"I1": "done", "I2": "done", "I3": "open"}
    assert set(told["signatures"]) == set(SIGNERS)
