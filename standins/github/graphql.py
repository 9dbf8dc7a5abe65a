"""The part of GitHub's GraphQL that is acted: issues by node id, and what is left of the limits.

Types, fields and arguments are a part of the published schema, word for word; a test compares them. Known of the real
one: a missing node is null with an error of type NOT_FOUND, beside the data of the others; 100 ids at most; and a
duplicate is told as NOT_PLANNED to who does not ask with `enableDuplicate`.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from standins.github import shapes
from standins.github.accounts import Account
from standins.github.limits import Limits
from standins.github.model import Commit, Event, Issue, Repo
from standins.github.rest import NOT_ACCESSIBLE, GithubRest
from standins.http import Answer, Request

MOST = 100
"""How many ids, or how long a page, can be asked for."""

SDL = """
scalar DateTime
scalar URI
scalar BigInt

interface Node { id: ID! }

enum IssueState { CLOSED OPEN }
enum IssueStateReason { COMPLETED DUPLICATE NOT_PLANNED REOPENED }
enum LockReason { OFF_TOPIC RESOLVED SPAM TOO_HEATED }

type Label implements Node { id: ID! name: String! }
type LabelConnection { nodes: [Label] totalCount: Int! }
interface Actor { login: String! }
type Bot implements Actor & Node { id: ID! login: String! }
type User implements Actor & Node { id: ID! login: String! }
union Assignee = Bot | User
type UserConnection { nodes: [User] totalCount: Int! }
type Repository implements Node {
  id: ID! databaseId: Int name: String! nameWithOwner: String! isArchived: Boolean! hasIssuesEnabled: Boolean!
}

type AssignedEvent implements Node { id: ID! createdAt: DateTime! actor: Actor assignee: Assignee }
type ClosedEvent implements Node { id: ID! createdAt: DateTime! actor: Actor closer: Closer }
type ConvertedToDiscussionEvent implements Node { id: ID! createdAt: DateTime! }
type LabeledEvent implements Node { id: ID! createdAt: DateTime! }
type LockedEvent implements Node { id: ID! createdAt: DateTime! }
type ReopenedEvent implements Node { id: ID! createdAt: DateTime! }
type UnassignedEvent implements Node { id: ID! createdAt: DateTime! }
type UnlabeledEvent implements Node { id: ID! createdAt: DateTime! }
type UnlockedEvent implements Node { id: ID! createdAt: DateTime! }

union IssueTimelineItems =
  AssignedEvent | ClosedEvent | ConvertedToDiscussionEvent | LabeledEvent | LockedEvent | ReopenedEvent
  | UnassignedEvent | UnlabeledEvent | UnlockedEvent

enum IssueTimelineItemsItemType {
  ASSIGNED_EVENT CLOSED_EVENT CONVERTED_TO_DISCUSSION_EVENT LABELED_EVENT LOCKED_EVENT REOPENED_EVENT
  UNASSIGNED_EVENT UNLABELED_EVENT UNLOCKED_EVENT
}

type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! }
type IssueTimelineItemsConnection {
  nodes: [IssueTimelineItems] totalCount: Int! filteredCount: Int! pageInfo: PageInfo!
}

type IssueCommentConnection { totalCount: Int! }

type Issue implements Node {
  id: ID!
  databaseId: Int
  fullDatabaseId: BigInt
  number: Int!
  title: String!
  body: String!
  url: URI!
  state: IssueState!
  stateReason(enableDuplicate: Boolean = false): IssueStateReason
  locked: Boolean!
  activeLockReason: LockReason
  createdAt: DateTime!
  updatedAt: DateTime!
  closedAt: DateTime
  labels(first: Int, last: Int): LabelConnection
  assignees(first: Int, last: Int): UserConnection!
  comments(first: Int, last: Int): IssueCommentConnection!
  repository: Repository!
  parent: Issue
  timelineItems(
    first: Int, last: Int, itemTypes: [IssueTimelineItemsItemType!]
  ): IssueTimelineItemsConnection!
  closedByPullRequestsReferences(first: Int, last: Int, includeClosedPrs: Boolean = false): PullRequestConnection
}

type PullRequest implements Node {
  id: ID! number: Int! title: String! url: URI! author: Actor merged: Boolean! mergedBy: Actor
}
type PullRequestConnection { nodes: [PullRequest] totalCount: Int! pageInfo: PageInfo! }
type GitActor { name: String user: User }
type Commit { author: GitActor }
union Closer = Commit | PullRequest

