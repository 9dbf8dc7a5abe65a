"""GitHub issues, through PyGithub.

A wrong word here reports work as done that is not: `closed` with the reason `completed` is done, nothing else is. An
issue is the one that we mean only if its id is; numbers are used again after a transfer or a rename.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from time import monotonic

from github.GithubObject import NotSet
from github.Issue import Issue
from github.Repository import Repository
from github.Requester import Requester

from domain.ports import (
    IssueSnapshot,
    IssueSpec,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)
from domain.review import IssueRef
from domain.taxonomy import IssueStatus
from integrations.trackers.github_transport import GONE, Refusal, talking
from integrations.trackers.markers import bears, key_in, marked, shortened

_PROJECT = re.compile(r"[A-Za-z0-9-]+/(?!\.{1,2}\Z)[A-Za-z0-9._-]+")
_LONGEST_TITLE = 256
_LONGEST_BODY = 65_536
_OVERLAP = timedelta(minutes=10)
"""Clocks differ, and `since` compares GitHub's with ours."""

_CLOSED_AS = {"completed": IssueStatus.DONE, "duplicate": IssueStatus.DUPLICATE}
_REASONS = {IssueStatus.DONE: "completed", IssueStatus.DECLINED: "not_planned"}
_UNSEEN = frozenset({IssueStatus.MISSING, IssueStatus.MOVED, IssueStatus.FORBIDDEN})


def _utc_now() -> datetime:
    return datetime.now(UTC)


class GithubTracker:
    """`IssueTracker` for repositories on github.com or a GitHub Enterprise Server. A project is `owner/repo`.

    `timeout` is seconds for connecting and again for each wait for an answer. `patience` is seconds after which looking
    for an issue has taken so long that none is created any more: a claim on its key has to outlive
    `patience + 2 * timeout`.
    """

    name = "github"

    def __init__(
        self,
        token: str,
        api_url: str = "https://api.github.com",
        timeout: float = 15.0,
        now: Callable[[], datetime] = _utc_now,
        patience: float = 25.0,
    ) -> None:
        self._token = token
        self._api_url = api_url.rstrip("/")
        self._timeout = timeout
        self._now = now
        self._patience = patience

    def ensure_issue(self, spec: IssueSpec, attempted_since: datetime | None) -> IssueRef:
        """The issue whose body bears the key, looked for in lists (never by search, which lags), else created."""
        began = monotonic()
        with self._talking() as requester:
            repository = _repository(requester, spec.project)
            for listed in _candidates(repository, spec, attempted_since):
                if bears(listed.body, spec.key):
                    return _ref(listed)
            if monotonic() - began > self._patience:
                raise UnavailableError(f"Looking for {spec.key} in {spec.project} took too long; nothing was created.")
            created = repository.create_issue(
                shortened(spec.title, _LONGEST_TITLE),
                body=marked(spec.body, spec.key, _LONGEST_BODY),
                labels=list(spec.labels),
            )
            return _ref(created)

    def read(self, refs: Sequence[IssueRef]) -> list[IssueSnapshot]:
        """One GET for each issue. Where every issue and every repository is forbidden, the token is refused."""
        as_of = self._now()
        with self._talking() as requester:
            seen = [_look_at(requester, ref) for ref in refs]
            if seen and all(status is IssueStatus.FORBIDDEN for status, _ in seen):
                _see_any(requester, refs)
            return [
                IssueSnapshot(
                    asked=asked,
                    ref=_ref(issue) if issue else None,
                    status=status,
                    as_of=as_of,
                    assignee=_assignee(issue) if issue else None,
                )
                for asked, (status, issue) in zip(refs, seen, strict=True)
            ]

    def rewrite(self, ref: IssueRef, title: str, body: str) -> None:
        """Replace title and body; the marker, by which the issue is found again, stays."""
        with self._talking() as requester:
            issue = _own(requester, ref)
            key = key_in(issue.body)
            title = shortened(title, _LONGEST_TITLE)
            body = marked(body, key, _LONGEST_BODY) if key else shortened(body, _LONGEST_BODY)
            if (issue.title, issue.body) != (title, body):
                issue.edit(title=title, body=body)

    def comment(self, ref: IssueRef, key: str, text: str) -> None:
        """Add a comment that bears the marker of `key`, unless one does."""
        with self._talking() as requester:
            issue = _own(requester, ref)
            if not any(bears(comment.body, key) for comment in issue.get_comments()):
                issue.create_comment(marked(text, key, _LONGEST_BODY))

    def reopen(self, ref: IssueRef) -> None:
        """Open an issue, if it is not."""
        with self._talking() as requester:
            issue = _own(requester, ref)
            if issue.state != "open":
                issue.edit(state="open")

    def close(self, ref: IssueRef, status: IssueStatus) -> None:
        """Close an issue, if it is open; how a person closed it stays.

        GitHub ignores a reason "unless `state` is changed" (REST, "Update an issue").
        """
        reason = _REASONS.get(status)
        if reason is None:
            raise RejectedError(f"An issue is closed as done or declined, not as {status}.")
        with self._talking() as requester:
            issue = _own(requester, ref)
            if issue.state == "open":
                issue.edit(state="closed", state_reason=reason)

    def check(self, project: str) -> list[str]:
        """What is in the way, as far as reading can tell.

        A fine-grained token that may read issues and not write them is seen only as the first write fails: GitHub
        reports the role of the token's owner, and of an App's token (`ghs_…`) nothing.
        """
        if not _PROJECT.fullmatch(project):
            return [f"{project!r} is not a GitHub repository: write it as owner/repository."]
        try:
            with self._talking() as requester:
                try:
                    return self._complaints(_repository(requester, project).complete())
                except Refusal as refusal:
                    if refusal.location is None:
                        raise
                    name = _name_at(requester, refusal.location)
                    return [f"{project} has moved to {name}: put its new name into the settings."]
        except TrackerError as error:
            return [_advice(error, project)]

    def _complaints(self, repository: Repository) -> list[str]:
        name, found = repository.full_name, []
        if not repository.has_issues:
            found.append(f"Issues are switched off in {name}: switch them on in its settings, under Features.")
        if repository.archived:
            found.append(f"{name} is archived: unarchive it, or use another repository.")
        if not self._token.startswith("ghs_") and not repository.permissions.push:
            found.append(
                f"The token may not write to {name}: give its owner the role Write and the token Issues: read and "
                "write. Without them GitHub leaves out labels silently, and refuses to close issues."
            )
        if not found:
            next(iter(repository.get_issues()), None)  # a token that may not read issues is refused here
        return found

    def _talking(self) -> AbstractContextManager[Requester]:
        return talking(self._token, self._api_url, self._timeout, self._now)


