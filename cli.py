"""The `holdfast` command: puts the commands of `console/` together, and holds none itself."""

from importlib.metadata import version
from typing import Annotated

import typer

from console.commands import local as embedded
from console.commands import processes as installation
from console.commands import records
from console.commands.approvals import second_person
from console.commands.drafts import drafts
from console.commands.issues import issues
from console.commands.items import items
from console.commands.notifications import notices, notify
from console.commands.open import near_miss, opening
from console.commands.search import WITH_MINUS, search
from console.commands.show import looking
from console.commands.sign_off import writing
from console.commands.tokens import tokens
from console.commands.trackers import trackers
from console.shell.errors import StoppingGroup
from console.shell.output import say

REVIEWS, RUNNING, KEEPING = "Reviews", "Running Holdfast", "The records"

app = typer.Typer(
    cls=StoppingGroup,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Reviews of ML incidents that stay open until prevention has really happened.",
    epilog="What is pressing: holdfast review list\n\n"
    "Why a review cannot close: holdfast review why REVIEW\n\n"
    "Put a draft forward: holdfast review submit REVIEW draft.yaml\n\n"
    "Whether all settings can be used: holdfast check\n\n"
    "Exit codes: 0 done, 1 refused (each reason on a line of its own), 2 not understood.",
)

review = typer.Typer(
    no_args_is_help=True,
    help="Look at reviews and carry them through.",
    epilog="Whoever acts is named with --as, or once for all in HOLDFAST_AS.",
)
for part in (looking, opening, writing, second_person):
    review.add_typer(part)

app.add_typer(review, name="review", rich_help_panel=REVIEWS)
app.command("search", rich_help_panel=REVIEWS, context_settings=WITH_MINUS)(search)
app.add_typer(drafts, name="draft", rich_help_panel=REVIEWS)
app.add_typer(items, name="item", rich_help_panel=REVIEWS)
app.command("near-miss", rich_help_panel=REVIEWS)(near_miss)
app.add_typer(issues, name="issue", rich_help_panel=REVIEWS)
app.command("trackers", rich_help_panel=REVIEWS)(trackers)
app.command("notices", rich_help_panel=REVIEWS)(notices)
app.command("demo", rich_help_panel=RUNNING)(embedded.demo)
app.command("up", rich_help_panel=RUNNING)(embedded.up)
app.command("worker", rich_help_panel=RUNNING)(installation.work)
app.command("web", rich_help_panel=RUNNING)(installation.web)
app.command("check", rich_help_panel=RUNNING)(installation.check)
app.add_typer(notify, name="notify", rich_help_panel=RUNNING)
app.command("recover", rich_help_panel=KEEPING)(records.recover)
app.add_typer(records.records, name="records", rich_help_panel=KEEPING)
app.add_typer(records.audit, name="audit", rich_help_panel=KEEPING)
app.add_typer(tokens, name="token", rich_help_panel=KEEPING)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"holdfast {version('holdfast')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    pass


def main() -> None:
    """The entry point of the `holdfast` command."""
    app()


if __name__ == "__main__":
    main()
