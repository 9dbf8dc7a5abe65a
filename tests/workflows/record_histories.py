"""Records the histories that the replay tests replay: `python -m tests.workflows.record_histories`.

Run it when the workflow's order of commands was changed on purpose, with a patch for what is under way, and keep the
old files: a release has to replay what earlier ones wrote.
"""

import asyncio
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.lifecycle.inputs import Close, ItemsRead, TrackingRead
from domain.model.review import Reading
from domain.model.taxonomy import IssueStatus, Stage
from domain.trackers.ports import UnauthorisedError
from records.database import Database
from records.store import Records
from tests.conftest import end, start_server
from tests.records.build import told
from tests.workflows.build import House, build_house, running

HISTORIES = Path(__file__).parent / "histories"


def without_machine(value: Any) -> Any:
    """A history without what tells of the machine that it was recorded on; none of it matters to a replay."""
    if isinstance(value, dict):
        return {key: without_machine(inner) for key, inner in value.items() if key not in ("stackTrace", "identity")}
    return [without_machine(inner) for inner in value] if isinstance(value, list) else value


async def whole_life(house: House) -> None:
    """Refused, re-fired, closed early, declined, done, closed."""
    await house.open()
    await house.tell(told(house.review.removeprefix("pagerduty:"), status="open", at=datetime.now(UTC)))
    await house.command(Close())
    await house.tell(told(house.review.removeprefix("pagerduty:"), at=datetime.now(UTC)))
    await house.until(lambda r: r.stage is Stage.DRAFT)
    await house.sign(await house.submit())
    review = await house.until(lambda r: r.tracking is not None)
    await house.tell(TrackingRead(status=IssueStatus.DONE, as_of=datetime.now(UTC)))
    for status in (IssueStatus.DECLINED, IssueStatus.DONE):
        ref = review.items["I1"].ref
        assert ref is not None
        (house.tracker.finish if status is IssueStatus.DONE else house.tracker.decline)(ref.key)
        await house.tell(ItemsRead(readings=(Reading(item="I1", status=status, as_of=datetime.now(UTC)),)))
    await house.until(lambda r: r.stage is Stage.CLOSED and r.tracking is not None and r.tracking.status != "open")


async def tracker_in_trouble(house: House) -> None:
    """Effects that fail, and are owed again."""
    house.tracker.break_with(UnauthorisedError("no"), times=None)
    await house.open()
    await house.until(lambda r: r.stage is Stage.DRAFT)
    await house.sign(await house.submit())
    await house.until(lambda r: bool(r.failures))


async def main() -> None:
    """Record every story against a server in memory."""
    process, address = await asyncio.to_thread(start_server)
    try:
        client = await Client.connect(address, data_converter=pydantic_data_converter)
        for story in (whole_life, tracker_in_trouble):
            with tempfile.TemporaryDirectory() as directory:
                database = Database(f"sqlite:///{directory}/records.db")
                async with running(build_house(client, Records(database))) as house:
                    await story(house)
                    await house.handle.query("view")
                    history = await house.handle.fetch_history()
                HISTORIES.mkdir(exist_ok=True)
                kept = json.dumps(without_machine(json.loads(history.to_json())), indent=1)
                (HISTORIES / f"{story.__name__}.json").write_text(kept + "\n", encoding="utf-8")
                sys.stdout.write(f"{story.__name__}: {len(history.events)} events\n")
                database.close()
    finally:
        end(process)


if __name__ == "__main__":
    asyncio.run(main())
