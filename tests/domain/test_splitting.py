"""Splitting: several items in the place of one, which together promise what it promised, by a second person."""

from typing import Any

import pytest

from domain.lifecycle.events import ItemSplit
from domain.lifecycle.evolve import evolve
from domain.lifecycle.inputs import Approve, ItemsRead, ProposeItem, SplitItem
from domain.model.review import ItemSpec
from domain.model.taxonomy import IssueStatus, ItemClass, ItemStatus, Stage, Strength
from tests.domain.build import (
    APPROVER,
    SUBMITTER,
    Driver,
    document,
    finish,
    in_remediation,
    in_stabilization,
    item,
    spec,
)


def part(id: str, **changes: Any) -> ItemSpec:
    return spec(id, **changes)


def split(*parts: ItemSpec, of: str = "I1") -> SplitItem:
    return SplitItem(item=of, into=parts or (part("I1a"), part("I1b", prevents=())), reason="text:why")


def test_the_parts_take_its_place_once_another_person_has_approved() -> None:
    driver = in_remediation()
    whole = driver.review.items["I1"]
    driver.say(split(), SUBMITTER)
    assert driver.review.items["I1"].status is ItemStatus.OPEN
    assert driver.reasons(split(), SUBMITTER) == ("R1 asks for that already, and waits for an approval.",)
    driver.approve()
    items = driver.review.items
    assert items["I1"].status is ItemStatus.WITHDRAWN
    assert [(items[id].due, items[id].place) for id in ("I1a", "I1b")] == [(whole.due, whole.place)] * 2
    assert driver.is_in(Stage.SIGN_OFF), "nobody has signed those words"
    driver.sign_all()
    driver.obey()
    assert driver.blocker_ids == ["done/I1a", "done/I1b"]
    finish(driver, ["I1a", "I1b"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_the_issue_of_the_whole_is_closed() -> None:
    driver = in_remediation()
    driver.say(split(), SUBMITTER)
    driver.approve()
    driver.obey()
    assert driver.issues["I1"] is IssueStatus.DECLINED
    assert driver.issues["I1a"] is IssueStatus.OPEN


@pytest.mark.parametrize(
    "parts",
    [
        (part("I1a", prevents=()), part("I1b", prevents=())),
        (part("I1a", item_class=ItemClass.DETECT), part("I1b", item_class=ItemClass.DETECT)),
        (part("I1a", strength=Strength.WEAKER), part("I1b", prevents=())),
    ],
)
def test_parts_that_together_promise_less_are_refused(parts: tuple[ItemSpec, ...]) -> None:
    (reason,) = in_remediation().reasons(split(*parts))
    assert reason == "Together they promise less against F1: one has to be of class prevent, and as strong."


def test_parts_of_an_item_that_names_no_factor_keep_its_class() -> None:
    driver = in_remediation(of=document(items=[item("I1"), item("I2", prevents=(), item_class="detect")]))
    (reason,) = driver.reasons(split(part("I2a"), part("I2b"), of="I2"))
    assert reason == "Together they promise less: one has to be of class detect, and as strong."


@pytest.mark.parametrize("parts", [(part("I1"), part("I1b")), (part("I1a"), part("I1a"))])
def test_each_part_has_an_id_of_its_own(parts: tuple[ItemSpec, ...]) -> None:
    (reason,) = in_remediation().reasons(split(*parts))
    assert reason == f"There is an item {parts[0].id} already: each part needs an id of its own."


def test_a_part_names_factors_that_there_are() -> None:
    (reason,) = in_remediation().reasons(split(part("I1a"), part("I1b", prevents=("F9",))))
    assert reason == "There is no factor F9; there are F1."


def test_what_is_not_promised_or_done_already_is_not_split() -> None:
    driver = in_stabilization()
    driver.say(ProposeItem(spec=spec()))
    assert driver.reasons(split()) == ("I1 is proposed: only an accepted item is split.",)
    assert driver.reasons(split(of="I9")) == ("There is no item I9; there are I1.",)
    driver = in_remediation(of=document(items=[item("I1"), item("I2")]))
    finish(driver, ["I1"])
    assert driver.reasons(split()) == ("I1 is done.",)


def granting(driver: Driver) -> tuple[str, ...]:
    return driver.reasons(Approve(request="R1"), APPROVER)


def test_what_was_done_or_named_meanwhile_is_not_granted() -> None:
    driver = in_remediation(of=document(items=[item("I1"), item("I2")]))
    driver.say(split(), SUBMITTER)
    finish(driver, ["I1"])
    driver.say(ProposeItem(spec=spec("I1b")))
    assert granting(driver) == ("I1 is done already.", "There is an item I1b already; ask anew.")


def test_who_had_a_hand_in_the_whole_had_one_in_its_parts() -> None:
    driver = in_remediation()
    read = driver.found("I1", IssueStatus.OPEN).model_copy(update={"doers": ("alice", "p-1"), "strangers": ("p-1",)})
    driver.say(ItemsRead(readings=(read,)))
    driver.say(split(), SUBMITTER)
    driver.approve()
    assert driver.review.items["I1a"].doers == ("alice", "p-1")
    assert driver.review.items["I1a"].strangers == ("p-1",)
    unknown = evolve(driver.review, ItemSplit(item="I9", into=(part("I9a"),), by=SUBMITTER, reason="text:why"))
    assert unknown.items["I9a"].doers is None


def test_who_would_own_a_part_does_not_approve() -> None:
    driver = in_remediation()
    driver.say(split(part("I1a", owner=APPROVER), part("I1b", prevents=())), SUBMITTER)
    (reason,) = granting(driver)
    assert (
        reason == "They own item I1 or a part of it, or did when R1 was asked: a person who does not has to approve it."
    )
