"""What was asked for on a review's page: requests with what was made of them, waivers, and risks that are accepted."""

from dataclasses import dataclass
from datetime import datetime

from domain.lifecycle.decisions.requests import out_of_date
from domain.model.endorsement import Waiver
from domain.model.review import Request, Review
from web.formatting import day, span, times
from web.views.history import asked
from web.views.item_changes import would_change
from web.views.review_status import Mark


@dataclass(frozen=True)
class Asking:
    """A request, or what was made of it: what it `changes`, and why nobody's approval is heard any more."""

    what: str
    mark: Mark
    note: str
    id: str = ""
    changes: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()


def asked_for(review: Review, now: datetime) -> list[Asking]:
    """What is lifted for a while, and every request that does not say the same."""
    return [
        *_waived(review, now),
        *(_request(one, review, now) for one in review.requests.values() if _shown(one, review)),
    ]


def _shown(request: Request, review: Review) -> bool:
    """A granted waiver is shown as such, and not once more as its request."""
    kept = f"{request.rule}/{request.subject}" in review.waivers or request.subject in review.risks
    return not (request.granted and kept)


def _request(request: Request, review: Review, now: datetime) -> Asking:
    what = f"{request.id}, {asked(request, now)}"
    changes, outdated = would_change(request), out_of_date(request, review, now) if request.pending else ()
    note = f"{request.by}: “{request.reason}”" if request.reason else "its date was put off in the tracker"
    if outdated:
        state = Mark("–", f"out of date: {' '.join(outdated)}")
    elif request.pending:
        state = Mark("◔", "waits for a second person", "wait")
    else:
        state = Mark("✓", "approved", "good") if request.granted else Mark("✕", "refused")
        note = f"{note}, decided by {request.decided_by}"
    return Asking(what, state, note, request.id, changes, outdated)


def _waived(review: Review, now: datetime) -> list[Asking]:
    lines = []
    for what, waivers in (("Waiver of", review.waivers), ("Risk accepted for", review.risks)):
        for waiver in waivers.values():
            about = f"{waiver.rule} for {waiver.subject}" if waiver.rule else waiver.subject
            lines.append(Asking(f"{what} {about}", _expiry(waiver, now), _reason(review, waiver) + _granted(waiver)))
    return lines


def _reason(review: Review, waiver: Waiver) -> str:
    """Why it was asked for, when it was granted last."""
    reasons = [
        request.reason
        for request in review.requests.values()
        if request.granted and request.subject == waiver.subject and request.rule == waiver.rule
    ]
    return f"“{reasons[-1]}” " if reasons else ""


def _expiry(waiver: Waiver, now: datetime) -> Mark:
    if not waiver.holds(now):
        return Mark("–", f"expired {day(waiver.until, now)}")
    return Mark("◔", f"until {day(waiver.until, now)}, {span(waiver.until - now)} left", "wait")


def _granted(waiver: Waiver) -> str:
    renewed = len(waiver.granted_by) - 1
    more = f", renewed {times(renewed)}" if renewed else ""
    return f"asked for by {waiver.asked_by}, approved by {waiver.granted_by[-1]}{more}"
