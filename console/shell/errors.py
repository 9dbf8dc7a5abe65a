"""How a command ends before its end: with sentences for a person and an exit code for a script."""

from typing import Any

import typer
from typer.core import TyperGroup

from console.shell.output import as_json, complain
from console.shell.settings_messages import in_short
from runtime.settings import SettingsError

REFUSED = 1
"""What was asked for was understood, and could not be done."""

USAGE = 2
"""What was asked for could not be understood: a bad file, date or option."""


AS_JSON = "holdfast.as_json"
"""Under this name a command's context says whether `--json` was given."""


class Stop(Exception):
    """Ends a command. Each of `lines` is a sentence: what is wrong, or what to do. `note` says what was done before."""

    def __init__(self, *lines: str, code: int = REFUSED, note: str = "") -> None:
        super().__init__("; ".join(lines))
        self.lines = lines
        self.code = code
        self.note = note


class Refused(Stop):
    """What was asked for reached a review, and its rules refused it: each line is a reason."""


class StoppingGroup(TyperGroup):
    """The outermost command: turns a stop that any command raises into its sentences, or JSON, and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Carry out the command."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:  # an option whose value is none of its vocabulary
            error.message = error.message.removeprefix("Value error, ")
            raise
        except SettingsError as error:
            stop = Stop(in_short(error))
        except Stop as raised:
            stop = raised
        if ctx.meta.get(AS_JSON):
            note = {"note": stop.note} if stop.note else {}
            as_json({"error": " ".join(stop.lines), "reasons": stop.lines, **note})
        else:
            complain(*stop.lines, *([stop.note] if stop.note else []))
        raise typer.Exit(stop.code)
