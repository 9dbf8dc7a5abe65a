"""`holdfast search`: reviews and drafts by their words."""

from typing import Annotated, Any

import typer

from console.shell.api_client import Api
from console.shell.errors import USAGE, Stop
from console.shell.options import Json, Url
from console.shell.output import as_json, heading, say
from domain.model.taxonomy import Stage
from records.read_model.tokenizer import Query, query
from web.formatting import counted, plain

WITH_MINUS = {"ignore_unknown_options": True}
"""How the command line has to read this command, so that `-word` is a word."""


def search(
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORDS", help="All are needed; the last may be a beginning. -WORD leaves a word out."),
    ],
    stage: Annotated[Stage | None, typer.Option(help="Only reviews in this stage.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many, the best first.")] = 10,
    url: Url = None,
    json: Json = False,
) -> None:
    """Search titles, ids, services, models, items, issues and drafts."""
    unknown = next((word for word in words if word.startswith("--")), None)
    if unknown is not None:
        raise Stop(f"There is no option {unknown}; see holdfast search --help.", code=USAGE)
    asked = {"q": " ".join(words), "limit": str(limit)} | ({"stage": stage.value} if stage else {})
    found = Api(url).get("/api/search", asked)
    if json:
        as_json(found)
        return
    for hit in found["hits"]:
        heading(f"{hit['id']}: {_line(hit['pieces'])}")
        say(f"{hit['severity']}, {plain(hit['stage'])}, {hit['service']}")
        say(*(f"  {place['heading']}: {_line(place['pieces'])}" for place in hit["places"]), "")
    say(_summary(found, query(asked["q"])))


def _line(pieces: list[dict[str, Any]]) -> str:
    return " ".join("".join(piece["text"] for piece in pieces).split())


def _summary(found: dict[str, Any], asked: Query) -> str:
    count, shown = found["count"], len(found["hits"])
    if not asked.wanted and asked.unwanted:
        return "That only says what to leave out. Add a word that is to be found."
    if not asked.wanted:
        return "There is no letter or digit in that to look for. Add a word that is to be found."
    if not count:
        return "No review that you see has all of this. Fewer words find more."
    many = f"More than {counted(count, 'review')}" if found["more"] else counted(count, "review")
    return f"{many}; these are the best {shown}." if shown < count else f"{many}."
