from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.trackers import EffectRequest, TrackerActivities
from domain.lifecycle.inputs import (
    Approve,
    ChangeItem,
    ExtendDue,
    IssueDisturbed,
    IssueOpened,
    ItemsRead,
    MoveItem,
    TrackingRead,
    TrackingTold,
    WithdrawItem,
)
from domain.model.policy import OnEarlyClose
from domain.model.review import RESTORED, Reading
from domain.model.taxonomy import FailureKind, IssueStatus, ItemClass, ItemStatus, Stage, Strength
from domain.model.tracker_routing import Place, Routing
from domain.trackers.issue_text import is_disturbed
from domain.trackers.ports import IssueSpec, RateLimitedError, RejectedError, UnavailableError
from integrations.trackers.memory import InMemoryTracker
from records.store import Records
from tests.domain.build import CATALOGUE, policy
from tests.records.build import IN_MEMORY, Teller

Build = Callable[..., TrackerActivities]


@pytest.fixture
def tracker() -> InMemoryTracker:
    return InMemoryTracker("default")


@pytest.fixture
def teller(sqlite_records: Records) -> Teller:
    return Teller(sqlite_records, routing=IN_MEMORY)


@pytest.fixture
def build(sqlite_records: Records, tracker: InMemoryTracker) -> Build:
    def built() -> TrackerActivities:
        return TrackerActivities(
            sqlite_records.reviews,
            sqlite_records.people,
            sqlite_records.claims,
            {"memory": tracker},
            lambda review: f"http://127.0.0.1/reviews/{review}",
            lambda person, tracker: f"{person} at {tracker}",
            settle=timedelta(milliseconds=50),
        )

    return built


def opened(teller: Teller, activities: TrackerActivities) -> str:
    """A review in remediation, with its issues."""
    review = teller.to_remediation()
    teller.say(review, activities.open_issue(EffectRequest(review_id=review, item="I1")))
    teller.say(review, activities.tell_tracking(EffectRequest(review_id=review)))
    return review


