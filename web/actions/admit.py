"""Admitting what people say: their plain texts and handles become references and ids before anything travels."""

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from domain.model.values import Line, PersonId, Prose, Record
from records.documents.erasable_texts import People
from web.errors import ApiError
from web.references import swapped

R = TypeVar("R", bound=Record)

_LINE: TypeAdapter[str] = TypeAdapter(Line)
_PROSE: TypeAdapter[str] = TypeAdapter(Prose)


def admit(people: People, value: R, about: str, path: str = "command") -> R:
    """Keep the texts of a value that is said `about` a review, and look its persons up.

    Nothing is kept where any field is wrong. Raises `ApiError` (422), which names the field.
    """
    swapped(value, require_text, require_handle, path)
    return swapped(
        value,
        lambda _, text: people.keep(text.strip(), about),
        lambda _, handle: people.id_of(handle.strip()),
    )


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
