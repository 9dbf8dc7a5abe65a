"""How issues are closed and reopened: by the transitions that the workflow offers, chosen by where they lead."""

from collections.abc import Sequence
from typing import Any

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import RejectedError
from integrations.trackers.jira.reading import id_of, read_one, status_of
from integrations.trackers.jira.responses import NEW, Issue, Transition, Transitions
from integrations.trackers.jira.site import JiraSite, is_among
from integrations.trackers.jira.transport import Api


def reopen(api: Api, ref: IssueRef) -> None:
    """Bring an issue out of the category done, if it is in it: to a status of the category new rather than others.

    Raises `RejectedError` where no transition leads there.
    """
    issue = read_one(api, ref)
    if not issue.fields.status.is_done:
        return
    offered = _transitions(api, ref)
    leading = [way for way in offered if not way.to.is_done and way.asks_only_for(())]
    if not leading:
        raise RejectedError(
            f"{issue.key} is {issue.fields.status.name!r} and cannot be reopened: {_offered(offered)}. Let the "
            "workflow offer this account a transition to a status that is not done, without required fields."
        )
    _make(api, ref, min(leading, key=lambda way: way.to.category.key != NEW), {})


def close(api: Api, site: JiraSite, ref: IssueRef, status: IssueStatus) -> None:
    """Bring an issue to the category done with a resolution that means `status`; how a person closed it stays.

    Raises `RejectedError` where no transition leads there, or where the workflow made something else of it. What was to
    be declined is never left as done.
    """
    issue = read_one(api, ref)
    if issue.fields.status.is_done:
        return
    offered = _transitions(api, ref)
    way = _way_to(site, offered, status)
    if way is None:
        setting = "done_resolutions or done_statuses" if status is IssueStatus.DONE else "declined_resolution"
        raise RejectedError(
            f"{issue.key} is {issue.fields.status.name!r} and cannot be closed as {status}: {_offered(offered)}. Let "
            "the workflow offer this account a transition to a done status with a fitting resolution on its screen, or "
            f"name what it uses under trackers.jira.{setting}."
        )
    _make(api, ref, *way)
    _see_that_it_is(api, site, ref, status)


def _see_that_it_is(api: Api, site: JiraSite, ref: IssueRef, status: IssueStatus) -> None:
    issue: Issue = read_one(api, ref)
    became = status_of(site, issue.fields)[0]
    if became is status:
        return
    if became is IssueStatus.DONE:
        reopen(api, ref)
    resolution = issue.fields.resolution.name if issue.fields.resolution else "none"
    raise RejectedError(
        f"{issue.key} was to be closed as {status}, and the workflow made it {issue.fields.status.name!r} with the "
        f"resolution {resolution!r}, which means {became}: put the resolution on the screen of that transition, or "
        "name what it uses under trackers.jira.done_resolutions, done_statuses or declined_resolution."
    )


def _way_to(
    site: JiraSite, offered: Sequence[Transition], status: IssueStatus
) -> tuple[Transition, dict[str, Any]] | None:
    """The transition and its fields that lead to `status` for certain, else one that may."""
    ways: list[tuple[int, Transition, dict[str, Any]]] = []
    as_done = status is IssueStatus.DONE
    wanted = site.done_resolutions if as_done else (site.declined_resolution,)
    for way in offered:
        if not way.to.is_done or not way.asks_only_for(("resolution",)):
            continue
        screen = way.fields.get("resolution")
        fits = is_among(way.to.name, site.done_statuses) is as_done
        if screen is not None:
            names = screen.names
            for rank, name in enumerate(wanted):
                if not names or is_among(name, names):
                    ways.append((rank if fits else 100 + rank, way, {"resolution": {"name": name}}))
                    break
        elif as_done or fits:
            ways.append((200 if fits else 300, way, {}))
    best = min(ways, key=lambda each: each[0], default=None)
    return best[1:] if best else None


def _make(api: Api, ref: IssueRef, way: Transition, fields: dict[str, Any]) -> None:
    api.post(f"issue/{id_of(ref)}/transitions", {"transition": {"id": way.id}, "fields": fields})


def _transitions(api: Api, ref: IssueRef) -> tuple[Transition, ...]:
    answer = api.get(f"issue/{id_of(ref)}/transitions", expand="transitions.fields")
    return Transitions.model_validate(answer).transitions


def _offered(transitions: Sequence[Transition]) -> str:
    if not transitions:
        return "no transition is offered (may the account make any?)"
    return "offered are " + ", ".join(f"{way.name!r} (to {way.to.name!r})" for way in transitions)
