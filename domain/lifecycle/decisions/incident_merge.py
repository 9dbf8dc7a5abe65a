"""What is known of an incident after several tellings of it: the same in whatever order they came.

Nothing that a source says later makes a review lighter: harm stays harm, kinds are only added, and the service and its
team stay those of the first telling.
"""

from datetime import datetime, timedelta

from domain.model.draft_parts import Measured
from domain.model.review import Incident
from domain.model.taxonomy import IncidentKind, Realisation, Severity

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

MOMENT, SKEW = timedelta(microseconds=1), timedelta(seconds=1)


def heard(told: Incident, known: Incident | None, now: datetime) -> Incident:
    """A telling as it is heard at `now`: a source whose clock is ahead is taken to speak now, after what is known."""
    latest = now if known is None else max(now, min(known.as_of, now + SKEW) + MOMENT)
    return told.model_copy(update={"as_of": min(told.as_of, latest), "older": {}, "severities": ()})


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
    return known.model_copy(update=changes | {"older": older})


def _called(known: Incident, told: Incident) -> tuple[tuple[datetime, Severity], ...]:
    """All that an incident was called over time: what is told late may stand between any two. The graver one last."""
    lightest_first = sorted({*known.called, *told.called}, key=lambda said: said[1], reverse=True)
    return tuple(sorted(lightest_first, key=lambda said: said[0]))
