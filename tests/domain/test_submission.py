"""What a draft still lacks, each with the section in which it is mended."""

import pytest

from domain.drafts.document import DraftDocument
from domain.lifecycle.submission_rules import lacks, lacks_to_close, section_at
from tests.domain.build import DEFAULT, SUBMITTER, content, document, factor, in_draft, in_remediation, item, policy

CHANGE_IT = "change the item by command, or what the draft says of it."


def found(of: DraftDocument) -> list[tuple[str, str]]:
    driver = in_draft()
    return [(lack.section, lack.sentence) for lack in lacks(driver.review, content(of), SUBMITTER, (), driver.now)]


def test_a_draft_that_meets_the_template_lacks_nothing() -> None:
    assert found(document()) == []


def test_a_lack_names_the_section_in_which_it_is_mended() -> None:
    empty = found(document(answers={}, factors=[], items=[]))
    asked = {"what_failed", "assumptions", "safeguards", "early_signals", "prevention"}
    assert {section for section, _ in empty} == {"causes", *(f"answer:{id}" for id in asked)}
    assert ("causes", "No contributing factor is given.") in empty


def test_what_a_draft_may_be_submitted_without_is_still_needed_to_close() -> None:
    driver = in_draft()

    def needed(of: DraftDocument) -> list[tuple[str, str]]:
        found = lacks_to_close(driver.review, content(of), SUBMITTER, (), driver.now)
        return [(lack.section, lack.sentence) for lack in found]

    assert needed(document()) == []
    without = document(items=[])
    assert found(without) == []
    assert [section for section, _ in needed(without)] == ["items", "items"]
    assert needed(without)[-1] == ("items", "There is no prevention item.")
    assert driver.refused_draft(without) == ()
    assert {"prevention/items", "prevention/F1"} <= {blocker.id for blocker in driver.blockers}


def test_an_empty_section_and_an_unanswered_question_of_the_same_name_are_told_apart() -> None:
    profiles = [p.model_dump() | {"parts": ("safeguards",)} for p in DEFAULT.profiles]
    strict = policy(profiles=profiles)
    driver = in_draft(strict)
    of = document(answers=dict.fromkeys(document().answers, "Yes."))
    lacking = lacks(driver.review, content(of, under=strict), SUBMITTER, (), driver.now)
    assert "safeguards" in {lack.section for lack in lacking}
    of = document(
        answers={id: "Yes." for id in document().answers if id != "safeguards"},
        safeguards=[{"type": "fallback", "outcome": "worked"}],
    )
    lacking = lacks(driver.review, content(of, under=strict), SUBMITTER, (), driver.now)
    sections = {lack.section for lack in lacking}
    assert "answer:safeguards" in sections
    assert "safeguards" not in sections


def test_what_finds_fault_with_people_is_mended_where_it_stands() -> None:
    blaming = found(document(factors=[factor(explanation="The engineer was careless.")]))
    assert [section for section, _ in blaming] == ["causes"]


def test_a_promise_is_not_changed_in_the_draft() -> None:
    driver = in_remediation()
    weaker = document(items=[item(strength="weaker")])
    (lack,) = lacks(driver.review, content(weaker), SUBMITTER, (), driver.now)
    assert (lack.section, lack.sentence) == (
        "items",
        f"I1 is open, and the draft has another strength: {CHANGE_IT}",
    )


@pytest.mark.parametrize(
    ("place", "section"),
    [
        ("factors.F1.explanation: because", "causes"),
        ("considered.model", "causes"),
        ("answers.latency.load", "answer:latency.load"),
        ("timeline.2026-11-02T10:00:00+00:00", "timeline"),
        ("items.I1.title", "items"),
    ],
)
def test_every_place_is_in_a_section(place: str, section: str) -> None:
    assert section_at(place) == section
