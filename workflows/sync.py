"""`SyncWorkflow`: one periodic look around, started by a Temporal Schedule that skips what would overlap."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.sync import SyncActivities, SyncResult
    from workflows import contract, policies


@workflow.defn
class SyncWorkflow:
    """Reads the trackers once, and wakes the reviews that should have been looked at."""

    @workflow.run
    async def run(self) -> SyncResult:
        """Wake what sleeps, and read every issue that some review watches."""
        queue = contract.tracker_queue(workflow.info().task_queue)
        await workflow.execute_activity_method(SyncActivities.wake_overdue, task_queue=queue, **policies.SYNC)
        return await workflow.execute_activity_method(SyncActivities.sync_issues, task_queue=queue, **policies.SYNC)
