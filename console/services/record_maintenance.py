"""The work behind `records`, `audit` and `recover`: on the records themselves, without the web app."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import inspect, make_url
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client

import worker
from console.services.find_temporal import reach
from console.shell.errors import Stop
from records import tables
from records.audit import AuditReport
from records.database import Database, DatabaseError
from records.store import Records
from runtime.settings import Settings, load_settings
from runtime.temporal import EngineAwayError, engine_id
from workflows.door import AwayError

Found = TypeVar("Found")


@contextmanager
def opened() -> Iterator[Records]:
    """The records that the settings name, brought to the newest schema. Raises `Stop` where they cannot be used."""
    settings = load_settings()
    try:
        database = Database(settings.database)
        try:
            yield Records(database, settings.url)
        finally:
            database.close()
    except DatabaseError as error:
        raise Stop(str(error)) from error


def migrate() -> str:
    """Bring the schema to the newest revision; where that is. Raises `Stop`."""
    with opened() as records:
        return records.database.shown


def rebuild() -> int:
    """Make the read model anew; how many reviews there are. Raises `Stop`."""
    _require_records(load_settings())
    with opened() as records:
        return records.reviews.rebuild()


def verify(review_id: str | None) -> tuple[str, AuditReport]:
    """Audit one review, or all: the database that was looked at, and what was found. Raises `Stop`."""
    _require_records(load_settings())
    with opened() as records:
        return records.database.shown, records.audit.verify(review_id)


def _require_records(settings: Settings) -> None:
    """Raise `Stop`, and create nothing, where there are no records: an audit of nothing would find nothing wrong."""
    shown = file = sqlite_file(settings)
    found = file is None or Path(file).is_file()
    if found:
        try:
            database = Database(settings.database)
            shown = database.shown
            try:
                found = inspect(database.engine).has_table(tables.events.name)
            finally:
                database.close()
        except (DatabaseError, SQLAlchemyError) as error:
            raise Stop(str(error).splitlines()[0]) from error
    if not found:
        raise Stop(f"There are no records at {shown}; is this the right folder?")


def sqlite_file(settings: Settings) -> str | None:
    """The file of the database, where it is one."""
    try:
        url = make_url(settings.database)
    except SQLAlchemyError:
        return None
    return url.database if url.get_backend_name() == "sqlite" else None


def are_there(settings: Settings) -> bool:
    """Whether there are records yet: a database that is a file is made by the first start."""
    file = sqlite_file(settings)
    return file is None or Path(file).is_file()


def looked_up(settings: Settings, read: Callable[[Database], Found]) -> Found | None:
    """What is read from the records, opened for this alone and left as they are; None where they cannot be read."""
    try:
        opened = Database(settings.database)
        try:
            return read(opened)
        finally:
            opened.close()
    except (DatabaseError, SQLAlchemyError, OSError):
        return None


def recover(agrees: Callable[[str], bool]) -> worker.Recovered | None:
    """Let the reviews go on with the engine that the settings name; none where the person does not agree.

    `agrees` is asked only where another engine owns the records by now. Raises `Stop` where Temporal is away.
    """
    with opened() as records:
        try:
            return asyncio.run(_recover(records, agrees))
        except (EngineAwayError, AwayError) as error:
            raise Stop(
                str(error), "The records are safe. Once Temporal answers, run `holdfast recover` (again)."
            ) from error


async def _recover(records: Records, agrees: Callable[[str], bool]) -> worker.Recovered | None:
    client: Client = (await reach(load_settings())).client
    here, owner = await engine_id(client), records.engines.owner()
    if owner is not None and owner.engine_id != here:
        since = f"{owner.since:%d %b %Y %H:%M} UTC"
        if not agrees(f"Another engine has owned these records since {since}. Have its workers been stopped?"):
            return None
    return await worker.recover(records, client)
