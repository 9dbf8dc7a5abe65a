"""Who asks the GitHub-like stand-in: a person's token, a GitHub App, or one of the App's installations.

Follows "Authenticating with a GitHub App" at docs.github.com. Rights on single repositories are kept with these.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from standins.github import shapes
from standins.http import Answer

ISSUES = {"issues": "write", "metadata": "read", "pull_requests": "read"}
LONGEST = timedelta(minutes=10)
"""How far ahead a JWT may expire."""


@dataclass(frozen=True)
class Account:
    """Who asks, as limits and timelines name it."""

    login: str
    name: str
    installation: "Installation | None" = None


def person(login: str) -> Account:
    """The person with this login."""
    return Account(login, f"user ID {shapes.user('', login)['id']}")


@dataclass(eq=False)
class Installation:
    """An App installed for an owner. `repos` names what it may see, none for all of the owner's repositories."""

    id: int
    app_id: int
    owner: str
    slug: str
    created_at: datetime
    repos: Collection[str] | None = None
    permissions: dict[str, str] = field(default_factory=lambda: dict(ISSUES))
    lasts: timedelta = timedelta(hours=1)
    suspended: bool = False

    def sees(self, name: str) -> bool:
        """It was given this repository."""
        return name.split("/")[0] == self.owner and (self.repos is None or name in self.repos)


@dataclass
class _Token:
    installation: Installation
    expires: datetime


class Refused(Exception):
    """What was asked for is not given; `answer` says so in GitHub's words. `errors` name what is wrong with a body."""

    def __init__(self, status: int, message: str, *errors: dict[str, Any]) -> None:
        super().__init__(message)
        body: dict[str, Any] = {"message": message, "documentation_url": shapes.DOCS, "status": str(status)}
        self.answer = Answer(status, body | ({"errors": list(errors)} if errors else {}))


class Accounts:
    """Apps, installations and their tokens. A person's token is told by the server itself."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._keys: dict[int, str] = {}
        self._tokens: dict[str, _Token] = {}
        self.installations: list[Installation] = []
        self.refused = False

    # --- switches -----------------------------------------------------------------------------------------------------

    def install(
        self, public_key: str, owner: str = "acme", *, app_id: int = 4711, repos: Collection[str] | None = None
    ) -> Installation:
        """Install an App, known by its public key (PEM), for an owner."""
        self._keys[app_id] = public_key
        id = 81_000 + len(self.installations)
        self.installations.append(Installation(id, app_id, owner, f"app-{app_id}", self._clock(), repos))
        return self.installations[-1]

    def refuse(self, refused: bool = True) -> None:
        """Refuse every credential, or take all good ones again."""
        self.refused = refused

    def expire(self) -> None:
        """Let every token that an installation has expire now."""
        for token in self._tokens.values():
            token.expires = self._clock()

    # --- answering ----------------------------------------------------------------------------------------------------

    def account(self, authorization: str, token: str, login: str) -> Account:
        """Who a header speaks for; `token` is the one of the person `login`. Raises `Refused`."""
        given = authorization.split(" ")[-1]
        if self.refused or not given:
            raise Refused(401, "Bad credentials")
        if given == token:
            return person(login)
        found = self._tokens.get(given)
        if found is None or found.expires <= self._clock():
            raise Refused(401, "Bad credentials")
        if found.installation.suspended:
            raise Refused(403, "This installation has been suspended")
        installation = found.installation
        return Account(f"{installation.slug}[bot]", f"installation ID {installation.id}", installation)

    def app(self, authorization: str) -> int:
        """The id of the App whose JWT a header bears. Raises `Refused`."""
        given = authorization.split(" ")[-1]
        if self.refused:
            raise Refused(401, "A JSON web token could not be decoded")
        try:
            app_id = int(jwt.decode(given, options={"verify_signature": False}).get("iss", 0))
            claims = self._claims(given, self._keys[app_id]) if app_id in self._keys else None
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise Refused(401, "A JSON web token could not be decoded") from error
        if claims is None:
            raise Refused(404, "Integration not found")
        now = self._clock().timestamp()
        if claims["exp"] <= now:
            raise Refused(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time")
        if claims["exp"] > now + LONGEST.total_seconds():
            raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
        if claims["iat"] > now:
            raise Refused(401, "'Issued at' claim ('iat') must be an Integer representing a time in the past")
        return app_id

    @staticmethod
    def _claims(given: str, key: str) -> dict[str, Any]:
        """Checked by the server's clock later, not by jwt's."""
        options: Any = {"require": ["exp", "iat", "iss"], "verify_exp": False, "verify_iat": False}
        return jwt.decode(given, key, algorithms=["RS256"], options=options)

    def issue_token(self, installation: Installation) -> dict[str, Any]:
        """A new token of an installation, in the form of 2026: longer than 40 characters."""
        if installation.suspended:
            raise Refused(403, "This installation has been suspended")
        token = f"ghs_{installation.app_id}_{'standin' * 8}{len(self._tokens):06}"
        expires = self._clock() + installation.lasts
        self._tokens[token] = _Token(installation, expires)
        return {
            "token": token,
            "expires_at": shapes.time(expires),
            "permissions": installation.permissions,
            "repository_selection": "all" if installation.repos is None else "selected",
        }


def shape(api: str, installation: Installation) -> dict[str, Any]:
    """An installation as its App sees it."""
    account = shapes.user(api, installation.owner) | {"type": "Organization"}
    url = f"{api}/app/installations/{installation.id}"
    return {
        "id": installation.id,
        "account": account,
        "repository_selection": "all" if installation.repos is None else "selected",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{api}/installation/repositories",
        "html_url": f"{shapes.WEB}/organizations/{installation.owner}/settings/installations/{installation.id}",
        "app_id": installation.app_id,
        "app_slug": installation.slug,
        "target_id": account["id"],
        "target_type": "Organization",
        "permissions": installation.permissions,
        "events": ["issues", "issue_comment"],
        "created_at": shapes.time(installation.created_at),
        "updated_at": shapes.time(installation.created_at),
        "single_file_name": None,
        "suspended_by": account if installation.suspended else None,
        "suspended_at": shapes.time(installation.created_at) if installation.suspended else None,
    }
