"""The webhooks of GitHub and Jira: their signatures, and which issues they want looked at.

What a body says of an issue is believed nowhere: it only names what is to be read. Shapes and events: "Webhook events
and payloads" and "Validating webhook deliveries" at docs.github.com, "Webhooks" at developer.atlassian.com.
"""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, Field

from domain.model.validation_messages import NEEDED
from domain.model.values import Record
from integrations.incidents.delivery import BadDelivery, Name, reading

GITHUB, JIRA = "github", "jira"

SIGNATURE_HEADERS: Final = {GITHUB: "X-Hub-Signature-256", JIRA: "X-Hub-Signature"}
"""Where each puts `sha256=` and the HMAC of the raw body."""

EVENT_HEADER: Final = "X-GitHub-Event"
DELIVERY_HEADERS: Final = {GITHUB: "X-GitHub-Delivery", JIRA: "X-Atlassian-Webhook-Identifier"}


class Look(Record):
    """What a webhook wants looked at: issues by their stable ids, or all that are watched in whole projects.

    `id` is the same however often the webhook is repeated. `ignored_because` says why nothing is to be looked at.
    """

    id: str
    tracker: str
    kind: str
    issues: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    ignored_because: str | None = None


def verify_signature(body: bytes, header: str | None, secret: str) -> bool:
    """Whether `header` is `sha256=` and the HMAC of `body` with `secret`, compared in constant time.

    Without a header, or with an empty secret, nothing is genuine.
    """
    made = f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"
    return hmac.compare_digest(made.encode(), (header or "").strip().encode(errors="replace")) and bool(secret)


def look_id(tracker: str, delivery: str) -> str:
    """The id of a webhook's delivery among all deliveries; no id of an incident looks like it."""
    plain = (
        delivery if _PLAIN.fullmatch(delivery) else f"sha256-{sha256(delivery.encode(errors='replace')).hexdigest()}"
    )
    return f"look:{tracker}:{plain}"


def parse_github(headers: Mapping[str, str], body: bytes) -> Look:
    """What GitHub wants looked at. Raises `BadDelivery`, and nothing else, whatever it is given."""
    event = _header(headers, EVENT_HEADER)
    id = look_id(GITHUB, _header(headers, DELIVERY_HEADERS[GITHUB]))
    if event == "ping":
        return Look(id=id, tracker=GITHUB, kind=event, ignored_because="a test of the webhook")
    if event not in _GITHUB:
        return Look(id=id, tracker=GITHUB, kind=event[:100], ignored_because=_NOT_KNOWN)
    _require_json(headers)
    return _look(Look(id=id, tracker=GITHUB, kind=event), body, *_GITHUB[event])


def parse_jira(headers: Mapping[str, str], body: bytes) -> Look:
    """What Jira wants looked at. Raises `BadDelivery`, and nothing else, whatever it is given.

    A Jira that gives its deliveries no id has them told apart by their bodies, which hold the time.
    """
    with reading():
        event = _Event.model_validate_json(body).webhook_event
    given = _found(headers, DELIVERY_HEADERS[JIRA]).strip()
    id = look_id(JIRA, given or f"sha256-{sha256(body).hexdigest()}")
    family = next((name for name in _JIRA if event.startswith(name)), None)
    if family is None:
        return Look(id=id, tracker=JIRA, kind=event[:100], ignored_because=_NOT_KNOWN)
    return _look(Look(id=id, tracker=JIRA, kind=event[:100]), body, *_JIRA[family])


_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,100}")
_NOT_KNOWN = "this type of event is not known here"


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Node = Annotated[str, Field(pattern=r"^[A-Za-z0-9_=+/-]{1,200}$")]
_Number = Annotated[str, BeforeValidator(_text), Field(pattern=r"^[0-9]{1,20}$")]
_Project = Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]{1,300}$")]


class _Body(BaseModel):
    """Vendors add fields as they like; those that we do not read are none of our business."""


M = TypeVar("M", bound=_Body)
Named = tuple[Sequence[str | None], Sequence[str | None], str]
"""Issues, projects, and why there are none, should there be none."""


def _look(look: Look, body: bytes, shape: type[M], names: Callable[[M], Named]) -> Look:
    with reading():
        issues, projects, why = names(shape.model_validate_json(body))
    ids, wholes = (tuple(dict.fromkeys(filter(None, found))) for found in (issues, projects))
    nothing = None if ids or wholes else why
    return look.model_copy(update={"issues": ids, "projects": wholes, "ignored_because": nothing})


