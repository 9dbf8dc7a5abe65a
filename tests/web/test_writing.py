"""Writing a draft on its page, by posting its forms, as a browser without script does."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from domain.model.attachment import LARGEST
from domain.model.taxonomy import Role
from runtime.settings import WebSettings
from tests.page_forms import alert, forms_of
from tests.web.people import peopled
from tests.web.site import DRAFT, ENGINEER, HEAD, REQUESTER, Site, site
from web.markdown import markdown
from web.pages.draft_page import place_in_words
from web.security import TOO_LARGE

SAME = {"Origin": "http://127.0.0.1:8585"}


@pytest_asyncio.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    """A site without TLS, whose cookie a client keeps."""
    async with site(tmp_path, web=WebSettings()) as found:
        found.http.headers.update(SAME)
        yield found


async def sign_in(web: Site, handle: str = ENGINEER) -> None:
    answer = await web.http.post("/sign-in", data={"handle": handle}, headers=SAME)
    assert answer.status_code == 303


def field(page: str, name: str) -> str:
    """What a hidden field or an input of a page holds."""
    found = re.search(rf'name="{re.escape(name)}"[^>]* value="([^"]*)"', page)
    assert found is not None, name
    return unescape(found[1])


async def post(web: Site, review: str, section: str, upon: int, **fields: Any) -> httpx.Response:
    """Save a section as its form does."""
    page = await web.page("/sign-in")
    data = {"csrf": field(page, "csrf"), "upon": str(upon), **{k.replace("__", "."): v for k, v in fields.items()}}
    return await web.http.post(f"/reviews/{review}/draft/{section}", data=data, headers=SAME)


def row(rows: str, number: int, **fields: Any) -> dict[str, Any]:
    return {f"{rows}.{number}.{name}": value for name, value in fields.items()}


FACTOR = {"cause": "drift", "confidence": "known", "explanation": "The mix moved.", "evidence": "A chart."}


async def document(web: Site, review: str) -> Any:
    return (await web.get(f"/api/reviews/{review}/draft"))["document"]


async def test_the_page_begins_with_what_is_known_and_says_what_is_missing(web: Site) -> None:
    review = await web.in_draft()
    page = await web.page(f"/reviews/{review}/draft")
    assert "Nothing is saved yet" in page
    assert "It began." in page
    assert "No contributing factor is given." in page
    assert 'href="#answer:what_failed"' in page
    assert "Say who you are first" in page


async def test_a_section_is_saved_and_leads_back_to_itself(web: Site) -> None:
    review = await web.in_draft()
    await sign_in(web)
    answer = await post(web, review, "summary", 0, summary="Scores\r\nwere stale.")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/reviews/{review}/draft?saved=summary#summary"
    page = await web.page(answer.headers["location"])
    assert "✓ Saved, revision 1" in page
    assert (await document(web, review))["summary"] == "Scores\nwere stale."


async def test_every_section_comes_back_as_it_was_saved(web: Site) -> None:
    """What is read from the forms of a full draft is that draft."""
    review = await web.in_draft()
    full = DRAFT | {
        "background": "Known.",
        "impact": {
            "service_levels": [{"objective": "99.9 %", "target": "99.9", "budget_burned": "140"}],
            "latency": [{"quantile": "p99", "before": "80", "during": "900.5"}],
            "metrics": [{"name": "precision", "slice": "rare", "before": "0.93", "during": "0.61"}],
            "business": "Payments were blocked.",
            "people": "Some 400.",
        },
        "versions": [{"model": "fraud-scorer", "version": "v41", "rollback_to": "v40"}],
        "detection": {"method": "customer", "gap": "no_monitor", "how": "A ticket."},
        "timeline": [
            {"at": "2026-11-02T10:00:00Z", "what": "It began."},
            {"at": "2026-11-02T10:05:30.250000Z", "what": "A page went out.", "source": "PagerDuty"},
        ],
        "safeguards": [
            {
                "type": "fallback",
                "outcome": "worked_late",
                "expected": "2026-11-02T10:00:00Z",
                "last_tested": "2026-10-01",
                "predicted": "At once.",
            }
        ],
        "extent": [{"at": "ranker-v12", "found": "not_there", "how": "We looked."}],
        "failure_modes": {"touched": ["FM-1", "FM-2"], "no_change": ""},
    }
    await web.http.put(f"/api/reviews/{review}/draft", json={"by": ENGINEER, "document": full})
    before = await document(web, review)
    read = unescape(await web.page(f"/reviews/{review}"))
    for said in (
        "Error budget burned, %",
        "p99",
        "Some 400.",
        "v40",
        "no monitor",
        "2026-11-02 10:05:30.250000",
        "FM-2",
    ):
        assert said in read
    await sign_in(web)
    page = await web.page(f"/reviews/{review}/draft")
    for form in re.findall(r'<form method="post"[^>]*data-section="([^"]+)">(.*?)</form>', page, re.DOTALL):
        section, html = form[0], re.sub(r"<template>.*?</template>", "", form[1], flags=re.DOTALL)
        answer = await web.http.post(
            f"/reviews/{review}/draft/{section}", data=controls(html), headers=SAME | {"Accept": "text/html"}
        )
        assert answer.status_code == 303, (section, answer.text)
    assert await document(web, review) == before
    assert (await web.get(f"/api/reviews/{review}/draft"))["revision"] == 1


def controls(html: str) -> dict[str, list[str]]:
    """What a browser would send of a form."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html):
        found.setdefault(name, []).append(unescape(value))
    for name, value in re.findall(r'<input id="[^"]+" name="([^"]+)" type="(?:text|date)" value="([^"]*)"', html):
        found.setdefault(name, []).append(unescape(value))
    for name, value in re.findall(r'<input type="checkbox" name="([^"]+)" value="([^"]*)" checked', html):
        found.setdefault(name, []).append(unescape(value))
    for name, text in re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>\n?(.*?)</textarea>', html, re.DOTALL):
        found.setdefault(name, []).append(unescape(text))
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found.setdefault(name, []).append(chosen[1] if chosen else "")
    return found


