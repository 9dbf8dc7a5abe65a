"""A site where people sign in, and somebody of every role, by session and by token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from domain.model.taxonomy import Role, Scope
from domain.people.memberships import Held, Identity
from integrations.openid import OpenIdProvider
from runtime.settings import WebSettings
from tests.web.site import HOST, Site, site

ISSUER = "https://login.example.org"
SAME = {"Origin": HOST}


@dataclass
class People:
    """Who may be let in, and by what."""

    web: Site

    def person(self, handle: str, *roles: Role, teams: tuple[str, ...] = ()) -> str:
        """Somebody who has signed in; their id."""
        identity = Identity(issuer=ISSUER, subject=handle, email=handle, held=Held(roles=roles, teams=teams))
        return self.web.records.accounts.sign_in(identity, self.web.engine.now).person

    def session(self, handle: str, *roles: Role, teams: tuple[str, ...] = ()) -> dict[str, str]:
        """The headers of their browser."""
        person = self.person(handle, *roles, teams=teams)
        secret = self.web.records.sessions.begin(person, False, self.web.engine.now, timedelta(hours=12))
        return {"Cookie": f"holdfast={secret}"} | SAME

    def token(
        self, handle: str, *roles: Role, teams: tuple[str, ...] = (), scopes: tuple[Scope, ...] = tuple(Scope)
    ) -> dict[str, str]:
        """The headers of their program."""
        person, now = self.person(handle, *roles, teams=teams), self.web.engine.now
        _, secret = self.web.records.tokens.make(person, person, "tests", scopes, now, now + timedelta(days=90))
        return {"Authorization": f"Bearer {secret}"}

    async def ask(self, headers: dict[str, str], method: str, path: str, **more: Any) -> httpx.Response:
        """Ask the site."""
        return await self.web.http.request(method, path, headers=headers, **more)


@asynccontextmanager
async def peopled(directory: Path, **changes: Any) -> AsyncIterator[People]:
    """A site with a provider that is never asked."""
    async with site(
        directory, web=WebSettings(), provider=OpenIdProvider(ISSUER, "holdfast", None, ["openid"]), **changes
    ) as web:
        yield People(web)
