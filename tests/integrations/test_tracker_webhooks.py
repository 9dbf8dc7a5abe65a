"""The webhooks of both trackers: who sent them, what they name, and how a bad one is told of."""

import hmac
import json
from typing import Any

import pytest

from integrations.incidents.delivery import BadDelivery
from integrations.trackers.webhooks import Look, look_id, parse_github, parse_jira, verify_signature

SECRET = "a webhook secret"


def github(event: str, delivery: str = "d-1", **body: Any) -> Look:
    """What GitHub wants looked at."""
    headers = {"x-github-event": event, "x-github-delivery": delivery, "content-type": "application/json"}
    return parse_github(headers, json.dumps(body).encode())


def jira(event: str, delivery: str | None = "j-1", **body: Any) -> Look:
    """What Jira wants looked at."""
    headers = {"X-Atlassian-Webhook-Identifier": delivery} if delivery else {}
    return parse_jira(headers, json.dumps({"webhookEvent": event, **body}).encode())


# --- signatures -------------------------------------------------------------------------------------------------------


def test_every_byte_is_signed() -> None:
    body = b'{"a": 1}'
    good = f"sha256={hmac.new(SECRET.encode(), body, 'sha256').hexdigest()}"
    assert verify_signature(body, good, SECRET)
    for at in range(len(body)):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert not verify_signature(changed, good, SECRET)


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha1=00", "sha256=00", "é", "\udcff"])
def test_nothing_else_is_a_signature(header: str | None) -> None:
    assert not verify_signature(b"{}", header, SECRET)


def test_an_empty_secret_signs_nothing() -> None:
    assert not verify_signature(b"{}", f"sha256={hmac.new(b'', b'{}', 'sha256').hexdigest()}", "")


def test_a_bare_digest_is_no_signature() -> None:
    assert not verify_signature(b"{}", hmac.new(SECRET.encode(), b"{}", "sha256").hexdigest(), SECRET)


# --- ids --------------------------------------------------------------------------------------------------------------


def test_ids_of_both_trackers_are_never_the_same_nor_those_of_incidents() -> None:
    ids = {look_id(tracker, id) for tracker in ("github", "jira") for id in ("1", "2", "a:b", "é" * 300)}
    assert len(ids) == 8
    assert all(id.startswith("look:") and len(id) <= 200 for id in ids)


# --- GitHub -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["issues", "issue_comment"])
def test_an_issue_is_named_by_its_stable_id(event: str) -> None:
    look = github(event, action="edited", issue={"node_id": "I_kwDOA", "number": 7, "state": "closed"})
    assert look == Look(id="look:github:d-1", tracker="github", kind=event, issues=("I_kwDOA",))


def test_a_transfer_names_the_old_issue_on_both_sides() -> None:
    old, new = {"node_id": "I_old"}, {"node_id": "I_new"}
    told = github("issues", action="transferred", issue=old, changes={"new_issue": new, "new_repository": {}})
    assert told.issues == ("I_old",)
    assert github("issues", action="opened", issue=new, changes={"old_issue": old}).issues == ("I_new", "I_old")


def test_blocking_names_both_issues() -> None:
    parent, sub = {"node_id": "I_parent"}, {"node_id": "I_sub"}
    assert github("sub_issues", parent_issue=parent, sub_issue=sub).issues == ("I_parent", "I_sub")
    assert github("sub_issues", sub_issue=sub).issues == ("I_sub",)


@pytest.mark.parametrize(
    ("changes", "projects"),
    [
        (None, ("acme/new",)),
        ({"has_issues": {"from": True}}, ("acme/new",)),
        ({"repository": {"name": {"from": "old"}}}, ("acme/new", "acme/old")),
        ({"owner": {"from": {"user": {"login": "octo"}}}}, ("acme/new", "octo/new")),
        ({"owner": {"from": {"organization": {"login": "corp"}}}}, ("acme/new", "corp/new")),
        ({"owner": {"from": {}}}, ("acme/new",)),
    ],
)
def test_a_repository_is_named_as_it_is_and_as_it_was(changes: Any, projects: tuple[str, ...]) -> None:
    told = github("repository", action="edited", repository={"full_name": "acme/new"}, changes=changes)
    assert (told.issues, told.projects) == ((), projects)