type RateLimit { cost: Int! limit: Int! nodeCount: Int! remaining: Int! resetAt: DateTime! used: Int! }

type Query {
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  rateLimit(dryRun: Boolean = false): RateLimit
  viewer: User!
}
"""

SCHEMA = build_schema(SDL)

Info: TypeAlias = GraphQLResolveInfo[Any]


class _Error(Exception):
    """What is told in `errors`, with GitHub's type for it."""

    def __init__(self, type: str, message: str) -> None:
        super().__init__(message)
        self.type = type


class _Issue:
    """An issue as its fields are resolved."""

    def __init__(self, api: str, issue: Issue, may_read_pulls: bool) -> None:
        self._api, self._issue, self._may_read_pulls = api, issue, may_read_pulls
        shape = shapes.issue(api, issue)
        self.kind = "PullRequest" if issue.pull_request else "Issue"
        self.id, self.databaseId, self.fullDatabaseId = issue.node_id, issue.id, str(issue.id)
        self.number, self.title, self.body, self.url = issue.number, issue.title, issue.body or "", shape["html_url"]
        self.state, self.locked = issue.state.upper(), issue.locked
        self.activeLockReason = (issue.lock_reason or "").upper().replace("-", "_").replace(" ", "_") or None
        self.createdAt, self.updatedAt = shape["created_at"], shape["updated_at"]
        self.closedAt = shape["closed_at"]
        self.repository = _repository(issue.repo)
        self.author, self.merged = _actor(issue.user), issue.merged_at is not None
        self.mergedBy = _actor(issue.merged_by) if issue.merged_by else None

    def stateReason(self, info: Info, enableDuplicate: bool = False) -> str | None:
        reason = self._issue.state_reason
        if reason == "duplicate" and not enableDuplicate:
            reason = "not_planned"
        return reason and reason.upper()

    def labels(self, info: Info, **page: int | None) -> dict[str, Any]:
        names = self._issue.labels
        nodes = [{"id": shapes.label(self._api, self._issue.repo, name)["node_id"], "name": name} for name in names]
        return _page("labels", nodes, **page)

    def assignees(self, info: Info, **page: int | None) -> dict[str, Any]:
        return _page("assignees", [_user(login) for login in self._issue.assignees], **page)

    def comments(self, info: Info, **page: int | None) -> dict[str, Any]:
        return {"totalCount": len(self._issue.comments)}

    def timelineItems(self, info: Info, itemTypes: list[str] | None = None, **page: int | None) -> dict[str, Any]:
        events = [e for e in self._issue.events if itemTypes is None or f"{e.name.upper()}_EVENT" in itemTypes]
        nodes = [self._event(event) for event in events]
        return _page("timelineItems", nodes, **page) | {"filteredCount": len(nodes)}

    def _event(self, event: Event) -> dict[str, Any]:
        told = shapes.event(self._api, self._issue, event)
        found = {"id": told["node_id"], "createdAt": told["created_at"], "actor": _actor(event.actor)}
        assignee = _actor(event.assignee) if event.assignee else None
        about = {"assignee": assignee, "closer": lambda info: self._closer(event)}
        return found | about | {"__typename": f"{_camel(event.name)}Event"}

    def _closer(self, event: Event) -> "_Issue | dict[str, Any] | None":
        match event.closer:
            case Commit(name, login):
                return {"__typename": "Commit", "author": {"name": name, "user": _actor(login) if login else None}}
            case Issue() as pull:
                return self._pull(pull)
        return None

    def closedByPullRequestsReferences(
        self, info: Info, includeClosedPrs: bool = False, **page: int | None
    ) -> dict[str, Any]:
        pulls = [self._pull(p) for p in self._issue.changes if includeClosedPrs or p.state == "open"]
        return _page("closedByPullRequestsReferences", pulls, **page)

    def _pull(self, pull: Issue) -> "_Issue":
        if not self._may_read_pulls:
            raise _Error("FORBIDDEN", NOT_ACCESSIBLE.format("personal access token"))
        return _Issue(self._api, pull, True)

    def parent(self, info: Info) -> "_Issue | None":
        parent = self._issue.parent
        return None if parent is None else _Issue(self._api, parent, self._may_read_pulls)


