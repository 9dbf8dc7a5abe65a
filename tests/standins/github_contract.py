"""Holds a GitHub stand-in against what GitHub publishes: every answer that it gave, and every webhook that it told.

REST and webhooks are held against the models of `githubkit`, which are made from GitHub's OpenAPI: all fields that
are asked for are there, and none that is not known. GraphQL is held against the published schema: each answer is
executed anew as if its data came from the real thing.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import githubkit_schemas.latest.models as models
import pytest
from graphql import GraphQLSchema, build_schema, execute_sync, parse, validate
from pydantic import BaseModel, TypeAdapter

from standins.github.server import GithubServer
from standins.http import Answer, Request

PUBLISHED = Path(__file__).parents[2] / ".venv" / "contracts" / "github.graphql"

ISSUE, COMMENTS = r"/repo/issues/\d+", r"/repo/issues/comments"
GIVEN: list[tuple[str, str, int, Any]] = [
    ("GET", "/repo", 200, models.FullRepository),
    ("GET", "/repo/installation", 200, models.Installation),
    ("GET", "/repo/issues", 200, list[models.Issue]),
    ("POST", "/repo/issues", 201, models.Issue),
    ("GET", ISSUE, 200, models.Issue),
    ("PATCH", ISSUE, 200, models.Issue),
    ("GET", f"{ISSUE}/comments", 200, list[models.IssueComment]),
    ("POST", f"{ISSUE}/comments", 201, models.IssueComment),
    ("GET", COMMENTS, 200, list[models.IssueComment]),
    ("GET", rf"{COMMENTS}/\d+", 200, models.IssueComment),
    ("PATCH", rf"{COMMENTS}/\d+", 200, models.IssueComment),
    ("DELETE", rf"{COMMENTS}/\d+", 204, None),
    ("GET", f"{ISSUE}/events", 200, list[models.IssueEvent]),
    ("GET", f"{ISSUE}/labels", 200, list[models.Label]),
    ("POST", f"{ISSUE}/labels", 200, list[models.Label]),
    ("DELETE", f"{ISSUE}/labels/.+", 200, list[models.Label]),
    ("PUT", f"{ISSUE}/lock", 204, None),
    ("DELETE", f"{ISSUE}/lock", 204, None),
    ("GET", f"{ISSUE}/sub_issues", 200, list[models.Issue]),
    ("POST", f"{ISSUE}/sub_issues", 201, models.Issue),
    ("DELETE", f"{ISSUE}/sub_issue", 200, models.Issue),
    ("GET", f"{ISSUE}/parent", 200, models.Issue),
    ("GET", "/search/issues", 200, models.SearchIssuesGetResponse200),
    ("POST", r"/app/installations/\d+/access_tokens", 201, models.InstallationToken),
]
"""What is given for what; `/repo` is a repository, by its name or its id."""

REFUSED: dict[int, Any] = {
    **dict.fromkeys((301, 307, 400, 401, 403, 404, 410, 429), models.BasicError),
    422: models.ValidationError | models.ValidationErrorSimple | models.BasicError,
}
ALSO = {
    "assignee",  # of issues, in the API's versions before 2026-03-10, which clients still read
    "status",  # in the body of a 422, as in that of every other refusal
    *("archived_at", "archived_by"),  # of labels, which some webhooks must have and others do not know
    *("parent_issue_url", "user_view_type"),  # which only some webhooks know
}
"""What is sent though the description knows it in other places only."""


class WatchedGithub(GithubServer):
    """A stand-in that keeps what it answered and told."""

    def __init__(self) -> None:
        super().__init__()
        self.answered: list[tuple[Request, Answer]] = []
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.listeners.append(lambda event, payload: self.told.append((event, payload)))

    def truth(self, request: Request) -> Answer:
        """What the stand-in answers, kept."""
        answer = super().truth(request)
        self.answered.append((request, answer))
        return answer


def hold(github: WatchedGithub) -> None:
    """Every answer and every webhook is as published."""
    for request, answer in github.answered:
        body = json.loads(answer.body) if isinstance(answer.body, str) else answer.body
        if request.path == "/graphql" and answer.status == 200:
            hold_graphql(request.body, body)
        else:
            _hold(_model(request, answer.status), body, f"{request.method} {request.path}: {answer.status}")
    for event, payload in github.told:
        kind = "".join(word.title() for word in f"{event}_{payload['action']}".split("_"))
        _hold(getattr(models, f"Webhook{kind}"), payload, f"webhook {event} {payload['action']}")


def hold_graphql(body: Any, told: dict[str, Any]) -> None:
    """The query is one that the published schema knows, and the data is of its types."""
    if told.get("data") is None:
        return
    schema, document = published(), parse(body["query"])
    assert validate(schema, document) == []
    again = execute_sync(
        schema,
        document,
        told["data"],
        variable_values=body.get("variables"),
        field_resolver=lambda source, info, **_: source[info.path.key],
        type_resolver=lambda value, info, abstract: value.get("__typename", "Issue"),
    )
    missing = [error.path for error in again.errors or [] if not _null(told["data"], error.path or [])]
    assert missing == [], again.errors
    assert again.data == told["data"]


@cache
def published() -> GraphQLSchema:
    """GitHub's own schema."""
    if not PUBLISHED.is_file():
        pytest.fail(f"{PUBLISHED.name}, GitHub's published schema, is not there: run `make test`, which fetches it")
    return build_schema(PUBLISHED.read_text(encoding="utf-8"), assume_valid=True, assume_valid_sdl=True)


def _null(data: Any, path: list[str | int]) -> bool:
    for key in path:
        data = None if data is None else data[key]
    return data is None


def _model(request: Request, status: int) -> Any:
    if status == 304:
        return None
    path = re.sub(r"^/(repos/[^/]+/[^/]+|repositories/\d+)", "/repo", request.path)
    for method, pattern, given, model in GIVEN:
        if (method, given) == (request.method, status) and re.fullmatch(pattern, path):
            return model
    assert status in REFUSED, f"{request.method} {request.path} is not known to be answered with {status}"
    return REFUSED[status]


def _hold(model: Any, body: Any, what: str) -> None:
    if model is None:
        assert body is None, what
        return
    adapter = TypeAdapter[Any](model)
    known = adapter.dump_python(adapter.validate_python(body), by_alias=True, exclude_unset=True)
    invented = _invented(body, known) - ALSO
    assert invented == set(), f"{what}: {invented}"


def _invented(body: Any, known: Any) -> set[str]:
    """The fields that were given and that the models do not know."""
    if isinstance(known, BaseModel):
        known = known.model_dump(by_alias=True, exclude_unset=True)
    if isinstance(body, dict) and isinstance(known, dict):
        below = [_invented(body[name], known[name]) for name in body.keys() & known.keys()]
        return (body.keys() - known.keys()).union(*below)
    if isinstance(body, list) and isinstance(known, list):
        return set().union(*(_invented(b, k) for b, k in zip(body, known, strict=True)))
    return set()
