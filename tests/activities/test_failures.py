from datetime import UTC, datetime, timedelta

import pytest

from activities.failures import as_application_error
from domain.model.taxonomy import FailureKind
from domain.trackers.ports import (
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (UnavailableError, False),
        (RateLimitedError, False),
        (UnauthorisedError, True),
        (NotFoundError, True),
        (RejectedError, True),
    ],
)
def test_only_what_can_pass_by_itself_is_tried_again(error: type[TrackerError], final: bool) -> None:
    failure = as_application_error(error("the vendor's words"))
    assert failure.non_retryable is final
    assert failure.type == error.kind.value
    assert failure.type in set(FailureKind)


def test_a_limit_is_obeyed_as_the_next_retry() -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    failure = as_application_error(RateLimitedError("slow down", until))
    assert failure.next_retry_delay is not None
    assert timedelta(minutes=4, seconds=50) < failure.next_retry_delay <= timedelta(minutes=5)
    assert failure.details == (until.isoformat(),)


def test_a_limit_that_is_over_is_no_delay() -> None:
    failure = as_application_error(RateLimitedError("slow down", datetime.now(UTC) - timedelta(minutes=5)))
    assert failure.next_retry_delay == timedelta(0)


def test_what_a_vendor_says_stays_out_of_the_history() -> None:
    assert "secret title" not in str(as_application_error(RejectedError("secret title")))
