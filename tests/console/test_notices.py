"""`holdfast notices` and `holdfast notify`: what became of messages, and whether people can be reached."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from domain.model.taxonomy import FailureKind
from domain.people.notifications import Notice, person
from runtime.engine import free_port
from standins.http import serving
from tests.console.conftest import Holdfast
from tests.post import Post


@pytest.fixture
def post() -> Iterator[Post]:
    with serving(Post()) as post:
        yield post


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, words)
    return result.exit_code, result.output


def test_before_any_message_it_says_so(holdfast: Holdfast) -> None:
    assert holdfast.done("notices").strip() == "No message was sent yet."


def test_each_message_tells_for_whom_it_was_and_what_became_of_it(holdfast: Holdfast) -> None:
    records, now = holdfast.records, holdfast.door.now
    ann = person(records.people.id_of("ann@example.org"))
    notices = [
        Notice(key=f"day/{to}/2026-03-0{n}", to=to, title="Title", text="Text.")
        for n, to in enumerate((ann, "team/ml", "admin"), 1)
    ]
    records.notices.keep_due(notices, now)
    for notice in notices:
        records.notices.claim(notice.key, now)
    records.notices.arrived(notices[0].key, now)
    records.notices.failed(notices[1].key, FailureKind.UNAVAILABLE, now, untouched=True)
    told = {line.split()[1]: line.split() for line in holdfast.done("notices").splitlines()[1:]}
    assert told["ann@example.org"][2] == "sent"
    assert (told["team/ml"][2], told["team/ml"][-1]) == ("failed", "unavailable")
    (unknown,) = holdfast.json("notices", "--unknown")
    assert (unknown["to"], unknown["outcome"]) == ("admin", "unknown")
    assert "Text." not in json.dumps(holdfast.json("notices"))


def test_a_message_can_be_tried_out(elsewhere: Path, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    address = post.url.replace("http://", "json://u:hush@")
    monkeypatch.setenv("HOLDFAST_NOTIFY__PEOPLE", json.dumps({"Ann@example.org": {"channels": [address]}}))
    assert run("notify", "test", "ann@example.org") == (0, "Sent to person/Ann@example.org, over 1 channel.\n")
    assert [message["title"] for message in post.kept] == ["Holdfast: a test"]


def test_a_channel_that_does_not_take_it_is_named_without_its_secret(
    elsewhere: Path, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    channels = [post.url.replace("http://", "json://"), f"json://u:hush@127.0.0.1:{free_port()}/"]
    monkeypatch.setenv("HOLDFAST_NOTIFY__TEAMS", json.dumps({"ml": {"channels": channels}}))
    code, said = run("notify", "test", "ml")
    assert (code, len(post.kept)) == (1, 1)
    assert "Channel 2 did not take it as it should: team/ml: it cannot be reached." in said
    assert "hush" not in said


def test_who_has_no_channel_is_said_with_those_who_have(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = run("notify", "test", "ml")
    assert (code, "those who have are: none" in said) == (2, True)
    monkeypatch.setenv("HOLDFAST_NOTIFY__ADMIN__CHANNELS", '["json://h/"]')
    assert "those who have are: admin." in run("notify", "test", "ml")[1]
