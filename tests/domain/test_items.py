"""Items: proposing, accepting, changing and withdrawing them, and what each does to signatures."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.lifecycle.inputs import (
    AcceptItem,
    Approve,
    ChangeItem,
    IssueOpened,
    IssueReleased,
    ItemsRead,
    MoveItem,
    ProposeItem,
    SignForTeam,
    SplitItem,
    WithdrawItem,
)
from domain.model.taxonomy import IssueStatus, ItemClass, ItemStatus, Stage, Strength
from domain.model.tracker_routing import Place
from tests.domain.build import (
    NOW,
    OWNER,
    SIGNERS,
    Driver,
    document,
    finish,
    in_draft,
    in_remediation,
    in_sign_off,
    in_stabilization,
    item,
    policy_with_rules,
    ref,
    spec,
)

WEAKER: list[dict[str, Any]] = [
    {"item_class": ItemClass.DETECT},
    {"strength": Strength.WEAKER},
    {"prevents": ()},
    {"end_state": "text:another"},
    {"end_state": None},
    {"title": "text:another"},
]

CHANGE_IT = "change the item by command, or what the draft says of it."


def with_item(driver: Driver, accepted: bool = False, **changes: Any) -> Driver:
    driver.say(ProposeItem(spec=spec("I9", **({"end_state": "text:end"} | changes))))
    if accepted:
        driver.say(AcceptItem(item="I9"))
    return driver


def status(driver: Driver, id: str = "I1") -> ItemStatus:
    return driver.review.items[id].status


def strength(driver: Driver) -> Strength:
    return driver.review.items["I9"].spec.strength


def change(**changes: Any) -> ChangeItem:
    return ChangeItem(spec=spec("I9", **({"end_state": "text:end"} | changes)), reason="text:why")


def test_items_do_not_wait_for_the_paperwork() -> None:
    driver = with_item(in_stabilization(), accepted=True)
    assert driver.review.items["I9"].due == driver.now + timedelta(days=7)
    assert driver.owed == ["issue:I9"]
    driver.obey()
    assert driver.review.items["I9"].ref == ref("I9")


def test_an_item_is_proposed_once_and_accepted_once() -> None:
    driver = with_item(in_draft())
    assert driver.reasons(ProposeItem(spec=spec("I9"))) == ("There is an item I9 already.",)
    assert driver.reasons(AcceptItem(item="I8")) == ("There is no item I8; there are I9.",)
    driver.say(AcceptItem(item="I9"))
    assert driver.reasons(AcceptItem(item="I9")) == ("I9 is open, and not proposed.",)


def test_an_item_of_nobody_knows_says_that_there_are_none() -> None:
    assert in_draft().reasons(AcceptItem(item="I1")) == ("There is no item I1; there are none.",)


def test_sign_off_accepts_what_was_proposed() -> None:
    driver = in_sign_off()
    assert status(driver) is ItemStatus.PROPOSED
    driver.sign_all()
    assert status(driver) is ItemStatus.OPEN
    assert driver.review.items["I1"].due == driver.now + timedelta(days=7)


def test_an_item_that_is_proposed_after_sign_off_voids_nothing() -> None:
    driver = with_item(in_remediation())
    assert (driver.stage, len(driver.review.signatures)) == (Stage.REMEDIATION, 3)
    driver.say(WithdrawItem(item="I9", reason="text:why"))
    assert (driver.stage, len(driver.review.signatures)) == (Stage.REMEDIATION, 3)


def test_a_draft_that_drops_a_proposed_item_drops_it_and_keeps_an_accepted_one() -> None:
    driver = in_sign_off(of=document(items=[item(), item("I2")]))
    driver.say(AcceptItem(item="I2"))
    driver.submit(document(items=[]), revision=2)
    assert set(driver.review.items) == {"I2"}


def test_a_draft_leaves_items_alone_that_were_proposed_by_command() -> None:
    driver = with_item(in_draft())
    driver.submit()
    assert set(driver.review.items) == {"I1", "I9"}


def test_an_accepted_item_is_not_changed_by_a_draft() -> None:
    driver = in_sign_off()
    driver.say(AcceptItem(item="I1"))
    weaker = document(items=[item(strength=Strength.WEAKER)])
    assert driver.refused_draft(weaker, revision=2) == (f"I1 is open, and the draft has another strength: {CHANGE_IT}",)
    assert driver.refused_draft(document(summary="New."), revision=2) == ()


def test_a_proposed_item_is_withdrawn_at_once_and_its_signatures_with_it() -> None:
    driver = in_sign_off()
    driver.sign("ml")
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    assert status(driver) is ItemStatus.WITHDRAWN
    assert driver.review.signatures == {}
    assert driver.reasons(WithdrawItem(item="I1", reason="text:why")) == ("I1 is withdrawn already.",)


def test_a_proposed_item_that_changes_while_it_is_signed_voids_the_signatures() -> None:
    driver = in_sign_off()
    driver.sign("ml")
    driver.say(ChangeItem(spec=spec(strength=Strength.WEAKER), reason="text:why"))
    assert driver.review.items["I1"].spec.strength is Strength.WEAKER
    assert driver.review.signatures == {}
    assert sentence(driver, "ml") == "Team ml has not signed revision 1 again, because item I1 changed."
    assert sentence(driver, "product") == "Team product has not signed revision 1."


@pytest.mark.parametrize("changes", WEAKER)
def test_an_accepted_item_that_promises_something_else_is_to_be_signed_again(changes: dict[str, Any]) -> None:
    driver = signed_item()
    driver.say(change(**changes))
    assert driver.review.items["I9"].spec == change(**changes).spec
    assert (driver.stage, driver.review.signatures) == (Stage.SIGN_OFF, {})
    assert sentence(driver, "ml") == "Team ml has not signed revision 1 again, because item I9 changed."
    driver.sign("ml")
    assert "ml" not in driver.review.fallen


@pytest.mark.parametrize("changes", WEAKER)
def test_where_no_team_signs_another_person_approves_what_an_item_promises(changes: dict[str, Any]) -> None:
    driver = with_item(in_remediation(policy_with_rules(sign_off="warn")), accepted=True)
    before = driver.review.items["I9"].spec
    driver.say(change(**changes))
    assert driver.review.items["I9"].spec == before
    driver.approve()
    assert driver.review.items["I9"].spec == change(**changes).spec


def signed_item(**about: Any) -> Driver:
    """In remediation with an item that every team has signed."""
    driver = with_item(in_sign_off(), accepted=True, **about)
    driver.sign_all()
    driver.obey()
    return driver


def test_an_item_that_is_added_after_the_last_signature_counts_once_a_team_has_signed_it() -> None:
    driver = in_remediation(of=document(items=[]))
    with_item(driver, accepted=True)
    assert [b.sentence.endswith("No team has signed I9 yet.") for b in driver.blockers if b.rule == "prevention"] == [
        True,
        True,
    ]
    assert driver.is_in(Stage.REMEDIATION)
    driver.sign("product")
    assert {b.rule for b in driver.blockers} == {"done"}
    digest = driver.review.submission.digest if driver.review.submission else ""
    again = SignForTeam(team="product", digest=digest)
    assert driver.reasons(again, SIGNERS["product"]) == ("Team product has signed this text already.",)


def test_an_item_is_not_made_to_count_after_it_was_signed_as_something_else() -> None:
    driver = in_remediation(of=document(items=[item(item_class="detect", strength="weaker", prevents=())]))
    driver.say(ChangeItem(spec=spec(title="text:wiki", prevents=("F1",)), reason="text:why"), OWNER)
    assert (driver.stage, driver.review.signatures) == (Stage.SIGN_OFF, {})


def test_an_issue_that_somebody_else_opened_is_signed_before_it_shows_anything() -> None:
    driver = in_remediation()
    driver.say(MoveItem(item="I1", place=Place(tracker="builtin"), adopts="HF-77"), OWNER)
    assert (driver.stage, driver.review.signatures) == (Stage.SIGN_OFF, {})


def test_signers_read_of_a_promised_item_what_its_tracker_holds() -> None:
    driver = with_item(in_draft(), accepted=True, title="text:wiki page")
    other = document(items=[item("I9", title="Automatic rollback", end_state="It rolls back.")])
    assert driver.refused_draft(other) == (
        f"I9 is open, and the draft has another title, outcome, end state: {CHANGE_IT}",
    )


def sentence(driver: Driver, team: str) -> str:
    (found,) = [blocker.sentence for blocker in driver.blockers if blocker.id == f"sign_off/{team}"]
    return found


@pytest.mark.parametrize("how", ["withdrawn", "split"])
def test_what_became_of_an_item_that_was_signed_is_said(how: str) -> None:
    driver = signed_item()
    parts = (spec("I10", title="text:part"), spec("I11", title="text:part"))
    split = SplitItem(item="I9", into=parts, reason="text:why")
    driver.say(split if how == "split" else WithdrawItem(item="I9", reason="text:why"), "approver")
    driver.approve(by="another")
    assert sentence(driver, "ml") == "Team ml has not signed revision 1 again, because item I9 changed."


@pytest.mark.parametrize(
    "changes",
    [{"strength": Strength.STRONGER}, {"prevents": ("F1", "F2")}, {"owner": "uma"}],
)
def test_strengthening_an_accepted_item_needs_nobody(changes: dict[str, Any]) -> None:
    driver = with_item(in_stabilization(), accepted=True)
    driver.say(change(**changes))
    assert driver.review.items["I9"].spec == change(**changes).spec
    assert driver.review.requests == {}


def test_an_end_state_may_be_given_to_an_item_that_has_none() -> None:
    driver = with_item(in_remediation(), accepted=True, end_state=None)
    driver.say(change(end_state="text:end"))
    assert driver.review.requests == {}


def test_a_sooner_date_counts_at_once_and_a_later_one_is_an_extension() -> None:
    driver = with_item(in_stabilization(), accepted=True)
    due = driver.review.items["I9"].due
    assert due is not None
    later = (due + timedelta(days=2)).date()
    assert driver.reasons(change(due=later)) == (
        f"I9 is due {due:%d %b %Y}: a later date is asked for as an extension.",
    )
    sooner = (due - timedelta(days=2)).date()
    driver.say(change(due=sooner))
    now_due = driver.review.items["I9"].due
    assert now_due == datetime.combine(sooner, time(23, 59, 59), UTC)
    driver.say(change(due=sooner, owner="another"))
    assert driver.review.items["I9"].due == now_due


def test_another_change_of_the_same_item_is_another_request() -> None:
    driver = with_item(in_remediation(policy_with_rules(sign_off="off")), accepted=True)
    driver.say(change(title="text:new"))
    assert driver.reasons(change(title="text:new")) == ("R1 asks for that already, and waits for an approval.",)
    driver.say(change(strength=Strength.WEAKER))
    assert list(driver.review.requests) == ["R1", "R2"]


def test_an_item_is_not_changed_into_what_it_is_nor_after_it_is_withdrawn() -> None:
    driver = with_item(in_draft())
    assert driver.reasons(change()) == ("I9 is like that already.",)
    driver.say(WithdrawItem(item="I9", reason="text:why"))
    assert driver.reasons(change(), "approver") == ("I9 is withdrawn.", "I9 is like that already.")


def test_withdrawing_an_accepted_item_waits_for_an_approval_and_releases_its_issue() -> None:
    driver = in_remediation()
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    assert status(driver) is ItemStatus.OPEN
    driver.approve()
    assert (status(driver), driver.stage, driver.review.signatures) == (ItemStatus.WITHDRAWN, Stage.SIGN_OFF, {})
    assert "release:I1" in driver.owed
    driver.obey()
    assert driver.review.items["I1"].released
    assert driver.owed == []


def test_an_item_that_was_withdrawn_meanwhile_is_neither_withdrawn_nor_changed() -> None:
    driver = with_item(in_remediation(policy_with_rules(sign_off="off")), accepted=True)
    driver.say(WithdrawItem(item="I9", reason="text:why"))
    driver.say(change(strength=Strength.WEAKER))
    driver.approve("R1")
    assert driver.reasons(Approve(request="R2"), "approver") == ("I9 is withdrawn already.",)


def test_an_issue_that_opens_after_the_withdrawal_is_released_too() -> None:
    driver = with_item(in_draft(), accepted=True)
    driver.say(WithdrawItem(item="I9", reason="text:why"))
    driver.approve()
    assert driver.owed == []
    driver.say(IssueOpened(item="I9", ref=ref("I9")))
    assert driver.owed == ["release:I9"]


def test_an_issue_is_opened_once_and_only_for_what_was_accepted() -> None:
    driver = with_item(in_draft())
    assert driver.say(IssueOpened(item="I9", ref=ref("I9"))) == []
    assert driver.say(IssueOpened(item="I8", ref=ref("I8"))) == []
    driver.say(AcceptItem(item="I9"))
    assert driver.say(IssueOpened(item="I9", ref=ref("I9"))) != []
    assert driver.say(IssueOpened(item="I9", ref=ref("I9", "jira"))) == []
    assert driver.review.items["I9"].ref == ref("I9")


def test_only_a_withdrawn_item_is_released_and_only_once() -> None:
    driver = in_remediation()
    assert driver.say(IssueReleased(item="I1")) == []
    assert driver.say(IssueReleased(item="I8")) == []
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    driver.approve()
    assert driver.say(IssueReleased(item="I1")) != []
    assert driver.say(IssueReleased(item="I1")) == []


def test_what_was_accepted_is_followed_after_closure_until_it_is_done() -> None:
    driver = with_item(in_remediation(), accepted=True, item_class=ItemClass.DETECT)
    driver.obey()
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    driver.wait(days=106)
    assert driver.is_in(Stage.CLOSED)
    finish(driver, ["I9"])
    assert driver.is_in(Stage.ARCHIVED)


def test_an_item_answers_only_factors_that_the_submitted_text_has() -> None:
    driver = with_item(in_draft(), prevents=("F1", "F7"))
    driver.submit()
    no_such = ("There is no factor F7; there are F1.",)
    assert driver.reasons(ProposeItem(spec=spec("I8", prevents=("F7",)))) == no_such
    assert driver.reasons(AcceptItem(item="I9")) == no_such
    assert driver.reasons(change(prevents=("F7",))) == no_such
    assert driver.reasons(change(prevents=("F1",))) == ()
    assert driver.reasons(AcceptItem(item="I9")) == ()


def test_a_promise_whose_factor_is_no_longer_there_may_still_get_another_owner() -> None:
    driver = with_item(in_draft(), accepted=True, prevents=("F7",))
    driver.submit()
    assert driver.reasons(change(prevents=("F7", "F8"))) == ("There is no factor F8; there are F1.",)
    assert driver.reasons(change(prevents=("F7",), owner="uma")) == ()
    assert driver.review.items["I9"].spec.owner == "uma"


def test_a_change_that_was_asked_for_is_not_granted_once_the_item_is_another() -> None:
    driver = with_item(in_remediation(policy_with_rules(sign_off="off")), accepted=True)
    driver.say(change(strength=Strength.WEAKER))
    driver.say(change(strength=Strength.STRONGER), "cem")
    driver.approve("R2")
    assert driver.reasons(Approve(request="R1"), "approver") == ("I9 has changed since R1 was asked; ask anew.",)
    assert strength(driver) is Strength.STRONGER
    assert driver.reasons(change(strength=Strength.WEAKER)) == ()
    driver.approve("R3")
    assert strength(driver) is Strength.WEAKER


def test_a_change_that_was_asked_for_does_not_undo_who_does_the_item() -> None:
    driver = with_item(in_remediation(policy_with_rules(sign_off="off")), accepted=True)
    driver.say(change(strength=Strength.WEAKER))
    driver.say(change(owner="uma"))
    assert driver.reasons(Approve(request="R1"), "approver") == ("I9 has changed since R1 was asked; ask anew.",)


def test_an_item_whose_issue_matters_is_one_that_has_an_issue_and_is_not_withdrawn() -> None:
    driver = with_item(in_remediation(), accepted=True)
    assert set(driver.review.tracked_items) == {"I1"}
    driver.obey()
    assert set(driver.review.tracked_items) == {"I1", "I9"}
    driver.say(WithdrawItem(item="I9", reason="text:why"))
    driver.approve()
    assert set(driver.review.tracked_items) == {"I1"}


@pytest.mark.parametrize("id", ["", "a b", "x" * 41, "I1/done", "*tracking", "tracking", "Tracking"])
def test_an_item_s_id_fits_into_keys(id: str) -> None:
    with pytest.raises(ValidationError):
        spec(id)


def test_an_issue_that_is_called_something_else_keeps_what_it_was_called() -> None:
    driver = in_remediation()
    moved = ref().model_copy(update={"key": "acme/other#9", "url": "https://tracker.example/other/9"})
    driver.now += timedelta(minutes=1)
    driver.say(ItemsRead(readings=(driver.found("I1", IssueStatus.OPEN).model_copy(update={"ref": moved}),)))
    assert (driver.review.items["I1"].ref, driver.review.items["I1"].formerly) == (moved, (ref(),))
    driver.read("I1", IssueStatus.OPEN)
    driver.now += timedelta(minutes=1)
    gone = driver.found("I1", IssueStatus.MISSING).model_copy(update={"ref": None})
    driver.say(ItemsRead(readings=(gone,)))
    assert (driver.review.items["I1"].ref, driver.review.items["I1"].formerly) == (moved, (ref(),))


def test_a_date_of_its_own_counts_where_it_is_earlier_than_the_policy_s() -> None:
    early, late = NOW.date() + timedelta(days=3), NOW.date() + timedelta(days=300)
    driver = in_remediation(of=document(items=[item("I1", due=early), item("I2", due=late), item("I3")]))
    due = {id: it.due for id, it in driver.review.items.items()}
    assert due["I1"] == datetime.combine(early, time(23, 59, 59), UTC)
    assert due["I2"] == due["I3"]
