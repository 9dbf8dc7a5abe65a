"""Every page under axe, light and dark, wide and narrow: with something on it, and where something went wrong, too."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page as Shown
from playwright.async_api import expect

from tests.web.looks import PAGES, STORY, WRITTEN, Scene, scene
from tests.web.test_pages_in_browser import SIZES, chromium

AXE = Path(__file__).parents[2] / ".venv/npm/node_modules/axe-core/axe.min.js"

FOUND = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.flatMap(
  rule => rule.nodes.map(node => `${rule.impact} ${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`))"""


async def conflict(site: Scene, page: Shown) -> int:
    """Somebody else saved the same section meanwhile."""
    await page.goto(f"{site.address}{WRITTEN}")
    review = WRITTEN.split("/")[2]
    newest = site.people.web.records.drafts.newest(review)
    assert newest is not None
    assert newest.document is not None
    await site.people.web.saved(review, **newest.document.model_dump(mode="json") | {"summary": "By somebody else."})
    return await sent(page, "#summary textarea")


async def sent(page: Shown, field: str) -> int:
    """Send the form of a field without what the page or the browser would do before."""
    async with page.expect_navigation() as navigation:
        await page.locator(field).first.evaluate("(field) => { field.value = 'By me.'; field.form.submit(); }")
    answer = await navigation.value
    return answer.status if answer else 0


async def mistake(site: Scene, page: Shown) -> int:
    """A section is saved with what is no moment."""
    await page.goto(f"{site.address}{WRITTEN}")
    await page.get_by_role("button", name="Add a moment").click()
    return await sent(page, "#timeline input[name$=at]")


async def blame(site: Scene, page: Shown) -> int:
    """A section finds fault with somebody."""
    await page.goto(f"{site.address}{WRITTEN}")
    await page.locator("#summary textarea").fill("An engineer carelessly forgot to look. It was human error.")
    await expect(page.locator("#summary .remark").first).to_be_visible()
    return 200


async def rows(site: Scene, page: Shown) -> int:
    """A row of every sort is being written."""
    await page.goto(f"{site.address}{WRITTEN}")
    for button in await page.locator("button[value^='add:']").all():
        await button.click()
    return 200


async def incomplete(site: Scene, page: Shown) -> int:
    """A draft is submitted that is not complete."""
    await page.goto(f"{site.address}{WRITTEN}")
    async with page.expect_navigation() as navigation:
        await page.get_by_role("button", name="Submit revision").click()
    answer = await navigation.value
    return answer.status if answer else 0


async def refused(site: Scene, page: Shown) -> int:
    """A command is refused."""
    await page.goto(f"{site.address}{STORY}")
    return await sent(page, "form:has([value=assign_owner]) [name=type]")


async def unfinished(site: Scene, page: Shown) -> int:
    """A near miss is reported with hardly anything in it."""
    await page.goto(f"{site.address}/near-misses/new")
    return await sent(page, "main input[name=title]")


async def token(site: Scene, page: Shown) -> int:
    """A token was just made."""
    await page.goto(f"{site.address}/account")
    await page.get_by_label("What is it for?").fill("my laptop")
    await page.get_by_role("button", name="Make a token").click()
    await expect(page.get_by_text("Copy it now")).to_be_visible()
    return 200


async def stranger(site: Scene, page: Shown) -> int:
    """Somebody comes back from a sign-in that was not begun here."""
    answer = await page.goto(f"{site.address}/sign-in/callback")
    return answer.status if answer else 0


async def lost(site: Scene, page: Shown) -> int:
    """There is no such page."""
    answer = await page.goto(f"{site.address}/reviews/nothing")
    return answer.status if answer else 0


MOMENTS: dict[Callable[[Scene, Shown], Awaitable[int]], int] = {
    lost: 404,
    stranger: 400,
    token: 200,
    unfinished: 422,
    refused: 422,
    incomplete: 409,
    rows: 200,
    mistake: 422,
    blame: 200,
    conflict: 409,
}
"""What a page shows only when something was done, with the status of its answer."""


TWICE = """() => [...document.querySelectorAll("[id]")].map(part => part.id)
  .filter((id, place, all) => all.indexOf(id) !== place)"""


async def looked_at(page: Shown) -> list[str]:
    """What axe finds on a page with everything unfolded, whether it fits, and anchors that are there twice."""
    await page.evaluate("document.querySelectorAll('details').forEach(folded => { folded.open = true; })")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = await page.evaluate(FOUND)
    if not await page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        found.append("it is wider than its window")
    found += [f"there are several parts with the id {id}" for id in await page.evaluate(TWICE)]
    return found


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "size"), [("light", "wide"), ("dark", "wide"), ("dark", "phone")])
async def test_axe_finds_nothing_on_any_page(tmp_path: Path, scheme: Literal["light", "dark"], size: str) -> None:
    found: list[str] = []
    viewport: Any = dict(zip(("width", "height"), SIZES[size], strict=True))
    async with scene(tmp_path) as site, chromium() as browser:
        for page in PAGES:
            visit = await site.visit(browser, page.by, color_scheme=scheme, viewport=viewport)
            shown = await visit.new_page()
            answer = await shown.goto(f"{site.address}{page.path}")
            assert answer is not None
            assert answer.status == 200, page.name
            found += [f"{page.name}: {finding}" for finding in await looked_at(shown)]
            await visit.close()
        for moment, status in MOMENTS.items():
            visit = await site.visit(browser, color_scheme=scheme, viewport=viewport)
            shown = await visit.new_page()
            assert await moment(site, shown) == status, moment.__name__
            found += [f"{moment.__name__}: {finding}" for finding in await looked_at(shown)]
            await visit.close()
    assert not found, "\n".join(found)
