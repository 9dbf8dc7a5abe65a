"""Our Markdown as Atlassian Document Format, which Jira's v3 asks for, and such documents as text again.

We write paragraphs, bullet and task lists, bold, code and links, and no more is made of a text: what people wrote is
never taken for markup that they did not mean. People may answer with anything: of a node that is not known here, the
text counts. Source: "Atlassian Document Format" at developer.atlassian.com.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

_FENCE = re.compile(r"```([\w+#.-]*)\s*")
_TASK = re.compile(r"- \[([ xX])\] +(?=\S)")
_BULLET = re.compile(r"[-*] +(?=\S)")
_LINK = re.compile(r"\[(?P<label>[^\[\]\n]+)\]\((?P<href>(?:https?://|mailto:)[^\s()]+)\)")
_ADDRESS = re.compile(rf"{_LINK.pattern}|(?P<url>https?://[^\s<>()\[\]*`|\"]*[^\s<>()\[\]*`|\".,;:!?'])")
_INLINE = re.compile(rf"\*\*(?P<strong>(?=[^\s*]).*?[^\s*])\*\*|`(?P<code>[^`]+)`|{_ADDRESS.pattern}")


def to_adf(text: str) -> dict[str, Any]:
    """A document that says what `text` says."""
    return {"type": "doc", "version": 1, "content": list(_blocks(text.replace("\r\n", "\n").split("\n")))}


def to_text(node: Any) -> str:
    """What a document says, in the Markdown that `to_adf` reads. A string is returned as it is, nothing is ''."""
    if isinstance(node, str):
        return node
    return _text(node).strip("\n") if isinstance(node, dict) else ""


def first_link(text: str) -> tuple[str, str] | None:
    """The label and the address of the first link in our Markdown, if there is one."""
    found = _LINK.search(text)
    return (found["label"], found["href"]) if found else None


# --- from text --------------------------------------------------------------------------------------------------------


def _blocks(lines: list[str]) -> Iterator[dict[str, Any]]:
    for kind, group in groupby(_kinds(lines), key=lambda each: each[0]):
        said = [line for _, line in group]
        match kind[0]:
            case "task":
                yield {"type": "taskList", "attrs": {"localId": "tasks"}, "content": [*map(_task, range(10**6), said)]}
            case "bullet":
                yield {"type": "bulletList", "content": [_bullet(line) for line in said]}
            case "code":
                code = "\n".join(said[1:])
                language = {"attrs": {"language": said[0]}} if said[0] else {}
                yield {"type": "codeBlock", **language, "content": _plain(code)}
            case "text":
                yield {"type": "paragraph", "content": _lines(said)}


def _kinds(lines: list[str]) -> Iterator[tuple[tuple[str, int], str]]:
    """Each line with the kind of block that it belongs to, and a number that tells neighbours of one kind apart."""
    fence = 0
    for number, line in enumerate(lines):
        opening = _FENCE.fullmatch(line)
        if fence and line.rstrip() == "```":
            fence = 0
        elif fence:
            yield ("code", fence), line
        elif opening and any(later.rstrip() == "```" for later in lines[number + 1 :]):
            fence = number + 1
            yield ("code", fence), opening[1]
        elif _TASK.match(line):
            yield ("task", 0), line
        elif _BULLET.match(line):
            yield ("bullet", 0), line
        else:
            yield ("text" if line.strip() else "nothing", 0), line


def _task(number: int, line: str) -> dict[str, Any]:
    found = _TASK.match(line)
    assert found
    state = "TODO" if found[1] == " " else "DONE"
    content = list(_inline(line[found.end() :]))
    return {"type": "taskItem", "attrs": {"localId": f"task-{number}", "state": state}, "content": content}


def _bullet(line: str) -> dict[str, Any]:
    return {"type": "listItem", "content": [{"type": "paragraph", "content": list(_inline(_BULLET.sub("", line, 1)))}]}


def _lines(lines: Sequence[str]) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = []
    for line in lines:
        content += [{"type": "hardBreak"}] * bool(content) + list(_inline(line))
    return content


def _inline(text: str) -> Iterator[dict[str, Any]]:
    end = 0
    for found in _INLINE.finditer(text):
        yield from _plain(text[end : found.start()])
        end = found.end()
        if found["strong"]:
            yield from _addresses(found["strong"], {"type": "strong"})
        elif found["code"]:
            yield from _plain(found["code"], {"type": "code"})
        else:
            yield from _addresses(found[0])
    yield from _plain(text[end:])


def _addresses(text: str, *marks: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A text with its links. What is bold has no code in it: in a document, code bears no other mark but a link."""
    end = 0
    for found in _ADDRESS.finditer(text):
        yield from _plain(text[end : found.start()], *marks)
        end = found.end()
        href = found["href"] or found["url"]
        yield from _plain(found["label"] or href, *marks, {"type": "link", "attrs": {"href": href}})
    yield from _plain(text[end:], *marks)


