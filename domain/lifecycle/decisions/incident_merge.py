"""What is known of an incident after several tellings of it: the same in whatever order they came.

Nothing that a source says later makes a review lighter: harm stays harm, kinds are only added, and the service and its
team stay those of the first telling. What people have corrected stays corrected, whatever a source tells again.
"""

from datetime import datetime, timedelta

from domain.model.catalogue import Catalogue
from domain.model.draft_parts import Measured
from domain.model.review import Facts, Incident
from domain.model.taxonomy import IncidentKind, IncidentStatus, Realisation, Severity
from domain.model.values import PersonId

TOLD_LAST = (
    "status",
    "severity",
    "title",
    "models",
    "realisation",
    "stopped_by",
    "began",
    "detected",
    "resolved",
    "key",
    "responder",
    "lead",
    "url",
    *Measured.model_fields,
)
"""Of each of these counts what was told last, by the source's time; what a telling leaves out is not told by it."""

_KEPT = ("older", "severities", "facts", "untold", "raised", "raised_by")
_OURS: dict[str, object] = {name: Incident.model_fields[name].default for name in _KEPT}
"""What only we keep of an incident: nobody tells it."""

MOMENT, SKEW = timedelta(microseconds=1), timedelta(seconds=1)


def heard(told: Incident, known: Incident | None, now: datetime) -> Incident:
    """A telling as it is heard at `now`: a source whose clock is ahead is taken to speak now, after what is known."""
    latest = now if known is None else max(now, min(known.as_of, now + SKEW) + MOMENT)
    return told.model_copy(update=_OURS | {"as_of": min(told.as_of, latest)})


def merged(known: Incident, told: Incident) -> Incident:
    """What is known after another telling. Of two things told for the same time, the graver one counts."""
    as_of = max(known.as_of, told.as_of)
    changes: dict[str, object] = {"as_of": as_of}
    older: dict[str, datetime] = {}
    for name in TOLD_LAST:
        said = [(i.older.get(name, i.as_of), getattr(i, name)) for i in (known, told) if getattr(i, name) is not None]
        if said:
            last = max(when for when, _ in said)
            changes[name] = min((value for when, value in said if when == last), key=str)
            if last != as_of:
                older[name] = last
    if Realisation.HARM in (known.realisation, told.realisation):
        changes["realisation"] = Realisation.HARM
    kinds = {*known.kinds, *told.kinds}
    if kinds != set(known.kinds):
        changes["kinds"] = tuple(kind for kind in IncidentKind if kind in kinds)
    if (called := _called(known, told)) != known.called:
        changes["severities"] = called
    if told.service == known.service:  # the catalogue may have learnt who answers for it
        changes["team"] = known.team or told.team
    came_again = told.status is IncidentStatus.OPEN and told.as_of > known.as_of
    facts = known.facts.model_copy(update={"resolved": None}) if came_again else known.facts
    return _as_corrected(known.model_copy(update=changes | {"older": older}), facts)


_CORRECTED = ("models", "began", "detected", "resolved")


def _as_corrected(incident: Incident, facts: Facts) -> Incident:
    """An incident as its source tells it, with what people have said in place of that.

    Of the kinds that are told those count that nobody took away: what a source tells for the first time is news.
    """
    said: dict[str, object] = {name: value for name in _CORRECTED if (value := getattr(facts, name))}
    kinds = {*incident.kinds, *facts.kinds} - {*incident.untold}
    if kinds != {*incident.kinds}:
        said["kinds"] = tuple(kind for kind in IncidentKind if kind in kinds)
    severities = (incident.called[-1][1], *(severity for _, severity in incident.raised[-1:]))
    return incident.model_copy(update=said | {"severity": min(severities), "facts": facts})


def corrected(known: Incident, facts: Facts, catalogue: Catalogue, by: PersonId, now: datetime) -> Incident:
    """What is known once a person has corrected these facts at `now`, beside those that were corrected before."""
    changes: dict[str, object] = {"severities": known.called}
    if facts.severity is not None:
        changes |= {"raised": (*known.raised, (now, facts.severity)), "raised_by": by}
    if facts.service is not None:
        models = known.models or catalogue.models_of(facts.service)
        changes |= {"service": facts.service, "team": catalogue.team_of(facts.service), "lead": None, "models": models}
    if facts.kinds:
        changes["untold"] = tuple(
            kind for kind in IncidentKind if kind in {*known.untold, *known.kinds} and kind not in facts.kinds
        )
    told = facts.model_dump(exclude_defaults=True)
    return _as_corrected(known.model_copy(update=changes), known.facts.model_copy(update=told))


def _called(known: Incident, told: Incident) -> tuple[tuple[datetime, Severity], ...]:
    """All that an incident was called over time: what is told late may stand between any two. The graver one last."""
    lightest_first = sorted({*known.called, *told.called}, key=lambda said: said[1], reverse=True)
    return tuple(sorted(lightest_first, key=lambda said: said[0]))
