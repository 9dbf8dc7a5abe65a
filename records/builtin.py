"""The built-in tracker: issues kept in our own database, for those who have no other and for the demo."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, select, update

from domain.ports import IssueSnapshot, IssueSpec, NotFoundError, RejectedError
from domain.review import IssueRef
from domain.taxonomy import IssueStatus
from domain.values import Record, Utc
from records import tables
from records.database import Database
from records.people import insert_once

PROJECT = "default"
"""The one project of the built-in tracker."""


class BuiltinIssue(Record):
    """An issue of the built-in tracker."""

    key: str
    project: str
    title: str
    body: str
    labels: tuple[str, ...]
    status: IssueStatus
    assignee: str | None
    changed_at: Utc


class BuiltinTracker:
    """Implements `domain.ports.IssueTracker`, and what engineers do in a tracker: finish, decline, reopen, assign."""

    name = "builtin"

    def __init__(self, database: Database, public_url: str = "") -> None:
        self._database = database
        self._public_url = public_url.rstrip("/")

    def ensure_issue(self, spec: IssueSpec, attempted_since: datetime | None = None) -> IssueRef:
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

    def comment(self, ref: IssueRef, key: str, text: str) -> None:
        """Add a comment once for each key."""
        with self._database.write() as connection:
            self._require(connection, ref)
            row = {"number": int(ref.id), "key": key, "body": text, "written_at": datetime.now(UTC)}
            insert_once(connection, tables.builtin_comments, [row])

    def reopen(self, ref: IssueRef) -> None:
        """Open an issue, if it is not."""
        self._change(ref, status=IssueStatus.OPEN)

    def close(self, ref: IssueRef, status: IssueStatus) -> None:
        """Close an issue as `done` or `declined`, if it is open. Raises `NotFoundError`, `RejectedError`."""
        if status not in (IssueStatus.DONE, IssueStatus.DECLINED):
            raise RejectedError(f"An issue is closed as done or as declined, not as {status}.")
        (found,) = self.read([ref])
        if found.status in (IssueStatus.OPEN, IssueStatus.MISSING):
            self._change(ref, status=status)

    def mark(self, ref: IssueRef, status: IssueStatus) -> None:
        """Do what an engineer does: say that an issue is open, done, declined or a duplicate."""
        self._change(ref, status=status)

    def check(self, project: str) -> list[str]:
        """Where our database works, so does this; there is one project, called `default`."""
        if project == PROJECT:
            return []
        return [f"The built-in tracker has no project {project}; it has one, called {PROJECT}: write `builtin`."]

    def assign(self, ref: IssueRef, assignee: str | None) -> None:
        """Give an issue to somebody, or to nobody."""
        self._change(ref, assignee=assignee)

    def comments(self, ref: IssueRef) -> list[str]:
        """The comments of an issue, oldest first."""
        query = select(tables.builtin_comments.c.body).where(tables.builtin_comments.c.number == int(ref.id))
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(tables.builtin_comments.c.position)).scalars())

    def delete(self, ref: IssueRef) -> None:
        """Remove an issue for good, as trackers allow their administrators to."""
        with self._database.write() as connection:
            for table in (tables.builtin_comments, tables.builtin_issues):
                connection.execute(table.delete().where(table.c.number == int(ref.id)))

    def find(self, key: str) -> tuple[IssueRef, BuiltinIssue]:
        """The issue that people know as `HF-12`. Raises `NotFoundError`."""
        number = key.upper().removeprefix("HF-")
        if number.isascii() and number.isdigit() and len(number) < 16:
            query = select(tables.builtin_issues).where(tables.builtin_issues.c.number == int(number))
            with self._database.read() as connection:
                row = connection.execute(query).one_or_none()
            if row is not None:
                return self._ref(row.number), _issue(row)
        raise NotFoundError(f"There is no issue {key}.")

    def list(self) -> list[BuiltinIssue]:
        """All issues, oldest first."""
        with self._database.read() as connection:
            return [_issue(row) for row in connection.execute(select(tables.builtin_issues).order_by("number"))]

    def _change(self, ref: IssueRef, **changes: object) -> None:
        with self._database.write() as connection:
            self._require(connection, ref)
            connection.execute(
                update(tables.builtin_issues)
                .where(tables.builtin_issues.c.number == int(ref.id))
                .values(**changes, changed_at=datetime.now(UTC))
            )

    def _require(self, connection: Connection, ref: IssueRef) -> None:
        query = select(tables.builtin_issues.c.number).where(tables.builtin_issues.c.number == int(ref.id))
        if connection.execute(query).scalar_one_or_none() is None:
            raise NotFoundError(f"There is no issue {ref.key}.")

    def _ref(self, number: int) -> IssueRef:
        key = f"HF-{number}"
        return IssueRef(tracker=self.name, id=str(number), key=key, url=f"{self._public_url}/issues/{key}")


def _snapshot(ref: IssueRef, row: Row[tuple[object, ...]] | None, begun: datetime) -> IssueSnapshot:
    if row is None:
        return IssueSnapshot(asked=ref, ref=None, status=IssueStatus.MISSING, as_of=begun)
    return IssueSnapshot(asked=ref, ref=ref, status=IssueStatus(row.status), as_of=begun, assignee=row.assignee)


def _issue(row: Row[tuple[object, ...]]) -> BuiltinIssue:
    return BuiltinIssue(
        key=f"HF-{row.number}",
        project=row.project,
        title=row.title,
        body=row.body,
        labels=tuple(json.loads(row.labels)),
        status=IssueStatus(row.status),
        assignee=row.assignee,
        changed_at=row.changed_at,
    )
