import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from domain.model.taxonomy import IncidentKind, IncidentStatus, Realisation, Severity
from integrations.incidents.delivery import RESERVED_SOURCES, BadDelivery, Delivery, ReportedIncident
from integrations.incidents.generic import RESOLVED, TRIGGERED, UPDATED, parse, source_slug
from tests.integrations.test_pagerduty import JSON

STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
TIME = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DATA: dict[str, Any] = {
    "id": "INC-7",
    "title": "Scores are flat",
    "service": "scoring",
    "severity": "SEV2",
    "kinds": ["accuracy_collapse_shift"],
    "models": ["fraud"],
    "realisation": "near_miss",
    "key": "scoring-flat",
    "began": "2026-11-20T09:00:00+01:00",
    "detected": "2026-11-20T09:00:00Z",
    "resolved": "2026-11-20T11:30:00Z",
    "responder": "ada@acme.test",
    "url": "https://alerts.acme.test/7",
}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "alerts",
    "type": RESOLVED,
    "time": "2026-11-20T12:00:00Z",
    "data": DATA,
}


def structured(**attributes: Any) -> Delivery:
    event = {name: value for name, value in (EVENT | attributes).items() if value is not ...}
    return parse(STRUCTURED, json.dumps(event).encode())


def told(delivery: Delivery) -> ReportedIncident:
    assert delivery.told is not None
    return delivery.told


def test_an_event_is_told_in_our_words() -> None:
    assert structured() == Delivery(
        id="alerts:e-1",
        source="alerts",
        kind="dev.holdfast.incident.resolved",
        told=ReportedIncident(
            source="alerts",
            id="INC-7",
            status=IncidentStatus.RESOLVED,
            as_of=TIME,
            title="Scores are flat",
            service="scoring",
            severity=Severity.SEV2,
            kinds=(IncidentKind.ACCURACY_COLLAPSE_SHIFT,),
            models=("fraud",),
            realisation=Realisation.NEAR_MISS,
            key="scoring-flat",
            began=datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
            detected=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
            resolved=datetime(2026, 11, 20, 11, 30, tzinfo=UTC),
            responder="ada@acme.test",
            url="https://alerts.acme.test/7",
        ),
    )


def test_both_content_modes_tell_the_same() -> None:
    attributes = {"id": "é 1", "source": "https://alerts.acme.test/eu", "type": RESOLVED, "specversion": "1.0"}
    event = CloudEvent(attributes | {"time": TIME, "datacontenttype": "application/json"}, DATA)
    binary, whole = to_binary_event(event), to_structured_event(event)
    assert parse({name.title(): value for name, value in binary.headers.items()}, binary.body) == parse(
        whole.headers, whole.body
    )


@pytest.mark.parametrize(
    ("kind", "resolved", "status", "when"),
    [
        ("resolved", ..., IncidentStatus.RESOLVED, TIME),
        ("resolved", "2026-11-20T11:00:00Z", IncidentStatus.RESOLVED, datetime(2026, 11, 20, 11, tzinfo=UTC)),
        ("triggered", ..., IncidentStatus.OPEN, None),
        ("reopened", "2026-11-20T11:00:00Z", IncidentStatus.OPEN, None),
        ("updated", ..., IncidentStatus.OPEN, None),
        ("updated", "2026-11-20T11:00:00Z", IncidentStatus.RESOLVED, datetime(2026, 11, 20, 11, tzinfo=UTC)),
    ],
)
def test_the_type_says_whether_the_incident_is_over(
    kind: str, resolved: Any, status: IncidentStatus, when: datetime | None
) -> None:
    data = {name: value for name, value in (DATA | {"resolved": resolved}).items() if value is not ...}
    incident = told(structured(type=f"dev.holdfast.incident.{kind}", data=data))
    assert (incident.status, incident.resolved) == (status, when)