def test_what_asks_for_nothing_says_why() -> None:
    assert github("ping", zen="Keep it logically awesome.").ignored_because == "a test of the webhook"
    assert github("star", action="created").ignored_because == "this type of event is not known here"
    on_a_pull_request = github("issue_comment", issue={"node_id": "PR_1", "pull_request": {"url": "…"}})
    assert on_a_pull_request.ignored_because == "pull requests are not followed"


@pytest.mark.parametrize(
    ("event", "body", "named"),
    [
        ("issues", {}, "issue: "),
        ("issues", {"issue": {}}, "issue.node_id: "),
        ("issues", {"issue": {"node_id": "a b"}}, "issue.node_id: "),
        ("issues", {"issue": {"node_id": "x" * 201}}, "issue.node_id: "),
        ("issues", {"issue": 7}, "issue: "),
        ("sub_issues", {}, "sub_issue: "),
        ("repository", {}, "repository: "),
        ("repository", {"repository": {"full_name": "a b"}}, "repository.full_name: "),
    ],
)
def test_a_bad_body_of_github_is_told_of_by_field(event: str, body: dict[str, Any], named: str) -> None:
    with pytest.raises(BadDelivery, match=f"^{named}"):
        github(event, **body)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_body_is_told_of(body: bytes) -> None:
    headers = {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "1", "Content-Type": "application/json"}
    with pytest.raises(BadDelivery, match=r"^body: "):
        parse_github(headers, body)
    with pytest.raises(BadDelivery, match=r"^body: "):
        parse_jira({}, body)


def test_missing_headers_and_forms_are_told_of() -> None:
    with pytest.raises(BadDelivery, match=r"^X-GitHub-Event: "):
        parse_github({}, b"{}")
    with pytest.raises(BadDelivery, match=r"^X-GitHub-Delivery: "):
        parse_github({"X-GitHub-Event": "issues"}, b"{}")
    form = {"X-GitHub-Event": "issues", "X-GitHub-Delivery": "1", "Content-Type": "application/x-www-form-urlencoded"}
    with pytest.raises(BadDelivery, match=r"^content-type: choose application/json"):
        parse_github(form, b"payload=%7B%7D")


# --- Jira -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"])
def test_an_issue_of_jira_is_named_by_its_number_and_not_its_key(event: str) -> None:
    look = jira(event, timestamp=1, issue={"id": "10042", "key": "ACME-12", "fields": {}})
    assert look == Look(id="look:jira:j-1", tracker="jira", kind=event, issues=("10042",))
    assert jira(event, issue={"id": 10042}).issues == ("10042",)


def test_a_comment_names_its_issue_on_cloud_and_on_data_center() -> None:
    comment = {"id": "1", "self": "https://jira.example.org/rest/api/2/issue/10042/comment/1"}
    assert jira("comment_created", comment=comment, issue={"id": "7"}).issues == ("7",)
    assert jira("comment_created", comment=comment).issues == ("10042",)


def test_a_link_names_both_issues_and_a_project_itself() -> None:
    assert jira("issuelink_created", issueLink={"sourceIssueId": 1, "destinationIssueId": 2}).issues == ("1", "2")
    assert jira("project_deleted", project={"id": 1, "key": "ACME"}).projects == ("ACME",)
    assert jira("sprint_started").ignored_because == "this type of event is not known here"


def test_without_an_id_the_body_tells_deliveries_apart() -> None:
    first, again, later = (jira("jira:issue_updated", None, timestamp=t, issue={"id": "1"}) for t in (1, 1, 2))
    assert first.id == again.id != later.id


@pytest.mark.parametrize(
    ("event", "body", "named"),
    [
        ("jira:issue_updated", {}, "issue: "),
        ("jira:issue_updated", {"issue": {"id": "ACME-1"}}, "issue.id: "),
        ("jira:issue_updated", {"issue": {"id": True}}, "issue.id: "),
        ("comment_created", {}, "issue: "),
        ("comment_created", {"comment": {"self": "https://jira.example.org"}}, "issue: "),
        ("issuelink_created", {"issueLink": {"sourceIssueId": 1}}, "issueLink.destinationIssueId: "),
        ("project_updated", {}, "project: "),
    ],
)
def test_a_bad_body_of_jira_is_told_of_by_field(event: str, body: dict[str, Any], named: str) -> None:
    with pytest.raises(BadDelivery, match=f"^{named}"):
        jira(event, **body)


def test_a_body_without_an_event_is_told_of() -> None:
    with pytest.raises(BadDelivery, match=r"^webhookEvent: "):
        parse_jira({}, b"{}")
