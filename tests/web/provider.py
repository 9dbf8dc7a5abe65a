"""An identity provider for tests: a small OpenID Connect server over HTTP, with a key made on the spot.

It checks what a real one checks: the client, its secret, the redirect address to the letter, PKCE, and that a code is
used once. `lies` changes what it says in an ID token, `person` is who signs in there.
"""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "holdfast", "a client secret"


@dataclass
class Provider:
    """The provider's state, which a test steers."""

    redirect_uri: str
    issuer: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    described: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    foreign_key: bool = False
    denies: bool = False
    answers: dict[str, Any] | None = None
    broken: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "of-today"}))
    other: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "of-today"}))

    @property
    def app(self) -> Starlette:
        """The server."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/jwks", self.keys),
                Route("/userinfo", self.userinfo),
            ]
        )

    async def describe(self, request: Request) -> Response:
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        return JSONResponse(told | self.described)

    async def keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        """The person is signed in here already, and agrees at once."""
        asked = dict(request.query_params)
        wanted = {
            "client_id": CLIENT_ID,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "code_challenge_method": "S256",
        }
        wrong = [name for name, value in wanted.items() if asked.get(name) != value]
        wrong += [name for name in ("state", "nonce", "code_challenge") if not asked.get(name)]
        if wrong or "openid" not in asked.get("scope", "").split():
            return self.refuse(f"authorize: {wrong}")
        if self.denies:
            return RedirectResponse(
                f"{self.redirect_uri}?{urlencode({'error': 'access_denied', 'state': asked['state']})}"
            )
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return RedirectResponse(f"{self.redirect_uri}?{urlencode({'code': code, 'state': asked['state']})}")

    async def token(self, request: Request) -> Response:
        if self.broken:
            return Response("<h1>Bad gateway</h1>", 502)
        form = await request.form()
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        posted = form.get("client_id") == CLIENT_ID and form.get("client_secret") == CLIENT_SECRET
        if request.headers.get("authorization") != f"Basic {basic}" and not posted:
            return self.refuse("invalid_client", 401)
        asked = self.codes.pop(str(form.get("code")), None)
        if asked is None or form.get("grant_type") != "authorization_code":
            return self.refuse("invalid_grant")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form.get("code_verifier")).encode()).digest())
        if challenge.decode().rstrip("=") != asked["code_challenge"]:
            return self.refuse("PKCE")
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return self.refuse("redirect_uri")
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.person | self.lies
        signed = jwt.encode({"alg": "RS256", "kid": "of-today"}, claims, self.other if self.foreign_key else self.key)
        told = {"access_token": "an access token", "token_type": "Bearer"} | (self.answers or {"id_token": signed})
        return JSONResponse(told)

    async def userinfo(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer an access token":
            return self.refuse("userinfo", 401)
        return JSONResponse(self.more)

    def refuse(self, why: str, status: int = 400) -> Response:
        self.refused.append(why)
        return JSONResponse({"error": "invalid_client" if status == 401 else "invalid_grant"}, status)


@asynccontextmanager
async def listening(app: Any, port: int = 0) -> AsyncIterator[str]:
    """An app on a port of this machine, by its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def provider(redirect_uri: str) -> AsyncIterator[Provider]:
    """A provider that listens, and knows one client with this redirect address."""
    found = Provider(redirect_uri)
    async with listening(found.app) as address:
        found.issuer = address
        yield found
