"""What the API tells of reviews: texts and handles in place, and what is in the way as of now."""

from collections.abc import Sequence

from pydantic import Field

from domain.lifecycle.closure_rules import Blocker, blockers, warnings
from domain.lifecycle.decisions.requests import out_of_date
from domain.lifecycle.doubts import doubts
from domain.lifecycle.view import next_deadline
from domain.model.endorsement import Signature, Waiver
from domain.model.review import (
    ChangesWanted,
    Closure,
    EffectivenessAnswer,
    Failure,
    Incident,
    Item,
    Request,
    Review,
    Submission,
    Tracking,
)
from domain.model.taxonomy import Clock, IncidentKind, Realisation, Severity, Stage
from domain.model.values import Record, Utc
from web.deps import WebDeps
from web.references import revealed
from web.views.history import Entry, entries
from web.views.item_changes import would_change
from web.views.review_status import sign_again, what_comes
from web.views.tracker_status import IssueLink, links


class RequestTold(Request):
    """A request, with what it would change and whether it can still be granted."""

    changes: tuple[str, ...] = Field(description="what would become of its item, in words")
    out_of_date: tuple[str, ...] = Field(description="why nobody's approval is heard any more; none: it is")


class ReviewSummary(Record):
    """A review in a list."""

    id: str
    stage: Stage
    severity: Severity
    title: str
    service: str
    models: tuple[str, ...]
    kinds: tuple[IncidentKind, ...]
    realisation: Realisation
    team: str | None
    owner: str | None
    private_to: tuple[str, ...] = Field(description="the teams that alone see it; none: everybody")
    next_deadline: Utc | None
    in_the_way: int = Field(description="how many things stand between this review and closure")


class ReviewDetail(ReviewSummary):
    """A whole review, with texts and handles in place of their references."""

    opened: Utc | None
    policy: str | None = Field(description="name of the pinned policy")
    policy_digest: str
    excluded_by: str | None
    incidents: dict[str, Incident]
    refires: int
    quiet_until: Utc | None
    due: dict[Clock, Utc]
    late: tuple[str, ...]
    submission: Submission | None
    required_teams: tuple[str, ...]
    signatures: dict[str, Signature]
    sign_again: dict[str, str] = Field(description="the teams that signed before and have to sign again, and why")
    items: dict[str, Item]
    links: dict[str, IssueLink] = Field(description="the link of each item to its issue, by the item's id")
    requests: dict[str, RequestTold]
    waivers: dict[str, Waiver]
    risks: dict[str, Waiver]
    failures: dict[str, Failure]
    tracking: Tracking | None
    closure: Closure | None
    effectiveness: EffectivenessAnswer | None = Field(description="whether prevention worked; none: nobody has said")
    reopened: int
    regressions: tuple[str, ...] = Field(description="what got in the way after closure, and is only told")
    unknown: tuple[str, ...]

    coming: str | None = Field(description="what comes by itself: after the quiet window, or when a waiver ends")
    changes_wanted: tuple[ChangesWanted, ...] = Field(description="what teams asked for in place of signing")


class InTheWay(Record):
    """One thing in the way, and who can clear it."""

    rule: str
    subject: str
    sentence: str
    cleared_by: str
    waivable: bool


class Why(Record):
    """Why a review cannot close yet."""

    stage: Stage
    blockers: tuple[InTheWay, ...]
    warnings: tuple[InTheWay, ...] = Field(description="what the policy wants said, and does not hold the review for")
    doubts: tuple[str, ...] = Field(description="what nobody is held up by, and every signer should look at")
    requests: tuple[RequestTold, ...] = Field(description="what waits for a second person, or is out of date")
    coming: str | None = Field(description="what comes by itself: after the quiet window, or when a waiver ends")
    changes_wanted: tuple[ChangesWanted, ...] = Field(description="what teams asked for in place of signing")


def summaries(deps: WebDeps, reviews: Sequence[Review]) -> list[ReviewSummary]:
    """The reviews as a list shows them."""
    return [ReviewSummary(**_summary(deps, review)) for review in revealed(deps.records.people, reviews)]


def detail(deps: WebDeps, review: Review) -> ReviewDetail:
    """One review, whole."""
    (told,) = revealed(deps.records.people, [review])
    same = set(ReviewDetail.model_fields) - set(ReviewSummary.model_fields)
    same -= {"policy", "late", "coming", "links", "requests", "sign_again"}
    return ReviewDetail(
        **_summary(deps, told),
        **{name: getattr(told, name) for name in same},
        policy=told.policy.name if told.policy else None,
        late=tuple(sorted(told.late)),
        coming=what_comes(told, deps.now()),
        links=links(deps, told),
        requests=_requests(deps, review, told),
        sign_again={team: why for team in told.required_teams if (why := sign_again(told, team))},
    )


def why(deps: WebDeps, review: Review) -> Why:
    """What is in the way as of now, computed by the rules themselves."""
    (told,) = revealed(deps.records.people, [review])
    now = deps.now()
    return Why(
        stage=_stage(review),
        blockers=tuple(_in_the_way(b) for b in blockers(told, now)),
        warnings=tuple(_in_the_way(b) for b in warnings(told, now)),
        doubts=doubts(told),
        requests=tuple(request for request in _requests(deps, review, told).values() if request.pending),
        coming=what_comes(told, now),
        changes_wanted=told.changes_wanted,
    )


def history(deps: WebDeps, review_id: str) -> list[Entry]:
    """What was recorded of a review, oldest first."""
    return entries(deps.records.people, deps.records.reviews.history(review_id))


def _requests(deps: WebDeps, review: Review, told: Review) -> dict[str, RequestTold]:
    """The requests of a review; `told` is the same review with texts and handles in place."""
    return {
        id: RequestTold(
            **{name: getattr(request, name) for name in Request.model_fields},
            changes=would_change(request),
            out_of_date=out_of_date(review.requests[id], review, deps.now()) if request.pending else (),
        )
        for id, request in told.requests.items()
    }


def _summary(deps: WebDeps, review: Review) -> dict[str, object]:
    return {
        "id": review.id,
        "stage": _stage(review),
        "severity": review.severity,
        "title": review.title or review.id,
        "service": review.service,
        "models": review.models,
        "kinds": review.kinds,
        "realisation": review.realisation,
        "team": review.team,
        "owner": review.owner,
        "private_to": review.private_to,
        "next_deadline": next_deadline(review),
        "in_the_way": len(blockers(review, deps.now())),
    }


def _stage(review: Review) -> Stage:
    assert review.stage is not None  # what is in the read model has begun
    return review.stage


def _in_the_way(blocker: Blocker) -> InTheWay:
    return InTheWay(**blocker.model_dump(include=set(InTheWay.model_fields)))
