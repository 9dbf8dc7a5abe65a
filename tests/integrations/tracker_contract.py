"""What every tracker has to do, word for word the same for all of them.

A test file derives a class from `TrackerContract` and gives it the fixtures `tracker`, `engineer` and
`lose_next_answer`, and others where its defaults do not fit. Nothing here knows which tracker it looks at.

What a tracker cannot have is named in `LEFT_OUT`, with the reason: each of those tests has to fail, so that the list
is corrected as soon as one does not.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Protocol

import pytest

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import (
    Attempts,
    IssueSnapshot,
    IssueSpec,
    IssueTracker,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)


class Engineer(Protocol):
    """A person who works in the tracker itself, with what it offers to people."""

    def finish(self, ref: IssueRef, login: str = "octocat") -> None:
        """Close an issue as done, as somebody."""
        ...

    def merge(self, ref: IssueRef, author: str, merger: str) -> None:
        """Merge a change by `author`, as `merger`, by which the tracker closes an issue as done."""
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

    def unassign(self, ref: IssueRef, login: str) -> None:
        """Take an issue from somebody."""
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

    def say(self, ref: IssueRef, login: str, text: str) -> None:
        """Comment on an issue, as somebody."""
        ...

    def unlabel(self, ref: IssueRef, label: str) -> None:
        """Take a label off an issue."""
        ...

    def retitle(self, ref: IssueRef, title: str) -> None:
        """Give an issue another title."""
        ...

    def blocked_by(self, ref: IssueRef) -> set[str]:
        """The keys of the issues that are shown as blocking an issue."""
        ...


class RemoteEngineer(Engineer, Protocol):
    """The same in a tracker of somebody else's, with several projects, rights and limits."""

    def move(self, ref: IssueRef) -> None:
        """Move an issue to another project that we may see."""
        ...

    def reword(self, ref: IssueRef, said: str, text: str) -> None:
        """Edit a comment, known by what it says."""
        ...

    def unsay(self, ref: IssueRef, said: str) -> None:
        """Delete a comment, known by what it says."""
        ...

    def hide(self, ref: IssueRef) -> None:
        """Let us not see an issue any more."""
        ...

    def limit(self, seconds: int) -> None:
        """Let the tracker answer the next request only that it is to be left alone for so long."""
        ...

    def fail_next(self) -> None:
        """Let the tracker be in trouble for the next request."""
        ...

    def refuse_credential(self) -> None:
        """Let the tracker refuse our credential from now on."""
        ...


