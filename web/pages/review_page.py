"""What a review's page shows: first why it cannot close, then everything that led there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.lifecycle.closure_rules import Blocker, blockers, warnings
from domain.lifecycle.doubts import doubts
from domain.lifecycle.stages import OPEN_STAGES
from domain.model.draft_parts import DraftFactor
from domain.model.review import EffectivenessAnswer, Review
from domain.model.taxonomy import Clock, Dimension, Effectiveness, ItemClass, ItemStatus, Stage
from records.audit import AuditReport
from records.documents.drafts import Saved
from web.formatting import Said, counted, day, due, minute, plain, span, times
from web.pages.draft_view import Told, told
from web.pages.review_items import ItemLine, item_line
from web.pages.review_requests import Asking, asked_for
from web.pages.text_diff import Since
from web.views.history import WORKED, Entry, failed
from web.views.review_status import (
    Mark,
    in_order,
    kinds_of,
    prevention,
    running,
    sign_again,
    stabilization,
    unsigned,
    wanted,
    what_comes,
)
from web.views.tracker_status import IssueLink

_HEADINGS = {
    "incident": "Incidents",
    "questions": "Answers",
    "causes": "Causes",
    "prevention": "Prevention",
    "done": "Items",
    "extent": "Extent",
    "verified": "Verification",
    "sign_off": "Signatures",
    "unknown": "Events",
}


@dataclass(frozen=True)
class InTheWay:
    """What one rule finds, and who can clear it where that is the same for all of it."""

    heading: str
    cleared_by: str | None
    blockers: list[Blocker]


@dataclass(frozen=True)
class Step:
    """A stage on the way: `done`, `now` or nothing, with its clock in words."""

    name: str
    state: str
    said: Said


@dataclass(frozen=True)
class Signed:
    """A team that has to sign."""

    team: str
    mark: Mark
    note: str
    since: Since | None = None


@dataclass(frozen=True)
class Answered:
    """A question of the template, and its answer."""

    question: str
    prompt: str
    answer: str | None


@dataclass(frozen=True)
class ReviewPage:
    """The page's content; templates decide nothing."""

    review: Review
    title: str
    tags: list[str]
    verdict: Said
    comes: str | None
    wanted: list[str]
    way: list[InTheWay]
    warnings: list[Blocker]
    doubts: tuple[str, ...]
    troubles: list[str]
    steps: list[Step]
    clocks: list[Said]
    prevention: list[ItemLine]
    prevented: str
    others: list[ItemLine]
    signed: list[Signed]
    asking: list[Asking]
    draft: Saved | None
    draft_note: str
    unsubmitted: bool
    factors: list[DraftFactor]
    considered: list[tuple[str, str]]
    answers: list[Answered]
    told: list[Told]
    entries: list[Entry]
    chain: Said


_NO_LINKS: Mapping[str, IssueLink] = {}
_NOTHING_CHANGED: Mapping[str, Since] = {}


def review_page(
    review: Review,
    draft: Saved | None,
    entries: Sequence[Entry],
    audit: AuditReport,
    now: datetime,
    links: Mapping[str, IssueLink] = _NO_LINKS,
    changed: Mapping[str, Since] = _NOTHING_CHANGED,
) -> ReviewPage:
    """The page of a review (texts and handles in place) at `now`, with the link of each item to its issue.

    `changed` is what a team has to read that signs again.
    """
    found = blockers(review, now)
    items = {id: i for id, i in review.items.items() if i.status is not ItemStatus.WITHDRAWN}
    lines = {id: item_line(review, id, links.get(id), now) for id in items}
    prevents = [id for id, item in items.items() if item.spec.item_class is ItemClass.PREVENT]
    document, draft_digest = (draft.document, draft.digest) if draft else (None, "")
    return ReviewPage(
        review=review,
        title=review.title or review.id,
        tags=kinds_of(review),
        verdict=_verdict(review, found, entries, now),
        comes=what_comes(review, now),
        wanted=[wanted(changes) for changes in review.changes_wanted],
        way=_grouped(found),
        doubts=doubts(review),
        warnings=warnings(review, now) if review.stage in (*OPEN_STAGES, Stage.CLOSED) else [],
        troubles=[failed(key, failure) for key, failure in review.failures.items()],
        steps=_steps(review, entries, now),
        clocks=[deadline.said(now) for deadline in running(review)],
        prevention=[lines[id] for id in prevents],
        prevented=prevention(review, now)[1],
        others=[line for id, line in lines.items() if id not in prevents],
        signed=_signed(review, changed, now),
        asking=asked_for(review, now),
        draft=draft,
        draft_note=_draft_note(review, draft),
        unsubmitted=document is not None and (review.submission is None or review.submission.digest != draft_digest),
        factors=list(document.factors) if document else [],
        considered=[(plain(d), document.considered[d]) for d in Dimension if d in document.considered]
        if document
        else [],
        answers=_answers(review, document.answers if document else {}),
        told=told(review, document) if document else [],
        entries=list(reversed(entries)),
        chain=_chain(audit),
    )


