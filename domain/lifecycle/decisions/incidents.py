"""Incidents: which open a review, and what a telling does to one that is open.

A function without an underscore carries out the command or the fact that it is named for, on a decision in the making.
"""

from datetime import datetime

from domain.lifecycle import events, inputs
from domain.lifecycle.decisions.correction import correct, eases, new_facts, why_not
from domain.lifecycle.decisions.decision import Decision, refuse_if, these
from domain.lifecycle.decisions.incident_merge import heard, merged
from domain.lifecycle.decisions.privacy import locks_out
from domain.lifecycle.decisions.requests import ask
from domain.lifecycle.incident_routing import successor_id
from domain.model.catalogue import Catalogue
from domain.model.review import BY_HAND, Facts, Incident, Review
from domain.model.taxonomy import Ask, Clock, IncidentStatus, Realisation, Severity, Stage
from domain.model.values import digest_of


def qualifies(incident: Incident, given: inputs.Given) -> str | None:
    """The rule of the policy in force that excludes this incident from being reviewed; none where it qualifies."""
    asked = given.policy.qualifies
    if incident.realisation is Realisation.NEAR_MISS:
        return None
    if asked.listed_services_only and incident.service not in given.catalogue.services:
        return f"service: {incident.service} is not listed in the catalogue"
    severity = incident.counted(given.policy.clocks.triage)
    if severity not in asked.severities:
        return f"severity: {severity} is not reviewed"
    began, resolved = (None, None) if incident.contradiction else (incident.began, incident.resolved)
    if began and resolved and resolved < asked.shortest.after(began):
        return f"duration: shorter than {asked.shortest}"
    return None


def open_review(d: Decision, body: inputs.OpenReview) -> None:
    private_to = tuple(sorted(set(body.private_to)))
    wrong = _wrong(body.incident, d.given.catalogue) if body.incident.ref not in d.review.incidents else ()
    refuse_if(*wrong, locks_out(d, private_to))
    known, told = d.review.incidents.get(body.incident.ref), heard(body.incident, None, d.now)
    _open(d, _no_lighter(merged(known, told), known) if known else told, private_to)


def _no_lighter(told: Incident, known: Incident) -> Incident:
    """An incident that was excluded, as a person tells it: what a source has told of its severity stands."""
    graver = known.severity.is_graver_than(told.severity)
    return told.model_copy(update={"severity": known.severity, "severities": known.called}) if graver else told


def _wrong(incident: Incident, catalogue: Catalogue) -> tuple[str, ...]:
    """What a person who tells of it has to mend first. What a source tells is taken as it is: nobody could mend it.

    A near miss may be of what is not listed yet: it always gets a review.
    """
    is_harm = incident.realisation is Realisation.HARM
    unlisted = catalogue.unlisted(incident.service, incident.models) if is_harm else ()
    return (*unlisted, *_impossible(incident))


def _impossible(incident: Incident) -> tuple[str, ...]:
    return (f"resolved: {incident.contradiction}",) if incident.contradiction else ()


def _open(d: Decision, incident: Incident, private_to: tuple[str, ...] = (), follows: str | None = None) -> None:
    policy, severity = d.given.policy, incident.severity
    d.record(
        events.ReviewOpened(
            at=d.now,
            incident=incident,
            policy=policy,
            policy_digest=policy.digest,
            owner=incident.responder or incident.lead,
            quiet_until=_quiet_until(d, incident, severity),
            due={Clock.REVIEW: d.in_time(policy.clocks.review[severity])},
            home=d.given.routing.place_for(incident.service, incident.models, incident.team, private=bool(private_to)),
            private_to=private_to,
            follows=follows,
            roles=d.given.catalogue.roles_for(incident.service),
        )
    )


def _quiet_until(d: Decision, incident: Incident, severity: Severity) -> datetime | None:
    """The end of a quiet window that starts with this telling; none while the incident is open."""
    if incident.status is IncidentStatus.OPEN:
        return None
    policy = d.review.policy or d.given.policy
    return d.in_time(policy.clocks.quiet[severity])


