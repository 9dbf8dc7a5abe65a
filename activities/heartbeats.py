"""Signs of life while an activity goes on, so that Temporal gives it to another worker soon after its own has died."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

EVERY = timedelta(seconds=3)


class Heartbeats(Interceptor):
    """Beats for every activity of a worker, whatever it does and however long it waits for the outside."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Around each activity."""
        return _Beating(next)


class _Beating(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        beating = asyncio.create_task(_beat())
        try:
            return await self.next.execute_activity(input)
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating


async def _beat() -> None:
    while True:
        await asyncio.to_thread(activity.heartbeat)  # for an activity on a thread it waits for the loop
        await asyncio.sleep(EVERY.total_seconds())
