"""What the pages say."""

import html
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from domain.model.policy import Clocks
from domain.model.review import Fallen, Review
from domain.model.taxonomy import FailureKind, Stage
from domain.model.values import Period
from records.audit import AuditReport
from runtime.settings import IncidentSettings, PagerDutySettings
from tests.domain.build import POLICY, policy_with_rules
from tests.web.scene import busy
from tests.web.site import CATALOGUE, DRAFT, ENGINEER, HEAD, REQUESTER, SIGNERS, Site, delivery, site
from web.formatting import day
from web.pages.board import row
from web.pages.review_page import review_page
from web.references import revealed
from web.views.review_status import clock


def words(page: str) -> str:
    """What a page says, without its markup."""
    body = re.sub(r"(?s)<head>.*?</head>|<[^>]+>", " ", page)
    return " ".join(html.unescape(body).split())


async def read(web: Site, path: str) -> str:
    """What the page at a path says."""
    return words(await web.page(path))


# --- the board --------------------------------------------------------------------------------------------------------


async def test_the_empty_board_says_how_the_first_review_comes(web: Site) -> None:
    said = await read(web, "/")
    assert "No review is open" in said
    assert "https://reviews.example.org/webhooks/pagerduty" in said
    assert "HOLDFAST_" not in said
    assert "SEV1 or SEV2" in said
    assert "credit-limit, fraud-scoring" in said


async def test_the_empty_board_names_the_settings_that_are_missing(tmp_path: Path) -> None:
    bare: dict[str, Any] = {
        "pagerduty": PagerDutySettings(),
        "incidents": IncidentSettings(),
        "catalogue": CATALOGUE.model_copy(update={"services": {}, "models": {}}),
    }
    async with site(tmp_path, **bare) as web:
        said = await read(web, "/")
    assert "HOLDFAST_PAGERDUTY__SECRETS" in said
    assert "HOLDFAST_INCIDENTS__TOKEN" in said
    assert "it lists none yet" in said


async def test_the_board_shows_every_stage_with_its_clock(web: Site) -> None:
    await busy(web)
    said = await read(web, "/")
    stages = [
        "Remediation 1 review",
        "Sign-off 1 review",
        "Draft 3 reviews",
        "Stabilization 1 review",
        "Closed 1 review",
    ]
    assert [said.index(s) for s in stages] == sorted(said.index(s) for s in stages)
    assert "6 open · 2 late · 1 closed and watched" in said
    assert "quiet for 7 of 24 h" in said or "quiet for 6 of 24 h" in said
    assert "re-fired once" in said
    assert "1 of 3 done, 1 declined, waived" in said
    assert "near miss: stopped by safeguard" in said
    assert "nobody yet" in said
    assert "2 items, 1 signature" in said


async def test_the_board_says_what_waits_for_somebody(web: Site) -> None:
    await busy(web)
    said = await read(web, "/")
    for waits in ("Write the draft and submit it. 5 days late", "Approve or refuse R2", "Say what kind of failure"):
        assert waits in said


async def test_the_board_lists_incidents_that_are_open_until_they_are_over(web: Site) -> None:
    await web.deliver(delivery("Q7", event="incident.triggered", priority="P1"))
    said = await read(web, "/")
    assert "Open incidents each gets its review" in said
    assert "Precision fell to 0.61 after the merchant mix shifted pagerduty:Q7 · fraud-scoring · open for" in said
    (listed,) = await web.get("/api/incidents")
    assert (listed["incident"], listed["service"]) == ("pagerduty:Q7", "fraud-scoring")


async def test_the_board_leads_to_what_has_ended_or_is_not_reviewed_with_its_rule(web: Site) -> None:
    await busy(web)
    said = await read(web, "/")
    assert "1 dismissed 2 not reviewed" in said
    assert "A test alert" in await read(web, "/stages/dismissed")
    said = await read(web, "/stages/excluded")
    assert "severity: SEV4 is not reviewed" in said
    assert "service: build-farm is not listed in the catalogue" in said
    assert "No review is in this stage." in await read(web, "/stages/archived")
    assert (await web.http.get("/stages/nowhere")).status_code == 422


