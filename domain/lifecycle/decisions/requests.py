"""What makes closing easier: asked for by one person, decided by another.

A function without an underscore carries out the command or the fact that it is named for, on a decision in the making.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.lifecycle import events, inputs
from domain.lifecycle.claims import ITEM, basis, basis_of_waiver, changed
from domain.lifecycle.closure_rules import findings
from domain.lifecycle.decisions.correction import correct
from domain.lifecycle.decisions.decision import Decision, Rejected, refuse_if, these, unheard
from domain.lifecycle.independence import Act, excluded_people, not_independent
from domain.lifecycle.stages import HEARD_IN
from domain.model.endorsement import Waiver, waiver_id
from domain.model.review import Facts, Incident, Item, Reading, Request, Review
from domain.model.taxonomy import GRAVE, Ask, IncidentStatus, ItemStatus, Mode, Stage
from domain.model.values import PersonId, Record


def ask_waiver(d: Decision, body: inputs.AskWaiver) -> None:
    review = d.review
    id = waiver_id(body.rule, body.subject)
    found = [b for b in findings(review, d.now) if b.mode is Mode.BLOCK and b.waivable]
    until, reason = _until(d, body.until)
    refuse_if(
        all(b.id != id for b in found) and f"Nothing to waive: {id} does not block. In the way are {_ids(found)}.",
        _too_often(d, id, review.waivers.get(id)),
        reason,
    )
    ask(d, Ask.WAIVE, body.reason, subject=body.subject, rule=body.rule, until=until)


def _ids(found: list[Any]) -> str:
    return ", ".join(b.id for b in found) or "no waivable rules"


def _until(d: Decision, wanted: datetime | None) -> tuple[datetime, str | None]:
    """The end of a waiver asked for until `wanted`, and why it is refused, if it is."""
    assert d.review.policy is not None
    terms = d.review.policy.waivers
    until, latest = wanted or d.in_time(terms.default), d.in_time(terms.longest)
    if until <= d.now:
        return until, f"It would end on {until:%d %b %Y %H:%M} UTC, which is past."
    if until > latest:
        return until, f"It may last {terms.longest} at most, until {latest:%d %b %Y}."
    return until, None


def _too_often(d: Decision, id: str, waiver: Waiver | None) -> str | None:
    assert d.review.policy is not None
    renewals = d.review.policy.waivers.renewals
    if waiver is None or len(waiver.granted_by) <= renewals:
        return None
    return f"{id} was renewed {renewals} times, and not again."


def accept_risk(d: Decision, body: inputs.AcceptRisk) -> None:
    factors = d.review.submission.factors if d.review.submission else ()
    until, reason = _until(d, body.until)
    refuse_if(
        all(f.id != body.factor for f in factors) and f"There is no factor {body.factor}.",
        _too_often(d, f"The risk of {body.factor}", d.review.risks.get(body.factor)),
        reason,
    )
    ask(d, Ask.ACCEPT_RISK, body.reason, subject=body.factor, until=until)


def lower_severity(d: Decision, body: inputs.LowerSeverity) -> None:
    refuse_if(
        not d.review.severity.is_graver_than(body.severity)
        and f"{body.severity} is not lower than {d.review.severity}."
    )
    ask(d, Ask.LOWER_SEVERITY, body.reason, subject=d.review.severity, severity=body.severity)


def remove_incident(d: Decision, body: inputs.RemoveIncident) -> None:
    known, first = d.review.incidents, d.review.first_incident
    refuse_if(
        body.incident not in known and f"There is no incident {body.incident}; there are {these(tuple(known))}.",
        first is not None
        and body.incident == first.ref
        and f"{body.incident} is what this review is about: dismiss the review instead.",
    )
    ask(d, Ask.REMOVE_INCIDENT, body.reason, subject=body.incident, known=known[body.incident].known_facts)


def dismiss(d: Decision, body: inputs.Dismiss) -> None:
    refuse_if(_still_promised(d.review))
    if d.review.gravest in GRAVE:
        ask(d, Ask.DISMISS, body.reason)
    else:
        d.record(events.ReviewDismissed(by=d.by, reason=body.reason))


def _still_promised(review: Review) -> str | None:
    """Why a review cannot end yet: what somebody has promised would be dropped in silence."""
    left = tuple(id for id, item in review.items.items() if item.accepted and item.status is not ItemStatus.DONE)
    return f"{these(left)} would be dropped: finish what is promised, or withdraw it first." if left else None


def ask(d: Decision, ask: Ask, reason: str, **about: Any) -> None:
    subject = about.get("subject", "")
    seen = basis_of_waiver(d.review, about.get("rule", ""), subject) if subject else {}
    request = _new_request(d, ask, reason, basis=seen, **about)
    same = [
        r.id
        for r in d.review.requests.values()
        if r.pending and _about(r) == _about(request) and not _is_over(r, d.now) and not _is_overtaken(r, d.review)
    ]
    refuse_if(bool(same) and f"{', '.join(same)} asks for that already, and waits for an approval.")
    d.record(events.ApprovalAsked(request=request))


def _new_request(d: Decision, ask: Ask, reason: str, **about: Any) -> Request:
    item = d.review.items.get(about.get("subject", ""))
    id = f"R{len(d.review.requests) + 1}"
    spec = item.spec if item else None
    return Request(id=id, ask=ask, by=d.by, at=d.now, reason=reason, item=spec, **about)


def may_put_off(d: Decision, item: Item, until: datetime) -> bool:
    """Whether one person may: the first time, by no more than the item was given (GATE, principle 3).

    Each later time it is to be decided by two whether what is promised is wanted at all.
    """
    assert d.review.policy is not None and item.due is not None
    given = d.review.policy.clocks.item[d.review.gravest]
    return item.extended == 0 and until <= given.after(item.due, d.given.calendar)


def ask_in_tracker(d: Decision, reading: Reading) -> None:
    """A later date in the tracker asks for an extension; once for each date, whatever was decided of it."""
    item = d.review.items.get(reading.item)
    if item is None or item.due is None or reading.due is None or reading.due <= item.due.date():
        return
    if item.status in (ItemStatus.DONE, ItemStatus.WITHDRAWN) or d.review.stage not in HEARD_IN[inputs.ExtendDue]:
        return
    until = datetime.combine(reading.due, item.due.timetz())
    asked = [
        r for r in d.review.requests.values() if (r.ask, r.subject, r.until) == (Ask.EXTEND_DUE, reading.item, until)
    ]
    if asked or until <= d.now:
        return
    seen = basis(d.review, [f"{ITEM}/{reading.item}"])
    request = _new_request(d, Ask.EXTEND_DUE, "", subject=reading.item, until=until, basis=seen)
    d.record(events.ApprovalAsked(request=request))


def _about(request: Request) -> tuple[Any, ...]:
    subject = request.subject or ", ".join(request.teams)
    return request.ask, request.rule, subject, request.change, request.into, request.facts


def _is_over(request: Request, now: datetime) -> bool:
    """Whether what it asks for would have ended by now."""
    return request.until is not None and request.until <= now


def _is_overtaken(request: Request, review: Review) -> bool:
    """Whether what it is about has become another thing since it was asked."""
    item = review.items.get(request.subject)
    if item is not None and item.status is ItemStatus.WITHDRAWN:
        return False  # which is said in other words
    is_another = request.ask is Ask.CHANGE_ITEM and (item is None or item.spec != request.item)
    incident = review.incidents.get(request.subject)
    is_another |= incident is not None and _knows_otherwise(request, incident)
    return is_another or bool(changed(review, request))


def _knows_otherwise(request: Request, incident: Incident) -> bool:
    """Whether what a request about an incident would correct, or take out, is not what it was when it was asked."""
    names = [name for name in Facts.model_fields if request.facts is None or getattr(request.facts, name)]
    known = request.known
    return known is not None and any(getattr(known, n) != getattr(incident.known_facts, n) for n in names)


def _request(d: Decision, id: str) -> Request:
    request = d.review.requests.get(id)
    if request is None:
        raise Rejected(f"There is no request {id}; there are {these(tuple(d.review.requests))}.")
    if not request.pending:
        raise Rejected(f"{id} is {'granted' if request.granted else 'refused'} already.")
    return request


def approve(d: Decision, body: inputs.Approve) -> None:
    request = _request(d, body.request)
    waiver = _renewed_by(request, d.review)
    refuse_if(
        *not_independent(d.review, Act.APPROVE, d.hands, request.subject, request),
        waiver is not None
        and not d.hands.isdisjoint(waiver.granted_by)
        and "They approved this before: each renewal needs another approver.",
        *out_of_date(request, d.review, d.now),
    )
    d.record(events.ApprovalGranted(request=request.id, by=d.by, basis=request.basis))
    _GRANTED[request.ask](d, request)


def _renewed_by(request: Request, review: Review) -> Waiver | None:
    """The waiver that an approval of this request would renew, if there is one."""
    if request.ask is Ask.ACCEPT_RISK:
        return review.risks.get(request.subject)
    return review.waivers.get(waiver_id(request.rule, request.subject))


def not_approvers(request: Request, review: Review) -> tuple[PersonId, ...]:
    """Who may not approve a request: whoever the policy excludes, and who approved it before."""
    waiver = _renewed_by(request, review)
    excluded = excluded_people(review, Act.APPROVE, request.subject, request)
    return tuple(dict.fromkeys([*excluded, *(waiver.granted_by if waiver else ())]))


def out_of_date(request: Request, review: Review, now: datetime) -> tuple[str, ...]:
    """Why nobody's approval of a request is heard any more; empty while it waits for no more than a second person."""
    item = review.items.get(request.subject)
    reasons = (
        _is_over(request, now) and f"{request.id} would have ended by now; ask anew.",
        review.stage not in HEARD_IN[_ASKED_BY[request.ask]] and unheard(review, _ASKED_BY[request.ask]),
        request.ask is Ask.LOWER_SEVERITY
        and request.subject != review.severity
        and f"The severity was {request.subject} when {request.id} was asked, and is {review.severity}; ask anew.",
        request.ask in (Ask.WITHDRAW_ITEM, Ask.CHANGE_ITEM, Ask.EXTEND_DUE, Ask.SPLIT_ITEM)
        and item is not None
        and item.status is ItemStatus.WITHDRAWN
        and f"{request.subject} is withdrawn already.",
        request.ask is Ask.SPLIT_ITEM
        and item is not None
        and item.status is ItemStatus.DONE
        and f"{request.subject} is done already.",
        *(f"There is an item {part.id} already; ask anew." for part in request.into if part.id in review.items),
        request.ask is Ask.EXTEND_DUE
        and item is not None
        and (item.due is None or request.until is None or request.until <= item.due)
        and f"{request.subject} is due later already.",
        request.ask in (Ask.REMOVE_INCIDENT, Ask.CLASSIFY)
        and request.subject not in review.incidents
        and f"{request.subject} is no part of this review any more.",
        request.ask is Ask.DISMISS and _still_promised(review),
        request.ask is Ask.SHARE and not review.private_to and "Everybody sees this review already.",
        _is_overtaken(request, review) and f"{request.subject} has changed since {request.id} was asked; ask anew.",
    )
    return tuple(reason for reason in reasons if isinstance(reason, str))


