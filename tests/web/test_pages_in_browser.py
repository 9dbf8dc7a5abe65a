"""The pages in a real browser: light and dark, wide and phone, with nothing but our own server to speak to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
import uvicorn
from playwright.async_api import Browser, ConsoleMessage, Request, async_playwright

from tests.web.scene import busy
from tests.web.site import Site
from tests.web.test_sign_in import visiting

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@asynccontextmanager
async def served(web: Site) -> AsyncIterator[str]:
    """The site on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(web.app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's browser, without anything that phones home."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@pytest.mark.browser
async def test_pages_fit_in_light_and_dark_and_speak_to_nobody_else(web: Site) -> None:
    story = await busy(web)
    await web.incident_closes("LONG", title="An_identifier_without_any_break" * 10, service="PF9KMXH")
    paths = (
        "/",
        f"/reviews/{story}",
        "/reviews/pagerduty:LONG",
        "/issues/HF-9",
        "/search?q=merchant+precision+identifier",
        "/api",
        "/reviews/nothing",
        "/sign-in",
    )
    async with served(web) as address, chromium() as browser:
        asked: list[Request] = []
        said: list[ConsoleMessage] = []
        grounds = set()
        for scheme in SCHEMES:
            for width, height in SIZES.values():
                context = await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
                page = await context.new_page()
                page.on("request", lambda request: asked.append(request))
                page.on("console", lambda message: said.append(message))
                for path in paths:
                    await page.goto(f"{address}{path}")
                    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
                    assert await page.locator("h1").is_visible()
                    assert await page.evaluate("document.styleSheets.length") == 1
                    grounds.add((scheme, await page.evaluate("getComputedStyle(document.body).backgroundColor")))
                await context.close()
        assert all(request.url.startswith(f"{address}/") for request in asked)
        assert [message.text for message in said if "404" not in message.text] == []
        assert len(grounds) == len(SCHEMES)


@pytest.mark.browser
async def test_pages_are_whole_without_script(web: Site) -> None:
    story = await busy(web)
    async with served(web) as address, chromium() as browser:
        context = await browser.new_context(java_script_enabled=False)
        page = await context.new_page()
        await page.goto(address)
        await page.get_by_role("link", name="2 not reviewed").click()
        assert await page.get_by_text("severity: SEV4 is not reviewed").is_visible()
        await page.get_by_role("link", name="Reviews", exact=True).first.click()
        await page.get_by_role("link", name="Precision fell to 0.61").last.click()
        assert page.url == f"{address}/reviews/{story}"
        assert await page.get_by_role("heading", name="Cannot close yet: 1 thing").is_visible()
        await page.get_by_role("link", name="HF-6").click()
        assert await page.get_by_role("heading", name="Alert on a shift of the merchant mix").is_visible()


@pytest.mark.browser
async def test_a_search_is_done_by_keyboard_and_leads_to_the_section_without_script(web: Site) -> None:
    story = await busy(web)
    async with served(web) as address, chromium() as browser:
        context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
        page = await context.new_page()
        await page.goto(address)
        await page.get_by_label("Search reviews and drafts").fill("precision drift")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{address}/search?q=precision+drift")
        await page.get_by_label("Stage").select_option("Remediation")
        await page.get_by_label("Words that a review has").press("Enter")
        await page.wait_for_url("**stage=remediation**")
        assert await page.get_by_role("heading", name="1 review").is_visible()
        assert await page.locator("mark", has_text="drift").first.is_visible()
        await page.get_by_role("link", name="Why", exact=True).click()
        assert page.url == f"{address}/reviews/{story}#causes"


@pytest.mark.browser
async def test_why_a_review_cannot_close_is_seen_first_on_a_phone(web: Site) -> None:
    story = await busy(web)
    async with served(web) as address, chromium() as browser:
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        await page.goto(f"{address}/reviews/{story}")
        verdict = await page.get_by_role("heading", name="Cannot close yet").bounding_box()
        assert verdict is not None
        assert verdict["y"] < 844


@pytest.mark.browser
async def test_a_person_signs_in_makes_a_token_and_signs_out_in_a_browser(tmp_path: Path) -> None:
    async with visiting(tmp_path) as visited, chromium() as browser:
        context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
        page = await context.new_page()
        await page.goto(f"{visited.address}/trackers")
        await page.get_by_role("link", name="Sign in with 127.0.0.1").click()
        assert page.url == f"{visited.address}/trackers"
        await page.get_by_role("link", name="Ann@example.org").click()
        await page.get_by_label("What is it for?").fill("my laptop")
        await page.get_by_label("write").check()
        await page.get_by_role("button", name="Make a token").click()
        assert await page.get_by_text("Copy it now").is_visible()
        await page.get_by_role("button", name="Revoke").click()
        assert await page.get_by_role("button", name="Revoke").count() == 0
        await page.get_by_role("button", name="Sign out").click()
        assert page.url == f"{visited.address}/sign-in"
        await page.goto(f"{visited.address}/account")
        assert page.url == f"{visited.address}/sign-in?next=/account"


@pytest.mark.browser
async def test_who_sits_at_the_machine_signs_in_locally_in_a_browser(web: Site) -> None:
    async with served(web) as address, chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"{address}/sign-in?next=/issues")
        await page.get_by_label("Who are you?").fill("ml-lead@example.org")
        await page.get_by_role("button", name="Sign in locally").click()
        assert page.url == f"{address}/issues"
        assert await page.get_by_text("local, nothing proved").is_visible()