async def test_a_waiver_that_has_an_end_is_asked_about_in_time(web: Site) -> None:
    review = await web.in_remediation()
    await web.accepted(review, REQUESTER, "ask_waiver", rule="done", subject="I2", reason="Later.")
    await web.accepted(review, HEAD, "approve", request="R1")
    said = await read(web, "/teams/infrastructure")
    assert "See to I2 before the waiver of done/I2 ends: then its blocker comes back" in said
    assert "in 30 days" in said


async def test_an_incident_that_opens_again_is_announced(web: Site) -> None:
    review = await web.in_draft()
    assert "See to incident" not in await read(web, "/")
    await web.deliver(delivery("Q1", event="incident.reopened", at=datetime.now(UTC) + timedelta(minutes=1)))
    said = await read(web, "/")
    assert "See to incident pagerduty:Q1: it is open" in said
    assert "1 open incident, 5 answers, 6 on causes" in said
    assert "Incident pagerduty:Q1 is open." in await read(web, f"/reviews/{review}")


async def test_an_incident_that_opens_again_in_its_quiet_window_only_stops_the_clock(web: Site) -> None:
    review = await web.incident_closes()
    await web.deliver(delivery("Q1", event="incident.reopened", at=datetime.now(UTC) + timedelta(minutes=1)))
    said = await read(web, "/")
    assert "incident is open re-fired once" in said
    assert "incident is open" in await read(web, f"/reviews/{review}")


async def test_a_review_that_nothing_holds_says_so(web: Site) -> None:
    review = await web.in_remediation()
    web.engine.obedient = False
    for item in ("I1", "I2"):
        await web.act(await web.key_of(review, item), "done")
    assert "nothing the items are being read" in await read(web, "/")
    assert "Nothing is in the way The items are being read" in await read(web, f"/reviews/{review}")


# --- one review -------------------------------------------------------------------------------------------------------


async def test_a_review_says_first_why_it_cannot_close_and_who_can_clear_it(web: Site) -> None:
    story = await busy(web)
    page = await web.page(f"/reviews/{story}")
    said = words(page)
    assert "Cannot close yet: 1 thing Items cleared by team infrastructure I2 (HF-6) is open." in said
    assert page.index("Cannot close yet") < page.index("What happened")
    assert "The review, 19 Nov" not in said or "3 days late" in said
    assert "took 30 h, re-fired once" in said


async def test_a_review_shows_items_signatures_waivers_and_the_draft(web: Site) -> None:
    story = await busy(web)
    said = await read(web, f"/reviews/{story}")
    assert "I1 Add release tests for rare merchant categories stronger · against F2 · team ml" in said
    assert "declined, waived waived until" in said
    assert "Other items followed until they are done" in said
    assert "Signatures of revision 2" in said
    assert f"✓ infrastructure {SIGNERS['infrastructure']}" in said
    assert (
        f"Waiver of done for I4 “The drill is rebuilt next week.” asked for by {REQUESTER}, approved by {HEAD} until"
        in said
    )
    assert f"R2, to lower the severity to SEV3 {REQUESTER}: “Fewer payments" in said
    assert "waits for a second person" in said
    assert "F1 · Data · drift known The input mix moved" in said
    assert "F2 · Evaluation · slice not evaluated known" in said
    assert "Considered, and none found Model None. Retraining" in said
    assert "Revision 2, saved" in said
    assert f"submitted by {ENGINEER}." in said


async def test_line_breaks_of_a_text_are_kept(web: Site) -> None:
    story = await busy(web)
    page = await web.page(f"/reviews/{story}")
    assert "<p>Support tickets rose within 15 minutes.<br>\nNo alert joins them to us.</p>" in page
    assert re.search(r"\.text \{ white-space: pre-line", await web.page("/static/holdfast.css"))


