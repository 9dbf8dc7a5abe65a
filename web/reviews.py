"""A review's page, and what is said from its forms: the same commands as over the API, with the same reasons."""

from typing import Any, get_origin
from uuid import uuid4

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from domain.inputs import COMMANDS, Command
from web.asking import NOTHING_TRIED, Tried, asking
from web.callers import Caller, Posted, Who, review_for
from web.commands import admitted, carried
from web.deps import WebDeps
from web.difference import differences
from web.draft_form import Form
from web.errors import ApiError, as_sentence
from web.history import entries
from web.markers import revealed
from web.rendering import Pages, review_path
from web.review_page import review_page
from web.trackers import links

SHOWN_EVENTS = 12
"""How many events a review's page shows before the rest is folded."""

_BY_TYPE: dict[str, Any] = {command.model_fields["type"].default: command for command in COMMANDS}


def routes(deps: WebDeps, pages: Pages) -> APIRouter:
    """The page, and one address for every command that a form can say."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    records = deps.records

    def show(review_id: str, who: Caller, tried: Tried = NOTHING_TRIED, code: int = 200) -> HTMLResponse:
        review = review_for(deps, review_id, who)
        now, draft = deps.now(), records.drafts.newest(review_id)
        if draft is not None:
            draft = draft.model_copy(update={"author": records.people.handles([draft.author])[draft.author]})
        (told,) = revealed(records.people, [review])
        history = records.reviews.history(review_id)
        recorded = entries(records.people, history)
        changed = differences(review, [link.envelope.event for link in history], records.drafts)
        page = review_page(told, draft, recorded, records.audit.verify(review_id), now, links(deps, told), changed)
        shown = {"page": page, "now": now, "shown_events": SHOWN_EVENTS}
        may = asking(deps, review, who)
        return pages.render("review.html", code, who=who, may=may, tried=tried, key=uuid4().hex, **shown)

    @router.get("/reviews/{review_id}")
    def show_review(review_id: str, who: Who) -> HTMLResponse:
        return show(review_id, who)

    @router.post("/reviews/{review_id}/say")
    async def say(review_id: str, who: Who, form: Posted) -> Response:
        key = next(iter(form.get("key", ())), "") or uuid4().hex
        try:
            said = await run_in_threadpool(admitted, deps, review_id, command_of(form), key, who)
            await carried(deps, review_id, said)
        except ApiError as error:
            if error.status not in (409, 422, 503):
                raise
            reasons = tuple(error.more.get("reasons") or [error.sentence])
            return await run_in_threadpool(show, review_id, who, Tried(reasons, form), error.status)
        return RedirectResponse(review_path(review_id), 303)

    return router


def command_of(form: Form) -> Command:
    """The command that a form says; a field in which nothing is typed is left out. Raises `ApiError` (422)."""
    kind = _BY_TYPE.get(next(iter(form.get("type", ())), ""))
    if kind is None:
        raise ApiError(422, "type: this form says no command that there is.")
    told: dict[str, Any] = {}
    for name, about in kind.model_fields.items():
        values = [value for value in form.get(name, ()) if value.strip()]
        if values:
            told[name] = values if get_origin(about.annotation) is tuple else values[0]
    try:
        command: Command = kind.model_validate(told)
    except ValidationError as error:
        wrong = [dict(one) | {"loc": ("body", *one["loc"])} for one in error.errors(include_input=False)]
        raise ApiError(422, as_sentence(wrong, kind)) from error
    return command
