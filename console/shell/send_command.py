"""Saying a command to a review, and telling what came of it."""

from collections.abc import Callable, Mapping
from typing import Any

from console.shell.api_client import Api
from console.shell.errors import Refused
from console.shell.output import as_json, say


def carry(url: str | None, review_id: str, by: str, command: Mapping[str, Any], json: bool, done: str) -> None:
    """Carry a command to a review; where it is accepted, say `done`. Raises `Stop` where it is not."""
    api = Api(url)
    tell(api, review_id, api.command(review_id, by, command), json, done)


def submit_saved(
    api: Api,
    review_id: str,
    by: str,
    saved: Mapping[str, Any],
    json: bool,
    placed: Callable[[str], str] = lambda reason: reason,
) -> None:
    """Put a saved revision forward, and tell what came of it. `placed` says where a reason is about.

    Raises `Refused` with every reason.
    """
    command = {"type": "submit_draft", "revision": saved["revision"], "digest": saved["digest"]}
    try:
        answer = api.command(review_id, by, command)
    except Refused as refused:
        kept = f"The draft was saved as revision {saved['revision']}, and nothing was submitted."
        raise Refused(*map(placed, refused.lines), note=kept) from None
    tell(api, review_id, answer, json, f"Revision {saved['revision']} is submitted.")


def tell(api: Api, review_id: str, answer: Mapping[str, Any], json: bool, done: str) -> None:
    """Tell what came of an accepted command, what about it is not as it looks, and who is needed next."""
    if json:
        as_json(answer)
        return
    if "ApprovalAsked" in answer["events"]:
        request = api.newest_request(review_id)
        say(f"Asked as {request}: another person has to approve it, with")
        say(f"  holdfast review approve {review_id} {request}")
    else:
        say(done, *answer["told"])
        say(f"The review is in stage {answer['stage']}.")
    say(*[answer["note"]] if answer["note"] else [])
