"""Searching from the command line."""

from tests.console.conftest import Holdfast


def test_what_is_found_is_shown_with_where(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    lines = holdfast.done("search", "ranking", "unrelated").splitlines()
    assert lines[0] == f"{review}: Ranking returned unrelated results"
    assert lines[1].startswith("SEV2, Sign-off, ")
    assert lines[-1] == "1 review."
    (hit,) = holdfast.json("search", "ranking", "unrelated")["hits"]
    assert hit["id"] == review
    summary = holdfast.records.drafts.newest(review)
    assert summary is not None
    assert summary.document is not None
    shown = holdfast.done("search", *summary.document.summary.split()[:2])
    assert summary.document.summary.split()[0] in shown.split(": ", 2)[2]


def test_a_stage_and_a_limit_narrow_it(holdfast: Holdfast) -> None:
    holdfast.opened()
    holdfast.opened()
    assert holdfast.done("search", "ranking", "--limit", "1").splitlines()[-1] == "2 reviews; these are the best 1."
    assert "No review that you see" in holdfast.done("search", "ranking", "--stage", "closed")
    assert holdfast.done("search", "-unrelated").startswith("That only says what to leave out.")
    for nothing in ("", "***"):
        assert holdfast.done("search", nothing).startswith("There is no letter or digit in that to look for.")
    for words in (("ranking", "-unrelated"), ("-unrelated", "ranking"), ("--", "ranking", "-unrelated")):
        assert "No review that you see" in holdfast.done("search", *words)
    assert holdfast.json("search", "ranking", "-nothing", "--stage", "draft")["count"] == 2
    said = holdfast.refused("search", "ranking", "--stge", "draft", code=2)
    assert said == "There is no option --stge; see holdfast search --help.\n"
    assert holdfast.json("search", "ranking", "--stage", "draft")["count"] == 2
