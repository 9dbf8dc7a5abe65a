"""`decide(review, input, now, given)`: what has happened because of an input; or `Rejected`, with every reason.

Commands may be rejected. Facts and ticks never are, and may record nothing. Every decision ends with `_settle`,
which records what follows by itself: a stage that is over, a deadline that has passed, a closed review that must go on.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from domain import events, inputs
from domain.evolve import evolve
from domain.plan import awaiting_closing_read, deadlines, owed_effects
from domain.review import (
    OWNING,
    Closure,
    Failure,
    Incident,
    Item,
    ItemSpec,
    Reading,
    Request,
    Review,
    Waiver,
    waiver_id,
)
from domain.rules import DRAFT_RULES, READ, blockers, findings, has_signed, sections_for
from domain.stages import ENDED_STAGES, HEARD_IN, TRANSITIONS
from domain.taxonomy import (
    Ask,
    Clock,
    FailureKind,
    IncidentStatus,
    IssueStatus,
    ItemClass,
    ItemStatus,
    Mode,
    Realisation,
    Severity,
    Stage,
    Strength,
)
from domain.values import PersonId, Record, Utc, digest_of

FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)
"""After a failure the outside is tried again in half a minute, then twice as late each time, up to an hour."""


class Rejected(Exception):
    """A command that is refused, with every reason. It leaves no trace."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class UnreadableReviewError(Exception):
    """The beginning of this review was written by another release: nothing can be decided, and nothing may be lost."""


class _Decision:
    """A decision in the making: the review as it is after the events so far, and those events."""

    def __init__(self, review: Review, input: inputs.Input, now: datetime, given: inputs.Given) -> None:
        self.review, self.input, self.now, self.given = review, input, now, given
        self.recorded: list[events.Event] = []

    @property
    def by(self) -> PersonId:
        return self.input.by

    def record(self, event: events.Event) -> None:
        self.review = evolve(self.review, event)
        self.recorded.append(event)

    def enter(self, stage: Stage, due: dict[Clock, Utc] | None = None) -> None:
        assert stage in TRANSITIONS[self.review.stage], f"{self.review.stage} to {stage}"
        self.record(events.StageEntered(stage=stage, due=due or {}))


def decide(review: Review, input: inputs.Input, now: datetime, given: inputs.Given) -> list[events.Event]:
    """The events that `input` causes at `now` (UTC), given the data that the decision needs.

    Raises `Rejected` with every reason where a person's command cannot be carried out.
    """
    decision = _Decision(review, input, now, given)
    body = input.body
    if review.unknown and input.is_command:
        raise Rejected(
            f"This release cannot read {_these(review.unknown)} of this review: install the one that wrote it."
        )
    if review.unknown and review.policy is None:
        raise UnreadableReviewError(f"{review.id}: cannot read {_these(review.unknown)}")
    if input.is_command and review.stage not in HEARD_IN[type(body)]:
        raise Rejected(_unheard(review, body.type))
    _HANDLERS[type(body)](decision, body)
    if not review.unknown:
        _settle(decision)
    return decision.recorded


def _unheard(review: Review, command: str) -> str:
    if review.stage is None:
        return f"There is no review {review.id}."
    return f"{command} is not possible while the review is in stage {review.stage}."


def _refuse_if(*reasons: str | bool | None) -> None:
    real = [reason for reason in reasons if isinstance(reason, str)]
    if real:
        raise Rejected(*real)


# --- incidents ------------------------------------------------------------------------------------------------------


def qualifies(incident: Incident, given: inputs.Given) -> str | None:
    """The rule of the policy in force that excludes this incident from being reviewed; none where it qualifies."""
    asked = given.policy.qualifies
    if incident.realisation is Realisation.NEAR_MISS:
        return None
    if asked.listed_services_only and incident.service not in given.catalogue.services:
        return f"service: {incident.service} is not listed in the catalogue"
    if incident.severity not in asked.severities:
        return f"severity: {incident.severity} is not reviewed"
    if incident.began and incident.resolved and incident.resolved < asked.shortest.after(incident.began):
        return f"duration: shorter than {asked.shortest}"
    return None


