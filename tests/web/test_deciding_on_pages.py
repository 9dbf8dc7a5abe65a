"""What is decided on a review's page: which forms it offers to whom, why not the others, and what comes of them."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from domain.model.taxonomy import Role
from tests.page_forms import Form, alert, forms_of
from tests.web.people import People, peopled
from tests.web.site import DRAFT, ENGINEER, HEAD, REQUESTER

ML, BOTH = "ml-reviewer@example.org", (Role.CONTRIBUTOR, Role.SIGNER)


async def page_of(people: People, headers: dict[str, str], review: str) -> str:
    answer = await people.ask(headers, "GET", f"/reviews/{review}")
    assert answer.status_code == 200, answer.text
    return answer.text


async def say(
    people: People, headers: dict[str, str], review: str, type: str, files: Any = None, **fields: Any
) -> httpx.Response:
    """Post a form of the review's page."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', await page_of(people, headers, review))
    assert csrf is not None
    data = {"csrf": csrf[1], "type": type, **fields}
    return await people.ask(headers, "POST", f"/reviews/{review}/say", data=data, files=files)


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


async def test_what_was_said_while_the_engine_was_away_is_said_again_under_the_same_key(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await people.web.in_draft()
        lead = people.session(REQUESTER, Role.CONTRIBUTOR)
        people.web.engine.away = True
        key = "a-key-of-the-page"
        answer = await say(people, lead, review, "assign_owner", owner=ENGINEER, key=key)
        assert answer.status_code == 503
        assert alert(answer.text)
        (again,) = [f for f in forms_of(answer.text) if f.values.get("type") == ["assign_owner"]]
        assert (again.values["key"], again.values["owner"]) == ([key], [ENGINEER])
        people.web.engine.away = False
        assert (await say(people, lead, review, "assign_owner", owner=ENGINEER, key=key)).status_code == 303
        fresh = await page_of(people, lead, review)
        assert key not in fresh


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


def offered(page: str, type: str, **says: str) -> list[Form]:
    """The forms of a page that say such a command, of what they name."""
    forms = [form for form in forms_of(page) if form.says("type") == type]
    return [form for form in forms if all(form.says(name) == value for name, value in says.items())]


async def in_remediation(people: People) -> str:
    """A review whose items are promised."""
    review, digest = await in_sign_off(people)
    for team in ("ml", "infrastructure", "product"):
        token = people.token(f"{team}-reviewer@example.org", *BOTH, teams=(team,))
        command = {"type": "sign", "team": team, "digest": digest}
        answer = await people.ask(token, "POST", f"/api/reviews/{review}/commands", json={"command": command})
        assert answer.status_code == 200, answer.text
    return review


async def test_each_item_offers_what_can_be_done_with_it_and_says_why_not_the_rest(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await in_remediation(people)
        page = await page_of(people, people.session(ENGINEER, Role.CONTRIBUTOR), review)
        (change,) = offered(page, "change_item", **{"spec.id": "I1"})
        assert change.says("spec.title") == DRAFT["items"][0]["title"]
        assert change.values["spec.prevents"] == ["F2"]
        assert len(offered(page, "extend_due", item="I1")) == len(offered(page, "split_item", item="I1")) == 1
        assert offered(page, "accept_item") == offered(page, "verify_item") == []
        said = unescape(page)
        assert "Accept it: I1 is open, and not proposed." in said
        assert "Verify it: I1 is open: it can be verified once it is done." in said
        assert "Close the review: I1 (HF-1) is open." in said
        assert "Let more people see it: Everybody sees this review already." in said


async def test_who_may_only_read_is_told_the_one_reason_once(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await in_remediation(people)
        page = await page_of(people, people.session("reader@example.org", Role.READER), review)
        assert [form.action for form in forms_of(page)] == ["/search", "/sign-out"]
        (told,) = re.findall("<li>Propose an item; [^<]*</li>", unescape(page))
        assert told.endswith("Close the review: This takes the role contributor; they have reader.</li>")


async def test_only_what_the_rules_would_hear_is_there_to_choose(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await in_remediation(people)
        writer = people.session(ENGINEER, Role.CONTRIBUTOR)
        page = await page_of(people, writer, review)
        (lower,) = offered(page, "lower_severity")
        assert lower.choices["severity"] == ["", "SEV3", "SEV4"]
        (waive,) = offered(page, "ask_waiver")
        assert waive.choices["rule/subject"] == ["", "done/I1", "done/I2"]
        typed = {"rule/subject": "done/I2", "reason": "It ships in May.", "until": "2020-01-01"}
        late = await say(people, writer, review, "ask_waiver", **typed)
        assert late.status_code == 409
        assert alert(late.text) == ["It would end on 01 Jan 2020 23:59 UTC, which is past."]
        (again,) = offered(late.text, "ask_waiver")
        assert {name: again.says(name) for name in typed} == typed
        assert '<details class="saying" id="say-ask_waiver" open>' in late.text


async def test_a_mistake_is_marked_at_its_field_and_one_more_row_is_asked_for(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await in_remediation(people)
        writer = people.session(ENGINEER, Role.CONTRIBUTOR)
        (split,) = offered(await page_of(people, writer, review), "split_item", item="I1")
        parts = {name: values[0] for name, values in split.values.items() if name not in ("csrf", "type", "key")}
        parts |= {"into.0.title": "One", "into.1.id": "no id", "into.1.title": "Two", "reason": "Two teams do it."}
        more = await say(people, writer, review, "split_item", **parts, do="add:into")
        assert (more.status_code, alert(more.text)) == (200, [])
        (split,) = offered(more.text, "split_item", item="I1")
        assert (split.says("into.0.title"), split.says("into.2.title")) == ("One", "")
        wrong = await say(people, writer, review, "split_item", **parts)
        assert wrong.status_code == 422
        assert 'aria-describedby="e-say-split_item-I1-into.1.id" aria-invalid="true"' in wrong.text
        (split,) = offered(wrong.text, "split_item", item="I1")
        assert (split.says("into.1.id"), split.says("into.1.title")) == ("no id", "Two")


async def test_a_file_that_comes_with_what_is_refused_is_kept_and_chosen(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await in_remediation(people)
        writer = people.session("verifier@example.org", Role.CONTRIBUTOR)
        brought = {"evidence.0.digest": ("replay.log", b"it held")}
        early = await say(people, writer, review, "verify_item", item="I1", note="I saw it.", files=brought)
        assert alert(early.text) == ["I1 is open: it can be verified once it is done."]
        (kept,) = people.web.records.attachments.of(review)
        assert (kept.name, kept.media_type) == ("replay.log", "text/plain")
        other = {"evidence.0.digest": ("replay.exe", b"MZ")}
        wrong = await say(people, writer, review, "verify_item", item="I1", files=other)
        assert wrong.status_code == 422
        assert alert(wrong.text)[0].startswith("replay.exe: .exe is no kind of file that is kept; these are: ")
        reader = people.session("reader@example.org", Role.READER)
        barred = await say(people, reader, review, "verify_item", item="I1", files={"x": ("more.log", b"more")})
        assert barred.status_code == 403
        assert "This takes the role contributor" in barred.text
        assert people.web.records.attachments.of(review) == [kept]


async def test_an_item_that_is_verified_is_verified_once_more(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await in_remediation(people)
        writer = people.token(ENGINEER, Role.CONTRIBUTOR)
        key = (await people.ask(writer, "GET", f"/api/reviews/{review}")).json()["items"]["I1"]["ref"]["key"]
        assert (await people.ask(writer, "POST", f"/api/issues/{key}/done", json={})).status_code == 200
        await people.web.idle()
        other = people.session("other@example.org", Role.CONTRIBUTOR)
        page = await page_of(people, other, review)
        assert "Verify I1</button>" in page
        brought = {"evidence.0.digest": ("replay.log", b"it held")}
        assert (await say(people, other, review, "verify_item", item="I1", files=brought)).status_code == 303
        page = await page_of(people, other, review)
        assert "✓ verified by other@example.org" in page
        assert '<summary>Verify it once more</summary><p class="soft">I1 is verified already.' in page
        assert "Verify I1</button>" not in page


async def test_a_form_that_is_sent_twice_is_heard_once_and_another_from_the_same_page_is_heard(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await people.web.in_draft()
        writer = people.session(ENGINEER, Role.CONTRIBUTOR)
        (propose,) = offered(await page_of(people, writer, review), "propose_item")
        same = {name: values[0] for name, values in propose.values.items() if name not in ("csrf", "type")}
        same |= {"spec.title": "Share the calendar", "spec.item_class": "process", "spec.strength": "weaker"}
        same |= {"spec.outcome": "ownership_and_escalation"}
        for each in (same, same, same | {"spec.id": "I2", "spec.title": "Another"}):
            assert (await say(people, writer, review, "propose_item", **each)).status_code == 303
        found = people.web.records.reviews.find(review)
        assert found is not None
        assert list(found.items) == ["I1", "I2"]


async def test_the_parts_of_an_item_with_the_longest_id_get_ids_that_can_be(tmp_path: Path) -> None:
    async with peopled(tmp_path) as people:
        review = await people.web.in_draft()
        writer, token = people.session(ENGINEER, Role.CONTRIBUTOR), people.token(ENGINEER, Role.CONTRIBUTOR)
        spec = DRAFT["items"][2] | {"id": "I" * 40}
        for command in ({"type": "propose_item", "spec": spec}, {"type": "accept_item", "item": "I" * 40}):
            answer = await people.ask(token, "POST", f"/api/reviews/{review}/commands", json={"command": command})
            assert answer.status_code == 200, answer.text
        (split,) = offered(await page_of(people, writer, review), "split_item")
        assert (split.says("into.0.id"), split.says("into.1.id")) == ("I" * 39 + "a", "I" * 39 + "b")