def _plain(text: str, *marks: dict[str, Any]) -> list[dict[str, Any]]:
    """A text node; none for an empty text, which the format does not allow."""
    return [{"type": "text", "text": text, **({"marks": list(marks)} if marks else {})}] if text else []


# --- to text ----------------------------------------------------------------------------------------------------------

_INLINE_NODES = frozenset({"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status"})


def _text(node: dict[str, Any]) -> str:
    content = _children(node)
    match node.get("type"):
        case "text":
            return _marked(node)
        case "hardBreak":
            return "\n"
        case "bulletList":
            return "\n".join(_item("- ", item) for item in content)
        case "orderedList":
            return "\n".join(_item(f"{number}. ", item) for number, item in enumerate(content, start=1))
        case "taskList":
            return "\n".join(_item("- [x] " if _attr(item, "state") == "DONE" else "- [ ] ", item) for item in content)
        case "codeBlock":
            return f"```{_attr(node, 'language')}\n{''.join(map(_text, content))}\n```"
        case "date":
            return _date(_attr(node, "timestamp"))
    if not content:
        return next((said for name in ("text", "url", "shortName") if (said := _attr(node, name))), "")
    return _inside(content, "\n\n")


def _item(bullet: str, item: dict[str, Any]) -> str:
    return bullet + _inside(_children(item), "\n").replace("\n", "\n  ")


def _inside(content: list[dict[str, Any]], between: str) -> str:
    """What nodes say: one after the other in a line, and set apart as blocks."""
    if not all(child.get("type") in _INLINE_NODES for child in content):
        return between.join(filter(None, map(_text, content)))
    said = ""
    for strong, group in groupby(content, key=lambda child: "strong" in _marks(child)):
        text = "".join(map(_text, group))
        said += f"**{text}**" if strong else text
    return said


def _marked(node: dict[str, Any]) -> str:
    text, marks = str(node.get("text") or ""), _marks(node)
    if "code" in marks:
        text = f"`{text}`"
    if "link" in marks and (href := _attr(marks["link"], "href")) not in ("", text):
        text = f"[{text}]({href})"
    return text


def _marks(node: dict[str, Any]) -> dict[Any, dict[str, Any]]:
    marks = node.get("marks")
    return {mark.get("type"): mark for mark in marks if isinstance(mark, dict)} if isinstance(marks, list) else {}


def _children(node: dict[str, Any]) -> list[dict[str, Any]]:
    content = node.get("content")
    return [child for child in content if isinstance(child, dict)] if isinstance(content, list) else []


def _attr(node: dict[str, Any], name: str) -> str:
    attrs = node.get("attrs")
    said = attrs.get(name) if isinstance(attrs, dict) else None
    return str(said) if said is not None else ""


def _date(milliseconds: str) -> str:
    try:
        return f"{datetime.fromtimestamp(int(milliseconds) / 1000, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return milliseconds
