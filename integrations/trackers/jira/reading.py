"""How Jira's issues are found and read, and what their fields mean.

Search tells ids and no more, since it lags; how an issue is comes from a read by its id.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import IssueSnapshot
from integrations.trackers.jira.adf import to_text
from integrations.trackers.jira.history import EXPAND, doers_of
from integrations.trackers.jira.responses import Conversation, Fetched, Fields, Found, Issue, Said
from integrations.trackers.jira.site import JiraSite, is_among
from integrations.trackers.jira.transport import Api, Refusal

KEY_LABEL = "holdfast-key:"
"""How the label begins that carries our key."""

_PAGE = 100
_CLOUD_PAGE = 500
"""Cloud gives thousands of ids at once; on Data Center each one that counts is read by itself: a page is short."""

_READ = ("summary", "description", "labels", "assignee", "duedate", "status", "resolution", "updated", "comment")


def search(api: Api, site: JiraSite, jql: str, page: str | None = None) -> tuple[list[str], str | None]:
    """The ids that a query finds, and the next page, if there is one."""
    if site.cloud:
        body: dict[str, Any] = {"jql": jql, "fields": ["id"], "maxResults": _CLOUD_PAGE}
        answer = Found.model_validate(api.post("search/jql", body | ({"nextPageToken": page} if page else {})))
        return [issue.id for issue in answer.issues], None if answer.is_last else answer.next_page_token
    start = int(page or 0)
    body = {"jql": jql, "fields": ["updated"], "startAt": start, "maxResults": _PAGE}
    answer = Found.model_validate(api.post("search", body))
    end = start + len(answer.issues)
    return [issue.id for issue in answer.issues], str(end) if answer.issues and end < answer.total else None


def read_changed(api: Api, site: JiraSite, ids: Collection[str], as_of: datetime) -> list[IssueSnapshot]:
    """What the issues with these ids are now; those that are not there are left out."""
    found = _in_bulk(api, ids) if site.cloud else {}
    found |= _singly(api, [id for id in ids if id not in found])
    return [_snapshot(site, ref_to(site, id, found[id].key), found[id], as_of) for id in ids if id in found]


def read_all(api: Api, site: JiraSite, refs: Sequence[IssueRef], as_of: datetime) -> list[IssueSnapshot]:
    """What the issues are now, and who had a hand in them, one snapshot for each ref.

    An issue that a bulk answer leaves out is asked for by itself before it is called missing: Jira leaves out what it
    just could not fetch, too. Where no issue at all is seen, the token is tried.
    """
    found = _in_bulk(api, [ref.id for ref in refs], EXPAND) if site.cloud else {}
    asked = {ref.id: ref for ref in refs if ref.id not in found}
    if not site.cloud:
        found |= _singly(api, asked, EXPAND)
    projects = {_project_of(ref.key) for ref in asked.values() if ref.id not in found}
    hidden = {project for project in projects if not is_there(api, f"project/{quote(project, safe='')}")}
    if site.cloud:
        found |= _singly(api, [id for id, ref in asked.items() if _project_of(ref.key) not in hidden], EXPAND)
    if refs and not found:
        api.get("myself")
    doers = doers_of(api, site, found)
    return [
        _snapshot(site, ref, found[ref.id], as_of, doers.get(ref.id))
        if ref.id in found
        else _unseen(ref, hidden, as_of)
        for ref in refs
    ]


def read_one(api: Api, ref: IssueRef, *fields: str, **query: str) -> Issue:
    """An issue with its status and resolution, and these fields."""
    asked = ",".join(("status", "resolution", *fields))
    return Issue.model_validate(api.get(f"issue/{id_of(ref)}", fields=asked, **query))


def comments_on(api: Api, ref: IssueRef) -> Iterator[Said]:
    """The comments on an issue, oldest first, with their properties."""
    start = 0
    while True:
        query: dict[str, str | int] = {"expand": "properties", "orderBy": "created"}
        answer = Conversation.model_validate(
            api.get(f"issue/{id_of(ref)}/comment", **query, startAt=start, maxResults=_PAGE)
        )
        yield from answer.comments
        start += len(answer.comments)
        if not answer.comments or start >= answer.total:
            return


def is_there(api: Api, path: str) -> bool:
    """Whether there is something at `path` that we may see."""
    try:
        api.get(path)
    except Refusal as refusal:
        if refusal.is_gone:
            return False
        raise
    return True


def status_of(site: JiraSite, fields: Fields) -> tuple[IssueStatus, str]:
    """Our word for how an issue stands, and why, where that may surprise. What is not known is not done."""
    status, resolution = fields.status.name, fields.resolution.name if fields.resolution else ""
    if not fields.status.is_done:
        return IssueStatus.OPEN, ""
    if is_among(resolution, site.duplicate_resolutions):
        return IssueStatus.DUPLICATE, ""
    if resolution:
        if is_among(resolution, site.done_resolutions):
            return IssueStatus.DONE, ""
        return IssueStatus.DECLINED, f"Its resolution {resolution!r} is none of those that count as done."
    if is_among(status, site.done_statuses):
        return IssueStatus.DONE, ""
    return IssueStatus.DECLINED, f"It has no resolution, and {status!r} is no status that counts as done."


def ref_to(site: JiraSite, id: str, key: str) -> IssueRef:
    """How an issue is named by us."""
    url = f"{site.url.rstrip('/')}/browse/{key}"
    return IssueRef(tracker="jira", id=id, key=key, url=url, project=_project_of(key))


def id_of(ref: IssueRef) -> str:
    """An issue's id as a part of a path."""
    return quote(ref.id, safe="")


