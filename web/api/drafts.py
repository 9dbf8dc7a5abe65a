"""Drafts over the API: read, saved as a whole or by section, and merged with what others wrote meanwhile."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BeforeValidator, Field

from domain.drafts.document import DraftDocument
from domain.drafts.merge import Conflict
from domain.model.values import Record
from web.actions.save_draft import SavedDraft, save_document, save_section, shown
from web.auth.authentication import Who, review_for
from web.deps import WebDeps
from web.errors import WRONG_BODY, ErrorBody, Responses
from web.views.blameless_remarks import PlacedRemark, remarked
from web.views.draft_prefill import beginning


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
            return shown(deps, saved)
        return SavedDraft(
            revision=0, digest="", author="holdfast", saved_at=None, document=beginning(deps, review, who)
        )

    @router.put("/{review_id}/draft", summary="Save the draft as its next revision", responses=WRONG_BODY | _STALE)
    def save_draft(review_id: str, body: DraftBody, who: Who) -> SavedDraft:
        """Straight to the records. It has no effect until somebody submits it."""
        return save_document(deps, review_for(deps, review_id, who), body.document, body.upon, who, body.by)

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
