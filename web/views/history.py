"""A review's recorded events as sentences."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from domain.lifecycle import events
from domain.lifecycle.claims import because
from domain.lifecycle.closure_rules import WHY_FAILED, WHY_NO_DOERS
from domain.lifecycle.events import Event
from domain.lifecycle.evolve import evolve
from domain.model.review import Facts, Failure, Request, Review
from domain.model.taxonomy import Ask, Door, Effectiveness, IncidentStatus, Stage
from domain.model.tracker_routing import Place
from domain.model.values import Record, Utc
from domain.trackers.issue_text import TRACKING
from records.documents.erasable_texts import People
from records.event_log.hash_chain import Link
from web.formatting import counted, day, listed, minute, plain
from web.references import revealed
from web.views.item_changes import differing, fact, would_change


class Entry(Record):
    """One recorded event."""

    seq: int
    type: str
    when: Utc = Field(description="the time at which it was decided")
    happened_at: Utc | None = Field(description="when it happened outside, where that is known")
    by: str = Field(description="the handle of who did it; `holdfast` where it followed by itself")
    door: Door
    input: str = Field(description="the id of the input that caused it")
    enters: Stage | None = Field(description="the stage that began with it")
    sentence: str


def entries(people: People, links: Sequence[Link]) -> list[Entry]:
    """The events of a review, oldest first, with texts and handles in place."""
    envelopes = [link.envelope for link in links]
    told = revealed(people, [envelope.event for envelope in envelopes])
    by = people.handles(envelope.by for envelope in envelopes)
    found, before, review = list[Entry](), "", Review(id="")
    for envelope, event in zip(envelopes, told, strict=True):
        itself = isinstance(event, _FOLLOWS) or (isinstance(event, events.ItemAccepted) and envelope.input_id == before)
        found.append(
            Entry(
                seq=envelope.seq,
                type=envelope.type,
                when=envelope.decided_at,
                happened_at=envelope.happened_at,
                by=ITSELF if itself else by[envelope.by],
                door=Door.ENGINE if itself else envelope.door,
                input=envelope.input_id,
                enters=_entered(event),
                sentence=_told_with(review, event, envelope.decided_at),
            )
        )
        before, review = envelope.input_id, evolve(review, event)
    return found


ITSELF = "holdfast"
"""Who did what followed by itself from something that somebody did."""

_FOLLOWS = (
    events.StageEntered,
    events.SignaturesVoided,
    events.DeadlinePassed,
    events.ReviewClosed,
    events.ReviewReopened,
    events.ReviewSucceeded,
    events.RegressionSeen,
)
"""What nobody does. An item that is accepted follows too, where it is not the first thing that its input caused."""


_ENTERED: dict[type[Event], Stage] = {
    events.IncidentExcluded: Stage.EXCLUDED,
    events.ReviewOpened: Stage.STABILIZATION,
    events.ReviewClosed: Stage.CLOSED,
    events.ReviewDismissed: Stage.DISMISSED,
}


def _entered(event: Event) -> Stage | None:
    return event.stage if isinstance(event, events.StageEntered | events.ReviewReopened) else _ENTERED.get(type(event))


def _told_with(review: Review, event: Event, now: datetime) -> str:
    """What an event says; of an item that is changed, with what it was in the review before."""
    if isinstance(event, events.ItemChanged) and (known := review.items.get(event.spec.id)):
        others = differing(known.spec, event.spec)
        return f"{event.spec.id} was changed: {'; '.join(others)}." if others else sentence(event, now)
    return sentence(event, now)


def sentence(event: Event, now: datetime) -> str:
    """What an event says, in a sentence. Years are left out where they are that of `now`."""
    return _SENTENCES[type(event)](event, now)


def _excluded(e: events.IncidentExcluded, now: datetime) -> str:
    return f"Not reviewed. {e.rule[:1].upper()}{e.rule[1:]}."


def _opened(e: events.ReviewOpened, now: datetime) -> str:
    after = f", which follows {e.follows}" if e.follows else ""
    return f"Review opened for {e.incident.ref} ({e.incident.severity}){after}, under the policy “{e.policy.name}”."


def _incident(e: events.IncidentUpdated, now: datetime) -> str:
    is_open = e.incident.status is IncidentStatus.OPEN
    if e.refired:
        return f"Incident {e.incident.ref} {'is open' if is_open else 'came in, resolved'}: a re-fire."
    return f"Incident {e.incident.ref} was told anew: {e.incident.status}, {e.incident.severity}."


def _facts(facts: Facts) -> str:
    """What is corrected of an incident: `severity SEV1, models fraud-scorer`."""
    said = facts.model_dump(exclude_defaults=True)
    return listed([f"{plain(name).lower()} {fact(value)}" for name, value in said.items()])


def _stage(e: events.StageEntered, now: datetime) -> str:
    due = "".join(f" {plain(clock)} is due {day(moment, now)}." for clock, moment in e.due.items())
    return f"{plain(e.stage)} began.{due}"


def _submitted(e: events.DraftSubmitted, now: datetime) -> str:
    return f"Revision {e.revision} was submitted: {counted(len(e.factors), 'factor')}, {counted(len(e.items), 'item')}."


def _voided(e: events.SignaturesVoided, now: datetime) -> str:
    return f"What {listed(e.teams)} signed has changed{because(e.claims)}: to be signed again."


def _changes(e: events.ChangesRequested, now: datetime) -> str:
    about = f" in {listed([plain(section) for section in e.sections])}" if e.sections else ""
    return f"Team {e.team} asks for changes{about}: {e.reason}"


_ASKED: dict[Ask, Callable[[Request], str]] = {
    Ask.WAIVE: lambda r: f"to waive {r.rule} for {r.subject}",
    Ask.DISMISS: lambda r: "to dismiss the review",
    Ask.ACCEPT_RISK: lambda r: f"to accept the risk of {r.subject}",
    Ask.WITHDRAW_ITEM: lambda r: f"to withdraw {r.subject}",
    Ask.REMOVE_INCIDENT: lambda r: f"to take incident {r.subject} out",
    Ask.CLASSIFY: lambda r: f"to correct what is known of incident {r.subject}",
    Ask.LOWER_SEVERITY: lambda r: f"to lower the severity to {r.severity}",
    Ask.CHANGE_ITEM: lambda r: f"to change what {r.subject} promises",
    Ask.EXTEND_DUE: lambda r: f"to put off {r.subject}",
    Ask.SPLIT_ITEM: lambda r: f"to split {r.subject} into {listed([part.id for part in r.into])}",
    Ask.SHARE: lambda r: f"to let {listed(r.teams) if r.teams else 'everybody'} see the review",
}


def asked(request: Request, now: datetime) -> str:
    """What a request asks for: `to waive done for I2 until 4 Dec`."""
    until = f" until {day(request.until, now)}" if request.until else ""
    return f"{_ASKED[request.ask](request)}{until}"


def _asked(e: events.ApprovalAsked, now: datetime) -> str:
    why = f": {e.request.reason}" if e.request.reason else ", since its date was put off in the tracker."
    changes = would_change(e.request)
    told = f" ({'; '.join(changes)})" if changes else ""
    return f"{e.request.id} asks {asked(e.request, now)}{told}{why}"


def _accepted(e: events.ItemAccepted, now: datetime) -> str:
    return f"{e.item} was accepted, due {day(e.due, now)}.{_goes(e.place, e.adopts)}"


def _moved(e: events.ItemMoved, now: datetime) -> str:
    return f"{e.item} was moved.{_goes(e.place, e.adopts) or ' It goes to the built-in tracker.'}"


def _goes(place: Place, adopts: str | None) -> str:
    if adopts:
        return f" {adopts} in {place} is its issue."
    return "" if place.tracker == "builtin" else f" It goes to {place}."


def _unreadable(e: events.ItemsFoundUnreadable, now: datetime) -> str:
    if e.kind is None:
        return f"{listed(e.items)} can be read again."
    return f"{listed(e.items)} cannot be read: {WHY_FAILED[e.kind]}."


def _heard(e: events.CommentHeard, now: datetime) -> str:
    where = "the tracking issue" if e.item == TRACKING else f"the issue of {e.item}"
    return f"A comment on {where} " + (f"is answered: {' '.join(e.answer)}" if e.answer else "asks what is in the way.")


def _readings(e: events.ItemStatusesRead, now: datetime) -> str:
    read = listed([f"{reading.item} {plain(reading.status).lower()}" for reading in e.readings])
    return f"Read from the trackers: {read}." if e.readings else "The trackers can be read again."


def failed(key: str, failure: Failure | events.OutsideFailed) -> str:
    """What could not be done outside, why, and when it is tried again."""
    words = WHY_NO_DOERS if key.startswith("doers:") else WHY_FAILED
    why = f"{words[failure.kind]} ({counted(failure.count, 'time')})"
    return f"{_owed(key)} failed: {why}. Next try {minute(failure.retry_at)}."


def _owed(key: str) -> str:
    what, _, item = key.partition(":")
    owed = {
        "issue": f"Opening the issue of {item}",
        "release": f"Closing the issue of {item}",
        "tend": f"Answering in the issue of {item}",
        "doers": f"Reading who had a hand in {item}",
        "evidence": f"Keeping a copy of the evidence for {item}",
        "comment": "Answering a comment",
    }
    return owed.get(what) or {"tracking": "Telling the tracking issue", "read": "Reading the items"}.get(what, key)


def _passed(e: events.DeadlinePassed, now: datetime) -> str:
    what, _, rest = e.deadline.partition(":")
    name = f"Item {rest.partition(':')[0]}" if what == "item" else plain(what)
    return f"{name} was due {day(e.due, now)}, and is late."


def _closed(e: events.ReviewClosed, now: datetime) -> str:
    waivers = f", with {counted(len(e.closure.waivers), 'waiver')} in force" if e.closure.waivers else ""
    return f"Closed on a read of {counted(len(e.closure.readings), 'item')}{waivers}."


WORKED = {
    Effectiveness.EFFECTIVE: "Prevention worked.",
    Effectiveness.INEFFECTIVE: "Prevention did not work.",
    Effectiveness.UNKNOWN: "It is not known whether prevention worked.",
}
"""What somebody answered, once the effectiveness window was over."""

_SENTENCES: dict[type[Event], Callable[[Any, datetime], str]] = {
    events.IncidentExcluded: _excluded,
    events.ReviewOpened: _opened,
    events.IncidentUpdated: _incident,
    events.IncidentRemoved: lambda e, now: f"Incident {e.incident} was taken out: {e.reason}",
    events.IncidentCorrected: lambda e, now: f"Corrected of incident {e.incident.ref}: {_facts(e.facts)}. {e.reason}",
    events.SeverityChanged: lambda e, now: f"The severity is now {e.severity}.",
    events.StageEntered: _stage,
    events.OwnerAssigned: lambda e, now: f"{e.owner} owns this review.",
    events.DraftSubmitted: _submitted,
    events.TeamSigned: lambda e, now: f"Signed for team {e.team}.",
    events.SignaturesVoided: _voided,
    events.ChangesRequested: _changes,
    events.ItemProposed: lambda e, now: f"{e.spec.id} was proposed: {e.spec.title}",
    events.ItemAccepted: _accepted,
    events.DueExtended: lambda e, now: (
        f"{e.item} may take longer, and is due {day(e.due, now)}{f': {e.reason}' if e.reason else '.'}"
    ),
    events.ItemMoved: _moved,
    events.ItemChanged: lambda e, now: f"{e.spec.id} was changed: {e.spec.title}",
    events.ItemSplit: lambda e, now: f"{e.item} was split into {listed([part.id for part in e.into])}: {e.reason}",
    events.ItemVerified: lambda e, now: f"{e.item} was verified{f': {e.note}' if e.note else '.'}",
    events.EvidenceCopied: lambda e, now: f"A copy of the evidence for {e.item} is kept.",
    events.SigningDelegated: lambda e, now: f"{e.to} signs for team {e.team}.",
    events.ItemWithdrawn: lambda e, now: f"{e.item} was withdrawn: {e.reason}",
    events.ApprovalAsked: _asked,
    events.ApprovalGranted: lambda e, now: f"{e.request} was approved.",
    events.ApprovalRefused: lambda e, now: f"{e.request} was refused: {e.reason}",
    events.ReviewMadePrivate: lambda e, now: f"Only {listed(e.teams)} sees this review: {e.reason}",
    events.ReviewShared: lambda e, now: f"{listed(e.teams) if e.teams else 'Everybody'} sees this review now.",
    events.ItemIssueOpened: lambda e, now: f"{e.item} is {e.ref.key} in {e.ref.tracker}.",
    events.ItemIssueLeft: lambda e, now: f"{e.ref.key} was opened for {e.item}, which had gone on: it is given up.",
    events.ItemIssueReleased: lambda e, now: f"The issue that {e.item} gave up was closed or let go.",
    events.ItemStatusesRead: _readings,
    events.ItemsFoundUnreadable: _unreadable,
    events.IssueFoundDisturbed: lambda e, now: f"What Holdfast keeps in the issue of {e.item} was changed there.",
    events.ItemIssueTended: lambda e, now: f"The issue of {e.item} was put right, and what was found there answered.",
    events.CommentHeard: _heard,
    events.CommentWasAnswered: lambda e, now: "The comment was answered.",
    events.TrackingIssueTold: lambda e, now: f"The tracking issue {e.ref.key} was brought up to date.",
    events.TrackingIssueRead: lambda e, now: f"The tracking issue was found {plain(e.status).lower()}.",
    events.OutsideFailed: lambda e, now: failed(e.key, e),
    events.DeadlinePassed: _passed,
    events.ClosureAsked: lambda e, now: "Closure was asked for.",
    events.ReviewClosed: _closed,
    events.EffectivenessAnswered: lambda e, now: f"{WORKED[e.answer]} {e.reason}",
    events.ReviewReopened: lambda e, now: f"Open again, because of {listed(e.because)}.",
    events.RegressionSeen: lambda e, now: (
        f"Come up after closure: {listed(e.because)}." if e.because else "What came up after closure is cleared."
    ),
    events.ReviewSucceeded: lambda e, now: f"More harm was reported of {e.incident.ref}: review {e.successor} follows.",
    events.ReviewDismissed: lambda e, now: f"Dismissed: {e.reason}",
    events.EffectRepeated: lambda e, now: (
        f"{_owed(e.key)} changed nothing ({counted(e.count, 'time')}). Next try {minute(e.retry_at)}."
    ),
    events.UnknownEvent: lambda e, now: (
        f"This release cannot read this event ({e.recorded_name}@{e.recorded_version})."
    ),
}
