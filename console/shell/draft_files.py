"""Files of drafts: read, checked, and written in one go, so that nobody ever finds half of one."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from console.shell.errors import USAGE, Stop
from drafting.header import DraftError, Mistake, is_unsaved, read_header, split
from drafting.reading import Parsed, from_markdown


def read_file(path: Path) -> str:
    """The text of a file, with the ends of its lines as they are. Raises `Stop`."""
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}.", code=USAGE) from None
    except UnicodeDecodeError:
        raise Stop(f"{path} is no text file.", code=USAGE) from None


def understood(path: Path, text: str) -> Parsed:
    """The draft that a file says. Raises `Stop` with every mistake and its place."""
    try:
        return from_markdown(text)
    except DraftError as error:
        raise Stop(*(f"{path}:{mistake.line}: {mistake.what}" for mistake in error.mistakes), code=USAGE) from None


def mistakes_in(text: str) -> Sequence[Mistake]:
    """What cannot be read in a file."""
    try:
        from_markdown(text)
    except DraftError as error:
        return error.mistakes
    return ()


def lose_nothing(path: Path, review: str) -> None:
    """Raises `Stop` where overwriting a file would lose what nobody has saved."""
    if not path.exists():
        return
    text = read_file(path)
    elsewhere = "name another file with --out, or overwrite it with --force."
    try:
        header = read_header(split(text)[0])
    except DraftError:
        raise Stop(f"{path} is there already, and is no draft: {elsewhere}") from None
    if header.review != review:
        raise Stop(f"{path} is the draft of {header.review}: {elsewhere}")
    if is_unsaved(text):
        raise Stop(
            f"{path} was written in and not saved since revision {header.upon}: {elsewhere}",
            f"To save it: holdfast draft push {path}",
        )


def write_file(path: Path, text: str) -> None:
    """Put a text into the place of a file, all or nothing. Raises `Stop`."""
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_bytes(text.encode())
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Stop(f"{path} cannot be written: {error.strerror}.", code=USAGE) from None
