import hmac
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.taxonomy import IncidentStatus, Severity
from integrations.incidents.delivery import BadDelivery, Delivery, ReportedIncident
from integrations.incidents.pagerduty import parse, verify_signature

SEVERITIES = {"P1": Severity.SEV1, "P2": Severity.SEV2}
OCCURRED = "2026-10-02T18:45:22.169Z"
IGNORED = [
    "incident.acknowledged",
    "incident.annotated",
    "incident.conference_bridge.updated",
    "incident.custom_field_values.updated",
    "incident.delegated",
    "incident.escalated",
    "incident.reassigned",
    "incident.responder.added",
    "incident.responder.replied",
    "incident.service_updated",
    "incident.status_update_published",
    "incident.unacknowledged",
    "incident.workflow.started",
    "incident.workflow.completed",
    "workflow.paused",
    "pagey.ping",
    "service.created",
    "service.custom_field_values.updated",
    "service.deleted",
    "service.updated",
]


def user(id: str) -> dict[str, Any]:
    return {"id": id, "type": "user_reference", "summary": "Somebody", "html_url": f"https://acme.pagerduty.com/{id}"}


def event(event_type: str = "incident.resolved", **data: Any) -> dict[str, Any]:
    """An event in the shape of PagerDuty's overview, with fields of its `data` replaced."""
    incident = {
        "id": "PGR0VU2",
        "type": "incident",
        "self": "https://api.pagerduty.com/incidents/PGR0VU2",
        "html_url": "https://acme.pagerduty.com/incidents/PGR0VU2",
        "number": 2,
        "status": "resolved",
        "incident_key": "d3640fbd41094207a1c11e58e46b1662",
        "created_at": "2026-10-02T15:16:27Z",
        "title": "Scores are flat",
        "service": {"id": "PF9KMXH", "type": "service_reference", "summary": "Scoring"},
        "assignees": [user("PFIRST1"), user("PSECOND")],
        "escalation_policy": {"id": "PUS0KTE", "type": "escalation_policy_reference", "summary": "Default"},
        "teams": [{"id": "PFCVPS0", "type": "team_reference", "summary": "Engineering"}],
        "priority": {"id": "PSO75BM", "type": "priority_reference", "summary": "P1"},
        "urgency": "high",
        "conference_bridge": None,
        "resolve_reason": None,
    }
    return {
        "id": "5ac64822-4adc-4fda-ade0-410becf0de4f",
        "event_type": event_type,
        "resource_type": "incident",
        "occurred_at": OCCURRED,
        "agent": user("PAGENT1"),
        "client": {"name": "PagerDuty"},
        "data": incident | data,
    }


def delivered(event: Any) -> Delivery:
    return parse(json.dumps({"event": event}).encode(), SEVERITIES, Severity.SEV3)


def told(event: Any) -> ReportedIncident:
    incident = delivered(event).told
    assert incident is not None
    return incident


def test_a_resolution_is_told_in_our_words() -> None:
    occurred = datetime(2026, 10, 2, 18, 45, 22, 169000, tzinfo=UTC)
    assert delivered(event()) == Delivery(
        id="pagerduty:5ac64822-4adc-4fda-ade0-410becf0de4f",
        source="pagerduty",
        kind="incident.resolved",
        told=ReportedIncident(
            source="pagerduty",
            id="PGR0VU2",
            status=IncidentStatus.RESOLVED,
            as_of=occurred,
            title="Scores are flat",
            service="PF9KMXH",
            severity=Severity.SEV1,
            began=datetime(2026, 10, 2, 15, 16, 27, tzinfo=UTC),
            resolved=occurred,
            key="d3640fbd41094207a1c11e58e46b1662",
            responder="pagerduty:PSECOND",
            url="https://acme.pagerduty.com/incidents/PGR0VU2",
        ),
    )


@pytest.mark.parametrize("event_type", ["incident.triggered", "incident.reopened"])
def test_a_trigger_and_a_reopening_open_whatever_the_data_say(event_type: str) -> None:
    incident = told(event(event_type, status="resolved"))
    assert incident.status is IncidentStatus.OPEN
    assert incident.resolved is None


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("triggered", IncidentStatus.OPEN),
        ("acknowledged", IncidentStatus.OPEN),
        ("resolved", IncidentStatus.RESOLVED),
    ],
)
def test_a_new_priority_keeps_the_status_of_the_data(status: str, ours: IncidentStatus) -> None:
    incident = told(event("incident.priority_updated", status=status, priority={"summary": "P2"}))
    assert (incident.status, incident.severity, incident.resolved) == (ours, Severity.SEV2, None)


@pytest.mark.parametrize("priority", [None, {"summary": "P9"}, {}])
def test_a_priority_that_is_not_mapped_has_the_default(priority: Any) -> None:
    assert told(event(priority=priority)).severity is Severity.SEV3


@pytest.mark.parametrize(
    ("agent", "assignees", "responder"),
    [
        (user("PAGENT1"), [user("PFIRST1")], "pagerduty:PFIRST1"),
        (user("PAGENT1"), [], "pagerduty:PAGENT1"),
        ({"id": "PINT1", "type": "inbound_integration_reference"}, [], None),
        (None, [], None),
    ],
)
def test_whoever_was_asked_last_is_the_responder_and_an_integration_is_not(
    agent: Any, assignees: Any, responder: str | None
) -> None:
    assert told(event(assignees=assignees) | {"agent": agent}).responder == responder


def test_a_title_is_one_line_and_never_empty() -> None:
    assert told(event(title="Scores\r\nare\x00 flat ")).title == "Scores are  flat"
    assert told(event(title=" ")).title == "PagerDuty incident PGR0VU2"
    assert len(told(event(title="t" * 2000)).title) == 500


