"""What issues say."""

from domain.inputs import ItemsRead, OpenReview, TrackingRead
from domain.issues import (
    TRACKING,
    blocker_lines,
    early_close_answer,
    fact_of,
    item_issue,
    item_key,
    labels,
    tracking_issue,
    tracking_key,
)
from domain.plan import tracking_digest
from domain.ports import IssueSnapshot
from domain.taxonomy import IssueStatus, ItemClass
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


def test_an_item_with_little_to_say_says_little() -> None:
    driver = in_sign_off(of=document(items=[item(prevents=(), item_class=ItemClass.PROCESS)]))
    spec = item_issue(driver.review, driver.review.items["I1"], content(OF).texts | TEXTS, "acme/ranker", ADDRESS)
    assert "- due: not set" in spec.body
    assert "prevents" not in spec.body
    assert "Done when" not in spec.body


def test_the_keys_of_a_review_s_issues_are_its_own() -> None:
    review = in_remediation().review
    assert item_key(review, Item(spec=spec("tracking2"))) != tracking_key(review) == "pagerduty:PD-1/tracking"
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
    assert of_item.body == ItemsRead(readings=(reading(),))
    assert of_review.body == TrackingRead(status=IssueStatus.DONE, as_of=NOW)
    assert of_item.id != of_review.id
    assert fact_of("pagerduty:PD-1", "I1", found) == of_item
