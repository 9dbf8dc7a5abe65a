"""`holdfast review open` and `holdfast near-miss`: what no source reported."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from console.shell.api_client import Api
from console.shell.errors import USAGE, Stop
from console.shell.options import SEVERITIES, Actor, HowGrave, Json, Url, as_severity
from console.shell.output import as_json, say
from console.shell.parsing import moment
from domain.model.taxonomy import IncidentKind, Severity, StoppedBy

opening = typer.Typer()

Title = Annotated[str, typer.Option(help="What happened, in one line.")]
Service = Annotated[str, typer.Option(help="As the catalogue names it.")]
Kinds = Annotated[list[IncidentKind] | None, typer.Option("--kind", help="May be given several times.")]
Models = Annotated[list[str] | None, typer.Option("--model", help="Without it: the models of the service.")]
OwnId = Annotated[str | None, typer.Option("--id", help="Your own id of the incident. Without it: one is made.")]
Began = Annotated[str | None, typer.Option(metavar="DATE", help="When it began, such as 2026-11-21T07:00Z.")]
Detected = Annotated[str | None, typer.Option(metavar="DATE", help="When somebody or something noticed.")]
Resolved = Annotated[str | None, typer.Option(metavar="DATE", help="When it was over.")]
Responder = Annotated[str | None, typer.Option(metavar="HANDLE", help="Who answered last; they own the review.")]
Excluded = Annotated[
    str | None,
    typer.Option(metavar="REVIEW", help="Review this one after all, which the policy excluded. Such as alerts:43."),
]
PrivateTo = Annotated[list[str] | None, typer.Option(metavar="TEAM", help="Who alone sees it; without it: all.")]
Link = Annotated[str | None, typer.Option("--link", help="Where it is described.")]


@opening.command(
    "open",
    rich_help_panel="Look and open",
    epilog="Example: holdfast review open --title 'Fallback answered a third of requests' --service fraud-scoring "
    "--severity SEV2",
)
def open_review(
    by: Actor,
    title: Annotated[str | None, typer.Option(help="What happened, in one line.")] = None,
    service: Annotated[str | None, typer.Option(help="As the catalogue names it.")] = None,
    severity: Annotated[Severity | None, typer.Option(parser=as_severity, metavar=SEVERITIES)] = None,
    kind: Kinds = None,
    model: Models = None,
    id: OwnId = None,
    began: Began = None,
    detected: Detected = None,
    resolved: Resolved = None,
    responder: Responder = None,
    link: Link = None,
    private_to: PrivateTo = None,
    excluded: Excluded = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Open a review of an incident that is over and that no source reported.

    It takes --title, --service and --severity; or --excluded, for an incident that was reported and not reviewed.
    """
    if excluded is not None:
        if title or service or severity or id:
            raise Stop(
                "What --excluded names was told already: leave out --title, --service, --severity and --id.", code=USAGE
            )
        _open_excluded(excluded, by, url, json)
        return
    if title is None or service is None or severity is None:
        given = {"--title": title, "--service": service, "--severity": severity}
        missing = [name for name, value in given.items() if value is None]
        raise Stop(f"Missing: {', '.join(missing)}. See holdfast review open --help.", code=USAGE)
    body = _told(title, service, severity, by, kind, model, id, began, detected, resolved, responder, link)
    body["private_to"] = private_to or []
    _open("/api/reviews", body, url, json)


def near_miss(
    title: Title,
    service: Service,
    severity: HowGrave,
    stopped_by: Annotated[StoppedBy, typer.Option(help="What kept it from doing harm.")],
    by: Actor,
    kind: Kinds = None,
    model: Models = None,
    id: OwnId = None,
    began: Began = None,
    detected: Detected = None,
    resolved: Resolved = None,
    responder: Responder = None,
    link: Link = None,
    private_to: PrivateTo = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Report what nearly did harm. It gets a short review: three questions and one factor."""
    body = _told(title, service, severity, by, kind, model, id, began, detected, resolved, responder, link)
    body["private_to"] = private_to or []
    _open("/api/near-misses", body | {"stopped_by": stopped_by.value}, url, json)


def _told(
    title: str,
    service: str,
    severity: Severity,
    by: str,
    kind: list[IncidentKind] | None,
    model: list[str] | None,
    id: str | None,
    began: str | None,
    detected: str | None,
    resolved: str | None,
    responder: str | None,
    link: str | None,
) -> dict[str, Any]:
    """The body of both. It bears an id even where none was given, so that it can be sent twice and open one review."""
    dates = {"began": began, "detected": detected, "resolved": resolved}
    return {
        "by": by or None,
        "title": title,
        "service": service,
        "severity": severity.value,
        "kinds": [k.value for k in kind or ()],
        "models": model or [],
        "id": id or f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(3)}",
        **{name: moment(date).isoformat() if date else None for name, date in dates.items()},
        "responder": responder,
        "url": link,
    }


def _open_excluded(review: str, by: str, url: str | None, json: bool) -> None:
    """Open a review that was excluded, with the incident that it was excluded for."""
    api = Api(url)
    incident = api.review(review)["incidents"].get(review)
    answer = api.command(review, by, {"type": "open_review", "incident": incident})
    if json:
        as_json(answer | {"review": review})
    else:
        _say_opened(review)


def _say_opened(review: str) -> None:
    say(f"Opened {review}", f"What it needs: holdfast review why {review}")


def _open(path: str, body: dict[str, Any], url: str | None, json: bool) -> None:
    opened = Api(url).post(path, body)
    if json:
        as_json(opened)
    else:
        _say_opened(opened["review"])
        say(*[opened["note"]] if opened["note"] else [])