@pytest.mark.parametrize("event_type", IGNORED)
def test_what_says_nothing_to_a_review_is_ignored_with_a_reason(event_type: str) -> None:
    delivery = delivered({"id": "01CE", "event_type": event_type, "data": {"type": "note"}})
    assert delivery.told is None
    assert delivery.ignored_because
    assert "not known" not in delivery.ignored_because


def test_a_type_that_is_new_is_ignored_with_a_reason() -> None:
    delivery = delivered({"id": "01CE", "event_type": "incident.teleported"})
    assert (delivery.told, delivery.kind) == (None, "incident.teleported")
    assert delivery.ignored_because == "this type of event is not known here"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "body: this is not JSON"),
        (b"\xff\xfe", "body: this is not JSON"),
        (b"[]", "body: this has to have fields of its own"),
        (b"{}", "event: this is needed"),
        (b"[" * 100_000, "body: this is not JSON"),
    ],
)
def test_what_is_no_event_is_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(BadDelivery, match=f"^{sentence}"):
        parse(body, SEVERITIES, Severity.SEV3)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (event() | {"id": ""}, "event.id: this has to have at least 1 character"),
        (event(service={"summary": "no id"}), "event.data.service.id: this is needed"),
        (event(service=None), "event.data.service: this has to have fields of its own"),
        (event(id="a/b"), "event.data.id: this has to be 1 to 100 letters"),
        (event(id="x" * 101), "event.data.id: this has to be 1 to 100 letters"),
        (event(id="PX\n"), "event.data.id: this has to be 1 to 100 letters"),
        (event(status="paused"), "event.data.status: this has to be triggered, acknowledged or resolved"),
        (event(created_at="2026-10-02T15:16:27"), "event.data.created_at: this names no time zone"),
        (event(created_at="0001-01-01T00:00:00+14:00"), "event.data.created_at: there is no such moment"),
        (event(html_url="javascript:alert(1)"), "event.data.html_url: a web address begins"),
        (event(assignees=[{"type": "user_reference"}]), "event.data.assignees.0.id: this is needed"),
        (event() | {"occurred_at": None}, "event.occurred_at: this has to be a time with its zone"),
    ],
)
def test_a_refusal_names_the_field(bad: Any, sentence: str) -> None:
    with pytest.raises(BadDelivery) as caught:
        delivered(bad)
    assert str(caught.value).startswith(sentence)


def test_an_odd_delivery_id_stands_as_its_digest() -> None:
    assert delivered(event() | {"id": "two words"}).id == f"pagerduty:sha256-{sha256(b'two words').hexdigest()}"


# --- any bytes --------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda c: st.lists(c) | st.dictionaries(st.text(), c),
)


def _parses_or_refuses(read: Callable[[], Delivery]) -> None:
    with suppress(BadDelivery):
        delivery = read()
        delivery.model_dump_json()
        assert (delivery.told is None) == bool(delivery.ignored_because)
        assert len(delivery.id) <= 200


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    _parses_or_refuses(lambda: parse(body, SEVERITIES, Severity.SEV3))


@given(st.sampled_from(sorted(event())), JSON)
def test_any_value_in_an_event_is_read_or_refused(field: str, value: Any) -> None:
    _parses_or_refuses(lambda: delivered(event() | {field: value}))


@given(st.sampled_from(sorted(event()["data"])), JSON)
def test_any_value_in_an_incident_is_read_or_refused(field: str, value: Any) -> None:
    _parses_or_refuses(lambda: delivered(event(**{field: value})))


# --- signatures -------------------------------------------------------------------------------------------------------


def signature(body: bytes, secret: str) -> str:
    return "v1=" + hmac.new(secret.encode(), body, sha256).hexdigest()


# Computed with `openssl dgst -sha256 -hmac s3cret`, and so not by what is tested here.
KNOWN = "v1=352991ebcbce339cc66a2794cf09fe782c95f38e7988e48bda8ded984a11311c"


def test_a_signature_made_elsewhere_is_verified() -> None:
    assert verify_signature(b'{"event":{}}', KNOWN, ["s3cret"])


@given(st.binary(), st.lists(st.text(min_size=1), min_size=1, unique=True), st.data())
def test_any_secret_may_have_made_any_of_the_signatures(body: bytes, secrets: list[str], data: st.DataObject) -> None:
    made = data.draw(st.sampled_from(secrets))
    parts = ["v1=" + "0" * 64, signature(body, made), "v2=" + "1" * 64]
    header = data.draw(st.permutations(parts)).copy()
    assert verify_signature(body, ", ".join(header), secrets)


@given(st.binary(), st.binary())
def test_a_tampered_body_never_verifies(body: bytes, tampered: bytes) -> None:
    assert verify_signature(tampered, signature(body, "s3cret"), ["s3cret"]) == (tampered == body)


@given(st.binary(), st.text())
def test_a_header_of_any_text_is_no_error(body: bytes, header: str) -> None:
    assert not verify_signature(body, header, ["s3cret"])
    assert not verify_signature(body, f"v1={header}", ["s3cret"])


def test_without_a_header_or_a_secret_nothing_is_genuine() -> None:
    assert not verify_signature(b"{}", None, ["s3cret"])
    assert not verify_signature(b"{}", signature(b"{}", "s3cret"), [])
    assert not verify_signature(b"{}", signature(b"{}", ""), [""])
    assert not verify_signature(b"{}", signature(b"{}", "s3cret").removeprefix("v1="), ["s3cret"])
