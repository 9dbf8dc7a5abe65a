"""Writing a draft in the browser: each section is saved on its own, and what somebody typed is never lost."""

from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.drafts.blame import roles_for
from domain.drafts.document import DraftDocument
from domain.lifecycle.inputs import SubmitDraft
from domain.model.attachment import ENDINGS, LARGEST
from domain.model.review import Review
from domain.model.template import ANSWER
from web.actions.attach import handed_over, keep, kept_with
from web.actions.save_draft import save_section
from web.actions.send_command import admitted, carried
from web.auth.authentication import Caller, Posted, Who, acting, review_for
from web.deps import WebDeps
from web.errors import ApiError
from web.forms.draft_fields import Field, Kind
from web.forms.draft_form import Form, Plain, Typed, add, at, in_form, one, parts_of, rewrite, typed, without
from web.pages.draft_page import Tried, sections_of, writing_page
from web.pages.review_routes import key_of
from web.rendering import Pages, review_path
from web.security import WITH_SCRIPT
from web.views.blameless_remarks import names_in

ACCEPTED = ",".join(f".{ending}" for ending in ENDINGS)
"""What a browser lets people choose among their files."""


def routes(deps: WebDeps, pages: Pages) -> APIRouter:
    """The page, saving a section, and submitting."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    drafts = deps.records.drafts

    def page(
        review: Review,
        who: Caller,
        code: int = 200,
        saved: str = "",
        tried: Tried | None = None,
        reasons: tuple[str, ...] = (),
        refused: str = "It is not submitted",
        attached: str = "",
    ) -> HTMLResponse:
        shown = {"page": writing_page(deps, review, who, saved, tried), "files": kept_with(deps, review.id)}
        shown |= {"reasons": reasons, "refused": refused, "attached": attached, "key": uuid4().hex}
        shown |= {"accepted": ACCEPTED, "largest": LARGEST}
        answer = pages.render("draft.html", code, who=who, **shown)
        answer.headers["Content-Security-Policy"] = WITH_SCRIPT
        return answer

    @router.get("/reviews/{review_id}/draft")
    def show_draft(review_id: str, who: Who, saved: str = "", attached: str = "") -> HTMLResponse:
        return page(review_for(deps, review_id, who), who, saved=saved, attached=attached)

    @router.post("/reviews/{review_id}/draft/{section}")
    def save_typed(review_id: str, section: str, who: Who, form: Posted) -> Response:
        review = review_for(deps, review_id, who)
        newest = drafts.newest(review.id)
        document = newest.document if newest and newest.document else DraftDocument()
        if review.policy is None or section not in sections_of(review, document):
            raise ApiError(404, f"There is no section {section} here.")
        verb, _, what = one(form, "do").partition(":")
        path, _, number = what.rpartition(".")
        text = typed(section, without(form, path, number) if verb == "remove" else form, _taken(review, document))
        if verb == "role":
            in_roles(deps, review, section, text, what)
        upon = _number(form, "upon")
        if verb == "add" and isinstance(at(text.shown, what), list):
            add(text, what)
            return page(review, who, tried=Tried(section, text.shown, upon))
        try:
            saved = save_section(deps, review, section, _value(section, text), upon, who, None)
            if verb == "keep":
                kept = saved.document.kept if saved.document else {}
                value: Plain = {"kept": kept | {what: one(form, f"kept.{what}")}}
                save_section(deps, review, "kept", value, saved.revision, who, None)
        except ApiError as error:
            if error.status not in (409, 422):
                raise
            return page(review, who, error.status, tried=_tried(section, text, upon, error))
        there = quote(section, safe=":")
        return RedirectResponse(f"{review_path(review.id)}/draft?saved={there}#{there}", 303)

    @router.post("/reviews/{review_id}/attachments")
    async def attach(review_id: str, request: Request, who: Who, form: Posted) -> Response:
        review, files = await run_in_threadpool(review_for, deps, review_id, who), await handed_over(request)
        try:
            if not files:
                raise ApiError(422, "Choose a file first.")
            by = await run_in_threadpool(acting, deps, who, None)
            for file in files:
                kept = await run_in_threadpool(keep, deps, review.id, file.name, file.media_type, file.data, by)
        except ApiError as error:
            told, refused = tuple(error.more.get("reasons", [error.sentence])), "The file is not kept"
            return await run_in_threadpool(page, review, who, error.status, reasons=told, refused=refused)
        return RedirectResponse(f"{review_path(review.id)}/draft?attached={kept.digest}#files", 303)

    @router.post("/reviews/{review_id}/submit")
    async def submit(review_id: str, who: Who, form: Posted) -> Response:
        command = SubmitDraft(revision=_number(form, "revision"), digest=one(form, "digest"))
        key = await run_in_threadpool(key_of, deps, review_id, form)
        said = await run_in_threadpool(admitted, deps, review_id, command, key, who)
        try:
            await carried(deps, review_id, said)
        except ApiError as error:
            review, reasons = await run_in_threadpool(review_for, deps, review_id, who), error.more.get("reasons")
            told = tuple(reasons or [error.sentence])
            return await run_in_threadpool(page, review, who, error.status, reasons=told)
        return RedirectResponse(f"{review_path(review_id)}#sign-off", 303)

    return router


def _number(form: Form, name: str) -> int:
    """A revision that a form names; 0 where it names none that can be."""
    told = one(form, name)
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else 0


def in_roles(deps: WebDeps, review: Review, section: str, text: Typed, name: str) -> None:
    """Let the text of a section say the role of somebody where it names them, as they chose who pressed the button."""
    names = names_in(deps, review, [name])
    chosen = {known: role for known, role in names.items() if known in (name, name.removeprefix("@"))}
    for part in parts_of(section):
        if isinstance(part, Field) and part.kind is Kind.PROSE:
            rewrite(text, part.path, lambda prose: roles_for(prose, chosen).text)


def _taken(review: Review, document: DraftDocument) -> list[str]:
    """Ids that a new factor or item cannot have."""
    return [*(factor.id for factor in document.factors), *(item.id for item in document.items), *review.items]


def _value(section: str, text: Typed) -> Plain | str:
    if section.startswith(ANSWER):
        return str(at(text.value, f"answers.{section.removeprefix(ANSWER)}"))
    return text.value


def _tried(section: str, text: Typed, upon: int, error: ApiError) -> Tried:
    """What is shown where nothing was saved: what was typed, or both texts and a proposal where others changed it."""
    conflicts, proposal = error.more.get("conflicts", ()), error.more.get("proposal")
    if not conflicts or proposal is None:
        wrong = {text.place(place): in_form(said) for place, said in error.more.get("fields", {}).items()}
        whole = [said for place, said in wrong.items() if not place or "." not in place] if wrong else [error.sentence]
        said = "Not saved yet. " + " ".join(whole)
        return Tried(section, text.shown, upon, said, wrong)
    said = "Not saved: somebody else changed the same meanwhile. Look through both, put together below, and save."
    together = all(conflict["place"] for conflict in conflicts)
    return Tried(section, proposal if together else text.shown, error.more["newest"], said, {}, conflicts)
