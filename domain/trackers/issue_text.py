"""What an issue in a tracker says: titles, bodies and labels, made of a review and its texts."""

from collections.abc import Mapping, Sequence
from datetime import date

from domain.lifecycle.effects import tracking_digest, tracking_text
from domain.lifecycle.inputs import Input, ItemsRead, TrackingRead
from domain.model.review import TRACKING_ISSUE, Item, Reading, Review, Told
from domain.model.taxonomy import Door
from domain.model.values import TextRef, Utc, digest_of
from domain.trackers.ports import IssueSnapshot, IssueSpec

TRACKING = "*tracking"
"""Stands where an item's id stands, for the issue of the review as a whole; no item's id looks like it."""


def item_key(review: Review, item: Item) -> str:
    """Our own key of an item's issue: the same for ever, whatever becomes of the issue; another one for each move."""
    return f"{review.id}/{item.spec.id}" + (f"/{item.moves + 1}" if item.moves else "")


def tracking_key(review: Review) -> str:
    """Our own key of the issue that stands for the review as a whole."""
    return f"{review.id}/{TRACKING_ISSUE}"


def labels(review: Review, item: Item | None = None) -> tuple[str, ...]:
    """The labels of an issue. The first two, by which all issues of a review are found, never change."""
    found = ("holdfast", f"holdfast:{review.id}"[:50])
    return found if item is None else (*found, str(item.spec.item_class), str(item.spec.strength))


def labels_before(review: Review, item: Item) -> tuple[str, ...]:
    """The labels of ours that an item's issue has and should not have any more."""
    told = (str(item.told.item_class), str(item.told.strength)) if item.told else ()
    return tuple(label for label in told if label not in labels(review, item))


def block(review: Review, item: Item, address: str, told: Told | None = None) -> list[str]:
    """What an item's issue begins with: what it is part of, its class and its strength; those it had when it was told.

    Without `told`: as they are now.
    """
    says = told or item.to_tell
    return [
        f"Action item **{item.spec.id}** of the post-incident review [{review.id}]({address}).",
        "",
        f"- class: {says.item_class}, strength: {says.strength}, outcome: {says.outcome}",
    ]


def kept(review: Review, item: Item, texts: Mapping[TextRef, str], address: str, told: Told | None = None) -> str:
    """All that Holdfast keeps in the text of an item's issue, as it was told; without that, as it is now."""
    says = told or item.to_tell
    lines = [*block(review, item, address, says), f"- due: {says.due:%d %b %Y}" if says.due else "- due: not set"]
    if says.prevents:
        lines.append(f"- prevents: {', '.join(says.prevents)}")
    if says.end_state:
        lines += ["", f"**Done when:** {texts[says.end_state]}"]
    lines += ["", "The review stays open until this is done here. Closing it as not planned does not count as done."]
    return "\n".join(lines)


def item_issue(
    review: Review,
    item: Item,
    texts: Mapping[TextRef, str],
    project: str,
    address: str,
    assignee: str | None = None,
) -> IssueSpec:
    """The issue of an action item. `address` is that of the review's page, `assignee` an account in its tracker."""
    spec = item.spec
    return IssueSpec(
        key=item_key(review, item),
        project=project,
        title=texts[spec.title],
        body=kept(review, item, texts, address),
        labels=labels(review, item),
        due=item.due.date() if item.due else None,
        assignee=assignee,
        service=review.service,
        severity=review.severity,
    )


def is_disturbed(review: Review, item: str, found: IssueSnapshot, address: str) -> bool:
    """Whether what Holdfast keeps in an item's issue was changed there: a label, or the link to the review.

    Status, resolution, assignee and title are the tracker's own, and anybody's to change. What says what does not hold
    any more is ours to rewrite.
    """
    known = review.items.get(item)
    if known is None or known.outdated or found.labels is None or found.body is None or found.ref is None:
        return False
    there = {label.casefold() for label in found.labels}
    return lost_its_link(known, found, address) or any(x.casefold() not in there for x in labels(review, known))


def lost_its_link(item: Item, found: IssueSnapshot, address: str) -> bool:
    """Whether the text of an item's issue leads to its review no more, and can be made to without losing any of it."""
    ours = item.adopts is None and found.text_may_be_rewritten
    return ours and found.body is not None and address not in found.body


def rewritten(
    review: Review, item: Item, found: IssueSnapshot, texts: Mapping[TextRef, str], address: str
) -> str | None:
    """The text of an item's issue with what Holdfast keeps in it as it is now; none where it is to stay as it is.

    What people changed is theirs: where what was told is not there word for word, nothing is replaced.
    """
    if item.adopts is not None or found.body is None or not found.text_may_be_rewritten:
        return None
    body = found.body.replace("\r\n", "\n")
    before = kept(review, item, texts, address, item.told)
    if item.outdated and before in body:
        return body.replace(before, kept(review, item, texts, address), 1)
    return "\n".join([*block(review, item, address), "", body]) if lost_its_link(item, found, address) else None


