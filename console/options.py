"""Options that many commands share, so that each is spelled and explained once."""

import getpass
from typing import Annotated

import typer

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

Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept with the review.")]
