"""Signing in by an identity provider, end to end over HTTP, with all that can go wrong."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from domain.model.taxonomy import Role
from integrations.openid import OpenIdProvider
from runtime.engine import free_port
from runtime.settings import HeldSettings, SignInSettings, WebSettings
from tests.web.provider import CLIENT_ID, CLIENT_SECRET, Provider, listening, provider
from tests.web.site import Site, site
from web.auth.authentication import own_path
from web.auth.sign_in import values

ANN = {"sub": "s-ann", "email": "Ann@example.org", "email_verified": True, "groups": ["ml-leads", "staff"]}
MEANS = SignInSettings(
    roles={"signer": ["ml-leads"], "contributor": ["staff"], "admin": ["ops"]},
    teams={"ml": ["ml-leads"]},
    people={"head@example.org": HeldSettings(roles=["approver"], teams=["legal"])},
)


@dataclass
class Browser:
    """Somebody's browser, the site that it visits, and the provider at which they sign in."""

    web: Site
    provider: Provider
    address: str
    http: httpx.AsyncClient

    async def sign_in(self, go_on: str = "/") -> httpx.Response:
        """Go through the whole flow; the page at its end."""
        return await self.http.get("/sign-in/begin", params={"next": go_on}, follow_redirects=True)

    async def as_far_as_the_answer(self) -> str:
        """Go to the provider; the address to which it sends us back."""
        begun = await self.http.get("/sign-in/begin")
        answer = await self.http.get(begun.headers["location"])
        return answer.headers["location"]

    async def who(self) -> str | None:
        """Whom the board names as signed in."""
        page = await self.http.get("/")
        found = re.search(r'href="/account">([^<]+)<', page.text)
        return found[1] if found else None

    @property
    def secret(self) -> str | None:
        return self.http.cookies.get("holdfast")


@asynccontextmanager
async def visiting(
    directory: Path, means: SignInSettings = MEANS, secret: str | None = CLIENT_SECRET, **more: Any
) -> AsyncIterator[Browser]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    async with provider(f"{address}/sign-in/callback") as asked:
        asked.person = dict(ANN)
        parts: dict[str, Any] = {
            "web": WebSettings(port=port),
            "sign_in": means,
            "provider": OpenIdProvider(asked.issuer, CLIENT_ID, secret, ["openid", "email"]),
        }
        async with (
            site(directory, **parts | more) as web,
            listening(web.app, port),
            httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as http,
        ):
            yield Browser(web, asked, address, http)


@pytest_asyncio.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with visiting(tmp_path) as found:
        yield found


async def test_a_person_signs_in_and_goes_on_where_they_wanted_to(browser: Browser) -> None:
    sent = await browser.http.get("/trackers?x=1")
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=/trackers%3Fx%3D1")
    page = await browser.http.get(sent.headers["location"])
    (link,) = re.findall(r'href="(/sign-in/begin[^"]+)"', page.text)
    arrived = await browser.http.get(link.replace("&amp;", "&"), follow_redirects=True)
    assert (arrived.status_code, str(arrived.url)) == (200, f"{browser.address}/trackers?x=1")
    assert "Ann@example.org" in arrived.text
    (account,) = browser.web.records.accounts.all()
    assert account.held is not None
    assert account.held.roles == (Role.CONTRIBUTOR, Role.READER, Role.SIGNER)
    assert account.held.teams == ("ml",)
    assert browser.provider.refused == []


async def test_what_they_do_is_recorded_as_theirs(browser: Browser) -> None:
    await browser.sign_in()
    body = {"title": "Precision fell", "service": "fraud-scoring", "severity": "SEV2", "id": "1"}
    same = {"Origin": browser.address}
    opened = await browser.http.post("/api/reviews", json=body, headers=same)
    assert opened.status_code == 201, opened.text
    (first, *_) = (await browser.http.get("/api/reviews/hand:1/history")).json()
    assert (first["by"], first["door"]) == ("Ann@example.org", "signed in")
    refused = await browser.http.post("/api/reviews", json=body | {"id": "2", "by": "ben@example.org"}, headers=same)
    assert refused.status_code == 422
    assert "nobody acts for somebody else" in refused.json()["error"]
    himself = {"id": "2", "by": "ann@EXAMPLE.org"}
    assert (await browser.http.post("/api/reviews", json=body | himself, headers=same)).status_code == 201


