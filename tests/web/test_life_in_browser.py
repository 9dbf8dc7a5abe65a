"""A review's way from its draft into remediation, by people in browsers of their own who sign in at a provider.

Under the policy that Holdfast ships with: once over the engine of these tests, and once over a real Temporal server.
"""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Locator, Page, expect
from temporalio.client import Client

from building.parts import Parts
from domain.model.taxonomy import Severity, Stage
from domain.model.tracker_routing import Routing
from runtime.settings import SignInSettings
from tests.domain.build import DEFAULT
from tests.web.site import CATALOGUE
from tests.web.test_pages_in_browser import chromium
from tests.web.test_sign_in import Browser, visiting
from tests.web.test_writing_in_browser import until
from worker import build_worker
from workflows import contract
from workflows.door import Door

MEANS = SignInSettings(
    roles={"contributor": ["engineers"], "signer": ["reviewers"]},
    teams={"ml": ["ml"], "infrastructure": ["sre"], "product": ["product"]},
)
ML_ENGINEER = ("mia@example.org", ["engineers", "ml"])
ML_REVIEWER = ("max@example.org", ["reviewers", "ml"])
SRE = ("sam@example.org", ["reviewers", "sre"])
PRODUCT_MANAGER = ("pam@example.org", ["reviewers", "product"])

TITLE = "Precision fell to 0.61 after the merchant mix shifted"
WHY = "Say how many customers that were."

_CLOCKS = DEFAULT.clocks.model_dump(mode="json") | {"quiet": {severity.value: "1 s" for severity in Severity}}
AT_ONCE = DEFAULT.model_validate(DEFAULT.model_dump() | {"clocks": _CLOCKS})
"""The policy that Holdfast ships with, with a quiet window that nobody has to wait for."""


@asynccontextmanager
async def in_temporal(site: Browser, client: Client, id: str) -> AsyncIterator[str]:
    """A review in its draft, of which a workflow and a worker take care from its first incident on."""
    web, queue = site.web, f"life-{id}"
    trackers = {"builtin": web.records.builtin}
    address_of = f"{site.address}/reviews/{{}}".format
    settle = timedelta(milliseconds=300)
    parts = Parts(web.records, AT_ONCE, CATALOGUE, trackers, Routing(), address_of, settle=settle)
    web.deps.door = Door(client, lambda: web.engine.epoch, queue)
    async with build_worker(client, parts, queue):
        review = await web.incident_closes(id, title=TITLE)

        def is_in_draft() -> bool:
            found = web.records.reviews.find(review)
            return found is not None and found.stage is Stage.DRAFT

        await until(is_in_draft)
        yield review
        await client.get_workflow_handle(contract.workflow_id(review)).terminate()


@asynccontextmanager
async def in_process(site: Browser, id: str) -> AsyncIterator[str]:
    """A review in its draft, over the engine of these tests."""
    yield await site.web.in_draft(id, title=TITLE)


@asynccontextmanager
async def person(site: Browser, chromium: Chromium, who: tuple[str, list[str]]) -> AsyncIterator[Page]:
    """Somebody's own browser, in which they have come to the board by signing in."""
    email, groups = who
    context = await chromium.new_context()
    page = await context.new_page()
    await page.goto(site.address)
    site.provider.person = {"sub": email, "email": email, "email_verified": True, "groups": groups}
    await page.get_by_role("link", name="Sign in with").click()
    await expect(page.get_by_role("link", name=email)).to_be_visible()
    await expect(page.get_by_role("heading", name="Reviews")).to_be_visible()
    yield page
    await context.close()


def part(page: Page, title: str) -> Locator:
    """A section of the draft."""
    return page.get_by_role("region", name=title, exact=True)


async def fill(section: Locator, **texts: str) -> None:
    """Fill fields of a section, by their labels, and see them saved."""
    for label, text in texts.items():
        await section.get_by_label(label.replace("_", " ")).fill(text)
    await saved(section)


async def saved(section: Locator) -> None:
    await expect(section.get_by_role("status")).to_contain_text("✓ Saved")


