"""The built-in tracker: what engineers do with an issue reaches the review that watches it at once."""

import pytest

from domain.trackers.ports import IssueSpec
from tests.web.site import ENGINEER, Site


async def test_issues_are_listed_and_read(web: Site) -> None:
    review = await web.in_remediation()
    issues = await web.get("/api/issues")
    assert [i["key"] for i in issues] == ["HF-4", "HF-3", "HF-2", "HF-1"]
    issue = await web.get("/api/issues/hf-1")
    assert (issue["title"], issue["status"]) == ("Add release tests for rare merchant categories", "open")
    assert (issue["watched_by"], issue["comments"]) == ([review], [])


@pytest.mark.parametrize(
    ("action", "status", "item"),
    [("done", "done", "done"), ("decline", "declined", "declined"), ("delete", "missing", "lost")],
)
async def test_an_act_is_heard_by_the_review_at_once(web: Site, action: str, status: str, item: str) -> None:
    review = await web.in_remediation()
    acted = await web.act("HF-1", action)
    assert (acted["key"], acted["status"], acted["told"]) == ("HF-1", status, [review])
    told = (await web.get(f"/api/reviews/{review}"))["items"]["I1"]
    assert (told["issue_status"], told["status"]) == (status, item)


async def test_a_reopened_issue_blocks_again(web: Site) -> None:
    review = await web.in_remediation()
    await web.act("HF-1", "done")
    assert (await web.act("HF-1", "reopen"))["status"] == "open"
    assert (await web.get(f"/api/reviews/{review}"))["items"]["I1"]["status"] == "open"


async def test_a_tracking_issue_that_is_closed_early_is_opened_again(web: Site) -> None:
    review = await web.in_remediation()
    key = (await web.get(f"/api/reviews/{review}"))["tracking"]["ref"]["key"]
    web.engine.clock = web.engine.clock * 0
    web.records.reviews.rebuild()
    issue = await web.get(f"/api/issues/{key}")
    assert issue["watched_by"] == [review]
    acted = await web.act(key, "done")
    assert acted["told"] == [review]
    (kept,) = [d for d in await web.get("/api/deliveries") if d["kind"] == "issue_acted_on"]
    assert (kept["source"], kept["review_id"], kept["state"]) == ("builtin", review, "done")


async def test_who_finishes_an_issue_that_nobody_has_becomes_its_assignee(web: Site) -> None:
    await web.in_remediation()
    await web.act("HF-1", "done", ENGINEER)
    await web.act("HF-1", "reopen", "another@example.org")
    await web.act("HF-1", "decline", "another@example.org")
    assert (await web.get("/api/issues/HF-1"))["assignee"] == ENGINEER


async def test_who_closes_an_issue_had_a_hand_in_it(web: Site) -> None:
    await web.in_remediation()
    assigned = (await web.get("/api/issues/HF-1"))["assignee"]
    await web.act("HF-1", "done", ENGINEER)
    await web.act("HF-1", "reopen", "another@example.org")
    await web.act("HF-1", "decline", "third@example.org")
    (found,) = web.records.builtin.read([web.records.builtin.find("HF-1")])
    assert found.doers == tuple(who for who in (assigned, ENGINEER, "third@example.org") if who)


async def test_an_issue_that_no_review_watches_can_be_acted_on(web: Site) -> None:
    web.records.builtin.ensure_issue(IssueSpec(key="own", project="default", title="Own", body=""))
    assert (await web.act("HF-1", "done"))["told"] == []
    assert await web.get("/api/deliveries") == []


async def test_an_act_without_an_engine_waits_in_the_inbox(web: Site) -> None:
    await web.in_remediation()
    web.engine.away = True
    await web.act("HF-1", "done")
    assert web.records.inbox.unfinished() == 1


@pytest.mark.parametrize("key", ["HF-99", "RISK-1", "HF-", "HF-²", "HF-" + "9" * 30])
async def test_an_issue_that_is_not_there_is_a_404(web: Site, key: str) -> None:
    for answer in (await web.http.get(f"/api/issues/{key}"), await web.http.post(f"/api/issues/{key}/done", json={})):
        assert (answer.status_code, answer.json()) == (404, {"error": f"There is no issue {key}."})


async def test_an_act_that_does_not_exist_or_names_nobody_is_refused(web: Site) -> None:
    await web.in_remediation()
    assert (await web.http.post("/api/issues/HF-1/burn", json={})).status_code == 422
    answer = await web.http.post("/api/issues/HF-1/done", json={"by": " "})
    assert (answer.status_code, answer.json()["error"][:4]) == (422, "by: ")
    assert (await web.get("/api/issues/HF-1"))["status"] == "open"
