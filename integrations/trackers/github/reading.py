"""What GitHub says of issues, in our words: one by one over REST, or in hundreds over GraphQL.

A wrong word here reports work as done that is not: `closed` with the reason `completed` is done, nothing else is. An
issue is the one that we mean only if its node id is; numbers are used again after a transfer or a rename.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from github.Issue import Issue
from github.Repository import Repository
from github.Requester import Requester

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import IssueSnapshot, NotFoundError, UnauthorisedError
from integrations.trackers.github.history import HISTORY, doers_in, was_converted
from integrations.trackers.github.transport import GONE, Refusal, graphql

TRACKER = "github"
PROJECT = re.compile(r"[A-Za-z0-9-]+/(?!\.{1,2}\Z)[A-Za-z0-9._-]+")
UNSEEN = frozenset({IssueStatus.MISSING, IssueStatus.MOVED, IssueStatus.FORBIDDEN})

_FEW = 3
"""Up to so many are read one by one: REST is in step with writes, and answers for moves and deletions at once."""

_HUNDRED = 100
_PARTIAL = "partial"
_CLOSED_AS = {"completed": IssueStatus.DONE, "duplicate": IssueStatus.DUPLICATE}
_NODES = (
    """
query($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    ... on Issue {
      number
      url
      title
      body
      state
      stateReason(enableDuplicate: true)
      locked
      updatedAt
      comments { totalCount }
      labels(first: 100) { nodes { name } }
      repository { nameWithOwner hasIssuesEnabled }
      ...History
    }
  }
}
"""
    + HISTORY
)
_HISTORIES = "query($ids: [ID!]!) { nodes(ids: $ids) { ...History } }" + HISTORY
_CONVERTED = "converted_to_discussion"


@dataclass(frozen=True)
class Found:
    """What was found of an issue. `issue` is the issue as it is now, also where it has moved to.

    `doers` are the accounts that had a hand in it; none where that was not read.
    """

    status: IssueStatus
    issue: Issue | None = None
    note: str = ""
    doers: tuple[str, ...] | None = None

    def snapshot(self, asked: IssueRef, as_of: datetime) -> IssueSnapshot:
        """This in the port's words."""
        issue = self.issue
        if issue is None:
            return IssueSnapshot(asked=asked, ref=None, status=self.status, as_of=as_of, note=self.note)
        return IssueSnapshot(
            asked=asked,
            ref=ref_to(issue),
            status=self.status,
            as_of=as_of,
            title=issue.title,
            body=issue.body or "",
            labels=tuple(label.name for label in issue.labels),
            assignee=issue.assignees[0].login if issue.assignees else None,
            updated=issue.updated_at,
            comments=issue.comments,
            doers=self.doers,
            note=self.note,
        )


def read(requester: Requester, refs: Sequence[IssueRef]) -> list[Found]:
    """What is found of each issue, in order, and who had a hand in it.

    A few cost a request each and one for their histories, more of them one for each hundred.
    What GraphQL does not find is asked for once more by its key, since only REST tells why.
    """
    many = len({ref.id for ref in refs}) > _FEW
    nodes = _in_hundreds(requester, _NODES, [ref.id for ref in refs]) if many else {}
    projects: dict[str, str] = {}
    found = {ref: _from_node(requester, nodes[ref.id]) for ref in refs if ref.id in nodes}
    one_by_one = {
        ref: _explained(requester, ref, look_at(requester, ref), projects)
        for ref in dict.fromkeys(refs)
        if ref not in found
    }
    histories = _in_hundreds(requester, _HISTORIES, _seen(one_by_one))
    found |= {ref: _with_doers(seen, histories) for ref, seen in judged(requester, one_by_one, histories).items()}
    return [found[ref] for ref in refs]


def judged(
    requester: Requester, found: dict[IssueRef, Found], histories: dict[str, dict[str, Any]] | None = None
) -> dict[IssueRef, Found]:
    """What REST found, where those are declined that are discussions by now: only the history of an issue says so.

    It is asked for, where no `histories` are given.
    """
    locked = {ref.id: seen.issue for ref, seen in found.items() if seen.issue is not None and _may_be_converted(seen)}
    nodes = _in_hundreds(requester, _HISTORIES, locked) if histories is None else histories
    converted = {
        id: was_converted(nodes[id]) if id in nodes else _has_event(issue, _CONVERTED) for id, issue in locked.items()
    }
    return {
        ref: as_told(seen.issue, converted=True) if seen.issue and converted.get(ref.id) else seen
        for ref, seen in found.items()
    }


