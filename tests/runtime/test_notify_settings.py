"""Who can be told what, and when, from settings and catalogue."""

from datetime import time, timedelta

import pytest

from building.recipients import build_book, told_by_name
from domain.model.catalogue import Catalogue
from domain.people.notifications import QuietHours, Way, person
from records.store import Records
from runtime.settings import SettingsError, load_settings

TEAM = {"title": "ML", "lead": "Lead@example.org", "time_zone": "Europe/Berlin"}
CATALOGUE = Catalogue.model_validate({"teams": {"ml": TEAM, "ops": TEAM | {"lead": "nobody@example.org"}}})
CHANNEL = {"channels": ["json://u:hush@h/"]}


def test_persons_stand_in_the_book_by_their_opaque_ids_and_teams_keep_their_own_time(sqlite_records: Records) -> None:
    told = {
        "time_zone": "America/New_York",
        "quiet_hours": "21:00-06:30",
        "digest_day": "friday",
        "digest_hour": 15,
        "admin": CHANNEL | {"time_zone": "Asia/Kolkata", "quiet_hours": "00:00-00:00"},
        "teams": {"ml": CHANNEL, "silent": {}},
        "people": {"lead@example.org": CHANNEL, "silent@example.org": {}},
    }
    settings = load_settings(notify=told)
    book, channels = build_book(settings, CATALOGUE, sqlite_records.people)
    lead = person(sqlite_records.people.id_of("lead@example.org"))
    assert set(book.recipients) == set(channels) == {"admin", "team/ml", lead}
    assert {id: r.calendar.zone for id, r in book.recipients.items()} == {
        "admin": "Asia/Kolkata",
        "team/ml": "Europe/Berlin",
        lead: "America/New_York",
    }
    assert book.recipients[lead].quiet == QuietHours(begin=time(21), end=time(6, 30))
    assert book.recipients["team/ml"].digest_at == timedelta(days=4, hours=15)
    assert (book.leads, book.named) == ({"ml": lead}, {"lead@example.org": lead})
    assert set(told_by_name(settings)) == {"admin", "team/ml", "person/lead@example.org"}
    assert "hush" not in repr(settings) + repr(channels)


def test_a_bot_of_slacks_gives_a_team_threads_and_leaves_all_else_as_it_is(sqlite_records: Records) -> None:
    bot, mail = "slack://xoxb-1234-hush/#ml", "json://u:hush@h/"
    told = {
        "admin": {"channels": [bot]},
        "teams": {"ml": {"channels": [mail, bot]}, "ops": {"channels": [bot]}},
        "people": {"lead@example.org": {"channels": [bot]}},
    }
    book, channels = build_book(load_settings(notify=told), CATALOGUE, sqlite_records.people)
    lead = person(sqlite_records.people.id_of("lead@example.org"))
    assert {id: recipient.ways for id, recipient in book.recipients.items()} == {
        "admin": (Way.WHOLE,),
        "team/ml": (Way.WHOLE, Way.THREADS),
        "team/ops": (Way.THREADS,),
        lead: (Way.WHOLE,),
    }
    assert {name: [address.get_secret_value() for address in told] for name, told in channels.items()} == {
        "admin": [bot],
        "team/ml": [mail],
        "team/ml in threads": [bot],
        "team/ops in threads": [bot],
        lead: [bot],
    }


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"quiet_hours": "22-7h"}, "notify.quiet_hours: .*such as '22:00-07:00'"),
        ({"quiet_hours": "22:00"}, "notify.quiet_hours: .*such as '22:00-07:00'"),
        ({"admin": {"time_zone": "Berlin"}}, "notify.admin.time_zone: .*such as 'Europe/Berlin'"),
        ({"digest_hour": 24}, "notify.digest_hour"),
        ({"people": {"ann": {"channels": "json://hush"}}}, "notify.people.ann.channels"),
    ],
)
def test_what_is_set_wrongly_is_named_and_not_quoted(told: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as raised:
        load_settings(notify=told)
    assert "hush" not in str(raised.value)
