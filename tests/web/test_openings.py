"""Reviews that people open: by hand, and for near misses."""

from typing import Any

import pytest

from tests.web.site import ENGINEER, Site

BODY: dict[str, Any] = {
    "by": ENGINEER,
    "title": "Fallback answered 38 % of requests for six hours",
    "service": "PF9KMXH",
    "severity": "SEV3",
    "kinds": ["fallback_runaway"],
}


async def test_a_review_is_opened_by_hand(web: Site) -> None:
    answer = await web.http.post("/api/reviews", json=BODY | {"id": "X-1", "resolved": "2026-11-20T10:00:00Z"})
    assert (answer.status_code, answer.json()) == (201, {"review": "hand:X-1", "note": None})
    review = await web.get("/api/reviews/hand:X-1")
    assert (review["stage"], review["realisation"], review["title"]) == ("stabilization", "harm", BODY["title"])
    assert (review["service"], review["models"], review["owner"]) == (
        "fraud-scoring",
        ["fraud-scorer"],
        "ml-lead@example.org",
    )
    first = (await web.get("/api/reviews/hand:X-1/history"))[0]
    assert (first["by"], first["door"]) == (ENGINEER, "local, unauthenticated")


async def test_without_an_id_one_is_made(web: Site) -> None:
    answers = [(await web.http.post("/api/reviews", json=BODY)).json()["review"] for _ in range(2)]
    assert len(set(answers)) == 2
    assert all(a.startswith("hand:20") for a in answers)


async def test_a_near_miss_says_what_stopped_it(web: Site) -> None:
    answer = await web.http.post("/api/near-misses", json=BODY | {"id": "N-1", "stopped_by": "safeguard"})
    assert (answer.status_code, answer.json()) == (201, {"review": "near-miss:N-1", "note": None})
    review = await web.get("/api/reviews/near-miss:N-1")
    assert review["realisation"] == "near_miss"
    assert review["incidents"]["near-miss:N-1"]["stopped_by"] == "safeguard"
    answer = await web.http.post("/api/near-misses", json=BODY)
    assert (answer.status_code, answer.json()["error"]) == (422, "stopped_by: this is needed")


async def test_saying_the_same_again_opens_nothing_twice(web: Site) -> None:
    answers = [await web.http.post("/api/reviews", json=BODY | {"id": "X-1"}) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201]
    assert len(await web.get("/api/reviews/hand:X-1/history")) == 1


async def test_another_story_under_the_same_id_is_refused(web: Site) -> None:
    await web.http.post("/api/reviews", json=BODY | {"id": "X-1"})
    answer = await web.http.post("/api/reviews", json=BODY | {"id": "X-1", "title": "Another"})
    assert answer.status_code == 409
    (reason,) = answer.json()["reasons"]
    assert reason.startswith("The review cannot be opened again while it is in stabilization; the quiet window ends on")


async def test_a_service_or_a_model_that_is_not_listed_is_refused_with_those_that_are(web: Site) -> None:
    answer = await web.http.post("/api/reviews", json=BODY | {"service": "fraud-scorign", "models": ["fraud-scoer"]})
    assert (answer.status_code, answer.json()["reasons"]) == (
        409,
        [
            "service: fraud-scorign is not in the catalogue; it lists credit-limit, fraud-scoring.",
            "models: fraud-scoer is not in the catalogue; it lists fraud-scorer.",
        ],
    )
    assert await web.get("/api/reviews") == []


async def test_what_ended_before_it_began_is_refused_with_both_dates(web: Site) -> None:
    dates = {"began": "2026-11-20T12:00:00Z", "resolved": "2026-11-20T10:00:00Z"}
    for path, more in (("/api/reviews", {}), ("/api/near-misses", {"stopped_by": "luck"})):
        answer = await web.http.post(path, json=BODY | dates | more)
        assert (answer.status_code, answer.json()["reasons"]) == (
            409,
            [
                "resolved: it cannot have been over at 20 Nov 2026 10:00:00 UTC, "
                "before it began at 20 Nov 2026 12:00:00 UTC."
            ],
        )
    assert await web.get("/api/reviews") == []


async def test_the_last_responder_owns_the_review(web: Site) -> None:
    await web.http.post("/api/reviews", json=BODY | {"id": "X-1", "responder": "on-call@example.org"})
    assert (await web.get("/api/reviews/hand:X-1"))["owner"] == "on-call@example.org"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"title": " "}, "title"),
        ({"title": None}, "title"),
        ({"severity": "high"}, "severity"),
        ({"by": ""}, "by"),
        ({"responder": " "}, "responder"),
        ({"id": "a/b"}, "id"),
        ({"kinds": ["odd"]}, "kinds.0"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"began": "2026-11-20T10:00:00"}, "began"),
        ({"odd": 1}, "odd"),
    ],
)
async def test_what_is_wrong_with_a_new_review_is_named(web: Site, changes: dict[str, Any], named: str) -> None:
    answer = await web.http.post("/api/reviews", json=BODY | changes)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(f"{named}: ")
    assert await web.get("/api/reviews") == []


async def test_an_engine_that_is_away_is_told(web: Site) -> None:
    web.engine.away = True
    answer = await web.http.post("/api/reviews", json=BODY | {"id": "X-1"})
    assert answer.status_code == 503
    assert answer.json()["review"] == "hand:X-1"
