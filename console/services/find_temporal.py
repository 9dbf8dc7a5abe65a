"""Finding the Temporal service: the one in the settings, and where that is the default and away, that of `holdfast up`.

`up` brings its own service at `engine.port`, whatever the settings say of another one.
"""

from dataclasses import dataclass

from temporalio.client import Client

from runtime.settings import Settings, TemporalSettings
from runtime.temporal import EngineAwayError, connect


@dataclass(frozen=True)
class Reached:
    """A service that answers. `instead_of` is the address that did not, where this is the engine of `up`."""

    client: Client
    address: str
    instead_of: str | None = None


async def reach(settings: Settings) -> Reached:
    """The service that answers. Raises `EngineAwayError` of the address in the settings, and `SettingsError`."""
    try:
        return Reached(await connect(settings.temporal), settings.temporal.address)
    except EngineAwayError as away:
        embedded = engine_of_up(settings)
        if not is_default(settings) or embedded.address == settings.temporal.address:
            raise
        try:
            return Reached(await connect(embedded), embedded.address, settings.temporal.address)
        except EngineAwayError:
            raise away from None


def is_default(settings: Settings) -> bool:
    """Whether nobody has said where Temporal is."""
    return settings.temporal.address == TemporalSettings().address


def engine_of_up(settings: Settings) -> TemporalSettings:
    """How the service of `holdfast up` is reached."""
    address = f"127.0.0.1:{settings.engine.port}"
    changes = {"address": address, "tls": False, "api_key": None, "client_cert": None, "client_key": None}
    return settings.temporal.model_copy(update=changes)
