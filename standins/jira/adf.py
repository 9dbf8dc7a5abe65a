"""Text and Atlassian documents (ADF), one made from the other: v3 has documents where v2 has text."""

from typing import Any


def document(body: Any) -> Any:
    """A body as a document; one that is a document already stays as it is."""
    if body is None or isinstance(body, dict):
        return body
    paragraphs = [_paragraph(text) for text in body.split("\n\n")]
    return {"type": "doc", "version": 1, "content": paragraphs}


def text(body: Any) -> Any:
    """A body as text. Blocks are set apart by an empty line, as `document` reads them; marks and links are lost."""
    if body is None or isinstance(body, str):
        return body
    return "\n\n".join(_text(block) for block in body["content"])


def is_document(body: Any) -> bool:
    """Whether Jira would take a value for a document."""
    return isinstance(body, dict) and body.get("type") == "doc" and body.get("version") == 1 and "content" in body


def _paragraph(text: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for number, line in enumerate(text.split("\n")):
        content += [{"type": "hardBreak"}] if number else []
        content += [{"type": "text", "text": line}] if line else []  # a text node may not be empty
    return {"type": "paragraph", "content": content}


def _text(node: dict[str, Any]) -> str:
    if node["type"] == "hardBreak":
        return "\n"
    if node["type"] == "inlineCard":
        return str(node["attrs"]["url"])
    own = str(node.get("text", ""))
    between = "\n" if node["type"] in ("bulletList", "orderedList", "taskList", "blockquote", "panel") else ""
    return own + between.join(_text(child) for child in node.get("content", []))
