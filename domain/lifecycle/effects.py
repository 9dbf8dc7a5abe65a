"""What the outside is still owed in a state, and the moments at which time alone may change it: `plan` stands on this.

Each effect has a key of its own: one effect for each key is under way at a time, and doing it twice is doing it once.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from domain.lifecycle.closure_rules import READ, READ_FAILED, Blocker, blockers, doers_wanted
from domain.lifecycle.stages import ENDED_STAGES, OPEN_STAGES
from domain.model.review import IssueRef, Item, Review
from domain.model.taxonomy import Clock, ItemStatus, Stage
from domain.model.values import Message, TextRef, digest_of

EffectKind = Literal[
    "open_issue", "release_issue", "tend_issue", "answer_comment", "tell_tracking", "read_items", "keep_evidence"
]


class Effect(Message):
    """Something that the outside is owed. `key` names it; `input_id` names its result, so that it is heard once."""

    kind: EffectKind
    key: str
    input_id: str
    item: str | None = None
    tracker: str = ""
    """The one tracker that it touches, so that each waits for its own alone; none where it touches several."""


def owed_effects(review: Review, now: datetime, in_the_way: Sequence[Blocker] | None = None) -> list[Effect]:
    """All that the outside is owed, whether it is due now or waits after a failure."""
    if review.stage is None or review.stage is Stage.EXCLUDED:
        return []
    owed = []
    if in_the_way is None:
        in_the_way = blockers(review, now)
    for id, item in review.items.items():
        seen_by_others = bool(review.private_to) and item.status is ItemStatus.DONE  # it was left where it is
        tended = item.accepted and review.stage in OPEN_STAGES and not seen_by_others
        if tended and item.ref is not None and _owes_tending(item, now):
            owed.append(_effect(review, "tend_issue", f"tend:{id}", id, item.ref.tracker))
        if item.accepted and item.ref is None and review.stage is not Stage.DISMISSED:
            owed.append(_effect(review, "open_issue", item.opening, id, item.place.tracker if item.place else ""))
        if uncopied(item):
            owed.append(_effect(review, "keep_evidence", f"evidence:{id}", id))
        if owes_release(item):
            owed.append(_effect(review, "release_issue", f"release:{id}", id, _tracker_of(item.left or item.ref)))
    for comment, question in review.questions.items():
        ref = review.ref_of(question.item)
        if ref is not None:
            owed.append(_effect(review, "answer_comment", f"comment:{comment}", comment, ref.tracker))
    if _tracking_is_owed(review, in_the_way):
        home = review.home.tracker if review.home else ""
        owed.append(
            _effect(
                review,
                "tell_tracking",
                "tracking",
                tracker=_tracker_of(review.tracking.ref if review.tracking else None) or home,
            )
        )
    if _only_a_read_is_missing(review, in_the_way):
        owed.append(_effect(review, "read_items", READ, tracker=_only_tracker(review)))
    else:
        owed += _reads_of_doers(review, now)
    return [effect for effect in owed if not _given_up(review, effect)]


TRIES_AFTER_THE_END = 24
"""How often what an ended review still owes is tried, for most of a day. Then it is given up: it would never rest."""


def _given_up(review: Review, effect: Effect) -> bool:
    failure = review.failures.get(effect.key)
    return review.stage in ENDED_STAGES and failure is not None and failure.count >= TRIES_AFTER_THE_END


def basis(review: Review, effect: Effect, now: datetime) -> str:
    """The digest of what an effect depends on: owed again with another one, it is another thing to do."""
    item = review.items.get(effect.item or "")
    on: list[Any] = []
    if effect.kind == "tell_tracking":
        on = [tracking_digest(review, now), review.tracking is not None and review.tracking.closed_early]
    elif item is not None and effect.kind == "tend_issue":
        on = [item.to_tell.model_dump(mode="json"), item.unanswered, str(item.disturbed)]
    elif item is not None and effect.kind == "release_issue":
        on = [(item.left or item.ref or item).model_dump(mode="json")]
    elif item is not None and effect.kind == "keep_evidence":
        on = list(uncopied(item))
    elif effect.kind == "read_items":
        on = [[id, known.issue_status, str(known.as_of)] for id, known in review.items.items()]
    return digest_of([effect.kind, effect.key, *on])


def _reads_of_doers(review: Review, now: datetime) -> Iterator[Effect]:
    """One for each item, long before the read for a closure: whoever verifies it is to know whether they may."""
    for id in doers_wanted(review, now) if review.stage in (*OPEN_STAGES, Stage.CLOSED) else ():
        item = review.items[id]
        yield _effect(review, "read_items", item.asking_who, id, _tracker_of(item.ref))


def _only_tracker(review: Review) -> str:
    """The tracker that all issues of a review's items are in; none where they are in several."""
    trackers = {item.ref.tracker for item in review.tracked_items.values() if item.ref is not None}
    return trackers.pop() if len(trackers) == 1 else ""


