"""Messages go out on a schedule, each on its own, and no review ever waits for one."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
import yaml
from apprise.plugins.slack import NotifySlack
from temporalio.client import Client

from building.parts import build_parts
from domain.lifecycle.inputs import AssignOwner, IncidentTold
from domain.model.taxonomy import Stage
from domain.people.notifications import Book, Recipient, person, team
from domain.trackers.ports import NO_THREADS, Notifier, Threads
from integrations.notifiers.memory import InMemoryNotifier
from records.store import Records
from runtime.settings import load_settings
from standins.http import serving
from tests.post import Post
from tests.records.build import PERSON, told
from tests.slack import TOKEN, Slack
from tests.workflows.build import House, build_house, quick_policy, running
from workflows import contract
from workflows.notify import NotifyWorkflow

OWNER, RECS = person(PERSON), team("recs")
BOOK = Book(recipients={id: Recipient(id=id, digest_at=timedelta()) for id in (OWNER, RECS)})


class Hanging(InMemoryNotifier):
    """A notifier that says nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__([OWNER, RECS])
        self.asked, self.let_go = Event(), Event()

    def send(self, to: str, title: str, text: str, threads: Threads = NO_THREADS) -> Threads:
        self.asked.set()
        self.let_go.wait(60)
        return super().send(to, title, text, threads)


class FailingForOne(InMemoryNotifier):
    """Fails in a way that nobody foresaw, for one recipient."""

    def send(self, to: str, title: str, text: str, threads: Threads = NO_THREADS) -> Threads:
        if to == OWNER:
            raise LookupError
        return super().send(to, title, text, threads)


def house_with(client: Client, records: Records, notifier: Notifier) -> House:
    house = build_house(client, records)
    return dataclasses.replace(house, parts=dataclasses.replace(house.parts, book=BOOK, notifier=notifier))


@pytest.fixture
async def house(client: Client, sqlite_records: Records) -> AsyncIterator[House]:
    async with running(house_with(client, sqlite_records, InMemoryNotifier([OWNER, RECS]))) as house:
        yield house


async def notify(house: House) -> int:
    id = f"notify-{house.queue}"
    return await house.client.execute_workflow(NotifyWorkflow.run, id=id, task_queue=house.queue)


async def to_draft(house: House) -> None:
    await house.open()
    await house.until(lambda review: review.stage is Stage.DRAFT)


async def test_what_is_due_is_sent_and_then_nothing_more(house: House) -> None:
    assert isinstance(house.parts.notifier, InMemoryNotifier)
    await to_draft(house)
    assert await notify(house) == len(house.parts.notifier.sent) >= 2
    assert {to for to, _, _ in house.parts.notifier.sent} == {OWNER, RECS}
    assert await notify(house) == 0


async def test_a_notifier_that_hangs_delays_no_review(client: Client, sqlite_records: Records) -> None:
    notifier = Hanging()
    async with running(house_with(client, sqlite_records, notifier)) as house:
        await to_draft(house)
        sending = asyncio.create_task(notify(house))
        assert await asyncio.to_thread(notifier.asked.wait, 30)
        answer = await house.command(AssignOwner(owner="p-another"))
        assert answer.accepted
        assert not sending.done()
        notifier.let_go.set()
        assert await sending >= 2


async def test_one_message_that_cannot_be_sent_keeps_no_other_back(client: Client, sqlite_records: Records) -> None:
    notifier = FailingForOne([OWNER, RECS])
    async with running(house_with(client, sqlite_records, notifier)) as house:
        await to_draft(house)
        assert await notify(house) == len(notifier.sent) >= 1
    outcomes = {kept.recipient: kept.outcome for kept in sqlite_records.notices.list()}
    assert outcomes == {OWNER: "unknown", RECS: "sent"}


async def test_from_the_settings_to_the_channel(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = {"title": "Recommendations", "lead": "lead@example.org"}
    service = {"title": "Ranker", "team": "recs"}
    catalogue = tmp_path / "catalogue.yaml"
    catalogue.write_text(yaml.safe_dump({"teams": {"recs": team}, "services": {"ranker": service}}))
    monkeypatch.setenv("HOLDFAST_CATALOGUE", str(catalogue))
    with serving(Post()) as post:
        channel = {"channels": [post.url.replace("http://", "json://")], "quiet_hours": "00:00-00:00"}
        settings = load_settings(notify={"people": {"Lead@example.org": channel}})
        parts = dataclasses.replace(build_parts(settings), policy=quick_policy())
        house = build_house(client, parts.records)
        async with running(dataclasses.replace(house, parts=parts)) as house:
            incident = told(house.review.removeprefix("pagerduty:"), at=datetime.now(UTC)).incident
            lead = await asyncio.to_thread(parts.records.people.id_of, "lead@example.org")
            await house.tell(IncidentTold(incident=incident.model_copy(update={"responder": None, "lead": lead})))
            await house.until(lambda review: review.stage is Stage.DRAFT)
            assert await notify(house) == len(post.kept) == 2
        parts.records.database.close()
    assert all(f"{settings.url}/reviews/{house.review}#" in message["message"] for message in post.kept)


async def test_from_the_settings_into_the_thread_of_a_review(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = tmp_path / "catalogue.yaml"
    team, service = {"title": "Recommendations", "lead": "lead@example.org"}, {"title": "Ranker", "team": "recs"}
    catalogue.write_text(yaml.safe_dump({"teams": {"recs": team}, "services": {"ranker": service}}))
    monkeypatch.setenv("HOLDFAST_CATALOGUE", str(catalogue))
    with serving(Slack()) as slack:
        monkeypatch.setattr(NotifySlack, "api_url", f"{slack.url}/api/{{}}")
        channel = {"channels": [f"slack://{TOKEN}/#ml/#ops"], "quiet_hours": "00:00-00:00"}
        settings = load_settings(notify={"teams": {"recs": channel}, "digest_day": "sunday", "digest_hour": 23})
        parts = dataclasses.replace(build_parts(settings), policy=quick_policy())
        async with running(dataclasses.replace(build_house(client, parts.records), parts=parts)) as house:
            await to_draft(house)
            now = datetime.now(UTC)
            digest = (now.weekday(), now.hour) == (6, 23)  # at any other time of the week it is not due yet
            assert await notify(house) == 1 + digest, "what is urgent"
            assert await notify(house) == 1, "and then what else there is"
            assert await notify(house) == 0
        parts.records.database.close()
    threads = [message for message in slack.messages if "The week of" not in message["title"]]
    (in_ml, in_ops), replies = threads[:2], threads[2:]
    assert [(m["channel"], m.get("thread_ts")) for m in (in_ml, in_ops)] == [("C1", None), ("C2", None)]
    assert [(m["channel"], m["thread_ts"]) for m in replies] == [("C1", in_ml["ts"]), ("C2", in_ops["ts"])]
    assert f"{settings.url}/reviews/{house.review}" in in_ml["text"].splitlines()[0]


async def test_people_are_told_on_a_schedule(house: House) -> None:
    await house.door.schedule_notifying(timedelta(minutes=1))
    handle = house.client.get_schedule_handle(contract.NOTIFY_SCHEDULE)
    described = await handle.describe()
    assert described.schedule.spec.intervals[0].every == timedelta(minutes=1)
    await handle.delete()
