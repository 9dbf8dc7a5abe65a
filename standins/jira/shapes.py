"""Jira's answers as JSON. What v2 and v3 say is the same, but for bodies: text there, documents (ADF) here.

Shapes follow Atlassian's OpenAPI for Jira Cloud, which the tests hold every answer against; what Data Center says
otherwise (accounts have a name and a key, no account id) is marked by `cloud`.
"""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

from standins.jira.adf import document, text
from standins.jira.site import Site
from standins.jira.state import (
    RESOLUTIONS,
    Change,
    Choice,
    Comment,
    Field,
    Happening,
    History,
    Issue,
    IssueType,
    Link,
    LinkType,
    Project,
    RemoteLink,
    Status,
    User,
)

_CATEGORIES = {
    "new": (2, "blue-gray", "To Do"),
    "indeterminate": (4, "yellow", "In Progress"),
    "done": (3, "green", "Done"),
}

Json = dict[str, Any]


class Shapes:
    """How one version of the API, under one address, words things."""

    def __init__(self, site: Site, base: str, version: int, cloud: bool, zone: tzinfo) -> None:
        self.site = site
        self.url = f"{base}/rest/api/{version}"
        self.base = base
        self.version = version
        self.cloud = cloud
        self.zone = zone

    def body(self, body: Any) -> Any:
        """A description or a comment's text, as this version has it."""
        return document(body) if self.version == 3 else text(body)

    def stamp(self, at: datetime | None) -> str | None:
        """A time, told in the asking account's time zone, to the millisecond."""
        if at is None:
            return None
        local = at.astimezone(self.zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"

    def user(self, user: User | None) -> Json | None:
        """An account."""
        if user is None:
            return None
        name = {"accountId": user.account_id, "accountType": "atlassian"} if self.cloud else self._local(user)
        asked = f"accountId={user.account_id}" if self.cloud else f"username={user.name}"
        sizes = ("16x16", "24x24", "32x32", "48x48")
        return {
            "self": f"{self.url}/user?{asked}",
            **name,
            "emailAddress": user.email,
            "displayName": user.display_name,
            "active": user.active,
            "timeZone": str(self.zone),
            "avatarUrls": {size: f"{self.base}/avatar/{user.name}?size={size}" for size in sizes},
        }

    def _local(self, user: User) -> Json:
        return {"key": f"JIRAUSER{user.account_id}", "name": user.name}

    def choice(self, kind: str, choice: Choice | None) -> Json | None:
        """A priority, resolution, component or option."""
        if choice is None:
            return None
        return {"self": f"{self.url}/{kind}/{choice.id}", "id": choice.id, "name": choice.name}

    def status(self, status: Status) -> Json:
        """A status with its category."""
        id, colour, name = _CATEGORIES[status.category]
        return {
            "self": f"{self.url}/status/{status.id}",
            "description": "",
            "iconUrl": f"{self.base}/images/icons/statuses/generic.png",
            "id": status.id,
            "name": status.name,
            "statusCategory": {
                "self": f"{self.url}/statuscategory/{id}",
                "id": id,
                "key": status.category,
                "colorName": colour,
                "name": name,
            },
        }

    def issue_type(self, type: IssueType) -> Json:
        """An issue type."""
        return {
            "self": f"{self.url}/issuetype/{type.id}",
            "id": type.id,
            "description": "",
            "iconUrl": f"{self.base}/images/icons/issuetypes/{type.name.lower()}.png",
            "name": type.name,
            "subtask": type.subtask,
        }

    def project_in_issue(self, project: Project) -> Json:
        """A project as its issues name it."""
        shape = {
            "self": f"{self.url}/project/{project.id}",
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
        }
        return shape | ({"simplified": project.team_managed} if self.cloud else {})

    def project(self, project: Project, types: tuple[IssueType, ...]) -> Json:
        """A project by itself."""
        shape = self.project_in_issue(project) | {
            "issueTypes": [self.issue_type(t) for t in types],
            "components": [self.choice("component", c) for c in project.components],
            "lead": self.user(self.site.me),
            "versions": [],
            "roles": {},
        }
        return shape | ({"style": "next-gen" if project.team_managed else "classic"} if self.cloud else {})

    def issue(self, issue: Issue, wanted: list[str], properties: list[str] | None = None) -> Json:
        """An issue with the fields that are wanted: names, `*all`, `*navigable` or `-name`."""
        shape: Json = {"id": issue.id, "key": issue.key, "self": f"{self.url}/issue/{issue.id}"}
        if wanted and set(wanted) <= {"id", "key"}:
            return {"id": issue.id} | ({"key": issue.key, "self": shape["self"]} if "key" in wanted else {})
        without = {name[1:] for name in wanted if name.startswith("-")}
        some = {name for name in wanted if name[0] not in "*-"}
        if not some or any(name.startswith("*") for name in wanted):
            some = {*_FIELDS, *issue.project.custom} - (set() if "*all" in wanted else {"comment"})
        known_fields = (*_FIELDS, *issue.project.custom)
        shape["fields"] = {n: self.field_value(issue, n) for n in known_fields if n in some and n not in without}
        if properties:
            known = issue.properties.items()
            shape["properties"] = {k: value for k, value in known if k in properties or "*all" in properties}
        return shape

    def field_value(self, issue: Issue, name: str) -> Any:
        """The value of one field of an issue."""
        return _FIELDS[name](self, issue) if name in _FIELDS else self.custom(issue.custom.get(name))

    def links(self, issue: Issue) -> list[Json]:
        """An issue's links to issues that we may see."""
        return [self.link(link, issue) for link in issue.links if self._sees(link, issue)]

    def custom(self, value: Any) -> Any:
        """The value of a custom field."""
        return self.option(value) if isinstance(value, Choice) else value

    def option(self, option: Choice) -> Json:
        """What a select field offers."""
        return {"self": f"{self.url}/customFieldOption/{option.id}", "id": option.id, "value": option.name}

    def _sees(self, link: Link, issue: Issue) -> bool:
        return self.site.sees(link.target if link.source.id == issue.id else link.source)

    def link(self, link: Link, seen_from: Issue) -> Json:
        """A link as one of its two issues shows it: with the other one."""
        # the issue may be a copy from the search index, so it is told apart by its id
        side, other = ("outward", link.target) if link.source.id == seen_from.id else ("inward", link.source)
        fields = {
            "summary": other.summary,
            "status": self.status(other.status),
            "priority": self.choice("priority", other.priority),
            "issuetype": self.issue_type(other.issuetype),
        }
        named = {"id": other.id, "key": other.key, "self": f"{self.url}/issue/{other.id}", "fields": fields}
        return {
            "id": link.id,
            "self": f"{self.url}/issueLink/{link.id}",
            "type": self.link_type(link.type),
            f"{side}Issue": named,
        }

    def link_type(self, type: LinkType) -> Json:
        """A kind of link, in words for both ends."""
        return {
            "id": type.id,
            "name": type.name,
            "inward": type.inward,
            "outward": type.outward,
            "self": f"{self.url}/issueLinkType/{type.id}",
        }

    def comments(self, issue: Issue, page: list[Comment], start: int, size: int) -> Json:
        """A page of an issue's comments."""
        found = [self.comment(issue, c) for c in page]
        return {"comments": found, "startAt": start, "maxResults": size, "total": len(issue.comments)}

    def comment(self, issue: Issue, comment: Comment, properties: bool = False) -> Json:
        """A comment, with its properties where they were asked for."""
        shape = {
            "self": f"{self.url}/issue/{issue.id}/comment/{comment.id}",
            "id": comment.id,
            "author": self.user(comment.author),
            "updateAuthor": self.user(comment.author),
            "body": self.body(comment.body),
            "created": self.stamp(comment.created),
            "updated": self.stamp(comment.updated),
        }
        told = [{"key": key, "value": value} for key, value in comment.properties.items()]
        return shape | ({"properties": told} if properties else {}) | ({"jsdPublic": True} if self.cloud else {})

    def remote_link(self, issue: Issue, link: RemoteLink) -> Json:
        """A link to elsewhere."""
        return {"id": link.id, "self": f"{self.url}/issue/{issue.key}/remotelink/{link.id}", **link.content}

    def transition(self, id: str, status: Status, issue: Issue, with_fields: bool) -> Json:
        """A way to a status; one that ends the work asks for a resolution, where the screen has one."""
        project = issue.project
        screen = status.category == "done" and project.has_resolutions and project.resolution_on_screen
        shape = {"id": id, "name": status.name, "to": self.status(status), "hasScreen": screen}
        shape |= {"isGlobal": True, "isInitial": False, "isConditional": False}
        shape |= {"isAvailable": True, "looped": False} if self.cloud else {}
        if with_fields:
            resolution = self.field(
                Field("resolution", "Resolution", "resolution", allowed=RESOLUTIONS), project.resolution_required
            )
            shape["fields"] = {"resolution": resolution} if screen else {}
        return shape

    def field(self, field: Field, required: bool) -> Json:
        """A field as a screen has it."""
        kind: Json = {"type": field.type} | ({"items": field.items} if field.items else {})
        if field.id.startswith("customfield_"):
            of = {"option": "select", "string": "textfield"}.get(field.type, field.type)
            kind["custom"] = f"com.atlassian.jira.plugin.system.customfieldtypes:{of}"
            kind["customId"] = int(field.id.removeprefix("customfield_"))
        else:
            kind["system"] = field.id
        shape = {
            "key": field.id,
            "name": field.name,
            "required": required,
            "schema": kind,
            "operations": ["add", "set", "remove"] if field.type == "array" else ["set"],
            "hasDefaultValue": field.id == "priority",
        }
        is_option = field.type == "option"
        allowed = [self.option(c) if is_option else self.choice(field.id, c) for c in field.allowed]
        return shape | ({"allowedValues": allowed} if allowed else {})

    def history(self, history: History) -> Json:
        """One entry of a changelog."""
        return {"id": history.id, "author": self.user(history.author), "created": self.stamp(history.at)} | {
            "items": self.changes(history)
        }

    def changes(self, history: History) -> list[Json]:
        """What one entry of a changelog changed."""
        return [
            {
                "field": change.field,
                "fieldtype": "custom" if change.field.startswith("customfield_") else "jira",
                "fieldId": change.field.lower(),
                "from": self._id_in_changelog(change, change.before_id),
                "fromString": change.before,
                "to": self._id_in_changelog(change, change.after_id),
                "toString": change.after,
            }
            for change in history.changes
        ]

    def changelog(self, issue: Issue, most: int | None) -> Json:
        """The latest changes of an issue, as they are told beside it; the total counts those that are told."""
        told = [self.history(h) for h in reversed(issue.histories)][:most]
        return {"startAt": 0, "maxResults": len(told), "total": len(told), "histories": told}

    def _id_in_changelog(self, change: Change, id: str | None) -> str | None:
        """On Data Center accounts are named by their keys."""
        return f"JIRAUSER{id}" if id and change.field == "assignee" and not self.cloud else id

    def happening(self, happening: Happening) -> Json:
        """The body of a webhook."""
        issue, wanted = happening.issue, ["*all", "-comment"]
        if happening.comment is not None:
            wanted = ["summary", "issuetype", "project", "assignee", "priority", "status"]
        shape: Json = {
            "timestamp": int(self.site.clock().timestamp() * 1000),
            "webhookEvent": happening.event,
            "issue": self.issue(issue, wanted),
        }
        if happening.comment is not None:
            return shape | {"comment": self.comment(issue, happening.comment)}
        shape["user"] = self.user(happening.user)
        kind = "issue_created" if happening.event == "jira:issue_created" else "issue_generic"
        if happening.history is not None:
            shape["changelog"] = {"id": happening.history.id, "items": self.changes(happening.history)}
            names = {change.field for change in happening.history.changes}
            kind = "issue_moved" if "Key" in names else "issue_generic" if "status" in names else "issue_updated"
        return shape | {"issue_event_type_name": "issue_deleted" if happening.event.endswith("deleted") else kind}


_FIELDS: dict[str, Callable[[Shapes, Issue], Any]] = {
    "summary": lambda say, issue: issue.summary,
    "description": lambda say, issue: say.body(issue.description),
    "issuetype": lambda say, issue: say.issue_type(issue.issuetype),
    "project": lambda say, issue: say.project_in_issue(issue.project),
    "status": lambda say, issue: say.status(issue.status),
    "resolution": lambda say, issue: say.choice("resolution", issue.resolution),
    "resolutiondate": lambda say, issue: say.stamp(issue.resolved_at),
    "priority": lambda say, issue: say.choice("priority", issue.priority),
    "labels": lambda say, issue: list(issue.labels),
    "components": lambda say, issue: [say.choice("component", c) for c in issue.components],
    "assignee": lambda say, issue: say.user(issue.assignee),
    "reporter": lambda say, issue: say.user(issue.reporter),
    "creator": lambda say, issue: say.user(issue.creator),
    "created": lambda say, issue: say.stamp(issue.created),
    "updated": lambda say, issue: say.stamp(issue.updated),
    "duedate": lambda say, issue: issue.duedate,
    "issuelinks": lambda say, issue: say.links(issue),
    "comment": lambda say, issue: say.comments(issue, issue.comments, 0, len(issue.comments)),
}
