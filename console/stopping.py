"""How a command ends before its end: with sentences for a person and an exit code for a script."""

from typing import Any

import typer
from typer.core import TyperGroup

from console.mistakes import in_short
from console.screen import complain
from runtime.settings import SettingsError

REFUSED = 1
"""What was asked for was understood, and could not be done."""

USAGE = 2
"""What was asked for could not be understood: a bad file, date or option."""


class Stop(Exception):
    """Ends a command. Each of `lines` is a sentence: what is wrong, or what to do."""

    def __init__(self, *lines: str, code: int = REFUSED) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines
        self.code = code


class Refused(Stop):
    """What was asked for reached a review, and its rules refused it: each line is a reason."""


class StoppingGroup(TyperGroup):
    """The outermost command: turns a stop that any command raises into its sentences and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Carry out the command."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            complain(in_short(error))
            raise typer.Exit(REFUSED) from None
        except Stop as stop:
            complain(*stop.lines)
            raise typer.Exit(stop.code) from None
