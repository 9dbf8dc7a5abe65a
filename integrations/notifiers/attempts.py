"""What came of the requests that Apprise made: it says only whether all went well, and that is not enough.

Where nothing was delivered for certain a message may be sent again; where that is unknown it may not. Apprise's plugins
swallow the difference, so it is watched where they all go through: `requests` and `smtplib`. Nothing is changed there,
and outside of `watched()` nothing is noted.
"""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError, ConnectTimeout, RequestException
from urllib3.exceptions import MaxRetryError, NewConnectionError

from domain.trackers.ports import RateLimitedError, RejectedError, TrackerError, UnauthorisedError, UnavailableError
from integrations.trackers.retry_after import retry_after


@dataclass(frozen=True)
class Attempt:
    """One attempt to deliver: whether the service was reached, and its answer in HTTP's terms, where there was one.

    `response` is that answer as it came, for adapters that know more of the service.
    """

    reached: bool = True
    status: int | None = None
    retry_at: datetime | None = None
    response: Response | None = field(default=None, repr=False, compare=False)

    @property
    def untouched(self) -> bool:
        """Whether nothing was delivered by it, for certain: not reached, or understood and refused."""
        return not self.reached or (self.status is not None and 400 <= self.status < 500)


_noted: ContextVar[list[Attempt] | None] = ContextVar("attempts of this message", default=None)


@contextmanager
def watched() -> Iterator[list[Attempt]]:
    """The attempts that are made inside, in every thread that begins with a copy of this context."""
    attempts: list[Attempt] = []
    token = _noted.set(attempts)
    try:
        yield attempts
    finally:
        _noted.reset(token)


def failure(attempts: list[Attempt], what: str) -> TrackerError:
    """What a message that did not go well means at the port. Without a trace of any attempt its outcome is unknown."""
    if not attempts or not all(attempt.untouched for attempt in attempts):
        return UnavailableError(f"{what}: nobody knows whether it arrived")
    statuses = {attempt.status for attempt in attempts}
    if 429 in statuses:
        until = max((a.retry_at for a in attempts if a.retry_at), default=None)
        return RateLimitedError(f"{what}: too many messages", until, untouched=True)
    if None in statuses:
        return UnavailableError(f"{what}: it cannot be reached", untouched=True)
    if statuses & {401, 403, 404}:
        refused = UnauthorisedError(f"{what}: the address or its secret is refused")
        refused.untouched = True
        return refused
    return RejectedError(f"{what}: the message is refused", untouched=True)


def _note(attempt: Attempt) -> None:
    attempts = _noted.get()
    if attempts is not None:
        attempts.append(attempt)


def _never_connected(error: RequestException) -> bool:
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if isinstance(error, ConnectionError) and error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


_send, _connect, _login = HTTPAdapter.send, smtplib.SMTP.connect, smtplib.SMTP.login


def _watched_send(self: HTTPAdapter, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
    try:
        response = _send(self, request, *args, **kwargs)
    except RequestException as error:
        _note(Attempt(reached=not _never_connected(error)))
        raise
    _note(Attempt(status=response.status_code, retry_at=_when(response), response=response))
    return response


def _when(response: Response) -> datetime | None:
    return retry_after(response.headers.get("Retry-After"), datetime.now(UTC))


def _watched_connect(self: smtplib.SMTP, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
    try:
        return _connect(self, *args, **kwargs)
    except OSError:
        _note(Attempt(reached=False))
        raise


def _watched_login(self: smtplib.SMTP, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
    try:
        return _login(self, *args, **kwargs)
    except smtplib.SMTPAuthenticationError:
        _note(Attempt(status=401))
        raise


HTTPAdapter.send = _watched_send  # type: ignore[method-assign]
smtplib.SMTP.connect = _watched_connect  # type: ignore[method-assign]
smtplib.SMTP.login = _watched_login  # type: ignore[method-assign]
