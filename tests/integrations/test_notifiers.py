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
from apprise.plugins.slack import NotifySlack
from pydantic import SecretStr

from domain.trackers.ports import (
    Notifier,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)
from integrations.notifiers.apprise import AppriseNotifier, address_fault, knows_threads
from integrations.notifiers.attempts import watched
from integrations.notifiers.memory import InMemoryNotifier
from runtime.engine import free_port
from standins.http import serving
from tests.integrations.notifier_contract import ANNA, ML, NotifierContract, ThreadsContract
from tests.post import Post
from tests.slack import TOKEN, Slack, refusal


class InMemory:
    """The notifier in memory, seen from the other end."""

    def __init__(self) -> None:
        self.memory = InMemoryNotifier([ANNA, ML], ["#ml", "#ops"])
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

    def stands(self) -> list[tuple[str, str, str]]:
        titles = [title for _, title, _ in self.memory.sent]
        told = [(c, title, at[c]) for title, at in zip(titles, self.memory.stands, strict=True) for c in at]
        first = {thread: title for _, title, thread in reversed(told)}
        return [(channel, title, first[thread]) for channel, title, thread in told]

    def end_threads(self) -> None:
        self.memory.end_threads()


class TestInMemory(ThreadsContract):
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


class OverSlack:
    """Apprise, and a workspace of Slack's that it posts to as a bot."""

    def __init__(self, slack: Slack, stack: ExitStack) -> None:
        self.slack, self._stack = slack, stack
        self.notifier: Notifier = AppriseNotifier(
            {ANNA: [SecretStr(f"slack://{TOKEN}/#ml")], ML: [SecretStr(f"slack://{TOKEN}/#ml/#ops")]}
        )

    def received(self) -> list[tuple[str, str]]:
        return [(message["title"], message["text"]) for message in self.slack.messages]

    def limit(self) -> None:
        self.slack.answers(429, headers={"Retry-After": "1"})

    def refuse_credential(self) -> None:
        self.refuse("invalid_auth")

    def reject(self) -> None:
        self.refuse("msg_too_long")

    def refuse(self, error: str) -> None:
        self.slack.answers(200, body=refusal(error).body)

    def be_away(self) -> None:
        self._stack.close()

    def lose_next_answer(self) -> None:
        self.slack.breaks(stored=True)

    def stands(self) -> list[tuple[str, str, str]]:
        titles = {message["ts"]: message["title"] for message in self.slack.messages}
        names = {id: name for name, id in self.slack.channels.items() if name.startswith("#")}
        return [(names[m["channel"]], m["title"], titles[m.get("thread_ts", m["ts"])]) for m in self.slack.messages]

    def end_threads(self) -> None:
        self.slack.delete()


@pytest.fixture
def over_slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[OverSlack]:
    with ExitStack() as stack:
        slack = stack.enter_context(serving(Slack()))
        monkeypatch.setattr(NotifySlack, "api_url", f"{slack.url}/api/{{}}")
        yield OverSlack(slack, stack)


class TestSlack(ThreadsContract):
    @pytest.fixture
    def service(self, over_slack: OverSlack) -> OverSlack:
        return over_slack

    @pytest.mark.parametrize(
        "error", ["thread_not_found", "cannot_reply_to_message", "restricted_action_thread_locked"]
    )
    def test_a_thread_that_is_refused_is_begun_anew_in_its_channel(self, over_slack: OverSlack, error: str) -> None:
        threads = over_slack.notifier.send(ML, "first", "text")
        over_slack.refuse(error)
        later = over_slack.notifier.send(ML, "second", "text", threads)
        assert later["#ops"] == threads["#ops"]
        assert over_slack.stands()[2:] == [("#ops", "second", "first"), ("#ml", "second", "second")]
        assert over_slack.notifier.send(ML, "third", "text", later) == later

    def test_a_channel_may_stand_there_by_its_id(self, over_slack: OverSlack) -> None:
        notifier = AppriseNotifier({ML: [SecretStr(f"slack://{TOKEN}/+C2")]})
        threads = notifier.send(ML, "first", "text")
        assert (set(threads), notifier.send(ML, "second", "text", threads)) == ({"C2"}, threads)

    def test_a_channel_that_does_not_take_it_has_no_thread_and_the_other_keeps_its_own(
        self, over_slack: OverSlack
    ) -> None:
        for answer in (refusal("not_in_channel").body, "{"):
            over_slack.slack.answers(200, body=answer)
            assert set(over_slack.notifier.send(ML, "title", "text")) == {"#ops"}

    @pytest.mark.parametrize(
        ("error", "kind", "untouched"),
        [
            ("ratelimited", RateLimitedError, True),
            ("not_in_channel", UnauthorisedError, True),
            ("missing_scope", UnauthorisedError, True),
            ("internal_error", UnavailableError, False),
        ],
    )
    def test_a_refusal_within_a_good_answer_has_its_meaning(
        self, over_slack: OverSlack, error: str, kind: type[TrackerError], untouched: bool
    ) -> None:
        over_slack.refuse(error)
        with pytest.raises(kind) as raised:
            over_slack.notifier.send(ANNA, "title", "text")
        assert raised.value.untouched is untouched

    @pytest.mark.parametrize(("answer", "headers"), [("{", {}), ("[]", {}), ("{", {"Content-Length": "100"})])
    def test_an_answer_that_says_nothing_leaves_the_outcome_unknown(
        self, over_slack: OverSlack, answer: str, headers: dict[str, str]
    ) -> None:
        impatient = AppriseNotifier({ML: [SecretStr(f"slack://{TOKEN}/#ml?rto=0.2")]})
        over_slack.slack.answers(200, body=answer, headers=headers)
        with pytest.raises(UnavailableError) as raised:
            impatient.send(ML, "title", "text")
        assert not raised.value.untouched

    def test_a_person_is_written_to_in_no_thread(self, over_slack: OverSlack) -> None:
        over_slack.slack.channels["@anna"] = "D1"
        notifier = AppriseNotifier({ANNA: [SecretStr(f"slack://{TOKEN}/@anna")]})
        notifier.send(ANNA, "title", "text", {"@anna": "1700000001.000100"})
        (request,) = over_slack.slack.requests
        assert "thread_ts" not in request.body


@pytest.mark.parametrize(
    ("address", "threads"),
    [
        (f"slack://{TOKEN}/#ml", True),
        (f"slack://bot@{TOKEN}/ml/+C0123", True),
        (f"slack://{TOKEN}/", True),
        (f"slack://{TOKEN}/@anna", False),
        (f"slack://{TOKEN}/#ml/anna@example.org", False),
        (f"slack://{TOKEN}/ml:1700000001.000100", False),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7/#ml", False),
        ("json://127.0.0.1/x", False),
        ("topsecret", False),
    ],
)
def test_threads_are_known_to_the_channels_of_a_bot_of_slacks(address: str, threads: bool) -> None:
    assert knows_threads(SecretStr(address)) is threads


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
