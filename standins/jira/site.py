"""All of one Jira: who may see what, what search knows of it yet, and what a change leaves behind.

Nothing here knows of HTTP or JSON: `jira_rest` reads requests, `jira_shapes` writes answers.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from standins.jira.state import (
    ISSUE_TYPES,
    Change,
    Choice,
    Comment,
    Happening,
    History,
    Issue,
    Link,
    LinkType,
    Project,
    RemoteLink,
    Status,
    User,
)


class Site:
    """All of one Jira, and the only place where an issue changes: each change leaves its history and is told."""

    def __init__(self, me: User) -> None:
        self.me = me
        self.users = [me]
        self.projects: list[Project] = []
        self.issues: dict[str, Issue] = {}
        self.lag = timedelta()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.tell: Callable[[Happening], None] = lambda happening: None
        self._keys: dict[str, str] = {}  # also those from before a move
        self._indexed: dict[str, list[tuple[datetime, Issue]]] = {}
        self._ids = count(10001)

    def next_id(self) -> int:
        """An id that nothing else has."""
        return next(self._ids)

    # --- finding ------------------------------------------------------------------------------------------------------

    def project(self, key: str) -> Project | None:
        """The project with this key or id, seen or not."""
        return next((p for p in self.projects if key in (p.key, p.id)), None)

    def issue(self, key: str) -> Issue | None:
        """The issue with this id, or key, or key that it had before it was moved; seen or not."""
        return self.issues.get(key) or self.issues.get(self._keys.get(key.upper(), ""))

    @property
    def links(self) -> list[Link]:
        """All links, oldest first."""
        found = (link for issue in self.issues.values() for link in issue.links if link.source is issue)
        return sorted(found, key=lambda link: int(link.id))

    def sees(self, issue: Issue) -> bool:
        """Whether our account may see an issue."""
        return "BROWSE_PROJECTS" in issue.project.permissions and not (issue.restricted or issue.deleted)

    def indexed(self, current: set[str]) -> Iterator[Issue]:
        """The issues as search knows them: `lag` old, but those with an id in `current` as they are."""
        until = self.clock() - self.lag
        for id, versions in self._indexed.items():
            if id in current or not self.lag:
                found = self.issues.get(id)
            else:
                found = next((version for at, version in reversed(versions) if at <= until), None)
            if found is not None and not found.deleted:
                yield found

    # --- happening ----------------------------------------------------------------------------------------------------

    def create(self, project: Project, by: User, values: dict[str, Any]) -> Issue:
        """Open an issue with values by field id."""
        now = self.clock()
        known: dict[str, Any] = {name: value for name, value in values.items() if name in Issue.__dataclass_fields__}
        custom = {name: value for name, value in values.items() if name not in known}
        key = self._next_key(project)
        known = {"issuetype": ISSUE_TYPES[0], "reporter": by, **known}
        issue = Issue(
            str(self.next_id()), key, project=project, creator=by, created=now, updated=now, custom=custom, **known
        )
        self.issues[issue.id], self._keys[key] = issue, issue.id
        self._index(issue)
        self.tell(Happening("jira:issue_created", issue, by))
        return issue

    def edit(self, issue: Issue, by: User, values: dict[str, Any]) -> None:
        """Give an issue values by field id; what stays as it was is no change, and no change at all is not told."""
        changes = []
        for name, value in values.items():
            custom = name not in Issue.__dataclass_fields__
            before = issue.custom.get(name) if custom else getattr(issue, name)
            if before == value:
                continue
            changes.append(Change(name, _id(before), _words(before), _id(value), _words(value)))
            if custom:
                issue.custom[name] = value
            else:
                setattr(issue, name, value)
        if changes:
            self._changed(issue, by, tuple(changes))

    def transit(self, issue: Issue, by: User, status: Status, resolution: Choice | None) -> None:
        """Bring an issue to a status; a resolution is kept only where the project has any and the status is done."""
        kept = resolution if status.category == "done" and issue.project.has_resolutions else None
        issue.resolved_at = (issue.resolved_at or self.clock()) if kept else None
        self.edit(issue, by, {"status": status, "resolution": kept})

    def move(self, issue: Issue, by: User, project: Project) -> None:
        """Take an issue to another project: the id stays, the key changes, and the old key still finds it."""
        old_key, old_project = issue.key, issue.project
        issue.project, issue.key = project, self._next_key(project)
        self._keys[issue.key] = issue.id
        changes = (
            Change("Key", None, old_key, None, issue.key),
            Change("project", old_project.id, old_project.name, project.id, project.name),
        )
        self._changed(issue, by, changes)

    def delete(self, issue: Issue, by: User) -> None:
        """Take an issue away for good."""
        del self.issues[issue.id]
        self.tell(Happening("jira:issue_deleted", issue, by))
        for link in issue.links:
            other = link.target if link.source is issue else link.source
            other.links.remove(link)
        issue.deleted, issue.updated = True, self.clock()
        self._index(issue)

    def comment(self, issue: Issue, by: User, body: Any, properties: dict[str, Any]) -> Comment:
        """Say something on an issue."""
        now = self.clock()
        issue.comments.append(Comment(str(self.next_id()), by, body, now, now, properties))
        issue.updated = now
        self._index(issue)
        self.tell(Happening("comment_created", issue, by, comment=issue.comments[-1]))
        return issue.comments[-1]

    def edit_comment(self, issue: Issue, comment: Comment, body: Any, by: User) -> None:
        """Say something else in a comment."""
        comment.body, comment.updated = body, self.clock()
        self._recommented(issue, comment, "comment_updated", by)

    def delete_comment(self, issue: Issue, comment: Comment, by: User) -> None:
        """Take a comment away."""
        issue.comments.remove(comment)
        self._recommented(issue, comment, "comment_deleted", by)

    def _recommented(self, issue: Issue, comment: Comment, event: str, by: User) -> None:
        issue.updated = self.clock()
        self._index(issue)
        self.tell(Happening(event, issue, by, comment=comment))

    def link(self, type: LinkType, source: Issue, target: Issue, by: User) -> None:
        """Link two issues; a link that is there already stays the only one."""
        if any((link.type, link.source, link.target) == (type, source, target) for link in source.links):
            return
        link = Link(str(self.next_id()), type, source, target)
        source.links.append(link)
        target.links.append(link)
        for here, words, there in ((source, type.outward, target), (target, type.inward, source)):
            said = f"This issue {words} {there.key}"
            self._changed(here, by, (Change("Link", None, None, there.key, said),))

    def link_elsewhere(self, issue: Issue, by: User, content: dict[str, Any]) -> tuple[RemoteLink, bool]:
        """Link an issue to a page; one with the same `globalId` is written anew. Tells whether the link is new."""
        named = [link for link in issue.remote_links if link.content.get("globalId") == content.get("globalId")]
        found = named[0] if named and "globalId" in content else None
        link = found or RemoteLink(self.next_id(), {})
        issue.remote_links += [] if found else [link]
        if link.content != content:
            link.content = content
            said = f'This issue links to "{content["object"]["title"]}"'
            self._changed(issue, by, (Change("RemoteIssueLink", None, None, str(link.id), said),))
        return link, found is None

    def _next_key(self, project: Project) -> str:
        project.last_number += 1
        return f"{project.key}-{project.last_number}"

    def _changed(self, issue: Issue, by: User, changes: tuple[Change, ...]) -> None:
        issue.updated = self.clock()
        issue.histories.append(History(str(self.next_id()), by, issue.updated, changes))
        self._index(issue)
        self.tell(Happening("jira:issue_updated", issue, by, issue.histories[-1]))

    def _index(self, issue: Issue) -> None:
        older = self._indexed.get(issue.id, []) if self.lag else []
        self._indexed[issue.id] = [*older, (issue.updated, replace(issue))]


def _id(value: Any) -> str | None:
    if isinstance(value, User):
        return value.account_id
    return value.id if isinstance(value, Choice) else None


def _words(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, User):
        return value.display_name
    if isinstance(value, Choice):
        return value.name
    return " ".join(_words(v) or "" for v in value) if isinstance(value, tuple) else str(value)
