"""GitHub issues, through PyGithub.

What is read here is told in our words by `github_reading`; how requests go out is `github_transport`'s business.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from itertools import takewhile
from time import monotonic
from urllib.parse import urlsplit

from github.GithubObject import NotSet
from github.Issue import Issue
from github.Repository import Repository
from github.Requester import Requester

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import (
    Attempts,
    Changes,
    Comment,
    IssueSnapshot,
    IssueSpec,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)
from integrations.trackers.github import changes as github_changes
from integrations.trackers.github import reading as github_reading
from integrations.trackers.github.credentials import AppSignIn, GithubApp, TokenSignIn
from integrations.trackers.github.reading import PROJECT, Found, own, ref_to, repository, without_pulls
from integrations.trackers.github.transport import GONE, Refusal, talking
from integrations.trackers.markers import bears, key_in, marked, shortened

__all__ = ["GithubApp", "GithubTracker"]

_KEY = re.compile(r"([^/#]+/[^/#]+)#(\d{1,18})")
_ADDRESS = re.compile(r"https?://[^/]+/([^/]+/[^/]+)/issues/(\d{1,18})/?(?:[?#].*)?")
_LONGEST_TITLE = 256
_LONGEST_BODY = 65_536
_INVALID = 422
_REASONS = {IssueStatus.DONE: "completed", IssueStatus.DECLINED: "not_planned"}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class GithubTracker:
    """`IssueTracker` for repositories on github.com or a GitHub Enterprise Server. A project is `owner/repo`.

    `credential` is a token, or a GitHub App to sign in as. `timeout` is seconds for connecting and again for each wait
    for an answer. `patience` is seconds after which signing in and looking for an issue have taken so long that none is
    created any more: a claim on its key has to outlive `patience + 2 * timeout`.
    """

    name = github_reading.TRACKER

    def __init__(
        self,
        credential: str | GithubApp,
        api_url: str = "https://api.github.com",
        timeout: float = 15.0,
        now: Callable[[], datetime] = _utc_now,
        patience: float = 25.0,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._timeout = timeout
        self._now = now
        self._patience = patience
        self._token = credential if isinstance(credential, str) else None
        self._signin = (
            TokenSignIn(credential)
            if isinstance(credential, str)
            else AppSignIn(credential, self._api_url, timeout, now)
        )

    def ensure_issue(self, spec: IssueSpec, earlier: Attempts | None) -> IssueRef:
        """The issue whose body bears the key, looked for in lists (never by search, which lags), else created.

        An assignee whom GitHub does not take is left out; a due date, a severity and a service GitHub does not have.
        """
        deadline = monotonic() + self._patience
        with self._talking(spec.project) as requester:
            place = repository(requester, spec.project)
            for listed in _candidates(place, spec, earlier.first if earlier else None):
                if bears(listed.body, spec.key):
                    return ref_to(listed)
            try:
                return ref_to(_created(place, spec, spec.assignee, deadline))
            except Refusal as refusal:  # it says that nothing was made, and not dependably which field is wrong
                if refusal.status != _INVALID or spec.assignee is None:
                    raise
            return ref_to(_created(place, spec, None, deadline))

    def find(self, key: str) -> IssueRef:
        """The issue `owner/repo#12`, or the one with the address that a browser shows, named as it is now."""
        match = _KEY.fullmatch(key) or _ADDRESS.fullmatch(key)
        if match is None:
            raise NotFoundError(f"{key!r} names no GitHub issue: write owner/repository#12, or its address.")
        project, number = match.groups()
        with self._talking(project) as requester:
            issue = _named(requester, project, int(number))
            away = "://" in key and urlsplit(issue.html_url).netloc.lower() != urlsplit(key).netloc.lower()
            if away or github_reading.is_pull(issue):
                raise NotFoundError(f"{key} is not an issue here: GitHub has {issue.html_url}.")
            return ref_to(issue)

    def read(self, refs: Sequence[IssueRef]) -> list[IssueSnapshot]:
        """What each issue is now. Where every issue and every repository is forbidden, the credential is refused."""
        as_of = self._now()
        found: dict[IssueRef, Found] = {}
        refused: list[TrackerError] = []
        realms: dict[str, list[IssueRef]] = {}
        for ref in refs:
            realms.setdefault(self._signin.realm(ref.key), []).append(ref)
        for together in realms.values():
            try:
                found |= zip(together, self._read(together), strict=True)
            except UnauthorisedError as error:
                refused.append(error)
                found |= {ref: Found(IssueStatus.FORBIDDEN, note=str(error)) for ref in together}
        if refused and len(refused) == len(realms):
            raise refused[-1]
        return [found[ref].snapshot(ref, as_of) for ref in refs]

    def changes(self, project: str, cursor: str | None, among: Collection[str]) -> Changes:
        """A page of the issues that changed. Without a cursor nothing is asked."""
        at = github_changes.cursor_of(project, cursor, self._now())
        if cursor is None:
            return Changes(cursor=at.model_dump_json())
        with self._talking(project) as requester:
            return github_changes.look(requester, project, at, among, self._now)

    def comments(self, ref: IssueRef, since: datetime | None = None) -> list[Comment]:
        """The comments, in the order in which they were made. GitHub compares `since` with their last edits."""
        from_then = since.astimezone(UTC).replace(microsecond=0) if since else NotSet
        with self._talking(ref.key) as requester:
            return [
                Comment(
                    id=str(comment.id),
                    author=comment.user.login if comment.user else "ghost",  # as GitHub calls who left
                    text=comment.body or "",
                    at=comment.created_at,
                    ours=key_in(comment.body) is not None,
                )
                for comment in own(requester, ref).get_comments(since=from_then)
            ]

    def rewrite(self, ref: IssueRef, title: str, body: str) -> None:
        """Replace title and body; the marker, by which the issue is found again, stays."""
        with self._talking(ref.key) as requester:
            issue = own(requester, ref)
            key = key_in(issue.body)
            title = shortened(title, _LONGEST_TITLE)
            body = marked(body, key, _LONGEST_BODY) if key else shortened(body, _LONGEST_BODY)
            if (issue.title, issue.body) != (title, body):
                issue.edit(title=title, body=body)

    def comment(self, ref: IssueRef, key: str, text: str) -> None:
        """Add a comment that bears the marker of `key`, unless one does."""
        with self._talking(ref.key) as requester:
            issue = own(requester, ref)
            if not any(bears(comment.body, key) for comment in issue.get_comments()):
                issue.create_comment(marked(text, key, _LONGEST_BODY))

    def label(self, ref: IssueRef, labels: Sequence[str], without: Sequence[str] = ()) -> None:
        """Add and take off labels, as far as that changes anything; GitHub does not tell upper and lower case apart.

        Raises `UnauthorisedError` also where GitHub leaves labels out silently, as it does without push rights.
        """
        with self._talking(ref.key) as requester:
            issue = own(requester, ref)
            there = {label.name for label in issue.labels}
            for name in _without(there, _without(there, without)):
                issue.remove_from_labels(name)
            missing = _without(labels, there)
            if not missing:
                return
            _, now_there = requester.requestJsonAndCheck("POST", f"{issue.url}/labels", input={"labels": missing})
            dropped = _without(missing, {label["name"] for label in now_there})
            if dropped:
                raise UnauthorisedError(
                    f"GitHub left out the labels {', '.join(dropped)} of {ref.key}: give the credential's owner the "
                    "role Triage or Write."
                )

    def set_due(self, ref: IssueRef, due: date) -> None:
        """Nothing: GitHub's issues have no such date."""

    def show_blocking(self, ref: IssueRef, by: Sequence[IssueRef]) -> None:
        """Make the issues that block this one its sub-issues, as far as GitHub can show that.

        Left out, silently, since the text of the issue lists them all the same: everything, where the server knows no
        sub-issues; issues of another owner; issues that are not where they were; those that people have put below
        another issue, since GitHub allows one parent only; and what else GitHub refuses, as after the hundredth.
        """
        owner = ref.key.partition("/")[0].lower()
        near = [other for other in by if other.tracker == self.name and other.key.partition("/")[0].lower() == owner]
        with self._talking(ref.key) as requester:
            issue = own(requester, ref)
            try:
                shown = {sub.node_id for sub in issue.get_sub_issues()}
            except Refusal as refusal:
                if refusal.status in GONE:
                    return
                raise
            for other in near:
                found = None if other.id in shown else github_reading.look_at(requester, other)
                if found is None or found.issue is None or found.status in github_reading.UNSEEN:
                    continue
                shown.add(other.id)
                if found.issue.parent_issue_url:
                    continue
                try:
                    issue.add_sub_issue(found.issue.id)
                except Refusal as refusal:
                    if refusal.status != _INVALID:
                        raise

    def reopen(self, ref: IssueRef) -> None:
        """Open an issue, if it is not."""
        with self._talking(ref.key) as requester:
            issue = own(requester, ref)
            if issue.state != "open":
                issue.edit(state="open")

    def close(self, ref: IssueRef, status: IssueStatus) -> None:
        """Close an issue, if it is open; how a person closed it stays.

        GitHub ignores a reason "unless `state` is changed" (REST, "Update an issue").
        """
        reason = _REASONS.get(status)
        if reason is None:
            raise RejectedError(f"An issue is closed as done or declined, not as {status}.")
        with self._talking(ref.key) as requester:
            issue = own(requester, ref)
            if issue.state == "open":
                issue.edit(state="closed", state_reason=reason)

    def check(self, project: str) -> list[str]:
        """What is in the way, as far as reading can tell.

        A fine-grained token that may read issues and not write them is seen only as the first write fails: GitHub
        reports the role of the token's owner, and of an App's token that was given as such (`ghs_…`) nothing.
        """
        if not PROJECT.fullmatch(project):
            return [f"{project!r} is not a GitHub repository: write it as owner/repository."]
        try:
            complaints = self._signin.complaints(project)
            if complaints:
                return complaints
            with self._talking(project) as requester:
                try:
                    return self._complaints(repository(requester, project).complete())
                except Refusal as refusal:
                    if refusal.location is None:
                        raise
                    name = github_reading.name_at(requester, refusal.location)
                    return [f"{project} has moved to {name}: put its new name into the settings."]
        except TrackerError as error:
            return [self._advice(error, project)]

    def _complaints(self, place: Repository) -> list[str]:
        name, found = place.full_name, []
        if not place.has_issues:
            found.append(f"Issues are switched off in {name}: switch them on in its settings, under Features.")
        if place.archived:
            found.append(f"{name} is archived: unarchive it, or use another repository.")
        if self._token and not self._token.startswith("ghs_") and not place.permissions.push:
            found.append(
                f"The token may not write to {name}: give its owner the role Write and the token Issues: read and "
                "write. Without them GitHub leaves out labels silently, and refuses to close issues."
            )
        if not found:
            next(iter(place.get_issues()), None)  # a credential that may not read issues is refused here
        return found

    def _advice(self, error: TrackerError, project: str) -> str:
        match error:
            case UnauthorisedError() if self._token is None:
                return f"GitHub does not let us into {project}: {error}"
            case UnauthorisedError():
                return (
                    f"The token is refused for {project} ({error}): put one into the settings that has access to it, "
                    "with Issues: read and write."
                )
            case NotFoundError():
                return f"{project} is not there, or not visible: correct its name, or give us access. ({error})"
            case RateLimitedError():
                return f"GitHub cannot be asked now ({error}): check again after {error.retry_at:%Y-%m-%d %H:%M} UTC."
            case _:
                return f"{error}: check the address, the network and GitHub's status page, then check again."

    def _read(self, refs: Sequence[IssueRef]) -> list[Found]:
        """The same for issues that one credential is good for."""
        with self._talking(*(ref.key for ref in refs)) as requester:
            found = github_reading.read(requester, refs)
            if all(seen.status is IssueStatus.FORBIDDEN for seen in found):
                github_reading.see_any(requester, refs)
            return found

    def _talking(self, *places: str) -> AbstractContextManager[Requester]:
        """For a call about projects that one credential is good for, or about issues with such keys."""
        projects = dict.fromkeys(place.partition("#")[0] for place in places)
        return talking(self._signin.auth(*projects), self._api_url, self._timeout, self._now)


