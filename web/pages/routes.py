"""The pages: read-only, rendered here, and complete without script."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, JSONResponse

from domain.lifecycle.permissions import sight
from domain.model.review import Review
from domain.model.taxonomy import Stage
from web.actions.issues import LAST, find_issue, list_issues
from web.auth.authentication import Who
from web.deps import WebDeps
from web.formatting import span
from web.pages.board import ORDER, ROWS, board, group, shares
from web.pages.my_work import pressing
from web.paging import REVIEWS, After, place_of
from web.rendering import Pages
from web.views.open_incidents import told_open
from web.views.tracker_status import refusals, tracker_projects

ISSUES = 50
"""How many issues a page lists."""


def routes(deps: WebDeps, pages: Pages, openapi: Callable[[], dict[str, Any]]) -> APIRouter:
    """The pages that people read."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    records = deps.records

    @router.get("/")
    def show_board(who: Who) -> HTMLResponse:
        now, seen, reviews = deps.now(), sight(who.standing), records.reviews
        counts, late = reviews.counts(seen), reviews.late(seen, now)
        share = shares(counts)
        shown = {stage: reviews.page(seen, [stage], share[stage]).rows for stage in ORDER}
        names = _names(deps, chain.from_iterable(shown.values()))
        groups = [group(stage, shown[stage], names, counts.get(stage, 0), now) for stage in ORDER]
        asked, more = pressing(deps, who, now)
        refused = refusals(records.seen.projects())
        found = board(groups, counts, late)
        told: dict[str, Any] = {"asked": asked, "more": more, "refused": refused, "start": _start(deps)}
        is_open = [(one, span(now - one.since)) for one in told_open(deps)]
        told |= {"open_incidents": is_open[:ROWS], "more_incidents": len(is_open[ROWS:])}
        return pages.render("board.html", who=who, board=found, **told)

    @router.get("/stages/{stage}")
    def show_stage(stage: Stage, who: Who, after: After = None) -> HTMLResponse:
        now, seen = deps.now(), sight(who.standing)
        page = records.reviews.page(seen, [stage], ROWS, place_of(after, REVIEWS))
        names, count = _names(deps, page.rows), records.reviews.counts(seen, [stage]).get(stage, 0)
        listed = group(stage, page.rows, names, count, now)
        return pages.render("stage.html", who=who, group=listed, following=page.following, further=after is not None)

    @router.get("/issues")
    def show_issues(who: Who, before: Annotated[int | None, Query(ge=1, le=LAST)] = None) -> HTMLResponse:
        issues, following = list_issues(deps, who, ISSUES, before)
        return pages.render("issues.html", who=who, issues=issues, following=following, further=before is not None)

    @router.get("/issues/{key}")
    def show_issue(key: str, who: Who) -> HTMLResponse:
        return pages.render("issue.html", who=who, issue=find_issue(deps, key, who), now=deps.now())

    @router.get("/trackers")
    def show_trackers(who: Who) -> HTMLResponse:
        refused = refusals(records.seen.projects())
        return pages.render("trackers.html", who=who, projects=tracker_projects(deps), refused=refused)

    @router.get("/api")
    def show_api(who: Who) -> HTMLResponse:
        return pages.render("api.html", who=who, api=openapi(), groups=_operations(openapi()))

    @router.get("/api/openapi.json")
    def tell_api() -> JSONResponse:
        return JSONResponse(openapi())

    return router


def _names(deps: WebDeps, reviews: Iterable[Review]) -> dict[str, str]:
    """The titles and owners of reviews, by what stands for them."""
    listed = list(reviews)
    people = deps.records.people
    owners = people.handles(review.owner for review in listed if review.owner)
    return people.texts(review.title for review in listed) | owners


def _start(deps: WebDeps) -> dict[str, Any]:
    """What the empty board says of how the first review comes."""
    asked = deps.policy.qualifies
    return {
        "address": (deps.web.public_url or f"http://{deps.web.host}:{deps.web.port}").rstrip("/"),
        "severities": [severity.value for severity in asked.severities],
        "listed_only": asked.listed_services_only,
        "services": sorted(deps.catalogue.services),
        "pagerduty": bool(deps.pagerduty.secrets),
        "incidents": deps.incidents.token is not None,
    }


def _body(openapi: dict[str, Any], operation: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The fields of the body that an operation takes: name, type, and what it is."""
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    kinds = [schema, *schema.get("anyOf", [])]
    names = [kind["$ref"].rpartition("/")[2] for kind in kinds if "$ref" in kind]
    found = []
    for shape in (openapi["components"]["schemas"][name] for name in names):
        needed = shape.get("required", [])
        for name, field in shape.get("properties", {}).items():
            asked = "needed" if name in needed else ""
            about = ", ".join(filter(None, [_type(field), asked]))
            found.append((name, about, field.get("description", "")))
    return found


def _type(schema: dict[str, Any]) -> str:
    """What a field holds, in a word or two: `text`, `one of …`, `list of Name`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    options = [_type(option) for option in schema.get("anyOf", []) if option.get("type") != "null"]
    if options:
        return " or ".join(dict.fromkeys(options))
    if "discriminator" in schema:
        return f"one of {', '.join(schema['discriminator']['mapping'])}"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    return str(schema.get("format", "text") if schema["type"] == "string" else schema["type"])


def _operations(openapi: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The operations of the API by their tag."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            answers = [
                (status, answer["description"])
                for status, answer in sorted(operation["responses"].items())
                if not status.startswith("2")
            ]
            line = {
                "method": method.upper(),
                "path": path,
                "summary": operation["summary"],
                "description": operation.get("description", ""),
                "answers": answers,
                "body": _body(openapi, operation),
            }
            groups.setdefault(operation["tags"][0], []).append(line)
    return groups
