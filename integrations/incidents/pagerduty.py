"""PagerDuty's v3 webhooks: their signature, and what they tell of an incident.

Shapes and event types: "Webhooks overview" and "Verifying signatures" at developer.pagerduty.com. An incident in them
has neither custom fields nor details of its alerts, and so nothing that was measured; custom fields come in an event of
their own, which tells neither service nor status.
"""

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final, Literal

from pydantic import BaseModel, Field

from domain.model.taxonomy import IncidentStatus, Severity
from domain.model.values import Utc
from integrations.incidents.delivery import (
    Delivery,
    IncidentId,
    Line,
    Name,
    ReportedIncident,
    WebUrl,
    delivery_id,
    reading,
)

SOURCE: Final = "pagerduty"
SIGNATURE_HEADER: Final = "X-PagerDuty-Signature"

_APPLIED: Final[dict[str, IncidentStatus | None]] = {
    "incident.triggered": IncidentStatus.OPEN,
    "incident.reopened": IncidentStatus.OPEN,
    "incident.resolved": IncidentStatus.RESOLVED,
    "incident.priority_updated": None,  # as its data say
}

_IGNORED: Final[dict[str, str]] = {
    "incident.acknowledged": "somebody looks at the incident, which is still open",
    "incident.unacknowledged": "nobody looks at the incident any more, which is still open",
    "incident.annotated": "notes stay in PagerDuty",
    "incident.delegated": "another escalation policy is asked; who answered is read when it is resolved",
    "incident.escalated": "somebody else is asked; who answered is read when it is resolved",
    "incident.reassigned": "somebody else is asked; who answered is read when it is resolved",
    "incident.responder.added": "who answered is read when the incident is resolved",
    "incident.responder.replied": "who answered is read when the incident is resolved",
    "incident.status_update_published": "status updates stay in PagerDuty",
    "incident.conference_bridge.updated": "conference bridges stay in PagerDuty",
    "incident.custom_field_values.updated": "custom fields are not read",
    "incident.service_updated": "the service is read with the next trigger, resolution or priority",
    "pagey.ping": "a test of the webhook",
}
_IGNORED_FAMILIES: Final[dict[str, str]] = {
    "incident.workflow.": "workflows stay in PagerDuty",
    "workflow.": "workflows stay in PagerDuty",
    "service.": "services are read from the catalogue",
}


def verify_signature(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether any signature in `header` was made over `body` with any of `secrets`.

    There are several while a secret is replaced. Every pair is compared, in constant time, so that timing tells
    nothing. Without a header, or without a secret that is not empty, nothing is genuine.
    """
    given = [part.strip().removeprefix("v1=") for part in (header or "").split(",") if part.strip().startswith("v1=")]
    made = [hmac.new(secret.encode(), body, sha256).hexdigest() for secret in secrets if secret]
    matches = [hmac.compare_digest(m.encode(), g.encode(errors="replace")) for m in made for g in given]
    return any(matches)


def parse(body: bytes, severities: Mapping[str, Severity], unmapped: Severity) -> Delivery:
    """What a delivery tells. `severities` maps names of priorities (`P1`); `unmapped` is for all others and for none.

    Raises `BadDelivery`, and nothing else, whatever the bytes are.
    """
    with reading():
        head = _HeadEnvelope.model_validate_json(body).event
        id, why = delivery_id(SOURCE, head.id), _why_ignored(head.event_type)
        if why is not None:
            return Delivery(id=id, source=SOURCE, kind=head.event_type, ignored_because=why)
        told = _told(_Envelope.model_validate_json(body).event, severities, unmapped)
        return Delivery(id=id, source=SOURCE, kind=head.event_type, told=told)


class _Head(BaseModel):
    """What every event has. PagerDuty adds fields as it likes; those that we do not read are none of our business."""

    id: str = Field(min_length=1)
    event_type: Name


class _HeadEnvelope(BaseModel):
    event: _Head


class _Reference(BaseModel):
    id: Name
    type: str = "user_reference"


class _Priority(BaseModel):
    summary: str = ""


class _Incident(BaseModel):
    id: IncidentId
    status: Literal["triggered", "acknowledged", "resolved"]
    created_at: Utc
    title: Line = ""
    service: _Reference
    incident_key: Line | None = None
    assignees: tuple[_Reference, ...] = ()
    priority: _Priority | None = None
    html_url: WebUrl | None = None


class _Event(_Head):
    occurred_at: Utc
    agent: _Reference | None = None
    data: _Incident


class _Envelope(BaseModel):
    event: _Event


def _told(event: _Event, severities: Mapping[str, Severity], unmapped: Severity) -> ReportedIncident:
    incident = event.data
    status = _APPLIED[event.event_type] or (
        IncidentStatus.RESOLVED if incident.status == "resolved" else IncidentStatus.OPEN
    )
    return ReportedIncident(
        source=SOURCE,
        id=incident.id,
        status=status,
        as_of=event.occurred_at,
        title=incident.title or f"PagerDuty incident {incident.id}",
        service=incident.service.id,
        severity=severities.get(incident.priority.summary, unmapped) if incident.priority else unmapped,
        began=incident.created_at,
        resolved=event.occurred_at if event.event_type == "incident.resolved" else None,
        key=incident.incident_key or None,
        responder=_responder(event),
        url=incident.html_url,
    )


def _responder(event: _Event) -> str | None:
    """Whoever was asked last, else whoever did this. An agent may be an integration, which answers for nothing."""
    people = [*([event.agent] if event.agent else []), *event.data.assignees]
    users = [person.id for person in people if person.type.startswith("user")]
    return f"{SOURCE}:{users[-1]}" if users else None


def _why_ignored(event_type: str) -> str | None:
    if event_type in _APPLIED:
        return None
    families = (why for prefix, why in _IGNORED_FAMILIES.items() if event_type.startswith(prefix))
    return _IGNORED.get(event_type) or next(families, "this type of event is not known here")