def _candidates(place: Repository, spec: IssueSpec, attempted_since: datetime | None) -> Iterator[Issue]:
    """The issues that may be the one, oldest first, so that of two the same is found by everybody.

    The second list is needed because GitHub leaves out the labels of a token without push rights, silently.
    """
    labels = list(spec.lasting_labels) or NotSet
    yield from without_pulls(place.get_issues(state="all", labels=labels, sort="created", direction="asc"))
    if attempted_since is not None:
        # What was attempted was made after that: the newest come first, so that not all that changed since is read.
        since = (attempted_since - github_changes.OVERLAP).astimezone(UTC)  # PyGithub sends the digits, as UTC
        listed = place.get_issues(state="all", since=since, sort="created", direction="desc")
        yield from reversed(list(takewhile(lambda issue: issue.created_at >= since, without_pulls(listed))))


def _created(place: Repository, spec: IssueSpec, assignee: str | None, deadline: float) -> Issue:
    if monotonic() > deadline:
        raise UnavailableError(f"Looking for {spec.key} in {spec.project} took too long; nothing was created.")
    return place.create_issue(
        shortened(spec.title, _LONGEST_TITLE),
        body=marked(spec.body, spec.key, _LONGEST_BODY),
        labels=list(spec.labels),
        assignees=[assignee] if assignee else NotSet,
    )


def _named(requester: Requester, project: str, number: int) -> Issue:
    try:
        return repository(requester, project).get_issue(number).complete()
    except Refusal as refusal:
        if refusal.location is None or not refusal.location.startswith(f"{requester.base_url}/"):
            raise
        return Issue(requester, url=refusal.location).complete()


def _without(labels: Iterable[str], there: Collection[str]) -> list[str]:
    known = {label.lower() for label in there}
    return [label for label in dict.fromkeys(labels) if label.lower() not in known]
