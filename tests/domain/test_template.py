"""The template: sections and questions as data, pinned with the policy, and what teams add to it."""

import pytest
from pydantic import ValidationError

from domain.model.policy import Policy
from domain.model.taxonomy import IncidentKind
from domain.model.template import SECTIONS, Additions, Question, Template, completed
from tests.domain.build import DEFAULT, TEMPLATE, in_draft, policy, shipped

ADDED = {"team": "payments", "questions": [{"id": "payments.refunds", "prompt": "Paid back?", "services": ["ranker"]}]}


def test_the_template_has_every_section_and_a_question_for_every_kind() -> None:
    assert tuple(section.id for section in TEMPLATE.sections) == SECTIONS
    asked = {kind for question in TEMPLATE.questions for kind in question.kinds}
    assert asked == set(IncidentKind) - {IncidentKind.OTHER}


def test_it_is_pinned_with_the_policy_under_its_name_and_version() -> None:
    assert DEFAULT.template == "ml-incident@1"
    review = in_draft(DEFAULT).review
    assert review.policy is not None
    assert review.policy.questions == TEMPLATE.questions


def test_a_policy_may_bring_sections_and_questions_of_its_own() -> None:
    own = {"sections": [{"id": "summary", "title": "All"}], "questions": []}
    written = completed({"name": "ours"} | own, TEMPLATE)
    assert [s["id"] for s in written["sections"]] == ["summary"]
    assert written["questions"] == []


def test_what_a_team_adds_is_asked_of_its_services_alone() -> None:
    under = Policy.model_validate(completed(shipped("policy.yaml"), TEMPLATE, [Additions.model_validate(ADDED)]))
    asked = {b.subject for b in in_draft(under).blockers if b.rule == "questions"}
    assert "payments.refunds" in asked
    other = {b.subject for b in in_draft(under, service="search").blockers if b.rule == "questions"}
    assert "payments.refunds" not in other


@pytest.mark.parametrize(
    ("question", "wrong"),
    [
        ({"id": "refunds", "prompt": "?", "services": ["ranker"]}, "'refunds' has to begin with 'payments.'"),
        ({"id": "payments.refunds", "prompt": "?"}, "payments.refunds has to say for which services or kinds"),
    ],
)
def test_a_question_that_a_team_adds_is_its_own_and_for_some_reviews(question: dict[str, object], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        Additions.model_validate({"team": "payments", "questions": [question]})


def test_a_section_that_no_draft_has_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="there is no weather; there are summary, background, impact"):
        Template.model_validate(TEMPLATE.model_dump() | {"sections": [{"id": "weather", "title": "Weather"}]})


def test_a_question_for_a_kind_of_a_service_wants_both() -> None:
    question = Question(id="q", prompt="?", kinds=(IncidentKind.PRIVACY_LEAK,), services=("ranker",))
    assert question.suits((IncidentKind.PRIVACY_LEAK,), "ranker")
    assert not question.suits((IncidentKind.PRIVACY_LEAK,), "search")
    assert not question.suits((IncidentKind.OTHER,), "ranker")


def test_a_light_profile_leaves_out_what_is_asked_of_some_kinds() -> None:
    asked = [b.subject for b in in_draft(DEFAULT, severity="SEV4", kinds=("fallback_runaway",)).blockers]
    assert "fallback.start" not in asked
    asked = [b.subject for b in in_draft(DEFAULT, kinds=("fallback_runaway",)).blockers]
    assert {"fallback.start", "fallback.kept"} <= set(asked)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"parts": ["weather"]}, "asks for unknown sections: weather"),
        ({"quorum": 9}, "wants 9 of 3 teams to sign"),
    ],
)
def test_a_profile_asks_for_what_there_is(changes: dict[str, object], wrong: str) -> None:
    profiles = [p.model_dump() | (changes if p.name == "grave" else {}) for p in DEFAULT.profiles]
    with pytest.raises(ValidationError, match=wrong):
        policy(profiles=profiles)


def test_nothing_is_asked_twice() -> None:
    with pytest.raises(ValidationError, match="questions: assumptions is there twice"):
        policy(questions=[*DEFAULT.questions, DEFAULT.questions[1]])