async def test_new_factors_and_items_get_ids_that_nothing_had(web: Site) -> None:
    review = await web.in_draft()
    await sign_in(web)
    await web.saved(review)
    answer = await post(web, review, "causes", 1, **row("factors", 0, **FACTOR), **row("factors", 3, **FACTOR))
    assert answer.status_code == 422  # an item prevents F2, which is gone
    items = row("items", 0, title="A", item_class="detect", strength="weaker", outcome="resilience_test")
    assert (await post(web, review, "items", 1, **items)).status_code == 303
    assert [item["id"] for item in (await document(web, review))["items"]] == ["I4"]
    answer = await post(web, review, "causes", 2, **row("factors", 0, **FACTOR), **row("factors", 3, **FACTOR))
    assert answer.status_code == 303, answer.text
    assert [factor["id"] for factor in (await document(web, review))["factors"]] == ["F3", "F4"]


async def test_a_row_is_added_and_taken_out_without_script(web: Site) -> None:
    review = await web.in_draft()
    await sign_in(web)
    moment = row("timeline", 0, at="2026-11-02 10:00", what="It began to rain.")
    answer = await post(web, review, "timeline", 0, do="add:timeline", **moment)
    assert answer.status_code == 200
    assert "It began to rain." in answer.text
    assert 'id="f-timeline.1.at"' in answer.text
    other = row("timeline", 0, at="10:00 on Monday", what="It began to rain.")
    wrong = await post(web, review, "timeline", 0, do="save", **other)
    assert wrong.status_code == 422
    assert "✕ this has to be a time in UTC, such as 2026-11-22 10:05" in wrong.text
    assert "with its zone" not in wrong.text
    more = row("timeline", 1, at="2026-11-02 10:05", what="It stopped.")
    assert (await post(web, review, "timeline", 0, do="save", **moment, **more)).status_code == 303
    assert (await post(web, review, "timeline", 1, do="remove:timeline.0", **moment, **more)).status_code == 303
    assert [moment["what"] for moment in (await document(web, review))["timeline"]] == ["It stopped."]


async def test_a_mistake_is_said_at_its_field_and_nothing_typed_is_lost(web: Site) -> None:
    review = await web.in_draft()
    await sign_in(web)
    typed = row("timeline", 2, at="yesterday", what="The cache was cold.")
    answer = await post(web, review, "timeline", 0, **row("timeline", 0, at="", what=""), **typed)
    assert answer.status_code == 422
    assert "The cache was cold." in answer.text
    assert 'value="yesterday"' in answer.text
    wrong = re.search(r'id="f-timeline\.1\.at"[^>]*aria-describedby="([^"]*)"[^>]*aria-invalid="true"', answer.text)
    assert wrong is not None
    assert "e-timeline.1.at" in wrong[1]
    assert 'id="e-timeline.1.at"' in answer.text
    half = row("factors", 0, explanation="Half a factor.")
    answer = await post(web, review, "causes", 0, **half)
    assert answer.status_code == 422
    assert "Half a factor." in answer.text
    assert 'id="e-factors.0.cause"' in answer.text


