"""`evolve(review, event)`: what a review is after an event. It never fails and never decides.

`evolve` folded over the recorded events *is* the review.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import reduce
from typing import Any

from domain.lifecycle import events
from domain.lifecycle.claims import INCIDENTS, changed, claim, promise_of
from domain.lifecycle.stages import OPEN_STAGES
from domain.model.endorsement import Signature, Verification, Waiver, waiver_id
from domain.model.review import (
    RESTORED,
    ChangesWanted,
    EffectivenessAnswer,
    Failure,
    Fallen,
    Incident,
    Item,
    Question,
    Reading,
    Repeat,
    Review,
    Submission,
    Tracking,
)
from domain.model.taxonomy import Ask, Clock, IssueStatus, ItemStatus, Stage

Changes = dict[str, Any]


def fold(review: Review, recorded: Iterable[events.Event]) -> Review:
    """What these events make of a review; of an empty one, if they are all there are."""
    return reduce(evolve, recorded, review)


def evolve(review: Review, event: events.Event) -> Review:
    """The review after `event`. An event that this release cannot read is kept as such, and blocks."""
    changes = _CHANGES[type(event)](review, event)
    if "items" in changes:
        changes["items"] = {id: _with_its_promise(item) for id, item in changes["items"].items()}
        changes["due"] = _no_sooner(changes.get("due", review.due), changes["items"].values())
    after = review.model_copy(update=changes | {"seq": review.seq + 1})
    fallen = _without_fallen(after)
    return after.model_copy(update=fallen) if fallen else after


def _with_its_promise(item: Item) -> Item:
    promised = promise_of(item)
    return item if item.promised == promised else item.model_copy(update={"promised": promised})


def _no_sooner(due: dict[Clock, datetime], items: Iterable[Item]) -> dict[Clock, datetime]:
    """The review as a whole is due no sooner than any item that was promised, or its clocks would disagree."""
    promised = [item.due for item in items if item.due is not None]
    if Clock.REVIEW not in due or not promised:
        return due
    return due | {Clock.REVIEW: max(due[Clock.REVIEW], *promised)}


def _without_fallen(review: Review) -> Changes:
    """Of waivers, accepted risks and verifications those that stand: for what was seen when they were given."""
    changes: Changes = {}
    for name, words in (("waivers", review.waivers), ("risks", review.risks)):
        standing = {id: word for id, word in words.items() if not changed(review, word)}
        if len(standing) < len(words):
            changes[name] = standing
    unsound = [id for id, i in review.items.items() if i.verification and changed(review, i.verification)]
    if unsound:
        without = {id: review.items[id].model_copy(update={"verification": None}) for id in unsound}
        changes["items"] = review.items | without
    return changes


def _incident_excluded(review: Review, event: events.IncidentExcluded) -> Changes:
    return {
        "stage": Stage.EXCLUDED,
        "excluded_by": event.rule,
        "severity": event.incident.severity,
        "policy_digest": event.policy_digest,
        "incidents": _with_incident(review, event.incident),
    }


def _review_opened(review: Review, event: events.ReviewOpened) -> Changes:
    return {
        "stage": Stage.STABILIZATION,
        "excluded_by": None,
        "policy": event.policy,
        "policy_digest": event.policy_digest,
        "severity": event.incident.severity,
        "incidents": _with_incident(review, event.incident),
        "opened": event.at,
        "home": event.home,
        "owner": event.owner,
        "owners": (event.owner,) if event.owner else (),
        "private_to": event.private_to,
        "follows": event.follows,
        "roles": event.roles,
        "quiet_until": event.quiet_until,
        "due": event.due,
    }


def _incident_updated(review: Review, event: events.IncidentUpdated) -> Changes:
    return {
        "incidents": _with_incident(review, event.incident),
        "refires": review.refires + event.refired,
        "quiet_until": event.quiet_until,
    }


def _incident_removed(review: Review, event: events.IncidentRemoved) -> Changes:
    gone = {ref: incident for ref, incident in review.incidents.items() if ref == event.incident}
    left = {ref: incident for ref, incident in review.incidents.items() if ref not in gone}
    quiet = {"quiet_until": event.quiet_until} if event.quiet_until else {}
    return {"incidents": left, "removed": review.removed | gone} | quiet


def _incident_corrected(review: Review, event: events.IncidentCorrected) -> Changes:
    roles = {} if event.roles is None else {"roles": event.roles}
    return {"incidents": _with_incident(review, event.incident)} | roles


def _severity_changed(review: Review, event: events.SeverityChanged) -> Changes:
    return {"severity": event.severity}


def _stage_entered(review: Review, event: events.StageEntered) -> Changes:
    return {"stage": event.stage, "due": review.due | event.due}


def _owner_assigned(review: Review, event: events.OwnerAssigned) -> Changes:
    return {"owner": event.owner, "owners": tuple(dict.fromkeys((*review.owners, event.owner)))}


def _draft_submitted(review: Review, event: events.DraftSubmitted) -> Changes:
    earlier = set(review.submission.items) if review.submission else set()
    ids = tuple(spec.id for spec in event.items)
    kept = {
        id: item
        for id, item in review.items.items()
        if item.status is not ItemStatus.PROPOSED or id not in earlier or id in ids
    }
    fresh = {
        spec.id: Item(spec=spec)
        for spec in event.items
        if spec.id not in kept or kept[spec.id].status is ItemStatus.PROPOSED
    }
    submission = Submission(
        revision=event.revision,
        digest=event.digest,
        by=event.by,
        sections=event.sections,
        answered=event.answered,
        factors=event.factors,
        considered=event.considered,
        items=ids,
        filled=event.filled,
        looked=event.looked,
        elsewhere=event.elsewhere,
        models=event.models,
        failure_modes=event.failure_modes,
        thin=event.thin,
        incidents=claim(review, INCIDENTS) or "",
    )
    # Another text: what it was before is no reason to sign again, but it is to be signed.
    fallen = dict.fromkeys(review.fallen, Fallen(seq=review.seq + 1))
    authors = tuple(dict.fromkeys((*review.authors, event.by)))
    return {
        "submission": submission,
        "authors": authors,
        "items": kept | fresh,
        "changes_wanted": (),
        "fallen": fallen,
    }


def _signing_delegated(review: Review, event: events.SigningDelegated) -> Changes:
    return {"delegates": review.delegates | {event.team: event.to}}


def _team_signed(review: Review, event: events.TeamSigned) -> Changes:
    signature = Signature(team=event.team, by=event.by, at=event.at, basis=event.basis)
    fallen = {team: why for team, why in review.fallen.items() if team != event.team}
    return {"signatures": review.signatures | {event.team: signature}, "fallen": fallen}


def _signatures_voided(review: Review, event: events.SignaturesVoided) -> Changes:
    """Who was to sign again before has this to see, too."""
    fallen = {}
    for team in {*event.teams} & {*review.signatures, *review.fallen}:
        before = review.fallen[team].claims if team in review.fallen else ()
        fallen[team] = Fallen(seq=review.seq + 1, claims=tuple(dict.fromkeys((*before, *event.claims))))
    return {
        "signatures": {team: s for team, s in review.signatures.items() if team not in event.teams},
        "fallen": review.fallen | fallen,
    }


def _changes_requested(review: Review, event: events.ChangesRequested) -> Changes:
    wanted = ChangesWanted(team=event.team, by=event.by, reason=event.reason, sections=event.sections)
    return {
        "signatures": {team: s for team, s in review.signatures.items() if team != event.team},
        "changes_wanted": (*review.changes_wanted, wanted),
    }


def _item_proposed(review: Review, event: events.ItemProposed) -> Changes:
    return _with_item(review, Item(spec=event.spec))


def _item_accepted(review: Review, event: events.ItemAccepted) -> Changes:
    return _changed_item(
        review, event.item, status=ItemStatus.OPEN, due=event.due, place=event.place, adopts=event.adopts
    )


def _due_extended(review: Review, event: events.DueExtended) -> Changes:
    if event.item not in review.items:
        return {}
    extended = review.items[event.item].extended + 1
    return _changed_item(review, event.item, due=event.due, extended=extended)


def _item_moved(review: Review, event: events.ItemMoved) -> Changes:
    """The item is open until its new issue is read; the earlier one is left, and closed when the new one is there."""
    item = review.items.get(event.item)
    if item is None:
        return {}
    return _changed_item(
        review,
        event.item,
        status=ItemStatus.OPEN,
        place=event.place,
        adopts=event.adopts,
        moves=item.moves + 1,
        ref=None,
        issue_status=None,
        as_of=None,
        unreadable=None,
        answered=False,
        disturbed=None,
        doers_of_before=True,
        verification=None,
        disturbances=(),
        told=None,
        adopted=(*item.adopted, item.ref) if item.ref and item.adopts else item.adopted,
        leaving=(*item.leaving, item.ref) if item.ref else item.leaving,
        formerly=(*item.formerly, item.ref) if item.ref else item.formerly,
    ) | _succeeded(review, review.items[event.item].opening if event.item in review.items else "")


def _item_changed(review: Review, event: events.ItemChanged) -> Changes:
    known = review.items.get(event.spec.id)
    sooner = {"due": event.due} if event.due is not None else {}
    owned = {"former_owners": _owners(known)} if known and known.spec.owner != event.spec.owner else {}
    return _changed_item(review, event.spec.id, spec=event.spec, **sooner, **owned)


def _owners(item: Item) -> tuple[str, ...]:
    """Who owns an accepted item, and who has owned it."""
    owner = (item.spec.owner,) if item.accepted and item.spec.owner else ()
    return tuple(dict.fromkeys((*item.former_owners, *owner)))


def _item_split(review: Review, event: events.ItemSplit) -> Changes:
    whole = review.items.get(event.item)
    doers, strangers = (whole.doers, whole.strangers) if whole else (None, ())
    parts = {
        spec.id: Item(
            spec=spec,
            doers=doers,
            strangers=strangers,
            doers_of_before=True,
            extended=whole.extended if whole else 0,
            former_owners=_owners(whole) if whole else (),
        )
        for spec in event.into
    }
    withdrawn = {event.item: whole.model_copy(update={"status": ItemStatus.WITHDRAWN})} if whole else {}
    return {"items": review.items | withdrawn | parts}


def _item_verified(review: Review, event: events.ItemVerified) -> Changes:
    verification = Verification(
        by=event.by,
        at=event.at,
        evidence=event.evidence,
        note=event.note,
        stands_for=event.stands_for,
        basis=event.basis,
    )
    return _changed_item(review, event.item, verification=verification)


def _evidence_copied(review: Review, event: events.EvidenceCopied) -> Changes:
    item = review.items.get(event.item)
    if item is None or item.verification is None:
        return {}
    evidence = tuple(
        e.model_copy(update={"digest": event.digest}) if e.link == event.link else e for e in item.verification.evidence
    )
    verification = item.verification.model_copy(update={"evidence": evidence})
    return _changed_item(review, event.item, verification=verification) | _succeeded(review, f"evidence:{event.item}")


def _item_withdrawn(review: Review, event: events.ItemWithdrawn) -> Changes:
    return _changed_item(review, event.item, status=ItemStatus.WITHDRAWN)


def _approval_asked(review: Review, event: events.ApprovalAsked) -> Changes:
    return {"requests": review.requests | {event.request.id: event.request}}


def _approval_refused(review: Review, event: events.ApprovalRefused) -> Changes:
    return _decided(review, event.request, event.by, granted=False)


def _approval_granted(review: Review, event: events.ApprovalGranted) -> Changes:
    request, changes = review.requests.get(event.request), _decided(review, event.request, event.by, granted=True)
    if request is None or request.until is None or request.ask not in (Ask.WAIVE, Ask.ACCEPT_RISK):
        return changes
    kept = review.waivers if request.ask is Ask.WAIVE else review.risks
    key = waiver_id(request.rule, request.subject) if request.ask is Ask.WAIVE else request.subject
    earlier = kept[key].granted_by if key in kept else ()
    waiver = Waiver(
        rule=request.rule,
        subject=request.subject,
        until=request.until,
        asked_by=request.by,
        granted_by=(*earlier, event.by),
        basis=event.basis,
    )
    return changes | {"waivers" if request.ask is Ask.WAIVE else "risks": kept | {key: waiver}}


def _review_made_private(review: Review, event: events.ReviewMadePrivate) -> Changes:
    return {"private_to": event.teams, "home": event.home}


def _review_shared(review: Review, event: events.ReviewShared) -> Changes:
    return {"private_to": event.teams}


def _item_issue_opened(review: Review, event: events.ItemIssueOpened) -> Changes:
    """An item that adopts the issue that it left has not left it."""
    item = review.items.get(event.item)
    leaving = tuple(left for left in item.leaving if not left.is_same(event.ref)) if item is not None else ()
    return _changed_item(
        review, event.item, ref=event.ref, issue_status=IssueStatus.OPEN, leaving=leaving, told=event.told
    ) | _succeeded(review, review.items[event.item].opening if event.item in review.items else "")


def _item_issue_left(review: Review, event: events.ItemIssueLeft) -> Changes:
    item = review.items.get(event.item)
    if item is None:
        return {}
    return _changed_item(
        review,
        event.item,
        leaving=(*item.leaving, event.ref),
        formerly=(*item.formerly, event.ref),
        adopted=(*item.adopted, event.ref) if event.adopted else item.adopted,
    )


def _item_issue_released(review: Review, event: events.ItemIssueReleased) -> Changes:
    item = review.items.get(event.item)
    changes: Changes = {"leaving": item.leaving[1:]} if item is not None and item.leaving else {"released": True}
    return _changed_item(review, event.item, **changes) | _succeeded(review, f"release:{event.item}")


def _issue_disturbed(review: Review, event: events.IssueFoundDisturbed) -> Changes:
    item = review.items.get(event.item)
    if item is None:
        return {}
    disturbances = (*item.disturbances, event.as_of)[-RESTORED - 1 :]
    return _changed_item(review, event.item, disturbed=event.as_of, disturbances=disturbances)


def _issue_tended(review: Review, event: events.ItemIssueTended) -> Changes:
    """What has been seen before the tending began is answered by it."""
    item = review.items.get(event.item)
    if item is None:
        return {}
    later = item.disturbed if item.disturbed is not None and item.disturbed > event.as_of else None
    seen = item.answered or item.as_of is None or item.as_of <= event.as_of
    answered = item.status is ItemStatus.DECLINED and seen
    told = event.told or item.told
    retold = item.retold + (told != item.told)
    return _changed_item(review, event.item, answered=answered, disturbed=later, told=told, retold=retold) | _succeeded(
        review, f"tend:{event.item}"
    )


_STATUS_OF_ITEM = {
    IssueStatus.OPEN: ItemStatus.OPEN,
    IssueStatus.DONE: ItemStatus.DONE,
    IssueStatus.DECLINED: ItemStatus.DECLINED,
    IssueStatus.DUPLICATE: ItemStatus.DECLINED,
}


def _item_statuses_read(review: Review, event: events.ItemStatusesRead) -> Changes:
    items, heard = dict(review.items), {"read"}
    for reading in event.readings:
        item = items.get(reading.item)
        if item is not None:
            items[reading.item] = _after_reading(item, reading)
            if items[reading.item].status is not ItemStatus.DONE or not items[reading.item].doers_unread:
                heard.add(item.asking_who)
    return {"items": items} | _succeeded(review, *heard)


def _after_reading(item: Item, reading: Reading) -> Item:
    status = (
        item.status if item.status is ItemStatus.WITHDRAWN else _STATUS_OF_ITEM.get(reading.status, ItemStatus.LOST)
    )
    moved = reading.ref is not None and item.ref is not None and reading.ref.key != item.ref.key
    holds = status in (ItemStatus.DONE, ItemStatus.LOST)
    told = status is ItemStatus.DONE and reading.doers is not None
    known = {item.doers, reading.doers} != {None}
    return item.model_copy(
        update={
            "status": status,
            "issue_status": reading.status,
            "as_of": reading.as_of,
            "ref": reading.ref or item.ref,
            "formerly": (*item.formerly, item.ref) if moved else item.formerly,
            "unreadable": None,
            "answered": item.answered and status is ItemStatus.DECLINED,
            "doers_of_before": not told and (item.doers_of_before or (known and not holds)),
            "verification": item.verification if holds else None,
        }
        | ({} if reading.doers is None else _done_by(item, reading, reading.doers))
    )


def _done_by(item: Item, reading: Reading, doers: tuple[str, ...]) -> Changes:
    """Who once had a hand in an item had one, and nobody knows who they are until somebody does."""
    strangers = dict.fromkeys((*item.strangers, *reading.strangers))
    return {
        "doers": tuple(dict.fromkeys((*(item.doers or ()), *doers))),
        "strangers": tuple(one for one in strangers if one not in reading.met),
    }


def _items_found_unreadable(review: Review, event: events.ItemsFoundUnreadable) -> Changes:
    fresh = {
        id: item.model_copy(update={"unreadable": event.kind}) for id, item in review.items.items() if id in event.items
    }
    return {"items": review.items | fresh}


def _comment_heard(review: Review, event: events.CommentHeard) -> Changes:
    return {"questions": review.questions | {event.comment: Question(item=event.item, answer=event.answer)}}


def _comment_answered(review: Review, event: events.CommentWasAnswered) -> Changes:
    waiting = {id: question for id, question in review.questions.items() if id != event.comment}
    return {"questions": waiting} | _succeeded(review, f"comment:{event.comment}")


def _tracking_issue_told(review: Review, event: events.TrackingIssueTold) -> Changes:
    tracking = Tracking(ref=event.ref, told=event.told, status=event.status, as_of=event.as_of)
    earlier = review.tracking
    if earlier is not None and earlier.as_of > event.as_of:  # somebody closed or opened it while it was being told
        seen = {"status": earlier.status, "as_of": earlier.as_of, "closed_early": earlier.closed_early}
        tracking = tracking.model_copy(update=seen)
    return {"tracking": tracking} | _succeeded(review, "tracking")


def _tracking_issue_read(review: Review, event: events.TrackingIssueRead) -> Changes:
    if review.tracking is None:
        return {}
    closed = event.status is not IssueStatus.OPEN
    changes = {
        "ref": event.ref or review.tracking.ref,
        "status": event.status,
        "as_of": event.as_of,
        "closed_early": closed and review.stage in OPEN_STAGES,
    }
    return {"tracking": review.tracking.model_copy(update=changes)}


def _outside_failed(review: Review, event: events.OutsideFailed) -> Changes:
    failure = Failure(kind=event.kind, count=event.count, retry_at=event.retry_at)
    return {"failures": review.failures | {event.key: failure}}


def _effect_repeated(review: Review, event: events.EffectRepeated) -> Changes:
    repeat = Repeat(basis=event.basis, count=event.count, retry_at=event.retry_at)
    return {"repeats": review.repeats | {event.key: repeat}}


def _deadline_passed(review: Review, event: events.DeadlinePassed) -> Changes:
    return {"late": review.late | {event.deadline}}


def _closure_asked(review: Review, event: events.ClosureAsked) -> Changes:
    return {}


def _review_closed(review: Review, event: events.ReviewClosed) -> Changes:
    return {"stage": Stage.CLOSED, "closure": event.closure, "due": review.due | event.due, "regressions": ()}


def _effectiveness_answered(review: Review, event: events.EffectivenessAnswered) -> Changes:
    answer = EffectivenessAnswer(answer=event.answer, by=event.by, at=event.at, reason=event.reason)
    return {"effectiveness": answer}


def _review_reopened(review: Review, event: events.ReviewReopened) -> Changes:
    return {
        "stage": event.stage,
        "closure": None,
        "effectiveness": None,
        "reopened": review.reopened + 1,
        "regressions": (),
        "due": review.due | event.due,
    }


def _regression_seen(review: Review, event: events.RegressionSeen) -> Changes:
    return {"regressions": event.because}


def _review_succeeded(review: Review, event: events.ReviewSucceeded) -> Changes:
    return {"successor": event.successor}


def _review_dismissed(review: Review, event: events.ReviewDismissed) -> Changes:
    return {"stage": Stage.DISMISSED}


def _unknown(review: Review, event: events.UnknownEvent) -> Changes:
    return {"unknown": (*review.unknown, f"{event.recorded_name}@{event.recorded_version}")}


def _with_incident(review: Review, incident: Incident) -> dict[str, Incident]:
    return review.incidents | {incident.ref: incident}


def _with_item(review: Review, item: Item) -> Changes:
    return {"items": review.items | {item.spec.id: item}}


def _changed_item(review: Review, id: str, **changes: Any) -> Changes:
    if id not in review.items:
        return {}
    return _with_item(review, review.items[id].model_copy(update=changes))


def _decided(review: Review, id: str, by: str, *, granted: bool) -> Changes:
    if id not in review.requests:
        return {}
    request = review.requests[id].model_copy(update={"decided_by": by, "granted": granted})
    return {"requests": review.requests | {id: request}}


def _succeeded(review: Review, *keys: str) -> Changes:
    return {"failures": {key: failure for key, failure in review.failures.items() if key not in keys}}


_CHANGES: dict[type[events.Event], Callable[[Review, Any], Changes]] = {
    events.IncidentExcluded: _incident_excluded,
    events.ReviewOpened: _review_opened,
    events.IncidentUpdated: _incident_updated,
    events.IncidentRemoved: _incident_removed,
    events.IncidentCorrected: _incident_corrected,
    events.SeverityChanged: _severity_changed,
    events.StageEntered: _stage_entered,
    events.OwnerAssigned: _owner_assigned,
    events.DraftSubmitted: _draft_submitted,
    events.SigningDelegated: _signing_delegated,
    events.TeamSigned: _team_signed,
    events.SignaturesVoided: _signatures_voided,
    events.ChangesRequested: _changes_requested,
    events.ItemProposed: _item_proposed,
    events.ItemAccepted: _item_accepted,
    events.DueExtended: _due_extended,
    events.IssueFoundDisturbed: _issue_disturbed,
    events.ItemIssueTended: _issue_tended,
    events.CommentHeard: _comment_heard,
    events.CommentWasAnswered: _comment_answered,
    events.RegressionSeen: _regression_seen,
    events.ItemMoved: _item_moved,
    events.ItemsFoundUnreadable: _items_found_unreadable,
    events.ItemChanged: _item_changed,
    events.ItemWithdrawn: _item_withdrawn,
    events.ItemSplit: _item_split,
    events.ItemVerified: _item_verified,
    events.EvidenceCopied: _evidence_copied,
    events.ApprovalAsked: _approval_asked,
    events.ApprovalGranted: _approval_granted,
    events.ApprovalRefused: _approval_refused,
    events.ReviewMadePrivate: _review_made_private,
    events.ReviewShared: _review_shared,
    events.ItemIssueOpened: _item_issue_opened,
    events.ItemIssueLeft: _item_issue_left,
    events.ItemIssueReleased: _item_issue_released,
    events.ItemStatusesRead: _item_statuses_read,
    events.TrackingIssueTold: _tracking_issue_told,
    events.TrackingIssueRead: _tracking_issue_read,
    events.OutsideFailed: _outside_failed,
    events.EffectRepeated: _effect_repeated,
    events.DeadlinePassed: _deadline_passed,
    events.ClosureAsked: _closure_asked,
    events.ReviewClosed: _review_closed,
    events.EffectivenessAnswered: _effectiveness_answered,
    events.ReviewReopened: _review_reopened,
    events.ReviewSucceeded: _review_succeeded,
    events.ReviewDismissed: _review_dismissed,
    events.UnknownEvent: _unknown,
}
