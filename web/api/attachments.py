"""Files that are kept with a review: evidence, pictures, logs. Pictures may be shown; all else is only saved."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import Base64Bytes, Field

from domain.model.attachment import PICTURES
from domain.model.values import Record
from web.actions.attach import KeptAttachment, keep, kept_with
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