def _grant_nothing_more(d: Decision, request: Request) -> None:
    """A waiver and an accepted risk are made by the approval itself."""


def _grant_dismissal(d: Decision, request: Request) -> None:
    d.record(events.ReviewDismissed(by=request.by, reason=request.reason))


def _grant_withdrawal(d: Decision, request: Request) -> None:
    d.record(events.ItemWithdrawn(item=request.subject, by=request.by, reason=request.reason))


def _grant_item_change(d: Decision, request: Request) -> None:
    assert request.change is not None
    d.change(request.change)


def _grant_extension(d: Decision, request: Request) -> None:
    assert request.until is not None
    d.record(events.DueExtended(item=request.subject, due=request.until))


def _grant_split(d: Decision, request: Request) -> None:
    """The parts are promised where and until when the whole was: splitting puts nothing off."""
    whole = d.review.items[request.subject]
    d.record(events.ItemSplit(item=request.subject, into=request.into, by=request.by, reason=request.reason))
    for part in request.into:
        d.accept(part.id, whole.place, due=whole.due)


def _grant_lower_severity(d: Decision, request: Request) -> None:
    assert request.severity is not None
    d.record(events.SeverityChanged(severity=request.severity))


def _grant_removal(d: Decision, request: Request) -> None:
    """Where the review waited for it alone, its quiet window begins now."""
    left = [incident for ref, incident in d.review.incidents.items() if ref != request.subject]
    is_over = all(incident.status is IncidentStatus.RESOLVED for incident in left)
    waits = d.review.stage is Stage.STABILIZATION and d.review.quiet_until is None and is_over
    assert d.review.policy is not None
    quiet = d.in_time(d.review.policy.clocks.quiet[d.review.severity]) if waits else None
    d.record(events.IncidentRemoved(incident=request.subject, by=request.by, reason=request.reason, quiet_until=quiet))


