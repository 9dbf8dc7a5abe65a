"""The durable side's composition root: settings become adapters, adapters activities, and those a worker.

`build_worker` is a pure builder that the process, the command line and the tests share.
"""

import asyncio
import dataclasses
import logging
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import time, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import SecretStr, ValidationError
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
from activities.sync import SWEEP, SyncActivities
from activities.trackers import SETTLE, TrackerActivities
from domain.catalogue import Catalogue
from domain.notices import ADMIN, APPROVERS, Book, QuietHours, Recipient, Way, named, person, team, way_of
from domain.places import Place, Routing
from domain.policy import Policy
from domain.ports import EvidenceSource, IssueTracker, Notifier
from domain.template import Additions, Template, completed
from domain.values import Calendar, PersonId, Record
from integrations.evidence import HttpEvidence
from integrations.notifiers.apprise import AppriseNotifier, knows_threads
from integrations.trackers.github import GithubApp, GithubTracker
from integrations.trackers.jira import JiraTracker
from integrations.trackers.jira_site import JiraSite
from records.calendars import Calendars, calendar_faults
from records.database import Database
from records.people import People
from records.store import Records
from records.streams import SupersededError
from runtime.files import DEFAULT_POLICY, DEFAULT_TEMPLATE, read_yaml
from runtime.settings import JiraSettings, RecipientSettings, Settings, SettingsError
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

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

NOBODY = Book()
"""Nobody is told anything: the pages alone say what is asked."""

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Parts:
    """Everything that the durable side is made of, built from settings or by a test."""

    records: Records
    policy: Policy
    catalogue: Catalogue
    trackers: Mapping[str, IssueTracker]
    routing: Routing
    address_of: Callable[[str], str]
    evidence: EvidenceSource = dataclasses.field(default_factory=HttpEvidence)
    settle: timedelta = SETTLE
    sweep_every: timedelta = SWEEP
    new_per_minute: Mapping[str, int] = dataclasses.field(default_factory=dict)
    book: Book = NOBODY
    notifier: Notifier = dataclasses.field(default_factory=lambda: AppriseNotifier({}))

    def account_of(self, person: PersonId, tracker: str) -> str | None:
        """How a tracker calls a person: as the catalogue says, else as their identity provider does."""
        handle = self.records.people.handles([person])[person]
        return self.catalogue.account_of(handle, tracker) or self.records.accounts.account_of(person, tracker)

    def handle_of(self, account: str, tracker: str) -> str | None:
        """Whose account that is in a tracker: as the catalogue says, else as their identity provider does."""
        return self.catalogue.handle_of(account, tracker) or self.records.accounts.handle_of(account, tracker)

    def person_of(self, account: str, tracker: str) -> tuple[PersonId, bool]:
        """Whose an account is in a tracker, and whether the catalogue says so; else somebody of that name alone."""
        handle = self.catalogue.handle_of(account, tracker)
        return self.records.people.id_of(handle or f"{tracker}:{account}"), handle is not None

    def known_now(self, stranger: PersonId) -> PersonId | None:
        """Who somebody is that was known by an account alone; none while the catalogue does not say so."""
        tracker, _, account = self.records.people.handles([stranger])[stranger].partition(":")
        person, known = self.person_of(account, tracker)
        return person if known and account else None


def build_parts(settings: Settings) -> Parts:
    """The parts that these settings ask for.

    Raises `SettingsError` where a file is wrong, and `records.database.DatabaseError` where the database is.
    """
    policy = read_policy(settings)
    catalogue = read_catalogue(settings.catalogue)
    records = Records(Database(settings.database), settings.url)
    url, trackers = settings.url, build_trackers(settings, records)
    book, channels = build_book(settings, catalogue, records.people)
    return Parts(
        records,
        policy,
        catalogue,
        trackers,
        read_routing(settings, catalogue).model_copy(update={"trackers": tuple(trackers)}),
        lambda review_id: f"{url}/reviews/{review_id}",
        evidence=HttpEvidence(settings.evidence.hosts),
        sweep_every=settings.trackers.sweep_every,
        new_per_minute={
            "github": settings.trackers.github.new_per_minute,
            "jira": settings.trackers.jira.new_per_minute,
        },
        book=book,
        notifier=AppriseNotifier(channels),
    )


def told_by_name(settings: Settings) -> dict[str, RecipientSettings]:
    """How each recipient with a channel is told, by name: admin, approvers, team/ID and person/HANDLE."""
    notify = settings.notify
    every = {ADMIN: notify.admin, APPROVERS: notify.approvers}
    every |= {team(id): told for id, told in notify.teams.items()}
    every |= {person(handle): told for handle, told in notify.people.items()}
    return {name: told for name, told in every.items() if told.channels}


