"""What it takes to know how issues are: requests against reading each one, and seconds against a bare signal.

Everything is asked of the stand-ins, which count the requests; so does what GitHub counts against its limit.
"""

import asyncio
import random
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import pytest
from github import Auth, Github
from jira import JIRA
from rich.console import Console
from sqlalchemy import select
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.listening import Listening
from activities.sync import SyncActivities
from domain.lifecycle.inputs import IssueOpened, SignForTeam, SubmitDraft
from domain.model.review import IssueRef, Review
from domain.model.taxonomy import IssueStatus, Stage
from domain.model.tracker_routing import Place, Routing
from domain.trackers.issue_text import block, labels
from domain.trackers.ports import IssueTracker
from integrations.trackers.github.tracker import GithubTracker
from integrations.trackers.jira.adf import to_adf
from integrations.trackers.jira.site import JiraSite
from integrations.trackers.jira.tracker import JiraTracker
from records import tables
from records.database import Database
from records.store import Records
from standins import webhooks
from standins.github import server as github_standin
from standins.github.accounts import person
from standins.github.server import GithubServer
from standins.jira import server as jira_standin
from standins.jira.server import JiraServer
from tests.domain.build import document, item
from tests.records.build import NOW, Teller
from tests.system.build import TEAMS, Users, prepare, product

PROJECTS = 20
ITEMS_IN_A_REVIEW = 25
MANY = 1_000_000
LATER = timedelta(minutes=15)
"""Longer than the minutes for which what was told is asked for once more, since lists lag and clocks differ."""

SYNC_EVERY = timedelta(seconds=2)
SECRETS = {"github": "a secret of GitHub's", "jira": "a secret of Jira's"}


# --- requests ---------------------------------------------------------------------------------------------------------


@dataclass
class Clock:
    """The clock of both trackers and of the adapters."""

    now: datetime

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@dataclass
class Asked:
    """What was asked of the trackers: all requests, what GitHub counts of them, what was found, and the seconds."""

    github: int
    counted: int
    jira: int
    found: int
    seconds: float

    @property
    def requests(self) -> int:
        """All of them, counted or not."""
        return self.github + self.jira


@dataclass
class Watched:
    """One item whose issue is in a tracker, and what a person does with that."""

    review: str
    item: str
    ref: IssueRef
    finish: Callable[[], object]
    say: Callable[[], object]


@dataclass
class Scene:
    """Two trackers, and records of real reviews that watch issues in them."""

    records: Records
    github: GithubServer
    jira: JiraServer
    clock: Clock
    teller: Teller
    sync: SyncActivities
    places: list[Place]
    items: dict[Place, list[Watched]] = field(default_factory=dict)

    def fill(self, reviews: int) -> None:
        """Let each project have so many reviews in remediation, whose items are open there.

        They are decided and recorded as any other; only their issues are put into the stand-ins without a request.
        """
        for place in self.places:
            self.items[place] = []
            for number in range(reviews):
                review = self._remediation(f"{place.project.rpartition('/')[2]}-{number}")
                for id, found in review.items.items():
                    body = "\n".join(block(review, found, _address(review.id)))
                    watched = self._issue(place, review.id, id, body, labels(review, found))
                    self.teller.say(review.id, IssueOpened(item=id, ref=watched.ref))
                    self.items[place].append(watched)

    def _remediation(self, id: str) -> Review:
        self.teller.now = NOW
        review = self.teller.to_draft(id)
        draft = document(items=[item(f"I{n + 1}") for n in range(ITEMS_IN_A_REVIEW)])
        saved = self.records.drafts.save(review, draft, "p-submitter")
        self.teller.say(review, SubmitDraft(revision=saved.revision, digest=saved.digest), "p-submitter")
        for team in TEAMS:
            self.teller.say(review, SignForTeam(team=team, digest=saved.digest), f"p-{team}")
        found = self.teller.find(review)
        assert found.stage is Stage.REMEDIATION
        return found

    def _issue(self, place: Place, review: str, id: str, body: str, named: Sequence[str]) -> Watched:
        if place.tracker == "github":
            issue = self.github.open_issue(self.github.repo(place.project), id, body, list(named))
            key = f"{place.project}#{issue.number}"
            url = f"{self.github.url}/{place.project}/issues/{issue.number}"
            ref = IssueRef(tracker="github", id=issue.node_id, key=key, url=url, project=place.project)
            return Watched(
                review,
                id,
                ref,
                finish=lambda: self.github.close(issue),
                say=lambda: self.github.comment(issue, "octocat", "Nearly there."),
            )
        there = self.jira.open_issue(
            self.jira.project(place.project), id, description=to_adf(body), labels=tuple(named)
        )
        url = f"{self.jira.url}/browse/{there.key}"
        ref = IssueRef(tracker="jira", id=there.id, key=there.key, url=url, project=place.project)
        return Watched(
            review,
            id,
            ref,
            finish=lambda: self.jira.finish(there),
            say=lambda: self.jira.comment(there, "Nearly there."),
        )

    def asked(self, act: Callable[[], int]) -> Asked:
        """What `act` asks of the trackers."""
        self.github.forget()
        self.jira.forget()
        before, begun = self._counted(), perf_counter()
        found = act()
        seconds = perf_counter() - begun
        return Asked(self.github.count(), self._counted() - before, self.jira.count(), found, seconds)

    def look(self) -> int:
        """One look at every project, as the schedule does; how many tellings came of it."""
        told = 0
        for place in self.places:
            more = True
            while more:
                looked = self.sync.look_at_project(place)
                assert not looked.trouble
                told, more = told + looked.told, looked.more
        return told

    def know(self) -> None:
        """Let the reviews hear what was told."""
        self.teller.now = datetime.now(UTC)
        while waiting := self.records.inbox.outgoing():
            for delivery in waiting:
                self.teller.say(delivery.review_id, delivery.input.body, id=delivery.input.id)
                self.records.inbox.sent(delivery.input.id)

    def is_known(self, watched: Watched, comments: bool) -> bool:
        """Whether a person's deed is known: the review knows that the issue is closed, or its comments were counted."""
        if comments:
            return self.records.seen.issues(watched.ref.tracker, [watched.ref.id])[watched.ref.id].comments > 0
        return self.teller.find(watched.review).items[watched.item].issue_status is IssueStatus.DONE

    def closed(self) -> int:
        """How many issues are closed in the trackers."""
        at_jira = sum(issue.resolution is not None for issue in self.jira.issues)
        return at_jira + sum(issue.state == "closed" for issue in self.github.issues)

    def _counted(self) -> int:
        account = person(self.github.login).name
        return sum(self.github.limits.budget(account, resource).used for resource in ("core", "graphql"))


