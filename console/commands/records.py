"""`holdfast records`, `audit` and `recover`: looking after the system of record."""

from typing import Annotated

import typer

from console.shell.errors import REFUSED, Stop
from console.shell.options import Json
from console.shell.output import as_json, complain, say

records = typer.Typer(no_args_is_help=True, help="Look after the records.")
audit = typer.Typer(no_args_is_help=True, help="Prove that the records are whole, and every closure was allowed.")


@records.command()
def migrate() -> None:
    """Bring the database to the schema of this release. Starting the worker or the web app does the same."""
    from console.services import record_maintenance as recordkeeping

    say(f"{recordkeeping.migrate()} has the newest schema.")


@records.command()
def rebuild() -> None:
    """Make what the pages read anew, from the recorded events."""
    from console.services import record_maintenance as recordkeeping

    say(f"The read model was made anew: {recordkeeping.rebuild()} reviews.")


@audit.command()
def verify(
    review: Annotated[str | None, typer.Argument(metavar="[REVIEW]", help="One review; all without it.")] = None,
    json: Json = False,
) -> None:
    """Fold the events again: the chain is whole, and the rules in force allowed every closure. Exit code 1 if not.

    Keep the head that it prints somewhere else: whoever rules the database can make a new chain, but not that head.
    """
    from console.services import record_maintenance as recordkeeping

    database, report = recordkeeping.verify(review)
    if json:
        as_json({"database": database, **report.model_dump(mode="json")})
    else:
        say(f"Database: {database}")
        say(f"{report.events} events in {report.streams} reviews, {report.closures} closures.")
        if report.head:
            say(f"Head: {report.head} ({report.events} events)")
        for note in report.closed:
            for sentence in (*(f"it stands on {exception}." for exception in note.exceptions), *note.doubts):
                say(f"{note.review}, closed {note.at:%d %b %Y} under “{note.policy}”: {sentence}")
        say("Nothing is wrong." if not report.wrong else f"Wrong: {len(report.wrong)}")
        complain(*report.wrong)
    if report.wrong:
        raise typer.Exit(REFUSED)


def recover(
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask, even where another engine owned the records.")
    ] = False,
) -> None:
    """Let all reviews go on with the Temporal service in the settings.

    After Temporal or its data was lost, after a backup was restored, and to move to another Temporal service. Stop the
    workers of the old one first. Carried out twice, it does no harm.
    """
    from console.services import record_maintenance as recordkeeping

    done = recordkeeping.recover(lambda question: yes or _agrees(question))
    if done is None:
        raise Stop(
            "Nothing was changed. Stop the other engine's workers, then run `holdfast recover` (--yes: unasked)."
        )
    say(f"{done.reviews} reviews go on, under epoch {done.epoch}. Deliveries sent again: {done.deliveries}.")


def _agrees(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:
        return False
