"""Names and messages that cross processes: workflow ids, the task queue, and what is sent. They stand nowhere else."""

from temporalio.common import SearchAttributeKey

from domain.model.values import Message, digest_of

TASK_QUEUE = "holdfast"
WAKE_SCHEDULE = "holdfast-wake"
NOTIFY_SCHEDULE = "holdfast-notify"

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


def tracker_queue(task_queue: str, tracker: str = "", creating: bool = False) -> str:
    """The task queue of what touches a tracker: each its own, so that one in trouble takes no thread from another.

    What makes something new there has a queue of its own too, whose rate paces it. Without a tracker: what touches
    several of them.
    """
    return "-".join(part for part in (task_queue, "tracker", tracker, "new" if creating else "") if part)


def sync_schedule(tracker: str, project: str) -> str:
    """The id of the schedule that looks at a tracker project, and the beginning of its workflows' ids."""
    return f"holdfast-sync-{tracker}-{project.replace('/', '-')}-{digest_of(project)[-8:]}"


def notify_queue(task_queue: str) -> str:
    """The task queue of messages to people: a notifier that hangs delays nothing else."""
    return f"{task_queue}-notify"


def look_id(tracker: str) -> str:
    """The id of the workflow that looks at the issues of a tracker that webhooks named."""
    return f"look/{tracker}"


def workflow_id(review_id: str) -> str:
    """The id of the workflow that holds a review open. One review, one workflow."""
    return f"review/{review_id}"
