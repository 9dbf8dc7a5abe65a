"""What people say in comments on issues: the same commands as anywhere else, and an answer where they asked.

A function without an underscore carries out the command or the fact that it is named for, on a decision in the making.
"""

from collections.abc import Callable
from typing import Any

from domain.lifecycle import events, inputs
from domain.lifecycle.decisions.decision import Decision, Rejected, unheard
from domain.lifecycle.decisions.items import extend_due
from domain.lifecycle.decisions.verification import verify_item
from domain.lifecycle.permissions import refusals
from domain.lifecycle.stages import HEARD_IN


def comment_said(d: Decision, body: inputs.CommentSaid) -> None:
    d.record(events.CommentHeard(item=body.item, comment=body.comment, answer=_answer(d, body)))


def _answer(d: Decision, body: inputs.CommentSaid) -> tuple[str, ...]:
    if body.wrong is not None:
        return (body.wrong,)
    if body.wants is None:
        return ()
    try:
        if lacking := refusals(d.input.standing, type(body.wants)):
            raise Rejected(*lacking)
        if d.review.stage not in HEARD_IN[type(body.wants)]:
            raise Rejected(unheard(d.review, type(body.wants)))
        return _WANTED[type(body.wants)](d, body.wants)
    except Rejected as refused:
        return refused.reasons


def _extend(d: Decision, wants: inputs.ExtendDue) -> tuple[str, ...]:
    before = d.review.requests
    extend_due(d, wants)
    asked = [id for id in d.review.requests if id not in before]
    if not asked:
        return (f"{wants.item} is due on {wants.until:%d %b %Y}.",)
    return (f"Asked as {asked[0]}: the date changes when another person approves it.",)


def _verify(d: Decision, wants: inputs.VerifyItem) -> tuple[str, ...]:
    verify_item(d, wants)
    return (f"{wants.item} is verified, as soon as a copy of the evidence is kept.",)


_WANTED: dict[type[Any], Callable[[Decision, Any], tuple[str, ...]]] = {
    inputs.ExtendDue: _extend,
    inputs.VerifyItem: _verify,
}


def comment_answered(d: Decision, body: inputs.CommentAnswered) -> None:
    if body.comment in d.review.questions:
        d.record(events.CommentWasAnswered(comment=body.comment))
