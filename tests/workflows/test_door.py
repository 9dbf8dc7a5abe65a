import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from activities.sync import Looked
from domain.lifecycle.inputs import AssignOwner, Input
from domain.model.taxonomy import Door as DoorName
from domain.model.taxonomy import ItemStatus, Stage
from domain.model.tracker_routing import Place
from records.event_log.ownership import ForeignEngineError
from records.store import Records
from runtime.engine import free_port
from runtime.settings import TemporalSettings
from runtime.temporal import EngineAwayError, connect
from tests.conftest import end, start_server
from tests.records.build import told
from tests.workflows.build import House, build_house, running
from workflows import contract
from workflows.door import AwayError, Door, Outgoing
from workflows.sync import SyncWorkflow, WakeWorkflow


@pytest.fixture
async def house(client: Client, sqlite_records: Records) -> AsyncIterator[House]:
    async with running(build_house(client, sqlite_records)) as built:
        yield built


@pytest.fixture
async def away() -> Client:
    """A client whose service has gone."""
    process, address = await asyncio.to_thread(start_server)
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    await asyncio.to_thread(end, process)
    return client


async def test_what_the_inbox_holds_reaches_its_review(house: House) -> None:
    id = house.review.removeprefix("pagerduty:")
    for n in range(3):
        input = Input(id=f"{id}-{n}", door=DoorName.WEBHOOK, body=told(id, at=datetime.now(UTC)))
        house.records.inbox.receive("pagerduty", "incident.resolved", input)
    sending = asyncio.create_task(
        house.door.keep_sending(house.records.inbox, house.records.seen, timedelta(milliseconds=50))
    )
    await house.until(lambda r: r.stage is Stage.STABILIZATION)
    async with asyncio.timeout(20):
        while await asyncio.to_thread(house.records.inbox.unfinished):
            await asyncio.sleep(0.05)
    sending.cancel()
    assert house.records.reviews.ids() == [house.review]


async def test_a_delivery_is_kept_while_the_engine_is_away_and_sent_when_it_is_back(house: House, away: Client) -> None:
    id = house.review.removeprefix("pagerduty:")
    input = Input(id=f"{id}-1", door=DoorName.WEBHOOK, body=told(id, at=datetime.now(UTC)))
    house.records.inbox.receive("pagerduty", "incident.resolved", input)
    unreachable = Door(away, lambda: 1, house.queue)
    with pytest.raises(AwayError):
        await asyncio.wait_for(unreachable.send_outgoing(house.records.inbox), 60)
    assert house.records.inbox.unfinished() == 1
    assert await house.door.send_outgoing(house.records.inbox) == 1
    await house.until(lambda r: r.stage is Stage.STABILIZATION)


class Trouble:
    """An outbox that fails in every way, and then once gives nothing."""

    def __init__(self) -> None:
        self.failures: list[Exception] = [AwayError("away"), RuntimeError("broken")]
        self.asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def outgoing(self, limit: int = 100) -> Sequence[Outgoing]:
        if self.failures:
            raise self.failures.pop()
        self._loop.call_soon_threadsafe(self.asked.set)
        return []

    def sent(self, delivery_id: str) -> None:
        raise RuntimeError("nothing was sent")


async def test_sending_goes_on_after_every_kind_of_failure(house: House) -> None:
    outbox = Trouble()
    sending = asyncio.create_task(house.door.keep_sending(outbox, house.records.seen, timedelta(milliseconds=1)))
    async with asyncio.timeout(10):
        await outbox.asked.wait()
    sending.cancel()
    assert outbox.failures == []


async def test_a_command_that_nobody_answers_says_so_and_is_heard_when_asked_again(house: House) -> None:
    await house.open()
    other = build_house(house.client, house.records)
    other.door = Door(house.client, lambda: 1, "nobody works here")
    input = Input(id="again", body=AssignOwner(owner="p-new"))
    with pytest.raises(AwayError, match="ask again with the same id"):
        await other.door.command(other.review, input, patience=timedelta(seconds=1))
    await other.handle.terminate()
    assert (await house.door.command(house.review, input)).accepted


async def test_an_engine_that_is_away_is_an_error_that_says_so(away: Client) -> None:
    unreachable = Door(away, lambda: 1)
    with pytest.raises(AwayError):
        await unreachable.command("r", Input(id="x", body=AssignOwner(owner="p")), patience=timedelta(seconds=1))
    asked = (
        unreachable.start("r"),
        unreachable.schedule_sync(Place(tracker="memory"), timedelta(hours=1)),
        unreachable.start_looks(Wished()),
        unreachable.command("r", Input(id="x", body=AssignOwner(owner="p")), patience=timedelta(seconds=60)),
    )
    failures = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 60)
    assert [type(failure) for failure in failures] == [AwayError] * 4
    with pytest.raises(EngineAwayError, match="holdfast up"):
        await connect(TemporalSettings(address=f"127.0.0.1:{free_port()}"))


