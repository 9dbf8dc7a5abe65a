"""Which messages go out when: each thing in time, to the right one, once, and in one message a day."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.model.policy import Escalation
from domain.model.values import Calendar, Period, digest_of
from domain.people.notifications import (
    ADMIN,
    APPROVERS,
    Asking,
    Book,
    Notice,
    QuietHours,
    Recipient,
    Sent,
    Way,
    due_notices,
    named,
    person,
    team,
    way_of,
)
from domain.people.tasks import ADMIN as ADMINS
from domain.people.tasks import Role, Wanted, Whom

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday morning."""

ANNA, LEAD, BOSS = person("p-anna"), person("p-lead"), person("p-boss")
NIGHT = QuietHours(begin=time(22), end=time(7))
LATE_DIGEST = timedelta(days=6, hours=23)
NAMES = (ANNA, LEAD, BOSS, team("ml"), ADMIN, APPROVERS)
BOOK = Book(
    recipients={id: Recipient(id=id, digest_at=LATE_DIGEST) for id in NAMES},
    leads={"ml": LEAD},
    named={"boss@example.org": BOSS},
    called={"p-anna": "anna@example.org", "p-nobody": "nobody@example.org"},
)


def wanted(key: str = "r/draft:0", of: Whom | None = None, until: datetime | None = None, **about: Any) -> Wanted:
    values: dict[str, Any] = {"review": "r", "sentence": f"Do {key}.", "place": "#draft"}
    whom = of or Whom(role=Role.PERSON, id="p-anna")
    return Wanted(key=key, of=whom, until=until, **(values | about))


def asking(*asks: Wanted, **about: Any) -> Asking:
    values: dict[str, Any] = {"review": "r", "title": "Stale", "team": "ml", "address": "http://h/reviews/r"}
    return Asking(asks=asks, **(values | about))


class Post:
    """Sends what is due, and remembers it as the records do."""

    def __init__(self, book: Book = BOOK) -> None:
        self.book = book
        self.sent = Sent()

    def send(self, now: datetime, *open_reviews: Asking) -> list[Notice]:
        notices = due_notices(open_reviews, self.book, self.sent, now)
        for notice in notices:
            assert notice.key not in self.sent.keys
            fresh = {(notice.to, step) for step in notice.told}
            assert not fresh & self.sent.told
            self.sent = Sent(keys=self.sent.keys | {notice.key}, told=self.sent.told | fresh)
        return notices

    def days(self, count: int, *open_reviews: Asking, begin: datetime = NOW) -> list[list[str]]:
        """Who is told on each of so many days, at the same time of day."""
        return [[n.to for n in self.send(begin + timedelta(days=day), *open_reviews)] for day in range(count)]


def test_what_is_asked_is_told_once_and_again_two_days_before_on_the_day_and_daily_while_late() -> None:
    due = NOW + timedelta(days=5, hours=3)
    told = Post().days(9, asking(wanted(until=due), escalation=Escalation(lead=Period(seconds=10**9))))
    assert told == [[ANNA], [], [], [ANNA], [], [ANNA], [ANNA], [ANNA], [ANNA]]


def test_what_has_no_date_is_told_once() -> None:
    assert Post().days(5, asking(wanted())) == [[ANNA], [], [], [], []]


def test_a_later_due_date_is_reminded_of_anew() -> None:
    post, due = Post(), NOW + timedelta(days=1)
    assert len(post.send(NOW, asking(wanted(until=due)))) == 1
    later = asking(wanted(until=due + timedelta(days=5)))
    assert post.days(6, later, begin=NOW + timedelta(days=1)) == [[ANNA], [], [], [ANNA], [], [ANNA]]


def test_on_the_day_is_the_day_of_the_recipient() -> None:
    kolkata = Recipient(id=ANNA, calendar=Calendar(zone="Asia/Kolkata"))
    due = datetime(2026, 3, 4, 20, tzinfo=UTC)  # 5 March, 01:30 there
    for now, says in (
        (datetime(2026, 3, 4, 12, tzinfo=UTC), "Due 05 Mar 2026 01:30 (Asia/Kolkata)."),
        (datetime(2026, 3, 4, 19, tzinfo=UTC), "Due today, 05 Mar 2026 01:30 (Asia/Kolkata)."),
        (due, "Due today, 05 Mar 2026 01:30 (Asia/Kolkata)."),
        (due + timedelta(seconds=1), "Late since 05 Mar 2026 01:30 (Asia/Kolkata)."),
    ):
        (notice,) = Post(Book(recipients={ANNA: kolkata})).send(now, asking(wanted(until=due)))
        assert says in notice.text


