"""What Slack says to a bot, and Apprise does not pass on: where a message stands, and refusals with status 200.

A reply to a message that is gone is not always refused: users of `chat.postMessage` tell that it may be put into the
channel without a word, and that only the answer shows it. So the thread of a message is read from the answer, also
where one was asked for.
"""

import copy
import dataclasses
import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeGuard

from apprise import NotifyBase
from apprise.plugins.slack import NotifySlack, SlackMode
from requests import Response
from requests.exceptions import RequestException

from domain.trackers.ports import Threads
from integrations.notifiers.attempts import Attempt

_NO_SUCH_THREAD = frozenset(
    {
        "cannot_reply_to_message",
        "invalid_thread_ts",
        "message_not_found",
        "restricted_action_thread_locked",
        "thread_not_found",
    }
)

_STATUS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(("rate_limited", "ratelimited"), 429)
    | dict.fromkeys(("account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"), 401)
    | dict.fromkeys(("missing_scope", "no_permission", "not_allowed_token_type"), 403)
    | dict.fromkeys(("channel_not_found", "is_archived", "not_in_channel"), 404)
    | dict.fromkeys(("fatal_error", "internal_error", "request_timeout", "service_unavailable"), 503)
)
"""What Slack's errors are in HTTP's terms; all others refuse the message as such."""


def knows_threads(channel: NotifyBase) -> TypeGuard[NotifySlack]:
    """Whether what is sent over a channel can begin threads: a bot's can, but to a person or into a given thread."""
    return (
        isinstance(channel, NotifySlack)
        and channel.mode == SlackMode.BOT
        and all(name and not set("@:") & set(name) for name in channel.channels)
    )


def name_of(channel: NotifyBase) -> str | None:
    """How Slack is told the one name that a channel posts to; none where it knows no threads."""
    return _as_slack_says(channel.channels[0]) if knows_threads(channel) else None


def one_for_each(channel: NotifySlack, threads: Threads) -> list[NotifyBase]:
    """A channel for each name that this one posts to, which answers in its thread where there is one."""
    found: list[NotifyBase] = []
    for name in channel.channels:
        one, thread = copy.copy(channel), threads.get(_as_slack_says(name))
        one.channels = [f"{name}:{thread}" if thread else name]
        found.append(one)
    return found


def _as_slack_says(name: str) -> str:
    """What Apprise makes of a name in an address: an id begins with a plus there."""
    if name.startswith("+"):
        return name[1:]
    return name if name.startswith("#") else f"#{name}"


@dataclasses.dataclass(frozen=True)
class Posted:
    """What became of a message to a channel.

    `thread` is the one that it stands in, or begins. `without_thread`: it was refused for the thread that it named, and
    may go without.
    """

    channel: str
    thread: str | None
    without_thread: bool


def posts(attempts: Iterable[Attempt]) -> list[Posted]:
    """What became of the messages of bots among these attempts, as far as Slack answered."""
    url = NotifySlack.api_url.format("chat.postMessage")
    return [_posted(a.response) for a in attempts if a.response is not None and a.response.request.url == url]


def _posted(response: Response) -> Posted:
    body, said = response.request.body, _said(response)
    assert isinstance(body, str | bytes)
    thread = (said.get("message") or {}).get("thread_ts") or said.get("ts")
    return Posted(json.loads(body)["channel"], thread if said.get("ok") else None, said.get("error") in _NO_SUCH_THREAD)


def in_http_terms(attempt: Attempt) -> Attempt:
    """The same attempt, with the status that a refusal of Slack's should have had."""
    response = attempt.response
    if response is None or not str(response.url).startswith(NotifySlack.api_url.format("")):
        return attempt
    said = _said(response) if attempt.status == 200 else {}
    refused = said.get("error") if said.get("ok") is False else None
    return dataclasses.replace(attempt, status=_STATUS.get(refused, 400)) if refused else attempt


def _said(response: Response) -> dict[str, Any]:
    try:
        said = response.json()
    except (ValueError, RuntimeError, RequestException):  # it broke off
        return {}
    return said if isinstance(said, dict) else {}
