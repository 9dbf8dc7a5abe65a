"""How a review stands, in words that the board and its own page share: its clocks, its items, what is in the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.lifecycle.claims import has_signed
from domain.lifecycle.closure_rules import Blocker, why_again
from domain.lifecycle.effects import clocks_running, items_running
from domain.lifecycle.reopening import opens_again
from domain.lifecycle.stages import OPEN_STAGES
from domain.model.endorsement import Waiver
from domain.model.review import ChangesWanted, Item, Review
from domain.model.taxonomy import Clock, IncidentStatus, ItemClass, ItemStatus, Mode, Stage
from web.formatting import Said, counted, day, due, listed, minute, plain, quiet, times

_RULE_COUNTS = {
    "unknown": "unreadable event",
    "incident": "open incident",
    "questions": "answer",
    "causes": None,
    "extent": None,
    "prevention": None,
    "done": "item",
    "verified": "item",
    "sign_off": "signature",
}
"""What each rule's findings are counted as, in the order in which people deal with them."""

_TO_DO = {"verified": " to verify"}
"""What follows what is counted, where the thing alone does not say what is to be done with it."""


@dataclass(frozen=True)
class Deadline:
    """A due date that still runs, and what is due."""

    what: str
    due: datetime

    def said(self, now: datetime) -> Said:
        """How far off it is: `due in 3 days`."""
        said = due(self.due, now)
        return Said(said.words, said.tone, f"{self.what}, {day(self.due, now)}")


@dataclass(frozen=True)
class Mark:
    """An item's state as a shape and a word; the tone only repeats what they say."""

    glyph: str
    word: str
    tone: str = ""


_MARKS = {
    ItemStatus.PROPOSED: Mark("◌", "proposed"),
    ItemStatus.OPEN: Mark("○", "open"),
    ItemStatus.DONE: Mark("●", "done", "good"),
    ItemStatus.DECLINED: Mark("✕", "declined", "hold"),
    ItemStatus.LOST: Mark("✕", "lost", "hold"),
    ItemStatus.WITHDRAWN: Mark("–", "withdrawn"),
}


def running(review: Review) -> list[Deadline]:
    """Every due date that still runs, the nearest first. What is past stays among them until it is met."""
    found = [Deadline(plain(clock), due) for clock, due in clocks_running(review).items()]
    found += [Deadline(f"Item {id}", due) for id, due in items_running(review).items()]
    return sorted(found, key=lambda deadline: deadline.due)


def clock(review: Review, now: datetime) -> Said:
    """The one clock that matters most now."""
    nearest = next(iter(running(review)), None)
    if review.stage is Stage.STABILIZATION and (nearest is None or nearest.due >= now):
        return stabilization(review, now)
    if nearest is not None:
        return nearest.said(now)
    if review.stage is Stage.CLOSED and review.effectiveness is not None:
        return Said(f"prevention: {review.effectiveness.answer}")
    if review.stage is Stage.CLOSED and review.due[Clock.EFFECTIVENESS] <= now:
        return Said("did prevention work?", "wait")
    if review.stage is Stage.CLOSED:
        return Said(f"watched until {day(review.due[Clock.EFFECTIVENESS], now)}")
    return Said("no clock")


def stabilization(review: Review, now: datetime) -> Said:
    """How far the quiet window has come."""
    refired = f"re-fired {times(review.refires)}" if review.refires else ""
    if any(incident.status is IncidentStatus.OPEN for incident in review.incidents.values()):
        return Said("incident is open", "wait", refired)
    if review.quiet_until is None or review.policy is None:
        return Said("quiet window not begun", "", refired)
    window = review.policy.clocks.quiet[review.severity]
    if window.business_days:
        return Said(f"quiet until {day(review.quiet_until, now)}", "", refired)
    return quiet(review.quiet_until, timedelta(seconds=window.seconds), now, refired)


def what_comes(review: Review, now: datetime) -> str | None:
    """What comes by itself: in stabilization the draft, and in a closed review what a waiver only put off."""
    if again := opens_again(review, now):
        why = " ".join(blocker.sentence for blocker in again.because)
        ends = f"{day(again.at, now)}, with the end of {listed(again.ends)}"
        return f"It opens again on {ends}, unless this is cleared before: {why}"
    if review.stage is not Stage.STABILIZATION or review.policy is None:
        return None
    clocks, weight = review.policy.clocks, review.severity
    then = f"then the draft is asked for, within {clocks.draft[weight]}"
    is_open = any(incident.status is IncidentStatus.OPEN for incident in review.incidents.values())
    if is_open or review.quiet_until is None:
        return f"The quiet window of {clocks.quiet[weight]} begins when the incident is resolved; {then}."
    return f"Quiet until {minute(review.quiet_until)}, unless the incident comes again; {then}."


