"""Admitting what people say: their plain texts and handles become references and ids before anything travels."""

import re
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.values import PersonId, Record, TextRef
from records.people import People
from web.errors import ApiError
from web.markers import swapped

R = TypeVar("R", bound=Record)

LONGEST_HANDLE = 200
LONGEST_TEXT = 20_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Admitted(Generic[R]):
    """A value that may travel, and the references of the texts that were kept for it."""

    value: R
    kept: tuple[TextRef, ...]


def admit(people: People, value: R, path: str = "command") -> Admitted[R]:
    """Keep the texts of a value and look its persons up. Nothing is kept where any field is wrong.

    Raises `ApiError` (422), which names the field.
    """
    kept: list[TextRef] = []

    def keep(_: str, text: str) -> TextRef:
        kept.append(people.keep(text.strip()))
        return kept[-1]

    swapped(value, require_text, require_handle, path)
    admitted = swapped(value, keep, lambda _, handle: people.id_of(handle.strip()))
    return Admitted(admitted, tuple(kept))


def person(people: People, handle: str, path: str = "by") -> PersonId:
    """The id of whoever goes by this handle. Raises `ApiError` (422)."""
    return people.id_of(require_handle(path, handle).strip())


def require_storable(path: str, value: Any) -> None:
    """Refuse a NUL anywhere in plain data: not every database can keep one. Raises `ApiError` (422)."""
    if isinstance(value, str) and "\x00" in value:
        raise ApiError(422, f"{path}: this must not hold a NUL character.")
    if isinstance(value, dict):
        for key, inner in value.items():
            require_storable(path, key)
            require_storable(f"{path}.{key}", inner)
    if isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            require_storable(f"{path}.{number}", inner)


def require_text(path: str, text: str) -> str:
    """The text, if it says anything. Raises `ApiError` (422)."""
    if not text.strip():
        raise ApiError(422, f"{path}: this must not be empty.")
    require_storable(path, text)
    if len(text) > LONGEST_TEXT:
        raise ApiError(422, f"{path}: this must not be longer than {LONGEST_TEXT} characters.")
    return text


def require_handle(path: str, handle: str) -> str:
    """The handle, if it can be one. Raises `ApiError` (422)."""
    if not handle.strip():
        raise ApiError(422, f"{path}: this must name somebody, for example by e-mail address.")
    if len(handle) > LONGEST_HANDLE or _CONTROL.search(handle):
        raise ApiError(422, f"{path}: a handle is one line of at most {LONGEST_HANDLE} characters.")
    return handle