def build_book(settings: Settings, catalogue: Catalogue, people: People) -> tuple[Book, dict[str, Sequence[SecretStr]]]:
    """Who can be told what is asked of them, and the channels of each by way. Persons stand there by opaque ids."""
    notify, told = settings.notify, told_by_name(settings)
    ids = {handle.casefold(): person(people.id_of(handle)) for handle in notify.people if person(handle) in told}
    names = {name: ids[name.removeprefix(person("")).casefold()] for name in told if name.startswith(person(""))}
    zones = {team(id): t.time_zone for id, t in catalogue.teams.items()}
    ways = {id: _by_way(id, told[name].channels) for name in told for id in (names.get(name, name),)}
    weekday = DAYS.index(notify.digest_day)
    recipients = {
        id: Recipient(
            id=id,
            calendar=Calendar(zone=told[name].time_zone or zones.get(name) or notify.time_zone),
            quiet=_quiet(told[name].quiet_hours or notify.quiet_hours),
            digest_at=timedelta(days=weekday, hours=notify.digest_hour),
            ways=tuple(ways[id]),
        )
        for name in told
        for id in (names.get(name, name),)
    }
    leads = {id: ids[t.lead.casefold()] for id, t in catalogue.teams.items() if t.lead.casefold() in ids}
    book = Book(recipients=recipients, leads=leads, named=ids)
    return book, {named(id, way): addresses for id, by_way in ways.items() for way, addresses in by_way.items()}


def _by_way(to: str, channels: Sequence[SecretStr]) -> dict[Way, list[SecretStr]]:
    ways: dict[Way, list[SecretStr]] = {}
    for address in channels:
        ways.setdefault(way_of(to, knows_threads(address)), []).append(address)
    return ways


def _quiet(hours: str) -> QuietHours:
    begin, _, end = hours.partition("-")
    return QuietHours(begin=time.fromisoformat(begin), end=time.fromisoformat(end))


def build_trackers(settings: Settings, records: Records) -> dict[str, IssueTracker]:
    """The trackers that can be used with these settings, by name. Raises `SettingsError`."""
    trackers: dict[str, IssueTracker] = {"builtin": records.builtin}
    github, jira = settings.trackers.github, settings.trackers.jira
    if github.token is not None and github.app is not None:
        raise SettingsError("trackers.github: give a token or an app, not both.")
    if github.token is not None:
        trackers["github"] = GithubTracker(github.token.get_secret_value(), github.api_url)
    elif github.app is not None:
        key = github.app.private_key.get_secret_value()
        app = GithubApp(app_id=github.app.id, private_key=key, installation_id=github.app.installation)
        trackers["github"] = GithubTracker(app, github.api_url)
    if jira.url is not None or jira.token is not None:
        trackers["jira"] = JiraTracker(_jira_site(jira), search_lag=jira.search_lag)
    return trackers


def _jira_site(jira: JiraSettings) -> JiraSite:
    told = jira.model_dump(exclude={"deployment", "webhook_secret", "new_per_minute", "search_lag"}, exclude_none=True)
    try:
        return JiraSite.model_validate({**told, "cloud": jira.deployment == "cloud"})
    except ValidationError as error:
        wrong = [
            f"{'.'.join(('trackers.jira', *map(str, e['loc'])))}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise SettingsError("; ".join(wrong)) from None


def read_routing(settings: Settings, catalogue: Catalogue) -> Routing:
    """Where items go: the routes, then what the catalogue says of a service, then the default.

    Raises `SettingsError`, which names the setting.
    """
    routes = [route.model_dump() for route in settings.trackers.routes]
    routes += [
        {"to": place, "services": [name]} for name in catalogue.services if (place := catalogue.tracker_for(name))
    ]
    try:
        return Routing.model_validate({"default": settings.trackers.default, "routes": routes})
    except ValidationError as error:
        wrong = [f"trackers.{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
        raise SettingsError("; ".join(wrong)) from None


def read_policy(settings: Settings) -> Policy:
    """The policy in force, with the template and what teams add to it.

    Raises `SettingsError`, which names the field.
    """
    path, template = settings.policy or DEFAULT_POLICY, _read(Template, settings.template or DEFAULT_TEMPLATE)
    written, additions = read_yaml(path) or {}, [_read(Additions, file) for file in settings.questions]
    if not isinstance(written, dict):
        raise SettingsError(f"{path} has to hold a policy, as {DEFAULT_POLICY.name} of this release does.")
    return _valid(Policy, completed(written, template, additions), path)


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue; an empty one where the file is not there. Raises `SettingsError`, which names the field."""
    read = _read(Catalogue, path) if path.is_file() else Catalogue()
    if wrong := calendar_faults(read):
        raise SettingsError(f"{path}: {'; '.join(wrong)}")
    return read


R = TypeVar("R", bound=Record)


def _read(kind: type[R], path: Path) -> R:
    return _valid(kind, read_yaml(path) or {}, path)


def _valid(kind: type[R], written: Any, path: Path) -> R:
    try:
        return kind.model_validate(written)
    except ValidationError as error:
        wrong = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}".lstrip(": ") for e in error.errors()]
        raise SettingsError(f"{path}: {'; '.join(wrong)}") from None


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
    listening = Listening(records.people, parts.handle_of)
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

    Raises `records.engines.ForeignEngineError` where the records belong to another engine, now and with every use.
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
    `runtime.temporal.EngineAwayError`, and `records.engines.ForeignEngineError` where another engine owns the records.
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