def look_at(requester: Requester, ref: IssueRef) -> Found:
    """One issue over REST, by its key."""
    project, _, number = ref.key.rpartition("#")
    try:
        issue = repository(requester, project).get_issue(int(number)).complete()
    except Refusal as refusal:
        if refusal.location is not None:
            return _after_move(requester, ref, refusal.location)
        if refusal.status in GONE:
            deleted = refusal.status == 410
            return Found(IssueStatus.MISSING, note="It was deleted." if deleted else f"There is no {ref.key}.")
        if refusal.forbidden:
            return Found(IssueStatus.FORBIDDEN, note=f"GitHub does not show {ref.key}: {refusal.said}")
        raise
    if issue.node_id != ref.id:
        return Found(IssueStatus.MISSING, note=f"{ref.key} is another issue now.")
    return as_told(issue)


def _explained(requester: Requester, ref: IssueRef, found: Found, projects: dict[str, str]) -> Found:
    """`found`, where it is missing with its repository or with all issues there, with that for a note.

    `projects` keeps what is known of repositories from one issue to the next.
    """
    if found.status is not IssueStatus.MISSING:
        return found
    project = ref.key.rpartition("#")[0]
    if project not in projects:
        projects[project] = _why_all_are_missing(requester, project)
    return Found(IssueStatus.MISSING, note=projects[project] or found.note)


def own(requester: Requester, ref: IssueRef) -> Issue:
    """The issue, to be written to. Never another one that has its number, nor one that was moved elsewhere."""
    found = look_at(requester, ref)
    if found.status is IssueStatus.FORBIDDEN:
        raise UnauthorisedError(f"The credential may not see {ref.key}. {found.note}")
    if found.issue is None or found.status in UNSEEN:
        where = f", but at {found.issue.html_url}" if found.issue else ""
        raise NotFoundError(f"The issue is not at {ref.key} any more{where}.")
    return found.issue


def see_any(requester: Requester, refs: Sequence[IssueRef]) -> None:
    """Return if any of the repositories can be seen; else raise what was answered for the last one."""
    refused = []
    for project in dict.fromkeys(ref.key.rpartition("#")[0] for ref in refs):
        try:
            repository(requester, project).complete()
        except Refusal as refusal:
            refused.append(refusal)
        else:
            return
    raise refused[-1]


def repository(requester: Requester, project: str) -> Repository:
    """The repository `owner/name`, not asked for yet. Raises `NotFoundError` where that is no name of one."""
    if not PROJECT.fullmatch(project):
        raise NotFoundError(f"{project!r} is not a GitHub repository: write it as owner/repository.")
    return Repository(requester, url=f"/repos/{project}")


def name_at(requester: Requester, location: str) -> str:
    """What the repository is called that GitHub redirects to, or below which it does."""
    found = re.match(r".*/repositories/\d+", location)
    if found is None or not location.startswith(f"{requester.base_url}/"):
        return location
    return Repository(requester, url=found.group()).complete().full_name


def without_pulls(listed: Iterable[Issue]) -> Iterator[Issue]:
    """The issues of a list: GitHub has pull requests in it. Asking PyGithub which they are costs a request each."""
    return (item for item in listed if not is_pull(item))


def is_pull(item: Issue) -> bool:
    """Whether this is a pull request."""
    return "/pull/" in item.html_url


def ref_to(issue: Issue) -> IssueRef:
    """How an issue is named: GraphQL and webhooks know the node id too, and a transfer changes all of it."""
    owner, repository = issue.html_url.split("/")[-4:-2]
    key = f"{owner}/{repository}#{issue.number}"
    return IssueRef(tracker=TRACKER, id=issue.node_id, key=key, url=issue.html_url, project=f"{owner}/{repository}")