async def test_the_cookie_is_held_to_us(tmp_path: Path) -> None:
    async with visiting(tmp_path) as browser:
        begun = await browser.http.get("/sign-in/begin")
        answer = await browser.http.get((await browser.http.get(begun.headers["location"])).headers["location"])
        for cookie in (begun.headers["set-cookie"], answer.headers.get_list("set-cookie")[0]):
            assert re.match(r"holdfast(-sign-in)?=[\w-]{43}; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax$", cookie)
    async with visiting(tmp_path, web=WebSettings(public_url="https://reviews.example.org")) as browser:
        begun = await browser.http.get("/sign-in/begin")
        assert begun.headers["set-cookie"].startswith("__Host-holdfast-sign-in=")
        assert begun.headers["set-cookie"].endswith("Path=/; SameSite=lax; Secure")
        asked = parse_qs(urlsplit(begun.headers["location"]).query)
        assert asked["redirect_uri"] == ["https://reviews.example.org/sign-in/callback"]


async def test_a_secret_from_before_the_sign_in_is_worth_nothing_after_it(browser: Browser) -> None:
    await browser.sign_in()
    before = browser.secret
    await browser.sign_in()
    assert browser.secret != before
    browser.http.cookies.set("holdfast", before or "", domain="127.0.0.1")
    assert (await browser.http.get("/api/reviews")).status_code == 401


@pytest.mark.parametrize(
    ("lies", "status"),
    [
        ({"nonce": "another"}, 403),
        ({"aud": "another-client"}, 403),
        ({"aud": ["another-client", CLIENT_ID], "azp": "another-client"}, 403),
        ({"iss": "https://evil.example"}, 403),
        ({"exp": int(time.time()) - 600, "iat": int(time.time()) - 900}, 403),
        ({"sub": ""}, 403),
        ({"sub": "x" * 301}, 403),
    ],
)
async def test_an_id_token_that_is_not_for_this_sign_in_lets_nobody_in(
    browser: Browser, lies: dict[str, Any], status: int
) -> None:
    browser.provider.lies = lies
    assert (await browser.sign_in()).status_code == status
    assert browser.secret is None
    assert browser.web.records.accounts.all() == []
    browser.provider.lies = {}
    assert (await browser.sign_in()).status_code == 200


async def test_a_token_signed_by_another_key_lets_nobody_in(browser: Browser) -> None:
    browser.provider.foreign_key = True
    answer = await browser.sign_in()
    assert answer.status_code == 403
    assert "cannot be believed" in answer.text


async def test_a_provider_that_answers_otherwise_than_it_should_lets_nobody_in(browser: Browser) -> None:
    browser.provider.answers = {"scope": "email"}
    assert "gave no ID token" in (await browser.sign_in()).text
    browser.provider.answers = None
    browser.provider.broken = True
    answer = await browser.sign_in()
    assert (answer.status_code, "did not answer as it should" in answer.text) == (403, True)


async def test_a_code_is_used_once(browser: Browser) -> None:
    back = await browser.as_far_as_the_answer()
    assert (await browser.http.get(back)).status_code == 303
    again = await browser.http.get(back)
    assert (again.status_code, "not begun in this browser" in again.text) == (400, True)


async def test_a_code_that_somebody_else_used_is_refused_by_the_provider(browser: Browser) -> None:
    back = await browser.as_far_as_the_answer()
    browser.provider.codes.clear()
    answer = await browser.http.get(back)
    assert (answer.status_code, browser.provider.refused) == (403, ["invalid_grant"])
    assert "refused this sign-in" in answer.text


async def test_an_answer_to_another_browser_is_refused(browser: Browser) -> None:
    back = await browser.as_far_as_the_answer()
    async with httpx.AsyncClient(trust_env=False) as stranger:
        assert (await stranger.get(back)).status_code == 400
    theirs = back.replace("state=", "state=x")
    assert (await browser.http.get(theirs)).status_code == 400
    assert (await browser.http.get(back)).status_code == 400, "a wrong answer ends the sign-in"


