"""The GitHub-like stand-in over real HTTP; after each test, all that it said is held against what GitHub publishes."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType

from standins.github import graphql as github_graphql
from standins.github.model import Commit
from standins.github.server import TOKEN, Issue, Repo
from standins.http import Answer, Trouble, serving
from tests.standins.github_contract import WatchedGithub, hold, hold_graphql, published

ISSUES = "/repos/acme/scoring/issues"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[WatchedGithub]:
    server = WatchedGithub()
    server.clock = lambda: clock.now
    server.add_repo("acme/scoring")
    with serving(server):
        yield server
    hold(server)


@pytest.fixture
def client(server: WatchedGithub) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"token {TOKEN}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=5, trust_env=False) as client:
        yield client


@pytest.fixture
def repo(server: WatchedGithub) -> Repo:
    return server.repos[0]


@pytest.fixture
def issue(server: WatchedGithub, repo: Repo) -> Issue:
    return server.open_issue(repo, "Alert on drift", "Why.", ["holdfast"])


def said(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["message"]


def test_what_is_not_as_published_is_noticed(server: WatchedGithub, client: httpx.Client, issue: Issue) -> None:
    client.get(f"{ISSUES}/1")
    request, answer = server.answered.pop()
    good = json.loads(answer.body)
    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda body: body.pop("node_id"),
        lambda body: body.update(state_reason="wontfix"),
        lambda body: body["user"].update(login=None),
        lambda body: body.update(invented=1),
    ]
    for change in changes:
        change(bad := json.loads(answer.body))
        server.answered = [(request, Answer(200, bad))]
        with pytest.raises((AssertionError, ValueError)):
            hold(server)
    server.answered = [(request, Answer(200, good))]


@pytest.mark.parametrize("data", [{"state": "open"}, {"state": None}, {"state": "OPEN", "cats": 1}])
def test_data_that_is_not_of_the_published_types_is_noticed(data: dict[str, Any]) -> None:
    query = "{ nodes(ids: []) { ... on Issue { state } } }"
    with pytest.raises(AssertionError):
        hold_graphql({"query": query}, {"data": {"nodes": [{"__typename": "Issue"} | data]}})


# --- issues -----------------------------------------------------------------------------------------------------------


def test_an_issue_is_opened_read_changed_closed_and_reopened(client: httpx.Client) -> None:
    sent = {"title": "Alert", "body": "Why.", "labels": ["a", {"name": "b"}], "assignees": ["ada"]}
    opened = client.post(ISSUES, json=sent)
    assert (opened.status_code, opened.json()["number"]) == (201, 1)
    path = opened.headers["location"]
    assert [label["name"] for label in client.get(path).json()["labels"]] == ["a", "b"]
    change = {
        "title": "Alarm",
        "labels": ["b", "c"],
        "assignees": ["bob"],
        "state": "closed",
        "state_reason": "duplicate",
    }
    changed = client.patch(path, json=change).json()
    assert (changed["title"], changed["body"], changed["state_reason"]) == ("Alarm", "Why.", "duplicate")
    assert [label["name"] for label in changed["labels"]] == ["b", "c"]
    assert [person["login"] for person in changed["assignees"]] == ["bob"]
    assert changed["closed_by"]["login"] == "holdfast-bot"
    kept = client.patch(path, json={"state": "closed", "state_reason": "not_planned"}).json()
    assert kept["state_reason"] == "duplicate"
    reopened = client.patch(path, json={"state": "open", "body": None}).json()
    assert (reopened["state_reason"], reopened["closed_at"], reopened["body"]) == ("reopened", None, "")
    assert client.patch(path, json={"state": "closed"}).json()["state_reason"] == "completed"
    events = [event["event"] for event in client.get(f"{path}/events").json()]
    assert [e for e in events if e in ("closed", "reopened")] == ["closed", "reopened", "closed"]


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("POST", {"title": ""}),
        ("POST", {"title": "t" * 257}),
        ("POST", {"title": "t", "body": "b" * 65537}),
        ("POST", {"title": "t", "assignees": ["stranger"]}),
        ("PATCH", {"state": "done"}),
        ("PATCH", {"state": "closed", "state_reason": "wontfix"}),
    ],
)
def test_what_is_not_valid_is_refused(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue, method: str, body: dict[str, Any]
) -> None:
    repo.assignable = {"ada"}
    path = ISSUES if method == "POST" else f"{ISSUES}/1"
    assert said(client.request(method, path, json=body)) == (422, "Validation Failed")
    assert (len(server.issues), issue.state) == (1, "open")


def test_what_cannot_be_read_is_refused(client: httpx.Client) -> None:
    assert said(client.post(ISSUES, content=b"{")) == (400, "Problems parsing JSON")
    assert client.get(ISSUES, params={"since": "yesterday"}).status_code == 422
    assert client.put(ISSUES).status_code == 404
    assert client.get("/users/ada").status_code == 404
    assert client.get("/repos/acme/nothing").status_code == 404


def test_lists_are_chosen_ordered_and_paged(
    server: WatchedGithub, client: httpx.Client, repo: Repo, clock: Clock
) -> None:
    for n in range(5):
        clock.pass_(minutes=1)
        server.open_issue(repo, f"Issue {n + 1}", None, ["odd"] if n % 2 == 0 else [], by="ada" if n else "bob")
    pull = server.open_issue(repo, "Change", None, [], pull=True)
    clock.pass_(minutes=1)
    server.close(server.issue("acme/scoring#1"))

    def numbers(**query: str) -> list[int]:
        return [found["number"] for found in client.get(ISSUES, params=query).json()]

    assert numbers() == [6, 5, 4, 3, 2]
    assert numbers(state="all", direction="asc") == [1, 2, 3, 4, 5, 6]
    assert numbers(state="closed") == [1]
    assert numbers(state="all", labels="ODD") == [5, 3, 1]
    assert numbers(state="all", sort="updated")[0] == 1
    assert numbers(state="all", since=clock.now.isoformat()) == [1]
    assert numbers(creator="bob", state="all") == [1]
    assert client.get(f"{ISSUES}/6").json()["pull_request"]["url"].endswith("/pulls/6")
    assert pull.node_id.startswith("PR_")
    seen, url = [], f"{server.url}{ISSUES}?state=all&per_page=2"
    while url:
        page = client.get(url)
        seen += [found["number"] for found in page.json()]
        links = page.links
        url = links.get("next", {}).get("url", "")
    assert seen == [6, 5, 4, 3, 2, 1]
    assert set(links) == {"prev", "first"}


def test_what_is_unchanged_is_a_304_and_free(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue, clock: Clock
) -> None:
    for path in ("/repos/acme/scoring", ISSUES, f"{ISSUES}/1", f"{ISSUES}/1/comments"):
        first = client.get(path)
        tag, left = first.headers["etag"], first.headers["x-ratelimit-remaining"]
        again = client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["x-ratelimit-remaining"] == left
    listed = client.get(ISSUES, params={"state": "all"}).headers["etag"]
    clock.pass_(seconds=1)
    server.close(issue)
    changed = client.get(ISSUES, params={"state": "all"}, headers={"If-None-Match": listed})
    assert (changed.status_code, changed.json()[0]["state"]) == (200, "closed")


def test_what_a_test_sets_directly_is_listed_as_changed(client: httpx.Client, issue: Issue) -> None:
    issue.title = issue.title
    assert issue.updated_at == issue.created_at
    now = datetime.now(UTC).replace(microsecond=0)
    issue.state, issue.state_reason = "closed", "completed"
    assert len(client.get(ISSUES, params={"state": "all", "since": now.isoformat()}).json()) == 1


def test_comments_have_authors_and_times(
    server: WatchedGithub, client: httpx.Client, issue: Issue, clock: Clock
) -> None:
    server.comment(issue, "ada", "/holdfast why")
    clock.pass_(minutes=5)
    ours = client.post(f"{ISSUES}/1/comments", json={"body": "Because."}).json()
    listed = client.get(f"{ISSUES}/1/comments").json()
    assert [(c["user"]["login"], c["body"]) for c in listed] == [("ada", "/holdfast why"), ("holdfast-bot", "Because.")]
    since = clock.now.isoformat()
    assert [c["id"] for c in client.get(f"{ISSUES}/1/comments", params={"since": since}).json()] == [ours["id"]]
    assert [c["id"] for c in client.get(f"{ISSUES}/comments", params={"since": since}).json()] == [ours["id"]]
    path = f"{ISSUES}/comments/{ours['id']}"
    assert client.patch(path, json={"body": "Why not."}).json()["body"] == "Why not."
    assert client.get(path).json()["body"] == "Why not."
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert issue.comments == ["/holdfast why"]
    assert client.post(f"{ISSUES}/1/comments", json={"body": ""}).status_code == 422


def test_labels_are_added_listed_and_removed(client: httpx.Client, issue: Issue) -> None:
    added = client.post(f"{ISSUES}/1/labels", json={"labels": ["late", "holdfast"]}).json()
    assert [label["name"] for label in added] == ["holdfast", "late"]
    assert client.post(f"{ISSUES}/1/labels", json=["a b"]).status_code == 200
    assert client.delete(f"{ISSUES}/1/labels/a%20b").status_code == 200
    assert said(client.delete(f"{ISSUES}/1/labels/none")) == (404, "Label does not exist")
    assert len(client.get(f"{ISSUES}/1/labels").json()) == 2


def test_sub_issues_have_one_parent_and_are_added_once(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue
) -> None:
    child, other = (server.open_issue(repo, title, None, []) for title in ("Child", "Other"))
    added = client.post(f"{ISSUES}/1/sub_issues", json={"sub_issue_id": child.id})
    assert (added.status_code, added.json()["sub_issues_summary"]["total"]) == (201, 1)
    for number in (1, 3, 2):  # twice, below another one, below itself
        refused = client.post(f"{ISSUES}/{number}/sub_issues", json={"sub_issue_id": child.id})
        assert refused.status_code == 422
        assert "duplicate sub-issues" in refused.json()["message"]
    assert client.post(f"{ISSUES}/1/sub_issues", json={"sub_issue_id": child.number}).status_code == 404
    assert [found["id"] for found in client.get(f"{ISSUES}/1/sub_issues").json()] == [child.id]
    assert client.get(f"{ISSUES}/2/parent").json()["id"] == issue.id
    moving = {"sub_issue_id": child.id, "replace_parent": True}
    assert client.post(f"{ISSUES}/3/sub_issues", json=moving).status_code == 201
    assert child.parent is other
    server.close(child)
    assert client.get(f"{ISSUES}/3").json()["sub_issues_summary"]["percent_completed"] == 100
    moved = server.transfer(child, server.add_repo("acme/serving"))
    assert [found["id"] for found in client.get(f"{ISSUES}/3/sub_issues").json()] == [moved.id]
    gone = {"sub_issue_id": moved.id}
    assert client.request("DELETE", f"{ISSUES}/3/sub_issue", json=gone).status_code == 200
    assert client.request("DELETE", f"{ISSUES}/3/sub_issue", json=gone).status_code == 404
    assert client.get("/repos/acme/serving/issues/1/parent").status_code == 404
    server.add_sub_issue(moved, issue)
    assert server.transfer(moved, server.repo("acme/scoring")).sub_issues == [issue]
    assert issue.parent is not None
    server.delete(issue.parent)
    assert issue.parent is None


# --- what people do ---------------------------------------------------------------------------------------------------


def test_a_transferred_issue_has_new_ids_and_its_old_address_leads_there(
    server: WatchedGithub, client: httpx.Client, issue: Issue
) -> None:
    server.comment(issue, "ada", "Look.")
    server.close(issue, "not_planned")
    moved = server.transfer(issue, server.add_repo("acme/serving"))
    assert moved.id != issue.id
    assert moved.node_id != issue.node_id
    away = client.get(f"{ISSUES}/1")
    assert (away.status_code, away.headers["location"]) == (
        301,
        f"{server.url}/repositories/{moved.repo.id}/issues/1",
    )
    assert client.patch(f"{ISSUES}/1", json={"title": "New"}).status_code == 307
    assert moved.title == "Alert on drift"
    for below in ("comments", "events", "labels", "sub_issues"):
        assert client.get(f"{ISSUES}/1/{below}").status_code == 404
    there = client.get(away.headers["location"]).json()
    assert (there["id"], there["state_reason"], there["comments"]) == (moved.id, "not_planned", 1)
    back = server.transfer(moved, server.repos[0])
    assert back.number == 2
    assert client.get(f"{ISSUES}/1", follow_redirects=True).json()["id"] == back.id
    assert client.get(ISSUES, params={"state": "all"}).json()[0]["number"] == 2


def test_a_deleted_issue_is_gone_and_its_number_is_not_used_again(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue
) -> None:
    server.delete(issue)
    assert said(client.get(f"{ISSUES}/1")) == (410, "This issue was deleted")
    assert server.open_issue(repo, "Next", None, []).number == 2
    server.hide(repo)
    assert client.get(f"{ISSUES}/1").status_code == 404
    server.give_back(repo)
    assert client.get(f"{ISSUES}/1").status_code == 410


def test_a_converted_issue_stays_closed_and_locked_and_only_its_events_tell(
    server: WatchedGithub, client: httpx.Client, issue: Issue
) -> None:
    server.convert(issue)
    found = client.get(f"{ISSUES}/1").json()
    assert (found["state"], found["state_reason"], found["locked"]) == ("closed", None, True)
    assert client.get(f"{ISSUES}/1/events").json()[-1]["event"] == "converted_to_discussion"


def test_a_locked_issue_takes_comments_of_those_who_may_push(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue
) -> None:
    assert client.put(f"{ISSUES}/1/lock", json={"lock_reason": "resolved"}).status_code == 204
    assert client.get(f"{ISSUES}/1").json()["active_lock_reason"] == "resolved"
    assert client.put(f"{ISSUES}/1/lock", json={"lock_reason": "boring"}).status_code == 422
    assert client.post(f"{ISSUES}/1/comments", json={"body": "Still."}).status_code == 201
    server.drop_labels(repo)
    refused = client.post(f"{ISSUES}/1/comments", json={"body": "Still."})
    assert said(refused) == (403, "Unable to create comment because issue is locked.")
    repo.push = True
    assert client.delete(f"{ISSUES}/1/lock").status_code == 204
    assert not issue.locked


def test_a_renamed_repository_is_found_by_its_old_name(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue
) -> None:
    server.rename(repo, "acme/ranking")
    assert client.get("/repos/acme/scoring", follow_redirects=True).json()["full_name"] == "acme/ranking"
    away = client.get(ISSUES, params={"state": "all"})
    assert away.headers["location"] == f"{server.url}/repositories/{repo.id}/issues?state=all"
    assert client.post(ISSUES, json={"title": "By the old name"}).status_code == 307


def test_a_repository_can_be_archived_and_its_issues_switched_off(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue
) -> None:
    server.archive(repo)
    assert said(client.post(ISSUES, json={"title": "t"})) == (403, "Repository was archived so is read-only.")
    assert client.get(f"{ISSUES}/1").status_code == 200
    server.switch_issues(repo, on=False)
    assert said(client.get(ISSUES)) == (410, "Issues has been disabled in this repository.")
    assert client.get("/repos/acme/scoring").json()["has_issues"] is False


def test_rights_are_taken_away_midway_and_given_back(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue
) -> None:
    refusal = (403, "Resource not accessible by personal access token")
    server.take_away(repo, writing=True)
    assert client.get(f"{ISSUES}/1").status_code == 200
    assert said(client.post(f"{ISSUES}/1/comments", json={"body": "b"})) == refusal
    server.take_away(repo, reading=True)
    assert said(client.get(f"{ISSUES}/1")) == refusal
    server.give_back(repo)
    issue.forbidden = True
    assert client.get(f"{ISSUES}/1").status_code == 403
    repo.forbidden = True
    assert "SAML" in said(client.get("/repos/acme/scoring"))[1]


def test_without_pushing_labels_are_dropped_and_issues_not_edited(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue
) -> None:
    server.drop_labels(repo)
    opened = client.post(ISSUES, json={"title": "t", "labels": ["lost"], "assignees": ["ada"]})
    assert (opened.status_code, opened.json()["labels"], opened.json()["assignees"]) == (201, [], [])
    assert said(client.patch(f"{ISSUES}/1", json={"title": "t"})) == (403, "Must have admin rights to Repository.")
    assert client.get("/repos/acme/scoring").json()["permissions"]["push"] is False


def test_all_that_people_do_is_told_as_webhooks(server: WatchedGithub, repo: Repo, issue: Issue) -> None:
    server.edit(issue, title="Alarm", body="How.")
    server.edit(issue, title="Alarm")  # is so already
    server.label(issue, "late", "late")
    server.unlabel(issue, "late", "none")
    server.assign(issue, "ada", "ada")
    server.unassign(issue, "ada", "bob")
    remark = server.comment(issue, "ada", "Look.")
    server.edit_comment(issue, remark, "Look here.")
    server.delete_comment(issue, remark)
    server.close(issue, "completed", "ada")
    server.close(issue, "not_planned")
    server.reopen(issue)
    server.reopen(issue)
    server.lock_issue(issue, "spam")
    server.unlock_issue(issue)
    server.delete(server.transfer(issue, server.add_repo("acme/serving")))
    expected = "opened edited labeled unlabeled assigned unassigned created edited deleted closed reopened locked"
    assert [payload["action"] for _, payload in server.told] == [
        *expected.split(),
        *("unlocked", "transferred", "opened", "deleted"),
    ]
    edited, moved = server.told[1][1], server.told[-3][1]
    assert edited["changes"] == {"title": {"from": "Alert on drift"}, "body": {"from": "Why."}}
    assert moved["changes"]["new_issue"]["number"] == 1
    assert moved["changes"]["new_repository"]["full_name"] == "acme/serving"
    assert [payload["sender"]["login"] for _, payload in server.told if payload["action"] == "closed"] == ["ada"]


# --- search -----------------------------------------------------------------------------------------------------------


def test_search_lags_and_leaves_out_what_may_not_be_seen(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue, clock: Clock
) -> None:
    server.lag = timedelta(minutes=2)

    def found(query: str) -> list[str]:
        return [item["title"] for item in client.get("/search/issues", params={"q": query}).json()["items"]]

    assert found("repo:acme/scoring drift") == []
    clock.pass_(minutes=3)
    server.open_issue(repo, "Too new for drift", None, [])
    assert found("repo:acme/scoring is:issue state:open label:holdfast drift") == ["Alert on drift"]
    assert found('"on drift" in:title type:issue author:octocat') == ["Alert on drift"]
    assert found("is:pr") == found("is:closed") == found("assignee:ada") == found("nothing") == []
    server.hide(repo)
    assert found("drift") == []
    assert client.get("/search/issues", params={"q": "repo:acme/scoring x"}).status_code == 422


# --- GraphQL ----------------------------------------------------------------------------------------------------------

NODES = """
query Sweep($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    id
    ... on Issue {
      databaseId fullDatabaseId number title body url state stateReason(enableDuplicate: true) short: stateReason
      locked activeLockReason createdAt updatedAt closedAt
      labels(first: 10) { nodes { id name } totalCount }
      assignees(last: 1) { nodes { login } }
      repository { nameWithOwner isArchived hasIssuesEnabled }
      parent { number }
      timelineItems(first: 5, itemTypes: [CLOSED_EVENT]) { filteredCount nodes { __typename ... on Node { id } } }
    }
    ... on PullRequest { title }
  }
  rateLimit { cost limit remaining resetAt used nodeCount }
  viewer { login }
}
"""


def ask(client: httpx.Client, query: str, **variables: Any) -> dict[str, Any]:
    response = client.post("/graphql", json={"query": query, "variables": variables})
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


def test_nodes_are_read_by_id_and_the_missing_ones_are_named(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue
) -> None:
    second = server.open_issue(repo, "Second", None, [], assignees=["ada", "bob"])
    pull = server.open_issue(repo, "Change", None, [], pull=True)
    server.add_sub_issue(issue, second)
    server.close(second, "duplicate")
    server.lock_issue(second, "too heated")
    found = ask(client, NODES, ids=[issue.node_id, "I_gone", second.node_id, pull.node_id])
    first, missing, closed, change = found["data"]["nodes"]
    assert (first["databaseId"], first["state"], first["stateReason"]) == (issue.id, "OPEN", None)
    assert first["labels"] == {
        "nodes": [{"id": first["labels"]["nodes"][0]["id"], "name": "holdfast"}],
        "totalCount": 1,
    }
    assert first["repository"] == {"nameWithOwner": "acme/scoring", "isArchived": False, "hasIssuesEnabled": True}
    assert missing is None
    assert (closed["stateReason"], closed["short"]) == ("DUPLICATE", "NOT_PLANNED")
    assert (closed["assignees"]["nodes"], closed["parent"]) == ([{"login": "bob"}], {"number": 1})
    assert (closed["activeLockReason"], closed["timelineItems"]["filteredCount"]) == ("TOO_HEATED", 1)
    assert change["__typename"] == "PullRequest"
    (error,) = found["errors"]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["nodes", 1])
    assert found["data"]["rateLimit"]["remaining"] == 4999


def test_what_a_token_may_not_see_is_missing_or_forbidden(
    server: WatchedGithub, client: httpx.Client, repo: Repo, issue: Issue
) -> None:
    def error() -> str:
        found = ask(client, "query($id: ID!) { node(id: $id) { id } }", id=issue.node_id)
        return str(found["errors"][0]["type"]) if found.get("errors") else ""

    assert error() == ""
    issue.forbidden = True
    assert error() == "FORBIDDEN"
    issue.forbidden, repo.forbidden = False, True
    assert error() == "FORBIDDEN"
    server.give_back(repo)
    server.take_away(repo, reading=True)
    assert error() == "FORBIDDEN"
    server.hide(repo)
    assert error() == "NOT_FOUND"
    server.give_back(repo)
    server.transfer(issue, server.add_repo("acme/serving"))
    assert error() == "NOT_FOUND"


def test_a_history_tells_who_was_assigned_and_which_change_closed_an_issue(
    server: WatchedGithub, client: httpx.Client, repo: Repo
) -> None:
    issue = server.open_issue(repo, "Alert", None, [], assignees=["ada"])
    server.unassign(issue, "ada")
    server.push(issue, Commit("Grace", None), "grace")
    server.reopen(issue)
    linked = [server.open_issue(repo, "Watch it", None, [], pull=True, by="writer[bot]") for _ in range(2)]
    issue.changes += linked
    server.merge(linked[0], "grace")
    query = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Issue {
      timelineItems(first: 3, itemTypes: [ASSIGNED_EVENT, CLOSED_EVENT]) {
        pageInfo { hasNextPage hasPreviousPage }
        nodes {
          __typename
          ... on AssignedEvent { assignee { __typename ... on Actor { login } } }
          ... on ClosedEvent {
            actor { __typename login }
            closer {
              __typename
              ... on PullRequest { merged author { __typename login } mergedBy { __typename login } }
              ... on Commit { author { name user { login } } }
            }
          }
        }
      }
      all: closedByPullRequestsReferences(first: 1, includeClosedPrs: true) { totalCount pageInfo { hasNextPage } }
      open: closedByPullRequestsReferences(first: 1) { nodes { number merged } }
    } } }"""

    def asked() -> Any:
        return client.post("/graphql", json={"query": query, "variables": {"ids": [issue.node_id]}}).json()

    (node,) = asked()["data"]["nodes"]
    assigned, pushed, merged = node["timelineItems"]["nodes"]
    assert assigned["assignee"] == {"__typename": "User", "login": "ada"}
    assert (pushed["actor"]["login"], pushed["closer"]["author"]) == ("grace", {"name": "Grace", "user": None})
    assert merged["closer"]["author"] == {"__typename": "Bot", "login": "writer"}
    assert (merged["closer"]["merged"], merged["closer"]["mergedBy"]["login"]) == (True, "grace")
    assert node["timelineItems"]["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False}
    assert node["all"] == {"totalCount": 2, "pageInfo": {"hasNextPage": True}}
    assert node["open"]["nodes"] == [{"number": linked[1].number, "merged": False}]
    assert client.get(f"{ISSUES}/{linked[0].number}").json()["pull_request"]["merged_at"]
    repo.may_read_pulls = False
    told = asked()
    assert told["data"]["nodes"][0]["timelineItems"]["nodes"][2]["closer"] is None
    assert {(error["type"], *error["path"][:2]) for error in told["errors"]} == {("FORBIDDEN", "nodes", 0)}


def test_more_than_a_hundred_ids_are_refused(client: httpx.Client, issue: Issue) -> None:
    found = ask(client, NODES, ids=[issue.node_id] * 101)
    assert found["data"] is None
    assert found["errors"][0]["type"] == "ARGUMENT_LIMIT"
    assert len(ask(client, NODES, ids=[issue.node_id] * 100)["data"]["nodes"]) == 100


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ nodes(ids: [] }", "Syntax Error"),
        ("{ cats { name } }", "Cannot query field 'cats'"),
        ("query($id: ID!) { node(id: $id) { id } }", "non-null type"),
        ('{ node(id: "ID") { ... on Issue { labels { totalCount } } } }', "`first` or `last`"),
        ('{ node(id: "ID") { ... on Issue { labels(first: 101) { totalCount } } } }', "exceeds"),
    ],
)
def test_a_query_that_does_not_do_is_answered_with_errors(
    client: httpx.Client, issue: Issue, query: str, message: str
) -> None:
    assert message in ask(client, query.replace('"ID"', f'"{issue.node_id}"'))["errors"][0]["message"]


