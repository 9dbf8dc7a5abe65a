"""The fields of a request, read as Jira reads them: what is on the screen, of the right form, and known."""

import re
from typing import Any

from standins.jira.adf import is_document, text
from standins.jira.site import Site
from standins.jira.state import ISSUE_TYPES, PRIORITIES, RESOLUTIONS, Choice, Field, Issue, IssueType, Project, User

_LONGEST = 32767
_TOO_LONG = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
_NO_DOCUMENT = {
    "comment": "Comment body is not valid!",
    "description": "Operation value must be an Atlassian Document (see the Atlassian Document Format)",
}


class RefusedError(Exception):
    """A request that Jira refuses: with a status, sentences, and sentences by field."""

    def __init__(self, status: int, *messages: str, **fields: str) -> None:
        super().__init__(status, messages, fields)
        self.status = status
        self.messages = messages
        self.fields = fields


def not_on_screen(field: str) -> str:
    """What Jira says of a field that it does not take."""
    return f"Field '{field}' cannot be set. It is not on the appropriate screen, or unknown."


class FieldReader:
    """Reads fields for one version of the API: v3 wants documents where v2 wants text."""

    def __init__(self, site: Site, cloud: bool, version: int) -> None:
        self.site = site
        self.cloud = cloud
        self.version = version

    def creation(self, given: dict[str, Any]) -> tuple[Project, dict[str, Any]]:
        """The project and the values for a new issue."""
        project = self._project(given.get("project"))
        type = self._type(given.get("issuetype"))
        if "CREATE_ISSUES" not in project.permissions:
            raise RefusedError(400, "You do not have permission to create issues in this project.")
        rest = {name: value for name, value in given.items() if name not in ("project", "issuetype")}
        problems: dict[str, str] = {}
        for name, field in project.fields.items():
            if (type.name, name) in project.required and not given.get(name):
                problems[name] = f"{field.name} is required."
        if not str(given.get("summary") or "").strip():
            problems["summary"] = "You must specify a summary of the issue."
        return project, {"issuetype": type} | self._values(project, rest, problems)

    def edition(self, issue: Issue, body: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """The new values of an issue, and what is said with them."""
        given = dict(body.get("fields", {}))
        for name, operations in body.get("update", {}).items():
            for operation in operations if name != "comment" else []:
                before = given.get(name, list(issue.labels) if name == "labels" else None)
                given[name] = _operated(name, before, operation)
        problems = {"project": not_on_screen("project")} if given.pop("project", None) else {}  # moving is not editing
        return self._values(issue.project, given, problems), self.said(body)

    def said(self, body: dict[str, Any]) -> list[Any]:
        """The comments that come with an edit or a transition."""
        operations = body.get("update", {}).get("comment", [])
        return [self.body("comment", operation["add"]["body"]) for operation in operations]

    def _values(self, project: Project, given: dict[str, Any], problems: dict[str, str]) -> dict[str, Any]:
        values = {}
        for name, value in given.items():
            field = project.fields.get(name)
            if field is None:
                problems[name] = not_on_screen(name)
                continue
            try:
                values[name] = self._value(project, field, value)
            except RefusedError as refusal:
                problems |= refusal.fields
        if problems:
            raise RefusedError(400, **problems)
        return values

    def _value(self, project: Project, field: Field, value: Any) -> Any:
        match field.id:
            case "summary":
                return self._summary(value)
            case "description":
                return self.body(field.id, value)
            case "labels":
                return self._labels(value)
            case "priority":
                return self.choice("priority", value)
            case "assignee" | "reporter":
                return self.assignee(value, field.id)
            case "duedate":
                if value is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
                    raise RefusedError(400, duedate="Specify date in yyyy-MM-dd format")
                return value
            case "components":
                return tuple(_of("components", project.components, c) for c in value)
        return _of(field.id, list(field.allowed), value) if field.allowed and value is not None else value

    def _summary(self, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise RefusedError(400, summary="You must specify a summary of the issue.")
        if "\n" in value or "\r" in value:
            raise RefusedError(400, summary="The summary is invalid because it contains newline characters.")
        if len(value) > 255:
            raise RefusedError(400, summary="Summary must be less than 255 characters.")
        return value

    def _labels(self, value: Any) -> tuple[str, ...]:
        for label in value:
            if " " in label:
                raise RefusedError(400, labels=f"The label '{label}' contains spaces which is invalid.")
            if len(label) > 255:
                raise RefusedError(400, labels=f"The label '{label}' exceeds the maximum length of 255 characters.")
        return tuple(dict.fromkeys(value))

    def body(self, field: str, value: Any) -> Any:
        """A description or a comment's text."""
        if value is None and field == "description":
            return None
        if self.version == 3 and not is_document(value):
            raise RefusedError(400, **{field: _NO_DOCUMENT[field]})
        if self.version == 2 and not isinstance(value, str):
            raise RefusedError(400, **{field: "Operation value must be a string"})
        if not value and field == "comment":
            raise RefusedError(400, comment="Comment body can not be empty!")
        if len(text(value)) > _LONGEST:
            raise RefusedError(400, **{field: _TOO_LONG})
        return value or None

    def choice(self, field: str, value: Any) -> Choice:
        """A priority or a resolution."""
        return _of(field, list(PRIORITIES if field == "priority" else RESOLUTIONS), value)

    def user(self, name: str) -> User | None:
        """The account with this id (Cloud) or name (Data Center)."""
        return next((u for u in self.site.users if name == (u.account_id if self.cloud else u.name)), None)

    def assignee(self, value: Any, field: str = "assignee") -> User | None:
        """Who is meant; none where no one is."""
        name = (value or {}).get("accountId" if self.cloud else "name")
        if name is None:
            return None
        user = self.user(str(name))
        if user is None or not user.active:
            said = f"User '{name}' cannot be assigned issues." if user or not self.cloud else "Specify a valid value."
            raise RefusedError(400, **{field: said})
        return user

    def _project(self, value: Any) -> Project:
        found = self.site.project(str((value or {}).get("id") or (value or {}).get("key")))
        if found is None or "BROWSE_PROJECTS" not in found.permissions:
            raise RefusedError(
                400, project="Specify a valid project ID or key" if self.cloud else "valid project is required"
            )
        return found

    def _type(self, value: Any) -> IssueType:
        wanted = value or {}
        found = next((t for t in ISSUE_TYPES if t.id == wanted.get("id") or t.name == wanted.get("name")), None)
        if found is None:
            raise RefusedError(
                400, issuetype="Specify a valid issue type" if self.cloud else "valid issue type is required"
            )
        return found


def _of(field: str, choices: list[Choice], value: Any) -> Choice:
    """The choice that `{"id": …}`, `{"name": …}` or `{"value": …}` names."""
    wanted = value if isinstance(value, dict) else {}
    for choice in choices:
        if choice.id == str(wanted.get("id")) or choice.name in (wanted.get("name"), wanted.get("value")):
            return choice
    shown = wanted.get("name") or wanted.get("value") or wanted.get("id") or value
    raise RefusedError(400, **{field: f"Specify a valid value for {field}: '{shown}' is none."})


def _operated(name: str, before: Any, operation: dict[str, Any]) -> Any:
    """A field's value after one of the operations `set`, `add` and `remove`."""
    if "set" in operation:
        return operation["set"]
    if "add" in operation and isinstance(before, list):
        return [*before, operation["add"]]
    if "remove" in operation and isinstance(before, list):
        return [value for value in before if value != operation["remove"]]
    raise RefusedError(400, **{name: f"Field '{name}' does not support this operation."})