async def test_another_provider_s_answer_is_refused(browser: Browser) -> None:
    back = await browser.as_far_as_the_answer()
    assert (await browser.http.get(f"{back}&iss=https://evil.example")).status_code == 400
    back = await browser.as_far_as_the_answer()
    assert (await browser.http.get(f"{back}&iss={browser.provider.issuer}")).status_code == 303


async def test_a_code_is_worth_nothing_without_the_verifier(browser: Browser) -> None:
    back = await browser.as_far_as_the_answer()
    for asked in browser.provider.codes.values():
        asked["code_challenge"] = "of another browser"
    assert (await browser.http.get(back)).status_code == 403
    assert browser.provider.refused == ["PKCE"]


async def test_who_is_denied_is_told_so(browser: Browser) -> None:
    browser.provider.denies = True
    answer = await browser.sign_in()
    assert (answer.status_code, "did not let you in" in answer.text) == (403, True)


async def test_a_sign_in_that_took_too_long_is_begun_anew(browser: Browser) -> None:
    back = await browser.as_far_as_the_answer()
    browser.web.engine.clock = timedelta(minutes=10)
    assert (await browser.http.get(back)).status_code == 400


async def test_a_wrong_secret_is_said(tmp_path: Path) -> None:
    async with visiting(tmp_path, secret="wrong") as browser:
        answer = await browser.sign_in()
        assert (answer.status_code, "refused this sign-in" in answer.text) == (403, True)


async def test_a_provider_that_posts_its_secret_only_is_understood(browser: Browser) -> None:
    browser.provider.described = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await browser.sign_in()).status_code == 200


async def test_a_provider_that_is_away_or_another_is_said_and_asked_anew(browser: Browser) -> None:
    issuer, browser.provider.issuer = browser.provider.issuer, "https://evil.example"
    answer = await browser.sign_in()
    assert (answer.status_code, "says that it is https://evil.example" in answer.text) == (503, True)
    browser.provider.issuer = issuer
    assert (await browser.sign_in()).status_code == 200
    browser.web.deps.provider = OpenIdProvider("http://127.0.0.1:9", CLIENT_ID, None, ["openid"])
    assert "cannot be reached" in (await browser.sign_in()).text


async def test_what_is_told_only_where_it_is_asked_counts_too(browser: Browser) -> None:
    browser.provider.described = {"userinfo_endpoint": f"{browser.provider.issuer}/userinfo"}
    browser.provider.person = {"sub": "s-ann"}
    browser.provider.more = ANN | {"sub": "s-another"}
    await browser.sign_in()
    assert await browser.who() == "s-ann at 127.0.0.1"
    browser.provider.person = {"sub": "s-2"}
    browser.provider.more = ANN | {"sub": "s-2"}
    await browser.sign_in()
    assert await browser.who() == "Ann@example.org"


async def test_the_verified_address_joins_and_any_other_does_not(browser: Browser) -> None:
    named = browser.web.records.people.id_of("ann@example.org")
    for verified in (False, "yes", None):
        browser.provider.person = ANN | {"sub": f"s-{verified}", "email_verified": verified}
        await browser.sign_in()
        assert await browser.who() == f"s-{verified} at 127.0.0.1"
    browser.provider.person = ANN | {"email_verified": "true"}
    await browser.sign_in()
    assert await browser.who() == "ann@example.org"
    assert [a.person for a in browser.web.records.accounts.all() if a.email] == [named]


async def test_a_provider_may_be_trusted_to_verify_what_it_does_not_say(tmp_path: Path) -> None:
    means = MEANS.model_copy(update={"trust_email": True, "github_claim": "login", "jira_claim": "accounts.jira"})
    async with visiting(tmp_path, means) as browser:
        person = {"sub": "7", "email": "ann@example.org", "login": "octo-ann", "accounts": {"jira": "5b11"}}
        browser.provider.person = person
        await browser.sign_in()
        (ann,) = browser.web.records.accounts.all()
        assert (ann.email, ann.github, ann.jira) == ("ann@example.org", "octo-ann", "5b11")


