import asyncio
import signal
import sys

import pytest

from console.demo import StepFailedError, Story


@pytest.mark.timeout(240)
async def test_the_demo_plays_its_whole_story_and_every_step_holds() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "demo", "--once"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    said = output.decode()
    assert process.returncode == 0, said
    assert "All 14 steps held." in said
    assert said.count("✓") == 14


@pytest.mark.timeout(240)
async def test_the_demo_ends_when_it_is_asked_to_and_leaves_nothing_running() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "demo"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None
    while b"until Ctrl-C" not in (line := await process.stdout.readline()):
        assert line, "it ended by itself"
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 60) == 0


async def test_a_step_that_does_not_hold_says_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.demo.PATIENCE", 0.2)

    async def look() -> dict[str, str]:
        return {"stage": "draft"}

    story = Story.__new__(Story)
    with pytest.raises(StepFailedError, match=r'until it is closed; last seen: \{"stage": "draft"\}'):
        await story._until("it is closed", look, lambda r: r["stage"] == "closed")
    with pytest.raises(StepFailedError, match="it does not hold"):
        story._require(False, "it does not hold")
