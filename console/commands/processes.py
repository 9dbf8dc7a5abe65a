"""`holdfast worker`, `web` and `check`: the processes of an installation, and whether it can be used."""

import typer

from console.shell.errors import REFUSED
from console.shell.options import Json
from console.shell.output import as_json, say, table


def work() -> None:
    """Be a worker: carry out reviews on the Temporal service in the settings. There may be any number of workers."""
    from console.services import serving

    serving.work()


def web() -> None:
    """Be the web app: pages, the API and webhooks. Without a sign-in it serves this machine only."""
    from console.services import serving

    serving.serve()


def check(json: Json = False) -> None:
    """Look at every setting: whether it can be used, and what to do where it cannot. Exit code 1 if any is wrong."""
    from console.checks import settings as checks
    from console.checks.result import Level

    checked = checks.look()
    is_wrong = [line for line in checked if line.level is Level.WRONG]
    if json:
        as_json({"usable": not is_wrong, "checked": [line.model_dump(mode="json") for line in checked]})
    else:
        rows = ((line.level.value, line.what, line.found, line.todo) for line in checked)
        table(("", "What", "Found", "What to do"), rows, empty="")
        say("", f"{len(is_wrong)} wrong." if is_wrong else "Nothing is wrong.")
    if is_wrong:
        raise typer.Exit(REFUSED)