async def test_the_record_says_that_its_chain_was_verified(web: Site) -> None:
    review = await web.closed()
    said = await read(web, f"/reviews/{review}")
    count = len(web.records.reviews.history(review))
    assert f"✓ {count} events, chain verified" in said
    assert f"{count - 12} earlier" in said
    assert f"Signed for team ml. {SIGNERS['ml']}, unauthenticated" in said
    assert "pagerduty, by webhook" in said
    assert "holdfast, from the tracker" in said


async def test_a_record_that_was_tampered_with_says_so(web: Site) -> None:
    review = await web.in_draft()
    with web.records.database.write() as connection:
        connection.execute(text("UPDATE events SET text = replace(text, 'SEV2', 'SEV4') WHERE seq = 1"))
    said = await read(web, f"/reviews/{review}")
    assert "✕ 2 events, and the records do not hold" in said
    assert "its hash does not follow" in said


async def test_a_closed_review_says_on_what_it_closed(web: Site) -> None:
    review = await web.in_remediation()
    await web.accepted(review, REQUESTER, "ask_waiver", rule="done", subject="I2", reason="Later.")
    await web.accepted(review, HEAD, "approve", request="R1")
    await web.act(await web.key_of(review, "I1"), "done")
    said = await read(web, f"/reviews/{review}")
    assert "On a read of 3 items made for this decision, with 1 waiver in force." in said
    assert "✓ Closed" in said
    assert "Effective? until" in said
    assert "watched until" not in await read(web, "/")  # I2 and I3 still run
    assert "due in 30 days Item I2" in await read(web, "/")


async def test_a_closed_review_without_open_items_is_watched(web: Site) -> None:
    review = await web.in_remediation()
    for item in ("I3", "I1", "I2"):
        await web.act(await web.key_of(review, item), "done")
    assert "watched until" in await read(web, "/")
    assert review in await web.page("/")


async def test_a_draft_that_nobody_submitted_is_marked_as_such(web: Site) -> None:
    review = await web.in_draft()
    marked = "Draft, not submitted Revision"
    assert marked not in await read(web, f"/reviews/{review}")
    draft = await web.saved(review)
    assert f"{marked} 1, saved" in await read(web, f"/reviews/{review}")
    await web.accepted(review, ENGINEER, "submit_draft", revision=draft["revision"], digest=draft["digest"])
    assert marked not in await read(web, f"/reviews/{review}")
    await web.saved(review, summary="Shorter.")
    assert f"{marked} 2, saved" in await read(web, f"/reviews/{review}")


async def test_what_a_team_wants_changed_stands_at_the_top(web: Site) -> None:
    review, _ = await web.in_sign_off()
    await web.accepted(review, SIGNERS["ml"], "request_changes", team="ml", sections=["causes"], reason="Which alert?")
    page = await web.page(f"/reviews/{review}")
    assert f"↺ Team ml asks for changes in why: Which alert? ({SIGNERS['ml']})" in words(page)
    assert page.index("asks for changes") < page.index("What happened")


async def test_a_review_in_its_quiet_window_says_what_comes_then(web: Site) -> None:
    review = await web.incident_closes()
    said = await read(web, f"/reviews/{review}")
    assert "unless the incident comes again; then the draft is asked for, within 5 business days." in said
    await web.deliver(delivery("Q1", event="incident.reopened", at=datetime.now(UTC) + timedelta(minutes=1)))
    said = await read(web, f"/reviews/{review}")
    assert "The quiet window of 1 day begins when the incident is resolved; then the draft" in said


