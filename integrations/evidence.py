"""Fetching evidence over HTTP: from hosts that somebody has listed and from no other, bounded in size and time."""

from collections.abc import Sequence
from time import monotonic
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from domain.model.attachment import LARGEST, Attachment
from domain.model.validation_messages import fault
from domain.trackers.ports import (
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)

SECONDS = 20.0
"""How long each step of a request may take."""

LONGEST = 60.0
"""How many seconds all of it may take; a server that sends byte after byte would never time out by step."""

HOPS = 5
"""How many redirections are followed; each has to lead to a listed host as well."""


class HttpEvidence:
    """Fetches from listed hosts alone: an address comes from whoever can write a comment on an issue."""

    def __init__(self, hosts: Sequence[str] = ()) -> None:
        """`hosts` are names, with a port where it is not the usual one; none: nothing is fetched."""
        self._hosts = frozenset(host.lower() for host in hosts)

    def fetch(self, address: str) -> Attachment:
        """What is at an address now. Raises `TrackerError`: `rejected` where no copy of it is kept."""
        with httpx.Client(timeout=SECONDS, trust_env=False) as client:
            give_up = monotonic() + LONGEST
            for _ in range(HOPS):
                self._check(address)
                try:
                    with client.stream("GET", address, headers={"Accept-Encoding": "identity"}) as response:
                        if not response.has_redirect_location:
                            return _attachment(address, response, give_up)
                        address = str(response.next_request.url) if response.next_request else ""
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    raise UnavailableError(f"The evidence cannot be fetched: {type(error).__name__}.") from error
        raise RejectedError(f"The evidence is more than {HOPS} redirections away.")

    def _check(self, address: str) -> None:
        try:
            parts = urlsplit(address)
            host = parts.netloc.rpartition("@")[2].lower()
        except ValueError:
            raise RejectedError("The address of the evidence is none.") from None
        if parts.scheme not in ("http", "https") or parts.username is not None or host not in self._hosts:
            raise RejectedError(f"Copies are not fetched from {host or 'there'}: list it in evidence.hosts.")


def _attachment(address: str, response: httpx.Response, give_up: float) -> Attachment:
    if response.status_code != httpx.codes.OK:
        raise _failure(response.status_code)
    if response.headers.get("content-encoding", "identity") != "identity":
        raise RejectedError("The evidence comes packed, although it was asked for as it is.")
    data = bytearray()
    for piece in response.iter_raw():  # unpacked, a kilobyte may be a gigabyte
        data += piece
        if monotonic() > give_up:
            raise UnavailableError(f"The evidence did not come within {LONGEST:.0f} seconds.")
        if len(data) > LARGEST:
            raise RejectedError(f"The evidence has more than {LARGEST} bytes.")
    name = urlsplit(address).path.rpartition("/")[2] or urlsplit(address).netloc
    try:
        return Attachment(name=name[:300], media_type=response.headers.get("content-type", ""), data=bytes(data))
    except ValidationError as error:
        raise RejectedError("; ".join(fault(one, Attachment) for one in error.errors(include_input=False))) from None


_FAILURES: dict[int, type[TrackerError]] = {
    401: UnauthorisedError,
    403: UnauthorisedError,
    404: NotFoundError,
    410: NotFoundError,
    429: RateLimitedError,
}


def _failure(status: int) -> TrackerError:
    kind = _FAILURES.get(status, UnavailableError if status >= 500 else RejectedError)
    return kind(f"Where the evidence is, {status} was answered.")
