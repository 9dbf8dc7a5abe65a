"""Temporal's database file is lost: every review goes on from the records alone."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from domain.model.taxonomy import Stage
from records.database import Database
from records.operations.inbox import DeliveryState
from records.store import Records
from runtime.engine import EngineError, find_server, free_port
from runtime.settings import Settings
from runtime.supervisor import Command, Kept
from standins.github.server import GithubServer
from standins.github.server import running as github_running
from tests.system.build import TEAMS, Users, prepare, product


@pytest.mark.timeout(300)
async def test_reviews_go_on_after_temporals_database_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with github_running() as github:
        github.add_repo("acme/risk")
        settings = prepare(tmp_path, github, monkeypatch)
        async with product(settings) as house, Users(house.url) as users:
            closed = await users.live(github)
            drafted = await users.incident_closes()
            await users.until(drafted, lambda r: r["stage"] == "draft")
            signed = await users.incident_closes()
            await users.until(signed, lambda r: r["stage"] == "draft")
            digest = await users.submit(signed)
            due = (await users.until(drafted, lambda r: True))["due"]
        _lose_the_engine(settings)
        unapplied = await _deliver_while_away(settings)

        with pytest.raises(EngineError, match="holdfast up --recover"):
            async with product(settings):
                pass

        async with product(settings, recover=True) as house, Users(house.url) as users:
            opened = await users.until(unapplied, lambda r: r["stage"] in ("stabilization", "draft"))
            assert opened["stage"]
            assert (await users.until(drafted, lambda r: True))["due"] == due
            for team in TEAMS:
                await users.command(signed, f"{team}@example.org", {"type": "sign", "team": team, "digest": digest})
            found = await users.until(signed, lambda r: r["items"]["I1"]["ref"] is not None)
            issue = github.issue(found["items"]["I1"]["ref"]["key"])
            issue.state, issue.state_reason = "closed", "completed"
            await users.until(signed, lambda r: r["stage"] == "closed")
            await _regresses(users, github, closed)
            await users.submit(drafted)
    records = Records(Database(settings.database))
    assert records.audit.verify().wrong == ()
    assert {d.state for d in records.inbox.list() if d.kind.startswith("incident")} == {DeliveryState.DONE}
    owner = records.engines.owner()
    assert owner is not None
    assert owner.epoch == 2
    records.database.close()


def _lose_the_engine(settings: Settings) -> None:
    for file in settings.data_dir.glob("temporal.db*"):
        file.unlink()


async def _deliver_while_away(settings: Settings) -> str:
    """A delivery that the web app acknowledges while there is no Temporal at all."""
    web = Kept(Command("web", (sys.executable, "-m", "cli", "web"), settings.data_dir / "logs" / "alone.log"))
    await web.start()
    try:
        async with Users(settings.url) as users:
            return await users.incident_closes()
    finally:
        await web.stop()


async def _regresses(users: Users, github: GithubServer, closed: str) -> None:
    """A review that was closed before the loss still watches its items."""
    found = await users.until(closed, lambda r: r["stage"] == Stage.CLOSED)
    issue = github.issue(found["items"]["I1"]["ref"]["key"])
    issue.state, issue.state_reason = "open", None
    await users.until(closed, lambda r: r["stage"] == "remediation")


@pytest.mark.timeout(200)
async def test_a_worker_of_the_old_engine_that_is_still_alive_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with github_running() as github:
        github.add_repo("acme/risk")
        settings = prepare(tmp_path, github, monkeypatch)
        async with product(settings) as old, Users(old.url) as users:
            review = await users.incident_closes()
            await users.until(review, lambda r: r["stage"] == "draft")
            records = Records(Database(settings.database))
            before = records.reviews.history(review)
            await _recover_elsewhere(settings, tmp_path)
            taken = records.reviews.history(review)
            assert taken == before
            answer = await users.http.post(
                f"/api/reviews/{review}/commands",
                json={"by": "someone@example.org", "command": {"type": "assign_owner", "owner": "new@example.org"}},
            )
            assert answer.status_code == 503, answer.text
            assert records.reviews.history(review) == before
            records.database.close()


async def _recover_elsewhere(settings: Settings, directory: Path) -> None:
    """`holdfast recover` on a second engine, while the first one and its worker are still alive."""
    port = free_port()
    argv = (find_server(), "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port))
    engine = Kept(Command("second", argv, directory / "second.log"))
    await engine.start()
    try:
        environment = {**os.environ, "HOLDFAST_TEMPORAL__ADDRESS": f"127.0.0.1:{port}"}
        async with asyncio.timeout(60):
            while True:
                recover = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "cli", "recover", "--yes"),
                    env=environment,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.STDOUT,
                )
                output, _ = await recover.communicate()
                if recover.returncode == 0:
                    return
                assert b"No Temporal service answers" in output, output.decode()
                await asyncio.sleep(0.2)
    finally:
        await engine.stop()
