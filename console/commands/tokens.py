"""`holdfast token`: API tokens, made and revoked on the records themselves, by whoever looks after them."""

from typing import Annotated

import typer

from console.shell.options import Json
from console.shell.output import as_json, complain, say, table
from domain.model.taxonomy import Scope

tokens = typer.Typer(
    no_args_is_help=True,
    help="Look after API tokens.",
    epilog="A token that signs or approves is made by who is to use it, on their page Account in the browser.",
)


@tokens.command()
def create(
    holder: Annotated[str, typer.Argument(metavar="HANDLE", help="Whose rights it has, such as ci@example.org.")],
    purpose: Annotated[str, typer.Option(help="What it is for, in one line.")],
    scope: Annotated[list[Scope] | None, typer.Option(help="May be given several times. Default: read.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it lasts.")] = 90,
    json: Json = False,
) -> None:
    """Make a token. It is shown once; give it to programs as HOLDFAST_TOKEN, or as a bearer token."""
    from console.services import token_maintenance as tokenkeeping

    made = tokenkeeping.create(holder, purpose, tuple(scope or [Scope.READ]), days)
    if json:
        as_json({"id": made.token.id, "token": made.secret, "ends_at": made.token.ends_at.isoformat()})
    else:
        say(made.secret)
    if not made.has_roles:
        complain(f"{holder} has no role yet, so this opens nothing: give them one under sign_in.people.")


@tokens.command("list")
def list_tokens(json: Json = False) -> None:
    """List all tokens, the newest first."""
    from console.services import token_maintenance as tokenkeeping

    found = tokenkeeping.listed()
    if json:
        as_json([line.model_dump(mode="json") for line in found])
    else:
        rows = (
            (line.id, line.holder, line.purpose, ", ".join(line.scopes), line.state, line.used or "never")
            for line in found
        )
        table(("Token", "Holder", "Purpose", "Scopes", "State", "Used"), rows, empty="There is no token.")


@tokens.command()
def revoke(id: Annotated[str, typer.Argument(metavar="TOKEN", help="As in `holdfast token list`.")]) -> None:
    """Revoke a token: it is not let in from now on."""
    from console.services import token_maintenance as tokenkeeping

    tokenkeeping.revoke(id)
    say(f"{id} is revoked.")