def test_all_that_is_asked_of_a_person_is_in_one_message_a_day() -> None:
    post = Post()
    other = asking(wanted("s/item:I1", review="s"), review="s", title="", address="http://h/reviews/s")
    (notice,) = post.send(NOW, asking(wanted(until=NOW - timedelta(hours=1)), wanted("r/item:I2")), other)
    assert notice.title == "Holdfast: 3 things asked, 1 late"
    assert notice.text == (
        "r: Stale\n"
        "- Do r/draft:0. Late since 02 Mar 2026 08:00 (UTC). http://h/reviews/r#draft\n"
        "- Do r/item:I2. http://h/reviews/r#draft\n\n"
        "s\n"
        "- Do s/item:I1. http://h/reviews/s#draft"
    )
    news = asking(wanted("r/item:I3"))
    assert post.send(NOW + timedelta(hours=5), news) == []
    (tomorrow,) = post.send(NOW + timedelta(days=1), news)
    assert tomorrow.title == "Holdfast: 1 thing asked"


def test_what_several_reviews_ask_alike_is_told_once() -> None:
    down = wanted("project:github:acme/unauthorised", of=ADMINS)
    (notice,) = Post().send(NOW, asking(down), asking(down, review="s"))
    assert notice.text.count("project:github") == 1


def test_urgent_asks_go_at_once_and_apart_and_once() -> None:
    post = Post()
    post.send(NOW, asking(wanted()))
    first, second = wanted("r/incident:1/1", urgent=True), wanted("r/owner", urgent=True)
    (notice,) = post.send(NOW + timedelta(hours=1), asking(wanted(), first, second))
    assert notice.title == "Holdfast: urgent, 2 things asked"
    assert post.send(NOW + timedelta(hours=2), asking(wanted(), first, second)) == []
    assert post.send(NOW + timedelta(days=1), asking(wanted(), first, second)) == []


def test_an_urgent_ask_with_others_on_a_new_day_makes_two_messages() -> None:
    notices = Post().send(NOW, asking(wanted(), wanted("r/owner", urgent=True)))
    assert [n.key.partition("/")[0] for n in notices] == ["urgent", "day"]


def test_quiet_hours_delay_and_drop_nothing() -> None:
    book = BOOK.model_copy(update={"recipients": {ANNA: Recipient(id=ANNA, quiet=NIGHT)}})
    post, asked = Post(book), asking(wanted(), wanted("r/owner", urgent=True))
    late_evening = NOW.replace(hour=22)
    for hours in range(9):
        assert post.send(late_evening + timedelta(hours=hours), asked) == []
    assert len(post.send(late_evening + timedelta(hours=9), asked)) == 2


@pytest.mark.parametrize(
    ("begin", "end", "hour", "quiet"),
    [
        (22, 7, 23, True),
        (22, 7, 7, False),
        (22, 7, 22, True),
        (12, 14, 13, True),
        (12, 14, 14, False),
        (9, 9, 9, False),
    ],
)
def test_quiet_hours_may_span_midnight(begin: int, end: int, hour: int, quiet: bool) -> None:
    assert QuietHours(begin=time(begin), end=time(end)).hold(time(hour)) is quiet


def test_what_is_late_is_told_to_the_lead_and_then_to_whom_the_policy_names() -> None:
    rules = Escalation(lead=Period(seconds=86400), further=Period(seconds=3 * 86400), to="boss@example.org")
    told = Post().days(6, asking(wanted(until=NOW), escalation=rules), begin=NOW + timedelta(seconds=1))
    assert told[0] == [ANNA]
    assert told[1] == told[2] == [ANNA, LEAD]
    assert told[3] == [ANNA, BOSS, LEAD]


def test_the_lead_learns_of_whom_it_is_asked() -> None:
    post = Post()
    notices = post.send(NOW + timedelta(days=7, hours=1), asking(wanted(until=NOW)))
    texts = {notice.to: notice.text for notice in notices}
    assert "Asked of anna@example.org." in texts[LEAD]
    assert "Asked of" not in texts[ANNA]
    assert ADMIN in texts, "where the policy names nobody"


