"""Who calls: told by a session's cookie or by an API token; and whether they may, by the table of `permissions`.

Every route passes `Gate.check` before anything else looks at the request. Where no identity provider is set up, nobody
has to sign in, and everything is recorded as "local, unauthenticated"; the web app then serves this machine only.
"""

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from domain.lifecycle.permissions import Act, is_open_to_anybody, refusals
from domain.model.principal import NOBODY, Standing
from domain.model.review import Review
from domain.model.taxonomy import Door
from domain.model.values import PersonId
from records.accounts.accounts import Account
from runtime.hosts import is_loopback
from web.auth.route_permissions import ROUTES
from web.deps import WebDeps
from web.errors import ApiError, no_review
from web.references import person

SAFE = ("GET", "HEAD", "OPTIONS")
CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf"


@dataclass(frozen=True)
class Caller:
    """Who calls. `person` is none where nobody has said who they are; `standing` where nobody has to sign in."""

    person: PersonId | None = None
    handle: str | None = None
    standing: Standing | None = None
    door: Door = Door.LOCAL_UNAUTHENTICATED
    session: str | None = None

    @property
    def csrf(self) -> str:
        """What the forms of this session carry. It tells nothing of the session's own secret."""
        return hashlib.sha256(f"form of {self.session}".encode()).hexdigest() if self.session else ""

    @property
    def hands(self) -> frozenset[PersonId]:
        """Who counts as this one person: what any of them may not do is not asked of them."""
        own = (self.person,) if self.person else ()
        return frozenset((*own, *(self.standing.stands_for if self.standing else ())))

    def may(self, act: Act) -> bool:
        """Whether they may do that."""
        return not refusals(self.standing, act)


class Gate:
    """Tells who calls, and lets them in or not."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def check(self, request: Request) -> None:
        """Let a request in, with its caller at hand. Raises `ApiError`: 401 for nobody, 403 with every reason."""
        act = ROUTES[request.method, request.scope["route"].path]
        if act is Act.DELIVER:
            return  # who delivers has a secret of its own, and may well bring a token that is none of ours
        if self._deps.provider is None and not (is_open_to_anybody(act) or is_loopback(request.url.hostname or "")):
            raise ApiError(403, "No identity provider is set up here, so nobody but this machine is served.")
        caller = await run_in_threadpool(self.caller, request)
        request.state.caller = caller
        if request.method not in SAFE:
            self._require_own_page(request, caller)
        if is_open_to_anybody(act):
            return
        if caller.standing is not None and caller.person is None:
            raise ApiError(401, "Sign in first, or bring an API token as a bearer token.")
        reasons = refusals(caller.standing, act)
        if reasons:
            raise ApiError(403, " ".join(reasons), reasons=reasons)

    def caller(self, request: Request) -> Caller:
        """Who calls. Raises `ApiError` (401) for a token that is not valid; a session that has ended is nobody's."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._by_token(given.strip())
        secret = request.cookies.get(session_cookie(self._deps))
        return (secret and self._by_session(secret)) or Caller(
            standing=NOBODY if self._deps.provider else None,
            door=Door.SIGNED_IN if self._deps.provider else Door.LOCAL_UNAUTHENTICATED,
        )

    def _by_token(self, secret: str) -> Caller:
        token = self._deps.records.tokens.find(secret, self._deps.now())
        account = self._deps.records.accounts.of(token.person) if token else None
        if token is None or account is None:
            raise ApiError(401, "authorization: this token has ended, was revoked, or never was.")
        standing = self._standing(account)
        behind = () if token.made_by == token.person else (token.made_by,)  # who made it may be the one who uses it
        standing = standing.model_copy(update={"scopes": token.scopes, "stands_for": (*standing.stands_for, *behind)})
        return Caller(account.person, account.handle, standing, Door.TOKEN)

    def _by_session(self, secret: str) -> Caller | None:
        session = self._deps.records.sessions.find(secret, self._deps.now(), self._deps.sign_in.idle)
        account = self._deps.records.accounts.of(session.person) if session else None
        if session is None or account is None or session.is_local is not (self._deps.provider is None):
            return None
        if session.is_local:
            return Caller(account.person, account.handle, None, Door.LOCAL_UNAUTHENTICATED, secret)
        return Caller(account.person, account.handle, self._standing(account), Door.SIGNED_IN, secret)

    def _standing(self, account: Account) -> Standing:
        return self._deps.records.accounts.standing(account, self._deps.memberships, self._deps.now())

    def _require_own_page(self, request: Request, caller: Caller) -> None:
        """Raise `ApiError` (403) where another site's page may have sent this with our cookie."""
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None:
            proved = site == "same-origin"
        elif origin is not None:
            proved = urlsplit(origin).netloc in (request.headers.get("host"), self._own_host())
        else:
            proved = caller.session is None or _is(request.headers.get(CSRF_HEADER, ""), caller.csrf)
        if not proved and caller.door is not Door.TOKEN:
            raise ApiError(403, "This was sent from a page of another site, or by a program with a browser's cookie.")

    def _own_host(self) -> str | None:
        return urlsplit(self._deps.web.public_url).netloc if self._deps.web.public_url else None


