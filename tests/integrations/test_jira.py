"""The Jira adapter, through the real `jira` library, over real HTTP to a loopback server."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus, Severity
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
from integrations.trackers.jira.adf import to_text
from integrations.trackers.jira.site import JiraSite
from integrations.trackers.jira.tracker import JiraTracker
from standins.http import Trouble
from standins.jira.server import BOT, CLOUD_ID, EMAIL, OAUTH_TOKEN, PAT, TOKEN, JiraServer, running
from standins.jira.state import Comment, Issue, Project, User
from tests.integrations.tracker_contract import RemoteEngineer, RemoteTrackerContract

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SPEC = IssueSpec(
    key="pagerduty:P1/item-1",
    project="SCORE",
    title="Alert on drift",
    body="Action item of [P1](https://holdfast.test/reviews/P1).\n\nWhy and how.",
    labels=("holdfast", "review-P1"),
)


def cloud_site(server: JiraServer, **changes: Any) -> JiraSite:
    return JiraSite(**({"url": server.url, "email": EMAIL, "token": TOKEN} | changes))


def data_center_site(server: JiraServer, **changes: Any) -> JiraSite:
    return JiraSite(**({"url": server.url, "cloud": False, "token": PAT} | changes))


@pytest.fixture
def server() -> Iterator[JiraServer]:
    with running() as server:
        yield server


@pytest.fixture
def data_center() -> Iterator[JiraServer]:
    with running(cloud=False) as server:
        yield server


@pytest.fixture
def project(server: JiraServer) -> Project:
    return server.project("SCORE")


@pytest.fixture
def jira(server: JiraServer) -> JiraTracker:
    return JiraTracker(cloud_site(server), timeout=5, now=lambda: NOW)


# --- the contract -----------------------------------------------------------------------------------------------------


class JiraEngineer:
    def __init__(self, server: JiraServer) -> None:
        self._server = server
        self._other = server.add_project("OTHER", "acme other")
        self._decoy = server.open_issue(server.project("SCORE"), "The one that was there before")

    def finish(self, ref: IssueRef, login: str = "octocat") -> None:
        self._server.finish(self._issue(ref), self._person(login))

    def merge(self, ref: IssueRef, author: str, merger: str) -> None:
        raise NotImplementedError("there is no public API for it")

    def decline(self, ref: IssueRef) -> None:
        self._server.decline(self._issue(ref))

    def mark_duplicate(self, ref: IssueRef) -> None:
        self._server.duplicate(self._issue(ref), self._decoy)

    def reopen(self, ref: IssueRef) -> None:
        self._server.reopen(self._issue(ref))

    def delete(self, ref: IssueRef) -> None:
        self._server.delete(self._issue(ref))

    def assign(self, ref: IssueRef, login: str) -> None:
        self._server.assign(self._issue(ref), self._person(login))

    def unassign(self, ref: IssueRef, login: str) -> None:
        self._server.assign(self._issue(ref), None)

    def count(self, project: str) -> int:
        return sum(issue.project.key == project for issue in self._server.issues if issue is not self._decoy)

    def text(self, ref: IssueRef) -> tuple[str, str]:
        issue = self._issue(ref)
        return issue.summary, to_text(issue.description)

    def labels(self, ref: IssueRef) -> set[str]:
        return {label for label in self._issue(ref).labels if not label.startswith("holdfast-key:")}

    def comments(self, ref: IssueRef) -> list[str]:
        return [to_text(comment.body) for comment in self._issue(ref).comments]

    def say(self, ref: IssueRef, login: str, text: str) -> None:
        self._server.comment(self._issue(ref), text, self._person(login))

    def unlabel(self, ref: IssueRef, label: str) -> None:
        self._server.unlabel(self._issue(ref), label)

    def retitle(self, ref: IssueRef, title: str) -> None:
        self._server.edit(self._issue(ref), summary=title)

    def blocked_by(self, ref: IssueRef) -> set[str]:
        links = self._issue(ref).links
        return {link.source.key for link in links if link.type.name == "Blocks" and link.target.id == ref.id}

    def reword(self, ref: IssueRef, said: str, text: str) -> None:
        self._server.edit_comment(self._issue(ref), self._saying(ref, said), text)

    def unsay(self, ref: IssueRef, said: str) -> None:
        self._server.delete_comment(self._issue(ref), self._saying(ref, said))

    def _saying(self, ref: IssueRef, said: str) -> Comment:
        return next(comment for comment in self._issue(ref).comments if to_text(comment.body).strip() == said)

    def move(self, ref: IssueRef) -> None:
        self._server.move(self._issue(ref), self._other)

    def hide(self, ref: IssueRef) -> None:
        self._server.restrict(self._issue(ref))

    def limit(self, seconds: int) -> None:
        self._server.limit(seconds)

    def fail_next(self) -> None:
        self._server.answers(503, "Jira is being restarted")

    def refuse_credential(self) -> None:
        self._server.revoked = True

    def _issue(self, ref: IssueRef) -> Issue:
        return self._server.issue(ref.id)

    def _person(self, login: str) -> User:
        for user in self._server.site.users:
            if login in (user.name, user.account_id):
                return user
        person = User(account_id=login, name=login, display_name=login.title(), email=f"{login}@acme.test")
        self._server.site.users.append(person)
        return person


class JiraContract(RemoteTrackerContract):
    LEFT_OUT: ClassVar = {
        "test_who_wrote_and_who_merged_the_change_that_closed_it_had_a_hand_in_it": "tells of changes in no public API"
    }

    @pytest.fixture
    def jira_server(self) -> Iterator[JiraServer]:
        raise NotImplementedError

    @pytest.fixture
    def engineer(self, jira_server: JiraServer) -> RemoteEngineer:
        return JiraEngineer(jira_server)

    @pytest.fixture
    def lose_next_answer(self, jira_server: JiraServer) -> Callable[[], None]:
        return lambda: jira_server.answers(502, "Bad Gateway", method="POST", path="/(issue|comment)$", stored=True)

    @pytest.fixture
    def project(self) -> str:
        return "SCORE"

    @pytest.fixture
    def unknown_project(self) -> str:
        return "NOWHERE"


class TestJiraCloud(JiraContract):
    @pytest.fixture
    def jira_server(self) -> Iterator[JiraServer]:
        with running() as server:
            yield server

    @pytest.fixture
    def tracker(self, jira_server: JiraServer) -> IssueTracker:
        return JiraTracker(cloud_site(jira_server), timeout=5, search_lag=timedelta(0))


class TestJiraDataCenter(JiraContract):
    @pytest.fixture
    def jira_server(self) -> Iterator[JiraServer]:
        with running(cloud=False) as server:
            yield server

    @pytest.fixture
    def tracker(self, jira_server: JiraServer) -> IssueTracker:
        return JiraTracker(data_center_site(jira_server), timeout=5, search_lag=timedelta(0))


# --- three ways to sign in --------------------------------------------------------------------------------------------


def test_oauth_goes_by_way_of_the_cloud_id(server: JiraServer) -> None:
    site = JiraSite(url="https://acme.test", token=OAUTH_TOKEN, cloud_id=CLOUD_ID, oauth_url=f"{server.url}/ex/jira/")
    tracker = JiraTracker(site, timeout=5)
    ref = tracker.ensure_issue(SPEC, None)
    assert ref.url == "https://acme.test/browse/SCORE-1"
    assert tracker.read([ref])[0].status is IssueStatus.OPEN
    assert {request.path.split("/rest/")[0] for request in server.requests} == {f"/ex/jira/{CLOUD_ID}"}
    assert tracker.check("SCORE") == []


def test_each_way_to_sign_in_has_its_header(server: JiraServer, data_center: JiraServer, jira: JiraTracker) -> None:
    jira.ensure_issue(SPEC, None)
    JiraTracker(data_center_site(data_center), timeout=5).ensure_issue(SPEC, None)
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    assert server.requests[0].path.startswith("/rest/api/3/")
    assert data_center.requests[0].headers["authorization"] == f"Bearer {PAT}"
    assert data_center.requests[0].path.startswith("/rest/api/2/")


@pytest.mark.parametrize(
    "settings",
    [
        {"token": TOKEN},
        {"token": TOKEN, "email": EMAIL, "cloud_id": CLOUD_ID},
        {"token": PAT, "cloud": False, "email": EMAIL},
        {"token": PAT, "cloud": False, "cloud_id": CLOUD_ID},
        {"token": "", "email": EMAIL},
        {"token": "with a\nline", "email": EMAIL},
        {"token": TOKEN, "cloud_id": "../other"},
        {"token": TOKEN, "email": EMAIL, "url": "ftp://acme.test"},
    ],
)
def test_a_site_has_one_way_to_sign_in(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JiraSite(**({"url": "https://acme.test"} | settings))


def test_the_token_is_in_no_message(server: JiraServer) -> None:
    site = cloud_site(server, token="secret-token")
    basic = "aG9sZGZhc3RAYWNtZS50ZXN0OnNlY3JldC10b2tlbg=="
    server.answers(400, body={"errorMessages": [f"What is secret-token, and what is {basic}?"]})
    with pytest.raises(RejectedError, match="What is …, and what is …") as caught:
        JiraTracker(site).find("SCORE-1")
    assert caught.value.__cause__ is None
    assert "secret-token" not in repr(site)


# --- one POST, however it fails ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["502", "503", "dropped", "unreadable"])
def test_a_create_whose_answer_is_lost_is_sent_once(server: JiraServer, jira: JiraTracker, way: str) -> None:
    match way:
        case "dropped":
            server.breaks("POST", "/issue$", stored=True)
        case "unreadable":
            server.answers(201, body="<html>", method="POST", path="/issue$", stored=True)
        case _:
            server.answers(int(way), method="POST", path="/issue$", stored=True)
    with pytest.raises(UnavailableError, match="not known") as caught:
        jira.ensure_issue(SPEC, None)
    assert caught.value.retry_at == NOW + timedelta(minutes=2)
    assert server.count("POST", "/issue$") == 1
    assert jira.ensure_issue(SPEC, _since(NOW)).key == "SCORE-1"
    assert server.count("POST", "/issue$") == 1


def test_a_create_without_an_answer_in_time_is_sent_once(server: JiraServer) -> None:
    server.answers(0, method="POST", path="/issue$", stored=True)
    with pytest.raises(UnavailableError):
        JiraTracker(cloud_site(server), timeout=0.2).ensure_issue(SPEC, None)
    assert server.count("POST", "/issue$") == 1


def test_after_an_unknown_outcome_the_time_that_jira_asks_for_is_kept_too(
    server: JiraServer, jira: JiraTracker
) -> None:
    server.answers(503, headers={"Retry-After": "600"}, method="POST", path="/issue$")
    with pytest.raises(UnavailableError) as caught:
        jira.ensure_issue(SPEC, None)
    assert caught.value.retry_at == NOW + timedelta(minutes=10)


def test_while_search_lags_nothing_is_created_a_second_time(server: JiraServer) -> None:
    """The first create is stored and not told; search does not know of it for a minute and a half."""
    clock = [NOW]
    server.site.clock = lambda: clock[0]
    tracker = JiraTracker(cloud_site(server), timeout=5, now=lambda: clock[0])
    server.lag(90)
    server.breaks("POST", "/issue$", stored=True)
    with pytest.raises(UnavailableError):
        tracker.ensure_issue(SPEC, None)
    for seconds in (10, 60):
        clock[0] = NOW + timedelta(seconds=seconds)
        with pytest.raises(UnavailableError) as caught:
            tracker.ensure_issue(SPEC, _since(NOW))
        assert caught.value.retry_at == NOW + timedelta(minutes=2)
    clock[0] = NOW + timedelta(minutes=2)
    assert tracker.ensure_issue(SPEC, _since(NOW)).key == "SCORE-1"
    assert server.count("POST", "/issue$") == 1


@pytest.mark.parametrize("seed", range(3))
def test_in_trouble_each_key_has_one_issue_when_the_times_told_are_kept(server: JiraServer, seed: int) -> None:
    clock = [NOW]
    server.site.clock = lambda: clock[0]
    tracker = JiraTracker(cloud_site(server), timeout=5, now=lambda: clock[0])
    server.lag(90)
    server.trouble(Random(seed), 0.4, [kind for kind in Trouble if kind is not Trouble.SLOW])
    refs = []
    for number in range(15):
        spec, first = SPEC.model_copy(update={"key": f"item-{number}"}), clock[0]
        while True:
            try:
                refs.append(tracker.ensure_issue(spec, _since(first) if clock[0] > first else None))
                break
            except (UnavailableError, RateLimitedError) as error:
                clock[0] = max(error.retry_at or clock[0], clock[0] + timedelta(seconds=1))
        clock[0] += timedelta(seconds=1)
    assert server.troubled
    assert {issue.id: issue.properties["holdfast"]["key"] for issue in server.issues} == {
        ref.id: f"item-{number}" for number, ref in enumerate(refs)
    }


def test_an_attempt_that_made_nothing_is_made_good_after_the_lag(server: JiraServer) -> None:
    tracker = JiraTracker(cloud_site(server), timeout=5, now=lambda: NOW)
    with pytest.raises(UnavailableError):
        tracker.ensure_issue(SPEC, _since(NOW - timedelta(seconds=119)))
    assert tracker.ensure_issue(SPEC, _since(NOW - timedelta(seconds=120))).key == "SCORE-1"
    assert server.count("POST", "/issue$") == 1


def test_nothing_is_created_after_a_search_that_took_too_long(server: JiraServer) -> None:
    with pytest.raises(UnavailableError, match="nothing was created"):
        JiraTracker(cloud_site(server), patience=0).ensure_issue(SPEC, None)
    assert server.count("POST", "/issue$") == 0


def test_a_new_key_is_not_lost_to_a_request_that_follows(server: JiraServer, jira: JiraTracker) -> None:
    server.answers(500, path="/issue/", times=9)
    assert jira.ensure_issue(SPEC, None).key == "SCORE-1"


def test_a_create_costs_a_search_a_post_and_a_link(server: JiraServer, jira: JiraTracker) -> None:
    jira.ensure_issue(SPEC, None)
    assert [(request.method, request.path.removeprefix("/rest/api/3/")) for request in server.requests] == [
        ("POST", "search/jql"),
        ("POST", "issue"),
        ("POST", "issue/10002/remotelink"),
    ]


def test_the_key_goes_into_the_create_call_as_a_label_and_as_a_property(server: JiraServer, jira: JiraTracker) -> None:
    jira.ensure_issue(SPEC, None)
    created = next(request.body for request in server.requests if request.path.endswith("/issue"))
    assert created["properties"] == [{"key": "holdfast", "value": {"key": SPEC.key}}]
    assert created["fields"]["labels"] == ["holdfast", "review-P1", "holdfast-key:pagerduty:P1/item-1"]
    assert created["fields"]["project"] == {"key": "SCORE"}
    assert created["fields"]["issuetype"] == {"name": "Task"}


@pytest.mark.parametrize("key", ['with "quotes" and\tspace', "x" * 300, "ключ/1", "P1%20/1", "a\\b"])
def test_any_key_finds_its_issue_again(server: JiraServer, jira: JiraTracker, key: str) -> None:
    spec = SPEC.model_copy(update={"key": key})
    ref = jira.ensure_issue(spec, None)
    assert jira.ensure_issue(spec, None) == ref
    assert all(len(label) <= 255 for label in server.issue(ref.key).labels)


def test_two_long_keys_that_begin_alike_have_an_issue_each(jira: JiraTracker) -> None:
    first, second = (jira.ensure_issue(SPEC.model_copy(update={"key": "x" * 300 + end}), None) for end in "ab")
    assert first != second


def test_a_clone_with_our_label_is_not_our_issue(server: JiraServer, jira: JiraTracker, project: Project) -> None:
    ref = jira.ensure_issue(SPEC, None)
    ours = server.issue(ref.key)
    server.open_issue(project, "CLONE - Alert on drift", labels=ours.labels)
    assert jira.ensure_issue(SPEC, None) == ref
    server.delete(ours)
    assert jira.ensure_issue(SPEC, None).key == "SCORE-3"


def test_an_issue_that_search_finds_though_it_is_deleted_does_not_count(server: JiraServer, jira: JiraTracker) -> None:
    ref = jira.ensure_issue(SPEC, None)
    server.answers(404, method="GET", path=f"/issue/{ref.id}$")
    assert jira.ensure_issue(SPEC, None) != ref


def test_trouble_while_looking_creates_nothing(server: JiraServer, jira: JiraTracker) -> None:
    jira.ensure_issue(SPEC, None)
    server.answers(500, method="GET", path="/issue/")
    with pytest.raises(UnavailableError):
        jira.ensure_issue(SPEC, None)
    assert server.count("POST", "/issue$") == 1


def test_a_moved_issue_is_found_and_not_made_again(server: JiraServer, jira: JiraTracker) -> None:
    ref = jira.ensure_issue(SPEC, None)
    server.move(server.issue(ref.key), server.add_project("OTHER", "other"))
    again = jira.ensure_issue(SPEC, None)
    assert (again.id, again.key) == (ref.id, "OTHER-1")
    assert server.count("POST", "/issue$") == 1


def test_all_that_is_mapped_goes_into_the_issue(server: JiraServer, project: Project) -> None:
    server.add_component(project, "Scoring")
    server.require(project, "Task", "customfield_10050", "Team", ("Platform", "Search"))
    ada = server.add_user("ada", "Ada")
    site = cloud_site(
        server,
        priorities={Severity.SEV1: "Highest"},
        components={"scoring": ("Scoring",)},
        fields={"customfield_10050": {"value": "Platform"}},
    )
    spec = SPEC.model_copy(
        update={
            "due": date(2026, 12, 24),
            "severity": Severity.SEV1,
            "service": "scoring",
            "assignee": ada.account_id,
            "labels": ("with space", " "),
        }
    )
    tracker = JiraTracker(site, timeout=5)
    ref = tracker.ensure_issue(spec, None)
    issue = server.issue(ref.key)
    assert issue.priority.name == "Highest"
    assert [component.name for component in issue.components] == ["Scoring"]
    assert issue.custom["customfield_10050"].name == "Platform"
    assert issue.labels[0] == "with-space"
    (found,) = tracker.read([ref])
    assert (found.due, found.assignee, found.labels) == (spec.due, ada.account_id, ("with-space",))


def test_on_data_center_an_assignee_has_a_name_and_a_body_is_text(data_center: JiraServer) -> None:
    data_center.add_user("ada", "Ada")
    tracker = JiraTracker(data_center_site(data_center), timeout=5)
    ref = tracker.ensure_issue(SPEC.model_copy(update={"assignee": "ada", "body": ""}), None)
    tracker.rewrite(ref, "Title", "**Body**")
    (found,) = tracker.read([ref])
    assert (found.assignee, found.body) == ("ada", "**Body**")
    data_center.issue(ref.key).description = "One line\r\nand another\r\n"
    assert tracker.read([ref])[0].body == "One line\nand another"


def test_a_required_field_is_named(server: JiraServer, jira: JiraTracker, project: Project) -> None:
    server.require(project, "Task", "customfield_10050", "Team")
    with pytest.raises(RejectedError, match="customfield_10050: Team is required"):
        jira.ensure_issue(SPEC, None)


def test_a_field_that_is_not_on_the_screen_is_named(server: JiraServer, jira: JiraTracker, project: Project) -> None:
    server.take_off_screen(project, "labels")
    with pytest.raises(RejectedError, match=r"labels: .*not on the appropriate screen"):
        jira.ensure_issue(SPEC, None)


@pytest.mark.parametrize("project", ["acme/scoring", "a b", "", 'X" OR project = "Y', "1X"])
def test_what_is_no_project_key_is_not_asked_for(server: JiraServer, jira: JiraTracker, project: str) -> None:
    with pytest.raises(NotFoundError):
        jira.ensure_issue(SPEC.model_copy(update={"project": project}), None)
    with pytest.raises(NotFoundError):
        jira.changes(project, None, set())
    (sentence,) = jira.check(project)
    assert "not the key of a Jira project" in sentence
    assert server.requests == []


def test_what_is_too_long_is_cut(server: JiraServer, jira: JiraTracker) -> None:
    spec = SPEC.model_copy(update={"title": "t\n" * 300, "body": "- **b**\n" * 9_000})
    ref = jira.ensure_issue(spec, None)
    issue = server.issue(ref.key)
    assert len(issue.summary) == 255
    assert len(json.dumps(issue.description)) < 32_767
    jira.rewrite(ref, spec.title, spec.body)
    assert server.count("PUT") == 0


def test_an_empty_body_is_no_document(server: JiraServer, jira: JiraTracker) -> None:
    ref = jira.ensure_issue(SPEC.model_copy(update={"body": " "}), None)
    assert server.issue(ref.key).description is None
    assert jira.read([ref])[0].body == ""


def test_the_review_is_linked_once_and_follows_a_rewrite(server: JiraServer, jira: JiraTracker) -> None:
    ref = jira.ensure_issue(SPEC, None)
    jira.ensure_issue(SPEC, _since(NOW))
    (link,) = server.issue(ref.key).remote_links
    assert link.content["globalId"] == f"holdfast:{SPEC.key}"
    assert link.content["object"] == {"url": "https://holdfast.test/reviews/P1", "title": "P1"}
    jira.rewrite(ref, "Title", "See [P1](https://elsewhere.test/reviews/P1).")
    (link,) = server.issue(ref.key).remote_links
    assert link.content["object"]["url"] == "https://elsewhere.test/reviews/P1"
    server.issue(ref.key).properties.clear()
    jira.rewrite(ref, "Title", "See [P1](https://nowhere.test/reviews/P1).")
    assert len(server.issue(ref.key).remote_links) == 1


def test_calls_from_many_threads_do_not_mix(server: JiraServer, jira: JiraTracker) -> None:
    specs = [SPEC.model_copy(update={"key": f"item-{n}", "title": f"Item {n}"}) for n in range(16)]
    with ThreadPoolExecutor(16) as pool:
        refs = list(pool.map(lambda spec: jira.ensure_issue(spec, None), specs))
    assert [server.issue(ref.key).summary for ref in refs] == [spec.title for spec in specs]


# --- what an issue is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "resolution", "meaning"),
    [
        ("To Do", None, IssueStatus.OPEN),
        ("In Review", "Done", IssueStatus.OPEN),
        ("Done", "Done", IssueStatus.DONE),
        ("Cancelled", "Done", IssueStatus.DONE),
        ("Done", None, IssueStatus.DONE),
        ("Cancelled", None, IssueStatus.DECLINED),
        ("Done", "Won't Do", IssueStatus.DECLINED),
        ("Done", "Cannot Reproduce", IssueStatus.DECLINED),
        ("Done", "Duplicate", IssueStatus.DUPLICATE),
    ],
)
def test_done_needs_the_category_and_a_resolution_or_a_status_that_counts(
    server: JiraServer, jira: JiraTracker, status: str, resolution: str | None, meaning: IssueStatus
) -> None:
    ref = jira.ensure_issue(SPEC, None)
    server.transition(server.issue(ref.key), status, resolution)
    (found,) = jira.read([ref])
    assert found.status is meaning
    assert bool(found.note) == (meaning is IssueStatus.DECLINED)


def test_what_counts_as_done_can_be_set(server: JiraServer) -> None:
    site = cloud_site(
        server,
        done_resolutions=("cannot reproduce",),
        done_statuses=("CANCELLED",),
        duplicate_resolutions=("Won't Do",),
    )
    tracker = JiraTracker(site, timeout=5)
    ref = tracker.ensure_issue(SPEC, None)
    for status, resolution, meaning in (
        ("Done", "Cannot Reproduce", IssueStatus.DONE),
        ("Done", "Done", IssueStatus.DECLINED),
        ("Done", "Won't Do", IssueStatus.DUPLICATE),
        ("Done", None, IssueStatus.DECLINED),
        ("Cancelled", None, IssueStatus.DONE),
    ):
        server.transition(server.issue(ref.key), status, resolution)
        assert tracker.read([ref])[0].status is meaning


def test_a_moved_issue_keeps_its_id_and_says_where_it_was(server: JiraServer, jira: JiraTracker) -> None:
    ref = jira.ensure_issue(SPEC, None)
    server.move(server.issue(ref.key), server.add_project("OTHER", "other"))
    (found,) = jira.read([ref])
    assert found.ref is not None
    assert (found.status, found.ref.id, found.ref.key) == (IssueStatus.OPEN, ref.id, "OTHER-1")
    assert found.ref.url == f"{server.url}/browse/OTHER-1"
    assert found.note == "It was SCORE-1 before."
    assert jira.find("score-1") == found.ref  # the old key still finds it


def test_of_what_is_not_there_the_note_says_what_is_not_known(server: JiraServer, jira: JiraTracker) -> None:
    deleted, hidden = (jira.ensure_issue(SPEC.model_copy(update={"key": f"item-{n}"}), None) for n in range(2))
    server.delete(server.issue(deleted.key))
    server.restrict(server.issue(hidden.key))
    for found in jira.read([deleted, hidden]):
        assert (found.status, found.ref) == (IssueStatus.MISSING, None)
        assert "deleted, or this account may not see it" in found.note


@pytest.mark.parametrize("cloud", [True, False])
def test_a_project_out_of_sight_is_forbidden_and_costs_no_request_for_each_issue(
    server: JiraServer, data_center: JiraServer, cloud: bool
) -> None:
    where = server if cloud else data_center
    tracker = JiraTracker((cloud_site if cloud else data_center_site)(where), timeout=5)
    other = where.add_project("OTHER", "other")
    specs = [SPEC.model_copy(update={"key": f"item-{n}"}) for n in range(3)]
    refs = [tracker.ensure_issue(spec, None) for spec in specs]
    seen = tracker.ensure_issue(SPEC.model_copy(update={"project": "OTHER"}), None)
    where.forbid(where.project("SCORE"), "BROWSE_PROJECTS")
    before = where.count()
    found = tracker.read([*refs, seen])
    assert [each.status for each in found] == [IssueStatus.FORBIDDEN] * 3 + [IssueStatus.OPEN]
    assert "SCORE is not there any more, or this account may not browse it" in found[0].note
    assert where.count() - before == (2 if cloud else 5)
    where.forbid(other, "BROWSE_PROJECTS")
    where.allow(where.project("SCORE"), "BROWSE_PROJECTS")
    assert [each.status for each in tracker.read([*refs, seen])] == [IssueStatus.OPEN] * 3 + [IssueStatus.FORBIDDEN]


@pytest.mark.parametrize("reading", ["as a visitor", "as nobody"])
def test_a_token_that_is_not_accepted_is_not_taken_for_missing_issues(
    server: JiraServer, jira: JiraTracker, reading: str
) -> None:
    """With a bad token Jira may answer as to a visitor: with 404, or with success and nothing in it."""
    ref = jira.ensure_issue(SPEC, None)
    if reading == "as a visitor":
        failed = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
        server.answers(200, body={"issues": [], "issueErrors": []}, headers=failed, path="bulkfetch")
    else:
        server.answers(200, body={"issues": [], "issueErrors": []}, path="bulkfetch")
        server.answers(404, path="/(issue|project)/", times=2)
        server.answers(401, "Client must be authenticated", path="/myself")
    with pytest.raises(UnauthorisedError):
        jira.read([ref])


def test_what_a_bulk_answer_leaves_out_is_asked_for_by_itself(server: JiraServer, jira: JiraTracker) -> None:
    """The published schema says that `issueErrors` names what could be had at another time."""
    ref = jira.ensure_issue(SPEC, None)
    left_out = {"issues": [], "issueErrors": [{"id": ref.id, "errorMessage": "Try again."}]}
    server.answers(200, body=left_out, path="bulkfetch")
    assert jira.read([ref])[0].status is IssueStatus.OPEN
    server.answers(200, body=left_out, path="bulkfetch")
    server.answers(503, path="/project/SCORE$")
    with pytest.raises(UnavailableError):
        jira.read([ref])
    server.answers(200, body=left_out, path="bulkfetch")
    server.answers(503, path=f"/issue/{ref.id}$")
    with pytest.raises(UnavailableError):
        jira.read([ref])


def test_on_cloud_many_issues_are_read_in_hundreds(server: JiraServer, jira: JiraTracker, project: Project) -> None:
    for number in range(150):
        server.open_issue(project, f"Issue {number}")
    refs = [IssueRef(tracker="jira", id=each.id, key=each.key, url="", project="SCORE") for each in server.issues]
    assert {found.status for found in jira.read(refs)} == {IssueStatus.OPEN}
    assert [request.path for request in server.requests] == ["/rest/api/3/issue/bulkfetch"] * 2


def test_on_data_center_one_unknown_id_does_not_hide_the_others(data_center: JiraServer) -> None:
    tracker = JiraTracker(data_center_site(data_center), timeout=5)
    ref = tracker.ensure_issue(SPEC, None)
    never = ref.model_copy(update={"id": "77", "key": "SCORE-77"})
    assert [found.status for found in tracker.read([never, ref])] == [IssueStatus.MISSING, IssueStatus.OPEN]


def test_a_body_comes_back_as_it_was_written(jira: JiraTracker) -> None:
    body = "Action item **1** of [P1](https://holdfast.test/P1).\n\n- class: prevent\n- due: `never`\n\n- [ ] done"
    ref = jira.ensure_issue(SPEC.model_copy(update={"body": body}), None)
    assert jira.read([ref])[0].body == body


def test_an_issue_is_found_by_its_address_here_and_not_elsewhere(server: JiraServer, jira: JiraTracker) -> None:
    ref = jira.ensure_issue(SPEC, None)
    assert jira.find(f"{ref.url}?focusedCommentId=1#comment-1") == ref
    for address in (ref.url.replace("127.0.0.1", "elsewhere.test"), f"{server.url}/browse/", f"{ref.url}/../OTHER-1"):
        with pytest.raises(NotFoundError, match="write PROJECT-1"):
            jira.find(address)


# --- changes ----------------------------------------------------------------------------------------------------------


def test_the_window_is_told_in_minutes_and_begins_before_the_last_look(server: JiraServer) -> None:
    clock = [NOW]
    server.site.clock = lambda: clock[0]
    server.zone = "Asia/Tokyo"
    tracker = JiraTracker(cloud_site(server), timeout=5, now=lambda: clock[0])
    ref = tracker.ensure_issue(SPEC, None)
    cursor = tracker.changes("SCORE", None, {ref.id}).cursor
    server.finish(server.issue(ref.key))
    clock[0] = NOW + timedelta(minutes=30, seconds=1)
    changes = tracker.changes("SCORE", cursor, {ref.id})
    assert [found.status for found in changes.snapshots] == [IssueStatus.DONE]
    assert server.requests[-2].body["jql"] == 'project = "SCORE" AND updated >= -41m ORDER BY updated DESC'
    assert json.loads(changes.cursor) == {"since": "2026-11-20T12:30:01Z"}


def test_what_search_tells_late_is_told_by_a_later_look_and_as_it_is_now(server: JiraServer) -> None:
    clock = [NOW]
    server.site.clock = lambda: clock[0]
    tracker = JiraTracker(cloud_site(server), timeout=5, now=lambda: clock[0])
    ref = tracker.ensure_issue(SPEC, None)
    clock[0] = NOW + timedelta(hours=1)
    cursor = tracker.changes("SCORE", None, {ref.id}).cursor
    server.lag(60)
    server.finish(server.issue(ref.key))
    clock[0] += timedelta(seconds=30)
    early = tracker.changes("SCORE", cursor, {ref.id})
    assert early.snapshots == ()
    clock[0] += timedelta(seconds=31)
    server.reopen(server.issue(ref.key))  # search knows that it was closed, and not yet this
    late = tracker.changes("SCORE", early.cursor, {ref.id})
    assert [found.status for found in late.snapshots] == [IssueStatus.OPEN]


@pytest.mark.parametrize("cloud", [True, False])
def test_pages_are_turned_with_one_window_and_miss_nothing_that_changes_meanwhile(
    server: JiraServer, data_center: JiraServer, cloud: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = server if cloud else data_center
    monkeypatch.setattr("integrations.trackers.jira.reading._CLOUD_PAGE", 2)
    monkeypatch.setattr("integrations.trackers.jira.reading._PAGE", 2)
    clock = [NOW]
    where.site.clock = lambda: clock[0]
    site = (cloud_site if cloud else data_center_site)(where)
    tracker = JiraTracker(site, timeout=5, now=lambda: clock[0])
    issues = []
    for number in range(5):
        clock[0] += timedelta(seconds=1)
        issues.append(where.open_issue(where.project("SCORE"), f"Issue {number}"))
    among = {issue.id for issue in issues}
    changes = tracker.changes("SCORE", tracker.changes("SCORE", None, among).cursor, among)
    told = [found.asked.id for found in changes.snapshots]
    looked = clock[0]
    while changes.more:
        clock[0] += timedelta(seconds=40)
        where.edit(issues[0], summary=f"Changed at {clock[0]}")
        changes = tracker.changes("SCORE", changes.cursor, among)
        told += [found.asked.id for found in changes.snapshots]
    assert set(told) >= {issue.id for issue in issues[1:]}
    assert json.loads(changes.cursor) == {"since": looked.isoformat().replace("+00:00", "Z")}
    changes = tracker.changes("SCORE", changes.cursor, among)  # what changed while pages were turned comes now
    assert issues[0].id in {found.asked.id for found in changes.snapshots}
    queries = [request.body["jql"] for request in where.requests if "jql" in (request.body or {})]
    assert len(set(queries[:3])) == 1


def test_a_look_at_which_nothing_of_ours_changed_costs_one_request(
    server: JiraServer, jira: JiraTracker, project: Project
) -> None:
    server.open_issue(project, "Somebody else's")
    cursor = jira.changes("SCORE", None, set()).cursor
    assert server.count() == 0
    assert jira.changes("SCORE", cursor, {"77"}).snapshots == ()
    assert server.count() == 1


def test_what_was_deleted_since_search_saw_it_is_left_to_a_read(server: JiraServer, jira: JiraTracker) -> None:
    ref = jira.ensure_issue(SPEC, None)
    cursor = jira.changes("SCORE", None, {ref.id}).cursor
    server.answers(200, body={"issues": [{"id": ref.id}], "isLast": True}, path="search/jql")
    server.delete(server.issue(ref.key))
    assert jira.changes("SCORE", cursor, {ref.id}).snapshots == ()


def test_a_project_that_went_is_no_refused_cursor(server: JiraServer, jira: JiraTracker, project: Project) -> None:
    cursor = jira.changes("SCORE", None, set()).cursor
    server.forbid(project, "BROWSE_PROJECTS")
    with pytest.raises(NotFoundError):
        jira.changes("SCORE", cursor, set())


def test_a_page_that_jira_does_not_know_any_more_is_a_refused_cursor(jira: JiraTracker) -> None:
    cursor = json.dumps({"since": NOW.isoformat(), "looked": NOW.isoformat(), "minutes": 10, "page": "é"})
    with pytest.raises(RejectedError):
        jira.changes("SCORE", cursor, set())


# --- writing ----------------------------------------------------------------------------------------------------------


def test_labels_are_added_in_the_shape_that_jira_documents(server: JiraServer, jira: JiraTracker) -> None:
    ref = jira.ensure_issue(SPEC, None)
    server.unlabel(server.issue(ref.key), "holdfast", "holdfast-key:pagerduty:P1/item-1")
    for _ in range(2):
        jira.label(ref, ["holdfast", "pre vent", "pre vent"])
    (put,) = [request.body for request in server.requests if request.method == "PUT"]
    added = ["holdfast", "pre-vent", "holdfast-key:pagerduty:P1/item-1"]
    assert put == {"update": {"labels": [{"add": label} for label in added]}}


def test_a_person_s_issue_that_was_adopted_gets_no_key_of_ours(
    server: JiraServer, jira: JiraTracker, project: Project
) -> None:
    issue = server.open_issue(project, "Theirs")
    jira.label(jira.find(issue.key), ["holdfast"])
    assert issue.labels == ("holdfast",)


def test_a_comment_s_mark_is_seen_by_nobody(server: JiraServer, jira: JiraTracker) -> None:
    ref = jira.ensure_issue(SPEC, None)
    jira.comment(ref, "answer:1", "Two things block.\n\n- one\n- two")
    (said,) = jira.comments(ref)
    assert (said.text, said.ours, said.author) == ("Two things block.\n\n- one\n- two", True, BOT.account_id)


def test_many_comments_are_all_looked_through(
    server: JiraServer, jira: JiraTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.trackers.jira.reading._PAGE", 2)
    ref = jira.ensure_issue(SPEC, None)
    for number in range(4):
        server.comment(server.issue(ref.key), f"Comment {number}")
    for _ in range(2):
        jira.comment(ref, "answer:1", "Ours.")
    assert [said.text for said in jira.comments(ref)] == [*(f"Comment {n}" for n in range(4)), "Ours."]


def test_a_comment_without_an_author_is_told(server: JiraServer, jira: JiraTracker) -> None:
    ref = jira.ensure_issue(SPEC, None)
    comment = {"id": "1", "created": "2026-11-20T13:00:00.000+0100", "body": None}
    server.answers(200, body={"comments": [comment], "total": 1}, path="/comment$")
    (said,) = jira.comments(ref)
    assert (said.author, said.text, said.at) == ("", "", NOW)


def test_what_is_so_already_is_not_written_again(server: JiraServer, jira: JiraTracker) -> None:
    ref = jira.ensure_issue(SPEC, None)
    other = jira.ensure_issue(SPEC.model_copy(update={"key": "other"}), None)
    for _ in range(2):
        jira.rewrite(ref, "Title", "**Body**\n\n- one\n- two")
        jira.close(ref, IssueStatus.DONE)
        jira.show_blocking(ref, [other, ref])
    assert (server.count("PUT"), server.count("POST", "/transitions$"), server.count("POST", "/issueLink$")) == (
        1,
        1,
        1,
    )


def test_a_blocker_that_is_gone_does_not_hide_the_others(server: JiraServer, jira: JiraTracker) -> None:
    ref, gone, other = (jira.ensure_issue(SPEC.model_copy(update={"key": f"item-{n}"}), None) for n in range(3))
    server.delete(server.issue(gone.key))
    jira.show_blocking(ref, [gone, other])
    (link,) = server.issue(ref.key).links
    assert (link.source.key, link.target.key, link.type.outward) == (other.key, ref.key, "blocks")


def test_links_that_jira_does_not_know_are_named(server: JiraServer) -> None:
    tracker = JiraTracker(cloud_site(server, blocks_link_type="Hinders"), timeout=5)
    ref, other = (tracker.ensure_issue(SPEC.model_copy(update={"key": f"item-{n}"}), None) for n in range(2))
    with pytest.raises(RejectedError, match="blocks_link_type"):
        tracker.show_blocking(ref, [other])


def test_trouble_while_linking_is_trouble(server: JiraServer, jira: JiraTracker) -> None:
    ref, other = (jira.ensure_issue(SPEC.model_copy(update={"key": f"item-{n}"}), None) for n in range(2))
    server.answers(500, path="/issueLink$")
    with pytest.raises(UnavailableError):
        jira.show_blocking(ref, [other])


@pytest.mark.parametrize(("status", "name"), [(IssueStatus.DONE, "Done"), (IssueStatus.DECLINED, "Cancelled")])
@pytest.mark.parametrize("team_managed", [True, False])
def test_an_issue_is_closed_in_the_way_that_its_project_has(
    server: JiraServer, jira: JiraTracker, status: IssueStatus, name: str, team_managed: bool
) -> None:
    server.add_project("TEAM", "team", team_managed=team_managed)
    ref = jira.ensure_issue(SPEC.model_copy(update={"project": "TEAM"}), None)
    jira.close(ref, status)
    issue = server.issue(ref.key)
    assert issue.status.name == name
    assert (issue.resolution is None) == team_managed
    assert jira.read([ref])[0].status is status
    jira.reopen(ref)
    assert issue.status.name == "To Do"


@pytest.mark.parametrize("status", [IssueStatus.DONE, IssueStatus.DECLINED])
def test_where_no_transition_leads_to_the_end_the_error_says_what_is_offered(
    server: JiraServer, jira: JiraTracker, project: Project, status: IssueStatus
) -> None:
    ref = jira.ensure_issue(SPEC, None)
    for target in ("Done", "Cancelled"):
        server.block_way(project, "To Do", target)
    with pytest.raises(RejectedError, match=r"'To Do' and cannot be closed.*'In Progress'.*trackers\.jira"):
        jira.close(ref, status)


def test_where_no_transition_leads_back_the_error_says_so(
    server: JiraServer, jira: JiraTracker, project: Project
) -> None:
    ref = jira.ensure_issue(SPEC, None)
    jira.close(ref, IssueStatus.DONE)
    server.block_way(project, "Done", "To Do")
    jira.reopen(ref)
    assert server.issue(ref.key).status.category == "indeterminate"
    jira.close(ref, IssueStatus.DONE)
    server.forbid(project, "TRANSITION_ISSUES")
    with pytest.raises(RejectedError, match="'Done' and cannot be reopened: no transition is offered"):
        jira.reopen(ref)


def test_what_was_to_be_declined_is_never_left_as_done(server: JiraServer, jira: JiraTracker, project: Project) -> None:
    """The workflow gives everything the resolution Done, and its screens do not ask for one."""
    project.resolution_on_screen = False
    ref = jira.ensure_issue(SPEC, None)
    with pytest.raises(RejectedError, match="which means done"):
        jira.close(ref, IssueStatus.DECLINED)
    assert jira.read([ref])[0].status is IssueStatus.OPEN
    jira.close(ref, IssueStatus.DONE)
    assert jira.read([ref])[0].status is IssueStatus.DONE


def test_a_workflow_that_ends_as_something_else_is_named(server: JiraServer) -> None:
    server.add_project("TEAM", "team", team_managed=True)
    tracker = JiraTracker(cloud_site(server, done_statuses=("Shipped",)), timeout=5)
    ref = tracker.ensure_issue(SPEC.model_copy(update={"project": "TEAM"}), None)
    with pytest.raises(RejectedError, match="'Done' with the resolution 'none', which means declined"):
        tracker.close(ref, IssueStatus.DONE)


def test_a_resolution_that_the_screen_does_not_offer_is_not_sent(server: JiraServer) -> None:
    tracker = JiraTracker(cloud_site(server, declined_resolution="Rejected"), timeout=5)
    ref = tracker.ensure_issue(SPEC, None)
    with pytest.raises(RejectedError, match=r"trackers\.jira\.declined_resolution"):
        tracker.close(ref, IssueStatus.DECLINED)


# --- limits and trouble -----------------------------------------------------------------------------------------------


@pytest.fixture
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(seconds: float) -> None:
        raise AssertionError(f"it slept for {seconds} s")

    monkeypatch.setattr(time, "sleep", sleep)


@pytest.mark.usefixtures("no_sleep")
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "90"}, timedelta(seconds=90)),
        ({"Retry-After": "Fri, 20 Nov 2026 12:03:00 GMT"}, timedelta(minutes=3)),
        ({"Retry-After": "Fri, 20 Nov 2026 11:00:00 GMT"}, timedelta(0)),
        ({"Retry-After": "soon"}, timedelta(minutes=1)),
        ({"X-RateLimit-Reset": "2026-11-20T12:20Z"}, timedelta(minutes=20)),
        ({"X-RateLimit-Reset": "2026-11-20T12:20"}, timedelta(minutes=1)),
        ({"X-RateLimit-Reset": "later"}, timedelta(minutes=1)),
        ({}, timedelta(minutes=1)),
    ],
)
@pytest.mark.parametrize("path", ["/search", "/issue$"])
def test_a_limit_says_when_to_ask_again_and_why(
    server: JiraServer, jira: JiraTracker, headers: dict[str, str], wait: timedelta, path: str
) -> None:
    server.answers(429, "Slowly.", {"RateLimit-Reason": "jira-quota-global-based", **headers}, path=path)
    with pytest.raises(RateLimitedError, match=r"jira-quota-global-based: Slowly\.") as caught:
        jira.ensure_issue(SPEC, None)
    assert caught.value.retry_at == NOW + wait
    assert server.count(path=path) == 1


@pytest.mark.usefixtures("no_sleep")
def test_trouble_with_a_time_is_told_with_it(server: JiraServer, jira: JiraTracker) -> None:
    server.answers(503, "Maintenance", {"Retry-After": "300"})
    with pytest.raises(UnavailableError, match="503: Maintenance") as caught:
        jira.find("SCORE-1")
    assert caught.value.retry_at == NOW + timedelta(minutes=5)
    assert len(server.requests) == 1


SEEN = "Issue does not exist or you do not have permission to see it."


@pytest.mark.parametrize(
    ("status", "body", "headers", "error", "message"),
    [
        (500, {"errorMessages": ["Internal"]}, {}, UnavailableError, "500: Internal"),
        (503, "<html>Down</html>", {}, UnavailableError, "503: HTTP 503"),
        (502, '["odd"]', {}, UnavailableError, "502"),
        (202, {}, {}, UnavailableError, "202"),
        (200, "<html>Sign in to the proxy</html>", {}, UnavailableError, "cannot be read"),
        (200, "", {}, UnavailableError, "cannot be read"),
        (200, "[{", {}, UnavailableError, "cannot be read"),
        (200, {"key": "SCORE-1"}, {}, UnavailableError, "cannot be read"),
        (408, {}, {}, UnavailableError, "408"),
        (409, {"message": "Conflict"}, {}, UnavailableError, "409: Conflict"),
        (302, "", {"Location": "https://sso.test/in?state=x"}, UnavailableError, r"https://sso\.test/in: its address"),
        (401, {"message": "Unauthorized; scope does not match"}, {}, UnauthorisedError, "scope does not match"),
        (403, {"errorMessages": ["No"]}, {}, UnauthorisedError, "No"),
        (403, "", {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE"}, UnauthorisedError, "CAPTCHA_CHALLENGE"),
        (404, {"errorMessages": [SEEN]}, {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}, UnauthorisedError, SEEN),
        (404, {"errorMessages": [SEEN]}, {}, NotFoundError, SEEN),
        (410, {"errorMessages": ["Gone"]}, {}, NotFoundError, "Gone"),
        (400, {"errorMessages": ["Bad"], "errors": {"team": {"why": 1}}}, {}, RejectedError, r'Bad; team: {"why": 1}'),
        (400, {"errorMessages": "Bad", "errors": ["odd"], "errorMessage": "Worse"}, {}, RejectedError, "Bad; Worse"),
        (413, {}, {}, RejectedError, "HTTP 413"),
    ],
)
def test_each_failure_has_its_meaning(
    server: JiraServer,
    jira: JiraTracker,
    status: int,
    body: Any,
    headers: dict[str, str],
    error: type[TrackerError],
    message: str,
) -> None:
    server.answers(status, headers=headers, body=body)
    with pytest.raises(error, match=message):
        jira.find("SCORE-1")
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed_and_takes_no_token_along(server: JiraServer, jira: JiraTracker) -> None:
    server.answers(301, headers={"Location": f"{server.url}/rest/api/3/elsewhere"})
    with pytest.raises(UnavailableError):
        jira.find("SCORE-1")
    assert len(server.requests) == 1


def test_an_unreachable_host_is_unavailable() -> None:
    with running() as server:
        site = cloud_site(server)
    with pytest.raises(UnavailableError, match="cannot be reached"):
        JiraTracker(site).find("SCORE-1")
    (sentence,) = JiraTracker(site).check("SCORE")
    assert "cannot be reached" in sentence
    assert site.url in sentence
    assert "check trackers.jira.url" in sentence


def test_no_call_asks_what_jira_this_is(server: JiraServer, jira: JiraTracker) -> None:
    jira.read([jira.ensure_issue(SPEC, None)])
    jira.check("SCORE")
    assert server.count(path="serverInfo") == 0


# --- checking ---------------------------------------------------------------------------------------------------------


def test_a_check_names_a_refused_token(server: JiraServer) -> None:
    (sentence,) = JiraTracker(cloud_site(server, token="expired")).check("SCORE")
    assert "The token is refused" in sentence
    assert "put one into the settings" in sentence


def test_a_check_names_a_jira_that_is_not_there(server: JiraServer) -> None:
    (sentence,) = JiraTracker(cloud_site(server, url=f"{server.url}/wiki")).check("SCORE")
    assert "There is no Jira at" in sentence
    assert "trackers.jira.url" in sentence


@pytest.mark.parametrize("permission", ["CREATE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES", "LINK_ISSUES"])
def test_a_check_names_a_missing_permission(
    server: JiraServer, jira: JiraTracker, project: Project, permission: str
) -> None:
    server.forbid(project, permission)
    (sentence,) = jira.check("SCORE")
    assert f"give it {permission}" in sentence


def test_a_check_names_a_project_out_of_sight(server: JiraServer, jira: JiraTracker, project: Project) -> None:
    server.forbid(project, "BROWSE_PROJECTS")
    (sentence,) = jira.check("SCORE")
    assert "SCORE is not there, or this account may not browse it" in sentence


@pytest.mark.parametrize("cloud", [True, False])
def test_a_check_names_a_required_field_and_where_to_give_it(
    server: JiraServer, data_center: JiraServer, cloud: bool
) -> None:
    where = server if cloud else data_center
    where.require(where.project("SCORE"), "Task", "customfield_10050", "Team", ("Platform", "Search"))
    where.require(where.project("SCORE"), "Task", "customfield_10051", "Reason")
    site = (cloud_site if cloud else data_center_site)(where)
    team, reason = JiraTracker(site).check("SCORE")
    assert "'Team' is required for Task in SCORE: give customfield_10050 a value (one of: Platform, Search)" in team
    assert "give customfield_10051 a value under trackers.jira.fields" in reason
    given = {"customfield_10050": {"value": "Platform"}, "customfield_10051": "Because"}
    assert JiraTracker(site.model_copy(update={"fields": given})).check("SCORE") == []


def test_a_check_names_what_is_not_on_the_screen(server: JiraServer, project: Project) -> None:
    for field in ("labels", "duedate", "priority"):
        server.take_off_screen(project, field)
    assert len(JiraTracker(cloud_site(server)).check("SCORE")) == 2
    site = cloud_site(server, priorities={Severity.SEV1: "Highest"}, fields={"customfield_1": "x"})
    sentences = JiraTracker(site).check("SCORE")
    assert [sentence.split()[2] for sentence in sentences] == ["labels", "duedate", "customfield_1", "priority"]
    assert "or take it out of trackers.jira.fields" in sentences[2]


def test_a_check_names_unknown_names(server: JiraServer) -> None:
    server.add_component(server.project("SCORE"), "Serving")
    site = cloud_site(
        server,
        priorities={Severity.SEV1: "Blazing", Severity.SEV2: "High"},
        components={"scoring": ("Serving", "Scoring")},
        blocks_link_type="Hinders",
        done_resolutions=("Shipped",),
        done_statuses=("Live",),
    )
    link, done, component, priority = JiraTracker(site).check("SCORE")
    assert "'Hinders'" in link
    assert "Nothing would ever count as done: name some of the resolutions (Done, Won't Do" in done
    assert "of the statuses (Done, Cancelled)" in done
    assert "no component 'Scoring', which scoring is given" in component
    assert "no priority 'Blazing', which SEV1 is given" in priority
    (sentence,) = JiraTracker(cloud_site(server, issue_type="Incident")).check("SCORE")
    assert "no issue type 'Incident'" in sentence
    assert "Task, Bug, Story, Subtask" in sentence


def test_a_check_reads_all_pages(server: JiraServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.trackers.jira.check._PAGE", 3)
    assert JiraTracker(cloud_site(server, issue_type="Subtask")).check("SCORE") == []
    assert server.count(path="/issuetypes") == 6


def test_a_check_says_that_linking_is_switched_off(server: JiraServer, jira: JiraTracker) -> None:
    server.answers(404, "Issue linking is currently disabled.", path="/issueLinkType")
    (sentence,) = jira.check("SCORE")
    assert "switch issue linking on" in sentence


def test_a_check_says_when_to_ask_again(server: JiraServer, jira: JiraTracker) -> None:
    server.limit(1200)
    (sentence,) = jira.check("SCORE")
    assert "2026-11-20 12:20 UTC" in sentence
    for path in ("/project/", "/issueLinkType"):
        server.answers(500, path=path)
        (sentence,) = jira.check("SCORE")
        assert "500" in sentence


def _since(moment: datetime) -> Attempts:
    """One earlier attempt."""
    return Attempts(first=moment, last=moment)
