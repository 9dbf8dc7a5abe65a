"""`advance`: the one way to change a review, in one transaction.

It loads the stream, records what time owes, looks the input's id up, decides, appends, updates the read model, finishes
the delivery, and hands back the answer and the new plan. The rules are in `domain`; the waiting is in `workflows`.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from domain.drafts.draft import DraftContent
from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.decide import Rejected, decide, settle_time
from domain.lifecycle.events import Event, IncidentRemoved, ReviewSucceeded
from domain.lifecycle.evolve import fold
from domain.lifecycle.inputs import (
    Given,
    HarmReported,
    IncidentTold,
    Input,
    JoinIncident,
    OpenReview,
    SubmitDraft,
    Tick,
    VerifyItem,
)
from domain.lifecycle.plan import Plan, plan
from domain.lifecycle.view import Answer, Outcome, outcome, told_of
from domain.model.catalogue import Catalogue
from domain.model.policy import Policy
from domain.model.review import Review
from domain.model.tracker_routing import Routing
from records.calendars import Calendars
from records.database import Database
from records.documents import attachments, drafts
from records.event_log import streams
from records.event_log.hash_chain import Link
from records.event_log.state_cache import Memory
from records.operations import inbox
from records.read_model.projection import project, project_time

POISONOUS = (ArithmeticError, AssertionError, IntegrityError, DataError, LookupError, TypeError, ValueError)
"""Faults that come again however often an input is heard: not of the connection, but of the input or of our code."""

PAUSE_AFTER_FAULT = timedelta(minutes=5)
"""How long a review is left alone, but for what is said to it, after what time owes could not be recorded."""

TICK = Input(id="tick", body=Tick())
"""What time owes is decided on the same data as any tick."""

log = logging.getLogger(__name__)


class Advance:
    """Carries inputs to `decide`, and what it decides into the records."""

    def __init__(self, database: Database, policy: Policy, catalogue: Catalogue, routing: Routing) -> None:
        self._database = database
        self._policy = policy
        self._catalogue = catalogue
        self._routing = routing
        self._calendars = Calendars(catalogue)
        self._memory = Memory()

    def __call__(self, review_id: str, input: Input, now: datetime, epoch: int) -> Outcome:
        """Say `input` to a review at `now` (UTC), the workflow's time. Saying it twice is saying it once.

        What time owes is recorded first, as an input of its own: it stays, also where `input` is refused or was heard
        before. Raises `SupersededError` where the records belong to a newer engine, and `ConflictError` where somebody
        else appended meanwhile (say it again).
        """
        try:
            return self._advance(review_id, input, now, epoch)
        except POISONOUS:
            log.exception("%s: %s cannot be heard, or what time owes before it", review_id, input.id)
        time_is_settled = self._can(lambda: self._advance(review_id, TICK, now, epoch)) is not None
        heard = self._can(lambda: self._advance(review_id, input, now, epoch, settling=False))
        if heard is None:
            heard = self._set_aside(review_id, input, now, epoch)
            if not input.is_command:  # what it is the result of would be done again at once, and end here again
                return heard.model_copy(update={"plan": Plan(wake_at=now + PAUSE_AFTER_FAULT)})
        return heard if time_is_settled else heard.model_copy(update={"plan": _looked_at_later(heard.plan, now)})

    def _can(self, step: Callable[[], Outcome]) -> Outcome | None:
        """What a step brings; none where it would fail in the same way for ever."""
        try:
            return step()
        except POISONOUS:
            return None

    def _advance(self, review_id: str, input: Input, now: datetime, epoch: int, settling: bool = True) -> Outcome:
        with self._database.write() as connection:
            streams.check_epoch(connection, epoch)
            review, last, earlier = self._memory.read(connection, review_id, input.id)
            if settling:
                tick, owed = settle_time(review, now, self._given(connection, review, TICK, now))
                review, last = self._record(connection, review, last, owed, tick, now, epoch)
            if earlier:
                return outcome(review, now, _as_the_first_time(review, input, earlier))
            try:
                recorded = decide(review, input, now, self._given(connection, review, input, now))
            except Rejected as refused:
                return outcome(review, now, Answer(accepted=False, reasons=refused.reasons, stage=review.stage))
            after, _ = self._record(connection, review, last, recorded, input, now, epoch)
            names = tuple(event.name for event in recorded)
            answer = Answer(accepted=True, events=names, stage=after.stage, told=told_of(recorded))
            in_the_way = blockers(after, now)
            heard = outcome(after, now, answer, in_the_way)
            if not recorded and after.stage is not None and isinstance(input.body, Tick):
                project_time(connection, after, heard.plan, in_the_way, now)
            if not input.is_command:
                inbox.finish(connection, input.id)
            return heard

    def _record(
        self,
        connection: Connection,
        review: Review,
        last: Link | None,
        recorded: Sequence[Event],
        input: Input,
        now: datetime,
        epoch: int,
    ) -> tuple[Review, Link | None]:
        """Append what an input caused, and write what can be read of it: the review after it, and its last event."""
        if not recorded:
            return review, last
        after = fold(review, recorded)
        in_the_way = blockers(after, now)
        last = streams.append(connection, review.id, last, recorded, input, now, epoch)[-1]
        for event in recorded:
            if isinstance(event, ReviewSucceeded):
                inbox.begin_successor(connection, after, event)
            if isinstance(event, IncidentRemoved):
                inbox.tell_alone(connection, after, review.incidents[event.incident])
        project(connection, after, plan(after, now, in_the_way), in_the_way, now, before=review)
        return after, last

    def _set_aside(self, review_id: str, input: Input, now: datetime, epoch: int) -> Outcome:
        """Go on without an input that would fail in the same way for ever, and say so where a person looks."""
        reason = "Holdfast itself failed on this. It changed nothing; the worker's log says more."
        with self._database.write() as connection:
            streams.check_epoch(connection, epoch)
            review, _, _ = self._memory.read(connection, review_id, input.id)
            inbox.set_aside(connection, input.id, reason)
        return outcome(review, now, Answer(accepted=False, reasons=(reason,), stage=review.stage))

    def _given(self, connection: Connection, review: Review, input: Input, now: datetime) -> Given:
        return Given(
            policy=self._policy,
            catalogue=self._catalogue,
            routing=self._routing,
            calendar=self._calendars.of(_team(review, input), now),
            draft=_draft(connection, review, input),
            elsewhere=_elsewhere(connection, review, input),
            kept=_kept(connection, review, input),
        )


def _looked_at_later(planned: Plan, now: datetime) -> Plan:
    """A plan after something failed that time may bring again: no sooner than in a while, or it would spin."""
    soonest = now + PAUSE_AFTER_FAULT
    if planned.wake_at is None or planned.wake_at >= soonest:
        return planned
    return planned.model_copy(update={"wake_at": soonest})


def _as_the_first_time(review: Review, input: Input, earlier: Sequence[Link]) -> Answer:
    """The answer of the first time, for whoever gave it that id."""
    if any(row.envelope.by != input.by for row in earlier):
        reason = "Somebody else used this id for another command: use a new one."
        return Answer(accepted=False, reasons=(reason,), stage=review.stage)
    names, told = tuple(row.type for row in earlier), told_of(row.envelope.event for row in earlier)
    return Answer(accepted=True, events=names, stage=review.stage, told=told)


def _draft(connection: Connection, review: Review, input: Input) -> DraftContent | None:
    if not isinstance(input.body, SubmitDraft) or review.policy is None:
        return None
    return drafts.content(connection, review.id, input.body.revision, review.policy)


def _kept(connection: Connection, review: Review, input: Input) -> frozenset[str]:
    if not isinstance(input.body, VerifyItem):
        return frozenset()
    named = [evidence.digest for evidence in input.body.evidence if evidence.digest is not None]
    return attachments.kept(connection, review.id, named)


def _team(review: Review, input: Input) -> str | None:
    """The team by whose calendar is counted: that of the review, or of the incident that may open it."""
    if isinstance(input.body, OpenReview | IncidentTold | HarmReported) and review.team is None:
        return input.body.incident.team
    return review.team


def _elsewhere(connection: Connection, review: Review, input: Input) -> str | None:
    if not isinstance(input.body, JoinIncident):
        return None
    found = inbox.routed_to(connection, input.body.incident.ref)
    return found if found != review.id else None
