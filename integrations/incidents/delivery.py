"""What an incident source delivered, in words that all sources share.

A delivery is what somebody else claims happened. It is parsed here and believed nowhere: who may deliver is decided at
the door, before anything is parsed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, field_validator

from domain.model.draft_parts import Measured
from domain.model.taxonomy import IncidentKind, IncidentStatus, Realisation, Severity
from domain.model.validation_messages import fault
from domain.model.values import Record, Utc

RESERVED_SOURCES = frozenset({"pagerduty", "hand", "near-miss", "command", "open", "sync", "wake", "effect"})
"""Names of sources that are not told by a generic delivery."""

_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_LONGEST_LINE = 500


class BadDelivery(Exception):
    """A delivery that cannot be read; the message is one sentence that names the field."""


def _as_line(text: str) -> str:
    # PostgreSQL stores no NUL, UTF-8 has no lone surrogates, and a line break in a title breaks mail headers.
    return _CONTROL.sub(" ", text).strip()[:_LONGEST_LINE].strip()


def _filled(text: str) -> str:
    if not text:
        raise ValueError("there is nothing in it")
    return text


def _to_web(url: str) -> str:
    # It becomes a link on a page: `javascript:` must not.
    if not url.lower().startswith(("https://", "http://")) or _CONTROL.search(url):
        raise ValueError("a web address begins with https:// or http://")
    return url


Line = Annotated[str, AfterValidator(_as_line)]
"""Text on one line, without control characters, of at most 500 characters."""

Title = Annotated[Line, AfterValidator(_filled)]
"""A line that is not empty."""

Name = Annotated[str, Field(max_length=200), AfterValidator(_as_line), AfterValidator(_filled)]
"""What a source calls something: at most 200 characters, and not empty."""

IncidentId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
"""An incident's id at its source. It becomes part of a workflow id and of addresses, hence the few characters."""

WebUrl = Annotated[str, Field(max_length=2000), AfterValidator(_to_web)]
"""An address that may be linked to."""


class Measurements(Measured):
    """What was measured, as a source spells it; names that other tools have for the same are understood, too."""

    @field_validator("service_levels", mode="before")
    @classmethod
    def _as_spelled_here(cls, told: Any) -> Any:
        return [_service_level(one) for one in told] if isinstance(told, list | tuple) else told


def _service_level(told: Any) -> Any:
    """OpenSLO's `targetPercent`; and Sloth's `name`, whose `objective` is a number. Else what was told, as it is."""
    if not isinstance(told, dict):
        return told
    names = {"targetPercent": "target"}
    if "name" in told and not isinstance(told.get("objective"), str):
        names |= {"name": "objective", "objective": "target"}
    renamed = {names.get(name, name): value for name, value in told.items()}
    return renamed if len(renamed) == len(told) else told  # told twice: refused by its own names


class ReportedIncident(Measured):
    """`domain.model.review.Incident` before it is taken in: with plain text where that has references.

    `service` is the source's own id; the catalogue maps it. `responder` is a handle (`pagerduty:PABC123`) or an e-mail
    address. What is absent was not told, which is not the same as being known to be absent.
    """

    source: str
    id: IncidentId
    status: IncidentStatus
    as_of: Utc
    title: Title
    service: Name
    severity: Severity
    models: tuple[Name, ...] = ()
    kinds: tuple[IncidentKind, ...] = ()
    realisation: Realisation = Realisation.HARM
    began: Utc | None = None
    detected: Utc | None = None
    resolved: Utc | None = None
    key: Line | None = None
    responder: Line | None = None
    url: WebUrl | None = None


class Delivery(Record):
    """One delivery, understood. `told` is none where it says nothing that a review needs; `ignored_because` says why.

    `id` is the same however often the source repeats the delivery, and differs between sources.
    """

    id: str
    source: str
    kind: str
    told: ReportedIncident | None = None
    ignored_because: str | None = None


def delivery_id(source: str, id: str) -> str:
    """The id of a delivery across sources. An id of odd characters or length stands as its digest."""
    plain = id if _PLAIN_ID.fullmatch(id) else f"sha256-{sha256(id.encode(errors='backslashreplace')).hexdigest()}"
    return f"{source}:{plain}"


@contextmanager
def reading(within: str = "", model: Any = None) -> Iterator[None]:
    """Turn what pydantic finds in a value into `BadDelivery`; `within` is the path of that value, `model` its type."""
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in (within, *first["loc"]) if part != "")
        raise BadDelivery(f"{path or 'body'}: {fault(first, model)}") from error
