"""Files are kept with a review and handed out so that nothing in them can run."""

import base64
from typing import Any

import pytest

from domain.model.attachment import LARGEST
from tests.web.site import ENGINEER, HEAD, SIGNERS, Site
from web.formatting import day

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def file(content: bytes = b"it held", **changes: Any) -> dict[str, Any]:
    body = {"by": HEAD, "name": "replay log.txt", "media_type": "text/plain"}
    return body | {"data": base64.b64encode(content).decode()} | changes


async def test_a_file_is_kept_listed_and_handed_out_to_be_saved(web: Site) -> None:
    review = await web.in_draft()
    path = f"/api/reviews/{review}/attachments"
    answer = await web.http.post(path, json=file())
    assert answer.status_code == 201, answer.text
    kept = answer.json()
    assert (kept["name"], kept["size"], kept["author"]) == ("replay log.txt", 7, HEAD)
    assert await web.get(path) == [kept]
    got = await web.http.get(kept["url"])
    assert got.content == b"it held"
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''replay%20log.txt"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"].startswith("default-src 'none'")


async def test_a_picture_is_shown(web: Site) -> None:
    review = await web.in_draft()
    answer = await web.http.post(f"/api/reviews/{review}/attachments", json=file(PNG, media_type="image/png"))
    got = await web.http.get(answer.json()["url"])
    assert got.headers["content-disposition"].startswith("inline")
    assert got.headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"media_type": "image/svg+xml"}, "media_type: image/svg+xml is no kind of file that is kept"),
        ({"name": "two\nlines"}, "name: must be one line"),
        ({"data": ""}, "data: "),
        ({"data": "not base64!"}, "data: "),
    ],
)
async def test_what_is_not_kept_is_refused_by_name(web: Site, changes: dict[str, Any], wrong: str) -> None:
    review = await web.in_draft()
    answer = await web.http.post(f"/api/reviews/{review}/attachments", json=file(**changes))
    assert answer.status_code == 422
    assert wrong in answer.json()["error"]
    assert await web.get(f"/api/reviews/{review}/attachments") == []


async def test_a_file_up_to_the_limit_is_taken_and_a_larger_one_is_not(web: Site) -> None:
    review = await web.in_draft()
    path = f"/api/reviews/{review}/attachments"
    assert (await web.http.post(path, json=file(b"x" * LARGEST))).status_code == 201
    assert (await web.http.post(path, json=file(b"x" * (LARGEST + 1)))).status_code == 422
    assert (await web.http.post(path, json=file(b"x" * (LARGEST + 2_000_000)))).status_code == 413


async def test_what_is_not_there_is_not_found(web: Site) -> None:
    review = await web.in_draft()
    assert (await web.http.get(f"/reviews/{review}/attachments/sha256:{'0' * 64}")).status_code == 404
    assert (await web.http.get(f"/reviews/{review}/attachments/nonsense")).status_code == 422
    assert (await web.http.get("/api/reviews/pagerduty:Q9/attachments")).status_code == 404


async def test_a_done_item_is_verified_with_a_kept_copy_and_with_no_other(web: Site) -> None:
    review = await web.in_remediation()
    key = (await web.get(f"/api/reviews/{review}"))["items"]["I1"]["ref"]["key"]
    verify = {"item": "I1", "note": "The replay raises it."}
    missing = await web.say(review, SIGNERS["product"], "verify_item", evidence=[{"digest": "sha256:no"}], **verify)
    assert "I1 is open: it can be verified once it is done." in missing.json()["reasons"]
    await web.act(key, "done", by=ENGINEER)
    missing = await web.say(review, SIGNERS["product"], "verify_item", evidence=[{"digest": "sha256:no"}], **verify)
    assert missing.json()["reasons"] == ["No copy is kept here of sha256:no: attach it first."]
    kept = (await web.http.post(f"/api/reviews/{review}/attachments", json=file())).json()
    evidence = [{"digest": kept["digest"]}]
    await web.accepted(review, SIGNERS["product"], "verify_item", evidence=evidence, **verify)
    shown = (await web.get(f"/api/reviews/{review}"))["items"]["I1"]["verification"]
    assert (shown["by"], shown["note"]) == (SIGNERS["product"], "The replay raises it.")
    page = await web.page(f"/reviews/{review}")
    assert f"✓ verified by {SIGNERS['product']}, {day(web.engine.now)}" in page
    assert f'<a href="{kept["url"]}">a copy that is kept</a>' in page
    history = await web.get(f"/api/reviews/{review}/history")
    assert "I1 was verified: The replay raises it." in [entry["sentence"] for entry in history]
