"""Options that many commands share, so that each is spelled and explained once."""

import getpass
from typing import Annotated

import typer

from domain.taxonomy import Severity

Url = Annotated[
    str | None,
    typer.Option("--url", envvar="HOLDFAST_URL", show_default=False, help="Where Holdfast is. Default: the settings."),
]

Actor = Annotated[
    str,
    typer.Option(
        "--as",
        envvar="HOLDFAST_AS",
        default_factory=getpass.getuser,
        show_default="your user name",
        metavar="HANDLE",
        help="Who acts, such as an e-mail address.",
    ),
]

Json = Annotated[bool, typer.Option("--json", help="Answer with JSON, for scripts.")]

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
