"""What follows by itself: a stage that is over, a deadline that has passed, a closed review that must go on."""

from domain.lifecycle import events
from domain.lifecycle.claims import unsigned
from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.decisions.closing import record_closure
from domain.lifecycle.decisions.decision import Decision
from domain.lifecycle.effects import deadlines
from domain.lifecycle.independence import Act, not_independent
from domain.lifecycle.reopening import is_only_told, regressed
from domain.lifecycle.stages import OPEN_STAGES
from domain.model.taxonomy import Clock, Effectiveness, IncidentStatus, ItemStatus, Stage


def settle(d: Decision) -> None:
    before = -1
    while before != len(d.recorded):
        before = len(d.recorded)
        for step in _STEPS:
            step(d)


def _settle_signatures(d: Decision) -> None:
    """Signatures fall for the claims that changed, and where who signed is not independent any more."""
    review = d.review
    if review.stage not in OPEN_STAGES:
        return
    fallen: dict[tuple[str, ...], list[str]] = {}
    for team, signature in review.signatures.items():
        claims = unsigned(review, team)
        if claims or not_independent(review, Act.SIGN, (signature.by,)):
            fallen.setdefault(claims, []).append(team)
    for claims, teams in fallen.items():
        d.record(events.SignaturesVoided(teams=tuple(teams), claims=claims))


def _settle_quiet(d: Decision) -> None:
    review = d.review
    if review.stage is not Stage.STABILIZATION or review.quiet_until is None or review.quiet_until > d.now:
        return
    if all(incident.status is IncidentStatus.RESOLVED for incident in review.incidents.values()):
        d.enter_draft()


def _settle_signed(d: Decision) -> None:
    """A submitted review is in sign-off exactly as long as a signature is missing and not waived."""
    if d.review.stage not in (Stage.SIGN_OFF, Stage.REMEDIATION):
        return
    missing = any(b.rule == "sign_off" for b in blockers(d.review, d.now))
    if d.review.stage is Stage.REMEDIATION and missing:
        d.enter_sign_off()
    elif d.review.stage is Stage.SIGN_OFF and not missing:
        d.enter(Stage.REMEDIATION)
        d.accept_proposed()


def _settle_closed(d: Decision) -> None:
    if d.review.stage not in (Stage.REMEDIATION, Stage.CLOSED):
        return
    in_the_way = blockers(d.review, d.now)
    if d.review.stage is Stage.CLOSED and is_only_told(d.review, in_the_way):
        told = regressed(d.review, in_the_way)
        if told != d.review.regressions:
            d.record(events.RegressionSeen(because=told))
    elif d.review.stage is Stage.CLOSED and in_the_way:
        _reopen(d, tuple(b.id for b in in_the_way))
    elif d.review.stage is Stage.REMEDIATION and not in_the_way and not d.review.tracked_items:
        record_closure(d)


def _reopen(d: Decision, because: tuple[str, ...]) -> None:
    """Where the incident came again, with a quiet window and a text to submit anew; else where remediation was left."""
    policy, severity = d.review.policy, d.review.severity
    assert policy is not None
    again = any(incident.status is IncidentStatus.OPEN for incident in d.review.incidents.values())
    stage = Stage.STABILIZATION if again else Stage.REMEDIATION
    due = {Clock.REVIEW: d.in_time(policy.clocks.review[severity])}
    d.record(events.ReviewReopened(because=because, stage=stage, due=due))


def _settle_archived(d: Decision) -> None:
    """A closed review ends once its window has passed, every promise is kept or taken back, and no waiver holds it up.

    It waits some time for somebody who says that prevention worked; that it did not, or that nobody said, is an outcome
    too, and until then another answer may be given.
    Who closes an item's issue without doing it takes nothing back: withdrawing the item does, which takes two persons.
    """
    review = d.review
    if review.stage is not Stage.CLOSED or review.due[Clock.EFFECTIVENESS] > d.now:
        return
    worked = review.effectiveness is not None and review.effectiveness.answer is Effectiveness.EFFECTIVE
    if not worked and review.due.get(Clock.ANSWER, d.now) > d.now:
        return
    on_its_own = review.model_copy(update={"waivers": {}, "risks": {}})
    if blockers(on_its_own, d.now):
        return
    if all(item.status is ItemStatus.DONE for item in review.items.values() if item.accepted):
        d.enter(Stage.ARCHIVED)


def _settle_deadlines(d: Decision) -> None:
    for name, due in deadlines(d.review).items():
        if due <= d.now:
            d.record(events.DeadlinePassed(deadline=name, due=due))


_STEPS = (_settle_signatures, _settle_quiet, _settle_signed, _settle_closed, _settle_archived, _settle_deadlines)
