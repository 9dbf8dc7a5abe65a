"""`holdfast issue`: the built-in tracker, for those who have no other."""

from typing import Annotated

import typer

from console.shell.api_client import Api, in_path
from console.shell.options import Actor, Json, Limit, Url
from console.shell.output import as_json, heading, say, table, tell_of_more

issues = typer.Typer(no_args_is_help=True, help="The built-in tracker: where items live if you have no other tracker.")

IssueKey = Annotated[str, typer.Argument(metavar="ISSUE", help="Such as HF-12.")]


@issues.command("list")
def list_issues(limit: Limit = 100, url: Url = None, json: Json = False) -> None:
    """The issues, the newest first."""
    found, more = Api(url).list("/api/issues", {}, limit)
    tell_of_more(more, limit)
    if json:
        as_json(found)
        return
    rows = ((issue["key"], issue["status"], issue["assignee"] or "", issue["title"]) for issue in found)
    table(("Issue", "Status", "Assignee", "Title"), rows, empty="There are no issues.")


@issues.command()
def show(issue: IssueKey, url: Url = None, json: Json = False) -> None:
    """One issue, with its comments and the reviews that watch it."""
    found = Api(url).get(f"/api/issues/{in_path(issue)}")
    if json:
        as_json(found)
        return
    heading(f"{found['key']}: {found['title']}")
    say(f"{found['status']}, assignee {found['assignee'] or 'nobody'}", "", *found["body"].splitlines())
    for comment in found["comments"]:
        say("", "Comment:", *comment.splitlines())
    if found["watched_by"]:
        say("", f"Watched by {', '.join(found['watched_by'])}")


@issues.command()
def done(issue: IssueKey, by: Actor, url: Url = None, json: Json = False) -> None:
    """Close an issue as done. Its review reads that by itself."""
    _change(issue, "done", by, url, json)


@issues.command()
def decline(issue: IssueKey, by: Actor, url: Url = None, json: Json = False) -> None:
    """Close an issue as not planned. For its review that is not done."""
    _change(issue, "decline", by, url, json)


@issues.command()
def reopen(issue: IssueKey, by: Actor, url: Url = None, json: Json = False) -> None:
    """Open an issue again."""
    _change(issue, "reopen", by, url, json)


def _change(issue: str, change: str, by: str, url: str | None, json: bool) -> None:
    found = Api(url).post(f"/api/issues/{in_path(issue)}/{change}", {"by": by or None})
    if json:
        as_json(found)
    else:
        say(f"{found['key']} is {found['status']}.")