def _found(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")


def _header(headers: Mapping[str, str], name: str) -> str:
    value = _found(headers, name).strip()
    if not value:
        raise BadDelivery(f"{name}: this header is missing")
    return value


def _require_json(headers: Mapping[str, str]) -> None:
    media_type = _found(headers, "content-type").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise BadDelivery("content-type: choose application/json in the settings of the webhook")


# --- GitHub -----------------------------------------------------------------------------------------------------------


class _GithubIssue(_Body):
    node_id: _Node
    pull_request: Any = None


class _OldIssue(_Body):
    old_issue: _GithubIssue | None = None


class _IssueEvent(_Body):
    """A transfer is told of the old issue, and the new one is told to be opened, with the old one beside it."""

    issue: _GithubIssue
    changes: _OldIssue | None = None


class _SubIssueEvent(_Body):
    parent_issue: _GithubIssue | None = None
    sub_issue: _GithubIssue | None = None


class _Repository(_Body):
    full_name: _Project

    @property
    def name(self) -> str:
        return self.full_name.partition("/")[2]

    @property
    def owner(self) -> str:
        return self.full_name.partition("/")[0]


class _OldName(_Body):
    was: str = Field(alias="from")


class _Renamed(_Body):
    name: _OldName


class _Account(_Body):
    login: str = ""


class _OldOwner(_Body):
    user: _Account | None = None
    organization: _Account | None = None


class _OwnerChange(_Body):
    was: _OldOwner = Field(alias="from")


class _RepositoryChanges(_Body):
    repository: _Renamed | None = None
    owner: _OwnerChange | None = None


class _RepositoryEvent(_Body):
    repository: _Repository
    changes: _RepositoryChanges | None = None


def _of_issue(told: _IssueEvent) -> Named:
    if told.issue.pull_request is not None:
        return (), (), "pull requests are not followed"
    old = told.changes.old_issue if told.changes else None
    return (told.issue.node_id, old.node_id if old else None), (), ""


def _of_sub_issues(told: _SubIssueEvent) -> Named:
    issues = [issue.node_id for issue in (told.parent_issue, told.sub_issue) if issue]
    if not issues:
        raise BadDelivery(f"sub_issue: {NEEDED}")
    return issues, (), ""


def _of_repository(told: _RepositoryEvent) -> Named:
    """All that is watched there, under the name of now and that of before."""
    now, changes = told.repository, told.changes or _RepositoryChanges()
    before = [f"{now.owner}/{changes.repository.name.was}"] if changes.repository else []
    if changes.owner is not None:
        whose = changes.owner.was.user or changes.owner.was.organization or _Account()
        before += [f"{whose.login}/{now.name}"] if whose.login else []
    return (), [now.full_name, *before], ""


_GITHUB: dict[str, tuple[type[Any], Callable[[Any], Named]]] = {
    "issues": (_IssueEvent, _of_issue),
    "issue_comment": (_IssueEvent, _of_issue),
    "sub_issues": (_SubIssueEvent, _of_sub_issues),
    "repository": (_RepositoryEvent, _of_repository),
}

# --- Jira -------------------------------------------------------------------------------------------------------------


class _Event(_Body):
    webhook_event: Name = Field(alias="webhookEvent")


class _JiraIssue(_Body):
    id: _Number


class _IssueTold(_Body):
    issue: _JiraIssue


class _JiraComment(_Body):
    self: str = ""


class _CommentTold(_Body):
    """Data Center names the issue of a comment only in the comment's address."""

    issue: _JiraIssue | None = None
    comment: _JiraComment | None = None


class _JiraLink(_Body):
    source: _Number = Field(alias="sourceIssueId")
    destination: _Number = Field(alias="destinationIssueId")


class _LinkTold(_Body):
    link: _JiraLink = Field(alias="issueLink")


class _JiraProject(_Body):
    key: _Project


class _ProjectTold(_Body):
    project: _JiraProject


_ISSUE_OF = re.compile(r"/issue/([0-9]{1,20})/comment/")


def _of_comment(told: _CommentTold) -> Named:
    if told.issue is not None:
        return (told.issue.id,), (), ""
    named = _ISSUE_OF.search(told.comment.self) if told.comment else None
    if named is None:
        raise BadDelivery(f"issue: {NEEDED}")
    return (named[1],), (), ""


_JIRA: dict[str, tuple[type[Any], Callable[[Any], Named]]] = {
    "jira:issue_": (_IssueTold, lambda told: ((told.issue.id,), (), "")),
    "comment_": (_CommentTold, _of_comment),
    "issuelink_": (_LinkTold, lambda told: ((told.link.source, told.link.destination), (), "")),
    "project_": (_ProjectTold, lambda told: ((), (told.project.key,), "")),
}
"""By how the event's name begins."""