def _open_review(d: _Decision, body: inputs.OpenReview) -> None:
    _open(d, body.incident)


def _open(d: _Decision, incident: Incident) -> None:
    policy, severity, start = d.given.policy, incident.severity, d.now
    d.record(
        events.ReviewOpened(
            at=d.now,
            incident=incident,
            policy=policy,
            policy_digest=policy.digest,
            owner=incident.responder or incident.lead,
            quiet_until=_quiet_until(d, incident, severity),
            due={Clock.REVIEW: policy.clocks.review[severity].after(start)},
        )
    )


def _quiet_until(d: _Decision, incident: Incident, severity: Severity) -> datetime | None:
    """The end of a quiet window that starts with this telling; none while the incident is open."""
    if incident.status is IncidentStatus.OPEN:
        return None
    policy = d.review.policy or d.given.policy
    return policy.clocks.quiet[severity].after(d.now)


def _join_incident(d: _Decision, body: inputs.JoinIncident) -> None:
    _refuse_if(body.incident.ref in d.review.incidents and f"{body.incident.ref} is part of this review already.")
    _update_incident(d, body.incident)


def _incident_told(d: _Decision, body: inputs.IncidentTold) -> None:
    incident = body.incident
    known = d.review.incidents.get(incident.ref)
    if known and _rank(incident) < _rank(known):
        return
    if d.review.stage in (None, Stage.EXCLUDED):
        if incident.status is IncidentStatus.OPEN:
            return
        rule = qualifies(incident, d.given)
        if rule is None:
            _open(d, incident)
        elif rule != d.review.excluded_by:
            policy = d.given.policy.digest
            d.record(events.IncidentExcluded(incident=incident, rule=rule, policy_digest=policy))
    elif d.review.stage not in ENDED_STAGES and incident != known:
        _update_incident(d, incident)


def _rank(incident: Incident) -> tuple[datetime, bool, str]:
    """Of two tellings the one with the later source time counts; of two at the same time, one that says it is open."""
    return incident.as_of, incident.status is IncidentStatus.OPEN, digest_of(incident)


def _update_incident(d: _Decision, incident: Incident) -> None:
    known = d.review.incidents.get(incident.ref)
    was_open = known is not None and known.status is IncidentStatus.OPEN
    refired = incident.status is IncidentStatus.OPEN and not was_open
    graver = incident.severity.is_graver_than(d.review.severity) and (
        known is None or incident.severity.is_graver_than(known.severity)
    )
    severity = incident.severity if graver else d.review.severity
    resolved_anew = incident.resolved is not None and known is not None and incident.resolved != known.resolved
    restarts = d.review.stage is Stage.STABILIZATION and (
        known is None or incident.status is not known.status or resolved_anew
    )
    quiet = _quiet_until(d, incident, severity) if restarts else d.review.quiet_until
    d.record(events.IncidentUpdated(incident=incident, refired=refired or known is None, quiet_until=quiet))
    if graver:
        d.record(events.SeverityChanged(severity=severity))


# --- owner, draft and signing ---------------------------------------------------------------------------------------


def _assign_owner(d: _Decision, body: inputs.AssignOwner) -> None:
    _refuse_if(body.owner == d.review.owner and "They own this review already.")
    d.record(events.OwnerAssigned(owner=body.owner, by=d.by))
    if d.review.stage in (Stage.DRAFT, Stage.SIGN_OFF):
        _void(d, tuple(team for team, s in d.review.signatures.items() if s.by == body.owner))


