"""Which review an incident belongs to: one review per incident, and one for a night of alerts with the same key."""

from collections.abc import Iterable

from domain.model.taxonomy import IncidentStatus, Stage
from domain.model.values import Record


class RoutedReview(Record):
    """A review that an incident went to. Its stage is none before anything of it is recorded."""

    review: str
    stage: Stage | None


def review_id(source: str, incident: str) -> str:
    """The id of the review that an incident opens: made from its source and its own id, so it opens one only."""
    return f"{source}:{incident}"


def successor_id(review: str) -> str:
    """The id of the review that follows one that has ended: `pagerduty:PD-1~2` follows `pagerduty:PD-1`."""
    first, _, number = review.partition("~")
    return f"{first}~{int(number or 1) + 1}"


def route(
    source: str, incident: str, status: IncidentStatus, known: RoutedReview | None, keyed: Iterable[RoutedReview]
) -> str | None:
    """The review that a telling goes to; none while it has to wait for one.

    `known` is where this incident went before; `keyed` are the reviews of incidents with the same key. Inside the
    quiet window those take the incident as a re-fire. An incident that is open and unknown waits: only its end opens
    a review.
    """
    ended = status is IncidentStatus.RESOLVED
    if known is not None:
        return known.review if ended or known.stage else None
    for other in keyed:
        if other.stage is Stage.STABILIZATION or (ended and other.stage is None):
            return other.review
    return review_id(source, incident) if ended else None