def looking(console: Console, items: int, changed: int) -> None:
    """Learn the state of `items` of which `changed` have changed, and read each of them; print what that asks."""
    reviews = max(items // PROJECTS // ITEMS_IN_A_REVIEW, 1)
    items = reviews * PROJECTS * ITEMS_IN_A_REVIEW
    changed = min(changed, items // PROJECTS // 2)  # all of them in one project, and others there besides
    console.print(
        f"\n[bold]Looking[/bold]: {items} items of {reviews * PROJECTS} real reviews, in {PROJECTS // 2} GitHub "
        f"repositories and {PROJECTS // 2} Jira projects\n"
        "  The reviews went through `advance`; their issues were put into the stand-ins directly.\n"
        "  GitHub counts all requests against its limit but those that it answers with 304.",
        soft_wrap=True,
    )
    with ExitStack() as stack:
        scene = _scene(stack)
        begun = perf_counter()
        scene.fill(reviews)
        console.print(f"  {'made ready in':<46}{perf_counter() - begun:6.0f} s")
        console.print(f"  {'':<44}requests = GitHub (counted) + Jira", soft_wrap=True)
        left = {place: iter(watched) for place, watched in scene.items.items()}
        first, last = scene.places[0], scene.places[-1]

        def take(places: Sequence[Place], count: int) -> list[Watched]:
            return [next(left[place]) for place in islice(cycle(places), count)]

        def look(what: str, touched: Sequence[Watched] = (), comments: bool = False, later: bool = True) -> Asked:
            if later:
                scene.clock.now += LATER
            for watched in touched:
                (watched.say if comments else watched.finish)()
            asked = scene.asked(scene.look)
            scene.know()
            _print(console, what, asked, items if touched else None)
            if missed := [watched.ref.key for watched in touched if not scene.is_known(watched, comments)]:
                console.print(f"  [red]{len(missed)} of them were not learned[/red], such as {missed[0]}")
            return asked

        look("the first look, which reads every item")
        look("a second look, nothing changed")
        look("nothing changed")
        spread = look(f"{changed} closed, in all projects alike", take(scene.places, changed))
        look("nothing changed, at once after that", later=False)
        look("nothing changed, a look later")
        look("nothing changed, two looks later")
        look(f"{changed} closed, in two projects", take([first, last], changed))
        look(f"{changed} closed, in one GitHub repository", take([first], changed))
        look(f"{changed} closed, in one Jira project", take([last], changed))
        look(f"{changed} commented on, in all projects", take(scene.places, changed), comments=True)
        one_by_one = scene.asked(lambda: _read_one_by_one(scene))
        assert one_by_one.found == scene.closed(), "not what people did"
        _print(console, "each item with PyGithub and jira, all measured", one_by_one, None)
        ratio = one_by_one.requests / spread.requests
        console.print(
            f"  ratio {ratio:.0f} times fewer requests for {changed} changes in all projects (aim: at least 300), "
            f"{one_by_one.seconds / spread.seconds:.0f} times as fast",
            soft_wrap=True,
        )


def _scene(stack: ExitStack) -> Scene:
    directory = stack.enter_context(tempfile.TemporaryDirectory())
    github, jira = stack.enter_context(github_standin.running()), stack.enter_context(jira_standin.running())
    clock = Clock(datetime.now(UTC) - timedelta(days=1))
    github.clock = jira.site.clock = clock
    for resource in ("core", "graphql"):  # one budget for all, since reading each item would use up GitHub's hour
        github.limits.hourly[resource] = MANY
        github.spend(MANY, timedelta(days=30), resource)
    places = []
    for number in range(PROJECTS // 2):
        github.add_repo(f"acme/service-{number}")
        jira.add_project(f"S{number}", f"Service {number}")
        places += [
            Place(tracker="github", project=f"acme/service-{number}"),
            Place(tracker="jira", project=f"S{number}"),
        ]
    records = Records(Database(f"sqlite:///{directory}/records.db"))
    stack.callback(records.database.close)
    trackers: dict[str, IssueTracker] = {
        "github": GithubTracker(github_standin.TOKEN, github.url, now=clock),
        "jira": JiraTracker(
            JiraSite.model_validate({"url": jira.url, "email": jira_standin.EMAIL, "token": jira_standin.TOKEN}),
            now=clock,
        ),
    }
    listening = Listening(records.people, lambda account, tracker: None)
    sync = SyncActivities(records.reviews, records.inbox, records.seen, trackers, _address, listening)
    teller = Teller(records, routing=Routing(default=places[0]))
    return Scene(records, github, jira, clock, teller, sync, places)


def _address(review: str) -> str:
    return f"http://127.0.0.1:8585/reviews/{review}"


def _read_one_by_one(scene: Scene) -> int:
    """What one writes first: a request for each item. How many of them are done."""
    done = 0
    auth = Auth.Token(github_standin.TOKEN)
    with Github(auth=auth, base_url=scene.github.url, seconds_between_requests=None) as github:
        client = JIRA(
            scene.jira.url, basic_auth=(jira_standin.EMAIL, jira_standin.TOKEN), get_server_info=False, max_retries=0
        )
        for place, items in scene.items.items():
            repo = github.get_repo(place.project, lazy=True) if place.tracker == "github" else None
            for watched in items:
                if repo is not None:
                    found = repo.get_issue(int(watched.ref.key.rpartition("#")[2]))
                    done += (found.state, found.state_reason) == ("closed", "completed")
                else:
                    fields = client.issue(watched.ref.id, fields="status,resolution").fields
                    done += fields.resolution is not None and fields.resolution.name == "Done"
        client.close()  # type: ignore[no-untyped-call]
    return done


def _print(console: Console, what: str, asked: Asked, items: int | None) -> None:
    each = f"{items / asked.requests:6.0f} items a request" if items else ""
    console.print(
        f"  {what:<46}{asked.requests:6d} = {asked.github:4d} ({asked.counted:4d}) + {asked.jira:4d}"
        f"  in {asked.seconds:5.2f} s{each}",
        soft_wrap=True,
    )


# --- seconds ----------------------------------------------------------------------------------------------------------

HEARD: dict[str, float] = {}
LANES = 2
"""How many issues of each tracker are closed independently of one another."""

Opened = tuple[str, str, dict[str, Any]]
"""A review, one of its items, and the issue of that."""


@workflow.defn(sandboxed=False)
class Listener:
    """The yardstick: hears signals, and does nothing else."""

    def __init__(self) -> None:
        self._over = False

    @workflow.run
    async def run(self) -> None:
        """Until it is told that it is over."""
        await workflow.wait_condition(lambda: self._over)

    @workflow.signal
    def told(self, id: str) -> None:
        """Something happened; nothing: that was all."""
        HEARD.setdefault(id, perf_counter())
        self._over = self._over or not id


async def hearing(console: Console, closes: int, seed: int = 1) -> None:
    """Close `closes` issues of each tracker with webhooks and as many without, and print how long it takes to know."""
    chance = random.Random(seed)
    console.print(
        f"\n[bold]Hearing[/bold]: from an issue's close to the review that knows it, {closes} closes of each kind, one "
        f"Temporal server\n  The product's own three processes on SQLite; each project is looked at every "
        f"{SYNC_EVERY.total_seconds():.0f} s; the search of Jira does not lag here.",
        soft_wrap=True,
    )
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        github, jira = stack.enter_context(github_standin.running()), stack.enter_context(jira_standin.running())
        github.add_repo("acme/risk")
        settings = prepare(
            directory,
            github,
            stack.enter_context(pytest.MonkeyPatch.context()),
            default="github:acme/risk",
            routes=[{"to": "jira:SCORE", "outcomes": ["resilience_test"]}],
            sync_every=f"PT{SYNC_EVERY.total_seconds():.0f}S",
            github={
                "token": github_standin.TOKEN,
                "api_url": github.url,
                "new_per_minute": 6000,
                "webhook_secret": SECRETS["github"],
            },
            jira={
                "url": jira.url,
                "email": jira_standin.EMAIL,
                "token": jira_standin.TOKEN,
                "new_per_minute": 6000,
                "webhook_secret": SECRETS["jira"],
            },
        )
        async with product(settings) as house, Users(house.url) as users:
            opened = await _open_reviews(users, closes)
            records = Records(Database(settings.database))
            stack.callback(records.database.close)
            hooks = [
                stack.enter_context(webhooks.sending(f"{house.url}/webhooks/{name}", SECRETS[name], form))
                for name, form in (("github", webhooks.GITHUB), ("jira", webhooks.JIRA))
            ]
            for hook, standin in zip(hooks, (github, jira), strict=True):
                hook.listen(standin)

            async def close(review: str, id: str, ref: dict[str, Any], within: float) -> float:
                await asyncio.sleep(chance.uniform(0, within))
                begun = perf_counter()
                await asyncio.to_thread(_close, github, jira, ref)
                while not await asyncio.to_thread(_is_done, records, review, id):
                    await asyncio.sleep(0.01)
                return perf_counter() - begun

            async def lane(mine: Sequence[Opened], within: float) -> list[float]:
                return [await close(*which, within) for which in mine]

            for what, within in (("with webhooks", 0.5), ("without", SYNC_EVERY.total_seconds())):
                for hook in hooks:
                    hook.dropping = what == "without"
                mine = [[opened[tracker].pop() for _ in range(closes)] for tracker in SECRETS]
                spent = await asyncio.gather(*(lane(some[n::LANES], within) for some in mine for n in range(LANES)))
                for number, tracker in enumerate(SECRETS):
                    lanes = spent[number * LANES : (number + 1) * LANES]
                    _print_spent(console, f"{tracker}, {what}", [seconds for lane in lanes for seconds in lane])
            _print_spent(console, "a bare signal, until it is handled", await _signals(house.client, closes))


async def _open_reviews(users: Users, closes: int) -> dict[str, list[Opened]]:
    """Open issues, twice `closes` in each tracker: four of each review, whose fifth item stays open in the end."""

    async def one() -> list[Opened]:
        async with at_once:
            review = await users.incident_closes()
            await users.until(review, lambda r: r["stage"] == "draft")
            digest = await users.submit(review, 5)
            for team in TEAMS:
                await users.command(review, f"{team}@example.org", {"type": "sign", "team": team, "digest": digest})
            found = await users.until(review, lambda r: all(i["ref"] for i in r["items"].values()))
            return [(review, id, found["items"][id]["ref"]) for id in ("I1", "I2", "I3", "I4")]

    at_once = asyncio.Semaphore(6)
    made = [which for review in await asyncio.gather(*(one() for _ in range(closes))) for which in review]
    return {tracker: [which for which in made if which[2]["tracker"] == tracker] for tracker in SECRETS}


def _close(github: GithubServer, jira: JiraServer, ref: dict[str, Any]) -> None:
    if ref["tracker"] == "github":
        github.close(github.issue(ref["key"]))
    else:
        jira.finish(jira.issue(ref["id"]))


def _is_done(records: Records, review: str, id: str) -> bool:
    """Whether the review knows; asked often, and so without folding the review."""
    known = tables.watched_issues.c
    query = select(known.status).where(known.review_id == review, known.item == id)
    with records.database.read() as connection:
        return bool(connection.execute(query).scalar_one() == IssueStatus.DONE)


async def _signals(client: Client, count: int) -> list[float]:
    queue, spent = "bare-signals", []
    async with Worker(client, task_queue=queue, workflows=[Listener], workflow_runner=UnsandboxedWorkflowRunner()):
        handle = await client.start_workflow(Listener.run, id=queue, task_queue=queue)
        for number in range(count):
            begun = perf_counter()
            await handle.signal(Listener.told, str(number))
            while str(number) not in HEARD:
                await asyncio.sleep(0.001)
            spent.append(HEARD[str(number)] - begun)
        await handle.signal(Listener.told, "")
        await handle.result()
    return spent


def _print_spent(console: Console, what: str, spent: Sequence[float]) -> None:
    cuts = quantiles(spent, n=100, method="inclusive")
    console.print(
        f"  {what:<46}p50 {cuts[49]:6.3f} s   p99 {cuts[98]:6.3f} s   ({len(spent)} measured)", soft_wrap=True
    )
