"""The Jira stand-in keeps Atlassian's published contract in every answer, and its switches do what they say."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any

import httpx
import pytest
from jira import JIRA, JIRAError

from standins.http import Answer, Request, Trouble, serving
from standins.jira.rest import ROUTES
from standins.jira.server import CLOUD_ID, EMAIL, OAUTH_TOKEN, PAT, TOKEN, running
from standins.jira.state import Issue, Project
from tests.standins.jira_contract import WatchedJira, violations, violations_of

TEXT = "Score the drift check.\n\nTwo lines\nof it."


def document(text: str) -> dict[str, Any]:
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }


def watched(cloud: bool) -> Iterator[WatchedJira]:
    server = WatchedJira(cloud)
    server.add_project("SCORE", "acme scoring")
    with serving(server):
        yield server
    assert violations(server) == []


@pytest.fixture(params=[True, False], ids=["cloud", "data-center"])
def server(request: pytest.FixtureRequest) -> Iterator[WatchedJira]:
    yield from watched(request.param)


@pytest.fixture
def cloud() -> Iterator[WatchedJira]:
    yield from watched(True)


@pytest.fixture
def data_center() -> Iterator[WatchedJira]:
    yield from watched(False)


class Asking:
    """Asks a stand-in over HTTP, signed in: Cloud in v3, Data Center in v2."""

    def __init__(self, server: WatchedJira, version: int | None = None) -> None:
        self.server = server
        self.version = version or (3 if server.cloud else 2)
        self.auth = (EMAIL, TOKEN) if server.cloud else None
        self.headers = {} if server.cloud else {"Authorization": f"Bearer {PAT}"}

    def __call__(self, method: str, path: str, json: Any = None, **params: str | int) -> httpx.Response:
        url = f"{self.server.url}/rest/api/{self.version}{path}"
        with httpx.Client(auth=self.auth, headers=self.headers, trust_env=False, timeout=5) as client:
            return client.request(method, url, json=json, params=params)

    def body(self, text: str) -> Any:
        return document(text) if self.version == 3 else text

    def create(self, summary: str = "Add a drift check", **fields: Any) -> httpx.Response:
        default = {"project": {"key": "SCORE"}, "issuetype": {"name": "Task"}, "summary": summary}
        return self("POST", "/issue", {"fields": default | fields})

    def found(self, jql: str, **asked: Any) -> list[str]:
        """The ids that a search finds."""
        path = "/search/jql" if self.server.cloud else "/search"
        answer = self("POST", path, {"jql": jql, **asked})
        assert answer.status_code == 200, answer.text
        return [issue["id"] for issue in answer.json()["issues"]]


@pytest.fixture
def ask(server: WatchedJira) -> Asking:
    return Asking(server)


def client(server: WatchedJira, version: str) -> JIRA:
    options: dict[str, Any] = {"server": server.url, "rest_api_version": version}
    if server.cloud:
        return JIRA(options=options, basic_auth=(EMAIL, TOKEN), max_retries=0, timeout=5)
    return JIRA(options=options, token_auth=PAT, max_retries=0, timeout=5)


def project(server: WatchedJira) -> Project:
    return server.project("SCORE")


def opened(server: WatchedJira, title: str = "Add a drift check", **values: Any) -> Issue:
    return server.open_issue(project(server), title, **values)


# --- the contract -----------------------------------------------------------------------------------------------------


def test_every_endpoint_answers_as_published(server: WatchedJira, ask: Asking) -> None:
    mia = server.add_user("mia", "Mia Krystof")
    scoring = project(server)
    server.add_component(scoring, "batch scoring")
    server.require(scoring, "Bug", "customfield_10050", "Model risk class", ("high", "low"))
    ask("GET", "/serverInfo")
    for path in ("/myself", "/field", "/priority", "/resolution", "/status", "/issueLinkType", "/project/SCORE"):
        assert ask("GET", path).status_code == 200
    ask("GET", "/mypermissions", projectKey="SCORE", permissions="BROWSE_PROJECTS,EDIT_ISSUES")
    ask("GET", "/user", **({"accountId": mia.account_id} if server.cloud else {"username": "mia"}))
    if not server.cloud:
        assert ask("GET", "/user", key=f"JIRAUSER{mia.account_id}").json()["name"] == "mia"
    asked = {"query" if server.cloud else "username": "mia"}
    assert len(ask("GET", "/user/search", **asked).json()) == 1
    assert len(ask("GET", "/user/assignable/search", project="SCORE", **asked).json()) == 1
    types = ask("GET", "/issue/createmeta/SCORE/issuetypes", maxResults=2).json()
    assert (types["total"], len(types["issueTypes" if server.cloud else "values"])) == (4, 2)
    fields = ask("GET", "/issue/createmeta/SCORE/issuetypes/10002").json()["fields" if server.cloud else "values"]
    offered = {f["key"]: [v.get("value", v.get("name")) for v in f.get("allowedValues", [])] for f in fields}
    assert offered["customfield_10050"] == ["high", "low"]
    assert offered["components"] == ["batch scoring"]
    assert {f["name"] for f in fields if f["required"]} == {"Project", "Issue Type", "Summary", "Model risk class"}
    who = {"accountId": mia.account_id} if server.cloud else {"name": "mia"}
    first = ask.create(
        description=ask.body("why"),
        labels=["holdfast"],
        priority={"name": "High"},
        components=[{"name": "batch scoring"}],
        assignee=who,
        duedate="2026-12-24",
    ).json()
    second = ask.create(issuetype={"id": "10002"}, customfield_10050={"value": "high"}).json()
    where = f"/issue/{first['key']}"
    assert ask("PUT", where, {"fields": {"summary": "Do it"}, "update": {"labels": [{"add": "x"}]}}).status_code == 204
    ask("PUT", f"{where}/assignee", {"accountId" if server.cloud else "name": None})
    assert ask("POST", f"{where}/comment", {"body": ask.body("said")}).status_code == 201
    assert ask("GET", f"{where}/comment", expand="properties").json()["total"] == 1
    link = {"object": {"url": "https://holdfast.test/r/1", "title": "Review 1"}, "globalId": "holdfast=1"}
    assert [ask("POST", f"{where}/remotelink", link).status_code for _ in range(2)] == [201, 200]
    assert len(ask("GET", f"{where}/remotelink").json()) == 1
    assert ask("GET", f"{where}/remotelink", globalId="holdfast=1").json()["object"]["title"] == "Review 1"
    ends = {"inwardIssue": {"key": second["key"]}, "outwardIssue": {"key": first["key"]}}
    assert [ask("POST", "/issueLink", {"type": {"name": "Blocks"}, **ends}).status_code for _ in range(2)] == [201, 201]
    assert [ask("PUT", f"{where}/properties/holdfast", {"n": n}).status_code for n in (1, 2)] == [201, 200]
    assert ask("GET", f"{where}/properties/holdfast").json()["value"] == {"n": 2}
    assert [k["key"] for k in ask("GET", f"{where}/properties").json()["keys"]] == ["holdfast"]
    ways = ask("GET", f"{where}/transitions", expand="transitions.fields").json()["transitions"]
    way = next(w for w in ways if w["name"] == "Done")
    chosen = {"transition": {"id": way["id"]}, "fields": {"resolution": {"name": "Done"}}}
    assert ask("POST", f"{where}/transitions", chosen).status_code == 204
    read = ask("GET", where, expand="transitions,changelog", properties="holdfast").json()
    assert read["fields"]["resolution"]["name"] == "Done"
    assert [link["inwardIssue"]["key"] for link in read["fields"]["issuelinks"]] == [second["key"]]
    for method in ("GET", "POST"):
        body = {"jql": "project = SCORE"} if method == "POST" else None
        params = {} if body else {"jql": "project = SCORE"}
        if server.cloud:
            ask(method, "/search/jql", body, **params)
        ask(method, "/search", body, **params)
    if server.cloud:
        some = ask("POST", "/issue/bulkfetch", {"issueIdsOrKeys": [first["id"], "NOPE-1"], "properties": ["*all"]})
        assert [e["id"] for e in some.json()["issueErrors"]] == ["NOPE-1"]
        (log,) = ask("POST", "/changelog/bulkfetch", {"issueIdsOrKeys": [first["id"], "NOPE-1"]}).json()[
            "issueChangeLogs"
        ]
        assert (log["issueId"], log["changeHistories"]) == (first["id"], read["changelog"]["histories"][::-1])
    assert ask("DELETE", where).status_code == 204
    assert ask("GET", where).status_code == 404
    routes = {f"{method} {route}" for method, route, cloud, _ in ROUTES if cloud in (None, server.cloud)}
    assert server.routes_answered() == routes


@pytest.mark.parametrize("version", ["2", "3"])
def test_the_jira_library_works_with_cloud(cloud: WatchedJira, version: str) -> None:
    jira = client(cloud, version)
    body = document(TEXT) if version == "3" else TEXT
    carry_through(jira, body)
    found = jira.enhanced_search_issues('labels = "hf-1"', fields="summary,status", use_post=True)
    assert [issue.fields.summary for issue in found] == ["Renamed"]


def test_the_jira_library_works_with_data_center(data_center: WatchedJira) -> None:
    jira = client(data_center, "2")
    carry_through(jira, TEXT)
    assert [issue.key for issue in jira.search_issues('project = SCORE AND labels = "hf-1"')] == ["SCORE-1"]


def carry_through(jira: JIRA, body: Any) -> None:
    """An issue's life through the library."""
    spec = {"project": {"key": "SCORE"}, "issuetype": {"name": "Task"}, "summary": "A", "labels": ["hf-1"]}
    key = jira.create_issue(fields={**spec, "description": body}, prefetch=False).key
    jira.add_comment(key, body)
    jira.create_issue(fields={**spec, "labels": []}, prefetch=False)
    jira.create_issue_link("Blocks", "SCORE-2", key)
    jira.issue(key).update(fields={"summary": "Renamed"})
    jira.assign_issue(key, "holdfast")
    jira.transition_issue(key, "Done", fields={"resolution": {"name": "Won't Do"}})
    fields: Any = jira.issue(key).fields
    assert (fields.status.statusCategory.key, fields.resolution.name) == ("done", "Won't Do")
    assert fields.assignee.displayName == "Holdfast"
    assert [link.inwardIssue.key for link in fields.issuelinks] == ["SCORE-2"]
    assert len(jira.comments(key)) == 1
    with pytest.raises(JIRAError, match="does not exist"):
        jira.issue("SCORE-99")


