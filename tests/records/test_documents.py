from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.drafts.document import DraftDocument
from records.documents.drafts import StaleRevisionError
from records.store import Records
from tests.domain.build import document


def test_revisions_are_numbered_and_kept(records: Records) -> None:
    first = records.drafts.save("r", document(), "p-1")
    second = records.drafts.save("r", document(summary="Better."), "p-2", upon=1)
    assert (first.revision, second.revision) == (1, 2)
    assert first.digest != second.digest
    newest = records.drafts.newest("r")
    assert newest is not None
    assert newest.model_copy(update={"saved_at": second.saved_at}) == second


def test_the_same_text_again_is_the_revision_that_it_was(records: Records) -> None:
    first = records.drafts.save("r", document(), "p-1")
    again = records.drafts.save("r", document(), "p-2")
    assert again.model_copy(update={"saved_at": first.saved_at}) == first


def test_saving_upon_an_older_revision_is_refused(records: Records) -> None:
    records.drafts.save("r", document(), "p-1", upon=0)
    records.drafts.save("r", document(summary="Better."), "p-1", upon=1)
    with pytest.raises(StaleRevisionError):
        records.drafts.save("r", document(summary="Mine."), "p-2", upon=1)
    with pytest.raises(StaleRevisionError):
        records.drafts.save("other", document(), "p-2", upon=3)


def test_of_two_who_save_at_once_upon_the_same_revision_one_is_told(records: Records) -> None:
    records.drafts.save("r", document(), "p-0")

    def save(n: int) -> bool:
        try:
            records.drafts.save("r", DraftDocument(summary=str(n)), f"p-{n}", upon=1)
        except StaleRevisionError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(save, range(8))) == 1


def test_a_draft_that_nobody_saved_is_none(records: Records) -> None:
    assert records.drafts.newest("r") is None


def test_the_same_text_has_other_digests_in_other_reviews(records: Records) -> None:
    digests = {records.drafts.save(f"r{n}", document(), "p-1").digest for n in range(3)}
    assert len(digests) == 3


def test_a_handle_has_one_id_however_many_ask_at_once(records: Records) -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(records.people.id_of, ["owner@example.org"] * 8))
    assert len(ids) == 1
    assert records.people.handles(ids) == {ids.pop(): "owner@example.org"}


def test_a_kept_text_is_found_by_its_reference_and_the_same_text_gets_another_one(records: Records) -> None:
    one, two = records.people.keep("Because."), records.people.keep("Because.")
    assert one != two
    assert records.people.texts([one, None]) == {one: "Because."}


def test_the_same_text_said_of_the_same_review_has_one_reference(records: Records) -> None:
    one, again, elsewhere = (records.people.keep("Because.", review) for review in ("r1", "r1", "r2"))
    assert one == again != elsewhere


def test_upper_and_lower_case_are_the_same_person(records: Records) -> None:
    assert records.people.id_of("ML-Lead@example.org ") == records.people.id_of("ml-lead@example.org")


def test_a_text_that_was_erased_can_be_said_again(records: Records) -> None:
    ref = records.people.keep("Because.", "r1")
    records.people.erase_text(ref)
    assert records.people.keep("Because.", "r1") == ref
    assert records.people.texts([ref]) == {ref: "Because."}


def test_whose_handles_these_are_is_told_in_whatever_case_and_of_nobody_who_was_erased(records: Records) -> None:
    people = records.people
    for handle in ("Ann@example.org", "bo@example.org", "gone@example.org"):
        people.id_of(handle)
    people.erase_person(people.id_of("gone@example.org"))
    asked = ["ann@Example.org", "bo@example.org", "gone@example.org", *(f"{n}@example.org" for n in range(2_000))]
    assert people.known(asked) == {"ann@Example.org", "bo@example.org"}
    assert people.known([]) == set()


def test_a_text_that_was_erased_is_not_among_those_that_are_kept(records: Records) -> None:
    kept, erased = (records.people.keep(text) for text in ("Kept.", "Erased."))
    records.people.erase_text(erased)
    assert records.people.kept_texts([kept, erased, None]) == {kept: "Kept."}
