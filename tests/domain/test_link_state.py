"""How the link between an item and its issue stands, in a word and in a sentence."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain.lifecycle.inputs import (
    AcceptItem,
    EffectFailed,
    IssueDisturbed,
    ItemsRead,
    ItemsUnreadable,
    MoveItem,
    ProposeItem,
    Refuse,
    WithdrawItem,
)
from domain.model.review import RESTORED, WITHIN
from domain.model.taxonomy import FailureKind, IssueStatus
from domain.model.tracker_routing import Place
from domain.trackers.link_state import SOMETIMES, Link, LinkState, ProjectState, link_state, project_state
from domain.trackers.ports import IssueSeen, ProjectSeen, Trouble
from tests.domain.build import NOW, Driver, closed, finish, in_draft, in_remediation, ref, spec

LATE = date(2026, 3, 20)
MINUTE = timedelta(minutes=1)


def seen(driver: Driver, **changes: Any) -> IssueSeen:
    """What a look a minute ago saw of the issue of I1."""
    values: dict[str, Any] = {
        "tracker": "github",
        "id": "id-I1",
        "status": IssueStatus.OPEN,
        "seen_at": driver.now - MINUTE,
    }
    return IssueSeen.model_validate(values | changes)


def trouble(kind: FailureKind, says: str = "") -> Trouble:
    return Trouble(kind=kind, says=says, since=NOW, retry_at=NOW + timedelta(hours=1))


def project(**changes: Any) -> ProjectSeen:
    return ProjectSeen.model_validate({"tracker": "github", "project": "acme/ranker"} | changes)


def state(driver: Driver, id: str = "I1", of: IssueSeen | None = None, **about: Any) -> LinkState:
    return link_state(driver.review, driver.review.items[id], of, about.pop("project", None), driver.now, **about)


def at(moment: datetime) -> str:
    return f"{moment:%d %b %H:%M} UTC"


def test_what_was_seen_lately_is_in_sync() -> None:
    driver = in_remediation()
    found = state(driver, of=seen(driver))
    assert (found.state, found.known, found.since, found.formerly) == (Link.IN_SYNC, driver.now - MINUTE, None, ())
    assert found.says == f"In sync, seen {at(driver.now - MINUTE)}."


def test_what_was_never_read_is_not_known() -> None:
    assert state(in_remediation()) == LinkState(state=Link.UNKNOWN, says="Not known: it was not read yet.")
    driver = in_remediation()
    assert state(driver, of=seen(driver, status=IssueStatus.UNREAD)).state is Link.UNKNOWN


def test_an_item_without_an_issue_says_why() -> None:
    driver = in_draft()
    driver.say(ProposeItem(spec=spec("I9")))
    assert state(driver, "I9") == LinkState(state=Link.NONE, says="No issue: it is proposed.")
    driver.say(AcceptItem(item="I9"))
    assert state(driver, "I9").says == "Its issue is being opened."
    driver.say(EffectFailed(key="issue:I9", kind=FailureKind.NOT_FOUND))
    assert state(driver, "I9").says == "Its issue could not be opened yet: the tracker project cannot be found."


@pytest.mark.parametrize(
    ("status", "link", "says"),
    [
        (IssueStatus.FORBIDDEN, Link.FORBIDDEN, "It may not be read: permission refused, as of "),
        (IssueStatus.MISSING, Link.MISSING, "It is gone from its tracker, as of "),
        (IssueStatus.MOVED, Link.MISSING, "It was moved out of reach, as of "),
        (IssueStatus.DONE, Link.IN_SYNC, "In sync, seen "),
    ],
)
def test_what_was_read_or_seen_last_counts(status: IssueStatus, link: Link, says: str) -> None:
    driver = in_remediation()
    assert state(driver, of=seen(driver, status=status)).state is link
    old = seen(driver)
    driver.read("I1", status)
    found = state(driver, of=old)
    assert (found.state, found.says) == (link, f"{says}{at(driver.now)}.")


def test_what_nobody_looked_at_for_a_while_is_stale() -> None:
    driver = in_remediation()
    last, known = seen(driver), driver.now - MINUTE
    driver.now = known + SOMETIMES
    assert state(driver, of=last).state is Link.IN_SYNC
    driver.now += MINUTE
    found = state(driver, of=last)
    assert (found.state, found.says, found.since) == (Link.STALE, f"Nobody looked since {at(known)}.", known)
    assert state(driver, of=last, every=timedelta(hours=1)).state is Link.IN_SYNC
    assert state(driver, of=last, project=project(looked_at=driver.now)).known == driver.now


def test_a_look_at_a_project_tells_nothing_of_an_issue_that_was_never_read() -> None:
    driver = in_remediation()
    assert state(driver, project=project(looked_at=driver.now)).state is Link.UNKNOWN


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("", "the tracker refused the credential"),
        ("401 for acme", "the tracker refused the credential (401 for acme)"),
    ],
)
def test_a_project_in_trouble_makes_its_links_stale(says: str, why: str) -> None:
    driver = in_remediation()
    found = state(driver, of=seen(driver), project=project(trouble=trouble(FailureKind.UNAUTHORISED, says)))
    assert (found.state, found.since) == (Link.STALE, NOW)
    assert found.says == f"Nothing is known since 02 Mar 09:00 UTC: {why}. Next try 02 Mar 10:00 UTC."


def test_an_item_that_cannot_be_read_is_stale() -> None:
    driver = in_remediation()
    driver.say(ItemsUnreadable(items=("I1",), kind=FailureKind.UNAUTHORISED))
    assert state(driver).says == "Not read: the tracker refused the credential."
    found = state(driver, of=seen(driver))
    assert (found.state, found.since) == (Link.STALE, driver.now - MINUTE)
    assert found.says.startswith("Nothing is known since")


def test_an_issue_that_was_another_before_says_which() -> None:
    driver = in_remediation()
    driver.say(MoveItem(item="I1", place=Place(tracker="jira", project="ACME")))
    assert (state(driver).state, state(driver).formerly) == (Link.NONE, ("#I1",))
    driver.obey()
    found = state(driver, of=seen(driver))
    assert (found.state, found.formerly) == (Link.MOVED, ("#I1",))


def test_what_an_issue_is_called_now_is_not_what_it_was_called_before() -> None:
    driver = in_remediation()
    for key in ("#other", "#I1", "#other"):
        driver.now += MINUTE
        moved = ref().model_copy(update={"key": key})
        driver.say(ItemsRead(readings=(driver.found("I1", IssueStatus.OPEN).model_copy(update={"ref": moved}),)))
    assert state(driver).formerly == ("#I1",)


def test_what_is_withdrawn_or_ended_is_not_followed() -> None:
    driver = in_remediation()
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    driver.approve()
    assert state(driver) == LinkState(state=Link.NONE, says="It is not followed any more.")
    driver = closed()
    driver.answer()
    read = driver.review.items["I1"].as_of
    assert read is not None
    assert state(driver).says == f"It is not followed any more. It was last read {at(read)}."


# --- conflicts --------------------------------------------------------------------------------------------------------


def test_a_later_date_in_the_tracker_is_a_conflict_until_it_is_decided() -> None:
    driver = in_remediation()
    looked = seen(driver, due=LATE)
    said = "The tracker says due 20 Mar 2026, the review 10 Mar 2026"
    assert state(driver, of=looked) == LinkState(
        state=Link.CONFLICT, says=f"{said}; nobody asked for that yet.", known=driver.now - MINUTE
    )
    driver.read("I1", IssueStatus.OPEN, LATE)
    assert state(driver, of=looked).says == f"{said}; R1 asks for it, and waits."
    refused, granted = driver, in_remediation()
    refused.say(Refuse(request="R1", reason="text:no"), "approver")
    assert state(refused, of=looked).says == f"{said}; R1 asked for it, and was refused."
    granted.read("I1", IssueStatus.OPEN, LATE)
    granted.approve()
    assert state(granted, of=looked).state is Link.IN_SYNC


@pytest.mark.parametrize("due", [None, date(2026, 3, 10), date(2026, 3, 1)])
def test_no_date_and_an_earlier_one_are_no_conflict(due: date | None) -> None:
    driver = in_remediation()
    assert state(driver, of=seen(driver, due=due)).state is Link.IN_SYNC


@pytest.mark.parametrize(
    ("theirs", "link"),
    [
        ("Watch the drift", Link.IN_SYNC),
        ("  Watch  the drift ", Link.IN_SYNC),
        ("Watch the weather", Link.CONFLICT),
        (None, Link.IN_SYNC),
    ],
)
def test_another_title_in_the_tracker_is_a_conflict(theirs: str | None, link: Link) -> None:
    driver = in_remediation()
    found = state(driver, of=seen(driver, title=theirs), title="Watch the drift")
    assert found.state is link
    assert (found.says == f"The tracker calls it “{theirs}”.") is (link is Link.CONFLICT)
    assert state(driver, of=seen(driver, title=theirs)).state is Link.IN_SYNC


def test_what_others_change_again_and_again_is_a_conflict_until_it_is_put_back() -> None:
    driver, began = in_remediation(), NOW
    for n in range(RESTORED + 1):
        driver.now += MINUTE
        began = driver.now if n == 0 else began
        driver.say(IssueDisturbed(item="I1", as_of=driver.now))
        assert state(driver, of=seen(driver)).state is (Link.CONFLICT if n == RESTORED else Link.IN_SYNC)
        if n < RESTORED:
            driver.obey()
    says = state(driver, of=seen(driver)).says
    assert says.startswith(f"What Holdfast keeps in it was changed {RESTORED + 1} times within 7 days")
    assert says.endswith(f"it is not put back before {at(began + WITHIN)}.")
    driver.now = began + WITHIN
    assert state(driver, of=seen(driver)).state is Link.IN_SYNC


def test_a_title_that_the_tracker_cut_is_the_same() -> None:
    driver = in_remediation()
    assert state(driver, of=seen(driver, title="t" * 254 + "…"), title="t" * 300).state is Link.IN_SYNC


def test_the_title_of_an_adopted_issue_is_its_own() -> None:
    driver = in_remediation()
    driver.say(MoveItem(item="I1", place=Place(tracker="jira", project="ACME"), adopts="ACME-1"))
    driver.obey()
    assert state(driver, of=seen(driver, title="Theirs"), title="Ours").state is Link.MOVED


def test_there_is_no_conflict_with_what_was_never_seen() -> None:
    driver = in_remediation()
    finish(driver, ["I1"])
    assert state(driver, title="Ours").state is Link.IN_SYNC


# --- projects ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ProjectState.UNKNOWN),
        ({"looked_at": NOW}, ProjectState.OK),
        ({"looked_at": NOW - SOMETIMES}, ProjectState.OK),
        ({"looked_at": NOW - SOMETIMES - MINUTE}, ProjectState.STALE),
        ({"trouble": trouble(FailureKind.UNAUTHORISED), "looked_at": NOW}, ProjectState.REFUSED),
        ({"trouble": trouble(FailureKind.UNAVAILABLE), "looked_at": NOW}, ProjectState.TROUBLE),
    ],
)
def test_a_project_is_known_stale_refused_or_in_trouble(changes: dict[str, Any], found: ProjectState) -> None:
    assert project_state(project(**changes), NOW) is found