async def test_a_review_that_closed_without_signatures_does_not_look_signed(web: Site) -> None:
    miss = {"by": ENGINEER, "id": "N", "service": "fraud-scoring", "severity": "SEV3", "title": "T"}
    assert (await web.http.post("/api/near-misses", json=miss | {"stopped_by": "luck"})).status_code == 201
    review = "near-miss:N"
    web.engine.tick(review, hours=5)
    draft = await web.saved(review)
    await web.accepted(review, ENGINEER, "submit_draft", revision=draft["revision"], digest=draft["digest"])
    web.engine.tick(review, minutes=1)
    assert (await web.get(f"/api/reviews/{review}"))["stage"] == "closed"
    said = await read(web, f"/reviews/{review}")
    assert "Sign-off no signatures asked for" in said
    assert "✓ Sign-off" not in said


async def test_a_sign_off_that_was_waived_says_that_not_everybody_signed(web: Site) -> None:
    review, digest = await web.in_sign_off()
    for team in ("ml", "infrastructure"):
        await web.accepted(review, SIGNERS[team], "sign", team=team, digest=digest)
    await web.accepted(review, REQUESTER, "ask_waiver", rule="sign_off", subject="product", reason="On leave.")
    await web.accepted(review, HEAD, "approve", request="R1")
    web.engine.tick(review)
    said = await read(web, f"/reviews/{review}")
    assert "Sign-off not everybody signed" in said


async def test_a_review_that_closed_on_a_waiver_says_when_it_opens_again(web: Site) -> None:
    review = await web.in_remediation()
    await web.act(await web.key_of(review, "I1"), "done")
    await web.accepted(review, REQUESTER, "ask_waiver", rule="done", subject="I2", reason="It ships in May.")
    await web.accepted(review, HEAD, "approve", request="R1")
    web.engine.tick(review)
    why = await web.get(f"/api/reviews/{review}/why")
    assert (why["stage"], why["blockers"]) == ("closed", [])
    key, until = await web.key_of(review, "I2"), (web.engine.now + timedelta(days=30))
    assert why["coming"] == (
        f"It opens again on {day(until, web.engine.now)}, with the end of the waiver of done/I2, "
        f"unless this is cleared before: I2 ({key}) is open."
    )
    assert why["coming"] in await read(web, f"/reviews/{review}")


async def test_the_issues_have_a_page_that_lists_them(web: Site) -> None:
    assert "There is no issue yet" in await read(web, "/issues")
    await web.in_remediation()
    await web.act("HF-1", "done", ENGINEER)
    said = await read(web, "/issues")
    assert f"● HF-1 Add release tests for rare merchant categories {ENGINEER} done" in said
    assert "○ HF-2 Alert on a shift of the merchant mix nobody has it open" in said
    said = await read(web, "/issues/HF-1")
    assert "Action item I1 of the post-incident review pagerduty:Q1." in said
    assert "• class: prevent" in said


async def test_the_api_page_shows_what_a_body_holds(web: Site) -> None:
    said = await read(web, "/api")
    assert "Body by, title, service, severity, kinds" in said
    assert "stopped_by what kept it from doing harm StoppedBy, needed" in said
    assert "one of accept_item" in said
    assert "list of IncidentKind" in said
    assert "date-time" in said


async def test_an_archived_review_has_ended(web: Site) -> None:
    review = await web.in_remediation()
    for item in ("I3", "I1", "I2"):
        await web.act(await web.key_of(review, item), "done")
    web.engine.tick(review, days=106)
    said = "Archived, without an answer Nobody said whether prevention worked."
    assert said in await read(web, f"/reviews/{review}")
    assert "1 archived" in await read(web, "/")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("effective", "Archived: prevention worked The replay stayed flat. (ml-lead@example.org)"),
        ("ineffective", "Closed: prevention did not work The replay stayed flat. (ml-lead@example.org)"),
    ],
)
async def test_whether_prevention_worked_is_asked_once_the_window_is_over(web: Site, answer: str, verdict: str) -> None:
    review = await web.in_remediation()
    for item in ("I3", "I1", "I2"):
        await web.act(await web.key_of(review, item), "done")
    refused = await web.say(review, REQUESTER, "answer_effectiveness", answer=answer, reason="The replay stayed flat.")
    assert "is asked once the window is over, on" in refused.json()["error"]
    web.engine.tick(review, days=91)
    assert "Closed: did prevention work?" in await read(web, f"/reviews/{review}")
    assert "did prevention work?" in await read(web, "/stages/closed")
    await web.accepted(review, REQUESTER, "answer_effectiveness", answer=answer, reason="The replay stayed flat.")
    assert verdict in await read(web, f"/reviews/{review}")


