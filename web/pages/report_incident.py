"""Forms for what no source reports: a near miss, and an incident whose review somebody opens by hand."""

from dataclasses import replace
from typing import Any, get_origin

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from domain.lifecycle.inputs import OpenReview
from domain.lifecycle.permissions import refusals
from domain.model.taxonomy import IncidentKind, Realisation, Severity, StoppedBy
from domain.model.validation_messages import fault
from web.actions.open_review import NewNearMiss, NewReview, opened
from web.auth.authentication import Caller, Posted, Who
from web.deps import WebDeps
from web.errors import ApiError
from web.forms.draft_fields import Field, Kind, words
from web.forms.draft_form import Form, in_form, moment
from web.rendering import Pages, review_path

_SEVERITIES = [(severity.value, severity.value) for severity in Severity]

FIELDS = (
    Field("title", "What happened, in one line", needed=True),
    Field("service", "Service", needed=True, suggests="services"),
    Field("models", "Models", Kind.LINES, about="one in each line; empty: those of the service in the catalogue"),
    Field("severity", "Severity", Kind.CHOICE, _SEVERITIES, needed=True),
    Field("stopped_by", "What stopped it", Kind.CHOICE, words(StoppedBy), needed=True),
    Field("began", "Began, in UTC", Kind.MOMENT, about="as 2026-11-22 10:05; empty: not known"),
    Field("detected", "Detected, in UTC", Kind.MOMENT),
    Field("resolved", "Over, in UTC", Kind.MOMENT),
    Field("kinds", "Kinds", Kind.FACTORS, words(IncidentKind)),
    Field("responder", "Who answered", about="a person's handle; they own the review"),
    Field("url", "Link", about="where it is described"),
    Field("id", "Your own id of it", about="letters, digits, dots, hyphens and underscores; empty: one is made"),
    Field("private_to", "Seen by these teams only", Kind.LINES, about="one in each line; empty: everybody sees it"),
)
"""The fields of both forms: all that the API takes, but what was measured, which is written down in the draft."""


def _fields(near_miss: bool) -> list[Field]:
    """The fields of one of the forms."""
    if not near_miss:
        return [field for field in FIELDS if field.path != "stopped_by"]
    could = "what it could have been"
    return [replace(field, about=could) if field.path == "severity" else field for field in FIELDS]


def routes(deps: WebDeps, pages: Pages) -> APIRouter:
    """The two forms."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def page(who: Caller, near_miss: bool, form: Form, wrong: dict[str, str], code: int = 200) -> HTMLResponse:
        fields = _fields(near_miss)
        bars = "Say who you are first." if who.person is None else " ".join(refusals(who.standing, OpenReview))
        names = {field.path for field in fields}
        told = [f"{place}: {said}" if place else said for place, said in wrong.items() if place not in names]
        services = sorted(deps.catalogue.services)
        shown = {"fields": fields, "form": form, "wrong": wrong, "told": told, "services": services, "bars": bars}
        return pages.render("report.html", code, who=who, near_miss=near_miss, **shown)

    @router.get("/near-misses/new")
    def show_near_miss(who: Who) -> HTMLResponse:
        return page(who, True, {}, {})

    @router.get("/reviews/new")
    def show_new_review(who: Who) -> HTMLResponse:
        return page(who, False, {}, {})

    @router.post("/near-misses/new")
    async def report(who: Who, form: Posted) -> Response:
        return await take(who, form, True)

    @router.post("/reviews/new")
    async def open_by_hand(who: Who, form: Posted) -> Response:
        return await take(who, form, False)

    async def take(who: Caller, form: Form, near_miss: bool) -> Response:
        try:
            if near_miss:
                miss = NewNearMiss.model_validate(_told(NewNearMiss, form))
                found = await opened(deps, who, "near-miss", miss, Realisation.NEAR_MISS, miss.stopped_by)
            else:
                new = NewReview.model_validate(_told(NewReview, form))
                found = await opened(deps, who, "hand", new, Realisation.HARM, None)
        except ValidationError as error:
            wrong = {str(e["loc"][0]): in_form(fault(e, NewReview)) for e in error.errors(include_input=False)}
            return await run_in_threadpool(page, who, near_miss, form, wrong, 422)
        except ApiError as error:
            if error.status not in (409, 422, 503):
                raise
            wrong = {}
            for reason in error.more.get("reasons") or [error.sentence]:
                field, _, said = reason.partition(": ")
                known = said and field in NewReview.model_fields
                wrong[field if known else ""] = said if known else f"{wrong.get('', '')} {reason}".strip()
            return await run_in_threadpool(page, who, near_miss, form, wrong, error.status)
        return RedirectResponse(review_path(found.review), 303)

    return router


def _told(kind: type[NewReview], form: Form) -> dict[str, Any]:
    """What a form tells; what is left empty is left out."""
    told: dict[str, Any] = {}
    kinds = {field.path: field.kind for field in FIELDS}
    for name, about in kind.model_fields.items():
        values = [value.strip() for value in form.get(name, ()) if value.strip()]
        if kinds.get(name) is Kind.LINES:
            values = [line.strip() for value in values for line in value.splitlines() if line.strip()]
        if values and name in kinds:
            one = moment(values[0]) if kinds[name] is Kind.MOMENT else values[0]
            told[name] = values if get_origin(about.annotation) is tuple else one
    return told
