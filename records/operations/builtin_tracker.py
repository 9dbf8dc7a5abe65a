"""The built-in tracker: issues kept in our own database, for those who have no other and for the demo."""

import json
import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import Field
from sqlalchemy import Connection, Row, select, update

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.model.values import Record, Utc
from domain.trackers.ports import Attempts, Changes, Comment, IssueSnapshot, IssueSpec, NotFoundError, RejectedError
from records import tables
from records.database import Database, insert_once

PROJECT = "default"
"""The one project of the built-in tracker."""

_OVERLAP = timedelta(minutes=1)
"""Longer than a transaction takes."""


class BuiltinIssue(Record):
    """An issue of the built-in tracker."""

    number: int
    key: str
    review: str = Field(description="the id of the review that it was opened for")
    project: str
    title: str
    body: str
    labels: tuple[str, ...]
    status: IssueStatus
    assignee: str | None
    due: date | None = None
    changed_at: Utc


class BuiltinTracker:
    """Implements `ports.IssueTracker`, and what engineers do in a tracker: finish, decline, reopen, assign."""

    name = "builtin"

    def __init__(self, database: Database, public_url: str = "") -> None:
        self._database = database
        self._public_url = public_url.rstrip("/")

    def ensure_issue(self, spec: IssueSpec, earlier: Attempts | None = None) -> IssueRef:
        """The issue with this key; our own key is unique in the table, so a second one cannot be made.

        Raises `NotFoundError` for any project but `default`.
        """
        if reasons := self.check(spec.project):
            raise NotFoundError(reasons[0])
        row = {
            "key": spec.key,
            "project": spec.project,
            "title": spec.title,
            "body": spec.body,
            "labels": json.dumps(spec.labels),
            "status": IssueStatus.OPEN,
            "assignee": spec.assignee,
            "doers": _with_doer("[]", spec.assignee),
            "due": spec.due,
            "blocked_by": "[]",
            "changed_at": datetime.now(UTC),
        }
        with self._database.write() as connection:
            found = select(tables.builtin_issues.c.number).where(tables.builtin_issues.c.key == spec.key)
            if connection.execute(found).scalar_one_or_none() is None:
                insert_once(connection, tables.builtin_issues, [row])
            return self._ref(connection.execute(found).scalar_one())

    def read(self, refs: Sequence[IssueRef]) -> list[IssueSnapshot]:
        """One snapshot for every ref, in order."""
        begun = datetime.now(UTC)
        numbers = [int(ref.id) for ref in refs]
        with self._database.read() as connection:
            rows = connection.execute(select(tables.builtin_issues).where(tables.builtin_issues.c.number.in_(numbers)))
            found = {row.number: row for row in rows}
        return [_snapshot(ref, found.get(int(ref.id)), begun) for ref in refs]

    def rewrite(self, ref: IssueRef, title: str, body: str) -> None:
        """Give an issue this title and body."""
        self._change(ref, title=title, body=body)

    def find(self, key: str) -> IssueRef:
        """The issue that people call `HF-12`. Raises `NotFoundError`."""
        return self.issue(key)[0]

    def changes(self, project: str, cursor: str | None, among: Collection[str]) -> Changes:
        """What changed since a moment, and a little before it: transactions do not end in the order of their clocks."""
        begun = datetime.now(UTC)
        if cursor is None:
            return Changes(cursor=begun.isoformat())
        try:
            since = datetime.fromisoformat(cursor).astimezone(UTC) - _OVERLAP
        except ValueError:
            raise RejectedError(f"{cursor!r} is no cursor of this tracker.") from None
        query = select(tables.builtin_issues).where(
            tables.builtin_issues.c.changed_at >= since, tables.builtin_issues.c.project == project
        )
        with self._database.read() as connection:
            changed = connection.execute(query.order_by(tables.builtin_issues.c.changed_at)).all()
        told = tuple(_snapshot(self._ref(row.number), row, begun) for row in changed if str(row.number) in among)
        return Changes(snapshots=told, cursor=begun.isoformat())

    def comments(self, ref: IssueRef, since: datetime | None = None) -> list[Comment]:
        """The comments of an issue, oldest first. Nobody edits them."""
        query = select(tables.builtin_comments).where(tables.builtin_comments.c.number == int(ref.id))
        if since is not None:
            query = query.where(tables.builtin_comments.c.written_at >= since)
        with self._database.read() as connection:
            self._require(connection, ref)
            rows = connection.execute(query.order_by(tables.builtin_comments.c.position))
            return [
                Comment(
                    id=str(row.position),
                    author=row.author or "holdfast",
                    text=row.body,
                    at=row.written_at,
                    ours=row.author is None,
                )
                for row in rows
            ]

    def comment(self, ref: IssueRef, key: str, text: str) -> None:
        """Add a comment once for each key."""
        self._say(ref, key, None, text)

    def say(self, ref: IssueRef, author: str, text: str) -> None:
        """Comment as somebody."""
        self._say(ref, uuid.uuid4().hex, author, text)

    def _say(self, ref: IssueRef, key: str, author: str | None, text: str) -> None:
        with self._database.write() as connection:
            self._require(connection, ref)
            row = {
                "number": int(ref.id),
                "key": key,
                "author": author,
                "body": text,
                "written_at": datetime.now(UTC),
            }
            insert_once(connection, tables.builtin_comments, [row])
            self._touch(connection, ref)

    def label(self, ref: IssueRef, labels: Sequence[str], without: Sequence[str] = ()) -> None:
        """Add those labels that an issue lacks, and take off those `without`."""
        with self._database.write() as connection:
            known = [one for one in json.loads(self._require(connection, ref).labels) if one not in without]
            self._touch(connection, ref, labels=json.dumps([*known, *(one for one in labels if one not in known)]))

    def set_due(self, ref: IssueRef, due: date) -> None:
        """Set the date by which an issue is to be done."""
        self._change(ref, due=due)

    def unlabel(self, ref: IssueRef, label: str) -> None:
        """Take a label off an issue."""
        self.label(ref, (), without=[label])

    def show_blocking(self, ref: IssueRef, by: Sequence[IssueRef]) -> None:
        """Keep which issues block an issue."""
        with self._database.write() as connection:
            known = json.loads(self._require(connection, ref).blocked_by)
            fresh = [int(other.id) for other in by if other.tracker == self.name and int(other.id) not in known]
            self._touch(connection, ref, blocked_by=json.dumps([*known, *fresh]))

    def blocked_by(self, ref: IssueRef) -> list[IssueRef]:
        """The issues that are shown as blocking an issue."""
        with self._database.read() as connection:
            return [self._ref(number) for number in json.loads(self._require(connection, ref).blocked_by)]

    def reopen(self, ref: IssueRef) -> None:
        """Open an issue, if it is not."""
        self._change(ref, status=IssueStatus.OPEN)

    def close(self, ref: IssueRef, status: IssueStatus, by: str | None = None) -> None:
        """Close an issue as `done` or `declined`, if it is open, as somebody or as Holdfast itself.

        Raises `NotFoundError`, `RejectedError`.
        """
        if status not in (IssueStatus.DONE, IssueStatus.DECLINED):
            raise RejectedError(f"An issue is closed as done or as declined, not as {status}.")
        (found,) = self.read([ref])
        if found.status in (IssueStatus.OPEN, IssueStatus.MISSING):
            self._change(ref, by, status=status)

    def mark(self, ref: IssueRef, status: IssueStatus, by: str | None = None) -> None:
        """Do what an engineer does: say that an issue is open, done, declined or a duplicate."""
        self._change(ref, by, status=status)

    def check(self, project: str) -> list[str]:
        """Where our database works, so does this; there is one project, called `default`."""
        if project == PROJECT:
            return []
        return [f"The built-in tracker has no project {project}; it has one, called {PROJECT}: write `builtin`."]

    def assign(self, ref: IssueRef, assignee: str | None) -> None:
        """Give an issue to somebody, or to nobody."""
        self._change(ref, assignee, assignee=assignee)

    def delete(self, ref: IssueRef) -> None:
        """Remove an issue for good, as trackers allow their administrators to."""
        with self._database.write() as connection:
            for table in (tables.builtin_comments, tables.builtin_issues):
                connection.execute(table.delete().where(table.c.number == int(ref.id)))

    def issue(self, key: str) -> tuple[IssueRef, BuiltinIssue]:
        """The issue that people know as `HF-12`, in full. Raises `NotFoundError`."""
        number = key.upper().removeprefix("HF-")
        if number.isascii() and number.isdigit() and len(number) < 16:
            query = select(tables.builtin_issues).where(tables.builtin_issues.c.number == int(number))
            with self._database.read() as connection:
                row = connection.execute(query).one_or_none()
            if row is not None:
                return self._ref(row.number), _issue(row)
        raise NotFoundError(f"There is no issue {key}.")

    def page(self, limit: int, before: int | None = None) -> Sequence[BuiltinIssue]:
        """The newest issues, newest first; those with a number below `before`."""
        number = tables.builtin_issues.c.number
        query = select(tables.builtin_issues).order_by(number.desc()).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(query if before is None else query.where(number < before))
            return [_issue(row) for row in rows]

    def list(self) -> Sequence[BuiltinIssue]:
        """All issues, oldest first."""
        with self._database.read() as connection:
            return [_issue(row) for row in connection.execute(select(tables.builtin_issues).order_by("number"))]

    def _change(self, ref: IssueRef, doer: str | None = None, **changes: object) -> None:
        """Change an issue; `doer` is somebody who has a hand in it by that."""
        with self._database.write() as connection:
            doers = _with_doer(self._require(connection, ref).doers, doer)
            self._touch(connection, ref, **changes, doers=doers)

    def _touch(self, connection: Connection, ref: IssueRef, **changes: object) -> None:
        connection.execute(
            update(tables.builtin_issues)
            .where(tables.builtin_issues.c.number == int(ref.id))
            .values(**changes, changed_at=datetime.now(UTC))
        )

    def _require(self, connection: Connection, ref: IssueRef) -> Row[Any, Any]:
        query = select(tables.builtin_issues).where(tables.builtin_issues.c.number == int(ref.id))
        row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no issue {ref.key}.")
        return row

    def _ref(self, number: int) -> IssueRef:
        key = f"HF-{number}"
        url = f"{self._public_url}/issues/{key}"
        return IssueRef(tracker=self.name, id=str(number), key=key, url=url, project=PROJECT)


def _snapshot(ref: IssueRef, row: Row[Any, Any] | None, begun: datetime) -> IssueSnapshot:
    if row is None:
        return IssueSnapshot(asked=ref, ref=None, status=IssueStatus.MISSING, as_of=begun)
    return IssueSnapshot(
        asked=ref,
        ref=ref,
        status=IssueStatus(row.status),
        as_of=begun,
        title=row.title,
        body=row.body,
        labels=tuple(json.loads(row.labels)),
        assignee=row.assignee,
        due=row.due,
        updated=row.changed_at,
        doers=tuple(json.loads(row.doers)),
    )


def _with_doer(doers: str, doer: str | None) -> str:
    return json.dumps(list(dict.fromkeys([*json.loads(doers), *([doer] if doer else [])])))


def _issue(row: Row[Any, Any]) -> BuiltinIssue:
    return BuiltinIssue(
        number=row.number,
        key=f"HF-{row.number}",
        review=row.key.partition("/")[0],
        project=row.project,
        title=row.title,
        body=row.body,
        labels=tuple(json.loads(row.labels)),
        status=IssueStatus(row.status),
        assignee=row.assignee,
        due=row.due,
        changed_at=row.changed_at,
    )
