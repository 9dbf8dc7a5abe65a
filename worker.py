"""The durable side's composition root: adapters become activities, activities and workflows become a worker.

`build_worker` is a pure builder that the process, the command line and the tests share.
"""

import dataclasses
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from activities.reviews import ReviewActivities
from activities.sync import SyncActivities
from activities.trackers import Places, TrackerActivities
from domain.catalogue import Catalogue
from domain.policy import Policy
from domain.ports import IssueTracker
from records.read_model import TRACKING
from records.store import Records
from records.streams import SupersededError
from workflows import contract
from workflows.review import ReviewWorkflow
from workflows.sync import SyncWorkflow

THREADS = 20
"""How many activities a worker carries out at a time; each may block."""


class Deps:
    """Everything that the durable side needs, built."""

    def __init__(
        self,
        records: Records,
        policy: Policy,
        catalogue: Catalogue,
        trackers: Mapping[str, IssueTracker],
        places: Places,
        address_of: Callable[[str], str],
    ) -> None:
        self.records = records
        self.reviews = ReviewActivities(records.advance(policy, catalogue), SupersededError)
        self.trackers = TrackerActivities(records.reviews, records.people, records.claims, trackers, places, address_of)
        self.sync = SyncActivities(records.reviews, records.inbox, trackers, TRACKING)


def build_worker(client: Client, deps: Deps, task_queue: str = contract.TASK_QUEUE) -> Worker:
    """The worker that carries out reviews, with the sandbox on."""
    restrictions = dataclasses.replace(
        SandboxRestrictions.default,
        import_notification_policy=SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
        | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH,
    )
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[ReviewWorkflow, SyncWorkflow],
        activities=[
            deps.reviews.advance,
            deps.trackers.open_issue,
            deps.trackers.release_issue,
            deps.trackers.tell_tracking,
            deps.trackers.read_items,
            deps.sync.sync_issues,
        ],
        activity_executor=ThreadPoolExecutor(THREADS, thread_name_prefix="activity"),
        max_concurrent_activities=THREADS,
        max_concurrent_local_activities=THREADS,
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
        graceful_shutdown_timeout=timedelta(seconds=10),
    )
