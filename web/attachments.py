"""Files that are kept with a review: evidence, pictures, logs. Pictures may be shown; all else is only saved."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import Base64Bytes, Field, ValidationError

from domain.attachment import PICTURES, Attachment
from domain.faults import fault
from domain.values import Record, Utc
from records.attachments import Kept
from web.callers import Who, acting, review_for
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


_NO_REVIEW: Responses = {404: {"model": ErrorBody, "description": "There is no such review, or no such file."}}


def routes(deps: WebDeps) -> APIRouter:
    """Attaching, listing, and handing out."""
    router = APIRouter(tags=["Attachments"], responses=_NO_REVIEW)
    attachments = deps.records.attachments

    @router.get("/api/reviews/{review_id}/attachments", summary="List the files that are kept with a review")
    def list_attachments(review_id: str, who: Who) -> list[KeptAttachment]:
        """Oldest first."""
        return shown(attachments.of(review_for(deps, review_id, who).id), review_id)

    @router.post(
        "/api/reviews/{review_id}/attachments",
        status_code=201,
        summary="Keep a file with a review",
        responses=WRONG_BODY,
    )
    def attach(review_id: str, body: NewAttachment, who: Who) -> KeptAttachment:
        """The same bytes again are the same file. Evidence of an item is named by its digest."""
        review_for(deps, review_id, who)
        try:
            copy = Attachment(name=body.name, media_type=body.media_type, data=body.data)
        except ValidationError as error:
            wrong = [f"{e['loc'][0]}: {fault(e, Attachment)}" for e in error.errors(include_input=False)]
            raise ApiError(422, "; ".join(wrong)) from error
        (kept,) = shown([attachments.keep(review_id, copy, acting(deps, who, body.by))], review_id)
        return kept

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

    def shown(kept: list[Kept], review_id: str) -> list[KeptAttachment]:
        handles = deps.records.people.handles(one.author for one in kept)
        return [
            KeptAttachment(
                **one.model_dump(exclude={"author"}),
                author=handles[one.author],
                url=f"/reviews/{quote(review_id, safe='')}/attachments/{one.digest}",
            )
            for one in kept
        ]

    return router
