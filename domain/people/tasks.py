"""`asks(review, now)`: what a review asks of whom, now: for the page of each person, and for the messages sent to them.

Nothing is asked here that the commands would refuse, and every sentence is true of the review as it is recorded.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.lifecycle.claims import INCIDENTS
from domain.lifecycle.closure_rules import (
    POLICY,
    WHY_FAILED,
    WHY_NO_COPY,
    WHY_NO_DOERS,
    WHY_UNDONE,
    Blocker,
    blockers,
    unsigned_items,
    why_again,
)
from domain.lifecycle.decisions.requests import not_approvers, out_of_date
from domain.lifecycle.effects import owed_effects
from domain.lifecycle.independence import Act, excluded_people
from domain.lifecycle.inputs import Approve
from domain.lifecycle.reopening import lifting
from domain.lifecycle.stages import HEARD_IN, OPEN_STAGES
from domain.model.review import OWNING, Item, Request, Review, Submission
from domain.model.taxonomy import (
    GRAVE,
    Ask,
    Clock,
    FailureKind,
    IncidentStatus,
    IssueStatus,
    ItemClass,
    ItemStatus,
    Stage,
)
from domain.model.values import PersonId, Record, Utc

Blockers = Sequence[Blocker]
"""What stands in the way of closure, asked for once."""


class Role(StrEnum):
    """As what somebody is asked."""

    PERSON = "person"
    TEAM = "team"
    LEAD = "lead"
    APPROVER = "approver"
    ADMIN = "admin"


class Whom(Record):
    """Of whom something is asked: a person, a team, a team's lead, somebody who may approve, or who runs Holdfast."""

    role: Role
    id: str = Field(default="", description="of the person or the team; of an approver, the review's team, if any")


class Wanted(Record):
    """One thing that is asked of somebody. `key` stays the same for as long as it is asked.

    It is late after `until` (UTC), and never where there is none.
    """

    key: str
    review: str
    of: Whom
    sentence: str
    place: str = Field(description="where on the review's page it is done, such as `#item-I2`")
    subject: str = Field(default="", description="the item, request or incident that it is about; none: the review")
    until: Utc | None = None
    urgent: bool = Field(default=False, description="told at once, and not with what else there is on that day")
    private: bool = Field(default=False, description="of a review whose content its messages may not tell")
    but: tuple[PersonId, ...] = Field(default=(), description="whose doing it would be refused")

    def is_late(self, now: datetime) -> bool:
        """Whether its time has passed. What is due at this very moment is not late."""
        return self.until is not None and self.until < now


def asks(review: Review, now: datetime, in_the_way: Blockers | None = None) -> tuple[Wanted, ...]:
    """All that a review asks of anybody at `now` (UTC), each once; nothing of one that has ended.

    `in_the_way` is what `blockers` says at that moment, for a caller who has asked already.
    """
    if review.stage is Stage.EXCLUDED:
        return (*_of_excluded(review), *_of_approvers(review, now, ()))
    if review.stage not in (*OPEN_STAGES, Stage.CLOSED):
        return ()
    in_the_way = blockers(review, now) if in_the_way is None else in_the_way
    found = [wanted for part in _PARTS for wanted in part(review, now, in_the_way)]
    return tuple(wanted.model_copy(update={"private": bool(review.private_to)}) for wanted in found)


def team_of(review: Review, wanted: Wanted) -> str | None:
    """Whose work that is: the team that it is asked of, or that has taken on the item which it is about."""
    if wanted.of.role is Role.TEAM:
        return wanted.of.id
    item = review.items.get(wanted.subject)
    return item.spec.team if item else None


def _wanted(
    review: Review,
    key: str,
    sentence: str,
    place: str,
    of: Whom | None = None,
    subject: str = "",
    until: datetime | None = None,
    urgent: bool = False,
    but: tuple[PersonId, ...] = (),
) -> Wanted:
    return Wanted(
        key=f"{review.id}/{key}",
        review=review.id,
        of=of or _owner(review),
        sentence=sentence,
        place=place,
        subject=subject,
        until=until,
        urgent=urgent,
        but=but,
    )


ADMIN = Whom(role=Role.ADMIN)


def _owner(review: Review) -> Whom:
    """The review's owner; without one the lead of its team, and without a team whoever runs Holdfast."""
    if review.owner:
        return Whom(role=Role.PERSON, id=review.owner)
    return Whom(role=Role.LEAD, id=review.team) if review.team else ADMIN


def _is_grave(review: Review) -> bool:
    return review.gravest in GRAVE


