"""Writing, signing and finding one's work in a real browser, with script and without."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.web.scene import busy
from tests.web.site import ENGINEER, REQUESTER, SIGNERS, Site
from tests.web.test_pages_in_browser import SCHEMES, SIZES, chromium, served
from web.security import TOO_LARGE


@asynccontextmanager
async def somebody(browser: Browser, address: str, handle: str, script: bool = True) -> AsyncIterator[Page]:
    """The browser of somebody who has said who they are."""
    context = await browser.new_context(java_script_enabled=script)
    page = await context.new_page()
    await page.goto(f"{address}/sign-in?next=/work")
    await page.get_by_label("Who are you?").fill(handle)
    await page.get_by_role("button", name="Sign in locally").click()
    await page.wait_for_url(f"{address}/work")
    yield page
    await context.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what is written to be there."""
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.05)


def summary(web: Site, review: str) -> str:
    newest = web.records.drafts.newest(review)
    return newest.document.summary if newest and newest.document else ""


@pytest.mark.browser
async def test_a_section_saves_itself_and_says_so(web: Site) -> None:
    review = await web.in_draft()
    async with (
        served(web) as address,
        chromium() as browser,
        somebody(browser, address, ENGINEER) as page,
    ):
        await page.goto(f"{address}/reviews/{review}/draft")
        section = page.locator("#summary")
        await section.get_by_role("textbox").press_sequentially("Scores were stale.")
        await expect(section.get_by_role("status")).to_have_text("✓ Saved, revision 1")
        assert summary(web, review) == "Scores were stale."
        await section.get_by_role("textbox").press_sequentially(" Nobody saw it.")
        await expect(section.get_by_role("status")).to_have_text("✓ Saved, revision 2")
        assert summary(web, review) == "Scores were stale. Nobody saw it."


