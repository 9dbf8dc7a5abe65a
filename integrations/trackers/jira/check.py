"""What keeps us from working with a Jira project, in sentences that say what to change."""

from collections.abc import Iterator, Sequence

from domain.trackers.ports import NotFoundError, RateLimitedError, TrackerError, UnauthorisedError
from integrations.trackers.jira.responses import (
    CreateField,
    FieldsPage,
    LinkTypes,
    Permissions,
    ProjectParts,
    Resolutions,
    Statuses,
    TypesPage,
)
from integrations.trackers.jira.site import JiraSite, is_among
from integrations.trackers.jira.transport import Api, Refusal

_PAGE = 100

_PERMISSIONS = {
    "BROWSE_PROJECTS": "see issues",
    "CREATE_ISSUES": "create issues",
    "EDIT_ISSUES": "edit issues",
    "ADD_COMMENTS": "comment",
    "TRANSITION_ISSUES": "close and reopen issues",
    "RESOLVE_ISSUES": "give issues a resolution",
    "LINK_ISSUES": "link issues",
    "SCHEDULE_ISSUES": "set due dates",
    "ASSIGN_ISSUES": "assign issues",
}


def complaints(api: Api, site: JiraSite, project: str) -> Iterator[str]:
    """What is wrong with a project that can be seen. Raises what `api` does."""
    parts = ProjectParts.model_validate(api.get(f"project/{project}"))
    denied = _denied(api, project)
    for key in denied:
        yield f"The account may not {_PERMISSIONS[key]} in {project}: give it {key} in the project's permissions."
    if site.blocks_link_type not in _link_types(api):
        yield (
            f"Issues cannot be linked as {site.blocks_link_type!r}: switch issue linking on, or name a link type that "
            "exists under trackers.jira.blocks_link_type."
        )
    yield from _of_closing(api, site)
    known = {component.name for component in parts.components}
    for service, wanted in site.components.items():
        for name in wanted:
            if name not in known:
                yield (
                    f"{project} has no component {name!r}, which {service} is given: add it to the project, or correct "
                    "trackers.jira.components."
                )
    if "CREATE_ISSUES" not in denied:
        yield from _of_creating(api, site, project)


def advice(site: JiraSite, error: TrackerError, project: str) -> str:
    """What to do about an error that ended a check."""
    match error:
        case UnauthorisedError():
            return (
                f"The token is refused by {site.api_url} ({error}): put one into the settings that is valid there, of "
                f"an account with access to {project}."
            )
        case NotFoundError():
            return f"{project} is not there, or this account may not browse it: correct it, or give access. ({error})"
        case RateLimitedError():
            return f"Jira cannot be asked now ({error}): check again after {error.retry_at:%Y-%m-%d %H:%M} UTC."
        case _:
            return f"{error}: check trackers.jira.url, the network and Jira's status, then check again."


def _denied(api: Api, project: str) -> list[str]:
    """The permissions that we do not have; of one that this Jira does not know nothing can be said."""
    answer = api.get("mypermissions", projectKey=project, permissions=",".join(_PERMISSIONS))
    told = Permissions.model_validate(answer).permissions
    return [key for key in _PERMISSIONS if key in told and not told[key].have]


def _link_types(api: Api) -> list[str]:
    try:
        return [kind.name for kind in LinkTypes.model_validate(api.get("issueLinkType")).types]
    except Refusal as refusal:
        if refusal.is_gone:  # issue linking is switched off
            return []
        raise


def _of_closing(api: Api, site: JiraSite) -> Iterator[str]:
    resolutions = [each.name for each in Resolutions.model_validate(api.get("resolution")).root]
    statuses = [each.name for each in Statuses.model_validate(api.get("status")).root if each.is_done]
    count = [name for name in resolutions if is_among(name, site.done_resolutions)]
    count += [name for name in statuses if is_among(name, site.done_statuses)]
    if not count:
        yield (
            f"Nothing would ever count as done: name some of the resolutions ({', '.join(resolutions)}) under "
            f"trackers.jira.done_resolutions, or of the statuses ({', '.join(statuses)}) under done_statuses."
        )


def _of_creating(api: Api, site: JiraSite, project: str) -> Iterator[str]:
    path = f"issue/createmeta/{project}/issuetypes"
    ids: dict[str, str] = {}
    while True:
        types = TypesPage.model_validate(api.get(path, startAt=len(ids), maxResults=_PAGE))
        ids |= {kind.name: kind.id for kind in types.items}
        if not types.items or len(ids) >= types.total:
            break
    if site.issue_type not in ids:
        yield (
            f"{project} has no issue type {site.issue_type!r}: set trackers.jira.issue_type to one that it has "
            f"({', '.join(ids)})."
        )
        return
    fields: list[CreateField] = []
    while True:
        page = FieldsPage.model_validate(
            api.get(f"{path}/{ids[site.issue_type]}", startAt=len(fields), maxResults=_PAGE)
        )
        fields += page.items
        if not page.items or len(fields) >= page.total:
            break
    yield from _of_fields(site, project, fields)


def _of_fields(site: JiraSite, project: str, fields: Sequence[CreateField]) -> Iterator[str]:
    where = f"{site.issue_type} in {project}"
    on_screen = {field.id: field for field in fields}
    used = ["labels", "description", "duedate", "assignee", *site.fields]
    used += ["priority"] * bool(site.priorities) + ["components"] * bool(site.components)
    for id in dict.fromkeys(used):
        if id not in on_screen:
            remedy = ", or take it out of trackers.jira.fields" if id in site.fields else ""
            yield f"The field {id} is not on the create screen of {where}: put it there{remedy}."
    given = {"project", "issuetype", "summary", "reporter", *used}
    for field in fields:
        if field.required and not field.has_default and field.id not in given:
            choice = f" (one of: {', '.join(field.names[:10])})" if field.names else ""
            yield (
                f"The field {field.name!r} is required for {where}: give {field.id} a value{choice} under "
                "trackers.jira.fields."
            )
    known = on_screen["priority"].names if "priority" in on_screen else ()
    for severity, priority in site.priorities.items():
        if known and priority not in known:
            yield (
                f"There is no priority {priority!r}, which {severity} is given: set trackers.jira.priorities to some "
                f"of {', '.join(known)}."
            )
