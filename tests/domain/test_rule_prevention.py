"""`prevention`: every known cause has a strong enough prevention item, or a risk accepted for a time."""

from datetime import timedelta
from typing import Any

import pytest

from domain.lifecycle.closure_rules import is_relied_on, warnings
from domain.lifecycle.inputs import AcceptRisk
from domain.model.policy import Policy
from domain.model.taxonomy import ItemClass, Severity, Stage, Strength
from tests.domain.build import POLICY, Driver, document, factor, finish, in_remediation, in_sign_off, item


def found(driver: Driver) -> set[str]:
    return {b.subject for b in driver.blockers if b.rule == "prevention"}


def accept_risk(driver: Driver, id: str = "F1") -> None:
    driver.say(AcceptRisk(factor=id, reason="text:why"))
    driver.approve(f"R{len(driver.review.requests)}")


def test_a_known_cause_with_a_strong_enough_item_passes() -> None:
    assert found(in_sign_off()) == set()


@pytest.mark.parametrize("changes", [{"strength": Strength.WEAKER}, {"item_class": ItemClass.DETECT}, {"prevents": ()}])
def test_a_known_cause_without_one_blocks(changes: dict[str, Any]) -> None:
    assert "F1" in found(in_sign_off(of=document(items=[item(**changes)])))


def test_an_accepted_risk_stands_for_a_known_cause_until_it_expires() -> None:
    driver = in_sign_off(of=document(items=[item(strength=Strength.WEAKER)]))
    assert found(driver) == {"F1"}
    accept_risk(driver)
    assert found(driver) == set()
    driver.wait(days=30)
    assert found(driver) == {"F1"}


def test_an_accepted_risk_does_not_stand_for_the_one_item_that_is_due_in_any_case() -> None:
    driver = in_sign_off(of=document(items=[]))
    assert found(driver) == {"F1", "items"}
    accept_risk(driver)
    assert found(driver) == {"items"}


def test_a_suspected_cause_of_a_grave_review_has_a_measure_or_an_accepted_risk() -> None:
    """A wiki page closed a SEV2 whose only cause was called potential."""
    suspected = [factor(confidence="potential")]
    page = [item(item_class=ItemClass.DETECT, strength=Strength.WEAKER)]
    monitor = [item(item_class=ItemClass.DETECT, strength=Strength.INTERMEDIATE)]
    elsewhere = [item(item_class=ItemClass.PREVENT, prevents=())]
    assert found(in_sign_off(of=document(factors=suspected, items=monitor))) == set()
    for measure in ([], page, elsewhere):
        assert found(in_sign_off(of=document(factors=suspected, items=measure))) == {"F1"}
    driver = in_sign_off(of=document(factors=suspected, items=[]))
    accept_risk(driver)
    assert found(driver) == set()


def test_what_answers_a_suspected_cause_has_to_be_done_whatever_its_class() -> None:
    monitor = [item(item_class=ItemClass.DETECT, strength=Strength.INTERMEDIATE)]
    driver = in_remediation(of=document(factors=[factor(confidence="potential")], items=monitor))
    assert driver.blocker_ids == ["done/I1"]
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_below_sev2_a_suspected_cause_is_said_and_holds_nothing() -> None:
    driver = in_sign_off(severity=Severity.SEV3, of=document(factors=[factor(confidence="potential")], items=[]))
    assert found(driver) == set()
    assert [b.sentence for b in warnings(driver.review, driver.now) if b.rule == "prevention"] == [
        "Nothing is done about F1 (data: drift), which is suspected: it needs an item of at least intermediate "
        "strength that names it, or a risk accepted for a time."
    ]


def test_the_lightest_reviews_are_only_warned_and_need_no_item() -> None:
    driver = in_sign_off(of=document(items=[]), severity="SEV4")
    assert found(driver) == set()
    assert {w.id for w in warnings(driver.review, driver.now)} == {"prevention/F1", "sign_off/recs"}


def test_a_moderate_review_blocks_like_a_grave_one() -> None:
    assert found(in_sign_off(of=document(items=[]), severity="SEV3")) == {"F1", "items"}


def test_the_clock_of_a_risk_is_looked_at_to_the_moment() -> None:
    driver = in_sign_off(of=document(items=[item(strength=Strength.WEAKER)]))
    accept_risk(driver)
    driver.now = driver.review.risks["F1"].until - timedelta(microseconds=1)
    assert found(driver) == set()
    driver.now += timedelta(microseconds=1)
    assert found(driver) == {"F1"}


# --- the first version of the rule, to which reviews are held that opened under it ----------------------------------

FIRST = Policy.model_validate(
    POLICY.model_dump()
    | {
        "profiles": [
            profile.model_dump()
            | {"rules": {name.replace("prevention@2", "prevention@1"): mode for name, mode in profile.rules.items()}}
            for profile in POLICY.profiles
        ]
    }
)


def test_under_the_first_version_a_known_cause_needs_prevention_or_an_accepted_risk() -> None:
    assert found(in_sign_off(FIRST)) == set()
    driver = in_sign_off(FIRST, of=document(items=[item(item_class=ItemClass.DETECT)]))
    assert found(driver) == {"F1", "items"}
    accept_risk(driver)
    assert found(driver) == {"items"}


def test_under_the_first_version_a_detection_item_or_an_accepted_risk_stands_for_potential_causes() -> None:
    potential = [factor(confidence="potential")]
    detect = [item(item_class=ItemClass.DETECT)]
    driver = in_sign_off(FIRST, of=document(factors=potential, items=detect))
    assert found(driver) == set()
    assert not is_relied_on(driver.review, driver.review.items["I1"])
    driver = in_sign_off(FIRST, of=document(factors=potential, items=[]))
    assert found(driver) == {"items"}
    accept_risk(driver)
    assert found(driver) == set()
