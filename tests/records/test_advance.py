from datetime import timedelta

import pytest
from sqlalchemy import delete, func, update

from domain.lifecycle.decide import UnreadableReviewError
from domain.lifecycle.events import OwnerAssigned
from domain.lifecycle.inputs import AssignOwner, Close, IncidentTold, Input, JoinIncident, SignForTeam, Tick
from domain.model.taxonomy import Stage
from records import tables
from records.advance import PAUSE_AFTER_FAULT
from records.event_log.streams import ConflictError, SupersededError, append
from records.store import Records
from tests.records.build import NOW, Teller, told


def test_an_incident_opens_a_review_and_its_plan_wakes_at_the_end_of_the_quiet_window(records: Records) -> None:
    teller = Teller(records)
    outcome = teller.say("pagerduty:Q1", told())
    assert outcome.answer.events == ("ReviewOpened",)
    assert outcome.plan.wake_at == NOW + timedelta(hours=24)
    assert teller.find("pagerduty:Q1").stage is Stage.STABILIZATION


def test_the_same_input_is_heard_once_and_answered_as_the_first_time(records: Records) -> None:
    teller = Teller(records)
    review = teller.open()
    first = teller.say(review, AssignOwner(owner="p-new"), id="once")
    teller.say(review, AssignOwner(owner="p-third"))
    again = teller.say(review, AssignOwner(owner="p-new"), id="once")
    assert again.answer == first.answer
    assert teller.find(review).owner == "p-third"


def test_what_follows_for_others_is_answered_as_the_first_time(records: Records) -> None:
    teller = Teller(records)
    review = teller.to_draft()
    digest = teller.submit(review)
    sign = {team: SignForTeam(team=team, digest=digest) for team in ("ml", "product")}
    teller.say(review, sign["ml"], "p-ml")
    first = teller.say(review, AssignOwner(owner="p-ml"), id="once").answer
    assert first.told == ("What ml signed stands no more: it is to be signed again.",)
    teller.say(review, sign["ml"], "p-third")
    teller.say(review, sign["product"], "p-product")
    teller.say(review, AssignOwner(owner="p-product"))
    assert teller.say(review, AssignOwner(owner="p-ml"), id="once").answer == first


def test_an_id_that_somebody_else_used_is_refused(records: Records) -> None:
    teller = Teller(records)
    review = teller.open()
    teller.say(review, AssignOwner(owner="p-new"), by="p-one", id="same")
    answer = teller.say(review, AssignOwner(owner="p-third"), by="p-two", id="same").answer
    assert answer.reasons == ("Somebody else used this id for another command: use a new one.",)
    assert teller.find(review).owner == "p-new"


def test_reviews_that_nobody_looked_at_in_time_are_known(records: Records) -> None:
    teller = Teller(records)
    review = teller.open()
    due = NOW + timedelta(hours=24)
    assert records.reviews.overdue(due) == {}
    assert records.reviews.overdue(due + timedelta(seconds=1)) == {review: due}
    assert records.reviews.going_on() == [review]


def test_an_incident_that_another_review_hears_of_is_not_joined(records: Records) -> None:
    teller = Teller(records)
    review, other = teller.open("Q1"), teller.open("Q2")
    answer = teller.say(review, JoinIncident(incident=told("Q2").incident)).answer
    assert answer.reasons == (f"{other} is part of another review, which hears of it: dismiss one of the two.",)
    assert teller.say(review, JoinIncident(incident=told("Q3").incident)).answer.accepted
    again = teller.say(review, JoinIncident(incident=told("Q3").incident)).answer
    assert again.reasons == ("pagerduty:Q3 is part of this review already.",)


def test_a_refused_command_leaves_no_trace_and_is_decided_anew(records: Records) -> None:
    teller = Teller(records)
    review = teller.to_remediation()
    before = records.reviews.history(review)
    assert not teller.say(review, Close(), id="c").answer.accepted
    assert records.reviews.history(review) == before
    closed = teller.to_closed("Q2")
    assert teller.find(closed).stage is Stage.CLOSED
    assert teller.say(closed, Close(), id="c").answer.reasons


