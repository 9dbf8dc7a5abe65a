"""The `holdfast` command against the real web app: uvicorn in a thread, real records, and a door that has no engine."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from typer.testing import CliRunner, Result

import cli
from domain.lifecycle.inputs import Body, Close, Input, IssueOpened, ItemsRead, Tick
from domain.lifecycle.view import Answer
from domain.model.catalogue import Catalogue
from domain.model.review import Reading
from domain.model.taxonomy import ItemStatus
from domain.trackers.issue_text import item_issue
from records.database import Database
from records.store import Records
from runtime.files import read_yaml
from tests.domain.build import POLICY
from web.app import create_app
from web.deps import WebDeps
from workflows.door import AwayError, Outbox, Wishes

ROOT = Path(__file__).parents[2]
CATALOGUE = Catalogue.model_validate(read_yaml(ROOT / "catalogue.example.yaml"))


@dataclass
class DirectDoor:
    """Says everything to the records at once, and does what the outside is owed with the built-in tracker."""

    records: Records
    epoch: int
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    away: int = 0
    heard: list[Input] = field(default_factory=list)
    said: int = 0
    reads_at_once: bool = True

    async def command(self, review_id: str, input: Input) -> Answer:
        """Carry a command; the first `away` ones get no answer."""
        self.heard.append(input)
        if self.away > 0:
            self.away -= 1
            raise AwayError("Temporal did not answer in time; ask again with the same id.")
        return await asyncio.to_thread(self._carry, review_id, input)

    async def send_outgoing(self, outbox: Outbox) -> int:
        """Tell the reviews what the inbox holds."""
        outgoing = await asyncio.to_thread(outbox.outgoing)
        for delivery in outgoing:
            await asyncio.to_thread(self._advance, delivery.review_id, delivery.input)
        return len(outgoing)

    async def start_looks(self, wishes: Wishes) -> None:
        """Nothing is to be looked at here."""

    def _carry(self, review_id: str, input: Input) -> Answer:
        answer = self._advance(review_id, input)
        if answer.accepted:
            self._open_issues(review_id)
            if isinstance(input.body, Close) and self.reads_at_once:
                self.read_for_closing(review_id)
        return answer

    def _advance(self, review_id: str, input: Input) -> Answer:
        return self.records.advance(POLICY, CATALOGUE)(review_id, input, self.now, self.epoch).answer

    def tell(self, review_id: str, body: Body) -> None:
        """Tell a review a fact, or that time has passed."""
        self.said += 1
        self._advance(review_id, Input(id=f"said-{self.said}", body=body))

    def pass_time(self, review_id: str, period: timedelta) -> None:
        """Let time pass, and the review notice it."""
        self.now += period
        self.tell(review_id, Tick())

    def _open_issues(self, review_id: str) -> None:
        review = self.records.reviews.find(review_id)
        assert review is not None
        texts = self.records.people.texts(
            ref for item in review.items.values() for ref in (item.spec.title, item.spec.end_state)
        )
        for id, item in review.items.items():
            if item.accepted and item.ref is None:
                ref = self.records.builtin.ensure_issue(item_issue(review, item, texts, "default", ""))
                self.tell(review_id, IssueOpened(item=id, ref=ref, moves=item.moves))

    def read_for_closing(self, review_id: str) -> None:
        """Read all items, as closure asks for it."""
        review = self.records.reviews.find(review_id)
        assert review is not None
        refs = {
            id: item.ref
            for id, item in review.items.items()
            if item.ref is not None and item.status is not ItemStatus.WITHDRAWN
        }
        found = self.records.builtin.read(list(refs.values()))
        readings = tuple(
            Reading(item=id, status=read.status, as_of=self.now, ref=read.ref)
            for id, read in zip(refs, found, strict=True)
        )
        self.tell(review_id, ItemsRead(readings=readings, for_closing=True))


class Holdfast:
    """A person at the command line, and what is behind it."""

    def __init__(self, url: str, records: Records, door: DirectDoor, deps: WebDeps) -> None:
        self.url, self.records, self.door, self.deps = url, records, door, deps

    def run(self, *args: str, by: str = "ml-lead@example.org", url: str | None = None, stdin: str = "") -> Result:
        """Run a command as `by`."""
        env = {"HOLDFAST_URL": url or self.url, "HOLDFAST_AS": by}
        return CliRunner().invoke(cli.app, args, env=env, input=stdin)

    def done(self, *args: str, by: str = "ml-lead@example.org") -> str:
        """Run a command that has to succeed; what it says."""
        result = self.run(*args, by=by)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, *args: str, by: str = "ml-lead@example.org", code: int = 1) -> str:
        """Run a command that has to be refused, without a word on stdout; what it says beside that."""
        result = self.run(*args, by=by)
        assert (result.exit_code, result.stdout) == (code, ""), result.output
        return result.stderr

    def json(self, *args: str, by: str = "ml-lead@example.org") -> Any:
        """What a command answers with `--json`."""
        return json.loads(self.done(*args, "--json", by=by))

    def opened(self, severity: str = "SEV2") -> str:
        """The id of a review in stage draft."""
        title = "Ranking returned unrelated results"
        told = ("--title", title, "--service", "ranking-api", "--severity", severity)
        review = str(self.json("review", "open", *told, by="responder@example.org")["review"])
        self.door.pass_time(review, timedelta(hours=25))
        return review

    def submitted(self, severity: str = "SEV2") -> str:
        """The id of a review in stage sign-off."""
        review = self.opened(severity)
        self.done("review", "submit", review, str(ROOT / "docs/examples/draft.yaml"), by="writer@example.org")
        return review

    def signed(self) -> str:
        """The id of a review in stage remediation."""
        review = self.submitted()
        for team in ("ml", "infrastructure", "product"):
            self.done("review", "sign", review, "--team", team, by=f"{team}-signer@example.org")
        return review


@pytest.fixture
def holdfast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Holdfast]:
    """The web app on a free port, over records of its own."""
    monkeypatch.chdir(tmp_path)
    records = Records(Database(f"sqlite:///{tmp_path}/records.db"))
    door = DirectDoor(records, records.engines.claim("tests"))
    deps = WebDeps(
        records=records,
        policy=POLICY,
        catalogue=CATALOGUE,
        door=door,
        now=lambda: door.now,
        close_patience=timedelta(seconds=0),
    )
    with serving(create_app(deps)) as url:
        yield Holdfast(url, records, door, deps)
    records.database.close()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """A web server in a thread, for as long as the block lasts; its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.02)
    (listening,) = server.servers[0].sockets
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.shell.api_client.PAUSE", 0)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, without any setting."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOLDFAST_DATA_DIR")
    return tmp_path
