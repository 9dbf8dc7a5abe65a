"""Connecting to Temporal, and telling which engine it is that answered."""

import asyncio
import contextlib

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, TLSConfig
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

from runtime.settings import SettingsError, TemporalSettings

CONNECT_WITHIN = 10.0
"""Seconds that a service has to take a connection."""


class EngineAwayError(Exception):
    """No Temporal service answers at the address; the message says what to do."""


async def connect(settings: TemporalSettings) -> Client:
    """A client of the Temporal service. Raises `EngineAwayError`, or `SettingsError` where a certificate is missing."""
    if settings.embedded:
        settings = TemporalSettings(address=settings.address, namespace=settings.namespace)
    await _require_listener(settings.address)
    tls: TLSConfig | bool = settings.tls
    if settings.client_cert and settings.client_key:
        try:
            tls = TLSConfig(
                client_cert=settings.client_cert.read_bytes(), client_private_key=settings.client_key.read_bytes()
            )
        except OSError as error:
            raise SettingsError(f"temporal.client_cert or client_key: {error.strerror}: {error.filename}.") from None
    try:
        return await Client.connect(
            settings.address,
            namespace=settings.namespace,
            api_key=settings.api_key.get_secret_value() if settings.api_key else None,
            tls=tls,
            data_converter=pydantic_data_converter,
        )
    except RuntimeError as error:
        raise _away(settings.address) from error


async def _require_listener(address: str) -> None:
    """Ask whether anything listens, before the client does: one that fails to connect can abort a process that ends."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(CONNECT_WITHIN):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except (OSError, ValueError) as error:
        raise _away(address) from error
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _away(address: str) -> EngineAwayError:
    return EngineAwayError(
        f"No Temporal service answers at {address}. Start one with `holdfast up`, or set temporal.address (host:port)."
    )


async def engine_id(client: Client) -> str:
    """The id of the namespace that the client works in: another service, or a new database file, has another one.

    Raises `EngineAwayError`.
    """
    try:
        answer = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except RPCError as error:
        raise EngineAwayError(f"The namespace {client.namespace} cannot be read: {error.message}.") from error
    return str(answer.namespace_info.id)
