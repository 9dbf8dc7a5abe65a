"""Looking at reviews: what is pressing, where one stands, and why it cannot close."""

import time
from datetime import timedelta

import pytest

from domain.lifecycle.inputs import IncidentTold, Input, TrackingTold
from domain.model.review import Incident, IssueRef
from domain.model.taxonomy import Door, IncidentStatus, IssueStatus, Severity
from tests.console.conftest import Holdfast
from web.formatting import minute


def test_what_is_open_is_listed_with_what_is_in_the_way(holdfast: Holdfast) -> None:
    assert holdfast.done("review", "list") == "There are no such reviews.\n"
    review = holdfast.opened()
    lines = holdfast.done("review", "list").splitlines()
    assert lines[0].split() == ["Review", "Severity", "Stage", "In", "the", "way", "Next", "Owner", "Service", "Title"]
    assert review in lines[1]
    assert "Ranking returned unrelated results" in lines[1]
    assert holdfast.done("review", "list", "--stage", "closed") == "There are no such reviews.\n"
    assert [r["id"] for r in holdfast.json("review", "list", "--stage", "draft")] == [review]


def test_why_names_every_blocker_and_who_can_clear_it(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    shown = holdfast.done("review", "why", review)
    told = holdfast.json("review", "why", review)
    assert f"{review} is in stage draft. In the way of closure: {len(told['blockers'])}" in shown
    assert told["blockers"]
    for blocker in told["blockers"]:
        line = next(line for line in shown.splitlines() if blocker["sentence"] in line)
        assert line.split()[:2] == [blocker["rule"], blocker["subject"]]
        assert line.endswith(blocker["cleared_by"])


def test_in_a_pipe_nothing_is_coloured_cut_short_or_padded(holdfast: Holdfast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    shown = holdfast.done("review", "why", holdfast.opened())
    assert "Evaluation was not considered: give a factor, or say why there is none." in shown
    assert "…" not in shown
    assert "\x1b" not in shown
    assert all(line == line.rstrip() for line in shown.splitlines())


def test_why_tells_what_only_warns_and_what_waits_for_a_second_person(holdfast: Holdfast) -> None:
    review = holdfast.opened("SEV4")
    assert "Said, and not holding it:" in holdfast.done("review", "why", review)
    holdfast.done("review", "waive", review, "causes", "factors", "--reason", "found by chance")
    shown = holdfast.done("review", "why", review)
    line = next(line for line in shown.splitlines() if line.startswith("R1"))
    until = minute(holdfast.door.now + timedelta(days=30))
    assert " ".join(line.split()) == f"R1 waive causes factors {until} ml-lead@example.org found by chance"


def test_a_review_is_shown_with_all_that_was_said_of_it(holdfast: Holdfast) -> None:
    review = holdfast.signed()
    holdfast.done("review", "waive", review, "done", "I1", "--reason", "the vendor is late")
    holdfast.done("review", "approve", review, "R1", by="director@example.org")
    holdfast.done("review", "accept-risk", review, "F1", "--reason", "it is small")
    holdfast.done("review", "refuse", review, "R2", "--reason", "it is not", by="director@example.org")
    holdfast.done("review", "lower-severity", review, "sev3", "--reason", "few were concerned")
    holdfast.door.pass_time(review, timedelta(days=31))
    shown = holdfast.done("review", "show", review)
    for sentence in (
        f"{review}: Ranking returned unrelated results",
        "SEV2, stage remediation, service ranking-api, team ml, owner ml-lead@example.org",
        ", late",
        "Revision 1 was submitted by writer@example.org",
        "infrastructure-signer@example.org",
        "HF-1",
        "Refuse feature batches whose units or ranges do not hold",
        "granted by director@example.org",
        "refused by director@example.org",
        "waits",
        "done/I1",
    ):
        assert sentence in shown
    assert holdfast.json("review", "show", review)["requests"]["R3"]["severity"] == "SEV3"


def test_a_signature_that_stands_no_more_is_not_shown_as_one_that_was_never_given(holdfast: Holdfast) -> None:
    review = holdfast.signed()
    holdfast.done("item", "change", review, "I1", "--reason", "cheaper", "--strength", "weaker")
    shown = holdfast.done("review", "show", review)
    assert shown.count("to sign again: its signature stands no more, because item I1 changed") == 3
    assert "not signed" not in shown


def test_a_word_of_no_vocabulary_is_answered_without_those_of_a_library(holdfast: Holdfast) -> None:
    said = holdfast.refused("review", "list", "--stage", "nonsense", code=2)
    assert "Invalid value for '--stage': 'nonsense' is not one of" in said
    assert "Value error" not in said


def test_why_says_so_where_nothing_is_in_the_way(holdfast: Holdfast) -> None:
    review = holdfast.signed()
    for issue in ("HF-1", "HF-2"):
        holdfast.done("issue", "done", issue)
    give_up = time.monotonic() + 30
    while (shown := holdfast.done("review", "why", review)).count("is open") and time.monotonic() < give_up:
        pass  # the review hears of what is done a moment later
    alert = "- I2 is called prevention, and is a monitor or an alert, which tells of the next time.\n"
    assert shown == (
        f"{review} is in stage remediation. In the way of closure: 0\nWorth a look before anybody signs:\n{alert}"
    )


def test_incidents_that_are_open_are_listed_until_their_review_begins(holdfast: Holdfast) -> None:
    assert "No incident is open" in holdfast.done("review", "open-incidents")
    told = incident_told(holdfast)
    holdfast.records.inbox.receive("alerts", "opened", told)
    holdfast.records.inbox.outgoing()
    shown = holdfast.done("review", "open-incidents")
    assert ("alerts:A-open" in shown, "SEV1" in shown, "The ranker is slow" in shown) == (True, True, True)
    (listed,) = holdfast.json("review", "open-incidents")
    assert (listed["incident"], listed["severity"]) == ("alerts:A-open", "SEV1")


def incident_told(holdfast: Holdfast) -> Input:
    """What a source tells of an incident that is open."""
    incident = Incident(
        source="alerts",
        id="A-open",
        status=IncidentStatus.OPEN,
        as_of=holdfast.door.now,
        title=holdfast.records.people.keep("The ranker is slow", "alerts:A-open"),
        service="ranking-api",
        severity=Severity.SEV1,
    )
    return Input(id="alerts-1", by="alerts", door=Door.WEBHOOK, body=IncidentTold(incident=incident))


def test_an_incident_that_is_not_reviewed_is_shown_with_the_rule_that_excluded_it(holdfast: Holdfast) -> None:
    now = holdfast.door.now
    incident = Incident(
        source="pagerduty",
        id="Q1",
        status=IncidentStatus.RESOLVED,
        as_of=now,
        title=holdfast.records.people.keep("It was slow"),
        service="billing",
        severity=Severity.SEV1,
    )
    holdfast.door.tell("pagerduty:Q1", IncidentTold(incident=incident))
    shown = holdfast.done("review", "show", "pagerduty:Q1")
    assert "Not reviewed, by service: billing is not listed in the catalogue" in shown
    assert "team none, owner nobody" in shown
    assert holdfast.json("review", "list") == []


def test_a_review_is_shown_with_the_issue_that_stands_for_it(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    ref = IssueRef(tracker="github", id="7", key="#7", url="https://github.example.org/issues/7", project="acme/x")
    told = TrackingTold(ref=ref, told="sha256:0", status=IssueStatus.OPEN, as_of=holdfast.door.now)
    holdfast.door.tell(review, told)
    assert "Tracked as https://github.example.org/issues/7\n" in holdfast.done("review", "show", review)


def test_on_a_narrow_terminal_long_cells_go_on_in_the_next_line(
    holdfast: Holdfast, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = holdfast.opened()
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "90")
    shown = holdfast.done("review", "why", review)
    assert "\x1b[1m" in shown
    assert "…" not in shown
    assert "Evaluation was not considered: give a factor, or say why there is none." not in shown
    assert max(len(line) for line in shown.splitlines()[2:]) <= 90


def test_before_its_draft_a_review_says_until_when_it_is_quiet(holdfast: Holdfast) -> None:
    told = ("--title", "Scores were stale", "--service", "ranking-api", "--severity", "SEV2")
    review = holdfast.json("review", "open", *told)["review"]
    quiet = minute(holdfast.door.now + timedelta(hours=24))
    for command in ("why", "show"):
        shown = holdfast.done("review", command, review)
        assert f"Quiet until {quiet}, unless the incident comes again; then the draft is asked for, within" in shown


def test_a_closed_review_shows_no_clock_of_a_stage_that_is_over(holdfast: Holdfast) -> None:
    review = holdfast.signed()
    assert "Draft due" not in holdfast.done("review", "show", review)
    assert "The review due" in holdfast.done("review", "show", review)
    for issue in ("HF-1", "HF-2"):
        holdfast.done("issue", "done", issue)
    holdfast.done("review", "close", review)
    shown = holdfast.done("review", "show", review)
    assert "The review due" not in shown
    assert "Effectiveness due" in shown


def test_what_a_team_wants_changed_is_shown_until_it_is_submitted_again(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    asked = ("--team", "ml", "--section", "causes", "--reason", "Which alert?")
    holdfast.done("review", "request-changes", review, *asked, by="ml-signer@example.org")
    for command in ("why", "show"):
        shown = holdfast.done("review", command, review)
        assert "Team ml asks for changes in why: Which alert? (ml-signer@example.org)" in shown


def test_a_review_that_has_just_begun_is_shown_too(holdfast: Holdfast) -> None:
    review = holdfast.opened("SEV3")
    shown = holdfast.done("review", "show", review)
    assert "not signed" in shown
    assert "Items" not in shown


def test_the_history_tells_every_event_and_who_was_behind_it(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    lines = holdfast.done("review", "history", review).splitlines()
    told = holdfast.json("review", "history", review)
    assert len(lines) == len(told) + 1
    assert "Revision 1 was submitted" in next(line for line in lines if "writer@example.org" in line)


@pytest.mark.parametrize("command", ["show", "why", "history"])
def test_a_review_that_is_not_there_is_named(holdfast: Holdfast, command: str) -> None:
    assert holdfast.refused("review", command, "hand:nothing") == "There is no review hand:nothing.\n"
