"""Drafts over the API: read, saved as a whole or by section, and merged with what others wrote meanwhile."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BeforeValidator, Field, ValidationError

from domain.drafts.draft import FIELDS_OF, DraftDocument
from domain.drafts.merge import Conflict
from domain.model.review import Review
from domain.model.template import ANSWER
from domain.model.validation_messages import fault
from domain.model.values import Record, Utc
from records.documents.drafts import Saved, StaleRevisionError
from web.auth.authentication import Caller, Who, acting, review_for
from web.deps import WebDeps
from web.errors import WRONG_BODY, ApiError, ErrorBody, Responses
from web.views.blameless_remarks import PlacedRemark, remarked
from web.views.draft_prefill import beginning

_SAVED_BY_SECTION = FIELDS_OF | {"kept": ("kept",)}
"""Beside the sections, the remarks that are kept: nobody signs those."""


class DraftBody(Record):
    """A whole draft, as the next revision."""

    by: str | None = Field(
        default=None,
        description="the handle of who saves it; left out by who is signed in",
        examples=["ml-engineer@example.org"],
    )
    document: DraftDocument
    upon: int | None = Field(
        default=None,
        ge=0,
        description="the revision that this was written upon (0: none). What others saved since is kept: where both "
        "changed the same, nothing is saved. Left out: what there was is replaced",
    )


def _text_or_fields(value: Any) -> Any:
    if not isinstance(value, dict | str):
        raise ValueError("this has to be the text of an answer, or the fields of a section by name")
    return value


class SectionBody(Record):
    """One section of a draft, as it is written now."""

    by: str | None = Field(default=None, description="the handle of who saves it; left out by who is signed in")
    upon: int = Field(ge=0, description="the revision that this was written upon (0: none)")
    value: Annotated[dict[str, Any] | str, BeforeValidator(_text_or_fields)] = Field(
        description="an answer's text, or the section's fields by name"
    )


class SavedDraft(Record):
    """A saved revision. `submit_draft` names it by revision and digest."""

    revision: int = Field(description="0: nobody has saved anything yet; this is what is known")
    digest: str
    author: str
    saved_at: Utc | None
    document: DraftDocument | None = Field(description="none once it was erased")


class Unsaved(Record):
    """A draft that nobody saves."""

    document: DraftDocument


class Stale(ErrorBody):
    """Others saved meanwhile, and changed the same. Nothing was saved."""

    newest: int = Field(default=0, description="the revision to save upon next")
    conflicts: tuple[Conflict, ...] = ()
    proposal: DraftDocument | None = Field(default=None, description="both changes, to be looked through")


_NO_REVIEW: Responses = {404: {"model": ErrorBody, "description": "There is no such review."}}
_STALE: Responses = {409: {"model": Stale, "description": "Somebody saved a newer revision meanwhile."}}


def routes(deps: WebDeps) -> APIRouter:
    """Reading and saving."""
    router = APIRouter(prefix="/api/reviews", tags=["Drafts"], responses=_NO_REVIEW)
    records = deps.records

    @router.get("/{review_id}/draft", summary="Read the newest revision of the draft")
    def read_draft(review_id: str, who: Who) -> SavedDraft:
        """Where nobody has saved anything yet: what is known, as revision 0."""
        review = review_for(deps, review_id, who)
        saved = records.drafts.newest(review.id)
        if saved is not None:
            return _shown(deps, saved)
        return SavedDraft(
            revision=0, digest="", author="holdfast", saved_at=None, document=beginning(deps, review, who)
        )

    @router.put("/{review_id}/draft", summary="Save the draft as its next revision", responses=WRONG_BODY | _STALE)
    def save_draft(review_id: str, body: DraftBody, who: Who) -> SavedDraft:
        """Straight to the records. It has no effect until somebody submits it."""
        return _kept(deps, review_for(deps, review_id, who), body.document, body.upon, who, body.by)

    @router.put("/{review_id}/draft/{section}", summary="Save one section of the draft", responses=WRONG_BODY | _STALE)
    def save_one(review_id: str, section: str, body: SectionBody, who: Who) -> SavedDraft:
        """The rest stays as it was in the revision that it was written upon, or as others have saved it since."""
        review = review_for(deps, review_id, who)
        return save_section(deps, review, section, body.value, body.upon, who, body.by)

    @router.post("/{review_id}/draft/remarks", summary="What the blameless lint says of a draft", responses=WRONG_BODY)
    def remark_on(review_id: str, body: Unsaved, who: Who) -> list[PlacedRemark]:
        """Of a text that is not saved by this: what finds fault with people, and where a role can stand for a name."""
        return remarked(deps, review_for(deps, review_id, who), body.document)

    return router


def save_section(
    deps: WebDeps, review: Review, section: str, value: dict[str, Any] | str, upon: int, who: Caller, by: str | None
) -> SavedDraft:
    """Save one section, written upon revision `upon`, with what others saved since.

    Where nobody has changed that section since, it is written upon the newest as well. Raises `ApiError`: 422 with
    every field that is wrong, 409 where others changed the same.
    """
    then, newest = written(deps, review, upon, who), deps.records.drafts.newest(review.id)
    if newest is not None and newest.document and _in_section(then, section) == _in_section(newest.document, section):
        then, upon = newest.document, newest.revision  # so that it may name what other sections say by now
    return _kept(deps, review, _with_section(then, section, value), upon, who, by)


def written(deps: WebDeps, review: Review, revision: int, who: Caller) -> DraftDocument:
    """What a revision says, as what somebody writes upon. Raises `ApiError` (409) where it is not there.

    Revision 0 is what is known. Where others have saved meanwhile they have that already, as it was known then, and it
    is nobody's change: nothing is said but what is written now.
    """
    drafts = deps.records.drafts
    if revision == 0:
        return DraftDocument() if drafts.newest(review.id) else beginning(deps, review, who)
    document = drafts.revision(review.id, revision)
    if document is None:
        raise ApiError(409, f"There is no revision {revision} to go on from: read the draft anew.")
    return document


def _kept(
    deps: WebDeps, review: Review, document: DraftDocument, upon: int | None, who: Caller, by: str | None
) -> SavedDraft:
    records, author = deps.records, acting(deps, who, by)
    if upon is None:
        return _shown(deps, records.drafts.save(review.id, document, author))
    try:
        saved = records.drafts.save_with_others(review.id, document, author, upon)
    except StaleRevisionError as error:
        raise ApiError(409, str(error)) from error
    if isinstance(saved, Saved):
        return _shown(deps, saved)
    newest = records.drafts.newest(review.id)
    places = ", ".join(dict.fromkeys(conflict.place or "the whole" for conflict in saved.conflicts))
    raise ApiError(
        409,
        f"Somebody else changed the same meanwhile: {places}. Nothing was saved: read both, and save again.",
        newest=newest.revision if newest else 0,
        conflicts=[conflict.model_dump(mode="json") for conflict in saved.conflicts],
        proposal=saved.document.model_dump(mode="json"),
    )


def _shown(deps: WebDeps, saved: Saved) -> SavedDraft:
    author = deps.records.people.handles([saved.author])[saved.author]
    return SavedDraft(**saved.model_dump(exclude={"author"}), author=author)


def _in_section(document: DraftDocument, section: str) -> list[Any]:
    data = document.model_dump(mode="json")
    if section.startswith(ANSWER):
        return [data["answers"].get(section.removeprefix(ANSWER), "")]
    return [data.get(field) for field in _SAVED_BY_SECTION.get(section, ())]


def _with_section(document: DraftDocument, section: str, value: dict[str, Any] | str) -> DraftDocument:
    """A draft with one section as it is written now. Raises `ApiError` (422) naming every field that is wrong."""
    changed = document.model_dump(mode="json")
    if section.startswith(ANSWER) and isinstance(value, str):
        changed["answers"] = changed["answers"] | {section.removeprefix(ANSWER): value}
    elif section in _SAVED_BY_SECTION and isinstance(value, dict):
        unknown = sorted(set(value) - set(_SAVED_BY_SECTION[section]))
        if unknown:
            fields = ", ".join(_SAVED_BY_SECTION[section])
            raise ApiError(422, f"value: {section} has no {', '.join(unknown)}; it has {fields}.")
        changed |= value
    else:
        known = ", ".join([*_SAVED_BY_SECTION, f"{ANSWER}QUESTION"])
        raise ApiError(422, f"section: write the text of an answer, or the fields of one of these: {known}.")
    try:
        return DraftDocument.model_validate(changed)
    except ValidationError as error:
        wrong = {".".join(map(str, e["loc"])): fault(e, DraftDocument) for e in error.errors(include_input=False)}
        sentence = "; ".join(f"{place}: {said}" for place, said in wrong.items())
        raise ApiError(422, sentence, fields=wrong) from error
