"""How each team counts days: its time zone from the catalogue, its holidays from the `holidays` package."""

from datetime import date, datetime
from functools import cache

import holidays

from domain.model.catalogue import Catalogue, Team
from domain.model.values import Calendar

YEARS_AHEAD = 3
"""For how many years holidays are told; a due date lies nearer than that."""


class Calendars:
    """The calendar of each team of a catalogue. Who has no team counts in UTC, and has no holidays."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._teams = catalogue.teams

    def of(self, team: str | None, now: datetime) -> Calendar:
        """How a team counts days at `now` (UTC)."""
        known = self._teams.get(team) if team else None
        return _calendar(known, now.year) if known else Calendar()


def calendar_faults(catalogue: Catalogue) -> list[str]:
    """What is wrong with the countries that a catalogue names, each in a sentence."""
    wrong = []
    for name, team in catalogue.teams.items():
        if team.country is None and team.subdivision is not None:
            wrong.append(f"teams.{name}.subdivision: needs a country")
        elif team.country is not None:
            try:
                _holidays(team.country, team.subdivision, 2026)
            except NotImplementedError:
                called = " ".join(filter(None, (team.country, team.subdivision)))
                wrong.append(f"teams.{name}.country: the holidays of {called!r} are not known; write one like 'DE'")
    return wrong


@cache
def _calendar(team: Team, year: int) -> Calendar:
    if team.country is None:
        return Calendar(zone=team.time_zone)
    years = range(year - 1, year + YEARS_AHEAD + 1)
    days = (_holidays(team.country, team.subdivision, year) for year in years)
    return Calendar(zone=team.time_zone, holidays=frozenset[date]().union(*days))


def _holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))
