"""Our Markdown as Jira's documents, and back."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.trackers.jira.adf import first_link, to_adf, to_text

BODY = """Action item **I1** of the post-incident review [P1](https://holdfast.test/reviews/P1).

- class: prevent, strength: stronger
- due: 24 Dec 2026

**Done when:** the alert `drift_high` fires
within 5 minutes.

**Cannot close yet: 2**
- I1 is open
- see https://acme.test/browse/SCORE-1.

- [ ] verified
- [x] opened

```sql
select **
  from alerts
```

The end."""


def test_what_our_issues_say_comes_back_word_for_word() -> None:
    assert to_text(to_adf(BODY)) == BODY.replace("2**\n-", "2**\n\n-")  # a list is a block of its own


def test_our_constructs_are_jira_s() -> None:
    kinds = [node["type"] for node in to_adf(BODY)["content"]]
    expected = ["paragraph", "bulletList", "paragraph", "paragraph", "bulletList", "taskList", "codeBlock", "paragraph"]
    assert kinds == expected
    first = to_adf(BODY)["content"][0]["content"]
    assert first == [
        {"type": "text", "text": "Action item "},
        {"type": "text", "text": "I1", "marks": [{"type": "strong"}]},
        {"type": "text", "text": " of the post-incident review "},
        {
            "type": "text",
            "text": "P1",
            "marks": [{"type": "link", "attrs": {"href": "https://holdfast.test/reviews/P1"}}],
        },
        {"type": "text", "text": "."},
    ]


def test_an_address_by_itself_is_a_link_without_the_full_stop() -> None:
    (paragraph,) = to_adf("See https://acme.test/a_b?c=d, or https://acme.test/e.")["content"]
    links = [node["text"] for node in paragraph["content"] if "marks" in node]
    assert links == ["https://acme.test/a_b?c=d", "https://acme.test/e"]


@pytest.mark.parametrize(
    "text",
    [
        "feature_store_v2 and a * b * c and 2 ** 3 ** 4",
        "[not a link] (nor this), [nor this](javascript:alert(1))",
        "# no heading\n> no quote\n1. no list",
        "-no bullet\n  - nor this",
        "```\nnever closed",
        "&amp; <b>not bold</b>",
        "****",
        "**",
    ],
)
def test_what_is_no_markup_of_ours_is_text(text: str) -> None:
    document = to_adf(text)
    assert to_text(document) == text
    assert {node["type"] for node in _nodes(document)} <= {"doc", "paragraph", "text", "hardBreak"}
    assert not any("marks" in node for node in _nodes(document))


def test_code_bears_no_other_mark() -> None:
    text = "**a `b` [c](https://d.test) e** `f`"
    (paragraph,) = to_adf(text)["content"]
    strong, link = {"type": "strong"}, {"type": "link", "attrs": {"href": "https://d.test"}}
    assert [node.get("marks") for node in paragraph["content"]] == [
        [strong],
        [strong, link],
        [strong],
        None,
        [{"type": "code"}],
    ]
    assert to_text(paragraph) == text


def test_two_blocks_of_code_stay_two() -> None:
    text = "```\none\n```\n```\n\n```\ntext"
    kinds = [node["type"] for node in to_adf(text)["content"]]
    assert kinds == ["codeBlock", "codeBlock", "paragraph"]


@given(st.text(st.sampled_from("ab *`-[]()x#\n\r<>") | st.characters(codec="utf-8")) | st.just("- [ ] **a** `b`\n- c"))
def test_any_text_makes_a_document_that_jira_takes_and_that_stays_the_same(text: str) -> None:
    document = to_adf(text)
    for node in _nodes(document):
        if node["type"] == "text":
            assert node["text"]
            marks = [mark["type"] for mark in node.get("marks", ())]
            assert "code" not in marks or set(marks) <= {"code", "link"}
        if node["type"] in ("bulletList", "taskList"):
            assert node["content"]
    said = to_text(document)
    assert to_text(to_adf(said)) == said


def test_what_people_write_in_jira_is_text() -> None:
    document = {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "heading", "attrs": {"level": 2}, "content": [_said("Plan")]},
            {
                "type": "paragraph",
                "content": [
                    {"type": "mention", "attrs": {"id": "5b10", "text": "@Ada"}},
                    _said(" by "),
                    {"type": "date", "attrs": {"timestamp": "1798070400000"}},
                    {"type": "hardBreak"},
                    {"type": "emoji", "attrs": {"shortName": ":tada:"}},
                    {"type": "inlineCard", "attrs": {"url": "https://acme.test/1"}},
                    {"type": "date", "attrs": {"timestamp": "soon"}},
                    {"type": "status", "attrs": {"text": "BLOCKED"}},
                ],
            },
            {
                "type": "panel",
                "content": [{"type": "paragraph", "content": [_said("one")]}, {"type": "paragraph"}, {"type": "rule"}],
            },
            {
                "type": "orderedList",
                "content": [
                    {
                        "type": "listItem",
                        "content": [
                            {"type": "paragraph", "content": [_said("first")]},
                            {"type": "bulletList", "content": [_item("inner")]},
                        ],
                    },
                    _item("second"),
                ],
            },
            {"type": "something new", "content": [{"type": "newer", "content": [_said("still read")]}]},
            {"type": "blockCard", "attrs": {"url": "https://acme.test/2"}},
            {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"id": "x", "type": "file"}}]},
        ],
    }
    assert to_text(document) == "\n\n".join(
        [
            "Plan",
            "@Ada by 2026-12-24\n:tada:https://acme.test/1soonBLOCKED",
            "one",
            "1. first\n  - inner\n2. second",
            "still read",
            "https://acme.test/2",
        ]
    )


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (None, ""),
        ("plain", "plain"),
        (5, ""),
        ({}, ""),
        ({"type": "doc", "content": "odd"}, ""),
        ({"type": "doc", "content": [None, {"type": "paragraph", "content": [{"type": "text"}]}]}, ""),
        ({"type": "text", "text": "a", "marks": "odd", "attrs": "odd"}, "a"),
        ({"type": "text", "text": "a", "marks": [None, {"type": "link", "attrs": None}]}, "a"),
        ({"type": "emoji", "attrs": "odd"}, ""),
    ],
)
def test_odd_documents_are_read_as_far_as_they_go(node: Any, said: str) -> None:
    assert to_text(node) == said


def test_the_first_link_is_found() -> None:
    assert first_link(BODY) == ("P1", "https://holdfast.test/reviews/P1")
    assert first_link("none") is None


def _said(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _item(text: str) -> dict[str, Any]:
    return {"type": "listItem", "content": [{"type": "paragraph", "content": [_said(text)]}]}


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("content", ()):
        yield from _nodes(child)
