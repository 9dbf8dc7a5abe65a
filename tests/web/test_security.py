"""What protects a site without sign-in: named hosts, JSON only, strict headers, and nothing from anywhere else."""

import re

import pytest

from tests.web.scene import busy
from tests.web.site import ENGINEER, Site
from web.security import hosts_to_answer

PAGES = ("/", "/api", "/reviews/nothing", "/static/holdfast.css", "/healthz")


async def test_a_host_that_is_not_named_is_refused(web: Site) -> None:
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "evil@localhost"):
        for path in PAGES:
            answer = await web.http.get(path, headers={"Host": host})
            assert answer.status_code == 400
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_named_host_is_answered(web: Site) -> None:
    for host in ("127.0.0.1:8585", "localhost", "LOCALHOST:80", "[::1]:8585", "reviews.example.org"):
        assert (await web.http.get("/healthz", headers={"Host": host})).status_code == 200


def test_the_host_of_the_public_address_is_answered() -> None:
    assert hosts_to_answer(["localhost"], None) == ["localhost"]
    assert hosts_to_answer(["localhost"], "https://pir.example:8443/x") == ["localhost", "pir.example"]
    assert hosts_to_answer([], "http://[fd00::1]:80") == ["[fd00::1]"]


async def test_every_answer_carries_the_headers(web: Site) -> None:
    for path in PAGES:
        await carries_the_headers(web, path)


async def carries_the_headers(web: Site, path: str) -> None:
    """Ask for a path, and look at the headers of its answer."""
    headers = (await web.http.get(path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == ("no-cache" if path.startswith("/static/") else "no-store")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/reviews"),
        ("POST", "/api/near-misses"),
        ("POST", "/api/reviews/pagerduty:Q1/commands"),
        ("PUT", "/api/reviews/pagerduty:Q1/draft"),
        ("POST", "/api/issues/HF-1/done"),
    ],
)
async def test_what_a_form_could_send_is_refused(web: Site, method: str, path: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = await web.http.request(method, path, content=b"{}", headers={"Content-Type": kind})
        assert answer.status_code == 415
        assert answer.json()["error"].startswith("content-type: ")


async def test_another_sites_script_is_not_let_in(web: Site) -> None:
    asking = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = await web.http.options("/api/reviews", headers=asking)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


async def test_json_with_a_charset_is_json(web: Site) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert (await web.http.post("/api/reviews", content=b"{", headers=headers)).status_code == 422


async def test_words_that_are_markup_are_shown_and_not_obeyed(web: Site) -> None:
    attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    review = await web.in_draft(title=attack)
    await web.saved(review, summary=attack, answers={"what_failed": attack, "early_signals": f"{{{{ 7*7 }}}} {attack}"})
    await web.accepted(review, ENGINEER, "assign_owner", owner="<b>owner</b>")
    for page in (await web.page("/"), await web.page(f"/reviews/{review}")):
        assert "<script" not in page
        assert "<img src=x" not in page
        assert "<b>owner" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in await web.page(f"/reviews/{review}")
    lost = (await web.http.get("/reviews/%3Cscript%3Ealert(1)%3C%2Fscript%3E")).text
    assert "<script" not in lost


async def test_an_issue_with_markup_is_shown_and_not_obeyed(web: Site) -> None:
    await web.in_remediation()
    ref = web.records.builtin.find("HF-1")
    web.records.builtin.rewrite(ref, "<script>1</script>", "<script>2</script>\njavascript:alert(1)")
    web.records.builtin.comment(ref, "k", "<script>3</script>")
    page = await web.page("/issues/HF-1")
    assert "<script" not in page
    assert "&lt;script&gt;3" in page


async def test_pages_name_nothing_that_is_loaded_from_elsewhere_and_nothing_inline(web: Site) -> None:
    story = await busy(web)
    for path in ("/", f"/reviews/{story}", "/issues/HF-9", "/api", "/reviews/nothing"):
        page = (await web.http.get(path)).text
        loaded = re.findall(r'<(?:link|img|script|iframe|object|embed|source)[^>]*(?:href|src)="([^"]*)"', page)
        assert loaded
        assert all(address.startswith("/static/") for address in loaded)
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", page)
    assert "url(" not in await web.page("/static/holdfast.css")
    assert "@import" not in await web.page("/static/holdfast.css")


async def test_failures_are_json_for_programs_and_a_page_for_people(web: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await web.http.get("/api/nothing")).json() == {"error": "There is nothing at /api/nothing."}
    assert (await web.http.delete("/api/reviews")).json() == {"error": "DELETE is not possible here."}
    lost = await web.http.get("/nothing")
    assert lost.status_code == 404
    assert "There is nothing at /nothing." in lost.text

    def broken(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(web.records.reviews, "page", broken)
    for path in ("/", "/api/reviews"):
        answer = await web.http.get(path)
        assert answer.status_code == 500
        assert "a secret detail" not in answer.text
        assert "Something went wrong here" in answer.text


async def test_surrogates_and_deep_json_are_refused_and_do_not_break(web: Site) -> None:
    headers = {"Content-Type": "application/json"}
    for content in (b'{"by": "\\ud800", "title": "\\ud800"}', b"[" * 100_000):
        answer = await web.http.post("/api/reviews", content=content, headers=headers)
        assert answer.status_code in (400, 422), answer.text
        assert answer.json()["error"]