async def test_a_review_that_a_lost_waiver_reopened_says_so(web: Site) -> None:
    review = await web.in_remediation()
    await web.accepted(review, REQUESTER, "ask_waiver", rule="done", subject="I2", reason="Later.")
    await web.accepted(review, HEAD, "approve", request="R1")
    await web.act(await web.key_of(review, "I1"), "done")
    web.engine.tick(review, days=31)
    said = await read(web, f"/reviews/{review}")
    assert "reopened 1×" in said
    assert "Waiver of done for I2" in said
    assert "expired" in said


async def test_a_dismissed_review_says_why(web: Site) -> None:
    review = await web.in_draft()
    await web.accepted(review, REQUESTER, "dismiss", reason="It was a drill.")
    await web.accepted(review, HEAD, "approve", request="R1")
    assert "Dismissed It was a drill." in await read(web, f"/reviews/{review}")


async def test_an_incident_that_is_not_reviewed_has_a_page_with_its_rule(web: Site) -> None:
    await web.incident_closes("Q1", priority="P4")
    said = await read(web, "/reviews/pagerduty:Q1")
    assert "Not reviewed Severity: SEV4 is not reviewed." in said
    assert "holdfast review open --excluded pagerduty:Q1" in said


async def test_a_draft_says_where_it_stands(web: Site) -> None:
    review = await web.in_draft()
    assert "Nothing is written yet." in await read(web, f"/reviews/{review}")
    draft = await web.saved(review, factors=[DRAFT["factors"][0] | {"evidence": "", "led_to": None}], items=[])
    said = await read(web, f"/reviews/{review}")
    assert "Revision 1, saved" in said
    assert "not submitted yet." in said
    assert "Evidence none given" in said
    draft = await web.saved(review)
    await web.accepted(review, ENGINEER, "submit_draft", revision=draft["revision"], digest=draft["digest"])
    await web.saved(review, summary="Other.", answers={})
    said = await read(web, f"/reviews/{review}")
    assert "edits that nobody has submitted. Revision 2 is what counts." in said
    assert "Not answered yet." in said


async def test_an_erased_draft_says_so(web: Site) -> None:
    review = await web.in_draft()
    await web.saved(review)
    with web.records.database.write() as connection:
        connection.execute(text("UPDATE draft_revisions SET body = NULL"))
    assert "Its text was erased." in await read(web, f"/reviews/{review}")
    assert (await web.get(f"/api/reviews/{review}/draft"))["document"] is None


async def test_a_refused_request_and_one_that_is_over_are_shown_as_such(web: Site) -> None:
    review = await web.in_remediation()
    await web.accepted(review, REQUESTER, "ask_waiver", rule="done", subject="I2", reason="Later.")
    await web.accepted(review, HEAD, "refuse", request="R1", reason="No.")
    await web.accepted(review, REQUESTER, "accept_risk", factor="F1", reason="Rare.")
    web.engine.clock += timedelta(days=31)
    said = await read(web, f"/reviews/{review}")
    assert f"✕ R1, to waive done for I2 until" in said  # noqa: F541
    assert f"decided by {HEAD} refused" in said
    assert re.search(r"– R2, to accept the risk of F1 .* out of date: R2 would have ended by now; ask anew\.", said)
    assert "waits for a second person" not in said
    assert said.count("R2 would have ended by now") == 1  # and not once more as what bars an approval


