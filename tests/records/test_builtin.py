from collections.abc import Callable
from contextlib import contextmanager
from typing import ClassVar

import pytest

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import IssueTracker, NotFoundError, UnavailableError
from records.database import Database
from records.operations.builtin_tracker import BuiltinTracker
from records.store import Records
from tests.integrations.tracker_contract import Engineer, TrackerContract


class BuiltinEngineer:
    def __init__(self, tracker: BuiltinTracker) -> None:
        self._tracker = tracker

    def finish(self, ref: IssueRef, login: str = "octocat") -> None:
        self._tracker.mark(ref, IssueStatus.DONE, login)

    def merge(self, ref: IssueRef, author: str, merger: str) -> None:
        raise NotImplementedError("there are no changes here")

    def decline(self, ref: IssueRef) -> None:
        self._tracker.mark(ref, IssueStatus.DECLINED)

    def mark_duplicate(self, ref: IssueRef) -> None:
        self._tracker.mark(ref, IssueStatus.DUPLICATE)

    def delete(self, ref: IssueRef) -> None:
        self._tracker.delete(ref)

    def reopen(self, ref: IssueRef) -> None:
        self._tracker.mark(ref, IssueStatus.OPEN)

    def assign(self, ref: IssueRef, login: str) -> None:
        self._tracker.assign(ref, login)

    def unassign(self, ref: IssueRef, login: str) -> None:
        self._tracker.assign(ref, None)

    def count(self, project: str) -> int:
        return sum(issue.project == project for issue in self._tracker.list())

    def text(self, ref: IssueRef) -> tuple[str, str]:
        _, issue = self._tracker.issue(ref.key)
        return issue.title, issue.body

    def labels(self, ref: IssueRef) -> set[str]:
        return set(self._tracker.issue(ref.key)[1].labels)

    def comments(self, ref: IssueRef) -> list[str]:
        return [comment.text for comment in self._tracker.comments(ref)]

    def say(self, ref: IssueRef, login: str, text: str) -> None:
        self._tracker.say(ref, login, text)

    def unlabel(self, ref: IssueRef, label: str) -> None:
        self._tracker.unlabel(ref, label)

    def retitle(self, ref: IssueRef, title: str) -> None:
        self._tracker.rewrite(ref, title, self._tracker.issue(ref.key)[1].body)

    def blocked_by(self, ref: IssueRef) -> set[str]:
        return {other.key for other in self._tracker.blocked_by(ref)}


class TestBuiltinTracker(TrackerContract):
    LEFT_OUT: ClassVar = {
        "test_who_wrote_and_who_merged_the_change_that_closed_it_had_a_hand_in_it": "has no changes to code"
    }

    @pytest.fixture
    def tracker(self, records: Records) -> BuiltinTracker:
        return records.builtin

    @pytest.fixture
    def engineer(self, tracker: IssueTracker) -> Engineer:
        assert isinstance(tracker, BuiltinTracker)
        return BuiltinEngineer(tracker)

    @pytest.fixture
    def project(self) -> str:
        return "default"

    @pytest.fixture
    def lose_next_answer(self, tracker: BuiltinTracker, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
        """Let the next transaction be stored, and the connection break after it."""
        real = Database.write

        @contextmanager
        def breaking(self: Database):  # type: ignore[no-untyped-def]  # noqa: ANN202
            monkeypatch.setattr(Database, "write", real)
            with real(self) as connection:
                yield connection
            raise UnavailableError("the connection broke")

        return lambda: monkeypatch.setattr(Database, "write", breaking)


def test_an_issue_is_found_by_the_name_that_people_use(records: Records) -> None:
    with pytest.raises(NotFoundError, match="There is no issue HF-7"):
        records.builtin.find("HF-7")
    with pytest.raises(NotFoundError):
        records.builtin.find("other")
