"""The commands that need nothing but this machine: `up` and `demo`."""

import asyncio
from typing import Annotated, Literal

import typer
from rich.console import Console

from console.shell.errors import Stop
from runtime.settings import load_settings


def up(
    recover: Annotated[
        bool, typer.Option("--recover", help="Go on with these records on a new engine (its database file was lost).")
    ] = False,
) -> None:
    """Run everything on this machine: a Temporal server of its own, the worker and the web app. Ctrl-C stops all."""
    from console.services.serving import stopping
    from console.services.up import run

    with stopping():
        asyncio.run(run(load_settings(), Console(), recover))


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the story, instead of keeping the pages up.")] = False,
    tracker: Annotated[
        Literal["builtin", "github", "jira"],
        typer.Option(
            "--tracker",
            help="Where its items go. For `github` and `jira` a stand-in is started on this machine, and Holdfast uses "
            "it as it would the real one: nothing leaves this machine, and no account is needed.",
        ),
    ] = "builtin",
) -> None:
    """Watch a review live its whole life on real parts. Exit code 0 only if every step held."""
    from console.demo.command import StepFailedError, play
    from console.services.serving import stopping

    with stopping():
        try:
            asyncio.run(play(Console(), once, tracker))
        except StepFailedError as failed:
            raise Stop(f"A step did not hold. {failed}") from failed
