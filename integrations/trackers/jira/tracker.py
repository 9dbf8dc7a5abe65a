"""Jira issues, Cloud (REST v3) and Data Center (REST v2), through the `jira` library's session.

A wrong word here reports work as done that is not: an issue is done if its status is in the category done and its
resolution (or, where there is none, its status) is on the list of those that count. Search lags by seconds to minutes:
it tells what may have changed, and never how things are.
"""

import json
import logging
import re
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from math import ceil
from time import monotonic
from typing import Any, Self
from urllib.parse import quote

from pydantic import ValidationError

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.model.values import Record, Utc
from domain.trackers.ports import (
    Attempts,
    Changes,
    Comment,
    IssueSnapshot,
    IssueSpec,
    NotFoundError,
    RejectedError,
    TrackerError,
    UnavailableError,
)
from integrations.trackers.jira import transitions as jira_workflow
from integrations.trackers.jira.adf import first_link, to_adf
from integrations.trackers.jira.check import advice, complaints
from integrations.trackers.jira.reading import (
    KEY_LABEL,
    body_text,
    comments_on,
    id_of,
    is_there,
    read_all,
    read_changed,
    read_one,
    ref_to,
    search,
)
from integrations.trackers.jira.responses import PROPERTY, Made
from integrations.trackers.jira.site import JiraSite
from integrations.trackers.jira.transport import Api, Refusal, talking
from integrations.trackers.markers import shortened

SEARCH_LAG = timedelta(minutes=2)
"""How long after a create the issue may be missing from what search finds."""

_OVERLAP = timedelta(minutes=10)
"""Clocks differ, and what was changed a moment before a look may be found by search only after it."""

_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[0-9]+")
_LONGEST_LABEL = 255
_LONGEST_TITLE = 255
_LONGEST_BODY = 32_000


