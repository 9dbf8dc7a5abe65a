"""What the core needs of the outside, as roles, and the few ways in which the outside can fail.

Adapters translate what their vendor says to these; nobody else knows a vendor's words. Adapters may block: they are
called on threads.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import ClassVar, Protocol

from pydantic import Field

from domain.model.attachment import Attachment
from domain.model.review import IssueRef
from domain.model.taxonomy import FailureKind, IssueStatus, Severity
from domain.model.values import Record, Utc


class TrackerError(Exception):
    """A tracker could not do what was asked. `retry_at` is when it may be asked again, where it said so.

    `untouched`: it is certain that nothing was written.
    """

    kind: ClassVar[FailureKind]

    def __init__(self, message: str, retry_at: datetime | None = None, untouched: bool = False) -> None:
        super().__init__(message)
        self.untouched = untouched
        self.retry_at = retry_at


class UnavailableError(TrackerError):
    """It did not answer, or answered that it is in trouble. Whether a write happened is unknown."""

    kind = FailureKind.UNAVAILABLE


class RateLimitedError(TrackerError):
    """It wants to be left alone until `retry_at`."""

    kind = FailureKind.RATE_LIMITED


class UnauthorisedError(TrackerError):
    """The credential is refused, or may not do this. Asking again does not help; a person has to act.

    `everywhere`: the credential itself is refused, for all projects of the tracker.
    """

    kind = FailureKind.UNAUTHORISED

    def __init__(self, message: str, retry_at: datetime | None = None, everywhere: bool = False) -> None:
        super().__init__(message, retry_at)
        self.everywhere = everywhere


class NotFoundError(TrackerError):
    """The project, or the issue that was to be written to, is not there."""

    kind = FailureKind.NOT_FOUND


class RejectedError(TrackerError):
    """The request was understood and refused; the message says why."""

    kind = FailureKind.REJECTED


class IssueSpec(Record):
    """An issue as it should be. `key` is ours, and goes into the create call, so that no issue is ever made twice.

    `assignee` is an account as the tracker names it; `service` and `severity` are for adapters that map them to the
    tracker's components and priorities.
    """

    key: str
    project: str
    title: str
    body: str
    labels: tuple[str, ...] = ()
    due: date | None = None
    assignee: str | None = None
    service: str = ""
    severity: Severity | None = None

    @property
    def lasting_labels(self) -> tuple[str, ...]:
        """Those that never change, whatever becomes of the item: an issue is looked for by these."""
        return tuple(label for label in self.labels if label.startswith("holdfast"))


class IssueSnapshot(Record):
    """What an issue was found to be. `as_of` is when the read began (UTC); `ref` is how it is named now.

    What a tracker does not tell, or does not have, is none. `note` names in a sentence what is odd about the issue, as
    that it was converted, locked, or lost with its project's issues.
    """

    asked: IssueRef
    ref: IssueRef | None
    status: IssueStatus
    as_of: Utc
    title: str | None = None
    body: str | None = Field(default=None, description="as text, with our marker")
    labels: tuple[str, ...] | None = None
    assignee: str | None = None
    due: date | None = None
    updated: Utc | None = Field(default=None, description="when anything of it changed last, by the tracker's clock")
    comments: int | None = Field(default=None, description="how many there are")
    doers: tuple[str, ...] | None = Field(
        default=None,
        description="accounts that had a hand in it: whoever was assigned, closed it, or wrote or merged its change",
    )
    text_may_be_rewritten: bool = Field(default=True, description="putting `body` back loses nothing of the text")
    note: str = ""


class Changes(Record):
    """Some of what changed in a project. `cursor` is for the next question; `more` tells that it can be asked now."""

    snapshots: tuple[IssueSnapshot, ...] = ()
    cursor: str
    more: bool = False


class Comment(Record):
    """A comment on an issue, by an account as the tracker names it. `id` is stable; `at` is when it was written."""

    id: str
    author: str
    text: str
    at: Utc
    ours: bool = Field(default=False, description="it bears a marker of ours")


class Attempts(Record):
    """Attempts to create something, of which nobody knows what came: when the first and the last began (UTC)."""

    first: Utc
    last: Utc


class IssueTracker(Protocol):
    """Where action items live. Every write is repeatable: done twice, it has happened once.

    A ref's `id` is stable as long as the tracker can make it so; its `key` is what people call the issue now.
    """

    name: str

    def ensure_issue(self, spec: IssueSpec, earlier: Attempts | None) -> IssueRef:
        """The issue with the key of `spec`, found or else created.

        `earlier` are attempts whose outcome is not known; none for a first attempt.
        Raises `TrackerError`.
        """
        ...

    def find(self, key: str) -> IssueRef:
        """The issue that people call `key`, to adopt it. Raises `TrackerError`, `NotFoundError` where there is none."""
        ...

    def read(self, refs: Sequence[IssueRef]) -> list[IssueSnapshot]:
        """One snapshot for every ref, in order: gone, moved and forbidden issues are statuses, not errors.

        It tells the `doers` of each issue that it can see, where it can see all of them; none where it cannot.
        Raises `TrackerError` where nothing can be told of any issue.
        """
        ...

    def changes(self, project: str, cursor: str | None, among: Collection[str]) -> Changes:
        """What changed in a project since `cursor` was given out, of the issues with these stable ids, page by page.

        Without a cursor: nothing, and the cursor to begin with. An issue may be told though nothing about it changed.
        What the tracker's lists do not show (deletion, transfer, lost permission) is not told; `read` finds it.
        A cursor that is not understood any more is a `RejectedError`: begin without one, and read everything.
        Raises `TrackerError`.
        """
        ...

    def comments(self, ref: IssueRef, since: datetime | None = None) -> list[Comment]:
        """The comments on an issue, oldest first: all, or those that were written or edited at `since` or later.

        `since` is by the tracker's clock, as `IssueSnapshot.updated` is. Raises `TrackerError`.
        """
        ...

    def rewrite(self, ref: IssueRef, title: str, body: str) -> None:
        """Give an issue this title and body; our marker stays. Raises `TrackerError`."""
        ...

    def label(self, ref: IssueRef, labels: Sequence[str], without: Sequence[str] = ()) -> None:
        """Add those of `labels` that an issue lacks, and take off those `without`; others stay.

        Raises `TrackerError`.
        """
        ...

    def set_due(self, ref: IssueRef, due: date) -> None:
        """Set the date by which an issue is to be done; nothing, where the tracker has none. Raises `TrackerError`."""
        ...

    def comment(self, ref: IssueRef, key: str, text: str) -> None:
        """Add a comment once for each `key`. Raises `TrackerError`."""
        ...

    def show_blocking(self, ref: IssueRef, by: Sequence[IssueRef]) -> None:
        """Show, in the tracker's own way, that an issue is blocked by others; those of other trackers are left out.

        Raises `TrackerError`.
        """
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


class Trouble(Record):
    """Why a tracker project could not be looked at, since when, and when it is tried again (UTC)."""

    kind: FailureKind
    everywhere: bool = Field(default=False, description="of the credential, and so of every project of the tracker")
    says: str
    since: Utc
    retry_at: Utc
    count: int = 1


class ProjectSeen(Record):
    """How far a tracker project is known: where the next look goes on, when it was looked at and swept last (UTC)."""

    tracker: str
    project: str
    cursor: str | None = None
    looked_at: Utc | None = None
    swept_at: Utc | None = None
    sweep_began: Utc | None = Field(default=None, description="of a sweep that is not over")
    trouble: Trouble | None = None


class IssueSeen(Record):
    """What was last seen of an issue, whether or not any review had to be told. `seen_at` is when that read began."""

    tracker: str
    id: str
    status: IssueStatus
    title: str | None = None
    assignee: str | None = None
    due: date | None = None
    comments: int = Field(default=0, description="how many there are")
    heard: Utc | None = Field(
        default=None, description="when it had changed last, by its tracker's clock, as its comments were heard"
    )
    note: str = ""
    seen_at: Utc


class SeenBook(Protocol):
    """Where it is kept what was seen of the trackers. It can be lost: everything is looked at anew then."""

    def project(self, tracker: str, project: str) -> ProjectSeen:
        """How far a project is known; an empty one where it was never looked at."""
        ...

    def troubled(self, tracker: str) -> Trouble | None:
        """The trouble of any project of a tracker that is of its credential, if there is any."""
        ...

    def keep(self, project: ProjectSeen) -> None:
        """Keep how far a project is known."""
        ...

    def issues(self, tracker: str, ids: Collection[str]) -> dict[str, IssueSeen]:
        """What was last seen of these issues, by id."""
        ...

    def see(self, issues: Sequence[IssueSeen]) -> None:
        """Keep what was seen, unless something newer is kept already."""
        ...

    def wanted(self, tracker: str, limit: int) -> dict[str, datetime]:
        """The ids of issues that somebody asked to look at, and when (UTC)."""
        ...

    def looked(self, tracker: str, asked: Mapping[str, datetime]) -> None:
        """Forget these wishes, but for those that were asked anew meanwhile."""
        ...


Threads = Mapping[str, str]
"""A thread in each of some channels. Both are the service's own names."""

