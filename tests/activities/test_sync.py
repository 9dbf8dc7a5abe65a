from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.exceptions import ApplicationError

from activities.listening import UNKNOWN, Listening
from activities.sync import Looked, SyncActivities
from activities.trackers import EffectRequest, TrackerActivities
from domain.lifecycle.inputs import (
    CommentSaid,
    IssueDisturbed,
    ItemsRead,
    ItemsUnreadable,
    Tick,
    TrackingRead,
    VerifyItem,
)
from domain.model.review import IssueRef
from domain.model.taxonomy import Ask, Door, FailureKind, IssueStatus, ItemStatus
from domain.model.tracker_routing import Place
from domain.trackers.comment_commands import HELP
from domain.trackers.ports import (
    Changes,
    Comment,
    IssueSnapshot,
    NotFoundError,
    ProjectSeen,
    RateLimitedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)
from integrations.trackers.memory import InMemoryTracker
from records.operations.inbox import Outgoing
from records.store import Records
from tests.records.build import IN_MEMORY, Teller

HERE = Place(tracker="memory")


def address(review: str) -> str:
    return f"http://127.0.0.1/reviews/{review}"


@pytest.fixture
def tracker() -> InMemoryTracker:
    return InMemoryTracker("default", "other", page=2)


@pytest.fixture
def sync(sqlite_records: Records, tracker: InMemoryTracker) -> SyncActivities:
    records = sqlite_records
    known = {"octocat": "ann@example.org"}
    listening = Listening(records.people, lambda account, tracker: known.get(account))
    return SyncActivities(records.reviews, records.inbox, records.seen, {"memory": tracker}, address, listening)


@pytest.fixture
def review(sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities) -> str:
    """A review in remediation, with its issues, all of it seen once."""
    records, teller = sqlite_records, Teller(sqlite_records, routing=IN_MEMORY)
    acting = TrackerActivities(records.reviews, records.people, records.claims, {"memory": tracker}, address)
    review = teller.to_remediation()
    teller.say(review, acting.open_issue(EffectRequest(review_id=review, item="I1")))
    teller.say(review, acting.tell_tracking(EffectRequest(review_id=review)))
    sync.look_at_project(HERE)
    taken(records)
    return review


def taken(records: Records) -> list[Outgoing]:
    """What waits in the inbox, taken out of it."""
    waiting = list(records.inbox.outgoing())
    for delivery in waiting:
        records.inbox.sent(delivery.input.id)
    return waiting


def look(sync: SyncActivities) -> int:
    """Look until there is nothing more; how many tellings came of it."""
    told, more = 0, True
    while more:
        looked = sync.look_at_project(HERE)
        told, more = told + looked.told, looked.more
    return told


def test_what_has_not_changed_is_not_told(sqlite_records: Records, sync: SyncActivities, review: str) -> None:
    look(sync)
    assert look(sync) == 0
    assert taken(sqlite_records) == []


def test_what_has_changed_goes_to_its_review_through_the_inbox(
    sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities, review: str
) -> None:
    tracker.decline(f"{review}/I1")
    tracker.finish(f"{review}/tracking")
    assert look(sync) == 2
    item, tracking = sorted(taken(sqlite_records), key=lambda sent: sent.input.body.type)
    assert {item.review_id, tracking.review_id} == {review}
    assert isinstance(item.input.body, ItemsRead)
    assert isinstance(tracking.input.body, TrackingRead)
    assert item.input.door is Door.TRACKER
    teller = Teller(sqlite_records)
    teller.now = datetime.now(UTC)
    teller.say(review, item.input.body)
    teller.say(review, tracking.input.body)
    found = teller.find(review)
    assert found.items["I1"].status is ItemStatus.DECLINED
    assert found.tracking is not None
    assert found.tracking.status is IssueStatus.DONE
    assert look(sync) == 0


