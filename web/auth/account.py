"""One's own account, API tokens, and who there is."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field

from domain.lifecycle.permissions import Act, token_refusals
from domain.model.taxonomy import Role, Scope
from domain.model.values import Line, PersonId, Record, Utc
from records.accounts.tokens import Token
from web.auth.authentication import Caller, Posted, Who
from web.deps import WebDeps
from web.errors import WRONG_BODY, ApiError, ErrorBody, Responses
from web.references import person
from web.rendering import Pages

LONGEST_DAYS = 366
"""How long a token lasts at most, in days."""


class TokenShown(Record):
    """A token, without its secret."""

    id: str
    holder: str = Field(description="the handle of whose rights it has")
    made_by: str
    purpose: str
    scopes: tuple[Scope, ...]
    made_at: Utc
    ends_at: Utc
    revoked_at: Utc | None
    used_at: Utc | None = Field(description="to the hour; none where it was not used yet")


class NewToken(Record):
    """A token that is to be made."""

    purpose: Line = Field(description="one line, so that you know it again", examples=["release pipeline"])
    scopes: tuple[Scope, ...] = (Scope.READ,)
    days: int = Field(default=90, ge=1, le=LONGEST_DAYS)
    holder: Line | None = Field(default=None, description="the handle of whose rights it has; left out: yours")


class MadeToken(TokenShown):
    """A token that was just made."""

    token: str = Field(description="the token itself; it is not told again")


class PersonShown(Record):
    """Somebody, as they are known."""

    id: str
    handle: str
    email: str | None = Field(description="verified by the identity provider")
    github: str | None
    jira: str | None
    roles: tuple[Role, ...] = Field(description="as the identity provider gave them last")
    teams: tuple[str, ...]
    signed_in_at: Utc | None


_WRONG: Responses = {
    401: {"model": ErrorBody, "description": "Nobody is signed in."},
    403: {"model": ErrorBody, "description": "They may not, with every reason."},
}
_NO_TOKEN: Responses = {404: {"model": ErrorBody, "description": "There is no such token that they may touch."}}


def routes(deps: WebDeps, pages: Pages) -> APIRouter:
    """The account page, and the same for programs."""
    router = APIRouter()
    api = APIRouter(prefix="/api", tags=["Accounts"], responses=_WRONG)
    records = deps.records

    def make(who: Caller, wanted: NewToken) -> MadeToken:
        made_by = _known(who)
        holder = person(records.people, wanted.holder, "holder") if wanted.holder else made_by
        reasons = token_refusals(who.standing, holder == made_by, wanted.scopes)
        if reasons:
            raise ApiError(403, " ".join(reasons), reasons=reasons)
        now = deps.now()
        ends = now + timedelta(days=wanted.days)
        token, secret = records.tokens.make(holder, made_by, wanted.purpose, wanted.scopes, now, ends)
        return MadeToken(**shown([token])[0].model_dump(), token=secret)

    def revoke(who: Caller, id: str) -> None:
        _known(who)
        mine = any(token.id == id for token in records.tokens.list(who.person))
        if not (mine or who.may(Act.MANAGE_TOKENS)) or records.tokens.revoke(id, deps.now()) is None:
            raise ApiError(404, f"There is no token {id}.")

    def shown(tokens: list[Token]) -> list[TokenShown]:
        names = records.people.handles(id for token in tokens for id in (token.person, token.made_by))
        return [
            TokenShown(
                **token.model_dump(exclude={"person", "made_by"}),
                holder=names[token.person],
                made_by=names[token.made_by],
            )
            for token in tokens
        ]

    @api.get("/tokens", summary="List API tokens")
    def list_tokens(
        who: Who, everybodys: Annotated[bool, Query(description="of everybody; for who manages them")] = False
    ) -> list[TokenShown]:
        """Your own, the newest first."""
        if everybodys and not who.may(Act.MANAGE_TOKENS):
            raise ApiError(403, "Only who has the role admin sees everybody's tokens.")
        return shown(records.tokens.list(None if everybodys else _known(who)))

    @api.post("/tokens", status_code=201, summary="Make an API token", responses=WRONG_BODY)
    def make_token(body: NewToken, who: Who) -> MadeToken:
        """It has the rights of its holder, narrowed to its scopes, until it ends or is revoked."""
        return make(who, body)

    @api.delete("/tokens/{id}", status_code=204, summary="Revoke an API token", responses=_NO_TOKEN)
    def revoke_token(id: str, who: Who) -> None:
        """It is not let in from now on."""
        revoke(who, id)

    @api.get("/people", summary="List who there is")
    def list_people() -> list[PersonShown]:
        """Everybody who was named or has signed in."""
        return [
            PersonShown(
                id=account.person,
                **account.model_dump(include={"handle", "email", "github", "jira", "signed_in_at"}),
                roles=account.held.roles if account.held else (),
                teams=account.held.teams if account.held else (),
            )
            for account in records.accounts.all()
        ]

    @api.delete(
        "/people/{person}",
        status_code=204,
        summary="Erase a person",
        responses={404: {"model": ErrorBody, "description": "There is no such person."}},
    )
    def erase_person(person: str) -> None:
        """Their name, addresses and accounts are forgotten, their sessions and tokens end; what they did stays."""
        if records.accounts.of(person) is None:
            raise ApiError(404, f"There is no person {person}.")
        records.people.erase_person(person)

    @router.get("/account", include_in_schema=False)
    def show_account(who: Who) -> HTMLResponse:
        return page(who)

    @router.post("/account/tokens", include_in_schema=False)
    def make_on_page(who: Who, form: Posted) -> HTMLResponse:
        days = form.get("days", ["90"])[0]
        if not days.isdecimal() or not 1 <= int(days) <= LONGEST_DAYS:
            raise ApiError(422, f"days: a token lasts from 1 to {LONGEST_DAYS} days.")
        purpose = form.get("purpose", [""])[0].strip()
        if not purpose or not purpose.isprintable() or len(purpose) > 300:
            raise ApiError(422, "purpose: say in one line what the token is for.")
        scopes = tuple(scope for scope in Scope if scope in form.get("scopes", []))
        return page(who, made=make(who, NewToken(purpose=purpose, scopes=scopes, days=int(days))))

    @router.post("/account/tokens/{id}/revoke", include_in_schema=False)
    def revoke_on_page(id: str, who: Who, form: Posted) -> Response:
        revoke(who, id)
        return RedirectResponse("/account", 303)

    def page(who: Caller, made: MadeToken | None = None) -> HTMLResponse:
        tokens = shown(records.tokens.list(who.person)) if who.person and who.standing else []
        now = deps.now()
        live = [token for token in tokens if token.revoked_at is None and token.ends_at > now]
        return pages.render("account.html", who=who, tokens=live, made=made, scopes=list(Scope), now=now)

    router.include_router(api)
    return router


def _known(who: Caller) -> PersonId:
    """Whose tokens these are. Raises `ApiError` (409) where nobody has to sign in, and a token would give nothing."""
    if who.person is None or who.standing is None:
        raise ApiError(409, "Nobody has to sign in here, so there are no tokens: everybody on this machine may act.")
    return who.person
