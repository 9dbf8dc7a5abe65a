"""Reading what people hand to a command: draft files and dates. What is wrong is named with its file and field."""

import base64
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from console.shell.errors import USAGE, Stop
from domain.drafts.document import DraftDocument
from domain.model.attachment import Attachment, kind_by_name
from domain.model.validation_messages import fault
from domain.model.values import Period, PeriodText
from runtime.files import read_yaml
from runtime.settings import SettingsError


def read_draft(path: Path) -> DraftDocument:
    """The draft in a YAML or JSON file. Raises `Stop` naming every field that is wrong."""
    read = _read_json(path) if path.suffix == ".json" else _read_yaml(path)
    if not isinstance(read, dict):
        raise Stop(f"{path} is no draft: docs/examples/draft.yaml shows what one looks like.", code=USAGE)
    try:
        return DraftDocument.model_validate(read)
    except ValidationError as error:
        raise Stop(*(f"{path}: {_place(e)}{fault(e, DraftDocument)}" for e in error.errors()), code=USAGE) from None


def _read_yaml(path: Path) -> Any:
    try:
        return read_yaml(path)
    except SettingsError as error:
        raise Stop(str(error), code=USAGE) from None
    except UnicodeDecodeError:
        raise Stop(f"{path} is no text file.", code=USAGE) from None


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}.", code=USAGE) from None
    except json.JSONDecodeError as error:
        raise Stop(f"{path}, line {error.lineno}: {error.msg}.", code=USAGE) from None
    except UnicodeDecodeError:
        raise Stop(f"{path} is no text file.", code=USAGE) from None


def read_attachment(path: Path) -> dict[str, str]:
    """A file as the web app takes it in: its name, what kind it is by that, and its bytes. Raises `Stop`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}.", code=USAGE) from None
    try:
        copy = Attachment(name=path.name, media_type=kind_by_name(path.name), data=data)
    except ValidationError as error:
        raise Stop(*(f"{path}: {fault(e, None)}" for e in error.errors(include_input=False)), code=USAGE) from None
    return {"name": copy.name, "media_type": copy.media_type, "data": base64.b64encode(data).decode()}


def _place(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: " if place else ""


def moment(text: str) -> datetime:
    """A moment in UTC, from `2026-12-01T09:00Z`; a day stands for its end. Raises `Stop`.

    A time without a zone is refused, since guessing one would move deadlines.
    """
    try:
        if len(text) == len("2026-12-01"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), UTC)
        read = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Stop(f"{text!r} is not a date; write one like 2026-12-01 or 2026-12-01T09:00Z.", code=USAGE) from None
    if read.tzinfo is None:
        raise Stop(f"{text!r} names no time zone; write 2026-12-01T09:00Z, or +01:00 in place of Z.", code=USAGE)
    return read.astimezone(UTC)


def end_of(text: str) -> datetime:
    """A due date in UTC, from `2026-12-01T09:00Z`; a day stands for its last second. Raises `Stop`."""
    read = moment(text)
    return read - timedelta(seconds=1) if len(text) == len("2026-12-01") else read


def ending(until: str | None, during: str | None, now: datetime) -> str | None:
    """When something asked for at `now` is to end (ISO 8601), from `--until` or `--for`; none: as the policy says.

    Raises `Stop`.
    """
    if until and during:
        raise Stop("Give --until or --for, not both.", code=USAGE)
    if until:
        return end_of(until).isoformat()
    return _period(during).after(now).isoformat() if during else None


def _period(text: str) -> Period:
    try:
        return TypeAdapter[Period](PeriodText).validate_python(text)
    except ValidationError as error:
        raise Stop(*(f"--for: {fault(e, None)}" for e in error.errors()), code=USAGE) from None
