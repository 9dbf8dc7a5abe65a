"""How we sign in at GitHub: with a token, or as a GitHub App whose tokens last an hour.

Keys and tokens are held here; none is ever in a message or a log. PyGithub's own App sign-in is not used: its requests
go around our transport, and one object of it cannot serve several threads.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Protocol

from github import Auth
from github.Requester import Requester

from domain.trackers.ports import NotFoundError, UnauthorisedError, UnavailableError
from integrations.trackers.github.transport import GONE, Refusal, Renewable, talking

_SPARE = timedelta(minutes=5)
"""A token is not used any more so long before it runs out: clocks differ, and a call takes its time."""


@dataclass(frozen=True)
class GithubApp:
    """A GitHub App to sign in as. `private_key` is PEM text.

    Without `installation_id` the installation is looked up for each owner of repositories.
    """

    app_id: int | str
    private_key: str = field(repr=False)
    installation_id: int | None = None


class SignIn(Protocol):
    """A way of signing in. Safe to share between threads."""

    def realm(self, project: str) -> str:
        """What the credential for a project is good for: projects of the same realm are asked for together."""
        ...

    def auth(self, *projects: str) -> Auth.Auth:
        """The credential for one call about projects of one realm. Nothing is sent before it is used."""
        ...

    def complaints(self, project: str) -> list[str]:
        """What is wrong with it, with what to change. Raises `TrackerError`."""
        ...


class TokenSignIn:
    """A personal access token, or any other that is good for long."""

    def __init__(self, token: str) -> None:
        self._token = token

    def realm(self, project: str) -> str:
        """All projects are in one."""
        return ""

    def auth(self, *projects: str) -> Auth.Auth:
        """The token."""
        return Auth.Token(self._token)

    def complaints(self, project: str) -> list[str]:
        """None: only what it is used for shows whether it is good."""
        return []


class AppSignIn:
    """A GitHub App. The tokens of its installations are kept until shortly before they run out.

    Source: "Authenticating as a GitHub App installation" at docs.github.com.
    """

    def __init__(self, app: GithubApp, api_url: str, timeout: float, now: Callable[[], datetime]) -> None:
        self._app = app
        self._api_url = api_url
        self._timeout = timeout
        self._now = now
        self._lock = Lock()
        self._installations: dict[str, int] = {}
        self._tokens: dict[int, tuple[str, datetime]] = {}

    def realm(self, project: str) -> str:
        """One for each installation: where it has to be looked up, one for each owner."""
        return "" if self._app.installation_id else _owner(project)

    def auth(self, *projects: str) -> Auth.Auth:
        """The token of the installation for these projects, fetched when it is first used."""
        return _InstallationAuth(self, projects)

    def complaints(self, project: str) -> list[str]:
        """Wrong key or id, no installation, another installation, a suspended one, permissions that are missing."""
        name, installed = self._name, self._installed_on(project)
        if installed is None:
            return [self._not_installed(project)]
        found, expected = [], self._app.installation_id
        if expected and installed["id"] != expected:
            found.append(
                f"{name} is installed on {project} as installation {installed['id']}, not {expected}: correct the "
                "installation's id in the settings, or leave it out."
            )
        if installed.get("suspended_at"):
            found.append(f"The installation of {name} on {project} is suspended: let its owner unsuspend it.")
        permissions = installed.get("permissions") or {}
        may = permissions.get("issues")
        if may != "write":
            found.append(
                f"{name} has the permission Issues: {may or 'none'} on {project}: give it Issues: read and write in "
                "the App's settings, and let the owner of the installation accept that."
            )
        if "pull_requests" not in permissions:
            found.append(
                f"{name} may not read pull requests on {project}, so nobody can be seen to verify what others did: "
                "give it Pull requests: read-only in the App's settings, and let the owner of the installation accept "
                "that."
            )
        return found

    def token(self, projects: Sequence[str]) -> tuple[str, bool]:
        """The token for projects of one realm, and whether it was fetched just now. Raises `TrackerError`."""
        if not self._lock.acquire(timeout=2 * self._timeout):
            raise UnavailableError(f"GitHub does not answer {self._name}: another call has waited for long.")
        try:
            return self._kept(projects)
        finally:
            self._lock.release()

    def drop(self, token: str) -> None:
        """Forget a token that was refused."""
        with self._lock:
            self._tokens = {id: kept for id, kept in self._tokens.items() if kept[0] != token}

    def _kept(self, projects: Sequence[str]) -> tuple[str, bool]:
        owner = _owner(projects[0])
        installation = self._app.installation_id or self._installations.get(owner)
        if installation is not None:
            token, until = self._tokens.get(installation, ("", self._now()))
            if until > self._now() + _SPARE:
                return token, False
            if self._fetched(installation):
                return self._tokens[installation][0], True
            if self._app.installation_id:
                raise UnauthorisedError(f"{self._name} has no installation {installation} any more: correct its id.")
        for project in projects:  # also after it was installed again, with another id
            installed = self._installed_on(project)
            if installed is not None and self._fetched(installed["id"]):
                self._installations[owner] = installed["id"]
                return self._tokens[installed["id"]][0], True
        raise UnauthorisedError(self._not_installed(projects[0]))

    def _fetched(self, installation: int) -> bool:
        """Whether the installation is there, and a new token of it is kept now."""
        with self._as_app() as requester:
            try:
                path = f"/app/installations/{installation}/access_tokens"
                _, answer = requester.requestJsonAndCheck("POST", path, input={})
            except Refusal as refusal:
                if refusal.status in GONE:
                    return False
                raise
            until = datetime.fromisoformat(answer["expires_at"])
            self._tokens[installation] = answer["token"], until.astimezone(UTC)
            return True

    def _installed_on(self, project: str) -> dict[str, Any] | None:
        with self._as_app() as requester:
            path = f"/repos/{project}/installation"
            for _ in range(2):  # a renamed repository is asked for again
                try:
                    _, found = requester.requestJsonAndCheck("GET", path)
                except Refusal as refusal:
                    if refusal.status in GONE:
                        return None
                    path = refusal.location or ""
                    if not path.startswith(f"{requester.base_url}/"):
                        raise
                else:
                    return {**found, "id": int(found["id"])}
            raise NotFoundError(f"{project} has moved too often to be followed.")

    @contextmanager
    def _as_app(self) -> Iterator[Requester]:
        with talking(Auth.AppAuthToken(self._signed()), self._api_url, self._timeout, self._now) as requester:
            try:
                yield requester
            except Refusal as refusal:
                if refusal.status == 401:
                    raise UnauthorisedError(
                        f"GitHub refuses {self._name} ({refusal.said}): compare the App's id and private key in the "
                        "settings with the App's page, and this machine's clock with the time."
                    ) from refusal
                raise

    def _signed(self) -> str:
        try:
            return Auth.AppAuth(self._app.app_id, self._app.private_key).create_jwt()
        except Exception:  # it depends on what is wrong with the key; and none of it may be repeated
            raise UnauthorisedError(
                f"The private key of {self._name} cannot be read: put it into the settings as the PEM text that GitHub "
                "gave out."
            ) from None

    def _not_installed(self, project: str) -> str:
        return (
            f"{self._name} is not installed on {project}, or there is no such repository: install it there (the App's "
            "page, Install App), or correct the name."
        )

    @property
    def _name(self) -> str:
        return f"GitHub App {self._app.app_id}"


class _InstallationAuth(Renewable):
    """The token of an installation, for one call."""

    def __init__(self, app: AppSignIn, projects: Sequence[str]) -> None:
        self._app = app
        self._projects = projects
        self._token: str | None = None
        self._new = False

    @property
    def token_type(self) -> str:
        return "token"

    @property
    def token(self) -> str:
        if self._token is None:
            self._token, self._new = self._app.token(self._projects)
        return self._token

    def renewed(self) -> bool:
        self._app.drop(self._token or "")
        self._token = None
        return not self._new


def _owner(project: str) -> str:
    return project.partition("/")[0].lower()
