"""What is known of the trackers: each project, and the link of each item to its issue."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from pydantic import Field

from domain.lifecycle.closure_rules import WHY_FAILED
from domain.model.review import Item, Review
from domain.model.tracker_routing import Place
from domain.model.values import Record, Utc
from domain.trackers.link_state import Link, LinkState, ProjectState, link_state, project_state
from domain.trackers.ports import IssueSeen, ProjectSeen, Trouble
from web.deps import WebDeps
from web.formatting import Said, minute, plain, span


class IssueLink(Record):
    """An item's issue: where it belongs, how the link stands, and what was last seen of it there."""

    place: str | None = Field(description="where it belongs, such as `github:owner/repository`; none until accepted")
    key: str | None = Field(description="what people call it now")
    url: str | None
    state: Link = Field(description="`unknown` where it was not read yet")
    says: str = Field(description="the same in a sentence")
    known: Utc | None = Field(description="when it was last known how the issue is")
    since: Utc | None = Field(description="since when nothing newer can be known, where that is so")
    formerly: tuple[str, ...] = Field(description="what its issues were called before, oldest first")
    title: str | None = Field(description="as it was last seen in the tracker")
    assignee: str | None = Field(description="whom the tracker says, as it names them")
    due: date | None = Field(description="the date that the tracker says")
    note: str = Field(description="what is odd about the issue")


class TrackerProject(Record):
    """A tracker project that something is sent to or watched in."""

    place: str = Field(description="such as `github:owner/repository`")
    tracker: str
    project: str
    state: ProjectState = Field(description="`unknown` where it was not looked at yet")
    says: str = Field(description="the same in a sentence")
    watched: int = Field(description="how many issues there some review watches")
    looked_at: Utc | None = Field(description="when it was asked last what had changed")
    swept_at: Utc | None = Field(description="when every watched issue was read last")
    trouble: Trouble | None = Field(description="why it cannot be looked at, since when, and when it is tried again")


ERASED = "(erased)"
"""What stands for a title that was erased; it is compared with nothing."""

NAMES = {"github": "GitHub", "jira": "Jira", "builtin": "The built-in tracker"}


def links(deps: WebDeps, review: Review) -> dict[str, IssueLink]:
    """The link of each item of a review (texts in place), by the item's id; two look-ups for all of them."""
    wanted = defaultdict[str, set[str]](set)
    for item in review.items.values():
        if item.ref is not None:
            wanted[item.ref.tracker].add(item.ref.id)
    book = deps.records.seen
    seen = {(tracker, id): s for tracker, ids in wanted.items() for id, s in book.issues(tracker, ids).items()}
    projects = {(p.tracker, p.project): p for p in book.projects()} if wanted else {}
    return {id: _link(deps, review, item, seen, projects) for id, item in review.items.items()}


def _link(
    deps: WebDeps,
    review: Review,
    item: Item,
    seen: dict[tuple[str, str], IssueSeen],
    projects: dict[tuple[str, str], ProjectSeen],
) -> IssueLink:
    ref = item.ref
    found = seen.get((ref.tracker, ref.id)) if ref else None
    project = projects.get((ref.tracker, ref.project)) if ref else None
    title = None if item.spec.title == ERASED else item.spec.title
    state = link_state(review, item, found, project, deps.now(), deps.trackers.sync_every, title)
    return IssueLink(
        **state.model_dump(include=set(LinkState.model_fields)),
        place=str(item.place) if item.place else None,
        key=ref.key if ref else None,
        url=ref.url if ref else None,
        title=found.title if found else None,
        assignee=found.assignee if found else None,
        due=found.due if found else None,
        note=found.note if found else "",
    )


def tracker_projects(deps: WebDeps) -> list[TrackerProject]:
    """Every tracker project that was looked at, or in which something is watched; trouble first."""
    records, now, every = deps.records, deps.now(), deps.trackers.sync_every
    watched = Counter((issue.ref.tracker, issue.ref.project) for issue in records.reviews.watched_issues())
    known = {(p.tracker, p.project): p for p in records.seen.projects()}
    found = []
    for tracker, project in sorted({*known, *watched}):
        seen = known.get((tracker, project)) or ProjectSeen(tracker=tracker, project=project)
        state = project_state(seen, now, every)
        found.append(
            TrackerProject(
                place=str(Place(tracker=tracker, project=project)),
                tracker=tracker,
                project=project,
                state=state,
                says=_says(seen, state, now),
                watched=watched[(tracker, project)],
                looked_at=seen.looked_at,
                swept_at=seen.swept_at,
                trouble=seen.trouble,
            )
        )
    return sorted(found, key=lambda one: one.trouble is None)


def _says(project: ProjectSeen, state: ProjectState, now: datetime) -> str:
    if project.trouble is not None:
        return WHY_FAILED[project.trouble.kind]
    if project.looked_at is None:
        return "not looked at yet"
    ago = f"{span(now - project.looked_at)} ago"
    return f"looked at {ago}" if state is ProjectState.OK else f"nobody looked since {ago}"


def refusals(projects: Sequence[ProjectSeen]) -> list[Said]:
    """The trackers whose credential is refused, each once, and what it says: `GitHub cannot be read since …`."""
    refused = dict[str, Trouble]()
    for project in projects:
        if project.trouble is not None and project_state(project, project.trouble.since) is ProjectState.REFUSED:
            earlier = refused.get(project.tracker)
            if earlier is None or project.trouble.since < earlier.since:
                refused[project.tracker] = project.trouble
    return [
        Said(
            f"{NAMES.get(tracker, plain(tracker))} cannot be read since {minute(trouble.since)}:",
            "hold",
            f"{trouble.says or WHY_FAILED[trouble.kind]}. Next try {minute(trouble.retry_at)}.".replace("..", "."),
        )
        for tracker, trouble in refused.items()
    ]
