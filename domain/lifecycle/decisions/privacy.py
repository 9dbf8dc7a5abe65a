"""Private reviews: seen by named teams only. Anybody may narrow who sees one; letting more see it takes two.

A function without an underscore carries out the command or the fact that it is named for, on a decision in the making.
"""

from domain.lifecycle import events, inputs
from domain.lifecycle.decisions.decision import Decision, refuse_if, these
from domain.lifecycle.decisions.requests import ask
from domain.lifecycle.permissions import visible_to
from domain.model.taxonomy import Ask, ItemStatus


def make_private(d: Decision, body: inputs.MakePrivate) -> None:
    review, teams = d.review, tuple(sorted(set(body.teams)))
    more = tuple(team for team in teams if review.private_to and team not in review.private_to)
    refuse_if(
        teams == review.private_to and f"Only {these(teams)} sees it already.",
        bool(more) and f"{these(more)} does not see it yet: ask to share it, and another person approves that.",
        locks_out(d, teams),
    )
    home = d.given.routing.kept_private(review.home, review.service, review.models, review.team)
    d.record(events.ReviewMadePrivate(teams=teams, by=d.by, reason=body.reason, home=home))
    move_what_others_see(d)


def locks_out(d: Decision, teams: tuple[str, ...]) -> str | None:
    """Why a review cannot be for these teams alone: who says so could not see it themselves."""
    if not teams or visible_to(d.input.standing, teams):
        return None
    assert d.input.standing is not None  # without a standing everybody sees everything
    return f"Name a team of theirs, or they could not see it themselves; they are in {these(d.input.standing.teams)}."


def move_what_others_see(d: Decision) -> None:
    """Items of a private review go on in a place that is private. What their issues said before cannot be taken back.

    What is done stays where it is, and is moved when it is not done any more.
    """
    review = d.review
    if not review.private_to:
        return
    for id, item in review.items.items():
        if not item.accepted or item.status is ItemStatus.DONE or item.place is None:
            continue
        team = item.spec.team or review.team
        place = d.given.routing.kept_private(item.place, review.service, review.models, team, item.spec.outcome)
        if place != item.place:
            d.record(events.ItemMoved(item=id, by=d.by, place=place, adopts=None))


def share(d: Decision, body: inputs.Share) -> None:
    known = set(d.review.private_to)
    refuse_if(
        not known and "Everybody sees this review already.",
        bool(known) and bool(body.teams) and set(body.teams) <= known and f"{these(body.teams)} sees it already.",
    )
    ask(d, Ask.SHARE, body.reason, teams=tuple(sorted(set(body.teams))))
