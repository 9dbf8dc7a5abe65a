"""Waivers and accepted risks: what they lift, for how long, how often, and who may grant them."""

from datetime import timedelta

import pytest

from domain.lifecycle.events import ReviewClosed, ReviewReopened
from domain.lifecycle.inputs import AcceptRisk, Approve, AskWaiver, ChangeItem, ItemsRead, ProposeItem, Refuse
from domain.lifecycle.reopening import opens_again
from domain.model.policy import OnRegression
from domain.model.taxonomy import Clock, IssueStatus, ItemStatus, Stage, Strength
from tests.domain.build import (
    NOW,
    POLICY,
    Driver,
    closed,
    document,
    factor,
    finish,
    in_draft,
    in_remediation,
    in_sign_off,
    item,
    policy,
    reading,
    spec,
)

WAIVER = AskWaiver(rule="done", subject="I1", reason="text:why")


def waived(driver: Driver, ask: AskWaiver = WAIVER, by: str = "approver") -> Driver:
    driver.say(ask)
    driver.approve(f"R{len(driver.review.requests)}", by)
    return driver


def closed_on_a_waiver() -> Driver:
    driver = waived(in_remediation())
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    return driver


def test_a_waiver_lifts_one_rule_for_one_subject_for_thirty_days() -> None:
    driver = in_remediation(of=document(items=[item(), item("I2")]))
    waived(driver)
    assert driver.blocker_ids == ["done/I2"]
    assert driver.review.waivers["done/I1"].until == driver.now + timedelta(days=30)
    driver.now += timedelta(days=30)
    assert driver.blocker_ids == ["done/I1", "done/I2"]


def test_a_waiver_that_was_only_asked_for_lifts_nothing() -> None:
    driver = in_remediation()
    driver.say(WAIVER)
    assert driver.blocker_ids == ["done/I1"]
    driver.say(Refuse(request="R1", reason="text:why"), "approver")
    assert (driver.blocker_ids, driver.review.waivers) == (["done/I1"], {})


def test_a_waiver_lasts_ninety_days_at_most_and_ends_in_the_future() -> None:
    driver = in_remediation()
    longest = driver.now + timedelta(days=90)
    late = WAIVER.model_copy(update={"until": longest + timedelta(seconds=1)})
    assert driver.reasons(late) == ("It may last 90 days at most, until 01 Jun 2026.",)
    past = WAIVER.model_copy(update={"until": driver.now})
    assert driver.reasons(past) == ("It would end on 03 Mar 2026 09:00 UTC, which is past.",)
    assert driver.reasons(WAIVER.model_copy(update={"until": longest})) == ()


def test_what_does_not_block_is_not_waived() -> None:
    driver = in_remediation()
    ask = AskWaiver(rule="causes", subject="F1", reason="text:why", until=driver.now)
    assert driver.reasons(ask) == (
        "Nothing to waive: causes/F1 does not block. In the way are done/I1.",
        "It would end on 03 Mar 2026 09:00 UTC, which is past.",
    )
    finish(driver, ["I1"])
    assert driver.reasons(ask)[0] == "Nothing to waive: causes/F1 does not block. In the way are no waivable rules."


def test_an_unknown_rule_cannot_be_waived() -> None:
    rules = [p.model_dump() | {"rules": {"fairness@1": "warn"}} for p in POLICY.profiles]
    driver = in_remediation(policy(profiles=rules))
    assert driver.blocker_ids == ["fairness/policy"]
    ask = AskWaiver(rule="fairness", subject="policy", reason="text:why")
    assert "does not block" in driver.reasons(ask)[0]


def test_a_waiver_needs_a_second_person_who_does_not_own_the_item() -> None:
    driver = in_remediation()
    driver.say(WAIVER, "engineer")
    assert driver.reasons(Approve(request="R1"), "engineer") == (
        "Who asked for R1 does not approve it: another person has to.",
        "They own item I1 or a part of it, or did when R1 was asked: a person who does not has to approve it.",
    )
    assert driver.reasons(Approve(request="R1"), "approver") == ()


def test_a_waiver_is_asked_for_once_at_a_time() -> None:
    driver = in_remediation()
    driver.say(WAIVER)
    assert driver.reasons(WAIVER) == ("R1 asks for that already, and waits for an approval.",)


def test_a_request_that_nobody_answered_in_time_is_asked_for_anew() -> None:
    driver = in_remediation()
    driver.say(WAIVER)
    driver.wait(days=30)
    assert driver.reasons(Approve(request="R1"), "approver") == ("R1 would have ended by now; ask anew.",)
    assert driver.reasons(WAIVER) == ()
    driver.approve("R2")
    assert driver.blocker_ids == []


def test_a_waiver_is_renewed_twice_and_each_time_by_another_approver() -> None:
    driver = waived(in_remediation(), by="approver")
    driver.say(WAIVER)
    assert driver.reasons(Approve(request="R2"), "approver") == (
        "They approved this before: each renewal needs another approver.",
    )
    driver.approve("R2", "ben")
    waived(driver, by="cem")
    assert driver.review.waivers["done/I1"].granted_by == ("approver", "ben", "cem")
    assert driver.reasons(WAIVER) == ("done/I1 was renewed 2 times, and not again.",)


