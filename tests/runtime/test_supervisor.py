import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

import runtime.supervisor
from runtime.supervisor import Command, Kept


def kept(tmp_path: Path, program: str) -> Kept:
    return Kept(Command("child", (sys.executable, "-c", program), tmp_path / "logs" / "child.log", {"HELLO": "there"}))


async def until(holds: object) -> None:
    async with asyncio.timeout(20):
        while not holds():  # type: ignore[operator]
            await asyncio.sleep(0.02)


WAITS = "import os, time; print(os.environ['HELLO'], flush=True); time.sleep(60)"


async def test_a_process_that_is_killed_is_started_again(tmp_path: Path) -> None:
    child = kept(tmp_path, WAITS)
    assert child.pid is None
    await child.start()
    first = child.pid
    assert first is not None
    await until(lambda: child.last_lines() == "there")
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.starts == 2 and child.pid not in (None, first))
    await until(lambda: child.last_lines() == "there\nthere")
    await child.stop()
    assert child.pid is None


async def test_a_process_that_is_stopped_stays_stopped(tmp_path: Path) -> None:
    child = kept(tmp_path, WAITS)
    await child.start()
    await child.stop()
    await child.stop()
    assert child.starts == 1


async def test_a_process_that_does_not_go_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime.supervisor, "GRACE", 0.2)
    stays = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    child = kept(tmp_path, stays)
    await child.start()
    await until(lambda: child.last_lines() == "up")
    await child.stop()
    assert child.pid is None


async def test_a_process_that_ends_at_once_is_started_less_and_less_often(tmp_path: Path) -> None:
    child = kept(tmp_path, "print('gone', flush=True)")
    begun = asyncio.get_running_loop().time()
    await child.start()
    await until(lambda: child.starts == 3)
    assert asyncio.get_running_loop().time() - begun >= 0.4 + 0.8
    await child.stop()
    await child.stop()


async def test_a_program_that_is_gone_for_a_while_is_started_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime.supervisor, "LONGEST_PAUSE", 0.1)
    program = tmp_path / "program"
    script = "#!/bin/sh\nsleep 60\n"
    program.write_text(script)
    program.chmod(0o755)
    child = Kept(Command("child", (str(program),), tmp_path / "child.log"))
    await child.start()
    program.unlink()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: child.pid is None)
    await asyncio.sleep(0)
    program.write_text(script)
    program.chmod(0o755)
    await until(lambda: child.starts == 2)
    await child.stop()


def test_without_output_there_is_nothing_to_quote(tmp_path: Path) -> None:
    assert kept(tmp_path, WAITS).last_lines() == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process end with its parent")
async def test_no_orphan_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import asyncio, pathlib, sys\n"
        "from runtime.supervisor import Command, Kept\n"
        f"argv = (sys.executable, '-c', {WAITS!r})\n"
        "child = Kept(Command('child', argv, pathlib.Path('child.log'), {'HELLO': 'x'}))\n"
        "async def main():\n"
        "    await child.start()\n"
        "    print(child.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program), stdout=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    assert parent.stdout is not None
    orphan = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    await until(lambda: not Path(f"/proc/{orphan}").exists() or "Z" in Path(f"/proc/{orphan}/stat").read_text())
