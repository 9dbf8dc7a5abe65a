"""Sends what happens in a stand-in to a webhook's address, signed, and as badly as real deliveries come.

A vendor's headers are a `Form`. Attach one to a stand-in with `listen`; it then sends from a thread of its own, since
the stand-in tells while it is locked.
"""

import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import heappop, heappush
from http.client import HTTPConnection, HTTPException
from itertools import count
from random import Random
from threading import Condition, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from standins.http import Standin


@dataclass(frozen=True)
class Form:
    """How a vendor names its headers, and how often it tries again where nobody takes a delivery.

    The signature is `sha256=` and the HMAC of the raw body, with both. `event`: none where the body alone names it.
    """

    signature: str
    delivery: str
    event: str | None = None
    retry: str | None = None
    retries: int = 0
    always: Mapping[str, str] = field(default_factory=dict)


GITHUB = Form(
    signature="X-Hub-Signature-256",
    delivery="X-GitHub-Delivery",
    event="X-GitHub-Event",
    always={
        "User-Agent": "GitHub-Hookshot/standin",
        "X-GitHub-Hook-ID": "1",
        "X-GitHub-Hook-Installation-Target-Type": "repository",
    },
)
"""GitHub does not repeat what failed."""

JIRA = Form(
    signature="X-Hub-Signature",
    delivery="X-Atlassian-Webhook-Identifier",
    retry="X-Atlassian-Webhook-Retry",
    retries=5,
    always={"User-Agent": "Atlassian Webhook HTTP Client"},
)


class Signing(StrEnum):
    """How deliveries are signed. `FORGED`: with another secret."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"
    FORGED = "forged"


@dataclass
class Delivery:
    """One thing that happened, to be told. `statuses`: what each attempt was answered with, 0 where it was not."""

    id: str
    event: str
    body: bytes
    headers: dict[str, str]
    statuses: list[int] = field(default_factory=list)


class Webhooks:
    """A webhook: made, attached, sending until closed. Its switches are plain attributes, and hold until set again.

    `signing`, `copies` (each with the same delivery id), `delay` (seconds), `dropping`. `deliveries` is everything
    that was to be sent, dropped or not.
    """

    def __init__(self, url: str, secret: str, form: Form = GITHUB, *, timeout: float = 10) -> None:
        self.url, self.secret, self.form, self.timeout = url, secret, form, timeout
        self.signing, self.copies, self.delay, self.dropping = Signing.SIGNED, 1, 0.0, False
        self.retry_after = 0.1
        self.deliveries: list[Delivery] = []
        self._trouble: tuple[Random, float, float] | None = None
        self._held: list[Delivery] | None = None
        self._due: list[tuple[float, int, Delivery]] = []
        self._order = count()
        self._sending = 0
        self._closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    # --- switches -----------------------------------------------------------------------------------------------------

    def listen(self, standin: Standin) -> None:
        """Send what happens in a stand-in from now on."""
        standin.listeners.append(self.send)

    def send(self, event: str, payload: dict[str, Any]) -> None:
        """Send something, in the way that the switches say."""
        delivery = self._delivery(event, json.dumps(payload).encode())
        with self._changed:
            self.deliveries.append(delivery)
            if self._held is not None:
                self._held.append(delivery)
            else:
                self._enqueue(delivery)

    def redeliver(self, delivery: Delivery) -> None:
        """Send something once more, under the same id, as the button does."""
        with self._changed:
            self._put(delivery, 0)

    def hold(self) -> None:
        """Send nothing until `release`."""
        with self._changed:
            self._held = self._held or []

    def release(self, order: Callable[[list[Delivery]], None] | None = list.reverse) -> None:
        """Send what was held, in another order: backwards, or as `order` makes it (none: as it happened)."""
        with self._changed:
            held, self._held = self._held or [], None
            if order is not None:
                order(held)
            for delivery in held:
                self._enqueue(delivery)

    def trouble(self, random: Random, share: float = 0.2, late: float = 0.3) -> None:
        """Let a share of the deliveries be dropped, doubled, unsigned, or late by up to so many seconds."""
        with self._changed:
            self._trouble = (random, share, late)

    def calm(self) -> None:
        """End the trouble, and set all switches back."""
        with self._changed:
            self._trouble = None
            self.signing, self.copies, self.delay, self.dropping = Signing.SIGNED, 1, 0.0, False

    def wait(self, timeout: float = 10) -> bool:
        """Wait until all is sent that is not held; false where that took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._due and not self._sending, timeout)

    def close(self) -> None:
        """Send nothing any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    # --- sending ------------------------------------------------------------------------------------------------------

    def _delivery(self, event: str, body: bytes) -> Delivery:
        form, id = self.form, str(uuid4())
        headers = {"Content-Type": "application/json", **form.always, form.delivery: id}
        if form.event is not None:
            headers[form.event] = event
        return Delivery(id, event, body, headers)

    def _enqueue(self, delivery: Delivery) -> None:
        copies, delay, signing = 0 if self.dropping else self.copies, self.delay, self.signing
        chance, share, late = self._trouble or (Random(0), 0.0, 0.0)
        if chance.random() < share:
            kind = chance.choice(("dropped", "doubled", "unsigned", "late"))
            copies = {"dropped": 0, "doubled": 2}.get(kind, copies)
            delay += chance.uniform(0, late) if kind == "late" else 0
            signing = Signing.UNSIGNED if kind == "unsigned" else signing
        if signing is not Signing.UNSIGNED:
            secret = self.secret if signing is Signing.SIGNED else f"not {self.secret}"
            delivery.headers[self.form.signature] = f"sha256={sign(secret, delivery.body)}"
        for _ in range(copies):
            self._put(delivery, delay)

    def _put(self, delivery: Delivery, delay: float) -> None:
        heappush(self._due, (monotonic() + delay, next(self._order), delivery))
        self._changed.notify_all()

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            status = self._post(delivery)
            with self._changed:
                delivery.statuses.append(status)
                tried = len(delivery.statuses)
                if not 200 <= status < 300 and tried <= self.form.retries:
                    if self.form.retry is not None:
                        delivery.headers[self.form.retry] = str(tried)
                    self._put(delivery, self.retry_after)
                self._sending -= 1
                self._changed.notify_all()

    def _next(self) -> Delivery | None:
        """The next one, once it is due; none when closed."""
        with self._changed:
            while not self._closed:
                wait = self._due[0][0] - monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    self._sending += 1
                    return heappop(self._due)[2]
                self._changed.wait(wait)
            return None

    def _post(self, delivery: Delivery) -> int:
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=self.timeout)
        try:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path or "/", delivery.body, delivery.headers)
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()


def sign(secret: str, body: bytes) -> str:
    """The signature of a raw body, in hexadecimal."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


@contextmanager
def sending(url: str, secret: str, form: Form = GITHUB) -> Iterator[Webhooks]:
    """A webhook to this address, until the end of the block."""
    hooks = Webhooks(url, secret, form)
    try:
        yield hooks
    finally:
        hooks.close()
