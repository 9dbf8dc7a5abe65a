"""Markdown on pages: what people write is shown, and can do nothing."""

import pytest

from tests.web.site import ENGINEER, Site
from web.markdown import markdown

OWN = f"/reviews/hand:1/attachments/sha256:{'0a' * 32}"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("It **fell** to `0.61`.", "<strong>fell</strong> to <code>0.61</code>"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("# Aside", "<h4>Aside</h4>"),
        ("one\ntwo", "one<br>\ntwo"),
        ("|a|b|\n|-|-|\n|1|2|", "<td>1</td>"),
        (f"![The chart]({OWN})", f'<img src="{OWN}" alt="The chart">'),
    ],
)
def test_what_people_write_is_shown(text: str, html: str) -> None:
    assert html in markdown(text)


def test_a_link_gives_nothing_away() -> None:
    assert 'rel="noopener noreferrer nofollow"' in markdown("[the run](https://ci.example.org/1)")


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("<b onclick=alert(1)>x</b>", "<b"),
        ("[x](javascript:alert(1))", "href="),
        ("[x](data:text/html,1)", "href="),
        ("![x](https://elsewhere.example.org/pixel.png)", "src="),
        ("![x](//elsewhere.example.org/pixel.png)", "src="),
        (f"![x]({OWN}/../../sign-out)", "src="),
        ("![x](/sign-out)", "src="),
    ],
)
def test_what_could_do_something_does_nothing(text: str, never: str) -> None:
    assert never not in markdown(text)


async def test_a_review_shows_its_prose_with_its_marks(web: Site) -> None:
    review = await web.in_draft()
    body = {"by": ENGINEER, "document": {"summary": "It **fell**.\n\n<script>alert(1)</script>"}}
    await web.http.put(f"/api/reviews/{review}/draft", json=body)
    page = await web.page(f"/reviews/{review}")
    assert "It <strong>fell</strong>." in page
    assert "<script" not in page
