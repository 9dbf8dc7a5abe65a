"""Failures of the outside have few kinds, and each has words of its own."""

import pytest

from domain.lifecycle.closure_rules import WHY_FAILED
from domain.model.taxonomy import FailureKind
from domain.trackers import ports
from tests.domain.build import NOW


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ports.UnavailableError, FailureKind.UNAVAILABLE),
        (ports.RateLimitedError, FailureKind.RATE_LIMITED),
        (ports.UnauthorisedError, FailureKind.UNAUTHORISED),
        (ports.NotFoundError, FailureKind.NOT_FOUND),
        (ports.RejectedError, FailureKind.REJECTED),
    ],
)
def test_each_error_means_one_kind_of_failure(error: type[ports.TrackerError], kind: FailureKind) -> None:
    raised = error("no", retry_at=NOW)
    assert (raised.kind, raised.retry_at, str(raised)) == (kind, NOW, "no")
    assert error("no").retry_at is None


def test_every_kind_of_failure_can_be_said() -> None:
    assert set(WHY_FAILED) == set(FailureKind)
