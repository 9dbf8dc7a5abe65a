"""`holdfast worker` and `holdfast web` as the processes that they are, and the command itself."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from temporalio.service import RPCError, RPCStatusCode
from typer.testing import CliRunner

import cli
import worker
from console.services import serving
from records.database import Database
from records.store import Records
from runtime.engine import free_port
from runtime.settings import load_settings
from runtime.temporal import EngineAwayError
from tests.console.conftest import CATALOGUE
from tests.domain.build import POLICY
from web.deps import WebDeps


@contextmanager
def process(*args: str) -> Iterator["subprocess.Popen[str]"]:
    """`holdfast` as a process, ended by SIGTERM."""
    started = subprocess.Popen([sys.executable, "-m", "cli", *args], stderr=subprocess.PIPE, text=True)
    try:
        yield started
    finally:
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=30)


def wait_for(line: str, process: "subprocess.Popen[str]") -> None:
    """Wait until a process has written something."""
    assert process.stderr is not None
    written = []
    for read in process.stderr:
        written.append(read)
        if line in read:
            return
    pytest.fail("".join(written))


def test_a_worker_works_until_it_is_told_to_end(
    elsewhere: Path, temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", temporal_address)
    with process("worker") as started:
        wait_for("worker ready", started)
    assert started.returncode == 0
    assert (elsewhere / ".holdfast/records.db").is_file()


def test_a_worker_without_temporal_says_so(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", f"127.0.0.1:{free_port()}")
    result = CliRunner().invoke(cli.app, ["worker"])
    assert result.exit_code == 1
    assert "No Temporal service answers at" in result.stderr


def test_a_worker_does_not_touch_the_records_of_another_engine(
    elsewhere: Path, temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", temporal_address)
    records = Records(Database(load_settings().database))
    records.engines.claim("another engine")
    records.database.close()
    result = CliRunner().invoke(cli.app, ["worker"])
    assert result.exit_code == 1
    assert "holdfast recover" in result.stderr


def test_the_web_app_serves_and_finds_temporal(
    elsewhere: Path, temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", temporal_address)
    monkeypatch.setenv("HOLDFAST_WEB__PORT", str(port))
    with process("web") as web:
        wait_for("connected to Temporal", web)
        assert httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).json() == {"ready": True, "lacking": []}
        taken = CliRunner().invoke(cli.app, ["web"])
        assert (taken.exit_code, taken.stderr.startswith(f"Port {port}, for the web app, is taken.")) == (1, True)
    assert web.returncode == 0


def test_the_web_app_does_not_wait_for_temporal(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("HOLDFAST_WEB__PORT", str(port))
    with process("web") as web:
        wait_for("Uvicorn running", web)
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
        assert answer.json()["lacking"] == ["The engine is not connected."]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "holdfast.example.org"])
def test_the_web_app_refuses_to_be_reached_from_outside(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("HOLDFAST_WEB__HOST", host)
    result = CliRunner().invoke(cli.app, ["web"])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{host} can be reached from outside, and no sign-in is set up")
    assert not (elsewhere / ".holdfast").exists()


async def test_temporal_is_looked_for_until_it_answers(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = []
    client, door = object(), object()

    async def connect(settings: object) -> object:
        tries.append(settings)
        if len(tries) < 3:
            raise EngineAwayError("No Temporal service answers.")
        return client

    async def open_door(records: object, client: object) -> object:
        return door

    monkeypatch.setattr(serving, "connect", connect)
    monkeypatch.setattr(worker, "open_door", open_door)
    monkeypatch.setattr(serving, "CONNECT_AGAIN", serving.CONNECT_AGAIN * 0)
    records = Records(Database(load_settings().database))
    deps = WebDeps(records=records, policy=POLICY, catalogue=CATALOGUE)
    await serving.keep_connecting(load_settings(), deps)
    records.database.close()
    assert deps.door is door
    assert len(tries) == 3
    assert caplog.text.count("reviews cannot be reached yet: No Temporal service answers.") == 2


async def test_an_engine_that_went_away_does_not_answer() -> None:
    async def away(timeout: object) -> bool:
        raise RPCError("gone", RPCStatusCode.UNAVAILABLE, b"")

    async def here(timeout: object) -> bool:
        return True

    for check, answers in ((away, False), (here, True)):
        client = SimpleNamespace(service_client=SimpleNamespace(check_health=check))
        assert await serving.engine_answers(client) is answers  # type: ignore[arg-type]


def test_the_command_says_its_version_and_teaches_what_there_is() -> None:
    runner = CliRunner()
    assert runner.invoke(cli.app, ["--version"]).stdout == "holdfast 0.1.0\n"
    shown = runner.invoke(cli.app, ["--help"], env={"COLUMNS": "120"}).stdout
    for word in ("Reviews", "Running Holdfast", "The records", "holdfast review why REVIEW", "Exit codes"):
        assert word in shown


def test_an_unknown_option_is_a_usage_error() -> None:
    assert CliRunner().invoke(cli.app, ["review", "list", "--colour"]).exit_code == 2
    assert CliRunner().invoke(cli.app, ["review", "list", "--stage", "open"]).exit_code == 2
    assert CliRunner().invoke(cli.app, ["review", "close", "hand:1", "--force"]).exit_code == 2


def test_commands_that_only_ask_the_web_app_load_no_engine_and_no_database() -> None:
    """They are used in scripts, many times: a second each would be felt."""
    loaded = "import cli, sys; sys.exit(bool({'temporalio', 'sqlalchemy', 'alembic', 'fastapi'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", loaded], check=False).returncode == 0
