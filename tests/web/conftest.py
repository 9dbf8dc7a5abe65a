"""A site for every test that asks for one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.web.site import Site, site


@pytest_asyncio.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    """A site over a database of its own."""
    async with site(tmp_path) as found:
        yield found