def as_told(issue: Issue, converted: bool = False) -> Found:
    """An issue that can be seen. One that was converted to a discussion stays, locked, and may look completed."""
    if converted:
        return Found(IssueStatus.DECLINED, issue, "It was converted to a discussion.")
    note = "It is locked." if issue.locked else ""
    if issue.state == "open":
        return Found(IssueStatus.OPEN, issue, note)
    return Found(_CLOSED_AS.get(issue.state_reason or "", IssueStatus.DECLINED), issue, note)


def _in_hundreds(requester: Requester, query: str, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The nodes with these ids, as far as GraphQL finds them."""
    left, found = iter(dict.fromkeys(ids)), {}
    while batch := list(islice(left, _HUNDRED)):
        answer = graphql(requester, query, {"ids": batch}) or {"data": {}, "errors": []}
        partial = {error["path"][1] for error in answer["errors"] if len(error.get("path") or []) > 2}
        for number, (asked, node) in enumerate(zip(batch, answer["data"].get("nodes") or [], strict=False)):
            if node and node.get("id") == asked:
                found[asked] = {**node, _PARTIAL: number in partial}
    return found


def _seen(found: dict[IssueRef, Found]) -> list[str]:
    return [ref.id for ref, seen in found.items() if seen.issue is not None and seen.status not in UNSEEN]


def _with_doers(seen: Found, histories: dict[str, dict[str, Any]]) -> Found:
    """With who had a hand in it, if the history is that of the same state: GraphQL may be behind REST."""
    node = histories.get(seen.issue.node_id) if seen.issue is not None and seen.status not in UNSEEN else None
    if seen.issue is None or node is None or _moment(node["closedAt"]) != seen.issue.closed_at:
        return seen
    return replace(seen, doers=doers_in(node, node[_PARTIAL]))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _may_be_converted(found: Found) -> bool:
    issue = found.issue
    closed = found.status in (IssueStatus.DONE, IssueStatus.DECLINED)
    return closed and issue is not None and issue.locked and issue.state_reason in (None, "completed")


def _has_event(issue: Issue, name: str) -> bool:
    return any(event.event == name for event in issue.get_events())


def _after_move(requester: Requester, ref: IssueRef, location: str) -> Found:
    """A renamed repository keeps its issues' ids, a transfer does not: only a transferred issue has moved."""
    unseen = Found(IssueStatus.MOVED, note=f"It was transferred to where we cannot see it: {location}")
    if not location.startswith(f"{requester.base_url}/"):
        return unseen
    try:
        issue = Issue(requester, url=location).complete()
    except Refusal as refusal:
        if refusal.location is not None or refusal.forbidden or refusal.status in GONE:
            return unseen
        raise
    if issue.node_id == ref.id:
        return as_told(issue)
    return Found(IssueStatus.MOVED, issue, f"It was transferred to {ref_to(issue).key}.")


def _why_all_are_missing(requester: Requester, project: str) -> str:
    try:
        if repository(requester, project).complete().has_issues:
            return ""
    except Refusal as refusal:
        if refusal.limited or refusal.status >= 500:
            raise
        return f"{project} is not there, or hidden from us." if refusal.status in GONE else ""
    return f"Issues are switched off in {project}."


def _from_node(requester: Requester, node: dict[str, Any]) -> Found:
    """An issue as GraphQL tells it, in the words of REST."""
    where = node["repository"]
    if not where["hasIssuesEnabled"]:
        return Found(IssueStatus.MISSING, note=f"Issues are switched off in {where['nameWithOwner']}.")
    reason = node["stateReason"]
    attributes = {
        "node_id": node["id"],
        "number": node["number"],
        "html_url": node["url"],
        "title": node["title"],
        "body": node["body"],
        "state": node["state"].lower(),
        "state_reason": reason.lower() if reason else None,
        "locked": node["locked"],
        "updated_at": node["updatedAt"],
        "comments": node["comments"]["totalCount"],
        "labels": [{"name": label["name"]} for label in node["labels"]["nodes"]],
        "assignees": [{"login": person["login"]} for person in node["assignees"]["nodes"]],
    }
    found = as_told(Issue(requester, {}, attributes, completed=True), was_converted(node))
    return replace(found, doers=doers_in(node, node[_PARTIAL]))
