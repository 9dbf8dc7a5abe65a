"""Who had a hand in an issue on GitHub: nobody is left out in silence."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from domain.model.taxonomy import IssueStatus
from integrations.trackers.github.tracker import GithubTracker
from standins.github.model import Commit
from standins.github.server import TOKEN, GithubServer, Issue, running

FEW, MANY = 1, 5


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with running() as server:
        yield server


@pytest.fixture
def issue(server: GithubServer) -> Issue:
    return server.open_issue(server.repos[0], "Alert on drift", None, [])


@pytest.fixture(params=[FEW, MANY])
def number(request: pytest.FixtureRequest) -> int:
    """Whether it is read by itself, or with others: REST and GraphQL tell it then, or GraphQL alone."""
    found: int = request.param
    return found


def doers(server: GithubServer, issue: Issue, number: int = FEW) -> tuple[str, ...] | None:
    """Who is told to have had a hand in it."""
    others = [server.open_issue(issue.repo, "Another", None, []) for _ in range(number - 1)]
    github = GithubTracker(TOKEN, server.url, timeout=5)
    refs = [github.find(f"acme/scoring#{each.number}") for each in (issue, *others)]
    return github.read(refs)[0].doers


def linked(server: GithubServer, issue: Issue, author: str) -> Issue:
    """A pull request that is to close an issue."""
    issue.changes.append(server.open_issue(issue.repo, "Watch the drift", None, [], pull=True, by=author))
    return issue.changes[-1]


def test_a_change_that_was_merged_counts_though_somebody_closed_the_issue_by_hand(
    server: GithubServer, issue: Issue, number: int
) -> None:
    server.close(issue, by="hubot")
    server.merge(linked(server, issue, "ada"), "grace")
    assert doers(server, issue, number) == ("hubot", "ada", "grace")


def test_a_change_that_was_not_merged_is_nobody_s_hand(server: GithubServer, issue: Issue) -> None:
    linked(server, issue, "ada")
    server.close(linked(server, issue, "grace"))
    assert doers(server, issue) == ()


def test_who_wrote_the_commit_that_closed_it_is_told_by_account_or_else_by_name(
    server: GithubServer, issue: Issue, number: int
) -> None:
    server.push(issue, Commit("Ada", "ada"), "grace")
    server.reopen(issue)
    server.push(issue, Commit("Somebody without an account", None), "grace")
    assert doers(server, issue, number) == ("grace", "ada", "Somebody without an account")


def test_the_account_of_an_app_is_named_as_in_comments(server: GithubServer, issue: Issue) -> None:
    server.assign(issue, "writer[bot]")
    server.unassign(issue, "writer[bot]")
    server.merge(linked(server, issue, "writer[bot]"), "merger[bot]")
    assert doers(server, issue) == ("writer[bot]", "merger[bot]")


def test_who_was_assigned_from_the_beginning_is_told_after_it_was_taken_from_them(
    server: GithubServer, number: int
) -> None:
    issue = server.open_issue(server.repos[0], "Alert on drift", None, [], assignees=["ada"])
    server.unassign(issue, "ada")
    assert doers(server, issue, number) == ("ada",)


def test_who_left_is_told_as_the_ghost_that_they_are(server: GithubServer, issue: Issue) -> None:
    server.close(issue)
    told = history(
        issue,
        {"__typename": "AssignedEvent", "assignee": None},
        {"__typename": "ClosedEvent", "actor": None, "closer": {"__typename": "Commit", "author": None}},
        {"__typename": "ClosedEvent", "actor": None, "closer": {"__typename": "ProjectV2"}},
        changes=[{"merged": True, "author": None, "mergedBy": None}],
    )
    server.answers(200, body=told, path="graphql")
    assert doers(server, issue) == ("ghost",)


# --- what is not all to be seen is not told ---------------------------------------------------------------------------


@pytest.mark.parametrize("open_change", [True, False])
def test_where_changes_may_not_be_read_nobody_is_told_and_the_log_says_what_to_give(
    server: GithubServer, issue: Issue, number: int, open_change: bool, caplog: pytest.LogCaptureFixture
) -> None:
    change = linked(server, issue, "ada")
    server.merge(change)
    if not open_change:
        issue.changes.clear()  # it is known as what closed the issue, and no more
    server.repos[0].may_read_pulls = False
    with caplog.at_level(logging.WARNING):
        assert doers(server, issue, number) is None
    assert "Pull requests: read" in caplog.text


def test_more_than_a_page_of_history_is_not_told_in_part(server: GithubServer, issue: Issue, number: int) -> None:
    for _ in range(50):
        server.assign(issue, "ada", "grace")
        server.unassign(issue, "ada", "grace")
    assert doers(server, issue, number) == ("ada", "grace")
    server.assign(issue, "hubot")
    assert doers(server, issue, number) is None


def test_more_changes_than_a_page_holds_are_not_told_in_part(server: GithubServer, issue: Issue, number: int) -> None:
    for n in range(11):
        server.merge(linked(server, issue, f"ada-{n}"))
    assert doers(server, issue, number) is None


def test_an_issue_that_was_closed_by_nobody_that_can_be_seen_is_not_told(
    server: GithubServer, issue: Issue, number: int
) -> None:
    server.close(issue)
    issue.events.clear()
    assert doers(server, issue, number) is None


def test_a_history_that_is_behind_what_rest_tells_is_not_told(server: GithubServer, issue: Issue) -> None:
    server.answers(200, body=history(issue), path="graphql")
    server.close(issue)
    assert doers(server, issue) is None
    assert doers(server, issue) == ("octocat",)


@pytest.mark.parametrize("status", [200, 404])
def test_a_server_that_tells_no_history_tells_of_nobody(server: GithubServer, issue: Issue, status: int) -> None:
    error = {"message": "Field 'closedByPullRequestsReferences' doesn't exist on type 'Issue'"}
    server.answers(status, body={"errors": [error]}, path="graphql")
    assert doers(server, issue) is None


def test_the_list_of_what_changed_does_not_tell(server: GithubServer, issue: Issue) -> None:
    github = GithubTracker(TOKEN, server.url, timeout=5)
    cursor = github.changes("acme/scoring", None, {issue.node_id}).cursor
    server.close(issue)
    (found,) = github.changes("acme/scoring", cursor, {issue.node_id}).snapshots
    assert (found.status, found.doers) == (IssueStatus.DONE, None)
    assert server.count("POST") == 0


def history(issue: Issue, *events: dict[str, Any], changes: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """What GraphQL tells of it."""
    page = {"hasNextPage": False}
    node: dict[str, Any] = {
        "id": issue.node_id,
        "closedAt": f"{issue.closed_at:%Y-%m-%dT%H:%M:%SZ}" if issue.closed_at else None,
        "conversions": {"nodes": []},
        "assignees": {"nodes": []},
        "hands": {"pageInfo": page, "nodes": events},
        "changes": {"pageInfo": page, "nodes": changes},
    }
    return {"data": {"nodes": [node]}}