def test_something_else_than_a_query_is_answered_with_an_error(client: httpx.Client) -> None:
    assert "query attribute" in client.post("/graphql", json=["x"]).json()["errors"][0]["message"]


def test_the_schema_that_is_acted_is_a_part_of_the_published_one() -> None:
    real = published().type_map
    for name, ours in github_graphql.SCHEMA.type_map.items():
        if name.startswith("__"):
            continue
        theirs = real[name]
        assert type(theirs) is type(ours)
        if isinstance(ours, GraphQLUnionType):
            assert isinstance(theirs, GraphQLUnionType)
            assert {t.name for t in ours.types} <= {t.name for t in theirs.types}
        if isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
            assert isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType)
            assert {i.name for i in ours.interfaces} <= {i.name for i in theirs.interfaces}
            for field, kind in ours.fields.items():
                assert str(theirs.fields[field].type) == str(kind.type), (name, field)
                for argument, value in kind.args.items():
                    real_one = theirs.fields[field].args[argument]
                    assert (str(real_one.type), real_one.default_value) == (str(value.type), value.default_value)
        assert set(getattr(ours, "values", {})) <= set(getattr(theirs, "values", {}))


# --- accounts ---------------------------------------------------------------------------------------------------------


class App:
    """A GitHub App, as its owner runs it."""

    def __init__(self, server: WatchedGithub, clock: Clock) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._clock = clock
        self.installation = server.accounts.install(public.decode())

    def jwt(self, key: rsa.RSAPrivateKey | None = None, **claims: Any) -> dict[str, str]:
        """Headers with a JWT that is good for nine minutes."""
        now = int(self._clock.now.timestamp())
        claims = {"iat": now - 60, "exp": now + 540, "iss": "4711"} | claims
        return {"Authorization": f"Bearer {jwt.encode(claims, key or self._key, algorithm='RS256')}"}

    def token(self, client: httpx.Client) -> dict[str, str]:
        """Headers with a new token of the installation."""
        answer = client.post(f"/app/installations/{self.installation.id}/access_tokens", headers=self.jwt())
        assert answer.status_code == 201
        return {"Authorization": f"token {answer.json()['token']}"}