def test_bodies_are_documents_in_v3_and_text_in_v2_of_the_same_issue(cloud: WatchedJira) -> None:
    issue = opened(cloud, description=TEXT)
    new, old = Asking(cloud, 3), Asking(cloud, 2)
    description = new("GET", f"/issue/{issue.key}").json()["fields"]["description"]
    assert [block["type"] for block in description["content"]] == ["paragraph", "paragraph"]
    new("PUT", f"/issue/{issue.key}", {"fields": {"description": description}})
    assert old("GET", f"/issue/{issue.key}").json()["fields"]["description"] == TEXT
    assert new.create(description="text").status_code == 400
    assert old.create(description=document("text")).status_code == 400


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/myself", {"accountId": 1}),
        ("/myself", {"login": "holdfast"}),
        ("/issue/1", {"key": 1}),
        ("/issue/1", {"id": "1", "key": "SCORE-1", "fields": {"description": "text"}}),
        ("/issue/1", {"id": "1", "key": "SCORE-1", "fields": {"status": {"id": 1}}}),
        ("/issue/1/comment", {"comments": [{"id": "1", "body": "text"}]}),
        ("/search/jql", {"issues": [{"id": 1}]}),
        ("/nowhere", {}),
    ],
)
def test_what_is_not_as_published_is_noticed(path: str, wrong: Any) -> None:
    server = WatchedJira(cloud=True)
    request = Request("GET", f"/rest/api/3{path}", {}, None, {})
    server.answered.append((request, Answer(200, wrong)))
    assert len(violations(server)) == 1
    server.answered[:] = [(request, Answer(400, {"message": "not in Jira's shape"}))]
    assert len(violations(server)) == 1


