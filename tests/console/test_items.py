"""Action items, and the built-in tracker that they are done in."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.trackers.ports import IssueSpec
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
        "due": None,
    }


def accepted(holdfast: Holdfast, *more: str) -> tuple[str, Any]:
    """A review with an item that was accepted in this way, and the item."""
    review = holdfast.opened()
    holdfast.done("item", "add", review, "I7", *SPEC)
    assert holdfast.done("item", "accept", review, "I7", *more).startswith("I7 is accepted.\n")
    return review, holdfast.json("review", "show", review)["items"]["I7"]


def test_an_item_is_accepted_elsewhere_than_the_routes_say(holdfast: Holdfast) -> None:
    review, item = accepted(holdfast, "--place", "github:acme/x", "--adopt", "45")
    assert (item["place"], item["adopts"]) == ({"tracker": "github", "project": "acme/x"}, "acme/x#45")
    shown = holdfast.done("review", "show", review)
    line = next(line for line in shown.splitlines() if "github:acme/x" in line)
    assert "Not known: it was not read yet." in line
    assert line.startswith("I7")


def test_a_place_that_is_none_is_not_understood(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    holdfast.done("item", "add", review, "I7", *SPEC)
    said = holdfast.refused("item", "accept", review, "I7", "--place", "GitHub acme", code=2)
    assert "place: 'GitHub acme' is not a place; write one like 'builtin', 'github:owner/repository'" in said


def test_a_later_due_date_is_asked_for_and_counted(holdfast: Holdfast) -> None:
    review, item = accepted(holdfast)
    until = datetime.fromisoformat(item["due"]).date() + timedelta(days=40)
    extend = ("item", "extend", review, "I7", "--reason", "the vendor is late", "--until")
    assert holdfast.done(*extend, str(until)).startswith("Asked as R1: another person has to approve it")
    assert "put off" not in holdfast.done("review", "history", review).partition("R1")[0]
    holdfast.done("review", "approve", review, "R1", by="director@example.org")
    extended = holdfast.json("review", "show", review)["items"]["I7"]
    assert (extended["due"], extended["extended"]) == (f"{until}T23:59:59Z", 1)
    assert ", put off once" in holdfast.done("review", "show", review)
    assert holdfast.refused(*extend, str(until)).startswith("I7 is due later already")
    assert holdfast.refused(*extend, "soon", code=2).startswith("'soon' is not a date")
    assert holdfast.done(*extend, f"{until + timedelta(days=1)}T09:00Z").startswith("Asked as R2")


def test_an_item_is_moved_to_a_new_issue_or_to_one_that_is_there(holdfast: Holdfast) -> None:
    review, item = accepted(holdfast)
    said = holdfast.done("item", "move", review, "I7", "--place", "jira:PLATFORM")
    assert said.startswith("I7 goes to a new issue in jira:PLATFORM.\n")
    again = holdfast.done("item", "move", review, "I7", "--place", "jira:PLATFORM", "--adopt", "PLATFORM-7")
    assert again.startswith("I7 goes to PLATFORM-7 in jira:PLATFORM.\n")
    moved = holdfast.json("review", "show", review)
    assert moved["items"]["I7"]["moves"] == 2
    assert item["ref"]["key"] in moved["links"]["I7"]["formerly"]
    assert f"Formerly {item['ref']['key']}" in holdfast.done("review", "show", review)
    assert holdfast.refused("item", "move", review, "I8", "--place", "builtin").startswith("There is no item I8")


@pytest.mark.parametrize("command", ["accept", "extend", "move"])
def test_the_help_of_what_concerns_trackers_shows_an_example(holdfast: Holdfast, command: str) -> None:
    said = holdfast.done("item", command, "--help")
    assert f"holdfast item {command} hand:" in " ".join(said.split())


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


def test_where_no_team_signs_a_change_waits_for_a_second_person(holdfast: Holdfast) -> None:
    review = holdfast.opened("SEV4")
    holdfast.done("item", "add", review, "I7", *SPEC)
    holdfast.done("item", "accept", review, "I7")
    asked = holdfast.done("item", "change", review, "I7", "--reason", "cheaper", "--strength", "weaker")
    assert "Asked as R1" in asked
    told = "R1, I7: strength: intermediate → weaker\n"
    assert told in holdfast.done("review", "why", review)
    assert told in holdfast.done("review", "show", review)
    assert "I7 promises (strength: intermediate → weaker): cheaper" in holdfast.done("review", "history", review)


def test_a_request_that_was_overtaken_does_not_wait(holdfast: Holdfast) -> None:
    review = holdfast.opened("SEV4")
    holdfast.done("item", "add", review, "I7", *SPEC)
    holdfast.done("item", "accept", review, "I7")
    holdfast.done("item", "change", review, "I7", "--reason", "cheaper", "--strength", "weaker")
    holdfast.done("item", "change", review, "I7", "--reason", "it takes more", "--strength", "stronger")
    holdfast.done("review", "approve", review, "R2", by="director@example.org")
    outdated = "I7 has changed since R1 was asked; ask anew."
    shown = holdfast.done("review", "why", review)
    assert outdated in shown
    assert "Waiting for a second person" not in shown
    assert f"out of date: {outdated}" in holdfast.done("review", "show", review)
    assert "I7 was changed: strength: intermediate → stronger." in holdfast.done("review", "history", review)


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
        ["HF-2", "open"],
        ["HF-1", "open"],
    ]
    assert holdfast.done("issue", "done", "HF-1", by=ENGINEER) == "HF-1 is done.\n"
    assert holdfast.done("issue", "decline", "hf-2") == "HF-2 is declined.\n"
    assert holdfast.done("issue", "done", "HF-1") == "HF-1 is done.\n"
    assert holdfast.refused("issue", "done", "HF-2") == "HF-2 is declined: reopen it first.\n"
    assert holdfast.refused("issue", "decline", "HF-1") == "HF-1 is done: reopen it first.\n"
    assert holdfast.json("issue", "reopen", "HF-1")["status"] == "open"
    (second, first) = holdfast.json("issue", "list")
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


def test_a_done_item_is_verified_with_a_file_that_is_kept(holdfast: Holdfast, tmp_path: Path) -> None:
    review, item = accepted(holdfast)
    log = tmp_path / "replay.log"
    log.write_text("it held")
    verify = ("item", "verify", review, "I7", "--evidence", str(log), "--note", "the replay raises it")
    assert holdfast.refused(*verify).startswith("I7 is open: it can be verified once it is done.")
    holdfast.done("issue", "done", item["ref"]["key"], by=ENGINEER)
    assert holdfast.done(*verify).startswith("I7 is verified.\n")
    said = holdfast.done("review", "show", review)
    assert "done, verified" in said
    assert re.search(r"I7 was verified by ml-lead@example.org, .*: http\S+/attachments/sha256:[0-9a-f]{64}\n", said)
    shown = holdfast.json("review", "show", review)["items"]["I7"]["verification"]
    assert shown["by"] == "ml-lead@example.org"
    (kept,) = holdfast.records.attachments.of(review)
    assert (kept.name, kept.media_type, shown["evidence"][0]["digest"]) == ("replay.log", "text/plain", kept.digest)
    assert "was verified: the replay raises it" in holdfast.done("review", "history", review)


def test_evidence_that_cannot_be_kept_is_named(holdfast: Holdfast, tmp_path: Path) -> None:
    review, _ = accepted(holdfast)
    verify = ("item", "verify", review, "I7")
    assert holdfast.refused(*verify, code=2).startswith("Evidence is missing: give a file with --evidence")
    assert "cannot be read" in holdfast.refused(*verify, "--evidence", "nowhere.log", code=2)
    (tmp_path / "run.exe").write_bytes(b"MZ")
    assert "is no kind of file that is kept" in holdfast.refused(*verify, "--evidence", "run.exe", code=2)


def test_an_item_is_split_when_another_person_approves(holdfast: Holdfast) -> None:
    review, _ = accepted(holdfast)
    split = ("item", "split", review, "I7", "--reason", "two teams do it")
    assert "Name at least two parts" in holdfast.refused(*split, "--part", "I7a=Gate", code=2)
    assert "Name at least two parts" in holdfast.refused(*split, "--part", "I7a", "--part", "=x", code=2)
    said = holdfast.done(*split, "--part", "I7a=Gate on units", "--part", "I7b=Gate on ranges")
    assert said.startswith("Asked as R1: another person has to approve it")
    holdfast.done("review", "approve", review, "R1", by="director@example.org")
    items = holdfast.json("review", "show", review)["items"]
    assert [(id, item["status"]) for id, item in items.items()] == [
        ("I7", "withdrawn"),
        ("I7a", "open"),
        ("I7b", "open"),
    ]
    assert items["I7a"]["spec"]["title"] == "Gate on units"


def test_a_team_lets_somebody_sign_for_it(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    said = holdfast.done(
        "review", "delegate", review, "--team", "ml", "--to", "deputy@example.org", by="ml@example.org"
    )
    assert said.startswith(f"deputy@example.org signs {review} for team ml.\n")
    assert "deputy@example.org signs for team ml." in holdfast.done("review", "history", review)
