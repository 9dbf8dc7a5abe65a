"""Saying a command to a review, and telling what came of it."""

from collections.abc import Mapping
from typing import Any

from console.api import Api
from console.screen import as_json, say


def carry(url: str | None, review_id: str, by: str, command: Mapping[str, Any], json: bool, done: str) -> None:
    """Carry a command to a review; where it is accepted, say `done`. Raises `console.stopping.Stop` where it is not."""
    api = Api(url)
    tell(api, review_id, api.command(review_id, by, command), json, done)


def tell(api: Api, review_id: str, answer: Mapping[str, Any], json: bool, done: str) -> None:
    """Tell what came of an accepted command, and who is needed next."""
    if json:
        as_json(answer)
    elif "ApprovalAsked" in answer["events"]:
        request = api.newest_request(review_id)
        say(f"Asked as {request}: another person has to approve it, with")
        say(f"  holdfast review approve {review_id} {request}")
    else:
        say(done)
        say(f"The review is in stage {answer['stage']}.")