async def test_a_request_to_change_an_item_says_everywhere_what_it_changes(tmp_path: Path) -> None:
    async with site(tmp_path, policy=policy_with_rules(sign_off="warn")) as web:  # no team has to sign the change
        review, _ = await web.in_sign_off()
        spec = (await web.get(f"/api/reviews/{review}"))["items"]["I1"]["spec"]
        weaker = spec | {"strength": "weaker", "end_state": None, "item_class": "detect", "prevents": []}
        await web.accepted(review, REQUESTER, "change_item", spec=weaker, reason="Cheaper.")
        said = await read(web, f"/reviews/{review}")
        changes = [
            "class: prevent → detect",
            f"strength: {spec['strength']} → weaker",
            f"end state: “{spec['end_state']}” → none",
            f"prevents: {' and '.join(spec['prevents'])} → none",
        ]
        assert (
            f"R1, to change what I1 promises {' '.join(changes)} {REQUESTER}: “Cheaper.” waits for a second person"
            in said
        )
        assert f"R1 asks to change what I1 promises ({'; '.join(changes)}): Cheaper." in said
        (request,) = (await web.get(f"/api/reviews/{review}/why"))["requests"]
        assert (request["changes"], request["out_of_date"]) == (changes, [])
        line = f"Approve or refuse R1: to change what item I1 promises ({'; '.join(changes)})."
        assert line in await read(web, "/")
        await web.accepted(review, HEAD, "approve", request="R1")
        said = await read(web, f"/reviews/{review}")
        assert f"{' '.join(changes)} {REQUESTER}: “Cheaper.”, decided by {HEAD} approved" in said
        assert f"I1 was changed: {'; '.join(changes)}." in said


async def test_a_request_to_split_an_item_says_into_what(web: Site) -> None:
    review = await web.in_remediation()
    spec = (await web.get(f"/api/reviews/{review}"))["items"]["I1"]["spec"]
    parts = [spec | {"id": "I1a", "title": "Half"}, spec | {"id": "I1b", "title": "Rest", "owner": HEAD}]
    await web.accepted(review, REQUESTER, "split_item", item="I1", into=parts, reason="Two teams.")
    said = await read(web, f"/reviews/{review}")
    owner = spec["owner"] or "none"
    assert f"to split I1 into I1a and I1b I1a: “Half” I1b: “Rest”, owner: {owner} → {HEAD}" in said


async def test_a_granted_change_and_an_accepted_risk_are_shown(web: Site) -> None:
    review = await web.in_remediation()
    await web.accepted(review, REQUESTER, "accept_risk", factor="F1", reason="Rare.")
    await web.accepted(review, HEAD, "approve", request="R1")
    await web.accepted(review, REQUESTER, "lower_severity", severity="SEV3", reason="Less.")
    await web.accepted(review, HEAD, "approve", request="R2")
    said = await read(web, f"/reviews/{review}")
    assert "Risk accepted for F1" in said
    assert f"R2, to lower the severity to SEV3 {REQUESTER}: “Less.”, decided by {HEAD} approved" in said


async def test_a_signature_that_no_longer_stands_is_to_be_given_again(web: Site) -> None:
    review, digest = await web.in_sign_off()
    await web.accepted(review, SIGNERS["ml"], "sign", team="ml", digest=digest)
    stored = web.records.reviews.find(review)
    assert stored is not None
    (told,) = revealed(web.records.people, [stored])
    fallen = {"ml": Fallen(seq=9, claims=("section/summary",))}
    changed = told.model_copy(update={"signatures": {}, "fallen": fallen})
    page = review_page(changed, None, [], AuditReport(streams=1, events=0, closures=0), web.engine.now)
    assert [(s.team, s.mark.word) for s in page.signed] == [
        ("ml", "to sign again"),
        ("infrastructure", "not signed"),
        ("product", "not signed"),
    ]