# --- signing in and permissions ---------------------------------------------------------------------------------------


def test_a_wrong_credential_is_refused(server: WatchedJira, ask: Asking) -> None:
    assert ask("GET", "/myself").status_code == 200
    server.revoked = True
    assert ask("GET", "/myself").status_code == 401
    server.revoked = False
    ask.auth, ask.headers = (EMAIL, "wrong"), {}
    assert ask("GET", "/myself").status_code == 401


def test_oauth_comes_in_under_the_cloud_id(cloud: WatchedJira) -> None:
    opened(cloud)
    headers = {"Authorization": f"Bearer {OAUTH_TOKEN}"}
    url = f"{cloud.url}/ex/jira/{CLOUD_ID}/rest/api/3/issue/SCORE-1"
    assert httpx.get(url, headers=headers, trust_env=False).json()["key"] == "SCORE-1"
    assert httpx.get(url.replace(CLOUD_ID, "other"), headers=headers, trust_env=False).status_code == 401


def test_a_project_that_we_may_not_browse_is_as_if_it_were_not(server: WatchedJira, ask: Asking) -> None:
    issue = opened(server)
    server.forbid(project(server), "BROWSE_PROJECTS")
    for path in ("/project/SCORE", f"/issue/{issue.id}", f"/issue/{issue.key}/comment"):
        assert ask("GET", path).status_code == 404
    assert ask.create().json()["errors"].keys() == {"project"}
    assert ask.found(f"id in ({issue.id})", **({} if server.cloud else {"validateQuery": False})) == []
    assert ask("POST", "/search/jql" if server.cloud else "/search", {"jql": "project = SCORE"}).status_code == 400
    server.allow(project(server), "BROWSE_PROJECTS")
    assert ask("GET", f"/issue/{issue.id}").status_code == 200


