"""Webhooks over real HTTP, to a receiver that keeps the raw bytes: signed, and in every way that they go wrong."""

import hmac
import json
from collections.abc import Iterator
from random import Random

import pytest

from standins.github.server import GithubServer, running
from standins.http import Answer, Request, Standin, serving
from standins.webhooks import GITHUB, JIRA, Form, Signing, Webhooks, sending

SECRET = "s3cret"


class Receiver(Standin):
    def truth(self, request: Request) -> Answer:
        return Answer(202, {})

    @property
    def heard(self) -> list[str]:
        """The actions that came in, in order."""
        return [request.body["action"] for request in self.requests]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def github() -> Iterator[GithubServer]:
    with running() as github:
        yield github


@pytest.fixture
def hooks(receiver: Receiver, github: GithubServer) -> Iterator[Webhooks]:
    with sending(f"{receiver.url}/hooks?from=github", SECRET) as hooks:
        hooks.listen(github)
        yield hooks


def verified(request: Request, header: str = "x-hub-signature-256") -> bool:
    expected = "sha256=" + hmac.new(SECRET.encode(), request.raw, "sha256").hexdigest()
    return request.headers.get(header) == expected


def live(github: GithubServer) -> None:
    """An issue is opened, commented on, and closed."""
    issue = github.open_issue(github.repos[0], "Alert", None, [])
    github.comment(issue, "ada", "Done.")
    github.close(issue)


def test_what_people_do_is_delivered_in_order_and_signed(
    receiver: Receiver, github: GithubServer, hooks: Webhooks
) -> None:
    live(github)
    assert hooks.wait()
    assert receiver.heard == ["opened", "created", "closed"]
    assert [r.headers["x-github-event"] for r in receiver.requests] == ["issues", "issue_comment", "issues"]
    assert all(verified(request) for request in receiver.requests)
    assert len({r.headers["x-github-delivery"] for r in receiver.requests}) == 3
    assert [d.statuses for d in hooks.deliveries] == [[202]] * 3
    assert (receiver.requests[0].path, receiver.requests[0].query) == ("/hooks", {"from": "github"})


def test_a_delivery_can_come_twice_under_one_id(receiver: Receiver, github: GithubServer, hooks: Webhooks) -> None:
    hooks.copies = 2
    github.open_issue(github.repos[0], "Alert", None, [])
    hooks.wait()
    hooks.redeliver(hooks.deliveries[0])
    hooks.wait()
    assert receiver.heard == ["opened"] * 3
    assert len({r.headers["x-github-delivery"] for r in receiver.requests}) == 1


def test_deliveries_can_be_late_and_overtaken(receiver: Receiver, github: GithubServer, hooks: Webhooks) -> None:
    hooks.delay = 0.2
    issue = github.open_issue(github.repos[0], "Alert", None, [])
    hooks.delay = 0
    github.close(issue)
    assert hooks.wait()
    assert receiver.heard == ["closed", "opened"]


def test_deliveries_can_be_held_and_come_in_any_order(
    receiver: Receiver, github: GithubServer, hooks: Webhooks
) -> None:
    hooks.hold()
    live(github)
    assert hooks.wait()
    assert receiver.heard == []
    hooks.release()
    hooks.wait()
    assert receiver.heard == ["closed", "created", "opened"]
    hooks.hold()
    live(github)
    hooks.release(None)
    hooks.wait()
    assert receiver.heard[3:] == ["opened", "created", "closed"]


def test_deliveries_can_be_unsigned_or_forged(receiver: Receiver, github: GithubServer, hooks: Webhooks) -> None:
    for signing in (Signing.UNSIGNED, Signing.FORGED):
        hooks.signing = signing
        github.open_issue(github.repos[0], "Alert", None, [])
    hooks.wait()
    unsigned, forged = receiver.requests
    assert "x-hub-signature-256" not in unsigned.headers
    assert forged.headers["x-hub-signature-256"].startswith("sha256=")
    assert not verified(forged)


def test_deliveries_can_be_dropped(receiver: Receiver, github: GithubServer, hooks: Webhooks) -> None:
    hooks.dropping = True
    live(github)
    hooks.wait()
    assert receiver.heard == []
    assert len(hooks.deliveries) == 3
    hooks.calm()
    live(github)
    hooks.wait()
    assert len(receiver.heard) == 3


def test_a_delivery_that_fails_is_not_repeated_by_github(
    receiver: Receiver, github: GithubServer, hooks: Webhooks
) -> None:
    receiver.answers(503)
    receiver.breaks()
    github.close(github.open_issue(github.repos[0], "Alert", None, []))
    hooks.wait()
    assert receiver.count() == 2
    assert [d.statuses for d in hooks.deliveries] == [[503], [0]]


def test_trouble_drops_doubles_delays_and_leaves_unsigned(receiver: Receiver) -> None:
    with sending(receiver.url, SECRET) as hooks:
        hooks.trouble(Random(5), share=0.6, late=0.05)
        for n in range(60):
            hooks.send("issues", {"action": str(n)})
        assert hooks.wait()
        hooks.calm()
        hooks.send("issues", {"action": "last"})
        hooks.wait()
    heard = receiver.heard
    assert heard[-1] == "last"
    assert set(heard) < {str(n) for n in range(60)} | {"last"}
    assert len(heard) > len(set(heard))
    assert heard != sorted(heard, key=lambda n: (n == "last", int(n) if n != "last" else 0))
    assert any("x-hub-signature-256" not in r.headers for r in receiver.requests)


def test_the_form_of_another_vendor_is_a_matter_of_names(receiver: Receiver) -> None:
    receiver.answers(503, times=2)
    with sending(receiver.url, SECRET, JIRA) as hooks:
        hooks.retry_after = 0.01
        hooks.send("jira:issue_updated", {"action": "x", "webhookEvent": "jira:issue_updated"})
        assert hooks.wait()
    assert [r.headers.get("x-atlassian-webhook-retry") for r in receiver.requests] == [None, "1", "2"]
    assert len({r.headers["x-atlassian-webhook-identifier"] for r in receiver.requests}) == 1
    assert all(verified(r, "x-hub-signature") for r in receiver.requests)
    assert not any(name.startswith("x-github") for name in receiver.requests[0].headers)


def test_a_form_without_a_name_for_the_try_tries_again_all_the_same(receiver: Receiver) -> None:
    receiver.answers(500)
    with sending(receiver.url, SECRET, Form("X-Signature", "X-Id", retries=1)) as hooks:
        hooks.retry_after = 0
        hooks.send("anything", {"action": "x"})
        hooks.wait()
    assert hooks.deliveries[0].statuses == [500, 202]


def test_nobody_waits_for_an_address_where_nothing_listens(github: GithubServer) -> None:
    with sending("http://127.0.0.1:9", SECRET, GITHUB) as hooks:
        hooks.listen(github)
        live(github)
        assert hooks.wait()
    assert [d.statuses for d in hooks.deliveries] == [[0]] * 3
    assert json.loads(hooks.deliveries[0].body)["issue"]["title"] == "Alert"
