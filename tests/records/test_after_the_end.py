"""What is told of an incident after its review has ended, or after it was taken out of one, finds its way."""

from datetime import timedelta

import pytest

from domain.lifecycle.inputs import Approve, Dismiss, Input, JoinIncident, RemoveIncident
from domain.model.taxonomy import Stage
from records.operations.inbox import routed_to
from records.store import Records
from tests.records.build import Teller, told


def routed(records: Records, incident: str) -> str | None:
    with records.database.read() as connection:
        return routed_to(connection, incident)


def pass_on(records: Records, teller: Teller) -> list[str]:
    """Give what the inbox has to its reviews; their ids."""
    out = records.inbox.outgoing()
    for sent in out:
        teller.say(sent.review_id, sent.input.body, "holdfast", sent.input.id)
    return [sent.review_id for sent in out]


def test_harm_after_the_end_begins_a_review_that_follows_and_hears_of_its_incident_from_then_on(
    records: Records,
) -> None:
    teller = Teller(records)
    review = teller.open()
    teller.say(review, Dismiss(reason="text:why"))
    teller.say(review, Approve(request="R1"), "p-approver")
    assert teller.find(review).stage is Stage.DISMISSED
    teller.now += timedelta(hours=1)
    teller.say(review, told(status="open", at=teller.now), "holdfast")
    assert teller.find(review).successor == f"{review}~2"
    assert pass_on(records, teller) == [f"{review}~2"]
    successor = teller.find(f"{review}~2")
    assert (successor.stage, successor.follows) == (Stage.STABILIZATION, review)
    assert pass_on(records, teller) == []
    assert routed(records, review) == f"{review}~2"
    over = told(at=teller.now + timedelta(hours=1))
    records.inbox.receive("pagerduty", "incident.resolved", Input(id="over", body=over))
    teller.now += timedelta(hours=1)
    assert pass_on(records, teller) == [f"{review}~2"]
    assert teller.find(f"{review}~2").quiet_until == teller.now + timedelta(hours=24)
    assert records.audit.verify().wrong == ()


def test_an_incident_that_was_taken_out_of_a_review_may_have_one_of_its_own(records: Records) -> None:
    teller = Teller(records)
    review = teller.open()
    teller.say(review, JoinIncident(incident=told("Q3").incident))
    assert routed(records, "pagerduty:Q3") == review
    teller.say(review, RemoveIncident(incident="pagerduty:Q3", reason="text:why"))
    teller.say(review, Approve(request="R1"), "p-approver")
    assert set(teller.find(review).incidents) == {review}
    assert (routed(records, "pagerduty:Q3"), routed(records, review)) == (None, review)
    assert pass_on(records, teller) == ["pagerduty:Q3"]
    assert routed(records, "pagerduty:Q3") == "pagerduty:Q3"
    assert teller.find("pagerduty:Q3").stage is Stage.STABILIZATION, "what was reported is judged by itself"


@pytest.mark.parametrize(("source", "waits"), [("pagerduty", ["pagerduty:Q4"]), ("hand", [])])
def test_an_open_one_that_was_taken_out_waits_for_its_end_where_a_source_knows_it(
    records: Records, source: str, waits: list[str]
) -> None:
    teller = Teller(records)
    review = teller.open()
    incident = told("Q4", status="open").incident.model_copy(update={"source": source})
    teller.say(review, JoinIncident(incident=incident))
    teller.say(review, RemoveIncident(incident=incident.ref, reason="text:why"))
    teller.say(review, Approve(request="R1"), "p-approver")
    assert pass_on(records, teller) == []
    assert [one.incident for one in records.inbox.open_incidents()] == waits
