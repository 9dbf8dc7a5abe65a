"""The front matter: what tells a file that was written in, and what a save changes in it."""

import pytest

from drafting.header import DraftError, is_unsaved, saved_as
from drafting.reading import from_markdown
from tests.drafting.build import file_of


def test_a_file_as_it_was_pulled_holds_nothing_unsaved() -> None:
    assert not is_unsaved(file_of())
    assert not is_unsaved(file_of().replace("\n", "\r\n"))
    assert is_unsaved(file_of().replace("For five hours", "For six hours"))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_save_changes_the_front_matter_only(end: str) -> None:
    written = file_of().replace("For five hours", "For six hours").replace("\n", end)
    saved = saved_as(written, written, 2)
    assert not is_unsaved(saved)
    assert from_markdown(saved).header.upon == 2
    assert saved.partition("## ")[2] == written.partition("## ")[2]
    assert saved.count(end) == written.count(end) == saved.count("\n")


def test_what_was_written_during_a_save_stays_and_counts_as_unsaved() -> None:
    pushed, later = file_of(), file_of().replace("For five hours", "For six hours")
    saved = saved_as(later, pushed, 2)
    assert "For six hours" in saved
    assert is_unsaved(saved)


def test_a_file_without_front_matter_cannot_be_stamped() -> None:
    with pytest.raises(DraftError, match="line 1: a draft begins with"):
        saved_as("# Something", file_of(), 2)
