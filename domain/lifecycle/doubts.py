"""What nobody is held up by and every signer is to see: it is shown before they sign, and kept with the closure."""

from collections.abc import Callable, Iterator
from itertools import pairwise

from domain.model.review import Review
from domain.model.taxonomy import ItemClass, ItemStatus, Outcome
from domain.model.template import ANSWER

PREVENTS_NOTHING = {
    Outcome.MONITORING_OR_ALERTS: "a monitor or an alert, which tells of the next time",
    Outcome.FAILURE_MODE_DOCUMENTATION: "documentation, which somebody has to remember",
    Outcome.OWNERSHIP_AND_ESCALATION: "a matter of who is called, once it has happened",
}
"""What an item may lead to that does not keep the same from happening again, in words."""


def doubts(review: Review) -> tuple[str, ...]:
    """Each in a sentence, without any text of people: answers that say little, prevention in name, severity lowered.

    Of a closed review those that there were when it closed.
    """
    if review.closure is not None:
        return review.closure.doubts
    return tuple(sentence for part in _PARTS for sentence in part(review))


def _thin(review: Review) -> Iterator[str]:
    titles = {section.id: section.title for section in review.policy.sections} if review.policy else {}
    titles |= {f"{ANSWER}{q.id}": q.prompt for q in review.policy.questions} if review.policy else {}
    for place in review.submission.thin if review.submission else ():
        yield f"Next to nothing is said under “{titles.get(place, place)}”."


def _misnamed(review: Review) -> Iterator[str]:
    for id, item in review.items.items():
        what = PREVENTS_NOTHING.get(item.spec.outcome)
        if what and item.spec.item_class is ItemClass.PREVENT and item.status is not ItemStatus.WITHDRAWN:
            yield f"{id} is called prevention, and is {what}."


def _lowered(review: Review) -> Iterator[str]:
    for ref, incident in review.incidents.items():
        for called in (incident.called, incident.raised):
            for (since, severity), (until, after) in pairwise(called):
                if severity.is_graver_than(review.gravest):
                    yield f"{ref} was {severity} from {since:%d %b %H:%M} to {until:%d %b %H:%M} UTC, and then {after}."
    if review.gravest.is_graver_than(review.severity):
        yield f"It was {review.gravest}, which is what counts, and is called {review.severity} by now."


def _taken_away(review: Review) -> Iterator[str]:
    for ref, incident in review.incidents.items():
        for kind in incident.untold:
            yield f"{ref} was called {kind.value.replace('_', ' ')}, and is not any more."
    for ref, incident in review.removed.items():
        yield f"{ref} ({incident.severity}) was taken out, as added by mistake."


_PARTS: tuple[Callable[[Review], Iterator[str]], ...] = (_thin, _misnamed, _lowered, _taken_away)
