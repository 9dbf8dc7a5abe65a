"""Reaching the web app: where it is, what is said twice, and what is told when it does not answer."""

import getpass
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli
from console.shell.api_client import Api
from console.shell.errors import Stop
from runtime.engine import free_port
from tests.console.conftest import Holdfast


def test_a_command_without_an_answer_is_said_again_with_the_same_id(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    holdfast.door.away, holdfast.door.heard = 2, []
    holdfast.done("review", "assign", review, "writer@example.org")
    assert len(holdfast.door.heard) == 3
    assert len({said.id for said in holdfast.door.heard}) == 1
    assert [e["type"] for e in holdfast.json("review", "history", review)].count("OwnerAssigned") == 1


def test_an_engine_that_stays_away_is_told_of(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    holdfast.door.away = 3
    refusal = holdfast.refused("review", "assign", review, "writer@example.org")
    assert refusal == "Temporal did not answer in time; ask again with the same id.\n"


def test_what_is_opened_bears_an_id_so_that_it_is_opened_once(holdfast: Holdfast) -> None:
    holdfast.door.away = 2
    holdfast.done("review", "open", "--title", "Slow", "--service", "ranking-api", "--severity", "SEV3")
    assert len(holdfast.json("review", "list")) == 1


def test_two_wishes_bear_two_ids(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    holdfast.door.heard = []
    for owner in ("first@example.org", "second@example.org"):
        holdfast.done("review", "assign", review, owner)
    assert len({said.id for said in holdfast.door.heard}) == 2


def test_a_field_that_the_web_app_cannot_read_is_a_usage_error(holdfast: Holdfast) -> None:
    said = holdfast.refused("review", "assign", holdfast.opened(), " ", code=2)
    assert "command.owner: this must name somebody" in said


def test_where_nothing_answers_it_says_how_to_start_it(holdfast: Holdfast) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = holdfast.run("review", "list", url=url)
    assert result.exit_code == 1
    assert result.stderr == f"Holdfast does not answer at {url}; start it with `holdfast up`, or set HOLDFAST_URL.\n"
    assert holdfast.run("review", "list", "--url", holdfast.url, url=url).exit_code == 0


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "holdfast.example.org", "http://", "http://127.0.0.1:port"])
def test_what_is_no_address_is_a_usage_error(elsewhere: Path, url: str) -> None:
    result = CliRunner().invoke(cli.app, ["review", "list", "--url", url])
    assert (result.exit_code, result.stderr) == (
        2,
        f"{url.rstrip('/')} is not an address; write one like http://127.0.0.1:8585.\n",
    )


def test_without_a_url_the_settings_tell_where_it_is(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Api().url == "http://127.0.0.1:8585"
    monkeypatch.setenv("HOLDFAST_WEB__PUBLIC_URL", "https://holdfast.example.org/")
    assert Api().url == "https://holdfast.example.org"


def test_settings_that_are_wrong_are_named(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_WEB__PORT", "front")
    result = CliRunner().invoke(cli.app, ["review", "list"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("web.port: this has to be a whole number")


def test_who_acts_is_the_user_unless_somebody_is_named(holdfast: Holdfast, monkeypatch: pytest.MonkeyPatch) -> None:
    review = holdfast.opened()
    monkeypatch.delenv("HOLDFAST_AS", raising=False)
    runner = CliRunner()
    for who, owner in (([], "first@example.org"), (["--as", "lead@example.org"], "second@example.org")):
        done = runner.invoke(cli.app, ["review", "assign", review, owner, "--url", holdfast.url, *who])
        assert done.exit_code == 0
    assert [e["by"] for e in holdfast.json("review", "history", review)][-2:] == [getpass.getuser(), "lead@example.org"]


class _Other(BaseHTTPRequestHandler):
    """Something that is not Holdfast."""

    status, body = 200, b""

    def do_GET(self) -> None:
        self.send_response(type(self).status)
        self.end_headers()
        self.wfile.write(type(self).body)

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def other() -> Iterator[str]:
    """The address of a server that is not Holdfast."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Other)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (404, b"<html>"), (500, b"[]"), (302, b"{}"), (500, json.dumps({"error": 7}).encode())],
)
def test_another_server_at_the_address_is_told_of(
    other: str, status: int, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Other, "status", status)
    monkeypatch.setattr(_Other, "body", body)
    with pytest.raises(Stop, match=f"answered {status}, and not as Holdfast does"):
        Api(other).get("/api/reviews")


def test_an_answer_that_takes_too_long_may_have_been_heard(other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Event()
    monkeypatch.setattr(_Other, "do_GET", lambda self: waiting.wait(5))
    monkeypatch.setattr("console.shell.api_client.TIMEOUT", 0.05)
    with pytest.raises(Stop, match="may have heard it all the same"):
        Api(other).get("/api/reviews")
    waiting.set()


def test_a_proxy_is_not_asked_for_this_machine(holdfast: Holdfast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    assert holdfast.json("review", "list") == []