async def test_two_who_write_in_one_section_keep_every_word(web: Site) -> None:
    review = await web.in_draft()
    await web.saved(review, summary="One.\n\nTwo.\n\nThree.")
    await sign_in(web)
    assert (await post(web, review, "summary", 1, summary="One, by Ann.\n\nTwo.\n\nThree.")).status_code == 303
    assert (await post(web, review, "summary", 1, summary="One.\n\nTwo.\n\nThree, by Bo.")).status_code == 303
    assert (await document(web, review))["summary"] == "One, by Ann.\n\nTwo.\n\nThree, by Bo."
    answer = await post(web, review, "summary", 1, summary="One, by Cem.\n\nTwo.\n\nThree.")
    assert answer.status_code == 409
    assert "somebody else changed the same meanwhile" in answer.text
    assert field(answer.text, "upon") == "3"
    for text in ("One, by Cem.", "One, by Ann."):
        assert answer.text.count(text) == 2  # beside each other, and in the proposal
    assert "Three, by Bo." in answer.text
    conflicts = answer.text.partition('class="conflicts"')[2]
    assert '<p class="soft">What happened</p>' in conflicts


def test_a_place_of_a_draft_is_called_as_on_the_page() -> None:
    for section, place, said in (
        ("causes", "factors.F1.explanation", "Contributing factors, F1, Explanation"),
        ("causes", "factors.F1", "Contributing factors, F1"),
        ("causes", "considered.data", "Data: if there is no factor, why not"),
        ("versions", "versions", "The title"),
        ("impact", "impact.metrics", "Metrics"),
        ("answer:assumptions", "answers.assumptions", "The title"),
        ("items", "summary", "The title"),
        ("items", "", "the whole"),
    ):
        assert place_in_words(section, "The title", place) == said


async def test_what_was_typed_is_shown_where_it_cannot_be_put_together(web: Site) -> None:
    review = await web.in_draft()
    await web.saved(review)
    await sign_in(web)
    items = [item | {"prevents": []} for item in DRAFT["items"]]
    await web.saved(review, factors=[], items=items, considered={})
    only = row("items", 0, id="I1", title="Mine", item_class="prevent", strength="weaker", outcome="resilience_test")
    answer = await post(web, review, "items", 1, **only, **{"items.0.prevents": "F1"})
    assert answer.status_code == 409
    assert "the whole" in answer.text
    assert 'value="Mine"' in answer.text


async def test_a_remark_of_the_lint_stands_at_its_field_and_is_kept_with_a_reason(web: Site) -> None:
    review = await web.in_draft()
    blamed = [DRAFT["factors"][0] | {"explanation": "The engineer was careless."}, DRAFT["factors"][1]]
    await web.saved(review, factors=blamed)
    await sign_in(web)
    page = await web.page(f"/reviews/{review}/draft")
    key = re.search(r'value="keep:([^"]+)"', page)
    assert key is not None
    assert 'id="r-factors.0.explanation"' in page
    form = re.search(r'data-section="causes">(.*?)</form>', page, re.DOTALL)
    assert form is not None
    data = controls(re.sub(r"<template>.*?</template>", "", form[1], flags=re.DOTALL))
    data |= {"do": [f"keep:{key[1]}"], f"kept.{key[1]}": ["It is a quotation."]}
    answer = await web.http.post(f"/reviews/{review}/draft/causes", data=data, headers=SAME)
    assert answer.status_code == 303, answer.text
    assert (await document(web, review))["kept"] == {key[1]: "It is a quotation."}
    assert f"keep:{key[1]}" not in await web.page(f"/reviews/{review}/draft")


