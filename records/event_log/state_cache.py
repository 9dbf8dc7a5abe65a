"""Reviews as they were folded last, so that only what came after has to be folded."""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from sqlalchemy import Connection

from domain.lifecycle.evolve import fold
from domain.model.review import Review
from records.event_log import streams
from records.event_log.hash_chain import Link

KEPT = 1_000
"""How many reviews are kept, a few tens of kilobytes each. Of more than these, those that were read last."""


class Heard(NamedTuple):
    """A review, the last event of its stream, and the events that an input caused when it was heard before."""

    review: Review
    last: Link | None
    earlier: list[Link]


class Memory:
    """Folds a stream on from where it was read last.

    What is kept is believed only while the stream still has the same event, by number and hash, where it was left;
    so another process, a restored backup or an earlier epoch cannot make it wrong. The stream alone is the record.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept: OrderedDict[str, tuple[Review, Link]] = OrderedDict()
        self._most = kept
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def read(self, connection: Connection, review_id: str, input_id: str) -> Heard:
        """What there is of a review before an input is heard; an empty review where there is no stream."""
        with self._lock:
            review, last = self._kept.get(review_id, (Review(id=review_id), None))
        links = streams.load(connection, review_id, last.seq if last else 1, input_id)
        earlier = [link for link in links if link.input_id == input_id]
        if last is not None and not any(link.seq == last.seq and link.hash == last.hash for link in links):
            review, last, links = Review(id=review_id), None, streams.load(connection, review_id)
        fresh = [link for link in links if last is None or link.seq > last.seq]
        if fresh:
            review, last = fold(review, (link.envelope.event for link in fresh)), fresh[-1]
            self._keep(review, last)
        return Heard(review, last, earlier)

    def _keep(self, review: Review, last: Link) -> None:
        with self._lock:
            self._kept[review.id] = (review, last)
            self._kept.move_to_end(review.id)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