def test_an_unknown_type_is_ignored_with_a_reason() -> None:
    delivery = structured(type="com.acme.deployed", data="anything")
    assert (delivery.told, delivery.ignored_because) == (None, "this type of event is not known here")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": ...}, "id: this is needed"),
        ({"id": ""}, "id: Attribute 'id' must not be None or empty"),
        ({"source": ...}, "source: this is needed"),
        ({"type": ...}, "type: this is needed"),
        ({"type": "t" * 501}, "type: this may have at most 200 characters"),
        ({"specversion": ...}, "specversion: this is needed"),
        ({"specversion": "0.3"}, "specversion: Attribute 'specversion' must be '1.0'"),
        ({"time": ...}, "time: this is needed"),
        ({"time": "2026-11-20T12:00:00"}, "time: Attribute 'time' must be timezone aware"),
        ({"time": "yesterday"}, "body: This is not a CloudEvent"),
        ({"time": 7}, "body: This is not a CloudEvent"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "time: there is no such moment"),
        ({"data": ...}, "data: this has to have fields of its own"),
        ({"data": {}}, "data.id: this is needed"),
        ({"data": DATA | {"resolvd": 1}}, "data.resolvd: unknown field; did you mean resolved?"),
        ({"data": DATA | {"severity": "P1"}}, "data.severity: this has to be SEV1"),
        ({"data": DATA | {"service": " "}}, "data.service: there is nothing in it"),
        ({"data": DATA | {"began": "0001-01-01T00:00:00+14:00"}}, "data.began: there is no such moment"),
        ({"data": DATA | {"url": "javascript:alert(1)"}}, "data.url: a web address begins"),
    ],
)
def test_a_refusal_names_the_field(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadDelivery) as caught:
        structured(**change)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'"time"', b"\xff", b"[" * 100_000])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(BadDelivery, match=r"^body: This is not a CloudEvent"):
        parse(STRUCTURED, body)


@pytest.mark.parametrize("content_type", ["application/json", "application/cloudevents-batch+json", ""])
def test_what_is_not_said_to_be_an_event_is_refused(content_type: str) -> None:
    with pytest.raises(BadDelivery, match=r"^content-type: "):
        parse({"content-type": content_type}, json.dumps(EVENT).encode())


def test_binary_data_that_are_no_json_are_refused() -> None:
    headers = {f"ce-{name}": value for name, value in EVENT.items() if name != "data"}
    with pytest.raises(BadDelivery, match=r"^data: "):
        parse(headers | {"content-type": "application/json"}, b"{")


def test_what_cannot_be_stored_becomes_a_space() -> None:
    assert told(structured(data=DATA | {"title": "a\x00\u2028b\ud800c"})).title == "a b c"


# --- sources ----------------------------------------------------------------------------------------------------------


def test_a_plain_name_is_kept() -> None:
    assert source_slug("alerts-eu-1") == "alerts-eu-1"


@pytest.mark.parametrize("source", ["https://alerts.acme.test/eu", "Alerts", "a/b", "a_b", "é", "", "a" * 200])
def test_any_other_name_gets_its_digest(source: str) -> None:
    slug, _, digest = source_slug(source).rpartition("-")
    assert slug
    assert len(digest) == 6
    assert len(source_slug(source)) < 60


@given(st.lists(st.text(), unique=True, max_size=20))
def test_no_two_sources_share_a_slug(sources: list[str]) -> None:
    assert len({source_slug(source) for source in sources}) == len(sources)


def test_a_name_cannot_pass_for_the_digested_one_of_another() -> None:
    assert source_slug(source_slug("Alerts")) != source_slug("Alerts")


@pytest.mark.parametrize("source", sorted(RESERVED_SOURCES))
def test_no_source_has_a_reserved_name(source: str) -> None:
    for name in (source, source.upper(), f"{source}/", f" {source}"):
        assert source_slug(name) not in RESERVED_SOURCES
        assert structured(source=name).source not in RESERVED_SOURCES


# --- any bytes --------------------------------------------------------------------------------------------------------


def _parses_or_refuses(headers: Mapping[str, str], body: bytes) -> None:
    with suppress(BadDelivery):
        delivery = parse(headers, body)
        delivery.model_dump_json()
        assert (delivery.told is None) == bool(delivery.ignored_because)
        assert len(delivery.id) <= 200


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    _parses_or_refuses(STRUCTURED, body)
    binary = {f"ce-{name}": value for name, value in EVENT.items() if name != "data"}
    _parses_or_refuses(binary, body)
    _parses_or_refuses(binary | {"content-type": "text/plain"}, body)