def join_incident(d: Decision, body: inputs.JoinIncident) -> None:
    known = d.review.incidents.get(body.incident.ref)
    refuse_if(
        known is not None
        and not _is_over_now(known, body.incident)
        and f"{body.incident.ref} is part of this review already.",
        d.given.elsewhere is not None
        and f"{body.incident.ref} is part of another review, which hears of it: dismiss one of the two.",
        *_impossible(body.incident),
    )
    _update_incident(d, heard(body.incident, None, d.now))


def classify(d: Decision, body: inputs.Classify) -> None:
    known, first = d.review.incidents, d.review.first_incident
    assert first is not None
    ref = body.incident or first.ref
    refuse_if(ref not in known and f"There is no incident {ref}; there are {these(tuple(known))}.")
    facts = new_facts(known[ref], body, d.given.catalogue)
    refuse_if(facts == Facts() and f"That is what is known of {ref} already: say what to correct.")
    refuse_if(*why_not(d, ref, facts))
    is_reviewed = d.review.stage is not Stage.EXCLUDED
    if is_reviewed and eases(d, ref, facts):
        ask(d, Ask.CLASSIFY, body.reason, subject=ref, facts=facts, known=known[ref].known_facts)
        return
    correct(d, ref, facts, d.by, body.reason)
    if not is_reviewed:
        _qualify(d, d.review.incidents[ref])


def _is_over_now(known: Incident, told: Incident) -> bool:
    """Whether a person tells that an incident is over which no source knows: they told of it in the first place."""
    return known.source == BY_HAND and (known.status, told.status) == (IncidentStatus.OPEN, IncidentStatus.RESOLVED)


def incident_told(d: Decision, body: inputs.IncidentTold) -> None:
    known = d.review.incidents.get(body.incident.ref)
    incident = heard(body.incident, known, d.now)
    if d.review.stage in (None, Stage.EXCLUDED):
        corrected = known is not None and (known.facts != Facts() or known.raised)
        if known and (corrected or _rank(incident) < _rank(known)):
            if known.facts.service is None:
                known = known.model_copy(update={"service": incident.service, "team": incident.team})
            incident = merged(known, incident)  # what it was called while it was open is heard of later, and counts
        elif incident.status is IncidentStatus.OPEN:
            return
        _qualify(d, incident)
    elif known is None or merged(known, incident) != known:
        before = d.review
        _update_incident(d, incident)
        _succeed(d, before, incident.ref)


def _qualify(d: Decision, incident: Incident) -> None:
    """Review an incident, or say by which rule it is not reviewed; once for each, and again where it is graver."""
    rule, counted = qualifies(incident, d.given), incident.counted(d.given.policy.clocks.triage)
    if rule is None:
        _open(d, incident)
    elif rule != d.review.excluded_by or counted.is_graver_than(d.review.gravest):
        d.record(events.IncidentExcluded(incident=incident, rule=rule, policy_digest=d.given.policy.digest))


def _succeed(d: Decision, before: Review, ref: str) -> None:
    """An end is no sink: where an incident does more harm after it, by firing again or being graver, a review follows.

    What an incident merely tells anew of the past is noted, and is no harm.
    """
    review, incident = d.review, d.review.incidents[ref]
    fired = incident.status is IncidentStatus.OPEN and review.refires > before.refires
    graver = incident.severity.is_graver_than(before.gravest)
    if review.stage not in (Stage.ARCHIVED, Stage.DISMISSED) or review.successor or not (fired or graver):
        return
    if incident.realisation is Realisation.HARM and qualifies(incident, d.given) is None:
        d.record(events.ReviewSucceeded(successor=successor_id(review.id), incident=incident))


def harm_reported(d: Decision, body: inputs.HarmReported) -> None:
    if d.review.stage is None:
        _open(d, body.incident, body.private_to, body.follows)


def _rank(incident: Incident) -> tuple[datetime, bool, str]:
    """Of two tellings the one with the later source time counts; of two at the same time, one that says it is open."""
    return incident.as_of, incident.status is IncidentStatus.OPEN, digest_of(incident)


def _update_incident(d: Decision, told: Incident) -> None:
    """Record what is known after a telling. Of an ended review too: later news changes nothing, and is not lost."""
    known = d.review.incidents.get(told.ref)
    incident = merged(known, told) if known else told
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
