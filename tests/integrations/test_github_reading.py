"""Reading many issues on GitHub at once, and what is said of those that are not as they should be."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import RateLimitedError, TrackerError, UnauthorisedError, UnavailableError
from integrations.trackers.github.tracker import GithubTracker
from standins.github.server import TOKEN, Event, GithubServer, running

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RESET = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int((NOW + timedelta(minutes=20)).timestamp()))}


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with running() as server:
        yield server


@pytest.fixture
def github(server: GithubServer) -> GithubTracker:
    return GithubTracker(TOKEN, server.url, timeout=5, now=lambda: NOW)


@pytest.fixture
def refs(server: GithubServer, github: GithubTracker) -> list[IssueRef]:
    """Eight issues: more than are read one by one."""
    return _refs(server, 8)


# --- many at once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "rest", "graphql"), [(3, 3, 1), (4, 0, 1), (100, 0, 1), (101, 0, 2)])
def test_a_few_are_read_in_step_with_writes_and_many_in_hundreds(
    server: GithubServer, github: GithubTracker, number: int, rest: int, graphql: int
) -> None:
    refs = _refs(server, number)
    assert [snapshot.ref for snapshot in github.read(refs)] == refs
    assert (server.count("GET"), server.count("POST", "^/graphql$")) == (rest, graphql)


def test_both_ways_of_reading_say_the_same(server: GithubServer, github: GithubTracker, refs: list[IssueRef]) -> None:
    done, declined, duplicate, locked, assigned, labelled, _, reopened = (server.issue(ref.key) for ref in refs)
    server.close(done)
    server.close(declined, "not_planned")
    server.close(duplicate, "duplicate")
    server.close(locked)
    server.lock_issue(locked, "too heated")
    server.assign(assigned, "octocat", "hubot")
    server.label(labelled, "holdfast", "prevent")
    server.edit(labelled, title="Renamed", body="Text.\n\n<!-- holdfast:item-1 -->")
    server.close(reopened, by="hubot")
    server.reopen(reopened)
    together = github.read(refs)
    assert together == [github.read([ref])[0] for ref in refs]
    assert [snapshot.status for snapshot in together[:4]] == [
        IssueStatus.DONE,
        IssueStatus.DECLINED,
        IssueStatus.DUPLICATE,
        IssueStatus.DONE,
    ]
    assert [snapshot.doers for snapshot in together[3:]] == [
        ("octocat",),
        ("octocat", "hubot"),
        (),
        (),
        ("hubot",),
    ]
    assert together[3].note == "It is locked."
    assert together[4].assignee == "octocat"
    assert (together[5].title, together[5].labels) == ("Renamed", ("holdfast", "prevent"))
    assert together[5].body == "Text.\n\n<!-- holdfast:item-1 -->"


def test_what_is_not_found_among_many_fails_nothing_and_is_asked_for_by_its_key(
    server: GithubServer, github: GithubTracker, refs: list[IssueRef]
) -> None:
    moved, deleted, forbidden, never, *others = refs
    there = server.transfer(server.issue(moved.key), server.add_repo("acme/serving"))
    server.delete(server.issue(deleted.key))
    server.issue(forbidden.key).forbidden = True
    never = never.model_copy(update={"key": "acme/scoring#77", "id": "I_never"})
    snapshots = github.read([moved, deleted, forbidden, never, *others])
    assert [snapshot.status for snapshot in snapshots] == [
        IssueStatus.MOVED,
        IssueStatus.MISSING,
        IssueStatus.FORBIDDEN,
        IssueStatus.MISSING,
        *[IssueStatus.OPEN] * 4,
    ]
    assert snapshots[0].ref is not None
    assert (snapshots[0].ref.key, snapshots[0].ref.id) == ("acme/serving#1", there.node_id)
    assert server.count("POST", "^/graphql$") == 1


def test_asked_twice_for_the_same_it_is_read_once(server: GithubServer, github: GithubTracker) -> None:
    (ref,) = _refs(server, 1)
    assert [snapshot.ref for snapshot in github.read([ref] * 9)] == [ref] * 9
    assert len(server.requests) == 2  # as it is, and its history


def test_in_a_renamed_repository_many_are_the_same_too(
    server: GithubServer, github: GithubTracker, refs: list[IssueRef]
) -> None:
    server.rename(server.repos[0], "acme/ranking")
    found = [snapshot.ref for snapshot in github.read(refs)]
    assert [ref.key for ref in found if ref] == [ref.key.replace("scoring", "ranking") for ref in refs]
    assert [ref.id for ref in found if ref] == [ref.id for ref in refs]


def test_where_nothing_is_found_each_one_is_missing(
    server: GithubServer, github: GithubTracker, refs: list[IssueRef]
) -> None:
    for ref in refs:
        server.delete(server.issue(ref.key))
    server.answers(200, body={"data": None, "errors": [{"type": "NOT_FOUND", "message": "No."}]}, path="graphql")
    assert {snapshot.status for snapshot in github.read(refs)} == {IssueStatus.MISSING}


def test_a_server_that_is_older_than_the_query_is_asked_one_by_one(
    server: GithubServer, github: GithubTracker, refs: list[IssueRef]
) -> None:
    error = {
        "message": "Field 'stateReason' doesn't accept argument 'enableDuplicate'",
        "extensions": {"code": "argumentNotAccepted"},
    }
    server.answers(200, body={"errors": [error]}, path="graphql")
    assert {snapshot.status for snapshot in github.read(refs)} == {IssueStatus.OPEN}
    assert server.count("GET", r"/issues/\d+$") == len(refs)


def test_an_enterprise_server_is_asked_where_it_has_graphql(server: GithubServer, refs: list[IssueRef]) -> None:
    github = GithubTracker(TOKEN, f"{server.url}/api/v3", timeout=5)
    server.answers(429)
    with pytest.raises(RateLimitedError):
        github.read(refs)
    assert [request.path for request in server.requests] == ["/api/graphql"]


@pytest.mark.parametrize(
    ("error", "headers", "wait"),
    [
        ({"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}, RESET, timedelta(minutes=20)),
        ({"type": "RATE_LIMIT", "code": "graphql_rate_limit"}, RESET, timedelta(minutes=20)),
        ({"type": "RATE_LIMITED"}, RESET | {"Retry-After": "90"}, timedelta(seconds=90)),
        ({"message": "You have exceeded a secondary rate limit."}, {}, timedelta(minutes=1)),
    ],
)
@pytest.mark.parametrize("data", [{}, {"data": None}, {"data": {"nodes": [None] * 8}}])
def test_a_limit_of_graphql_comes_with_200_and_says_when_to_ask_again(
    server: GithubServer,
    github: GithubTracker,
    refs: list[IssueRef],
    error: dict[str, Any],
    headers: dict[str, str],
    wait: timedelta,
    data: dict[str, Any],
) -> None:
    server.answers(200, body={**data, "errors": [error]}, headers=headers, path="graphql")
    with pytest.raises(RateLimitedError) as caught:
        github.read(refs)
    assert caught.value.retry_at == NOW + wait
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"data": None, "errors": [{"type": "INSUFFICIENT_SCOPES", "message": "Not granted."}]}, UnauthorisedError),
        ({"data": None, "errors": [{"type": "FORBIDDEN", "message": "Not accessible."}]}, UnauthorisedError),
        ({"data": None, "errors": [{"message": "Something went wrong."}]}, UnavailableError),
        ({"data": None}, UnavailableError),
        ([], UnavailableError),
        ({"data": {"nodes": [{"id": "I_kw1002"}]}}, UnavailableError),
        ({"data": {"nodes": 7}}, UnavailableError),
    ],
)
def test_trouble_with_graphql_is_told_as_what_it_is(
    server: GithubServer, github: GithubTracker, refs: list[IssueRef], answer: Any, error: type[TrackerError]
) -> None:
    server.answers(200, body=answer, path="graphql")
    with pytest.raises(error):
        github.read(refs)


def test_everything_forbidden_among_many_is_a_refused_token_too(
    server: GithubServer, github: GithubTracker, refs: list[IssueRef]
) -> None:
    server.repos[0].forbidden = True
    with pytest.raises(UnauthorisedError, match="SAML"):
        github.read(refs)


# --- what is odd about an issue ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 8])
def test_issues_that_are_switched_off_are_named_so(server: GithubServer, github: GithubTracker, number: int) -> None:
    refs = _refs(server, number)
    server.switch_issues(server.repos[0], False)
    assert {(s.status, s.note) for s in github.read(refs)} == {
        (IssueStatus.MISSING, "Issues are switched off in acme/scoring.")
    }
    assert server.count("GET", "^/repos/acme/scoring$") == 1


def test_issues_that_graphql_shows_though_they_are_switched_off_are_missing(
    server: GithubServer, github: GithubTracker, refs: list[IssueRef]
) -> None:
    where = {"nameWithOwner": "acme/scoring", "hasIssuesEnabled": False}
    server.answers(200, body={"data": {"nodes": [{"id": ref.id, "repository": where} for ref in refs]}})
    assert {s.note for s in github.read(refs)} == {"Issues are switched off in acme/scoring."}


@pytest.mark.parametrize("number", [1, 6])
@pytest.mark.parametrize("reason", [None, "completed"])
@pytest.mark.parametrize("understood", [True, False])
def test_an_issue_that_became_a_discussion_is_never_done(
    server: GithubServer, github: GithubTracker, number: int, reason: str | None, understood: bool
) -> None:
    refs = _refs(server, number)
    if not understood:
        error = {"message": "Argument 'itemTypes' has an invalid value", "extensions": {"code": "undefinedField"}}
        server.answers(200, body={"errors": [error]}, path="graphql", times=2)
    issue = server.issue(refs[0].key)
    server.convert(issue)
    issue.state_reason = reason
    snapshot = github.read(refs)[0]
    assert (snapshot.status, snapshot.note) == (IssueStatus.DECLINED, "It was converted to a discussion.")
    assert server.count("POST", "graphql") == (1 if number == 1 or understood else 2)


def test_whether_locked_issues_became_discussions_is_asked_for_a_hundred_at_once(
    server: GithubServer, github: GithubTracker
) -> None:
    refs = _refs(server, 2)
    for ref in refs:
        server.close(server.issue(ref.key))
        server.lock_issue(server.issue(ref.key))
    server.issue(refs[0].key).events.append(Event(1, "converted_to_discussion", "octocat", NOW))
    assert [s.status for s in github.read(refs)] == [IssueStatus.DECLINED, IssueStatus.DONE]
    (request,) = (request for request in server.requests if request.method == "POST")
    assert "CONVERTED_TO_DISCUSSION_EVENT" in json.dumps(request.body)
    assert server.count("GET", "/events") == 0


def test_what_became_of_an_issue_is_said_in_a_sentence(server: GithubServer, github: GithubTracker) -> None:
    moved, deleted, forbidden, taken = _refs(server, 4)
    serving, secret = server.add_repo("acme/serving"), server.add_repo("acme/secret")
    server.transfer(server.issue(moved.key), serving)
    server.delete(server.issue(deleted.key))
    server.issue(forbidden.key).forbidden = True
    never = taken.model_copy(update={"key": "acme/scoring#77"})
    another = taken.model_copy(update={"id": "I_other"})
    assert [github.read([ref])[0].note for ref in (moved, deleted, forbidden, never, another)] == [
        "It was transferred to acme/serving#1.",
        "It was deleted.",
        "GitHub does not show acme/scoring#3: Must have admin rights to Repository.",
        "There is no acme/scoring#77.",
        "acme/scoring#4 is another issue now.",
    ]
    server.transfer(server.issue(taken.key), secret)
    server.hide(secret)
    assert "transferred to where we cannot see it" in github.read([taken])[0].note
    server.hide(server.repos[0])
    assert github.read([deleted])[0].note == "acme/scoring is not there, or hidden from us."


def test_trouble_while_the_reason_is_looked_for_is_trouble(server: GithubServer, github: GithubTracker) -> None:
    (ref,) = _refs(server, 1)
    server.delete(server.issue(ref.key))
    server.answers(503, path="^/repos/acme/scoring$")
    with pytest.raises(UnavailableError):
        github.read([ref])
    server.answers(403, "Not for you.", path="^/repos/acme/scoring$")
    assert github.read([ref])[0].note == "It was deleted."


def _refs(server: GithubServer, number: int) -> list[IssueRef]:
    refs = []
    for n in range(number):
        issue = server.open_issue(server.repos[0], f"Issue {n}", None, [])
        key = f"acme/scoring#{issue.number}"
        url = f"https://github.test/acme/scoring/issues/{issue.number}"
        refs.append(IssueRef(tracker="github", id=issue.node_id, key=key, url=url, project=key.partition("#")[0]))
    return refs
