"""Walking through domain values by what their fields stand for: references of texts, and ids of persons.

The domain marks those fields (`domain.values.TEXT` and `PERSON`); nothing here knows any single one of them.
"""

import types
from collections.abc import Callable, Iterable
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from domain.values import PERSON, TEXT, Record
from records.people import People

R = TypeVar("R", bound=Record)

Swap = Callable[[str, str], str]
"""Makes the new value of a field; it gets the field's path and its value."""


def swapped(value: R, text: Swap, person: Swap, path: str = "") -> R:
    """A copy of `value` in which every text and every person, however deep, is what the swaps make of it."""
    changes = {}
    for name, hint in _marked_fields(type(value)).items():
        changes[name] = _swapped(hint, getattr(value, name), text, person, f"{path}.{name}" if path else name)
    return value.model_copy(update=changes)


def _swapped(hint: Any, value: Any, text: Swap, person: Swap, path: str) -> Any:
    if isinstance(value, Record):
        return swapped(value, text, person, path)
    origin, args = get_origin(hint), get_args(hint)
    if isinstance(value, str):
        marks = _marks(hint)
        return text(path, value) if TEXT in marks else person(path, value) if PERSON in marks else value
    if origin in (Union, types.UnionType):
        container = next((arg for arg in args if get_origin(arg) is type(value)), None)
        return _swapped(container, value, text, person, path) if container else value
    if isinstance(value, tuple):
        return tuple(_swapped(args[0], v, text, person, f"{path}.{i}") for i, v in enumerate(value))
    # A dictionary, then: anything else fails here, rather than passing words on as if they were references.
    return {k: _swapped(args[1], v, text, person, f"{path}.{k}") for k, v in value.items()}


def _marks(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) is Annotated:
        return tuple(hint.__metadata__)
    return tuple(mark for arg in get_args(hint) for mark in _marks(arg))


@cache
def _marked_fields(kind: type[Record]) -> dict[str, Any]:
    """The fields of a record that hold something marked, with their full annotations."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: hints[name] for name in kind.model_fields if _holds_marks(hints[name])}


def _holds_marks(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, Record):
        return bool(_marked_fields(hint))
    if get_origin(hint) is Annotated:
        return bool({TEXT, PERSON} & {m for m in hint.__metadata__ if isinstance(m, str)}) or _holds_marks(
            hint.__origin__
        )
    return any(_holds_marks(arg) for arg in get_args(hint))


def revealed(people: People, values: Iterable[R]) -> list[R]:
    """The values with texts in place of references and handles in place of ids; one look-up for all of them."""
    kept = list(values)
    refs: set[str] = set()
    ids: set[str] = set()

    def note(into: set[str]) -> Swap:
        def noted(path: str, value: str) -> str:
            into.add(value)
            return value

        return noted

    for value in kept:
        swapped(value, note(refs), note(ids))
    texts, handles = people.texts(refs), people.handles(ids)
    return [swapped(value, lambda _, ref: texts.get(ref, ref), lambda _, id: handles.get(id, id)) for value in kept]
