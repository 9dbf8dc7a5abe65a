"""Closing: asked for, read for, and recorded with its evidence.

A function without an underscore carries out the command or the fact that it is named for, on a decision in the making.
"""

from datetime import datetime, timedelta

from domain.lifecycle import events, inputs
from domain.lifecycle.closure_rules import READ, blockers, doers_wanted
from domain.lifecycle.decisions.decision import Decision, refuse_if, where
from domain.lifecycle.decisions.privacy import move_what_others_see
from domain.lifecycle.decisions.requests import ask_in_tracker
from domain.lifecycle.doubts import doubts
from domain.lifecycle.effects import awaiting_closing_read
from domain.lifecycle.evolve import evolve
from domain.model.review import Closure, Failure, Item, Reading, Review
from domain.model.taxonomy import Clock, FailureKind, IssueStatus, Stage

FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)
"""After a failure the outside is tried again in half a minute, then twice as late each time, up to an hour."""

LONGEST_UNTOLD = timedelta(days=1)
"""Where a tracker does not tell who had a hand in an item, it is asked ten times as late each time, up to this."""


def close(d: Decision, body: inputs.Close) -> None:
    refuse_if(
        d.review.stage is not Stage.REMEDIATION and f"{where(d.review).capitalize()}, before remediation.",
        *(b.sentence for b in blockers(d.review, d.now)),
    )
    d.record(events.ClosureAsked(by=d.by))


def items_read(d: Decision, body: inputs.ItemsRead) -> None:
    wanted, failure = d.review.tracked_items, d.review.failures.get(READ)
    told = [r.model_copy(update={"as_of": min(r.as_of, d.now)}) for r in body.readings]
    readings = {r.item: r for r in sorted(told, key=_reading_rank)}
    untold = [id for id in wanted if id not in readings] if body.for_closing else []
    for id in untold:
        readings[id] = Reading(item=id, status=IssueStatus.UNREAD, as_of=wanted[id].as_of or d.now)
    newer = tuple(r for r in readings.values() if _is_newer(r, d.review.items.get(r.item)))
    news = newer if body.for_closing or not body.for_doers else tuple(r for r in newer if _is_news(d.review, r))
    if news or (failure and body.for_closing):
        d.record(events.ItemStatusesRead(readings=news))
    for reading in newer:
        ask_in_tracker(d, reading)
    if newer:
        move_what_others_see(d)
    if body.for_doers:
        _fail_for_doers(d, body)
    if not body.for_closing or not awaiting_closing_read(d.review, d.now):
        return
    begun = min((readings[id].as_of for id in wanted), default=d.now)
    if untold or not _fresh(d, begun) or blockers(d.review, d.now):
        record_failure(d, READ, FailureKind.INCOMPLETE, failure)
    else:
        record_closure(d)


def _fail_for_doers(d: Decision, body: inputs.ItemsRead) -> None:
    """A read that did not tell who had a hand in an item is made again, ever more seldom: a person has to mend it."""
    read = {reading.item for reading in body.readings}
    for id in doers_wanted(d.review, d.now):
        if id in read:
            key = d.review.items[id].asking_who
            failure = d.review.failures.get(key)
            pause = min(FIRST_RETRY * 10 ** min(failure.count if failure else 0, 5), LONGEST_UNTOLD)
            record_failure(d, key, FailureKind.INCOMPLETE, failure, d.now + pause)


def _is_news(review: Review, reading: Reading) -> bool:
    """Whether an item is not as it was before, but for when it was read."""
    before = review.items[reading.item]
    after = evolve(review, events.ItemStatusesRead(readings=(reading,))).items[reading.item]
    return after.model_copy(update={"as_of": before.as_of}) != before


def _is_newer(reading: Reading, item: Item | None) -> bool:
    """Of two reads the one that began later counts; of two that began together, the less done, or that says by whom.

    What becomes of an issue that the item was moved away from is no news.
    """
    if item is None or item.ref is None or reading.is_of_one_left(item):
        return False
    if item.as_of is None or item.issue_status is None:
        return True
    doers = None if item.doers_unread else item.doers
    known = Reading(item=reading.item, status=item.issue_status, as_of=item.as_of, doers=doers)
    return _reading_rank(reading) > _reading_rank(known)


_LEAST_DONE_LAST = tuple(sorted(IssueStatus, key=lambda s: (s is not IssueStatus.DONE, s.value)))


def _reading_rank(reading: Reading) -> tuple[datetime, int, bool]:
    return reading.as_of, _LEAST_DONE_LAST.index(reading.status), reading.doers is not None


def _fresh(d: Decision, begun: datetime) -> bool:
    assert d.review.policy is not None
    return d.review.policy.oldest_read.after(begun) >= d.now


def record_closure(d: Decision) -> None:
    review = d.review
    assert review.policy is not None and review.submission is not None
    closure = Closure(
        at=d.now,
        readings=tuple(
            Reading(item=id, status=item.issue_status or IssueStatus.UNREAD, as_of=item.as_of or d.now, ref=item.ref)
            for id, item in review.tracked_items.items()
        ),
        waivers=tuple(w for w in (*review.waivers.values(), *review.risks.values()) if w.holds(d.now)),
        policy=review.policy_digest,
        submission=review.submission.digest,
        doubts=doubts(review),
    )
    clocks, models = review.policy.clocks, d.given.catalogue.models
    lags = [models[model].label_lag for model in review.models if model in models]
    over = max([d.in_time(clocks.effectiveness), *(d.in_time(lag) for lag in lags if lag is not None)])
    due = {Clock.EFFECTIVENESS: over, Clock.ANSWER: clocks.answer.after(over, d.given.calendar)}
    d.record(events.ReviewClosed(closure=closure, due=due))


def answer_effectiveness(d: Decision, body: inputs.AnswerEffectiveness) -> None:
    """Not before the window is over: until then nobody can know, least of all while labels are still to come."""
    over, known = d.review.due[Clock.EFFECTIVENESS], d.review.effectiveness
    refuse_if(
        d.now < over and f"Whether prevention worked is asked once the window is over, on {over:%d %b %Y}.",
        known is not None
        and (known.answer, known.reason) == (body.answer, body.reason)
        and "That was answered already.",
    )
    d.record(events.EffectivenessAnswered(answer=body.answer, by=d.by, at=d.now, reason=body.reason))


def record_failure(
    d: Decision, key: str, kind: FailureKind, earlier: Failure | None, retry_at: datetime | None = None
) -> None:
    count = earlier.count + 1 if earlier else 1
    wait = min(FIRST_RETRY * 2 ** min(count - 1, 10), LONGEST_RETRY)
    d.record(events.OutsideFailed(key=key, kind=kind, count=count, retry_at=max(retry_at or d.now, d.now + wait)))
