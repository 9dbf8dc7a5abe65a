"""Jira issues, Cloud (REST v3) and Data Center (REST v2), through the `jira` library's session.

A wrong word here reports work as done that is not: an issue is done if its status is in the category done and its
resolution (or, where there is none, its status) is on the list of those that count. Search lags by seconds to minutes:
it tells what may have changed, and never how things are.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from math import ceil
from time import monotonic
from typing import Any, Self
from urllib.parse import quote

from pydantic import ValidationError

from domain.ports import (
    Changes,
    Comment,
    IssueSnapshot,
    IssueSpec,
    NotFoundError,
    RejectedError,
    TrackerError,
    UnavailableError,
)
from domain.review import IssueRef
from domain.taxonomy import IssueStatus
from domain.values import Record, Utc
from integrations.trackers.adf import first_link, to_adf, to_text
from integrations.trackers.jira_answers import (
    NEW,
    PROPERTY,
    Conversation,
    Fetched,
    Fields,
    Found,
    Issue,
    Made,
    Said,
    Transition,
    Transitions,
)
from integrations.trackers.jira_check import advice, complaints
from integrations.trackers.jira_site import JiraSite as JiraSite
from integrations.trackers.jira_site import is_among
from integrations.trackers.jira_transport import Api, Refusal, talking
from integrations.trackers.markers import shortened

SEARCH_LAG = timedelta(minutes=2)
"""How long after a create the issue may be missing from what search finds."""

_OVERLAP = timedelta(minutes=10)
"""Clocks differ, and what was changed a moment before a look may be found by search only after it."""

_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[0-9]+")
_KEY_LABEL = "holdfast-key:"
_LONGEST_LABEL = 255
_LONGEST_TITLE = 255
_LONGEST_BODY = 32_000
_PAGE = 100
_CLOUD_PAGE = 500
"""Cloud gives thousands of ids at once; on Data Center each one that counts is read by itself: a page is short."""

_READ = ("summary", "description", "labels", "assignee", "duedate", "status", "resolution")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class JiraTracker:
    """`IssueTracker` for the projects of one Jira. A project is its key, such as `ACME`.

    `timeout` is seconds for connecting and again for each wait for an answer. `patience` is seconds after which looking
    for an issue has taken so long that none is created any more: a claim on its key has to outlive
    `patience + 2 * timeout`. `search_lag` is how long after an attempt with an unknown outcome nothing is created.
    """

    name = "jira"

    def __init__(
        self,
        site: JiraSite,
        timeout: float = 15.0,
        now: Callable[[], datetime] = _utc_now,
        patience: float = 25.0,
        search_lag: timedelta = SEARCH_LAG,
    ) -> None:
        self._site = site
        self._timeout = timeout
        self._now = now
        self._patience = patience
        self._search_lag = search_lag

    # --- creating -----------------------------------------------------------------------------------------------------

    def ensure_issue(self, spec: IssueSpec, attempted_since: datetime | None) -> IssueRef:
        """The issue with the key, looked for by its label, else created.

        After an unknown outcome nothing is created before search can be trusted to show what that attempt made; until
        then it is an `UnavailableError` with the time from which it can. All of the site is searched, since an issue
        may have been moved to another project.
        """
        project = _project(spec.project)
        began = monotonic()
        with self._talking() as api:
            found = self._found(api, spec.key)
            if found is not None:
                if attempted_since is not None:
                    self._link_to_review(api, found.id, spec.key, spec.body)
                return self._ref(found.id, found.key)
            trusted = attempted_since + self._search_lag if attempted_since else None
            if trusted is not None and self._now() < trusted:
                raise UnavailableError(f"Whether {spec.key} was created in {project} is known at {trusted}.", trusted)
            if monotonic() - began > self._patience:
                raise UnavailableError(f"Looking for {spec.key} in {project} took too long; nothing was created.")
            made = self._created(api, spec)
            self._link_to_review(api, made.id, spec.key, spec.body)
            return self._ref(made.id, made.key)

    def _found(self, api: Api, key: str) -> Made | None:
        """The oldest issue that bears the key. A clone has its label too, but not its property."""
        ids, _ = self._search(api, f'labels = "{_key_label(key)}" ORDER BY created ASC')
        for id in ids:
            try:
                found = Made.model_validate(api.get(f"issue/{id}", fields="summary", properties=PROPERTY))
            except Refusal as refusal:
                if not refusal.is_gone:
                    raise
            else:
                if found.our_key == key:
                    return found
        return None

    def _created(self, api: Api, spec: IssueSpec) -> Made:
        issue = {"fields": self._fields(spec), "properties": [{"key": PROPERTY, "value": {"key": spec.key}}]}
        try:
            return Made.model_validate(api.post("issue", issue))
        except Refusal as refusal:
            if refusal.status == 400 and "project" in refusal.errors:
                why = refusal.errors["project"]
                raise NotFoundError(f"{spec.project} is not there, or not open to this account: {why}") from None
            error = refusal.as_port_error(self._now())
            if not isinstance(error, UnavailableError):
                raise
            why, earliest = str(refusal.status), error.retry_at
        except (OSError, ValueError) as failure:
            why, earliest = type(failure).__name__, None
        trusted = self._now() + self._search_lag
        message = f"Whether {spec.key} was created in {spec.project} is not known ({why})."
        raise UnavailableError(message, max(earliest or trusted, trusted)) from None

    def _fields(self, spec: IssueSpec) -> dict[str, Any]:
        site = self._site
        fields: dict[str, Any] = {
            **site.fields,
            "project": {"key": spec.project},
            "issuetype": {"name": site.issue_type},
            "summary": _title(spec.title),
            "description": self._body(spec.body),
            "labels": [*dict.fromkeys([*map(_label, filter(str.strip, spec.labels)), _key_label(spec.key)])],
        }
        if spec.due is not None:
            fields["duedate"] = spec.due.isoformat()
        if spec.assignee is not None:
            fields["assignee"] = {"accountId" if site.cloud else "name": spec.assignee}
        if spec.severity is not None and spec.severity in site.priorities:
            fields["priority"] = {"name": site.priorities[spec.severity]}
        if spec.service in site.components:
            fields["components"] = [{"name": name} for name in site.components[spec.service]]
        return fields

    def _link_to_review(self, api: Api, id: str, key: str, body: str) -> None:
        """Show the review's page among the issue's links; with the same `globalId` it is created or updated.

        The text has the same link, so that a failure here takes nothing away, and leaves nothing to be made good.
        """
        link = first_link(body)
        if link is None:
            return
        title, address = link
        try:
            api.post(
                f"issue/{id}/remotelink",
                {
                    "globalId": f"holdfast:{key}" if len(key) < 240 else f"holdfast:{_digest(key)}",
                    "application": {"type": "holdfast", "name": "Holdfast"},
                    "relationship": "post-incident review",
                    "object": {"url": address, "title": shortened(title, _LONGEST_TITLE)},
                },
            )
        except (Refusal, OSError, ValueError):
            return

    # --- reading ------------------------------------------------------------------------------------------------------

    def find(self, key: str) -> IssueRef:
        """The issue with this key, or the one that had it before it was moved."""
        if not _KEY.fullmatch(key):
            raise NotFoundError(f"{key!r} is not the key of a Jira issue: write it as PROJECT-1.")
        with self._talking() as api:
            found = Made.model_validate(api.get(f"issue/{key.upper()}", fields="summary"))
            return self._ref(found.id, found.key)

    def read(self, refs: Sequence[IssueRef]) -> list[IssueSnapshot]:
        """On Cloud one request for a hundred issues; on Data Center, which has no such thing, one for each.

        An issue that a bulk answer leaves out is asked for by itself before it is called missing: Jira leaves out what
        it just could not fetch, too. Where no issue at all is seen, the token is tried.
        """
        as_of = self._now()
        with self._talking() as api:
            found = self._issues(api, [ref.id for ref in refs]) if self._site.cloud else {}
            asked = {ref.id: ref for ref in refs if ref.id not in found}
            if not self._site.cloud:
                found |= self._issues_singly(api, asked)
            projects = {_project_of(ref.key) for ref in asked.values() if ref.id not in found}
            hidden = {project for project in projects if not _is_there(api, f"project/{quote(project, safe='')}")}
            if self._site.cloud:
                found |= self._issues_singly(
                    api, [id for id, ref in asked.items() if _project_of(ref.key) not in hidden]
                )
            if refs and not found:
                api.get("myself")
            return [
                self._snapshot(ref, found[ref.id], as_of) if ref.id in found else _unseen(ref, hidden, as_of)
                for ref in refs
            ]

    def changes(self, project: str, cursor: str | None, among: Collection[str]) -> Changes:
        """Search tells what changed, a read by id how it is now.

        The window is told in minutes from now, since JQL takes other times to be in the account's time zone. It begins
        before the last look did. The latest change comes first: an issue that changes while we turn pages goes to the
        front and shifts others to where they are seen twice, and not to where they are missed.
        """
        project = _project(project)
        began = self._now()
        if cursor is None:
            return Changes(cursor=_Cursor(since=began).model_dump_json(exclude_none=True))
        at = _Cursor.read(cursor)
        minutes = at.minutes or max(ceil((began - at.since + _OVERLAP) / timedelta(minutes=1)), 1)
        looked = at.looked or began
        with self._talking() as api:
            jql = f'project = "{project}" AND updated >= -{minutes}m ORDER BY updated DESC'
            try:
                ids, page = self._search(api, jql, at.page)
            except Refusal as refusal:
                if refusal.status == 400:
                    api.get(f"project/{project}")  # a project that is not there is not a refused cursor
                raise
            told = [id for id in ids if id in among]
            issues = self._issues(api, told) if self._site.cloud else {}
            issues |= self._issues_singly(api, [id for id in told if id not in issues])
            snapshots = [
                self._snapshot(self._ref(id, issues[id].key), issues[id], began) for id in told if id in issues
            ]
        after = _Cursor(since=looked)
        if page is not None:
            after = _Cursor(since=at.since, looked=looked, minutes=minutes, page=page)
        return Changes(
            snapshots=tuple(snapshots), cursor=after.model_dump_json(exclude_none=True), more=page is not None
        )

    def comments(self, ref: IssueRef) -> list[Comment]:
        """The comments; `author` is an account id on Cloud and a user name on Data Center."""
        with self._talking() as api:
            return [
                Comment(
                    id=comment.id,
                    author=(comment.author.named if comment.author else None) or "",
                    text=_unix(to_text(comment.body)),
                    at=comment.created,
                    ours=comment.our_key is not None,
                )
                for comment in _comments(api, ref)
            ]

    # --- writing ------------------------------------------------------------------------------------------------------

    def rewrite(self, ref: IssueRef, title: str, body: str) -> None:
        """Replace summary and description; our key is not in them. What says so already is left alone."""
        wanted = _title(title), _unix(to_text(self._body(body)))
        with self._talking() as api:
            issue = Issue.model_validate(
                api.get(f"issue/{_id(ref)}", fields="summary,description,status", properties=PROPERTY)
            )
            if (issue.fields.summary, _unix(to_text(issue.fields.description))) == wanted:
                return
            api.put(f"issue/{_id(ref)}", {"fields": {"summary": wanted[0], "description": self._body(body)}})
            if issue.our_key is not None:
                self._link_to_review(api, ref.id, issue.our_key, body)

    def label(self, ref: IssueRef, labels: Sequence[str]) -> None:
        """Add the labels that are missing, one by one, so that one that a person adds meanwhile is not lost.

        The label by which we find the issue is one of them.
        """
        with self._talking() as api:
            issue = Issue.model_validate(api.get(f"issue/{_id(ref)}", fields="labels,status", properties=PROPERTY))
            wanted = [*map(_label, labels), *([_key_label(issue.our_key)] if issue.our_key else [])]
            missing = [label for label in dict.fromkeys(wanted) if label not in (issue.fields.labels or ())]
            if missing:
                api.put(f"issue/{_id(ref)}", {"update": {"labels": [{"add": label} for label in missing]}})

    def comment(self, ref: IssueRef, key: str, text: str) -> None:
        """Add a comment that has `key` as a property, unless one does. A property is seen by nobody but by the API."""
        with self._talking() as api:
            if not any(comment.our_key == key for comment in _comments(api, ref)):
                properties = [{"key": PROPERTY, "value": {"key": key}}]
                api.post(f"issue/{_id(ref)}/comment", {"body": self._body(text), "properties": properties})

    def show_blocking(self, ref: IssueRef, by: Sequence[IssueRef]) -> None:
        """Link the issue as blocked by those that it is not linked with yet; what is gone blocks nothing."""
        kind = {"name": self._site.blocks_link_type}
        with self._talking() as api:
            links = self._one(api, ref, "issuelinks,status").fields.issuelinks or ()
            linked = {link.inward_issue.id for link in links if link.type.name == kind["name"] and link.inward_issue}
            for id in dict.fromkeys(blocker.id for blocker in by if blocker.tracker == self.name):
                if id in linked or id == ref.id:
                    continue
                try:
                    # the inward issue is the one that blocks: there, the outward word "blocks" is shown
                    api.post("issueLink", {"type": kind, "inwardIssue": {"id": id}, "outwardIssue": {"id": ref.id}})
                except Refusal as refusal:
                    if not refusal.is_gone:
                        raise
                    if _is_there(api, f"issue/{quote(id, safe='')}"):
                        raise RejectedError(
                            f"Jira does not link issues as {kind['name']!r} ({refusal.said}): switch issue linking on, "
                            "or name a link type that exists under trackers.jira.blocks_link_type."
                        ) from None

    def reopen(self, ref: IssueRef) -> None:
        """Bring an issue out of the category done, if it is in it: to a status of the category new rather than others.

        Raises `RejectedError` where no transition leads there.
        """
        with self._talking() as api:
            issue = self._one(api, ref)
            if issue.fields.status.is_done:
                self._reopen(api, issue)

    def _reopen(self, api: Api, issue: Issue) -> None:
        offered = _transitions(api, issue.id)
        leading = [way for way in offered if not way.to.is_done and way.asks_only_for(())]
        if not leading:
            raise RejectedError(
                f"{issue.key} is {issue.fields.status.name!r} and cannot be reopened: {_offered(offered)}. Let the "
                "workflow offer this account a transition to a status that is not done, without required fields."
            )
        way = min(leading, key=lambda way: way.to.category.key != NEW)
        api.post(f"issue/{issue.id}/transitions", {"transition": {"id": way.id}})

    def close(self, ref: IssueRef, status: IssueStatus) -> None:
        """Bring an issue to the category done with a resolution that means `status`; how a person closed it stays.

        Raises `RejectedError` where no transition leads there, or where the workflow made something else of it. What
        was to be declined is never left as done.
        """
        if status not in (IssueStatus.DONE, IssueStatus.DECLINED):
            raise RejectedError(f"An issue is closed as done or declined, not as {status}.")
        with self._talking() as api:
            issue = self._one(api, ref)
            if issue.fields.status.is_done:
                return
            offered = _transitions(api, issue.id)
            way = self._way_to_close(offered, status)
            if way is None:
                setting = "done_resolutions or done_statuses" if status is IssueStatus.DONE else "declined_resolution"
                raise RejectedError(
                    f"{issue.key} is {issue.fields.status.name!r} and cannot be closed as {status}: "
                    f"{_offered(offered)}. Let the workflow offer this account a transition to a done status with a "
                    f"fitting resolution on its screen, or name what it uses under trackers.jira.{setting}."
                )
            transition, fields = way
            api.post(f"issue/{issue.id}/transitions", {"transition": {"id": transition.id}, "fields": fields})
            self._see_that_it_is(api, ref, status)

    def _see_that_it_is(self, api: Api, ref: IssueRef, status: IssueStatus) -> None:
        issue = self._one(api, ref)
        became = self._status(issue.fields)[0]
        if became is status:
            return
        if became is IssueStatus.DONE:
            self._reopen(api, issue)
        resolution = issue.fields.resolution.name if issue.fields.resolution else "none"
        raise RejectedError(
            f"{issue.key} was to be closed as {status}, and the workflow made it {issue.fields.status.name!r} with the "
            f"resolution {resolution!r}, which means {became}: put the resolution on the screen of that transition, or "
            "name what it uses under trackers.jira.done_resolutions, done_statuses or declined_resolution."
        )

    def _way_to_close(
        self, offered: Sequence[Transition], status: IssueStatus
    ) -> tuple[Transition, dict[str, Any]] | None:
        """The transition and its fields that lead to `status` for certain, else one that may."""
        site, ways = self._site, []
        as_done = status is IssueStatus.DONE
        wanted = site.done_resolutions if as_done else (site.declined_resolution,)
        for way in offered:
            if not way.to.is_done or not way.asks_only_for(("resolution",)):
                continue
            screen = way.fields.get("resolution")
            counts = is_among(way.to.name, site.done_statuses)
            if screen is not None:
                names = screen.names
                for rank, name in enumerate(wanted):
                    if not names or is_among(name, names):
                        ways.append((rank + 10 * (counts is not as_done), way, {"resolution": {"name": name}}))
                        break
            elif as_done or not counts:
                ways.append((100 + (counts is not as_done), way, {}))
        best = min(ways, key=lambda each: each[0], default=None)
        return (best[1], best[2]) if best else None

    # --- checking -----------------------------------------------------------------------------------------------------

    def check(self, project: str) -> list[str]:
        """What is in the way, as far as reading can tell."""
        if not _PROJECT.fullmatch(project):
            return [f"{project!r} is not the key of a Jira project: write it as people see it in its issues' keys."]
        try:
            with self._talking() as api:
                api.get("myself")
        except NotFoundError as error:
            return [f"There is no Jira at {self._site.api_url}: correct trackers.jira.url. ({error})"]
        except TrackerError as error:
            return [advice(self._site, error, project)]
        try:
            with self._talking() as api:
                return list(complaints(api, self._site, project))
        except TrackerError as error:
            return [advice(self._site, error, project)]

    # --- inside -------------------------------------------------------------------------------------------------------

    def _talking(self) -> AbstractContextManager[Api]:
        site = self._site
        token = site.token.get_secret_value()
        return talking(site.api_url, 3 if site.cloud else 2, site.email, token, self._timeout, self._now)

    def _search(self, api: Api, jql: str, page: str | None = None) -> tuple[list[str], str | None]:
        """The ids that a query finds, and the next page, if there is one."""
        if self._site.cloud:
            body: dict[str, Any] = {"jql": jql, "fields": ["id"], "maxResults": _CLOUD_PAGE}
            answer = Found.model_validate(api.post("search/jql", body | ({"nextPageToken": page} if page else {})))
            return [issue.id for issue in answer.issues], None if answer.is_last else answer.next_page_token
        start = int(page or 0)
        body = {"jql": jql, "fields": ["updated"], "startAt": start, "maxResults": _PAGE}
        answer = Found.model_validate(api.post("search", body))
        end = start + len(answer.issues)
        return [issue.id for issue in answer.issues], str(end) if answer.issues and end < answer.total else None

    def _issues(self, api: Api, ids: Iterable[str]) -> dict[str, Issue]:
        """What a bulk fetch, which is never behind, brings of the issues with these ids."""
        found: dict[str, Issue] = {}
        left = iter(dict.fromkeys(ids))
        while chunk := list(islice(left, _PAGE)):
            answer = Fetched.model_validate(api.post("issue/bulkfetch", {"issueIdsOrKeys": chunk, "fields": _READ}))
            found |= {issue.id: issue for issue in answer.issues}
        return found

    def _issues_singly(self, api: Api, ids: Iterable[str]) -> dict[str, Issue]:
        """The same, one by one; those that are not there are left out."""
        found: dict[str, Issue] = {}
        for id in dict.fromkeys(ids):
            try:
                answer = api.get(f"issue/{quote(id, safe='')}", fields=",".join(_READ))
            except Refusal as refusal:
                if not refusal.is_gone:
                    raise
            else:
                found[id] = Issue.model_validate(answer)
        return found

    def _one(self, api: Api, ref: IssueRef, fields: str = "status,resolution") -> Issue:
        return Issue.model_validate(api.get(f"issue/{_id(ref)}", fields=fields))

    def _snapshot(self, asked: IssueRef, issue: Issue, as_of: datetime) -> IssueSnapshot:
        fields = issue.fields
        status, note = self._status(fields)
        if issue.key != asked.key:
            note = f"It was {asked.key} before. {note}".strip()
        return IssueSnapshot(
            asked=asked,
            ref=self._ref(issue.id, issue.key),
            status=status,
            as_of=as_of,
            title=fields.summary,
            body=_unix(to_text(fields.description)),
            labels=None if fields.labels is None else tuple(x for x in fields.labels if not x.startswith(_KEY_LABEL)),
            assignee=fields.assignee.named if fields.assignee else None,
            due=fields.duedate,
            note=note,
        )

    def _status(self, fields: Fields) -> tuple[IssueStatus, str]:
        """Our word for how an issue stands, and why, where that may surprise. What is not known is not done."""
        status, resolution = fields.status.name, fields.resolution.name if fields.resolution else ""
        if not fields.status.is_done:
            return IssueStatus.OPEN, ""
        if is_among(resolution, self._site.duplicate_resolutions):
            return IssueStatus.DUPLICATE, ""
        if resolution:
            if is_among(resolution, self._site.done_resolutions):
                return IssueStatus.DONE, ""
            return IssueStatus.DECLINED, f"Its resolution {resolution!r} is none of those that count as done."
        if is_among(status, self._site.done_statuses):
            return IssueStatus.DONE, ""
        return IssueStatus.DECLINED, f"It has no resolution, and {status!r} is no status that counts as done."

    def _ref(self, id: str, key: str) -> IssueRef:
        url = f"{self._site.url.rstrip('/')}/browse/{key}"
        return IssueRef(tracker=self.name, id=id, key=key, url=url, project=_project_of(key))

    def _body(self, text: str) -> Any:
        text = shortened(text, _LONGEST_BODY)
        if not text.strip():
            return None
        if not self._site.cloud:
            return text
        while len(json.dumps(to_adf(text))) > _LONGEST_BODY:  # whether Jira counts the text or the document is not told
            text = shortened(text, len(text) * 3 // 4)
        return to_adf(text)


# --- small things -----------------------------------------------------------------------------------------------------


class _Cursor(Record):
    """Since when we have looked; and in the midst of several pages, when we began, how far back, and where we are."""

    since: Utc
    looked: Utc | None = None
    minutes: int | None = None
    page: str | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            raise RejectedError(f"{text[:100]!r} is no cursor of ours: begin without one.") from None


def _project(key: str) -> str:
    if not _PROJECT.fullmatch(key):
        raise NotFoundError(f"{key!r} is not the key of a Jira project.")
    return key


def _project_of(key: str) -> str:
    return key.rpartition("-")[0]


def _id(ref: IssueRef) -> str:
    return quote(ref.id, safe="")


def _is_there(api: Api, path: str) -> bool:
    try:
        api.get(path)
    except Refusal as refusal:
        if refusal.is_gone:
            return False
        raise
    return True


def _unseen(asked: IssueRef, hidden: Collection[str], as_of: datetime) -> IssueSnapshot:
    status, note = IssueStatus.MISSING, "It was deleted, or this account may not see it any more: Jira tells no more."
    if _project_of(asked.key) in hidden:
        status = IssueStatus.FORBIDDEN
        note = f"The project {_project_of(asked.key)} is not there any more, or this account may not browse it."
    return IssueSnapshot(asked=asked, ref=None, status=status, as_of=as_of, note=note)


def _comments(api: Api, ref: IssueRef) -> Iterator[Said]:
    start = 0
    while True:
        answer = Conversation.model_validate(
            api.get(
                f"issue/{_id(ref)}/comment", expand="properties", orderBy="created", startAt=start, maxResults=_PAGE
            )
        )
        yield from answer.comments
        start += len(answer.comments)
        if not answer.comments or start >= answer.total:
            return


def _transitions(api: Api, id: str) -> tuple[Transition, ...]:
    answer = api.get(f"issue/{quote(id, safe='')}/transitions", expand="transitions.fields")
    return Transitions.model_validate(answer).transitions


def _offered(transitions: Sequence[Transition]) -> str:
    if not transitions:
        return "no transition is offered (may the account make any?)"
    return "offered are " + ", ".join(f"{way.name!r} (to {way.to.name!r})" for way in transitions)


def _title(text: str) -> str:
    """A summary is one line."""
    return shortened(re.sub(r"\s*[\r\n]+\s*", " ", text).strip(), _LONGEST_TITLE)


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").strip("\n")


def _label(text: str) -> str:
    """A label has no white space."""
    return re.sub(r"\s+", "-", text.strip())[:_LONGEST_LABEL]


def _key_label(key: str) -> str:
    """A label for our key, such as no other key has: nothing in it needs quoting, and a key too long is a digest."""
    label = _KEY_LABEL + quote(key, safe=":/@")
    return label if len(label) <= _LONGEST_LABEL else f"{_KEY_LABEL}sha256:{_digest(key)}"


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
