"""A round trip changes nothing, whatever people wrote."""

import pytest
from hypothesis import example, given, settings

from domain.drafts.document import DraftDocument
from domain.model.draft_parts import FailureModes, Looked, Moment
from domain.model.taxonomy import Elsewhere
from domain.model.template import Question, Section
from drafting.header import Header
from drafting.reading import from_markdown
from drafting.writing import to_markdown
from tests.domain.build import NOW
from tests.drafting.build import EXAMPLE, EXAMPLES, HEADER, file_of, plain
from tests.drafting.strategies import documents, lines, prose

thorough = settings(max_examples=150, deadline=None, derandomize=True)


@given(prose)
@example("")
@example("\n")
@example("One\n")
@example("One\n\n\n")
@example(" One\n  Two")
@example("## What happened <!-- holdfast:summary -->\n\n<!-- \\holdfast: no hint -->")
@example("One\r\nTwo\r\n")
@example("One\r\nTwo\rThree\n&#13; &amp;#13;")
@settings(thorough, max_examples=500)
def test_prose_comes_back_character_for_character(text: str) -> None:
    written = DraftDocument(
        summary=text,
        answers={"what_failed": text, "own": text},
        timeline=(Moment(at=NOW, what=text), Moment(at=NOW, what=text)),
        extent=(Looked(at="x", found=Elsewhere.NOT_THERE, how=text),),
        failure_modes=FailureModes(no_change=text),
        kept={"key": text},
    )
    assert from_markdown(file_of(written)).document == written


@given(documents())
@thorough
def test_a_whole_draft_comes_back_as_it_was(document: DraftDocument) -> None:
    file = file_of(document)
    parsed = from_markdown(file)
    assert plain(parsed.document) == plain(document)
    assert parsed.header.model_copy(update={"saved": ""}) == HEADER
    assert file_of(parsed.document) == file


@given(documents())
@settings(thorough, max_examples=50)
def test_an_editor_on_windows_changes_nothing(document: DraftDocument) -> None:
    file = file_of(document)
    assert "\r" not in file
    assert plain(from_markdown("\ufeff" + file.replace("\n", "\r\n")).document) == plain(document)


@given(title=lines, about=prose, text=prose, id=lines)
@thorough
def test_what_a_template_says_is_never_taken_for_the_draft(title: str, about: str, text: str, id: str) -> None:
    sections = [Section(id="summary", title=title, about=about), Section(id="impact", title=about, about=title)]
    written = DraftDocument(summary=text, answers={id: text})
    file = to_markdown(written, HEADER, sections, [Question(id=id, prompt=title, about=about)])
    assert from_markdown(file).document == written


@given(review=lines, template=lines)
@thorough
def test_the_header_comes_back(review: str, template: str) -> None:
    header = Header(review=review, upon=12, template=template)
    parsed = from_markdown(file_of(EXAMPLE, header)).header
    assert parsed.model_copy(update={"saved": ""}) == header


def test_the_example_is_what_is_pulled_of_the_example_in_yaml() -> None:
    file = (EXAMPLES / "draft.md").read_text(encoding="utf-8")
    assert file == file_of()
    assert plain(from_markdown(file).document) == plain(EXAMPLE)


def test_an_empty_form_is_an_empty_draft() -> None:
    file = file_of(DraftDocument())
    assert from_markdown(file).document == DraftDocument()
    for place in ("summary", "factors.F1.evidence", "considered.governance", "items.I1", "answers.what_failed"):
        assert f"<!-- holdfast:{place} -->" in file


def test_pulling_twice_gives_the_same_file() -> None:
    assert file_of() == file_of()


def test_a_text_that_stands_empty_is_told_from_none() -> None:
    written = DraftDocument.model_validate({"answers": {"what_failed": ""}, "considered": {"data": ""}})
    assert from_markdown(file_of(written)).document == written


@pytest.mark.parametrize("figure", ["0.10", "1E+1", "007", "99.90"])
def test_a_figure_keeps_its_text_without_quotes(figure: str) -> None:
    level = {"objective": "available", "budget_burned": figure}
    written = DraftDocument.model_validate({"impact": {"service_levels": [level]}})
    kept = plain(written)["impact"]["service_levels"][0]["budget_burned"]
    assert f"budget_burned: {kept}\n" in file_of(written)
    assert plain(from_markdown(file_of(written)).document) == plain(written)
