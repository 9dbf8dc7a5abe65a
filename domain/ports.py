"""What the core needs of the outside, as roles, and the few ways in which the outside can fail.

Adapters translate what their vendor says to these; nobody else knows a vendor's words. Adapters may block: they are
called on threads.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Protocol

from domain.review import IssueRef
from domain.taxonomy import FailureKind, IssueStatus
from domain.values import Record, Utc


class TrackerError(Exception):
    """A tracker could not do what was asked. `retry_at` is when it may be asked again, where it said so."""

    kind: ClassVar[FailureKind]

    def __init__(self, message: str, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


class UnavailableError(TrackerError):
    """It did not answer, or answered that it is in trouble. Whether a write happened is unknown."""

    kind = FailureKind.UNAVAILABLE


class RateLimitedError(TrackerError):
    """It wants to be left alone until `retry_at`."""

    kind = FailureKind.RATE_LIMITED


class UnauthorisedError(TrackerError):
    """The credential is refused, or may not do this. Asking again does not help; a person has to act."""

    kind = FailureKind.UNAUTHORISED


class NotFoundError(TrackerError):
    """The project, or the issue that was to be written to, is not there."""

    kind = FailureKind.NOT_FOUND


class RejectedError(TrackerError):
    """The request was understood and refused; the message says why."""

    kind = FailureKind.REJECTED


class IssueSpec(Record):
    """An issue as it should be. `key` is ours, and goes into the create call, so that no issue is ever made twice."""

    key: str
    project: str
    title: str
    body: str
    labels: tuple[str, ...] = ()


class IssueSnapshot(Record):
    """What an issue was found to be. `as_of` is when the read began (UTC); `ref` is how it is named now."""

    asked: IssueRef
    ref: IssueRef | None
    status: IssueStatus
    as_of: Utc
    assignee: str | None = None


class IssueTracker(Protocol):
    """Where action items live. Every write is repeatable: done twice, it has happened once."""

    name: str

    def ensure_issue(self, spec: IssueSpec, attempted_since: datetime | None) -> IssueRef:
        """The issue with the key of `spec`, found or else created.

        `attempted_since` is when an earlier attempt with an unknown outcome began (UTC), none for a first attempt.
        Raises `TrackerError`.
        """
        ...

    def read(self, refs: Sequence[IssueRef]) -> list[IssueSnapshot]:
        """One snapshot for every ref, in order: gone, moved and forbidden issues are statuses, not errors.

        Raises `TrackerError` where nothing can be told of any issue.
        """
        ...

    def rewrite(self, ref: IssueRef, title: str, body: str) -> None:
        """Give an issue this title and body. Raises `TrackerError`."""
        ...

    def comment(self, ref: IssueRef, key: str, text: str) -> None:
        """Add a comment once for each `key`. Raises `TrackerError`."""
        ...

    def reopen(self, ref: IssueRef) -> None:
        """Open an issue, if it is not. Raises `TrackerError`."""
        ...

    def close(self, ref: IssueRef, status: IssueStatus) -> None:
        """Close an issue as `done` or `declined`, if it is open. Raises `TrackerError`."""
        ...

    def check(self, project: str) -> list[str]:
        """What keeps us from working with a project, in sentences that say what to change; empty when all is well."""
        ...


class Claim(Record):
    """The right to create what bears `key`, held by one attempt until `until` (UTC)."""

    key: str
    first_attempt: Utc
    until: Utc
    repeated: bool


class Claims(Protocol):
    """Keeps two attempts from creating the same thing at the same time."""

    def claim(self, key: str, now: datetime, seconds: int) -> Claim | None:
        """A claim on `key`, or none while another attempt's claim lives (`seconds` is how long ours will)."""
        ...

    def release(self, claim: Claim, at: datetime) -> None:
        """End a claim at a time (UTC): now where its outcome is known. The time of the first attempt is kept.

        A claim that has ended by itself, and is another attempt's by now, is left alone.
        """
        ...
