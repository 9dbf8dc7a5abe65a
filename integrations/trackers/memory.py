"""A tracker that lives in memory: the port's meaning without a vendor, for tests.

It is steered by methods that the port does not have; nothing but a test calls them.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from threading import RLock

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import (
    Attempts,
    Changes,
    Comment,
    IssueSnapshot,
    IssueSpec,
    NotFoundError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
)

_CLOSABLE = (IssueStatus.DONE, IssueStatus.DECLINED)
_UNSEEN = frozenset({IssueStatus.MISSING, IssueStatus.MOVED, IssueStatus.FORBIDDEN})


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class MemoryIssue:
    """An issue as the tracker keeps it."""

    ref: IssueRef
    spec: IssueSpec
    project: str
    title: str
    body: str
    labels: set[str]
    status: IssueStatus = IssueStatus.OPEN
    assignee: str | None = None
    doers: list[str] = field(default_factory=list)
    due: date | None = None
    comments: list[Comment] = field(default_factory=list)
    edited: dict[str, datetime] = field(default_factory=dict)
    blocked_by: set[str] = field(default_factory=set)
    changed: int = 0
    updated: datetime | None = None


class InMemoryTracker:
    """`IssueTracker` over a dictionary. Safe to call from several threads, as the port asks.

    Steering methods name an issue by its own key (`acme/scoring#1`) or by the key of the spec that it was made from.
    """

    def __init__(
        self,
        *projects: str,
        name: str = "memory",
        now: Callable[[], datetime] = _utc_now,
        page: int = 50,
    ) -> None:
        self.name = name
        self.issues: list[MemoryIssue] = []
        self._projects = projects
        self._now = now
        self._page = page
        self._changed = 0
        self._said = 0
        self._lock = RLock()
        self._broken: TrackerError | None = None
        self._times: int | None = 0
        self._stored = False

    # --- the port -----------------------------------------------------------------------------------------------------

    def ensure_issue(self, spec: IssueSpec, earlier: Attempts | None) -> IssueRef:
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

    def find(self, key: str) -> IssueRef:
        """The issue that is called so."""
        with self._call():
            for issue in self.issues:
                if issue.ref.key == key and issue.status not in _UNSEEN:
                    return issue.ref
            raise NotFoundError(f"There is no issue {key}.")

    def changes(self, project: str, cursor: str | None, among: Collection[str]) -> Changes:
        """The issues that changed after the change with the number `cursor`."""
        as_of = self._now()
        with self._call():
            if cursor is None:
                return Changes(cursor=str(self._changed))
            if not cursor.isdecimal():
                raise RejectedError(f"{cursor!r} is no cursor of this tracker.")
            changed = sorted(
                (
                    i
                    for i in self.issues
                    if i.changed > int(cursor) and i.project == project and i.status not in _UNSEEN
                ),
                key=lambda issue: issue.changed,
            )
            page = changed[: self._page]
            return Changes(
                snapshots=tuple(self._snapshot(issue.ref, as_of) for issue in page if issue.ref.id in among),
                cursor=str(page[-1].changed) if page else cursor,
                more=len(changed) > len(page),
            )

    def comments(self, ref: IssueRef, since: datetime | None = None) -> list[Comment]:
        """The comments, oldest first."""
        with self._call():
            issue = self._own(ref)
            return [said for said in issue.comments if since is None or issue.edited.get(said.id, said.at) >= since]

    def rewrite(self, ref: IssueRef, title: str, body: str) -> None:
        """Replace title and body."""
        with self._call():
            issue = self._own(ref)
            issue.title, issue.body = title, body
            self._touch(issue)

    def comment(self, ref: IssueRef, key: str, text: str) -> None:
        """Add a comment, unless there is one with this key."""
        with self._call():
            issue = self._own(ref)
            if all(comment.id != key for comment in issue.comments):
                issue.comments.append(Comment(id=key, author="holdfast", text=text, at=self._now(), ours=True))
                self._touch(issue)

    def label(self, ref: IssueRef, labels: Sequence[str], without: Sequence[str] = ()) -> None:
        """Add labels, and take some off."""
        with self._call():
            issue = self._own(ref)
            issue.labels = (issue.labels - set(without)) | set(labels)
            self._touch(issue)

    def set_due(self, ref: IssueRef, due: date) -> None:
        """Set the date by which an issue is to be done."""
        with self._call():
            issue = self._own(ref)
            issue.due = due
            self._touch(issue)

    def show_blocking(self, ref: IssueRef, by: Sequence[IssueRef]) -> None:
        """Keep what blocks an issue."""
        with self._call():
            self._own(ref).blocked_by |= {other.key for other in by if other.tracker == self.name}

    def reopen(self, ref: IssueRef) -> None:
        """Open an issue, if it is not."""
        with self._call():
            self._set(self._own(ref), IssueStatus.OPEN)

    def close(self, ref: IssueRef, status: IssueStatus) -> None:
        """Close an issue, if it is open."""
        if status not in _CLOSABLE:
            raise RejectedError(f"An issue is closed as done or declined, not as {status}.")
        with self._call():
            issue = self._own(ref)
            if issue.status is IssueStatus.OPEN:
                self._set(issue, status)

    def check(self, project: str) -> list[str]:
        """That the project is not known, or how the tracker was broken."""
        try:
            with self._call():
                return [] if project in self._projects else [f"There is no project {project}: name one that exists."]
        except TrackerError as error:
            return [str(error)]

    # --- steering -----------------------------------------------------------------------------------------------------

    def add_project(self, name: str) -> None:
        """There is another project from now on."""
        self._projects += (name,)

    def finish(self, key: str, *logins: str) -> None:
        """Somebody closes the issue as done; `logins` are those who had a hand in that."""
        self._involve(self.named(key), *logins)
        self._set(self.named(key), IssueStatus.DONE)

    def decline(self, key: str) -> None:
        """Somebody closes the issue as not planned."""
        self._set(self.named(key), IssueStatus.DECLINED)

    def duplicate(self, key: str) -> None:
        """Somebody closes the issue as a duplicate."""
        self._set(self.named(key), IssueStatus.DUPLICATE)

    def revive(self, key: str) -> None:
        """Somebody opens the issue again."""
        self._set(self.named(key), IssueStatus.OPEN)

    def lose(self, key: str) -> None:
        """Somebody deletes the issue."""
        self._set(self.named(key), IssueStatus.MISSING)

    def move(self, key: str) -> None:
        """Somebody moves the issue out of reach."""
        self._set(self.named(key), IssueStatus.MOVED)

    def forbid(self, key: str) -> None:
        """Somebody hides the issue from us."""
        self._set(self.named(key), IssueStatus.FORBIDDEN)

    def assign(self, key: str, login: str | None) -> None:
        """Somebody takes the issue, or nobody has it any more."""
        self.named(key).assignee = login
        self._involve(self.named(key), *([login] if login else []))
        self._touch(self.named(key))

    def retitle(self, key: str, title: str) -> None:
        """Somebody gives the issue another title."""
        self.named(key).title = title
        self._touch(self.named(key))

    def unlabel(self, key: str, label: str) -> None:
        """Somebody takes a label off the issue."""
        self.named(key).labels.discard(label)
        self._touch(self.named(key))

    def postpone(self, key: str, due: date) -> None:
        """Somebody sets the date by which the issue is to be done."""
        self.named(key).due = due
        self._touch(self.named(key))

    def say(self, key: str, login: str, text: str) -> None:
        """Somebody comments on the issue."""
        issue = self.named(key)
        self._said += 1
        issue.comments.append(Comment(id=f"{issue.ref.id}/{self._said}", author=login, text=text, at=self._now()))
        self._touch(issue)

    def edit(self, key: str, said: str, text: str) -> None:
        """Somebody edits the first comment that says `said`."""
        issue = self.named(key)
        place = [comment.text for comment in issue.comments].index(said)
        comment = issue.comments[place]
        issue.comments[place] = comment.model_copy(update={"text": text})
        issue.edited[comment.id] = self._now()
        self._touch(issue)

    def unsay(self, key: str, said: str) -> None:
        """Somebody deletes the comments that say `said`."""
        issue = self.named(key)
        issue.comments = [comment for comment in issue.comments if comment.text != said]
        self._touch(issue)

    def transfer(self, key: str, project: str) -> None:
        """Somebody moves the issue to another project, where it has another key and the same id."""
        issue = self.named(key)
        issue.project = project
        issue.ref = issue.ref.model_copy(update={"key": self._next_key(project), "project": project})
        self._touch(issue)

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
        key = self._next_key(spec.project)
        id, url = str(len(self.issues) + 1), f"memory://{key}"
        ref = IssueRef(tracker=self.name, id=id, key=key, url=url, project=spec.project)
        issue = MemoryIssue(
            ref=ref,
            spec=spec,
            project=spec.project,
            title=spec.title,
            body=spec.body,
            labels=set(spec.labels),
            assignee=spec.assignee,
            doers=[spec.assignee] if spec.assignee else [],
            due=spec.due,
        )
        self.issues.append(issue)
        self._touch(issue)
        return issue

    def _next_key(self, project: str) -> str:
        taken = {issue.ref.key for issue in self.issues}
        return next(key for n in count(1) if (key := f"{project}#{n}") not in taken)

    def _set(self, issue: MemoryIssue, status: IssueStatus) -> None:
        issue.status = status
        self._touch(issue)

    def _involve(self, issue: MemoryIssue, *logins: str) -> None:
        issue.doers = list(dict.fromkeys((*issue.doers, *logins)))

    def _touch(self, issue: MemoryIssue) -> None:
        with self._lock:
            self._changed += 1
            issue.changed, issue.updated = self._changed, self._now()

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
        return IssueSnapshot(
            asked=asked,
            ref=issue.ref,
            status=issue.status,
            as_of=as_of,
            title=issue.title,
            body=issue.body,
            labels=tuple(sorted(issue.labels)),
            assignee=issue.assignee,
            due=issue.due,
            updated=issue.updated,
            comments=len(issue.comments),
            doers=tuple(issue.doers),
        )
