"""What commands show: sentences, tables and JSON. In a pipe everything is plain, and nothing is cut short."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Texts come from outside: an escape sequence in a title must not reach the terminal."""

_WIDE_ENOUGH = 100_000


def _console(stderr: bool = False) -> Console:
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDE_ENOUGH
    return console


def _clean(text: str) -> str:
    return _CONTROL.sub("�", text)


def say(*lines: str) -> None:
    """Show lines, each as it is."""
    for line in lines:
        _console().print(_clean(line), soft_wrap=True)


def complain(*lines: str) -> None:
    """Show lines beside the output, where a script that reads it does not stumble over them."""
    for line in lines:
        _console(stderr=True).print(_clean(line), soft_wrap=True)


def tell_of_more(more: bool, limit: int) -> None:
    """Say, beside what is printed, that a list is longer than was asked for."""
    if more:
        complain(f"These are the first {limit}; there are more: see --limit.")


def heading(line: str) -> None:
    """Show a line that stands out, where the terminal can."""
    _console().print(_clean(line), style="bold", soft_wrap=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """Show rows; on a narrow terminal long cells go on in the next line. `empty` is said where there are none."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in headings:
        shown.add_column(name, overflow="fold")
    for row in rows:
        shown.add_row(*(" ".join(_clean(cell).split()) for cell in row))
    if not shown.row_count:
        say(empty)
        return
    console = _console()
    if console.is_terminal:
        console.print(shown)
        return
    with console.capture() as captured:
        console.print(shown)
    for line in captured.get().splitlines():
        console.print(line.rstrip(), soft_wrap=True)


def as_json(value: Any) -> None:
    """Show data for a script."""
    say(json.dumps(value, indent=2, ensure_ascii=False))