def _submit_draft(d: _Decision, body: inputs.SubmitDraft) -> None:
    content = d.given.draft
    if content is None or content.revision != body.revision:
        raise Rejected(f"There is no saved revision {body.revision} of this draft.")
    if content.digest != body.digest:
        raise Rejected(f"Revision {body.revision} has the digest {content.digest}, not {body.digest}.")
    review = d.review
    if review.submission and review.submission.digest == content.digest:
        raise Rejected(f"This text is submitted already, as revision {review.submission.revision}.")
    changed = [
        f"{spec.id} is {review.items[spec.id].status}: change it by command, not in the draft."
        for spec in content.items
        if spec.id in review.items
        and review.items[spec.id].status is not ItemStatus.PROPOSED
        and _promise(spec) != _promise(review.items[spec.id].spec)
    ]
    event = events.DraftSubmitted(
        revision=content.revision,
        digest=content.digest,
        by=d.by,
        sections=content.sections,
        answered=content.answered,
        factors=content.factors,
        considered=content.considered,
        items=content.items,
    )
    after = evolve(review, event)
    missing = [b.sentence for b in blockers(after, d.now) if b.rule in DRAFT_RULES]
    _refuse_if(*changed, *missing)
    d.record(event)
    _void(d, tuple(t for t, s in d.review.signatures.items() if s.by == d.by or not has_signed(d.review, t)))
    if d.review.stage is not Stage.SIGN_OFF:
        _enter_sign_off(d)


def _promise(spec: ItemSpec) -> ItemSpec:
    """What was promised by an item, without the references of its texts, which differ between doors."""
    return spec.model_copy(update={"title": "", "end_state": None})


def _void(d: _Decision, teams: tuple[str, ...]) -> None:
    if teams:
        d.record(events.SignaturesVoided(teams=teams))


def _enter_sign_off(d: _Decision) -> None:
    assert d.review.policy is not None
    d.enter(Stage.SIGN_OFF, {Clock.SIGN_OFF: d.review.policy.clocks.sign_off[d.review.severity].after(d.now)})


def _sign(d: _Decision, body: inputs.SignForTeam) -> None:
    review, submission = d.review, d.review.submission
    assert submission is not None
    signed_for = next((team for team, s in review.signatures.items() if s.by == d.by and team != body.team), None)
    _refuse_if(
        body.team not in review.required_teams
        and f"Team {body.team} does not sign this review; {_these(review.required_teams)} do.",
        body.team == OWNING
        and review.team is None
        and f"This review has no team of its own: {review.service} is not in the catalogue.",
        body.digest != submission.digest and f"The text has changed: revision {submission.revision} is to be signed.",
        d.by == submission.by and "Who submitted the draft does not sign it.",
        d.by == review.owner and "The review's owner does not sign it.",
        signed_for is not None and f"They signed for team {signed_for}; nobody signs for two teams.",
        has_signed(review, body.team) and f"Team {body.team} has signed this text already.",
    )
    sections = sections_for(review, body.team, submission.sections)
    d.record(events.TeamSigned(team=body.team, by=d.by, at=d.now, sections=sections))


