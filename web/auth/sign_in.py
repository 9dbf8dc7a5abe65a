"""Signing in and out: by an identity provider; without one, by saying who one is, on this machine only."""

import hmac
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from domain.model.values import PersonId
from domain.people.memberships import Held, Identity
from integrations.openid import ProviderError
from records.accounts.sessions import SIGN_IN_WITHIN, Pending
from runtime.hosts import is_loopback
from web.auth.authentication import Posted, Who, is_https, own_path, session_cookie
from web.deps import WebDeps
from web.errors import ApiError
from web.references import person
from web.rendering import Pages

CALLBACK = "/sign-in/callback"


def routes(deps: WebDeps, pages: Pages) -> APIRouter:
    """The sign-in and the sign-out."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    sessions = deps.records.sessions
    pending_cookie = f"{session_cookie(deps)}-sign-in"
    redirect_uri = (deps.web.public_url or deps.web.local_url).rstrip("/") + CALLBACK

    def set_cookie(response: Response, name: str, secret: str, seconds: float) -> None:
        response.set_cookie(
            name, secret, max_age=int(seconds), httponly=True, secure=is_https(deps), samesite="lax", path="/"
        )

    def let_in(person: PersonId, is_local: bool, old: str | None, go_on: str) -> Response:
        """Begin a session, under a secret that nobody had before."""
        if old:
            sessions.end(old)
        secret = sessions.begin(person, is_local, deps.now(), deps.sign_in.session)
        response = RedirectResponse(go_on, 303)
        set_cookie(response, session_cookie(deps), secret, deps.sign_in.session.total_seconds())
        return response

    @router.get("/sign-in")
    def show_sign_in(request: Request, who: Who, next: str = "/") -> HTMLResponse:
        provider = urlsplit(deps.provider.issuer).hostname if deps.provider else None
        is_near = _is_near(deps, request)
        return pages.render("sign_in.html", who=who, next=own_path(next), provider=provider, is_near=is_near)

    @router.get("/sign-in/begin")
    async def begin(next: str = "/") -> Response:
        if deps.provider is None:
            raise ApiError(404, "No identity provider is set up here.")
        try:
            begun = await deps.provider.begin(redirect_uri)
        except ProviderError as error:
            raise ApiError(503, str(error)) from error
        pending = Pending(go_on=own_path(next), **begun.model_dump(exclude={"url"}))
        secret = await run_in_threadpool(sessions.begin_sign_in, pending, deps.now())
        response = RedirectResponse(begun.url, 303)
        set_cookie(response, pending_cookie, secret, SIGN_IN_WITHIN.total_seconds())
        return response

    @router.get(CALLBACK)
    async def come_back(
        request: Request,
        code: str = "",
        state: str = "",
        error: str = "",
        iss: Annotated[str | None, Query(description="RFC 9207: who answers")] = None,
    ) -> Response:
        secret = request.cookies.get(pending_cookie, "")
        pending = await run_in_threadpool(sessions.take_sign_in, secret, deps.now())
        if deps.provider is None or pending is None or not hmac.compare_digest(pending.state.encode(), state.encode()):
            raise ApiError(400, "This sign-in was not begun in this browser, or took too long: begin it anew.")
        if iss is not None and iss.rstrip("/") != deps.provider.issuer:
            raise ApiError(400, "Another identity provider answered than was asked: begin anew.")
        if error or not code:
            raise ApiError(403, "The identity provider did not let you in. Ask whoever looks after it.")
        try:
            claims = await deps.provider.finish(redirect_uri, code, pending.nonce, pending.verifier)
            identity = _identity(claims)
        except ProviderError as problem:
            raise ApiError(403, str(problem)) from problem
        account = await run_in_threadpool(deps.records.accounts.sign_in, identity, deps.now())
        old = request.cookies.get(session_cookie(deps))
        response = await run_in_threadpool(let_in, account.person, False, old, pending.go_on)
        response.delete_cookie(pending_cookie, path="/", secure=is_https(deps), httponly=True, samesite="lax")
        return response

    @router.post("/sign-in")
    def say_who_one_is(request: Request, form: Posted) -> Response:
        """Where no identity provider is set up: nothing is proved, and so it is recorded."""
        if not _is_near(deps, request):
            raise ApiError(403, "Without an identity provider people say who they are on the machine itself only.")
        handle = form.get("handle", [""])[0]
        found = person(deps.records.people, handle, "handle")
        return let_in(found, True, request.cookies.get(session_cookie(deps)), own_path(form.get("next", ["/"])[0]))

    @router.post("/sign-out")
    def sign_out(who: Who, form: Posted) -> Response:
        if who.session is not None:
            sessions.end(who.session)
        response = RedirectResponse("/sign-in", 303)
        name = session_cookie(deps)
        response.delete_cookie(name, path="/", secure=is_https(deps), httponly=True, samesite="lax")
        return response

    def _identity(claims: Mapping[str, Any]) -> Identity:
        email = claims.get("email")
        verified = claims.get("email_verified", deps.sign_in.trust_email) in (True, "true")  # some write it as text
        asked = deps.sign_in
        try:
            return Identity(
                issuer=claims["iss"],
                subject=claims["sub"],
                email=email if isinstance(email, str) and email.strip() and verified else None,
                github=_one(claims, asked.github_claim),
                jira=_one(claims, asked.jira_claim),
                held=_held(claims),
            )
        except ValidationError as error:
            raise ProviderError("What the identity provider calls you cannot be kept here.") from error

    def _held(claims: Mapping[str, Any]) -> Held:
        return deps.memberships.held(values(claims, deps.sign_in.roles_claim), values(claims, deps.sign_in.teams_claim))

    return router


def _one(claims: Mapping[str, Any], name: str | None) -> str | None:
    return next(iter(values(claims, name)), None) if name else None


def values(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The values of a claim: one text, or a list; the name may be a path into it, such as `realm_access.roles`."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for step in name.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return (found,)
    return tuple(value for value in found if isinstance(value, str)) if isinstance(found, list) else ()


def _is_near(deps: WebDeps, request: Request) -> bool:
    """Whether nobody but this machine can be asking: no provider, and every address on the way is a loopback one."""
    asked = request.url.hostname or ""
    client = request.client.host if request.client else ""
    return deps.provider is None and all(is_loopback(host) for host in (deps.web.host, asked, client))
