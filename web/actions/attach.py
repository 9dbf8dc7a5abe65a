"""Keeping files with a review, from the API or from a form."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request
from pydantic import Field, ValidationError
from starlette.datastructures import UploadFile

from domain.model.attachment import PICTURES, Attachment, kind_by_name
from domain.model.validation_messages import fault
from domain.model.values import PersonId, Record, Utc
from records.documents.attachments import Kept
from web.deps import WebDeps
from web.errors import ApiError


class KeptAttachment(Record):
    """A file that is kept, by the digest of its bytes."""

    digest: str
    name: str
    media_type: str
    size: int = Field(description="bytes")
    author: str
    kept_at: Utc
    url: str

    @property
    def markdown(self) -> str:
        """What shows it in a text, or links to it there."""
        name = re.sub(r"([\\\[\]])", r"\\\1", self.name)
        return f"{'!' if self.media_type in PICTURES else ''}[{name}]({self.url})"


def kept_with(deps: WebDeps, review_id: str) -> list[KeptAttachment]:
    """The files of a review, oldest first."""
    return _shown(deps, deps.records.attachments.of(review_id), review_id)


def keep(deps: WebDeps, review_id: str, name: str, media_type: str, data: bytes, author: PersonId) -> KeptAttachment:
    """Keep a file with a review. Raises `ApiError` (422) that names each wrong field; its reasons name the file."""
    try:
        copy = Attachment(name=name, media_type=media_type, data=data)
    except ValidationError as error:
        found = {str(e["loc"][0]): fault(e, Attachment) for e in error.errors(include_input=False)}
        reasons = tuple(f"{name}: {said}" for said in found.values())
        raise ApiError(422, "; ".join(f"{field}: {said}" for field, said in found.items()), reasons=reasons) from error
    (kept,) = _shown(deps, [deps.records.attachments.keep(review_id, copy, author)], review_id)
    return kept


@dataclass(frozen=True)
class Handed:
    """A file that came with a form, in which field."""

    field: str
    name: str
    media_type: str
    data: bytes


async def handed_over(request: Request) -> list[Handed]:
    """The files that came with a form. What kind each is, is told by its name: browsers do not agree on it."""
    found = []
    for field, file in (await request.form()).multi_items():
        if isinstance(file, UploadFile) and file.filename:
            found.append(Handed(field, file.filename, kind_by_name(file.filename), await file.read()))
    return found


def _shown(deps: WebDeps, kept: list[Kept], review_id: str) -> list[KeptAttachment]:
    handles = deps.records.people.handles(one.author for one in kept)
    return [
        KeptAttachment(
            **one.model_dump(exclude={"author"}),
            author=handles[one.author],
            url=f"/reviews/{quote(review_id, safe=':')}/attachments/{one.digest}",
        )
        for one in kept
    ]
