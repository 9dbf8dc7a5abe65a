"""Signing, asking for changes, delegating, approving and naming an owner, on a review's page."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from domain.taxonomy import Role
from tests.web.people import People, peopled
from tests.web.site import DRAFT, ENGINEER, HEAD, REQUESTER

ML, BOTH = "ml-reviewer@example.org", (Role.CONTRIBUTOR, Role.SIGNER)


async def page_of(people: People, headers: dict[str, str], review: str) -> str:
    answer = await people.ask(headers, "GET", f"/reviews/{review}")
    assert answer.status_code == 200, answer.text
    return answer.text


async def say(people: People, headers: dict[str, str], review: str, type: str, **fields: Any) -> httpx.Response:
    """Post a form of the review's page."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', await page_of(people, headers, review))
    assert csrf is not None
    data = {"csrf": csrf[1], "type": type, **fields}
    return await people.ask(headers, "POST", f"/reviews/{review}/say", data=data)


async def in_sign_off(people: People) -> tuple[str, str]:
    """A review that waits for its signatures, and the digest of its text."""
    review = await people.web.in_draft()
    writer = people.token(ENGINEER, Role.CONTRIBUTOR)
    draft = {"document": DRAFT}
    saved = (await people.ask(writer, "PUT", f"/api/reviews/{review}/draft", json=draft)).json()
    command = {"type": "submit_draft", "revision": saved["revision"], "digest": saved["digest"]}
    answer = await people.ask(writer, "POST", f"/api/reviews/{review}/commands", json={"command": command})
    assert answer.status_code == 200, answer.text
    return review, saved["digest"]


async def test_who_is_in_a_team_signs_for_it_and_sees_why_not_for_others(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review, digest = await in_sign_off(people)
        signer = people.session(ML, *BOTH, teams=("ml",))
        page = await page_of(people, signer, review)
        assert "Sign revision 1 for ml" in page
        assert "Sign revision 1 for product" not in page
        assert "You do not sign for product: Only who is in team product may do this for it; they are in ml." in page
        answer = await say(people, signer, review, "sign", team="ml", digest=digest)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/reviews/{review}")
        found = people.web.records.reviews.find(review)
        assert found is not None
        assert list(found.signatures) == ["ml"]


async def test_a_refusal_says_on_the_page_what_it_says_over_the_api(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review, _ = await in_sign_off(people)
        signer = people.session(ML, *BOTH, teams=("ml",))
        command: dict[str, Any] = {
            "type": "request_changes",
            "team": "product",
            "reason": "Say more.",
            "sections": ["nothing"],
        }
        answer = await say(people, signer, review, **command)
        token = people.token(ML, *BOTH, teams=("ml",))
        told = await people.ask(token, "POST", f"/api/reviews/{review}/commands", json={"command": command})
        assert answer.status_code == told.status_code == 409
        assert told.json()["reasons"]
        assert all(reason in unescape(answer.text) for reason in told.json()["reasons"])
        assert "Say more.</textarea>" in answer.text


async def test_changes_are_asked_for_in_the_sections_that_are_chosen(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review, _ = await in_sign_off(people)
        signer = people.session(ML, *BOTH, teams=("ml",))
        asked = {"team": "ml", "reason": "Which alert?", "sections": ["causes", "answer:early_signals"]}
        assert (await say(people, signer, review, "request_changes", **asked)).status_code == 303
        found = people.web.records.reviews.find(review)
        assert found is not None
        assert found.changes_wanted[0].sections == ("causes", "answer:early_signals")
        empty = await say(people, signer, review, "request_changes", team="ml")
        assert empty.status_code == 422
        assert "reason" in empty.text


async def test_signing_is_delegated_on_the_page(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review, _ = await in_sign_off(people)
        signer = people.session(ML, *BOTH, teams=("ml",))
        to = "stand-in@example.org"
        assert (await say(people, signer, review, "delegate_signing", team="ml", to=to)).status_code == 303
        stand_in = people.session(to, Role.READER)
        assert "Sign revision 1 for ml" in await page_of(people, stand_in, review)


async def test_a_second_person_approves_and_who_asked_sees_why_they_do_not(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await people.web.in_draft()
        asker = people.session(REQUESTER, Role.CONTRIBUTOR, Role.APPROVER)
        assert (await say(people, asker, review, "dismiss", reason="It was a drill.")).status_code == 303
        page = await page_of(people, asker, review)
        assert "You do not approve it: " in page
        assert "Approve R1" not in page
        head = people.session(HEAD, Role.APPROVER)
        assert "Approve R1" in await page_of(people, head, review)
        assert (await say(people, head, review, "refuse", request="R1")).status_code == 422
        assert (await say(people, head, review, "approve", request="R1")).status_code == 303
        assert "Dismissed" in await page_of(people, head, review)


async def test_an_owner_is_named_by_who_may_and_nothing_is_offered_to_who_may_only_read(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await people.web.in_draft()
        reader = people.session("reader@example.org", Role.READER)
        assert "Who owns it?" not in await page_of(people, reader, review)
        writer = people.session(ENGINEER, Role.CONTRIBUTOR)
        assert (await say(people, writer, review, "assign_owner", owner=ENGINEER)).status_code == 303
        assert f"owner {ENGINEER}" in await page_of(people, writer, review)


async def test_a_form_that_says_nothing_known_is_refused(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await people.web.in_draft()
        writer = people.session(ENGINEER, Role.CONTRIBUTOR)
        assert (await say(people, writer, review, "tick")).status_code == 422
        assert (await people.ask(writer, "POST", "/reviews/hand:no/say", data={})).status_code == 403