@pytest.fixture
def app(server: WatchedGithub, clock: Clock) -> App:
    return App(server, clock)


@pytest.mark.parametrize("header", ["", "token unknown", "Bearer ghs_unknown"])
def test_an_unknown_token_is_refused(client: httpx.Client, header: str) -> None:
    for path in (ISSUES, "/search/issues"):
        assert said(client.get(path, headers={"Authorization": header})) == (401, "Bad credentials")
    assert client.post("/graphql", headers={"Authorization": header}).status_code == 401


def test_a_good_token_can_be_refused_and_taken_again(server: WatchedGithub, client: httpx.Client) -> None:
    server.accounts.refuse()
    assert client.get(ISSUES).status_code == 401
    server.accounts.refuse(False)
    assert client.get(ISSUES).status_code == 200


def test_an_app_finds_its_installation_and_works_with_its_tokens(
    server: WatchedGithub, client: httpx.Client, app: App
) -> None:
    found = client.get("/repos/acme/scoring/installation", headers=app.jwt()).json()
    assert (found["id"], found["permissions"]["issues"]) == (app.installation.id, "write")
    token = app.token(client)
    opened = client.post(ISSUES, json={"title": "t"}, headers=token).json()
    assert opened["user"]["login"] == "app-4711[bot]"
    assert opened["user"]["type"] == "Bot"
    role = client.get("/repos/acme/scoring", headers=token).json()["permissions"]
    assert not any(role.values())
    server.rename(server.repos[0], "acme/ranking")
    away = client.get("/repos/acme/scoring/installation", headers=app.jwt())
    assert away.status_code == 301
    assert client.get(away.headers["location"], headers=app.jwt()).json()["id"] == found["id"]


