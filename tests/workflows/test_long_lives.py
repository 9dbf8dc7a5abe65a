"""What takes days, or many events: on a server that skips time, and on one that soon asks to continue as new."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

import domain.lifecycle.closure_rules
from domain.lifecycle.closure_rules import Finding
from domain.lifecycle.inputs import AcceptItem, AssignOwner, Close, ItemsRead, ProposeItem
from domain.model.review import IssueRef, Reading, Review
from domain.model.taxonomy import IssueStatus, Stage
from domain.trackers.ports import Attempts, IssueSpec
from records.store import Records
from tests.conftest import end, start_server
from tests.domain.build import spec
from tests.records.build import told
from tests.workflows.build import House, build_house, quick_policy, running
from workflows import contract


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """The test server, which skips what nobody waits for."""
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter,
        test_server_existing_path=str(Path(sys.executable).with_name("temporal-test-server")),
    ) as environment:
        wanted = {k.name: IndexedValueType.ValueType(int(k.indexed_value_type)) for k in contract.SEARCH_ATTRIBUTES}
        request = AddSearchAttributesRequest(namespace="default", search_attributes=wanted)
        await environment.client.operator_service.add_search_attributes(request)  # it cannot list those it has
        yield environment


async def test_the_quiet_window_and_the_deadlines_are_durable_timers(
    skipping: WorkflowEnvironment, sqlite_records: Records
) -> None:
    house = build_house(skipping.client, sqlite_records, quick_policy("24 h"))
    async with running(house):
        await house.tell(told(house.review.removeprefix("pagerduty:"), at=await skipping.get_current_time()))
        await skipping.sleep(timedelta(hours=23))
        assert (await house.until(lambda r: True)).stage is Stage.STABILIZATION
        await skipping.sleep(timedelta(hours=2))
        review = await house.until(lambda r: r.stage is Stage.DRAFT)
        await skipping.sleep(timedelta(days=30))
        review = await house.until(lambda r: len(r.late) == 2)
        assert {name.partition(":")[0] for name in review.late} == {"draft", "review"}


async def test_a_closed_review_is_archived_when_its_effectiveness_window_has_passed(
    skipping: WorkflowEnvironment, sqlite_records: Records
) -> None:
    ahead = timedelta(hours=2, seconds=2)
    house = build_house(
        skipping.client, sqlite_records, quick_policy("1 h"), now=lambda: datetime.now(UTC) + ahead
    )  # the tracker's clock goes with the server's
    async with running(house):
        await house.tell(told(house.review.removeprefix("pagerduty:"), at=await skipping.get_current_time()))
        await skipping.sleep(timedelta(hours=2))
        await house.until(lambda r: r.stage is Stage.DRAFT)
        await house.sign(await house.submit())
        review = await house.until(lambda r: bool(r.items["I1"].ref))
        house.tracker.finish(review.items["I1"].ref.key)  # type: ignore[union-attr]
        reading = Reading(item="I1", status=IssueStatus.DONE, as_of=await skipping.get_current_time())
        await house.tell(ItemsRead(readings=(reading,)))
        await house.until(lambda r: r.stage is Stage.CLOSED)
        await skipping.sleep(timedelta(days=106))
        await house.until(lambda r: r.stage is Stage.ARCHIVED)
        await house.handle.result()


@pytest.fixture(scope="module")
def impatient_address() -> Iterator[str]:
    """A server that suggests to continue as new after a few events."""
    process, address = start_server("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=40")
    yield address
    end(process)


@pytest.fixture
async def impatient(impatient_address: str) -> Client:
    return await Client.connect(impatient_address, data_converter=pydantic_data_converter)


async def test_a_review_goes_on_across_continue_as_new_and_loses_no_command(
    impatient: Client, sqlite_records: Records
) -> None:
    async with running(build_house(impatient, sqlite_records)) as house:
        await house.to_remediation()
        answers = []
        for n in range(0, 60, 6):
            answers += await asyncio.gather(*(house.command(AssignOwner(owner=f"p-{n + k}")) for k in range(6)))
        assert all(answer.accepted for answer in answers)
        runs = [e async for e in impatient.list_workflows(f"WorkflowId='{house.handle.id}'")]
        continued = [e for e in runs if e.status is not None and e.status.name == "CONTINUED_AS_NEW"]
        assert len(continued) >= 2
        types = [row.type for row in house.records.reviews.history(house.review)]
        assert types.count("OwnerAssigned") == 60
        await finish_and_close(house)
        assert house.records.audit.verify().wrong == ()


async def test_nothing_new_is_begun_while_a_review_waits_to_continue_as_new(
    impatient: Client, sqlite_records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(build_house(impatient, sqlite_records)) as house:
        begun: list[str] = []
        released, really = threading.Event(), house.tracker.ensure_issue

        def held_up(issue: IssueSpec, earlier: Attempts | None) -> IssueRef:
            begun.append(issue.key)
            released.wait(60)
            return really(issue, earlier)

        monkeypatch.setattr(house.tracker, "ensure_issue", held_up)
        await house.open()
        first = await accepted_item(house, "P1")
        for n in range(12):
            assert (await house.command(AssignOwner(owner=f"p-{n}"))).accepted
        assert (await house.handle.describe()).history_length > 40
        second = await accepted_item(house, "P2")
        assert (await house.command(AssignOwner(owner="p-last"))).accepted
        assert len(begun) == 1, "an effect was begun that continuing as new would have had to wait for"
        released.set()
        await house.until(lambda r: bool(r.items[first].ref and r.items[second].ref))


async def accepted_item(house: House, id: str) -> str:
    """An item that is owed an issue; its id."""
    await house.command(ProposeItem(spec=spec(id)))
    assert (await house.command(AcceptItem(item=id))).accepted
    return id


async def finish_and_close(house: House) -> Review:
    """Do the one item, and wait for the closure."""
    review = await house.until(lambda r: bool(r.items["I1"].ref))
    house.tracker.finish(review.items["I1"].ref.key)  # type: ignore[union-attr]
    now = house.tracker.read([review.items["I1"].ref])[0].as_of  # type: ignore[list-item]
    await house.tell(ItemsRead(readings=(Reading(item="I1", status=IssueStatus.DONE, as_of=now),)))
    return await house.until(lambda r: r.stage is Stage.CLOSED)


async def test_a_review_goes_on_under_rules_that_changed_while_it_was_open(
    client: Client, sqlite_records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = build_house(client, sqlite_records)
    async with house.worker():
        await house.to_remediation()

    def never(review: Review, now: object) -> list[Finding]:
        return [Finding(subject="new", sentence="A rule of a newer release.", cleared_by="nobody")]

    monkeypatch.setitem(domain.lifecycle.closure_rules.RULES, "done@1", never)
    async with running(house):  # a worker that has seen nothing yet replays all of it
        assert (await house.command(Close())).reasons == ("A rule of a newer release.",)
        monkeypatch.undo()
        assert (await house.command(Close())).reasons == ("I1 (default#1) is open.",)
        await finish_and_close(house)
