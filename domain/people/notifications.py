"""Which messages go out now: decided from what is asked, who can be told, and what was told already.

Urgent asks go apart; all else goes in one message for each person and day. Where a team's channel knows threads, each
review has its own there. Quiet hours delay, and never drop.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum

from pydantic import Field

from domain.model.policy import Escalation
from domain.model.values import Calendar, Record, digest_of
from domain.people.tasks import Role, Wanted, Whom

REMIND_BEFORE = timedelta(days=2)
"""So many days before it is due somebody is reminded first."""

ADMIN, APPROVERS = "admin", "approvers"
"""Those who run Holdfast, and those who approve, as recipients."""


def person(id: str) -> str:
    """A person as a recipient."""
    return f"person/{id}"


def team(id: str) -> str:
    """A team as a recipient."""
    return f"team/{id}"


class Way(StrEnum):
    """How a channel is told things: all that there is in one message, or of each review in a thread of its own."""

    WHOLE = "whole"
    THREADS = "threads"


def way_of(to: str, knows_threads: bool) -> Way:
    """How a channel of a recipient is used: threads are for teams, and a person gets one message a day everywhere."""
    return Way.THREADS if knows_threads and to.startswith(team("")) else Way.WHOLE


def named(to: str, way: Way) -> str:
    """The name of those channels of a recipient that are used in this way: each way has messages of its own."""
    return to if way is Way.WHOLE else f"{to} in {way}"


class QuietHours(Record):
    """From when until when, by the recipient's clock, nothing is sent. They may span midnight."""

    begin: time
    end: time

    def hold(self, clock: time) -> bool:
        """Whether nothing is sent at that time of day; where both ends are the same there are no quiet hours."""
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end


class Recipient(Record):
    """Somebody who can be told something, and when.

    `digest_at` is how long after the week began (on Monday, by their clock) a team gets its digest.
    """

    id: str
    calendar: Calendar = Calendar()
    quiet: QuietHours | None = None
    digest_at: timedelta = timedelta(hours=9)
    ways: tuple[Way, ...] = (Way.WHOLE,)

    def is_quiet(self, now: datetime) -> bool:
        """Whether nothing is sent to them at `now` (UTC)."""
        return self.quiet is not None and self.quiet.hold(self.calendar.local(now).time())


class Book(Record):
    """Who can be told, by recipient; who leads each team; and what people are called."""

    recipients: dict[str, Recipient] = {}
    leads: dict[str, str] = Field(default={}, description="the recipient who leads a team, by team")
    named: dict[str, str] = Field(default={}, description="the recipient whom a policy names, by folded handle")
    called: dict[str, str] = Field(default={}, description="a person's handle, by id")


class Asking(Record):
    """A review, and what it asks now. A private one is told of by its id alone."""

    review: str
    title: str
    team: str | None
    address: str
    calendar: Calendar = Field(default=Calendar(), description="how its team counts days")
    escalation: Escalation = Escalation()
    asks: tuple[Wanted, ...]


class Sent(Record):
    """What was sent, or may have been: messages by key, and what they told, by recipient and step.

    `held` are the recipients who are to be left alone for now.
    """

    keys: frozenset[str] = frozenset()
    told: frozenset[tuple[str, str]] = frozenset()
    held: frozenset[str] = frozenset()


class Notice(Record):
    """A message. `key` names it, so that it is sent once; `told` are the steps that it tells for the first time.

    `to` is a recipient's name by one way of theirs (`named`).
    """

    key: str
    to: str
    title: str
    text: str
    told: tuple[str, ...] = ()
    thread: str | None = Field(default=None, description="the review in whose thread it stands; none: in no thread")


class Told(Record):
    """One ask as it is told to one recipient.

    `direct`: it is asked of them. `first`: they are told in the first place, and not because it is late.
    """

    asking: Asking
    wanted: Wanted
    to: str
    direct: bool
    first: bool = False

    @property
    def at_once(self) -> str:
        """The step of having been told apart."""
        return f"{self.wanted.key} at once"

    def step(self, now: datetime, calendar: Calendar) -> str:
        """How far it is with this ask: each step is told once. A later due date begins them anew."""
        wanted = self.wanted
        if wanted.until is None:
            return wanted.key
        due, today = calendar.day(wanted.until), calendar.day(now)
        if wanted.is_late(now):
            return f"{wanted.key} late {due} {(today - due).days}"
        if due == today:
            return f"{wanted.key} today {due}"
        return f"{wanted.key} soon {due}" if due - today <= REMIND_BEFORE else wanted.key


