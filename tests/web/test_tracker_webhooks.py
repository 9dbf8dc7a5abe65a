"""The webhooks of GitHub and Jira: they only cause a look, whoever sends them, in whatever order, however often."""

import hmac
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from domain.lifecycle.inputs import Input, IssueOpened
from domain.model.review import IssueRef
from domain.model.taxonomy import Door, ItemStatus
from domain.trackers.ports import ProjectSeen
from records.operations.inbox import DeliveryState
from runtime.settings import GithubSettings, JiraSettings, TrackerSettings
from tests.web.site import ENGINEER, Site, site
from workflows.door import AwayError

SECRETS = {"github": "a secret of github", "jira": "a secret of jira"}
SIGNATURES = {"github": "X-Hub-Signature-256", "jira": "X-Hub-Signature"}
IDS = {"github": "I_kwDOA1", "jira": "10042"}
ITEM = {
    "id": "I7",
    "title": "Check units on read",
    "item_class": "prevent",
    "strength": "stronger",
    "outcome": "inference_or_admission_policy",
}


@pytest_asyncio.fixture
async def told(tmp_path: Path) -> AsyncIterator[Site]:
    """A site that both trackers may tell."""
    github = GithubSettings(webhook_secret=SecretStr(SECRETS["github"]))
    jira = JiraSettings(webhook_secret=SecretStr(SECRETS["jira"]))
    async with site(tmp_path, trackers=TrackerSettings(github=github, jira=jira)) as found:
        yield found


def body_of(tracker: str, id: str | None = None) -> dict[str, Any]:
    """What a tracker says of an issue that was closed."""
    if tracker == "github":
        return {"action": "closed", "issue": {"node_id": id or IDS[tracker], "state": "closed"}}
    return {"webhookEvent": "jira:issue_updated", "timestamp": 1, "issue": {"id": id or IDS[tracker]}}


async def send(
    web: Site, tracker: str, body: Any = None, delivery: str = "1", secret: str | None = None, event: str = "issues"
) -> httpx.Response:
    """Send a webhook as its tracker does. An empty `secret` leaves it unsigned."""
    raw = body if isinstance(body, bytes) else json.dumps(body_of(tracker) if body is None else body).encode()
    secret = SECRETS[tracker] if secret is None else secret
    headers = {"Content-Type": "application/json"}
    if secret:
        headers[SIGNATURES[tracker]] = f"sha256={hmac.new(secret.encode(), raw, 'sha256').hexdigest()}"
    if tracker == "github":
        headers |= {"X-GitHub-Event": event, "X-GitHub-Delivery": delivery}
    else:
        headers["X-Atlassian-Webhook-Identifier"] = delivery
    answer = await web.http.post(f"/webhooks/{tracker}", content=raw, headers=headers)
    await web.idle()
    return answer


async def watching(web: Site, tracker: str, project: str = "acme/x") -> str:
    """A review that watches the issue of the tracker that the webhooks name."""
    web.engine.obedient = False
    review = await web.in_draft()
    await web.accepted(review, ENGINEER, "propose_item", spec=ITEM)
    await web.accepted(review, ENGINEER, "accept_item", item="I7", place=f"{tracker}:{project}")
    ref = IssueRef(tracker=tracker, id=IDS[tracker], key="X-1", url="https://t.example.org/X-1", project=project)
    web.engine.hear(review, Input(id=f"opened-{tracker}", door=Door.TRACKER, body=IssueOpened(item="I7", ref=ref)))
    return review


@pytest.mark.parametrize("tracker", ["github", "jira"])
async def test_a_webhook_causes_one_look_and_changes_nothing_else(told: Site, tracker: str) -> None:
    review = await watching(told, tracker)
    before = len(told.records.reviews.history(review))
    answer = await send(told, tracker)
    assert (answer.status_code, answer.json()) == (
        202,
        {"delivery": f"look:{tracker}:1", "state": "accepted", "because": None},
    )
    assert list(told.records.seen.wanted(tracker, 10)) == [IDS[tracker]]
    assert told.engine.looks == [tracker]
    found = told.records.reviews.find(review)
    assert found is not None
    assert found.items["I7"].status is ItemStatus.OPEN  # that it was closed there is read, and not believed
    assert len(told.records.reviews.history(review)) == before
    noted = next(d for d in told.records.inbox.list() if d.source == tracker)
    assert (noted.state, noted.review_id) == (DeliveryState.IGNORED, None)
    assert "what it names is looked at" in (noted.note or "")


@pytest.mark.parametrize("tracker", ["github", "jira"])
async def test_the_same_delivery_is_heard_once_and_another_one_again(told: Site, tracker: str) -> None:
    first, again = await send(told, tracker), await send(told, tracker)
    assert [first.json()["state"], again.json()["state"]] == ["accepted", "known"]
    assert again.status_code == 202
    assert told.engine.looks == [tracker]
    assert (await send(told, tracker, delivery="2")).json()["state"] == "accepted"
    assert told.engine.looks == [tracker, tracker]


async def test_deliveries_of_two_trackers_are_never_taken_for_one_another(told: Site) -> None:
    assert [(await send(told, tracker)).json()["state"] for tracker in SECRETS] == ["accepted", "accepted"]
    assert told.engine.looks == ["github", "jira"]


