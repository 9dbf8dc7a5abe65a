"""The draft is never blank: what is known is filled in, and nothing that a person has to say."""

from datetime import timedelta

from domain.draft import derive
from domain.events import ItemProposed
from domain.evolve import evolve
from domain.prefill import earlier, first_draft, resemblance
from domain.review import Review
from domain.taxonomy import ItemStatus
from tests.domain.build import DEFAULT, NOW, SALT, closed, in_draft, incident, spec

TEXTS = {"text:title": "Recommendations were stale", "text:I1": "Watch the drift", "text:end": "An alert fires."}


def draft_of(review: Review, *before: Review) -> str:
    seen = [earlier(other, resemblance(review, other), TEXTS) for other in before]
    return first_draft(review, seen, TEXTS, {"engineer": "engineer@example.org"}).background


def test_the_incidents_and_their_times_are_there() -> None:
    review = in_draft(began=NOW - timedelta(hours=3), detected=NOW - timedelta(hours=1), resolved=NOW).review
    draft = first_draft(review, [], TEXTS, {})
    assert draft.background == "- pagerduty:PD-1: Recommendations were stale"
    assert [moment.what for moment in draft.timeline] == ["It began.", "It was detected.", "It was over."]
    assert [version.model for version in draft.versions] == ["ranker-v3"]


def test_what_was_seen_before_is_named_with_its_prevention() -> None:
    before = closed().review.model_copy(update={"id": "pagerduty:PD-0"})
    review = in_draft().review
    assert resemblance(review, before) == ("service ranker", "model ranker-v3")
    told = draft_of(review, before)
    assert "- Seen before: pagerduty:PD-0, 02 Mar 2026: Recommendations were stale (same service ranker, model" in told
    items = [item.spec.title for item in before.items.values()]
    assert f"its prevention item “{TEXTS.get(items[0], 'I1')}” is done" in told


def test_the_same_kind_alone_is_no_resemblance() -> None:
    kinds = ("latency_slo",)
    review = in_draft(kinds=kinds).review
    other = review.model_copy(update={"incidents": {"x": incident(service="search", models=(), kinds=kinds)}})
    assert resemblance(review, other) == ()
    assert "kind latency_slo" in resemblance(review, review)


def test_items_that_were_promised_already_are_there_under_their_ids() -> None:
    review = in_draft().review
    for id, title in (("I1", "text:I1"), ("I2", "text:erased"), ("fix.it", "text:I1")):
        review = evolve(review, ItemProposed(spec=spec(id, title=title, end_state="text:end")))
    (item,) = first_draft(review, [], TEXTS, {"engineer": "engineer@example.org"}).items
    assert (item.id, item.title, item.end_state, item.owner) == (
        "I1",
        "Watch the drift",
        "An alert fires.",
        "engineer@example.org",
    )
    assert review.items["I1"].status is ItemStatus.PROPOSED


def test_nothing_counts_as_answered_that_nobody_said() -> None:
    review = in_draft(DEFAULT, began=NOW).review
    told = derive(first_draft(review, [], TEXTS, {}), 1, DEFAULT, SALT, str.lower)
    assert told.answered == ()
    assert told.considered == ()
    assert told.looked == ()
    assert set(told.filled) == {"background", "timeline", "versions"}


def test_what_is_erased_is_left_out() -> None:
    review = in_draft().review
    assert first_draft(review, [], {}, {}).background == ""
