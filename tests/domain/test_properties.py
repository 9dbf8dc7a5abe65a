"""Facts may come in any order and more than once: they end in the same state."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.inputs import IncidentTold, ItemsRead
from domain.review import Incident, Reading
from domain.taxonomy import IncidentStatus, IssueStatus, Severity
from tests.domain.build import NOW, Driver, in_remediation, in_stabilization, incident, reading

ordinary = settings(max_examples=100, deadline=None, derandomize=True)

readings = st.lists(
    st.tuples(st.sampled_from(IssueStatus), st.integers(0, 5)).map(
        lambda told: reading("I1", told[0], NOW + timedelta(days=1, minutes=told[1]))
    ),
    min_size=1,
    max_size=6,
)
tellings = st.lists(
    st.builds(
        incident,
        status=st.sampled_from(IncidentStatus),
        as_of=st.integers(0, 4).map(lambda minutes: NOW + timedelta(minutes=minutes)),
        severity=st.sampled_from(Severity),
        title=st.sampled_from(("text:a", "text:b")),
    ),
    min_size=1,
    max_size=6,
)

REMEDIATION = in_remediation()
STABILIZATION = in_stabilization()


def replayed(start: Driver, bodies: list[Any]) -> Driver:
    driver = Driver(start.policy)
    driver.review, driver.now = start.review, start.now + timedelta(hours=1)
    for body in bodies:
        driver.say(body)
    return driver


@ordinary
@given(data=st.data(), told=readings)
def test_readings_of_an_item_in_any_order_end_in_the_same_state(data: st.DataObject, told: list[Reading]) -> None:
    order = data.draw(st.permutations([*told, *told[:2]]))
    one = replayed(REMEDIATION, [ItemsRead(readings=(r,)) for r in told]).review.items
    other = replayed(REMEDIATION, [ItemsRead(readings=(r,)) for r in order]).review.items
    at_once = replayed(REMEDIATION, [ItemsRead(readings=tuple(order))]).review.items
    assert one == other == at_once
    assert one["I1"].as_of == max(r.as_of for r in told)


@ordinary
@given(data=st.data(), told=tellings)
def test_incidents_told_in_any_order_end_in_the_same_state(data: st.DataObject, told: list[Incident]) -> None:
    order = data.draw(st.permutations([*told, *told[:2]]))
    one = replayed(STABILIZATION, [IncidentTold(incident=i) for i in told]).review.incidents
    other = replayed(STABILIZATION, [IncidentTold(incident=i) for i in order]).review.incidents
    assert one == other
    assert one["pagerduty:PD-1"].as_of == max(i.as_of for i in told)
