"""Both trackers at once, in trouble on one request in five, and the worker killed again and again.

`python -m tests.system.chaos` lives through it in full; a test does in small. The same seed is the same trouble.
"""

import argparse
import asyncio
import os
import random
import signal
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from rich.console import Console

from domain.model.taxonomy import IssueStatus, Stage
from integrations.trackers.jira.reading import KEY_LABEL
from records.database import Database
from records.store import Records
from standins.github import server as github_standin
from standins.github.server import GithubServer
from standins.jira import server as jira_standin
from standins.jira.server import EMAIL, TOKEN, JiraServer
from tests.system.build import TEAMS, Users, prepare, product

SEED = 20261122
SHARE = 0.2
"""One request in five meets trouble."""


@dataclass(frozen=True)
class Chaos:
    """How much of it there is. `patience` is how many seconds all of it may take."""

    reviews: int
    items: int
    kills: int
    patience: float
    at_once: int = 40
    pause: float = 45
    """Seconds between two kills, at most."""
    seed: int = SEED


class Engineers:
    """People who work in both trackers, and leave every issue done in the end."""

    def __init__(self, github: GithubServer, jira: JiraServer, chance: random.Random) -> None:
        self._github, self._jira, self._chance = github, jira, chance

    async def work(self, ref: dict[str, Any]) -> None:
        """Do what engineers do with an issue, and finish it."""
        detours: list[Callable[[dict[str, Any]], None]] = [self._decline, self._duplicate, self._tidy, self._move]
        for act in self._chance.sample(detours, self._chance.randrange(3)):
            act(ref)
            await asyncio.sleep(self._chance.uniform(0, 2))
        if ref["tracker"] == "github":
            with self._github.lock:
                self._github.close(self._at_github(ref))
        else:
            with self._jira.lock:
                self._jira.finish(self._jira.issue(ref["id"]))

    def _at_github(self, ref: dict[str, Any]) -> github_standin.Issue:
        return next(i for i in self._github.issues if f"<!-- holdfast:{ref['ours']} -->" in (i.body or ""))

    def _decline(self, ref: dict[str, Any]) -> None:
        if ref["tracker"] == "github":
            self._github.close(self._at_github(ref), "not_planned")
            self._github.reopen(self._at_github(ref))
        else:
            self._jira.decline(self._jira.issue(ref["id"]))
            self._jira.reopen(self._jira.issue(ref["id"]))

    def _duplicate(self, ref: dict[str, Any]) -> None:
        if ref["tracker"] == "github":
            self._github.close(self._at_github(ref), "duplicate")
            self._github.reopen(self._at_github(ref))
        else:
            issue = self._jira.issue(ref["id"])
            self._jira.duplicate(issue, issue)
            self._jira.reopen(issue)

    def _tidy(self, ref: dict[str, Any]) -> None:
        if ref["tracker"] == "github":
            self._github.unlabel(self._at_github(ref), "prevent")
            self._github.comment(self._at_github(ref), "octocat", "/holdfast why")
        else:
            self._jira.unlabel(self._jira.issue(ref["id"]), "prevent")
            self._jira.comment(self._jira.issue(ref["id"]), "/holdfast why")

    def _move(self, ref: dict[str, Any]) -> None:
        if ref["tracker"] == "github":
            self._github.transfer(self._at_github(ref), self._github.repo("acme/elsewhere"))
        else:
            self._jira.move(self._jira.issue(ref["id"]), self._jira.project("OTHER"))