def wanted(changes: ChangesWanted) -> str:
    """What a team asked for in place of signing: `Team ml asks for changes in why: Which alert? (ml-lead)`."""
    about = f" in {listed([plain(section) for section in changes.sections])}" if changes.sections else ""
    return f"Team {changes.team} asks for changes{about}: {changes.reason} ({changes.by})"


def unsigned(review: Review) -> str:
    """Why a review that is past sign-off shows no signatures; empty where every team has signed."""
    if review.profile is None or all(has_signed(review, team) for team in review.required_teams):
        return ""
    modes = [mode for name, mode in review.profile.rules.items() if name.partition("@")[0] == "sign_off"]
    return "not everybody signed" if Mode.BLOCK in modes else "no signatures asked for"


def sign_again(review: Review, team: str) -> str:
    """Why a team that signed before has to sign again; empty where it never signed, or where its signature stands."""
    if has_signed(review, team) or team not in review.fallen:
        return ""
    return f"its signature stands no more{why_again(review, team)}"


def mark(item: Item, waived: Waiver | None = None) -> Mark:
    """An item's state, and whether a waiver stands in for it."""
    if waived is not None and item.status is not ItemStatus.DONE:
        return Mark("◔", f"{_MARKS[item.status].word}, waived", "wait")
    return _MARKS[item.status]


def waiver_of(review: Review, item: str, now: datetime) -> Waiver | None:
    """The waiver that lifts `done` for an item now."""
    waiver = review.waivers.get(f"done/{item}")
    return waiver if waiver is not None and waiver.holds(now) else None


def prevention(review: Review, now: datetime) -> tuple[list[Mark], str]:
    """The prevention items as marks, and in words."""
    items = {
        id: item
        for id, item in review.items.items()
        if item.spec.item_class is ItemClass.PREVENT and item.status is not ItemStatus.WITHDRAWN
    }
    if not items:
        return [], "none proposed"
    marks = [mark(item, waiver_of(review, id, now)) for id, item in items.items()]
    done = sum(item.status is ItemStatus.DONE for item in items.values())
    odd = [
        f"{sum(m.word == word for m in marks)} {word}"
        for word in dict.fromkeys(m.word for m in marks)
        if word not in ("done", "open", "proposed")
    ]
    return marks, ", ".join([f"{done} of {len(marks)} done", *odd])


def in_the_way(review: Review, blockers: Sequence[Blocker]) -> Said:
    """How many things are in the way, and of what sort."""
    if not blockers:
        if review.stage is Stage.REMEDIATION:
            return Said("nothing", "good", "the items are being read")
        return Said("nothing", "" if review.stage in OPEN_STAGES else "good")
    rules = in_order(blockers)
    sorts = [_sort(rule, sum(b.rule == rule for b in blockers)) for rule in rules]
    tone = "hold" if review.stage is Stage.REMEDIATION or "incident" in rules else ""
    return Said(counted(len(blockers), "thing"), tone, ", ".join(sorts))


def in_order(blockers: Sequence[Blocker]) -> list[str]:
    """The rules that found something, each once, in the order in which people deal with them."""
    known = list(_RULE_COUNTS)
    rules = dict.fromkeys(blocker.rule for blocker in blockers)
    return sorted(rules, key=lambda rule: known.index(rule) if rule in known else len(known))


def _sort(rule: str, count: int) -> str:
    thing = _RULE_COUNTS.get(rule)
    if thing is None:
        return f"{count} on {rule}"
    return f"{counted(count, thing)}{_TO_DO.get(rule, '')}"


def kinds_of(review: Review) -> list[str]:
    """Who alone sees it, the kinds of the incident, and a near miss with what stopped it, as tags."""
    first = review.first_incident
    stopped = f": stopped by {plain(first.stopped_by)}" if first is not None and first.stopped_by else ""
    near = [] if review.realisation == "harm" else [plain(review.realisation) + stopped]
    private = [f"private to {listed(review.private_to)}"] if review.private_to else []
    return [*private, *near, *(plain(kind) for kind in review.kinds)]


def models_of(review: Review) -> str:
    """The models, in a few words."""
    return listed(review.models[:2]) + (f" and {len(review.models) - 2} more" if len(review.models) > 2 else "")
