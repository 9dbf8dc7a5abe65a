"""The `advance` activity: an input goes in, and the answer and the new plan come out."""

import logging
from collections.abc import Callable
from datetime import datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from domain.lifecycle.inputs import Input
from domain.lifecycle.view import Outcome
from domain.model.values import Message, Utc

SUPERSEDED = "SupersededError"
"""The failure type that ends the workflow of an engine that the records no longer belong to."""

log = logging.getLogger(__name__)


class AdvanceRequest(Message):
    """`input` said to a review at `now`, the workflow's time, on behalf of the engine with this epoch."""

    review_id: str
    epoch: int
    now: Utc
    input: Input


class ReviewActivities:
    """Wraps the door to the reviews (`records.advance.Advance`)."""

    def __init__(self, advance: Callable[[str, Input, datetime, int], Outcome], superseded: type[Exception]) -> None:
        self._advance = advance
        self._superseded = superseded

    @activity.defn
    def advance(self, request: AdvanceRequest) -> Outcome:
        """Say an input to a review. Any failure but being superseded is tried again, for ever.

        A failure goes into the history by its name alone: what a database says of one may quote a text.
        """
        try:
            return self._advance(request.review_id, request.input, request.now, request.epoch)
        except self._superseded as error:
            raise ApplicationError(str(error), type=SUPERSEDED, non_retryable=True) from None
        except Exception as error:
            log.exception("recording for %s failed and is tried again", request.review_id)
            raise ApplicationError("recording failed", type=type(error).__name__) from None
