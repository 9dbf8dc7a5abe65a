"""Names and messages that cross processes: workflow ids, the task queue, and what is sent. They stand nowhere else."""

from temporalio.common import SearchAttributeKey

from domain.values import Message

TASK_QUEUE = "holdfast"
SYNC_SCHEDULE = "holdfast-sync"

STAGE = SearchAttributeKey.for_keyword("HoldfastStage")
SEVERITY = SearchAttributeKey.for_keyword("HoldfastSeverity")
SERVICE = SearchAttributeKey.for_keyword("HoldfastService")
TEAM = SearchAttributeKey.for_keyword("HoldfastTeam")
MODELS = SearchAttributeKey.for_keyword_list("HoldfastModels")
NEXT_DEADLINE = SearchAttributeKey.for_datetime("HoldfastNextDeadline")

SEARCH_ATTRIBUTES = (STAGE, SEVERITY, SERVICE, TEAM, MODELS, NEXT_DEADLINE)
"""They have to exist in the namespace before a worker writes them."""


class ReviewStart(Message):
    """What a review's workflow is started with, and all that it carries over when it continues as new.

    `epoch` is that of the engine on whose behalf it writes.
    """

    review_id: str
    epoch: int


def tracker_queue(task_queue: str) -> str:
    """The task queue of what touches the trackers: apart, so that a slow tracker takes no thread from recording."""
    return f"{task_queue}-trackers"


def workflow_id(review_id: str) -> str:
    """The id of the workflow that holds a review open. One review, one workflow."""
    return f"review/{review_id}"
