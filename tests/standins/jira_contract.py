"""Holds a Jira stand-in against Atlassian's published OpenAPI: every answer that it gave, and each field in it.

The description is Cloud's, v3. Version 2, and with it Data Center, says the same with text for bodies; so it is held
against the same schemas with exactly that changed.
"""

import copy
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator

from standins.http import Answer, Request
from standins.jira.rest import ROUTES
from standins.jira.server import JiraServer

PUBLISHED = Path(__file__).parents[2] / ".venv" / "contracts" / "jira.json"
# fields of issues, which the description leaves open, though it knows the types of their values
FIELDS = {
    "assignee": "UserDetails",
    "comment": "PageOfComments",
    "creator": "UserDetails",
    "issuetype": "IssueTypeDetails",
    "priority": "Priority",
    "project": "ProjectDetails",
    "reporter": "UserDetails",
    "resolution": "Resolution",
    "status": "StatusDetails",
}
# what is sent along with an answer but is not described, for the real one gives null where the description has a string
NULLABLE = {"ChangeDetails": ("from", "fromString", "to", "toString")}
DOCUMENT = {
    "type": "object",
    "required": ["type", "version", "content"],
    "properties": {"type": {"enum": ["doc"]}, "version": {"enum": [1]}, "content": {"type": "array"}},
}


class WatchedJira(JiraServer):
    """A stand-in that keeps what it answered."""

    def __init__(self, cloud: bool) -> None:
        super().__init__(cloud)
        self.answered: list[tuple[Request, Answer]] = []

    def answer(self, request: Request) -> Answer | None:
        """What the stand-in answers, kept."""
        answer = super().answer(request)
        if answer is not None and answer.status:
            self.answered.append((request, answer))
        return answer

    def routes_answered(self) -> set[str]:
        """The routes that gave what was asked for."""
        found = set()
        for request, answer in self.answered:
            version, path = _parts(request)
            if version and (answer.status < 300 or answer.status == 410):
                found |= {f"{m} {r}" for m, r, _, _ in ROUTES if m == request.method and re.fullmatch(r, path)}
        return found


def violations(server: WatchedJira) -> list[str]:
    """What the answers so far violate, each with its request."""
    found = []
    for request, answer in server.answered:
        problems = list(_problems(request, answer))
        found += [f"{request.method} {request.path} {answer.status}: {problem}" for problem in problems]
    return found


def violations_of(body: Any, schema: str, version: int = 2) -> list[str]:
    """What something violates of the schema with this name."""
    return [_said(error) for error in _validator(f"#/components/schemas/{schema}", version).iter_errors(body)]


def _parts(request: Request) -> tuple[int, str]:
    found = re.fullmatch(r"(?:/ex/jira/[^/]+)?/rest/api/(2|3|latest)(/.*)", request.path)
    return (3 if found[1] == "3" else 2, found[2]) if found else (0, request.path)


def _problems(request: Request, answer: Answer) -> Iterator[str]:
    version, path = _parts(request)
    documented = _documented(request.method.lower(), path)
    response = documented.get(str(answer.status))
    schema = (response or {}).get("content", {}).get("application/json", {}).get("schema")
    if answer.status >= 400:
        schema = schema or {"$ref": "#/components/schemas/ErrorCollection"}
    elif response is None:
        yield "the description knows no such answer"
        return
    elif not schema:
        if answer.body != "":
            yield f"has a body where none is described: {answer.body}"
        return
    for error in _validator(json.dumps(schema), version).iter_errors(answer.body):
        yield _said(error)
    if answer.status < 400:
        for fields in _fields(answer.body):
            yield from _field_problems(fields, version)


def _fields(body: Any) -> Iterator[dict[str, Any]]:
    if isinstance(body, dict):
        for issue in (body, *body.get("issues", [])):
            if "key" in issue and isinstance(issue.get("fields"), dict):
                yield issue["fields"]


def _field_problems(fields: dict[str, Any], version: int) -> Iterator[str]:
    for name, schema in FIELDS.items():
        if fields.get(name) is not None:
            yield from (f"{name}: {said}" for said in violations_of(fields[name], schema, version))
    for component in fields.get("components", []):
        yield from violations_of(component, "ProjectComponent", version)
    for link in fields.get("issuelinks", []):
        both = {"inwardIssue": {}, "outwardIssue": {}} | link  # described with both; each issue shows but the other
        yield from violations_of(both, "IssueLink", version)
    if fields.get("description") is not None:
        body = fields["description"]
        valid = isinstance(body, str) if version == 2 else not list(OAS30Validator(DOCUMENT).iter_errors(body))
        if not valid:
            yield f"description in the wrong form: {body}"


def _said(error: Any) -> str:
    return f"{'/'.join(str(part) for part in error.absolute_path)}: {error.message[:300]}"


@cache
def _documented(method: str, path: str) -> dict[str, Any]:
    candidates = []
    for template, operations in _description(3)["paths"].items():
        pattern = re.sub(r"\{[^/]+\}", "[^/]+", template.removeprefix("/rest/api/3"))
        if method in operations and re.fullmatch(pattern, path):
            candidates.append((template.count("{"), operations[method]["responses"]))
    found: dict[str, Any] = min(candidates, key=lambda c: c[0], default=(0, {}))[1]
    return found


@cache
def _validator(schema: str, version: int) -> OAS30Validator:
    asked = {"$ref": schema} if schema.startswith("#") else json.loads(schema)
    return OAS30Validator({"allOf": [asked], "components": _description(version)["components"]})


@cache
def _description(version: int) -> dict[str, Any]:
    if not PUBLISHED.exists():
        pytest.fail(
            f"{PUBLISHED.name}, Atlassian's description of Jira, is not there: run `make test`, which fetches it"
        )
    if version == 2:
        described = copy.deepcopy(_description(3))
        described["components"]["schemas"]["Comment"]["properties"]["body"] = {"type": "string"}
        return described
    found: dict[str, Any] = json.loads(PUBLISHED.read_text())
    schemas = found["components"]["schemas"]
    schemas["Comment"]["properties"]["body"] = DOCUMENT
    for name, properties in NULLABLE.items():
        for property in properties:
            schemas[name]["properties"][property]["nullable"] = True
    return found
