"""The built-in tracker's issues as somebody sees them, and acting on one: the review that watches it hears of it."""

import re
from enum import StrEnum

from pydantic import Field

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.model.values import Record, Utc
from domain.trackers.issue_text import fact_of
from domain.trackers.ports import NotFoundError
from records.operations.builtin_tracker import BuiltinIssue
from web.auth.authentication import Caller
from web.deps import WebDeps
from web.errors import ApiError

_KEY = re.compile(r"(HF-)?[0-9]{1,15}", re.IGNORECASE | re.ASCII)

AT_ONCE = 200
"""How many are read at once, of which some may be of reviews that somebody does not see."""

LAST = 10**15
"""No issue has a higher number."""


class Action(StrEnum):
    """What is done with an issue."""

    DONE = "done"
    DECLINE = "decline"
    REOPEN = "reopen"
    DELETE = "delete"


_CLOSES = {Action.DONE: IssueStatus.DONE, Action.DECLINE: IssueStatus.DECLINED}


class IssueShown(BuiltinIssue):
    """An issue with its comments, and the reviews that watch it."""

    comments: tuple[str, ...] = ()
    watched_by: tuple[str, ...] = Field(default=(), description="ids of reviews")


class Acted(Record):
    """What became of the issue."""

    key: str
    status: IssueStatus
    as_of: Utc
    told: tuple[str, ...] = Field(description="ids of the reviews that hear of it")


def list_issues(deps: WebDeps, who: Caller, limit: int, before: int | None) -> tuple[list[BuiltinIssue], int | None]:
    """The newest issues with a number below `before` that somebody may see, and below which there may be more."""
    found: list[BuiltinIssue] = []
    while len(found) < limit:
        issues = deps.records.builtin.page(AT_ONCE, before)
        hidden = deps.unseen(who.standing, [issue.review for issue in issues])
        found += [issue for issue in issues if issue.review not in hidden]
        if len(issues) < AT_ONCE:
            return found[:limit], found[limit - 1].number if len(found) > limit else None
        before = issues[-1].number
    return found[:limit], found[limit - 1].number


def find_issue(deps: WebDeps, key: str, who: Caller) -> IssueShown:
    """An issue as it is now. Raises `domain.trackers.ports.NotFoundError`, also where they may not see its review."""
    ref, issue = _find(deps, key, who)
    watching = [watched.review_id for watched in deps.records.reviews.watched_issues(ref.tracker, ids=[ref.id])]
    hidden = deps.unseen(who.standing, watching)
    watched_by = tuple(dict.fromkeys(id for id in watching if id not in hidden))
    return IssueShown(
        **issue.model_dump(),
        comments=tuple(comment.text for comment in deps.records.builtin.comments(ref)),
        watched_by=watched_by,
    )


def carry_out(deps: WebDeps, key: str, action: Action, by: str | None, who: Caller) -> Acted:
    """Act on an issue, and put what was found after it into the inbox for every review that watches it.

    Raises `domain.trackers.ports.NotFoundError`, and `ApiError` (409) where the issue is closed in another way already.
    """
    tracker = deps.records.builtin
    ref, issue = _find(deps, key, who)
    if action in _CLOSES and issue.status not in (IssueStatus.OPEN, _CLOSES[action]):
        raise ApiError(409, f"{ref.key} is {issue.status}: reopen it first.")
    watching = deps.records.reviews.watched_issues(ref.tracker, ids=[ref.id])
    if action is Action.REOPEN:
        tracker.reopen(ref)
    elif action is Action.DELETE:
        tracker.delete(ref)
    else:
        tracker.close(ref, _CLOSES[action], by)
        if by and issue.assignee is None:
            tracker.assign(ref, by)
    (found,) = tracker.read([ref])
    for watched in watching:
        deps.records.inbox.receive(
            ref.tracker, "issue_acted_on", fact_of(watched.review_id, watched.item, found), watched.review_id
        )
    hidden = deps.unseen(who.standing, [watched.review_id for watched in watching])
    told = tuple(watched.review_id for watched in watching if watched.review_id not in hidden)
    return Acted(key=ref.key, status=found.status, as_of=found.as_of, told=told)


def _find(deps: WebDeps, key: str, who: Caller) -> tuple[IssueRef, BuiltinIssue]:
    if not _KEY.fullmatch(key):
        raise NotFoundError(f"There is no issue {key}.")
    ref, issue = deps.records.builtin.issue(key)
    if deps.unseen(who.standing, [issue.review]):
        raise NotFoundError(f"There is no issue {key}.")
    return ref, issue