def test_rights_lost_midway_are_refused_by_name(server: WatchedJira, ask: Asking) -> None:
    where = f"/issue/{opened(server).key}"
    server.forbid(project(server), "CREATE_ISSUES", "EDIT_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS")
    assert "permission to create" in ask.create().text
    assert "permission to edit" in ask("PUT", where, {"fields": {"summary": "x"}}).text
    assert "permission to comment" in ask("POST", f"{where}/comment", {"body": ask.body("x")}).text
    assert ask("GET", f"{where}/transitions").json()["transitions"] == []
    told = ask("GET", "/mypermissions", projectKey="SCORE", permissions="EDIT_ISSUES").json()["permissions"]
    assert told["EDIT_ISSUES"]["havePermission"] is False


def test_a_restricted_issue_is_not_there(server: WatchedJira, ask: Asking) -> None:
    issue, other = opened(server), opened(server)
    server.restrict(issue)
    assert ask("GET", f"/issue/{issue.key}").status_code == 404
    assert ask.found("project = SCORE") == [other.id]


# --- what people do ---------------------------------------------------------------------------------------------------


def test_a_moved_issue_keeps_its_id_and_answers_to_its_old_key(server: WatchedJira, ask: Asking) -> None:
    issue = opened(server)
    server.move(issue, server.add_project("OPS", "operations"))
    for key in ("SCORE-1", "OPS-1", issue.id):
        read = ask("GET", f"/issue/{key}").json()
        assert (read["id"], read["key"]) == (issue.id, "OPS-1")
    assert ask.found("project = OPS") == [issue.id]
    assert ask.found("key in (SCORE-1)") == [issue.id]


def test_ends_differ_by_resolution_and_reopening_clears_it(server: WatchedJira, ask: Asking) -> None:
    issue, other = opened(server), opened(server)

    def end() -> tuple[str, str | None]:
        fields = ask("GET", f"/issue/{issue.key}").json()["fields"]
        resolution = fields["resolution"]
        return fields["status"]["statusCategory"]["key"], resolution and resolution["name"]

    server.finish(issue)
    assert end() == ("done", "Done")
    server.reopen(issue)
    assert end() == ("new", None)
    server.decline(issue)
    assert end() == ("done", "Won't Do")
    server.duplicate(issue, of=other)
    assert end() == ("done", "Duplicate")
    server.transition(issue, "Cancelled")
    assert end() == ("done", None)


def test_people_label_assign_date_edit_comment_and_delete(server: WatchedJira, ask: Asking) -> None:
    mia = server.add_user("mia", "Mia Krystof")
    issue = opened(server)
    server.label(issue, "a", "b")
    server.unlabel(issue, "a")
    server.assign(issue, mia, by=mia)
    server.edit(issue, duedate="2026-12-24", summary="Other", description="Text")
    server.comment(issue, "/holdfast why", by=mia)
    fields = ask("GET", f"/issue/{issue.key}").json()["fields"]
    assert (fields["labels"], fields["duedate"], fields["summary"]) == (["b"], "2026-12-24", "Other")
    assert fields["assignee"]["displayName"] == "Mia Krystof"
    assert fields["comment"]["comments"][0]["author"]["displayName"] == "Mia Krystof"
    server.delete(issue)
    assert ask("GET", f"/issue/{issue.key}").status_code == 404


# --- configurations that get in the way -------------------------------------------------------------------------------


def test_a_required_field_is_named(server: WatchedJira, ask: Asking) -> None:
    server.require(project(server), "Task", "customfield_10050", "Model risk class")
    assert ask.create().json()["errors"] == {"customfield_10050": "Model risk class is required."}
    assert ask.create(customfield_10050="high").status_code == 201


def test_a_field_off_the_screen_cannot_be_set(server: WatchedJira, ask: Asking) -> None:
    server.take_off_screen(project(server), "duedate")
    said = "Field 'duedate' cannot be set. It is not on the appropriate screen, or unknown."
    assert ask.create(duedate="2026-12-24").json()["errors"] == {"duedate": said}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("summary", ""),
        ("summary", "a\nb"),
        ("summary", "x" * 256),
        ("labels", ["two words"]),
        ("priority", {"name": "Huge"}),
        ("components", [{"name": "none"}]),
        ("duedate", "tomorrow"),
        ("assignee", {"accountId": "nobody", "name": "nobody"}),
        ("project", {"key": "NOPE"}),
        ("issuetype", {"name": "Nope"}),
        ("customfield_1", "unknown"),
    ],
)
def test_wrong_values_are_refused_by_field(server: WatchedJira, ask: Asking, field: str, value: Any) -> None:
    refused = ask.create(**{field: value})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    assert server.issues == []


