"""Turning templates into pages. Everything that is put into a page is escaped; a name that is missing is an error."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web import formatting
from web.markdown import markdown

TEMPLATES = Path(__file__).parent / "templates"


def safe_link(url: str | None) -> str | None:
    """An address that may be linked to; none for one that is not of the web, such as `javascript:`."""
    ours = url is not None and url.startswith("/") and not url.startswith("//")
    return url if url and (ours or url.lower().startswith(("https://", "http://"))) else None


def review_path(review_id: str) -> str:
    """The address of a review's page."""
    return f"/reviews/{quote(review_id, safe=':')}"


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Pages:
    """All templates, with the filters that they use."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "day": formatting.day,
            "markdown": markdown,
            "minute": formatting.minute,
            "iso": _iso,
            "plain": formatting.plain,
            "safe_link": safe_link,
            "size": formatting.size,
            "short_name": formatting.short_name,
            "without_marks": formatting.without_marks,
            "review_path": review_path,
        }

    def render(self, template: str, code: int = 200, **values: Any) -> HTMLResponse:
        """A page. `who` is its caller, for the corner that says who is signed in."""
        values.setdefault("who", None)
        return HTMLResponse(self._templates.get_template(template).render(values), code)
