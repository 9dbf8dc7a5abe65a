"""`decide(review, input, now, given)`: what has happened because of an input; or `Rejected`, with every reason.

Commands may be rejected. Facts and ticks never are, and may record nothing. Every decision ends with `settle`,
which records what follows by itself: a stage that is over, a deadline that has passed, a closed review that must go on.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.lifecycle import events, inputs
from domain.lifecycle.decisions import (
    closing,
    comments,
    effect_results,
    incidents,
    items,
    privacy,
    requests,
    signing,
    verification,
)
from domain.lifecycle.decisions.automatic_transitions import settle
from domain.lifecycle.decisions.decision import Decision, Rejected, UnreadableReviewError, refuse_if, these, unheard
from domain.lifecycle.evolve import fold
from domain.lifecycle.permissions import barred
from domain.lifecycle.stages import HEARD_IN
from domain.model.review import Review

__all__ = ["Rejected", "UnreadableReviewError", "decide", "settle_time", "settled"]


def decide(review: Review, input: inputs.Input, now: datetime, given: inputs.Given) -> list[events.Event]:
    """The events that `input` causes at `now` (UTC), given the data that the decision needs.

    Raises `Rejected` with every reason where a person's command cannot be carried out.
    """
    decision = Decision(review, input, now, given)
    body = input.body
    refuse_if(*barred(input, review))
    if review.unknown and input.is_command:
        raise Rejected(
            f"This release cannot read {these(review.unknown)} of this review: install the one that wrote it."
        )
    if review.unknown and review.policy is None:
        raise UnreadableReviewError(f"{review.id}: cannot read {these(review.unknown)}")
    if input.is_command and review.stage not in HEARD_IN[type(body)]:
        raise Rejected(unheard(review, type(body)))
    done = effect_results.effect_done(review, body)
    _HANDLERS[type(body)](decision, body)
    if not review.unknown:
        settle(decision)
        effect_results.space_repeats(decision, done)
    return decision.recorded


def settle_time(review: Review, now: datetime, given: inputs.Given) -> tuple[inputs.Input, list[events.Event]]:
    """What time owes a review at `now` (UTC), as an input of its own, and the events that it causes; often none.

    Time comes first: whatever else is said is decided on what this leaves, so that no order of a late timer and a
    person decides anything. The id is made of the place in the stream, so that it is recorded once.
    """
    tick = inputs.Input(id=f"tick@{review.seq}", body=inputs.Tick())
    return tick, decide(review, tick, now, given) if review.seq else []


def settled(review: Review, now: datetime, given: inputs.Given) -> Review:
    """A review as it is at `now` (UTC), once what time owes has happened."""
    return fold(review, settle_time(review, now, given)[1])


def _tick(d: Decision, body: inputs.Tick) -> None:
    """Time alone records nothing; what follows from it is settled after it."""


_HANDLERS: dict[type[Any], Callable[[Decision, Any], None]] = {
    inputs.OpenReview: incidents.open_review,
    inputs.JoinIncident: incidents.join_incident,
    inputs.RemoveIncident: requests.remove_incident,
    inputs.Classify: incidents.classify,
    inputs.AssignOwner: signing.assign_owner,
    inputs.SubmitDraft: signing.submit_draft,
    inputs.SignForTeam: signing.sign,
    inputs.DelegateSigning: signing.delegate_signing,
    inputs.RequestChanges: signing.request_changes,
    inputs.ProposeItem: items.propose_item,
    inputs.AcceptItem: items.accept_item,
    inputs.WithdrawItem: items.withdraw_item,
    inputs.ChangeItem: items.change_item,
    inputs.ExtendDue: items.extend_due,
    inputs.MoveItem: items.move_item,
    inputs.SplitItem: items.split_item,
    inputs.VerifyItem: verification.verify_item,
    inputs.AskWaiver: requests.ask_waiver,
    inputs.AcceptRisk: requests.accept_risk,
    inputs.LowerSeverity: requests.lower_severity,
    inputs.Dismiss: requests.dismiss,
    inputs.Approve: requests.approve,
    inputs.Refuse: requests.refuse,
    inputs.MakePrivate: privacy.make_private,
    inputs.Share: privacy.share,
    inputs.AnswerEffectiveness: closing.answer_effectiveness,
    inputs.Close: closing.close,
    inputs.IncidentTold: incidents.incident_told,
    inputs.HarmReported: incidents.harm_reported,
    inputs.IssueOpened: effect_results.issue_opened,
    inputs.IssueReleased: effect_results.issue_released,
    inputs.ItemsRead: closing.items_read,
    inputs.ItemsUnreadable: effect_results.items_unreadable,
    inputs.IssueDisturbed: effect_results.issue_disturbed,
    inputs.IssueTended: effect_results.issue_tended,
    inputs.CommentSaid: comments.comment_said,
    inputs.CommentAnswered: comments.comment_answered,
    inputs.EvidenceKept: verification.evidence_kept,
    inputs.TrackingTold: effect_results.tracking_told,
    inputs.TrackingRead: effect_results.tracking_read,
    inputs.EffectFailed: effect_results.effect_failed,
    inputs.Tick: _tick,
}
