"""Mistakes in settings and files, in people's words: `runtime` and `worker` find them, and this says what was meant."""

from pathlib import Path

from pydantic import BaseModel, ValidationError

from domain.model.validation_messages import fault
from runtime.settings import Settings, SettingsError


def in_words(error: SettingsError, model: type[BaseModel], path: Path | None = None) -> str:
    """What is wrong with a file or the settings. Where a validation found it, in the words of `validation_messages`."""
    found = error.__context__
    if not isinstance(found, ValidationError):
        return str(error)
    thing, where = ("field", f"{path}: ") if path else ("setting", "")
    lines = []
    for one in found.errors(include_input=False):
        place = ".".join(str(part) for part in one["loc"])
        lines.append((f"{place}: " if place else "") + fault(one, model, thing))
    return where + "; ".join(lines)


def in_short(error: SettingsError) -> str:
    """What is wrong, where nobody knows in which file: settings in words, anything else as it was said."""
    found = error.__context__
    of_settings = isinstance(found, ValidationError) and found.title == Settings.__name__
    return in_words(error, Settings) if of_settings else str(error)
