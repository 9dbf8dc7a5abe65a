"""`advance`: the one door to a review, in one transaction.

It loads the stream, looks the input's id up, decides, appends, updates the read model, finishes the delivery, and hands
back the answer and the new plan. The rules are in `domain`; the waiting is in `workflows`.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from domain.catalogue import Catalogue
from domain.decide import Rejected, decide
from domain.draft import DraftContent
from domain.events import Event
from domain.evolve import evolve
from domain.inputs import Given, Input, JoinIncident, SubmitDraft
from domain.plan import Plan, plan
from domain.policy import Policy
from domain.review import Review
from domain.view import Answer, Outcome, view
from records import drafts, inbox, streams
from records.chain import Link
from records.database import Database
from records.read_model import folded, project

POISONOUS = (ArithmeticError, AssertionError, IntegrityError, DataError, LookupError, TypeError, ValueError)
"""Faults that come again however often an input is heard: not of the connection, but of the input or of our code."""

log = logging.getLogger(__name__)


class Advance:
    """Carries inputs to `decide`, and what it decides into the records."""

    def __init__(self, database: Database, policy: Policy, catalogue: Catalogue) -> None:
        self._database = database
        self._policy = policy
        self._catalogue = catalogue

    def __call__(self, review_id: str, input: Input, now: datetime, epoch: int) -> Outcome:
        """Say `input` to a review at `now` (UTC), the workflow's time. Saying it twice is saying it once.

        Raises `SupersededError` where the records belong to a newer engine, and `ConflictError` where somebody else
        appended meanwhile (say it again).
        """
        with self._database.write() as connection:
            streams.check_epoch(connection, epoch)
            links = streams.load(connection, review_id)
            review = folded(review_id, links)
            earlier = [row for row in links if row.input_id == input.id]
            if earlier:
                return _outcome(review, now, _as_the_first_time(review, input, earlier))
            try:
                recorded = decide(review, input, now, self._given(connection, review, input))
                review, owed = self._record(connection, review, links, recorded, input, now, epoch)
            except Rejected as refused:
                connection.rollback()  # a refused command leaves no trace
                return _outcome(review, now, Answer(accepted=False, reasons=refused.reasons, stage=review.stage))
            except POISONOUS:
                connection.rollback()
                log.exception("%s: %s cannot be heard", review_id, input.id)
                return self._set_aside(folded(review_id, links), input, now)
            if not input.is_command:
                inbox.finish(connection, input.id)
        names = tuple(type(event).__name__ for event in recorded)
        answer = Answer(accepted=True, events=names, stage=review.stage)
        return Outcome(answer=answer, plan=owed, view=view(review, now))

    def _set_aside(self, review: Review, input: Input, now: datetime) -> Outcome:
        """Go on without an input that would fail in the same way for ever, and say so where a person looks."""
        reason = "Holdfast itself failed on this. It changed nothing; the worker's log says more."
        with self._database.write() as connection:
            inbox.set_aside(connection, input.id, reason)
        return _outcome(review, now, Answer(accepted=False, reasons=(reason,), stage=review.stage))

    def _record(
        self,
        connection: Connection,
        review: Review,
        links: Sequence[Link],
        recorded: Sequence[Event],
        input: Input,
        now: datetime,
        epoch: int,
    ) -> tuple[Review, Plan]:
        if not recorded:
            return review, plan(review, now)
        streams.append(connection, review.id, links, recorded, input, now, epoch)
        after = reduce(evolve, recorded, review)
        owed = plan(after, now)
        project(connection, after, owed, now, before=review)
        return after, owed

    def _given(self, connection: Connection, review: Review, input: Input) -> Given:
        return Given(
            policy=self._policy,
            catalogue=self._catalogue,
            draft=_draft(connection, review, input),
            elsewhere=_elsewhere(connection, review, input),
        )


def _as_the_first_time(review: Review, input: Input, earlier: Sequence[Link]) -> Answer:
    """The answer of the first time, for whoever gave it that id."""
    if any(row.envelope.by != input.by for row in earlier):
        reason = "Somebody else used this id for another command: use a new one."
        return Answer(accepted=False, reasons=(reason,), stage=review.stage)
    return Answer(accepted=True, events=tuple(row.type for row in earlier), stage=review.stage)


def _draft(connection: Connection, review: Review, input: Input) -> DraftContent | None:
    if not isinstance(input.body, SubmitDraft) or review.policy is None:
        return None
    return drafts.content(connection, review.id, input.body.revision, review.policy)


def _elsewhere(connection: Connection, review: Review, input: Input) -> str | None:
    if not isinstance(input.body, JoinIncident):
        return None
    found = inbox.routed_to(connection, input.body.incident.ref)
    return found if found != review.id else None


def _outcome(review: Review, now: datetime, answer: Answer) -> Outcome:
    return Outcome(answer=answer, plan=plan(review, now), view=view(review, now))
