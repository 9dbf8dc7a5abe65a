"""`holdfast up`: the embedded engine, the worker and the web app, started and watched by one command."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from temporalio.client import Client

import worker
from records.database import Database
from records.engines import ForeignEngineError
from records.store import Records
from runtime.engine import EngineError, engine_command, require_free, wait_until_up
from runtime.settings import Settings
from runtime.supervisor import Command, Kept

READY_WITHIN = 40.0
"""Seconds that the web app has to answer after it was started."""


@dataclass(frozen=True)
class Running:
    """What runs: the three processes, and how to reach them."""

    engine: Kept
    worker: Kept
    web: Kept
    client: Client
    url: str
    ui_url: str


@contextlib.asynccontextmanager
async def everything(
    settings: Settings, environment: Mapping[str, str], recover: bool = False
) -> AsyncIterator[Running]:
    """Start all of it, and stop all of it in the end.

    `environment` is what the worker and the web app need to find the same settings. Raises
    `runtime.engine.EngineError`, `records.database.DatabaseError`, and `records.engines.ForeignEngineError` where the
    records belong to another engine and `recover` was not asked for.
    """
    require_free(settings.web.port, "the web app", "HOLDFAST_WEB__PORT")
    engine = Kept(engine_command(settings.engine, settings.data_dir, settings.temporal.namespace))
    address = f"127.0.0.1:{settings.engine.port}"
    shared = {**environment, "HOLDFAST_TEMPORAL__ADDRESS": address}
    worker_process, web = (Kept(_ours(name, settings.data_dir, shared)) for name in ("worker", "web"))
    started: list[Kept] = []
    try:
        started.append(engine)
        await engine.start()
        local = settings.temporal.model_copy(
            update={"address": address, "tls": False, "api_key": None, "client_cert": None}
        )
        client = await wait_until_up(engine, local)
        await _claim(settings, client, recover)
        for kept in (worker_process, web):
            started.append(kept)
            await kept.start()
        url = f"http://127.0.0.1:{settings.web.port}"
        await _answers(web, url)
        yield Running(engine, worker_process, web, client, url, f"http://127.0.0.1:{settings.engine.ui_port}")
    finally:
        for kept in reversed(started):
            await kept.stop()


def _ours(name: str, data_dir: Path, environment: Mapping[str, str]) -> Command:
    return Command(name, (sys.executable, "-m", "cli", name), data_dir / "logs" / f"{name}.log", environment)


async def _claim(settings: Settings, client: Client, recover: bool) -> None:
    records = Records(Database(settings.database))
    try:
        if recover:
            await worker.recover(records, client)
        else:
            await worker.open_door(records, client)
    except ForeignEngineError:
        raise EngineError(
            "The reviews in these records were run by another Temporal server, whose database file is not here. "
            "To go on with them on this one: holdfast up --recover"
        ) from None
    finally:
        records.database.close()


async def _answers(web: Kept, url: str) -> None:
    try:
        async with asyncio.timeout(READY_WITHIN), httpx.AsyncClient() as http:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get(f"{url}/healthz")).status_code == 200:
                        return
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise EngineError(f"The web app did not start:\n{web.last_lines()}") from None


async def run(settings: Settings, console: Console, recover: bool = False) -> None:
    """Run everything until SIGINT or SIGTERM. Raises what `everything` raises."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    environment = {key: value for key, value in os.environ.items() if key.startswith("HOLDFAST_")}
    with console.status("Starting the engine, the worker and the web app"):
        starting = everything(settings, environment, recover)
        running = await starting.__aenter__()
    try:
        console.print(f"Holdfast is up: [bold]{running.url}[/bold]")
        console.print(f"Temporal's own pages: {running.ui_url}   Data and logs: {settings.data_dir.absolute()}")
        console.print("Ctrl-C stops everything; starting it again goes on where it was.")
        await stop.wait()
    finally:
        with console.status("Stopping"):
            await starting.__aexit__(None, None, None)
