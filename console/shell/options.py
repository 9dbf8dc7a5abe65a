"""Options that many commands share, so that each is spelled and explained once."""

import getpass
from typing import Annotated

import typer

from console.shell.errors import AS_JSON
from domain.model.taxonomy import Severity
from runtime.settings import load_settings

Url = Annotated[
    str | None,
    typer.Option("--url", envvar="HOLDFAST_URL", show_default=False, help="Where Holdfast is. Default: the settings."),
]


def _who_acts() -> str:
    """The user's name; nothing where an API token says who acts."""
    return "" if load_settings().token is not None else getpass.getuser()


Actor = Annotated[
    str,
    typer.Option(
        "--as",
        envvar="HOLDFAST_AS",
        default_factory=_who_acts,
        show_default="your user name, or whose token it is",
        metavar="HANDLE",
        help="Who acts, such as an e-mail address.",
    ),
]


def _noted(context: typer.Context, wanted: bool) -> bool:
    """Note for `stopping` that a script asks: what a command ends early with is JSON then, too."""
    context.meta[AS_JSON] = wanted
    return wanted


Json = Annotated[bool, typer.Option("--json", callback=_noted, help="Answer with JSON, for scripts.")]

Limit = Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")]

ReviewId = Annotated[str, typer.Argument(metavar="REVIEW", help="The review's id, as in `holdfast review list`.")]


def as_severity(text: str) -> Severity:
    """The severity that is written so, in any case."""
    try:
        return Severity(text.upper())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(Severity)}.") from None


SEVERITIES = "|".join(Severity)

HowGrave = Annotated[Severity, typer.Option("--severity", parser=as_severity, metavar=SEVERITIES)]

Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the review.")]
