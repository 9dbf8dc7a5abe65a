"""Takes the pictures of docs/pages.md anew: `make screenshots`. Every page of `tests.web.looks`, light and dark.

Dates are fixed, so that a picture changes where its page did. What is random is not: the digests of a review's record.
"""

import asyncio
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine
from PIL import Image
from playwright.async_api import Page as Shown

from tests.web.engine import Engine
from tests.web.looks import PAGES, Page, scene
from tests.web.test_pages_in_browser import SCHEMES, chromium

DOCS = Path(__file__).parents[1] / "docs"
PICTURES, TEXT = DOCS / "screenshots", DOCS / "pages.md"
TODAY = datetime(2026, 3, 5, 10, tzinfo=UTC)
WIDE, NARROW = 1280, 390
LONGEST = 1800
"""Pixels: a picture ends there, however long its page is."""


class Fixed(Engine):
    """An engine whose clock is the whole process's, so that what the records note agrees with it."""

    _moved = timedelta()
    _traveller: time_machine.Traveller | None = None

    @property
    def clock(self) -> timedelta:
        """How far from `TODAY` it is."""
        return self._moved

    @clock.setter
    def clock(self, moved: timedelta) -> None:
        self._moved = moved
        if self._traveller:
            self._traveller.move_to(TODAY + moved, tick=False)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @classmethod
    @contextmanager
    def today(cls) -> Iterator[None]:
        """It is `TODAY`, and stays it until a clock is moved."""
        with time_machine.travel(TODAY, tick=False) as cls._traveller:
            yield


def widths(page: Page) -> tuple[int, ...]:
    """How wide its pictures are, in pixels."""
    return (WIDE, NARROW) if page.narrow else (WIDE,)


def file_of(page: Page, width: int, scheme: str) -> str:
    """The name of a picture's file."""
    return f"{page.name}-{scheme}{'-narrow' if width == NARROW else ''}.webp"


def text() -> str:
    """What docs/pages.md says."""
    parts = [
        "# The pages\n",
        "What people see, on made-up incidents. `make screenshots` takes these pictures anew, and writes this page.\n",
    ]
    for page in PAGES:
        parts += [f"## {page.name.replace('-', ' ').capitalize()}\n", f"`{page.route}`: {page.says}\n"]
        parts += [_picture(page, width) for width in widths(page)]
    return "\n".join(parts)


def _picture(page: Page, width: int) -> str:
    light, dark = (f"screenshots/{file_of(page, width, scheme)}" for scheme in ("light", "dark"))
    shown = f'<img src="{light}" width="{width if width == NARROW else 900}" alt="{page.says}">'
    return f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">{shown}</picture>\n'


async def take(shown: Shown, width: int) -> bytes:
    """A picture of a page, from its top."""
    height = await shown.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
    clip: Any = {"x": 0, "y": 0, "width": width, "height": min(height, LONGEST)}
    taken = Image.open(io.BytesIO(await shown.screenshot(full_page=True, clip=clip))).convert("RGB")
    small = io.BytesIO()
    taken.save(small, "WEBP", lossless=True)
    return small.getvalue()


async def main() -> None:
    """Take all pictures."""
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.glob("*.webp"):
        old.unlink()
    with tempfile.TemporaryDirectory() as directory, Fixed.today():
        async with scene(Path(directory), Fixed) as site, chromium() as browser:
            for scheme in SCHEMES:
                for page in PAGES:
                    for width in widths(page):
                        size: Any = {"width": width, "height": LONGEST}
                        visit = await site.visit(browser, page.by, color_scheme=scheme, viewport=size)
                        shown = await visit.new_page()
                        await shown.goto(f"{site.address}{page.path}")
                        (PICTURES / file_of(page, width, scheme)).write_bytes(await take(shown, width))
                        await visit.close()
    TEXT.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
