"""How GitHub is talked to: PyGithub's requester, without the parts of it that act on their own.

PyGithub repeats writes, sleeps on limits and follows redirects unseen (a redirected list even loses its filters). Here
a request is sent once, and every answer but a plain 2xx is a `Refusal`. The one exception is a 401 for a token that may
have run out: nothing was done, so the same request goes out once more with a new one. This module knows nothing of
issues.
"""

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from github import Auth, BadAttributeException, GithubException
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
    RequestsResponse,
)

from domain.trackers.ports import (
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)
from integrations.trackers.retry_after import retry_after

API_VERSION = "2022-11-28"
GONE = frozenset({404, 410})
UNCHANGED = 304

_LIMITS = frozenset({"RATE_LIMIT", "RATE_LIMITED"})
_FORBIDDING = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES"})

_SHORTEST_WAIT = timedelta(minutes=1)
_LONGEST_MESSAGE = 500


class Refusal(Exception):
    """GitHub's answer where it is not the plain success that was asked for.

    GraphQL answers everything with 200; there, `status` is what REST would have answered.
    """

    def __init__(self, status: int, headers: dict[str, str], text: str) -> None:
        self.status = status
        self.headers = headers
        self.said = _said(text) or f"HTTP {status}"
        super().__init__(f"{status}: {self.said}")

    @property
    def location(self) -> str | None:
        """Where a redirect points to; none for any other answer."""
        return self.headers.get("location") if 300 <= self.status < 400 else None

    @property
    def limited(self) -> bool:
        """Whether this is a rate limit, primary or secondary: both come as 403 or 429.

        Source: "Rate limits for the REST API" at docs.github.com. A secondary limit may bear no header at all; PyGithub
        knows its texts.
        """
        if self.status == 403:
            told = "retry-after" in self.headers or self.headers.get("x-ratelimit-remaining") == "0"
            return told or Requester.isRateLimitError(self.said)
        return self.status == 429

    @property
    def forbidden(self) -> bool:
        """Whether the token is known, and may not do this."""
        return self.status == 403 and not self.limited

    def retry_at(self, now: datetime) -> datetime:
        """When to ask again: `Retry-After`, else the reset of a spent limit, else a minute from `now` (UTC)."""
        told = retry_after(self.headers.get("retry-after"), now)
        if told is None and self.headers.get("x-ratelimit-remaining", "0") == "0":
            told = _epoch(self.headers.get("x-ratelimit-reset"))
        return max(told or now + _SHORTEST_WAIT, now)

    def as_port_error(self, now: datetime) -> TrackerError:
        """The meaning of this answer, in the port's words."""
        if self.limited:
            return RateLimitedError(f"GitHub limits requests: {self.said}", self.retry_at(now))
        if self.status in (401, 403):
            return UnauthorisedError(f"GitHub does not allow this: {self.said}", everywhere=self.status == 401)
        if self.location:
            return NotFoundError(f"GitHub has it elsewhere now: {self.location}")
        if self.status in GONE:
            return NotFoundError(f"GitHub does not have it, or does not show it to this token: {self.said}")
        if 400 <= self.status < 500 and self.status != 408:
            return RejectedError(f"GitHub refused: {self.said}")
        return UnavailableError(f"GitHub answered {self.status}: {self.said}")


class Renewable(Auth.Auth, ABC):
    """A credential that runs out, and can be had anew."""

    @abstractmethod
    def renewed(self) -> bool:
        """Give up the present token after it was refused; whether asking again with another one makes sense."""


