"""`plan(review, now)`: what the outside is owed now, and when to look again."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.lifecycle.closure_rules import Blocker
from domain.lifecycle.decide import settle_time
from domain.lifecycle.effects import Effect, basis, owed_effects, time_moments
from domain.lifecycle.inputs import Given
from domain.lifecycle.stages import ENDED_STAGES
from domain.model.review import Failure, Repeat, Review
from domain.model.values import Message, Utc


class Plan(Message):
    """What to do now, and when to look again at the latest: at once where that is not after now.

    An ended review owes nothing and is not looked at.
    """

    effects: tuple[Effect, ...] = ()
    wake_at: Utc | None = None
    ended: bool = False


def plan(review: Review, now: datetime, in_the_way: Sequence[Blocker] | None = None) -> Plan:
    """All that is owed at `now` (UTC), and the next moment at which time alone may change something.

    `in_the_way` is what `blockers` says at that moment, for a caller who has asked already.
    """
    effects = owed_effects(review, now, in_the_way)
    owed = [effect for effect in effects if not _waits(review, effect, now)]
    owed = [effect for effect in owed if not _is_told_later(effect, owed)]
    retries = [wait.retry_at for effect in effects for wait in _waits_of(review, effect, now)]
    ended = review.stage is None or (review.stage in ENDED_STAGES and not effects)
    wake_at = None if ended else _wake_at(review, now, retries)
    return Plan(effects=tuple(owed), wake_at=wake_at, ended=ended)


def _wake_at(review: Review, now: datetime, retries: Sequence[datetime]) -> datetime | None:
    """Now, where time owes something already; else the next moment at which it may.

    A moment that has passed is not simply put back: where a tick records nothing at it, that would never end.
    """
    moments = time_moments(review)
    if any(moment <= now for moment in moments) and time_owes(review, now):
        return now
    ahead = [moment for moment in (*moments, *retries) if moment > now]
    return min(ahead, default=None)


def time_owes(review: Review, now: datetime) -> bool:
    """Whether a tick at `now` would record something."""
    return review.policy is not None and bool(settle_time(review, now, Given(policy=review.policy))[1])


def _is_told_later(effect: Effect, owed: Sequence[Effect]) -> bool:
    """The tracking issue is told last, and so told once; but what is owed to other trackers may take long."""
    others = [other for other in owed if other is not effect and other.tracker in ("", effect.tracker)]
    return effect.kind == "tell_tracking" and bool(others)


def _waits(review: Review, effect: Effect, now: datetime) -> bool:
    return any(wait.retry_at > now for wait in _waits_of(review, effect, now))


def _waits_of(review: Review, effect: Effect, now: datetime) -> Iterator[Failure | Repeat]:
    """What an effect is held back by: that it failed, or that it was done and is owed again just as it was."""
    if failure := review.failures.get(effect.key):
        yield failure
    if (repeat := review.repeats.get(effect.key)) and repeat.basis == basis(review, effect, now):
        yield repeat
