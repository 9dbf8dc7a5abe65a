"""Saving a draft, as a whole or by section, merged with what others wrote meanwhile: from the API or from a form."""

from typing import Any

from pydantic import Field, ValidationError

from domain.drafts.document import FIELDS_OF, DraftDocument
from domain.model.review import Review
from domain.model.template import ANSWER
from domain.model.validation_messages import fault
from domain.model.values import Record, Utc
from records.documents.drafts import Saved, StaleRevisionError
from web.auth.authentication import Caller, acting
from web.deps import WebDeps
from web.errors import ApiError
from web.views.draft_prefill import beginning

_SAVED_BY_SECTION = FIELDS_OF | {"kept": ("kept",)}
"""Beside the sections, the remarks that are kept: nobody signs those."""


class SavedDraft(Record):
    """A saved revision. `submit_draft` names it by revision and digest."""

    revision: int = Field(description="0: nobody has saved anything yet; this is what is known")
    digest: str
    author: str
    saved_at: Utc | None
    document: DraftDocument | None = Field(description="none once it was erased")


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
    return save_document(deps, review, _with_section(then, section, value), upon, who, by)


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


def save_document(
    deps: WebDeps, review: Review, document: DraftDocument, upon: int | None, who: Caller, by: str | None
) -> SavedDraft:
    """Save a whole draft, written upon a revision (none: in place of what there was), with what others saved since.

    Raises `ApiError` (409) where others changed the same.
    """
    records, author = deps.records, acting(deps, who, by)
    if upon is None:
        return shown(deps, records.drafts.save(review.id, document, author))
    try:
        saved = records.drafts.save_with_others(review.id, document, author, upon)
    except StaleRevisionError as error:
        raise ApiError(409, str(error)) from error
    if isinstance(saved, Saved):
        return shown(deps, saved)
    merged = saved.merged
    places = ", ".join(dict.fromkeys(conflict.place or "the whole" for conflict in merged.conflicts))
    raise ApiError(
        409,
        f"Somebody else changed the same meanwhile: {places}. Nothing was saved: read both, and save again.",
        newest=saved.upon,
        conflicts=[conflict.model_dump(mode="json") for conflict in merged.conflicts],
        proposal=merged.document.model_dump(mode="json"),
    )


def shown(deps: WebDeps, saved: Saved) -> SavedDraft:
    """A saved revision with the handle of its author."""
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
