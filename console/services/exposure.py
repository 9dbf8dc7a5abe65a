"""Whether the web app may be served as the settings say: to others only with a sign-in, and over TLS."""

from urllib.parse import urlsplit

from console.shell.errors import Stop
from runtime.hosts import is_loopback
from runtime.settings import Settings


def why_not(settings: Settings) -> tuple[str, ...]:
    """What keeps the web app from being served: the setting, what is wrong with it, and what to do. Empty: nothing."""
    host, asked = settings.web.host, settings.sign_in
    if asked.issuer is None:
        if is_loopback(host):
            return ()
        return (
            "web.host",
            f"{host} can be reached from outside, and no sign-in is set up: whoever reaches it could act as anybody.",
            "Set up an identity provider (sign_in.issuer, see docs/accounts.md), or set web.host to 127.0.0.1.",
        )
    if not _is_safe(asked.issuer):
        return "sign_in.issuer", f"{asked.issuer} is not an https address.", "Give the one that your provider names."
    if not asked.client_id:
        return "sign_in.client_id", "There is none.", "Give the one that your provider made for Holdfast."
    if not _is_safe(settings.url) or not (is_loopback(host) or settings.web.public_url):
        return (
            "web.public_url",
            "People could sign in without https, where others can read along.",
            "Set web.public_url to the https address by which people reach your proxy.",
        )
    return ()


def require_safe(settings: Settings) -> None:
    """Raise `Stop` where the web app may not be served so."""
    if found := why_not(settings):
        _, wrong, todo = found
        raise Stop(wrong, todo)


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
