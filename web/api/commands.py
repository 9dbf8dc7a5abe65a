"""What people say to a review through the API: commands, and never facts."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from domain.lifecycle.inputs import Close, Command, Input, JoinIncident, MakePrivate, OpenReview, Share
from domain.lifecycle.view import Answer
from domain.model.taxonomy import Stage
from domain.model.values import Record
from integrations.incidents.delivery import BadDelivery, ReportedIncident, reading
from web.actions.admit import admit
from web.auth.authentication import Caller, Who, acting, review_for
from web.deps import WebDeps
from web.errors import WRONG_BODY, ApiError, ErrorBody, Responses
from web.views.privacy_warnings import doubts_about
from workflows.door import AwayError

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


def admitted(deps: WebDeps, review_id: str, command: Command, key: str, who: Caller, by: str | None = None) -> Input:
    """A command as `who` says it to a review. Raises `ApiError`: 404 without such a review, 422 for a wrong field."""
    review_for(deps, review_id, who)
    checked = _checked(review_id, command)
    person = acting(deps, who, by)
    # A key of a caller must never be taken for the id of a fact, which would then not be heard.
    body = admit(deps.records.people, checked, review_id)
    return Input(id=f"command:{key}", by=person, door=who.door, standing=who.standing, body=body)


def _checked(review_id: str, command: Command) -> Command:
    """The command; an incident in it is held to what sources are held to. Raises `ApiError` (422)."""
    if not isinstance(command, OpenReview | JoinIncident):
        return command
    incident = command.incident
    if isinstance(command, OpenReview) and incident.ref != review_id:
        raise ApiError(422, f"command.incident: {incident.ref} would open a review of its own, not {review_id}.")
    try:
        with reading("command.incident", ReportedIncident):
            told = ReportedIncident.model_validate(incident.model_dump(include=set(ReportedIncident.model_fields)))
    except BadDelivery as error:
        raise ApiError(422, str(error)) from error
    return command.model_copy(update={"incident": incident.model_copy(update=dict(told))})


async def carried(deps: WebDeps, review_id: str, said: Input, key: str | None = None) -> Answer:
    """Say `said`, and return its answer.

    Raises `ApiError`: 409 with every reason where it is refused, 503 where no answer came.
    """
    try:
        answer = await deps.say(review_id, said)
    except AwayError as error:
        raise ApiError(503, str(error), **({"id": key} if key else {"review": review_id})) from error
    if not answer.accepted:
        raise ApiError(409, " ".join(answer.reasons), **answer.model_dump(mode="json"))
    return answer
