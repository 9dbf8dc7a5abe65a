"""`holdfast item`: the action items of a review, which are done in a tracker."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console.shell.api_client import Api, in_path
from console.shell.errors import USAGE, Stop
from console.shell.options import Actor, Json, Reason, ReviewId, Url
from console.shell.parsing import end_of, read_attachment
from console.shell.send_command import carry, tell
from domain.model.taxonomy import ItemClass, Outcome, Strength

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
Adopt = Annotated[
    str | None,
    typer.Option("--adopt", metavar="KEY", help="An issue that is there already, such as ACME-12 or 45: link it."),
]
Owner = Annotated[str | None, typer.Option(metavar="HANDLE", help="Who sees that it is done.")]
Due = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Earlier than the policy asks, such as 2026-12-01; without it: as it says."),
]


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
    due: Due = None,
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
        "due": due,
    }
    carry(url, review, by, {"type": "propose_item", "spec": spec}, json, f"{item} is proposed.")


@items.command(
    epilog="Examples: holdfast item accept hand:20261122-1f3a9c I1\n\n"
    "Elsewhere than the routes say: holdfast item accept hand:20261122-1f3a9c I1 --place github:acme/serving\n\n"
    "With an issue that is there: holdfast item accept hand:20261122-1f3a9c I1 --place jira:ACME --adopt ACME-12"
)
def accept(
    review: ReviewId,
    item: ItemId,
    by: Actor,
    place: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE", help="`builtin`, `github:owner/repository` or `jira:PROJECT`. Default: as the routes say."
        ),
    ] = None,
    adopt: Adopt = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Promise an item: it is opened in its tracker at once, and its due date counts from now.

    With --adopt no issue is opened: the one of that name becomes the item's, and keeps its own title.
    """
    command = {"type": "accept_item", "item": item, "place": place, "adopts": adopt}
    carry(url, review, by, command, json, f"{item} is accepted.")


@items.command(
    epilog="Example: holdfast item extend hand:20261122-1f3a9c I1 --until 2026-12-18 --reason 'the vendor ships late'"
)
def extend(
    review: ReviewId,
    item: ItemId,
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="The new due date: 2026-12-01, or 2026-12-01T09:00Z.")
    ],
    reason: Reason,
    by: Actor,
    url: Url = None,
    json: Json = False,
) -> None:
    """Put the due date off. The first time you may, by no more than the time that it was given.

    Otherwise another person has to approve it, and it is counted how often that was done. A later date that somebody
    sets in the tracker asks for that, too.
    """
    command = {"type": "extend_due", "item": item, "until": end_of(until).isoformat(), "reason": reason}
    carry(url, review, by, command, json, f"{item} is due later.")


@items.command(
    epilog="Example: holdfast item move hand:20261122-1f3a9c I1 --place jira:PLATFORM\n\n"
    "To an issue that is there: holdfast item move hand:20261122-1f3a9c I1 --place jira:PLATFORM --adopt PLATFORM-7"
)
def move(
    review: ReviewId,
    item: ItemId,
    place: Annotated[
        str, typer.Option(metavar="PLACE", help="`builtin`, `github:owner/repository` or `jira:PROJECT`.")
    ],
    by: Actor,
    adopt: Adopt = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Give an accepted item another issue: a new one at the place, or one that is there already.

    The issue that it had is closed, with a link to the new one. What moves inside its tracker is followed by itself.
    """
    command = {"type": "move_item", "item": item, "place": place, "adopts": adopt}
    carry(url, review, by, command, json, f"{item} goes to {adopt or 'a new issue'} in {place}.")


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
    due: Due = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Change what is given; the rest stays. Where it promises something else, whoever has signed it signs again.

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
        "due": due,
    }
    changes = {name: value for name, value in given.items() if value}
    if not changes:
        raise Stop("Say what to change, such as --strength stronger; see holdfast item change --help.", code=USAGE)
    api = Api(url)
    spec = api.item(review, item)["spec"] | changes
    answer = api.command(review, by, {"type": "change_item", "spec": spec, "reason": reason})
    tell(api, review, answer, json, f"{item} is changed.")


@items.command(
    epilog="Example: holdfast item verify hand:20261122-1f3a9c I1 --evidence replay.log --note 'the replay raises it'"
)
def verify(
    review: ReviewId,
    item: Annotated[list[str], typer.Argument(metavar="ITEM...", help="Such as I2; all that the evidence is about.")],
    by: Actor,
    evidence: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A file of which a copy is kept; several times for several."),
    ] = None,
    link: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Where evidence is; a copy is fetched, if its host is listed."),
    ] = None,
    note: Annotated[str | None, typer.Option(help="What was seen.")] = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """Say that a done item does what it promised, with evidence of which a copy is kept.

    Who was assigned to it, closed it, or wrote or merged its change does not verify it.
    """
    if not evidence and not link:
        raise Stop("Evidence is missing: give a file with --evidence, or an address with --link.", code=USAGE)
    api, files = Api(url), [read_attachment(file) for file in evidence or []]
    kept = [api.post(f"/api/reviews/{in_path(review)}/attachments", {"by": by, **file})["digest"] for file in files]
    named = [{"digest": digest} for digest in kept] + [{"link": address} for address in link or []]
    command = {"type": "verify_item", "item": item[0], "others": item[1:], "evidence": named, "note": note}
    verified = f"{', '.join(item)} {'is' if len(item) == 1 else 'are'} verified."
    tell(api, review, api.command(review, by, command), json, verified)


@items.command(
    epilog="Example: holdfast item split hand:20261122-1f3a9c I1 --part 'I1a=Gate on the slice' "
    "--part 'I1b=Gate on latency' --reason 'two teams do it'"
)
def split(
    review: ReviewId,
    item: ItemId,
    part: Annotated[
        list[str], typer.Option(metavar="ID=TITLE", help="An item in its place; at least two. The rest is as it was.")
    ],
    reason: Reason,
    by: Actor,
    url: Url = None,
    json: Json = False,
) -> None:
    """Put several items in the place of one. Another person has to approve that.

    The parts are promised where and until when the whole was, and are changed like any item afterwards.
    """
    named = [one.partition("=") for one in part]
    if len(named) < 2 or any(not (id.strip() and title.strip()) for id, _, title in named):
        raise Stop("Name at least two parts, each like --part 'I1a=Its title'.", code=USAGE)
    api = Api(url)
    whole = api.item(review, item)["spec"]
    into = [whole | {"id": id.strip(), "title": title.strip()} for id, _, title in named]
    answer = api.command(review, by, {"type": "split_item", "item": item, "into": into, "reason": reason})
    tell(api, review, answer, json, f"{item} is split.")
