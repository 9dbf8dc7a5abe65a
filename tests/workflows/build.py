"""A house in small: real records and Temporal server, a worker on a task queue of its own, a tracker in memory."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client

from building.parts import Parts
from domain.lifecycle.inputs import Body, Input, SignForTeam, SubmitDraft
from domain.lifecycle.view import Answer
from domain.model.policy import Policy
from domain.model.review import Review
from domain.model.taxonomy import Severity, Stage
from domain.model.tracker_routing import Place, Routing
from integrations.trackers.memory import InMemoryTracker
from records.store import Records
from tests.domain.build import CATALOGUE, document, policy
from tests.records.build import told
from worker import Workers, build_worker
from workflows import contract
from workflows.door import Door

TEAMS = ("ml", "infrastructure", "product")


def quick_policy(quiet: str = "1 s", **changes: Any) -> Policy:
    """The default policy with a short quiet window."""
    clocks = policy().clocks.model_dump(mode="json") | {"quiet": {s.value: quiet for s in Severity}}
    return policy(clocks=clocks, **changes)


@dataclass
class House:
    """Everything that one test needs, and how it speaks to it."""

    client: Client
    parts: Parts
    tracker: InMemoryTracker
    door: Door
    queue: str
    review: str

    @property
    def records(self) -> Records:
        return self.parts.records

    def worker(self, parts: Parts | None = None) -> Workers:
        """A worker on this house's task queue."""
        return build_worker(self.client, parts or self.parts, self.queue)

    async def tell(self, body: Body, id: str | None = None) -> None:
        """Tell the review a fact."""
        await self.door.tell(self.review, Input(id=id or str(uuid.uuid4()), body=body))

    async def command(self, body: Body, by: str = "p-other", id: str | None = None) -> Answer:
        """Say a person's command."""
        return await self.door.command(self.review, Input(id=id or str(uuid.uuid4()), by=by, body=body))

    async def open(self) -> None:
        """An incident was resolved now, and its review is there."""
        await self.tell(told(self.review.removeprefix("pagerduty:"), at=datetime.now(UTC)))
        await self.until(lambda r: r.stage is not None)

    async def submit(self) -> str:
        """Save and submit a draft that meets the template; its digest."""
        saved = await asyncio.to_thread(self.records.drafts.save, self.review, document(), "p-submitter")
        answer = await self.command(SubmitDraft(revision=saved.revision, digest=saved.digest), "p-submitter")
        assert answer.accepted, answer
        return saved.digest

    async def sign(self, digest: str, *teams: str) -> None:
        """Let teams sign."""
        for team in teams or TEAMS:
            answer = await self.command(SignForTeam(team=team, digest=digest), f"p-{team}")
            assert answer.accepted, answer

    async def to_remediation(self) -> Review:
        """To where every issue is open and the tracking issue tells."""
        await self.open()
        await self.until(lambda r: r.stage is Stage.DRAFT)
        await self.sign(await self.submit())
        return await self.until(lambda r: r.tracking is not None and all(i.ref for i in r.items.values()))

    async def until(self, holds: Callable[[Review], bool], seconds: float = 60) -> Review:
        """The review as soon as this holds of it."""
        found = None
        try:
            async with asyncio.timeout(seconds):
                while True:
                    found = await asyncio.to_thread(self.records.reviews.find, self.review)
                    if found is not None and holds(found):
                        return found
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise AssertionError(f"did not come about in {seconds} s: {found}") from None

    @property
    def handle(self) -> Any:
        """The review's workflow."""
        return self.client.get_workflow_handle(contract.workflow_id(self.review))


def build_house(
    client: Client, records: Records, under: Policy | None = None, now: Callable[[], datetime] | None = None
) -> House:
    """A house without its worker."""
    tracker = InMemoryTracker("default", now=now or (lambda: datetime.now(UTC)))
    queue, id = f"test-{uuid.uuid4().hex}", f"Q{uuid.uuid4().hex[:8]}"
    parts = Parts(
        records=records,
        policy=under or quick_policy(),
        catalogue=CATALOGUE,
        trackers={"memory": tracker},
        routing=Routing(default=Place(tracker="memory")),
        address_of=lambda review: f"http://127.0.0.1:8585/reviews/{review}",
        settle=timedelta(milliseconds=300),
    )
    epoch = records.engines.claim("test")
    return House(client, parts, tracker, Door(client, lambda: epoch, queue), queue, f"pagerduty:{id}")


@contextlib.asynccontextmanager
async def running(house: House) -> AsyncIterator[House]:
    """The house with its worker, and without what was left running in the end."""
    async with house.worker():
        try:
            yield house
        finally:
            with contextlib.suppress(Exception):
                await house.handle.terminate()


QUIET = timedelta(hours=24)
