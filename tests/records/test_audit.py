import json

import pytest
from sqlalchemy import delete, insert, select, update

from domain.lifecycle.inputs import AssignOwner, VerifyItem
from domain.model.attachment import Attachment
from domain.model.endorsement import Evidence
from domain.model.values import canonical_json
from records import tables
from records.event_log.hash_chain import BEGINNING, hash_after
from records.store import Records
from tests.records.build import Teller

EVENTS = tables.events


@pytest.fixture
def review(records: Records) -> str:
    return Teller(records).to_closed()


def _verify(records: Records) -> str:
    return "\n".join(records.audit.verify().wrong)


def test_an_untouched_stream_has_no_fault(records: Records, review: str) -> None:
    assert _verify(records) == ""
    head = records.audit.verify(review).head
    assert head == records.audit.verify().head
    Teller(records).say(review, AssignOwner(owner="p-new"))
    assert records.audit.verify().head != head


def test_a_review_that_is_not_there_is_a_fault(records: Records) -> None:
    assert records.audit.verify("pagerduty:none").wrong == ("pagerduty:none: there is no such review.",)


def test_a_changed_text_is_found(records: Records, review: str) -> None:
    with records.database.write() as connection:
        text = connection.execute(select(EVENTS.c.text).where(EVENTS.c.seq == 3)).scalar_one()
        connection.execute(update(EVENTS).where(EVENTS.c.seq == 3).values(text=text.replace("p-", "q-")))
    assert f"{review} event 3: its hash does not follow" in _verify(records)


def test_a_text_that_is_no_event_is_found(records: Records, review: str) -> None:
    with records.database.write() as connection:
        connection.execute(update(EVENTS).where(EVENTS.c.seq == 3).values(text="nothing"))
    assert f"{review} event 3: its text is not an event" in _verify(records)


def test_a_removed_event_is_found(records: Records, review: str) -> None:
    with records.database.write() as connection:
        connection.execute(delete(EVENTS).where(EVENTS.c.seq == 4))
    assert f"{review} event 5: event 4 was expected here" in _verify(records)


def test_a_cut_tail_is_seen_against_the_read_model(records: Records, review: str) -> None:
    with records.database.write() as connection:
        last = len(records.reviews.history(review))
        connection.execute(delete(EVENTS).where(EVENTS.c.seq == last))
    assert "the read model is not what the events make" in _verify(records)


def test_a_stream_that_vanished_is_seen_against_the_read_model(records: Records, review: str) -> None:
    with records.database.write() as connection:
        connection.execute(delete(EVENTS))
    assert f"{review}: it is in the read model, and has no events" in _verify(records)


def test_columns_that_say_other_than_the_text_are_found(records: Records, review: str) -> None:
    with records.database.write() as connection:
        connection.execute(update(EVENTS).where(EVENTS.c.seq == 2).values(type="TeamSigned"))
    assert f"{review} event 2: its columns say other than its text" in _verify(records)


def test_a_closure_that_the_rules_did_not_allow_is_found_even_when_the_chain_was_made_anew(
    records: Records, review: str
) -> None:
    _forge(records, review, lambda event: event["type"] != "ItemStatusesRead")
    found = _verify(records)
    assert "it was closed although I1 (#I1) is open." in found
    assert "the closure says done of I1, the events say open" in found


def test_a_submission_that_its_revision_does_not_bear_out_is_found(records: Records, review: str) -> None:
    def without_factors(event: dict[str, object]) -> bool:
        if event["type"] == "DraftSubmitted":
            event["data"]["factors"] = event["data"]["factors"][:0]  # type: ignore[index]
        return True

    _forge(records, review, without_factors)
    assert "what was submitted is not what its revision says" in _verify(records)


def test_a_submission_without_its_revision_is_found(records: Records, review: str) -> None:
    with records.database.write() as connection:
        connection.execute(delete(tables.draft_revisions))
    assert "revision 1 was submitted, and is not in the records" in _verify(records)


def test_a_text_that_was_changed_is_found(records: Records, review: str) -> None:
    with records.database.write() as connection:
        connection.execute(update(tables.texts).values(body="Something else."))
    assert "the text is not the one that was kept under this reference" in _verify(records)


def test_a_pinned_policy_that_is_not_the_one_of_its_digest_is_found(records: Records, review: str) -> None:
    def without_sign_off(event: dict[str, object]) -> bool:
        if event["type"] == "ReviewOpened":
            event["data"]["policy"]["profiles"][0]["rules"]["sign_off@1"] = "off"  # type: ignore[index]
        return True

    _forge(records, review, without_sign_off)
    assert "the pinned policy is not the one that its digest names" in _verify(records)


def test_erasing_texts_and_people_breaks_no_proof(records: Records, review: str) -> None:
    owner = records.people.id_of("engineer")
    found = records.reviews.find(review)
    assert found is not None
    title = found.items["I1"].spec.title
    records.people.erase_text(title)
    records.people.erase_person(owner)
    assert records.people.texts([title]) == {title: "(erased)"}
    assert records.people.handles([owner]) == {owner: owner}
    with records.database.write() as connection:
        connection.execute(update(tables.draft_revisions).values(body=None))
    saved = records.drafts.newest(review)
    assert saved is not None
    assert saved.document is None
    assert _verify(records) == ""


def test_the_read_model_can_be_dropped_and_rebuilt(records: Records, review: str) -> None:
    before, watched = records.reviews.find(review), records.reviews.watched_issues()
    with records.database.write() as connection:
        connection.execute(delete(tables.reviews))
        connection.execute(delete(tables.watched_issues))
    assert records.reviews.rebuild() == 1
    assert records.reviews.find(review) == before
    assert records.reviews.watched_issues() == watched


def _forge(records: Records, review: str, keep) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """What an administrator of the database could do: change the events, and make the whole chain anew."""
    before = BEGINNING
    rows: list[dict[str, object]] = []
    for row in records.reviews.history(review):
        event = json.loads(row.text)
        if not keep(event):
            continue
        event["seq"] = len(rows) + 1
        text = canonical_json(event)
        before = hash_after(before, text)
        rows.append(row.model_dump() | {"seq": event["seq"], "text": text, "hash": before})
    with records.database.write() as connection:
        connection.execute(delete(EVENTS))
        connection.execute(insert(EVENTS), rows)


def verified(records: Records, review: str) -> str:
    """The digest of a copy with which an item of a closed review is verified."""
    log = Attachment(name="replay.log", media_type="text/plain", data=b"it held")
    digest = records.attachments.keep(review, log, "p-verifier").digest
    said = VerifyItem(item="I1", evidence=(Evidence(digest=digest),))
    assert Teller(records).say(review, said, "p-verifier").answer.accepted
    return digest


def test_a_copy_of_evidence_that_was_changed_is_found(records: Records, review: str) -> None:
    digest = verified(records, review)
    assert _verify(records) == ""
    with records.database.write() as connection:
        connection.execute(update(tables.attachments).values(body=b"forged"))
    assert f"{review}: the copy {digest} is not the one that was kept." in _verify(records)


def test_a_copy_of_evidence_that_was_removed_is_found_and_one_that_was_erased_is_no_fault(
    records: Records, review: str
) -> None:
    digest = verified(records, review)
    records.attachments.erase(review, digest)
    assert _verify(records) == ""
    with records.database.write() as connection:
        connection.execute(delete(tables.attachments))
    assert f"{review}: I1 was verified with the copy {digest}, which is not in the records." in _verify(records)