@pytest.mark.parametrize("tracker", ["github", "jira"])
@pytest.mark.parametrize("secret", ["", "another secret"])
async def test_what_is_not_signed_by_our_secret_is_turned_away(told: Site, tracker: str, secret: str) -> None:
    answer = await send(told, tracker, secret=secret)
    assert answer.status_code == 401
    assert answer.json()["error"].startswith(f"{SIGNATURES[tracker]}: ")
    assert told.records.seen.wanted(tracker, 10) == {}
    assert told.records.inbox.list() == []


@pytest.mark.parametrize("tracker", ["github", "jira"])
@pytest.mark.parametrize("secret", [None, SecretStr("")])
async def test_without_a_secret_the_setting_is_named(tmp_path: Path, tracker: str, secret: SecretStr | None) -> None:
    unset = TrackerSettings(github=GithubSettings(webhook_secret=secret), jira=JiraSettings(webhook_secret=secret))
    async with site(tmp_path, trackers=unset) as web:
        answer = await send(web, tracker)
    assert answer.status_code == 503
    assert f"HOLDFAST_TRACKERS__{tracker.upper()}__WEBHOOK_SECRET" in answer.json()["error"]


@pytest.mark.parametrize(
    ("tracker", "body", "named"),
    [
        ("github", {"action": "closed"}, "issue: "),
        ("github", b"{", "body: "),
        ("jira", {"webhookEvent": "jira:issue_updated"}, "issue: "),
        ("jira", {"issue": {"id": "1"}}, "webhookEvent: "),
    ],
)
async def test_a_bad_body_is_answered_with_the_field(told: Site, tracker: str, body: Any, named: str) -> None:
    answer = await send(told, tracker, body)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(named)
    assert told.records.inbox.list() == []


async def test_a_ping_and_what_is_not_known_are_answered_and_cause_no_look(told: Site) -> None:
    ping = await send(told, "github", {"zen": "Approachable is better than simple."}, event="ping")
    assert (ping.status_code, ping.json()["because"]) == (202, "a test of the webhook")
    other = await send(told, "jira", {"webhookEvent": "sprint_started"})
    assert (other.status_code, other.json()["state"]) == (202, "ignored")
    assert told.engine.looks == []


async def test_an_issue_that_nobody_watches_is_answered_and_tells_no_review(told: Site) -> None:
    review = await watching(told, "github")
    before = len(told.records.reviews.history(review))
    assert (await send(told, "github", body_of("github", "I_other"))).status_code == 202
    assert len(told.records.reviews.history(review)) == before


async def test_any_order_and_any_repetition_asks_for_the_same_looks(told: Site) -> None:
    bodies = {"1": "I_a", "2": "I_b", "3": "I_a"}
    for number, order in enumerate(itertools.permutations([*bodies, "2"])):
        for delivery in order:
            await send(told, "github", body_of("github", bodies[delivery]), f"{number}-{delivery}")
        assert set(told.records.seen.wanted("github", 10)) == {"I_a", "I_b"}
        told.records.seen.looked("github", told.records.seen.wanted("github", 10))


async def test_a_late_webhook_asks_anew_after_a_look(told: Site) -> None:
    await send(told, "jira")
    told.records.seen.looked("jira", told.records.seen.wanted("jira", 10))
    await send(told, "jira", delivery="late")
    assert list(told.records.seen.wanted("jira", 10)) == [IDS["jira"]]


async def test_a_delivery_that_was_noted_and_then_lost_is_looked_at_when_it_comes_again(told: Site) -> None:
    await send(told, "jira")
    told.records.seen.looked("jira", told.records.seen.wanted("jira", 10))
    assert (await send(told, "jira")).json()["state"] == "known"
    assert list(told.records.seen.wanted("jira", 10)) == [IDS["jira"]]


async def test_a_repository_that_was_renamed_has_all_looked_at_that_is_watched_there(told: Site) -> None:
    await watching(told, "github", "acme/X")
    renamed = {"repository": {"full_name": "acme/y"}, "changes": {"repository": {"name": {"from": "x"}}}}
    await send(told, "github", renamed, event="repository")
    assert list(told.records.seen.wanted("github", 10)) == [IDS["github"]]
    await send(told, "github", {"repository": {"full_name": "acme/other"}}, "2", event="repository")
    assert list(told.records.seen.wanted("github", 10)) == [IDS["github"]]


async def test_while_the_engine_is_away_a_look_waits(told: Site, caplog: pytest.LogCaptureFixture) -> None:
    told.engine.away = True
    assert (await send(told, "github")).status_code == 202
    assert "deliveries wait in the inbox" in caplog.text
    assert list(told.records.seen.wanted("github", 10)) == [IDS["github"]]
    told.engine.away = False
    await send(told, "jira")
    assert told.engine.looks == ["github", "jira"]


async def test_a_request_waits_for_no_look(told: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(wishes: object) -> None:
        raise AwayError("Temporal did not answer.")

    monkeypatch.setattr(told.engine, "start_looks", never)
    assert (await send(told, "github")).status_code == 202
    told.records.seen.keep(ProjectSeen(tracker="github", project="acme/x"))
    assert (await send(told, "github", delivery="2")).json()["state"] == "accepted"
