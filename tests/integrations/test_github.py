"""The GitHub adapter, through the real PyGithub, over real HTTP to a loopback server."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import (
    Attempts,
    IssueSpec,
    IssueTracker,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)
from integrations.trackers.github.tracker import GithubTracker
from standins.github.model import Comment, Issue
from standins.github.server import TOKEN, GithubServer, running
from tests.integrations.tracker_contract import RemoteEngineer, RemoteTrackerContract

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SPEC = IssueSpec(
    key="pagerduty:P1/item-1",
    project="acme/scoring",
    title="Alert on drift",
    body="Why and how.",
    labels=("holdfast", "review-P1"),
)

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with running() as server:
        yield server


@pytest.fixture
def github(server: GithubServer) -> GithubTracker:
    return GithubTracker(TOKEN, server.url, timeout=5, now=lambda: NOW)


class GithubEngineer:
    def __init__(self, server: GithubServer) -> None:
        self._server = server

    def finish(self, ref: IssueRef, login: str = "octocat") -> None:
        self._server.close(self._issue(ref), by=login)

    def merge(self, ref: IssueRef, author: str, merger: str) -> None:
        issue = self._issue(ref)
        issue.changes.append(self._server.open_issue(issue.repo, "Watch it", None, [], pull=True, by=author))
        self._server.merge(issue.changes[0], merger)

    def decline(self, ref: IssueRef) -> None:
        self._server.close(self._issue(ref), "not_planned")

    def mark_duplicate(self, ref: IssueRef) -> None:
        self._server.close(self._issue(ref), "duplicate")

    def reopen(self, ref: IssueRef) -> None:
        self._server.reopen(self._issue(ref))

    def delete(self, ref: IssueRef) -> None:
        self._server.delete(self._issue(ref))

    def assign(self, ref: IssueRef, login: str) -> None:
        self._server.assign(self._issue(ref), login)

    def unassign(self, ref: IssueRef, login: str) -> None:
        self._server.unassign(self._issue(ref), login)

    def count(self, project: str) -> int:
        return sum(issue.repo.name == project for issue in self._server.issues)

    def text(self, ref: IssueRef) -> tuple[str, str]:
        issue = self._issue(ref)
        return issue.title, issue.body or ""

    def labels(self, ref: IssueRef) -> set[str]:
        return set(self._issue(ref).labels)

    def comments(self, ref: IssueRef) -> list[str]:
        return self._issue(ref).comments

    def say(self, ref: IssueRef, login: str, text: str) -> None:
        self._server.comment(self._issue(ref), login, text)

    def unlabel(self, ref: IssueRef, label: str) -> None:
        self._server.unlabel(self._issue(ref), label)

    def retitle(self, ref: IssueRef, title: str) -> None:
        self._server.edit(self._issue(ref), title=title)

    def blocked_by(self, ref: IssueRef) -> set[str]:
        return {f"{child.repo.name}#{child.number}" for child in self._issue(ref).sub_issues}

    def reword(self, ref: IssueRef, said: str, text: str) -> None:
        self._server.edit_comment(self._issue(ref), self._saying(ref, said), text)

    def unsay(self, ref: IssueRef, said: str) -> None:
        self._server.delete_comment(self._issue(ref), self._saying(ref, said))

    def _saying(self, ref: IssueRef, said: str) -> Comment:
        return next(comment for comment in self._issue(ref).thread if comment.body == said)

    def move(self, ref: IssueRef) -> None:
        self._server.transfer(self._issue(ref), self._server.add_repo("acme/other"))

    def hide(self, ref: IssueRef) -> None:
        self._issue(ref).forbidden = True

    def limit(self, seconds: int) -> None:
        self._server.answers(403, SECONDARY, {"Retry-After": str(seconds)})

    def fail_next(self) -> None:
        self._server.answers(502, "Bad Gateway")

    def refuse_credential(self) -> None:
        self._server.accounts.refuse()

    def _issue(self, ref: IssueRef) -> Issue:
        return self._server.issue(ref.key)


class TestGithubTracker(RemoteTrackerContract):
    @pytest.fixture
    def tracker(self, server: GithubServer) -> IssueTracker:
        return GithubTracker(TOKEN, server.url, timeout=5)

    @pytest.fixture
    def engineer(self, server: GithubServer) -> RemoteEngineer:
        return GithubEngineer(server)

    @pytest.fixture
    def lose_next_answer(self, server: GithubServer) -> Callable[[], None]:
        return lambda: server.answers(502, "Bad Gateway", method="POST", stored=True)


# --- one POST, however it fails ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["502", "dropped"])
def test_a_create_whose_answer_is_lost_is_sent_once(server: GithubServer, github: GithubTracker, way: str) -> None:
    if way == "502":
        server.answers(502, "<html>Unicorn!</html>", method="POST", stored=True)
    else:
        server.breaks("POST", stored=True)
    with pytest.raises(UnavailableError):
        github.ensure_issue(SPEC, None)
    assert server.count("POST") == 1
    assert github.ensure_issue(SPEC, _since(datetime.now(UTC))).key == "acme/scoring#1"
    assert server.count("POST") == 1


def test_a_create_without_an_answer_in_time_is_sent_once(server: GithubServer) -> None:
    server.answers(0, method="POST", stored=True)
    with pytest.raises(UnavailableError):
        GithubTracker(TOKEN, server.url, timeout=0.2).ensure_issue(SPEC, None)
    assert server.count("POST") == 1


def test_labels_that_were_dropped_do_not_make_a_second_issue(server: GithubServer, github: GithubTracker) -> None:
    server.repos[0].push = False
    began = datetime.now(UTC)
    first = github.ensure_issue(SPEC, None)
    assert server.issues[0].labels == []
    assert github.ensure_issue(SPEC, _since(began)) == first
    assert server.count("POST") == 1


def test_search_which_lags_is_never_asked(server: GithubServer, github: GithubTracker) -> None:
    server.lag = timedelta(hours=1)
    began = datetime.now(UTC)
    assert github.ensure_issue(SPEC, None) == github.ensure_issue(SPEC, _since(began))
    assert server.count(path="search") == 0


def test_the_time_of_the_first_attempt_is_sent_as_utc(server: GithubServer, github: GithubTracker) -> None:
    tokyo = timezone(timedelta(hours=9))
    github.ensure_issue(SPEC, _since(datetime(2026, 11, 20, 9, 0, tzinfo=tokyo)))
    assert [r.query.get("since") for r in server.requests if r.method == "GET"] == [None, "2026-11-19T23:50:00Z"]


def test_an_issue_is_found_behind_many_others_and_never_in_a_pull_request(
    server: GithubServer, github: GithubTracker
) -> None:
    repo, labels = server.repos[0], list(SPEC.labels)
    marked = f"As said in\n\n<!-- holdfast:{SPEC.key} -->"
    server.open_issue(repo, "A change that quotes it", marked, labels, pull=True)
    for number in range(120):
        server.open_issue(repo, f"Issue {number}", None, labels)
    assert github.ensure_issue(SPEC, None).key == "acme/scoring#122"
    assert github.ensure_issue(SPEC, None).key == "acme/scoring#122"
    assert server.count("GET") == 4  # two pages each time, and no request for a single issue


def test_of_two_issues_with_the_same_key_the_older_one_counts(server: GithubServer, github: GithubTracker) -> None:
    for _ in range(2):
        server.open_issue(server.repos[0], "Twin", f"<!-- holdfast:{SPEC.key} -->", list(SPEC.labels))
    assert github.ensure_issue(SPEC, None).key == "acme/scoring#1"


def test_without_labels_all_issues_are_looked_through(server: GithubServer, github: GithubTracker) -> None:
    bare = SPEC.model_copy(update={"labels": ()})
    assert github.ensure_issue(bare, None) == github.ensure_issue(bare, None)
    assert server.count("POST") == 1


def test_nothing_is_created_after_a_search_that_took_too_long(server: GithubServer) -> None:
    with pytest.raises(UnavailableError, match="nothing was created"):
        GithubTracker(TOKEN, server.url, patience=0).ensure_issue(SPEC, None)
    assert server.count("POST") == 0


def test_what_is_too_long_is_cut_and_keeps_its_marker(server: GithubServer, github: GithubTracker) -> None:
    long = SPEC.model_copy(update={"title": "t" * 300, "body": "b" * 70_000})
    ref = github.ensure_issue(long, None)
    assert server.issues[0].title == "t" * 255 + "…"
    assert github.ensure_issue(long, None) == ref
    github.rewrite(ref, "u" * 300, "c" * 70_000)
    assert github.ensure_issue(long, None) == ref


def test_a_text_cannot_claim_the_key_of_another_issue(server: GithubServer, github: GithubTracker) -> None:
    liar = SPEC.model_copy(update={"key": "other", "body": f"<!-- holdfast:{SPEC.key} -->"})
    assert github.ensure_issue(liar, None) != github.ensure_issue(SPEC, None)


def test_calls_from_many_threads_do_not_mix(server: GithubServer, github: GithubTracker) -> None:
    specs = [SPEC.model_copy(update={"key": f"item-{n}", "title": f"Item {n}"}) for n in range(16)]
    with ThreadPoolExecutor(16) as pool:
        refs = list(pool.map(lambda spec: github.ensure_issue(spec, None), specs))
    assert [server.issue(ref.key).title for ref in refs] == [spec.title for spec in specs]


# --- assignees, labels, comments, sub-issues --------------------------------------------------------------------------


def test_an_issue_is_given_to_its_assignee(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC.model_copy(update={"assignee": "octocat"}), None)
    assert github.read([ref])[0].assignee == "octocat"


def test_an_assignee_whom_github_refuses_is_left_out_and_there_is_one_issue(
    server: GithubServer, github: GithubTracker
) -> None:
    invalid = {"message": "Validation Failed", "errors": [{"field": "assignees", "code": "invalid", "value": "gone"}]}
    server.answers(422, body=invalid, method="POST")
    spec = SPEC.model_copy(update={"assignee": "gone"})
    ref = github.ensure_issue(spec, None)
    assert github.read([ref])[0].assignee is None
    assert github.ensure_issue(spec, None) == ref
    assert len(server.issues) == 1


def test_an_assignee_whom_github_drops_makes_no_second_issue(server: GithubServer, github: GithubTracker) -> None:
    server.drop_labels(server.repos[0])
    began = datetime.now(UTC)
    spec = SPEC.model_copy(update={"assignee": "octocat"})
    assert github.ensure_issue(spec, None) == github.ensure_issue(spec, _since(began))
    assert server.count("POST") == 1


def test_without_an_assignee_a_refusal_is_a_refusal(server: GithubServer, github: GithubTracker) -> None:
    server.answers(422, "Validation Failed", method="POST", times=2)
    with pytest.raises(RejectedError):
        github.ensure_issue(SPEC, None)
    assert server.count("POST") == 1


@pytest.mark.parametrize("there", [[], ["Holdfast"]])
def test_labels_that_github_drops_silently_are_a_matter_of_rights(
    server: GithubServer, github: GithubTracker, there: list[str]
) -> None:
    issue = server.open_issue(server.repos[0], "By hand", None, there)
    ref = github.find("acme/scoring#1")
    server.answers(200, body=[{"name": label} for label in there], method="POST", path="/labels")
    with pytest.raises(UnauthorisedError, match=r"left out the labels prevent.*acme/scoring#1"):
        github.label(ref, [*there, "prevent"])
    assert issue.labels == there


def test_labels_differ_by_more_than_case(server: GithubServer, github: GithubTracker) -> None:
    server.open_issue(server.repos[0], "By hand", None, ["Holdfast"])
    github.label(github.find("acme/scoring#1"), ["holdfast"])
    assert server.count("POST") == 0


def test_a_comment_by_who_left_has_an_author_too(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    listed = {"id": 7, "url": f"{server.url}/x", "user": None, "body": None, "created_at": "2026-11-20T12:00:00Z"}
    server.answers(200, body=[listed], path="/comments")
    (comment,) = github.comments(ref)
    assert (comment.id, comment.author, comment.text, comment.at) == ("7", "ghost", "", NOW)


def test_without_sub_issues_on_the_server_nothing_is_shown(server: GithubServer, github: GithubTracker) -> None:
    review, item = _several(github, 2)
    server.answers(404, path="/sub_issues")
    github.show_blocking(review, [item])
    server.answers(403, "Must have admin rights", path="/sub_issues")
    with pytest.raises(UnauthorisedError):
        github.show_blocking(review, [item])
    assert server.count("POST", "/sub_issues") == 0


def test_what_cannot_be_a_sub_issue_is_left_out(server: GithubServer, github: GithubTracker) -> None:
    review, item, deleted, placed, theirs = _several(github, 5)
    server.delete(server.issue(deleted.key))
    server.add_sub_issue(server.issue(theirs.key), server.issue(placed.key))
    server.open_issue(server.add_repo("other/scoring"), "Elsewhere", None, [])
    github.show_blocking(review, [deleted, placed, github.find("other/scoring#1"), item, item])
    assert server.issue(review.key).sub_issues == [server.issue(item.key)]
    assert server.issue(placed.key).parent is server.issue(theirs.key)
    assert server.count("POST", "/sub_issues") == 1


@pytest.mark.parametrize(("status", "error"), [(422, None), (404, NotFoundError), (502, UnavailableError)])
def test_a_sub_issue_that_is_refused_is_left_out_and_trouble_is_told(
    server: GithubServer, github: GithubTracker, status: int, error: type[TrackerError] | None
) -> None:
    review, first, second = _several(github, 3)
    server.answers(status, "No.", method="POST", path="/sub_issues")
    if error is None:
        github.show_blocking(review, [first, second])
        assert server.issue(review.key).sub_issues == [server.issue(second.key)]
    else:
        with pytest.raises(error):
            github.show_blocking(review, [first, second])
        assert server.count("POST", "/sub_issues") == 1


# --- finding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", "/", "#issuecomment-5", "?x=1"])
def test_an_issue_is_found_by_its_address(server: GithubServer, github: GithubTracker, ending: str) -> None:
    ref = github.ensure_issue(SPEC, None)
    assert github.find(ref.url + ending) == ref


@pytest.mark.parametrize(
    "key",
    [
        "",
        "12",
        "#1",
        "acme/scoring",
        "acme/scoring#x",
        "acme/scoring#0",
        "acme/..#1",
        "https://github.test/acme/scoring",
    ],
)
def test_what_names_no_issue_finds_none(server: GithubServer, github: GithubTracker, key: str) -> None:
    github.ensure_issue(SPEC, None)
    with pytest.raises(NotFoundError):
        github.find(key)


def test_neither_a_pull_request_nor_an_issue_of_another_host_is_found(
    server: GithubServer, github: GithubTracker
) -> None:
    github.ensure_issue(SPEC, None)
    server.open_issue(server.repos[0], "A change", None, [], pull=True)
    for key in ("acme/scoring#2", "https://github.com/acme/scoring/issues/1"):
        with pytest.raises(NotFoundError, match=r"github\.test"):
            github.find(key)


def test_what_was_moved_is_found_where_it_is_now(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    moved = server.transfer(server.issue(ref.key), server.add_repo("acme/serving"))
    found = github.find(ref.key)
    assert (found.key, found.id) == ("acme/serving#1", moved.node_id)
    server.answers(301, headers={"Location": "https://elsewhere.test/repositories/1/issues/1"})
    with pytest.raises(NotFoundError, match=r"elsewhere\.test"):
        github.find(ref.key)


# --- moved, renamed, gone, forbidden ----------------------------------------------------------------------------------


def test_a_transferred_issue_is_moved_and_named_as_it_is_now(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    moved = server.transfer(server.issue(ref.key), server.add_repo("acme/serving"))
    moved.state, moved.state_reason = "closed", "completed"
    (snapshot,) = github.read([ref])
    assert snapshot.status is IssueStatus.MOVED
    assert snapshot.ref is not None
    assert (snapshot.ref.key, snapshot.ref.id) == ("acme/serving#1", moved.node_id)
    assert github.read([snapshot.ref])[0].status is IssueStatus.DONE


def test_an_issue_transferred_out_of_sight_is_moved(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    secret = server.add_repo("acme/secret")
    server.transfer(server.issue(ref.key), secret)
    secret.hidden = True
    (snapshot,) = github.read([ref])
    assert (snapshot.status, snapshot.ref) == (IssueStatus.MOVED, None)


def test_an_issue_behind_another_host_is_moved_and_the_token_stays_here(
    server: GithubServer, github: GithubTracker
) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.answers(301, headers={"Location": "https://elsewhere.test/repositories/1/issues/1"})
    (snapshot,) = github.read([ref])
    assert (snapshot.status, snapshot.ref) == (IssueStatus.MOVED, None)


def test_trouble_at_the_new_place_is_trouble(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.transfer(server.issue(ref.key), server.add_repo("acme/serving"))
    server.answers(503, path="/repositories/")
    with pytest.raises(UnavailableError):
        github.read([ref])


def test_a_moved_issue_is_never_written_to(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.transfer(server.issue(ref.key), server.add_repo("acme/serving"))
    server.forget()
    calls: list[Callable[[], object]] = [
        lambda: github.close(ref, IssueStatus.DONE),
        lambda: github.reopen(ref),
        lambda: github.rewrite(ref, "Title", "Body"),
        lambda: github.comment(ref, "key", "Text"),
        lambda: github.label(ref, ["prevent"]),
        lambda: github.show_blocking(ref, [ref]),
        lambda: github.comments(ref),
    ]
    for call in calls:
        with pytest.raises(NotFoundError, match="acme/serving/issues/1"):
            call()
    assert {request.method for request in server.requests} == {"GET"}


def test_in_a_renamed_repository_an_issue_is_the_same(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.rename(server.repos[0], "acme/ranking")
    (snapshot,) = github.read([ref])
    assert snapshot.status is IssueStatus.OPEN
    assert snapshot.ref == ref.model_copy(
        update={
            "key": "acme/ranking#1",
            "url": "https://github.test/acme/ranking/issues/1",
            "project": "acme/ranking",
        }
    )
    github.close(ref, IssueStatus.DONE)
    assert server.issues[0].state_reason == "completed"


def test_in_a_renamed_repository_nothing_is_created_by_its_old_name(
    server: GithubServer, github: GithubTracker
) -> None:
    server.rename(server.repos[0], "acme/ranking")
    with pytest.raises(NotFoundError):
        github.ensure_issue(SPEC, None)
    assert server.count("POST") == 0


@pytest.mark.parametrize("status", [301, 307, 308])
@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_a_write_that_is_redirected_is_neither_followed_nor_taken_for_done(
    server: GithubServer, github: GithubTracker, status: int, method: str
) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.forget()
    server.answers(status, headers={"Location": f"{server.url}/repositories/1/issues/1"}, method=method)
    with pytest.raises(NotFoundError, match="repositories/1"):
        github.close(ref, IssueStatus.DONE) if method == "PATCH" else github.comment(ref, "key", "Text")
    assert server.count(method) == 1
    assert server.issues[0].state == "open"


def test_another_issue_with_the_same_number_is_not_ours(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.rename(server.repos[0], "acme/ranking")
    other = server.add_repo("acme/scoring")
    server.open_issue(other, "Not ours", None, []).state = "closed"
    assert github.read([ref])[0].status is IssueStatus.MISSING
    with pytest.raises(NotFoundError):
        github.rewrite(ref, "title", "body")


def test_gone_and_never_there_are_missing(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    never = ref.model_copy(update={"key": "acme/scoring#77"})
    server.delete(server.issue(ref.key))  # answered with 410
    assert [s.status for s in github.read([ref, never])] == [IssueStatus.MISSING] * 2


@pytest.mark.parametrize(("reason", "status"), [(None, IssueStatus.DECLINED), ("wontfix", IssueStatus.DECLINED)])
def test_closed_for_a_reason_that_is_not_known_is_not_done(
    server: GithubServer, github: GithubTracker, reason: str | None, status: IssueStatus
) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.issues[0].state, server.issues[0].state_reason = "closed", reason
    assert github.read([ref])[0].status is status


def test_one_forbidden_issue_is_a_status(server: GithubServer, github: GithubTracker) -> None:
    first = github.ensure_issue(SPEC, None)
    second = github.ensure_issue(SPEC.model_copy(update={"key": "other"}), None)
    server.issue(first.key).forbidden = True
    assert [s.status for s in github.read([first, second])] == [IssueStatus.FORBIDDEN, IssueStatus.OPEN]
    assert [s.status for s in github.read([first])] == [IssueStatus.FORBIDDEN]
    with pytest.raises(UnauthorisedError):
        github.reopen(first)


def test_everything_forbidden_is_a_refused_token(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.repos[0].forbidden = True
    with pytest.raises(UnauthorisedError, match="SAML"):
        github.read([ref])


def test_one_repository_that_can_be_seen_shows_that_the_token_is_good(
    server: GithubServer, github: GithubTracker
) -> None:
    refs = [github.ensure_issue(SPEC, None)]
    server.add_repo("acme/serving")
    refs.append(github.ensure_issue(SPEC.model_copy(update={"project": "acme/serving"}), None))
    server.repos[0].forbidden = True
    server.issue(refs[1].key).forbidden = True
    assert [s.status for s in github.read(refs)] == [IssueStatus.FORBIDDEN] * 2


def test_a_refused_token_is_not_a_missing_issue(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    with pytest.raises(UnauthorisedError, match="Bad credentials"):
        GithubTracker("expired", server.url).read([ref])


# --- limits and trouble -----------------------------------------------------------------------------------------------

RESET = str(int((NOW + timedelta(minutes=20)).timestamp()))
SPENT = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET}
LEFT = SPENT | {"X-RateLimit-Remaining": "4999"}


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "90", **SPENT}, timedelta(seconds=90)),
        ({"Retry-After": "Fri, 20 Nov 2026 12:03:00 GMT"}, timedelta(minutes=3)),
        ({"Retry-After": "Fri, 20 Nov 2026 11:00:00 GMT"}, timedelta(0)),
        ({"Retry-After": "soon"}, timedelta(minutes=1)),
        (SPENT, timedelta(minutes=20)),
        (SPENT | {"X-RateLimit-Reset": "0"}, timedelta(0)),
        (LEFT, timedelta(minutes=1)),
        ({}, timedelta(minutes=1)),
    ],
)
def test_a_limit_says_when_to_ask_again(
    server: GithubServer, github: GithubTracker, status: int, headers: dict[str, str], wait: timedelta
) -> None:
    server.answers(status, SECONDARY, headers)
    with pytest.raises(RateLimitedError) as caught:
        github.ensure_issue(SPEC, None)
    assert caught.value.retry_at == NOW + wait
    assert len(server.requests) == 1


def test_a_limit_while_reading_is_no_status(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.answers(403, "API rate limit exceeded for user ID 1.", SPENT)
    with pytest.raises(RateLimitedError):
        github.read([ref])


@pytest.mark.parametrize(
    ("status", "body", "error", "message"),
    [
        (500, {"message": "Server Error"}, UnavailableError, "Server Error"),
        (503, "<html>Unicorn!</html>", UnavailableError, "HTTP 503"),
        (502, '["odd"]', UnavailableError, "502"),
        (202, {}, UnavailableError, "202"),
        (200, "<html>Sign in to the proxy</html>", UnavailableError, "200"),
        (200, "[{", UnavailableError, "200"),
        (200, [{"id": "x", "html_url": 5}], UnavailableError, "cannot be read"),
        (408, {}, UnavailableError, "408"),
        (401, {"message": "Bad credentials"}, UnauthorisedError, "Bad credentials"),
        (403, {"message": "Resource not accessible"}, UnauthorisedError, "not accessible"),
        (404, {"message": "Not Found"}, NotFoundError, "Not Found"),
        (410, {"message": "Issues has been disabled"}, NotFoundError, "disabled"),
        (422, {"message": "Validation Failed", "errors": [{"field": "labels"}]}, RejectedError, "labels"),
        (451, {"message": 5, "errors": "none"}, RejectedError, "5"),
    ],
)
def test_each_failure_has_its_meaning(
    server: GithubServer, github: GithubTracker, status: int, body: Any, error: type[TrackerError], message: str
) -> None:
    server.answers(status, body=body)
    with pytest.raises(error, match=message):
        github.ensure_issue(SPEC, None)
    assert len(server.requests) == 1


def test_a_rejected_create_says_why(server: GithubServer, github: GithubTracker) -> None:
    with pytest.raises(RejectedError, match=r"Validation Failed.*title"):
        github.ensure_issue(SPEC.model_copy(update={"title": ""}), None)


def test_trouble_with_one_issue_leaves_nothing_half_read(server: GithubServer, github: GithubTracker) -> None:
    refs = [github.ensure_issue(SPEC.model_copy(update={"key": f"item-{n}"}), None) for n in range(3)]
    server.answers(500, path="/issues/2$")
    with pytest.raises(UnavailableError):
        github.read(refs)


def test_an_unreachable_host_is_unavailable() -> None:
    with running() as server:
        url = server.url
    with pytest.raises(UnavailableError, match="cannot be reached"):
        GithubTracker(TOKEN, url).ensure_issue(SPEC, None)


def test_a_secure_connection_fails_in_the_same_words(server: GithubServer) -> None:
    with pytest.raises(UnavailableError, match="cannot be reached"):
        GithubTracker(TOKEN, server.url.replace("http:", "https:")).ensure_issue(SPEC, None)


def test_what_is_so_already_is_not_written_again(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    for _ in range(2):
        github.rewrite(ref, "Title", "Body")
        github.close(ref, IssueStatus.DONE)
    assert server.count("PATCH") == 2


def test_a_rewrite_without_a_marker_adds_none(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.issues[0].body = "Somebody replaced everything."
    github.rewrite(ref, "Title", "Body")
    assert server.issues[0].body == "Body"


@pytest.mark.parametrize("project", ["scoring", "acme/..", "acme/scoring/issues", "acme/a b", ""])
def test_a_project_that_is_no_repository_is_not_asked_for(
    server: GithubServer, github: GithubTracker, project: str
) -> None:
    with pytest.raises(NotFoundError):
        github.ensure_issue(SPEC.model_copy(update={"project": project}), None)
    assert "owner/repository" in github.check(project)[0]
    assert server.requests == []


# --- checking ---------------------------------------------------------------------------------------------------------


def test_a_check_names_a_refused_token(server: GithubServer) -> None:
    (sentence,) = GithubTracker("expired", server.url).check("acme/scoring")
    assert "token is refused" in sentence
    assert "Issues: read and write" in sentence


def test_a_check_names_all_that_is_wrong_with_a_repository(server: GithubServer, github: GithubTracker) -> None:
    repo = server.repos[0]
    repo.has_issues, repo.archived, repo.push = False, True, False
    off, archived, rights = github.check("acme/scoring")
    assert "Issues are switched off" in off
    assert "archived" in archived
    assert "may not write" in rights


def test_a_check_names_a_token_that_may_not_read_issues(server: GithubServer, github: GithubTracker) -> None:
    server.repos[0].may_read_issues = False
    (sentence,) = github.check("acme/scoring")
    assert "not accessible by personal access token" in sentence


def test_the_token_of_an_app_is_not_judged_by_the_role_of_a_person(
    server: GithubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("standins.github.server.TOKEN", "ghs_app")
    server.repos[0].push = False
    assert GithubTracker("ghs_app", server.url).check("acme/scoring") == []


def test_a_check_names_the_new_name_of_a_repository(server: GithubServer, github: GithubTracker) -> None:
    server.rename(server.repos[0], "acme/ranking")
    (sentence,) = github.check("acme/scoring")
    assert "moved to acme/ranking" in sentence
    server.answers(301, headers={"Location": "https://elsewhere.test/repositories/1"})
    (sentence,) = github.check("acme/scoring")
    assert "https://elsewhere.test/repositories/1" in sentence


def test_a_check_says_when_to_ask_again(server: GithubServer, github: GithubTracker) -> None:
    server.answers(429, SECONDARY, SPENT)
    (sentence,) = github.check("acme/scoring")
    assert "2026-11-20 12:20 UTC" in sentence


def test_a_check_names_a_host_that_is_not_reached() -> None:
    with running() as server:
        url = server.url
    (sentence,) = GithubTracker(TOKEN, url).check("acme/scoring")
    assert "cannot be reached" in sentence
    assert url in sentence


def _several(github: GithubTracker, number: int) -> list[IssueRef]:
    return [github.ensure_issue(SPEC.model_copy(update={"key": f"item-{n}"}), None) for n in range(number)]


def _since(moment: datetime) -> Attempts:
    """One earlier attempt."""
    return Attempts(first=moment, last=moment)
