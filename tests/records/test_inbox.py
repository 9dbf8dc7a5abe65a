from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from domain.lifecycle.inputs import AssignOwner, IncidentTold, Input, ItemsRead, Tick
from domain.model.taxonomy import IncidentStatus, Severity, Stage
from records import tables
from records.operations.inbox import LOOK_AGAIN, LOOK_AT_LEAST, DeliveryState
from records.store import Records
from tests.records.build import NOW, Teller, told


def receive(records: Records, id: str, body: IncidentTold) -> bool:
    return records.inbox.receive("pagerduty", "incident", Input(id=id, body=body))


def dispatch(records: Records, teller: Teller) -> list[str]:
    """Send what is to be sent, and hear it at once."""
    sent = []
    for delivery in records.inbox.outgoing():
        records.inbox.sent(delivery.input.id)
        teller.say(delivery.review_id, delivery.input.body, id=delivery.input.id)
        sent.append(delivery.input.id)
    return sent


def look_now(records: Records) -> None:
    """Let what waits be looked at, as after a while."""
    with records.database.write() as connection:
        for row in connection.execute(select(tables.inbox).where(tables.inbox.c.look_at.is_not(None))).all():
            earlier = row.look_at - timedelta(hours=1)
            connection.execute(
                update(tables.inbox).where(tables.inbox.c.position == row.position).values(look_at=earlier)
            )


def test_many_that_wait_hold_up_none_that_can_go(records: Records) -> None:
    teller = Teller(records)
    for n in range(150):
        receive(records, f"w{n}", told(f"W{n}", status="open"))
    receive(records, "reopened", told(status="open", at=NOW + timedelta(minutes=10)))
    receive(records, "resolved", told(at=NOW))
    seen: list[str] = []
    for _ in range(6):
        seen += dispatch(records, teller)
        look_now(records)
    assert sorted(seen) == ["reopened", "resolved"]


def states(records: Records) -> dict[str, DeliveryState]:
    return {delivery.delivery_id: delivery.state for delivery in records.inbox.list()}


def test_a_delivery_that_comes_five_times_is_kept_once(records: Records) -> None:
    assert [receive(records, "d1", told()) for _ in range(5)] == [True, False, False, False, False]
    assert len(records.inbox.list()) == 1


def test_what_asks_for_nothing_is_noted_with_its_reason(records: Records) -> None:
    assert records.inbox.ignore("pagerduty", "incident.annotated", "d1", "A note changes nothing.")
    (delivery,) = records.inbox.list()
    assert (delivery.state, delivery.note) == (DeliveryState.IGNORED, "A note changes nothing.")
    assert records.inbox.outgoing() == []


def test_a_night_of_alerts_with_one_key_makes_one_review(records: Records) -> None:
    teller = Teller(records)
    for hour in range(4):
        at = NOW + timedelta(hours=hour)
        teller.now = at
        receive(records, f"open-{hour}", told(f"Q{hour}", key="k", status="open", at=at))
        dispatch(records, teller)
        receive(records, f"resolved-{hour}", told(f"Q{hour}", key="k", at=at + timedelta(minutes=5)))
        dispatch(records, teller)
    assert records.reviews.ids() == ["pagerduty:Q0"]
    review = teller.find("pagerduty:Q0")
    assert len(review.incidents) == 4
    assert review.quiet_until == NOW + timedelta(hours=3 + 24)


def test_alerts_with_one_key_that_come_at_once_make_one_review(records: Records) -> None:
    teller = Teller(records)
    for n in range(3):
        receive(records, f"d{n}", told(f"Q{n}", key="k", at=NOW + timedelta(minutes=n)))
    assert len(dispatch(records, teller)) == 3
    assert records.reviews.ids() == ["pagerduty:Q0"]


def test_after_the_quiet_window_the_same_key_opens_a_review_of_its_own(records: Records) -> None:
    teller = Teller(records)
    receive(records, "d1", told("Q1", key="k"))
    dispatch(records, teller)
    teller.now += timedelta(hours=25)
    teller.say("pagerduty:Q1", Tick())
    receive(records, "d2", told("Q2", key="k", at=teller.now))
    dispatch(records, teller)
    assert records.reviews.ids() == ["pagerduty:Q1", "pagerduty:Q2"]


def test_different_keys_and_no_keys_make_different_reviews(records: Records) -> None:
    teller = Teller(records)
    for n, key in enumerate(["a", "b", None, None]):
        receive(records, f"d{n}", told(f"Q{n}", key=key))
    dispatch(records, teller)
    assert len(records.reviews.ids()) == 4


def test_a_reopen_that_comes_first_waits_for_its_review(records: Records) -> None:
    teller = Teller(records)
    receive(records, "reopened", told(status="open", at=NOW + timedelta(minutes=10)))
    assert dispatch(records, teller) == []
    assert states(records) == {"reopened": DeliveryState.WAITING}
    receive(records, "resolved", told(at=NOW))
    assert dispatch(records, teller) == ["resolved"]
    look_now(records)
    assert dispatch(records, teller) == ["reopened"]
    review = teller.find("pagerduty:Q1")
    assert review.incidents["pagerduty:Q1"].status is IncidentStatus.OPEN
    assert review.quiet_until is None
    teller.now += timedelta(days=3)
    teller.say("pagerduty:Q1", Tick())
    assert teller.find("pagerduty:Q1").stage is Stage.STABILIZATION


