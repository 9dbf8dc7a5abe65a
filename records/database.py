"""Connecting to the database, SQLite or PostgreSQL, and bringing it to the newest schema."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

WAIT_FOR_LOCK = 30
"""Seconds that a transaction waits for another one's lock before it fails (and is tried again by its caller)."""

CACHE = 16_384
"""Kibibytes of a SQLite file that a connection keeps at most; its own 2 MB are read over and over by longer lists."""


class DatabaseError(Exception):
    """The database cannot be used as it is; the message says what to do."""


class Database:
    """A pool of connections, with two ways in: `read()` and `write()`, each one transaction."""

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
        except ArgumentError:
            raise DatabaseError(
                "The database address is not understood; use sqlite:///FILE or postgresql://…"
            ) from None
        if self.url.get_backend_name() == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        elif self.url.get_backend_name() == "sqlite":
            _make_folder_of(self.url.database)
        else:
            raise DatabaseError(f"{self.url.get_backend_name()} is not supported; use sqlite:///FILE or postgresql://…")
        self.engine = _engine(self.url.render_as_string(hide_password=False))

    @property
    def is_postgres(self) -> bool:
        """Whether this is PostgreSQL."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that sees one state and changes nothing."""
        level = {"isolation_level": "REPEATABLE READ"} if self.is_postgres else {}  # SQLite sees one state anyway
        with self.engine.connect().execution_options(**level) as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that is carried out whole or not at all."""
        with self.engine.connect().execution_options(holdfast_write=True) as connection, connection.begin():
            yield connection

    def migrate(self) -> None:
        """Bring the schema to the newest revision. Raises `DatabaseError` where the database cannot be reached."""
        try:
            with self.write() as connection:
                if self.is_postgres:  # one at a time; on SQLite a write transaction is that by itself
                    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('holdfast schema'))"))
                command.upgrade(_alembic(connection), "head")
        except SQLAlchemyError as error:
            raise DatabaseError(f"The database {self.shown} cannot be used: {_first_line(error)}") from error

    def schema_is_current(self) -> bool:
        """Whether the schema is the one that this release works with. Raises `DatabaseError`."""
        try:
            with self.engine.connect() as connection:
                current = MigrationContext.configure(connection).get_current_revision()
        except SQLAlchemyError as error:
            raise DatabaseError(f"The database {self.shown} cannot be reached: {_first_line(error)}") from error
        return current == ScriptDirectory.from_config(_alembic(None)).get_current_head()

    @property
    def shown(self) -> str:
        """The address without its password."""
        return self.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _make_folder_of(file: str | None) -> None:
    if not file:
        raise DatabaseError("A SQLite database needs a file: sqlite:///FILE")
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"The folder of the database {file} cannot be made: {error.strerror}.") from error


def _engine(url: str) -> Engine:
    if url.startswith("postgresql"):
        return create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url, connect_args={"timeout": WAIT_FOR_LOCK}, pool_size=20, max_overflow=20, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # the driver would begin late, and a writer could then fail half-way
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"cache_size=-{CACHE}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("holdfast_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _alembic(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def insert_once(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, leaving those alone that are there already (SQLite and PostgreSQL say this in the same words)."""
    connection.execute(_insert_once(connection.dialect.name, table), list(rows))


@cache
def _insert_once(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    return insert_into(dialect, table).on_conflict_do_nothing()


def insert_or_update(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], index: Sequence[str]
) -> None:
    """Insert rows; where there is one with the same `index`, give it these values."""
    fresh = insert_into(connection.dialect.name, table)
    others = {name: fresh.excluded[name] for name in rows[0] if name not in index}
    connection.execute(fresh.on_conflict_do_update(index_elements=list(index), set_=others), list(rows))


def insert_into(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that can say what becomes of a row that is there already."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
