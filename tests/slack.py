"""A loopback server that acts like Slack's `chat.postMessage` for a bot, as far as its pages and users describe it."""

from html import unescape
from typing import Any

from standins.http import Answer, Request, Standin

TOKEN = "xoxb-1234-hush"


class Slack(Standin):
    """A workspace with two channels. It refuses in its own way: with `ok: false` in an answer of status 200."""

    def __init__(self) -> None:
        super().__init__()
        self.channels = {"#ml": "C1", "C1": "C1", "#ops": "C2", "C2": "C2"}
        self.messages: list[dict[str, Any]] = []
        self.refuses_threads_as = ""

    def truth(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return refusal("invalid_auth")
        channel = self.channels.get(request.body["channel"])
        if channel is None:
            return refusal("channel_not_found")
        asked, (attachment,) = request.body.get("thread_ts"), request.body["attachments"]
        if asked and self.refuses_threads_as:
            return refusal(self.refuses_threads_as)
        begun = any((m["ts"], m["channel"], m["deleted"]) == (asked, channel, False) for m in self.messages)
        stands = {"thread_ts": asked} if begun else {}  # a reply to what is gone is posted into the channel
        message = {
            "ts": f"17000000{len(self.requests):02}.000100",
            "channel": channel,
            "title": unescape(attachment["title"]),
            "text": unescape(attachment["text"]),
            "deleted": False,
            **stands,
        }
        self.messages.append(message)
        return Answer(
            200, {"ok": True, "channel": channel, "ts": message["ts"], "message": {"type": "message", **stands}}
        )

    def delete(self) -> None:
        """Delete every message; what was posted stays known here."""
        with self.lock:
            for message in self.messages:
                message["deleted"] = True


def refusal(error: str) -> Answer:
    """What Slack answers instead of doing as asked."""
    return Answer(200, {"ok": False, "error": error})
