"""The table of who may do what, walked: every route and command, as every role, as nobody, and with what has ended."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from fastapi.routing import iter_route_contexts

from domain.lifecycle import inputs
from domain.lifecycle.inputs import COMMANDS
from domain.lifecycle.permissions import RIGHTS, Act, Action, refusals
from domain.model.principal import NOBODY, Standing
from domain.model.taxonomy import Role, Scope
from tests.web.people import People, peopled
from tests.web.site import DRAFT, Site
from web.auth.route_permissions import ROUTES

WRITES = {"title": "x", "service": "fraud-scoring", "severity": "SEV2"}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PUT", "/api/reviews/{review_id}/draft"): {"document": DRAFT},
    ("PUT", "/api/reviews/{review_id}/draft/{section}"): {"upon": 0, "value": {"summary": "It fell."}},
    ("POST", "/api/reviews/{review_id}/draft/remarks"): {"document": DRAFT},
    ("POST", "/api/reviews/{review_id}/attachments"): {"name": "a.txt", "media_type": "text/plain", "data": "YQ=="},
    ("POST", "/api/reviews/{review_id}/commands"): {"command": {"type": "close"}},
    ("POST", "/api/reviews"): WRITES,
    ("POST", "/api/near-misses"): WRITES | {"stopped_by": "luck"},
    ("POST", "/api/issues/{key}/{action}"): {},
    ("POST", "/api/tokens"): {"purpose": "x"},
}
WHY = {"reason": "A good reason."}
ITEM = {
    "id": "N1",
    "title": "Share the calendar",
    "item_class": "process",
    "strength": "weaker",
    "outcome": "ownership_and_escalation",
}
INCIDENT = {
    "source": "hand",
    "id": "other",
    "status": "resolved",
    "as_of": "2026-01-01T00:00:00Z",
    "title": "x",
    "service": "fraud-scoring",
    "severity": "SEV2",
}
SAID: dict[type[Any], dict[str, Any]] = {
    inputs.OpenReview: {"incident": INCIDENT | {"source": "pagerduty", "id": "Q1"}},
    inputs.JoinIncident: {"incident": INCIDENT},
    inputs.RemoveIncident: {"incident": "pagerduty:Q2"} | WHY,
    inputs.Classify: {"severity": "SEV1"} | WHY,
    inputs.AssignOwner: {"owner": "somebody@example.org"},
    inputs.SubmitDraft: {"revision": 1, "digest": "x"},
    inputs.SignForTeam: {"team": "ml", "digest": "x"},
    inputs.DelegateSigning: {"team": "ml", "to": "somebody@example.org"},
    inputs.RequestChanges: {"team": "ml"} | WHY,
    inputs.ProposeItem: {"spec": ITEM},
    inputs.AcceptItem: {"item": "N1"},
    inputs.WithdrawItem: {"item": "N1"} | WHY,
    inputs.ChangeItem: {"spec": ITEM} | WHY,
    inputs.ExtendDue: {"item": "N1", "until": "2030-01-01T00:00:00Z"} | WHY,
    inputs.MoveItem: {"item": "N1", "place": "builtin"},
    inputs.SplitItem: {"item": "N1", "into": [ITEM | {"id": "N2"}, ITEM | {"id": "N3"}]} | WHY,
    inputs.VerifyItem: {"item": "N1", "evidence": [{"link": "https://ci.example/1"}]},
    inputs.AskWaiver: {"rule": "done", "subject": "N1"} | WHY,
    inputs.AcceptRisk: {"factor": "F1"} | WHY,
    inputs.LowerSeverity: {"severity": "SEV3"} | WHY,
    inputs.Dismiss: WHY,
    inputs.Approve: {"request": "R1"},
    inputs.Refuse: {"request": "R1"} | WHY,
    inputs.MakePrivate: {"teams": ["ml"]} | WHY,
    inputs.Share: WHY,
    inputs.AnswerEffectiveness: {"answer": "effective"} | WHY,
    inputs.Close: {},
}
"""A well-formed command of each type: whether it is also possible is another matter."""


@pytest_asyncio.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    async with peopled(tmp_path) as found:
        yield found


def path_of(route: str) -> str:
    names = {"review_id": "pagerduty:Q1", "key": "HF-1", "action": "done", "id": "t-none", "person": "p-none"}
    names |= {"section": "summary", "digest": f"sha256:{'0' * 64}", "team": "ml", "stage": "draft"}
    return route.format(**names)


def test_every_route_is_in_the_table_and_no_other(web: Site) -> None:
    found: set[tuple[str, str | None]] = set()
    for route in iter_route_contexts(web.app.routes):
        if route.path == "/static":
            continue  # files that are the same for everybody
        assert route.methods, route.path
        found |= {(method, route.path) for method in route.methods}
    assert found == set(ROUTES)


async def test_every_route_lets_in_whom_the_table_lets_in(people: People) -> None:
    await people.web.in_draft()
    for role in Role:
        standing = Standing(roles=(role,), teams=("ml",))
        for headers in (people.session(f"{role}@example.org", role), people.token(f"{role}@example.org", role)):
            for (method, route), act in ROUTES.items():
                if act is Act.DELIVER or route.startswith("/sign-"):
                    continue
                answer = await people.ask(headers, method, path_of(route), json=BODIES.get((method, route)))
                reasons = refusals(standing, act)
                assert (answer.status_code == 403) == bool(reasons) or is_form(method, route), (role, method, route)
                assert answer.status_code not in (401, 500), (role, method, route)
                if reasons and not is_form(method, route):
                    assert answer.json()["reasons"] == list(reasons), (role, method, route)


def is_form(method: str, route: str) -> bool:
    """Whether it takes a page's form, which no program fills in: other tests do."""
    return method == "POST" and route.startswith(("/account", "/reviews/", "/near-misses/"))


