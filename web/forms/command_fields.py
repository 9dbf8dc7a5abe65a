"""What a command is made of, as fields of a form: found in its record, and read back from what a form says.

Nothing here knows any single command. A field is named by its path: `reason`, `spec.title`, and `into.*.title` for the
title in every row of a list. Nothing is checked: what is wrong is said by the record itself.
"""

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import AwareDatetime

from domain.model.tracker_routing import Place
from domain.model.values import TEXT, Record
from web.forms.draft_fields import Choices, Kind, words
from web.forms.draft_form import Form, Plain, moment, one

EVERY = "*"
"""Stands for the number of a row."""


@dataclass(frozen=True)
class Leaf:
    """A field that holds no fields of its own. `choices` are those of its vocabulary."""

    path: str
    kind: Kind
    needed: bool
    choices: Choices = ()


@cache
def leaves(record: type[Record], within: str = "") -> tuple[Leaf, ...]:
    """The fields of a record, in its order. What tells its type, and what only we fill in, is none of them."""
    found: list[Leaf] = []
    for name, hint in _hints(record).items():
        path, about = f"{within}{name}", record.model_fields[name]
        core, marks, many = _unwrapped(hint)
        if _is_record(core):
            found += leaves(core, f"{path}.{EVERY}." if many else f"{path}.")
        elif isinstance(core, type) and issubclass(core, StrEnum):
            found.append(Leaf(path, Kind.FACTORS if many else Kind.CHOICE, about.is_required(), words(core)))
        elif core is not None:
            found.append(Leaf(path, _kind(core, marks, many), about.is_required()))
    return tuple(found)


def read(record: type[Record], form: Form, within: str = "", every: str = "") -> Plain:
    """What a form says of a record, as plain data; a field in which nothing is typed is left out.

    What it says of every row counts in each row in which something is typed.
    """
    said: Plain = {}
    for name, hint in _hints(record).items():
        path = f"{within}{name}"
        core, _, many = _unwrapped(hint)
        value: Any = None
        if _is_record(core) and many:
            rows = [f"{path}.{number}." for number in row_numbers(form, path)]
            value = [read(core, form, row, f"{path}.{EVERY}.") for row in rows if _says_something(form, row)]
        elif _is_record(core):
            value = read(core, form, f"{path}.")
        elif core is not None:
            values = _typed(form, path) or (_typed(form, f"{every}{name}") if every else [])
            lines = [line.strip() for value in values for line in value.split("\n") if line.strip()]
            value = lines if many else _as_said(values[0], core) if values else None
        if value:
            said[name] = value
    return said


def row_numbers(form: Form, path: str) -> list[int]:
    """The numbers of the rows of a list that a form has."""
    names = re.compile(rf"{re.escape(path)}\.(\d{{1,3}})\.")
    return sorted({int(match[1]) for name in form if (match := names.match(name))})


def tidied(form: Form) -> Form:
    """The same, without rows in which nothing is typed; the others are numbered anew from 0.

    One choice may say several fields: `rule/subject` with `done/I1` says both.
    """
    rows: dict[str, dict[str, int]] = {}
    for name in form:
        match = _IN_ROW.fullmatch(name)
        if match and _says_something(form, f"{match[1]}.{match[2]}."):
            rows.setdefault(match[1], {}).setdefault(match[2], 0)
    for numbers in rows.values():
        numbers.update({number: place for place, number in enumerate(sorted(numbers, key=int))})
    kept: dict[str, Sequence[str]] = {}
    for name, values in form.items():
        match = _IN_ROW.fullmatch(name)
        if match is None:
            parts = name.split("/")
            kept |= {
                part: [said]
                for part, said in zip(parts, one({name: values}, name).split("/", len(parts) - 1), strict=False)
            }
            kept[name] = values
        elif match[2] in rows.get(match[1], {}):
            kept[f"{match[1]}.{rows[match[1]][match[2]]}.{match[3]}"] = values
    return kept


_IN_ROW = re.compile(r"(.+)\.(\d{1,3})\.(.+)")


def flat(value: Any, within: str = "") -> dict[str, Sequence[str]]:
    """Plain data as a form would say it: the reverse of `read`. What is none or empty is left out."""
    if isinstance(value, Mapping):
        return {
            k: v for name, part in value.items() for k, v in flat(part, f"{within}.{name}" if within else name).items()
        }
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return {k: v for number, part in enumerate(value) for k, v in flat(part, f"{within}.{number}").items()}
    if isinstance(value, list):
        return {within: [str(one) for one in value]} if value else {}
    return {within: [str(value)]} if value not in (None, "") else {}


@cache
def _hints(record: type[Record]) -> dict[str, Any]:
    hints = get_type_hints(record, include_extras=True)
    return {name: hints[name] for name in record.model_fields if name != "type"}


def _unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """What a field holds, how that is marked, and whether it holds several; none for what no form can say."""
    marks: tuple[Any, ...] = ()
    many = False
    while True:
        origin, args = get_origin(hint), get_args(hint)
        if origin is Annotated:
            marks, hint = (*marks, *hint.__metadata__), args[0]
        elif origin in (Union, types.UnionType):
            hint = next(arg for arg in args if arg is not type(None))
        elif origin is tuple:
            many, hint = True, args[0]
        else:
            return (None if origin is dict else hint), marks, many


def _is_record(core: Any) -> bool:
    """Whether it has fields of its own; a place is written as one line."""
    return isinstance(core, type) and issubclass(core, Record) and core is not Place


def _kind(core: Any, marks: tuple[Any, ...], many: bool) -> Kind:
    if many:
        return Kind.LINES
    if core in (AwareDatetime, date):
        return Kind.DATE
    return Kind.PROSE if TEXT in marks else Kind.LINE


def _typed(form: Form, path: str) -> list[str]:
    return [value.replace("\r\n", "\n") for value in form.get(path, ()) if value.strip()]


def _says_something(form: Form, row: str) -> bool:
    return any(value.strip() for name, values in form.items() if name.startswith(row) for value in values)


def _as_said(text: str, core: Any) -> str:
    """A text as the record reads it. A day stands for its last second; times are in UTC."""
    if core is not AwareDatetime:
        return text
    text = moment(text)
    return f"{text}T23:59:59Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text
