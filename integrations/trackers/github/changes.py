"""What changed in a repository: one conditional list for each look, which costs nothing while nothing changes.

Pages are not counted through: an issue that changes meanwhile would push another one over the border between two pages,
unseen. The list is in the order of changes, so each page begins where the last one ended.

What was told is told again for a few minutes, since GitHub's lists lag, and clocks differ.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from github.Issue import Issue
from github.Requester import Requester
from pydantic import Field, ValidationError

from domain.model.values import Record, Utc
from domain.trackers.ports import Changes, NotFoundError, RejectedError
from integrations.trackers.github.reading import PROJECT, as_told, is_pull, judged, name_at, ref_to
from integrations.trackers.github.transport import UNCHANGED, Refusal

OVERLAP = timedelta(minutes=10)
"""Clocks differ, lists lag, and `since` compares GitHub's time with ours."""

_SECOND = timedelta(seconds=1)
_PAGE = 100


class _Walk(Record):
    """A look that has several pages, between two of them: when it began, and the newest change seen so far."""

    began: Utc
    newest: Utc
    page: int = Field(default=1, ge=1)


class Cursor(Record):
    """Where we are. The list is asked for from `since` on; changes before `told` were told in earlier looks.

    `since` stays as long as one page tells it all, because `etag` is good for that list only.
    """

    since: Utc
    told: Utc
    etag: str | None = None
    walk: _Walk | None = None


def cursor_of(project: str, text: str | None, now: datetime) -> Cursor:
    """What `text` says; without it, the cursor to begin with. Raises `RejectedError`, `NotFoundError`."""
    if not PROJECT.fullmatch(project):
        raise NotFoundError(f"{project!r} is not a GitHub repository: write it as owner/repository.")
    if text is None:
        since = (now - OVERLAP).replace(microsecond=0)
        return Cursor(since=since, told=since)
    try:
        return Cursor.model_validate_json(text)
    except ValidationError as error:
        raise RejectedError(f"This is no cursor for GitHub's lists: {error.error_count()} errors.") from None


def look(
    requester: Requester, project: str, cursor: Cursor, among: Collection[str], now: Callable[[], datetime]
) -> Changes:
    """One page of what changed since `cursor`, as far as it is `among` these node ids."""
    began = now()
    walk = cursor.walk or _Walk(began=began, newest=cursor.told)
    page = _page(requester, project, cursor, walk.page)
    if page is None:
        return Changes(cursor=cursor.model_dump_json())
    items, etag, more = page
    changed = [item.updated_at.astimezone(UTC) for item in items]
    walk = walk.model_copy(update={"newest": max([walk.newest, *changed])})
    if len(items) == _PAGE:
        etag = None  # the next change would be on a page that this one knows nothing of, and this one stay as it was
    following = _further(cursor, walk, changed) if more and changed else _after(cursor, walk, etag)
    told = [
        item
        for item, at in zip(items, changed, strict=True)
        if item.node_id in among and at >= cursor.told and not is_pull(item)
    ]
    found = judged(requester, {ref_to(item): as_told(item) for item in told})
    return Changes(
        snapshots=tuple(seen.snapshot(ref, began) for ref, seen in found.items()),
        cursor=following.model_dump_json(),
        more=following.walk is not None,
    )


def _page(requester: Requester, project: str, cursor: Cursor, page: int) -> tuple[list[Issue], str | None, bool] | None:
    """A page of the list, its ETag, and whether there is more of it; none where it is as it was."""
    query: dict[str, Any] = {
        "state": "all",
        "since": f"{cursor.since:%Y-%m-%dT%H:%M:%SZ}",
        "sort": "updated",
        "direction": "asc",
        "per_page": _PAGE,
        **({"page": page} if page > 1 else {}),
    }
    conditional = {"If-None-Match": cursor.etag} if cursor.etag else {}
    try:
        headers, listed = requester.requestJsonAndCheck("GET", f"/repos/{project}/issues", query, conditional)
    except Refusal as refusal:
        if refusal.status == UNCHANGED:
            return None
        if refusal.location is not None:
            name = name_at(requester, refusal.location)
            raise NotFoundError(f"{project} has moved to {name}: put its new name into the settings.") from refusal
        raise
    items = [Issue(requester, headers, item, completed=True) for item in listed]
    return items, headers.get("etag"), 'rel="next"' in headers.get("link", "")


def _further(cursor: Cursor, walk: _Walk, changed: list[datetime]) -> Cursor:
    """The next page: from the last change of this one on, unless all of this one is of the same moment."""
    since = changed[-1] - _SECOND
    if since > changed[0]:
        return cursor.model_copy(
            update={"since": since, "etag": None, "walk": walk.model_copy(update={"page": 1})},
        )
    return cursor.model_copy(update={"etag": None, "walk": walk.model_copy(update={"page": walk.page + 1})})


def _after(cursor: Cursor, walk: _Walk, etag: str | None) -> Cursor:
    """The cursor for the next look, after the last page of this one."""
    told = max(cursor.told, min(walk.newest, walk.began - OVERLAP)).replace(microsecond=0)
    if walk.page == 1 and cursor.since <= told:
        return Cursor(since=cursor.since, told=told, etag=etag)
    return Cursor(since=told, told=told)