def test_what_time_owes_is_recorded_before_a_refused_or_repeated_input_and_stays(records: Records) -> None:
    """A delivery that came again between the end of the quiet window and its timer once put the timer off by weeks."""
    teller = Teller(records)
    review, again = teller.open(), told()
    teller.say(review, again, id="delivery")
    teller.now = NOW + timedelta(hours=24, seconds=1)
    outcome = teller.say(review, again, id="delivery")
    assert teller.find(review).stage is Stage.DRAFT
    assert outcome.plan.wake_at is not None
    assert outcome.plan.wake_at > teller.now
    assert not teller.say(review, Close()).answer.accepted
    last = records.reviews.history(review)[-1]
    assert (last.type, last.input_id) == ("StageEntered", "tick@1")
    assert records.audit.verify().wrong == ()


def test_where_what_time_owes_fails_what_is_said_is_heard_and_time_is_tried_again_later(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    teller = Teller(records)
    review = teller.open()
    teller.now = NOW + timedelta(hours=24, seconds=1)

    def failing(*_: object) -> None:
        raise ValueError("a fault in a rule of time")

    monkeypatch.setattr("records.advance.settle_time", failing)
    outcome = teller.say(review, Close())
    assert outcome.answer.reasons[0] == "The review is in stabilization, before remediation."
    assert outcome.plan.wake_at == teller.now + PAUSE_AFTER_FAULT
    assert teller.say(review, AssignOwner(owner="p-new")).answer.accepted


def test_a_look_at_which_time_records_nothing_is_a_look_all_the_same(records: Records) -> None:
    teller = Teller(records)
    review = teller.open()
    teller.say(review, told(status="open", at=NOW + timedelta(hours=1)))
    teller.now = NOW + timedelta(days=2)
    late = records.reviews.overdue(teller.now)
    teller.say(review, Tick())
    assert records.reviews.overdue(teller.now) == {}, late


def test_a_whole_life_is_recorded_and_passes_the_audit(records: Records) -> None:
    teller = Teller(records)
    review = teller.to_closed()
    teller.now += timedelta(days=106)
    teller.say(review, Tick())
    assert teller.find(review).stage is Stage.ARCHIVED
    report = records.audit.verify()
    assert report.wrong == ()
    assert report.closures == 1


def test_an_older_epoch_is_refused_and_changes_nothing(records: Records) -> None:
    old = Teller(records, "engine-1")
    review = old.open()
    new = records.engines.take_over("engine-2")
    with pytest.raises(SupersededError):
        old.say(review, AssignOwner(owner="p-new"))
    with pytest.raises(SupersededError):
        old.open("Q2")
    assert old.find(review).owner == "p-owner"
    assert records.reviews.find("pagerduty:Q2") is None
    old.epoch = new
    assert old.say(review, AssignOwner(owner="p-new")).answer.accepted


def test_an_append_upon_a_stream_that_has_grown_is_refused(records: Records) -> None:
    teller = Teller(records)
    review = teller.open()
    before = records.reviews.history(review)
    input, event = Input(id="x", body=Tick()), OwnerAssigned(owner="p-new", by="p-other")
    with records.database.write() as connection:
        append(connection, review, before[-1], [event], input, NOW, teller.epoch)
    with pytest.raises(ConflictError), records.database.write() as connection:
        append(connection, review, before[-1], [event], input, NOW, teller.epoch)
    assert len(records.reviews.history(review)) == len(before) + 1


def test_what_a_newer_release_began_is_neither_lost_nor_shown(records: Records) -> None:
    teller = Teller(records)
    review = teller.open()
    with records.database.write() as connection:
        connection.execute(delete(tables.reviews))
        connection.execute(
            update(tables.events).values(text=func.replace(tables.events.c.text, "ReviewOpened", "Newer"))
        )
    assert records.reviews.rebuild() == 1
    assert records.reviews.find(review) is None
    with pytest.raises(UnreadableReviewError):
        Teller(records).say(review, told(at=NOW + timedelta(hours=1)))


def test_a_delivery_is_finished_by_the_transaction_that_hears_it(records: Records) -> None:
    teller = Teller(records)
    _deliver(records, "d1", told())
    assert records.inbox.unfinished() == 1
    _hear(records, teller)
    assert records.inbox.unfinished() == 0
    assert [d.state for d in records.inbox.list()] == ["done"]


def _deliver(records: Records, id: str, body: IncidentTold) -> None:
    records.inbox.receive("pagerduty", "incident", Input(id=id, body=body))


def _hear(records: Records, teller: Teller) -> None:
    for delivery in records.inbox.outgoing():
        teller.say(delivery.review_id, delivery.input.body, id=delivery.input.id)