def test_what_was_told_of_an_incident_that_stays_open_for_months_counts_when_it_is_over(records: Records) -> None:
    teller = Teller(records)
    receive(records, "d1", told(status="open", severity=Severity.SEV1))
    for age in (timedelta(0), timedelta(days=8), timedelta(days=90)):
        with records.database.write() as connection:
            connection.execute(update(tables.inbox).values(received_at=datetime.now(UTC) - age))
        look_now(records)
        before = datetime.now(UTC)
        assert records.inbox.outgoing() == []
        with records.database.read() as connection:
            look_at = connection.execute(select(tables.inbox.c.look_at)).scalar_one()
        assert look_at >= before + min(max(LOOK_AGAIN, age / 20), LOOK_AT_LEAST)
        assert look_at <= datetime.now(UTC) + LOOK_AT_LEAST
    assert states(records) == {"d1": DeliveryState.WAITING}
    receive(records, "d2", told(severity=Severity.SEV3, at=NOW + timedelta(hours=2)))
    teller.now += timedelta(hours=3)
    dispatch(records, teller)
    look_now(records)
    dispatch(records, teller)
    assert teller.find("pagerduty:Q1").gravest is Severity.SEV1


def test_incidents_that_are_open_are_listed_the_gravest_first_until_they_are_over(records: Records) -> None:
    receive(records, "d1", told("Q1", status="open", severity=Severity.SEV3))
    receive(records, "d2", told("Q2", status="open", severity=Severity.SEV3, at=NOW + timedelta(hours=1)))
    receive(records, "d3", told("Q3", status="open", severity=Severity.SEV2, at=NOW + timedelta(hours=2)))
    receive(records, "d4", told("Q2", status="open", severity=Severity.SEV1, at=NOW + timedelta(hours=3)))
    records.inbox.outgoing()
    assert [(one.incident, one.severity, one.since) for one in records.inbox.open_incidents()] == [
        ("pagerduty:Q2", Severity.SEV1, NOW + timedelta(hours=1)),
        ("pagerduty:Q3", Severity.SEV2, NOW + timedelta(hours=2)),
        ("pagerduty:Q1", Severity.SEV3, NOW),
    ]
    receive(records, "d5", told("Q2", severity=Severity.SEV1, at=NOW + timedelta(hours=4)))
    dispatch(records, Teller(records))
    look_now(records)
    records.inbox.outgoing()
    assert [one.incident for one in records.inbox.open_incidents()] == ["pagerduty:Q3", "pagerduty:Q1"]


def test_what_was_sent_and_not_finished_is_sent_again(records: Records) -> None:
    receive(records, "d1", told())
    for delivery in records.inbox.outgoing():
        records.inbox.sent(delivery.input.id)
    assert records.inbox.outgoing() == []
    with records.database.write() as connection:
        connection.execute(update(tables.inbox).values(look_at=datetime.now(UTC) - timedelta(minutes=1)))
    assert [delivery.input.id for delivery in records.inbox.outgoing()] == ["d1"]
    for delivery in records.inbox.outgoing():
        records.inbox.sent(delivery.input.id)
    assert records.inbox.send_all_again() == 1
    assert [delivery.input.id for delivery in records.inbox.outgoing()] == ["d1"]


def test_a_finished_delivery_is_never_sent_again(records: Records) -> None:
    teller = Teller(records)
    receive(records, "d1", told())
    dispatch(records, teller)
    assert records.inbox.send_all_again() == 0
    assert records.inbox.outgoing() == []


@pytest.mark.parametrize("stage", ["stabilization", "draft"])
def test_a_fact_about_a_review_goes_straight_to_it(records: Records, stage: str) -> None:
    teller = Teller(records)
    review = teller.open() if stage == "stabilization" else teller.to_draft()
    records.inbox.receive("builtin", "issue_read", Input(id="f1", body=ItemsRead(readings=())), review)
    (delivery,) = records.inbox.outgoing()
    assert delivery.review_id == review


def test_an_excluded_incident_is_recorded_with_the_rule_and_qualifies_when_it_becomes_graver(records: Records) -> None:
    teller = Teller(records)
    light = told().incident.model_copy(update={"severity": Severity.SEV4})
    receive(records, "d1", IncidentTold(incident=light))
    dispatch(records, teller)
    review = teller.find("pagerduty:Q1")
    assert (review.stage, review.excluded_by) == (Stage.EXCLUDED, "severity: SEV4 is not reviewed")
    receive(records, "d2", told(at=NOW + timedelta(hours=1)))
    dispatch(records, teller)
    assert teller.find("pagerduty:Q1").stage is Stage.STABILIZATION


def test_what_would_fail_for_ever_is_set_aside_and_holds_nothing_up(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object) -> None:
        raise ValueError("a fault of our own")

    teller = Teller(records)
    receive(records, "d1", told())
    with monkeypatch.context() as patched:
        patched.setattr("records.advance.decide", faulty)
        dispatch(records, teller)
        refused = teller.say("pagerduty:Q1", AssignOwner(owner="p-new"))
    assert refused.answer.reasons == (
        "Holdfast itself failed on this. It changed nothing; the worker's log says more.",
    )
    assert states(records) == {"d1": DeliveryState.FAILED}
    assert records.inbox.send_all_again() == 1
    assert dispatch(records, teller) == ["d1"]
    assert teller.find("pagerduty:Q1").stage is Stage.STABILIZATION


def test_who_takes_longer_to_hear_is_told_less_and_less_often(records: Records) -> None:
    receive(records, "d1", told())
    records.inbox.outgoing()
    with records.database.write() as connection:
        connection.execute(update(tables.inbox).values(received_at=datetime.now(UTC) - timedelta(hours=1)))
    records.inbox.sent("d1")
    with records.database.read() as connection:
        look_at = connection.execute(select(tables.inbox.c.look_at)).scalar_one()
    assert look_at > datetime.now(UTC) + timedelta(minutes=59)
