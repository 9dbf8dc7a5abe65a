"""What was seen of the trackers: how far each project is known, each issue as it was last, and what to look at."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update

from domain.trackers.ports import IssueSeen, ProjectSeen, Trouble
from records import tables
from records.database import Database, insert_once, insert_or_update

START_AGAIN = timedelta(minutes=1)
"""A look that was started and is still wanted after this long is started again."""


class Seen:
    """Implements `domain.trackers.ports.SeenBook`, and takes wishes to look from webhooks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def project(self, tracker: str, project: str) -> ProjectSeen:
        """How far a project is known; an empty one where it was never looked at."""
        found = tables.tracker_projects
        query = select(found).where(found.c.tracker == tracker, found.c.project == project)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return _project(row) if row else ProjectSeen(tracker=tracker, project=project)

    def projects(self) -> Sequence[ProjectSeen]:
        """All projects that were looked at, or could not be."""
        found = tables.tracker_projects
        with self._database.read() as connection:
            return [_project(row) for row in connection.execute(select(found).order_by("tracker", "project"))]

    def troubled(self, tracker: str) -> Trouble | None:
        """The trouble of any project of a tracker that is of its credential, if there is any."""
        troubles = [p.trouble for p in self.projects() if p.tracker == tracker and p.trouble]
        return next((t for t in troubles if t.everywhere), None)

    def keep(self, project: ProjectSeen) -> None:
        """Keep how far a project is known."""
        found = tables.tracker_projects
        row = project.model_dump(exclude={"trouble"}) | {
            "trouble": project.trouble.model_dump_json() if project.trouble else None
        }
        with self._database.write() as connection:
            insert_or_update(connection, found, [row], ("tracker", "project"))

    def issues(self, tracker: str, ids: Collection[str]) -> dict[str, IssueSeen]:
        """What was last seen of these issues, by id."""
        found = tables.issues_seen
        wanted = list(ids)
        seen: dict[str, IssueSeen] = {}
        with self._database.read() as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                query = select(found.c.issue, found.c.body).where(
                    found.c.tracker == tracker, found.c.issue.in_(wanted[start : start + _AT_ONCE])
                )
                seen |= {row.issue: IssueSeen.model_validate_json(row.body) for row in connection.execute(query)}
        return seen

    def see(self, issues: Sequence[IssueSeen]) -> None:
        """Keep what was seen, unless something newer is kept already."""
        found = tables.issues_seen
        with self._database.write() as connection:
            for issue in issues:
                row = {
                    "tracker": issue.tracker,
                    "issue": issue.id,
                    "seen_at": issue.seen_at,
                    "body": issue.model_dump_json(),
                }
                insert_once(connection, found, [row])
                which = (found.c.tracker == issue.tracker) & (found.c.issue == issue.id)
                connection.execute(update(found).where(which, found.c.seen_at <= issue.seen_at).values(row))

    def want(self, tracker: str, ids: Collection[str]) -> None:
        """Ask that these issues are looked at. Asking again before it is done is asking once."""
        now = datetime.now(UTC)
        with self._database.write() as connection:
            rows = [{"tracker": tracker, "issue": id, "asked_at": now, "look_at": now} for id in sorted(ids)]
            if rows:
                insert_or_update(connection, tables.looks, rows, ("tracker", "issue"))

    def wanted(self, tracker: str, limit: int) -> dict[str, datetime]:
        """The ids of issues that somebody asked to look at, and when (UTC)."""
        query = select(tables.looks).where(tables.looks.c.tracker == tracker).order_by(tables.looks.c.asked_at)
        with self._database.read() as connection:
            return {row.issue: row.asked_at for row in connection.execute(query.limit(limit))}

    def looked(self, tracker: str, asked: Mapping[str, datetime]) -> None:
        """Forget these wishes, but for those that were asked anew meanwhile."""
        with self._database.write() as connection:
            for id, at in asked.items():
                which = (tables.looks.c.tracker == tracker) & (tables.looks.c.issue == id)
                connection.execute(delete(tables.looks).where(which, tables.looks.c.asked_at <= at))

    def to_start(self) -> Sequence[str]:
        """The trackers in which a look is to be started now. They are given out again only after a while."""
        now = datetime.now(UTC)
        with self._database.write() as connection:
            due = tables.looks.c.look_at <= now
            names = list(connection.execute(select(tables.looks.c.tracker).where(due).distinct()).scalars())
            if names:
                connection.execute(update(tables.looks).where(due).values(look_at=now + START_AGAIN))
        return names


_AT_ONCE = 500
"""How many ids one statement names."""


def _project(row: Row[Any]) -> ProjectSeen:
    return ProjectSeen(
        tracker=row.tracker,
        project=row.project,
        cursor=row.cursor,
        looked_at=row.looked_at,
        swept_at=row.swept_at,
        sweep_began=row.sweep_began,
        trouble=Trouble.model_validate_json(row.trouble) if row.trouble else None,
    )