def test_a_cursor_is_kept_only_when_what_was_seen_is_on_its_way(
    sqlite_records: Records,
    tracker: InMemoryTracker,
    sync: SyncActivities,
    review: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracker.finish(f"{review}/I1")
    with monkeypatch.context() as broken:
        broken.setattr(sqlite_records.inbox, "receive", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look(sync)
    assert look(sync) == 1


def test_what_no_list_shows_is_found_once_a_day(
    sqlite_records: Records,
    tracker: InMemoryTracker,
    sync: SyncActivities,
    review: str,
) -> None:
    tracker.lose(f"{review}/I1")
    assert look(sync) == 0
    known = sqlite_records.seen.project("memory", "default")
    sqlite_records.seen.keep(known.model_copy(update={"swept_at": datetime.now(UTC) - timedelta(hours=25)}))
    assert look(sync) == 1
    (found,) = taken(sqlite_records)
    assert isinstance(found.input.body, ItemsRead)
    assert found.input.body.readings[0].status is IssueStatus.MISSING


def test_a_cursor_that_is_not_understood_any_more_reads_everything(
    sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities, review: str
) -> None:
    known = sqlite_records.seen.project("memory", "default")
    sqlite_records.seen.keep(known.model_copy(update={"cursor": "of another release"}))
    tracker.finish(f"{review}/I1")
    assert look(sync) == 1
    assert sqlite_records.seen.project("memory", "default").cursor != "of another release"


def test_an_issue_that_was_moved_is_told_under_its_new_name(
    sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities, review: str
) -> None:
    tracker.transfer(f"{review}/I1", "other")
    sqlite_records.seen.want("memory", [tracker.named(f"{review}/I1").ref.id])
    assert sync.look_at_wanted("memory").told == 1
    (told,) = taken(sqlite_records)
    teller = Teller(sqlite_records)
    teller.now = datetime.now(UTC)
    teller.say(review, told.input.body)
    item = teller.find(review).items["I1"]
    assert item.ref is not None
    assert item.ref.key == "other#1"
    assert [ref.key for ref in item.formerly] == ["default#1"]
    assert [p.project for p in sqlite_records.reviews.watched_projects()] == ["default", "other"]


def test_a_later_date_in_the_tracker_is_told_once(
    sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities, review: str
) -> None:
    teller = Teller(sqlite_records)
    due = teller.find(review).items["I1"].due
    assert due is not None
    tracker.postpone(f"{review}/I1", due.date() + timedelta(days=9))
    assert look(sync) == 1
    (told,) = taken(sqlite_records)
    teller.say(review, told.input.body)
    (request,) = teller.find(review).requests.values()
    assert request.until == due + timedelta(days=9)
    assert look(sync) == 0


def test_what_is_ours_and_was_changed_is_told(
    sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities, review: str
) -> None:
    tracker.retitle(f"{review}/I1", "Theirs")
    assert look(sync) == 0
    tracker.unlabel(f"{review}/I1", "prevent")
    assert look(sync) == 1
    (told,) = taken(sqlite_records)
    assert isinstance(told.input.body, IssueDisturbed)
    seen = sqlite_records.seen.issues("memory", [tracker.named(f"{review}/I1").ref.id])
    assert [issue.title for issue in seen.values()] == ["Theirs"]


@pytest.mark.parametrize("error", [UnauthorisedError("no"), NotFoundError("no such project")])
def test_what_a_person_has_to_mend_is_told_once_and_goes_on_by_itself(
    sqlite_records: Records,
    tracker: InMemoryTracker,
    sync: SyncActivities,
    review: str,
    error: TrackerError,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracker.break_with(error, times=None)
    assert sync.look_at_project(HERE).trouble == error.kind
    (told,) = taken(sqlite_records)
    assert told.input.body == ItemsUnreadable(items=("I1",), kind=error.kind)
    trouble = sqlite_records.seen.project("memory", "default").trouble
    assert trouble is not None
    assert trouble.retry_at - trouble.since == timedelta(minutes=1)
    tracker.mend()
    assert sync.look_at_project(HERE).trouble == error.kind, "left alone until it is tried again"
    sqlite_records.seen.keep(_due_again(sqlite_records))
    tracker.break_with(error)
    sync.look_at_project(HERE)
    assert taken(sqlite_records) == []
    again = sqlite_records.seen.project("memory", "default").trouble
    assert again is not None
    assert (again.since, again.count) == (trouble.since, 2)
    sqlite_records.seen.keep(_due_again(sqlite_records))
    tracker.finish(f"{review}/I1")
    assert sync.look_at_project(HERE).trouble == ""
    bodies = [sent.input.body for sent in taken(sqlite_records)]
    assert ItemsUnreadable(items=("I1",), kind=None) in bodies
    assert sum(isinstance(body, ItemsRead) for body in bodies) == 1
    assert sqlite_records.seen.project("memory", "default").trouble is None


def test_a_refused_credential_leaves_the_other_projects_of_its_tracker_alone(
    sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities, review: str
) -> None:
    tracker.transfer(f"{review}/I1", "other")
    sqlite_records.seen.want("memory", [tracker.named(f"{review}/I1").ref.id])
    sync.look_at_wanted("memory")
    Teller(sqlite_records).say(review, taken(sqlite_records)[0].input.body)
    tracker.break_with(UnauthorisedError("no", everywhere=True))
    assert sync.look_at_project(HERE).trouble == FailureKind.UNAUTHORISED
    assert sync.look_at_project(Place(tracker="memory", project="other")).trouble == FailureKind.UNAUTHORISED
    assert tracker.read([]) == [], "nothing was asked of it"


@pytest.mark.parametrize("error", [UnavailableError("away"), RateLimitedError("slowly", datetime.now(UTC))])
def test_trouble_that_passes_is_temporals_to_repeat(
    tracker: InMemoryTracker, sync: SyncActivities, sqlite_records: Records, review: str, error: TrackerError
) -> None:
    tracker.break_with(error, times=2)
    sqlite_records.seen.want("memory", [tracker.named(f"{review}/I1").ref.id])
    acts: tuple[Callable[[], Looked], ...] = (
        lambda: sync.look_at_project(HERE),
        lambda: sync.look_at_wanted("memory"),
    )
    for act in acts:
        with pytest.raises(ApplicationError) as raised:
            act()
        assert (raised.value.type, raised.value.non_retryable) == (error.kind, False)
    assert sqlite_records.seen.project("memory", "default").trouble is None
    assert sync.look_at_wanted("memory").read == 1
    assert sync.look_at_wanted("memory").read == 0


def test_a_look_that_a_credential_forbids_stays_wanted_until_it_is_allowed(
    tracker: InMemoryTracker, sync: SyncActivities, sqlite_records: Records, review: str
) -> None:
    seen = sqlite_records.seen
    seen.want("memory", [tracker.named(f"{review}/I1").ref.id, "of no review"])
    tracker.break_with(UnauthorisedError("no", everywhere=True))
    assert sync.look_at_wanted("memory").trouble == FailureKind.UNAUTHORISED
    assert len(seen.wanted("memory", 10)) == 2
    tracker.break_with(UnauthorisedError("no", everywhere=True))
    sync.look_at_project(HERE)
    assert sync.look_at_wanted("memory").trouble == FailureKind.UNAUTHORISED, "and nothing was asked"
    seen.keep(seen.project("memory", "default").model_copy(update={"trouble": None}))
    tracker.decline(f"{review}/I1")
    assert sync.look_at_wanted("memory").told == 1
    assert seen.wanted("memory", 10) == {}


def test_comments_that_cannot_be_read_hold_up_nothing_else(
    tracker: InMemoryTracker, sync: SyncActivities, review: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker.say(f"{review}/I1", "octocat", "/holdfast why")
    tracker.finish(f"{review}/I1")
    monkeypatch.setattr(InMemoryTracker, "comments", lambda *_: _raise(NotFoundError("gone")))
    assert look(sync) == 1
    monkeypatch.undo()
    tracker.retitle(f"{review}/I1", "Theirs")
    assert look(sync) == 1, "it is heard as soon as it can be"


def _raise(error: Exception) -> None:
    raise error


def test_who_speaks_to_us_in_a_comment_is_heard_once_and_answered_there(
    sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities, review: str
) -> None:
    records, key = sqlite_records, f"{review}/I1"
    acting = TrackerActivities(records.reviews, records.people, records.claims, {"memory": tracker}, address)
    teller = Teller(records)
    teller.now = datetime.now(UTC)
    later = f"{teller.now + timedelta(days=9):%Y-%m-%d}"
    for login, text in (
        ("octocat", "Looks good."),
        ("octocat", "/holdfast why"),
        ("octocat", f"/holdfast extend {later} the vendor is late"),
        ("octocat", "/holdfast extend soon"),
        ("stranger", "/holdfast why"),
    ):
        tracker.say(key, login, text)
    assert look(sync) == 4
    for delivery in taken(records):
        for _ in range(2):
            teller.say(review, delivery.input.body, delivery.input.by, delivery.input.id)
    outcome = teller.say(review, Tick())
    answers = [effect for effect in outcome.plan.effects if effect.kind == "answer_comment"]
    assert len(answers) == 4
    for effect in answers:
        for _ in range(2):
            teller.say(review, acting.answer_comment(EffectRequest(review_id=review, item=effect.item)))
    ours = [comment.text for comment in tracker.named(key).comments if comment.ours]
    assert [ours[0].splitlines()[0], *ours[1:]] == [
        "**In the way of closing the review: 1**",
        "Asked as R1: the date changes when another person approves it.",
        f"A date like 2026-12-24 has to come after `extend`. {HELP}",
        UNKNOWN,
    ]
    found = teller.find(review)
    assert found.questions == {}
    assert [(r.ask, r.by) for r in found.requests.values()] == [
        (Ask.EXTEND_DUE, records.people.id_of("ann@example.org"))
    ]
    assert look(sync) == 0


def heard(records: Records) -> list[str]:
    """The comments that are told of, by what is asked there."""
    said = [sent.input.body for sent in taken(records)]
    return ["extend" if body.wants else "why" for body in said if isinstance(body, CommentSaid)]


def test_a_comment_that_comes_while_another_goes_is_heard(
    sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities, review: str
) -> None:
    key = f"{review}/I1"
    tracker.say(key, "octocat", "Nearly there.")
    look(sync)
    tracker.unsay(key, "Nearly there.")
    tracker.say(key, "octocat", "/holdfast why")
    look(sync)
    assert heard(sqlite_records) == ["why"]


def test_a_comment_that_speaks_to_us_only_after_an_edit_is_heard_and_one_that_was_heard_stays_so(
    sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities, review: str
) -> None:
    key, later = f"{review}/I1", f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}"
    tracker.say(key, "octocat", "Nearly there.")
    look(sync)
    assert heard(sqlite_records) == []
    tracker.edit(key, "Nearly there.", "/holdfast why")
    look(sync)
    assert heard(sqlite_records) == ["why"]
    tracker.edit(key, "/holdfast why", f"/holdfast extend {later} the vendor is late")
    look(sync)
    assert heard(sqlite_records) == []


def test_two_comments_of_one_moment_are_two(
    sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities, review: str
) -> None:
    issue, at = tracker.named(f"{review}/I1"), datetime.now(UTC)
    issue.comments += [Comment(id=id, author="octocat", text="/holdfast why", at=at) for id in ("1", "2")]
    tracker.retitle(f"{review}/I1", "Theirs")
    look(sync)
    assert heard(sqlite_records) == ["why", "why"]


def test_comments_of_an_issue_that_did_not_change_are_not_asked_for(
    sqlite_records: Records,
    tracker: InMemoryTracker,
    sync: SyncActivities,
    review: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, real = list[datetime | None](), tracker.comments

    def comments(ref: IssueRef, since: datetime | None) -> list[Comment]:
        asked.append(since)
        return real(ref, since)

    monkeypatch.setattr(tracker, "comments", comments)
    key = f"{review}/I1"
    tracker.say(key, "octocat", "Nearly there.")
    look(sync)
    (said,) = real(tracker.named(key).ref)
    assert len(asked) == 1
    known = sqlite_records.seen.project("memory", "default")
    sqlite_records.seen.keep(known.model_copy(update={"swept_at": None}))
    look(sync)
    assert len(asked) == 1, "a sweep reads issues, and finds this one unchanged"
    sqlite_records.seen.want("memory", [tracker.named(key).ref.id])
    sync.look_at_wanted("memory")
    assert len(asked) == 2, "a webhook is not told of for nothing"
    tracker.retitle(key, "Theirs")
    look(sync)
    assert len(asked) == 3
    assert [since and since < said.at + timedelta(seconds=1) for since in asked[1:]] == [True, True]


def test_what_was_heard_in_an_issue_is_known_where_its_tracker_makes_another_of_it(
    sqlite_records: Records,
    tracker: InMemoryTracker,
    sync: SyncActivities,
    review: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, real = f"{review}/I1", tracker.read
    tracker.say(key, "octocat", "/holdfast why")
    look(sync)
    assert heard(sqlite_records) == ["why"]
    issue = tracker.named(key)
    here, there = issue.ref, issue.ref.model_copy(update={"id": "77", "key": "other#7"})
    issue.comments = [comment.model_copy(update={"id": "of the new issue"}) for comment in issue.comments]
    issue.ref = there

    def read(refs: Sequence[IssueRef]) -> list[IssueSnapshot]:
        moved = IssueSnapshot(asked=here, ref=there, status=IssueStatus.MOVED, as_of=datetime.now(UTC))
        return [moved if ref == here else real([ref])[0] for ref in refs]

    monkeypatch.setattr(tracker, "read", read)
    sqlite_records.seen.want("memory", [here.id])
    sync.look_at_wanted("memory")
    assert heard(sqlite_records) == [], "it has another id, and the same author and moment"
    assert set(sqlite_records.seen.issues("memory", [here.id, "77"])) == {here.id, "77"}


def test_a_sweep_that_was_broken_off_goes_on_with_what_it_has_not_read(
    sqlite_records: Records,
    tracker: InMemoryTracker,
    sync: SyncActivities,
    review: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records, teller = sqlite_records, Teller(sqlite_records, routing=IN_MEMORY)
    acting = TrackerActivities(records.reviews, records.people, records.claims, {"memory": tracker}, address)
    for n in range(2, 9):
        teller.add_item(review, f"I{n}")
        teller.say(review, acting.open_issue(EffectRequest(review_id=review, item=f"I{n}")))
    known = records.seen.project("memory", "default")
    records.seen.keep(known.model_copy(update={"swept_at": None}))
    for n in range(1, 9):
        tracker.finish(f"{review}/I{n}")
    asked, real = list[int](), tracker.read

    def read(refs: Sequence[IssueRef]) -> list[IssueSnapshot]:
        asked.append(len(refs))
        if len(asked) in (1, 3):
            raise UnavailableError("away")
        return real(refs)

    monkeypatch.setattr(tracker, "read", read)
    with pytest.raises(ApplicationError):
        sync.look_at_project(HERE)
    assert asked == [9, 2, 2, 2, 2, 1]
    assert len(taken(records)) == 6
    looked = sync.look_at_project(HERE)
    assert (looked.read, looked.told, asked[6:]) == (2, 2, [2])
    assert records.seen.project("memory", "default").sweep_began is None


def test_a_tracker_that_fails_again_and_again_is_left_alone_until_the_next_look(
    tracker: InMemoryTracker,
    sync: SyncActivities,
    sqlite_records: Records,
    review: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("activities.sync.READ_AT_ONCE", 1)
    monkeypatch.setattr("activities.sync.FAILURES", 1)
    known = sqlite_records.seen.project("memory", "default")
    sqlite_records.seen.keep(known.model_copy(update={"swept_at": None}))
    tracker.break_with(UnavailableError("away"), times=None)
    monkeypatch.setattr(tracker, "changes", lambda *_: Changes(cursor="0"))
    for _ in range(2):
        with pytest.raises(ApplicationError):
            sync.look_at_project(HERE)


def test_nobody_looks_where_nothing_is_watched(sync: SyncActivities, tracker: InMemoryTracker) -> None:
    tracker.break_with(UnavailableError("away"))
    assert sync.look_at_project(HERE).read == 0


def _due_again(records: Records) -> ProjectSeen:
    known = records.seen.project("memory", "default")
    assert known.trouble is not None
    trouble = known.trouble.model_copy(update={"retry_at": datetime.now(UTC)})
    return known.model_copy(update={"trouble": trouble})


def test_who_verifies_in_a_comment_says_the_same_command_as_anywhere_else(
    sqlite_records: Records, tracker: InMemoryTracker, sync: SyncActivities, review: str
) -> None:
    address = "https://ci.example.org/runs/4711"
    tracker.say(f"{review}/I1", "octocat", f"/holdfast verify {address} the replay raises it")
    look(sync)
    (said,) = [d.input.body for d in taken(sqlite_records) if isinstance(d.input.body, CommentSaid)]
    assert isinstance(said.wants, VerifyItem)
    (evidence,) = said.wants.evidence
    texts = sqlite_records.people.texts([evidence.link, said.wants.note])
    assert texts == {evidence.link: address, said.wants.note: "the replay raises it"}
    assert (said.wants.item, evidence.digest) == ("I1", None)