def _verdict(review: Review, found: list[Blocker], entries: Sequence[Entry], now: datetime) -> Said:
    if review.stage is Stage.EXCLUDED:
        rule = review.excluded_by or ""
        detail = f"Whoever thinks otherwise opens it: holdfast review open --excluded {review.id}"
        return Said("Not reviewed", "", f"{rule[:1].upper()}{rule[1:]}. {detail}")
    if review.stage is Stage.DISMISSED:
        said = next((entry.sentence for entry in reversed(entries) if entry.type == "ReviewDismissed"), "")
        return Said("Dismissed", "", said.removeprefix("Dismissed: "))
    if review.stage is Stage.ARCHIVED:
        if review.effectiveness is None:
            return Said("Archived, without an answer", "wait", "Nobody said whether prevention worked.")
        return _answered("Archived", review.effectiveness)
    closure = review.closure
    if review.stage is Stage.CLOSED and not found and review.effectiveness is not None:
        return _answered("Closed", review.effectiveness)
    if review.stage is Stage.CLOSED and not found and review.due[Clock.EFFECTIVENESS] <= now:
        return Said("Closed: did prevention work?", "wait", "The effectiveness window is over: somebody has to say.")
    on = f" on {day(closure.at, now)}" if closure else ""
    if review.stage is Stage.CLOSED and found and review.regressions:
        since = "The policy wants that told, and leaves the review closed."
        return Said(f"Closed{on}; since then: {counted(len(found), 'thing')}", "hold", since)
    if review.stage is Stage.CLOSED and not found:
        read = counted(len(closure.readings), "item") if closure else "its items"
        waived = f", with {counted(len(closure.waivers), 'waiver')} in force" if closure and closure.waivers else ""
        return Said(f"Closed{on}", "good", f"On a read of {read} made for this decision{waived}.")
    if found:
        return Said(f"Cannot close yet: {counted(len(found), 'thing')}", "hold")
    if review.stage is Stage.REMEDIATION:
        return Said("Nothing is in the way", "good", "The items are being read; then it closes by itself.")
    return Said("Nothing is in the way", "good", "It goes on by itself.")


def _answered(stage: str, answer: EffectivenessAnswer) -> Said:
    """What somebody said of prevention, once its window was over."""
    said = WORKED[answer.answer].rstrip(".")
    tone = "good" if answer.answer is Effectiveness.EFFECTIVE else "hold"
    return Said(f"{stage}: {said[:1].lower()}{said[1:]}", tone, f"{answer.reason} ({answer.by})")


def _grouped(found: list[Blocker]) -> list[InTheWay]:
    groups = []
    for rule in in_order(found):
        of_rule = [blocker for blocker in found if blocker.rule == rule]
        by = {blocker.cleared_by for blocker in of_rule}
        groups.append(InTheWay(_HEADINGS.get(rule, plain(rule)), by.pop() if len(by) == 1 else None, of_rule))
    return groups


_WAY = (Stage.STABILIZATION, Stage.DRAFT, Stage.SIGN_OFF, Stage.REMEDIATION, Stage.CLOSED, Stage.ARCHIVED)