class _Root:
    """The queries, for one account."""

    def __init__(self, server: GithubRest, limits: Limits, account: Account) -> None:
        self._server, self._limits, self._account = server, limits, account

    def node(self, info: Info, id: str) -> _Issue:
        return self._resolve(id)

    def nodes(self, info: Info, ids: list[str]) -> list[_Issue | _Error]:
        if len(ids) > MOST:
            message = f"You may not provide more than {MOST} node ids; you provided {len(ids)}."
            raise _Error("ARGUMENT_LIMIT", message)
        found: list[_Issue | _Error] = []
        for id in ids:
            try:
                found.append(self._resolve(id))
            except _Error as error:
                found.append(error)
        return found

    def rateLimit(self, info: Info, dryRun: bool = False) -> dict[str, Any]:
        budget = self._limits.budget(self._account.name, "graphql")
        return {
            "cost": 1,
            "limit": budget.limit,
            "nodeCount": MOST,
            "remaining": max(0, budget.remaining - 1),
            "used": budget.used + 1,
            "resetAt": shapes.time(budget.reset),
        }

    def viewer(self, info: Info) -> dict[str, Any]:
        return _user(self._account.login)

    def _resolve(self, id: str) -> _Issue:
        issue = self._server.by_node.get(id)
        if issue is None or not self._server.sees(self._account, issue.repo) or not issue.repo.has_issues:
            raise _Error("NOT_FOUND", f"Could not resolve to a node with the global id of '{id}'")
        if issue.repo.forbidden:
            raise _Error("FORBIDDEN", "Resource protected by organization SAML enforcement.")
        if issue.forbidden or not self._server.may_read(self._account, issue.repo):
            kind = "integration" if self._account.installation else "personal access token"
            raise _Error("FORBIDDEN", NOT_ACCESSIBLE.format(kind))
        return _Issue(self._server.url, issue, self._server.may_read_pulls(self._account, issue.repo))


def answer(server: GithubRest, limits: Limits, account: Account, request: Request) -> Answer:
    """The answer to `POST /graphql`: 200 for whatever can be read as a query, errors told inside."""
    body = request.body
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        message = "A query attribute must be specified and must be a string."
        return Answer(200, {"errors": [{"message": message}]})
    document, errors = _read(body["query"])
    if document is None or errors:
        return Answer(200, {"errors": [_told(error) for error in errors]})
    result = execute_sync(
        SCHEMA,
        document,
        _Root(server, limits, account),
        variable_values=body.get("variables") or {},
        operation_name=body.get("operationName"),
        type_resolver=lambda value, info, kind: value["__typename"] if isinstance(value, dict) else value.kind,
    )
    told: dict[str, Any] = {"data": result.data}
    return Answer(200, told | ({"errors": [_told(error) for error in result.errors]} if result.errors else {}))


@lru_cache(maxsize=64)
def _read(query: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error]
    return document, validate(SCHEMA, document)


def _told(error: GraphQLError) -> dict[str, Any]:
    told: dict[str, Any] = {"message": error.message}
    if isinstance(error.original_error, _Error):
        told["type"] = error.original_error.type
    if error.path:
        told["path"] = error.path
    if error.locations:
        told["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return told


def _page(name: str, nodes: Sequence[Any], first: int | None = None, last: int | None = None) -> dict[str, Any]:
    length = first if first is not None else last
    if length is None:
        message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise _Error("MISSING_PAGINATION_BOUNDARIES", message)
    if length > MOST:
        message = f"Requesting {length} records on the `{name}` connection exceeds the `first` limit of {MOST} records."
        raise _Error("EXCESSIVE_PAGINATION", message)
    shown = nodes[:length] if first is not None else nodes[-length:]
    info = {
        "hasNextPage": first is not None and len(nodes) > first,
        "hasPreviousPage": first is None and len(nodes) > length,
    }
    return {"nodes": shown, "totalCount": len(nodes), "pageInfo": info}


def _camel(event: str) -> str:
    return "".join(word.title() for word in event.split("_"))


def _user(login: str) -> dict[str, Any]:
    return {"id": shapes.user("", login)["node_id"], "login": login}


def _actor(login: str) -> dict[str, Any]:
    """An account that acts: GraphQL names the account of an App without the `[bot]` that REST adds."""
    kind = "Bot" if login.endswith("[bot]") else "User"
    return _user(login) | {"login": login.removesuffix("[bot]"), "__typename": kind}


def _repository(repo: Repo) -> dict[str, Any]:
    return {
        "id": f"R_kg{repo.id}",
        "databaseId": repo.id,
        "name": repo.name.split("/")[1],
        "nameWithOwner": repo.name,
        "isArchived": repo.archived,
        "hasIssuesEnabled": repo.has_issues,
    }
