"""`holdfast up`: everything by one command, and on again where it was."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import console.demo.command
from cli import app
from console.demo.command import StepFailedError
from standins.github.server import running as github_running
from tests.system.build import Users, prepare


async def start(*options: str) -> asyncio.subprocess.Process:
    """`holdfast up`, as soon as it says that it is up."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "up", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = b""
    while b"Ctrl-C stops everything" not in said:
        line = await process.stdout.readline()
        assert line, said.decode()
        said += line
    return process


async def stop(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 60) == 0


@pytest.mark.timeout(200)
async def test_ctrl_c_stops_all_and_the_next_start_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with github_running() as github:
        github.add_repo("acme/risk")
        settings = prepare(tmp_path, github, monkeypatch)
        process = await start()
        async with Users(settings.url) as users:
            review = await users.incident_closes()
            await users.until(review, lambda r: r["stage"] == "draft")
            await stop(process)
            for port in (settings.engine.port, settings.engine.ui_port, settings.web.port):
                with socket.socket() as probe:
                    assert probe.connect_ex(("127.0.0.1", port)) != 0, "something was left running"
            process = await start()
            digest = await users.submit(review)
            assert digest
            await stop(process)


@pytest.mark.timeout(200)
async def test_a_second_up_on_the_same_data_is_refused_and_cloud_settings_are_left_to_the_cloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with github_running() as github:
        prepare(tmp_path, github, monkeypatch)
        monkeypatch.setenv("HOLDFAST_TEMPORAL__TLS", "true")
        monkeypatch.setenv("HOLDFAST_TEMPORAL__API_KEY", "a key for elsewhere")
        monkeypatch.setenv("HOLDFAST_WEB__ALLOWED_HOSTS", '["pir.example.org"]')
        process = await start()
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", "up"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await second.communicate()
        assert second.returncode == 1
        assert "Holdfast is up already on the data in" in " ".join(output.decode().split())
        await stop(process)


async def test_a_taken_port_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with github_running() as github:
        settings = prepare(tmp_path, github, monkeypatch)
    with socket.create_server(("127.0.0.1", settings.web.port)):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", "up"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
    assert process.returncode == 1
    assert f"Port {settings.web.port}, for the web app, is taken." in output.decode()
    assert "Traceback" not in output.decode()


def test_a_demo_whose_step_does_not_hold_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(*_: object) -> None:
        raise StepFailedError("It was seen closed.")

    monkeypatch.setattr(console.demo.command, "play", failing)
    result = CliRunner().invoke(app, ["demo", "--once"])
    assert result.exit_code == 1
    assert "A step did not hold. It was seen closed." in result.output
