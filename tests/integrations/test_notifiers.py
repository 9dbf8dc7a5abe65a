"""The notifiers keep the contract; and what is Apprise's own: channels, e-mail, and secrets that stay in."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr

from domain.ports import (
    Notifier,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)
from integrations.notifiers.apprise import AppriseNotifier, address_fault
from integrations.notifiers.attempts import watched
from integrations.notifiers.memory import InMemoryNotifier
from runtime.engine import free_port
from standins.http import serving
from tests.integrations.notifier_contract import ANNA, NotifierContract
from tests.post import Post


class InMemory:
    """The notifier in memory, seen from the other end."""

    def __init__(self) -> None:
        self.memory = InMemoryNotifier([ANNA])
        self.notifier: Notifier = self.memory

    def received(self) -> list[tuple[str, str]]:
        return [(title, text) for _, title, text in self.memory.sent]

    def limit(self) -> None:
        self.memory.fail(RateLimitedError("slow down", datetime.now(UTC) + timedelta(seconds=1), untouched=True))

    def refuse_credential(self) -> None:
        refused = UnauthorisedError("no")
        refused.untouched = True
        self.memory.fail(refused)

    def reject(self) -> None:
        self.memory.fail(RejectedError("no", untouched=True))

    def be_away(self) -> None:
        self.memory.fail(UnavailableError("away", untouched=True))

    def lose_next_answer(self) -> None:
        self.memory.fail(UnavailableError("lost"), delivered=True)


class TestInMemory(NotifierContract):
    @pytest.fixture
    def service(self) -> InMemory:
        return InMemory()


class OverHttp:
    """Apprise, and a server that it posts to."""

    def __init__(self, post: Post, stack: ExitStack, patience: str = "") -> None:
        self.post, self._stack = post, stack
        self.address = SecretStr(post.url.replace("http://", "json://anna:topsecret@") + "/in" + patience)
        self.notifier: Notifier = AppriseNotifier({ANNA: [self.address]})

    def received(self) -> list[tuple[str, str]]:
        return [(message["title"], message["message"]) for message in self.post.kept]

    def limit(self) -> None:
        self.post.answers(429, headers={"Retry-After": "1"})

    def refuse_credential(self) -> None:
        self.post.answers(401)

    def reject(self) -> None:
        self.post.answers(400)

    def be_away(self) -> None:
        self._stack.close()

    def lose_next_answer(self) -> None:
        self.post.breaks(stored=True)


@pytest.fixture
def over_http() -> Iterator[OverHttp]:
    with ExitStack() as stack:
        yield OverHttp(stack.enter_context(serving(Post())), stack)


class TestApprise(NotifierContract):
    @pytest.fixture
    def service(self, over_http: OverHttp) -> OverHttp:
        return over_http

    def test_a_server_in_trouble_and_one_that_says_nothing_leave_the_outcome_unknown(self, over_http: OverHttp) -> None:
        slow = OverHttp(over_http.post, ExitStack(), "?rto=0.2")
        for status in (503, 0):
            over_http.post.answers(status)
            with pytest.raises(UnavailableError) as raised:
                slow.notifier.send(ANNA, "title", "text")
            assert not raised.value.untouched

    def test_what_one_of_two_channels_took_is_sent(self, over_http: OverHttp) -> None:
        gone = SecretStr(f"json://127.0.0.1:{free_port()}/")
        AppriseNotifier({ANNA: [gone, over_http.address]}).send(ANNA, "title", "text")
        assert len(over_http.received()) == 1

    def test_nothing_that_goes_wrong_says_a_secret(
        self, over_http: OverHttp, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        said = []
        broken = AppriseNotifier({ANNA: [SecretStr("slack://topsecret")]})
        over_http.post.answers(403)
        with caplog.at_level(logging.DEBUG):
            for notifier in (broken, over_http.notifier):
                with pytest.raises(TrackerError) as raised:
                    notifier.send(ANNA, "title", "text")
                said.append(str(raised.value))
        assert "topsecret" not in "".join([*said, caplog.text, *capfd.readouterr(), repr(over_http.notifier)])


class Mailbox:
    """Takes e-mail."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.answer = "250 kept"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.kept.append(envelope.content)
        return self.answer


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),
        auth_require_tls=False,
        authenticator=lambda *_: AuthResult(success=False, handled=False),
    )
    controller.start()
    yield box, f"mailto://127.0.0.1:{controller.port}?from=holdfast@example.org&to=anna@example.org&mode=insecure"
    controller.stop()


def test_a_message_arrives_by_e_mail(mailbox: tuple[Mailbox, str]) -> None:
    box, address = mailbox
    AppriseNotifier({ANNA: [SecretStr(address)]}).send(ANNA, "Holdfast: 1 thing asked", "Finish I1.")
    (mail,) = box.kept
    assert b"To: anna@example.org" in mail
    assert b"Holdfast: 1 thing asked" in mail


def test_a_mail_server_that_is_away_or_refuses_the_password_got_nothing(mailbox: tuple[Mailbox, str]) -> None:
    box, address = mailbox
    away = address.replace(address.split("?")[0], f"mailto://127.0.0.1:{free_port()}")
    with pytest.raises(UnavailableError) as raised:
        AppriseNotifier({ANNA: [SecretStr(away)]}).send(ANNA, "title", "text")
    assert raised.value.untouched
    with_user = address.replace("mailto://", "mailto://anna:topsecret@")
    with pytest.raises(UnauthorisedError) as refused:
        AppriseNotifier({ANNA: [SecretStr(with_user)]}).send(ANNA, "title", "text")
    assert refused.value.untouched
    assert box.kept == []


def test_a_mail_server_that_refuses_the_recipient_leaves_it_unknown(mailbox: tuple[Mailbox, str]) -> None:
    box, address = mailbox
    box.answer = "550 no"
    with pytest.raises(UnavailableError) as raised:
        AppriseNotifier({ANNA: [SecretStr(address)]}).send(ANNA, "title", "text")
    assert not raised.value.untouched


def test_outside_of_a_message_nothing_is_noted(over_http: OverHttp) -> None:
    assert requests.post(over_http.post.url, json={}, timeout=5).ok
    with watched() as attempts:
        assert requests.post(over_http.post.url, json={}, timeout=5).ok
    assert [attempt.status for attempt in attempts] == [200]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("json://127.0.0.1/x", None),
        ("topsecret", "does not begin with the name of a service"),
        ("nosuch://topsecret", "There is no service 'nosuch' in Apprise."),
        ("slack://topsecret", "What follows slack:// is not what Apprise expects"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_without_it(address: str, says: str | None) -> None:
    found = address_fault(SecretStr(address))
    assert (found is None) if says is None else (found is not None and says in found and "topsecret" not in found)
