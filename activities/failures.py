"""How a port's failure becomes Temporal's: one function, by type, never by text."""

from datetime import UTC, datetime, timedelta

from temporalio.exceptions import ApplicationError

from domain.trackers.ports import RateLimitedError, TrackerError, UnavailableError

RETRYABLE = (UnavailableError, RateLimitedError)


def as_application_error(error: TrackerError) -> ApplicationError:
    """The failure for Temporal: its kind as type, retried only where that can help, not before the tracker allows it.

    The message is the kind alone: what a vendor says may quote a text, and histories hold none. It is in the log.
    """
    delay = max(error.retry_at - datetime.now(UTC), timedelta(0)) if error.retry_at else None
    return ApplicationError(
        error.kind.value,
        error.retry_at.isoformat() if error.retry_at else None,
        type=error.kind.value,
        non_retryable=not isinstance(error, RETRYABLE),
        next_retry_delay=delay,
    )
