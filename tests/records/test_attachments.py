"""Copies are kept by digest, once each, for their review alone, until they are erased."""

from sqlalchemy import update

from domain.model.attachment import Attachment
from records import tables
from records.documents.attachments import kept
from records.store import Records

LOG = Attachment(name="replay.log", media_type="text/plain", data=b"it held")


def test_a_copy_is_found_again_with_its_bytes(records: Records) -> None:
    one = records.attachments.keep("r:1", LOG, "p-ann")
    assert (one.digest, one.size, one.media_type, one.author) == (LOG.digest, 7, "text/plain", "p-ann")
    found = records.attachments.find("r:1", one.digest)
    assert found == (one, b"it held")
    assert records.attachments.of("r:1") == [one]


def test_the_same_bytes_are_the_same_copy(records: Records) -> None:
    one = records.attachments.keep("r:1", LOG, "p-ann")
    other = LOG.model_copy(update={"name": "another.log"})
    assert records.attachments.keep("r:1", other, "p-bob") == one
    assert len(records.attachments.of("r:1")) == 1


def test_a_copy_is_that_of_its_review_alone(records: Records) -> None:
    records.attachments.keep("r:1", LOG, "p-ann")
    assert records.attachments.find("r:2", LOG.digest) is None
    with records.database.read() as connection:
        assert kept(connection, "r:1", [LOG.digest, "sha256:other"]) == {LOG.digest}
        assert kept(connection, "r:2", [LOG.digest]) == frozenset()


def test_what_is_erased_is_gone_and_can_be_kept_anew(records: Records) -> None:
    records.attachments.keep("r:1", LOG, "p-ann")
    records.attachments.erase("r:1", LOG.digest)
    assert records.attachments.find("r:1", LOG.digest) is None
    assert records.attachments.of("r:1") == []
    records.attachments.keep("r:1", LOG, "p-bob")
    assert records.attachments.find("r:1", LOG.digest) is not None


def test_a_copy_that_is_not_what_its_digest_says_any_more_is_not_handed_out(records: Records) -> None:
    records.attachments.keep("r:1", LOG, "p-ann")
    with records.database.write() as connection:
        connection.execute(update(tables.attachments).values(body=b"forged"))
    assert records.attachments.find("r:1", LOG.digest) is None
