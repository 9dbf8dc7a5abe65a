"""Both trackers in trouble and a worker that dies: every item has one issue, and no review closes too early."""

from pathlib import Path

import pytest
from rich.console import Console

from tests.system.chaos import Chaos, live_through


@pytest.mark.timeout(420)
async def test_nothing_is_lost_or_doubled_in_chaos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chaos = Chaos(reviews=6, items=20, kills=4, patience=300, pause=6)
    await live_through(chaos, tmp_path, monkeypatch, Console())
