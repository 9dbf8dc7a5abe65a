"""Lists that are cut into pages: nothing is skipped or shown twice, nor found by who may not see it."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.lifecycle.inputs import Approve, AskWaiver, AssignOwner, MakePrivate, Tick
from domain.lifecycle.permissions import Sight
from domain.model.taxonomy import Stage
from domain.people.tasks import Role, asks
from records import tables
from records.read_model.paging import Place, place
from records.read_model.tasks import Of
from records.store import Records
from tests.records.build import Teller

ALL, ML = Sight(everything=True), Sight(teams=("ml",))


def opened(records: Records, count: int) -> list[str]:
    teller = Teller(records)
    return [teller.open(f"Q{number}") for number in range(count)]


def test_pages_show_every_review_once_and_in_order(records: Records) -> None:
    ids = set(opened(records, 7))
    found, after = list[str](), None
    while True:
        page = records.reviews.page(ALL, list(Stage), 3, after)
        found += [review.id for review in page.rows]
        if page.following is None:
            break
        assert len(page.rows) == 3
        after = place(str(page.following), 1)
    assert (len(found), set(found)) == (7, ids)
    assert [review.id for review in records.reviews.page(ALL, list(Stage), 100).rows] == found
    assert records.reviews.page(ALL, [Stage.CLOSED], 3).rows == ()


def test_a_page_of_none_is_empty(records: Records) -> None:
    opened(records, 1)
    assert records.reviews.page(ALL, list(Stage), 0).rows == ()


def test_who_may_not_see_a_review_finds_it_in_no_list(records: Records) -> None:
    teller = Teller(records)
    seen, hidden = teller.to_draft("Q1"), teller.to_draft("Q2")
    teller.say(hidden, MakePrivate(teams=("security",), reason="text:why"))
    teller.say(seen, AssignOwner(owner="p-1"))
    teller.say(hidden, AssignOwner(owner="p-1"))
    reviews, asked, late = records.reviews, records.asked, datetime(2999, 1, 1, tzinfo=UTC)
    for sight, ids in ((ALL, {seen, hidden}), (Sight(teams=("security",)), {seen, hidden}), (ML, {seen})):
        assert {review.id for review in reviews.page(sight, list(Stage), 10).rows} == ids
        assert sum(reviews.counts(sight).values()) == len(ids)
        assert reviews.late(sight, late) == len(ids)
        assert reviews.unseen(sight, [seen, hidden]) == {seen, hidden} - ids
        mine = asked.these(sight, [Of(Role.PERSON, "p-1")], 10)
        assert {pointer.review for pointer in mine.rows} == ids
        assert {pointer.review for pointer in asked.late(sight, late, 10).rows} == ids


def test_what_is_asked_no_more_is_listed_no_more(records: Records) -> None:
    teller = Teller(records)
    review = teller.to_draft("Q1")
    first, second = [Of(Role.PERSON, "p-1")], [Of(Role.PERSON, "p-2")]
    teller.say(review, AssignOwner(owner="p-1"))
    asked = records.asked.these(ALL, first, 10).rows
    assert f"{review}/draft:0" in {pointer.key for pointer in asked}
    teller.say(review, AssignOwner(owner="p-2"))
    for _ in range(2):
        assert records.asked.these(ALL, first, 10).rows == ()
        assert records.asked.these(ALL, second, 10).rows == asked
        records.reviews.rebuild()


def test_a_place_is_what_a_page_said_and_nothing_else() -> None:
    somewhere = Place(datetime(2026, 11, 1, tzinfo=UTC), ("pagerduty:Q1", "key/1"))
    assert place(str(somewhere), 2) == somewhere
    deep = base64.urlsafe_b64encode(b"[" * 2_000).decode()
    odd = ("", "!", "e30", "WzFd", "WyJub3QgYSB0aW1lIl0", "W10", deep, str(Place(somewhere.moment, ("a\x00", "b"))))
    for text in (*odd, str(Place(somewhere.moment, ("one",)))):
        with pytest.raises(ValueError, match="no place in the list"):
            place(text, 2)


def test_what_time_alone_begins_to_ask_is_listed_when_the_workflow_looks(records: Records) -> None:
    teller = Teller(records)
    review = teller.to_remediation("Q1")
    item = next(id for id, item in teller.find(review).items.items() if item.accepted)
    teller.say(review, AskWaiver(rule="done", subject=item, until=teller.now + timedelta(days=3), reason="text:why"))
    teller.say(review, Approve(request="R1"), by="p-another")
    with records.database.read() as connection:
        keys = select(tables.asked.c.key).where(tables.asked.c.review_id == review)
        assert any("/waiver:done/" in key for key in connection.execute(keys).scalars())
    teller.now += timedelta(days=4)
    teller.say(review, Tick())
    with records.database.read() as connection:
        assert {*connection.execute(keys).scalars()} == {w.key for w in asks(teller.find(review), teller.now)}
