"""Who had a hand in an issue in Jira: nobody is left out in silence."""

from collections.abc import Iterator

import pytest

from domain.trackers.ports import UnavailableError
from integrations.trackers.jira.tracker import JiraTracker
from standins.jira.server import JiraServer, running
from standins.jira.state import Issue, User
from tests.integrations.test_jira import cloud_site, data_center_site


@pytest.fixture(params=["cloud", "data center"])
def server(request: pytest.FixtureRequest) -> Iterator[JiraServer]:
    with running(cloud=request.param == "cloud") as server:
        yield server


@pytest.fixture
def cloud() -> Iterator[JiraServer]:
    with running() as server:
        yield server


@pytest.fixture
def data_center() -> Iterator[JiraServer]:
    with running(cloud=False) as server:
        yield server


def opened(server: JiraServer) -> Issue:
    return server.open_issue(server.project("SCORE"), "Alert on drift")


def called(server: JiraServer, *users: User) -> set[str]:
    """What the catalogue calls them."""
    return {user.account_id if server.cloud else user.name for user in users}


def doers(server: JiraServer, *issues: Issue) -> list[set[str]]:
    """Who is told to have had a hand in each; requests are counted from here."""
    site = cloud_site(server) if server.cloud else data_center_site(server)
    tracker = JiraTracker(site, timeout=5)
    refs = [tracker.find(issue.key) for issue in issues]
    server.forget()
    return [set(found.doers or ()) for found in tracker.read(refs) if found.doers is not None]


def test_accounts_are_called_as_the_catalogue_calls_them(server: JiraServer) -> None:
    issue, first, second, third = (
        opened(server),
        *(server.add_user(name, name.title()) for name in ("ada", "mia", "bo")),
    )
    server.assign(issue, first)
    server.assign(issue, second)
    server.finish(issue, third)
    assert doers(server, issue) == [called(server, first, second, third)]


def test_who_brought_it_to_any_status_that_is_done_closed_it(server: JiraServer) -> None:
    issue, ada, mia, bo = opened(server), *(server.add_user(name, name.title()) for name in ("ada", "mia", "bo"))
    server.transition(issue, "Cancelled", "Won't Do", ada)
    server.transition(issue, "In Progress", by=mia)
    server.transition(issue, "Done", "Done", bo)
    assert doers(server, issue) == [called(server, ada, bo)]
    assert server.count("GET", "/status$") == 1


def test_a_status_that_is_gone_may_have_been_done(server: JiraServer) -> None:
    issue, ada = opened(server), server.add_user("ada", "Ada")
    server.transition(issue, "In Review", by=ada)
    server.transition(issue, "In Progress")
    server.answers(200, body=[], path="/status$")
    assert doers(server, issue) == [called(server, ada)]


def test_a_status_that_the_issues_are_in_is_not_asked_for(server: JiraServer) -> None:
    issues = [opened(server) for _ in range(3)]
    for issue in issues[:2]:
        server.finish(issue)
    doers(server, *issues)
    assert len(server.requests) == (1 if server.cloud else 3)


def test_a_long_history_is_asked_for_by_itself_on_cloud(cloud: JiraServer) -> None:
    long, short, ada = opened(cloud), opened(cloud), cloud.add_user("ada", "Ada")
    cloud.assign(long, ada)
    cloud.assign(long, None)
    for number in range(60):
        cloud.edit(long, summary=f"Alert {number}")
    cloud.assign(short, ada)
    assert doers(cloud, long, short) == [called(cloud, ada)] * 2
    asked = [request.body for request in cloud.requests if request.path.endswith("/changelog/bulkfetch")]
    assert [body["issueIdsOrKeys"] for body in asked] == [[long.id]]


def test_a_long_history_is_told_at_once_on_data_center(data_center: JiraServer) -> None:
    issue, ada = opened(data_center), data_center.add_user("ada", "Ada")
    data_center.finish(issue, ada)
    for number in range(120):
        data_center.edit(issue, summary=f"Alert {number}")
    assert doers(data_center, issue) == [{"ada"}]
    assert len(data_center.requests) == 1


def test_pages_of_a_long_history_are_all_read(cloud: JiraServer) -> None:
    issue, users = opened(cloud), [cloud.add_user(f"u{number}", "U") for number in range(2)]
    for number in range(1100):
        cloud.assign(issue, users[number % 2])
    assert doers(cloud, issue) == [called(cloud, *users)]
    assert cloud.count("POST", "/changelog/bulkfetch$") == 2


def test_a_long_history_without_a_hand_in_it_is_nobody_s(cloud: JiraServer) -> None:
    issue = opened(cloud)
    for number in range(60):
        cloud.edit(issue, summary=f"Alert {number}")
    assert doers(cloud, issue) == [set()]


def test_an_account_that_data_center_knows_by_its_key_alone_is_told_by_that(data_center: JiraServer) -> None:
    issue, ada, mia = opened(data_center), *(data_center.add_user(name, "A") for name in ("ada", "mia"))
    data_center.assign(issue, ada)
    data_center.assign(issue, mia)
    data_center.site.users.remove(ada)
    assert doers(data_center, issue) == [{"mia", f"JIRAUSER{ada.account_id}"}]


def test_who_has_no_account_any_more_is_told_as_jira_calls_them(data_center: JiraServer) -> None:
    issue = opened(data_center)
    data_center.finish(issue)
    status = {"id": "10001", "name": "Done", "statusCategory": {"key": "done"}}
    history = {"items": [{"field": "status", "from": "10000", "to": "10001"}]}
    fields = {"status": status, "assignee": {"displayName": "Former user"}}
    told = {"id": issue.id, "key": issue.key, "fields": fields, "changelog": {"histories": [history], "total": 1}}
    tracker = JiraTracker(data_center_site(data_center), timeout=5)
    ref = tracker.find(issue.key)
    data_center.answers(200, body=told, path="/issue/")
    assert tracker.read([ref])[0].doers == ("anonymous",)


@pytest.mark.parametrize("changelog", [None, {"histories": [], "total": 3}, {"histories": [], "total": 0}])
def test_a_history_that_is_not_all_there_is_not_told_in_part(data_center: JiraServer, changelog: object) -> None:
    """Not sent, cut, or without whoever closed the issue."""
    issue = opened(data_center)
    status = {"id": "10001", "name": "Done", "statusCategory": {"key": "done"}}
    told = {"id": issue.id, "key": issue.key, "fields": {"status": status}, "changelog": changelog}
    tracker = JiraTracker(data_center_site(data_center), timeout=5)
    ref = tracker.find(issue.key)
    data_center.answers(200, body=told, path="/issue/")
    assert tracker.read([ref])[0].doers is None


def test_trouble_with_an_account_is_trouble(data_center: JiraServer) -> None:
    issue, ada = opened(data_center), data_center.add_user("ada", "Ada")
    data_center.assign(issue, ada)
    data_center.assign(issue, None)
    data_center.answers(503, path="/user$")
    with pytest.raises(UnavailableError):
        doers(data_center, issue)


def test_a_look_at_what_changed_does_not_tell(server: JiraServer) -> None:
    issue = opened(server)
    tracker = JiraTracker(cloud_site(server) if server.cloud else data_center_site(server), timeout=5)
    cursor = tracker.changes("SCORE", None, {issue.id}).cursor
    server.finish(issue)
    (found,) = tracker.changes("SCORE", cursor, {issue.id}).snapshots
    assert found.doers is None
