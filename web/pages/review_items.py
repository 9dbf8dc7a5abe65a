"""The action items on a review's page: how each stands, when it is due, and what its issue in the tracker says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.model.endorsement import Evidence
from domain.model.review import Item, Review
from domain.model.taxonomy import ItemClass, ItemStatus
from domain.trackers.link_state import Link
from web.formatting import Said, day, due, listed, plain, times
from web.rendering import review_path
from web.views.review_status import Mark, mark, waiver_of
from web.views.tracker_status import IssueLink


@dataclass(frozen=True)
class ItemLine:
    """An action item. Each piece of `evidence` with which it was `verified` is an address and what it is called."""

    id: str
    title: str
    mark: Mark
    about: str
    key: str | None
    url: str | None
    when: Said
    link: Said | None = None
    there: str = ""
    note: str = ""
    verified: str = ""
    evidence: Sequence[tuple[str, str]] = ()


def item_line(review: Review, id: str, link: IssueLink | None, now: datetime) -> ItemLine:
    """How an item stands, and how the link to its issue does."""
    item, waiver = review.items[id], waiver_of(review, id, now)
    spec, seen = item.spec, item.verification
    what = [plain(spec.strength)] if spec.item_class is ItemClass.PREVENT else [plain(spec.item_class)]
    if spec.prevents:
        what.append(f"against {', '.join(spec.prevents)}")
    if spec.team:
        what.append(f"team {spec.team}")
    if spec.owner:
        what.append(spec.owner)
    state = mark(item, waiver)
    if waiver is not None and item.status is not ItemStatus.DONE:
        when = Said(f"waived until {day(waiver.until, now)}", "wait")
    elif item.due is not None and item.status in (ItemStatus.OPEN, ItemStatus.LOST):
        when = _due(item, item.due, now)
    else:
        when = Said("", "")
    return ItemLine(
        id=id,
        title=spec.title,
        mark=state,
        about=" · ".join(what),
        key=item.ref.key if item.ref else None,
        url=item.ref.url if item.ref else None,
        when=when,
        link=_linked(link) if link is not None and item.accepted else None,
        there=_there(spec.title, link) if link is not None else "",
        note=link.note if link is not None else "",
        verified=f"verified by {seen.by}, {day(seen.at, now)}" if seen else "",
        evidence=[found for one in seen.evidence for found in _evidence(review.id, one)] if seen else (),
    )


def _evidence(review_id: str, one: Evidence) -> list[tuple[str, str]]:
    """The copy that is kept, and where it was found."""
    copy = [(f"{review_path(review_id)}/attachments/{one.digest}", "a copy that is kept")] if one.digest else []
    return [*copy, (one.link, one.link)] if one.link else copy


def _due(item: Item, moment: datetime, now: datetime) -> Said:
    said = due(moment, now)
    put_off = f", put off {times(item.extended)}" if item.extended else ""
    return Said(said.words, said.tone, f"{day(moment, now)}{put_off}")


_LINK_SHAPES = {
    Link.NONE: ("–", ""),
    Link.UNKNOWN: ("?", "wait"),
    Link.IN_SYNC: ("⇄", ""),
    Link.MOVED: ("→", ""),
    Link.STALE: ("◔", "wait"),
    Link.CONFLICT: ("≠", "wait"),
    Link.FORBIDDEN: ("✕", "hold"),
    Link.MISSING: ("✕", "hold"),
}


def _linked(link: IssueLink) -> Said:
    """How the link stands, with a shape before it and a tone that only repeats what it says."""
    glyph, tone = _LINK_SHAPES[link.state]
    formerly = f"formerly {listed(link.formerly)}" if link.formerly else ""
    return Said(f"{glyph} {link.says}", tone, formerly)


def _there(title: str, link: IssueLink) -> str:
    """Where an item's issue belongs, and what was last seen of it there, as far as the item does not say the same."""
    said = [f"in {link.place}" if link.place else ""]
    if link.title is not None and link.title != title and link.state is not Link.CONFLICT:
        said.append(f"called “{link.title}” there")
    if link.assignee:
        said.append(f"assigned to {link.assignee}")
    return ", ".join(filter(None, said))