def test_the_tokens_of_an_installation_run_out(
    server: WatchedGithub, client: httpx.Client, app: App, clock: Clock
) -> None:
    token = app.token(client)
    clock.pass_(minutes=59)
    assert client.get(ISSUES, headers=token).status_code == 200
    clock.pass_(minutes=1)
    assert client.get(ISSUES, headers=token).status_code == 401
    token = app.token(client)
    server.accounts.expire()
    assert client.get(ISSUES, headers=token).status_code == 401
    app.installation.lasts = timedelta(seconds=5)
    assert client.get(ISSUES, headers=app.token(client)).status_code == 200


def test_an_installation_sees_what_it_was_given(server: WatchedGithub, client: httpx.Client, app: App) -> None:
    server.add_repo("acme/serving")
    server.add_repo("others/secret")
    app.installation.repos = ["acme/scoring"]
    token = app.token(client)
    assert client.get("/repos/acme/scoring", headers=token).status_code == 200
    assert client.get("/repos/acme/serving", headers=token).status_code == 404
    assert client.get("/repos/others/secret/installation", headers=app.jwt()).status_code == 404
    app.installation.permissions["issues"] = "read"
    assert client.get(ISSUES, headers=token).status_code == 200
    assert said(client.post(ISSUES, json={"title": "t"}, headers=token)) == (
        403,
        "Resource not accessible by integration",
    )
    del app.installation.permissions["issues"]
    assert client.get(ISSUES, headers=token).status_code == 403


