"""Timeouts and retries, together and with their reasons: one set of options for each activity."""

from datetime import timedelta
from typing import Any

from temporalio.common import RetryPolicy

RECORD: dict[str, Any] = {
    # One short transaction; a lock may be waited for up to 30 seconds.
    "start_to_close_timeout": timedelta(seconds=60),
    # Recording never gives up: what was said may not be lost because the database was away.
    "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30)),
}
"""`advance`, for people's commands."""

RECORD_LOCALLY: dict[str, Any] = RECORD | {
    # Past this a local activity would keep a workflow task open; the server takes over with a timer.
    "local_retry_threshold": timedelta(seconds=5),
}
"""`advance`, for what is in the history already (signals, ticks, results): no task of its own is needed."""

BEATS = timedelta(seconds=12)
"""How long no sign of life may come before another worker goes on (signs come every few seconds)."""

TOUCH: dict[str, Any] = {
    # An adapter gives up by itself long before; a claim on what is created lives 60 seconds.
    "start_to_close_timeout": timedelta(seconds=120),
    "heartbeat_timeout": BEATS,
    # Where nobody works for that tracker any more, this becomes a failure that blocks and says so.
    "schedule_to_start_timeout": timedelta(minutes=30),
    # Tries for half a minute; then the failure is recorded, shown as a blocker, and tried again when the plan says so.
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=6),
}
"""Effects on the outside."""

SYNC: dict[str, Any] = {
    # A page of changes, or a sweep: a request for every hundred issues.
    "start_to_close_timeout": timedelta(minutes=5),
    "heartbeat_timeout": BEATS,
    # The next run of the schedule makes up for one that failed.
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=4),
}
"""Looking at the trackers."""

NOTIFY: dict[str, Any] = {
    # A notifier gives up by itself after 20 seconds, or twice that; deciding reads every review that asks anything.
    "start_to_close_timeout": timedelta(seconds=90),
    "heartbeat_timeout": BEATS,
    # The next run of the schedule makes up for one whose worker is gone.
    "schedule_to_start_timeout": timedelta(minutes=10),
    # For the records alone: a message that was claimed is not sent again, whatever became of it.
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3),
}
"""Messages to people."""