async def test_nobody_gets_in_nor_does_who_had_been(people: People) -> None:
    await people.web.in_draft()
    everything = tuple(Role)
    ended = people.session("late@example.org", *everything)
    people.web.engine.clock += timedelta(hours=13)
    revoked = people.token("revoked@example.org", *everything)
    for token in people.web.records.tokens.list():
        people.web.records.tokens.revoke(token.id, people.web.engine.now)
    local = people.web.records.sessions.begin(
        people.person("local@example.org"), True, people.web.engine.now, timedelta(hours=1)
    )
    nobody: list[dict[str, str]] = [
        {},
        ended,
        revoked,
        {"Authorization": "Bearer hf_guessed"},
        {"Cookie": f"holdfast={local}"} | {"Origin": "http://127.0.0.1:8585"},
    ]
    for headers in nobody:
        for (method, route), act in ROUTES.items():
            if RIGHTS[act].roles is None:
                continue
            answer = await people.ask(headers, method, path_of(route), json=BODIES.get((method, route)))
            if answer.status_code == 303:
                assert (method, answer.headers["location"][:14]) == ("GET", "/sign-in?next="), route
            else:
                assert answer.status_code == 401, (method, route, headers)


async def test_what_anybody_reaches_gives_nothing_away(people: People) -> None:
    await people.web.in_draft()
    for method, route in (("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/sign-in")):
        answer = await people.ask({}, method, route)
        assert answer.status_code == 200
        assert "Q1" not in answer.text
    assert (await people.ask({"Origin": "http://127.0.0.1:8585"}, "POST", "/sign-out")).status_code == 303
    said = await people.ask({"Origin": "http://127.0.0.1:8585"}, "POST", "/sign-in", data={"handle": "ann"})
    assert said.status_code == 403, "nobody says who they are where there is a provider"


async def test_every_command_is_refused_for_the_reasons_of_the_table_whoever_says_it(people: People) -> None:
    assert set(SAID) == set(COMMANDS)
    for role in Role:
        review = await people.web.in_draft(id=f"W-{role}")
        standing = Standing(roles=(role,))
        session = people.session(f"{role}@example.org", role)
        token = people.token(f"{role}@example.org", role, scopes=(Scope.READ,))
        for command, body in SAID.items():
            await refused(people, review, session, command, body, refusals(standing, command, body.get("team")))
            narrowed = standing.model_copy(update={"scopes": (Scope.READ,)})
            await refused(people, review, token, command, body, refusals(narrowed, command, body.get("team")))


async def refused(
    people: People,
    review: str,
    headers: dict[str, str],
    command: Action,
    body: dict[str, Any],
    reasons: tuple[str, ...],
) -> None:
    kind = command.model_fields["type"].default  # type: ignore[union-attr]
    if kind in ("dismiss", "open_review", "make_private") and not reasons:
        return  # it would be carried out, or is about another review
    if kind == "open_review":
        body = {"incident": body["incident"] | {"id": review.partition(":")[2]}}
    said = {"command": {"type": kind, **body}}
    answer = await people.ask(headers, "POST", f"/api/reviews/{review}/commands", json=said)
    told = answer.json().get("reasons", [])
    if reasons:
        assert (answer.status_code, told) == (409, list(reasons)), (kind, answer.text)
    else:
        assert answer.status_code in (200, 409), answer.text
        assert not any("This takes" in reason or "Only who is in" in reason for reason in told)


async def test_a_signer_of_the_team_signs_and_an_approver_approves(people: People) -> None:
    review = await people.web.in_draft()
    writer = people.session("writer@example.org", Role.CONTRIBUTOR)
    draft = (await people.ask(writer, "PUT", f"/api/reviews/{review}/draft", json={"document": DRAFT})).json()
    named = {"revision": draft["revision"], "digest": draft["digest"]}

    async def say(headers: dict[str, str], **command: Any) -> Any:
        return (await people.ask(headers, "POST", f"/api/reviews/{review}/commands", json={"command": command})).json()

    assert (await say(writer, type="submit_draft", **named))["accepted"]
    signer = people.session("signer@example.org", Role.SIGNER, teams=("ml",))
    assert (await say(signer, type="sign", team="ml", digest=draft["digest"]))["accepted"]
    assert (await say(signer, type="sign", team="product", digest=draft["digest"]))["reasons"][0] == (
        "Only who is in team product may do this for it; they are in ml."
    )
    assert (await say(writer, type="dismiss", reason="A drill."))["accepted"]
    admin = people.session("admin@example.org", Role.ADMIN)
    assert (await say(admin, type="approve", request="R1"))["reasons"] == [
        "This takes the role approver; they have admin."
    ]
    token = people.token("approver@example.org", Role.APPROVER, scopes=(Scope.DECIDE,))
    assert (await say(token, type="approve", request="R1"))["accepted"]
    reader = people.session("reader@example.org", Role.READER)
    doors = {e["door"] for e in (await people.ask(reader, "GET", f"/api/reviews/{review}/history")).json()}
    assert {"signed in", "token"} <= doors


def test_nobody_is_not_a_role() -> None:
    assert all(refusals(NOBODY, act) for act in RIGHTS if RIGHTS[act].roles is not None)