def test_a_suspended_installation_is_refused(client: httpx.Client, app: App) -> None:
    token = app.token(client)
    app.installation.suspended = True
    assert said(client.get(ISSUES, headers=token)) == (403, "This installation has been suspended")
    path = f"/app/installations/{app.installation.id}/access_tokens"
    assert client.post(path, headers=app.jwt()).status_code == 403
    assert client.get("/repos/acme/scoring/installation", headers=app.jwt()).json()["suspended_at"] is not None


def test_a_jwt_is_checked(server: WatchedGithub, client: httpx.Client, app: App) -> None:
    path = f"/app/installations/{app.installation.id}/access_tokens"
    now = int(server.clock().timestamp())
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    undecodable = (401, "A JSON web token could not be decoded")
    assert said(client.post(path)) == undecodable
    assert said(client.post(path, headers=app.jwt(stranger))) == undecodable
    assert said(client.post(path, headers=app.jwt(iss="1"))) == (404, "Integration not found")
    assert "future time" in said(client.post(path, headers=app.jwt(exp=now)))[1]
    assert "too far" in said(client.post(path, headers=app.jwt(exp=now + 700)))[1]
    assert "'Issued at'" in said(client.post(path, headers=app.jwt(iat=now + 60)))[1]
    assert client.post("/app/installations/1/access_tokens", headers=app.jwt()).status_code == 404
    server.accounts.refuse()
    assert said(client.post(path, headers=app.jwt())) == undecodable


