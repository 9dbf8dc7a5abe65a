"""What a Jira keeps: accounts, projects with their workflow and screens, issues and what is said and changed of them.

`jira_site` holds and changes it; `jira_shapes` words it.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

PERMISSIONS = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "TRANSITION_ISSUES",
    "RESOLVE_ISSUES",
    "SCHEDULE_ISSUES",
    "ASSIGN_ISSUES",
    "ADD_COMMENTS",
    "LINK_ISSUES",
    "DELETE_ISSUES",
)


@dataclass(frozen=True)
class User:
    """An account. Cloud calls it by `account_id`, Data Center by `name`."""

    account_id: str
    name: str
    display_name: str
    email: str
    active: bool = True


@dataclass(frozen=True)
class Choice:
    """What has an id and a name: a priority, a resolution, a component."""

    id: str
    name: str


@dataclass(frozen=True)
class Status(Choice):
    category: str  # new, indeterminate, done


@dataclass(frozen=True)
class IssueType(Choice):
    subtask: bool = False


@dataclass(frozen=True)
class LinkType(Choice):
    inward: str = ""
    outward: str = ""


@dataclass(frozen=True)
class Field:
    """A field as screens know it; `items` is the type within an array, `allowed` what a select field offers."""

    id: str
    name: str
    type: str
    items: str = ""
    allowed: tuple[Choice, ...] = ()


STATUSES = (
    Status("10000", "To Do", "new"),
    Status("3", "In Progress", "indeterminate"),
    Status("10010", "In Review", "indeterminate"),
    Status("10001", "Done", "done"),
    Status("10011", "Cancelled", "done"),
)
RESOLUTIONS = (
    Choice("10000", "Done"),
    Choice("10001", "Won't Do"),
    Choice("10002", "Duplicate"),
    Choice("10003", "Cannot Reproduce"),
)
PRIORITIES = tuple(Choice(str(n), name) for n, name in enumerate(("Highest", "High", "Medium", "Low", "Lowest"), 1))
ISSUE_TYPES = (
    IssueType("10001", "Task"),
    IssueType("10002", "Bug"),
    IssueType("10003", "Story"),
    IssueType("10004", "Subtask", subtask=True),
)
LINK_TYPES = (
    LinkType("10000", "Blocks", "is blocked by", "blocks"),
    LinkType("10002", "Duplicate", "is duplicated by", "duplicates"),
    LinkType("10003", "Relates", "relates to", "relates to"),
)
SYSTEM_FIELDS = {
    f.id: f
    for f in (
        Field("project", "Project", "project"),
        Field("issuetype", "Issue Type", "issuetype", allowed=ISSUE_TYPES),
        Field("summary", "Summary", "string"),
        Field("description", "Description", "string"),
        Field("labels", "Labels", "array", "string"),
        Field("priority", "Priority", "priority", allowed=PRIORITIES),
        Field("assignee", "Assignee", "user"),
        Field("reporter", "Reporter", "user"),
        Field("duedate", "Due date", "date"),
        Field("components", "Components", "array", "component"),
    )
}


@dataclass(eq=False)
class Project:
    """A project with its configuration: what we may do, what its screens show and ask for, where its workflow leads."""

    id: str
    key: str
    name: str
    team_managed: bool = False
    permissions: set[str] = field(default_factory=lambda: set(PERMISSIONS))
    components: list[Choice] = field(default_factory=list)
    custom: dict[str, Field] = field(default_factory=dict)
    required: set[tuple[str, str]] = field(default_factory=set)  # issue type, field id
    off_screen: set[str] = field(default_factory=set)
    unreachable: set[tuple[str, str]] = field(default_factory=set)  # status names: from, to
    has_resolutions: bool = True
    resolution_on_screen: bool = True
    resolution_required: bool = False
    last_number: int = 0

    @property
    def fields(self) -> dict[str, Field]:
        """What can be set on the project's screens, by field id."""
        ours = {"components": replace(SYSTEM_FIELDS["components"], allowed=tuple(self.components)), **self.custom}
        return {id: f for id, f in (SYSTEM_FIELDS | ours).items() if id not in self.off_screen}


@dataclass(eq=False)
class Comment:
    id: str
    author: User
    body: Any
    created: datetime
    updated: datetime
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class RemoteLink:
    id: int
    content: dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One field's change: ids (where it has them) and words, before and after."""

    field: str
    before_id: str | None
    before: str | None
    after_id: str | None
    after: str | None


@dataclass(frozen=True)
class History:
    id: str
    author: User
    at: datetime
    changes: tuple[Change, ...]


@dataclass(eq=False)
class Issue:
    """An issue. `id` is for ever, `key` until it is moved. Bodies are kept as they came: text, or a document (ADF)."""

    id: str
    key: str
    project: Project
    issuetype: IssueType
    summary: str
    creator: User
    created: datetime
    updated: datetime
    description: Any = None
    labels: tuple[str, ...] = ()
    priority: Choice = PRIORITIES[2]
    assignee: User | None = None
    reporter: User | None = None
    duedate: str | None = None
    components: tuple[Choice, ...] = ()
    status: Status = STATUSES[0]
    resolution: Choice | None = None
    resolved_at: datetime | None = None
    custom: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    links: list["Link"] = field(default_factory=list)
    remote_links: list[RemoteLink] = field(default_factory=list)
    histories: list[History] = field(default_factory=list)
    restricted: bool = False
    deleted: bool = False


@dataclass(frozen=True, eq=False)
class Link:
    """`source` blocks `target`, say: the source shows the outward words, the target the inward ones."""

    id: str
    type: LinkType
    source: Issue
    target: Issue


@dataclass(frozen=True)
class Happening:
    """What a webhook tells: an event's name, the issue, who did it, and what changed or was said."""

    event: str
    issue: Issue
    user: User
    history: History | None = None
    comment: Comment | None = None


def named(choices: tuple[Any, ...] | list[Any], name: str) -> Any:
    """The choice with this name; a `LookupError` if there is none."""
    for choice in choices:
        if choice.name == name:
            return choice
    raise LookupError(f"no {name!r} among {[c.name for c in choices]}")