def test_a_body_that_is_too_long_is_refused(server: WatchedJira, ask: Asking) -> None:
    assert ask.create(description=ask.body("x" * 32768)).json()["errors"].keys() == {"description"}


def test_a_team_managed_project_has_no_resolutions(server: WatchedJira, ask: Asking) -> None:
    issue = server.open_issue(server.add_project("TEAM", "team", team_managed=True), "A")
    where = f"/issue/{issue.key}/transitions"
    ways = ask("GET", where, expand="transitions.fields").json()["transitions"]
    done = next(way for way in ways if way["name"] == "Done")
    assert done["fields"] == {}
    refused = ask("POST", where, {"transition": {"id": done["id"]}, "fields": {"resolution": {"name": "Done"}}})
    assert refused.json()["errors"].keys() == {"resolution"}
    assert ask("POST", where, {"transition": {"id": done["id"]}}).status_code == 204
    fields = ask("GET", f"/issue/{issue.key}").json()["fields"]
    assert (fields["status"]["name"], fields["resolution"]) == ("Done", None)


def test_a_way_out_of_the_workflow_is_not_offered(server: WatchedJira, ask: Asking) -> None:
    issue = opened(server)
    server.block_way(project(server), "To Do", "Done")
    where = f"/issue/{issue.key}/transitions"
    ways = ask("GET", where).json()["transitions"]
    assert [way["name"] for way in ways] == ["In Progress", "In Review", "Cancelled"]
    assert ask("POST", where, {"transition": {"id": "41"}}).status_code == 400


def test_a_screen_may_insist_on_a_resolution(server: WatchedJira, ask: Asking) -> None:
    project(server).resolution_required = True
    where = f"/issue/{opened(server).key}/transitions"
    assert ask("POST", where, {"transition": {"id": "41"}}).json()["errors"] == {
        "resolution": "Resolution is required."
    }
    given = {"transition": {"id": "41"}, "fields": {"resolution": {"name": "Done"}}}
    assert ask("POST", where, given).status_code == 204


# --- searching --------------------------------------------------------------------------------------------------------


def test_search_understands_what_is_needed_and_refuses_the_rest(server: WatchedJira, ask: Asking) -> None:
    now = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    server.site.clock = lambda: now - timedelta(hours=1)
    old = opened(server, labels=("hf-1",))
    server.site.clock = lambda: now
    new = opened(server, labels=("hf-2",))
    assert ask.found("project = SCORE ORDER BY updated ASC") == [old.id, new.id]
    assert ask.found('project = SCORE AND labels = "hf-1"') == [old.id]
    assert ask.found("project = SCORE AND updated >= -15m") == [new.id]
    assert ask.found('project = SCORE AND updated >= "2026-11-22 10:00" order by key') == [new.id]
    assert ask.found(f"id in ({old.id}, {new.id}) ORDER BY id DESC") == [new.id, old.id]
    path = "/search/jql" if server.cloud else "/search"
    for jql in ("text ~ drift", "project = SCORE ORDER BY rank", 'project = SCORE AND updated >= "soon"'):
        refused = ask("POST", path, {"jql": jql})
        assert (refused.status_code, len(refused.json()["errorMessages"])) == (400, 1)


def test_dates_in_jql_are_meant_in_our_accounts_zone(server: WatchedJira, ask: Asking) -> None:
    server.site.clock = lambda: datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    server.zone = "Australia/Sydney"
    issue = opened(server)
    assert ask.found('updated >= "2026-11-22 21:30"') == [issue.id]
    assert ask.found('updated >= "2026-11-22 21:31"') == []
    assert ask("GET", f"/issue/{issue.id}").json()["fields"]["updated"] == "2026-11-22T21:30:00.000+1100"


def test_clouds_search_is_bounded_gives_ids_and_a_token_for_the_next_page(cloud: WatchedJira) -> None:
    ask = Asking(cloud)
    ids = [opened(cloud).id for _ in range(3)]
    assert ask("POST", "/search/jql", {"jql": "ORDER BY id"}).status_code == 400
    first = ask("POST", "/search/jql", {"jql": "project = SCORE ORDER BY id", "maxResults": 2}).json()
    assert first["issues"] == [{"id": ids[0]}, {"id": ids[1]}]
    asked = {"jql": "project = SCORE ORDER BY id", "maxResults": 2, "nextPageToken": first["nextPageToken"]}
    assert ask("POST", "/search/jql", asked).json() == {"issues": [{"id": ids[2]}], "isLast": True}
    assert ask("POST", "/search/jql", {**asked, "nextPageToken": "?"}).status_code == 400
    assert ask("GET", "/search", jql="project = SCORE").status_code == 410