log = logging.getLogger(__name__)


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

    def ensure_issue(self, spec: IssueSpec, earlier: Attempts | None) -> IssueRef:
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
                if earlier is not None:
                    self._link_to_review(api, found.id, spec.key, spec.body)
                return ref_to(self._site, found.id, found.key)
            trusted = earlier.last + self._search_lag if earlier else None
            if trusted is not None and self._now() < trusted:
                message = f"Whether {spec.key} was created in {project} is known at {trusted}."
                raise UnavailableError(message, trusted, untouched=True)
            if monotonic() - began > self._patience:
                message = f"Looking for {spec.key} in {project} took too long; nothing was created."
                raise UnavailableError(message, untouched=True)
            made = self._created(api, spec)
            self._link_to_review(api, made.id, spec.key, spec.body)
            return ref_to(self._site, made.id, made.key)

    def _found(self, api: Api, key: str) -> Made | None:
        """The oldest issue that bears the key. A clone has its label too, but not its property."""
        ids, _ = search(api, self._site, f'labels = "{_key_label(key)}" ORDER BY created ASC')
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
        except (Refusal, OSError, ValueError) as failure:
            log.info("issue %s is not linked to its review: %s", id, type(failure).__name__)

    # --- reading ------------------------------------------------------------------------------------------------------

    def find(self, key: str) -> IssueRef:
        """The issue with this key or at this address of the site, or the one that had it before it was moved."""
        address = f"{self._site.url.rstrip('/')}/browse/"
        wanted = re.split(r"[?#]", key.removeprefix(address))[0] if key.startswith(address) else key
        if not _KEY.fullmatch(wanted):
            raise NotFoundError(f"{key!r} names no issue of this Jira: write PROJECT-1, or its address.")
        with self._talking() as api:
            found = Made.model_validate(api.get(f"issue/{wanted.upper()}", fields="summary"))
            return ref_to(self._site, found.id, found.key)

    def read(self, refs: Sequence[IssueRef]) -> list[IssueSnapshot]:
        """On Cloud one request for a hundred issues; on Data Center, which has no such thing, one for each."""
        as_of = self._now()
        with self._talking() as api:
            return read_all(api, self._site, refs, as_of)

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
                ids, page = search(api, self._site, jql, at.page)
            except Refusal as refusal:
                if refusal.status == 400:
                    api.get(f"project/{project}")  # a project that is not there is not a refused cursor
                raise
            snapshots = read_changed(api, self._site, [id for id in ids if id in among], began)
        after = _Cursor(since=looked)
        if page is not None:
            after = _Cursor(since=at.since, looked=looked, minutes=minutes, page=page)
        return Changes(
            snapshots=tuple(snapshots), cursor=after.model_dump_json(exclude_none=True), more=page is not None
        )

    def comments(self, ref: IssueRef, since: datetime | None = None) -> list[Comment]:
        """The comments; `author` is an account id on Cloud and a user name on Data Center.

        Jira gives all of them, whatever `since` is.
        """
        with self._talking() as api:
            return [
                Comment(
                    id=comment.id,
                    author=(comment.author.named if comment.author else None) or "",
                    text=body_text(comment.body),
                    at=comment.created,
                    ours=comment.our_key is not None,
                )
                for comment in comments_on(api, ref)
                if since is None or comment.changed >= since
            ]

    # --- writing ------------------------------------------------------------------------------------------------------

    def rewrite(self, ref: IssueRef, title: str, body: str) -> None:
        """Replace summary and description; our key is not in them. What says so already is left alone."""
        wanted = _title(title), body_text(self._body(body))
        with self._talking() as api:
            issue = read_one(api, ref, "summary", "description", properties=PROPERTY)
            if (issue.fields.summary, body_text(issue.fields.description)) == wanted:
                return
            api.put(f"issue/{id_of(ref)}", {"fields": {"summary": wanted[0], "description": self._body(body)}})
            if issue.our_key is not None:
                self._link_to_review(api, ref.id, issue.our_key, body)

    def label(self, ref: IssueRef, labels: Sequence[str], without: Sequence[str] = ()) -> None:
        """Add what is missing and take off what is too much, one by one, so that what a person adds is not lost.

        The label by which we find the issue is one of those that belong there.
        """
        with self._talking() as api:
            issue = read_one(api, ref, "labels", properties=PROPERTY)
            wanted = [*map(_label, labels), *([_key_label(issue.our_key)] if issue.our_key else [])]
            there = issue.fields.labels or ()
            changes = [{"add": label} for label in dict.fromkeys(wanted) if label not in there]
            changes += [{"remove": label} for label in map(_label, without) if label in there]
            if changes:
                api.put(f"issue/{id_of(ref)}", {"update": {"labels": changes}})

    def set_due(self, ref: IssueRef, due: date) -> None:
        """Set the due date, which has to be on the edit screen."""
        with self._talking() as api:
            if read_one(api, ref, "duedate").fields.duedate != due:
                api.put(f"issue/{id_of(ref)}", {"fields": {"duedate": due.isoformat()}})

    def comment(self, ref: IssueRef, key: str, text: str) -> None:
        """Add a comment that has `key` as a property, unless one does. A property is seen by nobody but by the API."""
        with self._talking() as api:
            if not any(comment.our_key == key for comment in comments_on(api, ref)):
                properties = [{"key": PROPERTY, "value": {"key": key}}]
                api.post(f"issue/{id_of(ref)}/comment", {"body": self._body(text), "properties": properties})

    def show_blocking(self, ref: IssueRef, by: Sequence[IssueRef]) -> None:
        """Link the issue as blocked by those that it is not linked with yet; what is gone blocks nothing."""
        kind = {"name": self._site.blocks_link_type}
        with self._talking() as api:
            links = read_one(api, ref, "issuelinks").fields.issuelinks or ()
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
                    if is_there(api, f"issue/{quote(id, safe='')}"):
                        raise RejectedError(
                            f"Jira does not link issues as {kind['name']!r} ({refusal.said}): switch issue linking on, "
                            "or name a link type that exists under trackers.jira.blocks_link_type."
                        ) from None

    def reopen(self, ref: IssueRef) -> None:
        """Open an issue, if its status is in the category done. Raises `RejectedError` where no transition does."""
        with self._talking() as api:
            jira_workflow.reopen(api, ref)

    def close(self, ref: IssueRef, status: IssueStatus) -> None:
        """Close an issue, if it is open; how a person closed it stays.

        Raises `RejectedError` where no transition leads to what means `status`.
        """
        if status not in (IssueStatus.DONE, IssueStatus.DECLINED):
            raise RejectedError(f"An issue is closed as done or declined, not as {status}.")
        with self._talking() as api:
            jira_workflow.close(api, self._site, ref, status)

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


def _title(text: str) -> str:
    """A summary is one line."""
    return shortened(re.sub(r"\s*[\r\n]+\s*", " ", text).strip(), _LONGEST_TITLE)


def _label(text: str) -> str:
    """A label has no white space."""
    return re.sub(r"\s+", "-", text.strip())[:_LONGEST_LABEL]


def _key_label(key: str) -> str:
    """A label for our key, such as no other key has: nothing in it needs quoting, and a key too long is a digest."""
    label = KEY_LABEL + quote(key, safe=":/@")
    return label if len(label) <= _LONGEST_LABEL else f"{KEY_LABEL}sha256:{_digest(key)}"


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