def _effect(
    review: Review,
    kind: EffectKind,
    key: str,
    item: str | None = None,
    tracker: str = "",
) -> Effect:
    return Effect(kind=kind, key=key, input_id=f"{key}@{review.seq}", item=item, tracker=tracker)


def _owes_tending(item: Item, now: datetime) -> bool:
    return item.unanswered or item.outdated or (item.disturbed is not None and not item.is_contested(now))


def owes_release(item: Item) -> bool:
    """Whether an issue is to be given up that its item does not have any more: withdrawn, or moved to another one."""
    withdrawn = item.status is ItemStatus.WITHDRAWN
    if item.left is not None:
        return withdrawn or item.ref is not None
    return withdrawn and item.ref is not None and not item.released


def uncopied(item: Item) -> tuple[TextRef, ...]:
    """The links that an item was verified with and of which no copy is kept yet."""
    evidence = item.verification.evidence if item.accepted and item.verification else ()
    return tuple(e.link for e in evidence if e.link is not None and e.digest is None)


def _tracker_of(ref: IssueRef | None) -> str:
    return ref.tracker if ref else ""


def awaiting_closing_read(review: Review, now: datetime) -> bool:
    """Whether nothing is in the way of closure but what a read of the trackers, made for it, may clear."""
    return _only_a_read_is_missing(review, blockers(review, now))


def _only_a_read_is_missing(review: Review, in_the_way: Sequence[Blocker]) -> bool:
    """Reading again may clear a failed read, and an item that was not found."""
    return review.stage is Stage.REMEDIATION and all(b.read_again for b in in_the_way)


PRIVATE = "This review is private: what is in its way stands on its page."
"""What is told of a private review where others may read it."""


def tracking_text(review: Review, now: datetime) -> tuple[bool, tuple[str, ...]]:
    """What the tracking issue should say: whether it is open, and the blockers that it lists."""
    return _tracking_text(review, blockers(review, now))


def _tracking_text(review: Review, in_the_way: Sequence[Blocker]) -> tuple[bool, tuple[str, ...]]:
    """A failed read is left out: it comes and goes, and the tracker that it is about might be this one."""
    if review.private_to:
        return review.stage in OPEN_STAGES, (PRIVATE,) if any(b.id != READ_FAILED for b in in_the_way) else ()
    return review.stage in OPEN_STAGES, tuple(b.sentence for b in in_the_way if b.id != READ_FAILED)


def tracking_digest(review: Review, now: datetime) -> str:
    """The name of what the tracking issue should say."""
    return digest_of(list(tracking_text(review, now)))


def _tracking_is_owed(review: Review, in_the_way: Sequence[Blocker]) -> bool:
    """From remediation on there is a tracking issue; it says what blocks, and is open while the review is.

    It is owed after closure, too: an attempt that failed may have made it, and nobody else would close it.
    """
    tracking = review.tracking
    if tracking is None:
        return review.stage in (Stage.REMEDIATION, Stage.CLOSED)
    text = _tracking_text(review, in_the_way)
    return (text[0] and tracking.closed_early) or tracking.told != digest_of(list(text))


def deadlines(review: Review) -> dict[str, datetime]:
    """The deadlines that still run, by name; one whose passing was recorded runs no more."""
    names = {f"{clock.value}:{due.isoformat()}": due for clock, due in clocks_running(review).items()}
    names |= {f"item:{id}:{due.isoformat()}": due for id, due in items_running(review).items()}
    return {name: due for name, due in names.items() if name not in review.late}


def clocks_running(review: Review) -> dict[Clock, datetime]:
    """The review's own due dates that were not met yet, past ones too."""
    of_stage = {Stage.DRAFT: Clock.DRAFT, Stage.SIGN_OFF: Clock.SIGN_OFF}.get(review.stage or Stage.EXCLUDED)
    clocks = (of_stage, Clock.REVIEW) if review.stage in OPEN_STAGES else ()
    return {clock: review.due[clock] for clock in clocks if clock in review.due}


def items_running(review: Review) -> dict[str, datetime]:
    """The due dates of items that were not met yet, past ones too, by the item's id."""
    if review.stage not in (*OPEN_STAGES, Stage.CLOSED):
        return {}
    unmet = (ItemStatus.OPEN, ItemStatus.LOST)
    return {id: item.due for id, item in review.items.items() if item.due is not None and item.status in unmet}


def time_moments(review: Review) -> list[datetime]:
    """The moments, past and ahead, at which time alone may record something of a review, or make something owed."""
    moments = list(deadlines(review).values())
    if review.stage is Stage.STABILIZATION and review.quiet_until:
        moments.append(review.quiet_until)
    if review.stage is Stage.CLOSED:
        moments += [review.due[clock] for clock in (Clock.EFFECTIVENESS, Clock.ANSWER) if clock in review.due]
    moments += [waiver.until for waiver in (*review.waivers.values(), *review.risks.values())]
    return moments + [item.contested_until for item in review.items.values() if item.contested_until is not None]
