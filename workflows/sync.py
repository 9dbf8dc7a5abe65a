"""Looking around: at the trackers, project by project or at single issues, and at reviews that nobody looked at.

Each look is short, and started from outside: by a Temporal Schedule that skips what would overlap, or by a signal.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.sync import Looked, SyncActivities
    from domain.model.tracker_routing import Place
    from workflows import contract, policies


@workflow.defn
class WakeWorkflow:
    """Wakes the reviews that should have been looked at."""

    @workflow.run
    async def run(self) -> int:
        """How many there were."""
        return await workflow.execute_local_activity_method(SyncActivities.wake_overdue, **policies.RECORD_LOCALLY)


@workflow.defn
class SyncWorkflow:
    """Looks at one tracker project, page by page, until it has seen all that changed."""

    @workflow.run
    async def run(self, place: Place) -> Looked:
        """What the last page brought."""
        queue = contract.tracker_queue(workflow.info().task_queue, place.tracker)
        while True:
            looked = await workflow.execute_activity_method(
                SyncActivities.look_at_project, place, task_queue=queue, **policies.SYNC
            )
            if not looked.more:
                return looked


@workflow.defn
class LookWorkflow:
    """Looks at the issues of a tracker that webhooks named, for as long as more are named."""

    def __init__(self) -> None:
        self._wanted = True

    @workflow.signal
    def look(self) -> None:
        """More is to be looked at."""
        self._wanted = True

    @workflow.run
    async def run(self, tracker: str) -> None:
        """Look until nothing more is wanted; after very many looks the rest is left to the next start."""
        queue = contract.tracker_queue(workflow.info().task_queue, tracker)
        while self._wanted and not workflow.info().is_continue_as_new_suggested():
            self._wanted = False
            looked = await workflow.execute_activity_method(
                SyncActivities.look_at_wanted, tracker, task_queue=queue, **policies.SYNC
            )
            self._wanted = self._wanted or looked.more