# --- limits -----------------------------------------------------------------------------------------------------------


def test_each_answer_tells_what_is_left(server: WatchedGithub, client: httpx.Client) -> None:
    client.get(ISSUES)
    told = client.get(f"{ISSUES}/404").headers
    assert (told["x-ratelimit-limit"], told["x-ratelimit-remaining"], told["x-ratelimit-used"]) == ("5000", "4998", "2")
    assert told["x-ratelimit-resource"] == "core"
    assert client.post("/graphql", json={"query": "{ viewer { login } }"}).headers["x-ratelimit-remaining"] == "4999"


def test_the_hourly_budget_runs_out_and_comes_back(server: WatchedGithub, client: httpx.Client, clock: Clock) -> None:
    server.spend(remaining=1, reset_in=timedelta(minutes=20))
    assert client.get(ISSUES).status_code == 200
    spent = client.get(ISSUES)
    assert spent.status_code == 403
    assert spent.json()["message"].startswith("API rate limit exceeded for user ID ")
    assert spent.headers["x-ratelimit-remaining"] == "0"
    assert int(spent.headers["x-ratelimit-reset"]) == int((clock.now + timedelta(minutes=20)).timestamp())
    clock.pass_(minutes=20)
    assert client.get(ISSUES).headers["x-ratelimit-remaining"] == "4999"