async def test_a_signature_that_an_item_voided_says_so_beside_its_team(web: Site) -> None:
    review, _ = await web.in_sign_off()
    told = web.records.reviews.find(review)
    assert told is not None
    fallen = told.model_copy(update={"fallen": {"ml": Fallen(seq=9, claims=("item/I1",))}})
    page = review_page(fallen, None, [], AuditReport(streams=1, events=0, closures=0), web.engine.now)
    first = page.signed[0]
    assert (first.mark.word, first.note) == (
        "to sign again",
        "its signature stands no more, because item I1 changed",
    )


async def test_what_cannot_be_done_outside_is_said(web: Site) -> None:
    review = await web.in_remediation()
    stored = web.records.reviews.find(review)
    assert stored is not None
    failure = {"kind": FailureKind.UNAUTHORISED, "count": 3, "retry_at": web.engine.now}
    failing = Review.model_validate(stored.model_dump() | {"failures": {"issue:I1": failure}})
    page = review_page(failing, None, [], AuditReport(streams=1, events=0, closures=0), web.engine.now)
    assert page.troubles[0].startswith("Opening the issue of I1 failed: the tracker refused the credential (3 times).")


async def test_a_quiet_window_in_business_days_names_its_end(web: Site) -> None:
    review = await web.incident_closes()
    stored = web.records.reviews.find(review)
    assert stored is not None
    assert stored.policy is not None
    quiet = dict.fromkeys(POLICY.clocks.quiet, Period(business_days=1))
    policy = stored.policy.model_copy(
        update={"clocks": Clocks.model_construct(**dict(POLICY.clocks) | {"quiet": quiet})}
    )
    assert clock(stored.model_copy(update={"policy": policy}), web.engine.now).words.startswith("quiet until ")
    assert clock(stored.model_copy(update={"quiet_until": None}), web.engine.now).words == "quiet window not begun"


async def test_a_review_without_any_clock_says_so(web: Site) -> None:
    review = await web.in_draft()
    stored = web.records.reviews.find(review)
    assert stored is not None
    bare = stored.model_copy(update={"due": {}})
    assert clock(bare, web.engine.now).words == "no clock"
    assert row(bare, {}, web.engine.now).clock.words == "no clock"
    page = review_page(bare, None, [], AuditReport(streams=1, events=0, closures=0), web.engine.now)
    assert [step.said.words for step in page.steps][:2] == ["took no time", ""]


async def test_a_policy_of_another_release_blocks_on_the_board_too(web: Site) -> None:
    review = await web.in_draft()
    stored = web.records.reviews.find(review)
    assert stored is not None
    assert stored.policy is not None
    profiles = tuple(
        p.model_copy(update={"rules": {**p.rules, "propagation@1": p.rules["done@1"]}}) for p in stored.policy.profiles
    )
    newer = stored.model_copy(
        update={"policy": stored.policy.model_copy(update={"profiles": profiles}), "unknown": ("Odd@2",)}
    )
    way = row(newer, {}, web.engine.now).way
    assert way.detail.startswith("1 unreadable event, 5 answers")
    assert way.detail.endswith("1 on propagation")


async def test_a_closed_review_with_something_in_its_way_says_so(web: Site) -> None:
    review = await web.closed()
    stored = web.records.reviews.find(review)
    assert stored is not None
    odd = stored.model_copy(update={"unknown": ("Odd@2",)})
    page = review_page(odd, None, [], AuditReport(streams=1, events=0, closures=0), web.engine.now)
    assert page.verdict.words == "Cannot close yet: 1 thing"
    open_again = stored.model_copy(update={"stage": Stage.DRAFT})
    page = review_page(open_again, None, [], AuditReport(streams=1, events=0, closures=0), web.engine.now)
    assert page.verdict.words == "Nothing is in the way"
    assert row(open_again, {}, web.engine.now).way.words == "nothing"


