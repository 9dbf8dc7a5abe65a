"""What is persisted or public changes by decision only: a change shows in the difference of `pinned.txt`."""

from pathlib import Path

from tests.pinned import FILE, lines
from tests.web.site import site


async def test_what_is_persisted_or_public_is_what_is_pinned(tmp_path: Path) -> None:
    async with site(tmp_path) as web:
        pinned, found = FILE.read_text(encoding="utf-8").splitlines(), lines(web.app)
    assert [line for line in pinned if line not in found] == [], "gone, or changed"
    assert [line for line in found if line not in pinned] == [], "if this is meant: python -m tests.pinned"
