"""The work behind `worker` and `web`: the two processes of an installation."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import uvicorn
from temporalio.client import Client
from temporalio.service import RPCError

import worker
from building.parts import build_parts
from console.services.exposure import require_safe
from console.shell.errors import Stop
from integrations.openid import OpenIdProvider
from records.database import DatabaseError
from records.event_log.ownership import ForeignEngineError
from runtime.engine import EngineError, require_free
from runtime.settings import Settings, load_settings
from runtime.temporal import EngineAwayError, connect
from web.app import create_app
from web.deps import WebDeps

CONNECT_AGAIN = timedelta(seconds=3)
"""How long the web app waits before it looks for Temporal again. It takes in webhooks meanwhile."""

log = logging.getLogger(__name__)


@contextmanager
def stopping() -> Iterator[None]:
    """Turn what can be wrong with an installation into a `Stop`."""
    try:
        yield
    except (DatabaseError, EngineAwayError, EngineError, ForeignEngineError) as error:
        raise Stop(str(error)) from error


def log_to_stderr() -> None:
    """Let the process tell what it does, one line each."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def work() -> None:
    """Be the worker until SIGTERM or SIGINT. Raises `Stop`."""
    log_to_stderr()
    with stopping():
        asyncio.run(worker.run(load_settings()))


def serve() -> None:
    """Be the web app until SIGTERM or SIGINT. Raises `Stop`, also where others could reach it and nobody signs in."""
    settings = load_settings()
    host, port = settings.web.host, settings.web.port
    require_safe(settings)
    log_to_stderr()
    with stopping():
        require_free(port, "the web app", "HOLDFAST_WEB__PORT")
        parts = build_parts(settings)
        deps = WebDeps(
            records=parts.records,
            policy=parts.policy,
            catalogue=parts.catalogue,
            pagerduty=settings.pagerduty,
            incidents=settings.incidents,
            trackers=settings.trackers,
            web=settings.web,
            sign_in=settings.sign_in,
            provider=identity_provider(settings),
        )
        server = uvicorn.Server(uvicorn.Config(create_app(deps), host, port, log_config=None, server_header=False))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ended)
        asyncio.run(serve_and_connect(server, settings, deps))


def identity_provider(settings: Settings) -> OpenIdProvider | None:
    """Who can say who somebody is; none where nobody has to sign in."""
    asked = settings.sign_in
    if asked.issuer is None:
        return None
    secret = asked.client_secret.get_secret_value() if asked.client_secret is not None else None
    return OpenIdProvider(asked.issuer, asked.client_id, secret, asked.scopes)


def _ended(number: int, frame: object) -> None:
    """Nothing is left to do: uvicorn ends by itself, and only then raises the signal again."""


async def serve_and_connect(server: uvicorn.Server, settings: Settings, deps: WebDeps) -> None:
    """Serve at once, and look for Temporal beside that."""
    connecting = asyncio.create_task(keep_connecting(settings, deps))
    try:
        await server.serve()
    finally:
        connecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await connecting
        deps.records.database.close()


async def keep_connecting(settings: Settings, deps: WebDeps) -> None:
    """Give the web app its door to the reviews as soon as Temporal answers."""
    while deps.door is None:
        try:
            client = await connect(settings.temporal)
            deps.engine_answers = partial(engine_answers, client)
            deps.door = await worker.open_door(deps.records, client)
            log.info("connected to Temporal at %s", settings.temporal.address)
        except Exception as error:  # whatever it is, webhooks must be taken in meanwhile
            log.warning("reviews cannot be reached yet: %s", error)
            await asyncio.sleep(CONNECT_AGAIN.total_seconds())


async def engine_answers(client: Client) -> bool:
    """Whether Temporal can be reached now."""
    try:
        return await client.service_client.check_health(timeout=timedelta(seconds=2))
    except RPCError:
        return False