async def test_a_session_ends_unused_at_last_and_by_signing_out(browser: Browser) -> None:
    async def is_in() -> bool:
        return (await browser.http.get("/api/reviews")).status_code == 200

    await browser.sign_in()
    browser.web.engine.clock = timedelta(hours=1, minutes=59)
    assert await is_in()
    browser.web.engine.clock += timedelta(hours=2)
    assert not await is_in()
    await browser.sign_in()
    for _ in range(6):
        assert await is_in()
        browser.web.engine.clock += timedelta(hours=1, minutes=59)
    assert await is_in()
    browser.web.engine.clock += timedelta(minutes=10)
    assert not await is_in(), "at most twelve hours"
    await browser.sign_in()
    secret = browser.secret
    page = await browser.http.get("/account")
    (csrf,) = set(re.findall(r'name="csrf" value="(\w+)"', page.text))
    out = await browser.http.post("/sign-out", data={"csrf": csrf}, headers={"Origin": browser.address})
    assert (out.status_code, out.headers["location"], browser.secret) == (303, "/sign-in", None)
    browser.http.cookies.set("holdfast", secret or "", domain="127.0.0.1")
    assert not await is_in()


async def test_another_site_s_page_does_nothing_with_our_cookie(browser: Browser) -> None:
    await browser.sign_in()
    body = {"title": "x", "service": "fraud-scoring", "severity": "SEV2", "id": "1"}
    csrf = re.findall(r'name="csrf" value="(\w+)"', (await browser.http.get("/")).text)[0]
    foreign: list[dict[str, str]] = [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": browser.address},
        {"Sec-Fetch-Site": "same-site"},
        {"X-CSRF-Token": "guessed"},
        {"Origin": "https://evil.example", "X-CSRF-Token": csrf},
    ]
    for headers in foreign:
        for path in ("/api/reviews", "/api/tokens"):
            assert (await browser.http.post(path, json=body, headers=headers)).status_code == 403, headers
        assert (await browser.http.post("/sign-out", data={"csrf": csrf}, headers=headers)).status_code == 403, headers
    for n, headers in enumerate(
        ({"Sec-Fetch-Site": "same-origin"}, {"Origin": browser.address}, {"X-CSRF-Token": csrf})
    ):
        answer = await browser.http.post("/api/reviews", json=body | {"id": f"ok-{n}"}, headers=headers)
        assert answer.status_code == 201, headers


async def test_a_form_carries_what_only_its_session_knows(browser: Browser) -> None:
    await browser.sign_in()
    same = {"Origin": browser.address}
    for data in ({}, {"csrf": ""}, {"csrf": "guessed"}):
        for path in ("/sign-out", "/account/tokens", "/account/tokens/t-1/revoke"):
            answer = await browser.http.post(path, data=data, headers=same)
            assert (answer.status_code, "another session" in answer.text) == (403, True), path


async def test_signing_in_leads_nowhere_else(browser: Browser) -> None:
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil"):
        arrived = await browser.sign_in(elsewhere)
        assert str(arrived.url) == f"{browser.address}/", elsewhere
        page = await browser.http.get("/sign-in", params={"next": elsewhere})
        assert "evil" not in page.text


def test_only_a_page_of_ours_is_gone_on_with() -> None:
    assert own_path("/reviews/pagerduty:Q1?x=1") == "/reviews/pagerduty:Q1?x=1"
    for other in (None, "", "/sign-in", "/sign-out", "//x", "/\tx", "/x\r\nSet-Cookie: a=b", "/ä", "http:/x", "/\\x"):
        assert own_path(other) == "/"


def test_a_claim_is_a_text_a_list_or_in_a_path() -> None:
    claims = {"groups": ["a", 1, "b"], "one": "a", "https://x.org/roles": ["c"], "realm": {"roles": ["d"]}, "n": 1}
    assert values(claims, "groups") == ("a", "b")
    assert values(claims, "one") == ("a",)
    assert values(claims, "https://x.org/roles") == ("c",)
    assert values(claims, "realm.roles") == ("d",)
    assert values(claims, "realm.none") == values(claims, "one.two") == values(claims, "n") == ()


async def test_two_who_sign_in_at_once_are_two(browser: Browser) -> None:
    async def one() -> httpx.Response:
        async with httpx.AsyncClient(base_url=browser.address, trust_env=False, timeout=30) as http:
            return await http.get("/sign-in/begin", follow_redirects=True)

    assert [answer.status_code for answer in await asyncio.gather(one(), one())] == [200, 200]
    assert len(browser.web.records.accounts.all()) == 1
