"""What makes a review easier to close: each is asked for by one person and decided by another."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from console.commands.open import Began, Detected, Resolved
from console.shell.options import SEVERITIES, Actor, Json, Reason, ReviewId, Url, as_severity
from console.shell.parsing import ending, moment
from console.shell.send_command import carry
from domain.model.taxonomy import IncidentKind, Severity

PANEL = "Needs a second person"

second_person = typer.Typer()

RequestId = Annotated[str, typer.Argument(metavar="REQUEST", help="Such as R1, as `holdfast review show` names it.")]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="DATE", help="Until when: 2026-12-01 (to its end), or 2026-12-01T09:00Z."),
]
For = Annotated[str | None, typer.Option("--for", metavar="PERIOD", help="For how long: '14 days', '3 business days'.")]


@second_person.command(
    rich_help_panel=PANEL,
    epilog="Example: holdfast review waive hand:20261122-1f3a9c done I2 --reason 'vendor ships in May' --for '14 days'",
)
def waive(
    review: ReviewId,
    rule: Annotated[str, typer.Argument(help="The rule, as `holdfast review why` names it.")],
    subject: Annotated[str, typer.Argument(help="What it is about, as `holdfast review why` names it.")],
    reason: Reason,
    by: Actor,
    until: Until = None,
    during: For = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Ask to lift one rule for one subject for a while. Without an end: as long as the policy says."""
    ends = ending(until, during, datetime.now(UTC))
    command = {"type": "ask_waiver", "rule": rule, "subject": subject, "reason": reason, "until": ends}
    carry(url, review, by, command, json, "Waived.")


@second_person.command(rich_help_panel=PANEL)
def accept_risk(
    review: ReviewId,
    factor: Annotated[str, typer.Argument(metavar="FACTOR", help="The factor to live with, such as F1.")],
    reason: Reason,
    by: Actor,
    until: Until = None,
    during: For = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Ask to live with a factor, without prevention, for a while."""
    ends = ending(until, during, datetime.now(UTC))
    command = {"type": "accept_risk", "factor": factor, "reason": reason, "until": ends}
    carry(url, review, by, command, json, f"The risk of {factor} is accepted.")


@second_person.command(rich_help_panel=PANEL)
def lower_severity(
    review: ReviewId,
    to: Annotated[Severity, typer.Argument(parser=as_severity, metavar=SEVERITIES, help="Which it should have.")],
    reason: Reason,
    by: Actor,
    url: Url = None,
    json: Json = False,
) -> None:
    """Ask for a lower severity. The stricter rules hold until another person agrees."""
    command = {"type": "lower_severity", "severity": to.value, "reason": reason}
    carry(url, review, by, command, json, f"The severity is {to.value}.")


@second_person.command(
    rich_help_panel=PANEL,
    epilog="Example: holdfast review classify pagerduty:Q1 --kind label_failure --severity SEV1 --reason 'As seen.'",
)
def classify(
    review: ReviewId,
    reason: Reason,
    by: Actor,
    kind: Annotated[list[IncidentKind] | None, typer.Option("--kind", help="All that fit; several times.")] = None,
    model: Annotated[list[str] | None, typer.Option("--model", help="All that it concerns; several times.")] = None,
    service: Annotated[str | None, typer.Option(help="As the catalogue names it.")] = None,
    severity: Annotated[
        Severity | None, typer.Option(parser=as_severity, metavar=SEVERITIES, help="Graver than it is called now.")
    ] = None,
    began: Began = None,
    detected: Detected = None,
    resolved: Resolved = None,
    incident: Annotated[
        str | None, typer.Option(metavar="INCIDENT", help="Without it: the one that opened the review.")
    ] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Correct what is known of an incident: what is given stands in place of what its source tells.

    What would make closing easier takes another person's approval.
    """
    dates = {"began": began, "detected": detected, "resolved": resolved}
    said: dict[str, Any] = {
        "kinds": [k.value for k in kind or ()],
        "models": model or [],
        "service": service,
        "incident": incident,
    }
    said |= {name: moment(date).isoformat() if date else None for name, date in dates.items()}
    command = {"type": "classify", "severity": severity and severity.value, "reason": reason} | said
    carry(url, review, by, command, json, "It is corrected.")


@second_person.command(rich_help_panel=PANEL)
def remove_incident(
    review: ReviewId,
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="Such as pagerduty:Q1, as `show` names it.")],
    reason: Reason,
    by: Actor,
    url: Url = None,
    json: Json = False,
) -> None:
    """Ask to take an incident out that was added by mistake."""
    command = {"type": "remove_incident", "incident": incident, "reason": reason}
    carry(url, review, by, command, json, f"{incident} is no part of {review} any more.")


@second_person.command(rich_help_panel=PANEL)
def dismiss(review: ReviewId, reason: Reason, by: Actor, url: Url = None, json: Json = False) -> None:
    """End a review as a false alarm or a duplicate. Below SEV2 the reason is enough; else another person approves."""
    carry(url, review, by, {"type": "dismiss", "reason": reason}, json, f"{review} is dismissed.")


@second_person.command(rich_help_panel=PANEL)
def make_private(
    review: ReviewId,
    team: Annotated[list[str], typer.Option("--team", help="Who alone sees it; may be given several times.")],
    reason: Reason,
    by: Actor,
    url: Url = None,
    json: Json = False,
) -> None:
    """Let only these teams see a review, everywhere. To let more see it again takes another person's approval."""
    command = {"type": "make_private", "teams": team, "reason": reason}
    carry(url, review, by, command, json, f"Only {', '.join(team)} sees {review}.")


@second_person.command(rich_help_panel=PANEL)
def share(
    review: ReviewId,
    reason: Reason,
    by: Actor,
    team: Annotated[list[str] | None, typer.Option("--team", help="Who is to see it, too. Without it: all.")] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Ask to let more people see a private review."""
    carry(url, review, by, {"type": "share", "teams": team or [], "reason": reason}, json, f"{review} is shared.")


@second_person.command(rich_help_panel=PANEL, epilog="Example: holdfast review approve hand:20261122-1f3a9c R1")
def approve(review: ReviewId, request: RequestId, by: Actor, url: Url = None, json: Json = False) -> None:
    """Grant what another person asked for."""
    carry(url, review, by, {"type": "approve", "request": request}, json, f"{request} is granted.")


@second_person.command(rich_help_panel=PANEL)
def refuse(
    review: ReviewId, request: RequestId, reason: Reason, by: Actor, url: Url = None, json: Json = False
) -> None:
    """Refuse what somebody asked for."""
    command = {"type": "refuse", "request": request, "reason": reason}
    carry(url, review, by, command, json, f"{request} is refused.")
