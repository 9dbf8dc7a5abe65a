"""The draft is never blank: what is known is filled in, and nothing that a person has to say."""

from datetime import timedelta
from typing import Any

from domain.drafts.draft import derive
from domain.drafts.prefill import earlier, first_draft, resemblance, traits
from domain.lifecycle.events import ItemProposed
from domain.lifecycle.evolve import evolve
from domain.lifecycle.inputs import IncidentTold
from domain.model.draft_parts import Latency, Metric, ModelVersion, ServiceLevel
from domain.model.review import Review
from domain.model.taxonomy import ItemStatus
from tests.domain.build import DEFAULT, NOW, SALT, closed, document, in_draft, in_sign_off, incident, spec

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


MEASURED: dict[str, Any] = {
    "service_levels": ({"objective": "99.9 % under 120 ms", "target": 99.9, "measured": 97, "window": "30 days"},),
    "latency": ({"quantile": "p99", "before": 80, "during": 900, "source": "the gateway's dashboard"},),
    "metrics": ({"name": "precision", "slice": "rare", "before": 0.93, "during": 0.61},),
    "versions": ({"model": "ranker-v3", "version": "3.1", "dataset": "clicks-7", "rollback_to": "3.0"},),
}


def test_what_the_sources_measured_is_there_with_where_it_is_known_from() -> None:
    driver = in_draft(**MEASURED, models=("ranker-v3", "embedder"))
    driver.say(IncidentTold(incident=incident(id="PD-2", **MEASURED)))
    draft = first_draft(driver.review, [], TEXTS, {})
    level = ServiceLevel(objective="99.9 % under 120 ms", target=99.9, measured=97, window="30 days")
    assert draft.impact.service_levels == tuple(
        level.model_copy(update={"source": ref}) for ref in ("pagerduty:PD-1", "pagerduty:PD-2")
    )
    (latency,) = draft.impact.latency
    assert latency == Latency.model_validate(MEASURED["latency"][0])
    assert [metric.source for metric in draft.impact.metrics] == ["pagerduty:PD-1", "pagerduty:PD-2"]
    assert Metric.model_validate(MEASURED["metrics"][0] | {"source": "pagerduty:PD-1"}) in draft.impact.metrics
    told, bare = draft.versions
    assert told == ModelVersion.model_validate(MEASURED["versions"][0])
    assert bare == ModelVersion(model="embedder")


def test_what_was_measured_is_what_was_told_last_and_stays_where_a_later_telling_leaves_it_out() -> None:
    driver = in_draft(**MEASURED)
    driver.now += timedelta(seconds=2)
    driver.say(IncidentTold(incident=incident(as_of=driver.now, metrics=())))
    known = driver.review.incidents["pagerduty:PD-1"]
    assert (known.metrics, known.latency) == ((), incident(**MEASURED).latency)


def test_a_failure_mode_that_both_touched_is_a_resemblance_however_it_is_written() -> None:
    before = in_sign_off(of=document(failure_modes={"touched": ["FM-12  Stale features", "FM-3"]})).review
    other = {"x": incident(service="search", models=())}
    review = in_draft().review.model_copy(update={"incidents": other})
    assert resemblance(review, before) == ()
    assert resemblance(review, before, ["fm-12 stale features", "FM-4"]) == ("failure mode fm-12 stale features",)
    again = before.model_copy(update={"incidents": other})
    assert resemblance(again, before) == ("failure mode", "failure mode")
    assert not any("stale" in key.lower() for key in traits(before)), "the name can be erased, and is not in a key"


def test_a_review_without_an_incident_is_known_again_by_nothing() -> None:
    assert traits(Review(id="hand:1")) == {}


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


def test_what_is_erased_is_left_out_and_an_incident_is_still_named() -> None:
    review = in_draft(url="https://pd.example/1").review
    seen = [earlier(closed().review, ("service ranker",), {})]
    lines = first_draft(review, seen, {}, {}).background.splitlines()
    assert lines[0] == "- pagerduty:PD-1: its title was erased (https://pd.example/1)"
    assert lines[1].endswith("02 Mar 2026: its title was erased (same service ranker)")
    assert lines[2] == "  - its prevention item “I1” is done"
