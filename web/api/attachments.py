"""Files that are kept with a review: evidence, pictures, logs. Pictures may be shown; all else is only saved."""

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import Base64Bytes, Field, ValidationError
from starlette.datastructures import UploadFile

from domain.model.attachment import PICTURES, Attachment, kind_by_name
from domain.model.validation_messages import fault
from domain.model.values import PersonId, Record, Utc
from records.documents.attachments import Kept
from web.auth.authentication import Who, acting, review_for
from web.deps import WebDeps
from web.errors import WRONG_BODY, ApiError, ErrorBody, Responses

Digest = Annotated[str, Path(pattern=r"^sha256:[0-9a-f]{64}$")]


class NewAttachment(Record):
    """A file as it is handed over."""

    by: str | None = Field(default=None, description="the handle of who attaches it; left out by who is signed in")
    name: str
    media_type: str = Field(examples=["image/png", "text/plain"])
    data: Base64Bytes = Field(description="its bytes, as base64")


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


_NO_REVIEW: Responses = {404: {"model": ErrorBody, "description": "There is no such review, or no such file."}}


def routes(deps: WebDeps) -> APIRouter:
    """Attaching, listing, and handing out."""
    router = APIRouter(tags=["Attachments"], responses=_NO_REVIEW)
    attachments = deps.records.attachments

    @router.get("/api/reviews/{review_id}/attachments", summary="List the files that are kept with a review")
    def list_attachments(review_id: str, who: Who) -> list[KeptAttachment]:
        """Oldest first."""
        return kept_with(deps, review_for(deps, review_id, who).id)

    @router.post(
        "/api/reviews/{review_id}/attachments",
        status_code=201,
        summary="Keep a file with a review",
        responses=WRONG_BODY,
    )
    def attach(review_id: str, body: NewAttachment, who: Who) -> KeptAttachment:
        """The same bytes again are the same file. Evidence of an item is named by its digest."""
        review_for(deps, review_id, who)
        return keep(deps, review_id, body.name, body.media_type, body.data, acting(deps, who, body.by))

    @router.get("/reviews/{review_id}/attachments/{digest}", include_in_schema=False)
    def hand_out(review_id: str, digest: Digest, who: Who) -> Response:
        """The bytes of a file, under a policy that lets nothing in it run."""
        copy = attachments.find(review_for(deps, review_id, who).id, digest)
        if copy is None:
            raise ApiError(404, "No such file is kept here.")
        kept, data = copy
        way = "inline" if kept.media_type in PICTURES else "attachment"
        headers = {"Content-Disposition": f"{way}; filename*=UTF-8''{quote(kept.name, safe='')}"}
        return Response(data, media_type=kept.media_type, headers=headers)

    return router


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
