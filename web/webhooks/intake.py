"""Making a reported incident one of ours: the catalogue fills in what no source knows, and texts are kept apart."""

from domain.lifecycle.incident_routing import review_id
from domain.lifecycle.inputs import IncidentTold, Input
from domain.model.review import Incident
from domain.model.taxonomy import Door, StoppedBy
from domain.model.values import PersonId
from integrations.incidents.delivery import Delivery, ReportedIncident
from integrations.trackers.webhooks import Look
from web.deps import WebDeps


def take_in(deps: WebDeps, told: ReportedIncident, stopped_by: StoppedBy | None = None) -> Incident:
    """The incident with our names of service, models, team and lead; its title and its people are kept apart."""
    people, catalogue = deps.records.people, deps.catalogue
    service = catalogue.service_named(told.service)
    lead = catalogue.lead_of(service)
    return Incident(
        **told.model_dump(exclude={"title", "service", "models", "responder"}),
        title=people.keep(told.title, review_id(told.source, told.id)),
        service=service,
        models=told.models or catalogue.models_of(service),
        team=catalogue.team_of(service),
        responder=_who_answered(deps, told),
        lead=people.id_of(lead) if lead else None,
        stopped_by=stopped_by,
    )


def _who_answered(deps: WebDeps, told: ReportedIncident) -> PersonId | None:
    """Who answered, where that is somebody who can be asked: none where nobody knows whose account at a source it is.

    Where people sign in, it is somebody who has done so, or whom the catalogue names. Else the team's lead is asked.
    """
    handle, at_source = told.responder, f"{told.source}:"
    if handle is not None and handle.startswith(at_source):
        handle = deps.catalogue.handle_of(handle.removeprefix(at_source), told.source)
    if handle is None:
        return None
    person = deps.records.people.id_of(handle)
    if deps.provider is None or handle.strip().casefold() in deps.catalogue.handles:
        return person
    account = deps.records.accounts.of(person)
    return person if account is not None and account.signed_in_at is not None else None


def receive(deps: WebDeps, delivery: Delivery) -> str:
    """Put a delivery into the inbox: `accepted`, or `known` where it is there already, or `ignored`."""
    inbox, kind = deps.records.inbox, delivery.kind[:100]
    if delivery.told is None:
        inbox.ignore(delivery.source, kind, delivery.id, delivery.ignored_because or "it asks for nothing")
        return "ignored"
    incident = take_in(deps, delivery.told)
    fact = Input(
        id=delivery.id,
        by=delivery.source,
        door=Door.WEBHOOK,
        at=delivery.told.as_of,
        body=IncidentTold(incident=incident),
    )
    return "accepted" if inbox.receive(delivery.source, kind, fact) else "known"


def note_look(deps: WebDeps, look: Look) -> str:
    """Ask for the look that a tracker's webhook wants: `accepted`, or `known` where it came before, or `ignored`.

    An issue that no review watches is asked for all the same: the look leaves it alone.
    """
    records, named = deps.records, look.issues
    if look.projects:
        wholes = {project.casefold() for project in look.projects}
        watched = records.reviews.watched_issues(look.tracker)
        named += tuple(issue.ref.id for issue in watched if issue.ref.project.casefold() in wholes)
    because = look.ignored_because or "what it names is looked at; what it says of it is not believed"
    if look.ignored_because is None:  # first, or a delivery that comes again after a crash would be known and lost
        records.seen.want(look.tracker, dict.fromkeys(named))
    if not records.inbox.ignore(look.tracker, look.kind, look.id, because):
        return "known"
    return "ignored" if look.ignored_because is not None else "accepted"
