"""Messages by Apprise: Slack, Teams, e-mail, Discord and a hundred more, each by an address with its secret inside.

Apprise writes addresses into its log, secrets included; nothing of that log is let out.
"""

import logging
import re
from collections.abc import Mapping, Sequence

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat
from pydantic import SecretStr

from domain.trackers.ports import NO_THREADS, RejectedError, Threads
from integrations.notifiers import slack
from integrations.notifiers.attempts import Attempt, failure, watched

PATIENCE = 20
"""Seconds that all channels of a recipient have together; those whose thread is gone have them once more."""

_ASSET = AppriseAsset(async_mode=False, secure_logging=True)

_SCHEME = re.compile(r"^([a-z0-9]{2,20})://", re.IGNORECASE)

logging.getLogger("apprise").disabled = True
logging.getLogger("urllib3").setLevel(logging.INFO)  # below that it writes paths, and Slack's are secrets


class AppriseNotifier:
    """Carries messages over the channels of each recipient (`domain.trackers.ports.Notifier`)."""

    def __init__(self, channels: Mapping[str, Sequence[SecretStr]]) -> None:
        self._channels = channels

    def send(self, to: str, title: str, text: str, threads: Threads = NO_THREADS) -> Threads:
        """Carry a message to a recipient. Returns where one of their channels took it, and in which threads it stands.

        Raises `TrackerError`: `untouched` where it is certain that nobody got it. An answer of 5xx, one that never came
        and whatever Apprise does by other means than HTTP and SMTP leave that unknown.
        """
        channels = self._channels_of(to, threads)
        if not channels:
            raise RejectedError(f"{to} has no channel that can be used", untouched=True)
        taken, attempts = _carry(channels, title, text)
        if gone := {post.channel for post in slack.posts(attempts) if post.without_thread}:
            anew = [channel for channel in self._channels_of(to, NO_THREADS) if slack.name_of(channel) in gone]
            more, later = _carry(anew, title, text)
            taken, attempts = taken + more, [*attempts, *later]
        if taken == 0:
            raise failure([slack.in_http_terms(attempt) for attempt in attempts], to)
        return {post.channel: post.thread for post in slack.posts(attempts) if post.thread}

    def _channels_of(self, to: str, threads: Threads) -> list[NotifyBase]:
        return [c for address in self._channels.get(to, ()) for c in _channels_at(address, threads)]


def _channels_at(address: SecretStr, threads: Threads) -> list[NotifyBase]:
    """What an address stands for, each channel that knows threads on its own; nothing where the address is wrong."""
    channel = _channel(address)
    if channel is None:
        return []
    return slack.one_for_each(channel, threads) if slack.knows_threads(channel) else [channel]


def _channel(address: SecretStr) -> NotifyBase | None:
    return Apprise.instantiate(address.get_secret_value(), asset=_ASSET)


def _carry(channels: Sequence[NotifyBase], title: str, text: str) -> tuple[int, list[Attempt]]:
    """Carry a message over each of these: how many took it, and what was tried."""
    carrier = Apprise(asset=_ASSET)
    for channel in channels:
        carrier.add(channel)
    with watched() as attempts:
        result = carrier.notify(title=title, body=text, body_format=NotifyFormat.TEXT, timeout=PATIENCE)
    return result.success_count, attempts


def knows_threads(address: SecretStr) -> bool:
    """Whether what is told over a channel can have threads; not where the address is wrong."""
    channel = _channel(address)
    return channel is not None and slack.knows_threads(channel)


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