def test_a_risk_is_accepted_on_the_same_terms() -> None:
    driver = in_sign_off(of=document(items=[item(strength=Strength.WEAKER)]))
    ask = AcceptRisk(factor="F1", reason="text:why")
    for request, by in (("R1", "approver"), ("R2", "ben"), ("R3", "cem")):
        driver.say(ask)
        if request != "R1":
            assert driver.reasons(Approve(request=request), "approver") == (
                "They approved this before: each renewal needs another approver.",
            )
        driver.approve(request, by)
    assert driver.reasons(ask) == ("The risk of F1 was renewed 2 times, and not again.",)
    too_late = driver.now + timedelta(days=91)
    assert driver.reasons(AcceptRisk(factor="F9", reason="text:why", until=too_late)) == (
        "There is no factor F9.",
        f"It may last 90 days at most, until {driver.now + timedelta(days=90):%d %b %Y}.",
    )


def test_a_closure_names_the_waivers_that_it_rests_on() -> None:
    driver = closed_on_a_waiver()
    event = next(e for e in driver.events if isinstance(e, ReviewClosed))
    assert [w.id for w in event.closure.waivers] == ["done/I1"]


def test_a_waiver_that_expires_after_closure_brings_the_review_back() -> None:
    driver = closed_on_a_waiver()
    driver.wake()  # the item is late, and the review stays closed
    assert driver.is_in(Stage.CLOSED)
    assert driver.plan.wake_at == driver.review.waivers["done/I1"].until
    recorded = driver.wake()
    assert ReviewReopened(because=("done/I1",), due={Clock.REVIEW: driver.review.due[Clock.REVIEW]}) in recorded
    assert (driver.stage, driver.blocker_ids, driver.review.closure) == (Stage.REMEDIATION, ["done/I1"], None)


def test_a_closed_review_tells_when_it_opens_again_and_because_of_what() -> None:
    driver = closed_on_a_waiver()
    until = driver.review.waivers["done/I1"].until
    again = opens_again(driver.review, driver.now)
    assert again is not None
    assert (again.at, again.ends) == (until, ("the waiver of done/I1",))
    assert [blocker.id for blocker in again.because] == ["done/I1"]
    waived(driver, WAIVER.model_copy(update={"until": until + timedelta(days=1)}), by="ben")
    later = opens_again(driver.review, driver.now)
    assert later is not None
    assert later.at == until + timedelta(days=1)
    driver.now = later.at - timedelta(minutes=2)
    driver.read("I1", IssueStatus.DONE)
    assert opens_again(driver.review, driver.now) is None
    assert opens_again(in_remediation().review, NOW) is None


def test_what_was_seen_to_and_what_is_only_told_open_no_review() -> None:
    seen_to, told = closed(), closed(policy(on_regression=OnRegression.TELL))
    told.read("I1", IssueStatus.OPEN)
    for driver in (seen_to, told):
        driver.say(AcceptRisk(factor="F1", reason="text:why"))
        driver.approve()
        assert opens_again(driver.review, driver.now) is None


def test_a_waiver_that_is_renewed_after_closure_keeps_it_closed() -> None:
    driver = closed_on_a_waiver()
    until = driver.review.waivers["done/I1"].until
    driver.wait(days=29)
    waived(driver, by="ben")
    driver.now = until
    driver.wait(seconds=0)
    assert driver.is_in(Stage.CLOSED)


def test_a_risk_that_expires_after_closure_brings_the_review_back() -> None:
    driver = in_remediation(of=document(items=[item(strength=Strength.WEAKER)]))
    driver.say(AcceptRisk(factor="F1", reason="text:why"))
    driver.approve()
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    driver.wake()
    assert (driver.stage, driver.blocker_ids) == (Stage.REMEDIATION, ["prevention/F1"])


def test_a_waived_signature_lets_remediation_begin_and_is_asked_for_again_when_it_expires() -> None:
    driver = in_sign_off()
    driver.sign("ml")
    driver.sign("product")
    waived(driver, AskWaiver(rule="sign_off", subject="infrastructure", reason="text:why"))
    assert driver.is_in(Stage.REMEDIATION)
    driver.obey()
    driver.wait(days=30)
    assert driver.is_in(Stage.SIGN_OFF)
    assert "sign_off/infrastructure" in driver.blocker_ids
    driver.sign("infrastructure")
    assert driver.is_in(Stage.REMEDIATION)


def test_a_waived_signature_that_expires_after_closure_is_asked_for_again() -> None:
    driver = in_sign_off(severity="SEV3")
    waived(driver, AskWaiver(rule="sign_off", subject="recs", reason="text:why"))
    driver.obey()
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    driver.wait(days=30)
    assert (driver.stage, driver.blocker_ids) == (Stage.SIGN_OFF, ["sign_off/recs"])


