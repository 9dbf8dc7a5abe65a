"""`holdfast review` from opening to closing: who owns it, putting the draft forward, and signing it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from console.shell.api_client import Api
from console.shell.options import Actor, HowGrave, Json, Reason, ReviewId, Url
from console.shell.output import say
from console.shell.parsing import moment, read_draft
from console.shell.send_command import carry, submit_saved, tell
from domain.model.taxonomy import Effectiveness, IncidentStatus

PANEL = "Carry it through"

writing = typer.Typer()

Team = Annotated[str, typer.Option("--team", help="For which team, as the policy names it.")]


@writing.command(rich_help_panel=PANEL)
def assign(
    review: ReviewId,
    owner: Annotated[str, typer.Argument(metavar="HANDLE", help="Who is to own it.")],
    by: Actor,
    url: Url = None,
    json: Json = False,
) -> None:
    """Give a review to another owner. The owner does not sign it."""
    carry(url, review, by, {"type": "assign_owner", "owner": owner}, json, f"{owner} owns {review}.")


@writing.command(rich_help_panel=PANEL)
def effectiveness(
    review: ReviewId,
    answer: Annotated[Effectiveness, typer.Argument(help="Whether prevention worked.")],
    reason: Reason,
    by: Actor,
    url: Url = None,
    json: Json = False,
) -> None:
    """Say whether prevention worked, once the effectiveness window of a closed review is over."""
    command = {"type": "answer_effectiveness", "answer": answer.value, "reason": reason}
    carry(url, review, by, command, json, f"{review}: prevention is said to be {answer.value}.")


@writing.command(rich_help_panel=PANEL)
def join(
    review: ReviewId,
    source: Annotated[str, typer.Option(help="Who knows the incident, such as pagerduty.")],
    incident: Annotated[str, typer.Option(help="The incident's own id there.")],
    title: Annotated[str, typer.Option(help="One line.")],
    severity: HowGrave,
    by: Actor,
    service: Annotated[str | None, typer.Option(help="Without it: the service of the review.")] = None,
    still_open: Annotated[bool, typer.Option("--still-open", help="It is not resolved yet.")] = False,
    since: Annotated[
        str | None, typer.Option("--at", metavar="DATE", help="When this was so; without it: now.")
    ] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Add an incident to a review that is open: it is of the same trouble."""
    api = Api(url)
    told = {
        "source": source,
        "id": incident,
        "status": (IncidentStatus.OPEN if still_open else IncidentStatus.RESOLVED).value,
        "as_of": (moment(since) if since else datetime.now(UTC)).isoformat(),
        "title": title,
        "service": service or api.review(review)["service"],
        "severity": severity.value,
    }
    answer = api.command(review, by, {"type": "join_incident", "incident": told})
    tell(api, review, answer, json, f"{source}:{incident} is part of {review}.")


@writing.command(rich_help_panel=PANEL, epilog="Example: holdfast review submit hand:20261122-1f3a9c draft.yaml")
def submit(
    review: ReviewId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML or JSON; see docs/examples/draft.yaml.")],
    by: Actor,
    url: Url = None,
    json: Json = False,
) -> None:
    """Save a draft and put it forward for signing. Who submits does not sign."""
    document = read_draft(file)
    api = Api(url)
    submit_saved(api, review, by, api.save_draft(review, by, document), json)


@writing.command(rich_help_panel=PANEL, epilog="Example: holdfast review sign hand:20261122-1f3a9c --team ml")
def sign(review: ReviewId, team: Team, by: Actor, url: Url = None, json: Json = False) -> None:
    """Sign the text as it was submitted last, for a team."""
    api = Api(url)
    submission = api.review(review)["submission"] or {"digest": "", "revision": 0}
    answer = api.command(review, by, {"type": "sign", "team": team, "digest": submission["digest"]})
    tell(api, review, answer, json, f"Signed revision {submission['revision']} for team {team}.")


@writing.command(rich_help_panel=PANEL)
def delegate(
    review: ReviewId,
    team: Team,
    to: Annotated[str, typer.Option("--to", metavar="HANDLE", help="Who is to sign in its name.")],
    by: Actor,
    url: Url = None,
    json: Json = False,
) -> None:
    """Let somebody sign a review for a team. Who submitted or owns it cannot."""
    command = {"type": "delegate_signing", "team": team, "to": to}
    carry(url, review, by, command, json, f"{to} signs {review} for team {team}.")


@writing.command(rich_help_panel=PANEL)
def request_changes(
    review: ReviewId,
    team: Team,
    reason: Reason,
    by: Actor,
    section: Annotated[list[str] | None, typer.Option(help="Which section; may be given several times.")] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Send a submitted draft back to be written on."""
    command = {"type": "request_changes", "team": team, "reason": reason, "sections": section or []}
    carry(url, review, by, command, json, f"Team {team} asks for changes.")


@writing.command(rich_help_panel=PANEL)
def close(review: ReviewId, by: Actor, url: Url = None, json: Json = False) -> None:
    """Ask for closure now. The trackers are read first. A review also closes by itself, once nothing blocks it."""
    api = Api(url)
    answer = api.command(review, by, {"type": "close"})
    if answer["note"] and not json:
        say("The trackers are being read; the review closes when every item is found done.")
        return
    tell(api, review, answer, json, f"{review} is closed.")
