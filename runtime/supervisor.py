"""Starting processes, watching them, starting them again when they die, and stopping all of them together."""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds before a process that died is started again; twice as long each time that it dies soon after."""

LIVED_WELL = 20.0
"""Seconds after which a process counts as having started well."""

GRACE = 15.0
"""Seconds that a process has to end by itself before it is killed."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Command:
    """A process to keep running: its name, what to run, what to add to the environment, and where its output goes."""

    name: str
    argv: Sequence[str]
    output: Path
    environment: Mapping[str, str] = field(default_factory=dict)


class Kept:
    """One process that is kept running until it is stopped."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.starts = 0
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process as it runs now; none between a death and the next start."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def start(self) -> None:
        """Start the process, and watch it from now on."""
        await self._spawn()
        self._watch = asyncio.create_task(self._keep())

    async def _spawn(self) -> None:
        self.command.output.parent.mkdir(parents=True, exist_ok=True)
        with self.command.output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self.command.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self.command.environment},
                start_new_session=True,  # Ctrl-C is for us; we stop the others in order
                preexec_fn=_end_with_parent,
            )
        self.starts += 1

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            assert self._process is not None
            begun = monotonic()
            code = await self._process.wait()
            pause = FIRST_PAUSE if monotonic() - begun > LIVED_WELL else min(pause * 2, LONGEST_PAUSE)
            log.warning("%s ended with %s; starting it again (see %s)", self.command.name, code, self.command.output)
            await asyncio.sleep(pause)
            while not await self._spawned_again():
                await asyncio.sleep(LONGEST_PAUSE)

    async def _spawned_again(self) -> bool:
        try:
            await self._spawn()
        except OSError as error:
            log.error("%s cannot be started, and is tried again: %s", self.command.name, error)
            return False
        return True

    async def stop(self) -> None:
        """End the process: asked first, killed when it does not go."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except TimeoutError:
            log.warning("%s did not end within %s seconds and is killed", self.command.name, GRACE)
            process.kill()
            await process.wait()

    def last_lines(self, count: int = 12) -> str:
        """The end of the process's output, for an error message."""
        try:
            return "\n".join(self.command.output.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
        except OSError:
            return ""


def _end_with_parent() -> None:
    """On Linux, have the kernel end this process when its parent is killed, so that no orphan keeps a port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
