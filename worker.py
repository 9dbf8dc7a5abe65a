"""The durable side's composition root: settings become adapters, adapters activities, and those a worker.

`build_worker` is a pure builder that the process, the command line and the tests share.
"""

import asyncio
import dataclasses
import logging
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, Self

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from activities.evidence import EvidenceActivities
from activities.heartbeats import Heartbeats
from activities.listening import Listening
from activities.notices import NoticeActivities
from activities.reviews import ReviewActivities
from activities.sync import SyncActivities
from activities.trackers import TrackerActivities
from building.parts import Parts, build_parts
from domain.model.tracker_routing import Place
from domain.model.values import Record
from records.calendars import Calendars
from records.event_log.streams import SupersededError
from records.store import Records
from runtime.settings import Settings
from runtime.temporal import EngineAwayError, connect, engine_id
from workflows import contract
from workflows.door import Door
from workflows.notify import NotifyWorkflow
from workflows.review import ReviewWorkflow
from workflows.sync import LookWorkflow, SyncWorkflow, WakeWorkflow

THREADS = 20
"""How many activities of each sort a worker carries out at a time; each may block."""

TOUCHING_THREADS = 8
"""How many activities a worker carries out at a time in one tracker."""

GRACE = timedelta(seconds=10)
"""How long what is under way may take when a worker is told to end."""

LOOK_INTO_INBOX = timedelta(milliseconds=500)
"""How often the inbox is looked into while it is empty; the web app sends what it takes in at once."""

WAKE_EVERY = timedelta(minutes=5)
"""How often reviews are looked for that nobody looks at."""

NOTIFY_EVERY = timedelta(minutes=1)
"""How often it is decided who is to be told something."""

LOOK_FOR_PROJECTS = timedelta(seconds=15)
"""How often projects are looked for that are not scheduled yet, such as one that an issue was moved to."""

log = logging.getLogger(__name__)


def build_worker(client: Client, parts: Parts, task_queue: str = contract.TASK_QUEUE) -> "Workers":
    """The workers that carry out reviews, with the sandbox on. Use it as an async context.

    What touches the trackers has a task queue, threads and slots of its own: a tracker that hangs delays its own
    effects, and never a person's command or a timer.
    """
    records = parts.records
    reviews = ReviewActivities(records.advance(parts.policy, parts.catalogue, parts.routing), SupersededError)
    acting = TrackerActivities(
        records.reviews,
        records.people,
        records.claims,
        parts.trackers,
        parts.address_of,
        parts.account_of,
        parts.person_of,
        parts.known_now,
        parts.settle,
    )
    listening = Listening(records.people, parts.handle_of, parts.standing_of)
    sync = SyncActivities(
        records.reviews, records.inbox, records.seen, parts.trackers, parts.address_of, listening, parts.sweep_every
    )
    notices = NoticeActivities(
        records.reviews,
        records.people,
        records.notices,
        parts.notifier,
        parts.book,
        parts.address_of,
        Calendars(parts.catalogue).of,
    )
    restrictions = dataclasses.replace(
        SandboxRestrictions.default,
        import_notification_policy=SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
        | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH,
    )
    recording = Worker(
        client,
        task_queue=task_queue,
        workflows=[ReviewWorkflow, WakeWorkflow, SyncWorkflow, LookWorkflow, NotifyWorkflow],
        activities=[reviews.advance, sync.wake_overdue],
        activity_executor=ThreadPoolExecutor(THREADS, thread_name_prefix="recording"),
        max_concurrent_activities=THREADS,
        max_concurrent_local_activities=THREADS,
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
        graceful_shutdown_timeout=GRACE,
    )
    evidence = EvidenceActivities(records.reviews, records.people, records.attachments, parts.evidence)
    touching = [
        _touching(client, contract.tracker_queue(task_queue), [acting.read_items, evidence.keep_evidence]),
        _touching(client, contract.notify_queue(task_queue), [notices.decide_notices, notices.send_notice]),
    ]
    for name in parts.trackers:
        queue = contract.tracker_queue(task_queue, name)
        looking: list[Callable[..., Any]] = [sync.look_at_project, sync.look_at_wanted]
        doing = [acting.release_issue, acting.tend_issue, acting.answer_comment, acting.read_items]
        touching.append(_touching(client, queue, [*doing, *looking]))
        queue = contract.tracker_queue(task_queue, name, creating=True)
        making = [acting.open_issue, acting.tell_tracking]
        touching.append(_touching(client, queue, making, parts.new_per_minute.get(name)))
    return Workers(recording, *touching)


def _touching(
    client: Client, queue: str, activities: Sequence[Callable[..., Any]], per_minute: int | None = None
) -> Worker:
    """A worker that touches the outside; `per_minute` paces all workers on its queue together."""
    return Worker(
        client,
        task_queue=queue,
        activities=activities,
        activity_executor=ThreadPoolExecutor(TOUCHING_THREADS, thread_name_prefix=queue),
        max_concurrent_activities=TOUCHING_THREADS,
        max_task_queue_activities_per_second=per_minute / 60 if per_minute else None,
        interceptors=[Heartbeats()],
        graceful_shutdown_timeout=GRACE,
    )


