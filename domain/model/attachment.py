"""What may be kept beside a review: a picture, a log, a report; bounded in size and kind, and known by its digest."""

import hashlib
from typing import Annotated, Final

from pydantic import AfterValidator

from domain.model.values import Line, Record

KINDS: Final = frozenset(
    {
        "application/json",
        "application/pdf",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/csv",
        "text/html",
        "text/markdown",
        "text/plain",
    }
)
"""Media types that are kept."""

_BY_SUFFIX: Final = {
    "csv": "text/csv",
    "gif": "image/gif",
    "htm": "text/html",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "log": "text/plain",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain",
    "webp": "image/webp",
}

ENDINGS: Final = tuple(_BY_SUFFIX)
"""How the names of files end that are kept."""

PICTURES: Final = frozenset(kind for kind in KINDS if kind.startswith("image/"))
"""Those that a page may show in its text. Everything else is handed out to be saved, and never rendered."""

LARGEST: Final = 10_000_000
"""In bytes: the largest copy that is kept."""


def kind_by_name(name: str) -> str:
    """The media type of a file by how its name ends; the ending itself where nothing of that kind is kept."""
    _, dot, ending = name.rpartition(".")
    return _BY_SUFFIX.get(ending.lower(), f"{dot}{ending}") if dot else ""


def _kind(media_type: str) -> str:
    kind = media_type.partition(";")[0].strip().lower()
    if kind not in KINDS:
        raise ValueError(f"{kind or 'nothing'} is no kind of file that is kept; these are: {', '.join(sorted(KINDS))}")
    return kind


def _bounded(data: bytes) -> bytes:
    if not data:
        raise ValueError("there is nothing in it")
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 1_000_000} MB, and that is the most that is kept")
    return data


class Attachment(Record):
    """A copy of something: its bytes, their media type, and what it was called."""

    name: Line
    media_type: Annotated[str, AfterValidator(_kind)]
    data: Annotated[bytes, AfterValidator(_bounded)]

    @property
    def digest(self) -> str:
        """The name by which the copy is known: SHA-256 over its bytes."""
        return digest_of_bytes(self.data)


def digest_of_bytes(data: bytes) -> str:
    """`sha256:…` over bytes as they are."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