async def test_a_command_that_temporal_does_not_take_is_said_in_its_words(house: House) -> None:
    with pytest.raises(AwayError, match="did not take the command"):
        await house.door.command("x" * 2000, Input(id="x", body=AssignOwner(owner="p")))


async def test_a_door_of_an_engine_that_lost_the_records_sends_nothing(house: House) -> None:
    door = Door(house.client, lambda: house.records.engines.claim("test"), house.queue)
    house.records.engines.take_over("another engine")
    with pytest.raises(ForeignEngineError):
        await door.tell(house.review, Input(id="x", body=told(at=datetime.now(UTC))))


async def test_the_trackers_are_read_on_a_schedule(house: House) -> None:
    await house.to_remediation()
    for every in (timedelta(hours=1), timedelta(hours=2)):
        await house.door.schedule_sync(Place(tracker="memory"), every)
    handle = house.client.get_schedule_handle(contract.sync_schedule("memory", "default"))
    try:
        described = await handle.describe()
        assert described.schedule.spec.intervals[0].every == timedelta(hours=2)
        result = await house.client.execute_workflow(
            SyncWorkflow.run, Place(tracker="memory"), id=f"sync-{house.queue}", task_queue=house.queue
        )
        assert (result, await asyncio.to_thread(house.records.inbox.list)) == (Looked(read=2), [])
    finally:
        await handle.delete()


async def test_a_delivery_that_temporal_does_not_take_holds_no_other_up(house: House) -> None:
    id = house.review.removeprefix("pagerduty:")
    poison = Input(id=f"{id}-0", door=DoorName.WEBHOOK, body=told("x"))
    house.records.inbox.receive("pagerduty", "incident", poison, "x" * 250)
    input = Input(id=f"{id}-1", door=DoorName.WEBHOOK, body=told(id, at=datetime.now(UTC)))
    house.records.inbox.receive("pagerduty", "incident.resolved", input)
    real = house.door.tell

    async def tell(review_id: str, said: Input) -> None:
        await real(review_id * 10 if review_id.startswith("x") else review_id, said)

    house.door.tell = tell  # type: ignore[method-assign, assignment]
    assert await house.door.send_outgoing(house.records.inbox) == 1
    await house.until(lambda r: r.stage is Stage.STABILIZATION)
    assert await house.door.send_outgoing(house.records.inbox) == 0
    assert house.records.inbox.unfinished() == 1


async def test_a_fact_said_as_a_command_is_not_carried(house: House) -> None:
    await house.open()
    with pytest.raises(AwayError, match="could not carry the command"):
        await house.door.command(house.review, Input(id="x", body=told(at=datetime.now(UTC))))


async def test_what_a_webhook_named_is_looked_at_and_its_review_hears_of_it(house: House) -> None:
    review = await house.to_remediation()
    ref = review.items["I1"].ref
    assert ref is not None
    house.tracker.decline(ref.key)
    sending = asyncio.create_task(
        house.door.keep_sending(house.records.inbox, house.records.seen, timedelta(milliseconds=50))
    )
    house.records.seen.want("memory", [ref.id, "of no review"])
    await house.until(lambda r: r.items["I1"].status is ItemStatus.DECLINED)
    await house.until(lambda r: r.items["I1"].answered)
    async with asyncio.timeout(20):
        while await asyncio.to_thread(house.records.seen.wanted, "memory", 10):
            await asyncio.sleep(0.05)
    sending.cancel()
    assert "waiver" in house.tracker.named(ref.key).comments[0].text


class Wished:
    """Somebody wishes to have something looked at."""

    def to_start(self) -> Sequence[str]:
        return ["memory"]


async def test_a_project_is_looked_at_page_by_page(house: House) -> None:
    review = await house.to_remediation()
    place = Place(tracker="memory")

    async def look(id: str) -> Looked:
        id = f"sync-{house.queue}-{id}"
        return await house.client.execute_workflow(SyncWorkflow.run, place, id=id, task_queue=house.queue)

    assert (await look("first")).read == 2
    house.tracker._page = 1
    assert review.items["I1"].ref is not None
    house.tracker.retitle(review.items["I1"].ref.key, "Another title")
    house.tracker.finish(f"{house.review}/tracking")
    assert (await look("second")).read == 1
    seen = await asyncio.to_thread(house.records.seen.issues, "memory", [review.items["I1"].ref.id])
    assert [issue.title for issue in seen.values()] == ["Another title"]


async def test_waking_is_a_workflow_of_its_own(house: House) -> None:
    woken = await house.client.execute_workflow(WakeWorkflow.run, id=f"wake-{house.queue}", task_queue=house.queue)
    assert woken == 0
