"""The blameless lint over a draft: errors hold a submission up, until they are said otherwise or kept with a reason."""

from domain.drafts.blameless import faults, remarks
from tests.domain.build import SALT, document, factor, in_draft, item, policy_with_rules

CARELESS = "The operator was careless."


def test_fault_given_as_a_cause_is_not_submitted() -> None:
    driver = in_draft()
    (reason,) = driver.refused_draft(document(factors=[factor(explanation=CARELESS)]))
    assert reason.startswith("factors.F1.explanation: ")
    assert "Say it otherwise, or keep it with a reason, under " in reason
    assert driver.review.submission is None


def test_it_is_submitted_when_it_is_kept_with_a_reason() -> None:
    blamed = document(factors=[factor(explanation=CARELESS)])
    (key,) = {remark.key for _, remark in remarks(blamed, SALT)}
    assert in_draft().refused_draft(blamed.model_copy(update={"kept": {key: " "}})) != ()
    assert in_draft().refused_draft(blamed.model_copy(update={"kept": {key: "It quotes the regulator."}})) == ()


def test_hints_hold_nothing_up() -> None:
    told = document(summary="We should have looked earlier.", items=[item(title="Remind everybody to be careful")])
    places = {place for place, _ in remarks(told, SALT)}
    assert {"summary", "items.I1.title"} <= places
    softer = document(summary="We should have looked earlier.")
    assert list(faults(softer, SALT)) == []


def test_each_field_is_read_as_what_it_is() -> None:
    at = "2026-03-01T09:00:00Z"
    told = document(timeline=[{"at": at, "what": "The operator was careless, said the pager."}])
    assert list(faults(told, SALT)) == []
    told = document(considered={"model": "The trainer was negligent."} | document().model_dump()["considered"])
    assert list(faults(told, SALT)) == [] or "considered" in next(iter(faults(told, SALT)))


def test_where_causes_do_not_block_neither_does_their_wording() -> None:
    driver = in_draft(policy_with_rules(causes="warn"))
    assert driver.refused_draft(document(factors=[factor(explanation=CARELESS)])) == ()


def test_names_are_told_in_narratives_alone_and_hold_nothing_up() -> None:
    told = document(
        summary="Ann looked.",
        answers={"what_failed": "Ann waited."},
        factors=[factor(explanation="Ann deployed it.")],
        timeline=[{"at": "2026-03-01T09:00:00Z", "what": "Ann looked."}],
    )
    named = [(place, remark.offer) for place, remark in remarks(told, SALT, {"Ann": "the on-call engineer"})]
    assert named == [("summary", "the on-call engineer"), ("answers.what_failed", "the on-call engineer")]
    assert list(remarks(told, SALT)) == []
    assert list(faults(told, SALT)) == []
