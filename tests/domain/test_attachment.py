"""Copies that are kept: of a few kinds, not too large, known by their digest."""

import pytest
from pydantic import ValidationError

from domain.model.attachment import ENDINGS, KINDS, LARGEST, PICTURES, Attachment, kind_by_name


def test_a_copy_is_known_by_the_digest_of_its_bytes() -> None:
    one = Attachment(name="a.txt", media_type="text/plain", data=b"abc")
    other = Attachment(name="b.png", media_type="image/png", data=b"abc")
    assert one.digest == other.digest == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_kind_is_kept_without_its_parameters() -> None:
    assert Attachment(name="a", media_type=" Text/HTML; charset=utf-8", data=b"a").media_type == "text/html"


@pytest.mark.parametrize("media_type", ["image/svg+xml", "application/x-sh", "", "text"])
def test_another_kind_is_refused_with_those_that_are_kept(media_type: str) -> None:
    with pytest.raises(ValidationError, match=r"is no kind of file that is kept; these are: application/json"):
        Attachment(name="a", media_type=media_type, data=b"a")


@pytest.mark.parametrize("size", [0, LARGEST + 1])
def test_an_empty_one_and_one_that_is_too_large_are_refused(size: int) -> None:
    with pytest.raises(ValidationError, match="data"):
        Attachment(name="a", media_type="text/plain", data=bytes(size))


def test_what_is_shown_in_a_page_is_a_picture_that_runs_no_script() -> None:
    assert {"image/gif", "image/jpeg", "image/png", "image/webp"} == PICTURES


def test_the_kind_of_a_file_is_told_by_how_its_name_ends() -> None:
    assert {kind_by_name(f"a.{ending}") for ending in ENDINGS} == KINDS
    assert kind_by_name("Replay 2.LOG") == "text/plain"
    assert (kind_by_name("run.exe"), kind_by_name("log")) == (".exe", "")
