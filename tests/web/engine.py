"""An engine for tests: it does what the workflow does, in this process, over real records and the built-in tracker."""

from datetime import UTC, datetime, timedelta

from domain.lifecycle.effects import Effect
from domain.lifecycle.inputs import (
    Body,
    CommentAnswered,
    Input,
    IssueOpened,
    IssueReleased,
    IssueTended,
    ItemsRead,
    Tick,
    TrackingTold,
)
from domain.lifecycle.view import Answer, Outcome
from domain.model.catalogue import Catalogue
from domain.model.policy import Policy
from domain.model.review import Reading
from domain.model.taxonomy import Door, IssueStatus, ItemStatus
from domain.trackers.issue_text import item_issue, tracking_issue
from records.store import Records
from workflows.door import AwayError, Outbox, Wishes


class Engine:
    """`workflows.door.Door` over `records.advance`. Its clock is steered by the test; `away` makes it unreachable."""

    def __init__(self, records: Records, policy: Policy, catalogue: Catalogue) -> None:
        self.records = records
        self.epoch = records.engines.claim("test")
        self.clock = timedelta()
        self.away = False
        self.obedient = True
        self.sends = 0
        self.looks: list[str] = []
        self._advance = records.advance(policy, catalogue)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.clock

    async def command(self, review_id: str, input: Input) -> Answer:
        self._require()
        return self.hear(review_id, input).answer

    async def send_outgoing(self, outbox: Outbox) -> int:
        self._require()
        self.sends += 1
        outgoing = outbox.outgoing()
        for delivery in outgoing:
            outbox.sent(delivery.input.id)
            self.hear(delivery.review_id, delivery.input)
        return len(outgoing)

    async def start_looks(self, wishes: Wishes) -> None:
        self._require()
        self.looks += wishes.to_start()

    def _require(self) -> None:
        if self.away:
            raise AwayError("Temporal did not answer in time; ask again with the same id.")

    def hear(self, review_id: str, input: Input) -> Outcome:
        """Decide an input, and do what is owed because of it."""
        outcome = heard = self._advance(review_id, input, self.now, self.epoch)
        while self.obedient and outcome.plan.effects:
            for effect in outcome.plan.effects:
                body = self._done(review_id, effect)
                fact = Input(id=effect.input_id, door=Door.TRACKER, body=body)
                outcome = self._advance(review_id, fact, self.now, self.epoch)
        return heard

    def tick(self, review_id: str, **passed: float) -> Outcome:
        """Let time pass, and tell the review."""
        self.clock += timedelta(**passed)
        return self.hear(review_id, Input(id=f"tick:{self.now.isoformat()}", body=Tick()))

    def _done(self, review_id: str, effect: Effect) -> Body:
        review, tracker = self.records.reviews.find(review_id), self.records.builtin
        assert review is not None
        texts = self.records.people.texts(
            [review.title, *(t for item in review.items.values() for t in (item.spec.title, item.spec.end_state))]
        )
        address = f"/reviews/{review_id}"
        if effect.kind == "read_items":
            refs = {
                id: item.ref
                for id, item in review.items.items()
                if item.ref and item.status != ItemStatus.WITHDRAWN and effect.item in (None, id)
            }
            found = tracker.read(list(refs.values()))
            readings = tuple(
                Reading(item=id, status=seen.status, as_of=self.now, ref=seen.ref, doers=seen.doers)
                for id, seen in zip(refs, found, strict=True)
            )
            return ItemsRead(readings=readings, for_closing=effect.item is None, for_doers=effect.item is not None)
        if effect.kind == "tell_tracking":
            spec, is_open, told = tracking_issue(review, self.now, texts, "default", address)
            ref = tracker.ensure_issue(spec)
            tracker.rewrite(ref, spec.title, spec.body)
            if review.tracking is not None and review.tracking.closed_early:
                tracker.reopen(ref)
                tracker.comment(ref, effect.key, "This issue was opened again: the review is not closed.")
            if not is_open:
                tracker.close(ref, IssueStatus.DONE)
            status = IssueStatus.OPEN if is_open else IssueStatus.DONE
            return TrackingTold(ref=ref, told=told, status=status, as_of=self.now)
        assert effect.item is not None
        if effect.kind == "answer_comment":
            return CommentAnswered(comment=effect.item)
        item = review.items[effect.item]
        if effect.kind == "tend_issue":
            return IssueTended(item=effect.item, as_of=self.now)
        if effect.kind == "release_issue":
            left = item.left or item.ref
            assert left is not None
            tracker.close(left, IssueStatus.DECLINED)
            return IssueReleased(item=effect.item)
        ref = tracker.ensure_issue(item_issue(review, item, texts, "default", address))
        return IssueOpened(item=effect.item, ref=ref, moves=item.moves)
