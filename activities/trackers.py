"""What is owed to the trackers, done: each activity loads the review, acts, and returns what happened as a fact."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import as_application_error
from activities.reading import read_following
from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.effects import tracking_text
from domain.lifecycle.inputs import CommentAnswered, IssueOpened, IssueReleased, IssueTended, ItemsRead, TrackingTold
from domain.model.policy import OnEarlyClose
from domain.model.review import IssueRef, Item, Reading, Review
from domain.model.taxonomy import FailureKind, IssueStatus
from domain.model.tracker_routing import Place
from domain.model.values import Message, PersonId, TextRef
from domain.trackers.comment_commands import why
from domain.trackers.issue_text import (
    changed,
    declined_answer,
    due_to_set,
    early_close_answer,
    is_disturbed,
    item_issue,
    item_key,
    kept,
    labels,
    labels_before,
    reading_of,
    released,
    restored,
    rewritten,
    tracking_issue,
)
from domain.trackers.ports import (
    Claims,
    IssueSnapshot,
    IssueSpec,
    IssueTracker,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)

CLAIM_SECONDS = 60
"""How long a claim lives: longer than an adapter's own deadline, shorter than the activity's timeout."""

SETTLE = timedelta(seconds=10)
"""How long a create may still be under way in the tracker after our request for it has failed."""

log = logging.getLogger(__name__)


class EffectRequest(Message):
    """Something owed to the outside, for a review and maybe an item of it."""

    review_id: str
    item: str | None = None


class ReviewReader(Protocol):
    """Where reviews are read."""

    def find(self, review_id: str) -> Review | None:
        """One review as it is now."""
        ...


class TextReader(Protocol):
    """Where the texts behind references are read."""

    def texts(self, refs: Iterable[TextRef | None]) -> dict[TextRef, str]:
        """The texts behind references."""
        ...


class TrackerActivities:
    """Acts in the trackers by way of their ports."""

    def __init__(
        self,
        reviews: ReviewReader,
        texts: TextReader,
        claims: Claims,
        trackers: Mapping[str, IssueTracker],
        address_of: Callable[[str], str],
        account_of: Callable[[PersonId, str], str | None] = lambda person, tracker: None,
        person_of: Callable[[str, str], tuple[PersonId, bool]] = lambda account, tracker: (account, False),
        known_now: Callable[[PersonId], PersonId | None] = lambda stranger: None,
        settle: timedelta = SETTLE,
    ) -> None:
        """`account_of` tells how a tracker (by name) calls a person; none where nobody has said so.

        `person_of` tells whose an account is in a tracker, and whether anybody has said so; `known_now` who somebody is
        of whom nobody had.
        """
        self._settle = settle
        self._reviews = reviews
        self._texts = texts
        self._claims = claims
        self._trackers = trackers
        self._address_of = address_of
        self._account_of = account_of
        self._person_of = person_of
        self._known_now = known_now

    @activity.defn
    def open_issue(self, request: EffectRequest) -> IssueOpened:
        """Make sure that an accepted item has its issue: a new one, or the one that it adopts, which has to be open."""
        review = self._review(request)
        item = review.items[request.item or ""]
        tracker, project = self._at(item.place)
        texts = self._texts.texts([item.spec.title, item.spec.end_state])
        assignee = self._account_of(item.spec.owner, tracker.name) if item.spec.owner else None
        spec = item_issue(review, item, texts, project, self._address_of(review.id), assignee)
        ref = self._adopt(tracker, item.adopts, spec) if item.adopts else self._ensure(tracker, spec)
        return IssueOpened(
            item=item.spec.id, ref=ref, moves=item.moves, told=item.to_tell, adopted=item.adopts is not None
        )

    def _adopt(self, tracker: IssueTracker, key: str, spec: IssueSpec) -> IssueRef:
        with _translated():
            ref = tracker.find(key)
            (found,) = read_following(tracker, [ref])
            if found.status is not IssueStatus.OPEN or found.ref is None:
                raise RejectedError(f"{key} is {found.status}: only an open issue can be adopted")
            tracker.label(found.ref, spec.labels)
            tracker.comment(found.ref, f"{spec.key}/adopted", spec.body)
            return found.ref

    @activity.defn
    def release_issue(self, request: EffectRequest) -> IssueReleased:
        """Say in an issue that its item was withdrawn or moved on, and close it as declined.

        One that had been adopted is an engineer's own: what is ours is taken out of it, and it goes on.
        """
        review = self._review(request)
        item = review.items[request.item or ""]
        ref = item.left or item.ref
        assert ref is not None
        with _translated():
            tracker = self._trackers[ref.tracker]
            (found,) = read_following(tracker, [ref])
            if found.ref is not None:
                text = released(review, item, self._address_of(review.id))
                tracker.comment(found.ref, f"{item_key(review, item)}/released", text)
                if item.lets_go:
                    tracker.label(found.ref, (), without=(*labels(review, item), *labels_before(review, item)))
                elif found.status is IssueStatus.OPEN:
                    tracker.close(found.ref, IssueStatus.DECLINED)
        return IssueReleased(item=item.spec.id)

    @activity.defn
    def tend_issue(self, request: EffectRequest) -> IssueTended:
        """Put back or rewrite what is ours in an item's issue, and answer whoever closed it without doing it."""
        begun = datetime.now(UTC)
        review = self._review(request)
        item = review.items[request.item or ""]
        assert item.ref is not None
        key, address = item_key(review, item), self._address_of(review.id)
        with _translated():
            tracker = self._trackers[item.ref.tracker]
            (found,) = read_following(tracker, [item.ref])
            disturbed = is_disturbed(review, item.spec.id, found, address) and not item.is_contested(begun)
            if found.ref is not None and (disturbed or item.outdated):
                self._keep(review, item, tracker, found.ref, found)
                if disturbed:
                    tracker.comment(found.ref, f"{key}/restored/{item.disturbed}", restored(review, item, address))
            if found.ref is not None and item.unanswered and found.status is not IssueStatus.OPEN:
                assert review.policy is not None
                reopens = review.policy.on_declined is OnEarlyClose.REOPEN
                tracker.comment(found.ref, f"{key}/declined/{item.as_of}", declined_answer(item, address, reopens))
                if reopens:
                    tracker.reopen(found.ref)
            if found.ref is not None and (due := due_to_set(item, found)) is not None:  # last: it may be refused
                tracker.set_due(found.ref, due)
        seen = [moment for moment in (begun, item.as_of, item.disturbed) if moment is not None]
        as_of = max(seen)  # clocks differ: what was known is answered
        return IssueTended(item=item.spec.id, as_of=as_of, told=item.to_tell if item.told else None)

    def _keep(self, review: Review, item: Item, tracker: IssueTracker, ref: IssueRef, found: IssueSnapshot) -> None:
        """Make an item's issue say what is ours to say: in its text, or where that is not ours to write, in a comment.

        Done again after it was done, it changes nothing.
        """
        address = self._address_of(review.id)
        texts = self._texts.texts([item.spec.end_state, item.told.end_state if item.told else None])
        tracker.label(ref, labels(review, item), labels_before(review, item))
        text = rewritten(review, item, found, texts, address)
        if text is not None:
            tracker.rewrite(ref, found.title or item.spec.id, text)
        if item.outdated and kept(review, item, texts, address) not in (text or found.body or ""):
            told = f"{item_key(review, item)}/told/{item.retold}"
            tracker.comment(ref, told, changed(review, item, texts, address))

    @activity.defn
    def answer_comment(self, request: EffectRequest) -> CommentAnswered:
        """Answer, on the same issue, who spoke to us in a comment there."""
        review, comment = self._review(request), request.item or ""
        question = review.questions.get(comment)
        ref = review.ref_of(question.item) if question else None
        if question is not None and ref is not None:
            told = "" if review.private_to else "\n".join(question.answer)
            text = told or why(review, blockers(review, datetime.now(UTC)), self._address_of(review.id))
            with _translated():
                self._trackers[ref.tracker].comment(ref, f"{review.id}/answer/{comment}", text)
        return CommentAnswered(comment=comment)

    @activity.defn
    def tell_tracking(self, request: EffectRequest) -> TrackingTold:
        """Make the tracking issue say what blocks closure, and be open while the review is."""
        review, now = self._review(request), datetime.now(UTC)
        tracker, project = self._at(review.home)
        texts = self._texts.texts([review.title])
        spec, is_open, told = tracking_issue(review, now, texts, project, self._address_of(review.id))
        known = review.tracking
        ref = known.ref if known else self._ensure(tracker, spec)
        with _translated():
            tracker = self._trackers[ref.tracker]
            begun = datetime.now(UTC)
            (found,) = read_following(tracker, [ref])
            if found.status is IssueStatus.FORBIDDEN:
                raise UnauthorisedError(f"the tracking issue {ref.key} cannot be read")
            ref = found.ref or self._ensure(tracker, spec)
            if known is not None and found.ref is not None:
                tracker.rewrite(ref, spec.title, spec.body)
            tracker.show_blocking(ref, [item.ref for item in review.tracked_items.values() if item.ref is not None])
            status = self._open_or_close(review, tracker, ref, found.status, is_open, now)
        return TrackingTold(ref=ref, told=told, status=status, as_of=max(begun, known.as_of) if known else begun)

    def _open_or_close(
        self, review: Review, tracker: IssueTracker, ref: IssueRef, found: IssueStatus, is_open: bool, now: datetime
    ) -> IssueStatus:
        if is_open and found not in (IssueStatus.OPEN, IssueStatus.MISSING):
            assert review.policy is not None
            reopens = review.policy.on_early_close is OnEarlyClose.REOPEN or review.reopened > 0
            _, sentences = tracking_text(review, now)
            answer = early_close_answer(sentences, self._address_of(review.id), reopens)
            if reopens:
                tracker.reopen(ref)
            since = review.tracking.as_of if review.tracking else review.seq
            tracker.comment(ref, f"{review.id}/tracking/{since}", answer)
            if not reopens:
                return found
        if not is_open and found is IssueStatus.OPEN:
            tracker.close(ref, IssueStatus.DONE)
            return IssueStatus.DONE
        return IssueStatus.OPEN if is_open else found

    @activity.defn
    def read_items(self, request: EffectRequest) -> ItemsRead:
        """Read all issues of a review, to decide closure; or that of one item, to learn who had a hand in it."""
        review, one = self._review(request), request.item
        tracked = {id: item for id, item in review.tracked_items.items() if one in (None, id)}
        refs = [(id, item.ref) for id, item in tracked.items() if item.ref is not None]
        with _translated():
            readings = tuple(self._met(review, reading) for reading in self._readings(refs))
        return ItemsRead(readings=readings, for_closing=one is None, for_doers=one is not None)

    def _met(self, review: Review, reading: Reading) -> Reading:
        """A reading that says which strangers of before the catalogue knows by now, and who they are."""
        known = {one: self._known_now(one) for one in review.items[reading.item].strangers}
        met = {stranger: person for stranger, person in known.items() if person is not None}
        if reading.doers is None or not met:
            return reading
        return reading.model_copy(update={"doers": (*reading.doers, *met.values()), "met": tuple(met)})

    def _readings(self, refs: Sequence[tuple[str, IssueRef]]) -> Iterator[Reading]:
        for name in dict.fromkeys(ref.tracker for _, ref in refs):
            asked = [(id, ref) for id, ref in refs if ref.tracker == name]
            for (id, _), found in zip(
                asked, read_following(self._trackers[name], [ref for _, ref in asked]), strict=True
            ):
                reading = reading_of(id, found)
                yield reading if found.doers is None else reading.model_copy(update=self._who(name, found.doers))

    def _who(self, tracker: str, accounts: Iterable[str]) -> dict[str, tuple[PersonId, ...]]:
        """The persons behind accounts, and those accounts of which nobody knows whose they are."""
        found = [self._person_of(account, tracker) for account in accounts]
        return {
            "doers": tuple(person for person, _ in found),
            "strangers": tuple(person for person, known in found if not known),
        }

    def _ensure(self, tracker: IssueTracker, spec: IssueSpec) -> IssueRef:
        """Claim, look, create, release. Who finds a live claim comes again when it may have ended.

        After a failure whose outcome is unknown the claim lives on for a moment, so that the next attempt finds what
        may still be made.
        """
        key = f"{tracker.name}:{spec.key}"
        claim = self._claims.claim(key, datetime.now(UTC), CLAIM_SECONDS)
        if claim is None:
            message = "another attempt is creating this issue"
            raise ApplicationError(message, type=FailureKind.UNAVAILABLE, next_retry_delay=self._settle)
        settling, untouched = timedelta(0), False
        try:
            with _translated():
                try:
                    return tracker.ensure_issue(spec, claim.earlier)
                except TrackerError as error:
                    untouched = error.untouched
                    if isinstance(error, UnavailableError) and not untouched:
                        settling = self._settle
                    raise
        finally:
            self._claims.release(claim, datetime.now(UTC) + settling, untouched)

    def _review(self, request: EffectRequest) -> Review:
        review = self._reviews.find(request.review_id)
        if review is None:
            raise ApplicationError(f"there is no review {request.review_id}", type=FailureKind.UNAVAILABLE)
        return review

    def _at(self, place: Place | None) -> tuple[IssueTracker, str]:
        if place is None or place.tracker not in self._trackers:
            name = place.tracker if place else "without a name"
            raise ApplicationError(f"no tracker is called {name}", type=FailureKind.NOT_FOUND, non_retryable=True)
        return self._trackers[place.tracker], place.project


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except TrackerError as error:
        log.warning("%s: %s", error.kind.value, error)
        raise as_application_error(error) from None