def test_data_centers_search_goes_by_number(data_center: WatchedJira) -> None:
    ask = Asking(data_center)
    ids = [opened(data_center).id for _ in range(3)]
    page = ask("GET", "/search", jql="ORDER BY id", startAt=2, maxResults=2).json()
    assert (page["total"], [issue["id"] for issue in page["issues"]]) == (3, ids[2:])
    assert ask("POST", "/search/jql", {"jql": "project = SCORE"}).status_code == 404
    asked = {"jql": f"id in ({ids[0]}, 999)", "fields": ["status"]}
    assert "999" in ask("POST", "/search", asked).json()["errorMessages"][0]
    told = ask("POST", "/search", {**asked, "validateQuery": False}).json()
    assert [list(issue["fields"]) for issue in told["issues"]] == [["status"]]
    assert len(told["warningMessages"]) == 1
    assert ask("POST", "/issue/bulkfetch", {"issueIdsOrKeys": ids}).status_code in (404, 405)


def test_search_lags_but_for_what_is_reconciled_and_bulk_fetch_never_does(cloud: WatchedJira) -> None:
    ask = Asking(cloud)
    cloud.lag(3600)
    issue = opened(cloud, labels=("hf-1",))
    assert ask.found('labels = "hf-1"') == []
    assert ask.found('labels = "hf-1"', reconcileIssues=[int(issue.id)]) == [issue.id]
    fetched = ask("POST", "/issue/bulkfetch", {"issueIdsOrKeys": [issue.key]}).json()
    assert [found["id"] for found in fetched["issues"]] == [issue.id]
    cloud.site.clock = lambda: datetime.now(UTC) + timedelta(hours=2)
    assert ask.found('labels = "hf-1"') == [issue.id]
    cloud.label(issue, "hf-2")
    assert ask.found('labels = "hf-2"') == []
    cloud.lag(0)
    assert ask.found('labels = "hf-2"') == [issue.id]
    cloud.lag(3600)
    cloud.delete(issue)
    assert ask.found('labels = "hf-2"') == []
    refused = ask("POST", "/search/jql", {"jql": "project = SCORE", "reconcileIssues": list(range(51))})
    assert refused.status_code == 400


def test_bulk_fetch_follows_moves_and_names_the_unreadable(cloud: WatchedJira) -> None:
    ask = Asking(cloud)
    moved, hidden = opened(cloud), opened(cloud)
    cloud.move(moved, cloud.add_project("OPS", "operations"))
    cloud.restrict(hidden)
    asked = {"issueIdsOrKeys": ["score-1", hidden.key], "fields": ["status"]}
    answer = ask("POST", "/issue/bulkfetch", asked).json()
    assert [(issue["key"], list(issue["fields"])) for issue in answer["issues"]] == [("OPS-1", ["status"])]
    assert [error["id"] for error in answer["issueErrors"]] == [hidden.key]
    too_many = {"issueIdsOrKeys": [str(n) for n in range(101)]}
    assert ask("POST", "/issue/bulkfetch", too_many).status_code == 400


# --- faults -----------------------------------------------------------------------------------------------------------


def test_a_changelog_is_short_in_bulk_and_whole_by_itself(cloud: WatchedJira) -> None:
    mia, ask = cloud.add_user("mia", "Mia Krystof"), Asking(cloud)
    long, short = (cloud.open_issue(project(cloud), "Alert") for _ in range(2))
    cloud.assign(long, mia)
    for number in range(50):
        cloud.edit(long, summary=f"Alert {number}")
    cloud.finish(long, mia)
    cloud.finish(short, mia)
    ids = [long.id, short.id]
    told = ask("POST", "/issue/bulkfetch", {"issueIdsOrKeys": ids, "expand": ["changelog"]}).json()["issues"]
    assert [issue["changelog"]["total"] for issue in told] == [40, 1]
    assert [item["toString"] for item in told[0]["changelog"]["histories"][0]["items"]] == ["Done", "Done"]
    asked = {"issueIdsOrKeys": ids, "fieldIds": ["assignee", "status"], "maxResults": 2}
    page = ask("POST", "/changelog/bulkfetch", asked).json()
    assert [(log["issueId"], len(log["changeHistories"])) for log in page["issueChangeLogs"]] == [(long.id, 2)]
    rest = ask("POST", "/changelog/bulkfetch", asked | {"nextPageToken": page["nextPageToken"]}).json()
    assert [(log["issueId"], len(log["changeHistories"])) for log in rest["issueChangeLogs"]] == [(short.id, 1)]
    assert "nextPageToken" not in rest
    assert ask("POST", "/changelog/bulkfetch", {"issueIdsOrKeys": []}).status_code == 400


