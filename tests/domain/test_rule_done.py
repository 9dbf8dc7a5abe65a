"""`done`: every prevention item is done in its tracker, and every accepted item has its issue there."""

import pytest

from domain.lifecycle.inputs import AcceptItem, EffectFailed, ItemsRead, ProposeItem, WithdrawItem
from domain.model.taxonomy import FailureKind, IssueStatus, ItemClass
from tests.domain.build import Driver, document, finish, in_remediation, in_sign_off, item, reading, spec


def sentences(driver: Driver) -> list[str]:
    return [b.sentence for b in driver.blockers if b.rule == "done"]


def test_a_prevention_item_blocks_until_it_is_done() -> None:
    driver = in_remediation()
    assert sentences(driver) == ["I1 (#I1) is open."]
    finish(driver, ["I1"])
    assert sentences(driver) == []


@pytest.mark.parametrize("status", [s for s in IssueStatus if s is not IssueStatus.DONE])
def test_anything_but_done_is_not_done(status: IssueStatus) -> None:
    driver = in_remediation()
    driver.say(ItemsRead(readings=(reading("I1", status, driver.now),)))
    assert driver.blocker_ids == ["done/I1"]


def test_a_proposed_prevention_item_blocks_until_it_is_accepted_or_withdrawn() -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("I2")))
    assert "I2 is proposed, and not accepted yet." in sentences(driver)
    driver.say(WithdrawItem(item="I2", reason="text:why"))
    assert sentences(driver) == ["I1 (#I1) is open."]


def test_other_items_need_only_their_issue() -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("I2", item_class=ItemClass.DETECT, team="ml")))
    assert len(sentences(driver)) == 1
    driver.say(AcceptItem(item="I2"))
    assert "I2 has no issue in its tracker yet." in sentences(driver)
    driver.obey()
    assert len(sentences(driver)) == 1


def test_why_an_issue_could_not_be_opened_is_said() -> None:
    driver = in_sign_off()
    driver.sign_all()
    driver.say(EffectFailed(key="issue:I1", kind=FailureKind.UNAUTHORISED))
    assert sentences(driver) == ["I1 has no issue in its tracker: the tracker refused the credential."]


def test_who_can_clear_it_is_the_item_s_team() -> None:
    driver = in_remediation(of=document(items=[item(team="ml"), item("I2")]))
    assert {b.cleared_by for b in driver.blockers} == {"team ml", "whoever does it in the tracker"}
