import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from console.demo.command import _apart
from console.demo.story import StepFailedError, Story
from console.demo.trackers import TRACKERS
from runtime.settings import CONFIG_VARIABLE


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("tracker", "steps"), [("builtin", 14), ("github", 17), ("jira", 17)])
async def test_the_demo_plays_its_whole_story_and_every_step_holds(tracker: str, steps: int) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "demo", "--once", "--tracker", tracker),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    said = output.decode()
    assert process.returncode == 0, said
    assert f"All {steps} steps held." in said
    assert said.count("✓") == steps


@pytest.mark.timeout(240)
async def test_settings_of_whoever_runs_the_demo_count_for_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "HOLDFAST_PAGERDUTY__SECRETS=not even JSON\nHOLDFAST_WEB__PORT=1\nHOLDFAST_TRACKERS__DEFAULT=github:a/b\n"
    )
    (tmp_path / "holdfast.yaml").write_text("web: {port: 1}\nodd: setting\n")
    hostile = {
        "HOLDFAST_PAGERDUTY__SECRETS": '["of somebody else"]',
        "HOLDFAST_WEB__PORT": "1",
        "HOLDFAST_DATABASE_URL": "mysql://db.example.org/holdfast",
        "HOLDFAST_CONFIG": str(tmp_path / "gone.yaml"),
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }
    before = sorted(tmp_path.iterdir())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "demo", "--once"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **hostile},
        cwd=tmp_path,
    )
    output, _ = await process.communicate()
    said = output.decode()
    assert process.returncode == 0, said
    assert "All 14 steps held." in said
    assert sorted(tmp_path.iterdir()) == before


def test_after_the_demo_everything_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_WEB__PORT", "1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    environment, here = dict(os.environ), Path.cwd()
    with _apart(tmp_path):
        assert [name for name in os.environ if name.startswith("HOLDFAST_")] == [CONFIG_VARIABLE]
        assert "https_proxy" not in os.environ
        assert Path.cwd() == tmp_path.resolve()
    assert (dict(os.environ), Path.cwd()) == (environment, here)


@pytest.mark.timeout(240)
async def test_the_demo_ends_when_it_is_asked_to_and_leaves_nothing_running() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "demo", "--tracker", "github"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    while b"until Ctrl-C" not in (line := await process.stdout.readline()):
        assert line, "it ended by itself"
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 60) == 0


async def test_a_step_that_does_not_hold_says_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.demo.story.PATIENCE", 0.2)

    async def look() -> dict[str, str]:
        return {"stage": "draft"}

    story = Story.__new__(Story)
    with pytest.raises(StepFailedError, match=r'until it is closed; last seen: \{"stage": "draft"\}'):
        await story._until("it is closed", look, lambda r: r["stage"] == "closed")
    with pytest.raises(StepFailedError, match="it does not hold"):
        story._require(False, "it does not hold")


def test_an_unknown_tracker_is_answered_with_the_known_ones() -> None:
    result = CliRunner().invoke(app, ["demo", "--tracker", "paper"])
    assert result.exit_code == 2
    assert all(f"'{name}'" in result.output for name in TRACKERS)


def test_a_stand_in_that_is_not_installed_is_named() -> None:
    without = "import sys; sys.modules['graphql'] = None; import cli; cli.main()"
    command = (sys.executable, "-c", without, "demo", "--once", "--tracker", "github")
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert "Install it with: pip install 'holdfast[standins]'" in process.stderr
    assert "Traceback" not in process.stderr
