"""Drafts over the API: begun with what is known, saved by section, and merged with what others write meanwhile."""

import asyncio
import random

import pytest

from domain.drafts.document import DraftDocument
from records.documents.drafts import Proposal, Saved
from tests.web.site import DRAFT, ENGINEER, HEAD, TOKEN, Site

WRITERS, ROUNDS = (ENGINEER, HEAD), 100


async def test_a_section_is_saved_and_the_rest_stays(web: Site) -> None:
    review = await web.in_draft()
    await web.saved(review)
    path = f"/api/reviews/{review}/draft"
    body = {"by": HEAD, "upon": 1, "value": {"summary": "It fell."}}
    saved = (await web.http.put(f"{path}/summary", json=body)).raise_for_status().json()
    assert (saved["revision"], saved["author"], saved["document"]["summary"]) == (2, HEAD, "It fell.")
    assert saved["document"]["factors"][0]["id"] == "F1"
    body = {"by": HEAD, "upon": 2, "value": "The mix moved."}
    saved = (await web.http.put(f"{path}/answer:assumptions", json=body)).raise_for_status().json()
    assert saved["document"]["answers"]["assumptions"] == "The mix moved."


async def test_sections_that_two_write_at_once_are_both_kept(web: Site) -> None:
    review = await web.in_draft()
    path = f"/api/reviews/{review}/draft"
    first = await web.http.put(f"{path}/summary", json={"by": HEAD, "upon": 0, "value": {"summary": "One."}})
    other = await web.http.put(f"{path}/answer:assumptions", json={"by": ENGINEER, "upon": 0, "value": "Other."})
    assert (first.status_code, other.status_code) == (200, 200)
    document = (await web.get(path))["document"]
    assert (document["summary"], document["answers"]["assumptions"]) == ("One.", "Other.")
    assert review in document["background"], "what was known at the beginning stays"


async def test_a_section_may_name_what_another_says_since(web: Site) -> None:
    review = await web.in_draft()
    path = f"/api/reviews/{review}/draft"
    causes = {"factors": DRAFT["factors"][:1]}
    await web.http.put(f"{path}/causes", json={"by": HEAD, "upon": 0, "value": causes})
    items = {"items": [DRAFT["items"][1]]}
    saved = await web.http.put(f"{path}/items", json={"by": ENGINEER, "upon": 0, "value": items})
    assert saved.status_code == 200, saved.text
    document = saved.json()["document"]
    assert (document["factors"][0]["id"], document["items"][0]["prevents"]) == ("F1", ["F1"])


async def test_the_same_line_in_two_ways_is_a_conflict_with_a_proposal_and_nothing_is_saved(web: Site) -> None:
    review = await web.in_draft()
    path = f"/api/reviews/{review}/draft"
    await web.http.put(f"{path}/summary", json={"by": HEAD, "upon": 0, "value": {"summary": "One."}})
    refused = await web.http.put(f"{path}/summary", json={"by": ENGINEER, "upon": 0, "value": {"summary": "Other."}})
    told = refused.json()
    assert (refused.status_code, told["newest"]) == (409, 1)
    assert told["conflicts"] == [{"place": "summary", "before": "", "mine": "Other.", "theirs": "One."}]
    assert "Nothing was saved" in told["error"]
    assert (await web.get(path))["revision"] == 1


