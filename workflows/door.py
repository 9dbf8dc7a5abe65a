"""The way to the reviews' workflows, for whoever has a Temporal client: commands, facts, and what the inbox holds.

Never imported by a workflow.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from domain.lifecycle.inputs import Input
from domain.lifecycle.view import Answer
from domain.model.tracker_routing import Place
from workflows import contract
from workflows.notify import NotifyWorkflow
from workflows.review import ReviewWorkflow
from workflows.sync import LookWorkflow, SyncWorkflow, WakeWorkflow

log = logging.getLogger(__name__)


AFTER_TROUBLE = timedelta(seconds=1)
"""How long nothing is sent after an unexpected failure, such as records that belong to another engine by now."""


class AwayError(Exception):
    """The engine did not answer. What was said may have been heard all the same: ask again with the same id."""


class NotTakenError(Exception):
    """Temporal answered, and does not take this message. It may take it later."""


AWAY = frozenset({RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED})
"""What an RPC says when nobody was there to answer it."""


class Outgoing(Protocol):
    """A delivery and the review that it goes to."""

    @property
    def review_id(self) -> str: ...
    @property
    def input(self) -> Input: ...


class Outbox(Protocol):
    """Where deliveries wait to be sent."""

    def outgoing(self, limit: int = 100) -> Sequence[Outgoing]:
        """What is to be sent now, oldest first."""
        ...

    def sent(self, delivery_id: str) -> None:
        """Note that a delivery was handed over."""
        ...


class Wishes(Protocol):
    """Where it waits what somebody wished to have looked at."""

    def to_start(self) -> Sequence[str]:
        """The trackers in which a look is to be started now; given out again only after a while."""
        ...


class Door:
    """Says things to reviews through Temporal. A message to an ended review starts its workflow again."""

    def __init__(self, client: Client, epoch: Callable[[], int], task_queue: str = contract.TASK_QUEUE) -> None:
        """`epoch` tells the epoch of this engine, or raises where the records belong to another one by now."""
        self.client = client
        self._epoch = epoch
        self._task_queue = task_queue

    async def tell(self, review_id: str, input: Input) -> None:
        """Tell a review a fact. Raises `AwayError`, and `NotTakenError` where Temporal does not take it."""
        try:
            await self.client.start_workflow(
                ReviewWorkflow.run,
                await self._start(review_id),
                id=contract.workflow_id(review_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                start_signal="fact_told",
                start_signal_args=[input],
            )
        except RPCError as error:
            kind = AwayError if error.status in AWAY else NotTakenError
            raise kind(f"Temporal says: {error.message}") from error

    async def start(self, review_id: str) -> None:
        """Make sure that a review's workflow runs. Raises `AwayError`."""
        try:
            await self.client.start_workflow(
                ReviewWorkflow.run,
                await self._start(review_id),
                id=contract.workflow_id(review_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
            )
        except RPCError as error:
            raise AwayError(f"Temporal cannot be reached: {error.message}") from error

    async def command(self, review_id: str, input: Input, patience: timedelta = timedelta(seconds=30)) -> Answer:
        """Carry a person's command to a review, and its answer back.

        Each asking is an Update of its own: `advance` knows an input that it has recorded by its id, and decides a
        refused one anew.

        Raises `AwayError` where no answer came within `patience`.
        """
        try:
            async with asyncio.timeout(patience.total_seconds()):
                try:
                    handle = self.client.get_workflow_handle(contract.workflow_id(review_id))
                    return await handle.execute_update(ReviewWorkflow.command, input, id=str(uuid.uuid4()))
                except RPCError as error:
                    if error.status is not RPCStatusCode.NOT_FOUND:
                        raise
                    return await self._command_with_start(review_id, input)
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
            raise AwayError("Temporal did not answer in time; ask again with the same id.") from error
        except RPCError as error:
            raise AwayError(f"Temporal did not take the command: {error.message}") from error
        except WorkflowUpdateFailedError as error:
            raise AwayError(f"The engine could not carry the command: {error.cause}") from error

    async def _command_with_start(self, review_id: str, input: Input) -> Answer:
        start = WithStartWorkflowOperation(
            ReviewWorkflow.run,
            await self._start(review_id),
            id=contract.workflow_id(review_id),
            task_queue=self._task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        return await self.client.execute_update_with_start_workflow(
            ReviewWorkflow.command, input, id=str(uuid.uuid4()), start_workflow_operation=start
        )

    async def send_outgoing(self, outbox: Outbox) -> int:
        """Send what the inbox holds; how many were sent. One that Temporal does not take holds no other up.

        Raises `AwayError`.
        """
        sent = 0
        for delivery in await asyncio.to_thread(outbox.outgoing):
            try:
                await self.tell(delivery.review_id, delivery.input)
                sent += 1
            except NotTakenError as error:
                log.warning("%s was not told, and is told later: %s", delivery.review_id, error)
            await asyncio.to_thread(outbox.sent, delivery.input.id)
        return sent

    async def start_looks(self, wishes: Wishes) -> None:
        """Have the issues looked at that somebody wished to. Raises `AwayError`."""
        for tracker in await asyncio.to_thread(wishes.to_start):
            try:
                await self.client.start_workflow(
                    LookWorkflow.run,
                    tracker,
                    id=contract.look_id(tracker),
                    task_queue=self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    start_signal="look",
                )
            except RPCError as error:
                raise AwayError(f"Temporal says: {error.message}") from error

    async def keep_sending(self, outbox: Outbox, wishes: Wishes, every: timedelta) -> None:
        """Start looks and send what the inbox holds, again and again, until cancelled. An engine away is waited for."""
        while True:
            try:
                await self.start_looks(wishes)
                sent = await self.send_outgoing(outbox)
                pause = every
            except AwayError as error:
                log.warning("deliveries wait: %s", error)
                sent, pause = 0, every
            except Exception as error:
                log.error("deliveries wait: %s: %s", type(error).__name__, error)
                sent, pause = 0, max(every, AFTER_TROUBLE)
            if not sent:
                await asyncio.sleep(pause.total_seconds())

    async def schedule_waking(self, every: timedelta) -> None:
        """Make sure that reviews that nobody looks at are woken this often. Raises `AwayError`."""
        action = ScheduleActionStartWorkflow(WakeWorkflow.run, id=contract.WAKE_SCHEDULE, task_queue=self._task_queue)
        await self._schedule(contract.WAKE_SCHEDULE, action, every)

    async def schedule_notifying(self, every: timedelta) -> None:
        """Make sure that people are told this often what is due. Raises `AwayError`."""
        id = contract.NOTIFY_SCHEDULE
        action = ScheduleActionStartWorkflow(NotifyWorkflow.run, id=id, task_queue=self._task_queue)
        await self._schedule(id, action, every)

    async def schedule_sync(self, place: Place, every: timedelta) -> None:
        """Make sure that a tracker project is looked at this often. Raises `AwayError`."""
        id = contract.sync_schedule(place.tracker, place.project)
        action = ScheduleActionStartWorkflow(SyncWorkflow.run, place, id=id, task_queue=self._task_queue)
        await self._schedule(id, action, every)

    async def _schedule(self, id: str, action: ScheduleActionStartWorkflow, every: timedelta) -> None:
        schedule = Schedule(
            action=action,
            spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
        )
        try:
            try:
                await self.client.create_schedule(id, schedule)
            except ScheduleAlreadyRunningError:
                await self.client.get_schedule_handle(id).update(lambda _: ScheduleUpdate(schedule=schedule))
        except RPCError as error:
            raise AwayError(f"The schedule {id} cannot be made: {error.message}") from error

    async def _start(self, review_id: str) -> contract.ReviewStart:
        return contract.ReviewStart(review_id=review_id, epoch=await asyncio.to_thread(self._epoch))
