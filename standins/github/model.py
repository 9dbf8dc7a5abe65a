"""What is kept in the GitHub-like stand-in: repositories, issues, and what happened to them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

SOMEBODY = "octocat"
"""Who does what people do, where nobody is named."""


@dataclass(eq=False)
class Repo:
    """A repository. Without `push` the token may read, open issues and comment, and its labels are dropped.

    Without `may_read_pulls` it is not told which change closed an issue. `hidden`: as if it did not exist. `forbidden`:
    behind a wall (SAML). `assignable`: the logins that issues can be assigned to, none for any.
    """

    id: int
    name: str
    has_issues: bool = True
    archived: bool = False
    push: bool = True
    hidden: bool = False
    forbidden: bool = False
    may_read_issues: bool = True
    may_read_pulls: bool = True
    may_write_issues: bool = True
    assignable: set[str] | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    issues: dict[int, "Issue"] = field(default_factory=dict, repr=False)
    numbers: Any = field(default_factory=lambda: count(1), repr=False)


@dataclass(eq=False)
class Comment:
    id: int
    user: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(eq=False)
class Event:
    """Something that happened to an issue, as its timeline lists it."""

    id: int
    name: str
    actor: str
    at: datetime
    assignee: str = ""
    closer: "Issue | Commit | None" = field(default=None, repr=False)


@dataclass(frozen=True)
class Commit:
    """A change that was pushed; its author has an account, or is known to git only."""

    name: str
    login: str | None


@dataclass(eq=False)
class Issue:
    """An issue, or a pull request among the issues. Its life: open, closed for a reason, open again; gone or moved.

    A test may set what people write and decide directly too: lists then tell it as changed, webhooks do not.
    """

    id: int
    number: int
    repo: Repo
    title: str
    body: str | None
    labels: list[str]
    updated_at: datetime
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    user: str = SOMEBODY
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    assignees: list[str] = field(default_factory=list)
    thread: list[Comment] = field(default_factory=list, repr=False)
    events: list[Event] = field(default_factory=list, repr=False)
    pull_request: bool = False
    merged_at: datetime | None = None
    merged_by: str | None = None
    changes: list["Issue"] = field(default_factory=list, repr=False)
    forbidden: bool = False
    locked: bool = False
    lock_reason: str | None = None
    parent: "Issue | None" = field(default=None, repr=False)
    sub_issues: list["Issue"] = field(default_factory=list, repr=False)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("title", "body", "state", "state_reason") and getattr(self, name, value) != value:
            object.__setattr__(self, "updated_at", datetime.now(UTC))
        object.__setattr__(self, name, value)

    @property
    def node_id(self) -> str:
        """The id that GraphQL knows it by."""
        return f"{'PR' if self.pull_request else 'I'}_kw{self.id}"

    @property
    def comments(self) -> list[str]:
        """The texts of its comments, oldest first."""
        return [comment.body for comment in self.thread]