def test_business_days_until_the_lead_is_told_are_those_of_the_team() -> None:
    friday = datetime(2026, 3, 6, 9, tzinfo=UTC)
    told = Post().days(5, asking(wanted(until=friday)), begin=friday + timedelta(seconds=1))
    assert [LEAD in names for names in told] == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("of", "to", "says"),
    [
        (Whom(role=Role.TEAM, id="ml"), team("ml"), ""),
        (Whom(role=Role.LEAD, id="ml"), LEAD, ""),
        (Whom(role=Role.APPROVER, id="ml"), APPROVERS, ""),
        (ADMINS, ADMIN, ""),
        (Whom(role=Role.LEAD, id="unled"), ADMIN, ""),
        (Whom(role=Role.PERSON, id="p-nobody"), team("ml"), "Asked of nobody@example.org."),
        (Whom(role=Role.PERSON, id="p-erased"), team("ml"), "Asked of its owner."),
        (Whom(role=Role.TEAM, id="product"), team("ml"), "Asked of team product."),
    ],
)
def test_each_is_told_where_they_are_reached_and_else_the_team_of_the_review(of: Whom, to: str, says: str) -> None:
    (notice,) = Post().send(NOW, asking(wanted(of=of, urgent=True)))
    assert (notice.to, notice.key.startswith("urgent/")) == (to, True)
    assert says in notice.text
    assert ("Asked of" in notice.text) is bool(says)


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (Whom(role=Role.LEAD, id="ml"), "Asked of the lead of team ml."),
        (Whom(role=Role.APPROVER), "Asked of somebody who may approve."),
        (ADMINS, "Asked of"),
    ],
)
def test_where_nobody_else_is_reached_those_who_run_holdfast_are(of: Whom, says: str) -> None:
    few = Book(recipients={ADMIN: BOOK.recipients[ADMIN]}, leads=BOOK.leads)
    (notice,) = Post(few).send(NOW, asking(wanted(of=of), team=None))
    assert (notice.to, says in notice.text) == (ADMIN, of != ADMINS)
    assert Post(Book()).send(NOW, asking(wanted(of=of))) == []


def test_a_private_review_is_told_of_by_its_id_alone() -> None:
    secret = wanted(until=NOW, private=True, sentence="Finish the secret thing.")
    (notice,) = Post().send(NOW, asking(secret, title="Secret"))
    assert notice.text == "r: something is asked there. http://h/reviews/r"
    assert "ecret" not in notice.title


ML = team("ml")
THREADS = named(ML, Way.THREADS)


def threaded(*ways: Way) -> Book:
    return Book(recipients={ML: Recipient(id=ML, digest_at=LATE_DIGEST, ways=ways)})


def of_ml(key: str, **about: Any) -> Wanted:
    return wanted(key, of=Whom(role=Role.TEAM, id="ml"), **about)


def test_threads_are_for_teams_where_a_channel_knows_them() -> None:
    assert [way_of(to, True) for to in NAMES] == [Way.THREADS if to == ML else Way.WHOLE for to in NAMES]
    assert {way_of(to, False) for to in NAMES} == {Way.WHOLE}


def test_in_threads_each_review_is_told_of_by_itself_with_a_first_line_that_leads_to_it() -> None:
    post = Post(threaded(Way.THREADS))
    other = asking(of_ml("s/a", private=True), review="s", title="Secret", address="http://h/reviews/s")
    first, second = post.send(NOW, asking(of_ml("r/a"), of_ml("r/b")), other)
    assert (first.to, first.thread, first.title) == (THREADS, "r", "Holdfast: r: 2 things asked")
    assert first.text == (
        "r: Stale http://h/reviews/r\n- Do r/a. http://h/reviews/r#draft\n- Do r/b. http://h/reviews/r#draft"
    )
    assert (second.to, second.thread, second.title) == (THREADS, "s", "Holdfast: s: 1 thing asked")
    assert second.text == "s: something is asked there. http://h/reviews/s"
    assert post.send(NOW + timedelta(days=1), asking(of_ml("r/a"), of_ml("r/b")), other) == []


def test_a_thread_gets_one_message_a_day_and_only_where_its_review_has_news() -> None:
    post, other = Post(threaded(Way.THREADS)), asking(of_ml("s/a"), review="s")
    assert [n.thread for n in post.send(NOW, asking(of_ml("r/a")), other)] == ["r", "s"]
    news = asking(of_ml("r/a"), of_ml("r/b"))
    assert post.send(NOW + timedelta(hours=5), news, other) == []
    assert [n.thread for n in post.send(NOW + timedelta(days=1), news, other)] == ["r"]


def test_a_thread_gets_one_message_at_a_time_the_urgent_one_first() -> None:
    post = Post(threaded(Way.THREADS))
    both, other = asking(of_ml("r/a"), of_ml("r/b", urgent=True)), asking(of_ml("s/a"), review="s")
    assert [(n.key.partition("/")[0], n.thread) for n in post.send(NOW, both, other)] == [("urgent", "r"), ("day", "s")]
    (later,) = post.send(NOW + timedelta(minutes=1), both, other)
    assert (later.key, later.title) == (f"day/{THREADS}/2026-03-02/{digest_of('r')}", "Holdfast: r: 2 things asked")
    (urgent,) = post.send(NOW + timedelta(hours=1), asking(of_ml("r/c", urgent=True)))
    assert (urgent.thread, urgent.title) == ("r", "Holdfast: r: urgent, 1 thing asked")


