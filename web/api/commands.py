"""What people say to a review through the API: commands, and never facts."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from domain.lifecycle.inputs import Close, Command, MakePrivate, OpenReview, Share
from domain.lifecycle.view import Answer
from domain.model.taxonomy import Stage
from domain.model.values import Record
from web.actions.send_command import admitted, carried
from web.auth.authentication import Who
from web.deps import WebDeps
from web.errors import WRONG_BODY, ErrorBody, Responses
from web.views.privacy_warnings import doubts_about

LOOK_EVERY = 0.2
"""Seconds between two looks while a review is about to close."""


class CommandBody(Record):
    """One command. Where the domain has references of texts and ids of people, this has plain text and handles."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,100}$")] | None = Field(
        default=None, description="your own key: a command said again with the same key is carried out once"
    )
    by: str | None = Field(
        default=None,
        description="the handle of who wants this; left out by who is signed in or brings a token",
        examples=["ml-lead@example.org"],
    )
    command: Annotated[Command, Field(discriminator="type")]


class CommandAnswer(Answer):
    """What came of a command."""

    id: str = Field(description="the key under which it was said")
    note: str | None = Field(default=None, description="what is still under way, or is not as it looks")


class Refused(ErrorBody):
    """A command that the rules refuse, with every reason. It left no trace."""

    accepted: bool = False
    reasons: tuple[str, ...] = ()
    stage: Stage | None = None


class Away(ErrorBody):
    """No answer came. What was said may have been heard all the same."""

    id: str = Field(description="say it again with this key")


_WRONG: Responses = WRONG_BODY | {
    404: {"model": ErrorBody, "description": "There is no such review."},
    409: {"model": Refused, "description": "Refused, with every reason. It left no trace."},
    503: {"model": Away, "description": "The engine did not answer in time; ask again with the same id."},
}


def routes(deps: WebDeps) -> APIRouter:
    """The one way to say a command."""
    router = APIRouter(prefix="/api/reviews", tags=["Commands"], responses=_WRONG)

    @router.post("/{review_id}/commands", summary="Say a command to a review")
    async def say_command(review_id: str, body: CommandBody, who: Who) -> CommandAnswer:
        """Accepted, or refused with all reasons. Closing waits up to half a minute for the read that it needs."""
        key = body.id or str(uuid.uuid4())
        said = await run_in_threadpool(admitted, deps, review_id, body.command, key, who, body.by)
        answer = await carried(deps, review_id, said, key)
        note: str | None = None
        if isinstance(body.command, Close) and answer.stage is not Stage.CLOSED:
            stage = await closed(review_id)
            note = None if stage is Stage.CLOSED else "being read"
            answer = answer.model_copy(update={"stage": stage})
        if isinstance(body.command, OpenReview | MakePrivate | Share):
            note = await run_in_threadpool(doubts_about, deps, kept_to(review_id, body.command))
        return CommandAnswer(**answer.model_dump(), id=key, note=note)

    def kept_to(review_id: str, command: OpenReview | MakePrivate | Share) -> Sequence[str]:
        """The teams that see the review once that is so, approved where it has to be; none: everybody."""
        if isinstance(command, OpenReview):
            return command.private_to
        before = deps.records.reviews.find(review_id)
        if isinstance(command, MakePrivate) or before is None or not command.teams:
            return command.teams
        return tuple(dict.fromkeys((*before.private_to, *command.teams)))

    async def closed(review_id: str) -> Stage | None:
        give_up = time.monotonic() + deps.close_patience.total_seconds()
        while True:
            review = await run_in_threadpool(deps.records.reviews.find, review_id)
            stage = review.stage if review else None
            if stage is Stage.CLOSED or time.monotonic() >= give_up:
                return stage
            await asyncio.sleep(LOOK_EVERY)

    return router
