"""Sends what the inbox holds, and has looked at what is to be, right after somebody asked, beside that request.

Whoever delivered has their answer by then. A delivery that cannot be sent stays in the inbox, and is sent later.
"""

import asyncio
import logging

from web.deps import WebDeps
from workflows.door import AwayError

log = logging.getLogger(__name__)


class Dispatcher:
    """At most one sending at a time; poked while one is under way, it looks into the inbox once more after it."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._wanted = False
        self._task: asyncio.Task[None] | None = None

    def poke(self) -> None:
        """Send soon. Returns at once."""
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while self._wanted:
            self._wanted = False
            try:
                if self._deps.door is None:
                    raise AwayError("The engine is not connected.")
                await self._deps.door.start_looks(self._deps.records.seen)
                await self._deps.door.send_outgoing(self._deps.records.inbox)
            except AwayError as error:
                log.warning("deliveries wait in the inbox: %s", error)
            except Exception:
                log.exception("deliveries wait in the inbox")

    async def idle(self, patience: float = 5.0) -> None:
        """Wait until nothing is being sent; after `patience` seconds, give up: the inbox keeps what is left."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=patience)
            self._task.cancel()
