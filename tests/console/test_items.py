"""Action items, and the built-in tracker that they are done in."""

from domain.ports import IssueSpec
from tests.console.conftest import Holdfast

SPEC = (
    *("--title", "Check units on read", "--class", "prevent", "--strength", "intermediate"),
    *("--outcome", "inference_or_admission_policy"),
)
ENGINEER = "engineer@example.org"


def test_an_item_is_proposed_accepted_and_opened_in_the_tracker(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    more = ("--end-state", "A wrong unit stops the batch", "--prevents", "F1", "--team", "ml", "--owner", ENGINEER)
    said = holdfast.done("item", "add", review, "I7", *SPEC, *more)
    assert said == "I7 is proposed.\nThe review is in stage draft.\n"
    assert holdfast.refused("item", "add", review, "I7", *SPEC) == "There is an item I7 already.\n"
    assert holdfast.done("item", "accept", review, "I7").startswith("I7 is accepted.\n")
    assert holdfast.refused("item", "accept", review, "I7") == "I7 is open, and not proposed.\n"
    item = holdfast.json("review", "show", review)["items"]["I7"]
    assert item["ref"]["key"] == "HF-1"
    assert item["spec"] == {
        "id": "I7",
        "title": "Check units on read",
        "item_class": "prevent",
        "strength": "intermediate",
        "outcome": "inference_or_admission_policy",
        "end_state": "A wrong unit stops the batch",
        "prevents": ["F1"],
        "team": "ml",
        "owner": ENGINEER,
    }


def test_an_accepted_item_is_withdrawn_by_two_persons(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    holdfast.done("item", "add", review, "I7", *SPEC)
    holdfast.done("item", "add", review, "I8", *SPEC)
    assert holdfast.done("item", "withdraw", review, "I7", "--reason", "not needed").startswith("I7 is withdrawn.")
    holdfast.done("item", "accept", review, "I8")
    assert "Asked as R1" in holdfast.done("item", "withdraw", review, "I8", "--reason", "too dear")
    assert holdfast.refused("item", "withdraw", review, "I9", "--reason", "?") == (
        "There is no item I9; there are I7, I8.\n"
    )


def test_a_change_keeps_what_is_not_named(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    holdfast.done("item", "add", review, "I7", *SPEC, "--prevents", "F1", "--owner", ENGINEER)
    change = ("item", "change", review, "I7", "--reason", "it takes more")
    said = holdfast.done(*change, "--strength", "stronger", "--prevents", "F1", "--prevents", "F2")
    assert said.startswith("I7 is changed.\n")
    spec = holdfast.json("review", "show", review)["items"]["I7"]["spec"]
    assert (spec["strength"], spec["prevents"], spec["owner"]) == ("stronger", ["F1", "F2"], ENGINEER)
    assert spec["title"] == "Check units on read"


def test_a_change_that_weakens_waits_for_a_second_person(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    holdfast.done("item", "add", review, "I7", *SPEC)
    holdfast.done("item", "accept", review, "I7")
    asked = holdfast.done("item", "change", review, "I7", "--reason", "cheaper", "--strength", "weaker")
    assert "Asked as R1" in asked


def test_a_change_of_nothing_or_of_what_is_not_there_is_not_understood(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    said = holdfast.refused("item", "change", review, "I7", "--reason", "because", code=2)
    assert said.startswith("Say what to change")
    refusal = holdfast.refused("item", "change", review, "I7", "--reason", "because", "--team", "ml")
    assert refusal == "There is no item I7; there are none.\n"


def test_an_issue_is_done_declined_and_opened_again(holdfast: Holdfast) -> None:
    assert holdfast.done("issue", "list") == "There are no issues.\n"
    review = holdfast.signed()
    assert [line.split()[:2] for line in holdfast.done("issue", "list").splitlines()[1:]] == [
        ["HF-1", "open"],
        ["HF-2", "open"],
    ]
    assert holdfast.done("issue", "done", "HF-1", by=ENGINEER) == "HF-1 is done.\n"
    assert holdfast.done("issue", "decline", "hf-2") == "HF-2 is declined.\n"
    assert holdfast.done("issue", "done", "HF-1") == "HF-1 is done.\n"
    assert holdfast.refused("issue", "done", "HF-2") == "HF-2 is declined: reopen it first.\n"
    assert holdfast.refused("issue", "decline", "HF-1") == "HF-1 is done: reopen it first.\n"
    assert holdfast.json("issue", "reopen", "HF-1")["status"] == "open"
    (first, second) = holdfast.json("issue", "list")
    assert (first["status"], first["assignee"], second["status"]) == ("open", ENGINEER, "declined")
    assert holdfast.refused("issue", "done", "HF-9") == "There is no issue HF-9.\n"
    shown = holdfast.done("issue", "show", "HF-1")
    assert shown.startswith("HF-1: Refuse feature batches whose units or ranges do not hold\n")
    assert f"Watched by {review}" in shown
    assert holdfast.json("issue", "show", "HF-1")["watched_by"] == [review]


def test_comments_and_control_characters_of_an_issue_are_shown_safely(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    holdfast.done("item", "add", review, "I7", *SPEC)
    holdfast.done("item", "accept", review, "I7")
    ref = holdfast.records.builtin.find("HF-1")
    holdfast.records.builtin.comment(ref, "one", "Nearly\x1b[2Jdone [bold]\nTomorrow")
    shown = holdfast.done("issue", "show", "HF-1")
    assert "Watched by" not in _of_nobody(holdfast)
    assert "Comment:\nNearly�[2Jdone [bold]\nTomorrow\n" in shown


def _of_nobody(holdfast: Holdfast) -> str:
    spec = IssueSpec(key="other/I1", project="default", title="Something else", body="")
    return holdfast.done("issue", "show", holdfast.records.builtin.ensure_issue(spec).key)
