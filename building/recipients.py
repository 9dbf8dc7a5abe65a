"""Who can be told by message what is asked of them, and over which channels."""

from collections.abc import Sequence
from datetime import time, timedelta

from pydantic import SecretStr

from domain.model.catalogue import Catalogue
from domain.model.values import Calendar
from domain.people.notifications import ADMIN, APPROVERS, Book, QuietHours, Recipient, Way, named, person, team, way_of
from integrations.notifiers.apprise import knows_threads
from records.documents.erasable_texts import People
from runtime.settings import RecipientSettings, Settings

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def told_by_name(settings: Settings) -> dict[str, RecipientSettings]:
    """How each recipient with a channel is told, by name: admin, approvers, team/ID and person/HANDLE."""
    notify = settings.notify
    every = {ADMIN: notify.admin, APPROVERS: notify.approvers}
    every |= {team(id): told for id, told in notify.teams.items()}
    every |= {person(handle): told for handle, told in notify.people.items()}
    return {name: told for name, told in every.items() if told.channels}


def build_book(settings: Settings, catalogue: Catalogue, people: People) -> tuple[Book, dict[str, Sequence[SecretStr]]]:
    """Who can be told what is asked of them, and the channels of each by way. Persons stand there by opaque ids."""
    notify, told = settings.notify, told_by_name(settings)
    ids = {handle.casefold(): person(people.id_of(handle)) for handle in notify.people if person(handle) in told}
    names = {name: ids[name.removeprefix(person("")).casefold()] for name in told if name.startswith(person(""))}
    zones = {team(id): t.time_zone for id, t in catalogue.teams.items()}
    ways = {id: _by_way(id, told[name].channels) for name in told for id in (names.get(name, name),)}
    weekday = DAYS.index(notify.digest_day)
    recipients = {
        id: Recipient(
            id=id,
            calendar=Calendar(zone=told[name].time_zone or zones.get(name) or notify.time_zone),
            quiet=_quiet(told[name].quiet_hours or notify.quiet_hours),
            digest_at=timedelta(days=weekday, hours=notify.digest_hour),
            ways=tuple(ways[id]),
        )
        for name in told
        for id in (names.get(name, name),)
    }
    leads = {id: ids[t.lead.casefold()] for id, t in catalogue.teams.items() if t.lead.casefold() in ids}
    book = Book(recipients=recipients, leads=leads, named=ids)
    return book, {named(id, way): addresses for id, by_way in ways.items() for way, addresses in by_way.items()}


def _by_way(to: str, channels: Sequence[SecretStr]) -> dict[Way, list[SecretStr]]:
    ways: dict[Way, list[SecretStr]] = {}
    for address in channels:
        ways.setdefault(way_of(to, knows_threads(address)), []).append(address)
    return ways


def _quiet(hours: str) -> QuietHours:
    begin, _, end = hours.partition("-")
    return QuietHours(begin=time.fromisoformat(begin), end=time.fromisoformat(end))