def body_text(body: Any) -> str:
    """A body as text; on Data Center it has the line ends of whoever wrote it."""
    return to_text(body).replace("\r\n", "\n").strip("\n")


def _in_bulk(api: Api, ids: Iterable[str], *expand: str) -> dict[str, Issue]:
    """What a bulk fetch, which is never behind, brings of these issues. Data Center has no such thing."""
    wanted = {"fields": _READ, **({"expand": expand} if expand else {})}
    found: dict[str, Issue] = {}
    left = iter(dict.fromkeys(ids))
    while chunk := list(islice(left, _PAGE)):
        answer = Fetched.model_validate(api.post("issue/bulkfetch", {"issueIdsOrKeys": chunk, **wanted}))
        found |= {issue.id: issue for issue in answer.issues}
    return found


def _singly(api: Api, ids: Iterable[str], *expand: str) -> dict[str, Issue]:
    """The same, one by one; those that are not there are left out."""
    wanted = {"fields": ",".join(_READ), **({"expand": ",".join(expand)} if expand else {})}
    found: dict[str, Issue] = {}
    for id in dict.fromkeys(ids):
        try:
            answer = api.get(f"issue/{quote(id, safe='')}", **wanted)
        except Refusal as refusal:
            if not refusal.is_gone:
                raise
        else:
            found[id] = Issue.model_validate(answer)
    return found


def _snapshot(
    site: JiraSite, asked: IssueRef, issue: Issue, as_of: datetime, doers: tuple[str, ...] | None = None
) -> IssueSnapshot:
    fields = issue.fields
    status, note = status_of(site, fields)
    if issue.key != asked.key:
        note = f"It was {asked.key} before. {note}".strip()
    return IssueSnapshot(
        asked=asked,
        ref=ref_to(site, issue.id, issue.key),
        status=status,
        as_of=as_of,
        title=fields.summary,
        body=body_text(fields.description),
        labels=None if fields.labels is None else tuple(x for x in fields.labels if not x.startswith(KEY_LABEL)),
        assignee=fields.assignee.named if fields.assignee else None,
        due=fields.duedate,
        updated=fields.updated,
        comments=fields.comment.total if fields.comment else None,
        doers=doers,
        text_may_be_rewritten=not site.cloud,
        note=note,
    )


def _unseen(asked: IssueRef, hidden: Collection[str], as_of: datetime) -> IssueSnapshot:
    status, note = IssueStatus.MISSING, "It was deleted, or this account may not see it any more: Jira tells no more."
    project = _project_of(asked.key)
    if project in hidden:
        status = IssueStatus.FORBIDDEN
        note = f"The project {project} is not there any more, or this account may not browse it."
    return IssueSnapshot(asked=asked, ref=None, status=status, as_of=as_of, note=note)


def _project_of(key: str) -> str:
    return key.rpartition("-")[0]
