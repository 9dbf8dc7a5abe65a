"""A mistake is told with its line and what was expected; all of them at once."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.drafts.document import DraftDocument
from drafting.header import DraftError
from drafting.notation import lines_of
from drafting.reading import from_markdown
from tests.drafting.build import file_of, plain
from tests.drafting.strategies import NASTY

FILE = file_of()


def line_of(text: str, file: str = FILE) -> int:
    """The line in which a text stands first."""
    return file[: file.index(text)].count("\n") + 1


def told(file: str) -> list[tuple[int, str]]:
    """The mistakes in a file."""
    with pytest.raises(DraftError) as raised:
        from_markdown(file)
    return [(mistake.line, mistake.what) for mistake in raised.value.mistakes]


def changed(old: str, new: str) -> str:
    """The file with a text replaced where it stands first."""
    assert old in FILE
    return FILE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        (
            "method: customer",
            "method: custommer",
            "method:",
            "detection.method: this has to be slo_burn, infra_alert, ",
        ),
        ("gap: no_monitor", "gapp: no_monitor", "gapp:", "detection.gapp: unknown field; did you mean gap?"),
        (
            "target: 95",
            "target: many",
            "target: many",
            "impact.service_levels.0.target: this has to be a number",
        ),
        ("target: 95", "target: 195", "target: 195", "impact.service_levels.0.target: this has to be at most"),
        (
            "at: 2026-11-10T04:10:00Z",
            "at: 2026-11-10T04:10:00",
            "at: 2026-11-10T04:10:00\n",
            "timeline.0.at: this names no time zone",
        ),
        ("at: recommender", "at: query-classifier", "extent", "extent: query-classifier is there twice"),
        ("prevents: [F1]", "prevents: F1", "prevents: F1", "items.I1.prevents: this has to be a list"),
        ("prevents: [F1]", "prevents: [F1, F7]", "[F1, F7]", "items.I1.prevents: there is no factor F7"),
        ("led_to: F2", "led_to: F9", "led_to: F9", "factors.F1.led_to: there is no factor F9"),
        (
            "cause: no_canary",
            "cause: drift",
            "cause: drift",
            "factors.F3: 'drift' is not a cause of dimension evaluation",
        ),
        ("cause: no_canary\n", "", "factors.F3 ", "factors.F3.cause: this is needed"),
        ("cause: no_canary", "cause: 'no_canary", "cause: 'no_canary", "factors.F3: this is not YAML: "),
        ("cause: no_canary", "cause: no_canary\ncause: drift", "cause: drift", "factors.F3: cause is there twice"),
        ("cause: no_canary", "cause: *x", "*x", "factors.F3: this is not YAML: write it out"),
        ("cause: no_canary", "cause: a\x07b", "a\x07b", "factors.F3: this is not YAML: a character in it"),
        ("cause: no_canary", "[a]: no_canary", "[a]:", "factors.F3: a field has to have a name"),
        (
            "dimension: evaluation\ncause: no_canary\nconfidence: potential\n",
            "- x\n",
            "- x",
            "factors.F3: fields are expected",
        ),
        (
            "cause: no_canary",
            "evidence: Seen",
            "#### Evidence <!-- holdfast:factors.F3",
            "factors.F3.evidence is given twice",
        ),
        (
            "touched: [text]",
            "touched: [text]\nno_change: No",
            "failure_modes.no_change -->",
            "failure_modes.no_change is given twice",
        ),
        (
            "holdfast:factors.F3 ",
            "holdfast:factors.3 ",
            "holdfast:factors.3 ",
            "there is no part factors.3; there are background, causes",
        ),
        ("holdfast:impact ", "holdfast:inpact ", "holdfast:inpact ", "there is no part inpact; did you mean impact?"),
        (
            "holdfast:considered.system",
            "holdfast:considered.cloud",
            "considered.cloud",
            "there is no part considered.cloud",
        ),
        (
            "holdfast:impact.people",
            "holdfast:impact.business",
            "## People",
            "impact.business is there twice; it began in line",
        ),
        (
            "holdfast:summary",
            "holdfast:summary unix",
            "holdfast:summary unix",
            "unix is not known here; there are crlf and empty",
        ),
        ("Support passed on three", "<!-- holdfast:x --> Support", "--> Support", "a part begins with a heading"),
        ("```yaml\nmethod", "method", "method: customer", "detection: a block is expected here, from ```yaml to ```"),
        ("```\n\n### How", "### How", "```yaml\nmethod", "detection: the block has no end; a line ``` is expected"),
        (
            "```\n\n### How",
            "```\nAnd more.\n\n### How",
            "And more.",
            "detection: nothing is read here but one block of YAML",
        ),
        ("### F1", "Because.\n\n### F1", "Because.", "causes: no text belongs here"),
        ("\n## What happened", "\nHello.\n\n## What happened", "Hello.", "this text is in no part"),
        ("there. -->", "there.", "<!-- holdfast: A few", "this comment has no end; --> is expected"),
        ("this one case. -->", "this", "<!-- holdfast: The whole", "this comment has no end; --> is expected"),
        ("there. -->", "there. --> Hello", "<!-- holdfast: A few", "nothing is read behind the end of this comment"),
        ("upon: 1", "upon: first", "upon: first", "upon: this has to be a whole number"),
        ("upon: 1", "up on: 1", "up on", "up on: unknown field; did you mean upon?"),
        ("review: hand:2026-17", "review: [", "template", "this is not YAML: "),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, where: str, what: str) -> None:
    file = changed(old, new)
    found = told(file)
    assert any(line == line_of(where, file) and said.startswith(what) for line, said in found), found


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    file = changed("upon: 1", "upon: -1").replace("method: customer", "method: nobody")
    file = file.replace("prevents: [F1]", "prevents: [F7]").replace("holdfast:extent", "holdfast:elsewhere")
    found = told(file)
    assert [line for line, _ in found] == sorted(line for line, _ in found)
    assert [what.partition(":")[0] for _, what in found] == [
        "upon",
        "detection.method",
        "there is no part elsewhere; there are background, causes, detection, extent, failure_modes, impact, items, "
        "kept, safeguards, summary, timeline, versions, answers.…, factors.F1, items.I1",
        "items.I1.prevents",
    ]


@pytest.mark.parametrize("file", ["", "# A review\n", "---\nreview: x\n", "\n---\nreview: x\nupon: 0\n---\n"])
def test_a_file_without_front_matter_is_told_how_one_begins(file: str) -> None:
    ((line, what),) = told(file)
    assert line == 1
    assert what.startswith("a draft begins with a line ---")


def test_an_id_that_is_written_into_a_block_is_given_twice() -> None:
    file = changed("dimension: data", "id: F4\ndimension: data")
    assert (line_of("id: F4", file), "factors.F1.id is given twice; it belongs in one place only") in told(file)


def test_prose_may_stand_in_the_block_where_its_heading_is_empty_or_missing() -> None:
    short = re.sub(r"#### Explanation <!-- holdfast:factors.F3.*?\n\n.*?\n\n", "", FILE)
    short = short.replace("cause: no_canary\n", "cause: no_canary\nexplanation: All at once.\n")
    short = short.replace("cause: no_canary\n", "cause: no_canary\ncontrol_that_should_have_caught_it: A canary.\n")
    factor = from_markdown(short).document.factors[2]
    assert (factor.explanation, factor.control_that_should_have_caught_it) == ("All at once.", "A canary.")


def test_what_is_written_tersely_by_hand_is_read() -> None:
    file = """---
