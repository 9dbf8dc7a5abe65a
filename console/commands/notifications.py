"""`holdfast notices` and `holdfast notify`: what became of messages to people, and whether they can be reached."""

from datetime import datetime
from typing import Annotated

import typer

from console.shell.api_client import Api
from console.shell.errors import USAGE, Stop
from console.shell.options import Json, Url
from console.shell.output import as_json, say, table
from web.formatting import counted, listed, minute

notify = typer.Typer(no_args_is_help=True, help="Messages to people, over the channels in the settings.")


def notices(
    unknown: Annotated[bool, typer.Option("--unknown", help="Only those of which nobody knows what came.")] = False,
    url: Url = None,
    json: Json = False,
) -> None:
    """The newest messages to people, and what became of each. Times are in UTC.

    A message is claimed before it is sent. Where sending broke off its outcome is unknown: it is told of here, and not
    sent again. What is still asked comes with the message of the next day.
    """
    found = Api(url).get("/api/notices", {"outcome": "unknown"} if unknown else None)
    if json:
        as_json(found)
        return
    rows = (
        (notice["key"].partition("/")[0], notice["to"], notice["outcome"], _when(notice), notice["says"] or "")
        for notice in found
    )
    table(("Message", "To", "Outcome", "When", "Why"), rows, empty="No message was sent yet.")


def _when(notice: dict[str, str | None]) -> str:
    moment = notice["sent_at"] or notice["claimed_at"] or notice["due_at"]
    return minute(datetime.fromisoformat(moment)) if moment else ""


@notify.command("test")
def try_out(
    recipient: Annotated[str, typer.Argument(help="`admin`, `approvers`, a team's id, or a person's handle.")],
) -> None:
    """Send one message to somebody, over each of their channels, from this machine and at once."""
    from building.recipients import told_by_name
    from domain.trackers.ports import TrackerError
    from integrations.notifiers.apprise import AppriseNotifier
    from runtime.settings import load_settings

    settings = load_settings()
    told = told_by_name(settings)
    wanted = recipient.casefold()
    name = next((n for n in told if wanted in (n.casefold(), n.partition("/")[2].casefold())), None)
    if name is None:
        known = listed([n.rpartition("/")[2] for n in told]) or "none"
        raise Stop(f"{recipient} has no channel in the settings; those who have are: {known}.", code=USAGE)
    wrong, text = [], f"What is asked of you is told here, and at {settings.url}."
    for number, channel in enumerate(told[name].channels, 1):
        try:
            AppriseNotifier({name: [channel]}).send(name, "Holdfast: a test", text)
        except TrackerError as error:
            wrong.append(f"Channel {number} did not take it as it should: {error}.")
    if wrong:
        raise Stop(*wrong, "Run `holdfast check` for what is set wrongly.")
    say(f"Sent to {name}, over {counted(len(told[name].channels), 'channel')}.")