async def add(section: Locator, what: str) -> Locator:
    """Add a row to a section by its button; the row."""
    await section.get_by_role("button", name=f"Add {what}").click()
    return section.locator("fieldset.entry").last


async def write(page: Page) -> None:
    """Write all that is missing into the sections of a draft."""
    await fill(part(page, "What happened"), What_happened="A campaign changed the mix of merchants within two hours.")
    await fill(part(page, "Impact"), The_business="Good payments were blocked for six hours.")
    detection = part(page, "Detection")
    await detection.get_by_label("What noticed it").select_option("customer")
    await saved(detection)
    safeguards = part(page, "Safeguards")
    fallback = await add(safeguards, "a safeguard")
    await fallback.get_by_label("Safeguard").select_option("fallback")
    await fallback.get_by_label("What came of it").select_option("did not trigger")
    await saved(safeguards)

    causes = part(page, "Why")
    factor = await add(causes, "a factor")
    await factor.get_by_label("Cause").select_option("drift")
    await factor.get_by_label("How sure").select_option("known")
    await factor.get_by_label("Led to").select_option("what happened")
    await factor.get_by_label("Explanation").fill("The mix of merchants left the range of the training data.")
    await factor.get_by_label("Evidence").fill("Share of the category by hour, from the feature store.")
    for dimension in ("Model", "System", "Evaluation", "Governance"):
        await causes.get_by_label(f"{dimension}: if there is no factor").fill("Looked at, and nothing was found.")
    await saved(causes)
    extent = part(page, "Looked for elsewhere")
    place = await add(extent, "a place")
    await place.get_by_label("Model or pipeline").fill("credit-scorer")
    await place.get_by_label("What was found").select_option("not there")
    await place.get_by_label("How it was looked for").fill("It reads no merchant category.")
    await saved(extent)

    items = part(page, "What will be done")
    item = await add(items, "an item")
    await item.get_by_label("Title").fill("Alert on a shift of the merchant mix")
    await item.get_by_label("Class").select_option("prevent")
    await item.get_by_label("Strength").select_option("intermediate")
    await item.get_by_label("Outcome").select_option("monitoring or alerts")
    await item.get_by_label("Team").fill("infrastructure")
    await item.get_by_role("checkbox", name="F1").check()
    await saved(items)

    for question in DEFAULT.questions:
        if not question.is_special:
            await fill(part(page, question.prompt), Answer="It is answered like this.")


async def sign(page: Page, address: str, button: str) -> Locator:
    """Go to the review from one's work, and press a button there; the signatures as they are then."""
    await page.goto(address)
    await page.get_by_role("link", name="My work").click()
    await page.get_by_role("link", name="and sign it for team").click()
    signatures = page.locator("#sign-off")
    await signatures.get_by_role("button", name=button, exact=True).click()
    return signatures


def line(signatures: Locator, team: str) -> Locator:
    """A team's line among the signatures."""
    return signatures.get_by_role("listitem").filter(has_text=team).first


