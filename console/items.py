"""`holdfast item`: the action items of a review, which are done in a tracker."""

from typing import Annotated, Any

import typer

from console.api import Api
from console.options import Actor, Json, Reason, ReviewId, Url
from console.saying import carry, tell
from console.stopping import USAGE, Stop
from domain.taxonomy import ItemClass, Outcome, Strength

items = typer.Typer(
    no_args_is_help=True,
    help="Action items: promised in a review, done in a tracker.",
    epilog="Where the items of a draft are to be changed before it is signed, change the draft and submit it.",
)

ItemId = Annotated[str, typer.Argument(metavar="ITEM", help="Such as I1.")]
Title = Annotated[str, typer.Option(help="One line.")]
Class = Annotated[ItemClass, typer.Option("--class", help="What it is for.")]
HowStrong = Annotated[Strength, typer.Option("--strength", help="stronger: it cannot happen; weaker: reminders.")]
WhatComes = Annotated[Outcome, typer.Option("--outcome", help="What there is when it is done.")]
EndState = Annotated[str | None, typer.Option("--end-state", help="How anyone can tell that it is done.")]
Prevents = Annotated[list[str] | None, typer.Option(metavar="FACTOR", help="May be given several times.")]
ForTeam = Annotated[str | None, typer.Option("--team", help="Which team does it.")]
Owner = Annotated[str | None, typer.Option(metavar="HANDLE", help="Who sees that it is done.")]


@items.command(
    epilog="Example: holdfast item add hand:20261122-1f3a9c I3 --title 'Check units on read' --class prevent "
    "--strength stronger --outcome inference_or_admission_policy --prevents F1"
)
def add(
    review: ReviewId,
    item: ItemId,
    title: Title,
    item_class: Class,
    strength: HowStrong,
    outcome: WhatComes,
    by: Actor,
    end_state: EndState = None,
    prevents: Prevents = None,
    team: ForTeam = None,
    owner: Owner = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Propose an item. `holdfast item accept` opens it in its tracker."""
    spec = {
        "id": item,
        "title": title,
        "item_class": item_class.value,
        "strength": strength.value,
        "outcome": outcome.value,
        "end_state": end_state,
        "prevents": prevents or [],
        "team": team,
        "owner": owner,
    }
    carry(url, review, by, {"type": "propose_item", "spec": spec}, json, f"{item} is proposed.")


@items.command()
def accept(review: ReviewId, item: ItemId, by: Actor, url: Url = None, json: Json = False) -> None:
    """Promise an item: it is opened in its tracker at once, and its due date counts from now."""
    carry(url, review, by, {"type": "accept_item", "item": item}, json, f"{item} is accepted.")


@items.command()
def withdraw(review: ReviewId, item: ItemId, reason: Reason, by: Actor, url: Url = None, json: Json = False) -> None:
    """Take an item back. Once it is accepted, another person has to approve that."""
    command = {"type": "withdraw_item", "item": item, "reason": reason}
    carry(url, review, by, command, json, f"{item} is withdrawn.")


@items.command(epilog="Example: holdfast item change hand:20261122-1f3a9c I1 --reason 'takes both' --prevents F2")
def change(
    review: ReviewId,
    item: ItemId,
    reason: Reason,
    by: Actor,
    title: Annotated[str | None, typer.Option(help="One line.")] = None,
    item_class: Annotated[ItemClass | None, typer.Option("--class", help="What it is for.")] = None,
    strength: Annotated[Strength | None, typer.Option(help="stronger: it cannot happen; weaker: reminders.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="What there is when it is done.")] = None,
    end_state: EndState = None,
    prevents: Prevents = None,
    team: ForTeam = None,
    owner: Owner = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Change what is given; the rest stays. Where it weakens an accepted item, another person has to approve that.

    `--prevents` names all factors, those that stay too.
    """
    given: dict[str, Any] = {
        "title": title,
        "item_class": item_class,
        "strength": strength,
        "outcome": outcome,
        "end_state": end_state,
        "prevents": prevents,
        "team": team,
        "owner": owner,
    }
    changes = {name: value for name, value in given.items() if value}
    if not changes:
        raise Stop("Say what to change, such as --strength stronger; see holdfast item change --help.", code=USAGE)
    api = Api(url)
    spec = api.item(review, item)["spec"] | changes
    answer = api.command(review, by, {"type": "change_item", "spec": spec, "reason": reason})
    tell(api, review, answer, json, f"{item} is changed.")
