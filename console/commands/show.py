"""`holdfast review` for those who look: which reviews there are, where one stands, and why it cannot close."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from console.shell.api_client import Api, in_path
from console.shell.options import Json, Limit, ReviewId, Url
from console.shell.output import as_json, heading, say, table, tell_of_more
from domain.model.taxonomy import Stage
from web.formatting import due, minute, plain, times

PANEL = "Look and open"

looking = typer.Typer()


@looking.command("list", rich_help_panel=PANEL)
def list_reviews(
    stage: Annotated[
        list[Stage] | None,
        typer.Option(
            help="May be given several times. Without it: all but `excluded`, which are listed only if asked for."
        ),
    ] = None,
    limit: Limit = 100,
    url: Url = None,
    json: Json = False,
) -> None:
    """The reviews, the most pressing first."""
    found, more = Api(url).list("/api/reviews", {"stage": [s.value for s in stage or ()]}, limit)
    tell_of_more(more, limit)
    if json:
        as_json(found)
        return
    table(
        ("Review", "Severity", "Stage", "In the way", "Next", "Owner", "Service", "Title"),
        (
            (
                review["id"],
                review["severity"],
                plain(review["stage"]),
                str(review["in_the_way"]),
                _due(review["next_deadline"]),
                review["owner"] or "nobody",
                review["service"],
                review["title"],
            )
            for review in found
        ),
        empty="There are no such reviews.",
    )


@looking.command(rich_help_panel=PANEL)
def open_incidents(url: Url = None, json: Json = False) -> None:
    """The incidents that are open at their source, and so have no review yet."""
    found = Api(url).get("/api/incidents")
    if json:
        as_json(found)
        return
    table(
        ("Incident", "Severity", "Open since (UTC)", "Service", "Title"),
        ((o["incident"], o["severity"], _minute(o["since"]), o["service"], o["title"]) for o in found),
        empty="No incident is open that has no review.",
    )


@looking.command(rich_help_panel=PANEL, epilog="Example: holdfast review why hand:20261122-1f3a9c")
def why(review: ReviewId, url: Url = None, json: Json = False) -> None:
    """What stands between a review and closure, and who can clear it."""
    found = Api(url).get(f"/api/reviews/{in_path(review)}/why")
    if json:
        as_json(found)
        return
    in_the_way = found["blockers"]
    _coming(found)
    heading(f"{review} is in stage {found['stage']}. In the way of closure: {len(in_the_way)}")
    if in_the_way:
        table(("Rule", "Subject", "What", "Who can clear it"), map(_cells, in_the_way), empty="")
    if found["warnings"]:
        heading("Said, and not holding it:")
        table(("Rule", "Subject", "What", "Who can clear it"), map(_cells, found["warnings"]), empty="")
    if found["doubts"]:
        heading("Worth a look before anybody signs:")
        say(*(f"- {sentence}" for sentence in found["doubts"]))
    waiting = [request for request in found["requests"] if not request["out_of_date"]]
    if waiting:
        heading("Waiting for a second person (holdfast review approve, or refuse):")
        table(_REQUEST, map(_request, waiting), empty="")
        _changes(waiting)
    outdated = [request for request in found["requests"] if request["out_of_date"]]
    if outdated:
        heading("Out of date, so that nobody's approval is heard:")
        rows = ((*_request(request), " ".join(request["out_of_date"])) for request in outdated)
        table((*_REQUEST, "Why it is out of date"), rows, empty="")


@looking.command(rich_help_panel=PANEL)
def show(review: ReviewId, url: Url = None, json: Json = False) -> None:
    """Where a review stands, with its items, signatures and requests."""
    api = Api(url)
    found = api.review(review)
    if json:
        as_json(found)
        return
    heading(f"{found['id']}: {found['title']}")
    say(
        f"{found['severity']}, stage {found['stage']}, service {found['service']}, team {found['team'] or 'none'}, "
        f"owner {found['owner'] or 'nobody'}",
        f"In the way of closure: {found['in_the_way']}. Next: {_due(found['next_deadline']) or 'nothing is due'}",
    )
    if found["excluded_by"]:
        say(f"Not reviewed, by {found['excluded_by']}")
    _coming(found)
    running = _RUNNING.get(found["stage"], ())
    for clock, moment in found["due"].items():
        if clock not in running:
            continue
        late = f"{clock}:{datetime.fromisoformat(moment).isoformat()}" in found["late"]
        say(f"{plain(clock)} due {_minute(moment)}{', late' if late else ''}")
    if answer := found["effectiveness"]:
        say(f"Prevention is said to be {answer['answer']}: {answer['reason']} ({answer['by']})")
    submission = found["submission"]
    if submission:
        say(f"Revision {submission['revision']} was submitted by {submission['by']}")
    _incidents(found["incidents"])
    _signatures(found)
    _items(found["items"])
    _verified(found["items"], f"{api.url}/reviews/{in_path(review)}/attachments")
    _issues(found["items"], found["links"])
    if found["requests"]:
        heading("Requests")
        table(
            (*_REQUEST, "Came of it"),
            map(_decided, found["requests"].values()),
            "",
        )
        _changes(found["requests"].values())
    _waivers("Waivers", found["waivers"])
    _waivers("Accepted risks", found["risks"])
    if found["tracking"]:
        say(f"Tracked as {found['tracking']['ref']['url']}")


@looking.command(rich_help_panel=PANEL)
def history(review: ReviewId, url: Url = None, json: Json = False) -> None:
    """What was recorded of a review, oldest first."""
    found = Api(url).get(f"/api/reviews/{in_path(review)}/history")
    if json:
        as_json(found)
        return
    table(
        ("Event", "When (UTC)", "Who", "Door", "What"),
        ((str(e["seq"]), _minute(e["when"]), e["by"], e["door"], e["sentence"]) for e in found),
        empty="Nothing is recorded.",
    )


_RUNNING = {
    "stabilization": ("review",),
    "draft": ("draft", "review"),
    "sign_off": ("sign_off", "review"),
    "remediation": ("review",),
    "closed": ("effectiveness", "answer"),
}
"""The clocks that run in a stage. Those of stages that are over have nothing left to say."""


def _coming(found: Mapping[str, Any]) -> None:
    """What comes by itself, and what teams wait for."""
    if found["coming"]:
        say(found["coming"])
    for wanted in found["changes_wanted"]:
        about = f" in {', '.join(plain(section) for section in wanted['sections'])}" if wanted["sections"] else ""
        say(f"Team {wanted['team']} asks for changes{about}: {wanted['reason']} ({wanted['by']})")


def _incidents(incidents: Mapping[str, Any]) -> None:
    heading("Incidents")
    rows = ((ref, i["severity"], i["status"], _minute(i["as_of"]), i["title"]) for ref, i in incidents.items())
    table(("Incident", "Severity", "Status", "As of (UTC)", "Title"), rows, empty="")


def _signatures(found: Mapping[str, Any]) -> None:
    heading("Signatures")
    signed, again = found["signatures"], found["sign_again"]
    rows = (
        (team, signed[team]["by"], _minute(signed[team]["at"]))
        if team in signed and team not in again
        else (team, f"to sign again: {again[team]}" if team in again else "not signed", "")
        for team in found["required_teams"]
    )
    table(("Team", "Signed by", "When (UTC)"), rows, empty="Nobody has to sign.")


def _items(items: Mapping[str, Any]) -> None:
    if not items:
        return
    heading("Items")
    rows = (
        (
            id,
            item["spec"]["item_class"],
            item["status"] + (", verified" if item["verification"] else ""),
            _due_of(item),
            item["ref"]["key"] if item["ref"] else "",
            item["spec"]["team"] or "",
            item["spec"]["owner"] or "",
            item["spec"]["title"],
        )
        for id, item in items.items()
    )
    table(("Item", "Class", "Status", "Due", "Issue", "Team", "Owner", "Title"), rows, empty="")


def _verified(items: Mapping[str, Any], copies: str) -> None:
    """Who saw that items do what they promised, and where the evidence is."""
    for id, item in items.items():
        if seen := item["verification"]:
            kept = [f"{copies}/{one['digest']}" for one in seen["evidence"] if one["digest"]]
            found = [one["link"] for one in seen["evidence"] if one["link"]]
            say(f"{id} was verified by {seen['by']}, {_minute(seen['at'])}: {' '.join([*kept, *found])}")


def _due_of(item: Mapping[str, Any]) -> str:
    put_off = f", put off {times(item['extended'])}" if item["extended"] else ""
    return _due(item["due"]) + put_off if item["status"] == "open" else ""


def _issues(items: Mapping[str, Any], links: Mapping[str, Any]) -> None:
    """Where the issues of accepted items are, and what was last seen of each."""
    accepted = {id: link for id, link in links.items() if link["place"] and items[id]["status"] != "withdrawn"}
    if not accepted:
        return
    heading("Issues")
    rows = (
        (
            id,
            link["key"] or "",
            link["place"],
            plain(link["state"]),
            " ".join(filter(None, [link["says"], _formerly(link["formerly"])])),
            link["title"] or "not known",
            link["assignee"] or "nobody known",
            link["note"],
        )
        for id, link in accepted.items()
    )
    table(("Item", "Issue", "Place", "Link", "How it stands", "Title there", "Assignee there", "Note"), rows, empty="")


def _formerly(keys: list[str]) -> str:
    return f"Formerly {', '.join(keys)}." if keys else ""


def _waivers(name: str, waivers: Mapping[str, Any]) -> None:
    if not waivers:
        return
    heading(name)
    rows = ((key, _minute(w["until"]), w["asked_by"], ", ".join(w["granted_by"])) for key, w in waivers.items())
    table(("For", "Until (UTC)", "Asked by", "Granted by"), rows, empty="")


def _cells(in_the_way: Mapping[str, Any]) -> tuple[str, ...]:
    return in_the_way["rule"], in_the_way["subject"], in_the_way["sentence"], in_the_way["cleared_by"]


_REQUEST = ("Request", "Asks for", "About", "Until (UTC)", "Asked by", "Why")


def _changes(requests: Iterable[Mapping[str, Any]]) -> None:
    """What requests make of their items: who decides does not agree blind."""
    for request in requests:
        say(*(f"{request['id']}, {request['subject']}: {change}" for change in request["changes"]))


def _request(request: Mapping[str, Any]) -> tuple[str, ...]:
    about = " ".join(filter(None, (request["rule"], request["subject"], request["severity"])))
    until = _minute(request["until"]) if request["until"] else ""
    why = request["reason"] or "its date was put off in the tracker"
    return request["id"], plain(request["ask"]), about, until, request["by"], why


def _decided(request: Mapping[str, Any]) -> tuple[str, ...]:
    came = {None: "waits", True: f"granted by {request['decided_by']}", False: f"refused by {request['decided_by']}"}
    if request["out_of_date"]:
        return (*_request(request), f"out of date: {' '.join(request['out_of_date'])}")
    return (*_request(request), came[request["granted"]])


def _due(moment: str | None) -> str:
    return due(datetime.fromisoformat(moment), datetime.now(UTC)).words if moment else ""


def _minute(moment: str) -> str:
    return minute(datetime.fromisoformat(moment))
