"""What became of the messages to people, with the names of those whom they were for."""

from collections.abc import Sequence
from enum import StrEnum

from domain.people.notifications import person
from records.operations.notifications import DUE, FAILED, SENT, UNKNOWN, KeptNotice
from web.deps import WebDeps


class NoticeOutcome(StrEnum):
    """What became of a message."""

    DUE = DUE
    UNKNOWN = UNKNOWN
    SENT = SENT
    FAILED = FAILED


class ShownNotice(KeptNotice):
    """A message as it is kept, without its text; `to` is its recipient as people call them."""

    to: str


def shown_notices(deps: WebDeps, outcomes: Sequence[NoticeOutcome], limit: int) -> list[ShownNotice]:
    """The newest messages with these outcomes, or all."""
    kept, prefix = deps.records.notices.list([outcome.value for outcome in outcomes], limit), person("")
    ids = {notice.recipient.removeprefix(prefix) for notice in kept if notice.recipient.startswith(prefix)}
    handles = {person(id): handle for id, handle in deps.records.people.handles(ids).items()}
    return [ShownNotice(to=handles.get(n.recipient, n.recipient), **n.model_dump()) for n in kept]
