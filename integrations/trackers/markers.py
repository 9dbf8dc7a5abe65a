"""Our key inside a tracker's text: an HTML comment, which people do not see in what is shown to them."""

import re

_OPENING = "<!-- holdfast:"
_MARKER = re.compile(r"<!-- holdfast:(.+?) -->")


def marker(key: str) -> str:
    """The comment that carries `key`."""
    return f"{_OPENING}{key} -->"


def marked(text: str, key: str, longest: int) -> str:
    """`text` with the marker of `key`, in at most `longest` characters; any other marker in it is undone."""
    own = f"\n\n{marker(key)}"
    return shortened(text.replace(_OPENING, "<!-- "), longest - len(own)) + own


def bears(text: str | None, key: str) -> bool:
    """Whether `text` carries the marker of `key`."""
    return marker(key) in (text or "")


def key_in(text: str | None) -> str | None:
    """The key that `text` carries, if any: the last one, since ours is put at the end."""
    found = _MARKER.findall(text or "")
    return found[-1] if found else None


def shortened(text: str, longest: int) -> str:
    """`text`, cut to what a tracker takes."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
