import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError

from activities.listening import Listening
from activities.sync import SyncActivities
from domain.lifecycle.inputs import (
    AcceptItem,
    AssignOwner,
    Close,
    IncidentTold,
    Input,
    ItemsRead,
    ProposeItem,
    TrackingRead,
)
from domain.lifecycle.view import View
from domain.model.review import Reading
from domain.model.taxonomy import FailureKind, IncidentStatus, IssueStatus, ItemStatus, Severity, Stage
from domain.trackers.ports import UnauthorisedError, UnavailableError
from records.documents import drafts
from records.documents import erasable_texts as people
from records.store import Records
from tests.domain.build import policy_with_rules, spec
from tests.records.build import told
from tests.workflows.build import House, build_house, quick_policy, running
from worker import THREADS
from workflows import contract
from workflows.review import ReviewWorkflow


@pytest.fixture
async def house(client: Client, sqlite_records: Records) -> AsyncIterator[House]:
    async with running(build_house(client, sqlite_records)) as built:
        yield built


async def finish(house: House, *items: str) -> None:
    """Do items in the tracker, and let the review hear of it as the sync would."""
    review = await house.until(lambda r: all(r.items[i].ref for i in items))
    for item in items:
        ref = review.items[item].ref
        assert ref is not None
        house.tracker.finish(ref.key)
        reading = Reading(item=item, status=IssueStatus.DONE, as_of=datetime.now(UTC))
        await house.tell(ItemsRead(readings=(reading,)))


@pytest.fixture
async def house_on_each(client: Client, records: Records) -> AsyncIterator[House]:
    """A house on each kind of database."""
    async with running(build_house(client, records)) as built:
        yield built


async def test_a_review_lives_from_an_incident_to_its_closure_by_itself(house_on_each: House) -> None:
    house = house_on_each
    review = await house.to_remediation()
    assert review.items["I1"].status is ItemStatus.OPEN
    refused = await house.command(Close())
    assert (refused.accepted, len(refused.reasons)) == (False, 1)
    await finish(house, "I1")
    closed = await house.until(lambda r: r.stage is Stage.CLOSED)
    assert closed.closure is not None
    assert [r.status for r in closed.closure.readings] == [IssueStatus.DONE]
    await house.until(lambda r: r.tracking is not None and r.tracking.status is IssueStatus.DONE)
    assert house.records.audit.verify().wrong == ()


async def test_who_had_a_hand_in_an_item_is_read_when_it_is_done_though_another_one_is_open(
    client: Client, sqlite_records: Records
) -> None:
    under = quick_policy(profiles=policy_with_rules(verified="block").profiles)
    async with running(build_house(client, sqlite_records, under)) as house:
        review = await house.to_remediation()
        await house.command(ProposeItem(spec=spec("I2", title=review.title)))
        await house.command(AcceptItem(item="I2"))
        await finish(house, "I1")
        review = await house.until(lambda r: r.items["I1"].doers is not None)
        assert review.items["I1"].status is ItemStatus.DONE
        assert review.stage is Stage.REMEDIATION


async def test_the_temporal_ui_alone_tells_where_a_review_stands(house: House) -> None:
    await house.to_remediation()
    description = await house.handle.describe()
    told_there = description.typed_search_attributes
    assert told_there[contract.STAGE] == "remediation"
    assert told_there[contract.SEVERITY] == "SEV2"
    assert told_there[contract.SERVICE] == "ranker"
    assert told_there[contract.TEAM] == "recs"
    assert told_there[contract.NEXT_DEADLINE] > datetime.now(UTC)
    metadata = await house.handle.query("__temporal_workflow_metadata")
    assert "I1 (default#1) is open." in str(metadata)
    view = await house.handle.query(ReviewWorkflow.view)
    assert isinstance(view, View)
    assert view.stage is Stage.REMEDIATION


async def test_no_text_and_no_name_reaches_the_history(house: House) -> None:
    await house.to_remediation()
    history = await house.handle.fetch_history()
    said = history.to_json()
    for text in ("Watch the drift", "Recommendations were stale", "An answer to"):
        assert text not in said


async def test_the_same_command_twice_is_carried_out_once(house: House) -> None:
    await house.open()
    first = await house.command(AssignOwner(owner="p-new"), id="same")
    assert await house.command(AssignOwner(owner="p-new"), id="same") == first
    assert sum(row.type == "OwnerAssigned" for row in house.records.reviews.history(house.review)) == 1