def _steps(review: Review, entries: Sequence[Entry], now: datetime) -> list[Step]:
    if review.stage not in _WAY:
        return []
    at = _WAY.index(review.stage)
    steps = []
    for number, stage in enumerate(_WAY):
        name = "Effective?" if stage is Stage.ARCHIVED else plain(stage)
        state = "done" if number < at or review.stage is Stage.ARCHIVED else "now" if number == at else ""
        if stage is Stage.SIGN_OFF and state == "done" and (why := unsigned(review)):
            steps.append(Step(name, "", Said(why)))
            continue
        steps.append(Step(name, state, _step(review, stage, state, entries, now)))
    if review.stage is Stage.CLOSED:
        steps[-2:] = [Step("Closed", "done", steps[-2].said), Step("Effective?", "now", steps[-1].said)]
    return steps


def _step(review: Review, stage: Stage, state: str, entries: Sequence[Entry], now: datetime) -> Said:
    if stage is Stage.ARCHIVED:
        if Clock.EFFECTIVENESS in review.due:
            return Said(f"until {day(review.due[Clock.EFFECTIVENESS], now)}")
        return Said(f"{review.policy.clocks.effectiveness}" if review.policy else "")
    if stage is Stage.CLOSED:
        return Said(day(review.closure.at, now) if review.closure else "")
    if state == "done":
        refired = f", re-fired {times(review.refires)}" if stage is Stage.STABILIZATION and review.refires else ""
        return Said(f"took {_took(stage, entries)}{refired}")
    if state != "now":
        return Said("")
    if stage is Stage.STABILIZATION:
        return stabilization(review, now)
    clock = {Stage.DRAFT: Clock.DRAFT, Stage.SIGN_OFF: Clock.SIGN_OFF}.get(stage, Clock.REVIEW)
    return due(review.due[clock], now) if clock in review.due else Said("")


def _took(stage: Stage, entries: Sequence[Entry]) -> str:
    """How long a review was in a stage, all its visits together."""
    visits = [(entry.enters, entry.when) for entry in entries if entry.enters is not None]
    ends = [when for _, when in visits[1:]]
    total = [end - began for (entered, began), end in zip(visits, ends, strict=False) if entered is stage]
    return span(sum(total[1:], total[0])) if total else "no time"


def _signed(review: Review, changed: Mapping[str, Since], now: datetime) -> list[Signed]:
    lines = []
    for team in review.required_teams:
        signature, since, again = review.signatures.get(team), changed.get(team), sign_again(review, team)
        if since is not None and since.signed:
            about = f"its sections have changed since revision {since.revision}"
            lines.append(Signed(team, Mark("↻", "to sign again", "wait"), about, since))
        elif since is not None:
            lines.append(
                Signed(team, Mark("–", "not signed"), f"asked for changes in revision {since.revision}", since)
            )
        elif again:
            lines.append(Signed(team, Mark("↻", "to sign again", "wait"), again))
        elif signature is None:
            lines.append(Signed(team, Mark("–", "not signed"), ""))
        else:
            lines.append(Signed(team, Mark("✓", "signed", "good"), f"{signature.by}, {day(signature.at, now)}"))
    return lines


def _draft_note(review: Review, draft: Saved | None) -> str:
    if draft is None:
        return "Nothing is written yet."
    name, submitted = f"Revision {draft.revision}, saved {minute(draft.saved_at)} by {draft.author}", review.submission
    if draft.document is None:
        return f"{name}. Its text was erased."
    if submitted is None:
        return f"{name}, not submitted yet."
    if submitted.digest == draft.digest:
        return f"{name}, submitted by {submitted.by}."
    return f"{name}: edits that nobody has submitted. Revision {submitted.revision} is what counts."


def _answers(review: Review, answers: dict[str, str]) -> list[Answered]:
    """Every question that is asked, and whatever else was answered."""
    if review.policy is None or review.profile is None:
        return []
    found = []
    for question in review.policy.questions:
        answer = answers.get(question.id, "").strip()
        if answer or review.profile.asks(question, review.kinds, review.service):
            found.append(Answered(question.id, question.prompt, answer or None))
    return found


def _chain(audit: AuditReport) -> Said:
    if audit.wrong:
        return Said(f"{counted(audit.events, 'event')}, and the records do not hold", "hold", " ".join(audit.wrong))
    return Said(f"{counted(audit.events, 'event')}, chain verified", "good", f"head {audit.head[:12]}")
