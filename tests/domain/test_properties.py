"""Facts may come in any order and more than once: they end in the same state."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.lifecycle.inputs import IncidentTold, ItemsRead
from domain.model.review import Incident, Reading
from domain.model.taxonomy import IncidentKind, IncidentStatus, IssueStatus, Realisation, Severity
from tests.domain.build import CATALOGUE, NOW, Driver, in_remediation, in_stabilization, incident, reading

ordinary = settings(max_examples=100, deadline=None, derandomize=True)

readings = st.lists(
    st.builds(
        lambda status, minutes, due: reading("I1", status, NOW + timedelta(days=1, minutes=minutes)).model_copy(
            update={"due": due and (NOW + timedelta(days=due)).date()}
        ),
        st.sampled_from(IssueStatus),
        st.integers(0, 5),
        st.sampled_from((None, 3, 8, 9, 30)),
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
        realisation=st.sampled_from(Realisation),
        kinds=st.lists(st.sampled_from(tuple(IncidentKind)[:4]), max_size=2, unique=True).map(tuple),
        service=st.sampled_from(("ranker", "search")),
        url=st.sampled_from((None, "https://a", "https://b")),
        responder=st.sampled_from((None, "ann", "ben")),
        resolved=st.sampled_from((None, NOW, NOW + timedelta(minutes=3))),
    ).map(lambda told: told.model_copy(update={"team": CATALOGUE.team_of(told.service)})),
    min_size=1,
    max_size=6,
)

REMEDIATION = in_remediation()
STABILIZATION = in_stabilization()
NEAR_MISS = in_stabilization(realisation=Realisation.NEAR_MISS, service="unlisted", team=None)


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
    known = one["pagerduty:PD-1"]
    assert known.as_of == max(i.as_of for i in told)
    assert (known.service, known.team) == ("ranker", "recs")
    assert set(known.kinds) == {kind for i in told for kind in i.kinds}
    assert known.realisation is Realisation.HARM
    assert (known.url is None) == all(i.url is None for i in told)


@ordinary
@given(data=st.data(), told=tellings)
def test_a_near_miss_told_in_any_order_ends_as_the_same(data: st.DataObject, told: list[Incident]) -> None:
    order = data.draw(st.permutations([*told, *told[:2]]))
    one = replayed(NEAR_MISS, [IncidentTold(incident=i) for i in told]).review
    other = replayed(NEAR_MISS, [IncidentTold(incident=i) for i in order]).review
    assert one.incidents == other.incidents
    assert (one.realisation is Realisation.HARM) == any(i.realisation is Realisation.HARM for i in told)
