"""Drafts in one's own editor, against the real web app."""

import json
import os
import stat
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from records import tables
from tests.console.conftest import ROOT, Holdfast

EXAMPLE = ROOT / "docs/examples/draft.md"
WRITER, OTHER = "writer@example.org", "other@example.org"


def pulled(holdfast: Holdfast, review: str, *more: str) -> Path:
    """The file of a review's draft."""
    return Path(holdfast.json("draft", "pull", review, *more)["file"])


def rewritten(file: Path, old: str, new: str) -> None:
    """Write in a file, as an editor does."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def filled(holdfast: Holdfast, review: str) -> Path:
    """A file with the whole example in it, of a review in which nothing was written yet."""
    file = pulled(holdfast, review)
    file.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    rewritten(file, "review: hand:2026-17\nupon: 1\n", f"review: {review}\nupon: 0\n")
    return file


def test_an_empty_form_is_pulled_written_pushed_and_submitted(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    name = review.replace(":", "-") + ".md"
    said = holdfast.done("draft", "pull", review)
    assert said == f"{name} is what is known so far.\nWhen you have written: holdfast draft push {name}\n"
    assert "\nupon: 0\n" in Path(name).read_text(encoding="utf-8")
    file = filled(holdfast, review)
    assert holdfast.done("draft", "push", name, by=WRITER).startswith("Saved as revision 1.\n")
    assert "\nupon: 1\n" in file.read_text(encoding="utf-8")
    assert holdfast.done("draft", "push", name, by=OTHER) == "Nothing has changed since revision 1.\n"
    said = holdfast.done("draft", "submit", name, by=WRITER)
    assert said == "Revision 1 is submitted.\nThe review is in stage sign_off.\n"


def test_pull_and_push_without_a_change_leave_the_file_and_the_revision(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    file = pulled(holdfast, review)
    before = file.stat()
    text = file.read_bytes()
    saved = holdfast.json("draft", "push", str(file))
    assert (saved["revision"], saved["review"]) == (1, review)
    assert (file.stat().st_mtime_ns, file.read_bytes()) == (before.st_mtime_ns, text)
    assert pulled(holdfast, review).read_bytes() == text


def test_the_form_asks_what_the_template_asks_of_this_review(holdfast: Holdfast) -> None:
    told = ("--id", "k1", "--title", "Slow", "--service", "ranking-api", "--severity", "SEV2", "--kind", "latency_slo")
    holdfast.done("review", "open", *told)
    text = pulled(holdfast, "hand:k1").read_text(encoding="utf-8")
    assert "## What load and what headroom were there, and what had been tested? <!-- holdfast:answers.latency" in text
    assert "answers.fallback.start" not in text
    assert "<!-- holdfast: Each with an end state that anyone can check." in text


def test_a_file_that_was_written_in_is_not_overwritten(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    file = pulled(holdfast, review)
    rewritten(file, "For five hours", "For six hours")
    refusal = holdfast.refused("draft", "pull", review)
    assert refusal.startswith(f"{file} was written in and not saved since revision 1: name another file with --out")
    assert f"holdfast draft push {file}" in refusal
    other = pulled(holdfast, review, "--out", "other.md")
    assert "For five hours" in other.read_text(encoding="utf-8")
    assert "For six hours" in file.read_text(encoding="utf-8")
    holdfast.done("draft", "pull", review, "--force")
    assert file.read_text(encoding="utf-8") == other.read_text(encoding="utf-8")


def test_a_file_that_was_saved_is_pulled_anew_without_asking(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    file = pulled(holdfast, review)
    other = pulled(holdfast, review, "--out", "other.md")
    rewritten(other, "For five hours", "For six hours")
    holdfast.done("draft", "push", str(other), by=OTHER)
    assert holdfast.done("draft", "pull", review).startswith(f"{file} is revision 2.\n")
    assert "For six hours" in file.read_text(encoding="utf-8")


def test_a_file_of_something_else_is_not_overwritten(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    Path("notes.md").write_text("# Notes\n", encoding="utf-8")
    assert holdfast.refused("draft", "pull", review, "--out", "notes.md").startswith(
        "notes.md is there already, and is no draft: "
    )
    holdfast.done("review", "open", "--id", "k1", "--title", "T", "--service", "ranking-api", "--severity", "SEV2")
    holdfast.done("draft", "pull", "hand:k1", "--out", "k1.md")
    assert holdfast.refused("draft", "pull", review, "--out", "k1.md").startswith("k1.md is the draft of hand:k1: ")
    assert Path("notes.md").read_text(encoding="utf-8") == "# Notes\n"


def test_what_somebody_else_wrote_elsewhere_comes_into_the_file(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    mine, theirs = pulled(holdfast, review), pulled(holdfast, review, "--out", "theirs.md")
    rewritten(theirs, "That a column keeps its unit", "That every column keeps its unit")
    holdfast.done("draft", "push", str(theirs), by=OTHER)
    rewritten(mine, "For five hours", "For seven hours")
    said = holdfast.done("draft", "push", str(mine), by=WRITER)
    assert said.startswith(
        f"It was saved as revision 3, together with what others wrote meanwhile; {mine} has that now.\n"
    )
    text = mine.read_text(encoding="utf-8")
    assert "\nupon: 3\n" in text
    assert "For seven hours" in text
    assert "That every column keeps its unit" in text
    assert holdfast.done("draft", "push", str(mine), by=WRITER) == "Nothing has changed since revision 3.\n"


def test_a_newer_revision_of_somebody_else_is_not_lost(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    mine, theirs = pulled(holdfast, review), pulled(holdfast, review, "--out", "theirs.md")
    rewritten(theirs, "For five hours", "For six hours")
    holdfast.done("draft", "push", str(theirs), by=OTHER)
    rewritten(mine, "For five hours", "For seven hours")
    text = mine.read_bytes()
    refusal = holdfast.refused("draft", "push", str(mine), by=WRITER)
    newest = mine.with_suffix(".newest.md")
    assert refusal.splitlines() == [
        "Somebody else changed the same meanwhile: summary. Nothing was saved: read both, and save again.",
        f"Somebody saved a revision after 1, upon which {mine} was written.",
        "Nothing was saved. To go on:",
        f"  holdfast draft pull {review} --out {newest}",
        f"Compare the two, bring your changes over, and push {newest}.",
    ]
    assert mine.read_bytes() == text
    holdfast.done("draft", "pull", review, "--out", str(newest))
    rewritten(newest, "For six hours", "For seven hours")
    assert holdfast.done("draft", "push", str(newest), by=WRITER).startswith("Saved as revision 3.\n")


def test_a_revision_that_there_never_was_cannot_be_written_upon(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    file = pulled(holdfast, review)
    rewritten(file, "\nupon: 1\n", "\nupon: 99\n")
    rewritten(file, "For five hours", "For six hours")
    refusal = holdfast.refused("draft", "push", str(file), by=WRITER).splitlines()
    assert refusal[:2] == [
        f"{file} says that it was written upon revision 99, and the newest is 1.",
        "Nothing was saved. To go on:",
    ]


def test_a_push_whose_answer_was_lost_is_done_again_without_harm(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    file = pulled(holdfast, review)
    rewritten(file, "For five hours", "For six hours")
    before = file.read_bytes()
    holdfast.done("draft", "push", str(file))
    file.write_bytes(before)
    assert holdfast.done("draft", "push", str(file)).startswith("Saved as revision 2.\n")
    assert "\nupon: 2\n" in file.read_text(encoding="utf-8")


def test_what_is_written_while_a_push_is_under_way_stays(holdfast: Holdfast, monkeypatch: pytest.MonkeyPatch) -> None:
    review = holdfast.submitted()
    file = pulled(holdfast, review)
    rewritten(file, "For five hours", "For six hours")
    save = httpx.Client.request

    def and_write(client: httpx.Client, method: str, *args: object, **more: object) -> httpx.Response:
        if method == "PUT":
            rewritten(file, "For six hours", "For seven hours")
        return save(client, method, *args, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as during:
        during.setattr(httpx.Client, "request", and_write)
        assert holdfast.done("draft", "push", str(file)).startswith("Saved as revision 2.\n")
    assert "For seven hours" in file.read_text(encoding="utf-8")
    assert "was written in and not saved since revision 2" in holdfast.refused("draft", "pull", review)
    assert holdfast.done("draft", "push", str(file)).startswith("Saved as revision 3.\n")


def test_a_file_that_lost_its_front_matter_during_a_push_is_left_alone(
    holdfast: Holdfast, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = holdfast.submitted()
    file = pulled(holdfast, review)
    save = httpx.Client.request

    def and_empty(client: httpx.Client, method: str, *args: object, **more: object) -> httpx.Response:
        file.write_text("Gone.", encoding="utf-8")
        return save(client, method, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(httpx.Client, "request", and_empty)
    refusal = holdfast.refused("draft", "push", str(file))
    assert refusal.startswith("It was saved as revision 1, but ")
    assert file.read_text(encoding="utf-8") == "Gone."


def test_mistakes_are_told_with_their_places_before_anything_is_said(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    file = pulled(holdfast, review)
    rewritten(file, "method: customer", "method: nobody")
    rewritten(file, "prevents: [F1]", "prevents: [F7]")
    lines = file.read_text(encoding="utf-8").splitlines()
    result = holdfast.run("draft", "check", str(file))
    first, second = result.stdout.splitlines()
    assert result.exit_code == 1
    assert first.startswith(f"{file}:{lines.index('method: nobody') + 1}: detection.method: this has to be slo_burn, ")
    assert second == f"{file}:{lines.index('prevents: [F7]') + 1}: items.I1.prevents: there is no factor F7"
    assert holdfast.refused("draft", "push", str(file), code=2) == result.stdout
    assert holdfast.refused("draft", "submit", str(file), code=2) == result.stdout
    told = holdfast.run("draft", "check", str(file), "--json")
    assert told.exit_code == 1
    assert f'"line": {lines.index("method: nobody") + 1},' in told.stdout


def test_names_and_blame_are_told_with_their_lines_and_are_no_mistake(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    file = pulled(holdfast, review)
    answer = "<!-- holdfast:answers.assumptions -->\n"
    rewritten(file, answer, f"{answer}\nWe relied on the mix.\n{WRITER} looked, {WRITER} again.\n\n")
    line = file.read_text(encoding="utf-8").split("\n").index(f"{WRITER} looked, {WRITER} again.") + 1
    said = holdfast.done("draft", "check", str(file)).splitlines()
    assert said[0] == f"{file} can be read."
    (named,) = (one for one in said if "a role tells readers more" in one)
    assert named.startswith(f"{file}:{line}: hint: “{WRITER}”: A person is named here.")
    assert " Instead: the " in named
    told = holdfast.json("draft", "check", str(file))
    assert [(one["line"], one["place"]) for one in told["remarks"] if one["words"] == WRITER] == [
        (line, "answers.assumptions")
    ] * 2


def test_blame_that_stands_against_a_submission_ends_a_check_as_a_mistake_does(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    file = filled(holdfast, review)
    assert holdfast.run("draft", "check", str(file)).exit_code == 0
    rewritten(file, "The producer of the clickstream changed", "The engineer was careless and changed")
    result = holdfast.run("draft", "check", str(file))
    assert result.exit_code == 1
    assert f"{file} can be read." in result.stdout
    assert ": error: “careless”: " in result.stdout
    told = holdfast.run("draft", "check", str(file), "--json")
    assert told.exit_code == 1
    assert [one["words"] for one in json.loads(told.stdout)["remarks"] if one["stops"]] == ["careless"]


def test_a_file_is_checked_where_nobody_answers(elsewhere: Path, holdfast: Holdfast) -> None:
    nowhere = "http://127.0.0.1:9"
    result = holdfast.run("draft", "check", str(EXAMPLE), url=nowhere)
    assert (result.exit_code, result.stdout) == (0, f"{EXAMPLE} can be read.\n")
    assert "It was not looked for names and blame.\nHoldfast does not answer at" in result.stderr
    told = holdfast.json("draft", "check", str(EXAMPLE))
    assert told == {"file": str(EXAMPLE), "mistakes": [], "remarks": None}, "there is no such review here"
    assert holdfast.refused("draft", "check", "absent.md", code=2) == (
        "absent.md cannot be read: No such file or directory.\n"
    )
    Path("binary.md").write_bytes(b"\xff\xfe")
    assert holdfast.refused("draft", "check", "binary.md", code=2) == "binary.md is no text file.\n"


def test_reasons_against_a_submission_are_told_with_their_places(holdfast: Holdfast) -> None:
    review = holdfast.opened()
    file = filled(holdfast, review)
    rewritten(file, "That a column keeps its unit when its name and type stay. That offline metrics of the day", "")
    rewritten(file, " before tell of today.", "")
    rewritten(file, "Change 4711 of the producer; histogram of dwell_time before and after it.", "")
    rewritten(file, "The producer of the clickstream changed", "The engineer was careless and changed")
    refusal = holdfast.refused("draft", "submit", str(file), by=WRITER).splitlines()
    lines = file.read_text(encoding="utf-8").splitlines()

    def place(mark: str) -> str:
        return f"{file}:{next(n for n, line in enumerate(lines, 1) if f'holdfast:{mark} ' in line)}: "

    assert f"{place('answers.assumptions')}Not answered: Which assumptions were violated?" in refusal
    assert f"{place('factors.F1')}F1 gives no evidence." in refusal
    assert any(line.startswith(f"{place('factors.F1.explanation')}factors.F1.explanation: ") for line in refusal)
    assert refusal[-1] == "The draft was saved as revision 1, and nothing was submitted."
    assert "\nupon: 1\n" in file.read_text(encoding="utf-8")


def test_a_reason_that_is_about_no_part_is_told_as_it_is(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    file = pulled(holdfast, review)
    refusal = holdfast.refused("draft", "submit", str(file))
    assert refusal.startswith("This text is submitted already, as revision 1.\n")


def test_a_submission_answers_with_json(holdfast: Holdfast) -> None:
    file = filled(holdfast, holdfast.opened())
    assert holdfast.json("draft", "submit", str(file), by=WRITER)["stage"] == "sign_off"


def test_a_review_that_is_not_there_is_named(holdfast: Holdfast) -> None:
    assert holdfast.refused("draft", "pull", "hand:none") == "There is no review hand:none.\n"


def test_an_erased_text_is_not_taken_for_an_empty_one(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    erase(holdfast)
    assert holdfast.refused("draft", "pull", review) == "The text of revision 1 was erased.\n"


def erase(holdfast: Holdfast) -> None:
    """Take the text of every revision out of the records."""
    with holdfast.records.database.write() as connection:
        connection.execute(update(tables.draft_revisions).values(body=None))


def test_a_file_keeps_its_permissions_and_a_link_stays_a_link(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    file = pulled(holdfast, review)
    file.chmod(0o640)
    link = Path("link.md")
    link.symlink_to(file)
    rewritten(file, "For five hours", "For six hours")
    holdfast.done("draft", "push", "link.md")
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert "\nupon: 2\n" in file.read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left_beside_it(holdfast: Holdfast) -> None:
    review = holdfast.submitted()
    Path("folder.md").mkdir()
    before = sorted(os.listdir())
    refusal = holdfast.refused("draft", "pull", review, "--force", "--out", "folder.md", code=2)
    assert refusal.startswith("folder.md cannot be written: ")
    assert sorted(os.listdir()) == before
    absent = holdfast.refused("draft", "pull", review, "--out", "absent/draft.md", code=2)
    assert absent == "absent/draft.md cannot be written: No such file or directory.\n"


@pytest.mark.parametrize("command", ["pull", "push", "submit", "check"])
def test_the_help_shows_an_example(holdfast: Holdfast, command: str) -> None:
    said = " ".join(holdfast.done("draft", command, "--help").split())
    assert f"Example: holdfast draft {command} hand" in said


def test_every_reason_against_a_submission_has_a_line_and_a_script_reads_them_as_json(holdfast: Holdfast) -> None:
    review = holdfast.opened(severity="SEV1")
    file = pulled(holdfast, review)
    result = holdfast.run("draft", "submit", str(file), "--json", by=WRITER)
    assert (result.exit_code, result.stderr) == (1, "")
    told = json.loads(result.stdout)
    assert told["note"] == "The draft was saved as revision 1, and nothing was submitted."
    assert told["error"] == " ".join(told["reasons"])
    assert len(told["reasons"]) > 10
    assert [reason for reason in told["reasons"] if not reason.startswith(f"{file}:")] == []
    lines = file.read_text(encoding="utf-8").splitlines()
    (factor,) = (reason for reason in told["reasons"] if "contributing factor" in reason)
    assert "holdfast:causes" in lines[int(factor.split(":")[1]) - 1]
    again = holdfast.run("review", "sign", review, "--team", "ml", "--json")
    assert again.exit_code == 1
    assert json.loads(again.stdout)["reasons"] == ["A text cannot be signed while the review is in draft."]
    absent = holdfast.run("draft", "submit", "absent.md", "--json")
    assert (absent.exit_code, json.loads(absent.stdout)["error"]) == (
        2,
        "absent.md cannot be read: No such file or directory.",
    )
