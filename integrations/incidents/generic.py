"""Incidents from any source that speaks CloudEvents 1.0 over HTTP, structured or binary.

The `cloudevents` library reads the envelope. Rules: "CloudEvents" and "HTTP Protocol Binding", both 1.0.2, at
github.com/cloudevents/spec.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import CE_PREFIX, HTTPMessage, from_binary, from_structured
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import REQUIRED_ATTRIBUTES, CloudEvent
from pydantic import Field

from domain.model.taxonomy import IncidentKind, IncidentStatus, Realisation, Severity
from domain.model.validation_messages import NEEDED
from domain.model.values import Record, Utc
from integrations.incidents.delivery import (
    RESERVED_SOURCES,
    BadDelivery,
    Delivery,
    IncidentId,
    Line,
    Measurements,
    Name,
    ReportedIncident,
    Title,
    WebUrl,
    delivery_id,
    reading,
)

RESOLVED: Final = "dev.holdfast.incident.resolved"
REOPENED: Final = "dev.holdfast.incident.reopened"
TRIGGERED: Final = "dev.holdfast.incident.triggered"
UPDATED: Final = "dev.holdfast.incident.updated"

_STRUCTURED = "application/cloudevents"
_SLUG_LENGTH = 50
_HASHED = re.compile(r".*-[0-9a-f]{6}")


class IncidentData(Measurements):
    """The `data` of an event: an incident as it is now, whole. Unknown fields are refused: they may be typing errors.

    The event's `time` is when this was so; of two events the one with the later time counts, whichever arrives first.
    """

    id: IncidentId = Field(description="the incident's own id, the same in all its events")
    title: Title = Field(description="one line for people")
    service: Name = Field(description="the service as this source calls it; the catalogue maps it")
    severity: Severity
    kinds: tuple[IncidentKind, ...] = ()
    models: tuple[Name, ...] = Field(default=(), description="models of the catalogue that are known to be concerned")
    realisation: Realisation = Realisation.HARM
    key: Line | None = Field(default=None, description="what this source gives all alerts of the same trouble")
    began: Utc | None = None
    detected: Utc | None = None
    resolved: Utc | None = Field(
        default=None,
        description="when it ended; where a `resolved` event leaves this out, its time. An `updated` event with this "
        "tells of a resolved incident, one without of an open one",
    )
    responder: Name | None = Field(default=None, description="who answered last: an e-mail address or another handle")
    url: WebUrl | None = None


def parse(headers: Mapping[str, str], body: bytes) -> Delivery:
    """What a delivery tells. Raises `BadDelivery`, and nothing else, whatever it is given."""
    event = _read(headers, body)
    slug = source_slug(event.get_source())
    id = delivery_id(slug, event.get_id())
    with reading():
        head = _Head(type=event.get_type(), time=event.get_time())
    if head.type not in (RESOLVED, REOPENED, TRIGGERED, UPDATED):
        why = "this type of event is not known here"
        return Delivery(id=id, source=slug, kind=head.type, ignored_because=why)
    with reading("data", IncidentData):
        data = IncidentData.model_validate(event.get_data())
    return Delivery(id=id, source=slug, kind=head.type, told=_told(slug, head, data))


def source_slug(source: str) -> str:
    """A source's name in references: lower-case letters, digits and hyphens.

    Where that is not the name as it was given, six digits of its digest follow, so that no two sources share a slug; a
    name that looks like that already, or is reserved, gets them too.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:_SLUG_LENGTH].strip("-") or "source"
    if slug == source and slug not in RESERVED_SOURCES and not _HASHED.fullmatch(slug):
        return slug
    return f"{slug}-{sha256(source.encode(errors='backslashreplace')).hexdigest()[:6]}"


class _Head(Record):
    type: Name
    time: Utc


def _read(headers: Mapping[str, str], body: bytes) -> BaseCloudEvent:
    content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    media_type = content_type.partition(";")[0].strip().lower()
    structured = media_type == JSONFormat.CONTENT_TYPE
    if media_type.startswith(_STRUCTURED) and not structured:
        raise BadDelivery(f"content-type: {JSONFormat.CONTENT_TYPE} is read here, {media_type!r} is not")
    if not structured and not any(name.lower().startswith(CE_PREFIX) for name in headers):
        raise BadDelivery(f"content-type: Expected {JSONFormat.CONTENT_TYPE}, or else ce- headers")
    message = HTTPMessage(headers=dict(headers), body=body)
    try:
        return (from_structured if structured else from_binary)(message, JSONFormat(), _strict_event)
    except CloudEventValidationError as error:
        name, problems = next(iter(error.errors.items()))
        raise BadDelivery(f"{name}: {problems[0]}") from error
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        # The library reads trustingly: what is no JSON object, or has no date for a time, fails in any of these ways.
        raise BadDelivery(f"body: This is not a CloudEvent ({error})") from error


def _strict_event(attributes: dict[str, Any], data: Any) -> BaseCloudEvent:
    """An event that has all it must: the library would make up id and time, and each delivery would be a new one."""
    for name in (*REQUIRED_ATTRIBUTES, "time"):
        if attributes.get(name) is None:
            raise BadDelivery(f"{name}: {NEEDED}")
    return CloudEvent(attributes, data)


def _told(slug: str, head: _Head, data: IncidentData) -> ReportedIncident:
    resolved = {RESOLVED: data.resolved or head.time, UPDATED: data.resolved}.get(head.type)
    return ReportedIncident(
        source=slug,
        status=IncidentStatus.RESOLVED if resolved else IncidentStatus.OPEN,
        as_of=head.time,
        **data.model_dump(exclude={"resolved"}),
        resolved=resolved,
    )
