"""The work behind `token`: on the records themselves, without the web app."""

import getpass
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from console.services.record_maintenance import opened
from console.shell.errors import REFUSED, Stop
from domain.lifecycle.permissions import token_refusals
from domain.model.taxonomy import Scope
from domain.model.values import LONGEST_LINE, Record
from domain.people.memberships import Memberships
from records.accounts.tokens import Token
from runtime.settings import load_settings


@dataclass(frozen=True)
class Made:
    """A token that was just made, and whether its holder may do anything."""

    token: Token
    secret: str
    has_roles: bool


class Listed(Record):
    """A token in the list."""

    id: str
    holder: str
    made_by: str
    purpose: str
    scopes: tuple[Scope, ...]
    state: str
    used: str | None


def create(holder: str, purpose: str, scopes: tuple[Scope, ...], days: int) -> Made:
    """Make a token for somebody. Raises `Stop` with every reason where it may not be made."""
    lines = [name for name, text in (("HANDLE", holder), ("--purpose", purpose)) if not _is_line(text)]
    reasons = [*(f"{name}: one line, and not empty." for name in lines), *token_refusals(None, False, scopes)]
    if reasons:
        raise Stop(*reasons, code=REFUSED)
    now = datetime.now(UTC)
    with opened() as records:
        person, maker = records.people.id_of(holder), records.people.id_of(getpass.getuser())
        token, secret = records.tokens.make(person, maker, purpose, scopes, now, now + timedelta(days=days))
        account = records.accounts.of(person)
    given = Memberships.model_validate(load_settings().sign_in.memberships())
    told, told_at = (account.held, account.signed_in_at) if account else (None, None)
    return Made(token, secret, bool(given.standing(holder, told, told_at, now, None).roles))


def _is_line(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and len(text) <= LONGEST_LINE


def listed() -> list[Listed]:
    """All tokens, the newest first. Raises `Stop` where the records cannot be used."""
    now = datetime.now(UTC)
    with opened() as records:
        found = records.tokens.list()
        names = records.people.handles(id for token in found for id in (token.person, token.made_by))
    return [
        Listed(
            **token.model_dump(include={"id", "purpose", "scopes"}),
            holder=names[token.person],
            made_by=names[token.made_by],
            state=_state(token, now),
            used=f"{token.used_at:%d %b %Y}" if token.used_at else None,
        )
        for token in found
    ]


def _state(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        return f"revoked {token.revoked_at:%d %b %Y}"
    return f"{'ended' if token.ends_at <= now else 'until'} {token.ends_at:%d %b %Y}"


def revoke(id: str) -> None:
    """Revoke a token. Raises `Stop` where there is none of that id."""
    with opened() as records:
        if records.tokens.revoke(id, datetime.now(UTC)) is None:
            raise Stop(f"There is no token {id}; see `holdfast token list`.")