review: hand:1
upon: 0
---
## What <!--holdfast:summary-->
It fell.
## Numbers <!-- holdfast:impact -->
```yml
latency: [{quantile: p99, before: 80, during: 085.0}]
business: No.
```
### I1 <!-- holdfast:items.I1 -->"""
    document = from_markdown(file).document
    assert (document.summary, document.impact.business, document.items) == ("It fell.", "No.", ())
    assert str(document.impact.latency[0].during) == "85.0"


def test_values_are_taken_as_they_are_written() -> None:
    file = changed("version: 12", "version: no").replace("rollback_to: 11", "rollback_to: 1.10")
    file = file.replace("features: clickstream of the night before", "features: null")
    (version,) = from_markdown(file).document.versions
    assert (version.version, version.rollback_to, version.features) == ("no", "1.10", None)


def test_a_sentence_finds_the_part_that_it_is_about() -> None:
    parsed = from_markdown(FILE)
    for sentence, where in {
        "factors.F1.explanation: This finds fault with a person.": "factors.F1.explanation",
        "items.I2.title: This only reminds.": "items.I2 ",
        "Not answered: Which assumptions were violated?": "answers.assumptions",
        "Nothing is said under “Impact”.": "holdfast:impact ",
        "F2 gives no evidence.": "factors.F2 ",
        "Governance was not considered: give a factor, or say why there is none.": "considered.governance",
    }.items():
        assert parsed.line_of(sentence) == line_of(where), sentence
    assert parsed.line_of("There is nothing in F20.") is None


def test_a_file_without_parts_is_an_empty_draft() -> None:
    assert from_markdown("---\nreview: x\nupon: 0\n---\n").document == DraftDocument()


def test_a_hint_needs_no_blank_line_behind_it() -> None:
    file = "---\nreview: x\nupon: 0\n---\n# What <!-- holdfast:summary -->\n<!-- holdfast: hint\nmore -->\nIt fell."
    assert from_markdown(file).document.summary == "It fell."
    assert from_markdown(file + "\n<!-- holdfast: hint -->").document.summary == "It fell."


@given(
    st.lists(st.tuples(st.integers(0, len(FILE)), st.sampled_from((*NASTY, "[", "{", ": [", "id: [x]\n"))), max_size=3)
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_whatever_is_put_into_a_file_is_read_or_told(pieces: list[tuple[int, str]]) -> None:
    file = FILE
    for at, piece in pieces:
        file = file[:at] + piece + file[at:]
    lines = len(lines_of(file))
    try:
        document = from_markdown(file).document
    except DraftError:
        assert all(1 <= line <= lines and what for line, what in told(file))
    else:
        assert plain(from_markdown(file_of(document)).document) == plain(document)


@pytest.mark.parametrize("part", ["led_to: [F2]", "led_to: {a: b}", "id: [x]"])
def test_a_list_or_fields_in_the_place_of_a_text_are_told(part: str) -> None:
    file = changed("led_to: F2", part)
    assert line_of(part, file) in {line for line, _ in told(file)}
