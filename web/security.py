"""What every answer carries and every request has to bring, before anything else looks at it.

Only named hosts are answered (DNS rebinding), pages load nothing from anywhere else and send forms to us only, and the
API takes nothing that another site's form could post. Who calls, and whether they may, is asked after that (`callers`).
"""

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.model.attachment import LARGEST

LARGEST_BODY = 1024 * 1024
"""Bytes that a request may carry."""

LARGEST_UPLOAD = 14 * 1024 * 1024
"""Bytes, where a file is attached: over the API it comes as base64, a third larger than it is."""

WITH_FILES = ("/attachments", "/say")
"""How the addresses end to which a file may be sent."""

TOO_LARGE = (
    "This is larger than 1 MiB, or than 14 MiB where a file is attached. "
    f"Attach a file of at most {LARGEST // 1_000_000} MB, and long texts as a file."
)
"""What is said of a larger body."""

Refuse = Callable[[Scope, int, str], Response]
"""Makes the answer to a request that is refused before it reaches a route, with a status and a sentence."""

CONTENT = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

WITH_SCRIPT = f"{CONTENT}; script-src 'self'; connect-src 'self'"
"""For the page on which a draft is written, and no other: our own script, which saves a section while it is typed."""

HEADERS = {
    "Content-Security-Policy": CONTENT,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def hosts_to_answer(allowed: Sequence[str], public_url: str | None) -> list[str]:
    """The allowed hosts, and the one by which others reach us."""
    host = urlsplit(public_url).hostname if public_url else None
    if host is None:
        return list(allowed)
    return [*allowed, f"[{host}]" if ":" in host else host]


class SecurityHeaders:
    """Puts the headers on every answer; what may be confidential is not kept by any cache."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the headers added."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers["Cache-Control"] = "no-cache" if scope["path"].startswith("/static/") else "no-store"
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Reads a request's body before anything else does, and refuses one that is too large, whatever it says it is."""

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on with the body at hand, or answer 413."""
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT"):
            await self._app(scope, receive, send)
            return
        largest = LARGEST_UPLOAD if scope["path"].endswith(WITH_FILES) else LARGEST_BODY
        said = Headers(scope=scope).get("content-length", "")
        read: list[Message] = []
        size = int(said) if said.isdecimal() and int(said) > largest else 0
        while size <= largest and (not read or read[-1].get("more_body", False)):
            read.append(await receive())
            size += len(read[-1].get("body", b""))
        if size > largest:
            await self._refuse(scope, 413, TOO_LARGE)(scope, receive, send)
            return
        read.reverse()

        async def again() -> Message:
            return read.pop() if read else await receive()

        await self._app(scope, again, send)


class JsonOnly:
    """Refuses what is written to the API in another form than JSON: a form on another site cannot send that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 415."""
        if scope["type"] == "http" and scope["method"] in ("POST", "PUT") and scope["path"].startswith("/api/"):
            media_type = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
            if media_type != "application/json":
                sentence = "content-type: send application/json here."
                await JSONResponse({"error": sentence}, 415)(scope, receive, send)
                return
        await self._app(scope, receive, send)
