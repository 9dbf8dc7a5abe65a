"""Walking through domain values by what their fields stand for: references of texts, and ids of persons. What a text
or a handle has to be before it becomes one stands here, too.

The domain marks those fields (`domain.model.values.TEXT` and `PERSON`); nothing here knows any single one of them.
"""

import types
from collections.abc import Callable, Iterable
from functools import cache, partial
from operator import is_
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from domain.model.values import PERSON, TEXT, Line, PersonId, Prose, Record
from records.documents.erasable_texts import People
from web.errors import ApiError

R = TypeVar("R", bound=Record)

Swap = Callable[[str, str], str]
"""Makes the new value of a field; it gets the field's path and its value."""


_Walk = Callable[[Any, Swap, Swap, str], Any]
"""Goes through a value of one type; what holds nothing that changes comes back as it is."""


def swapped(value: R, text: Swap, person: Swap, path: str = "") -> R:
    """A copy of `value` in which every text and every person, however deep, is what the swaps make of it."""
    changes = {}
    for name, walk in _walks(type(value)).items():
        old = getattr(value, name)
        new = walk(old, text, person, f"{path}.{name}" if path else name)
        if new is not old:
            changes[name] = new
    return value.model_copy(update=changes) if changes else value


@cache
def _walks(kind: type[Record]) -> dict[str, _Walk]:
    """How to go through each field of a record that holds something marked."""
    hints = get_type_hints(kind, include_extras=True)
    found = {name: _walk(hints[name]) for name in kind.model_fields}
    return {name: walk for name, walk in found.items() if walk is not None}


def _walk(hint: Any) -> _Walk | None:
    """How to go through a value with this annotation; none where nothing in it is marked."""
    origin, args = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Record):
        return swapped if _walks(hint) else None
    if origin is Annotated:
        marks = [mark for mark in hint.__metadata__ if isinstance(mark, str)]
        return _text if TEXT in marks else _person if PERSON in marks else _walk(hint.__origin__)
    if origin in (Union, types.UnionType):
        by_type = {_type_of(arg): walk for arg in args if (walk := _walk(arg)) is not None}
        return partial(_either, by_type) if by_type else None
    inner = next(filter(None, map(_walk, args)), None)
    if inner is None:
        return None
    # Anything else fails here, rather than passing words on as if they were references.
    return partial(_CONTAINERS[origin], inner)


def _type_of(hint: Any) -> Any:
    return hint.__origin__ if get_origin(hint) is Annotated else get_origin(hint) or hint


def _text(value: str, text: Swap, person: Swap, path: str) -> str:
    return text(path, value)


def _person(value: str, text: Swap, person: Swap, path: str) -> str:
    return person(path, value)


def _either(by_type: dict[Any, _Walk], value: Any, text: Swap, person: Swap, path: str) -> Any:
    walk = by_type.get(type(value))
    return walk(value, text, person, path) if walk else value


def _each(inner: _Walk, values: tuple[Any, ...], text: Swap, person: Swap, path: str) -> tuple[Any, ...]:
    new = tuple(inner(value, text, person, f"{path}.{place}") for place, value in enumerate(values))
    return values if all(map(is_, new, values)) else new


def _each_value(inner: _Walk, named: dict[str, Any], text: Swap, person: Swap, path: str) -> dict[str, Any]:
    new = {name: inner(value, text, person, f"{path}.{name}") for name, value in named.items()}
    return named if all(new[name] is value for name, value in named.items()) else new


_CONTAINERS: dict[Any, Callable[..., Any]] = {tuple: _each, dict: _each_value}


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


_LINE: TypeAdapter[str] = TypeAdapter(Line)
_PROSE: TypeAdapter[str] = TypeAdapter(Prose)


def person(people: People, handle: str, path: str = "by") -> PersonId:
    """The id of whoever goes by this handle. Raises `ApiError` (422)."""
    return people.id_of(require_handle(path, handle).strip())


def require_text(path: str, text: str) -> str:
    """The text, if it says anything that can be kept. Raises `ApiError` (422)."""
    if not text.strip():
        raise ApiError(422, f"{path}: this must not be empty.")
    return _held(_PROSE, path, text)


def require_handle(path: str, handle: str) -> str:
    """The handle, if it can be one. Raises `ApiError` (422)."""
    if not handle.strip():
        raise ApiError(422, f"{path}: this must name somebody, for example by e-mail address.")
    return _held(_LINE, path, handle)


def _held(kind: TypeAdapter[str], path: str, text: str) -> str:
    try:
        return kind.validate_python(text)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ApiError(422, f"{path}: this {said}.") from None
