"""Searching over HTTP: what the page and the API find, for whom, and that nothing that is found becomes HTML."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from domain.model.taxonomy import Role
from tests.web.people import peopled
from tests.web.site import DRAFT, Site


async def test_a_hit_says_where_and_links_to_the_very_section(web: Site) -> None:
    review = await web.in_draft("Q1")
    await web.saved(review)
    found = await web.get("/api/search?q=campaign precision merchant")
    (hit,) = found["hits"]
    assert (hit["id"], hit["stage"], hit["severity"], hit["service"]) == (review, "draft", "SEV2", "fraud-scoring")
    assert {"text": "Precision", "is_match": True} in hit["pieces"]
    (place, *_) = hit["places"]
    assert (place["part"], place["path"]) == ("summary", f"/reviews/{review}#summary")
    page = (await web.http.get("/search?q=slice_not_evaluated")).text
    assert f'<a href="/reviews/{review}#causes">' in page
    assert "<mark>slice_not_evaluated</mark>" in page
    assert 'id="causes"' in (await web.http.get(f"/reviews/{review}")).text


async def test_every_place_that_a_hit_links_to_is_there(web: Site) -> None:
    review = await web.in_draft("Q1")
    await web.saved(review)
    await web.in_remediation("Q2")
    for q in (
        "release tests",
        "campaign",
        "drift monitor",
        "early signals answer",
        "pagerduty:Q2",
        "HF-1",
        "Retraining",
    ):
        hits = (await web.get(f"/api/search?q={q}"))["hits"]
        assert hits, q
        for place in (place for hit in hits for place in hit["places"]):
            address = urlsplit(place["path"])
            page = await web.http.get(address.path)
            assert page.status_code == 200
            assert not address.fragment or f'id="{address.fragment}"' in page.text, place


async def test_nothing_of_a_draft_or_a_query_becomes_html(web: Site) -> None:
    review = await web.in_draft("Q1", title="<img src=x onerror=alert(1)> broke")
    await web.saved(review, summary="A <script>alert('drifting')</script> & <b>more</b>")
    for q in ("drifting", "script", "onerror", "<script>", '"><script>alert(1)</script>', "</mark>script"):
        page = (await web.http.get("/search", params={"q": q})).text
        assert "<script" not in page, q
        assert "<img src=x" not in page, q
        assert "<b>more" not in page, q
    page = (await web.http.get("/search?q=drifting")).text
    assert "&lt;script&gt;alert(&#39;<mark>drifting</mark>&#39;)" in page


@pytest.mark.parametrize(
    "q",
    [
        "",
        " ",
        "-",
        '"',
        '""',
        "-draft",
        "a AND",
        "NEAR(",
        "*",
        "(",
        "'",
        ":*",
        "a:b:",
        "\\",
        "!|&",
        "col:x",
        "%00",
        "🙂",
    ],
)
async def test_whatever_somebody_types_is_answered(web: Site, q: str) -> None:
    await web.in_draft("Q1")
    assert (await web.http.get("/search", params={"q": q})).status_code == 200
    assert (await web.http.get("/api/search", params={"q": q})).status_code == 200


async def test_what_is_typed_and_chosen_stays_in_the_address_and_the_form(web: Site) -> None:
    for number in range(12):
        await web.incident_closes(f"N{number}")
    page = (
        await web.http.get("/search", params={"q": "precision", "severity": "SEV2", "service": "fraud-scoring"})
    ).text
    assert "12 reviews" in page
    assert 'value="precision"' in page
    assert '<option value="SEV2" selected>' in page
    assert "Better matches" not in page
    assert "/search?q=precision&amp;service=fraud-scoring&amp;severity=SEV2&amp;page=2" in page
    second = (await web.http.get("/search?q=precision&page=2&stage=")).text
    assert "More matches" not in second
    assert second.count('<li class="sheet">') == 2
    assert "There is no page 3" in (await web.http.get("/search?q=precision&page=3")).text
    none = (await web.http.get("/search?q=precision&stage=closed")).text
    assert "No review that you see has all of this in that stage" in none
    assert 'href="/search?q=precision"' in none


async def test_pages_of_the_api_go_on_where_the_one_before_ended(web: Site) -> None:
    for number in range(5):
        await web.incident_closes(f"N{number}")
    seen, offset = [], 0
    while offset is not None:
        answer = await web.get(f"/api/search?q=precision&limit=2&offset={offset}")
        assert (answer["count"], answer["more"]) == (5, False)
        seen += [hit["id"] for hit in answer["hits"]]
        offset = answer["following"]
    assert seen == [f"pagerduty:N{number}" for number in (4, 3, 2, 1, 0)]


async def test_a_query_that_is_too_long_says_so(web: Site) -> None:
    answer = await web.http.get("/api/search", params={"q": "a" * 301})
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("query.q: ")


async def test_a_private_review_is_found_by_who_sees_it_and_by_nobody_else(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await people.web.in_draft("SECRET", title="Salaries were shown")
        insider = people.session("insider@example.org", Role.CONTRIBUTOR, teams=("security",))
        path = f"/api/reviews/{review}"
        private = {"command": {"type": "make_private", "teams": ["security"], "reason": "It names people."}}
        assert (await people.ask(insider, "POST", f"{path}/commands", json=private)).status_code == 200
        assert (await people.ask(insider, "PUT", f"{path}/draft", json={"document": DRAFT})).status_code == 200
        rest = tuple(role for role in Role if role is not Role.AUDITOR)
        outsider = people.session("outsider@example.org", *rest, teams=("ml",))
        auditor = people.session("auditor@example.org", Role.AUDITOR)
        for q in ("salaries", "pagerduty:SECRET", "campaign", "fraud-scoring", '"were shown"'):
            asked = {"params": {"q": q}}
            for who, count in ((insider, 1), (auditor, 1), (outsider, 0)):
                answer = (await people.ask(who, "GET", "/api/search", **asked)).json()
                assert (answer["count"], len(answer["hits"]), answer["more"]) == (count, count, False), q
            page = (await people.ask(outsider, "GET", "/search", **asked)).text
            assert "No review that you see has all of this" in page
            assert "Salaries" not in page
            assert "Salaries" in (await people.ask(insider, "GET", "/search", **asked)).text
