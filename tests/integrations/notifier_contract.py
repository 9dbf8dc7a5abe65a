"""What every notifier has to do, word for word the same for all of them.

A test file derives a class from `NotifierContract` and gives it the fixture `service`: a notifier that reaches
`person/p-1`, and what becomes of its messages. One whose channels know threads derives it from `ThreadsContract`.
"""

from collections.abc import Callable
from typing import Protocol

import pytest

from domain.trackers.ports import (
    Notifier,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)

ANNA, ML = "person/p-1", "team/ml in threads"


class Service(Protocol):
    """A service with one recipient, as it is seen from the other end."""

    notifier: Notifier

    def received(self) -> list[tuple[str, str]]:
        """Title and text of what arrived, oldest first."""
        ...

    def limit(self) -> None:
        """Let the next message meet a rate limit."""
        ...

    def refuse_credential(self) -> None:
        """Refuse the next message's credential."""
        ...

    def reject(self) -> None:
        """Refuse the next message as such."""
        ...

    def be_away(self) -> None:
        """Answer nobody any more."""
        ...

    def lose_next_answer(self) -> None:
        """Take the next message, and break off before answering."""
        ...


class ThreadsService(Service, Protocol):
    """A service that also reaches `ML`, in the channels `#ml` and `#ops`, which know threads."""

    def stands(self) -> list[tuple[str, str, str]]:
        """Of what ML was told: the channel, the title, and the title with which the thread began; oldest first."""
        ...

    def end_threads(self) -> None:
        """Let all threads be gone."""
        ...


class NotifierContract:
    """Derive a class from this."""

    def test_a_message_arrives_as_it_was_written(self, service: Service) -> None:
        service.notifier.send(
            ANNA, "Holdfast: 1 thing asked", "r: Stale\n- Finish <I1> & be *well*. http://h/r#item-I1"
        )
        assert service.received() == [
            ("Holdfast: 1 thing asked", "r: Stale\n- Finish <I1> & be *well*. http://h/r#item-I1")
        ]

    def test_who_has_no_channel_is_not_written_to(self, service: Service) -> None:
        with pytest.raises(RejectedError) as raised:
            service.notifier.send("person/p-2", "title", "text")
        assert raised.value.untouched
        assert service.received() == []

    @pytest.mark.parametrize(
        ("meets", "kind"),
        [
            (Service.limit, RateLimitedError),
            (Service.refuse_credential, UnauthorisedError),
            (Service.reject, RejectedError),
            (Service.be_away, UnavailableError),
        ],
    )
    def test_a_refusal_has_its_meaning_and_nothing_was_delivered(
        self, service: Service, meets: Callable[[Service], None], kind: type[TrackerError]
    ) -> None:
        getattr(service, meets.__name__)()
        with pytest.raises(kind) as raised:
            service.notifier.send(ANNA, "title", "text")
        assert raised.value.untouched
        assert service.received() == []

    def test_a_rate_limit_says_when_to_ask_again(self, service: Service) -> None:
        service.limit()
        with pytest.raises(RateLimitedError) as raised:
            service.notifier.send(ANNA, "title", "text")
        assert raised.value.retry_at is not None
        service.notifier.send(ANNA, "title", "text")
        assert len(service.received()) == 1

    def test_an_answer_that_is_lost_leaves_the_outcome_unknown(self, service: Service) -> None:
        service.lose_next_answer()
        with pytest.raises(UnavailableError) as raised:
            service.notifier.send(ANNA, "title", "text")
        assert not raised.value.untouched
        assert len(service.received()) == 1


class ThreadsContract(NotifierContract):
    """Derive a class from this where channels know threads."""

    def test_each_channel_has_a_thread_that_is_answered_in(self, service: ThreadsService) -> None:
        threads = service.notifier.send(ML, "first", "text")
        assert set(threads) == {"#ml", "#ops"}
        assert service.notifier.send(ML, "second", "text", threads) == threads
        assert service.notifier.send(ML, "of another", "text") != threads
        assert sorted(service.stands()) == [
            ("#ml", "first", "first"),
            ("#ml", "of another", "of another"),
            ("#ml", "second", "first"),
            ("#ops", "first", "first"),
            ("#ops", "of another", "of another"),
            ("#ops", "second", "first"),
        ]

    def test_a_channel_without_a_thread_begins_one_beside_another_that_has_one(self, service: ThreadsService) -> None:
        threads = service.notifier.send(ML, "first", "text")
        later = service.notifier.send(ML, "second", "text", {"#ml": threads["#ml"]})
        assert later["#ml"] == threads["#ml"]
        assert later["#ops"] != threads["#ops"]
        assert ("#ops", "second", "second") in service.stands()

    def test_where_a_thread_is_gone_another_begins(self, service: ThreadsService) -> None:
        gone = service.notifier.send(ML, "first", "text")
        service.end_threads()
        threads = service.notifier.send(ML, "second", "text", gone)
        assert set(threads) == set(gone)
        assert not set(threads.values()) & set(gone.values())
        assert service.notifier.send(ML, "third", "text", threads) == threads
        assert [stands for stands in service.stands() if stands[1] != "first"] == [
            (channel, title, "second") for title in ("second", "third") for channel in ("#ml", "#ops")
        ]
