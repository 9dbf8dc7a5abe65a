"""Messages by Apprise: Slack, Teams, e-mail, Discord and a hundred more, each by an address with its secret inside.

Apprise writes addresses into its log, secrets included; nothing of that log is let out.
"""

import logging
import re
from collections.abc import Mapping, Sequence

from apprise import Apprise, AppriseAsset, NotifyFormat
from pydantic import SecretStr

from domain.ports import RejectedError
from integrations.notifiers.attempts import failure, watched

PATIENCE = 20
"""Seconds that all channels of a recipient have together."""

_SCHEME = re.compile(r"^([a-z0-9]{2,20})://", re.IGNORECASE)

logging.getLogger("apprise").disabled = True
logging.getLogger("urllib3").setLevel(logging.INFO)  # below that it writes paths, and Slack's are secrets


class AppriseNotifier:
    """Carries messages over the channels of each recipient (`domain.ports.Notifier`)."""

    def __init__(self, channels: Mapping[str, Sequence[SecretStr]]) -> None:
        self._channels = channels

    def send(self, to: str, title: str, text: str) -> None:
        """Carry a message to a recipient. Returns where one of their channels took it.

        Raises `TrackerError`: `untouched` where it is certain that nobody got it. An answer of 5xx, one that never came
        and whatever Apprise does by other means than HTTP and SMTP leave that unknown.
        """
        carrier = Apprise(asset=AppriseAsset(async_mode=False, secure_logging=True))
        for address in self._channels.get(to, ()):
            carrier.add(address.get_secret_value())
        if len(carrier) == 0:
            raise RejectedError(f"{to} has no channel that can be used", untouched=True)
        with watched() as attempts:
            result = carrier.notify(title=title, body=text, body_format=NotifyFormat.TEXT, timeout=PATIENCE)
        if result.success_count == 0:
            raise failure(attempts, to)


def address_fault(address: SecretStr) -> str | None:
    """What is wrong with the address of a channel, in a sentence that quotes nothing secret; none where it is well."""
    text = address.get_secret_value()
    if Apprise.instantiate(text) is not None:
        return None
    scheme = _SCHEME.match(text)
    if scheme is None:
        return "It does not begin with the name of a service and `://`, such as `slack://` or `mailto://`."
    if scheme[1].lower() not in _services():
        return f"There is no service {scheme[1]!r} in Apprise."
    return f"What follows {scheme[1]}:// is not what Apprise expects there: see its page on that service."


def _services() -> set[str]:
    schemas = Apprise().details()["schemas"]
    return {name for s in schemas for name in (*(s["protocols"] or ()), *(s["secure_protocols"] or ()))}
