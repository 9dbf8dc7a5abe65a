"""`SyncWorkflow`: one periodic read of the trackers, started by a Temporal Schedule that skips what would overlap."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.sync import SyncActivities, SyncResult
    from workflows import policies


@workflow.defn
class SyncWorkflow:
    """Reads the trackers once."""

    @workflow.run
    async def run(self) -> SyncResult:
        """Read every issue that some review watches."""
        return await workflow.execute_activity_method(SyncActivities.sync_issues, **policies.SYNC)