def test_a_changelog_of_data_center_has_the_keys_of_accounts(data_center: WatchedJira) -> None:
    mia, ask = data_center.add_user("mia", "Mia Krystof"), Asking(data_center)
    issue = data_center.open_issue(project(data_center), "Alert")
    data_center.assign(issue, mia)
    (history,) = ask("GET", f"/issue/{issue.id}", expand="changelog").json()["changelog"]["histories"]
    assert [(item["from"], item["to"]) for item in history["items"]] == [(None, f"JIRAUSER{mia.account_id}")]


def test_a_limit_says_when_and_why(server: WatchedJira, ask: Asking) -> None:
    server.limit(7, "jira-burst-based")
    limited = ask("GET", "/myself")
    assert limited.status_code == 429
    assert (limited.headers["Retry-After"], limited.headers["RateLimit-Reason"]) == ("7", "jira-burst-based")
    until = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    server.limit(until, "jira-quota-tenant-based")
    assert parsedate_to_datetime(ask("GET", "/myself").headers["Retry-After"]) == until
    assert ask("GET", "/myself").status_code == 200


def test_points_an_hour_run_out(server: WatchedJira, ask: Asking) -> None:
    now = datetime(2026, 11, 22, 10, 45, tzinfo=UTC)
    server.site.clock = lambda: now
    opened(server)
    server.points_an_hour = 3
    ask.found("project = SCORE")  # one for asking, one for the issue
    ask("GET", "/myself")
    limited = ask("GET", "/myself")
    assert limited.headers["RateLimit-Reason"] == "jira-quota-global-based"
    assert limited.headers["Retry-After"] == "900"
    server.site.clock = lambda: now + timedelta(minutes=15)
    assert ask("GET", "/myself").status_code == 200


def test_one_issue_takes_only_so_many_writes(server: WatchedJira, ask: Asking) -> None:
    issue, other = opened(server), opened(server)
    server.writes_per_issue = (2, 30.0)
    for n in range(2):
        assert ask("PUT", f"/issue/{issue.key}", {"fields": {"summary": str(n)}}).status_code == 204
    limited = ask("PUT", f"/issue/{issue.id}", {"fields": {"summary": "2"}})
    assert limited.headers["RateLimit-Reason"] == "jira-per-issue-on-write"
    assert ask("PUT", f"/issue/{other.key}", {"fields": {"summary": "2"}}).status_code == 204


def test_what_was_stored_stays_though_the_answer_is_lost(server: WatchedJira, ask: Asking) -> None:
    server.answers(502, "Bad Gateway", method="POST", path="/issue$", stored=True)
    assert ask.create().status_code == 502
    server.breaks("POST", "/issue$", stored=True)
    with pytest.raises(httpx.TransportError):
        ask.create()
    assert len(server.issues) == 2


def test_trouble_limits_in_jiras_words(server: WatchedJira, ask: Asking) -> None:
    server.trouble(Random(1), 1.0, [Trouble.LIMITED])
    limited = [ask("GET", "/myself") for _ in range(6)]
    assert all(answer.headers["RateLimit-Reason"].startswith("jira-") for answer in limited)
    assert {answer.headers["Retry-After"] == "1" for answer in limited} == {True, False}


def test_nonsense_is_refused(server: WatchedJira, ask: Asking) -> None:
    assert ask("POST", "/issue", ["nonsense"]).status_code == 400
    assert ask("GET", "/nowhere").status_code == 404
    assert ask("DELETE", "/myself").status_code == 405
    assert Asking(server, 2)("GET", "/issue/createmeta/SCORE/issuetypes/1").status_code in (400, 404)


# --- webhooks ---------------------------------------------------------------------------------------------------------


def test_each_change_is_told_in_jiras_words(server: WatchedJira, ask: Asking) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    server.listeners.append(lambda event, body: heard.append((event, body)))
    key = ask.create(description=ask.body("why")).json()["key"]
    issue = server.issue(key)
    server.finish(issue)
    server.comment(issue, "well done")
    server.move(issue, server.add_project("OPS", "operations"))
    server.delete(issue)
    assert [event for event, _ in heard] == [
        "jira:issue_created",
        "jira:issue_updated",
        "comment_created",
        "jira:issue_updated",
        "jira:issue_deleted",
    ]
    for event, body in heard:
        assert body["webhookEvent"] == event
        assert violations_of(body["issue"], "IssueBean") == []
    created, updated, commented, moved, _ = (body for _, body in heard)
    assert created["issue"]["fields"]["description"] == "why"
    assert violations_of(commented["comment"], "Comment") == []
    assert violations_of(updated["user"], "UserDetails") == []
    changed = {item["field"]: (item["fromString"], item["toString"]) for item in updated["changelog"]["items"]}
    assert changed == {"status": ("To Do", "Done"), "resolution": (None, "Done")}
    assert moved["changelog"]["items"][0]["toString"] == "OPS-1"
    assert [violations_of(item, "ChangeDetails") for item in moved["changelog"]["items"]] == [[], []]


