"""`advance`: the one door to a review, in one transaction.

It loads the stream, looks the input's id up, decides, appends, updates the read model, finishes the delivery, and hands
back the answer and the new plan. The rules are in `domain`; the waiting is in `workflows`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from sqlalchemy import Connection

from domain.catalogue import Catalogue
from domain.decide import Rejected, decide
from domain.draft import DraftContent
from domain.events import Event
from domain.evolve import evolve
from domain.inputs import Given, Input, SubmitDraft
from domain.plan import plan
from domain.policy import Policy
from domain.review import Review
from domain.view import Answer, Outcome, view
from records import drafts, inbox, streams
from records.chain import Link
from records.database import Database
from records.read_model import folded, project


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
            heard = tuple(row.type for row in links if row.input_id == input.id)
            if heard:
                return _outcome(review, now, Answer(accepted=True, events=heard, stage=review.stage))
            try:
                recorded = decide(review, input, now, self._given(connection, review, input))
            except Rejected as refused:
                connection.rollback()  # a refused command leaves no trace
                return _outcome(review, now, Answer(accepted=False, reasons=refused.reasons, stage=review.stage))
            review = self._record(connection, review, links, recorded, input, now, epoch)
            if not input.is_command:
                inbox.finish(connection, input.id)
        names = tuple(type(event).__name__ for event in recorded)
        return _outcome(review, now, Answer(accepted=True, events=names, stage=review.stage))

    def _record(
        self,
        connection: Connection,
        review: Review,
        links: Sequence[Link],
        recorded: Sequence[Event],
        input: Input,
        now: datetime,
        epoch: int,
    ) -> Review:
        if not recorded:
            return review
        streams.append(connection, review.id, links, recorded, input, now, epoch)
        after = reduce(evolve, recorded, review)
        project(connection, after, before=review)
        return after

    def _given(self, connection: Connection, review: Review, input: Input) -> Given:
        return Given(policy=self._policy, catalogue=self._catalogue, draft=_draft(connection, review, input))


def _draft(connection: Connection, review: Review, input: Input) -> DraftContent | None:
    if not isinstance(input.body, SubmitDraft) or review.policy is None:
        return None
    return drafts.content(connection, review.id, input.body.revision, review.policy)


def _outcome(review: Review, now: datetime, answer: Answer) -> Outcome:
    return Outcome(answer=answer, plan=plan(review, now), view=view(review, now))