def test_graphql_tells_its_limit_with_200(server: WatchedGithub, client: httpx.Client) -> None:
    server.spend(resource="graphql")
    assert ask(client, "{ viewer { login } }")["errors"][0]["type"] == "RATE_LIMITED"
    server.limits.graphql_type = "RATE_LIMIT"
    assert ask(client, "{ viewer { login } }")["errors"][0]["type"] == "RATE_LIMIT"
    assert client.get(ISSUES).status_code == 200


def test_created_content_is_counted_by_the_minute(
    server: WatchedGithub, client: httpx.Client, issue: Issue, clock: Clock
) -> None:
    server.limits.switch_on(points=None, content=3)
    for _ in range(3):
        assert client.post(f"{ISSUES}/1/comments", json={"body": "b"}).status_code == 201
    clock.pass_(seconds=20)
    refused = client.post(f"{ISSUES}/1/comments", json={"body": "b"})
    assert refused.status_code == 403
    assert "content creation" in refused.json()["message"]
    assert 40 <= int(refused.headers["retry-after"]) <= 41
    assert client.get(f"{ISSUES}/1").status_code == 200
    clock.pass_(seconds=40)
    assert client.post(f"{ISSUES}/1/comments", json={"body": "b"}).status_code == 201


def test_points_are_counted_by_the_minute(
    server: WatchedGithub, client: httpx.Client, issue: Issue, clock: Clock
) -> None:
    server.limits.switch_on(points=10)
    server.limits.status, server.limits.tells_wait = 429, False
    assert client.post(f"{ISSUES}/1/comments", json={"body": "b"}).status_code == 201
    assert [client.get(f"{ISSUES}/1").status_code for _ in range(6)] == [200] * 5 + [429]
    refused = client.get(f"{ISSUES}/1")
    assert "retry-after" not in refused.headers
    assert "secondary rate limit" in refused.json()["message"]
    clock.pass_(minutes=1)
    assert client.get(f"{ISSUES}/1").status_code == 200
    server.limits.switch_off()
    assert [client.get(f"{ISSUES}/1").status_code for _ in range(12)] == [200] * 12


