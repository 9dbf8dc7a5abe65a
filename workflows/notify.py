"""Telling people in time: what is due is decided, and each message sent on its own. No review ever waits for it.

Each run is short, and started from outside: by a Temporal Schedule that skips what would overlap.
"""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.notices import NoticeActivities
    from workflows import contract, policies


@workflow.defn
class NotifyWorkflow:
    """Sends the messages that are due."""

    @workflow.run
    async def run(self) -> int:
        """How many were sent."""
        queue = contract.notify_queue(workflow.info().task_queue)
        due = await workflow.execute_activity_method(
            NoticeActivities.decide_notices, task_queue=queue, **policies.NOTIFY
        )
        sending = (
            workflow.execute_activity_method(NoticeActivities.send_notice, key, task_queue=queue, **policies.NOTIFY)
            for key in due.keys
        )
        outcomes = await asyncio.gather(*sending, return_exceptions=True)  # one that fails keeps no other back
        return outcomes.count("sent")
