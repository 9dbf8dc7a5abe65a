"""How many people and acts an honest review takes, by GATE. An act is one accepted command, or one issue closed."""

from datetime import timedelta

import pytest

from domain.lifecycle.inputs import ExtendDue, ProposeItem
from domain.model.taxonomy import Severity
from tests.domain.build import document, item, spec
from tests.domain.honest import AUTHOR, FULL, Life, OrdinaryLife, policy_named

LIVES = [
    ("standard", Severity.SEV2, ("I1", "I2"), 4, 10, 16),
    ("small team", Severity.SEV2, ("I1", "I2"), 2, 6, 11),
    ("regulated", Severity.SEV2, ("I1", "I2"), 4, 10, 16),
    ("standard", Severity.SEV3, ("I1",), 2, 4, 9),
]
"""Policy, severity, items; people, acts where nothing goes wrong, acts in ordinary life. GATE wants 6 of the last 9."""


def begun(under: str, severity: Severity) -> Life:
    life = Life(policy_named(under), severity)
    life.begin()
    return life


@pytest.mark.parametrize(("under", "severity", "items", "people", "acts", "_"), LIVES)
def test_where_nothing_goes_wrong_few_people_do_little(
    under: str, severity: Severity, items: tuple[str, ...], people: int, acts: int, _: int
) -> None:
    life = begun(under, severity)
    life.submit(document(items=[item(id, owner=AUTHOR) for id in items], **FULL))
    life.sign_what_is_left()
    life.end()
    assert life.is_closed
    assert len(life.people) <= people
    assert life.acts <= acts


@pytest.mark.parametrize(("under", "severity", "items", "people", "_", "acts"), LIVES)
def test_ordinary_life_takes_a_little_more(
    under: str, severity: Severity, items: tuple[str, ...], people: int, _: int, acts: int
) -> None:
    """The text changes after a signature, a date slips, and an item is added after the last signature."""
    life = begun(under, severity)
    promised = [item(id, owner=AUTHOR) for id in items]
    life.submit(document(items=promised, **FULL))
    life.sign(life.driver.review.required_teams[0])
    life.submit(document(items=promised, summary="It was stale for six hours.", **FULL))
    life.sign_what_is_left()
    due = life.driver.review.items["I1"].due
    assert due is not None
    life.say(ExtendDue(item="I1", until=due + timedelta(days=5), reason="text:why"), AUTHOR)
    life.say(ProposeItem(spec=spec("I9", owner=AUTHOR)), AUTHOR)
    life.sign(life.driver.review.required_teams[0])
    life.end()
    assert life.is_closed
    assert len(life.people) <= people
    assert life.acts <= acts


@pytest.mark.parametrize("under", ["standard", "small team", "regulated"])
@pytest.mark.parametrize("severity", Severity)
def test_whatever_goes_wrong_in_ordinary_lives_every_one_of_them_closes(under: str, severity: Severity) -> None:
    policy, allowed = policy_named(under), {"standard": 4, "small team": 2, "regulated": 4}[under]
    for seed in range(20):
        life = OrdinaryLife(policy, severity, seed).live()
        assert life.is_closed, (seed, life.mishaps, life.driver.blocker_ids)
        assert len(life.people) <= allowed, (seed, life.mishaps, life.people)
