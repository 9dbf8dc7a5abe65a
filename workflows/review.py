"""`ReviewWorkflow` obeys: it hands inputs to `advance` one at a time, does what the plan owes, and sleeps until then.

It holds no rule, and no state but the last plan. So a release that changes rules never breaks the replay of a review
that has been open for months.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.evidence import EvidenceActivities
    from activities.reviews import AdvanceRequest, ReviewActivities
    from activities.trackers import EffectRequest, TrackerActivities
    from domain.lifecycle.effects import Effect
    from domain.lifecycle.inputs import EffectFailed, Fact, Input, Tick
    from domain.lifecycle.plan import Plan
    from domain.lifecycle.view import Answer, Outcome, View
    from domain.model.taxonomy import FailureKind
    from workflows import contract, policies

EFFECTS: dict[str, Callable[..., Any]] = {
    "open_issue": TrackerActivities.open_issue,
    "release_issue": TrackerActivities.release_issue,
    "tend_issue": TrackerActivities.tend_issue,
    "answer_comment": TrackerActivities.answer_comment,
    "tell_tracking": TrackerActivities.tell_tracking,
    "read_items": TrackerActivities.read_items,
    "keep_evidence": EvidenceActivities.keep_evidence,
}
"""Which activity does which kind of effect."""

CREATING = frozenset({"open_issue", "tell_tracking"})
"""Those that make something new in a tracker, and are paced."""


class _Heard:
    """An input in the queue, and where its answer goes."""

    def __init__(self, input: Input) -> None:
        self.input = input
        self.answer: asyncio.Future[Answer] = asyncio.Future()


@workflow.defn
class ReviewWorkflow:
    """Holds one review open until it has ended."""

    @workflow.init
    def __init__(self, start: contract.ReviewStart) -> None:
        self._start = start
        self._queue: deque[_Heard] = deque()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._plan = Plan()
        self._view = View()
        self._shown = View()
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at: datetime | None = None
        self._draining = False

    @workflow.run
    async def run(self, start: contract.ReviewStart) -> None:
        """Obey until the review has ended, or the history has grown long enough to continue as new."""
        self._hear_tick()
        while True:
            await self._hear_all()
            if workflow.info().is_continue_as_new_suggested():
                await self._continue_as_new()
            if self._may_end():
                return
            await workflow.wait_condition(lambda: bool(self._queue) or self._may_end())

    @workflow.update
    async def command(self, input: Input) -> Answer:
        """A person's command: accepted, or refused with every reason."""
        heard = self._hear(input)
        await workflow.wait_condition(heard.answer.done)
        return heard.answer.result()

    @command.validator
    def _is_a_command(self, input: Input) -> None:
        if not input.is_command:
            raise ApplicationError(f"{input.body.type} is not a command", non_retryable=True)

    @workflow.signal
    def fact_told(self, input: Input) -> None:
        """Something happened outside."""
        if not input.is_command:
            self._hear(input)

    @workflow.query
    def view(self) -> View:
        """Where the review stands, as of the last input."""
        return self._view

    def _hear(self, input: Input) -> _Heard:
        heard = _Heard(input)
        self._queue.append(heard)
        return heard

    def _hear_tick(self) -> None:
        self._hear(Input(id=f"tick@{workflow.now().isoformat()}", body=Tick()))

    async def _hear_all(self) -> None:
        while self._queue:
            heard = self._queue[0]
            outcome = await self._advance(heard.input)
            self._queue.popleft()
            self._plan, self._view = outcome.plan, outcome.view
            heard.answer.set_result(outcome.answer)
            self._show()
            self._set_alarm()
            self._start_effects()

    async def _advance(self, input: Input) -> Outcome:
        request = AdvanceRequest(
            review_id=self._start.review_id, epoch=self._start.epoch, now=workflow.now(), input=input
        )
        if input.is_command:
            return await workflow.execute_activity_method(ReviewActivities.advance, request, **policies.RECORD)
        return await workflow.execute_local_activity_method(
            ReviewActivities.advance, request, **policies.RECORD_LOCALLY
        )

    def _start_effects(self) -> None:
        """Begin what is owed and not under way; nothing new before continuing as new, which waits for all of it."""
        if self._draining:
            return
        for effect in self._plan.effects:
            if effect.key not in self._under_way:
                self._under_way[effect.key] = asyncio.create_task(self._do(effect))

    async def _do(self, effect: Effect) -> None:
        request = EffectRequest(review_id=self._start.review_id, item=effect.item)
        try:
            fact: Fact = await workflow.execute_activity_method(
                EFFECTS[effect.kind],
                request,
                task_queue=contract.tracker_queue(
                    workflow.info().task_queue, effect.tracker, creating=effect.kind in CREATING
                ),
                **policies.TOUCH,
            )
        except ActivityError as error:
            fact = _failure(effect, error)
        heard = self._hear(Input(id=effect.input_id, body=fact))
        await workflow.wait_condition(heard.answer.done)
        del self._under_way[effect.key]
        self._start_effects()

    def _set_alarm(self) -> None:
        """One durable timer, for the next moment that matters; it is left alone as long as that moment stays."""
        if self._plan.wake_at == self._alarm_at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = self._plan.wake_at
        self._alarm = asyncio.create_task(self._ring(self._alarm_at)) if self._alarm_at else None

    async def _ring(self, at: datetime) -> None:
        await workflow.sleep(max(at - workflow.now(), timedelta(0)))
        self._alarm, self._alarm_at = None, None
        self._hear_tick()

    def _may_end(self) -> bool:
        return not self._queue and self._plan.ended and not self._under_way and workflow.all_handlers_finished()

    async def _continue_as_new(self) -> None:
        """Drain what is under way first: nothing but the review's id is carried over."""
        self._draining = workflow.patched("drain-starts-nothing")
        while self._queue or self._under_way or not workflow.all_handlers_finished():
            await workflow.wait_condition(
                lambda: bool(self._queue) or (not self._under_way and workflow.all_handlers_finished())
            )
            await self._hear_all()
        workflow.continue_as_new(self._start)

    def _show(self) -> None:
        """Tell Temporal's own pages where the review stands; a history event only where something changed."""
        view, before = self._view, self._shown
        workflow.set_current_details(view.details)
        shown: tuple[tuple[SearchAttributeKey[Any], Any, Any], ...] = (
            (contract.STAGE, view.stage, before.stage),
            (contract.SEVERITY, view.severity, before.severity),
            (contract.SERVICE, view.service, before.service),
            (contract.TEAM, view.team, before.team),
            (contract.MODELS, list(view.models), list(before.models)),
            (contract.NEXT_DEADLINE, view.next_deadline, before.next_deadline),
        )
        changes: list[SearchAttributeUpdate[Any]] = [
            key.value_set(new) if new else key.value_unset() for key, new, old in shown if new != old
        ]
        if changes:
            workflow.upsert_search_attributes(changes)
        self._shown = view


def _failure(effect: Effect, error: ActivityError) -> EffectFailed:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type in set(FailureKind):
        retry_at = cause.details[0] if cause.details else None
        return EffectFailed(key=effect.key, kind=FailureKind(cause.type), retry_at=retry_at)
    return EffectFailed(key=effect.key, kind=FailureKind.UNAVAILABLE)
