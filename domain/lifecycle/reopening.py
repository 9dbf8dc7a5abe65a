"""When a closed review goes on: because of what stands in its way by now, and by which day if nobody does anything."""

from collections.abc import Sequence
from datetime import datetime

from domain.lifecycle.closure_rules import Blocker, blockers
from domain.model.endorsement import Waiver
from domain.model.policy import OnRegression
from domain.model.review import Review
from domain.model.taxonomy import IssueStatus, Stage
from domain.model.values import Record, Utc


class Reopening(Record):
    """A closed review opens again at `at`, when what lifted its blockers ends: waivers and accepted risks, by name."""

    at: Utc
    ends: tuple[str, ...]
    because: tuple[Blocker, ...]


def regressed(review: Review, in_the_way: Sequence[Blocker]) -> tuple[str, ...]:
    """The blockers (`rule/subject`) that tell of items that were done when the review closed."""
    readings = review.closure.readings if review.closure else ()
    was_done = {r.item for r in readings if r.status is IssueStatus.DONE}
    return tuple(b.id for b in in_the_way if b.rule in ("done", "verified") and b.subject in was_done)


def is_only_told(review: Review, in_the_way: Sequence[Blocker]) -> bool:
    """Whether the policy wants all of this told, and leaves the review closed."""
    assert review.policy is not None
    return review.policy.on_regression is OnRegression.TELL and len(regressed(review, in_the_way)) == len(in_the_way)


def opens_again(review: Review, now: datetime) -> Reopening | None:
    """What opens a closed review again after `now` (UTC) if nothing else happens; none where nothing does."""
    if review.stage is not Stage.CLOSED:
        return None
    until = {what: waiver.until for what, waiver in lifting(review).items()}
    for at in sorted({moment for moment in until.values() if moment > now}):
        because = tuple(blockers(review, at))
        if because and not is_only_told(review, because):
            ends = tuple(what for what, moment in until.items() if moment == at)
            return Reopening(at=at, ends=ends, because=because)
    return None


def lifting(review: Review) -> dict[str, Waiver]:
    """All waivers and accepted risks, those of before too, as people call them."""
    lifted = {f"the waiver of {key}": waiver for key, waiver in review.waivers.items()}
    return lifted | {f"the risk accepted for {key}": risk for key, risk in review.risks.items()}
