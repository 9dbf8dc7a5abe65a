"""`holdfast up`: the embedded engine, the worker and the web app, started and watched by one command."""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from console.services.exposure import require_safe
from records.database import Database
from records.event_log.ownership import ForeignEngineError
from records.store import Records
from runtime.engine import EngineError, engine_command, require_free, wait_until_up
from runtime.settings import Settings
from runtime.supervisor import Command, Kept
from worker import Recovered, open_door
from worker import recover as recover_records
from workflows import contract

READY_WITHIN = 40.0
"""Seconds that the worker and the web app each have to be ready after they were started."""


@dataclass(frozen=True)
class Running:
    """What runs: the three processes, and how to reach them."""

    engine: Kept
    worker: Kept
    web: Kept
    client: Client
    url: str
    ui_url: str
    recovered: Recovered | None = None


@contextlib.asynccontextmanager
async def everything(
    settings: Settings, environment: Mapping[str, str], recover: bool = False
) -> AsyncIterator[Running]:
    """Start all of it, and stop all of it in the end.

    `environment` is what the worker and the web app need to find the same settings. Raises
    `runtime.engine.EngineError`, `records.database.DatabaseError`, and `ForeignEngineError` where the
    records belong to another engine and `recover` was not asked for; and `console.shell.errors.Stop` where others could
    reach the web app, and nobody signs in.
    """
    require_safe(settings)
    with _locked(settings.data_dir):
        require_free(settings.web.port, "the web app", "HOLDFAST_WEB__PORT")
        engine = Kept(engine_command(settings.engine, settings.data_dir, settings.temporal.namespace))
        address = f"127.0.0.1:{settings.engine.port}"
        shared = {**environment, "HOLDFAST_TEMPORAL__ADDRESS": address, "HOLDFAST_TEMPORAL__EMBEDDED": "true"}
        worker_process, web = (Kept(_ours(name, settings.data_dir, shared)) for name in ("worker", "web"))
        started: list[Kept] = []
        try:
            started.append(engine)
            await engine.start()
            local = settings.temporal.model_copy(update={"address": address, "embedded": True})
            client = await wait_until_up(engine, local)
            recovered = await _claim(settings, client, recover)
            for kept in (worker_process, web):
                started.append(kept)
                await kept.start()
            url = settings.web.local_url
            await _until(web, "web app", lambda: _answers(url))
            await _until(worker_process, "worker", lambda: _works(client))
            ui_url = f"http://127.0.0.1:{settings.engine.ui_port}"
            yield Running(engine, worker_process, web, client, url, ui_url, recovered)
        finally:
            for kept in reversed(started):
                await kept.stop()


@contextlib.contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """Hold the data for ourselves: two engines on one database file would harm each other."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise EngineError(
                f"Holdfast is up already on the data in {data_dir.absolute()}. Stop it first, or choose other "
                "data with HOLDFAST_DATA_DIR."
            ) from None
        yield


def _ours(name: str, data_dir: Path, environment: Mapping[str, str]) -> Command:
    return Command(name, (sys.executable, "-m", "cli", name), data_dir / "logs" / f"{name}.log", environment)


async def _claim(settings: Settings, client: Client, recover: bool) -> Recovered | None:
    records = Records(Database(settings.database))
    try:
        if recover:
            return await recover_records(records, client)
        await open_door(records, client)
        return None
    except ForeignEngineError:
        raise EngineError(
            "The reviews in these records were run by another Temporal server, whose database file is not here. "
            "To go on with them on this one: holdfast up --recover"
        ) from None
    finally:
        records.database.close()


async def _answers(url: str) -> bool:
    """Whether the web app answers; what it answers is no matter here."""
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            await http.get(f"{url}/healthz")
        except httpx.TransportError:
            return False
    return True


async def _works(client: Client) -> bool:
    """Whether a worker asks the server for work."""
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=contract.TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    return bool((await client.workflow_service.describe_task_queue(request)).pollers)


async def _until(kept: Kept, what: str, holds: Callable[[], Awaitable[bool]]) -> None:
    try:
        async with asyncio.timeout(READY_WITHIN):
            while not await holds():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise EngineError(f"The {what} did not start:\n{kept.last_lines()}") from None


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
        if running.recovered:
            found = running.recovered
            console.print(f"Recovered: {found.reviews} reviews go on, {found.deliveries} deliveries are sent again.")
        console.print(f"Holdfast is up: [bold]{running.url}[/bold]")
        if settings.sign_in.issuer is None:
            console.print("Nobody has to sign in: this machine only, and recorded as “local, unauthenticated”.")
        console.print(f"Temporal's own pages: {running.ui_url}")
        console.print(f"Data and logs: {settings.data_dir.absolute()}", soft_wrap=True)
        console.print("Ctrl-C stops everything; starting it again goes on where it was.")
        await stop.wait()
    finally:
        with console.status("Stopping"):
            await starting.__aexit__(None, None, None)
        console.print("Stopped.")