async def test_warnings_are_folded_apart(web: Site) -> None:
    body = {"by": ENGINEER, "title": "A near miss", "service": "fraud-scoring", "severity": "SEV3", "id": "n1"}
    await web.http.post("/api/near-misses", json=body | {"stopped_by": "luck", "models": ["a", "b", "c"]})
    said = await read(web, "/reviews/near-miss:n1")
    assert "Also worth doing: 2" in said
    assert "near miss: stopped by luck" in said
    assert "a and b and 1 more" in await read(web, "/")


async def test_a_withdrawn_item_is_not_shown(web: Site) -> None:
    review = await web.in_draft()
    spec = DRAFT["items"][0] | {"id": "I7", "prevents": [], "team": None}
    await web.accepted(review, REQUESTER, "propose_item", spec=spec)
    assert f"I7 {spec['title']} stronger · {ENGINEER}" in await read(web, f"/reviews/{review}")
    await web.accepted(review, REQUESTER, "withdraw_item", item="I7", reason="Not needed.")
    assert "I7 Add" not in await read(web, f"/reviews/{review}")


# --- the rest ---------------------------------------------------------------------------------------------------------


async def test_an_issue_has_a_page_with_its_comments(web: Site) -> None:
    review = await web.in_remediation()
    ref = web.records.builtin.find("HF-1")
    web.records.builtin.comment(ref, "k", "A comment\nof two lines")
    said = await read(web, "/issues/HF-1")
    assert "HF-1 ○ open nobody has it" in said
    assert f"This belongs to the review {review} ." in said
    assert "Comment 1 A comment of two lines" in said
    await web.act("HF-1", "decline", ENGINEER)
    assert f"✕ declined {ENGINEER}" in await read(web, "/issues/HF-1")


@pytest.mark.parametrize("path", ["/reviews/pagerduty:NONE", "/issues/HF-99", "/odd"])
async def test_what_is_not_there_has_a_page_in_the_same_look(web: Site, path: str) -> None:
    answer = await web.http.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is no" in words(answer.text)
    assert "/static/holdfast.css" in answer.text


async def test_every_page_is_made_for_phones_and_has_a_title_and_an_icon(web: Site) -> None:
    story = await busy(web)
    for path in ("/", f"/reviews/{story}", "/issues/HF-1", "/api"):
        page = await web.page(path)
        assert '<meta name="viewport" content="width=device-width' in page
        assert re.search(r"<title>\S.* · Holdfast</title>", page)
    icon = await web.http.get("/static/favicon.svg")
    assert icon.headers["content-type"].startswith("image/svg+xml")


async def test_the_api_is_written_down(web: Site) -> None:
    said = await read(web, "/api")
    for operation in (
        "POST /webhooks/pagerduty",
        "GET /api/reviews/{review_id}/why",
        "PUT /api/reviews/{review_id}/draft",
    ):
        assert operation in said
    described = (await web.http.get("/api/openapi.json")).json()
    for methods in described["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["description"]
    assert "/" not in described["paths"]


async def test_the_pages_need_no_engine(web: Site) -> None:
    story = await busy(web)
    web.deps.door = None
    for path in ("/", f"/reviews/{story}", "/issues/HF-1"):
        assert (await web.http.get(path)).status_code == 200


async def test_a_review_that_follows_one_that_has_ended_names_it_and_is_named_by_it(web: Site) -> None:
    review = await web.in_draft()
    await web.accepted(review, REQUESTER, "dismiss", reason="It was a drill.")
    await web.accepted(review, HEAD, "approve", request="R1")
    again = delivery("Q1", event="incident.reopened", at=web.engine.now, delivery_id="again")
    assert (await web.deliver(again)).status_code == 202
    await web.engine.send_outgoing(web.records.inbox)
    assert f"More harm was reported of this incident since: review {review}~2 follows." in await read(
        web, f"/reviews/{review}"
    )
    assert f"after review {review} had ended: this one follows it." in await read(web, f"/reviews/{review}~2")