async def test_a_role_is_on_offer_where_a_narrative_names_somebody_and_stands_there_in_one_click(web: Site) -> None:
    review = await web.in_draft()
    web.records.people.id_of(HEAD)
    await web.saved(review, summary=f"{HEAD} was asked.\n\nThen {REQUESTER} and {HEAD} looked; `{HEAD}` is in the log.")
    await sign_in(web)
    page = await web.page(f"/reviews/{review}/draft")
    assert page.count(f'value="role:{HEAD}"') == 1, "told once, though named twice"
    assert "Say “the owner of the review” instead" in page
    told = await web.http.post(f"/api/reviews/{review}/draft/remarks", json={"document": await document(web, review)})
    named = [(one["place"], one["words"], one["offer"]) for one in told.json() if one["offer"]]
    lead = ("summary", REQUESTER, "the owner of the review")
    assert named == [("summary", HEAD, "a colleague"), lead, ("summary", HEAD, "a colleague")]
    typed = (await document(web, review))["summary"] + " Typed meanwhile."
    answer = await post(web, review, "summary", 1, summary=typed, do=f"role:{HEAD}")
    assert answer.status_code == 303, answer.text
    said = (
        f"A colleague was asked.\n\nThen {REQUESTER} and a colleague looked; `{HEAD}` is in the log. Typed meanwhile."
    )
    assert (await document(web, review))["summary"] == said
    asked = f"@{REQUESTER} saw it."
    answer = await post(web, review, "answer:assumptions", 2, **{"answers.assumptions": asked}, do=f"role:@{REQUESTER}")
    assert answer.status_code == 303, answer.text
    assert (await document(web, review))["answers"]["assumptions"] == "The owner of the review saw it."
    answer = await post(web, review, "summary", 3, summary="Nobody is named.", do="role:nobody@example.org")
    assert answer.status_code == 303
    assert (await document(web, review))["summary"] == "Nobody is named."


async def test_taking_a_role_upon_an_older_text_loses_nothing_that_others_wrote(web: Site) -> None:
    review = await web.in_draft()
    web.records.people.id_of(HEAD)
    await web.saved(review, summary=f"{HEAD} looked.")
    await sign_in(web)
    await web.saved(review, summary=f"{HEAD} looked twice.")
    answer = await post(web, review, "summary", 1, summary=f"{HEAD} looked.", do=f"role:{HEAD}")
    assert answer.status_code == 409
    assert "A colleague looked." in answer.text
    assert (await document(web, review))["summary"] == f"{HEAD} looked twice."


async def test_who_was_erased_is_no_name_any_more(web: Site) -> None:
    review = await web.in_draft()
    await web.saved(review, summary="gone@example.org looked.")
    await web.accepted(review, HEAD, "assign_owner", owner="gone@example.org")
    assert "Say “the owner of the review” instead" in await web.page(f"/reviews/{review}/draft")
    web.records.people.erase_person(web.records.people.id_of("gone@example.org"))
    assert "role:" not in await web.page(f"/reviews/{review}/draft")


async def test_reviews_that_touched_the_same_failure_mode_are_named_when_that_becomes_known(web: Site) -> None:
    before = await web.in_draft("Q1", service="credit-limit")
    draft = await web.saved(before, failure_modes={"touched": ["FM-12 Stale features"]})
    await web.accepted(before, ENGINEER, "submit_draft", revision=draft["revision"], digest=draft["digest"])
    review = await web.in_draft("Q2", service="fraud-scoring")
    await sign_in(web)
    assert before not in await web.page(f"/reviews/{review}/draft")
    answer = await post(web, review, "failure_modes", 0, failure_modes__touched="fm-12 stale features")
    assert answer.status_code == 303
    page = await web.page(f"/reviews/{review}/draft")
    assert "Seen before" in page
    assert "same failure mode fm-12 stale features" in page
    known = (await document(web, review))["background"]
    answer = await post(web, review, "background", 1, background=f"{known}\nLike {before}.")
    assert "Seen before" not in await web.page(f"/reviews/{review}/draft"), "the text names it now"


