"""Webhooks and looks in any order, repeated and lost: in the end a review knows what its tracker shows."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.listening import Listening
from activities.sync import SyncActivities
from activities.trackers import EffectRequest, TrackerActivities
from domain.model.taxonomy import IssueStatus
from domain.model.tracker_routing import Place
from domain.trackers.ports import UnavailableError
from integrations.trackers.memory import InMemoryTracker
from records.database import Database
from records.operations.inbox import Outgoing
from records.store import Records
from tests.records.build import IN_MEMORY, Teller

PROJECTS = ("default", "other")
ITEMS = ("I1", "I2")

engineers = st.tuples(
    st.sampled_from(("finish", "decline", "duplicate", "revive", "transfer", "forbid", "lose")), st.sampled_from(ITEMS)
)
"""Everything after which an issue can be read, or is gone for good."""

machines = st.tuples(
    st.sampled_from(("webhook", "look", "look_broken", "look_at_wanted", "deliver", "deliver_again")),
    st.sampled_from(ITEMS),
)


class World:
    """A review in remediation, its two issues in a tracker, and everything that carries news between them."""

    def __init__(self, records: Records) -> None:
        self.records, self.tracker = records, InMemoryTracker(*PROJECTS, page=1)
        self.teller = Teller(records, routing=IN_MEMORY)
        trackers = {"memory": self.tracker}
        listening = Listening(records.people, lambda account, tracker: None)
        self.sync = SyncActivities(records.reviews, records.inbox, records.seen, trackers, str, listening)
        acting = TrackerActivities(records.reviews, records.people, records.claims, trackers, str)
        self.review = self.teller.to_remediation(f"Q{datetime.now(UTC).timestamp()}")
        self.teller.add_item(self.review, "I2")
        for item in ITEMS:
            self.teller.say(self.review, acting.open_issue(EffectRequest(review_id=self.review, item=item)))
        self.heard: list[Outgoing] = []

    def do(self, act: str, item: str) -> None:
        issue = self.tracker.named(f"{self.review}/{item}")
        if act == "webhook":
            self.records.seen.want("memory", [issue.ref.id])
        elif act == "look":
            self._look()
        elif act == "look_broken":
            self.tracker.break_with(UnavailableError("away"))
            with pytest.raises(Exception, match="unavailable"):
                self.sync.look_at_wanted("memory") if self._wanted() else self._look()
            self.tracker.mend()
        elif act == "look_at_wanted":
            self.sync.look_at_wanted("memory")
        elif act == "deliver":
            self._deliver(list(self.records.inbox.outgoing())[::-1])
        elif act == "deliver_again":
            self._deliver(self.heard[-3:])
        elif act == "transfer":
            self.tracker.transfer(issue.ref.key, next(p for p in PROJECTS if p != issue.project))
        elif issue.status is not IssueStatus.MISSING:
            getattr(self.tracker, act)(issue.ref.key)

    def settle(self) -> None:
        """The next daily sweep, and everything that it brings."""
        for project in PROJECTS:
            known = self.records.seen.project("memory", project)
            self.records.seen.keep(known.model_copy(update={"swept_at": datetime.now(UTC) - timedelta(hours=25)}))
        for _ in range(4):
            self._look()
            self.sync.look_at_wanted("memory")
            self._deliver(list(self.records.inbox.outgoing()))

    def _wanted(self) -> bool:
        watched = {issue.ref.id for issue in self.records.reviews.watched_issues("memory")}
        return bool(watched & set(self.records.seen.wanted("memory", 10)))

    def _look(self) -> None:
        for project in PROJECTS:
            while self.sync.look_at_project(Place(tracker="memory", project=project)).more:
                pass

    def _deliver(self, deliveries: list[Outgoing]) -> None:
        for delivery in deliveries:
            self.teller.now = datetime.now(UTC)
            self.teller.say(delivery.review_id, delivery.input.body, delivery.input.by, delivery.input.id)
            self.records.inbox.sent(delivery.input.id)
            self.heard.append(delivery)


@pytest.fixture(scope="module")
def records() -> Iterator[Records]:
    with tempfile.TemporaryDirectory() as directory:
        found = Records(Database(f"sqlite:///{Path(directory) / 'records.db'}"))
        yield found
        found.database.close()


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.one_of(engineers, machines), max_size=14))
def test_in_the_end_a_review_knows_what_its_tracker_shows(records: Records, acts: list[tuple[str, str]]) -> None:
    world = World(records)
    for act, item in acts:
        world.do(act, item)
    world.settle()
    found = world.teller.find(world.review)
    for id in ITEMS:
        issue = world.tracker.named(f"{world.review}/{id}")
        assert found.items[id].issue_status is issue.status
        if issue.status not in (IssueStatus.MISSING, IssueStatus.FORBIDDEN):
            assert found.items[id].ref == issue.ref
    assert world.tracker.read([]) == []
