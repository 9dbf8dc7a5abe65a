"""What every tracker has to do, word for word the same for all of them.

A test file derives a class from `TrackerContract` and gives it the fixtures `tracker`, `engineer` and
`lose_next_answer`, and others where its defaults do not fit. Nothing here knows which tracker it looks at.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from domain.ports import IssueSpec, IssueTracker, NotFoundError, RejectedError, TrackerError
from domain.review import IssueRef
from domain.taxonomy import IssueStatus


class Engineer(Protocol):
    """A person who works in the tracker itself, with what it offers to people."""

    def finish(self, ref: IssueRef) -> None:
        """Close an issue as done."""
        ...

    def decline(self, ref: IssueRef) -> None:
        """Close an issue as not planned."""
        ...

    def mark_duplicate(self, ref: IssueRef) -> None:
        """Close an issue as a duplicate."""
        ...

    def delete(self, ref: IssueRef) -> None:
        """Delete an issue."""
        ...

    def reopen(self, ref: IssueRef) -> None:
        """Open a closed issue."""
        ...

    def assign(self, ref: IssueRef, login: str) -> None:
        """Give an issue to somebody."""
        ...

    def count(self, project: str) -> int:
        """How many issues a project has, open or not."""
        ...

    def text(self, ref: IssueRef) -> tuple[str, str]:
        """Title and body of an issue, as a person sees them."""
        ...

    def labels(self, ref: IssueRef) -> set[str]:
        """The labels of an issue."""
        ...

    def comments(self, ref: IssueRef) -> list[str]:
        """The comments on an issue, in order."""
        ...


class TrackerContract:
    """The tests. Derive from it, and give it its fixtures."""

    @pytest.fixture
    def tracker(self) -> IssueTracker:
        """The tracker that is looked at, with `project` in it and no issue."""
        raise NotImplementedError

    @pytest.fixture
    def engineer(self) -> Engineer:
        """Somebody who works in that tracker."""
        raise NotImplementedError

    @pytest.fixture
    def lose_next_answer(self) -> Callable[[], None]:
        """Let the next write be stored and then fail, as when a connection breaks after the request was taken."""
        raise NotImplementedError

    @pytest.fixture
    def project(self) -> str:
        return "acme/scoring"

    @pytest.fixture
    def unknown_project(self) -> str:
        return "acme/nowhere"

    @pytest.fixture
    def clock(self) -> Callable[[], datetime]:
        """The clock that the tracker goes by."""
        return lambda: datetime.now(UTC)

    @pytest.fixture
    def spec(self, project: str) -> IssueSpec:
        return IssueSpec(
            key="pagerduty:P1/item-1",
            project=project,
            title="Alert on calibration drift",
            body="Page the owner when the error of calibration passes 0.1.\n\nSee the review.",
            labels=("holdfast", "review-P1"),
        )

    # --- creating -----------------------------------------------------------------------------------------------------

    def test_an_issue_is_opened_as_asked(self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec) -> None:
        ref = tracker.ensure_issue(spec, None)
        title, body = engineer.text(ref)
        assert title == spec.title
        assert body.startswith(spec.body)
        assert engineer.labels(ref) == set(spec.labels)
        assert ref.tracker == tracker.name
        assert ref.id
        assert ref.key
        assert ref.url
        assert _statuses(tracker, ref) == [IssueStatus.OPEN]

    def test_asked_twice_there_is_one_issue(self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec) -> None:
        first = tracker.ensure_issue(spec, None)
        assert tracker.ensure_issue(spec, None) == first
        assert engineer.count(spec.project) == 1

    def test_after_an_unknown_outcome_there_is_one_issue(
        self,
        tracker: IssueTracker,
        engineer: Engineer,
        spec: IssueSpec,
        clock: Callable[[], datetime],
        lose_next_answer: Callable[[], None],
    ) -> None:
        began = clock()
        lose_next_answer()
        with pytest.raises(TrackerError):
            tracker.ensure_issue(spec, None)
        assert engineer.count(spec.project) == 1
        ref = tracker.ensure_issue(spec, began)
        assert engineer.count(spec.project) == 1
        assert tracker.ensure_issue(spec, None) == ref

    def test_after_a_first_attempt_that_did_nothing_the_issue_is_opened(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec, clock: Callable[[], datetime]
    ) -> None:
        tracker.ensure_issue(spec, clock() - timedelta(minutes=1))
        assert engineer.count(spec.project) == 1

    def test_each_key_has_its_own_issue(self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec) -> None:
        other = spec.model_copy(update={"key": f"{spec.key}0"})  # of which the first key is the beginning
        refs = [tracker.ensure_issue(each, None) for each in (other, spec, other, spec)]
        assert refs[:2] == refs[2:]
        assert refs[0] != refs[1]
        assert engineer.count(spec.project) == 2

    def test_a_closed_issue_is_found_and_not_made_again(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.finish(ref)
        assert tracker.ensure_issue(spec, None).id == ref.id
        assert engineer.count(spec.project) == 1

    def test_an_unknown_project_is_not_found(
        self, tracker: IssueTracker, spec: IssueSpec, unknown_project: str
    ) -> None:
        with pytest.raises(NotFoundError):
            tracker.ensure_issue(spec.model_copy(update={"project": unknown_project}), None)

    # --- reading ------------------------------------------------------------------------------------------------------

    def test_done_declined_duplicate_and_deleted_are_told_apart(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        refs = [tracker.ensure_issue(_numbered(spec, n), None) for n in range(5)]
        for act, ref in zip(
            (engineer.finish, engineer.decline, engineer.mark_duplicate, engineer.delete), refs, strict=False
        ):
            act(ref)
        assert _statuses(tracker, *refs) == [
            IssueStatus.DONE,
            IssueStatus.DECLINED,
            IssueStatus.DUPLICATE,
            IssueStatus.MISSING,
            IssueStatus.OPEN,
        ]

    def test_a_reopened_issue_is_open(self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.finish(ref)
        engineer.reopen(ref)
        assert _statuses(tracker, ref) == [IssueStatus.OPEN]

    def test_a_read_keeps_order_and_has_one_snapshot_for_each_ref(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        first, second, third = (tracker.ensure_issue(_numbered(spec, n), None) for n in range(3))
        engineer.delete(second)
        asked = [third, second, first, third]
        snapshots = tracker.read(asked)
        assert [snapshot.asked for snapshot in snapshots] == asked
        assert [snapshot.ref for snapshot in snapshots] == [third, None, first, third]

    def test_reading_nothing_gives_nothing(self, tracker: IssueTracker) -> None:
        assert tracker.read([]) == []

    def test_a_snapshot_is_dated_with_the_beginning_of_its_read(
        self, tracker: IssueTracker, spec: IssueSpec, clock: Callable[[], datetime]
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        before = clock()
        (snapshot,) = tracker.read([ref])
        assert before <= snapshot.as_of <= clock()

    def test_the_assignee_is_told(self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec) -> None:
        ref = tracker.ensure_issue(spec, None)
        assert tracker.read([ref])[0].assignee is None
        engineer.assign(ref, "octocat")
        assert tracker.read([ref])[0].assignee == "octocat"

    # --- writing ------------------------------------------------------------------------------------------------------

    def test_a_comment_is_made_once_for_each_key(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        for key, text in (("due:1", "Due on Friday."), ("due:1", "Due on Friday."), ("due:2", "Due today.")):
            tracker.comment(ref, key, text)
        first, second = engineer.comments(ref)
        assert first.startswith("Due on Friday.")
        assert second.startswith("Due today.")

    def test_a_comment_whose_answer_was_lost_is_made_once(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec, lose_next_answer: Callable[[], None]
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        lose_next_answer()
        with pytest.raises(TrackerError):
            tracker.comment(ref, "due:1", "Due on Friday.")
        tracker.comment(ref, "due:1", "Due on Friday.")
        assert len(engineer.comments(ref)) == 1

    def test_a_rewritten_issue_keeps_its_identity(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        for _ in range(2):
            tracker.rewrite(ref, "Alert on drift", "A shorter text.")
        title, body = engineer.text(ref)
        assert title == "Alert on drift"
        assert body.startswith("A shorter text.")
        assert spec.body not in body
        assert engineer.labels(ref) == set(spec.labels)
        assert tracker.ensure_issue(spec, None) == ref
        assert engineer.count(spec.project) == 1

    @pytest.mark.parametrize("status", [IssueStatus.DONE, IssueStatus.DECLINED])
    def test_closing_and_opening_may_be_repeated(
        self, tracker: IssueTracker, spec: IssueSpec, status: IssueStatus
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        for _ in range(2):
            tracker.close(ref, status)
            assert _statuses(tracker, ref) == [status]
        for _ in range(2):
            tracker.reopen(ref)
            assert _statuses(tracker, ref) == [IssueStatus.OPEN]

    def test_how_a_person_closed_an_issue_stays(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.decline(ref)
        tracker.close(ref, IssueStatus.DONE)
        assert _statuses(tracker, ref) == [IssueStatus.DECLINED]

    def test_an_issue_is_closed_as_done_or_declined_only(self, tracker: IssueTracker, spec: IssueSpec) -> None:
        ref = tracker.ensure_issue(spec, None)
        with pytest.raises(RejectedError):
            tracker.close(ref, IssueStatus.DUPLICATE)

    def test_what_is_deleted_cannot_be_written_to(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.delete(ref)
        writes: list[Callable[[], None]] = [
            lambda: tracker.rewrite(ref, "title", "body"),
            lambda: tracker.comment(ref, "key", "text"),
            lambda: tracker.reopen(ref),
            lambda: tracker.close(ref, IssueStatus.DONE),
        ]
        for write in writes:
            with pytest.raises(NotFoundError):
                write()

    # --- checking -----------------------------------------------------------------------------------------------------

    def test_a_check_has_nothing_to_say_when_all_is_well(self, tracker: IssueTracker, project: str) -> None:
        assert tracker.check(project) == []

    def test_a_check_names_a_project_that_is_not_there(self, tracker: IssueTracker, unknown_project: str) -> None:
        (sentence,) = tracker.check(unknown_project)
        assert unknown_project in sentence


def _numbered(spec: IssueSpec, number: int) -> IssueSpec:
    return spec.model_copy(update={"key": f"{spec.key}/{number}"})


def _statuses(tracker: IssueTracker, *refs: IssueRef) -> list[IssueStatus]:
    return [snapshot.status for snapshot in tracker.read(refs)]
