"""What is kept of a review in memory is never other than what its stream says."""

from sqlalchemy import delete

from domain.lifecycle.events import OwnerAssigned
from domain.lifecycle.inputs import AssignOwner, Input, Tick
from records import tables
from records.event_log.state_cache import Memory
from records.event_log.streams import append
from records.read_model.reviews import read_review
from records.store import Records
from tests.records.build import NOW, Teller


def _read(records: Records, memory: Memory, review: str, input_id: str = "none") -> tuple[object, int]:
    with records.database.read() as connection:
        heard = memory.read(connection, review, input_id)
        assert heard.review == read_review(connection, review)
    return heard.review.owner, heard.last.seq if heard.last else 0


def test_what_others_appended_is_folded_on(records: Records) -> None:
    teller, memory = Teller(records), Memory()
    review = teller.open()
    assert _read(records, memory, review)[0] == "p-owner"
    teller.say(review, AssignOwner(owner="p-a"))
    teller.say(review, AssignOwner(owner="p-b"))
    assert _read(records, memory, review)[0] == "p-b"
    assert _read(records, memory, review)[0] == "p-b"


def test_a_stream_that_was_put_back_and_went_on_otherwise_is_folded_anew(records: Records) -> None:
    teller, memory = Teller(records), Memory()
    review = teller.open()
    kept = records.reviews.history(review)
    for owner in ("p-lost", "p-lost-too"):
        teller.say(review, AssignOwner(owner=owner))
    _read(records, memory, review)
    with records.database.write() as connection:
        connection.execute(delete(tables.events).where(tables.events.c.seq > len(kept)))
    with records.database.write() as connection:
        other = [OwnerAssigned(owner=owner, by="p-other") for owner in ("p-x", "p-y")]
        append(connection, review, kept[-1], other, Input(id="other", body=Tick()), NOW, teller.epoch)
    assert _read(records, memory, review) == ("p-y", len(kept) + 2)


def test_the_door_decides_on_a_stream_that_another_process_appended_to(records: Records) -> None:
    one, other = Teller(records), Teller(records)
    review = one.open()
    other.say(review, AssignOwner(owner="p-new"))
    refused = one.say(review, AssignOwner(owner="p-new")).answer
    assert refused.reasons == ("They own this review already.",)


def test_the_events_of_an_input_are_found_however_long_ago_it_was_heard(records: Records) -> None:
    teller, memory = Teller(records), Memory()
    review = teller.open()
    teller.say(review, AssignOwner(owner="p-a"), id="first")
    teller.say(review, AssignOwner(owner="p-b"), id="second")
    _read(records, memory, review)
    with records.database.read() as connection:
        for id in ("first", "second"):
            assert [link.input_id for link in memory.read(connection, review, id).earlier] == [id]
        assert memory.read(connection, review, "third").earlier == []


def test_only_so_many_reviews_are_kept_and_the_others_are_read_anew(records: Records) -> None:
    teller, memory = Teller(records), Memory(kept=2)
    reviews = [teller.open(f"Q{n}") for n in range(4)]
    for _ in range(2):
        for review in reviews:
            assert _read(records, memory, review)[0] == "p-owner"
    assert len(memory) == 2


def test_there_is_nothing_of_a_review_that_nobody_has_heard_of(records: Records) -> None:
    assert _read(records, Memory(), "pagerduty:none") == (None, 0)
