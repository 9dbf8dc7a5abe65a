"""The list of pages, against the routes and against docs/pages.md."""

from domain.lifecycle.permissions import Act
from tests.screenshots import TEXT, text
from tests.web.looks import PAGES, WITHOUT_A_PAGE
from web.auth.route_permissions import ROUTES


def test_every_page_is_looked_at() -> None:
    routes = {path for (method, path), act in ROUTES.items() if method == "GET" and act in (Act.READ, Act.REACH)}
    pages = {path for path in routes if not path.startswith(("/api/", *WITHOUT_A_PAGE))}
    assert {page.route for page in PAGES} == pages


def test_the_document_shows_every_page() -> None:
    assert TEXT.read_text(encoding="utf-8") == text(), "make screenshots"
