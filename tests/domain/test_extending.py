"""A due date is put off by two people, whether one of them asks here or with a later date in the tracker."""

from datetime import datetime, timedelta

import pytest

from domain.lifecycle.effects import deadlines
from domain.lifecycle.events import ApprovalAsked, DeadlinePassed, DueExtended
from domain.lifecycle.inputs import (
    AcceptItem,
    Approve,
    ChangeItem,
    Dismiss,
    ExtendDue,
    ItemsRead,
    ProposeItem,
    Refuse,
    WithdrawItem,
)
from domain.model.taxonomy import Ask, IssueStatus, ItemClass, Severity, Stage, Strength
from tests.domain.build import Driver, closed, finish, in_draft, in_remediation, spec, withdraw_all

OPEN = IssueStatus.OPEN


def due(driver: Driver, id: str = "I1") -> datetime:
    found = driver.review.items[id].due
    assert found is not None
    return found


def later(driver: Driver, id: str = "I1", **period: float) -> ExtendDue:
    return ExtendDue(item=id, until=due(driver, id) + timedelta(**period), reason="text:why")


def show(driver: Driver, status: IssueStatus = OPEN, **after: float) -> None:
    """Let the tracker show a date so long after the due date."""
    driver.read("I1", status, (due(driver) + timedelta(**after)).date())


def asked(driver: Driver) -> list[datetime | None]:
    return [r.until for r in driver.review.requests.values() if r.ask is Ask.EXTEND_DUE]


def put_off_once(severity: Severity = Severity.SEV1) -> Driver:
    """What one person may do has been done."""
    driver = in_remediation(severity=severity)
    assert isinstance(driver.say(later(driver, days=1), "ann")[-1], DueExtended)
    return driver


def test_the_first_time_one_person_puts_an_item_off_by_no_more_than_it_was_given() -> None:
    driver = in_remediation()
    before = due(driver)
    driver.say(later(driver, days=7, seconds=1), "ann")
    assert (asked(driver), due(driver)) == ([before + timedelta(days=7, seconds=1)], before)
    driver = in_remediation()
    assert driver.say(later(driver, days=7), "ann")[-1] == DueExtended(
        item="I1", due=before + timedelta(days=7), by="ann", reason="text:why"
    )
    assert (driver.review.items["I1"].extended, len(driver.review.signatures)) == (1, 3)


def test_a_later_due_date_waits_for_another_person() -> None:
    driver = put_off_once()
    before = due(driver)
    driver.say(later(driver, days=5), "ann")
    assert (due(driver), driver.review.items["I1"].extended) == (before, 1)
    assert driver.reasons(Approve(request="R1"), "ann") == (
        "Who asked for R1 does not approve it: another person has to.",
    )
    assert driver.approve()[-1] == DueExtended(item="I1", due=before + timedelta(days=5))
    assert (due(driver), driver.review.items["I1"].extended) == (before + timedelta(days=5), 2)
    assert driver.is_in(Stage.REMEDIATION)
    assert len(driver.review.signatures) == 3


def test_who_owns_an_item_does_not_put_it_off() -> None:
    driver = put_off_once()
    driver.say(later(driver, days=5))
    assert driver.reasons(Approve(request="R1"), "engineer") == (
        "They own item I1 or a part of it, or did when R1 was asked: a person who does not has to approve it.",
    )


def test_every_extension_is_counted() -> None:
    driver = put_off_once()
    for n in (1, 2):
        driver.say(later(driver, days=5))
        driver.approve(f"R{n}")
    assert driver.review.items["I1"].extended == 3


def test_what_is_not_later_or_past_or_not_due_is_refused_with_every_reason() -> None:
    driver = put_off_once()
    already = ("I1 is due later already, 11 Mar 2026.",)
    assert driver.reasons(later(driver, days=0)) == already
    assert driver.reasons(later(driver, days=-30)) == (*already, "09 Feb 2026 is past.")
    assert driver.reasons(ExtendDue(item="I8", until=driver.now, reason="text:why")) == (
        "There is no item I8; there are I1.",
    )
    driver.say(ProposeItem(spec=spec("I9")))
    unaccepted = ExtendDue(item="I9", until=driver.now + timedelta(days=1), reason="text:why")
    assert driver.reasons(unaccepted) == ("I9 is proposed: it has no due date yet.",)


def test_what_is_done_or_withdrawn_is_not_put_off() -> None:
    driver = put_off_once()
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    driver.approve()
    assert driver.reasons(later(driver, days=5)) == ("I1 is withdrawn.",)
    driver = put_off_once()
    finish(driver, ["I1"])
    assert driver.reasons(later(driver, days=5)) == ("I1 is done.",)


def test_what_is_late_is_put_off_to_a_day_that_is_still_to_come() -> None:
    driver = put_off_once()
    driver.wait(days=10)
    assert driver.reasons(later(driver, days=2)) == ("13 Mar 2026 is past.",)
    assert driver.reasons(later(driver, days=9)) == ()


def test_an_extension_is_asked_for_once() -> None:
    driver = put_off_once()
    driver.say(later(driver, days=5))
    assert driver.reasons(later(driver, days=6)) == ("R1 asks for that already, and waits for an approval.",)


def test_an_extension_is_not_granted_when_the_date_is_later_already() -> None:
    driver = put_off_once()
    driver.say(later(driver, days=5))
    show(driver, days=7)
    driver.approve("R2")
    assert driver.reasons(Approve(request="R1"), "approver") == ("I1 is due later already.",)
    assert driver.review.items["I1"].extended == 2


