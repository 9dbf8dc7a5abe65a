"""`holdfast demo`: a review lives its whole life on real parts, and every step says what it proves.

It starts the embedded engine, sends a signed PagerDuty delivery over HTTP, plays everybody who takes part through the
same API as everyone else, kills its own worker, and audits the records in the end. Settings of whoever runs it count
for nothing: it has its own, in a folder of its own.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import yaml
from rich.console import Console

from console.demo.story import PATIENCE, StepFailedError, Story, delivery, read_story, signed
from console.demo.trackers import TRACKERS, DemoTracker
from console.services.up import everything
from runtime.engine import free_port
from runtime.files import DEFAULT_POLICY, read_yaml
from runtime.settings import CONFIG_VARIABLE, Settings, load_settings

__all__ = ["StepFailedError", "delivery", "play", "signed"]

QUIET_WINDOW = "2 s"


async def play(console: Console, once: bool, tracker: str = "builtin") -> None:
    """Play the story with one of `TRACKERS`.

    Raises `StepFailedError`, `runtime.engine.EngineError` where the engine cannot be started, and
    `console.shell.errors.Stop` where a stand-in cannot.
    """
    directory = Path(tempfile.mkdtemp(prefix="holdfast-demo-"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        port = free_port()
        with _apart(directory), TRACKERS[tracker](f"http://127.0.0.1:{port}") as place:
            secret = secrets.token_hex(16)
            settings = _prepare(directory, port, secret, place)
            environment = {CONFIG_VARIABLE: str(directory / "holdfast.yaml")}
            console.print("[bold]Holdfast demo[/bold]: one review, from an incident's close to a closed review\n")
            playing = asyncio.create_task(_tell(console, settings, environment, secret, place, once, stop))
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({playing, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if once and not playing.done():
                playing.cancel()
            await playing
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def _apart(directory: Path) -> Iterator[None]:
    """For as long as the block lasts, this process and its children see no `.env`, no settings but those of
    `directory`, and no proxy: all of the demo is on this machine."""
    here = Path.cwd()
    names = [n for n in os.environ if n.upper().startswith("HOLDFAST_") or n.upper().endswith("_PROXY")]
    taken = {name: os.environ.pop(name) for name in names}
    os.environ[CONFIG_VARIABLE] = str(directory / "holdfast.yaml")
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(here)
        del os.environ[CONFIG_VARIABLE]
        os.environ.update(taken)


def _prepare(directory: Path, port: int, secret: str, tracker: DemoTracker) -> Settings:
    policy = read_yaml(DEFAULT_POLICY)
    policy["name"] = "demo: the default policy with a quiet window of seconds"
    policy["clocks"]["quiet"] = dict.fromkeys(policy["clocks"]["quiet"], QUIET_WINDOW)
    config = {
        "data_dir": str(directory / "data"),
        "catalogue": str(directory / "catalogue.yaml"),
        "policy": str(directory / "policy.yaml"),
        "engine": {"port": free_port(), "ui_port": free_port()},
        "web": {"port": port},
        "trackers": dict(tracker.settings),
        "pagerduty": {"secrets": [secret]},
    }
    catalogue = read_story()["catalogue"] | {"people": dict(tracker.people)}
    for name, content in (("holdfast", config), ("policy", policy), ("catalogue", catalogue)):
        (directory / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return load_settings()


async def _tell(
    console: Console,
    settings: Settings,
    environment: Mapping[str, str],
    secret: str,
    tracker: DemoTracker,
    once: bool,
    stop: asyncio.Event,
) -> None:
    with console.status("Starting the engine, the worker and the web app"):
        starting = everything(settings, environment)
        running = await starting.__aenter__()
    try:
        async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE) as http:
            story = Story(console, running, http, secret, tracker)
            console.print(f"  pages: [bold]{running.url}[/bold]   Temporal's own pages: {running.ui_url}")
            console.print(f"  items go to {tracker.title}: {tracker.about}\n", soft_wrap=True)
            await story.first_review()
            await story.second_review()
            await story.webhooks()
            await story.audit()
        console.print(f"\n[bold green]All {story.steps} steps held.[/bold green]")
        if not once:
            console.print(f"The pages stay up at [bold]{running.url}[/bold] until Ctrl-C.")
            await stop.wait()
    finally:
        await starting.__aexit__(None, None, None)
