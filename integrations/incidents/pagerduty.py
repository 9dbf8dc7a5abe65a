"""PagerDuty's v3 webhooks: their signature, and what they tell of an incident.

Shapes and event types: "Webhooks overview" and "Verifying signatures" at developer.pagerduty.com.
"""

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from domain.taxonomy import IncidentStatus, Severity
from domain.values import Utc
from integrations.incidents.delivery import (
    BadDelivery,
    Delivery,
    IncidentId,
    Line,
    Name,
    ReportedIncident,
    WebUrl,
    delivery_id,
    refuse,
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
    """What a delivery tells. `severities` maps the names of priorities (`P1`); `unmapped` is for all others and for none.

    Raises `BadDelivery`, and nothing else, whatever the bytes are.
    """
    with reading():
        event = _Envelope.model_validate_json(body).event
    told, why = None, _why_ignored(event.event_type)
    if why is None:
        with reading("event"):
            occurred_at = _Occurred.model_validate({"occurred_at": event.occurred_at}).occurred_at
        with reading("event.data"):
            incident = _Incident.model_validate(event.data)
            told = _told(event, occurred_at, incident, severities.get(incident.priority_name, unmapped))
    return Delivery(
        id=delivery_id(SOURCE, event.id), source=SOURCE, kind=event.event_type, told=told, ignored_because=why
    )


class _Read(BaseModel):
    """PagerDuty adds fields as it likes; those that we do not read are none of our business."""


class _Reference(_Read):
    id: IncidentId
    type: str = ""


class _Priority(_Read):
    summary: str = ""


class _Incident(_Read):
    """`event.data` where its type is `incident`; the fields that we read."""

    id: IncidentId
    status: Literal["triggered", "acknowledged", "resolved"]
    created_at: Utc
    title: Line = ""
    service: _Reference
    incident_key: Line | None = None
    assignees: tuple[_Reference, ...] = ()
    priority: _Priority | None = None
    html_url: WebUrl | None = None

    @property
    def priority_name(self) -> str:
        return self.priority.summary if self.priority else ""


class _Event(_Read):
    id: Annotated[str, Field(min_length=1)]
    event_type: Name
    occurred_at: Any = None
    agent: Any = None
    data: Any = None


class _Occurred(_Read):
    occurred_at: Utc


class _Agent(_Read):
    agent: _Reference | None = None


class _Envelope(_Read):
    event: _Event


def _told(event: _Event, occurred_at: datetime, incident: _Incident, severity: Severity) -> ReportedIncident:
    status = _APPLIED[event.event_type] or _STATUS[incident.status]
    resolved = event.event_type == "incident.resolved"
    return ReportedIncident(
        source=SOURCE,
        id=incident.id,
        status=status,
        as_of=occurred_at,
        title=incident.title or f"PagerDuty incident {incident.id}",
        service=incident.service.id,
        severity=severity,
        began=incident.created_at,
        resolved=occurred_at if resolved else None,
        key=incident.incident_key or None,
        responder=_responder(event, incident),
        url=incident.html_url,
    )
