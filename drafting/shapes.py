"""What may be written into a field, as an example in one line. It is taken from the records, so it is never old."""

import types
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime

from domain.model.values import Record

_EXAMPLES: dict[Any, str] = {
    Decimal: "number",
    date: "2026-12-01",
    AwareDatetime: "2026-12-01T09:00:00Z",
    str: "text",
}


def shape(kind: Any) -> str:
    """What a value of this type looks like."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind in _EXAMPLES:
        return _EXAMPLES[kind]
    if origin is Annotated:
        return shape(parts[0])
    if origin is Literal:
        return " | ".join(parts)
    if origin in (Union, types.UnionType):
        return " | ".join(shape(part) for part in parts if part is not types.NoneType)
    if origin is tuple:
        return f"[{shape(parts[0])}]"
    if issubclass(kind, StrEnum):
        return " | ".join(kind)
    assert issubclass(kind, Record)
    fields = (f"{name}: {shape(field.annotation)}" for name, field in kind.model_fields.items())
    return "{" + ", ".join(fields) + "}"


def unsaid(record: type[Record], without: Iterable[str]) -> list[str]:
    """A line for each field of a record but some: its name, its form, and its meaning where a word on it is needed."""
    left = {name: field for name, field in record.model_fields.items() if name not in without}
    return [
        f"{name}: {shape(field.annotation)}" + (f"   ({field.description})" if field.description else "")
        for name, field in left.items()
    ]
