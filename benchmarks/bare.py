"""The yardstick: a Temporal workflow with the same waits, messages and outside effects as a review, and no records."""

import asyncio
from datetime import timedelta

from temporalio import activity, workflow

from domain.model.values import Record


class Said(Record):
    """A message of about the size of an input."""

    id: str
    what: str


class Done(Record):
    """What an outside effect brings back."""

    key: str
    url: str


class BareActivities:
    """Outside effects against a tracker in memory."""

    def __init__(self) -> None:
        self.issues: dict[str, str] = {}

    @activity.defn
    def touch(self, said: Said) -> Done:
        """Open, tell or read an issue."""
        self.issues[said.what] = said.id
        return Done(key=said.what, url=f"http://127.0.0.1/{said.what}")


@workflow.defn
class BareWorkflow:
    """Waits out a quiet window, hears a draft and three signatures, opens an issue, hears that it is done, and ends."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.facts: list[Said] = []

    @workflow.run
    async def run(self, quiet: float) -> int:
        """A review's life, with what happens outside and nothing else."""
        await workflow.wait_condition(lambda: len(self.facts) > 0)
        await workflow.sleep(quiet)
        due = asyncio.create_task(workflow.sleep(timedelta(days=5)))
        await workflow.wait_condition(lambda: len(self.said) > 0)
        due.cancel()
        due = asyncio.create_task(workflow.sleep(timedelta(days=14)))
        await workflow.wait_condition(lambda: len(self.said) > 3)
        await self._touch("issue")
        await self._touch("tracking")
        await workflow.wait_condition(lambda: len(self.facts) > 1)
        await self._touch("closing read")
        await self._touch("tracking closed")
        due.cancel()
        return len(self.said)

    async def _touch(self, what: str) -> None:
        said = Said(id=workflow.info().workflow_id, what=what)
        await workflow.execute_activity_method(BareActivities.touch, said, start_to_close_timeout=timedelta(seconds=60))

    @workflow.update
    async def command(self, said: Said) -> int:
        """A person's command."""
        self.said.append(said)
        return len(self.said)

    @workflow.signal
    def fact_told(self, said: Said) -> None:
        """Something happened outside."""
        self.facts.append(said)
