"""Whole lifecycles of reviews a second, and history events for each, against the bare workflow on the same server."""

import asyncio
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from rich.console import Console
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Worker

from benchmarks.bare import BareActivities, BareWorkflow, Said
from domain.lifecycle.inputs import Input, ItemsRead, SignForTeam, SubmitDraft
from domain.model.review import Reading
from domain.model.taxonomy import IssueStatus, Stage
from records.database import Database
from records.store import Records
from tests.conftest import end, start_server
from tests.domain.build import document
from tests.records.build import told
from tests.workflows.build import House, build_house, quick_policy
from workflows import contract

QUIET = "1 s"
T = TypeVar("T")
TEAMS = ("ml", "infrastructure", "product")


async def lifecycles(console: Console, lives: int, at_once: int) -> None:
    """Run `lives` of each kind in turns, `at_once` at a time, and print the ratios."""
    with tempfile.TemporaryDirectory() as directory:
        process, address = await asyncio.to_thread(start_server, "--db-filename", str(Path(directory) / "temporal.db"))
        try:
            client = await Client.connect(address, data_converter=pydantic_data_converter)
            records = Records(Database(f"sqlite:///{directory}/records.db"))
            house = build_house(client, records, quick_policy(QUIET))
            bare, ours, bare_events, our_events = 0.0, 0.0, 0, 0
            rounds = max(lives // at_once, 1)
            for _ in range(rounds):  # in turns, so that whatever else the machine does weighs on both
                seconds, bare_events = await _bare_round(client, at_once)
                bare += seconds
                seconds, our_events = await _our_round(house, at_once)
                ours += seconds
            count = rounds * at_once
            console.print(f"\n[bold]Lifecycles[/bold]: {count} of each, {at_once} at a time, SQLite on both sides")
            console.print(f"  bare workflow  {count / bare:6.2f} a second  {bare_events:4d} history events each")
            console.print(f"  Holdfast       {count / ours:6.2f} a second  {our_events:4d} history events each")
            console.print(f"  ratio          {bare / ours:6.2f} (aim: at least 0.5)")
            console.print(f"  events         {our_events / bare_events:6.2f} times (aim: at most 2.5)")
            records.database.close()
        finally:
            end(process)


async def _bare_round(client: Client, at_once: int) -> tuple[float, int]:
    queue = f"bare-{uuid.uuid4().hex}"
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[BareWorkflow],
        activities=[BareActivities().touch],
        activity_executor=ThreadPoolExecutor(20),
    )

    async def life(id: str) -> WorkflowHandle[BareWorkflow, int]:
        handle = await client.start_workflow(
            BareWorkflow.run,
            1.0,
            id=id,
            task_queue=queue,
            start_signal="fact_told",
            start_signal_args=[Said(id="1", what="resolved")],
        )
        await asyncio.sleep(1.2)
        for what in ("draft", *TEAMS):
            await handle.execute_update(BareWorkflow.command, Said(id=uuid.uuid4().hex, what=what))
        await handle.signal(BareWorkflow.fact_told, Said(id="2", what="done"))
        await handle.result()
        return handle

    async with worker:
        seconds, handles = await _timed(lambda n: life(f"{queue}-{n}"), at_once)
        return seconds, len((await handles[0].fetch_history()).events)


async def _our_round(house: House, at_once: int) -> tuple[float, int]:
    client, records = house.client, house.records

    async def life(id: str) -> str:
        review = f"pagerduty:{id}"

        async def until(stage: Stage, opened: bool = False) -> None:
            while True:
                found = await asyncio.to_thread(records.reviews.find, review)
                if found and found.stage is stage and (not opened or found.items["I1"].ref):
                    return
                await asyncio.sleep(0.02)

        await house.door.tell(review, Input(id=f"{id}-1", body=told(id, at=datetime.now(UTC))))
        await until(Stage.DRAFT)
        saved = await asyncio.to_thread(records.drafts.save, review, document(), "p-submitter")
        submit = SubmitDraft(revision=saved.revision, digest=saved.digest)
        await house.door.command(review, Input(id=f"{id}-2", by="p-submitter", body=submit))
        for team in TEAMS:
            sign = SignForTeam(team=team, digest=saved.digest)
            answer = await house.door.command(review, Input(id=f"{id}-{team}", by=f"p-{team}", body=sign))
            assert answer.accepted, answer
        await until(Stage.REMEDIATION, opened=True)
        house.tracker.finish(f"{review}/I1")
        reading = Reading(item="I1", status=IssueStatus.DONE, as_of=datetime.now(UTC))
        await house.door.tell(review, Input(id=f"{id}-3", body=ItemsRead(readings=(reading,))))
        await until(Stage.CLOSED)
        return review

    async with house.worker():
        seconds, reviews = await _timed(lambda n: life(f"B{uuid.uuid4().hex[:10]}"), at_once)
        while True:  # the tracking issue is closed after the review is
            found = await asyncio.to_thread(records.reviews.find, reviews[0])
            if found and found.tracking and found.tracking.status is IssueStatus.DONE:
                break
            await asyncio.sleep(0.02)
        handle = client.get_workflow_handle(contract.workflow_id(reviews[0]))
        return seconds, len((await handle.fetch_history()).events)


async def _timed(life: Callable[[int], Awaitable[T]], count: int) -> tuple[float, list[T]]:
    begun = perf_counter()
    lived = await asyncio.gather(*(life(n) for n in range(count)))
    return perf_counter() - begun, lived
