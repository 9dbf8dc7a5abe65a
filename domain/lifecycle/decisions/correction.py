"""Correcting what is known of an incident: its kinds, models, service and times, and its severity upwards."""

from datetime import datetime

from domain.lifecycle import events
from domain.lifecycle.decisions.decision import Decision
from domain.lifecycle.decisions.incident_merge import corrected
from domain.model.review import Facts, Incident
from domain.model.values import Period, PersonId, TextRef


def new_facts(known: Incident, body: Facts) -> Facts:
    """What is said of an incident that is not known of it already."""
    said = {name: value for name in Facts.model_fields if (value := getattr(body, name))}
    return Facts(**{name: value for name, value in said.items() if value != getattr(known, name)})


def why_not(d: Decision, ref: str, facts: Facts) -> tuple[str | bool | None, ...]:
    """Why these facts cannot be said of an incident of the review."""
    policy = d.review.policy or d.given.policy
    known, after = d.review.incidents[ref], _after(d, ref, facts)
    return (
        *d.given.catalogue.unlisted(facts.service, facts.models),
        after.contradiction and f"resolved: {after.contradiction}",
        _lowers(known, facts, policy.clocks.triage, d.now),
    )


def correct(d: Decision, ref: str, facts: Facts, by: PersonId, reason: TextRef) -> None:
    """Record what is corrected; the review is as grave as the gravest of its incidents is called then."""
    before, after = d.review.incidents[ref], _after(d, ref, facts)
    is_first = d.review.first_incident is before and after.service != before.service
    roles = d.given.catalogue.roles_for(after.service) if is_first else None
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
    then = review.model_copy(update={"incidents": review.incidents | {ref: after}})
    assert policy is not None
    was, would_be = (policy.profile_for(then.gravest, r.realisation, r.kinds, r.service) for r in (review, then))
    others_sign = before.team is not None and after.service != before.service
    return bool(fewer and review.submission) or others_sign or would_be.asks_less_than(was)


def _after(d: Decision, ref: str, facts: Facts) -> Incident:
    return corrected(d.review.incidents[ref], facts, d.given.catalogue, d.now)


def _lowers(known: Incident, facts: Facts, triage: Period, now: datetime) -> str | None:
    """Why a severity is refused: it is lowered only where a person has just raised it, as a slip that is taken back."""
    wanted = facts.severity
    if wanted is None or not known.severity.is_graver_than(wanted):
        return None
    if known.raised and now < triage.after(known.raised[-1][0]):
        return None
    return f"severity: {wanted} is lower than {known.severity}: ask for a lower severity, which takes two."
