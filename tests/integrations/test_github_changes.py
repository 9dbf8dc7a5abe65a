"""What changed in a repository on GitHub: conditional lists, page by page, that lose nothing."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import IssueSnapshot, NotFoundError, RejectedError, UnavailableError
from integrations.trackers.github.tracker import GithubTracker
from standins.github.model import Issue
from standins.github.server import TOKEN, GithubServer, running

PROJECT = "acme/scoring"


class Clock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[GithubServer]:
    with running() as server:
        server.clock = clock
        yield server


@pytest.fixture
def github(server: GithubServer, clock: Clock) -> GithubTracker:
    return GithubTracker(TOKEN, server.url, timeout=5, now=clock)


def test_to_begin_nothing_is_asked(server: GithubServer, github: GithubTracker) -> None:
    assert github.changes(PROJECT, None, set()).snapshots == ()
    assert server.requests == []


def test_a_look_asks_for_all_that_changed_oldest_change_first_in_utc(
    server: GithubServer, github: GithubTracker
) -> None:
    github.changes(PROJECT, github.changes(PROJECT, None, set()).cursor, set())
    (request,) = server.requests
    assert request.query == {
        "state": "all",
        "since": "2026-11-20T11:50:00Z",
        "sort": "updated",
        "direction": "asc",
        "per_page": "100",
    }


def test_where_nothing_changed_nothing_is_sent_and_the_cursor_stays(
    server: GithubServer, github: GithubTracker, clock: Clock
) -> None:
    issues = _open(server, clock, 3)
    told, cursor, _ = _walk(github, github.changes(PROJECT, None, set()).cursor, issues)
    assert len(told) == 3
    server.requests.clear()
    for _ in range(5):
        clock.pass_by(minutes=5)
        changes = github.changes(PROJECT, cursor, _ids(issues))
        assert (changes.snapshots, changes.cursor, changes.more) == ((), cursor, False)
    assert len(server.requests) == 5
    assert {request.headers["if-none-match"] for request in server.requests} == {json.loads(cursor)["etag"]}


def test_what_changed_is_told_with_one_request_and_what_was_told_long_ago_is_not_repeated(
    server: GithubServer, github: GithubTracker, clock: Clock
) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    first, second, quiet = issues = _open(server, clock, 3)
    told, cursor, _ = _walk(github, cursor, issues)
    assert told.keys() == _ids(issues)
    for issue in (second, first):
        clock.pass_by(hours=1)
        server.close(issue, "not_planned")
        told, cursor, looks = _walk(github, cursor, issues)
        assert looks == 1
        assert told[issue.node_id].status is IssueStatus.DECLINED
    assert quiet.node_id not in told


def test_what_a_list_shows_late_is_told_all_the_same(server: GithubServer, github: GithubTracker, clock: Clock) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    late, seen = _open(server, clock, 2)
    clock.pass_by(hours=1)
    happened = clock.at
    clock.pass_by(minutes=3)
    server.close(seen)
    _, cursor, _ = _walk(github, cursor, [late, seen])
    server.close(late)
    late.updated_at = happened
    told, _, _ = _walk(github, cursor, [late, seen])
    assert told[late.node_id].status is IssueStatus.DONE


@pytest.mark.parametrize("apart", [0, 1])
def test_what_a_list_shows_late_is_told_after_many_pages_too(
    server: GithubServer, github: GithubTracker, clock: Clock, apart: float
) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    issues = _open(server, clock, 150, apart)
    late = issues.pop(0)
    clock.pass_by(hours=1)
    happened = clock.at
    clock.pass_by(minutes=3)
    for issue in issues:
        server.close(issue)
        clock.pass_by(seconds=apart)
    _, cursor, _ = _walk(github, cursor, issues)
    server.close(late)
    late.updated_at = happened
    told, _, _ = _walk(github, cursor, [late])
    assert told[late.node_id].status is IssueStatus.DONE


def test_a_change_while_pages_are_read_pushes_nothing_out_of_sight(
    server: GithubServer, github: GithubTracker, clock: Clock
) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    issues = _open(server, clock, 250, apart=60)
    told: dict[str, IssueSnapshot] = {}
    for page in range(20):
        changes = github.changes(PROJECT, cursor, _ids(issues))
        told |= {snapshot.ref.id: snapshot for snapshot in changes.snapshots if snapshot.ref}
        cursor = changes.cursor
        if not changes.more:
            break
        server.close(issues[page])  # it leaves the first page, and all others move up
    assert told.keys() == _ids(issues)
    assert told[issues[0].node_id].status is IssueStatus.DONE


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_between_two_pages_the_last_word_is_told(
    server: GithubServer, github: GithubTracker, clock: Clock, seed: int
) -> None:
    random = Random(seed)
    cursor = github.changes(PROJECT, None, set()).cursor
    issues = _open(server, clock, 230, apart=random.choice((0, 0.3, 20)))
    last: dict[str, IssueStatus] = {}
    more, looks = True, 0
    while more or looks < 33:
        for issue in random.sample(issues, random.choice((0, 1, 5, 120)) if looks < 30 else 0):
            random.choice((server.close, server.reopen))(issue)
            clock.pass_by(seconds=random.choice((0, 0.4, 90)))
        changes = github.changes(PROJECT, cursor, _ids(issues))
        last |= {snapshot.ref.id: snapshot.status for snapshot in changes.snapshots if snapshot.ref}
        cursor, more, looks = changes.cursor, changes.more, looks + 1
    assert last == {i.node_id: IssueStatus.OPEN if i.state == "open" else IssueStatus.DONE for i in issues}


def test_more_changes_in_one_second_than_a_page_holds_are_told(
    server: GithubServer, github: GithubTracker, clock: Clock
) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    issues = _open(server, clock, 250, apart=0)
    told, cursor, looks = _walk(github, cursor, issues)
    assert told.keys() == _ids(issues)
    assert looks == 3
    clock.pass_by(hours=1)
    server.close(issues[7])
    told, _, _ = _walk(github, cursor, issues)
    assert told[issues[7].node_id].status is IssueStatus.DONE


def test_after_many_pages_a_quiet_project_costs_nothing_again(
    server: GithubServer, github: GithubTracker, clock: Clock
) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    issues = _open(server, clock, 250)
    _, cursor, _ = _walk(github, cursor, issues)
    clock.pass_by(hours=1)
    for _ in range(2):
        _, cursor, _ = _walk(github, cursor, issues)
    server.requests.clear()
    assert _walk(github, cursor, issues)[1:] == (cursor, 1)
    assert "if-none-match" in server.requests[0].headers


def test_a_project_that_grows_past_a_page_hides_no_change_behind_its_etag(
    server: GithubServer, github: GithubTracker, clock: Clock
) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    issues: list[Issue] = []
    for _ in range(13):
        clock.pass_by(minutes=30)
        issues += _open(server, clock, 9)
        told, cursor, _ = _walk(github, cursor, issues)
        assert _ids(issues[-9:]) <= told.keys()
    server.close(issues[-1])
    told, _, _ = _walk(github, cursor, issues)
    assert told[issues[-1].node_id].status is IssueStatus.DONE


def test_pull_requests_and_issues_of_others_are_not_told(
    server: GithubServer, github: GithubTracker, clock: Clock
) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    ours, _ = _open(server, clock, 2)
    pull = server.open_issue(server.repos[0], "A change", None, [], pull=True)
    told, _, _ = _walk(github, cursor, [ours, pull])
    assert told.keys() == {ours.node_id}


def test_what_lists_do_not_show_is_not_told(server: GithubServer, github: GithubTracker, clock: Clock) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    deleted, moved, stays = _open(server, clock, 3)
    watched = [deleted, moved, stays]
    server.delete(deleted)
    server.transfer(moved, server.add_repo("acme/serving"))
    told, _, _ = _walk(github, cursor, watched)
    assert told.keys() == {stays.node_id}


def test_a_locked_issue_is_looked_at_twice_since_it_may_be_a_discussion(
    server: GithubServer, github: GithubTracker, clock: Clock
) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    converted, locked = _open(server, clock, 2)
    server.convert(converted)
    converted.state_reason = "completed"
    server.close(locked)
    server.lock_issue(locked)
    told, _, _ = _walk(github, cursor, [converted, locked])
    assert told[converted.node_id].status is IssueStatus.DECLINED
    assert "discussion" in told[converted.node_id].note
    assert told[locked.node_id].status is IssueStatus.DONE
    assert "locked" in told[locked.node_id].note


def test_a_repository_that_moved_is_named_as_it_is_now(server: GithubServer, github: GithubTracker) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    server.rename(server.repos[0], "acme/ranking")
    with pytest.raises(NotFoundError, match=r"acme/scoring has moved to acme/ranking"):
        github.changes(PROJECT, cursor, set())
    server.answers(301, headers={"Location": "https://elsewhere.test/repositories/1/issues"})
    with pytest.raises(NotFoundError, match=r"elsewhere\.test"):
        github.changes(PROJECT, cursor, set())


def test_a_repository_without_issues_or_out_of_sight_is_not_found(server: GithubServer, github: GithubTracker) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    server.repos[0].has_issues = False
    with pytest.raises(NotFoundError):
        github.changes(PROJECT, cursor, set())
    server.repos[0].hidden = True
    with pytest.raises(NotFoundError):
        github.changes(PROJECT, cursor, set())
    with pytest.raises(NotFoundError, match="owner/repository"):
        github.changes("scoring", None, set())


@pytest.mark.parametrize(
    "cursor",
    [
        '{"since": "2026-11-20T12:00:00", "told": "2026-11-20T12:00:00Z"}',
        '{"since": "2026-11-20T12:00:00Z", "told": "2026-11-20T12:00:00Z", "page": 2}',
        "null",
    ],
)
def test_the_cursor_of_something_else_is_refused(server: GithubServer, github: GithubTracker, cursor: str) -> None:
    with pytest.raises(RejectedError):
        github.changes(PROJECT, cursor, set())
    assert server.requests == []


@pytest.mark.parametrize("body", ["{}", "[5]", '[{"updated_at": null, "html_url": "/issues/"}]'])
def test_a_list_that_is_none_is_trouble(server: GithubServer, github: GithubTracker, body: str) -> None:
    cursor = github.changes(PROJECT, None, set()).cursor
    server.answers(200, body=body if body != "{}" else {"message": "What?"})
    with pytest.raises(UnavailableError):
        github.changes(PROJECT, cursor, set())


def _open(server: GithubServer, clock: Clock, number: int, apart: float = 1) -> list[Issue]:
    issues = []
    for n in range(number):
        issues.append(server.open_issue(server.repos[0], f"Issue {n}", None, []))
        clock.pass_by(seconds=apart)
    return issues


def _ids(issues: list[Issue]) -> set[str]:
    return {issue.node_id for issue in issues}


def _walk(github: GithubTracker, cursor: str, issues: list[Issue]) -> tuple[dict[str, IssueSnapshot], str, int]:
    """What is told to the last page, the cursor after it, and the number of pages."""
    told: dict[str, IssueSnapshot] = {}
    for page in range(1, 50):
        changes = github.changes(PROJECT, cursor, _ids(issues))
        told |= {snapshot.ref.id: snapshot for snapshot in changes.snapshots if snapshot.ref}
        cursor = changes.cursor
        if not changes.more:
            return told, cursor, page
    raise AssertionError("it never ends")
