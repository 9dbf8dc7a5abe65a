"""One's own account: tokens, who there is, and the local sign-in where no provider is set up."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.requests import Request

from domain.model.taxonomy import Role
from runtime.settings import HeldSettings, SignInSettings, WebSettings
from tests.web.people import SAME, People, peopled
from tests.web.site import Site, site
from web.auth.authentication import Gate


@pytest_asyncio.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    means = SignInSettings(people={"ci@example.org": HeldSettings(roles=["contributor"])})
    async with peopled(tmp_path, sign_in=means) as found:
        yield found


async def test_a_person_makes_uses_and_revokes_a_token_of_their_own(people: People) -> None:
    ann = people.session("ann@example.org", Role.READER)
    made = (await people.ask(ann, "POST", "/api/tokens", json={"purpose": "laptop", "days": 7})).json()
    assert (made["holder"], made["scopes"], made["used_at"]) == ("ann@example.org", ["read"], None)
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert (await people.ask(bearer, "GET", "/api/reviews")).status_code == 200
    refused = await people.ask(bearer, "POST", "/api/tokens", json={"purpose": "more"})
    assert refused.json()["reasons"] == ["This takes a token with the scope admin; theirs has read."]
    (listed,) = (await people.ask(ann, "GET", "/api/tokens")).json()
    assert "token" not in listed
    ben = people.session("ben@example.org", *(role for role in Role if role is not Role.ADMIN))
    assert (await people.ask(ben, "DELETE", f"/api/tokens/{made['id']}")).status_code == 404
    assert (await people.ask(ben, "GET", "/api/tokens?everybodys=true")).status_code == 403
    assert (await people.ask(ben, "GET", "/api/tokens")).json() == []
    assert (await people.ask(ann, "DELETE", f"/api/tokens/{made['id']}")).status_code == 204
    assert (await people.ask(bearer, "GET", "/api/reviews")).status_code == 401


async def test_an_admin_makes_tokens_for_machines_and_revokes_anybody_s(people: People) -> None:
    admin = people.session("admin@example.org", Role.ADMIN)
    ben = people.session("ben@example.org", Role.CONTRIBUTOR)
    wanted = {"purpose": "deploys", "holder": "ci@example.org", "scopes": ["read", "write"]}
    assert (await people.ask(ben, "POST", "/api/tokens", json=wanted)).json()["reasons"] == [
        "This takes the role admin; they have contributor."
    ]
    made = (await people.ask(admin, "POST", "/api/tokens", json=wanted)).json()
    assert (made["holder"], made["made_by"]) == ("ci@example.org", "admin@example.org")
    bearer = {"Authorization": f"Bearer {made['token']}"}
    body = {"title": "x", "service": "fraud-scoring", "severity": "SEV2"}
    assert (await people.ask(bearer, "POST", "/api/reviews", json=body)).status_code == 201
    decide = await people.ask(admin, "POST", "/api/tokens", json=wanted | {"scopes": ["decide"]})
    assert decide.json()["reasons"] == [
        "A token that signs, approves or makes tokens is made by who is to use it, and by nobody else."
    ]
    listed = (await people.ask(admin, "GET", "/api/tokens?everybodys=true")).json()
    assert [token["id"] for token in listed] == [made["id"]]
    assert (await people.ask(admin, "DELETE", f"/api/tokens/{made['id']}")).status_code == 204
    assert (await people.ask(admin, "DELETE", "/api/tokens/t-none")).status_code == 404


async def test_nobody_is_a_second_person_by_a_token_that_they_made(people: People) -> None:
    review = await people.web.in_draft()
    admin = people.session("admin@example.org", Role.ADMIN, Role.APPROVER)
    head = people.session("head@example.org", Role.APPROVER)
    people.person("ci@example.org", Role.CONTRIBUTOR)
    wanted = {"purpose": "deploys", "holder": "ci@example.org", "scopes": ["write"]}
    made = (await people.ask(admin, "POST", "/api/tokens", json=wanted)).json()
    path, machine = f"/api/reviews/{review}/commands", {"Authorization": f"Bearer {made['token']}"}
    dismiss = {"command": {"type": "dismiss", "reason": "A drill."}}
    assert (await people.ask(machine, "POST", path, json=dismiss)).status_code == 200
    approve = {"command": {"type": "approve", "request": "R1"}}
    for _ in range(2):
        refused = await people.ask(admin, "POST", path, json=approve)
        assert refused.json()["reasons"] == ["Who asked for R1 does not approve it: another person has to."]
        await people.ask(admin, "DELETE", f"/api/tokens/{made['id']}")  # it counts for good
    assert (await people.ask(head, "POST", path, json=approve)).status_code == 200


async def test_nobody_verifies_their_own_work_by_a_token_that_they_made_for_another(people: People) -> None:
    admin = people.session("admin@example.org", Role.ADMIN, Role.CONTRIBUTOR)
    maker, other = (people.person(f"{name}@example.org", Role.CONTRIBUTOR) for name in ("admin", "ben"))
    people.person("admin@example.org", Role.ADMIN, Role.CONTRIBUTOR)
    wanted = {"purpose": "deploys", "holder": "ben@example.org", "scopes": ["write"]}
    made = (await people.ask(admin, "POST", "/api/tokens", json=wanted)).json()
    gate = Gate(people.web.deps)
    request = Request({"type": "http", "headers": [(b"authorization", f"Bearer {made['token']}".encode())]})
    caller = gate.caller(request)
    assert (caller.person, caller.hands) == (other, frozenset({maker, other}))


async def test_an_admin_sees_who_there_is_and_erases_a_person(people: People) -> None:
    admin = people.session("admin@example.org", Role.ADMIN)
    ann = people.session("ann@example.org", Role.READER, teams=("ml",))
    people.web.records.people.id_of("never@example.org")
    found = {one["handle"]: one for one in (await people.ask(admin, "GET", "/api/people")).json()}
    assert set(found) == {"admin@example.org", "ann@example.org", "never@example.org"}
    assert (found["ann@example.org"]["roles"], found["ann@example.org"]["teams"]) == (["reader"], ["ml"])
    assert found["never@example.org"]["signed_in_at"] is None
    path = f"/api/people/{found['ann@example.org']['id']}"
    assert (await people.ask(admin, "DELETE", path)).status_code == 204
    assert (await people.ask(admin, "DELETE", path)).status_code == 404
    assert (await people.ask(ann, "GET", "/api/reviews")).status_code == 401


def csrf_of(page: httpx.Response) -> str:
    return str(re.findall(r'name="csrf" value="(\w+)"', page.text)[0])


async def test_the_account_page_makes_a_token_and_revokes_it(people: People) -> None:
    ann = people.session("ann@example.org", Role.READER)
    page = await people.ask(ann, "GET", "/account")
    assert "Roles: reader." in page.text
    form = {"csrf": csrf_of(page), "purpose": "ann's phone", "scopes": ["read", "decide"], "days": "30"}
    made = await people.ask(ann, "POST", "/account/tokens", data=form)
    (secret,) = re.findall(r"hf_[\w-]{43}", made.text)
    assert "decide, read" in made.text
    again = await people.ask(ann, "GET", "/account")
    assert secret not in again.text
    (id,) = re.findall(r"/account/tokens/(t-\w+)/revoke", again.text)
    revoked = await people.ask(ann, "POST", f"/account/tokens/{id}/revoke", data={"csrf": csrf_of(page)})
    assert (revoked.status_code, revoked.headers["location"]) == (303, "/account")
    assert f"{id}/revoke" not in (await people.ask(ann, "GET", "/account")).text
    assert (await people.ask({"Authorization": f"Bearer {secret}"}, "GET", "/api/reviews")).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"days": "0"}, 422, "from 1 to 366 days"),
        ({"days": "many"}, 422, "from 1 to 366 days"),
        ({"purpose": " "}, 422, "in one line"),
        ({"purpose": "x" * 301}, 422, "in one line"),
        ({"scopes": []}, 403, "A token needs a scope"),
    ],
)
async def test_a_token_that_cannot_be_made_is_said(
    people: People, wrong: dict[str, object], status: int, said: str
) -> None:
    ann = people.session("ann@example.org", Role.READER)
    form = {"csrf": csrf_of(await people.ask(ann, "GET", "/account")), "purpose": "x", "scopes": ["read"]}
    answer = await people.ask(ann, "POST", "/account/tokens", data=form | wrong)
    assert (answer.status_code, said in answer.text) == (status, True)


async def test_roles_that_were_told_too_long_ago_open_nothing_by_token(people: People) -> None:
    bearer = people.token("ann@example.org", Role.READER)
    people.web.engine.tick(await people.web.in_draft(), days=31)
    assert (await people.ask(bearer, "GET", "/api/reviews")).status_code == 403


# --- without a provider -----------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def near(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path, web=WebSettings()) as found:
        yield found


async def test_who_sits_at_the_machine_says_who_they_are(near: Site) -> None:
    page = await near.page("/sign-in?next=/trackers")
    assert "nothing is proved" in page
    said = await near.http.post("/sign-in", data={"handle": " Ann@example.org ", "next": "/trackers"}, headers=SAME)
    assert (said.status_code, said.headers["location"]) == (303, "/trackers")
    board = await near.http.get("/")
    assert "Ann@example.org" in board.text
    assert "local, nothing proved" in board.text
    body = {"title": "x", "service": "fraud-scoring", "severity": "SEV2", "id": "1"}
    assert (await near.http.post("/api/reviews", json=body, headers=SAME)).status_code == 201
    (first, *_) = await near.get("/api/reviews/hand:1/history")
    assert (first["by"], first["door"]) == ("Ann@example.org", "local, unauthenticated")
    other = await near.http.post("/api/reviews", json=body | {"by": "ben@example.org"}, headers=SAME)
    assert other.status_code == 422
    assert (await near.http.post("/api/tokens", json={"purpose": "x"}, headers=SAME)).status_code == 409
    assert "Nobody has to sign in here" in await near.page("/account")
    out = await near.http.post("/sign-out", data={"csrf": csrf_of(board)}, headers=SAME)
    assert out.status_code == 303
    assert "Ann@example.org" not in await near.page("/")


async def test_without_anybody_signed_in_the_api_works_as_ever_on_this_machine(near: Site) -> None:
    body = {"title": "x", "service": "fraud-scoring", "severity": "SEV2", "id": "1"}
    missing = await near.http.post("/api/reviews", json=body)
    assert (missing.status_code, missing.json()["error"][:3]) == (422, "by:")
    assert (await near.http.post("/api/reviews", json=body | {"by": "ann"})).status_code == 201
    evil = {"Origin": "https://evil.example"}
    assert (await near.http.post("/api/reviews", json=body | {"by": "ann"}, headers=evil)).status_code == 403
    assert (await near.http.get("/sign-in/begin")).status_code == 404
    assert (await near.http.get("/sign-in/callback")).status_code == 400
    assert (await near.http.get("/api/reviews", headers={"Authorization": "Bearer hf_x"})).status_code == 401
    assert "Nobody is signed in" in await near.page("/account")


async def test_from_any_other_address_nobody_is_served_without_a_provider(tmp_path: Path) -> None:
    web = WebSettings(public_url="https://reviews.example.org")
    async with site(tmp_path, web=web) as far:
        headers = {"Host": "reviews.example.org"}
        for path in ("/", "/api/reviews", "/account"):
            answer = await far.http.get(path, headers=headers)
            assert answer.status_code == 403
            assert "nobody but this machine" in answer.text
        page = await far.http.get("/sign-in", headers=headers)
        assert "on the machine itself only" in page.text
        said = await far.http.post("/sign-in", data={"handle": "ann"}, headers=headers)
        assert said.status_code == 403
        assert (await far.http.get("/healthz", headers=headers)).status_code == 200
        assert (await far.http.post("/webhooks/incidents", headers=headers)).status_code == 401
    async with site(tmp_path, web=WebSettings(host="0.0.0.0")) as far:
        assert (await far.http.post("/sign-in", data={"handle": "ann"})).status_code == 403


@pytest.mark.parametrize("handle", ["", "  ", "a\nb", "x" * 301])
async def test_a_handle_that_can_be_none_is_refused(near: Site, handle: str) -> None:
    assert (await near.http.post("/sign-in", data={"handle": handle})).status_code == 422
