from datetime import UTC, date, datetime
from decimal import Decimal

from domain.drafts.document import DraftDocument
from domain.drafts.searchable import LONGEST, facts, sections
from domain.model.draft_parts import Detection, Impact, Latency, Looked, Metric, Moment
from domain.model.review import Item, Review
from domain.model.taxonomy import DetectionGap, Elsewhere, IncidentKind
from tests.domain.build import document, incident, ref, spec


def test_the_facts_are_title_names_and_items_with_their_issues() -> None:
    first = incident(title="text:first", kinds=(IncidentKind.LATENCY_SLO,), models=("ranker-v3",), key="p99")
    second = incident(id="Q2", title="text:second")
    item = Item(spec=spec("I1").model_copy(update={"end_state": None}), ref=ref("I1"), formerly=(ref("I9"),))
    review = Review(id=first.ref, incidents={first.ref: first, second.ref: second}, items={"I1": item})
    known = {"text:first": "p99 over 900 ms", "text:second": "again", item.spec.title: "Test it"}
    title, about, items = facts(review, lambda asked: known[asked])
    assert (title.id, title.texts) == ("title", ("p99 over 900 ms",))
    assert about.id == "about"
    assert about.texts == (first.ref, first.service, "ranker-v3", "latency_slo", "p99", second.ref, "again")
    assert items.texts == ("Test it", ref("I9").key, ref("I1").key)


def test_what_was_erased_and_what_nobody_said_is_no_part() -> None:
    review = Review(id="hand:1", incidents={"hand:1": incident()})
    assert [part.id for part in facts(review, lambda ref: "")] == ["about"]
    assert [part.id for part in facts(Review(id="hand:1"), str)] == ["about"]
    assert sections(None) == []
    assert sections(DraftDocument()) == []


def test_all_that_a_draft_says_is_found_by_section_and_names_of_people_are_not() -> None:
    whole = DraftDocument(
        summary="The summary",
        answers={"why": "An answer", "empty": " "},
        background="The background",
        impact=Impact(
            latency=(Latency(quantile="p99", before=Decimal(1), during=Decimal(2)),),
            metrics=(Metric(name="precision", before=Decimal(1), during=Decimal(2)),),
            business="Money",
        ),
        detection=Detection(gap=DetectionGap.NO_MONITOR),
        timeline=(Moment(at=datetime(2026, 1, 1, tzinfo=UTC), what="It began"),),
        extent=(Looked(at="ranker-v3", found=next(iter(Elsewhere))),),
    )
    found = {part.id: part.texts for part in sections(whole)}
    assert found["summary"] == ("The summary",)
    assert found["answer:why"] == ("An answer",)
    assert "answer:empty" not in found
    assert found["impact"] == ("p99", "precision", "Money")
    assert found["detection"] == ("no_monitor",)
    assert found["timeline"] == ("It began",)
    assert found["extent"][0] == "ranker-v3"
    filled = document()
    changes = {"owner": "ann@example.org", "due": date(2026, 5, 1)}
    owned = filled.model_copy(update={"items": tuple(item.model_copy(update=changes) for item in filled.items)})
    assert sections(owned) == sections(filled)
    causes = next(part for part in sections(filled) if part.id == "causes")
    assert filled.factors[0].cause in causes.texts
    assert filled.factors[0].explanation in causes.texts


def test_no_more_is_found_than_a_database_can_index() -> None:
    (summary,) = sections(DraftDocument(summary="a" * LONGEST, background="lost"))
    assert len(summary.texts[0]) == LONGEST
    parts = sections(DraftDocument(summary="a" * (LONGEST - 4), background="beyond"))
    assert parts[1].texts == ("beyo",)
