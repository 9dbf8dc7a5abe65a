"""Every page that there is, once: what is looked at by axe, and what the pictures of docs/pages.md are taken of.

A new page of the web app is a line in `PAGES`; a test fails where a route is missing here.
"""

import json
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext

from domain.model.taxonomy import Role
from domain.trackers.ports import IssueSeen, ProjectSeen
from tests.web.engine import Engine
from tests.web.people import People, peopled
from tests.web.scene import busy
from tests.web.site import REQUESTER, SIGNERS, Site
from tests.web.test_pages_in_browser import served

STORY, WRITTEN = "/reviews/grafana:G-117", "/reviews/grafana:G-123/draft"
"""The review with the most to tell, and a draft that somebody has begun."""


@dataclass(frozen=True)
class Page:
    """A page: the name of its picture, its route as `route_permissions` spells it, and a sentence about it."""

    name: str
    route: str
    path: str
    says: str
    narrow: bool = False
    by: str | None = REQUESTER


PAGES = (
    Page(
        "board",
        "/",
        "/",
        "Every review by its stage: what waits for somebody first, then clocks, prevention, and what is in the way.",
        narrow=True,
    ),
    Page(
        "stage",
        "/stages/{stage}",
        "/stages/draft",
        "All reviews of one stage, the most pressing first; what has ended or was not reviewed is listed so, too.",
    ),
    Page(
        "review",
        "/reviews/{review_id}",
        STORY,
        "One review: why it cannot close and who can clear that, before all that led there.",
        narrow=True,
    ),
    Page(
        "sign-off",
        "/reviews/{review_id}",
        "/reviews/grafana:G-120",
        "Each team signs the text as it stands, or asks for changes; who signs again reads what changed since.",
        by=SIGNERS["infrastructure"],
    ),
    Page(
        "draft",
        "/reviews/{review_id}/draft",
        WRITTEN,
        "A draft is written by sections, each saved on its own; what is still missing stands beside it.",
        narrow=True,
    ),
    Page("search", "/search", "/search?q=merchant", "Every review and draft is searched; a hit leads to its place."),
    Page(
        "work", "/work", "/work", "What is asked of whoever is signed in, late things first, each with a way to do it."
    ),
    Page(
        "team",
        "/teams/{team}",
        "/teams/infrastructure",
        "What is asked of a team: its signatures, and its open items.",
    ),
    Page(
        "near-miss",
        "/near-misses/new",
        "/near-misses/new",
        "A near miss is reported in a minute, and gets a short review.",
    ),
    Page(
        "open-review",
        "/reviews/new",
        "/reviews/new",
        "A review is opened by hand for an incident that no source reported.",
    ),
    Page("issues", "/issues", "/issues", "The issues of the built-in tracker, for those who have no other."),
    Page("issue", "/issues/{key}", "/issues/HF-6", "An issue: what is to be done, and the review that waits for it."),
    Page("trackers", "/trackers", "/trackers", "Every tracker project that is watched, and how well it is known."),
    Page("api", "/api", "/api", "The JSON API: what it takes, and what it answers."),
    Page("account", "/account", "/account", "Who one is here, and API tokens for the command line and for programs."),
    Page("sign-in", "/sign-in", "/sign-in", "People sign in at the company’s identity provider.", by=None),
)

WITHOUT_A_PAGE = ("/healthz", "/readyz", "/sign-in/begin", "/sign-in/callback", "/reviews/{review_id}/attachments/")
"""What these begin with answers a program, leads on, or hands out a file; so does all below `/api/`."""


class InTheirName(httpx.Auth):
    """Sends what a scene says from the session of whoever it names. Deliveries bring a secret of their own."""

    requires_request_body = True

    def __init__(self, people: People) -> None:
        self._people = people

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign in as whom the body names."""
        if not request.url.path.startswith("/webhooks/"):
            body: dict[str, Any] = json.loads(request.content or b"{}")
            request.headers.update(self._people.session(body.get("by") or REQUESTER, *Role, teams=tuple(SIGNERS)))
        yield request


def looked_at_trackers(web: Site) -> None:
    """Keep what a look at the built-in tracker sees now, as its schedule would."""
    now, seen = web.engine.now, web.records.seen
    refs = [watched.ref for watched in web.records.reviews.watched_issues()]
    found = zip(refs, web.records.builtin.read(refs), strict=True)
    seen.see([IssueSeen(tracker="builtin", id=ref.id, status=issue.status, seen_at=now) for ref, issue in found])
    for watching in web.records.reviews.watched_projects():
        swept = now - timedelta(hours=6)
        seen.keep(ProjectSeen(tracker=watching.tracker, project=watching.project, looked_at=now, swept_at=swept))


@dataclass
class Scene:
    """A site on which something is in every stage, at an address."""

    people: People
    address: str

    async def visit(self, browser: Browser, by: str | None = REQUESTER, **context: Any) -> BrowserContext:
        """A browser of its own: of somebody whose handle begins with their team, or of nobody who is signed in."""
        found = await browser.new_context(**context)
        if by is not None:
            roles = (Role.READER, Role.CONTRIBUTOR, Role.SIGNER, Role.APPROVER)
            cookie = self.people.session(by, *roles, teams=(by.partition("-")[0],))["Cookie"]
            name, _, value = cookie.partition("=")
            await found.add_cookies([{"name": name, "value": value, "url": self.address}])
        return found


@asynccontextmanager
async def scene(directory: Path, engine_type: type[Engine] = Engine) -> AsyncIterator[Scene]:
    """The site of `tests.web.scene`, where people sign in."""
    async with peopled(directory, engine_type=engine_type) as people:
        people.web.http.auth = InTheirName(people)
        await busy(people.web)
        looked_at_trackers(people.web)
        async with served(people.web) as address:
            yield Scene(people, address)