@given(st.dictionaries(st.sampled_from(["ce-id", "ce-time", "ce-type", "ce-data", "ce-", "content-type"]), st.text()))
def test_any_headers_are_read_or_refused(headers: dict[str, str]) -> None:
    binary = {f"ce-{name}": value for name, value in EVENT.items() if name != "data"}
    _parses_or_refuses(binary | headers, json.dumps(DATA).encode())


@given(JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    _parses_or_refuses(STRUCTURED, json.dumps(value).encode())


@given(st.sampled_from([*EVENT, "data_base64", "datacontenttype", "subject", "é"]), JSON)
def test_any_value_in_an_event_is_read_or_refused(name: str, value: Any) -> None:
    _parses_or_refuses(STRUCTURED, json.dumps(EVENT | {name: value}).encode())


@given(st.sampled_from([*DATA, "unknown"]), JSON, st.sampled_from([TRIGGERED, UPDATED]))
def test_any_value_in_the_data_is_read_or_refused(name: str, value: Any, kind: str) -> None:
    _parses_or_refuses(STRUCTURED, json.dumps(EVENT | {"type": kind, "data": DATA | {name: value}}).encode())


MEASURED = {
    "service_levels": [{"objective": "Scores within 120 ms", "target": 99.9, "measured": 97.25, "budget_burned": 140}],
    "latency": [{"quantile": "p99", "before": 80, "during": 900}],
    "metrics": [{"name": "precision", "slice": "rare", "before": 0.93, "during": 0.61}],
    "versions": [{"model": "fraud", "version": "3.1", "dataset": "d-7", "evaluation": "e-9", "rollback_to": "3.0"}],
}


def test_what_was_measured_is_told_with_the_figures_as_they_were_sent() -> None:
    incident = told(structured(data=DATA | MEASURED))
    assert incident.service_levels is not None
    assert [str(incident.service_levels[0].measured), str(incident.service_levels[0].target)] == ["97.25", "99.9"]
    assert incident.model_dump(mode="json", include=set(MEASURED), exclude_defaults=True) == {
        "service_levels": [
            {"objective": "Scores within 120 ms", "target": "99.9", "measured": "97.25", "budget_burned": "140"}
        ],
        "latency": [{"quantile": "p99", "before": "80", "during": "900"}],
        "metrics": [{"name": "precision", "slice": "rare", "before": "0.93", "during": "0.61"}],
        "versions": MEASURED["versions"],
    }
    assert told(structured()).metrics is None, "nothing was told of them"


@pytest.mark.parametrize(
    "level",
    [
        {"name": "availability", "objective": 99.9},
        {"name": "availability", "targetPercent": 99.9},
        {"objective": "availability", "targetPercent": 99.9},
    ],
)
def test_an_objective_may_be_spelled_as_openslo_and_sloth_do(level: dict[str, Any]) -> None:
    (known,) = told(structured(data=DATA | {"service_levels": [level]})).service_levels or ()
    assert (known.objective, str(known.target)) == ("availability", "99.9")


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"service_levels": [{"objective": "a", "target": 101}]}, "data.service_levels.0.target: "),
        ({"service_levels": [{"objective": "a", "target": 99, "targetPercent": 9}]}, "service_levels.0.targetPercent"),
        ({"service_levels": [{"name": "a", "objective": "b"}]}, "data.service_levels.0.name: "),
        ({"service_levels": ["99.9 %"]}, "data.service_levels.0: "),
        ({"service_levels": "99.9 %"}, "data.service_levels: "),
        ({"latency": [{"quantile": "p42", "before": 1, "during": 2}]}, "data.latency.0.quantile: "),
        ({"metrics": [{"name": "precision", "before": 1}]}, "data.metrics.0.during: this is needed"),
        ({"metrics": [{"name": "precision", "before": "NaN", "during": 1}]}, "data.metrics.0.before: "),
        ({"versions": [{"version": "3"}]}, "data.versions.0.model: this is needed"),
        ({"versions": [{"model": "m"}] * 51}, "data.versions: "),
    ],
)
def test_a_wrong_measurement_is_refused_by_its_place(more: dict[str, Any], wrong: str) -> None:
    with pytest.raises(BadDelivery, match=wrong.replace(".", r"\.")):
        structured(data=DATA | more)
