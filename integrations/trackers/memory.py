"""A tracker that lives in memory: the port's meaning without a vendor, for tests.

It is steered by methods that the port does not have; nothing but a test calls them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock

from domain.ports import IssueSnapshot, IssueSpec, NotFoundError, RejectedError, TrackerError, UnauthorisedError
from domain.review import IssueRef
from domain.taxonomy import IssueStatus

_CLOSABLE = (IssueStatus.DONE, IssueStatus.DECLINED)
_UNSEEN = frozenset({IssueStatus.MISSING, IssueStatus.MOVED, IssueStatus.FORBIDDEN})


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class MemoryIssue:
    """An issue as the tracker keeps it."""

    ref: IssueRef
    spec: IssueSpec
    title: str
    body: str
    status: IssueStatus = IssueStatus.OPEN
    assignee: str | None = None
    comments: dict[str, str] = field(default_factory=dict)


class InMemoryTracker:
    """`IssueTracker` over a dictionary. Safe to call from several threads, as the port asks.

    Steering methods name an issue by its own key (`acme/scoring#1`) or by the key of the spec that it was made from.
    """

    def __init__(
        self,
        *projects: str,
        name: str = "memory",
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.name = name
        self.issues: list[MemoryIssue] = []
        self._projects = projects
        self._now = now
        self._lock = RLock()
        self._broken: TrackerError | None = None
        self._times: int | None = 0
        self._stored = False

    # --- the port -----------------------------------------------------------------------------------------------------

    def ensure_issue(self, spec: IssueSpec, attempted_since: datetime | None) -> IssueRef:
        """The issue with this key, found or made. Raises `NotFoundError` for a project not given at the start."""
        with self._call():
            if spec.project not in self._projects:
                raise NotFoundError(f"There is no project {spec.project}.")
            seen = (issue for issue in self.issues if issue.status not in _UNSEEN)
            found = next((issue for issue in seen if issue.spec.key == spec.key), None)
            return (found or self._made(spec)).ref

    def read(self, refs: Sequence[IssueRef]) -> list[IssueSnapshot]:
        """One snapshot for every ref, in order."""
        as_of = self._now()
        with self._call():
            return [self._snapshot(ref, as_of) for ref in refs]

    def rewrite(self, ref: IssueRef, title: str, body: str) -> None:
        """Replace title and body."""
        with self._call():
            issue = self._own(ref)
            issue.title, issue.body = title, body

    def comment(self, ref: IssueRef, key: str, text: str) -> None:
        """Add a comment, unless there is one with this key."""
        with self._call():
            self._own(ref).comments.setdefault(key, text)

    def reopen(self, ref: IssueRef) -> None:
        """Open an issue, if it is not."""
        with self._call():
            self._own(ref).status = IssueStatus.OPEN

    def close(self, ref: IssueRef, status: IssueStatus) -> None:
        """Close an issue, if it is open."""
        if status not in _CLOSABLE:
            raise RejectedError(f"An issue is closed as done or declined, not as {status}.")
        with self._call():
            issue = self._own(ref)
            if issue.status is IssueStatus.OPEN:
                issue.status = status

    def check(self, project: str) -> list[str]:
        """That the project is not known, or how the tracker was broken."""
        try:
            with self._call():
                return [] if project in self._projects else [f"There is no project {project}: name one that exists."]
        except TrackerError as error:
            return [str(error)]

    # --- steering -----------------------------------------------------------------------------------------------------

    def finish(self, key: str) -> None:
        """Somebody closes the issue as done."""
        self.named(key).status = IssueStatus.DONE

    def decline(self, key: str) -> None:
        """Somebody closes the issue as not planned."""
        self.named(key).status = IssueStatus.DECLINED

    def duplicate(self, key: str) -> None:
        """Somebody closes the issue as a duplicate."""
        self.named(key).status = IssueStatus.DUPLICATE

    def revive(self, key: str) -> None:
        """Somebody opens the issue again."""
        self.named(key).status = IssueStatus.OPEN

    def lose(self, key: str) -> None:
        """Somebody deletes the issue."""
        self.named(key).status = IssueStatus.MISSING

    def move(self, key: str) -> None:
        """Somebody moves the issue out of reach."""
        self.named(key).status = IssueStatus.MOVED

    def forbid(self, key: str) -> None:
        """Somebody hides the issue from us."""
        self.named(key).status = IssueStatus.FORBIDDEN

    def assign(self, key: str, login: str) -> None:
        """Somebody takes the issue."""
        self.named(key).assignee = login

    def break_with(self, error: TrackerError, times: int | None = 1, stored: bool = False) -> None:
        """Let the next calls fail (`times` none: all, until `mend`). `stored`: only their answers are lost."""
        with self._lock:
            self._broken, self._times, self._stored = error, times, stored

    def mend(self) -> None:
        """Let calls succeed again."""
        with self._lock:
            self._broken = None

    def named(self, key: str) -> MemoryIssue:
        """The issue with this key, its own or its spec's. Raises `KeyError`."""
        with self._lock:
            for issue in self.issues:
                if key in (issue.ref.key, issue.spec.key):
                    return issue
        raise KeyError(key)

    # --- inside -------------------------------------------------------------------------------------------------------

    @contextmanager
    def _call(self) -> Iterator[None]:
        with self._lock:
            error = self._broken
            if error is not None and self._times is not None:
                self._times -= 1
                if self._times <= 0:
                    self._broken = None
            if error is not None and not self._stored:
                raise error
            yield
            if error is not None:
                raise error

    def _made(self, spec: IssueSpec) -> MemoryIssue:
        number = 1 + sum(issue.spec.project == spec.project for issue in self.issues)
        key = f"{spec.project}#{number}"
        ref = IssueRef(
            tracker=self.name, id=str(len(self.issues) + 1), key=key, url=f"memory://{spec.project}/{number}"
        )
        self.issues.append(MemoryIssue(ref=ref, spec=spec, title=spec.title, body=spec.body))
        return self.issues[-1]

    def _found(self, ref: IssueRef) -> MemoryIssue | None:
        return next((issue for issue in self.issues if issue.ref.id == ref.id), None)

    def _own(self, ref: IssueRef) -> MemoryIssue:
        issue = self._found(ref)
        if issue is None or issue.status in (IssueStatus.MISSING, IssueStatus.MOVED):
            raise NotFoundError(f"The issue is not at {ref.key} any more.")
        if issue.status is IssueStatus.FORBIDDEN:
            raise UnauthorisedError(f"We may not see {ref.key}.")
        return issue

    def _snapshot(self, asked: IssueRef, as_of: datetime) -> IssueSnapshot:
        issue = self._found(asked)
        if issue is None or issue.status in _UNSEEN:
            status = issue.status if issue else IssueStatus.MISSING
            return IssueSnapshot(asked=asked, ref=None, status=status, as_of=as_of)
        return IssueSnapshot(asked=asked, ref=issue.ref, status=issue.status, as_of=as_of, assignee=issue.assignee)
