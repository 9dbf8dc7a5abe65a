"""What `holdfast check` found about one setting, and how it went."""

from enum import StrEnum

from domain.model.values import Record


class Level(StrEnum):
    """How a check went. Only `wrong` keeps Holdfast from working as it is set up."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


class Checked(Record):
    """What was found about one setting; `todo` is empty where nothing is to be done."""

    what: str
    level: Level
    found: str
    todo: str = ""


def ok(what: str, found: str) -> Checked:
    """All is well."""
    return Checked(what=what, level=Level.OK, found=found)


def warn(what: str, found: str, todo: str) -> Checked:
    """It works, and perhaps not as was meant."""
    return Checked(what=what, level=Level.WARN, found=found, todo=todo)


def wrong(what: str, found: str, todo: str) -> Checked:
    """It does not work."""
    return Checked(what=what, level=Level.WRONG, found=found, todo=todo)