def test_who_listens_may_ask_in_turn(server: WatchedJira, ask: Asking) -> None:
    seen = []
    server.listeners.append(lambda event, body: seen.append(ask("GET", f"/issue/{body['issue']['id']}").status_code))
    assert ask.create().status_code == 201
    assert seen == [200]


def test_the_site_refuses_what_is_not_asked_well(server: WatchedJira, ask: Asking) -> None:
    name = "accountId" if server.cloud else "username"
    assert ask("GET", "/user", **{name: "nobody"}).status_code == 404
    assert ask("GET", "/user/search").status_code == 400
    assert ask("GET", "/user/assignable/search").status_code == 400
    assert ask("GET", "/mypermissions").status_code == (400 if server.cloud else 200)
    assert ask("GET", "/mypermissions", permissions="FLY").status_code == 400
    issue = opened(server)
    assert ask("GET", "/mypermissions", issueKey=issue.key, permissions="EDIT_ISSUES").status_code == 200
    assert ask("GET", "/user/assignable/search", issueKey=issue.key).json()[0]["displayName"] == "Holdfast"
    server.forbid(project(server), "CREATE_ISSUES", "LINK_ISSUES", "ASSIGN_ISSUES", "DELETE_ISSUES")
    assert ask("GET", "/issue/createmeta/SCORE/issuetypes").status_code == 400
    assert ask("PUT", f"/issue/{issue.key}/assignee", {}).status_code == 403
    assert ask("DELETE", f"/issue/{issue.key}").status_code == 403
    link = {"object": {"url": "https://holdfast.test", "title": "Review"}}
    assert ask("POST", f"/issue/{issue.key}/remotelink", link).status_code == 403
    server.allow(project(server), "LINK_ISSUES")
    assert ask("POST", f"/issue/{issue.key}/remotelink", {"object": {}}).json()["errors"].keys() == {"url", "title"}
    ends = {"inwardIssue": {"key": issue.key}, "outwardIssue": {"key": issue.key}}
    assert ask("POST", "/issueLink", {"type": {"name": "Nope"}, **ends}).status_code == 404
    assert ask("GET", f"/issue/{issue.key}/properties/nope").status_code == 404


def test_an_edit_says_and_marks_in_one(server: WatchedJira, ask: Asking) -> None:
    issue = opened(server, labels=("a",), description="text")
    change = {
        "fields": {"description": None},
        "update": {"labels": [{"remove": "a"}, {"add": "b"}], "comment": [{"add": {"body": ask.body("said")}}]},
        "properties": [{"key": "holdfast", "value": 1}],
    }
    assert ask("PUT", f"/issue/{issue.key}", change).status_code == 204
    assert (issue.labels, issue.description, issue.properties) == (("b",), None, {"holdfast": 1})
    assert len(issue.comments) == 1
    moved = ask("PUT", f"/issue/{issue.key}", {"fields": {"project": {"key": "SCORE"}}})
    assert moved.json()["errors"].keys() == {"project"}
    assert ask("PUT", f"/issue/{issue.key}", {"update": {"summary": [{"add": "x"}]}}).status_code == 400
    assert ask("POST", f"/issue/{issue.key}/comment", {"body": ""}).status_code == 400


def test_documents_of_all_kinds_read_as_text(cloud: WatchedJira) -> None:
    items = [{"type": "listItem", "content": document(word)["content"]} for word in ("one", "two")]
    card = {"type": "paragraph", "content": [{"type": "inlineCard", "attrs": {"url": "https://holdfast.test"}}]}
    body = {"type": "doc", "version": 1, "content": [{"type": "bulletList", "content": items}, card]}
    issue = opened(cloud, description=body)
    read = Asking(cloud, 2)("GET", f"/issue/{issue.key}", fields="description").json()
    assert read["fields"] == {"description": "one\ntwo\n\nhttps://holdfast.test"}


def test_one_is_served_with_a_project_ready() -> None:
    with running(cloud=False) as server:
        assert server.project("SCORE").name == "acme scoring"
        with pytest.raises(LookupError):
            server.issue("SCORE-1")
