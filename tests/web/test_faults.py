"""Whatever anybody can get wrong in what we read has a sentence of ours: no words of the library reach them."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

from domain.drafts.document import DraftDocument
from domain.model.attachment import Attachment
from domain.model.catalogue import Catalogue
from domain.model.policy import Policy
from domain.model.template import Additions, Template
from domain.model.tracker_routing import Routing
from domain.model.validation_messages import UNKNOWN, fault
from drafting.header import Header
from integrations.incidents import generic, pagerduty
from integrations.incidents.delivery import ReportedIncident
from integrations.trackers import webhooks
from integrations.trackers.jira.site import JiraSite
from runtime.settings import Settings
from tests.web.site import Site

READ_ELSEWHERE: tuple[Any, ...] = (
    Attachment,
    Catalogue,
    DraftDocument,
    Routing,
    Policy,
    Additions,
    Template,
    Header,
    generic.IncidentData,
    generic._Head,
    pagerduty._HeadEnvelope,
    pagerduty._Envelope,
    ReportedIncident,
    JiraSite,
    Settings,
    *webhooks._Body.__subclasses__(),
)
"""What is read from files, settings and deliveries; what the web app reads is found in its routes."""

WRONG: tuple[Any, ...] = (
    *(None, True, 0, 1, -1, 10**40, 1.5, float("nan"), float("inf"), "", "x", "é", "\0", "x" * 200_001, "1" * 5000),
    *("2026-13-01", "2026-01-01T10:00:00", "2026-01-01T25:00", "12:00", "1.2345678901234567890123456789", b"\xff"),
    *([], [1] * 1000, [[]], {}, {1: 2}, {"command": {"type": "odd"}}, {"command": {}}, {"odd": 1}, object()),
)

HOLD = ("items_schema", "keys_schema", "values_schema")
ALONE = {"str", "int", "float", "decimal", "bool", "bytes", "date", "datetime", "time", "timedelta", "enum", "literal"}
WITHIN = {"list", "tuple", "dict", "set", "frozenset"}
OTHERS = {
    *(
        "any",
        "chain",
        "default",
        "definition-ref",
        "definitions",
        "function-after",
        "function-before",
        "function-wrap",
        "is-instance",
    ),
    *("json-or-python", "lax-or-strict", "model", "model-field", "model-fields", "no-info", "nullable"),
    *("tagged-union", "union", "with-info"),
}
"""What only holds other kinds, and is tried as a whole."""


def kinds(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of a type, however deep, as pydantic has it."""
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema
        for name, part in schema.items():
            if name not in ("metadata", "serialization", "config"):
                yield from kinds(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from kinds(part)


def alone(kind: dict[str, Any]) -> SchemaValidator | None:
    """What validates this part by itself; none for what only holds others."""
    if kind["type"] in OTHERS:
        return None
    assert kind["type"] in ALONE | WITHIN, f"this test does not know how to try {kind['type']}"
    bare = {name: said for name, said in kind.items() if name not in (*HOLD, "metadata", "serialization", "ref")}
    if kind["type"] == "tuple":
        bare |= {"items_schema": [{"type": "any"}], "variadic_item_index": 0}
    return SchemaValidator(bare)


def errors(validator: SchemaValidator) -> Iterator[Any]:
    """What pydantic says of every wrong value, as an object and as JSON."""
    for value in WRONG:
        for by_json in (False, True):
            try:
                validator.validate_json(json.dumps(value)) if by_json else validator.validate_python(value)
            except ValidationError as error:
                yield from error.errors(include_url=False)
            except (TypeError, ValueError):
                continue  # it cannot be written as JSON, or be compared


def read_by(app: Any) -> list[Any]:
    """The bodies and parameters of every route."""
    found = []
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            bodies = [route.body_field] if route.body_field else []
            found += [
                Annotated[field.field_info.annotation, field.field_info]
                for field in (*bodies, *route.dependant.query_params, *route.dependant.path_params)
            ]
    return found


def test_every_fault_that_anything_we_read_can_have_is_said_in_our_words(web: Site) -> None:
    types = [*READ_ELSEWHERE, *read_by(web.app)]
    assert len(types) > len(READ_ELSEWHERE) + 20
    met: dict[str, set[str]] = {}
    for type in types:
        adapter = TypeAdapter[Any](type)
        tried = [adapter.validator, *filter(None, map(alone, kinds(adapter.core_schema)))]
        for validator in tried:
            assert isinstance(validator, SchemaValidator)
            for error in errors(validator):
                met.setdefault(error["type"], set()).add(fault(error, type))
    assert {
        "missing",
        "union_tag_invalid",
        "union_tag_not_found",
        "datetime_parsing",
        "string_pattern_mismatch",
        "too_long",
    } <= met.keys()
    for kind, sentences in met.items():
        assert UNKNOWN not in sentences, kind
        if kind not in ("value_error", "assertion_error"):
            for word in ("Input", "should", "String", "valid ", "dictionary", "{", "Value error"):
                assert not [said for said in sentences if word in said], kind
