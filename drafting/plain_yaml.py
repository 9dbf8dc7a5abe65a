"""YAML in which every value is text as it is written: `0.10` stays 0.10, `no` stays no, a date stays a date.

What a value means is for the record to say that it belongs to. Every value keeps the line in which it stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]


@dataclass
class Tree:
    """What a block says: texts, lists and maps; the line of each by its path; and what could not be read."""

    said: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    mistakes: list[tuple[int, str]] = field(default_factory=list)


_NULL = "tag:yaml.org,2002:null"


class _OnlyText:
    yaml_implicit_resolvers = {
        first: [(tag, regexp) for tag, regexp in resolvers if tag == _NULL]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class _Loader(_OnlyText, yaml.SafeLoader):
    """Takes nothing for a number, a date or a truth."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="write it out: `*` is not read",
                problem_mark=self.peek_event().start_mark,  # type: ignore[no-untyped-call]
            )
        return super().compose_node(parent, index)


class _Dumper(_OnlyText, yaml.SafeDumper):
    """Quotes only what would be read otherwise."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represented(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, _style(text))


def _style(text: str) -> str | None:
    """Lines as lines, where YAML keeps them so; anything that would be hard to see, in double quotes."""
    lines = text.split("\n")
    if not all(not line or line.isprintable() for line in lines) or text == "\n" or text.endswith("\n\n"):
        return '"'
    return "|" if len(lines) > 1 else None


def _listed(dumper: yaml.SafeDumper, entries: list[Any]) -> yaml.SequenceNode:
    short = all(isinstance(entry, str) for entry in entries)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", entries, flow_style=short)


_Dumper.add_representer(str, _represented)
_Dumper.add_representer(list, _listed)


def dumped(said: Any) -> str:
    """The YAML of texts, lists and maps, in lines that compare well."""
    return str(yaml.dump(said, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf")))


def read(text: str, first: int) -> Tree:
    """What YAML says that begins in the line `first` of a file. What says nothing (`null`, or no value) is left out."""
    tree = Tree()
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        tree.mistakes.append((first + _line(error, text), f"this is not YAML: {error.problem or error.context}"))
    except yaml.reader.ReaderError as error:
        line = first + text.count("\n", 0, error.position)
        tree.mistakes.append((line, 'this is not YAML: a character in it has to be written as in "\\x07"'))
    else:
        tree.said = _said(node, (), tree, first) if node is not None else None
    return tree


def _line(error: yaml.MarkedYAMLError, text: str) -> int:
    """The line in which it went wrong, from 0; where something has no end, the line in which it begins."""
    marks = [mark for mark in (error.problem_mark, error.context_mark) if mark is not None]
    return int(next((mark.line for mark in marks if mark.line < text.count("\n")), 0))


def _said(node: yaml.Node, path: Path, tree: Tree, first: int) -> Any:
    tree.lines[path] = first + node.start_mark.line
    if isinstance(node, yaml.SequenceNode):
        return [_said(value, (*path, number), tree, first) for number, value in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node, path, tree, first))
    return None if node.tag == _NULL else str(node.value)


def _pairs(node: yaml.MappingNode, path: Path, tree: Tree, first: int) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, value in node.value:
        line = first + key.start_mark.line
        if not isinstance(key, yaml.ScalarNode):
            tree.mistakes.append((line, "a field has to have a name"))
        elif key.value in seen:
            tree.mistakes.append((line, f"{key.value} is there twice"))
        else:
            seen.add(key.value)
            said = _said(value, (*path, key.value), tree, first)
            tree.lines[*path, key.value] = line
            if said is not None:
                yield key.value, said