def _these(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"


def _request_changes(d: _Decision, body: inputs.RequestChanges) -> None:
    review = d.review
    assert review.policy is not None and review.submission is not None
    unknown = [section for section in body.sections if section not in review.submission.sections]
    _refuse_if(
        body.team not in review.required_teams
        and f"Team {body.team} does not sign this review; {_these(review.required_teams)} do.",
        bool(unknown) and f"There is no section {', '.join(unknown)}.",
    )
    d.record(events.ChangesRequested(team=body.team, by=d.by, reason=body.reason, sections=body.sections))
    _enter_draft(d)


def _enter_draft(d: _Decision) -> None:
    assert d.review.policy is not None
    d.enter(Stage.DRAFT, {Clock.DRAFT: d.review.policy.clocks.draft[d.review.severity].after(d.now)})


# --- items ----------------------------------------------------------------------------------------------------------


def _propose_item(d: _Decision, body: inputs.ProposeItem) -> None:
    _refuse_if(body.spec.id in d.review.items and f"There is an item {body.spec.id} already.")
    d.record(events.ItemProposed(spec=body.spec))


def _accept_item(d: _Decision, body: inputs.AcceptItem) -> None:
    item = _item(d, body.item)
    _refuse_if(item.status is not ItemStatus.PROPOSED and f"{body.item} is {item.status}, and not proposed.")
    _accept(d, body.item)


def _accept(d: _Decision, item: str) -> None:
    assert d.review.policy is not None
    due = d.review.policy.clocks.item[d.review.severity].after(d.now)
    d.record(events.ItemAccepted(item=item, due=due))


def _withdraw_item(d: _Decision, body: inputs.WithdrawItem) -> None:
    item = _item(d, body.item)
    _refuse_if(item.status is ItemStatus.WITHDRAWN and f"{body.item} is withdrawn already.")
    if item.status is ItemStatus.PROPOSED:
        d.record(events.ItemWithdrawn(item=body.item, by=d.by, reason=body.reason))
        _void_for_proposed(d)
    else:
        _ask(d, Ask.WITHDRAW_ITEM, body.reason, subject=body.item)


_STRENGTHS = (Strength.WEAKER, Strength.INTERMEDIATE, Strength.STRONGER)


def _change_item(d: _Decision, body: inputs.ChangeItem) -> None:
    item = _item(d, body.spec.id)
    _refuse_if(
        item.status is ItemStatus.WITHDRAWN and f"{body.spec.id} is withdrawn.",
        item.spec == body.spec and f"{body.spec.id} is like that already.",
    )
    if item.accepted and _weakens(item.spec, body.spec):
        _ask(d, Ask.CHANGE_ITEM, body.reason, subject=body.spec.id, change=body.spec)
        return
    d.record(events.ItemChanged(spec=body.spec))
    if not item.accepted:
        _void_for_proposed(d)


def _void_for_proposed(d: _Decision) -> None:
    """Sign-off approves the proposed items as they are. What is proposed after it, nobody has signed."""
    if d.review.stage is not Stage.REMEDIATION:
        _void(d, tuple(d.review.signatures))


def _weakens(old: ItemSpec, new: ItemSpec) -> bool:
    """Whether less is promised: another class than prevention, a lower strength, fewer factors, another end state."""
    return (
        (old.item_class is ItemClass.PREVENT and new.item_class is not ItemClass.PREVENT)
        or _STRENGTHS.index(new.strength) < _STRENGTHS.index(old.strength)
        or not set(old.prevents) <= set(new.prevents)
        or (old.end_state is not None and new.end_state != old.end_state)
    )


def _item(d: _Decision, id: str) -> Item:
    item = d.review.items.get(id)
    if item is None:
        raise Rejected(f"There is no item {id}; there are {_these(tuple(d.review.items))}.")
    return item


# --- what needs a second person -------------------------------------------------------------------------------------


def _ask_waiver(d: _Decision, body: inputs.AskWaiver) -> None:
    review = d.review
    id = waiver_id(body.rule, body.subject)
    found = [b for b in findings(review, d.now) if b.mode is Mode.BLOCK and b.waivable]
    until, reason = _until(d, body.until)
    _refuse_if(
        all(b.id != id for b in found) and f"Nothing to waive: {id} does not block. In the way are {_ids(found)}.",
        _too_often(d, id, review.waivers.get(id)),
        reason,
    )
    _ask(d, Ask.WAIVE, body.reason, subject=body.subject, rule=body.rule, until=until)


def _ids(found: list[Any]) -> str:
    return ", ".join(b.id for b in found) or "no waivable rules"


def _too_often(d: _Decision, id: str, waiver: Waiver | None) -> str | None:
    assert d.review.policy is not None
    renewals = d.review.policy.waivers.renewals
    if waiver is None or len(waiver.granted_by) <= renewals:
        return None
    return f"{id} was renewed {renewals} times, and not again."


def _until(d: _Decision, wanted: datetime | None) -> tuple[datetime, str | None]:
    """The end of a waiver asked for until `wanted`, and why it is refused, if it is."""
    assert d.review.policy is not None
    terms = d.review.policy.waivers
    until = wanted or terms.default.after(d.now)
    if until <= d.now:
        return until, f"It would end on {until:%d %b %Y %H:%M} UTC, which is past."
    if until > terms.longest.after(d.now):
        return until, f"It may last {terms.longest} at most, until {terms.longest.after(d.now):%d %b %Y}."
    return until, None


def _accept_risk(d: _Decision, body: inputs.AcceptRisk) -> None:
    factors = d.review.submission.factors if d.review.submission else ()
    until, reason = _until(d, body.until)
    _refuse_if(
        all(f.id != body.factor for f in factors) and f"There is no factor {body.factor}.",
        _too_often(d, f"The risk of {body.factor}", d.review.risks.get(body.factor)),
        reason,
    )
    _ask(d, Ask.ACCEPT_RISK, body.reason, subject=body.factor, until=until)


def _lower_severity(d: _Decision, body: inputs.LowerSeverity) -> None:
    _refuse_if(
        not d.review.severity.is_graver_than(body.severity)
        and f"{body.severity} is not lower than {d.review.severity}."
    )
    _ask(d, Ask.LOWER_SEVERITY, body.reason, subject=d.review.severity, severity=body.severity)


def _dismiss(d: _Decision, body: inputs.Dismiss) -> None:
    if d.review.severity in (Severity.SEV1, Severity.SEV2):
        _ask(d, Ask.DISMISS, body.reason)
    else:
        d.record(events.ReviewDismissed(by=d.by, reason=body.reason))


def _ask(d: _Decision, ask: Ask, reason: str, **about: Any) -> None:
    request = Request(id=f"R{len(d.review.requests) + 1}", ask=ask, by=d.by, at=d.now, reason=reason, **about)
    same = [
        r.id
        for r in d.review.requests.values()
        if r.pending and _about(r) == _about(request) and not _is_over(r, d.now)
    ]
    _refuse_if(bool(same) and f"{', '.join(same)} asks for that already, and waits for an approval.")
    d.record(events.ApprovalAsked(request=request))


def _about(request: Request) -> tuple[Ask, str, str]:
    return request.ask, request.rule, request.subject


def _is_over(request: Request, now: datetime) -> bool:
    """Whether what it asks for would have ended by now."""
    return request.until is not None and request.until <= now


def _request(d: _Decision, id: str) -> Request:
    request = d.review.requests.get(id)
    if request is None:
        raise Rejected(f"There is no request {id}; there are {_these(tuple(d.review.requests))}.")
    if not request.pending:
        raise Rejected(f"{id} is {'granted' if request.granted else 'refused'} already.")
    return request


def _approve(d: _Decision, body: inputs.Approve) -> None:
    request = _request(d, body.request)
    item = d.review.items.get(request.subject)
    risk = request.ask is Ask.ACCEPT_RISK
    key = request.subject if risk else waiver_id(request.rule, request.subject)
    waiver = (d.review.risks if risk else d.review.waivers).get(key)
    _refuse_if(
        d.by == request.by and f"Who asked for {request.id} does not approve it: another person has to.",
        item is not None
        and item.spec.owner == d.by
        and f"They own item {item.spec.id}: a person who does not own it has to approve {request.id}.",
        waiver is not None
        and d.by in waiver.granted_by
        and "They approved this before: each renewal needs another approver.",
        _is_over(request, d.now) and f"{request.id} would have ended by now; ask anew.",
        d.review.stage not in HEARD_IN[_ASKED_BY[request.ask]] and _unheard(d.review, request.ask),
        request.ask is Ask.LOWER_SEVERITY
        and request.subject != d.review.severity
        and f"The severity was {request.subject} when {request.id} was asked, and is {d.review.severity}; ask anew.",
        request.ask in (Ask.WITHDRAW_ITEM, Ask.CHANGE_ITEM)
        and item is not None
        and item.status is ItemStatus.WITHDRAWN
        and f"{request.subject} is withdrawn already.",
    )
    d.record(events.ApprovalGranted(request=request.id, by=d.by))
    _GRANTED[request.ask](d, request)


def _grant_nothing_more(d: _Decision, request: Request) -> None:
    """A waiver and an accepted risk are made by the approval itself."""


def _grant_dismissal(d: _Decision, request: Request) -> None:
    d.record(events.ReviewDismissed(by=request.by, reason=request.reason))


def _grant_withdrawal(d: _Decision, request: Request) -> None:
    d.record(events.ItemWithdrawn(item=request.subject, by=request.by, reason=request.reason))
    _void_after_weakening(d)


def _grant_item_change(d: _Decision, request: Request) -> None:
    assert request.change is not None
    d.record(events.ItemChanged(spec=request.change))
    _void_after_weakening(d)


def _grant_lower_severity(d: _Decision, request: Request) -> None:
    assert request.severity is not None
    d.record(events.SeverityChanged(severity=request.severity))


def _void_after_weakening(d: _Decision) -> None:
    """Sign-off approves the items and their class: with less promised, nobody has signed."""
    _void(d, tuple(d.review.signatures))


_ASKED_BY: dict[Ask, type[Record]] = {
    Ask.WAIVE: inputs.AskWaiver,
    Ask.ACCEPT_RISK: inputs.AcceptRisk,
    Ask.DISMISS: inputs.Dismiss,
    Ask.WITHDRAW_ITEM: inputs.WithdrawItem,
    Ask.LOWER_SEVERITY: inputs.LowerSeverity,
    Ask.CHANGE_ITEM: inputs.ChangeItem,
}
"""An approval is heard where its request is: what cannot be asked for any more is not granted either."""

_GRANTED: dict[Ask, Callable[[_Decision, Request], None]] = {
    Ask.WAIVE: _grant_nothing_more,
    Ask.ACCEPT_RISK: _grant_nothing_more,
    Ask.DISMISS: _grant_dismissal,
    Ask.WITHDRAW_ITEM: _grant_withdrawal,
    Ask.LOWER_SEVERITY: _grant_lower_severity,
    Ask.CHANGE_ITEM: _grant_item_change,
}


def _refuse(d: _Decision, body: inputs.Refuse) -> None:
    request = _request(d, body.request)
    d.record(events.ApprovalRefused(request=request.id, by=d.by, reason=body.reason))


# --- closing --------------------------------------------------------------------------------------------------------


def _close(d: _Decision, body: inputs.Close) -> None:
    _refuse_if(
        d.review.stage is not Stage.REMEDIATION and f"The review is in stage {d.review.stage}, before remediation.",
        *(b.sentence for b in blockers(d.review, d.now)),
    )
    d.record(events.ClosureAsked(by=d.by))


def _items_to_read(review: Review) -> dict[str, Item]:
    """The items that closure asks the trackers about."""
    return {
        id: item
        for id, item in review.items.items()
        if item.ref is not None and item.status is not ItemStatus.WITHDRAWN
    }


def _items_read(d: _Decision, body: inputs.ItemsRead) -> None:
    wanted, failure = _items_to_read(d.review), d.review.failures.get(READ)
    told = [r.model_copy(update={"as_of": min(r.as_of, d.now)}) for r in body.readings]
    readings = {r.item: r for r in sorted(told, key=_reading_rank)}
    untold = [id for id in wanted if id not in readings] if body.for_closing else []
    for id in untold:
        readings[id] = Reading(item=id, status=IssueStatus.UNREAD, as_of=wanted[id].as_of or d.now)
    newer = tuple(r for r in readings.values() if _is_newer(r, d.review.items.get(r.item)))
    if newer or (failure and body.for_closing):
        d.record(events.ItemStatusesRead(readings=newer))
    if not body.for_closing or not awaiting_closing_read(d.review, d.now):
        return
    begun = min((readings[id].as_of for id in wanted), default=d.now)
    if untold or not _fresh(d, begun) or blockers(d.review, d.now):
        _record_failure(d, READ, FailureKind.INCOMPLETE, failure)
    else:
        _record_closure(d)


def _is_newer(reading: Reading, item: Item | None) -> bool:
    """Of two reads the one that began later counts; of two that began together, the one that is less done."""
    if item is None or item.ref is None:
        return False
    if item.as_of is None or item.issue_status is None:
        return True
    known = Reading(item=reading.item, status=item.issue_status, as_of=item.as_of)
    return _reading_rank(reading) > _reading_rank(known)


_LEAST_DONE_LAST = tuple(sorted(IssueStatus, key=lambda s: (s is not IssueStatus.DONE, s.value)))


def _reading_rank(reading: Reading) -> tuple[datetime, int]:
    return reading.as_of, _LEAST_DONE_LAST.index(reading.status)


def _fresh(d: _Decision, begun: datetime) -> bool:
    assert d.review.policy is not None
    return d.review.policy.oldest_read.after(begun) >= d.now


def _record_closure(d: _Decision) -> None:
    review = d.review
    assert review.policy is not None and review.submission is not None
    closure = Closure(
        at=d.now,
        readings=tuple(
            Reading(item=id, status=item.issue_status or IssueStatus.UNREAD, as_of=item.as_of or d.now, ref=item.ref)
            for id, item in _items_to_read(review).items()
        ),
        waivers=tuple(w for w in (*review.waivers.values(), *review.risks.values()) if w.until > d.now),
        policy=review.policy_digest,
        submission=review.submission.digest,
    )
    due = {Clock.EFFECTIVENESS: review.policy.clocks.effectiveness.after(d.now)}
    d.record(events.ReviewClosed(closure=closure, due=due))


# --- the outside ----------------------------------------------------------------------------------------------------


def _issue_opened(d: _Decision, body: inputs.IssueOpened) -> None:
    item = d.review.items.get(body.item)
    if item is not None and item.ref is None and item.status is not ItemStatus.PROPOSED:
        d.record(events.ItemIssueOpened(item=body.item, ref=body.ref))


def _issue_released(d: _Decision, body: inputs.IssueReleased) -> None:
    item = d.review.items.get(body.item)
    if item is not None and item.status is ItemStatus.WITHDRAWN and not item.released:
        d.record(events.ItemIssueReleased(item=body.item))


def _tracking_told(d: _Decision, body: inputs.TrackingTold) -> None:
    if d.review.opened is not None:
        as_of = min(body.as_of, d.now)
        d.record(events.TrackingIssueTold(ref=body.ref, told=body.told, status=body.status, as_of=as_of))


def _tracking_read(d: _Decision, body: inputs.TrackingRead) -> None:
    tracking, as_of = d.review.tracking, min(body.as_of, d.now)
    if tracking is not None and as_of > tracking.as_of and body.status is not tracking.status:
        d.record(events.TrackingIssueRead(status=body.status, as_of=as_of))


def _effect_failed(d: _Decision, body: inputs.EffectFailed) -> None:
    """What is not owed any more may have failed: that is nobody's trouble."""
    if any(effect.key == body.key for effect in owed_effects(d.review, d.now)):
        _record_failure(d, body.key, body.kind, d.review.failures.get(body.key), body.retry_at)


def _record_failure(
    d: _Decision, key: str, kind: FailureKind, earlier: Failure | None, retry_at: datetime | None = None
) -> None:
    count = earlier.count + 1 if earlier else 1
    wait = min(FIRST_RETRY * 2 ** min(count - 1, 10), LONGEST_RETRY)
    d.record(events.OutsideFailed(key=key, kind=kind, count=count, retry_at=max(retry_at or d.now, d.now + wait)))


def _tick(d: _Decision, body: inputs.Tick) -> None:
    """Time alone records nothing; what follows from it is settled below."""


# --- what follows by itself -----------------------------------------------------------------------------------------


def _settle(d: _Decision) -> None:
    before = -1
    while before != len(d.recorded):
        before = len(d.recorded)
        for step in (_settle_quiet, _settle_signed, _settle_closed, _settle_archived, _settle_deadlines):
            step(d)


def _settle_quiet(d: _Decision) -> None:
    review = d.review
    if review.stage is not Stage.STABILIZATION or review.quiet_until is None or review.quiet_until > d.now:
        return
    if all(incident.status is IncidentStatus.RESOLVED for incident in review.incidents.values()):
        _enter_draft(d)


def _settle_signed(d: _Decision) -> None:
    """A submitted review is in sign-off exactly as long as a signature is missing and not waived."""
    missing = any(b.rule == "sign_off" for b in blockers(d.review, d.now))
    if d.review.stage is Stage.REMEDIATION and missing:
        _enter_sign_off(d)
    elif d.review.stage is Stage.SIGN_OFF and not missing:
        d.enter(Stage.REMEDIATION)
        for id, item in d.review.items.items():
            if item.status is ItemStatus.PROPOSED:
                _accept(d, id)


def _settle_closed(d: _Decision) -> None:
    in_the_way = blockers(d.review, d.now)
    if d.review.stage is Stage.CLOSED and in_the_way:
        d.record(events.ReviewReopened(because=tuple(b.id for b in in_the_way)))
    elif d.review.stage is Stage.REMEDIATION and not in_the_way and not _items_to_read(d.review):
        _record_closure(d)


def _settle_archived(d: _Decision) -> None:
    """A closed review ends once its window has passed and every promise is kept or declined."""
    review = d.review
    if review.stage is not Stage.CLOSED or review.due[Clock.EFFECTIVENESS] > d.now:
        return
    if all(i.status in (ItemStatus.DONE, ItemStatus.DECLINED) for i in review.items.values() if i.accepted):
        d.enter(Stage.ARCHIVED)


def _settle_deadlines(d: _Decision) -> None:
    for name, due in deadlines(d.review).items():
        if due <= d.now:
            d.record(events.DeadlinePassed(deadline=name, due=due))


_HANDLERS: dict[type[Any], Callable[[_Decision, Any], None]] = {
    inputs.OpenReview: _open_review,
    inputs.JoinIncident: _join_incident,
    inputs.AssignOwner: _assign_owner,
    inputs.SubmitDraft: _submit_draft,
    inputs.SignForTeam: _sign,
    inputs.RequestChanges: _request_changes,
    inputs.ProposeItem: _propose_item,
    inputs.AcceptItem: _accept_item,
    inputs.WithdrawItem: _withdraw_item,
    inputs.ChangeItem: _change_item,
    inputs.AskWaiver: _ask_waiver,
    inputs.AcceptRisk: _accept_risk,
    inputs.LowerSeverity: _lower_severity,
    inputs.Dismiss: _dismiss,
    inputs.Approve: _approve,
    inputs.Refuse: _refuse,
    inputs.Close: _close,
    inputs.IncidentTold: _incident_told,
    inputs.IssueOpened: _issue_opened,
    inputs.IssueReleased: _issue_released,
    inputs.ItemsRead: _items_read,
    inputs.TrackingTold: _tracking_told,
    inputs.TrackingRead: _tracking_read,
    inputs.EffectFailed: _effect_failed,
    inputs.Tick: _tick,
}
