"""What an issue in a tracker says: titles, bodies and labels, made of a review and its texts."""

from collections.abc import Mapping, Sequence

from domain.inputs import Input, ItemsRead, TrackingRead
from domain.plan import tracking_digest, tracking_text
from domain.ports import IssueSnapshot, IssueSpec
from domain.review import TRACKING_ISSUE, Item, Reading, Review
from domain.taxonomy import Door
from domain.values import TextRef, Utc, digest_of

TRACKING = "*tracking"
"""Stands where an item's id stands, for the issue of the review as a whole; no item's id looks like it."""


def item_key(review: Review, item: str) -> str:
    """Our own key of an item's issue: the same for ever, whatever becomes of the issue."""
    return f"{review.id}/{item}"


def tracking_key(review: Review) -> str:
    """Our own key of the issue that stands for the review as a whole."""
    return f"{review.id}/{TRACKING_ISSUE}"


def labels(review: Review) -> tuple[str, ...]:
    """The labels of all issues of a review, by which they are found; they never change, whatever becomes of an item."""
    return ("holdfast", f"holdfast:{review.id}"[:50])


def item_issue(review: Review, item: Item, texts: Mapping[TextRef, str], project: str, address: str) -> IssueSpec:
    """The issue of an action item. `address` is that of the review's page."""
    spec = item.spec
    lines = [
        f"Action item **{spec.id}** of the post-incident review [{review.id}]({address}).",
        "",
        f"- class: {spec.item_class}, strength: {spec.strength}, outcome: {spec.outcome}",
        f"- due: {item.due:%d %b %Y}" if item.due else "- due: not set",
    ]
    if spec.prevents:
        lines.append(f"- prevents: {', '.join(spec.prevents)}")
    if spec.end_state:
        lines += ["", f"**Done when:** {texts[spec.end_state]}"]
    lines += ["", "The review stays open until this is done here. Closing it as not planned does not count as done."]
    return IssueSpec(
        key=item_key(review, spec.id),
        project=project,
        title=texts[spec.title],
        body="\n".join(lines),
        labels=labels(review),
    )


def tracking_issue(
    review: Review, now: Utc, texts: Mapping[TextRef, str], project: str, address: str
) -> tuple[IssueSpec, bool, str]:
    """The issue of the review as a whole, whether it is to be open, and the digest of what it says."""
    is_open, sentences = tracking_text(review, now)
    incidents = [f"- {incident.url or incident.ref}" for incident in review.incidents.values()]
    body = [
        f"[Post-incident review {review.id}]({address}), {review.severity}.",
        "",
        *blocker_lines(sentences, is_open),
        "",
        "Incidents:",
        *incidents,
        "",
        "Holdfast keeps this text as it is. The review closes by itself when nothing blocks it.",
    ]
    spec = IssueSpec(
        key=tracking_key(review),
        project=project,
        title=f"Review: {texts[review.title] if review.title else review.id}",
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


def fact_of(review_id: str, item: str, found: IssueSnapshot) -> Input:
    """What a review is told of how an issue was found. `item` is the item's id, or `TRACKING`.

    The same read gives the same input, however often and on whichever way it comes.
    """
    body: ItemsRead | TrackingRead
    if item == TRACKING:
        body = TrackingRead(status=found.status, as_of=found.as_of)
    else:
        reading = Reading(item=item, status=found.status, as_of=found.as_of, ref=found.ref)
        body = ItemsRead(readings=(reading,))
    read = digest_of({"review": review_id, "item": item, "as_of": found.as_of.isoformat()})
    return Input(id=f"sync:{read}", door=Door.TRACKER, at=found.as_of, body=body)