@pytest.mark.browser
async def test_a_factor_is_added_by_keyboard_gets_its_id_and_is_not_missed_any_more(web: Site) -> None:
    review = await web.in_draft()
    async with (
        served(web) as address,
        chromium() as browser,
        somebody(browser, address, ENGINEER) as page,
    ):
        await page.goto(f"{address}/reviews/{review}/draft")
        missing = page.locator("#missing")
        await expect(missing.get_by_text("No contributing factor is given.")).to_be_visible()
        section = page.locator("#causes")
        await section.get_by_role("button", name="Add a factor").press("Enter")
        await section.get_by_label("Explanation").fill("The mix moved.")
        await expect(section.get_by_text("✕ this is needed").first).to_be_visible()
        assert await section.get_by_label("Explanation").input_value() == "The mix moved."
        await section.get_by_label("Cause").select_option("drift")
        await section.get_by_label("How sure").select_option("known")
        await expect(section.get_by_role("group", name="F1")).to_be_visible()
        await expect(section.get_by_role("status")).to_contain_text("✓ Saved")
        await expect(missing.get_by_text("No contributing factor is given.")).to_have_count(0)
        await expect(missing.get_by_text("F1 gives no evidence.")).to_be_visible()
        await section.get_by_role("button", name="Remove F1").click()
        await expect(missing.get_by_text("No contributing factor is given.")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("script", [True, False])
async def test_a_role_takes_the_place_of_a_name_in_one_click(web: Site, script: bool) -> None:
    review = await web.in_draft()
    await web.saved(review, summary=f"{REQUESTER} looked at once.")
    async with (
        served(web) as address,
        chromium() as browser,
        somebody(browser, address, ENGINEER, script) as page,
    ):
        await page.goto(f"{address}/reviews/{review}/draft")
        section = page.locator("#summary")
        await section.get_by_role("button", name="Say “the owner of the review” instead").click()
        await expect(section.get_by_role("textbox")).to_have_value("The owner of the review looked at once.")
        await expect(section.get_by_role("status")).to_have_text("✓ Saved, revision 2")
        await expect(section.get_by_role("button", name="instead")).to_have_count(0)
        assert summary(web, review) == "The owner of the review looked at once."


@pytest.mark.browser
async def test_two_who_write_in_one_section_lose_no_word(web: Site) -> None:
    review = await web.in_draft()
    await web.saved(review, summary="One.\n\nTwo.")
    async with (
        served(web) as address,
        chromium() as browser,
        somebody(browser, address, ENGINEER) as ann,
        somebody(browser, address, REQUESTER) as bo,
    ):
        for page in (ann, bo):
            await page.goto(f"{address}/reviews/{review}/draft")
        field = "#summary textarea"
        await ann.locator(field).fill("One, by Ann.\n\nTwo.")
        await until(lambda: summary(web, review) == "One, by Ann.\n\nTwo.")
        await bo.locator(field).fill("One.\n\nTwo, by Bo.")
        await until(lambda: summary(web, review) == "One, by Ann.\n\nTwo, by Bo.")
        await expect(bo.locator(field)).to_have_value("One, by Ann.\n\nTwo, by Bo.")
        await ann.locator(field).fill("One, by Ann and Cem.\n\nTwo.")
        await expect(ann.locator(field)).to_have_value("One, by Ann and Cem.\n\nTwo, by Bo.")
        await bo.locator(field).fill("One, by Bo alone.\n\nTwo, by Bo.")
        conflict = bo.locator("#summary .conflicts")
        await expect(conflict).to_contain_text("One, by Bo alone.")
        await expect(conflict).to_contain_text("One, by Ann and Cem.")
        await expect(bo.locator(field)).to_have_value("One, by Ann and Cem.\nOne, by Bo alone.\n\nTwo, by Bo.")
        await bo.locator(field).fill("One, by all.\n\nTwo, by Bo.")
        await until(lambda: summary(web, review) == "One, by all.\n\nTwo, by Bo.")
        await expect(conflict).to_have_count(0)


@pytest.mark.browser
async def test_what_is_typed_stays_while_nobody_answers(web: Site) -> None:
    review = await web.in_draft()
    async with served(web) as address, chromium() as browser, somebody(browser, address, ENGINEER) as page:
        await page.goto(f"{address}/reviews/{review}/draft")
        await page.context.set_offline(True)
        await page.locator("#summary textarea").fill("Written on a train.")
        await expect(page.locator("#summary").get_by_role("status")).to_contain_text("What you typed is still here")
        await page.context.set_offline(False)
        await until(lambda: summary(web, review) == "Written on a train.")


@pytest.mark.browser
async def test_a_draft_is_written_and_submitted_without_script(web: Site) -> None:
    review = await web.in_draft()
    async with (
        served(web) as address,
        chromium() as browser,
        somebody(browser, address, ENGINEER, script=False) as page,
    ):
        await page.goto(f"{address}/reviews/{review}/draft")
        await page.locator("#summary textarea").fill("Scores were stale.")
        await page.locator("#summary").get_by_role("button", name="Save").click()
        assert page.url.endswith("?saved=summary#summary")
        await expect(page.get_by_text("✓ Saved, revision 1")).to_be_visible()
        await page.get_by_role("button", name="Add a factor").click()
        await page.locator("#causes").get_by_label("Explanation").fill("The mix moved.")
        await page.locator("#causes").get_by_role("button", name="Save").click()
        await expect(page.locator("#causes")).to_contain_text("✕ this is needed")
        assert page.url.endswith("#causes"), "what is wrong is in sight"
        assert await page.locator("#causes").get_by_label("Explanation").input_value() == "The mix moved."
        await web.saved(review)
        await page.goto(f"{address}/reviews/{review}/draft")
        await page.get_by_role("button", name="Submit revision 2").click()
        await page.wait_for_url(f"{address}/reviews/{review}#sign-off")


PASTE = """(area, [kind, name, type, size]) => {
  const data = new DataTransfer();
  data.items.add(new File([size ? "x".repeat(size) : "\\x89PNG"], name, { type }));
  const told = kind === "paste" ? { clipboardData: data } : { dataTransfer: data };
  const event = kind === "paste" ? new ClipboardEvent(kind, { ...told, bubbles: true, cancelable: true })
    : new DragEvent(kind, { ...told, bubbles: true, cancelable: true });
  area.dispatchEvent(event);
}"""
"""Pastes or drops a file, as the browser tells the page of it."""


@pytest.mark.browser
async def test_a_picture_is_pasted_or_dropped_into_a_text_and_what_is_not_kept_is_said(web: Site) -> None:
    review = await web.in_draft()
    async with served(web) as address, chromium() as browser, somebody(browser, address, ENGINEER) as page:
        await page.goto(f"{address}/reviews/{review}/draft")
        area, told = page.locator("#summary textarea"), page.locator("#summary").get_by_role("alert")
        await area.fill("See: ")
        await area.evaluate(PASTE, ["drop", "run.exe", "application/octet-stream"])
        await expect(told).to_contain_text("✕ Not kept. run.exe: .exe is no kind of file that is kept")
        await area.evaluate(PASTE, ["drop", "large.txt", "text/plain", 15_000_000])
        await expect(told).to_contain_text(f"✕ Not kept. {TOO_LARGE}")
        await area.evaluate(PASTE, ["paste", "paste.png", "image/png"])
        await until(lambda: summary(web, review).count("](/reviews/") == 1)
        await expect(told).to_have_count(0)
        await area.evaluate(PASTE, ["drop", "drop.png", "image/png"])
        await until(lambda: summary(web, review).count("](/reviews/") == 2)
        (kept,) = web.records.attachments.of(review)  # the same bytes are the same file
        line = f"![paste.png](/reviews/{review}/attachments/{kept.digest})"
        assert summary(web, review) == f"See: {line}{line}"
        await expect(page.locator("#files").get_by_role("link", name="paste.png")).to_be_visible()


@pytest.mark.browser
async def test_a_signer_goes_from_their_work_to_the_signature(web: Site) -> None:
    review, _ = await web.in_sign_off()
    async with (
        served(web) as address,
        chromium() as browser,
        somebody(browser, address, SIGNERS["ml"], script=False) as page,
    ):
        await page.get_by_role("link", name="Read revision 1, and sign it for team ml").click()
        assert page.url == f"{address}/reviews/{review}#sign-off"
        await page.get_by_role("button", name="Sign revision 1 for ml").click()
        await expect(page.locator("#sign-off")).to_contain_text("ml-reviewer@example.org")
        await (
            page.get_by_text("Why you do not sign for the others")
            .or_(page.get_by_text("Why you do not sign for anybody"))
            .click()
        )
        await expect(page.get_by_text("nobody signs for two teams").first).to_be_visible()


@pytest.mark.browser
async def test_every_new_page_fits_in_light_and_dark(web: Site, tmp_path: Path) -> None:
    await busy(web)
    paths = ("/work", "/teams/infrastructure", "/near-misses/new", "/reviews/new", "/reviews/grafana:G-123/draft")
    async with served(web) as address, chromium() as browser, somebody(browser, address, REQUESTER) as page:
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            for width, height in SIZES.values():
                await page.set_viewport_size({"width": width, "height": height})
                for path in paths:
                    await page.goto(f"{address}{path}")
                    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
                    assert await page.locator("h1").is_visible()
        assert all(url.startswith(f"{address}/") for url in asked)
        assert said == []