def _repository(requester: Requester, project: str) -> Repository:
    if not _PROJECT.fullmatch(project):
        raise NotFoundError(f"{project!r} is not a GitHub repository: write it as owner/repository.")
    return Repository(requester, url=f"/repos/{project}")


def _candidates(repository: Repository, spec: IssueSpec, attempted_since: datetime | None) -> Iterator[Issue]:
    """The issues that may be the one, oldest first, so that of two the same is found by everybody.

    The second list is needed because GitHub leaves out the labels of a token without push rights, silently.
    """
    labels = list(spec.labels) or NotSet
    yield from _issues(repository.get_issues(state="all", labels=labels, sort="created", direction="asc"))
    if attempted_since is not None:
        since = (attempted_since - _OVERLAP).astimezone(UTC)  # PyGithub sends the digits, and calls them UTC
        yield from _issues(repository.get_issues(state="all", since=since, sort="created", direction="asc"))


def _issues(listed: Iterable[Issue]) -> Iterator[Issue]:
    # GitHub lists pull requests among the issues; asking PyGithub for `pull_request` costs a request each.
    return (item for item in listed if "/pull/" not in item.html_url)


def _look_at(requester: Requester, ref: IssueRef) -> tuple[IssueStatus, Issue | None]:
    project, _, number = ref.key.rpartition("#")
    try:
        issue = _repository(requester, project).get_issue(int(number)).complete()
    except Refusal as refusal:
        if refusal.location is not None:
            return _look_after_move(requester, ref, refusal.location)
        if refusal.status in GONE:
            return IssueStatus.MISSING, None
        if refusal.forbidden:
            return IssueStatus.FORBIDDEN, None
        raise
    return (_status(issue), issue) if str(issue.id) == ref.id else (IssueStatus.MISSING, None)


def _look_after_move(requester: Requester, ref: IssueRef, location: str) -> tuple[IssueStatus, Issue | None]:
    """A renamed repository keeps its issues' ids, a transfer does not: only a transferred issue has moved."""
    if not location.startswith(f"{requester.base_url}/"):
        return IssueStatus.MOVED, None
    try:
        issue = Issue(requester, url=location).complete()
    except Refusal as refusal:
        if refusal.location is not None or refusal.forbidden or refusal.status in GONE:
            return IssueStatus.MOVED, None
        raise
    return (_status(issue) if str(issue.id) == ref.id else IssueStatus.MOVED), issue


def _own(requester: Requester, ref: IssueRef) -> Issue:
    """The issue, to be written to. Never another one that has its number, nor one that was moved elsewhere."""
    status, issue = _look_at(requester, ref)
    if status is IssueStatus.FORBIDDEN:
        raise UnauthorisedError(f"The token may not see {ref.key}.")
    if issue is None or status in _UNSEEN:
        where = f", but at {issue.html_url}" if issue else ""
        raise NotFoundError(f"The issue is not at {ref.key} any more{where}.")
    return issue


def _see_any(requester: Requester, refs: Sequence[IssueRef]) -> None:
    """Return if any of the repositories can be seen; else raise what was answered for the last one."""
    refused = []
    for project in dict.fromkeys(ref.key.rpartition("#")[0] for ref in refs):
        try:
            _repository(requester, project).complete()
        except Refusal as refusal:
            refused.append(refusal)
        else:
            return
    raise refused[-1]


def _status(issue: Issue) -> IssueStatus:
    if issue.state == "open":
        return IssueStatus.OPEN
    return _CLOSED_AS.get(issue.state_reason or "", IssueStatus.DECLINED)


def _assignee(issue: Issue) -> str | None:
    return issue.assignees[0].login if issue.assignees else None


def _ref(issue: Issue) -> IssueRef:
    # The number in the database is what GitHub has never changed; node ids have had two formats.
    owner, repository = issue.html_url.split("/")[-4:-2]
    key = f"{owner}/{repository}#{issue.number}"
    return IssueRef(tracker=GithubTracker.name, id=str(issue.id), key=key, url=issue.html_url)


def _name_at(requester: Requester, location: str) -> str:
    if not location.startswith(f"{requester.base_url}/"):
        return location
    return Repository(requester, url=location).complete().full_name


def _advice(error: TrackerError, project: str) -> str:
    match error:
        case UnauthorisedError():
            return (
                f"The token is refused for {project} ({error}): put one into the settings that has access to it, with "
                "Issues: read and write."
            )
        case NotFoundError():
            return f"{project} is not there, or not visible: correct its name, or give the token access. ({error})"
        case RateLimitedError():
            return f"GitHub cannot be asked now ({error}): check again after {error.retry_at:%Y-%m-%d %H:%M} UTC."
        case _:
            return f"{error}: check the address, the network and GitHub's status page, then check again."