def _is(given: str, expected: str) -> bool:
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def the_caller(request: Request) -> Caller:
    """Who calls, as the gate found it."""
    caller: Caller = getattr(request.state, "caller", Caller(standing=NOBODY))
    return caller


Who = Annotated[Caller, Depends(the_caller)]


async def posted(request: Request, who: Who) -> AsyncIterator[dict[str, list[str]]]:
    """The fields of a form on one of our pages. Raises `ApiError` (403) where it does not carry its session's token.

    Files that came with it are `attachments.handed_over`, and closed once the request is answered.
    """
    async with request.form() as form:
        yield _typed(form, who)


def _typed(form: FormData, who: Caller) -> dict[str, list[str]]:
    if who.session is not None and not _is(str(form.get(CSRF_FIELD, "")), who.csrf):
        raise ApiError(403, "This form is from another session, or has been open for too long: load its page again.")
    typed = {name: [value for value in form.getlist(name) if isinstance(value, str)] for name in form}
    return {name: values for name, values in typed.items() if name != CSRF_FIELD}


Posted = Annotated[dict[str, list[str]], Depends(posted)]


def review_for(deps: WebDeps, review_id: str, who: Caller) -> Review:
    """A review, as somebody may see it. Raises `ApiError` (404) where they may not, or there is none."""
    review = deps.find(review_id, who.standing)
    if review is None:
        raise no_review(deps, review_id, who.standing)
    return review


def acting(deps: WebDeps, who: Caller, by: str | None) -> PersonId:
    """Who does what is asked: the caller; where nobody signs in, whoever `by` names. Raises `ApiError` (422)."""
    if who.person is None:
        if by is None:
            raise ApiError(422, "by: this must name somebody, for example by e-mail address.")
        return person(deps.records.people, by)
    if by is not None and by.strip().casefold() != (who.handle or "").casefold():
        raise ApiError(422, f"by: you are {who.handle}; nobody acts for somebody else, so leave this out.")
    return who.person


def is_https(deps: WebDeps) -> bool:
    """Whether people reach us over TLS, so that cookies can be held to it."""
    return (deps.web.public_url or "").lower().startswith("https://")


def session_cookie(deps: WebDeps) -> str:
    """The name of the session's cookie; the prefix makes browsers hold it to this host and to TLS."""
    return "__Host-holdfast" if is_https(deps) else "holdfast"


def own_path(path: str | None) -> str:
    """A page of ours to go on with; the board for anything that leads elsewhere, however it is written."""
    ours = path and path.startswith("/") and not path.startswith(("//", "/sign-"))
    return path if path and ours and path.isascii() and path.isprintable() and "\\" not in path else "/"
