"""What people say in comments on issues: the same commands as anywhere else, and an answer where they asked.

A function without an underscore carries out the command or the fact that it is named for, on a decision in the making.
"""

from domain import events, inputs
from domain.deciding.decision import Decision, Rejected, unheard
from domain.deciding.items import extend_due
from domain.stages import HEARD_IN


def comment_said(d: Decision, body: inputs.CommentSaid) -> None:
    d.record(events.CommentHeard(item=body.item, comment=body.comment, answer=_answer(d, body)))


def _answer(d: Decision, body: inputs.CommentSaid) -> tuple[str, ...]:
    if body.wrong is not None:
        return (body.wrong,)
    if body.wants is None:
        return ()
    try:
        if d.review.stage not in HEARD_IN[type(body.wants)]:
            raise Rejected(unheard(d.review, type(body.wants)))
        extend_due(d, body.wants)
    except Rejected as refused:
        return refused.reasons
    request = list(d.review.requests)[-1]
    return (f"Asked as {request}: the date changes when another person approves it.",)


def comment_answered(d: Decision, body: inputs.CommentAnswered) -> None:
    if body.comment in d.review.questions:
        d.record(events.CommentWasAnswered(comment=body.comment))
