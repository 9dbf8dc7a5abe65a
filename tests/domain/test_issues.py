"""What issues say."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.lifecycle.effects import tracking_digest
from domain.lifecycle.inputs import (
    AcceptItem,
    ChangeItem,
    ExtendDue,
    ItemsRead,
    MoveItem,
    OpenReview,
    ProposeItem,
    TrackingRead,
    WithdrawItem,
)
from domain.model.review import Item
from domain.model.taxonomy import IssueStatus, ItemClass, Severity, Strength
from domain.model.tracker_routing import Place
from domain.trackers.issue_text import (
    TRACKING,
    blocker_lines,
    changed,
    declined_answer,
    due_to_set,
    early_close_answer,
    fact_of,
    is_disturbed,
    is_later,
    item_issue,
    item_key,
    kept,
    labels,
    labels_before,
    released,
    restored,
    rewritten,
    tracking_issue,
    tracking_key,
)
from domain.trackers.ports import IssueSnapshot
from tests.domain.build import (
    NOW,
    Driver,
    closed,
    content,
    document,
    in_remediation,
    in_sign_off,
    incident,
    item,
    reading,
    ref,
    spec,
)

ADDRESS = "https://holdfast.example/r/1"
OF = document(items=[item(end_state="The alert fired in a test.")])
TEXTS = content(OF).texts | {"text:title": "Stale recommendations"}


def test_an_item_s_issue_says_what_is_to_be_done_by_when_and_why() -> None:
    driver = in_remediation(of=OF)
    spec = item_issue(driver.review, driver.review.items["I1"], TEXTS, "acme/ranker", ADDRESS)
    assert (spec.key, spec.project, spec.title) == ("pagerduty:PD-1/I1", "acme/ranker", "Watch the drift of I1")
    assert "- due: 10 Mar 2026" in spec.body
    assert "- prevents: F1" in spec.body
    assert "**Done when:** The alert fired in a test." in spec.body
    assert ADDRESS in spec.body
    assert spec.labels[:2] == labels(driver.review) == ("holdfast", "holdfast:pagerduty:PD-1")


def test_an_item_s_issue_carries_what_trackers_have_fields_for() -> None:
    driver = in_remediation(of=OF)
    item = driver.review.items["I1"]
    spec = item_issue(driver.review, item, TEXTS, "acme/ranker", ADDRESS, "octocat")
    assert (spec.due, spec.assignee, spec.service, spec.severity) == (
        date(2026, 3, 10),
        "octocat",
        "ranker",
        Severity.SEV1,
    )
    assert spec.labels[2:] == ("prevent", "intermediate")
    assert spec.lasting_labels == spec.labels[:2]
    assert item_issue(driver.review, item, TEXTS, "acme/ranker", ADDRESS).assignee is None


def test_an_item_with_little_to_say_says_little() -> None:
    driver = in_sign_off(of=document(items=[item(prevents=(), item_class=ItemClass.PROCESS)]))
    spec = item_issue(driver.review, driver.review.items["I1"], content(OF).texts | TEXTS, "acme/ranker", ADDRESS)
    assert "- due: not set" in spec.body
    assert spec.due is None
    assert "prevents" not in spec.body
    assert "Done when" not in spec.body


def test_the_keys_of_a_review_s_issues_are_its_own() -> None:
    review = in_remediation().review
    assert item_key(review, Item(spec=spec("tracking2"))) != tracking_key(review) == "pagerduty:PD-1/tracking"
    assert item_key(review, Item(spec=spec("I1"), moves=2)) == "pagerduty:PD-1/I1/3"
    assert TRACKING == "*tracking"
    assert all(len(label) <= 50 for label in labels(review.model_copy(update={"id": "x" * 90})))


def test_the_tracking_issue_lists_incidents_and_blockers() -> None:
    driver = in_remediation()
    spec, is_open, told = tracking_issue(driver.review, driver.now, TEXTS, "acme/ranker", ADDRESS)
    assert (is_open, told) == (True, tracking_digest(driver.review, driver.now))
    assert spec.title == "Review: Stale recommendations"
    assert "**Cannot close yet: 1**\n- I1 (#I1) is open." in spec.body
    assert "- pagerduty:PD-1" in spec.body


def test_the_tracking_issue_of_a_closed_review_says_that_it_is() -> None:
    driver = closed()
    spec, is_open, _ = tracking_issue(driver.review, driver.now, TEXTS, "acme/ranker", ADDRESS)
    assert not is_open
    assert "This review is closed." in spec.body


def test_an_incident_s_address_is_used_where_there_is_one() -> None:
    driver = Driver()
    driver.say(OpenReview(incident=incident(url="https://pd.example/1")))
    spec, _, _ = tracking_issue(driver.review, driver.now, TEXTS, "p", ADDRESS)
    assert "- https://pd.example/1" in spec.body
    nameless, _, _ = tracking_issue(Driver().review, driver.now, {}, "p", ADDRESS)
    assert nameless.title == "Review: pagerduty:PD-1"


def test_whoever_closed_it_early_is_told_why_not() -> None:
    assert "was opened again" in early_close_answer(["I1 is open."], ADDRESS, reopened=True)
    answer = early_close_answer([], ADDRESS, reopened=False)
    assert "still open" in answer
    assert blocker_lines([], True)[0] in answer


def test_what_was_read_is_told_of_the_item_or_of_the_review_as_a_whole() -> None:
    found = IssueSnapshot(asked=ref(), ref=ref(), status=IssueStatus.DONE, as_of=NOW)
    of_item, of_review = fact_of("pagerduty:PD-1", "I1", found), fact_of("pagerduty:PD-1", TRACKING, found)
    assert of_item.body == ItemsRead(readings=(reading().model_copy(update={"asked": ref()}),))
    assert of_review.body == TrackingRead(status=IssueStatus.DONE, as_of=NOW, ref=ref())
    assert of_item.id != of_review.id
    assert fact_of("pagerduty:PD-1", "I1", found) == of_item


def test_a_date_that_the_tracker_shows_is_told_with_the_item() -> None:
    found = IssueSnapshot(asked=ref(), ref=ref(), status=IssueStatus.OPEN, as_of=NOW, due=date(2026, 4, 1))
    body = fact_of("pagerduty:PD-1", "I1", found).body
    assert isinstance(body, ItemsRead)
    assert body.readings[0].due == date(2026, 4, 1)


# --- what Holdfast keeps in an issue ----------------------------------------------------------------------------------


def found(driver: Driver, **changes: Any) -> IssueSnapshot:
    """An issue as it was opened, but for these changes."""
    opened = item_issue(driver.review, driver.review.items["I1"], TEXTS, "acme/ranker", ADDRESS)
    values: dict[str, Any] = {
        "asked": ref(),
        "ref": ref(),
        "status": IssueStatus.OPEN,
        "as_of": driver.now,
        "title": opened.title,
        "body": opened.body,
        "labels": opened.labels,
    }
    return IssueSnapshot.model_validate(values | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"title": "Another title", "assignee": "octocat", "status": IssueStatus.DONE, "due": date(2030, 1, 1)},
        {"labels": ("mine", "intermediate", "prevent", "holdfast:pagerduty:PD-1", "holdfast")},
        {"body": f"Rewritten, with the link {ADDRESS} kept."},
        {"body": None},
        {"labels": None},
        {"ref": None, "labels": ()},
    ],
)
def test_what_is_the_tracker_s_own_is_anybody_s_to_change(changes: dict[str, Any]) -> None:
    driver = in_remediation(of=OF)
    assert not is_disturbed(driver.review, "I1", found(driver, **changes), ADDRESS)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": ()},
        {"labels": ("holdfast", "holdfast:pagerduty:PD-1", "detect", "intermediate")},
        {"labels": ("holdfast", "holdfast:pagerduty:PD-1", "prevent")},
        {"body": "Somebody replaced everything."},
        {"body": ""},
    ],
)
def test_a_label_or_the_link_that_is_gone_is_a_disturbance(changes: dict[str, Any]) -> None:
    driver = in_remediation(of=OF)
    assert is_disturbed(driver.review, "I1", found(driver, **changes), ADDRESS)


def test_what_says_what_does_not_hold_any_more_is_not_disturbed_but_rewritten() -> None:
    driver = in_remediation(of=OF)
    before = found(driver)
    item = driver.review.items["I1"]
    texts = TEXTS | {"text:now": "It fires in every test.\nTwice."}
    changes = {"strength": Strength.STRONGER, "end_state": "text:now"}
    driver.say(ChangeItem(spec=item.spec.model_copy(update=changes), reason="text:why"))
    item = driver.review.items["I1"]
    assert not is_disturbed(driver.review, "I1", before, ADDRESS)
    assert labels_before(driver.review, item) == ("intermediate",)
    body = f"Theirs, before.\r\n\r\n{before.body}\n\nTheirs, after."
    text = rewritten(driver.review, item, before.model_copy(update={"body": body}), texts, ADDRESS)
    assert text == f"Theirs, before.\n\n{kept(driver.review, item, texts, ADDRESS)}\n\nTheirs, after."
    assert "strength: stronger" in text
    assert "**Done when:** It fires in every test.\nTwice." in text


@pytest.mark.parametrize(
    "changes",
    [{"body": None}, {"text_may_be_rewritten": False}, {"body": f"Somebody wrote another text, with {ADDRESS}."}],
)
def test_what_people_wrote_or_no_one_can_write_is_not_rewritten(changes: dict[str, Any]) -> None:
    driver = in_remediation(of=OF)
    before, spec = found(driver, **changes), driver.review.items["I1"].spec
    driver.say(ChangeItem(spec=spec.model_copy(update={"strength": Strength.STRONGER}), reason="text:why"))
    item = driver.review.items["I1"]
    assert rewritten(driver.review, item, before, TEXTS, ADDRESS) is None
    told = changed(driver.review, item, TEXTS, ADDRESS)
    assert told.startswith("This was changed in the review. Now it is:\n\nAction item **I1**")
    assert "strength: stronger" in told


def test_a_text_that_says_what_holds_stays_as_it_is() -> None:
    driver = in_remediation(of=OF)
    item = driver.review.items["I1"]
    assert rewritten(driver.review, item, found(driver), TEXTS, ADDRESS) is None
    assert labels_before(driver.review, item) == ()
    assert labels_before(driver.review, item.model_copy(update={"told": None})) == ()


@pytest.mark.parametrize(
    ("shown", "set_to"),
    [
        (None, date(2026, 3, 20)),
        (date(2026, 3, 10), date(2026, 3, 20)),
        (date(2026, 3, 20), None),
        (date(2027, 1, 1), None),
    ],
)
def test_a_new_date_is_set_where_the_tracker_shows_none_that_is_as_late(
    shown: date | None, set_to: date | None
) -> None:
    driver = in_remediation(of=OF)
    assert due_to_set(driver.review.items["I1"], found(driver, due=shown)) is None
    driver.say(ExtendDue(item="I1", until=datetime(2026, 3, 20, 12, tzinfo=UTC), reason="text:why"))
    driver.approve()
    assert due_to_set(driver.review.items["I1"], found(driver, due=shown)) == set_to


def test_an_item_without_a_date_or_whose_issue_is_not_known_sets_none() -> None:
    driver = in_remediation(of=OF)
    item, snapshot = driver.review.items["I1"], found(driver)
    assert due_to_set(item.model_copy(update={"told": None}), snapshot) is None
    assert due_to_set(item.model_copy(update={"due": None}), snapshot) is None


def test_an_issue_of_no_item_is_not_disturbed() -> None:
    driver = in_remediation(of=OF)
    assert not is_disturbed(driver.review, TRACKING, found(driver, labels=()), ADDRESS)


def test_an_adopted_issue_has_a_text_of_its_own_and_our_labels() -> None:
    driver = in_remediation(of=OF)
    driver.say(MoveItem(item="I1", place=Place(tracker="jira", project="ACME"), adopts="ACME-1"))
    assert not is_disturbed(driver.review, "I1", found(driver, body="Theirs."), ADDRESS)
    assert is_disturbed(driver.review, "I1", found(driver, body="Theirs.", labels=("theirs",)), ADDRESS)


@pytest.mark.parametrize(
    ("due", "later"), [(None, False), (date(2026, 3, 9), False), (date(2026, 3, 10), False), (date(2026, 3, 11), True)]
)
def test_a_later_date_than_ours_is_one(due: date | None, later: bool) -> None:
    driver = in_remediation(of=OF)
    assert is_later(driver.review, "I1", found(driver, due=due)) is later


def test_there_is_no_later_date_for_what_is_not_due() -> None:
    driver = in_remediation(of=OF)
    driver.say(ProposeItem(spec=spec("I9")))
    for id in ("I9", TRACKING):
        assert not is_later(driver.review, id, found(driver, due=date(2030, 1, 1)))


def test_whoever_changed_it_is_told_what_it_is() -> None:
    review = in_remediation().review
    told = restored(review, review.items["I1"], ADDRESS)
    assert f"Action item **I1** of the post-incident review [pagerduty:PD-1]({ADDRESS})." in told
    assert "- class: prevent, strength: intermediate" in told


@pytest.mark.parametrize(("reopened", "head"), [(True, "This issue was opened again: it"), (False, "This prevents")])
def test_whoever_declined_it_is_told_what_clears_it(reopened: bool, head: str) -> None:
    told = declined_answer(in_remediation().review.items["I1"], ADDRESS, reopened)
    assert told.startswith(head)
    assert "withdraw I1 with another person's approval, or ask for a waiver" in told
    assert ADDRESS in told


def test_an_issue_that_was_there_before_is_told_that_it_goes_on() -> None:
    driver = in_remediation()
    driver.say(MoveItem.model_validate({"item": "I1", "place": "jira:ACME", "adopts": "ACME-12"}))
    driver.obey()
    driver.say(MoveItem(item="I1", place=Place(tracker="jira", project="ACME")))
    driver.say(driver.result(driver.plan.effects[0]))
    told = released(driver.review, driver.review.items["I1"], ADDRESS)
    assert "goes on at https://tracker.example/I1/3" in told
    assert told.endswith("This issue was there before, and is left as it is.")


def test_an_issue_that_is_given_up_says_why_or_where_the_item_goes_on() -> None:
    driver = in_remediation()
    driver.say(MoveItem(item="I1", place=Place(tracker="jira", project="ACME")))
    driver.say(driver.result(driver.plan.effects[0]))
    item = driver.review.items["I1"]
    assert released(driver.review, item, ADDRESS).endswith("goes on at https://tracker.example/I1/2")
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("I9")))
    driver.say(AcceptItem(item="I9"))
    driver.obey()
    driver.say(WithdrawItem(item="I9", reason="text:why"))
    driver.approve()
    assert "was withdrawn" in released(driver.review, driver.review.items["I9"], ADDRESS)
