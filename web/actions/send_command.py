"""Carrying a person's command to its review, from the API or from a form."""

from domain.lifecycle.inputs import Command, Input, JoinIncident, OpenReview
from domain.lifecycle.view import Answer
from integrations.incidents.delivery import BadDelivery, ReportedIncident, reading
from web.actions.admit import admit
from web.auth.authentication import Caller, acting, review_for
from web.deps import WebDeps
from web.errors import ApiError
from workflows.door import AwayError


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
