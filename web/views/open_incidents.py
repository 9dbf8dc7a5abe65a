"""Incidents that are open at their source: for whoever asks what is going on that no review shows yet."""

from records.operations.inbox import OpenIncident
from web.deps import WebDeps


def told_open(deps: WebDeps) -> list[OpenIncident]:
    """The incidents that are open and have no review yet, with their titles in place."""
    found = deps.records.inbox.open_incidents()
    titles = deps.records.people.texts(one.title for one in found)
    return [one.model_copy(update={"title": titles.get(one.title, one.incident)}) for one in found]
