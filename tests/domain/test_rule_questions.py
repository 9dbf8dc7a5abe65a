"""`questions`: every required question of the template is answered, and those of the incident's kinds."""

from domain.model.policy import Policy
from domain.model.taxonomy import IncidentKind
from tests.domain.build import POLICY, Driver, document, in_draft, in_sign_off, policy, policy_with_rules


def asked(driver: Driver) -> set[str]:
    return {b.subject for b in driver.blockers if b.rule == "questions"}


def with_a_question_for_leaks() -> Policy:
    leak = {"id": "leak", "prompt": "What leaked?", "kinds": [IncidentKind.PRIVACY_LEAK]}
    return policy(questions=[*(q.model_dump() for q in POLICY.questions), leak])


def test_a_grave_review_answers_all_questions() -> None:
    assert asked(in_draft()) == {"what_failed", "assumptions", "safeguards", "early_signals", "prevention"}
    assert asked(in_sign_off()) == set()


def test_a_near_miss_and_a_light_review_answer_three() -> None:
    three = {"what_failed", "early_signals", "prevention"}
    assert asked(in_draft(realisation="near_miss")) == three
    assert asked(in_draft(severity="SEV4")) == three


def test_a_question_for_a_kind_is_asked_for_that_kind_only() -> None:
    under = with_a_question_for_leaks()
    assert "leak" not in asked(in_draft(under))
    assert "leak" in asked(in_draft(under, kinds=("privacy_leak",)))


def test_a_rule_that_is_off_finds_nothing() -> None:
    assert asked(in_draft(policy_with_rules(questions="off"))) == set()


def test_a_draft_with_an_open_question_is_not_submitted() -> None:
    driver = in_draft()
    answers = document().answers | {"safeguards": " "}
    refused = driver.refused_draft(document(answers=answers))
    assert refused == ("Not answered: Did the safeguards trigger correctly?",)