def _grant_correction(d: Decision, request: Request) -> None:
    assert request.facts is not None
    correct(d, request.subject, request.facts, request.by, request.reason)


def _grant_sharing(d: Decision, request: Request) -> None:
    teams = sorted({*d.review.private_to, *request.teams}) if request.teams else ()
    d.record(events.ReviewShared(teams=tuple(teams)))


def refuse(d: Decision, body: inputs.Refuse) -> None:
    request = _request(d, body.request)
    d.record(events.ApprovalRefused(request=request.id, by=d.by, reason=body.reason))


_ASKED_BY: dict[Ask, type[Record]] = {
    Ask.WAIVE: inputs.AskWaiver,
    Ask.ACCEPT_RISK: inputs.AcceptRisk,
    Ask.DISMISS: inputs.Dismiss,
    Ask.WITHDRAW_ITEM: inputs.WithdrawItem,
    Ask.LOWER_SEVERITY: inputs.LowerSeverity,
    Ask.REMOVE_INCIDENT: inputs.RemoveIncident,
    Ask.CLASSIFY: inputs.Classify,
    Ask.CHANGE_ITEM: inputs.ChangeItem,
    Ask.EXTEND_DUE: inputs.ExtendDue,
    Ask.SPLIT_ITEM: inputs.SplitItem,
    Ask.SHARE: inputs.Share,
}
"""An approval is heard where its request is: what cannot be asked for any more is not granted either."""


_GRANTED: dict[Ask, Callable[[Decision, Request], None]] = {
    Ask.WAIVE: _grant_nothing_more,
    Ask.ACCEPT_RISK: _grant_nothing_more,
    Ask.DISMISS: _grant_dismissal,
    Ask.WITHDRAW_ITEM: _grant_withdrawal,
    Ask.LOWER_SEVERITY: _grant_lower_severity,
    Ask.REMOVE_INCIDENT: _grant_removal,
    Ask.CLASSIFY: _grant_correction,
    Ask.CHANGE_ITEM: _grant_item_change,
    Ask.EXTEND_DUE: _grant_extension,
    Ask.SPLIT_ITEM: _grant_split,
    Ask.SHARE: _grant_sharing,
}
