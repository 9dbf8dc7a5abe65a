"""How the web app says no: one sentence that names what is wrong, as JSON for programs and as a page for people."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from domain.model.principal import Standing
from domain.model.validation_messages import fault
from domain.trackers.ports import NotFoundError
from web.deps import WebDeps
from web.rendering import Pages
from web.security import TOO_LARGE

log = logging.getLogger(__name__)

SHOWN_AT_MOST = 5
"""How many wrong fields an answer names."""


class ErrorBody(BaseModel):
    """What is wrong, in a sentence."""

    error: str = Field(description="a sentence that says what is wrong, and names the field where there is one")


Responses = dict[int | str, dict[str, Any]]
"""How an operation's failures are described."""

WRONG_BODY: Responses = {
    413: {"model": ErrorBody, "description": TOO_LARGE},
    415: {"model": ErrorBody, "description": "The body is not sent as application/json."},
    422: {"model": ErrorBody, "description": "Something is wrong with the body; the sentence names the field."},
}


class ApiError(Exception):
    """Something that is answered with a status and a sentence."""

    def __init__(self, status: int, sentence: str, **more: Any) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.more = status, sentence, more


_ASKING = {401: {"WWW-Authenticate": "Bearer"}}


def is_for_programs(request: Request) -> bool:
    """Whether a program asks, and is answered with JSON."""
    return request.url.path.startswith(("/api/", "/webhooks/", "/healthz", "/readyz"))


def sign_in_path(request: Request) -> str:
    """The sign-in, and from there back to the page that was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?next={quote(asked, safe='/:')}"


def no_review(deps: WebDeps, review_id: str, standing: Standing | None) -> ApiError:
    """The answer to whoever asks for a review that is not there, or that they may not see.

    It names the one that was meant, if that is plain.
    """
    meant = deps.ending_in(review_id, standing)
    hint = f" Did you mean {meant[0]}?" if len(meant) == 1 else ""
    return ApiError(404, f"There is no review {review_id}.{hint}")


def as_sentence(errors: Sequence[Mapping[str, Any]], model: Any = None) -> str:
    """What a validation of `model` found, each with the path of its field."""
    named = []
    for error in errors[:SHOWN_AT_MOST]:
        path = [str(part) for part in error["loc"] if part not in ("body", "path")]
        message = fault(dict(error) | {"loc": error["loc"][1:]}, model)
        if error["type"] == "json_invalid":
            path = ["body"]
        named.append(f"{'.'.join(path) or 'body'}: {message}")
    return "; ".join(named)


def answered(
    pages: Pages, request: Request, status: int, sentence: str, headers: Mapping[str, str] | None = None
) -> Response:
    """What somebody is answered whose request fails: a program with JSON, a person with a page."""
    if is_for_programs(request):
        return JSONResponse({"error": sentence}, status, headers)
    who, title = getattr(request.state, "caller", None), HTTPStatus(status).phrase
    return pages.render("error.html", status, status=status, title=title, sentence=sentence, who=who)


def install(app: FastAPI, pages: Pages) -> None:
    """Let `app` answer every failure in this way."""
    answer = partial(answered, pages)

    @app.exception_handler(ApiError)
    async def api_error(request: Request, error: ApiError) -> Response:
        if error.more and is_for_programs(request):
            return JSONResponse({"error": error.sentence, **error.more}, error.status)
        if error.status == HTTPStatus.UNAUTHORIZED and request.method == "GET" and not is_for_programs(request):
            return RedirectResponse(sign_in_path(request), 303)
        return answer(request, error.status, error.sentence, _ASKING.get(error.status))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        body = getattr(request.scope.get("route"), "body_field", None)
        return answer(request, 422, as_sentence(error.errors(), body and body.field_info.annotation))

    @app.exception_handler(NotFoundError)
    async def not_found(request: Request, error: NotFoundError) -> Response:
        return answer(request, 404, str(error))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        sentences = {
            404: f"There is nothing at {request.url.path}.",
            405: f"{request.method} is not possible here.",
        }
        sentence = sentences.get(error.status_code, str(error.detail))
        return answer(request, error.status_code, sentence, error.headers)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return answer(request, 500, "Something went wrong here. The log says what.")
