"""How each team counts days."""

from datetime import UTC, date, datetime

from domain.lifecycle.inputs import Input, OpenReview
from domain.model.catalogue import Catalogue
from domain.model.taxonomy import Clock, Severity
from domain.model.values import Calendar
from records.calendars import Calendars, calendar_faults
from records.store import Records
from tests.domain.build import incident, policy

TEAMS = {
    "recs": {"title": "Recommendations", "lead": "l@example.org", "time_zone": "Europe/Berlin", "country": "DE"},
    "bavaria": {"title": "Bavaria", "lead": "l@example.org", "country": "DE", "subdivision": "BY"},
    "plain": {"title": "Plain", "lead": "l@example.org", "time_zone": "Asia/Kolkata"},
}
CATALOGUE = Catalogue.model_validate({"teams": TEAMS})
THURSDAY = datetime(2026, 4, 2, 12, tzinfo=UTC)
"""Before Good Friday and Easter Monday."""


def test_a_team_has_the_holidays_of_its_country_and_of_its_part() -> None:
    calendars = Calendars(CATALOGUE)
    recs = calendars.of("recs", THURSDAY)
    assert recs.zone == "Europe/Berlin"
    assert {date(2026, 4, 3), date(2026, 4, 6), date(2027, 1, 1)} <= recs.holidays
    epiphany = date(2026, 1, 6)
    assert epiphany in calendars.of("bavaria", THURSDAY).holidays - recs.holidays
    assert calendars.of("plain", THURSDAY) == Calendar(zone="Asia/Kolkata")


def test_who_has_no_team_counts_in_utc() -> None:
    assert Calendars(CATALOGUE).of(None, THURSDAY) == Calendars(CATALOGUE).of("nobody's", THURSDAY) == Calendar()


def test_a_country_that_is_not_known_is_named() -> None:
    about = {"title": "T", "lead": "l"}
    teams = {
        "a": about | {"country": "XX"},
        "b": about | {"country": "DE", "subdivision": "QQ"},
        "c": about | {"subdivision": "BY"},
    }
    assert calendar_faults(Catalogue.model_validate({"teams": teams})) == [
        "teams.a.country: the holidays of 'XX' are not known; write one like 'DE'",
        "teams.b.country: the holidays of 'DE QQ' are not known; write one like 'DE'",
        "teams.c.subdivision: needs a country",
    ]
    assert calendar_faults(CATALOGUE) == []


def test_a_due_date_is_counted_by_the_calendar_of_the_team_and_recorded(sqlite_records: Records) -> None:
    clocks = policy().clocks.model_dump() | {"review": dict.fromkeys(Severity, "2 business days")}
    advance = sqlite_records.advance(policy(clocks=clocks), CATALOGUE)
    epoch = sqlite_records.engines.claim("engine")
    advance("r", Input(id="open", body=OpenReview(incident=incident())), THURSDAY, epoch)
    review = sqlite_records.reviews.find("r")
    assert review is not None
    assert review.due[Clock.REVIEW] == datetime(2026, 4, 8, 12, tzinfo=UTC)