def due_to_set(item: Item, found: IssueSnapshot) -> date | None:
    """The date that an item's tracker has yet to be told: a new one, unless it shows that or a later one."""
    told_before = item.told is None or item.told.due == item.due
    if item.due is None or told_before or (found.due is not None and found.due >= item.due.date()):
        return None
    return item.due.date()


def is_later(review: Review, item: str, found: IssueSnapshot) -> bool:
    """Whether the tracker shows a later date for an item than it is due here: that asks for an extension."""
    known = review.items.get(item)
    return known is not None and known.due is not None and found.due is not None and found.due > known.due.date()


def restored(review: Review, item: Item, address: str) -> str:
    """The comment for whoever changed what Holdfast keeps in an issue."""
    lines = ["Holdfast keeps the labels and this of the issue; to change them, change the item in the review.", ""]
    return "\n".join([*lines, *block(review, item, address)])


def changed(review: Review, item: Item, texts: Mapping[TextRef, str], address: str) -> str:
    """The comment that says what holds now, where the text of an issue cannot."""
    return "\n".join(["This was changed in the review. Now it is:", "", kept(review, item, texts, address)])


def declined_answer(item: Item, address: str, reopened: bool) -> str:
    """The comment for whoever closed the issue of a prevention item without doing it."""
    head = "This issue was opened again: it" if reopened else "This"
    return (
        f"{head} prevents what the review is about, and was closed without being done: the review stays open.\n\n"
        "To clear that: do it, and close the issue as completed; or, in the review, withdraw "
        f"{item.spec.id} with another person's approval, or ask for a waiver. {address}"
    )


def released(review: Review, item: Item, address: str) -> str:
    """The comment on an issue that its item does not have any more."""
    said = f"This item was withdrawn from the review {address}"
    if item.left is not None and item.ref is not None:
        said = f"Item {item.spec.id} of the review {address} goes on at {item.ref.url}"
    return f"{said}\n\nThis issue was there before, and is left as it is." if item.lets_go else said


def tracking_issue(
    review: Review, now: Utc, texts: Mapping[TextRef, str], project: str, address: str
) -> tuple[IssueSpec, bool, str]:
    """The issue of the review as a whole, whether it is to be open, and the digest of what it says."""
    is_open, sentences = tracking_text(review, now)
    incidents = [f"- {incident.url or incident.ref}" for incident in review.incidents.values()]
    told, severity = None if review.private_to else review.title, "" if review.private_to else f", {review.severity}"
    body = [
        f"[Post-incident review {review.id}]({address}){severity}.",
        "",
        *blocker_lines(sentences, is_open),
        "",
        *([] if review.private_to else ["Incidents:", *incidents, ""]),
        "Holdfast keeps this text as it is. The review closes by itself when nothing blocks it.",
    ]
    spec = IssueSpec(
        key=tracking_key(review),
        project=project,
        title=f"Review: {texts[told] if told else review.id}",
        body="\n".join(body),
        labels=labels(review),
    )
    return spec, is_open, tracking_digest(review, now)


def blocker_lines(sentences: Sequence[str], is_open: bool) -> list[str]:
    """What blocks closure, as lines of Markdown."""
    if not is_open:
        return ["This review is closed."]
    if not sentences:
        return ["Nothing blocks closure: the items are being read."]
    return [f"**Cannot close yet: {len(sentences)}**", *(f"- {sentence}" for sentence in sentences)]


def early_close_answer(sentences: Sequence[str], address: str, reopened: bool) -> str:
    """The comment for whoever closed the tracking issue too early."""
    head = "This issue was opened again: the review is not closed." if reopened else "The review itself is still open."
    return "\n".join([head, "", *blocker_lines(sentences, True), "", f"Who can clear each is on {address}"])


def reading_of(item: str, found: IssueSnapshot) -> Reading:
    """What a review is told of how the issue of an item was found."""
    return Reading(item=item, status=found.status, as_of=found.as_of, ref=found.ref, asked=found.asked, due=found.due)


def fact_of(review_id: str, item: str, found: IssueSnapshot) -> Input:
    """What a review is told of how an issue was found. `item` is the item's id, or `TRACKING`.

    The same read gives the same input, however often and on whichever way it comes.
    """
    body: ItemsRead | TrackingRead
    if item == TRACKING:
        body = TrackingRead(status=found.status, as_of=found.as_of, ref=found.ref)
    else:
        body = ItemsRead(readings=(reading_of(item, found),))
    read = digest_of({"review": review_id, "item": item, "as_of": found.as_of.isoformat()})
    return Input(id=f"sync:{read}", door=Door.TRACKER, at=found.as_of, body=body)
