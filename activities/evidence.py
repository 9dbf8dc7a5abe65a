"""Keeping a copy of what somebody names as evidence: a link alone may show something else tomorrow, or nothing."""

import logging
from typing import Protocol

from temporalio import activity

from activities.failures import as_application_error
from activities.trackers import EffectRequest, ReviewReader, TextReader
from domain.lifecycle.effects import uncopied
from domain.lifecycle.inputs import EvidenceKept
from domain.model.attachment import Attachment
from domain.model.values import PersonId
from domain.trackers.ports import EvidenceSource, NotFoundError, TrackerError

log = logging.getLogger(__name__)


class KeptCopy(Protocol):
    """A copy that is kept."""

    @property
    def digest(self) -> str: ...


class Attachments(Protocol):
    """Where copies are kept."""

    def keep(self, review_id: str, copy: Attachment, author: PersonId) -> KeptCopy:
        """Keep a copy; the same bytes again are the same copy."""
        ...


class EvidenceActivities:
    """Keeps copies of evidence."""

    def __init__(
        self, reviews: ReviewReader, texts: TextReader, attachments: Attachments, source: EvidenceSource
    ) -> None:
        self._reviews = reviews
        self._texts = texts
        self._attachments = attachments
        self._source = source

    @activity.defn
    def keep_evidence(self, request: EffectRequest) -> EvidenceKept:
        """Keep a copy of one link of which there is none, of those that an item was verified with."""
        review = self._reviews.find(request.review_id)
        item = review.items.get(request.item or "") if review else None
        if item is None or item.verification is None or not (links := uncopied(item)):
            raise as_application_error(NotFoundError("There is no evidence to keep any more."))
        addresses, failed = self._texts.texts(links), list[TrackerError]()
        for link in links:  # one that cannot be had holds up none of the others
            try:
                copy = self._source.fetch(addresses[link])
            except TrackerError as error:
                log.warning("evidence of %s, %s: %s", request.review_id, request.item, error)
                failed.append(error)
                continue
            kept = self._attachments.keep(request.review_id, copy, item.verification.by)
            return EvidenceKept(item=item.spec.id, link=link, digest=kept.digest)
        raise as_application_error(failed[0])
