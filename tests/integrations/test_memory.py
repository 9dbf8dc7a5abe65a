from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import (
    IssueSpec,
    IssueTracker,
    NotFoundError,
    RateLimitedError,
    UnauthorisedError,
    UnavailableError,
)
from integrations.trackers.memory import InMemoryTracker
from tests.integrations.tracker_contract import RemoteEngineer, RemoteTrackerContract

SPEC = IssueSpec(key="P1/1", project="acme/scoring", title="Alert on drift", body="Why and how.")


class MemoryEngineer:
    def __init__(self, tracker: InMemoryTracker) -> None:
        self._tracker = tracker

    def finish(self, ref: IssueRef, login: str = "octocat") -> None:
        self._tracker.finish(ref.key, login)

    def merge(self, ref: IssueRef, author: str, merger: str) -> None:
        self._tracker.finish(ref.key, author, merger)

    def decline(self, ref: IssueRef) -> None:
        self._tracker.decline(ref.key)

    def mark_duplicate(self, ref: IssueRef) -> None:
        self._tracker.duplicate(ref.key)

    def delete(self, ref: IssueRef) -> None:
        self._tracker.lose(ref.key)

    def reopen(self, ref: IssueRef) -> None:
        self._tracker.revive(ref.key)

    def assign(self, ref: IssueRef, login: str) -> None:
        self._tracker.assign(ref.key, login)

    def unassign(self, ref: IssueRef, login: str) -> None:
        self._tracker.assign(ref.key, None)

    def count(self, project: str) -> int:
        return sum(issue.spec.project == project for issue in self._tracker.issues)

    def text(self, ref: IssueRef) -> tuple[str, str]:
        issue = self._tracker.named(ref.key)
        return issue.title, issue.body

    def labels(self, ref: IssueRef) -> set[str]:
        return set(self._tracker.named(ref.key).labels)

    def comments(self, ref: IssueRef) -> list[str]:
        return [comment.text for comment in self._tracker.named(ref.key).comments]

    def say(self, ref: IssueRef, login: str, text: str) -> None:
        self._tracker.say(ref.key, login, text)

    def unlabel(self, ref: IssueRef, label: str) -> None:
        self._tracker.unlabel(ref.key, label)

    def retitle(self, ref: IssueRef, title: str) -> None:
        self._tracker.retitle(ref.key, title)

    def blocked_by(self, ref: IssueRef) -> set[str]:
        return self._tracker.named(ref.key).blocked_by

    def reword(self, ref: IssueRef, said: str, text: str) -> None:
        self._tracker.edit(ref.key, said, text)

    def unsay(self, ref: IssueRef, said: str) -> None:
        self._tracker.unsay(ref.key, said)

    def move(self, ref: IssueRef) -> None:
        self._tracker.transfer(ref.key, "acme/other")

    def hide(self, ref: IssueRef) -> None:
        self._tracker.forbid(ref.key)

    def limit(self, seconds: int) -> None:
        retry_at = datetime.now(UTC) + timedelta(seconds=seconds)
        self._tracker.break_with(RateLimitedError("Slowly.", retry_at))

    def fail_next(self) -> None:
        self._tracker.break_with(UnavailableError("In trouble."))

    def refuse_credential(self) -> None:
        self._tracker.break_with(UnauthorisedError("The token is refused."), times=None)


class TestInMemoryTracker(RemoteTrackerContract):
    @pytest.fixture
    def tracker(self) -> InMemoryTracker:
        return InMemoryTracker("acme/scoring", "acme/other")

    @pytest.fixture
    def engineer(self, tracker: IssueTracker) -> RemoteEngineer:
        assert isinstance(tracker, InMemoryTracker)
        return MemoryEngineer(tracker)

    @pytest.fixture
    def lose_next_answer(self, tracker: IssueTracker) -> Callable[[], None]:
        assert isinstance(tracker, InMemoryTracker)
        return lambda: tracker.break_with(UnavailableError("The answer was lost."), stored=True)


def test_a_broken_tracker_fails_as_often_as_asked() -> None:
    tracker = InMemoryTracker("acme/scoring")
    tracker.break_with(RateLimitedError("Slowly."), times=2)
    for _ in range(2):
        with pytest.raises(RateLimitedError):
            tracker.ensure_issue(SPEC, None)
    assert tracker.issues == []
    assert tracker.ensure_issue(SPEC, None).key == "acme/scoring#1"


def test_a_broken_tracker_fails_until_it_is_mended() -> None:
    tracker = InMemoryTracker("acme/scoring")
    tracker.break_with(UnauthorisedError("The token is refused."), times=None)
    for _ in range(3):
        assert tracker.check("acme/scoring") == ["The token is refused."]
    tracker.mend()
    assert tracker.check("acme/scoring") == []


def test_an_issue_may_be_moved_or_hidden() -> None:
    tracker = InMemoryTracker("acme/scoring")
    ref = tracker.ensure_issue(SPEC, None)
    tracker.move(SPEC.key)
    assert tracker.read([ref])[0].status is IssueStatus.MOVED
    with pytest.raises(NotFoundError):
        tracker.reopen(ref)
    tracker.forbid(SPEC.key)
    assert tracker.read([ref])[0].status is IssueStatus.FORBIDDEN
    with pytest.raises(UnauthorisedError):
        tracker.reopen(ref)


def test_what_was_never_there_is_missing() -> None:
    tracker = InMemoryTracker("acme/scoring")
    ref = IssueRef(
        tracker="memory", id="7", key="acme/scoring#7", url="memory://acme/scoring/7", project="acme/scoring"
    )
    assert tracker.read([ref])[0].status is IssueStatus.MISSING
    with pytest.raises(KeyError):
        tracker.finish("acme/scoring#7")