class Workers:
    """Several workers as one: started together, and stopped together."""

    def __init__(self, *workers: Worker) -> None:
        self._workers = workers
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for worker in self._workers:
            await self._running.enter_async_context(worker)
        return self

    async def __aexit__(self, *raised: Any) -> None:
        await self._running.aclose()


async def register_search_attributes(client: Client) -> None:
    """Make sure that the namespace has the search attributes; a worker that writes an unknown one makes no progress.

    Raises `EngineAwayError`, which names them, where that cannot be done.
    """
    namespace = client.namespace
    try:
        listed = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
    except RPCError as error:
        raise EngineAwayError(f"The search attributes of {namespace} cannot be read: {error.message}.") from error
    wanted = {
        key.name: IndexedValueType.ValueType(int(key.indexed_value_type))
        for key in contract.SEARCH_ATTRIBUTES
        if key.name not in listed.custom_attributes
    }
    if wanted:
        request = AddSearchAttributesRequest(namespace=namespace, search_attributes=wanted)
        try:
            await client.operator_service.add_search_attributes(request)
        except RPCError as error:
            names = ", ".join(f"{key.name} ({key.indexed_value_type.name})" for key in contract.SEARCH_ATTRIBUTES)
            raise EngineAwayError(
                f"The namespace {namespace} lacks search attributes, and they cannot be added: {error.message}. "
                f"Let an administrator add {names}."
            ) from error


async def open_door(records: Records, client: Client) -> Door:
    """The way to the reviews' workflows on this engine.

    Raises `ForeignEngineError` where the records belong to another engine, now and with every use.
    """
    id = await engine_id(client)
    await asyncio.to_thread(records.engines.claim, id)
    return Door(client, lambda: records.engines.claim(id))


class Recovered(Record):
    """What a recovery did: the new epoch, how many reviews go on, and how many deliveries are sent again."""

    epoch: int
    reviews: int
    deliveries: int


async def recover(records: Records, client: Client) -> Recovered:
    """Make this engine the owner of the records, and start a workflow for every review that has not ended.

    Whoever still writes for the engine of before is refused from now on. Raises `runtime.temporal.EngineAwayError` and
    `workflows.door.AwayError`; carried out again, it goes on.
    """
    await register_search_attributes(client)
    id = await engine_id(client)
    epoch = await asyncio.to_thread(records.engines.take_over, id)
    await asyncio.to_thread(records.reviews.rebuild)
    deliveries = await asyncio.to_thread(records.inbox.send_all_again)
    door, going_on = Door(client, lambda: epoch), await asyncio.to_thread(records.reviews.going_on)
    for review_id in going_on:
        await door.start(review_id)
    return Recovered(epoch=epoch, reviews=len(going_on), deliveries=deliveries)


async def run(settings: Settings) -> None:
    """The worker process: claims the records for its engine, carries out reviews, and empties the inbox.

    Ends on SIGTERM and SIGINT, after what is under way. Raises `SettingsError`, `records.database.DatabaseError`,
    `runtime.temporal.EngineAwayError`, and `ForeignEngineError` where another engine owns the records.
    """
    parts = build_parts(settings)
    client = await connect(settings.temporal)
    door = await open_door(parts.records, client)
    await register_search_attributes(client)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with build_worker(client, parts):
        await door.schedule_waking(WAKE_EVERY)
        await door.schedule_notifying(NOTIFY_EVERY)
        log.info("worker ready: %s, namespace %s", settings.temporal.address, client.namespace)
        every = settings.trackers.sync_every
        under_way = [
            asyncio.create_task(door.keep_sending(parts.records.inbox, parts.records.seen, LOOK_INTO_INBOX)),
            asyncio.create_task(keep_scheduled(door, parts, every)),
        ]
        await stop.wait()
        for task in under_way:
            task.cancel()
    parts.records.database.close()


async def keep_scheduled(door: Door, parts: Parts, every: timedelta) -> None:
    """Have every tracker project looked at `every` so often: those that items are sent to, and those that hold any."""
    scheduled = set[Place]()
    while True:
        try:
            watched = await asyncio.to_thread(parts.records.reviews.watched_projects)
            held = {Place(tracker=w.tracker, project=w.project) for w in watched}
            wanted = {place for place in {*parts.routing.places, *held} if place.tracker in parts.trackers}
            for place in sorted(wanted - scheduled, key=str):
                await door.schedule_sync(place, every)
                scheduled.add(place)
        except Exception as error:
            log.warning("some trackers are not looked at yet: %s: %s", type(error).__name__, error)
        await asyncio.sleep(LOOK_FOR_PROJECTS.total_seconds())
