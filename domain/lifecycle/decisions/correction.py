"""Correcting what is known of an incident: its kinds, models, service and times, and its severity upwards."""

from datetime import datetime

from domain.lifecycle import events
from domain.lifecycle.decisions.decision import Decision
from domain.lifecycle.decisions.incident_merge import corrected
from domain.model.catalogue import Catalogue
from domain.model.review import OWNING, Facts, Incident
from domain.model.taxonomy import Stage
from domain.model.values import Period, PersonId, TextRef


def new_facts(known: Incident, body: Facts, catalogue: Catalogue) -> Facts:
    """What is said of an incident that is not known of it already; its service too, where its team is only now."""
    said = {name: value for name in Facts.model_fields if (value := getattr(body, name))}
    new = {name: value for name, value in said.items() if _differs(value, getattr(known, name))}
    if known.team is None and body.service and catalogue.team_of(body.service):
        new["service"] = body.service
    return Facts(**new)


def _differs(said: object, known: object) -> bool:
    """Of kinds and models the order says nothing."""
    return set(said) != set(known) if isinstance(said, tuple) and isinstance(known, tuple) else said != known


def why_not(d: Decision, ref: str, facts: Facts) -> tuple[str | bool | None, ...]:
    """Why these facts cannot be said of an incident of the review."""
    policy = d.review.policy or d.given.policy
    known, after = d.review.incidents[ref], _after(d, ref, facts)
    is_excluded = d.review.stage is Stage.EXCLUDED
    return (
        is_excluded
        and known.team is not None
        and after.service != known.service
        and f"service: {known.service} is team {known.team}'s: open the review first, then ask for another service.",
        *d.given.catalogue.unlisted(facts.service, facts.models),
        after.contradiction and f"resolved: {after.contradiction}",
        _lowers(known, facts, policy.clocks.triage, d.by, d.now),
    )


def correct(d: Decision, ref: str, facts: Facts, by: PersonId, reason: TextRef) -> None:
    """Record what is corrected; the review is as grave as the gravest of its incidents is called then."""
    before, after = d.review.incidents[ref], _after(d, ref, facts)
    roles = _new_roles(d, before, after)
    d.record(events.IncidentCorrected(incident=after, facts=facts, roles=roles, by=by, reason=reason))
    gravest = min(incident.severity for incident in d.review.incidents.values())
    raised = after.severity.is_graver_than(before.severity) and gravest.is_graver_than(d.review.severity)
    taken_back = before.severity.is_graver_than(after.severity) and d.review.severity is before.severity
    if raised or taken_back:
        d.record(events.SeverityChanged(severity=gravest))


def eases(d: Decision, ref: str, facts: Facts) -> bool:
    """Whether saying so lifts something that the review has to answer for, or chooses who signs it."""
    review, policy, before, after = d.review, d.review.policy, d.review.incidents[ref], _after(d, ref, facts)
    fewer = {*before.kinds} - {*after.kinds} or {*before.models} - {*after.models}
    roles = _new_roles(d, before, after)
    then = review.model_copy(
        update={"incidents": review.incidents | {ref: after}, "roles": review.roles if roles is None else roles}
    )
    assert policy is not None
    was, would_be = (policy.profile_for(then.gravest, r.realisation, r.kinds, r.service) for r in (review, then))
    fewer_sign = {*review.resolved(was.teams)} - {*then.resolved(would_be.teams)} - {OWNING}
    others_sign = bool(fewer_sign) or (before.team is not None and after.service != before.service)
    return bool(fewer and review.submission) or others_sign or would_be.asks_less_than(was)


def _new_roles(d: Decision, before: Incident, after: Incident) -> dict[str, str] | None:
    """Which teams hold the policy's roles, where the incident that opened the review is another service's now."""
    is_another = d.review.first_incident is before and after.service != before.service
    return d.given.catalogue.roles_for(after.service) if is_another else None


def _after(d: Decision, ref: str, facts: Facts) -> Incident:
    return corrected(d.review.incidents[ref], facts, d.given.catalogue, d.by, d.now)


def _lowers(known: Incident, facts: Facts, triage: Period, by: PersonId, now: datetime) -> str | None:
    """Why a severity is refused: only who has just raised it lowers it, to what it was before that."""
    wanted, before = facts.severity, (known.called[-1][1], *(severity for _, severity in known.raised[-2:-1]))
    if wanted is None or not known.severity.is_graver_than(wanted):
        return None
    is_slip = known.raised_by == by and known.raised and now < triage.after(known.raised[-1][0])
    if is_slip and not min(before).is_graver_than(wanted):
        return None
    return f"severity: {wanted} is lower than {known.severity}: ask for a lower severity, which takes two."
