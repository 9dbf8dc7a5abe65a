"""What a draft is asked, as the API tells it."""

from domain.model.taxonomy import IncidentKind
from tests.domain.build import POLICY
from tests.web.site import ENGINEER, Site


async def test_a_review_tells_its_pinned_template_and_the_questions_that_it_is_asked(web: Site) -> None:
    review = await web.in_draft("Q1")
    told = await web.get(f"/api/reviews/{review}/template")
    assert told["template"] == POLICY.template
    assert [section["id"] for section in told["sections"]] == [section.id for section in POLICY.sections]
    assert told["sections"][0]["title"] == "What happened"
    questions = [question["id"] for question in told["questions"]]
    assert questions[:2] == ["what_failed", "assumptions"]
    assert set(questions) == {q.id for q in POLICY.questions if not q.is_special}


async def test_questions_for_the_kind_of_an_incident_are_asked_too(web: Site) -> None:
    body = {"by": ENGINEER, "title": "Slow", "service": "fraud-scoring", "severity": "SEV1", "id": "s1"}
    answer = await web.http.post("/api/reviews", json=body | {"kinds": [IncidentKind.LATENCY_SLO]})
    assert answer.status_code in (200, 201), answer.text
    told = await web.get("/api/reviews/hand:s1/template")
    assert {"latency.load", "latency.tail"} < {question["id"] for question in told["questions"]}


async def test_what_is_not_there_or_not_reviewed_has_no_template(web: Site) -> None:
    answer = await web.http.get("/api/reviews/pagerduty:NONE/template")
    assert (answer.status_code, answer.json()) == (404, {"error": "There is no review pagerduty:NONE."})
    await web.incident_closes("Q2", priority="P4")
    answer = await web.http.get("/api/reviews/pagerduty:Q2/template")
    assert answer.status_code == 404
    assert answer.json()["error"] == "pagerduty:Q2 is not reviewed, so its draft is asked nothing."