async def test_submitting_gives_every_reason_or_puts_the_text_forward(web: Site) -> None:
    review = await web.in_draft()
    await sign_in(web)
    await web.saved(review, factors=[], items=[])
    page = await web.page(f"/reviews/{review}/draft")
    told = {name: field(page, name) for name in ("csrf", "key", "revision", "digest")}
    answer = await web.http.post(f"/reviews/{review}/submit", data=told, headers=SAME)
    assert answer.status_code == 409
    listed = await web.say(review, ENGINEER, "submit_draft", revision=1, digest=told["digest"])
    assert all(reason in unescape(answer.text) for reason in listed.json()["reasons"])
    assert listed.json()["reasons"]
    await web.saved(review, items=[])
    page = await web.page(f"/reviews/{review}/draft")
    assert "Nothing is missing to submit it" in page
    assert "There is no prevention item." in page.partition("Before the review can close:")[2]
    await web.saved(review)
    page = await web.page(f"/reviews/{review}/draft")
    assert "Nothing is missing to submit it" in page
    assert "Before the review can close:" not in page
    told = {name: field(page, name) for name in ("csrf", "key", "revision", "digest")}
    answer = await web.http.post(f"/reviews/{review}/submit", data=told, headers=SAME)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/reviews/{review}#sign-off")
    assert "This text is what the teams sign" in await web.page(f"/reviews/{review}/draft")


async def test_only_this_page_runs_a_script_and_only_ours(web: Site) -> None:
    review = await web.in_draft()
    writing = await web.http.get(f"/reviews/{review}/draft")
    assert "script-src 'self'" in writing.headers["content-security-policy"]
    reading = await web.http.get(f"/reviews/{review}")
    assert "script-src" not in reading.headers["content-security-policy"]
    assert (await web.http.get("/static/draft.js")).status_code == 200


async def test_what_is_not_there_is_not_written(web: Site) -> None:
    review = await web.in_draft()
    await sign_in(web)
    assert (await post(web, review, "nothing", 0)).status_code == 404
    assert (await post(web, "hand:nothing", "summary", 0)).status_code == 404
    excluded = await web.incident_closes("Q9", priority="P4")
    assert (await web.http.get(f"/reviews/{excluded}/draft")).status_code == 409


async def test_who_may_only_read_sees_why_they_cannot_write(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await people.web.in_draft()
        reader = people.session("reader@example.org", Role.READER)
        page = await people.ask(reader, "GET", f"/reviews/{review}/draft")
        assert "This takes the role contributor" in page.text
        assert 'class="whole" disabled' in page.text
        answer = await people.ask(reader, "POST", f"/reviews/{review}/draft/summary", data={"summary": "x"})
        assert answer.status_code == 403


async def test_a_file_is_attached_on_the_page_of_the_draft_and_shown_with_its_markdown(web: Site) -> None:
    review = await web.in_draft()
    await sign_in(web)
    page = f"/reviews/{review}/draft"
    (form,) = [form for form in forms_of(await web.page(page)) if form.files]
    answer = await web.http.post(form.action, data=form.values, files={"file": ("p99 [all].png", b"\x89PNG")})
    (kept,) = web.records.attachments.of(review)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?attached={kept.digest}#files")
    assert (kept.name, kept.media_type) == ("p99 [all].png", "image/png")
    shown = unescape(await web.page(answer.headers["location"]))
    line = rf"![p99 \[all\].png](/reviews/{review}/attachments/{kept.digest})"
    assert f'id="attached" data-markdown="{line}"' in shown
    assert f'src="/reviews/{review}/attachments/{kept.digest}"' in markdown(line)


@pytest.mark.parametrize(
    ("name", "content", "status", "said"),
    [
        ("run.exe", b"MZ", 422, "run.exe: .exe is no kind of file that is kept; these are: application/json"),
        ("none", b"x", 422, "none: nothing is no kind of file that is kept"),
        ("empty.txt", b"", 422, "empty.txt: there is nothing in it"),
        (
            "large.txt",
            b"x" * (LARGEST + 1),
            422,
            "large.txt: it is larger than 10 MB, and that is the most that is kept",
        ),
        (
            "larger.txt",
            b"x" * 15_000_000,
            413,
            TOO_LARGE,
        ),
        ("", b"", 422, "Choose a file first."),
    ],
)
async def test_a_file_that_is_not_kept_is_told_on_the_page(
    web: Site, name: str, content: bytes, status: int, said: str
) -> None:
    review = await web.in_draft()
    await sign_in(web)
    (form,) = [form for form in forms_of(await web.page(f"/reviews/{review}/draft")) if form.files]
    answer = await web.http.post(form.action, data=form.values, files={"file": (name, content)} if name else None)
    assert answer.status_code == status
    told = alert(answer.text) or re.findall("<p>(.*?)</p>", unescape(answer.text))
    assert told[0].startswith(said)
    assert web.records.attachments.of(review) == []
