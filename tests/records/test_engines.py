import pytest

from records.event_log.ownership import ForeignEngineError
from records.store import Records


def test_the_first_engine_owns_the_records_and_another_is_told_what_to_do(records: Records) -> None:
    assert records.engines.owner() is None
    assert [records.engines.claim("one"), records.engines.claim("one")] == [1, 1]
    with pytest.raises(ForeignEngineError, match="holdfast recover"):
        records.engines.claim("two")


def test_a_take_over_raises_the_epoch(records: Records) -> None:
    assert records.engines.take_over("one") == 1
    assert records.engines.take_over("two") == 2
    assert records.engines.claim("two") == 2
    with pytest.raises(ForeignEngineError):
        records.engines.claim("one")
    owner = records.engines.owner()
    assert owner is not None
    assert (owner.epoch, owner.engine_id) == (2, "two")
