"""Nothing that is decided changes unseen: a part of the corpus here, all of it in `make corpus`."""

import pytest

from tests.domain.corpus import GROUP, LIVES, played, recorded
from tests.domain.lives import Life


@pytest.mark.parametrize("group", range(12))
def test_the_lives_of_a_group_are_decided_as_they_were_recorded(group: int) -> None:
    assert played(group) == recorded()[group], "if this is meant, say so in CHANGELOG and run make corpus ARGS=--record"


def test_the_corpus_is_whole() -> None:
    assert len(recorded()) * GROUP == LIVES
    assert len(set(recorded())) == len(recorded())


def test_a_digest_tells_one_life_from_another_and_is_the_same_twice() -> None:
    assert Life(1).live().driver.transcript.digests == Life(1).live().driver.transcript.digests
    assert Life(1).live().driver.transcript.digests != Life(2).live().driver.transcript.digests
