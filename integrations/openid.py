"""An identity provider that speaks OpenID Connect: the code flow with PKCE, by Authlib.

Knows nothing of who may do what; it hands back what the provider says of a person, verified.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict

DISCOVERY = "/.well-known/openid-configuration"
TIMEOUT = 10.0
"""Seconds for each answer of the provider."""

SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""How an ID token may be signed: by a key that only the provider has, whatever it says it can do besides."""


class ProviderError(Exception):
    """The provider did not say who this is; the message is a sentence for a person."""


class Begun(BaseModel):
    """A sign-in that has begun: where the person goes, and what the answer has to match."""

    model_config = ConfigDict(frozen=True)

    url: str
    state: str
    nonce: str
    verifier: str


class OpenIdProvider:
    """One provider, found by its issuer address. Its description is read at the first sign-in, and kept."""

    def __init__(self, issuer: str, client_id: str, client_secret: str | None, scopes: Sequence[str]) -> None:
        self.issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._app = OAuth().register(
            "provider",
            client_id=client_id,
            client_secret=client_secret,
            server_metadata_url=self.issuer + DISCOVERY,
            client_kwargs={"scope": " ".join(scopes), "code_challenge_method": "S256", "timeout": TIMEOUT},
        )

    async def begin(self, redirect_uri: str) -> Begun:
        """Send somebody to the provider, which is to send them back to `redirect_uri`. Raises `ProviderError`."""
        await self.describe()
        told = await self._app.create_authorization_url(redirect_uri)
        return Begun(url=told["url"], state=told["state"], nonce=told["nonce"], verifier=told["code_verifier"])

    async def finish(self, redirect_uri: str, code: str, nonce: str, verifier: str) -> dict[str, Any]:
        """What the provider says of who came back with `code`. Raises `ProviderError`."""
        description = await self.describe()
        try:
            token = await self._app.fetch_access_token(redirect_uri, code=code, code_verifier=verifier)
            claims = await self._app.parse_id_token(
                token,
                nonce,
                claims_options={
                    "iss": {"essential": True, "values": [description["issuer"]]},
                    "aud": {"essential": True, "values": [self._client_id]},
                    "sub": {"essential": True},
                },
            )
            if claims is None:
                raise ProviderError("The identity provider gave no ID token: is `openid` among its scopes?")
            return await self._with_more(dict(claims), token)
        except OAuthError as error:
            raise ProviderError(
                f"The identity provider refused this sign-in ({error.error}): begin it anew."
            ) from error
        except JoseError as error:
            raise ProviderError("What the identity provider said cannot be believed: begin anew.") from error
        except (httpx2.HTTPError, ValueError, KeyError) as error:
            raise ProviderError("The identity provider did not answer as it should: try again later.") from error

    async def _with_more(self, claims: dict[str, Any], token: Mapping[str, Any]) -> dict[str, Any]:
        """With what it tells only where it is asked. What is signed counts first."""
        if "userinfo_endpoint" not in self._app.server_metadata:
            return claims
        more = dict(await self._app.userinfo(token=token))
        return more | claims if more.get("sub") == claims["sub"] else claims

    async def describe(self) -> Mapping[str, Any]:
        """What the provider says of itself; it has to be the one that is meant. Raises `ProviderError`."""
        try:
            told: dict[str, Any] = await self._app.load_server_metadata()
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderError(f"The identity provider {self.issuer} cannot be reached: try again later.") from error
        says = str(told.get("issuer"))
        if says.rstrip("/") != self.issuer:
            told.clear()  # so that it is read anew the next time
            raise ProviderError(f"The identity provider says that it is {says}, not {self.issuer}.")
        offered = told.get("id_token_signing_alg_values_supported") or ["RS256"]
        told["id_token_signing_alg_values_supported"] = [name for name in offered if name in SIGNATURES]
        if "client_secret_basic" not in told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            self._app.client_kwargs["token_endpoint_auth_method"] = "client_secret_post"
        return told
