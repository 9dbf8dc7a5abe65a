"""Admitting what people say: their plain texts and handles become references and ids before anything travels."""

from typing import TypeVar

from domain.model.values import Record
from records.documents.erasable_texts import People
from web.references import require_handle, require_text, swapped

R = TypeVar("R", bound=Record)


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