def test_an_extension_is_not_granted_after_the_item_is_withdrawn_or_another() -> None:
    driver = put_off_once()
    driver.say(later(driver, days=5))
    driver.say(
        ChangeItem(
            spec=driver.review.items["I1"].spec.model_copy(update={"strength": Strength.STRONGER}), reason="text:why"
        )
    )
    assert driver.reasons(Approve(request="R1"), "approver") == ("I1 has changed since R1 was asked; ask anew.",)
    driver.say(later(driver, days=6))
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    driver.approve("R3")
    assert driver.reasons(Approve(request="R2"), "approver") == ("I1 is withdrawn already.",)


def test_an_extension_to_a_day_that_is_past_by_now_is_not_granted() -> None:
    driver = put_off_once()
    driver.say(later(driver, days=5))
    driver.wait(days=20)
    assert driver.reasons(Approve(request="R1"), "approver") == ("R1 would have ended by now; ask anew.",)


def test_an_extension_may_be_asked_for_after_closure_and_not_before_there_is_a_review() -> None:
    driver = put_off_once()
    driver.say(ProposeItem(spec=spec("I9", item_class=ItemClass.DETECT)))
    driver.say(AcceptItem(item="I9"))
    driver.obey()
    finish(driver, ["I1"])
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    assert driver.reasons(later(driver, "I9", days=8)) == ()
    driver.approve()
    assert driver.review.items["I9"].extended == 1
    driver = closed()
    driver.answer()
    assert driver.reasons(later(driver, days=99)) == ("A due date cannot be put off while the review is archived.",)


# --- in the tracker ---------------------------------------------------------------------------------------------------


def test_a_later_date_in_the_tracker_asks_by_itself_once_for_each_date() -> None:
    driver = put_off_once()
    before = due(driver)
    show(driver, days=5)
    show(driver, days=5)
    (request,) = driver.review.requests.values()
    assert (request.ask, request.subject, request.by) == (Ask.EXTEND_DUE, "I1", "holdfast")
    assert request.until == before + timedelta(days=5)
    show(driver, days=6)
    assert asked(driver) == [before + timedelta(days=5), before + timedelta(days=6)]
    driver.approve("R2")
    assert due(driver) == before + timedelta(days=6)


def test_a_date_that_was_refused_is_not_asked_for_again() -> None:
    driver = put_off_once()
    show(driver, days=5)
    driver.say(Refuse(request="R1", reason="text:no"), "approver")
    show(driver, days=5)
    assert len(asked(driver)) == 1


def test_a_date_that_somebody_asks_for_here_is_not_asked_for_again() -> None:
    driver = put_off_once()
    driver.say(later(driver, days=5))
    show(driver, days=5)
    assert len(asked(driver)) == 1


@pytest.mark.parametrize("days", [0, -1, -30])
def test_an_earlier_date_and_the_same_do_nothing(days: int) -> None:
    driver = put_off_once()
    show(driver, days=days)
    assert asked(driver) == []


def test_a_later_date_that_is_past_does_nothing() -> None:
    driver = put_off_once()
    driver.wait(days=20)
    show(driver, days=5)
    assert asked(driver) == []


def test_a_read_without_a_date_does_nothing() -> None:
    driver = put_off_once()
    driver.read("I1", OPEN)
    assert asked(driver) == []


def test_nothing_is_asked_for_what_is_done_or_withdrawn() -> None:
    driver = put_off_once()
    show(driver, IssueStatus.DONE, days=5)
    assert asked(driver) == []
    driver = put_off_once()
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    driver.approve()
    show(driver, days=5)
    assert asked(driver) == []


def test_nothing_is_asked_of_a_review_that_has_ended() -> None:
    driver = put_off_once()
    withdraw_all(driver)
    driver.say(Dismiss(reason="text:why"))
    driver.approve("R2")
    show(driver, days=5)
    assert asked(driver) == []


def test_a_read_that_is_no_news_asks_for_nothing() -> None:
    driver = put_off_once()
    driver.read("I1", OPEN)
    old = driver.found("I1", OPEN, due(driver).date() + timedelta(days=5))
    driver.read("I1", OPEN)
    assert driver.say(ItemsRead(readings=(old,))) == []


def test_a_date_of_an_item_that_is_not_there_or_has_no_issue_is_no_news() -> None:
    driver = in_draft()
    driver.say(ProposeItem(spec=spec("I9")))
    for id in ("I8", "I9"):
        assert driver.read(id, OPEN, driver.now.date() + timedelta(days=50)) == []


def test_what_is_read_to_decide_closure_asks_too_and_decides() -> None:
    driver = put_off_once()
    finish(driver, ["I1"])
    driver.now += timedelta(minutes=1)
    found = driver.found("I1", OPEN, due(driver).date() + timedelta(days=5))
    recorded = driver.say(ItemsRead(readings=(found,), for_closing=True))
    assert [type(event) for event in recorded[:2]][1] is ApprovalAsked
    assert driver.is_in(Stage.REMEDIATION)


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_the_deadline_follows_the_new_date() -> None:
    driver = put_off_once()
    first = due(driver)
    driver.say(later(driver, days=5))
    driver.approve()
    assert f"item:I1:{first.isoformat()}" not in deadlines(driver.review)
    assert driver.plan.wake_at == due(driver)
    assert driver.wake()[-1] == DeadlinePassed(deadline=f"item:I1:{due(driver).isoformat()}", due=due(driver))


def test_what_was_late_once_may_be_late_again() -> None:
    driver = put_off_once()
    first = due(driver)
    driver.wake()
    assert driver.review.late == {f"item:I1:{first.isoformat()}"}
    driver.say(later(driver, days=5))
    driver.approve()
    assert list(deadlines(driver.review).values())[-1] == first + timedelta(days=5)
    driver.now = first + timedelta(days=5)
    again = DeadlinePassed(deadline=f"item:I1:{due(driver).isoformat()}", due=due(driver))
    assert again in driver.wait(hours=0)
