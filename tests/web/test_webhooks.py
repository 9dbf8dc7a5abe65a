"""Deliveries: who may deliver, what is understood, and that nothing is lost or doubled."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from domain.model.catalogue import Person
from domain.model.taxonomy import Severity, Stage
from domain.people.memberships import Identity
from integrations.incidents.delivery import ReportedIncident
from integrations.incidents.pagerduty import parse
from records import tables
from records.operations.inbox import DeliveryState
from runtime.settings import IncidentSettings, PagerDutySettings
from tests.web.site import CATALOGUE, SECRET, TOKEN, Site, delivery, signed, site
from web.webhooks.intake import take_in

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def cloud_event(id: str = "E1", data: dict[str, Any] | None = None, type: str = "resolved") -> dict[str, Any]:
    """A CloudEvent of an incident."""
    incident = {"id": "G-1", "title": "p99 is high", "service": "fraud-scoring", "severity": "SEV1"}
    return {
        "specversion": "1.0",
        "id": id,
        "source": "grafana",
        "type": f"dev.holdfast.incident.{type}",
        "time": datetime.now(UTC).isoformat(),
        "data": incident | (data or {}),
    }


async def send(web: Site, event: dict[str, Any], headers: dict[str, str] = BEARER) -> Any:
    """Send a structured CloudEvent."""
    content = json.dumps(event)
    kind = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
    answer = await web.http.post("/webhooks/incidents", content=content, headers=headers | kind)
    await web.idle()
    return answer


async def test_a_signed_delivery_opens_a_review(web: Site) -> None:
    answer = await web.deliver(delivery("Q1"))
    assert answer.status_code == 202
    assert answer.json() == {"delivery": "pagerduty:Q1-incident.resolved", "state": "accepted", "because": None}
    review = await web.get("/api/reviews/pagerduty:Q1")
    assert (review["stage"], review["severity"], review["service"]) == ("stabilization", "SEV2", "fraud-scoring")
    assert (review["models"], review["team"], review["owner"]) == (["fraud-scorer"], "ml", "ml-lead@example.org")
    assert review["incidents"]["pagerduty:Q1"]["lead"] == "ml-lead@example.org"
    assert review["title"] == "Precision fell to 0.61 after the merchant mix shifted"


def pagerduty_told() -> ReportedIncident:
    """What PagerDuty tells of an incident that its user PTUXL6G answered."""
    told = parse(delivery("Q1"), {"P2": Severity.SEV2}, Severity.SEV3).told
    assert told is not None
    assert told.responder == "pagerduty:PTUXL6G"
    return told


@pytest.mark.parametrize(
    ("people", "signs_in", "owner"),
    [
        ({}, False, "ml-lead@example.org"),
        ({"oncall@example.org": {"pagerduty": "PTUXL6G"}}, False, "oncall@example.org"),
        ({"oncall@example.org": {"pagerduty": "PTUXL6G"}}, True, "oncall@example.org"),
    ],
)
async def test_who_answered_owns_the_review_where_it_is_known_who_that_is(
    web: Site, people: dict[str, Any], signs_in: bool, owner: str
) -> None:
    named = {name: Person.model_validate(called) for name, called in people.items()}
    web.deps.catalogue = CATALOGUE.model_copy(update={"people": named})
    told = pagerduty_told()
    web.deps.provider = cast(Any, object()) if signs_in else None
    incident = take_in(web.deps, told)
    known = web.records.people.handles([incident.responder or incident.lead or ""])
    assert [*known.values()] == [owner]


async def test_where_people_sign_in_who_answered_owns_it_if_they_did(web: Site) -> None:
    told = pagerduty_told().model_copy(update={"responder": "night@example.org"})
    assert take_in(web.deps, told).responder is not None, "nobody signs in here: a handle is a person"
    web.deps.provider = cast(Any, object())
    assert take_in(web.deps, told).responder is None
    who = Identity(issuer="https://id", subject="7", email="night@example.org")
    web.records.accounts.sign_in(who, web.engine.now)
    assert take_in(web.deps, told).responder == web.records.people.id_of("night@example.org")


async def test_who_delivered_and_when_it_happened_are_recorded(web: Site) -> None:
    at = datetime(2026, 1, 5, 10, tzinfo=UTC)
    await web.deliver(delivery("Q1", at=at))
    first = (await web.get("/api/reviews/pagerduty:Q1/history"))[0]
    assert (first["by"], first["door"], first["happened_at"]) == ("pagerduty", "webhook", "2026-01-05T10:00:00Z")


async def test_five_deliveries_of_the_same_make_one_row_and_one_review(web: Site) -> None:
    body = delivery("Q1")
    states = [(await web.deliver(body)).json()["state"] for _ in range(5)]
    assert states == ["accepted", *["known"] * 4]
    assert len(await web.get("/api/deliveries")) == 1
    assert len(await web.get("/api/reviews")) == 1
    assert [e["type"] for e in await web.get("/api/reviews/pagerduty:Q1/history")] == ["ReviewOpened"]


async def test_the_title_of_a_repeated_delivery_is_not_kept_twice(web: Site) -> None:
    for _ in range(2):
        await web.deliver(delivery("Q1"))
    with web.records.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.texts)).scalar_one() == 1


@pytest.mark.parametrize("headers", [{}, signed(b"other"), signed(delivery("Q1"), "wrong"), signed(delivery("Q1"), "")])
async def test_a_delivery_without_a_good_signature_is_refused(web: Site, headers: dict[str, str]) -> None:
    answer = await web.http.post("/webhooks/pagerduty", content=delivery("Q1"), headers=headers)
    assert answer.status_code == 401
    assert "X-PagerDuty-Signature" in answer.json()["error"]
    assert await web.get("/api/deliveries") == []


async def test_an_older_secret_is_still_good(web: Site) -> None:
    assert (await web.deliver(delivery("Q1"), "an older secret")).status_code == 202


@pytest.mark.parametrize("secrets", [[], [SecretStr("")]])
async def test_without_a_secret_nothing_is_taken_and_the_setting_is_named(
    tmp_path: Path, secrets: list[SecretStr]
) -> None:
    settings: dict[str, Any] = {"pagerduty": PagerDutySettings(secrets=secrets), "incidents": IncidentSettings()}
    async with site(tmp_path, **settings) as web:
        answer = await web.deliver(delivery("Q1"), "")
        assert answer.status_code == 503
        assert "HOLDFAST_PAGERDUTY__SECRETS" in answer.json()["error"]
        answer = await send(web, cloud_event())
        assert answer.status_code == 503
        assert "HOLDFAST_INCIDENTS__TOKEN" in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "named"),
    [(b"no json", "body"), (b"{}", "event"), (delivery("not an id"), "event.data.id"), (b"\xff\xfe", "body")],
)
async def test_a_body_that_cannot_be_read_names_the_field(web: Site, body: bytes, named: str) -> None:
    answer = await web.deliver(body)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(named)


async def test_what_asks_for_nothing_is_ignored_and_kept(web: Site) -> None:
    answer = await web.deliver(delivery("Q1", event="incident.acknowledged"))
    assert answer.status_code == 202
    assert answer.json()["state"] == "ignored"
    assert answer.json()["because"]
    (kept,) = await web.get("/api/deliveries")
    assert (kept["state"], kept["note"]) == ("ignored", answer.json()["because"])
    assert web.engine.sends == 0


async def test_a_body_over_a_mebibyte_is_refused_however_it_comes(web: Site) -> None:
    large = b" " * (1024 * 1024 + 1)

    async def pieces() -> Any:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    for content in (large, pieces()):
        answer = await web.http.post("/webhooks/pagerduty", content=content, headers=signed(large))
        assert answer.status_code == 413
        assert "1 MiB" in answer.json()["error"]


async def test_a_body_of_a_mebibyte_is_read(web: Site) -> None:
    body = delivery("Q1")
    assert (await web.deliver(body + b" " * (1024 * 1024 - len(body)))).status_code == 202


async def test_a_structured_cloud_event_opens_a_review(web: Site) -> None:
    answer = await send(web, cloud_event(data={"responder": "on-call@example.org", "models": ["another-model"]}))
    assert answer.status_code == 202
    assert answer.json()["delivery"] == "grafana:E1"
    review = await web.get("/api/reviews/grafana:G-1")
    assert (review["models"], review["owner"]) == (["another-model"], "on-call@example.org")


async def test_a_binary_cloud_event_opens_a_review(web: Site) -> None:
    event = cloud_event()
    head = {f"ce-{name}": event[name] for name in ("specversion", "id", "source", "type", "time")}
    headers = BEARER | head | {"Content-Type": "application/json"}
    answer = await web.http.post("/webhooks/incidents", json=event["data"], headers=headers)
    await web.idle()
    assert answer.status_code == 202
    assert (await web.get("/api/reviews/grafana:G-1"))["severity"] == "SEV1"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": "Bearer"}],
)
async def test_a_cloud_event_without_the_token_is_refused(web: Site, headers: dict[str, str]) -> None:
    answer = await send(web, cloud_event(), headers)
    assert answer.status_code == 401
    assert await web.get("/api/deliveries") == []


async def test_a_cloud_event_that_cannot_be_read_names_the_field(web: Site) -> None:
    answer = await send(web, cloud_event(data={"severity": "high"}))
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("data.severity")


async def test_an_event_of_an_odd_type_is_ignored_however_long_its_name(web: Site) -> None:
    answer = await send(web, cloud_event() | {"type": "x" * 150})
    assert answer.json()["state"] == "ignored"
    (kept,) = await web.get("/api/deliveries")
    assert len(kept["kind"]) == 100


async def test_an_incident_of_an_unlisted_service_is_excluded_with_its_rule(web: Site) -> None:
    await web.deliver(delivery("Q1", service="PNOBODY"))
    review = await web.get("/api/reviews/pagerduty:Q1")
    assert review["stage"] == "excluded"
    assert review["excluded_by"] == "service: PNOBODY is not listed in the catalogue"


async def test_an_incident_with_impossible_dates_is_not_lost(web: Site) -> None:
    event = cloud_event()
    event["data"] |= {"began": "2026-11-20T12:00:00Z", "resolved": "2026-11-20T10:00:00Z"}
    answer = await send(web, event)
    assert answer.json()["state"] == "accepted", answer.text
    (review,) = await web.get("/api/reviews")
    known = (await web.get(f"/api/reviews/{review['id']}/draft"))["document"]["background"]
    assert "it cannot have been over at 20 Nov 2026 10:00:00 UTC, before it began at 20 Nov 2026 12:00:00" in known


async def test_a_refire_with_the_same_key_joins_the_review(web: Site) -> None:
    now = datetime.now(UTC)
    await web.deliver(delivery("Q1", key="mix", at=now))
    await web.deliver(delivery("Q2", key="mix", at=now + timedelta(seconds=1)))
    (review,) = await web.get("/api/reviews")
    detail = await web.get(f"/api/reviews/{review['id']}")
    assert set(detail["incidents"]) == {"pagerduty:Q1", "pagerduty:Q2"}
    assert detail["refires"] == 1


async def test_an_engine_that_is_away_loses_nothing(web: Site, caplog: pytest.LogCaptureFixture) -> None:
    web.engine.away = True
    with caplog.at_level(logging.WARNING):
        assert (await web.deliver(delivery("Q1"))).status_code == 202
    assert "deliveries wait in the inbox" in caplog.text
    assert (await web.get("/api/reviews")) == []
    assert web.records.inbox.unfinished() == 1
    web.engine.away = False
    await web.deliver(delivery("Q2"))
    assert {r["id"] for r in await web.get("/api/reviews")} == {"pagerduty:Q1", "pagerduty:Q2"}
    assert {d.state for d in web.records.inbox.list()} == {DeliveryState.DONE}


async def test_without_any_engine_deliveries_are_still_taken(tmp_path: Path) -> None:
    async with site(tmp_path, door=None) as web:
        assert (await web.deliver(delivery("Q1"))).status_code == 202
        assert web.records.inbox.unfinished() == 1
        web.deps.door = web.engine
        await web.deliver(delivery("Q2"))
        review = web.records.reviews.find("pagerduty:Q1")
        assert review is not None
        assert review.stage is Stage.STABILIZATION


async def test_a_broken_engine_is_logged_and_the_delivery_stays(
    web: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(outbox: object) -> int:
        raise RuntimeError("out of order")

    monkeypatch.setattr(web.engine, "send_outgoing", broken)
    assert (await web.deliver(delivery("Q1"))).status_code == 202
    assert "out of order" in caplog.text
    assert web.records.inbox.unfinished() == 1


async def test_what_comes_while_the_inbox_is_being_sent_is_sent_as_well(
    web: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    async def poking(outbox: object) -> int:
        nonlocal looks
        looks += 1
        if looks == 1:
            web.app.state.dispatcher.poke()
        return 0

    monkeypatch.setattr(web.engine, "send_outgoing", poking)
    await web.deliver(delivery("Q1"), SECRET)
    assert looks == 2