def test_a_team_by_both_ways_is_told_the_same_in_whole_and_in_threads_and_each_can_be_left_alone() -> None:
    book, asked = threaded(Way.WHOLE, Way.THREADS), [asking(of_ml("r/a")), asking(of_ml("s/a"), review="s")]
    whole, *threads = Post(book).send(NOW, *asked)
    assert (whole.to, whole.thread, whole.title) == (ML, None, "Holdfast: 2 things asked")
    assert [(n.to, n.thread) for n in threads] == [(THREADS, "r"), (THREADS, "s")]
    assert [n.to for n in due_notices(asked, book, Sent(held=frozenset({THREADS})), NOW)] == [ML]
    assert {n.to for n in due_notices(asked, book, Sent(held=frozenset({ML})), NOW)} == {THREADS}


def test_the_digest_of_a_team_stands_in_no_thread() -> None:
    book = Book(recipients={ML: Recipient(id=ML, ways=(Way.THREADS,))})
    *_, digest = Post(book).send(NOW, asking(of_ml("r/a")), asking(of_ml("s/a"), review="s"))
    assert (digest.key, digest.thread) == (f"week/{THREADS}/2026-10", None)
    assert digest.title == "Holdfast: The week of team ml: 2 open reviews, 2 things to do"
    assert digest.text.startswith("r: Stale\n- ")


def test_a_team_gets_a_digest_once_a_week_with_what_is_open_late_and_waiting() -> None:
    ml = Recipient(id=team("ml"), calendar=Calendar(zone="Europe/Berlin"), digest_at=timedelta(hours=9))
    post = Post(Book(recipients={team("ml"): ml, ANNA: Recipient(id=ANNA)}))
    ours = asking(wanted("r/a", until=NOW - timedelta(days=1)), wanted("r/b"))
    signs = asking(wanted("s/c", of=Whom(role=Role.TEAM, id="ml")), wanted("s/d"), review="s", team="recs")
    others = asking(wanted("t/e"), review="t", team="recs")
    early = NOW.replace(hour=7, minute=59)  # 08:59 there
    assert not any(n.key.startswith("week") for n in post.send(early, ours, signs, others))
    (digest,) = [n for n in post.send(NOW, ours, signs, others) if n.key.startswith("week")]
    assert digest.key == "week/team/ml/2026-10"
    assert digest.title == "Holdfast: The week of team ml: 2 open reviews, 3 things to do, 1 late"
    assert "Asked of anna@" not in digest.text
    assert "s/d" not in digest.text
    assert digest.told == ()
    week = [n for days in range(1, 8) for n in post.send(NOW + timedelta(days=days), ours, signs, others)]
    assert [n.key for n in week if n.key.startswith("week")] == ["week/team/ml/2026-11"]


def test_a_team_with_nothing_open_gets_no_digest() -> None:
    book = Book(recipients={team("ml"): Recipient(id=team("ml"))})
    assert Post(book).send(NOW, asking(wanted(), team="recs")) == []
    _, digest = Post(book).send(NOW, asking(wanted()))
    assert digest.title.endswith("1 open review, 1 thing to do")


def test_who_is_to_be_left_alone_is_told_later() -> None:
    held = Sent(held=frozenset({ANNA}))
    assert due_notices([asking(wanted())], BOOK, held, NOW) == []


hours = st.integers(0, 23)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 9 * 24), st.booleans()), min_size=1, max_size=5),
    st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")),
    hours,
    hours,
)
def test_at_most_one_message_a_day_none_in_quiet_hours_and_none_calls_late_what_is_not(
    dues: list[tuple[int, bool]], zone: str, begin: int, end: int
) -> None:
    to = Recipient(id=ANNA, calendar=Calendar(zone=zone), quiet=QuietHours(begin=time(begin), end=time(end)))
    asks = [
        wanted(f"r/item:{number}", until=NOW + timedelta(hours=hours), urgent=urgent)
        for number, (hours, urgent) in enumerate(dues)
    ]
    post, days, told = Post(Book(recipients={ANNA: to})), set[str](), dict[str, int]()
    for hour in range(11 * 24):
        now = NOW + timedelta(hours=hour)
        for notice in post.send(now, asking(*asks)):
            assert not to.quiet or not to.quiet.hold(to.calendar.local(now).time())
            if notice.key.startswith("day/"):
                assert str(to.calendar.day(now)) not in days
                days.add(str(to.calendar.day(now)))
            for ask in asks:
                for line in notice.text.splitlines():
                    if ask.sentence in line:
                        told[ask.key] = told.get(ask.key, 0) + 1
                        assert ("Late since" in line) == (ask.until is not None and ask.until < now)
                        today = ask.until is not None and to.calendar.day(ask.until) == to.calendar.day(now)
                        assert ("Due today" in line) <= today
    assert set(told) == {ask.key for ask in asks}
