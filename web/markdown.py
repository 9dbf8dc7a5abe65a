"""Markdown made safe: no HTML of whoever wrote it, links that give nothing away, and pictures of our own only."""

import re

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup

_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img"),
    *("h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}

OWN_PICTURE = re.compile(r"/reviews/[^/?#\\]+/attachments/sha256:[0-9a-f]{64}")
"""Where a file is that is kept with a review."""


def _own(tag: str, name: str, value: str) -> str | None:
    """The value of an attribute; a picture from anywhere else loses its address: nothing is loaded from there."""
    if tag == "img" and name == "src":
        return value if OWN_PICTURE.fullmatch(value) else None
    return value


_READING = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False}).enable("table")


def _below_ours(state: StateCore) -> None:
    """Headings of a text are below those of the page."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 3, 6)}"


_READING.core.ruler.push("below_ours", _below_ours)


def markdown(text: str) -> Markup:
    """What somebody wrote, as HTML that may stand in a page."""
    clean = nh3.clean(
        _READING.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_own,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)
