"""The draft: what is well formed, and what is derived from it."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.drafts.document import DraftDocument
from domain.drafts.draft import derive
from domain.model.draft_parts import DraftFactor
from domain.model.taxonomy import Dimension
from domain.model.values import digest_of
from tests.domain.build import POLICY, SALT, content, document, factor, item


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"factors": [factor(), factor()]}, "factors: F1 is there twice"),
        ({"items": [item(), item()]}, "items: I1 is there twice"),
        ({"items": [item(prevents=("F7",))]}, "items.I1.prevents: there is no factor F7"),
        ({"factors": [factor(led_to="F7")]}, "factors.F1.led_to: there is no factor F7"),
        ({"factors": [factor(cause="human_error")]}, "'human_error' is not a cause of dimension data"),
        ({"factors": [factor("one")]}, "factors.0.id"),
        ({"items": [item("1")]}, "items.0.id"),
        ({"items": [item(title="")]}, "items.0.title"),
        ({"extent": [{"at": "a", "found": "not_there"}] * 2}, "extent: a is there twice"),
    ],
)
def test_what_is_not_well_formed_is_refused_by_name(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        document(**changes)


def test_no_cause_is_a_person() -> None:
    for dimension in Dimension:
        with pytest.raises(ValidationError):
            DraftFactor.model_validate(factor(dimension=dimension, cause="operator_error"))


def test_a_draft_may_be_empty_and_a_factor_may_lead_to_another() -> None:
    assert content(DraftDocument()).factors == ()
    chain = document(factors=[factor(led_to="F2"), factor("F2", led_to=None)])
    assert [f.led_to for f in content(chain).factors] == ["F2", None]


def test_what_is_derived_is_what_is_written() -> None:
    derived = content(document(items=[item(end_state="The alert fired in a test.")]))
    assert set(derived.answered) == {question.id for question in POLICY.questions}
    assert set(derived.considered) == set(Dimension) - {Dimension.DATA}
    (cause,), (promised,) = derived.factors, derived.items
    assert (cause.id, cause.cause, cause.evidence) == ("F1", "drift", True)
    assert derived.texts[promised.title] == "Watch the drift of I1"
    assert promised.end_state is not None
    assert derived.texts[promised.end_state] == "The alert fired in a test."


def test_blank_answers_evidence_and_end_states_are_none() -> None:
    blank = document(
        answers={"what_failed": "  ", "not a question": "x"},
        factors=[factor(evidence=" ")],
        considered={Dimension.MODEL: "\n"},
        items=[item(end_state=" ", owner=None)],
    )
    derived = content(blank)
    assert derived.answered == ()
    assert derived.considered == ()
    assert derived.factors[0].evidence is False
    assert derived.items[0].end_state is None
    assert derived.items[0].owner is None
    assert "answer:not a question" in derived.sections


def test_people_go_into_what_is_derived_as_opaque_ids() -> None:
    derived = derive(
        document(items=[item(owner="engineer@example.org")]), 1, POLICY, SALT, lambda handle: f"p:{len(handle)}"
    )
    assert derived.items[0].owner == "p:20"
    assert "engineer@example.org" not in derived.model_dump_json()


def test_a_section_keeps_its_digest_until_its_own_text_changes() -> None:
    before, after = content(), content(document(summary="Another."), revision=2)
    changed = {id for id in before.sections if before.sections[id] != after.sections[id]}
    assert changed == {"summary"}
    assert before.digest != after.digest
    assert content().sections == before.sections


def test_each_part_of_a_draft_has_a_section_of_its_own() -> None:
    before = content().sections
    answers = document().answers
    edits: dict[str, dict[str, Any]] = {
        "causes": {"considered": {}},
        "items": {"items": []},
        "answer:safeguards": {"answers": answers | {"safeguards": "No."}},
    }
    for section, changes in edits.items():
        after = content(document(**changes)).sections
        assert {id for id in before if before[id] != after[id]} == {section}


def test_another_salt_gives_nothing_away() -> None:
    other = derive(document(), 1, POLICY, "another salt", str.lower)
    ours = content()
    assert not set(ours.sections.values()) & set(other.sections.values())
    assert not set(ours.texts) & set(other.texts)
    assert ours.digest != other.digest


def test_an_earlier_draft_keeps_its_digests_whatever_a_release_adds_to_drafts() -> None:
    """What a draft of before said is what it says now; these digests were made when drafts had five fields."""
    of = document()
    assert set(of.model_dump()) == {"summary", "answers", "factors", "considered", "items"}
    assert "due" not in of.model_dump()["items"][0]
    told = document(impact={"business": "Some."}, items=[item(due="2026-03-05")])
    assert told.model_dump(mode="json")["impact"]["business"] == "Some."
    assert told.model_dump(mode="json")["items"][0]["due"] == "2026-03-05"


def test_an_impact_of_before_keeps_its_digest_now_that_it_may_say_where_a_figure_is_known_from() -> None:
    """The digest was made by the release before measured values, windows and sources."""
    impact = {
        "service_levels": [{"objective": "99.9 %", "target": "99.9"}],
        "latency": [{"quantile": "p99", "before": "80", "during": "900"}],
        "metrics": [{"name": "precision", "before": "0.93", "during": "0.61"}],
    }
    of = DraftDocument.model_validate({"summary": "x", "impact": impact, "versions": [{"model": "m"}]})
    assert digest_of(of, "salt") == "sha256:e2877f800f121e3838632d8b8ab5a3b516b2142f4deaa856235cb961c4a18b53"


def test_sections_in_which_something_is_said_are_known() -> None:
    said = content(
        document(impact={"business": "Some."}, timeline=[{"at": "2026-03-01T09:00:00Z", "what": "It began."}])
    )
    assert said.filled == ("causes", "impact", "items", "summary", "timeline")
    assert set(said.sections) >= {"impact", "extent", "failure_modes", "versions"}
    assert said.sections["impact"] != content().sections["impact"]