def due_notices(open_reviews: Sequence[Asking], book: Book, sent: Sent, now: datetime) -> list[Notice]:
    """The messages that go out at `now` (UTC), in order of recipient; the urgent ones of each come first."""
    lines: dict[str, list[Told]] = {}
    for asking in open_reviews:
        for told in _addressed(asking, book, now):
            lines.setdefault(told.to, []).append(told)
    known: dict[str, set[str]] = {}
    for id, step in sent.told:
        known.setdefault(id, set()).add(step)
    notices = []
    for id, recipient in sorted(book.recipients.items()):
        if recipient.is_quiet(now):
            continue
        for way in recipient.ways:
            if (name := named(id, way)) not in sent.held:
                desk = _Desk(recipient, way, lines.get(id, []), book, sent.keys, known.get(name, set()), now)
                notices += [*desk.urgent(), *desk.daily(), *desk.weekly(open_reviews)]
    return notices


def _addressed(asking: Asking, book: Book, now: datetime) -> Iterator[Told]:
    """To whom each ask of a review is told, each once: of whom it is asked, and those who hear of what is late."""
    for wanted in asking.asks:
        first = _told_first(wanted.of, asking, book)
        ways = dict.fromkeys([first, *_told_of_late(wanted, asking, book, now)])
        direct = _wished(wanted.of, book)
        for to in ways:
            yield Told(asking=asking, wanted=wanted, to=to, direct=to == direct, first=to == first)


def _wished(whom: Whom, book: Book) -> str:
    if whom.role is Role.PERSON:
        return person(whom.id)
    if whom.role is Role.TEAM:
        return team(whom.id)
    if whom.role is Role.LEAD:
        return book.leads.get(whom.id, ADMIN)
    return APPROVERS if whom.role is Role.APPROVER else ADMIN


def _told_first(whom: Whom, asking: Asking, book: Book) -> str:
    """Whoever cannot be reached is told by the team of the review, and then by those who run Holdfast."""
    ways = [_wished(whom, book), *([team(asking.team)] if asking.team else []), ADMIN]
    return next((way for way in ways if way in book.recipients), ADMIN)


def _told_of_late(wanted: Wanted, asking: Asking, book: Book, now: datetime) -> Iterator[str]:
    if wanted.until is None or not wanted.is_late(now):
        return
    rules = asking.escalation
    if rules.lead.after(wanted.until, asking.calendar) < now and asking.team in book.leads:
        yield book.leads[asking.team]
    if rules.further.after(wanted.until, asking.calendar) < now:
        yield book.named.get(rules.to.casefold(), ADMIN) if rules.to else ADMIN