class TrackerContract:
    """The tests. Derive from it, and give it its fixtures."""

    LEFT_OUT: ClassVar[dict[str, str]] = {}
    """Tests of what the tracker cannot have, and why."""

    @pytest.fixture(autouse=True)
    def _left_out(self, request: pytest.FixtureRequest) -> None:
        reason = self.LEFT_OUT.get(request.node.originalname)
        if reason is not None:
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))

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
    def many(self) -> int:
        """More changes than the tracker tells at once."""
        return 120

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
        ref = tracker.ensure_issue(spec, Attempts(first=began, last=began))
        assert engineer.count(spec.project) == 1
        assert tracker.ensure_issue(spec, None) == ref

    def test_after_a_first_attempt_that_did_nothing_the_issue_is_opened(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec, clock: Callable[[], datetime]
    ) -> None:
        began = clock() - timedelta(minutes=5)
        tracker.ensure_issue(spec, Attempts(first=began, last=began))
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

    def test_a_snapshot_says_what_belongs_to_the_tracker_and_what_is_ours(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.retitle(ref, "Page on drift")
        engineer.unlabel(ref, spec.labels[1])
        (found,) = tracker.read([ref])
        assert found.title == "Page on drift"
        assert found.labels is not None
        assert set(found.labels) == {spec.labels[0]}
        assert found.body is not None
        assert "Page the owner when the error of calibration passes 0.1." in found.body

    def test_an_issue_is_found_by_what_people_call_it(self, tracker: IssueTracker, spec: IssueSpec) -> None:
        ref = tracker.ensure_issue(spec, None)
        assert tracker.find(ref.key) == ref

    def test_what_nobody_calls_an_issue_is_not_found(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.delete(ref)
        for key in (ref.key, "no key at all"):
            with pytest.raises(NotFoundError):
                tracker.find(key)

    # --- who had a hand in it -----------------------------------------------------------------------------------------

    def test_who_is_or_was_assigned_and_who_closed_it_had_a_hand_in_it(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.assign(ref, "octocat")
        assert _doers(tracker, ref) == {"octocat"}
        engineer.unassign(ref, "octocat")
        engineer.assign(ref, "hubot")
        assert _doers(tracker, ref) == {"octocat", "hubot"}
        engineer.unassign(ref, "hubot")
        engineer.finish(ref, "monalisa")
        assert _doers(tracker, ref) == {"octocat", "hubot", "monalisa"}

    def test_who_closed_it_before_it_was_opened_again_had_a_hand_in_it(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.finish(ref, "hubot")
        engineer.reopen(ref)
        assert _doers(tracker, ref) == {"hubot"}
        engineer.finish(ref, "monalisa")
        assert _doers(tracker, ref) == {"hubot", "monalisa"}

    def test_who_wrote_and_who_merged_the_change_that_closed_it_had_a_hand_in_it(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.merge(ref, "hubot", "monalisa")
        assert _statuses(tracker, ref) == [IssueStatus.DONE]
        assert _doers(tracker, ref) == {"hubot", "monalisa"}

    def test_who_opens_labels_rewrites_or_comments_had_no_hand_in_it(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        tracker.label(ref, ["prevent"])
        tracker.rewrite(ref, "Alert on drift", "A shorter text.")
        tracker.comment(ref, "due:1", "Due on Friday.")
        engineer.say(ref, "hubot", "Nearly there.")
        engineer.retitle(ref, "Page on drift")
        assert _doers(tracker, ref) == set()

    def test_who_had_a_hand_in_it_is_told_of_each_of_many(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        refs = [tracker.ensure_issue(_numbered(spec, n), None) for n in range(8)]
        engineer.assign(refs[1], "hubot")
        engineer.finish(refs[2], "monalisa")
        engineer.assign(refs[3], "monalisa")
        engineer.finish(refs[3], "monalisa")
        assert [found.doers for found in tracker.read(refs)] == [
            (),
            ("hubot",),
            ("monalisa",),
            ("monalisa",),
            *[()] * 4,
        ]

    # --- changes ------------------------------------------------------------------------------------------------------

    def test_changes_begin_with_nothing(self, tracker: IssueTracker, spec: IssueSpec) -> None:
        ref = tracker.ensure_issue(spec, None)
        first = tracker.changes(spec.project, None, {ref.id})
        assert first.snapshots == ()
        assert first.cursor

    def test_what_changed_is_told_and_nothing_of_other_issues(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        one, other, unwatched = (tracker.ensure_issue(_numbered(spec, n), None) for n in range(3))
        watched = {one.id, other.id}
        cursor = tracker.changes(spec.project, None, watched).cursor
        engineer.finish(one)
        engineer.decline(unwatched)
        told, cursor = _walk(tracker, spec.project, cursor, watched)
        assert told[one.id].status is IssueStatus.DONE
        assert set(told) <= watched
        engineer.reopen(one)
        engineer.mark_duplicate(other)
        told, _ = _walk(tracker, spec.project, cursor, watched)
        assert (told[one.id].status, told[other.id].status) == (IssueStatus.OPEN, IssueStatus.DUPLICATE)

    def test_a_cursor_may_be_used_again(self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec) -> None:
        ref = tracker.ensure_issue(spec, None)
        cursor = tracker.changes(spec.project, None, {ref.id}).cursor
        engineer.finish(ref)
        for _ in range(2):
            told, _ = _walk(tracker, spec.project, cursor, {ref.id})
            assert told[ref.id].status is IssueStatus.DONE

    def test_many_changes_come_page_by_page(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec, many: int
    ) -> None:
        refs = [tracker.ensure_issue(_numbered(spec, n), None) for n in range(many)]
        cursor = tracker.changes(spec.project, None, {ref.id for ref in refs}).cursor
        for ref in refs:
            engineer.finish(ref)
        told, _ = _walk(tracker, spec.project, cursor, {ref.id for ref in refs})
        assert {id for id, found in told.items() if found.status is IssueStatus.DONE} == {ref.id for ref in refs}

    def test_a_comment_counts_as_a_change(self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec) -> None:
        ref = tracker.ensure_issue(spec, None)
        cursor = tracker.changes(spec.project, None, {ref.id}).cursor
        engineer.say(ref, "octocat", "/holdfast why")
        assert ref.id in _walk(tracker, spec.project, cursor, {ref.id})[0]

    @pytest.mark.parametrize("cursor", ["", "yesterday", "{}", "[1]"])
    def test_a_cursor_that_is_not_understood_is_refused(self, tracker: IssueTracker, project: str, cursor: str) -> None:
        with pytest.raises(RejectedError):
            tracker.changes(project, cursor, set())

    # --- writing ------------------------------------------------------------------------------------------------------

    def test_comments_tell_who_said_what_and_which_are_ours(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.say(ref, "octocat", "/holdfast why")
        tracker.comment(ref, "answer:1", "I1 is open.")
        said, answered = tracker.comments(ref)
        assert (said.author, said.text.strip(), said.ours) == ("octocat", "/holdfast why", False)
        assert answered.text.startswith("I1 is open.")
        assert answered.ours
        assert said.id != answered.id
        assert said.at <= answered.at

    def test_comments_are_told_from_a_moment_on(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.say(ref, "octocat", "Nearly there.")
        (said,) = tracker.comments(ref)
        assert tracker.comments(ref, said.at) == [said]
        assert tracker.comments(ref, said.at + timedelta(seconds=2)) == []

    def test_an_issue_tells_when_it_changed_last(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.say(ref, "octocat", "Nearly there.")
        (said,) = tracker.comments(ref)
        (found,) = tracker.read([ref])
        assert found.updated is not None
        assert timedelta(0) <= found.updated - said.at < timedelta(seconds=2)

    def test_missing_labels_are_added_and_others_stay(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.unlabel(ref, spec.labels[0])
        for _ in range(2):
            tracker.label(ref, [spec.labels[0], "prevent"])
        assert engineer.labels(ref) == {*spec.labels, "prevent"}

    def test_labels_are_taken_off_and_others_stay(
        self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        tracker.label(ref, ["weaker"])
        for _ in range(2):
            tracker.label(ref, ["stronger"], without=["weaker", "of no issue"])
        assert engineer.labels(ref) == {*spec.labels, "stronger"}

    def test_a_date_is_set_where_the_tracker_has_one(self, tracker: IssueTracker, spec: IssueSpec) -> None:
        ref = tracker.ensure_issue(spec.model_copy(update={"due": date(2030, 1, 1)}), None)
        has_one = tracker.read([ref])[0].due is not None
        for _ in range(2):
            tracker.set_due(ref, date(2030, 2, 1))
        (found,) = tracker.read([ref])
        assert found.due == (date(2030, 2, 1) if has_one else None)

    def test_blocking_is_shown_once(self, tracker: IssueTracker, engineer: Engineer, spec: IssueSpec) -> None:
        review, one, two = (tracker.ensure_issue(_numbered(spec, n), None) for n in range(3))
        elsewhere = one.model_copy(update={"tracker": "another"})
        for by in ([one], [one, two], [one, two, elsewhere]):
            tracker.show_blocking(review, by)
        assert engineer.blocked_by(review) == {one.key, two.key}

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
            lambda: tracker.label(ref, ["prevent"]),
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


class RemoteTrackerContract(TrackerContract):
    """What every tracker has to do that is not our own: it may move, hide, limit and refuse."""

    @pytest.fixture
    def engineer(self) -> RemoteEngineer:
        raise NotImplementedError

    def test_an_issue_that_was_moved_is_followed(
        self, tracker: IssueTracker, engineer: RemoteEngineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.move(ref)
        (found,) = tracker.read([ref])
        assert found.ref is not None
        assert found.ref.key != ref.key
        assert found.status in (IssueStatus.OPEN, IssueStatus.MOVED)
        (again,) = tracker.read([found.ref])
        assert (again.status, again.ref) == (IssueStatus.OPEN, found.ref)
        tracker.comment(found.ref, "moved", "It goes on here.")
        engineer.finish(found.ref)
        assert _statuses(tracker, found.ref) == [IssueStatus.DONE]

    def test_a_comment_that_is_edited_is_the_same_and_counts_as_a_change(
        self, tracker: IssueTracker, engineer: RemoteEngineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.say(ref, "octocat", "Nearly there.")
        (said,) = tracker.comments(ref)
        cursor = tracker.changes(spec.project, None, {ref.id}).cursor
        engineer.reword(ref, "Nearly there.", "/holdfast why")
        told, _ = _walk(tracker, spec.project, cursor, {ref.id})
        updated = told[ref.id].updated
        assert updated is not None
        (edited,) = tracker.comments(ref, updated - timedelta(seconds=1))
        assert (edited.id, edited.at, edited.text.strip()) == (said.id, said.at, "/holdfast why")
        engineer.unsay(ref, "/holdfast why")
        assert tracker.comments(ref) == []

    def test_a_moved_issue_says_so_or_keeps_its_id(
        self, tracker: IssueTracker, engineer: RemoteEngineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.move(ref)
        (found,) = tracker.read([ref])
        assert found.ref is not None
        assert (found.status is IssueStatus.MOVED) == (found.ref.id != ref.id)

    def test_an_issue_that_we_may_not_see_is_neither_open_nor_done(
        self, tracker: IssueTracker, engineer: RemoteEngineer, spec: IssueSpec
    ) -> None:
        hidden, shown = (tracker.ensure_issue(_numbered(spec, n), None) for n in range(2))
        engineer.hide(hidden)
        statuses = _statuses(tracker, hidden, shown)
        assert statuses[0] in (IssueStatus.FORBIDDEN, IssueStatus.MISSING)
        assert statuses[1] is IssueStatus.OPEN

    def test_a_limit_tells_when_to_come_again(
        self, tracker: IssueTracker, engineer: RemoteEngineer, spec: IssueSpec, clock: Callable[[], datetime]
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        calls: list[Callable[[], object]] = [
            lambda: tracker.read([ref]),
            lambda: tracker.changes(spec.project, tracker_cursor, {ref.id}),
            lambda: tracker.comment(ref, "key", "text"),
            lambda: tracker.ensure_issue(_numbered(spec, 2), None),
        ]
        tracker_cursor = tracker.changes(spec.project, None, {ref.id}).cursor
        for call in calls:
            before = clock()
            engineer.limit(70)
            with pytest.raises(RateLimitedError) as raised:
                call()
            assert raised.value.retry_at is not None
            assert timedelta(seconds=60) <= raised.value.retry_at - before <= timedelta(seconds=90)
            call()

    def test_trouble_is_told_and_passes(self, tracker: IssueTracker, engineer: RemoteEngineer, spec: IssueSpec) -> None:
        ref = tracker.ensure_issue(spec, None)
        engineer.fail_next()
        with pytest.raises(UnavailableError):
            tracker.read([ref])
        assert _statuses(tracker, ref) == [IssueStatus.OPEN]

    def test_a_refused_credential_is_told_as_such(
        self, tracker: IssueTracker, engineer: RemoteEngineer, spec: IssueSpec
    ) -> None:
        ref = tracker.ensure_issue(spec, None)
        cursor = tracker.changes(spec.project, None, {ref.id}).cursor
        engineer.refuse_credential()
        calls: list[Callable[[], object]] = [
            lambda: tracker.read([ref]),
            lambda: tracker.changes(spec.project, cursor, {ref.id}),
            lambda: tracker.comment(ref, "key", "text"),
            lambda: tracker.ensure_issue(spec, None),
        ]
        for call in calls:
            with pytest.raises(UnauthorisedError):
                call()
        assert tracker.check(spec.project)


def _walk(tracker: IssueTracker, project: str, cursor: str, among: set[str]) -> tuple[dict[str, IssueSnapshot], str]:
    """All changes since `cursor`, the last telling of each issue, and the cursor after them."""
    told: dict[str, IssueSnapshot] = {}
    for _ in range(50):
        changes = tracker.changes(project, cursor, among)
        told |= {found.ref.id: found for found in changes.snapshots if found.ref is not None}
        cursor = changes.cursor
        if not changes.more:
            return told, cursor
    raise AssertionError("the changes never end")


def _numbered(spec: IssueSpec, number: int) -> IssueSpec:
    return spec.model_copy(update={"key": f"{spec.key}/{number}"})


def _doers(tracker: IssueTracker, ref: IssueRef) -> set[str]:
    (found,) = tracker.read([ref])
    assert found.doers is not None
    assert len(set(found.doers)) == len(found.doers)
    return set(found.doers)


def _statuses(tracker: IssueTracker, *refs: IssueRef) -> list[IssueStatus]:
    return [snapshot.status for snapshot in tracker.read(refs)]
