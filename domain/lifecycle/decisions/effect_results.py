"""What came of what the outside was owed.

A function without an underscore carries out the command or the fact that it is named for, on a decision in the making.
"""

from typing import Any

from domain.lifecycle import events, inputs
from domain.lifecycle.decisions.closing import FIRST_RETRY, LONGEST_RETRY, record_failure
from domain.lifecycle.decisions.decision import Decision
from domain.lifecycle.effects import basis, owed_effects, owes_release, uncopied
from domain.lifecycle.stages import OPEN_STAGES
from domain.model.review import Review
from domain.model.taxonomy import FailureKind, ItemStatus


def issue_opened(d: Decision, body: inputs.IssueOpened) -> None:
    """An issue that comes too late, when the item was moved on meanwhile, is given up like any that was left."""
    item = d.review.items.get(body.item)
    if item is None or item.status is ItemStatus.PROPOSED:
        return
    taken = any(
        ref.is_same(body.ref)
        for id, i in d.review.items.items()
        if id != body.item
        for ref in (i.ref, *i.leaving)
        if ref
    )
    if item.moves == body.moves and item.ref is None and taken:  # done once, it would be done for two
        record_failure(d, item.opening, FailureKind.REJECTED, d.review.failures.get(item.opening))
    elif item.moves == body.moves and item.ref is None:
        d.record(events.ItemIssueOpened(item=body.item, ref=body.ref, told=body.told))
    elif body.moves < item.moves and not any(ref.is_same(body.ref) for ref in (item.ref, *item.formerly) if ref):
        d.record(events.ItemIssueLeft(item=body.item, ref=body.ref, adopted=body.adopted))


def items_unreadable(d: Decision, body: inputs.ItemsUnreadable) -> None:
    """A closed review does not go on for want of a credential; an open one says what it cannot know."""
    news = tuple(id for id in body.items if id in d.review.tracked_items and d.review.items[id].unreadable != body.kind)
    if news and d.review.stage in OPEN_STAGES:
        d.record(events.ItemsFoundUnreadable(items=news, kind=body.kind))


def issue_disturbed(d: Decision, body: inputs.IssueDisturbed) -> None:
    item = d.review.tracked_items.get(body.item)
    if item is not None and item.disturbed is None and d.review.stage in OPEN_STAGES:
        d.record(events.IssueFoundDisturbed(item=body.item, as_of=min(body.as_of, d.now)))


def issue_tended(d: Decision, body: inputs.IssueTended) -> None:
    """What was told counts also where nothing is to be told any more: the item may have been changed back meanwhile."""
    item = d.review.items.get(body.item)
    if item is None:
        return
    otherwise = item.told is not None and body.told not in (None, item.told)
    if item.unanswered or item.outdated or item.disturbed or otherwise:
        d.record(events.ItemIssueTended(item=body.item, as_of=min(body.as_of, d.now), told=body.told))


def issue_released(d: Decision, body: inputs.IssueReleased) -> None:
    item = d.review.items.get(body.item)
    if item is not None and owes_release(item):
        d.record(events.ItemIssueReleased(item=body.item))


def tracking_told(d: Decision, body: inputs.TrackingTold) -> None:
    if d.review.opened is not None:
        as_of = min(body.as_of, d.now)
        d.record(events.TrackingIssueTold(ref=body.ref, told=body.told, status=body.status, as_of=as_of))


def tracking_read(d: Decision, body: inputs.TrackingRead) -> None:
    tracking, as_of = d.review.tracking, min(body.as_of, d.now)
    if tracking is None or as_of <= tracking.as_of:
        return
    moved = body.ref is not None and body.ref.key != tracking.ref.key
    if moved or body.status is not tracking.status:
        d.record(events.TrackingIssueRead(status=body.status, as_of=as_of, ref=body.ref))


def effect_failed(d: Decision, body: inputs.EffectFailed) -> None:
    """What is not owed any more may have failed: that is nobody's trouble."""
    if any(effect.key == body.key for effect in owed_effects(d.review, d.now)):
        record_failure(d, body.key, body.kind, d.review.failures.get(body.key), body.retry_at)


def effect_done(review: Review, body: Any) -> str | None:
    """The key of the effect that a fact is the result of; none where it is of none, or tells that one failed."""
    item = review.items.get(getattr(body, "item", ""))
    if isinstance(body, inputs.TrackingTold):
        return "tracking"
    if isinstance(body, inputs.CommentAnswered):
        return f"comment:{body.comment}"
    if item is None:
        return None
    if isinstance(body, inputs.IssueOpened):
        return item.opening if body.moves == item.moves else None
    if isinstance(body, inputs.EvidenceKept):
        return f"evidence:{body.item}" if body.link in uncopied(item) else None
    if isinstance(body, inputs.IssueTended):
        return f"tend:{body.item}"
    return f"release:{body.item}" if isinstance(body, inputs.IssueReleased) else None


def space_repeats(d: Decision, key: str | None) -> None:
    """Hold back what was done and is owed again just as it was: at once the first time, then ever more seldom.

    It happens where two releases word one sentence differently, or a clock is ahead: each would write without end.
    """
    effect = next((e for e in owed_effects(d.review, d.now) if e.key == key), None) if key else None
    if effect is None or effect.key in d.review.failures:
        return
    on, earlier = basis(d.review, effect, d.now), d.review.repeats.get(effect.key)
    count = earlier.count + 1 if earlier and earlier.basis == on else 1
    retry_at = d.now if count == 1 else d.now + min(FIRST_RETRY * 2 ** min(count - 2, 10), LONGEST_RETRY)
    d.record(events.EffectRepeated(key=effect.key, basis=on, count=count, retry_at=retry_at))