async def live_through(chaos: Chaos, directory: Path, monkeypatch: pytest.MonkeyPatch, console: Console) -> None:
    """Let reviews live while everything goes wrong, and see that all is right in the end. Raises `AssertionError`."""
    chance = random.Random(chaos.seed)
    with github_standin.running() as github, jira_standin.running() as jira:
        for name in ("acme/risk", "acme/elsewhere"):
            github.add_repo(name)
        jira.add_project("RISK", "Risk")
        jira.add_project("OTHER", "Other")
        jira.lag(1.0)
        github.limits.switch_on(
            points=None, content=None, hourly=1_000_000
        )  # what takes hours is lived in minutes here
        settings = prepare(
            directory,
            github,
            monkeypatch,
            default="github:acme/risk",
            routes=[{"to": "jira:RISK", "outcomes": ["resilience_test"]}],
            sync_every="PT2S",
            sweep_every="PT20S",
            github={"token": github_standin.TOKEN, "api_url": github.url, "new_per_minute": 6000},
            jira={"url": jira.url, "email": EMAIL, "token": TOKEN, "search_lag": "PT3S", "new_per_minute": 6000},
        )
        for standin in (github, jira):
            standin.keep(requests=1000)
            standin.trouble(random.Random(chaos.seed), SHARE)
        begun = monotonic()
        async with product(settings) as house, Users(house.url, chaos.patience, every=1.0) as users:
            engineers, free = Engineers(github, jira, chance), asyncio.Semaphore(chaos.at_once)
            counts = [chaos.items // chaos.reviews + (n < chaos.items % chaos.reviews) for n in range(chaos.reviews)]
            lives = [asyncio.create_task(_live(users, engineers, count, free)) for count in counts]
            killing = asyncio.create_task(_kill(house.worker, chaos, chance, lives))
            reviews = []
            for life in asyncio.as_completed(lives):
                reviews.append(await life)
                if len(reviews) % 10 == 0:
                    console.print(f"{len(reviews)} of {chaos.reviews} closed after {monotonic() - begun:.0f} s")
            kills = await killing
            for standin in (github, jira):
                standin.calm()
            await asyncio.gather(*(users.until(review, _is_over) for review in reviews))
        troubled = github.troubled + jira.troubled
        _is_right(Records(Database(settings.database)), github, jira, reviews, chaos)
        asked = github.count() + jira.count()
        console.print(
            f"{len(reviews)} reviews and {chaos.items} items in {monotonic() - begun:.0f} s, {kills} kills; "
            f"{asked} requests, of which {troubled.total()} met trouble: {dict(sorted(troubled.items()))}"
        )
        assert kills == chaos.kills
        assert troubled.total() > asked * SHARE / 2


async def _live(users: Users, engineers: Engineers, items: int, free: asyncio.Semaphore) -> str:
    async with free:
        review = await users.incident_closes()
        await users.until(review, lambda r: r["stage"] == "draft")
        digest = await users.submit(review, items)
        for team in TEAMS:
            await users.command(review, f"{team}@example.org", {"type": "sign", "team": team, "digest": digest})
        waiting = {f"I{n + 1}" for n in range(items)}
        working = []
        while waiting:
            found = await users.until(review, lambda r: any(r["items"][id]["ref"] for id in waiting))
            for id in sorted(waiting):
                if ref := found["items"][id]["ref"]:
                    working.append(asyncio.create_task(engineers.work(ref | {"ours": f"{review}/{id}"})))
                    waiting.discard(id)
        await asyncio.gather(*working)
        await users.until(review, lambda r: r["stage"] == "closed")
        return review


async def _kill(worker: Any, chaos: Chaos, chance: random.Random, lives: list[asyncio.Task[str]]) -> int:
    """Kill the worker at random moments; while there is nothing left to be done, kill it all the same."""
    killed = 0
    while killed < chaos.kills:
        await asyncio.sleep(chance.uniform(chaos.pause / 3, chaos.pause))
        if worker.pid is not None:
            os.kill(worker.pid, signal.SIGKILL)
            killed += 1
    return killed


def _is_over(review: dict[str, Any]) -> bool:
    tracking = review["tracking"]
    return review["stage"] == "closed" and tracking is not None and tracking["status"] == "done"


def _is_right(records: Records, github: GithubServer, jira: JiraServer, reviews: list[str], chaos: Chaos) -> None:
    assert records.audit.verify().wrong == ()
    expected = Counter[str]()
    for review in map(records.reviews.find, reviews):
        assert review is not None
        assert review.stage is Stage.CLOSED
        assert review.closure is not None
        expected.update([f"{review.id}/tracking", *(f"{review.id}/{id}" for id in review.items)])
        for id, item in review.items.items():
            assert item.issue_status is IssueStatus.DONE, (review.id, id, item)
        finished = {reading.item: reading for reading in review.closure.readings}
        assert set(finished) == set(review.items), "closed without reading an item"
        assert {reading.status for reading in finished.values()} == {IssueStatus.DONE}
    at_github = Counter(
        (issue.body or "").rpartition("<!-- holdfast:")[2].partition(" -->")[0] for issue in github.issues
    )
    at_jira = Counter(
        label.removeprefix(KEY_LABEL) for issue in jira.issues for label in issue.labels if label.startswith(KEY_LABEL)
    )
    assert at_github + at_jira == expected, "not exactly one issue for each key"
    assert len(expected) == chaos.items + chaos.reviews
    assert {issue.state for issue in github.issues} == {"closed"}
    assert records.inbox.unfinished() == 0
    records.database.close()


def main() -> None:
    """Live through what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviews", type=int, default=300)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--patience", type=float, default=2400, help="seconds")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as monkeypatch:
        asyncio.run(live_through(Chaos(**vars(given)), Path(directory), monkeypatch, Console()))


if __name__ == "__main__":
    main()