async def test_a_refused_command_is_decided_anew_when_it_is_asked_again(house: House) -> None:
    await house.to_remediation()
    assert not (await house.command(Close(), id="again")).accepted
    await finish(house, "I1")
    await house.until(lambda r: r.stage is Stage.CLOSED)
    answer = await house.command(Close(), id="again")
    assert "I1" not in " ".join(answer.reasons)


async def test_a_workflow_that_was_ended_from_outside_is_woken_by_the_next_look_around(
    client: Client, sqlite_records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.sync.OVERDUE", timedelta(0))
    async with running(build_house(client, sqlite_records, quick_policy("2 s"))) as house:
        await house.open()
        await house.handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await house.handle.result()
        await asyncio.sleep(2.1)
        sync = SyncActivities(house.records.reviews, house.records.inbox, house.records.seen, {}, str, _deaf(house))
        assert await asyncio.to_thread(sync.wake_overdue) == 1
        assert await house.door.send_outgoing(house.records.inbox) == 1
        await house.until(lambda r: r.stage is Stage.DRAFT)
        assert await asyncio.to_thread(sync.wake_overdue) == 0


async def test_a_tracker_that_hangs_holds_no_command_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(house.tracker, "ensure_issue", lambda *_: released.wait(30))
    await house.open()
    for n in range(THREADS + 5):
        await house.command(ProposeItem(spec=spec(f"P{n}")))
        assert (await house.command(AcceptItem(item=f"P{n}"))).accepted
    begun = asyncio.get_running_loop().time()
    assert (await house.command(AssignOwner(owner="p-new"))).accepted
    assert asyncio.get_running_loop().time() - begun < 10, "a command waited for a tracker"
    monkeypatch.undo()
    released.set()


async def test_what_a_failure_quotes_stays_out_of_the_history(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.open()
    await house.until(lambda r: r.stage is Stage.DRAFT)
    failures = iter([OperationalError("INSERT", {"body": "a very private text"}, Exception("a very private text"))])
    keep = people.keep_texts

    def failing(*arguments: Any) -> None:
        for failure in failures:
            raise failure
        keep(*arguments)

    monkeypatch.setattr(drafts, "keep_texts", failing)
    await house.submit()
    said = (await house.handle.fetch_history()).to_json()
    assert "a very private text" not in said
    assert "OperationalError" in said


async def test_a_fact_is_no_command_and_leaves_nothing_behind(house: House) -> None:
    await house.open()
    before = len((await house.handle.fetch_history()).events)
    fact = Input(id="f", body=TrackingRead(status=IssueStatus.OPEN, as_of=datetime.now(UTC)))
    with pytest.raises(WorkflowUpdateFailedError):
        await house.handle.execute_update(ReviewWorkflow.command, fact)
    with pytest.raises(WorkflowUpdateFailedError):
        await house.handle.execute_update("command", {"id": "x", "body": {"type": "no such thing"}})
    events = (await house.handle.fetch_history()).events
    assert all(e.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED for e in events[before:])


async def test_a_command_sent_as_a_signal_is_not_carried_out(house: House) -> None:
    await house.open()
    await house.tell(AssignOwner(owner="p-new"))
    await house.command(AssignOwner(owner="p-third"))
    types = [row.type for row in house.records.reviews.history(house.review)]
    assert types.count("OwnerAssigned") == 1


async def test_a_tracker_that_refuses_the_credential_blocks_and_holds_no_command_up(house: House) -> None:
    house.tracker.break_with(UnauthorisedError("bad token"), times=None)
    await house.open()
    await house.until(lambda r: r.stage is Stage.DRAFT)
    await house.sign(await house.submit())
    review = await house.until(lambda r: "issue:I1" in r.failures)
    assert review.failures["issue:I1"].kind is FailureKind.UNAUTHORISED
    answer = await house.command(Close())
    assert "I1 has no issue in its tracker: the tracker refused the credential." in answer.reasons
    assert (await house.command(AssignOwner(owner="p-new"))).accepted


async def test_a_tracker_that_fails_for_a_moment_is_tried_again_and_gets_one_issue(house: House) -> None:
    house.tracker.break_with(UnavailableError("away"), times=2, stored=True)
    await house.to_remediation()
    keys = [issue.spec.key for issue in house.tracker.issues]
    assert sorted(keys) == [f"{house.review}/I1", f"{house.review}/tracking"]


async def test_an_adapter_with_a_fault_of_its_own_blocks_as_unavailable(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object) -> None:
        raise RuntimeError("a fault in the adapter")

    monkeypatch.setattr(house.tracker, "ensure_issue", faulty)
    await house.open()
    await house.until(lambda r: r.stage is Stage.DRAFT)
    await house.sign(await house.submit())
    review = await house.until(lambda r: "issue:I1" in r.failures)
    assert review.failures["issue:I1"].kind is FailureKind.UNAVAILABLE


async def test_a_tracking_issue_that_is_closed_early_is_opened_again_with_what_blocks(house: House) -> None:
    review = await house.to_remediation()
    assert review.tracking is not None
    key = review.tracking.ref.key
    house.tracker.finish(key)
    await house.tell(TrackingRead(status=IssueStatus.DONE, as_of=datetime.now(UTC)))
    await house.until(lambda r: r.tracking is not None and r.tracking.as_of > review.tracking.as_of)  # type: ignore[union-attr]
    await house.until(lambda r: r.tracking is not None and r.tracking.status is IssueStatus.OPEN)
    issue = house.tracker.named(key)
    assert issue.status is IssueStatus.OPEN
    (comment,) = issue.comments
    assert "I1 (default#1) is open." in comment.text


async def test_an_incident_that_comes_again_starts_the_quiet_window_again(
    client: Client, sqlite_records: Records
) -> None:
    async with running(build_house(client, sqlite_records, quick_policy("1 h"))) as house:
        await house.open()
        id = house.review.removeprefix("pagerduty:")
        await house.tell(told(id, status="open", at=datetime.now(UTC)))
        await house.until(lambda r: r.quiet_until is None)
        await house.tell(told(id, at=datetime.now(UTC)))
        review = await house.until(lambda r: r.quiet_until is not None)
        assert review.refires == 1
        assert review.stage is Stage.STABILIZATION


async def test_an_excluded_incident_ends_its_workflow_and_a_message_starts_it_again(house: House) -> None:
    id = house.review.removeprefix("pagerduty:")
    light = told(id, at=datetime.now(UTC)).incident.model_copy(update={"severity": Severity.SEV4})
    await house.tell(IncidentTold(incident=light))
    await house.handle.result()
    assert (await house.until(lambda r: True)).stage is Stage.EXCLUDED
    refused = await house.command(AssignOwner(owner="p-new"))
    assert not refused.accepted
    assert len(refused.reasons) == 1
    await house.tell(told(id, at=datetime.now(UTC)))
    await house.until(lambda r: r.stage is Stage.STABILIZATION)


async def test_a_command_to_a_review_that_nobody_knows_is_refused(house: House) -> None:
    answer = await house.command(Close())
    assert answer.reasons == (f"There is no review {house.review}.",)


async def test_a_workflow_of_an_older_engine_ends_as_superseded_and_writes_nothing(house: House) -> None:
    await house.open()
    before = house.records.reviews.history(house.review)
    house.records.engines.take_over("another engine")
    await house.tell(told(house.review.removeprefix("pagerduty:"), status="open", at=datetime.now(UTC)))
    with pytest.raises(WorkflowFailureError) as failure:
        await house.handle.result()
    assert "SupersededError" in repr(failure.value.cause)
    assert house.records.reviews.history(house.review) == before


async def test_many_commands_at_once_are_all_answered_one_at_a_time(house: House) -> None:
    await house.open()
    answers = await asyncio.gather(*(house.command(AssignOwner(owner=f"p-{n}")) for n in range(8)))
    assert all(answer.accepted for answer in answers)
    assert [row.seq for row in house.records.reviews.history(house.review)] == list(range(1, 10))


async def test_an_incident_that_is_open_again_in_remediation_blocks(house: House) -> None:
    await house.to_remediation()
    await house.tell(told(house.review.removeprefix("pagerduty:"), status="open", at=datetime.now(UTC)))
    await house.until(lambda r: r.incidents[house.review].status is IncidentStatus.OPEN)
    assert f"Incident {house.review} is open." in (await house.command(Close())).reasons


def _deaf(house: House) -> Listening:
    return Listening(house.records.people, lambda account, tracker: None)