@pytest.mark.browser
@pytest.mark.parametrize("engine", ["in process", "temporal"])
async def test_a_review_comes_from_its_draft_into_remediation(tmp_path: Path, client: Client, engine: str) -> None:
    id = f"Q{uuid.uuid4().hex[:8]}"
    async with visiting(tmp_path, MEANS, policy=AT_ONCE) as site, chromium() as browser:
        async with (
            in_temporal(site, client, id) if engine == "temporal" else in_process(site, id) as review,
            person(site, browser, ML_ENGINEER) as engineer,
            person(site, browser, ML_REVIEWER) as reviewer,
            person(site, browser, SRE) as sre,
            person(site, browser, PRODUCT_MANAGER) as manager,
        ):
            # what is known is there before anybody writes
            await engineer.get_by_role("link", name=TITLE).last.click()
            await engineer.get_by_role("link", name="Write the draft").click()
            known = part(engineer, "What was known").get_by_role("textbox")
            await expect(known).to_have_value(f"- {review}: {TITLE} (https://example.pagerduty.com/incidents/{id})")
            moments = part(engineer, "Timeline").get_by_label("What was seen or done")
            await expect(moments).to_have_count(2)
            assert [await moment.input_value() for moment in await moments.all()] == ["It began.", "It was over."]
            await expect(part(engineer, "Models and data").get_by_label("Model")).to_have_value("fraud-scorer")

            # all that is missing is written, until nothing is
            missing = engineer.get_by_role("complementary", name="What is still missing")
            await expect(missing.get_by_role("heading", name="things are missing")).to_be_visible()
            await write(engineer)
            await expect(missing.get_by_role("heading", name="Nothing is missing")).to_be_visible()
            await missing.get_by_role("button", name="Submit revision").click()
            await engineer.wait_for_url("**#sign-off")
            await expect(engineer.get_by_text("Why you do not sign for anybody")).to_be_visible()
            submitted = site.web.records.reviews.find(review)
            assert submitted is not None
            assert submitted.submission is not None
            first = submitted.submission.revision

            # two teams sign, the third wants another text
            for page, team in ((sre, "infrastructure"), (reviewer, "ml")):
                signatures = await sign(page, site.address, f"Sign revision {first} for {team}")
                await expect(line(signatures, team)).to_contain_text("signed")
            await manager.goto(site.address)
            await manager.get_by_role("link", name=TITLE).last.click()
            await manager.get_by_text("Ask for changes").first.click()
            await manager.get_by_label("Impact").check()
            await manager.get_by_label("What should be said otherwise?").fill(WHY)
            await manager.get_by_role("button", name="Ask for changes").click()
            await expect(manager.get_by_text(f"Team product asks for changes in impact: {WHY}").first).to_be_visible()

            # it is written, and exactly those sign again whose sections have changed
            await engineer.goto(f"{site.address}/reviews/{review}")
            await expect(engineer.get_by_text(WHY).first).to_be_visible()
            await engineer.get_by_role("link", name="Write the draft").click()
            await fill(part(engineer, "Impact"), People="Some 1 400 customers.")
            await engineer.get_by_role("button", name="Submit revision").click()
            await engineer.wait_for_url("**#sign-off")
            signatures = engineer.locator("#sign-off")
            await expect(line(signatures, "ml")).to_contain_text("signed")
            await expect(line(signatures, "ml")).not_to_contain_text("again")
            await expect(line(signatures, "infrastructure")).to_contain_text("to sign again")
            await expect(line(signatures, "product")).to_contain_text("not signed")
            await expect(engineer.get_by_text("What infrastructure signed has changed")).to_be_visible()

            # from the difference, in one action
            await sre.goto(site.address)
            await sre.get_by_role("link", name="My work").click()
            await sre.get_by_role("link", name=f"Sign revision {first + 1} again for team infrastructure").click()
            changed = sre.locator("#sign-off").get_by_role("group").filter(has_text="What changed for infrastructure")
            await expect(changed.get_by_role("heading")).to_have_text(["Impact"])
            await expect(changed.get_by_role("insertion")).to_contain_text("Some 1 400 customers.")
            await expect(changed.get_by_role("deletion")).to_have_count(0)
            again = f"Sign revision {first + 1} for"
            await sre.get_by_role("button", name=f"{again} infrastructure").click()
            await expect(line(sre.locator("#sign-off"), "infrastructure")).not_to_contain_text("again")
            await expect(sre.get_by_role("heading", name=f"Signatures of revision {first + 1}")).to_be_visible()
            await sign(manager, site.address, f"{again} product")

            # prevention begins
            steps = manager.get_by_role("listitem").filter(has_text="Remediation")
            await expect(steps).to_have_attribute("aria-current", "step")
            await expect(manager.get_by_role("heading", name="Cannot close yet")).to_be_visible()
            async with asyncio.timeout(30):  # until its issue is opened
                while not await manager.get_by_text(re.compile(r"I1 \(HF-\d\) is open\.")).count():
                    await manager.reload()
            await engineer.goto(site.address)
            await expect(engineer.get_by_role("row", name="Remediation 1 review")).to_be_visible()
            await manager.locator("#item-I1").get_by_role("link", name="HF-").click()
            await expect(manager.get_by_role("heading", name="Alert on a shift of the merchant mix")).to_be_visible()
        assert site.provider.refused == []
