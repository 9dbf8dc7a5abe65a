"""Words for durations, dates and states."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.lifecycle.closure_rules import Blocker
from domain.model.review import Review
from web import formatting
from web.rendering import review_path, safe_link
from web.views.review_status import in_the_way

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "words", "tone"),
    [
        ({"seconds": 0}, "due today 12:00", "wait"),
        ({"hours": 11}, "due today 23:00", "wait"),
        ({"hours": 13}, "due tomorrow", "wait"),
        ({"days": 1}, "due tomorrow", "wait"),
        ({"days": 2}, "due in 2 days", ""),
        ({"days": 400}, "due in 400 days", ""),
        ({"seconds": -1}, "less than a minute late", "hold"),
        ({"seconds": -59}, "less than a minute late", "hold"),
        ({"seconds": -60}, "1 min late", "hold"),
        ({"minutes": -80}, "80 min late", "hold"),
        ({"hours": -3}, "3 h late", "hold"),
        ({"days": -1}, "24 h late", "hold"),
        ({"days": -2}, "2 days late", "hold"),
    ],
)
def test_a_due_date_is_late_only_once_it_is_past(ahead: dict[str, float], words: str, tone: str) -> None:
    said = formatting.due(NOW + timedelta(**ahead), NOW)
    assert (said.words, said.tone) == (words, tone)


@pytest.mark.parametrize(
    ("total", "left", "words"),
    [
        ({"hours": 24}, {"hours": 15}, "quiet for 9 of 24 h"),
        ({"hours": 24}, {"hours": 25}, "quiet for 0 of 24 h"),
        ({"hours": 4}, {"hours": -1}, "quiet for 4 of 4 h"),
        ({"minutes": 90}, {"minutes": 60}, "quiet for 30 of 90 min"),
        ({"seconds": 2}, {"seconds": 1}, "quiet for 1 of 2 s"),
        ({"seconds": 0}, {"seconds": 0}, "quiet for 0 of 0 s"),
    ],
)
def test_a_quiet_window_says_how_far_it_is(total: dict[str, float], left: dict[str, float], words: str) -> None:
    said = formatting.quiet(NOW + timedelta(**left), timedelta(**total), NOW)
    assert said.words == words
    assert said.part is not None
    assert 0 <= said.part <= 1


def test_a_year_is_said_only_where_it_is_another_one() -> None:
    assert formatting.day(NOW) == formatting.day(NOW, NOW) == "22 Nov"
    assert formatting.day(NOW + timedelta(days=60), NOW) == "21 Jan 2027"
    assert formatting.minute(NOW) == "22 Nov 12:00"


def test_lists_and_counts_read_as_prose() -> None:
    assert [formatting.listed(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert (formatting.counted(1, "item"), formatting.counted(2, "item")) == ("1 item", "2 items")
    assert [formatting.times(n) for n in (1, 2, 3)] == ["once", "twice", "3 times"]


def test_words_of_the_vocabulary_are_written_as_people_write_them() -> None:
    words = ["sign_off", "latency_slo", "near_miss", "slice_not_evaluated", "answer:early_signals", "data"]
    assert [formatting.plain(w) for w in words] == [
        "Sign-off",
        "latency SLO",
        "near miss",
        "slice not evaluated",
        "early signals",
        "Data",
    ]
    assert formatting.short_name("ml-lead@example.org") == "ml-lead"
    assert formatting.short_name("@odd") == "@odd"


@pytest.mark.parametrize("url", ["https://a.example", "HTTP://a.example", "/issues/HF-1"])
def test_what_is_of_the_web_may_be_linked_to(url: str) -> None:
    assert safe_link(url) == url


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", " https://a.example", "//evil.example", "data:x"])
def test_nothing_else_may_be_linked_to(url: str | None) -> None:
    assert safe_link(url) is None


def test_a_review_has_an_address_whatever_its_id() -> None:
    assert review_path("pagerduty:Q1") == "/reviews/pagerduty:Q1"
    assert review_path('x:"><b>/..') == "/reviews/x:%22%3E%3Cb%3E%2F.."


@pytest.mark.parametrize(("count", "words"), [(1, "1 item to verify"), (2, "2 items to verify")])
def test_items_that_are_to_be_verified_are_counted_as_items(count: int, words: str) -> None:
    found = [Blocker(rule="verified", subject=f"I{n}", sentence="", cleared_by="", waivable=True) for n in range(count)]
    assert in_the_way(Review(id="hand:one"), found).detail == words