def test_an_items_issue_says_what_is_done_why_and_where_the_review_is(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    review = opened(teller, build())
    issue = tracker.issues[0]
    assert issue.title == "Watch the drift of I1"
    assert f"http://127.0.0.1/reviews/{review}" in issue.body
    assert "prevents: F1" in issue.body
    assert issue.labels == {"holdfast", f"holdfast:{review}", "prevent", "intermediate"}
    due = teller.find(review).items["I1"].due
    assert due is not None
    owner = teller.find(review).items["I1"].spec.owner
    assert (issue.due, issue.assignee) == (due.date(), f"{owner} at memory")


def test_opening_twice_makes_one_issue(teller: Teller, build: Build, tracker: InMemoryTracker) -> None:
    review = teller.to_remediation()
    request = EffectRequest(review_id=review, item="I1")
    first, second = (build().open_issue(request) for _ in range(2))
    assert first == second == IssueOpened(item="I1", ref=first.ref, told=teller.find(review).items["I1"].to_tell)
    assert len(tracker.issues) == 1


def test_who_finds_a_live_claim_comes_again_later(teller: Teller, build: Build, sqlite_records: Records) -> None:
    review = teller.to_remediation()
    sqlite_records.claims.claim(f"memory:{review}/I1", datetime.now(UTC), 60)
    with pytest.raises(ApplicationError) as error:
        build().open_issue(EffectRequest(review_id=review, item="I1"))
    assert not error.value.non_retryable
    assert error.value.next_retry_delay


def test_an_unknown_outcome_is_waited_for_and_a_known_one_is_not(
    teller: Teller, build: Build, tracker: InMemoryTracker, sqlite_records: Records
) -> None:
    review = teller.to_remediation()
    request, key = EffectRequest(review_id=review, item="I1"), f"memory:{review}/I1"
    tracker.break_with(UnavailableError("away"), stored=True)
    with pytest.raises(ApplicationError):
        build().open_issue(request)
    assert sqlite_records.claims.claim(key, datetime.now(UTC) - timedelta(milliseconds=10), 60) is None
    later = sqlite_records.claims.claim(key, datetime.now(UTC) + timedelta(seconds=1), 60)
    assert later is not None
    sqlite_records.claims.release(later, datetime.now(UTC))
    tracker.break_with(RejectedError("no"))
    with pytest.raises(ApplicationError):
        build().open_issue(request)
    assert build().open_issue(request).ref.key == "default#1"
    assert len(tracker.issues) == 1


@pytest.mark.parametrize("reopens", [True, False])
def test_a_tracking_issue_that_was_closed_early_is_answered_as_the_policy_says(
    sqlite_records: Records, build: Build, tracker: InMemoryTracker, reopens: bool
) -> None:
    teller = Teller(sqlite_records, routing=IN_MEMORY)
    under = policy(on_early_close=OnEarlyClose.REOPEN if reopens else OnEarlyClose.COMMENT)
    teller._advance = sqlite_records.advance(under, CATALOGUE, IN_MEMORY)
    review = opened(teller, build())
    tracker.finish(f"{review}/tracking")
    teller.say(review, TrackingRead(status=IssueStatus.DONE, as_of=datetime.now(UTC)))
    told = build().tell_tracking(EffectRequest(review_id=review))
    teller.say(review, told)
    issue = tracker.named(f"{review}/tracking")
    assert issue.status is (IssueStatus.OPEN if reopens else IssueStatus.DONE)
    assert told.status is issue.status
    assert len(issue.comments) == 1
    outcome = teller.say(review, build().tell_tracking(EffectRequest(review_id=review)))
    assert "tracking" not in [effect.key for effect in outcome.plan.effects]


def test_a_tracking_issue_that_was_deleted_is_made_again(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    review = opened(teller, build())
    tracker.lose(f"{review}/tracking")
    told = build().tell_tracking(EffectRequest(review_id=review))
    assert told.status is IssueStatus.OPEN
    assert tracker.read([told.ref])[0].status is IssueStatus.OPEN


def test_a_tracking_issue_that_may_not_be_read_is_not_made_a_second_time(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    review = opened(teller, build())
    tracker.forbid(f"{review}/tracking")
    with pytest.raises(ApplicationError) as error:
        build().tell_tracking(EffectRequest(review_id=review))
    assert error.value.type == FailureKind.UNAUTHORISED
    assert len(tracker.issues) == 2


def test_a_withdrawn_items_issue_is_closed_as_declined_with_a_comment(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    review = opened(teller, build())
    teller.say(review, WithdrawItem(item="I1", reason="text:r"), "p-1")
    teller.say(review, Approve(request="R1"), "p-2")
    for _ in range(2):
        teller.say(review, build().release_issue(EffectRequest(review_id=review, item="I1")))
    issue = tracker.named(f"{review}/I1")
    assert issue.status is IssueStatus.DECLINED
    assert len(issue.comments) == 1
    assert teller.find(review).items["I1"].status is ItemStatus.WITHDRAWN


def test_releasing_an_issue_that_is_gone_is_no_error(teller: Teller, build: Build, tracker: InMemoryTracker) -> None:
    review = opened(teller, build())
    teller.say(review, WithdrawItem(item="I1", reason="text:r"), "p-1")
    teller.say(review, Approve(request="R1"), "p-2")
    tracker.lose(f"{review}/I1")
    assert build().release_issue(EffectRequest(review_id=review, item="I1")).item == "I1"


def test_a_closing_read_covers_all_items_and_closes_the_tracking_issue_after(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    review = opened(teller, build())
    tracker.finish(f"{review}/I1")
    teller.now = datetime.now(UTC)
    read = build().read_items(EffectRequest(review_id=review))
    assert isinstance(read, ItemsRead)
    assert read.for_closing
    assert [r.status for r in read.readings] == [IssueStatus.DONE]
    teller.say(review, read)
    teller.now = datetime.now(UTC)
    teller.say(review, build().read_items(EffectRequest(review_id=review)))
    assert teller.find(review).stage is Stage.CLOSED
    told = build().tell_tracking(EffectRequest(review_id=review))
    assert isinstance(told, TrackingTold)
    assert tracker.named(f"{review}/tracking").status is IssueStatus.DONE


def test_a_read_of_who_had_a_hand_in_one_item_reads_that_item_alone_and_closes_nothing(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    review = opened(teller, build())
    tracker.finish(f"{review}/I1", "monalisa")
    read = build().read_items(EffectRequest(review_id=review, item="I1"))
    assert (read.for_closing, read.for_doers) == (False, True)
    assert [(r.item, bool(r.doers)) for r in read.readings] == [("I1", True)]
    assert build().read_items(EffectRequest(review_id=review, item="I9")).readings == ()


def test_what_a_tracker_cannot_do_is_said_by_kind(teller: Teller, build: Build, tracker: InMemoryTracker) -> None:
    review = opened(teller, build())
    tracker.break_with(RateLimitedError("slow down", datetime.now(UTC) + timedelta(seconds=30)))
    with pytest.raises(ApplicationError) as error:
        build().read_items(EffectRequest(review_id=review))
    assert error.value.type == FailureKind.RATE_LIMITED


def test_a_place_without_a_tracker_and_a_review_that_is_not_there_are_errors(teller: Teller, build: Build) -> None:
    teller = Teller(teller.records, routing=Routing(default=Place(tracker="github", project="acme/x")))
    review = teller.to_remediation()
    with pytest.raises(ApplicationError, match="no tracker is called github") as error:
        build().open_issue(EffectRequest(review_id=review, item="I1"))
    assert error.value.non_retryable
    with pytest.raises(ApplicationError, match="there is no review none"):
        build().open_issue(EffectRequest(review_id="none", item="I1"))


def test_an_adopted_issue_is_labelled_and_told_and_stays_as_it_is(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    spec = IssueSpec(key="theirs", project="default", title="Theirs", body="By hand.")
    theirs = tracker.ensure_issue(spec, None)
    review = teller.to_remediation()
    teller.say(review, MoveItem(item="I1", place=Place(tracker="memory"), adopts=theirs.key))
    request = EffectRequest(review_id=review, item="I1")
    for _ in range(2):
        opened = build().open_issue(request)
    told = teller.find(review).items["I1"].to_tell
    assert opened == IssueOpened(item="I1", ref=theirs, moves=1, told=told, adopted=True)
    issue = tracker.named("theirs")
    assert (issue.title, issue.body) == ("Theirs", "By hand.")
    assert {"holdfast", "prevent"} <= issue.labels
    assert len(issue.comments) == 1
    assert len(tracker.issues) == 1


@pytest.mark.parametrize("act", ["finish", "decline"])
def test_an_issue_that_is_closed_already_is_not_adopted(
    teller: Teller, build: Build, tracker: InMemoryTracker, act: str
) -> None:
    theirs = tracker.ensure_issue(IssueSpec(key="theirs", project="default", title="T", body="B"), None)
    getattr(tracker, act)("theirs")
    review = teller.to_remediation()
    teller.say(review, MoveItem(item="I1", place=Place(tracker="memory"), adopts=theirs.key))
    with pytest.raises(ApplicationError) as error:
        build().open_issue(EffectRequest(review_id=review, item="I1"))
    assert error.value.type == FailureKind.REJECTED


def test_the_issue_that_an_item_was_moved_away_from_says_where_it_goes_on(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    tracker.add_project("acme/other")
    review = opened(teller, build())
    teller.say(review, MoveItem(item="I1", place=Place(tracker="memory", project="acme/other")))
    request = EffectRequest(review_id=review, item="I1")
    teller.say(review, build().open_issue(request))
    teller.say(review, build().release_issue(request))
    old, new = tracker.named(f"{review}/I1"), tracker.named(f"{review}/I1/2")
    assert (old.status, new.status) == (IssueStatus.DECLINED, IssueStatus.OPEN)
    assert new.ref.url in old.comments[0].text
    assert teller.find(review).items["I1"].ref == new.ref


def test_what_is_ours_is_put_back_with_a_comment_and_titles_are_the_trackers(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    review = opened(teller, build())
    key = f"{review}/I1"
    tracker.unlabel(key, "prevent")
    tracker.retitle(key, "Theirs now")
    teller.now = datetime.now(UTC)
    teller.say(review, IssueDisturbed(item="I1", as_of=teller.now))
    request = EffectRequest(review_id=review, item="I1")
    for _ in range(2):
        teller.say(review, build().tend_issue(request))
    issue = tracker.named(key)
    assert "prevent" in issue.labels
    assert issue.title == "Theirs now"
    assert ["class: prevent" in comment.text for comment in issue.comments] == [True]
    assert teller.find(review).items["I1"].disturbed is None


def stronger(teller: Teller, review: str) -> None:
    """Let item I1 be of another class and strength, which two people agree to."""
    spec = teller.find(review).items["I1"].spec
    changes = {"item_class": ItemClass.DETECT, "strength": Strength.STRONGER}
    teller.say(review, ChangeItem(spec=spec.model_copy(update=changes), reason="text:r"), "p-1")
    teller.say(review, Approve(request="R1"), "p-2")


def test_a_changed_item_is_told_in_its_issue_without_a_word_about_who_changed_it(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    review = opened(teller, build())
    issue, request = tracker.named(f"{review}/I1"), EffectRequest(review_id=review, item="I1")
    tracker.rewrite(issue.ref, "Theirs", f"{issue.body}\n\nWhat people wrote.")
    stronger(teller, review)
    teller.now = datetime.now(UTC)
    for _ in range(2):
        told = build().tend_issue(request)
    teller.say(review, told)
    assert issue.title == "Theirs"
    assert "- class: detect, strength: stronger" in issue.body
    assert "prevent" not in issue.body.partition("What people wrote.")[0].replace("prevents: F1", "")
    assert issue.body.endswith("What people wrote.")
    assert issue.labels == {"holdfast", f"holdfast:{review}", "detect", "stronger"}
    assert issue.comments == []
    assert not teller.find(review).items["I1"].outdated


def test_what_changed_is_said_in_a_comment_where_people_wrote_into_our_text(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    review = opened(teller, build())
    issue, request = tracker.named(f"{review}/I1"), EffectRequest(review_id=review, item="I1")
    text = issue.body.replace("- class: prevent", "- class: prevent (if only)")
    tracker.rewrite(issue.ref, issue.title, text)
    stronger(teller, review)
    for _ in range(2):
        told = build().tend_issue(request)
    teller.say(review, told)
    assert issue.body == text
    assert ["strength: stronger" in comment.text for comment in issue.comments] == [True]
    spec = teller.find(review).items["I1"].spec
    teller.say(review, ChangeItem(spec=spec.model_copy(update={"item_class": ItemClass.PREVENT}), reason="text:r"))
    teller.say(review, build().tend_issue(request))
    assert ["class: prevent" in comment.text for comment in issue.comments] == [False, True]


@pytest.mark.parametrize(("shown", "days"), [(None, 9), (2, 9), (30, 30)])
def test_an_extension_is_written_to_the_tracker_unless_it_shows_a_later_date(
    teller: Teller, build: Build, tracker: InMemoryTracker, shown: int | None, days: int
) -> None:
    review = opened(teller, build())
    due = teller.find(review).items["I1"].due
    assert due is not None
    issue = tracker.named(f"{review}/I1")
    issue.due = due.date() + timedelta(days=shown) if shown else None
    teller.say(review, ExtendDue(item="I1", until=due + timedelta(days=9), reason="text:r"), "p-1")
    teller.say(review, build().tend_issue(EffectRequest(review_id=review, item="I1")))
    assert issue.due == due.date() + timedelta(days=days)
    assert f"- due: {due + timedelta(days=9):%d %b %Y}" in issue.body


def test_a_date_that_its_tracker_refuses_holds_up_no_answer(
    teller: Teller, build: Build, tracker: InMemoryTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = opened(teller, build())
    due = teller.find(review).items["I1"].due
    assert due is not None
    teller.say(review, ExtendDue(item="I1", until=due + timedelta(days=9), reason="text:r"), "p-1")
    tracker.decline(f"{review}/I1")
    teller.now = datetime.now(UTC)
    teller.say(review, ItemsRead(readings=(Reading(item="I1", status=IssueStatus.DECLINED, as_of=teller.now),)))

    def refused(*_: object) -> None:
        raise RejectedError("duedate is not on the screen")

    monkeypatch.setattr(tracker, "set_due", refused)
    for _ in range(2):
        with pytest.raises(ApplicationError) as raised:
            build().tend_issue(EffectRequest(review_id=review, item="I1"))
        assert raised.value.type == FailureKind.REJECTED
    issue = tracker.named(f"{review}/I1")
    assert f"- due: {due + timedelta(days=9):%d %b %Y}" in issue.body
    assert ["waiver" in comment.text for comment in issue.comments] == [True]


def test_what_others_change_again_and_again_is_left_as_they_want_it(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    review = opened(teller, build())
    key, request = f"{review}/I1", EffectRequest(review_id=review, item="I1")
    for n in range(RESTORED + 1):
        tracker.unlabel(key, "prevent")
        teller.now = datetime.now(UTC)
        teller.say(review, IssueDisturbed(item="I1", as_of=teller.now))
        if n < RESTORED:
            teller.say(review, build().tend_issue(request))
    build().tend_issue(request)
    issue = tracker.named(key)
    assert "prevent" not in issue.labels
    assert len(issue.comments) == RESTORED


def test_an_issue_that_had_been_adopted_goes_on_without_what_is_ours(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    spec = IssueSpec(key="theirs", project="default", title="Theirs", body="By hand.", labels=("mine",))
    theirs = tracker.ensure_issue(spec, None)
    review = opened(teller, build())
    request = EffectRequest(review_id=review, item="I1")
    teller.say(review, MoveItem(item="I1", place=Place(tracker="memory"), adopts=theirs.key))
    teller.say(review, build().open_issue(request))
    teller.say(review, build().release_issue(request))
    teller.say(review, MoveItem(item="I1", place=Place(tracker="memory")))
    teller.say(review, build().open_issue(request))
    for _ in range(2):
        released = build().release_issue(request)
    teller.say(review, released)
    issue = tracker.named("theirs")
    assert (issue.status, issue.labels, issue.body) == (IssueStatus.OPEN, {"mine"}, "By hand.")
    assert ["is left as it is" in comment.text for comment in issue.comments] == [False, True]
    assert tracker.named(f"{review}/I1").status is IssueStatus.DECLINED
    assert teller.find(review).items["I1"].left is None


def test_a_link_to_the_review_that_was_lost_is_put_before_what_people_wrote(
    teller: Teller, build: Build, tracker: InMemoryTracker
) -> None:
    review = opened(teller, build())
    key = f"{review}/I1"
    tracker.rewrite(tracker.named(key).ref, "Theirs", "What people wrote.")
    teller.now = datetime.now(UTC)
    teller.say(review, IssueDisturbed(item="I1", as_of=teller.now))
    teller.say(review, build().tend_issue(EffectRequest(review_id=review, item="I1")))
    issue = tracker.named(key)
    assert issue.title == "Theirs"
    assert f"http://127.0.0.1/reviews/{review}" in issue.body
    assert issue.body.endswith("What people wrote.")
    assert len(issue.comments) == 1
    (found,) = tracker.read([issue.ref])
    assert not is_disturbed(teller.find(review), "I1", found, f"http://127.0.0.1/reviews/{review}")


@pytest.mark.parametrize("reopens", [True, False])
def test_who_closes_a_prevention_item_undone_is_answered_as_the_policy_says(
    sqlite_records: Records, build: Build, tracker: InMemoryTracker, reopens: bool
) -> None:
    teller = Teller(sqlite_records, routing=IN_MEMORY)
    under = policy(on_declined=OnEarlyClose.REOPEN if reopens else OnEarlyClose.COMMENT)
    teller._advance = sqlite_records.advance(under, CATALOGUE, IN_MEMORY)
    review = opened(teller, build())
    tracker.decline(f"{review}/I1")
    teller.now = datetime.now(UTC)
    reading = Reading(item="I1", status=IssueStatus.DECLINED, as_of=teller.now)
    outcome = teller.say(review, ItemsRead(readings=(reading,)))
    assert "tend:I1" in [effect.key for effect in outcome.plan.effects]
    outcome = teller.say(review, build().tend_issue(EffectRequest(review_id=review, item="I1")))
    assert "tend:I1" not in [effect.key for effect in outcome.plan.effects]
    issue = tracker.named(f"{review}/I1")
    assert issue.status is (IssueStatus.OPEN if reopens else IssueStatus.DECLINED)
    assert "waiver" in issue.comments[0].text


def test_the_tracking_issue_shows_what_blocks_it(teller: Teller, build: Build, tracker: InMemoryTracker) -> None:
    review = opened(teller, build())
    assert tracker.named(f"{review}/tracking").blocked_by == {tracker.named(f"{review}/I1").ref.key}