@pytest.mark.parametrize(
    ("section", "value", "wrong"),
    [
        ("weather", {}, "section: write the text of an answer, or the fields of one of these: summary, background,"),
        ("summary", {"sumary": ""}, "value: summary has no sumary; it has summary."),
        ("summary", "Words.", "section: write the text of an answer"),
        ("causes", {"factors": [{"id": "F1"}]}, "factors.0.dimension: this is needed"),
        ("detection", {"detection": {"method": "luck"}}, "detection.method: this has to be slo_burn"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_saved(web: Site, section: str, value: object, wrong: str) -> None:
    review = await web.in_draft()
    body = {"by": HEAD, "upon": 0, "value": value}
    answer = await web.http.put(f"/api/reviews/{review}/draft/{section}", json=body)
    assert answer.status_code == 422
    assert wrong in answer.json()["error"]
    assert web.records.drafts.newest(review) is None


async def test_a_revision_that_is_not_there_cannot_be_written_upon(web: Site) -> None:
    review = await web.in_draft()
    body = {"by": HEAD, "upon": 7, "value": {"summary": "It fell."}}
    answer = await web.http.put(f"/api/reviews/{review}/draft/summary", json=body)
    assert (answer.status_code, "no revision 7" in answer.json()["error"]) == (409, True)
    answer = await web.http.put(f"/api/reviews/{review}/draft", json={"by": HEAD, "upon": 7, "document": {}})
    assert (answer.status_code, "no revision 7" in answer.json()["error"]) == (409, True)


async def test_a_draft_begins_with_what_was_seen_before_and_may_be_seen(web: Site) -> None:
    before = await web.in_remediation("Q1")
    review = await web.in_draft("Q2")
    background = (await web.get(f"/api/reviews/{review}/draft"))["document"]["background"]
    assert f"Seen before: {before}" in background
    assert "its prevention item “Add release tests for rare merchant categories” is open" in background
    await web.accepted(before, HEAD, "make_private", teams=["security"], reason="Names of customers.")
    background = (await web.get(f"/api/reviews/{review}/draft"))["document"]["background"]
    assert before not in background


MEASURED: dict[str, object] = {
    "service_levels": [{"name": "Scores within 120 ms", "objective": 99.9, "measured": 97, "budget_burned": 140}],
    "latency": [{"quantile": "p99", "before": 80, "during": 900, "source": "the gateway"}],
    "metrics": [{"name": "precision", "slice": "rare", "before": 0.93, "during": 0.61}],
    "versions": [{"model": "fraud-scorer", "version": "3.1", "dataset": "d-7", "rollback_to": "3.0"}],
}


@pytest.mark.parametrize("by_hand", [False, True])
async def test_a_draft_begins_with_what_the_source_measured(web: Site, by_hand: bool) -> None:
    told = {"id": "G-9", "title": "It fell", "service": "fraud-scoring", "severity": "SEV2", **MEASURED}
    if by_hand:
        answer = await web.http.post("/api/reviews", json=told | {"by": HEAD})
        assert answer.status_code == 201, answer.text
    else:
        event = {"specversion": "1.0", "id": "e-9", "source": "hand-made", "type": "dev.holdfast.incident.resolved"}
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/cloudevents+json"}
        body = event | {"time": web.engine.now.isoformat(), "data": told}
        assert (await web.http.post("/webhooks/incidents", json=body, headers=headers)).status_code == 202
        await web.idle()
    review = "hand:G-9" if by_hand else "hand-made:G-9"
    document = (await web.get(f"/api/reviews/{review}/draft"))["document"]
    (level,) = document["impact"]["service_levels"]
    wanted = {"objective": "Scores within 120 ms", "target": "99.9", "measured": "97", "budget_burned": "140"}
    assert level == wanted | {"source": review}
    assert document["impact"]["latency"][0]["source"] == "the gateway"
    assert document["impact"]["metrics"][0]["slice"] == "rare"
    assert document["versions"][0]["rollback_to"] == "3.0"
    assert web.records.audit.verify().wrong == ()
    page = await web.page(f"/reviews/{review}/draft")
    assert 'value="Scores within 120 ms"' in page
    assert 'value="the gateway"' in page


async def test_what_was_erased_is_not_shown_as_a_text_of_the_beginning(web: Site) -> None:
    before = await web.in_remediation("Q1")
    review = await web.in_draft("Q2")
    for id in (before, review):
        found = web.records.reviews.find(id)
        assert found is not None
        web.records.people.erase_text(found.title or "")
    background = (await web.get(f"/api/reviews/{review}/draft"))["document"]["background"]
    assert background.startswith(f"- {review}: its title was erased (https://")
    assert "(erased)" not in background


async def test_who_saves_upon_nothing_after_others_have_changes_only_their_section(web: Site) -> None:
    """What was known may be more by then: that is nobody's change, and in nobody's way."""
    review = await web.in_draft("Q1")
    path = f"/api/reviews/{review}/draft"
    await web.http.put(f"{path}/summary", json={"by": HEAD, "upon": 0, "value": {"summary": "One."}})
    spec = {"id": "I7", "title": "Watch it", "item_class": "detect", "strength": "weaker"}
    await web.accepted(review, HEAD, "propose_item", spec=spec | {"outcome": "monitoring_or_alerts"})
    other = await web.http.put(f"{path}/answer:assumptions", json={"by": ENGINEER, "upon": 0, "value": "Other."})
    assert other.status_code == 200, other.text
    document = other.json()["document"]
    assert (document["summary"], document["answers"]["assumptions"], document["items"]) == ("One.", "Other.", [])
    assert review in document["background"]


async def test_a_proposal_is_saved_upon_what_it_has_taken_in_and_not_upon_what_came_after(
    web: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = await web.in_draft()
    path, drafts = f"/api/reviews/{review}/draft/summary", web.records.drafts
    for summary in ("One.", "Two."):
        body = {"by": HEAD, "upon": 0 if summary == "One." else 1, "value": {"summary": summary}}
        (await web.http.put(path, json=body)).raise_for_status()
    merged = drafts.save_with_others

    def overtaken(review_id: str, document: DraftDocument, author: str, upon: int) -> Saved | Proposal:
        """Another is saved after the two were put together, and before the answer is written."""
        proposal = merged(review_id, document, author, upon)
        drafts.save(review_id, DraftDocument(summary="Two.\nThree."), author, 2)
        return proposal

    with monkeypatch.context() as patched:
        patched.setattr(drafts, "save_with_others", overtaken)
        body = {"by": ENGINEER, "upon": 1, "value": {"summary": "Mine."}}
        conflict = (await web.http.put(path, json=body)).json()
    assert conflict["newest"] == 2
    body = {"by": ENGINEER, "upon": conflict["newest"], "value": {"summary": conflict["proposal"]["summary"]}}
    await web.http.put(path, json=body)
    document = (await web.get(f"/api/reviews/{review}/draft"))["document"]
    assert "Three." in document["summary"], "what was saved in between is not undone"


async def test_two_writers_in_the_same_section_two_hundred_times_lose_no_text(web: Site) -> None:
    review = await web.in_draft()
    path = f"/api/reviews/{review}/draft"

    async def write(by: str, chance: random.Random) -> None:
        """Add a line somewhere, upon what was read; where somebody else did so meanwhile, upon both."""
        for number in range(ROUNDS):
            told = await web.get(path)
            lines, upon = told["document"].get("summary", "").splitlines(), told["revision"]
            lines.insert(chance.randint(0, len(lines)), f"{by} {number}")
            await asyncio.sleep(0)
            while True:
                body = {"by": by, "upon": upon, "value": {"summary": "\n".join(lines)}}
                answer = await web.http.put(f"{path}/summary", json=body)
                if answer.status_code == 200:
                    break
                conflict = answer.json()
                assert answer.status_code == 409, answer.text
                if "proposal" in conflict:
                    lines, upon = conflict["proposal"]["summary"].splitlines(), conflict["newest"]

    await asyncio.gather(*(write(by, random.Random(by)) for by in WRITERS))
    lines = (await web.get(path))["document"]["summary"].splitlines()
    wanted = {f"{by} {number}" for by in WRITERS for number in range(ROUNDS)}
    assert len(wanted) == 200
    assert set(lines) == wanted
    assert len(lines) == 200