@contextmanager
def talking(auth: Auth.Auth, api_url: str, timeout: float, now: Callable[[], datetime]) -> Iterator[Requester]:
    """A requester for one port call: PyGithub's is not safe to share between threads.

    What goes wrong inside leaves as an error of the port.
    """
    requester = _OnceRequester(
        auth=auth,
        base_url=api_url.rstrip("/"),
        timeout=timeout,  # type: ignore[arg-type]  # it is handed to requests, which takes fractions
        user_agent="holdfast",
        per_page=100,
        verify=True,
        retry=None,
        pool_size=1,
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
        api_version=API_VERSION,
    )
    try:
        yield requester
    except Refusal as refusal:
        raise refusal.as_port_error(now()) from refusal
    except OSError as error:  # what requests raises for all that happens on the wire is one
        raise UnavailableError(f"GitHub cannot be reached at {api_url}: {error}") from error
    except _UNREADABLE as error:
        raise UnavailableError(f"GitHub's answer cannot be read: {error!r}") from error
    finally:
        requester.close()


def graphql(requester: Requester, query: str, variables: dict[str, Any]) -> dict[str, Any] | None:
    """A GraphQL answer: `data`, in which what cannot be had is null, and `errors`; none if this server cannot tell.

    It cannot where nothing of it was found, where it has no GraphQL, or is older than the query: then there is no
    `data` at all (GraphQL specification, 7.1, "Request Error Result"). Errors come with status 200. PyGithub gives up
    all of the answer for one of them, and knows no limit there.
    """
    try:
        headers, answer = requester.requestJsonAndCheck(
            "POST", requester.graphql_url, input={"query": query, "variables": variables}
        )
    except Refusal as refusal:
        if refusal.status in GONE:
            return None
        raise
    errors = [error for error in answer.get("errors") or [] if isinstance(error, dict)]
    kinds = {error.get("type") for error in errors}
    text = json.dumps(answer)
    if kinds & _LIMITS or any(Requester.isRateLimitError(str(error.get("message"))) for error in errors):
        raise Refusal(429, headers, text)
    data = answer.get("data")
    if isinstance(data, dict):
        return {"data": data, "errors": errors}
    if kinds == {"NOT_FOUND"} or (kinds == {None} and "data" not in answer):
        return None
    raise Refusal(403 if kinds & _FORBIDDING else 502, headers, text)


_UNREADABLE = (
    BadAttributeException,
    GithubException,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,  # PyGithub's, of an address that is not GitHub's
)


class _Connection(HTTPRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _accepted(super().getresponse())


class _SecureConnection(HTTPSRequestsConnectionClass):
    def getresponse(self) -> RequestsResponse:
        return _accepted(super().getresponse())


class _OnceRequester(Requester):
    """A class of its own, so that other users of PyGithub in this process keep their connections and their log."""

    def requestJson(self, *args: Any, **named: Any) -> tuple[int, dict[str, Any], str]:
        try:
            return super().requestJson(*args, **named)
        except Refusal as refusal:
            if refusal.status != 401 or not isinstance(self.auth, Renewable) or not self.auth.renewed():
                raise
            return super().requestJson(*args, **named)


_silent = logging.Logger(f"{__name__}.silent")  # PyGithub logs answers, and tokens are in some
_silent.disabled = True
_OnceRequester.injectConnectionClasses(_Connection, _SecureConnection)
_OnceRequester.injectLogger(_silent)


def _accepted(response: RequestsResponse) -> RequestsResponse:
    # A 202 counts as refused, too: PyGithub would sleep on it.
    if response.status in (200, 201) and _is_json(response.read()):
        return response
    headers = {name.lower(): value for name, value in response.getheaders()}
    raise Refusal(response.status, headers, response.read())


def _is_json(text: str) -> bool:
    return isinstance(_json(text), dict | list)


def _json(text: str) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    return None


def _said(text: str) -> str:
    """The message of an error answer, with what it says of single fields."""
    answer = _json(text)
    if not isinstance(answer, dict):
        return ""
    errors = answer.get("errors")
    parts = [answer.get("message"), *(errors if isinstance(errors, list) else [])]
    said = [part if isinstance(part, str) else json.dumps(part) for part in parts if part]
    return "; ".join(said)[:_LONGEST_MESSAGE]


def _epoch(text: str | None) -> datetime | None:
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(int(text or ""), UTC)
    return None
