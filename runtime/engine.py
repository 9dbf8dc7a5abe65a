"""The embedded engine: a Temporal development server with its own database file, as a process that is kept running."""

import asyncio
import contextlib
import random
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from temporalio.client import Client

from runtime.settings import EngineSettings, TemporalSettings
from runtime.supervisor import Command, Kept
from runtime.temporal import EngineAwayError, connect

START_WITHIN = 30.0
"""Seconds that the server has to answer after it was started."""


class EngineError(Exception):
    """The embedded engine cannot be started; the message says what to do."""


def find_server() -> str:
    """The server's program, from the `engine` extra. Raises `EngineError` where it is not installed."""
    here = str(Path(sys.executable).parent)
    found = shutil.which("temporal", path=here) or shutil.which("temporal")
    if found is None:
        raise EngineError("The Temporal server is not installed. Install it with: pip install 'holdfast[engine]'")
    return found


def require_free(port: int, what: str, setting: str) -> None:
    """Raise `EngineError`, naming the setting, where a port on loopback is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise EngineError(
                f"Port {port}, for {what}, is taken. Stop what uses it, or choose another with {setting}."
            ) from None


def free_port() -> int:
    """A port on loopback that nobody uses now, below those that systems give to outgoing connections.

    Raises `EngineError` where none is found.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        with contextlib.suppress(EngineError):
            require_free(port, "", "")
            return port
    raise EngineError("No free port was found between 20000 and 32000.")


def engine_command(settings: EngineSettings, data_dir: Path, namespace: str = "default") -> Command:
    """How the server is run. Raises `EngineError` where its program is missing or a port is taken."""
    program = find_server()
    require_free(settings.port, "the Temporal server", "HOLDFAST_ENGINE__PORT")
    require_free(settings.ui_port, "Temporal's own pages", "HOLDFAST_ENGINE__UI_PORT")
    argv: Sequence[str] = (
        *(program, "server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn"),
        *("--port", str(settings.port), "--ui-port", str(settings.ui_port), "--namespace", namespace),
        *("--db-filename", str(data_dir.absolute() / "temporal.db")),
    )
    return Command("temporal", argv, data_dir / "logs" / "temporal.log")


async def wait_until_up(kept: Kept, settings: TemporalSettings) -> Client:
    """A client, once the server answers. Raises `EngineError` with the server's own words where it does not."""
    try:
        async with asyncio.timeout(START_WITHIN):
            while True:
                try:
                    return await connect(settings)
                except EngineAwayError:
                    await asyncio.sleep(0.1)
    except TimeoutError:
        raise EngineError(f"The Temporal server did not start:\n{kept.last_lines()}") from None
