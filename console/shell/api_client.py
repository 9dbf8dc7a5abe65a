"""The way to the web app: its JSON API over HTTP, the same from this machine and from another one."""

import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from console.shell.errors import REFUSED, USAGE, Refused, Stop
from domain.drafts.document import DraftDocument
from runtime.hosts import is_loopback
from runtime.settings import load_settings

TRIES = 3
"""How often something is said before the web app counts as unreachable. Saying it twice is saying it once."""

AWAY = httpx.codes.SERVICE_UNAVAILABLE
"""The web app is there, and its engine did not answer: what was said is said again with the same id."""

PAUSE = 0.3
"""Seconds between two tries."""

LONGEST_PAGE = 500
"""How many rows of a list the web app tells at once, at most."""

TIMEOUT = httpx.Timeout(75, connect=5)
"""Seconds; an answer to `close` may take a minute, since the trackers are read before it is given."""


class Api:
    """Asks the web app, and turns whatever keeps it from answering into a `Stop` that says what to do."""

    def __init__(self, url: str | None = None) -> None:
        """Without `url` the settings tell where the web app is. Raises `runtime.settings.SettingsError`."""
        self.url = (url or load_settings().url).rstrip("/")
        try:
            parts = httpx.URL(self.url)
        except httpx.InvalidURL:
            parts = httpx.URL()
        if parts.scheme not in ("http", "https") or not parts.host:
            raise Stop(f"{self.url} is not an address; write one like http://127.0.0.1:8585.", code=USAGE)
        self._is_near = is_loopback(parts.host)
        token = load_settings().token
        self._headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token is not None else {}

    def get(self, path: str, params: Mapping[str, str | list[str]] | None = None) -> Any:
        """What the web app tells."""
        return _told(self._ask("GET", path, params=params))

    def list(self, path: str, params: Mapping[str, str | list[str]], limit: int) -> tuple[list[Any], bool]:
        """The first `limit` rows of a list that the web app cuts into pages, and whether there are more."""
        response = self._ask("GET", path, params={**params, "limit": str(min(limit, LONGEST_PAGE))})
        found: list[Any] = _told(response)
        while len(found) < limit and "next" in response.links:
            response = self._ask("GET", response.links["next"]["url"])
            found += _told(response)
        return found[:limit], len(found) > limit or "next" in response.links

    def put(self, path: str, body: Any) -> Any:
        """Keep `body` at the web app."""
        return _told(self._ask("PUT", path, json=body))

    def post(self, path: str, body: Any) -> Any:
        """Say something to the web app. `body` bears an id, so that a second try cannot be taken for a second wish."""
        return _told(self._ask("POST", path, json=body))

    def command(self, review_id: str, by: str, command: Mapping[str, Any]) -> Any:
        """Carry a person's command to a review: its answer. Raises `Stop` with every reason where it is refused."""
        body = {"id": new_id(), "by": by or None, "command": command}
        return self.post(f"/api/reviews/{in_path(review_id)}/commands", body)

    def review(self, review_id: str) -> Any:
        """A whole review. Raises `Stop` where there is none."""
        return self.get(f"/api/reviews/{in_path(review_id)}")

    def template(self, review_id: str) -> Any:
        """What the draft of a review is asked. Raises `Stop` where there is no such review."""
        return self.get(f"/api/reviews/{in_path(review_id)}/template")

    def newest_draft(self, review_id: str) -> Any:
        """The newest revision of a review's draft; where nobody has written yet, what is known, as revision 0."""
        return self.get(f"/api/reviews/{in_path(review_id)}/draft")

    def save_draft(self, review_id: str, by: str, document: DraftDocument, upon: int | None = None) -> Any:
        """Save a draft as the next revision, upon revision `upon` where that is given: the revision.

        Raises `Refused` where that is not the newest.
        """
        body = {"by": by or None, "document": document.model_dump(mode="json"), "upon": upon}
        return self.put(f"/api/reviews/{in_path(review_id)}/draft", body)

    def remarks(self, review_id: str, document: DraftDocument) -> Any:
        """What the blameless lint says of a draft that nobody saves. Raises `Stop` where there is no such review."""
        body = {"document": document.model_dump(mode="json")}
        return self.post(f"/api/reviews/{in_path(review_id)}/draft/remarks", body)

    def item(self, review_id: str, item: str) -> Any:
        """An item of a review. Raises `Stop` where there is none."""
        items = self.review(review_id)["items"]
        if item not in items:
            raise Stop(f"There is no item {item}; there are {', '.join(items) or 'none'}.")
        return items[item]

    def newest_request(self, review_id: str) -> str:
        """The id of what was asked for last."""
        return str(list(self.review(review_id)["requests"])[-1])

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        tries = 1
        while True:
            try:
                response = self._send(method, path, **request)
                if response.status_code != AWAY or tries == TRIES:
                    return response
            except httpx.TransportError as error:
                if tries == TRIES:
                    raise Stop(self._unreachable(error)) from error
            tries += 1
            time.sleep(PAUSE)

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        # A proxy that is set for the outside must not be asked for this machine.
        with httpx.Client(
            base_url=self.url, timeout=TIMEOUT, trust_env=not self._is_near, headers=self._headers
        ) as http:
            return http.request(method, path, **request)

    def _unreachable(self, error: httpx.TransportError) -> str:
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            return f"Holdfast at {self.url} took too long to answer, and may have heard it all the same: look first."
        return f"Holdfast does not answer at {self.url}; start it with `holdfast up`, or set HOLDFAST_URL."


def new_id() -> str:
    """An id for something that is said for the first time."""
    return f"cli-{uuid.uuid4()}"


def in_path(name: str) -> str:
    """A name as a part of an address."""
    return quote(name, safe=":")


def _told(response: httpx.Response) -> Any:
    try:
        said = response.json()
    except ValueError:
        said = None
    if response.is_success and said is not None:
        return said
    refused = said if isinstance(said, dict) else {}
    lines = refused.get("reasons") or [refused.get("error")]
    if not all(isinstance(line, str) for line in lines):
        lines = [f"{response.request.url} answered {response.status_code}, and not as Holdfast does. Is that its URL?"]
    if response.status_code == httpx.codes.CONFLICT:
        raise Refused(*lines)
    raise Stop(*lines, code=USAGE if response.status_code == httpx.codes.UNPROCESSABLE_ENTITY else REFUSED)
