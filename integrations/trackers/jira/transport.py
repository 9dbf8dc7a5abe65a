"""How Jira is talked to: the session of the `jira` library, without the parts of it that act on their own.

The library repeats requests, sleeps on limits (and fails on a date that it is told), follows redirects unseen and has
no timeout. Here a request is sent once, and every answer but a plain 2xx is a `Refusal`. This module knows nothing of
issues.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from jira import JIRA
from jira.resilientsession import ResilientSession
from requests import Response, Session

from domain.trackers.ports import (
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)
from integrations.trackers.retry_after import retry_after

_SHORTEST_WAIT = timedelta(minutes=1)
_LONGEST_MESSAGE = 500
_NOT_SIGNED_IN = ("AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED")


class Refusal(Exception):
    """Jira's answer, as it came, where it is not the plain success that was asked for."""

    def __init__(self, status: int, headers: Mapping[str, str], text: str) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        answer = _object(text)
        self.errors: dict[str, str] = _strings(answer.get("errors"))
        """What it says of single fields, by their ids."""
        self.said = _said(answer, self.errors) or f"HTTP {status}"
        super().__init__(f"{status}: {self.said}")

    @property
    def unknown_here(self) -> bool:
        """Whether the credential was not accepted, though the answer may look like "not found" or even like success.

        Jira then goes on as for a visitor who has not signed in, to whom most issues do not exist.
        """
        return any(reason in self.headers.get("x-seraph-loginreason", "") for reason in _NOT_SIGNED_IN)

    @property
    def is_gone(self) -> bool:
        """Whether what was asked for is not there, or hidden from us: Jira does not tell these apart."""
        return self.status in (404, 410) and not self.unknown_here

    def retry_at(self, now: datetime) -> datetime | None:
        """When to ask again (UTC), where it says so: `Retry-After`, else `X-RateLimit-Reset`. Not before `now`."""
        told = retry_after(self.headers.get("retry-after"), now) or _iso(self.headers.get("x-ratelimit-reset"))
        return max(told, now) if told else None

    def as_port_error(self, now: datetime) -> TrackerError:
        """The meaning of this answer, in the port's words.

        Source: "Rate limiting" and "Status codes" of the Jira Cloud platform REST API at developer.atlassian.com.
        """
        if self.status == 429:
            reason = self.headers.get("ratelimit-reason")
            said = f"{reason}: {self.said}" if reason else self.said
            return RateLimitedError(f"Jira limits requests: {said}", self.retry_at(now) or now + _SHORTEST_WAIT)
        if self.unknown_here or self.status in (401, 403):
            why = self.headers.get("x-authentication-denied-reason") or self.said
            return UnauthorisedError(f"Jira does not allow this: {why}", everywhere=self.status == 401)
        if 300 <= self.status < 400:
            where = self.headers.get("location", "elsewhere").partition("?")[0]
            return UnavailableError(f"Jira sends us to {where}: its address in the settings is not where it answers")
        if self.is_gone:
            return NotFoundError(f"Jira does not have it, or does not show it to this account: {self.said}")
        if 400 <= self.status < 500 and self.status not in (408, 409):
            return RejectedError(f"Jira refused: {self.said}")
        return UnavailableError(f"Jira answered {self.status}: {self.said}", self.retry_at(now))


class Api:
    """Jira's REST API for one port call: the library's session and addresses, and answers as they come."""

    def __init__(self, client: JIRA, session: ResilientSession) -> None:
        self._client = client
        self._session = session

    def get(self, path: str, **query: str | int) -> Any:
        """What is at `path`, read as JSON."""
        return _json(self._session.get(self._client._get_url(path), params=query))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """What Jira answers to `body`; none where it answers nothing."""
        return _json(self._session.post(self._client._get_url(path), data=json.dumps(body)))

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """Change what is at `path`. Jira answers nothing of use."""
        self._session.put(self._client._get_url(path), data=json.dumps(body))


@contextmanager
def talking(
    url: str, version: int, email: str, token: str, timeout: float, now: Callable[[], datetime]
) -> Iterator[Api]:
    """An `Api` for one port call, signed in with an account's token if there is an `email`, else as a bearer.

    What goes wrong inside leaves as an error of the port, and no error quotes the token: some libraries do.
    """
    basic = b64encode(f"{email}:{token}".encode()).decode()

    def safe(error: object) -> str:
        return str(error).replace(token, "…").replace(basic, "…")[:_LONGEST_MESSAGE]

    client = JIRA(
        url,
        options={"rest_api_version": str(version), "headers": {"User-Agent": "holdfast"}},
        basic_auth=(email, token) if email else None,
        token_auth=None if email else token,
        get_server_info=False,
        max_retries=0,
        timeout=timeout,
        logging=False,
    )
    session = _OnceSession(client._session, timeout)
    try:
        yield Api(client, session)
    except Refusal as refusal:
        error = refusal.as_port_error(now())
        raise type(error)(safe(error), error.retry_at) from None
    except OSError as failure:  # what requests raises for all that happens on the wire is one
        raise UnavailableError(f"Jira cannot be reached at {url}: {safe(failure)}") from None
    except ValueError as failure:
        raise UnavailableError(f"Jira's answer cannot be read: {safe(failure)}") from None
    finally:
        session.close()
        client.close()  # type: ignore[no-untyped-call]


class _OnceSession(ResilientSession):
    """The library's session, with what it was set up with, that sends once and goes nowhere else."""

    def __init__(self, made: ResilientSession, timeout: float) -> None:
        super().__init__(timeout=timeout, max_retries=0)
        self.headers.update(made.headers)
        self.auth = made.auth

    def request(self, method: str, url: str | bytes, **kwargs: Any) -> Response:  # type: ignore[override]
        kwargs["allow_redirects"] = False
        sent = self._jira_prepare(**kwargs)
        response = Session.request(self, method, url, timeout=self.timeout, **sent)
        refusal = Refusal(response.status_code, response.headers, "" if response.ok else response.text)
        if response.status_code not in (200, 201, 204) or refusal.unknown_here:
            raise refusal
        return response


def _json(response: Response) -> Any:
    return None if response.status_code == 204 or not response.content else json.loads(response.content)


def _object(text: str) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        answer = json.loads(text)
        if isinstance(answer, dict):
            return answer
    return {}


def _strings(answer: Any) -> dict[str, str]:
    if not isinstance(answer, dict):
        return {}
    return {str(name): said if isinstance(said, str) else json.dumps(said) for name, said in answer.items()}


def _said(answer: dict[str, Any], errors: dict[str, str]) -> str:
    """The messages of an error answer, with what it says of single fields."""
    messages = answer.get("errorMessages")
    parts = messages if isinstance(messages, list) else [messages]
    parts = [*parts, answer.get("errorMessage"), answer.get("message")]
    said = [str(part) for part in parts if part] + [f"{name}: {what}" for name, what in errors.items()]
    return "; ".join(said)[:_LONGEST_MESSAGE]


def _iso(text: str | None) -> datetime | None:
    with suppress(ValueError, OverflowError):
        told = datetime.fromisoformat(text or "")
        return told.astimezone(UTC) if told.tzinfo else None
    return None