@pytest.mark.parametrize("status", [IssueStatus.MISSING, IssueStatus.DECLINED])
def test_an_item_that_cannot_be_done_any_more_is_waived_like_another(status: IssueStatus) -> None:
    driver = in_remediation()
    driver.issues["I1"] = status
    driver.now += timedelta(minutes=1)
    driver.say(ItemsRead(readings=(reading("I1", status, driver.now),)))
    waived(driver)
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    assert driver.review.items["I1"].status in (ItemStatus.LOST, ItemStatus.DECLINED)
    assert driver.now > NOW


def test_who_owned_an_item_when_a_waiver_was_asked_for_does_not_approve_it_after_giving_it_away() -> None:
    driver = in_remediation()
    driver.say(WAIVER)
    known = driver.review.items["I1"].spec
    driver.say(ChangeItem(spec=known.model_copy(update={"owner": None}), reason="text:why"), "engineer")
    assert driver.reasons(Approve(request="R1"), "engineer") == (
        "They own item I1 or a part of it, or did when R1 was asked: a person who does not has to approve it.",
    )
    assert driver.reasons(Approve(request="R1"), "approver") == ()


def test_a_waiver_ends_with_what_it_was_granted_for() -> None:
    driver = in_draft()
    driver.say(ProposeItem(spec=spec("I9")))
    waived(driver, AskWaiver(rule="done", subject="I9", reason="text:why"))
    driver.say(ChangeItem(spec=spec("I9", owner="uma"), reason="text:why"))
    assert "done/I9" not in driver.blocker_ids
    driver.say(ChangeItem(spec=spec("I9", title="text:the one that matters"), reason="text:why"))
    assert ("done/I9" in driver.blocker_ids, driver.review.waivers) == (True, {})


def test_a_waiver_that_waits_for_an_approval_is_asked_for_anew_once_its_item_is_another() -> None:
    driver = in_sign_off()
    driver.say(WAIVER)
    driver.submit(document(items=[item(title="Another")]), revision=2)
    assert driver.reasons(Approve(request="R1"), "approver") == ("I1 has changed since R1 was asked; ask anew.",)
    driver.say(WAIVER)
    driver.submit(document(items=[]), revision=3)
    assert driver.reasons(Approve(request="R2"), "approver") == ("I1 has changed since R2 was asked; ask anew.",)


def test_a_waiver_ends_when_a_new_draft_makes_another_item_of_its_item_or_drops_it() -> None:
    for items in ([item(title="Another")], []):
        driver = waived(in_sign_off())
        driver.submit(document(summary="Clearer."), revision=2)
        assert set(driver.review.waivers) == {"done/I1"}
        driver.submit(document(items=items), revision=3)
        assert driver.review.waivers == {}


OTHER_FACTOR = document(factors=[factor(cause="leakage")])


def test_an_accepted_risk_and_a_waiver_end_when_their_factor_is_another() -> None:
    driver = in_sign_off(of=document(items=[item(strength=Strength.WEAKER)]))
    waived(driver, AskWaiver(rule="prevention", subject="F1", reason="text:why"))
    driver.say(AcceptRisk(factor="F1", reason="text:why"))
    driver.approve("R2")
    explained = document(factors=[factor(explanation="Better.")], items=[item(strength=Strength.WEAKER)])
    driver.submit(explained, revision=2)
    assert (set(driver.review.waivers), set(driver.review.risks)) == ({"prevention/F1"}, {"F1"})
    driver.submit(OTHER_FACTOR, revision=3)
    assert (driver.review.waivers, driver.review.risks) == ({}, {})


def test_a_risk_that_waits_for_an_approval_is_asked_for_anew_once_its_factor_is_another() -> None:
    for of in (OTHER_FACTOR, document(factors=[factor("F2")], items=[])):
        driver = in_sign_off()
        driver.say(AcceptRisk(factor="F1", reason="text:why"))
        driver.submit(of, revision=2)
        assert driver.reasons(Approve(request="R1"), "approver") == ("F1 has changed since R1 was asked; ask anew.",)


def test_a_closed_review_is_not_archived_while_a_waiver_holds_it_up() -> None:
    driver = in_remediation()
    driver.now += timedelta(minutes=1)
    driver.issues["I1"] = IssueStatus.DECLINED
    driver.say(ItemsRead(readings=(reading("I1", IssueStatus.DECLINED, driver.now),)))
    for days, by in ((0, "approver"), (80, "ben")):
        driver.wait(days=days)
        until = driver.now + timedelta(days=90)
        waived(driver, WAIVER.model_copy(update={"until": until}), by)
        driver.obey()
    driver.wait(days=30)
    assert (driver.stage, driver.plan.wake_at) == (Stage.CLOSED, driver.review.waivers["done/I1"].until)
    driver.wake()
    assert (driver.stage, driver.blocker_ids) == (Stage.REMEDIATION, ["done/I1"])
