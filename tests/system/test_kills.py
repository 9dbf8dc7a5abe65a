"""SIGKILL, at random moments, of everything that runs: nothing is lost, nothing happens twice, every review ends."""

import asyncio
import os
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from domain.lifecycle.permissions import Sight
from domain.model.taxonomy import Stage
from records.database import Database
from records.operations.inbox import DeliveryState
from records.store import Records
from standins.github.server import running as github_running
from tests.system.build import Users, prepare, product

KILLS = 20
LIVES = 12
SEED = 20261122


@pytest.mark.timeout(420)
async def test_twenty_kills_lose_nothing_and_double_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(SEED)
    killed: Counter[str] = Counter()
    with github_running() as github:
        github.add_repo("acme/risk")
        settings = prepare(tmp_path, github, monkeypatch)
        async with product(settings) as house, Users(house.url) as users:
            lives = [asyncio.create_task(_later(chance.uniform(0, 8), users, github)) for _ in range(LIVES)]
            targets = [house.engine, house.worker, house.web]
            while sum(killed.values()) < KILLS:
                await asyncio.sleep(chance.uniform(0.2, 1.5))
                target = targets[sum(killed.values()) % 3]
                if target.pid is not None:
                    os.kill(target.pid, signal.SIGKILL)
                    killed[target.command.name] += 1
            reviews = await asyncio.gather(*lives)
            await asyncio.gather(*(users.until(r, _tracking_is_closed) for r in reviews))
            assert house.engine.starts > 1
        keys = Counter(_marker(issue.body or "") for issue in github.issues)
    assert set(killed) == {"temporal", "worker", "web"}
    assert len(set(reviews)) == LIVES

    records = Records(Database(settings.database))
    assert set(records.reviews.ids()) == set(reviews)
    assert set(records.reviews.counts(Sight(everything=True))) == {Stage.CLOSED}
    assert records.audit.verify().wrong == ()
    for review in reviews:
        recorded = Counter((row.input_id, row.type) for row in records.reviews.history(review))
        assert set(recorded.values()) == {1}, "an event was recorded twice"
        accepted = {f"command:{id}" for id in users.accepted[review]}
        assert accepted <= {id for id, _ in recorded}, "an accepted command is missing"
        types = Counter(row.type for row in records.reviews.history(review))
        assert (types["TeamSigned"], types["ReviewClosed"], types["ItemIssueOpened"]) == (3, 1, 1)
    states = {delivery.delivery_id: delivery.state for delivery in records.inbox.list(limit=10_000)}
    assert {states[id] for id in users.deliveries} == {DeliveryState.DONE}
    assert set(keys) == {f"{review}/{what}" for review in reviews for what in ("I1", "tracking")}
    assert set(keys.values()) == {1}, "an issue was opened twice"
    records.database.close()


async def _later(seconds: float, users: Users, github: object) -> str:
    await asyncio.sleep(seconds)
    return await users.live(github)  # type: ignore[arg-type]


def _marker(body: str) -> str:
    return body.rpartition("<!-- holdfast:")[2].partition(" -->")[0]


def _tracking_is_closed(review: Any) -> bool:
    """Told late where a worker was killed while it told it; the review may be closed by then."""
    tracking = review["tracking"]
    return tracking is not None and tracking["status"] == "done"
