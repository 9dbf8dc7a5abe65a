"""A review's page, and what is said from its forms: the same commands as over the API, with the same reasons."""

import re
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from domain.lifecycle.inputs import COMMANDS, Command
from domain.lifecycle.permissions import Act, refusals
from domain.model.validation_messages import fault
from domain.model.values import canonical_json
from web.actions.attach import Handed, handed_over, keep
from web.actions.send_command import admitted, carried
from web.auth.authentication import Caller, Posted, Who, acting, review_for
from web.deps import WebDeps
from web.errors import ApiError, as_sentence
from web.forms.available_commands import NOTHING_TRIED, Tried, asking
from web.forms.command_fields import read, tidied
from web.forms.draft_form import Form, in_form, one
from web.pages.review_page import review_page
from web.pages.text_diff import differences
from web.references import revealed
from web.rendering import Pages, review_path
from web.views.history import entries
from web.views.privacy_warnings import doubts_about
from web.views.tracker_status import links

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
        may = asking(deps, review, told, who, tried)
        suggested = {
            "teams": sorted(deps.catalogue.teams),
            "services": sorted(deps.catalogue.services),
            "places": _places(deps),
        }
        key = form_key(tried.form) if tried.unanswered else uuid4().hex
        shown["doubts"] = doubts_about(deps, review.private_to)
        shown |= {"may": may, "tried": tried, "key": key, "suggested": suggested}
        return pages.render("review.html", code, who=who, **shown)

    def kept(review_id: str, who: Caller, form: Form, files: list[Handed]) -> Form:
        """The form with each file that came with it kept, and named by its digest.

        Raises `ApiError`: 403 for who may not attach any, 422 for what is not kept.
        """
        review, named = review_for(deps, review_id, who), dict(form)
        lacking = refusals(who.standing, Act.SAVE_DRAFT) if files else ()
        if lacking:
            raise ApiError(403, " ".join(lacking))
        for file in files:
            by = acting(deps, who, None)
            named[file.field] = [keep(deps, review.id, file.name, file.media_type, file.data, by).digest]
        return named

    @router.get("/reviews/{review_id}")
    def show_review(review_id: str, who: Who) -> HTMLResponse:
        return show(review_id, who)

    @router.post("/reviews/{review_id}/say")
    async def say(review_id: str, who: Who, form: Posted, request: Request) -> Response:
        typed = tidied(form)
        verb, _, adds = one(form, "do").partition(":")
        try:
            typed = await run_in_threadpool(kept, review_id, who, typed, await handed_over(request))
            if verb == "add":
                return await run_in_threadpool(show, review_id, who, Tried(typed, adds=adds))
            key = await run_in_threadpool(key_of, deps, review_id, typed)
            said = await run_in_threadpool(admitted, deps, review_id, command_of(typed), key, who)
            await carried(deps, review_id, said)
        except ApiError as error:
            if error.status not in (409, 422, 503):
                raise
            reasons = tuple(error.more.get("reasons") or [error.sentence])
            tried = Tried(typed, reasons, error.more.get("fields", {}), unanswered=error.status == 503)
            return await run_in_threadpool(show, review_id, who, tried, error.status)
        return RedirectResponse(review_path(review_id), 303)

    return router


_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def form_key(form: Form) -> str:
    """The id that a page gave to what is said from it; a new one where it gave none."""
    key = one(form, "key")
    return key if _KEY.fullmatch(key) else uuid4().hex


def key_of(deps: WebDeps, review_id: str, form: Form) -> str:
    """The same sent twice from one page is heard once; something else from it, after a step back, is heard."""
    said = canonical_json({name: list(values) for name, values in form.items()})
    return f"{form_key(form)}:{deps.records.people.mark_of(said, review_id)}"


def command_of(form: Form) -> Command:
    """The command that a form says; a field in which nothing is typed is left out. Raises `ApiError` (422)."""
    kind = _BY_TYPE.get(one(form, "type"))
    if kind is None:
        raise ApiError(422, "type: this form says no command that there is.")
    try:
        command: Command = kind.model_validate(read(kind, form))
    except ValidationError as error:
        found = error.errors(include_input=False)
        sentence = in_form(as_sentence([dict(each) | {"loc": ("body", *each["loc"])} for each in found], kind))
        wrong = {".".join(map(str, each["loc"])): in_form(fault(each, kind)) for each in found}
        raise ApiError(422, sentence, fields=wrong) from error
    return command


def _places(deps: WebDeps) -> list[str]:
    """Where an issue may go, as far as the settings name it."""
    return sorted({"builtin", deps.trackers.default, *(route.to for route in deps.trackers.routes)})
