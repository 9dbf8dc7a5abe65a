"""`holdfast trackers`: how far each tracker project is known, and what keeps it from being looked at."""

from datetime import datetime

from console.shell.api_client import Api
from console.shell.options import Json, Url
from console.shell.output import as_json, table
from web.formatting import minute


def trackers(url: Url = None, json: Json = False) -> None:
    """The tracker projects that are watched: when each was looked at, and what is wrong. Times are in UTC.

    Every project is asked for what changed every few minutes, and each issue is read once a day. A project whose
    credential is refused is told of here and on the board, and goes on by itself once it works again.
    """
    found = Api(url).get("/api/trackers")
    if json:
        as_json(found)
        return
    rows = (
        (
            project["place"],
            project["state"],
            str(project["watched"]),
            _minute(project["looked_at"]),
            _minute(project["swept_at"]),
            project["trouble"]["says"] or project["says"] if project["trouble"] else "",
            _minute(project["trouble"]["since"]) if project["trouble"] else "",
            _minute(project["trouble"]["retry_at"]) if project["trouble"] else "",
        )
        for project in found
    )
    headings = ("Project", "State", "Watched", "Looked at", "All read", "What is wrong", "Since", "Next try")
    table(headings, rows, empty="No tracker project is watched yet: that begins when the first item is accepted.")


def _minute(moment: str | None) -> str:
    return minute(datetime.fromisoformat(moment)) if moment else "never"