def test_an_account_can_be_given_fewer_requests(server: WatchedGithub, client: httpx.Client) -> None:
    server.limits.switch_on(hourly=2)
    assert [client.get(ISSUES).status_code for _ in range(3)] == [200, 200, 403]


@pytest.mark.parametrize(("status", "wait"), [(403, 7), (429, 7), (403, None), (429, None)])
def test_a_secondary_limit_can_be_met_at_once(
    server: WatchedGithub, client: httpx.Client, status: int, wait: int | None
) -> None:
    server.limits_once(status=status, wait=wait)
    refused = client.get(ISSUES)
    assert (refused.status_code, refused.headers.get("retry-after")) == (status, wait and str(wait))
    assert client.get(ISSUES).status_code == 200


def test_limits_in_times_of_trouble_are_told_in_every_way(server: WatchedGithub, client: httpx.Client) -> None:
    server.trouble(Random(1), share=1, kinds=[Trouble.LIMITED])
    refused = [client.get(f"{ISSUES}/{n}") for n in range(40)]
    primary = [r for r in refused if r.headers.get("x-ratelimit-remaining") == "0"]
    assert {r.status_code for r in primary} == {403}
    assert {(r.status_code, r.headers["retry-after"]) for r in refused if r not in primary} == {(403, "1"), (429, "1")}
    told = [client.post("/graphql", json={"query": f"{{ a{n}: viewer {{ login }} }}"}) for n in range(20)]
    assert {r.json()["errors"][0]["type"] for r in told if r.status_code == 200} == {"RATE_LIMITED"}