NO_THREADS: Threads = MappingProxyType({})


class Notifier(Protocol):
    """Who carries messages to people. It may be slow and away; nothing but messages ever waits for it."""

    def send(self, to: str, title: str, text: str, threads: Threads = NO_THREADS) -> Threads:
        """Carry a message to a recipient of `domain.people.notifications`, over each channel that they have.

        In a channel of `threads` it answers in that thread; where that is gone, and in other channels, it can begin
        one. Returns where one of them took it: the thread in which it stands now, of each channel that took it and
        knows threads. Raises `TrackerError`, as trackers do: `untouched` where it is certain that nobody got it, so
        that it may be sent again; else that is unknown, and it may not.
        """
        ...


class Claim(Record):
    """The right to create what bears `key`, held by one attempt until `until` (UTC)."""

    key: str
    until: Utc
    earlier: Attempts | None


class Claims(Protocol):
    """Keeps two attempts from creating the same thing at the same time."""

    def claim(self, key: str, now: datetime, seconds: int) -> Claim | None:
        """A claim on `key`, or none while another attempt's claim lives (`seconds` is how long ours will)."""
        ...

    def release(self, claim: Claim, at: datetime, untouched: bool = False) -> None:
        """End a claim at a time (UTC): now where its outcome is known. The times of the attempts are kept.

        An attempt that left everything `untouched` does not count as the last one.
        A claim that has ended by itself, and is another attempt's by now, is left alone.
        """
        ...


class EvidenceSource(Protocol):
    """Where evidence is fetched from, to keep a copy of it."""

    def fetch(self, address: str) -> Attachment:
        """What is at an address (http or https). Raises `TrackerError`: `rejected` where no copy of it is kept."""
        ...