def _of_excluded(review: Review) -> Iterator[Wanted]:
    """A grave incident is left out in silence by nobody: somebody reviews it after all, or says why not."""
    if _is_grave(review):
        sentence = (
            f"Review incident {review.id} after all, or dismiss it: it was {review.gravest}, and is not reviewed "
            f"({review.excluded_by})."
        )
        yield _wanted(review, f"excluded:{review.gravest}", sentence, "#incidents", ADMIN, urgent=True)


def _of_ownership(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    if review.owner is None and review.stage in OPEN_STAGES:
        sentence = "Name an owner: nobody owns this review."
        yield _wanted(review, "owner", sentence, "#owner", urgent=_is_grave(review))


def _of_incidents(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    for ref, incident in review.incidents.items():
        if incident.status is IncidentStatus.OPEN:
            sentence = f"See to incident {ref}: it is open, and the review waits until it is resolved at its source."
            if incident is not review.first_incident:
                sentence += " If it was added by mistake, ask to take it out."
            key = f"incident:{ref}/{review.refires}"
            yield _wanted(review, key, sentence, "#incidents", subject=ref, urgent=True)


def _of_classification(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    """What a source does not tell is asked of a person: what kind of failure decides which questions are asked."""
    if not review.kinds and review.stage is Stage.DRAFT:
        yield _wanted(review, "classify", "Say what kind of failure it was.", "#incidents")


def _of_draft(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    if review.stage is not Stage.DRAFT:
        return
    revision, teams = review.submission.revision if review.submission else 0, [w.team for w in review.changes_wanted]
    sentence = "Write the draft and submit it."
    if teams:
        sentence = f"Submit another text: team {teams[-1]} asked for changes."
    due = review.due.get(Clock.DRAFT)
    yield _wanted(review, f"draft:{revision}", sentence, "#draft", until=due, urgent=_is_grave(review))


def _of_signers(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    submission = review.submission
    if submission is None:
        return
    if review.stage is Stage.REMEDIATION and any(b.rule == "prevention" for b in in_the_way):
        yield from _of_later_items(review, submission, unsigned_items(review, now))
    if review.stage is not Stage.SIGN_OFF:
        return
    for team in [b.subject for b in in_the_way if b.rule == "sign_off" and b.subject in review.required_teams]:
        fallen, due = review.fallen.get(team), review.due.get(Clock.SIGN_OFF)
        key = f"sign:{team}/{submission.revision}" + (f"/{fallen.seq}" if fallen else "")
        if team == OWNING and review.team is None:
            sentence = (
                f"Name a team for service {review.service} in the catalogue, and correct the incident's service to it: "
                "without one nobody can sign."
            )
            yield _wanted(review, key, sentence, "#sign-off", ADMIN, team, due, _is_grave(review))
            continue
        sentence = f"Read revision {submission.revision}, and sign it for team {team} or ask for changes."
        if why := why_again(review, team):
            sentence = f"Sign revision {submission.revision} again for team {team}, or ask for changes{why}."
        of, but = Whom(role=Role.TEAM, id=team), _not_signers(review, team)
        yield _wanted(review, key, sentence, "#sign-off", of, team, due, _is_grave(review), but)


def _of_later_items(review: Review, submission: Submission, items: tuple[str, ...]) -> Iterator[Wanted]:
    """An item that was added after the last signature counts once a team, whichever it is, has signed it."""
    for team in review.required_teams if items else ():
        sentence = f"Sign {', '.join(items)} for team {team}, if no other team has: nothing counts that nobody signed."
        of, key = Whom(role=Role.TEAM, id=team), f"sign:{team}/{submission.revision}/{'+'.join(items)}"
        yield _wanted(review, key, sentence, "#sign-off", of, team, but=_not_signers(review, team))


def _not_signers(review: Review, team: str) -> tuple[PersonId, ...]:
    """Who may not sign for a team: whoever the policy excludes, and who signed for another one."""
    others = (s.by for name, s in review.signatures.items() if name != team)
    return tuple(dict.fromkeys([*excluded_people(review, Act.SIGN), *others]))


def _of_approvers(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    for id, request in review.requests.items():
        if request.pending and review.stage in HEARD_IN[Approve] and not out_of_date(request, review, now):
            sentence = f"Approve or refuse {id}: {_REQUESTED[request.ask](request)}."
            of = Whom(role=Role.APPROVER, id=review.team or "")
            but = not_approvers(request, review)
            yield _wanted(
                review, f"request:{id}", sentence, f"#request-{id}", of, id, urgent=_is_grave(review), but=but
            )


def _until(request: Request) -> str:
    return f" until {request.until:%d %b %Y}" if request.until else ""


def _extension(request: Request) -> str:
    where = "" if request.reason else ", by the date in its tracker"
    return f"more time for item {request.subject},{_until(request)}{where}"


_REQUESTED: dict[Ask, Callable[[Request], str]] = {
    Ask.WAIVE: lambda request: f"a waiver of {request.rule} for {request.subject}{_until(request)}",
    Ask.DISMISS: lambda request: "to dismiss the review",
    Ask.ACCEPT_RISK: lambda request: f"to live with the risk of {request.subject}{_until(request)}",
    Ask.WITHDRAW_ITEM: lambda request: f"to withdraw item {request.subject}",
    Ask.LOWER_SEVERITY: lambda request: f"to lower the severity to {request.severity}",
    Ask.REMOVE_INCIDENT: lambda request: f"to take incident {request.subject} out of the review",
    Ask.CLASSIFY: lambda request: f"to correct what is known of incident {request.subject}",
    Ask.CHANGE_ITEM: lambda request: f"to change what item {request.subject} promises",
    Ask.EXTEND_DUE: _extension,
    Ask.SPLIT_ITEM: lambda request: f"to split item {request.subject} into {', '.join(p.id for p in request.into)}",
    Ask.SHARE: lambda request: f"to let {', '.join(request.teams) or 'everybody'} see the review",
}


def _of_doers(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    for id, item in review.items.items():
        if item.status in (ItemStatus.OPEN, ItemStatus.LOST):
            called = f"{id} ({item.ref.key})" if item.ref else id
            yield _wanted(review, f"item:{id}", f"Finish {called}.", f"#item-{id}", _doer(review, item), id, item.due)


def _doer(review: Review, item: Item) -> Whom:
    if item.spec.owner:
        return Whom(role=Role.PERSON, id=item.spec.owner)
    return Whom(role=Role.TEAM, id=item.spec.team) if item.spec.team else _owner(review)


_GONE = (IssueStatus.MISSING, IssueStatus.MOVED, IssueStatus.FORBIDDEN)


def _of_item_links(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    """An issue that is gone, or was closed undone, does not come back by itself."""
    blocking = {b.subject for b in in_the_way if b.rule == "done"} if review.stage in OPEN_STAGES else ()
    for id, item in review.items.items():
        gone = item.status is ItemStatus.LOST and item.issue_status in _GONE
        declined = item.status is ItemStatus.DECLINED
        undone = declined and (
            review.stage is Stage.CLOSED or (item.spec.item_class is ItemClass.PREVENT and id in blocking)
        )
        if item.ref is None or item.issue_status is None or not (gone or undone):
            continue
        todo = "give it another issue" if gone else "open it again, give it another issue, or ask to withdraw it"
        sentence = f"{id} ({item.ref.key}) {WHY_UNDONE[item.issue_status]}: {todo}."
        yield _wanted(review, f"link:{id}/{item.issue_status}", sentence, f"#item-{id}", subject=id)


def _of_proposed(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    """What is proposed before sign-off is accepted by it; what is proposed later waits for a person or a signature."""
    for id, item in review.items.items():
        if review.stage is Stage.REMEDIATION and item.status is ItemStatus.PROPOSED:
            sentence = f"Accept {id}, or withdraw it: it is proposed."
            yield _wanted(review, f"proposed:{id}", sentence, f"#item-{id}", subject=id)


_SAID_ELSEWHERE = frozenset({"done", "sign_off", "incident"})


def _of_rules(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    """What the rules find beside signatures, incidents and items; before a submission the draft is asked for."""
    for b in in_the_way:
        unreadable = b.rule == "unknown" or b.subject == POLICY
        told_elsewhere = b.rule in _SAID_ELSEWHERE and b.subject != INCIDENTS
        told_here = not told_elsewhere and review.stage in (Stage.SIGN_OFF, Stage.REMEDIATION)
        if unreadable or told_here:
            of: Whom | None = ADMIN if unreadable else None
            but: tuple[PersonId, ...] = ()
            if b.rule == "verified" and b.subject in review.items:
                of, but = _verifier(review, b.subject)
            yield _wanted(review, f"rule:{b.id}", b.sentence, "#blockers", of, b.subject, but=but)


def _verifier(review: Review, item: str) -> tuple[Whom, tuple[PersonId, ...]]:
    """Who is asked to verify an item: the owner of the review, or its team where they may not."""
    but = excluded_people(review, Act.VERIFY, item)
    if review.owner in but:
        return (Whom(role=Role.TEAM, id=review.team) if review.team else ADMIN), but
    return _owner(review), but


def _of_the_whole(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    if review.stage in OPEN_STAGES and review.stage is not Stage.STABILIZATION:
        until = review.due.get(Clock.REVIEW)
        yield _wanted(review, "close", "See the review through to its close.", "#blockers", until=until)


def _of_waivers(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    """What is lifted for a while comes back: no event says so, so it is asked for from the beginning."""
    for what, waiver in lifting(review).items():
        if waiver.holds(now):
            sentence = f"See to {waiver.subject} before {what} ends: then its blocker comes back."
            key = f"waiver:{waiver.id}/{waiver.until:%Y-%m-%d}"
            yield _wanted(review, key, sentence, "#requests", subject=waiver.subject, until=waiver.until)


def _of_effectiveness(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    """Asked once for each closure, when its window is over: no signal answers it by itself."""
    if review.stage is Stage.CLOSED and review.effectiveness is None and review.due[Clock.EFFECTIVENESS] <= now:
        sentence, until = "Say whether prevention worked: its window is over.", review.due.get(Clock.ANSWER)
        yield _wanted(review, f"effectiveness/{review.reopened}", sentence, "#blockers", until=until)


def _of_regressions(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    for id in review.regressions:
        item = id.partition("/")[2]
        sentence = f"See to {item}: it was done when the review closed, and is not any more."
        yield _wanted(review, f"regression:{item}/{review.reopened}", sentence, f"#item-{item}", subject=item)


def _of_unreadable_projects(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    """The same for every review that a tracker project holds up, and so with the same key."""
    projects = {
        f"{item.ref.tracker}:{item.ref.project}": item.unreadable
        for item in review.tracked_items.values()
        if item.ref and item.unreadable and review.stage in OPEN_STAGES
    }
    for project, kind in projects.items():
        sentence = f"Let {project} be read: {WHY_FAILED[kind]}."
        urgent = kind is FailureKind.UNAUTHORISED
        found = _wanted(review, "", sentence, "#blockers", ADMIN, project, urgent=urgent)
        yield found.model_copy(update={"key": f"project:{project}/{kind}"})


_NEEDS_A_PERSON = (FailureKind.UNAUTHORISED, FailureKind.NOT_FOUND, FailureKind.REJECTED)

_NO_DOERS = "read_doers"

_COULD_NOT = {
    "open_issue": "The issue of {item} cannot be opened",
    "release_issue": "The issue that {item} had cannot be closed",
    "tend_issue": "The issue of {item} cannot be answered in",
    "answer_comment": "A comment on an issue cannot be answered",
    "tell_tracking": "The issue of the review as a whole cannot be written",
    "read_items": "The items cannot be read",
    "keep_evidence": "No copy of the evidence for {item} can be kept",
    _NO_DOERS: "Who had a hand in {item} cannot be read",
}

_WHY = {"keep_evidence": WHY_NO_COPY, _NO_DOERS: WHY_NO_DOERS}


def _of_failures(review: Review, now: datetime, in_the_way: Blockers) -> Iterator[Wanted]:
    """What the outside is owed and time alone does not mend; what a tracker never tells is no matter of time either."""
    for effect in owed_effects(review, now, in_the_way):
        failure, of_doers = review.failures.get(effect.key), effect.kind == "read_items" and effect.item is not None
        kind = _NO_DOERS if of_doers else effect.kind
        needs_a_person = (*_NEEDS_A_PERSON, FailureKind.INCOMPLETE) if of_doers else _NEEDS_A_PERSON
        if failure is not None and failure.kind in needs_a_person:
            what, why = _COULD_NOT[kind].format(item=effect.item), _WHY.get(kind, WHY_FAILED)[failure.kind]
            urgent, subject = failure.kind is FailureKind.UNAUTHORISED, effect.item or ""
            sentence, key = f"{what}: {why}.", f"failure:{effect.key}/{failure.kind}"
            yield _wanted(review, key, sentence, "#blockers", ADMIN, subject, urgent=urgent)


_PARTS: tuple[Callable[[Review, datetime, Blockers], Iterator[Wanted]], ...] = (
    _of_ownership,
    _of_incidents,
    _of_classification,
    _of_draft,
    _of_signers,
    _of_approvers,
    _of_doers,
    _of_item_links,
    _of_proposed,
    _of_rules,
    _of_the_whole,
    _of_waivers,
    _of_effectiveness,
    _of_regressions,
    _of_unreadable_projects,
    _of_failures,
)