class _Desk:
    """What is to be said to one recipient now, by one of their ways."""

    def __init__(
        self,
        to: Recipient,
        way: Way,
        lines: Sequence[Told],
        book: Book,
        sent: frozenset[str],
        told: set[str],
        now: datetime,
    ) -> None:
        self._to, self._book, self._sent, self._told, self._now = to, book, sent, told, now
        self._name, self._threads = named(to.id, way), way is Way.THREADS
        self._urgent: set[str] = set()  # the reviews of which an urgent message tells now
        self._lines = sorted(lines, key=lambda line: (line.wanted.until is None, line.wanted.until, line.wanted.key))
        by_key = {line.wanted.key: line for line in reversed(self._lines)}
        self._lines = [line for line in self._lines if by_key[line.wanted.key] is line]  # reviews may ask for the same

    def urgent(self) -> Iterator[Notice]:
        """One message for each review that newly asks for what cannot wait."""
        fresh = [t for t in self._lines if t.wanted.urgent and t.first and t.at_once not in self._told]
        for lines in _by_review(fresh):
            key = f"urgent/{self._name}/{digest_of(sorted(line.wanted.key for line in lines))}"
            notice = self._notice(key, f"urgent, {self._subject(lines)}", lines)
            notice = notice.model_copy(update={"told": (*notice.told, *(line.at_once for line in lines))})
            self._told |= set(notice.told)
            self._urgent.add(lines[0].asking.review)
            yield notice

    def daily(self) -> Iterator[Notice]:
        """All that is asked, in one message, on a day on which something of it is news; in threads, of each review.

        A thread gets one message at a time, for two at once would begin it twice: the other follows with what is due
        next.
        """
        day = f"day/{self._name}/{self._to.calendar.day(self._now)}"
        messages = {day: self._lines}
        if self._threads:
            about = {lines[0].asking.review: lines for lines in _by_review(self._lines)}
            calm = about.keys() - self._urgent
            messages = {f"{day}/{digest_of(id)}": lines for id, lines in about.items() if id in calm}
        for key, lines in messages.items():
            if key not in self._sent and any(self._step(line) not in self._told for line in lines):
                yield self._notice(key, self._subject(lines), lines)

    def weekly(self, open_reviews: Sequence[Asking]) -> Iterator[Notice]:
        """What is open at a team, once a week; nothing where nothing is."""
        kind, _, name = self._to.id.partition("/")
        local = self._to.calendar.local(self._now)
        year, week, weekday = local.isocalendar()
        key = f"week/{self._name}/{year}-{week}"
        passed = timedelta(days=weekday - 1, hours=local.hour, minutes=local.minute)
        if kind != "team" or passed < self._to.digest_at or key in self._sent:
            return
        ours = [
            Told(asking=asking, wanted=wanted, to=self._to.id, direct=wanted.of == Whom(role=Role.TEAM, id=name))
            for asking in open_reviews
            for wanted in asking.asks
            if asking.team == name or wanted.of == Whom(role=Role.TEAM, id=name)
        ]
        if ours:
            reviews, late = len({t.asking.review for t in ours}), self._late(ours)
            title = f"The week of team {name}: {_counted(reviews, 'open review')}, {_counted(len(ours), 'thing')} to do"
            yield self._notice(key, f"{title}, {late} late" if late else title, ours, telling=False)

    def _step(self, line: Told) -> str:
        return line.step(self._now, self._to.calendar)

    def _late(self, lines: Sequence[Told]) -> int:
        return sum(line.wanted.is_late(self._now) for line in lines)

    def _subject(self, lines: Sequence[Told]) -> str:
        late = self._late(lines)
        return f"{_counted(len(lines), 'thing')} asked" + (f", {late} late" if late else "")

    def _notice(self, key: str, title: str, lines: Sequence[Told], telling: bool = True) -> Notice:
        thread = lines[0].asking.review if telling and self._threads else None
        parts = ["\n".join(self._part(about, begins=thread is not None)) for about in _by_review(lines)]
        fresh = dict.fromkeys(step for line in lines if (step := self._step(line)) not in self._told)
        told = tuple(fresh) if telling else ()
        title = f"Holdfast: {thread}: {title}" if thread else f"Holdfast: {title}"
        return Notice(key=key, to=self._name, title=title, text="\n\n".join(parts), told=told, thread=thread)

    def _part(self, lines: Sequence[Told], begins: bool) -> Iterator[str]:
        """One review: what it is, and what it asks with the place where that is done.

        `begins`: a thread may begin with it, so the first line leads to the review. Any message of a thread may: the
        one before may be gone.
        """
        asking = lines[0].asking
        if any(line.wanted.private for line in lines):
            yield f"{asking.review}: something is asked there. {asking.address}"
            return
        heading = f"{asking.review}: {asking.title}" if asking.title else asking.review
        yield f"{heading} {asking.address}" if begins else heading
        for line in lines:
            whom = "" if line.direct else f" Asked of {_in_words(line.wanted.of, self._book.called)}."
            yield f"- {line.wanted.sentence}{self._until(line.wanted)}{whom} {asking.address}{line.wanted.place}"

    def _until(self, wanted: Wanted) -> str:
        if wanted.until is None:
            return ""
        there = self._to.calendar.local(wanted.until)
        moment = f"{there:%d %b %Y %H:%M} ({self._to.calendar.zone})"
        if wanted.is_late(self._now):
            return f" Late since {moment}."
        today = there.date() == self._to.calendar.day(self._now)
        return f" Due today, {moment}." if today else f" Due {moment}."


def _by_review(lines: Sequence[Told]) -> list[list[Told]]:
    """The lines of each review together, in the order of the first of each."""
    parts: dict[str, list[Told]] = {}
    for line in lines:
        parts.setdefault(line.asking.review, []).append(line)
    return list(parts.values())


def _in_words(whom: Whom, called: Mapping[str, str]) -> str:
    if whom.role is Role.PERSON:
        return called.get(whom.id, "its owner")
    return {
        Role.TEAM: f"team {whom.id}",
        Role.LEAD: f"the lead of team {whom.id}",
        Role.APPROVER: "somebody who may approve",
        Role.ADMIN: "whoever runs Holdfast",
    }[whom.role]


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
