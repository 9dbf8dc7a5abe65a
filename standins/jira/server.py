"""A small Jira on loopback, Cloud or Data Center: the REST endpoints that a tracker's client uses, and its troubles.

Cloud speaks v3 (bodies are documents) and v2 (text), Data Center v2 alone; both of the same state. `JiraServer` has the
switches and what people do in Jira; `jira_state` keeps, `jira_rest` answers, `jira_shapes` words.
"""

import re
from base64 import b64encode
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any

from standins.http import Answer, Request, Standin, serving
from standins.jira.requests import errors
from standins.jira.rest import Rest
from standins.jira.shapes import Shapes
from standins.jira.site import Site
from standins.jira.state import (
    LINK_TYPES,
    RESOLUTIONS,
    STATUSES,
    Choice,
    Comment,
    Field,
    Happening,
    Issue,
    Project,
    User,
    named,
)

EMAIL, TOKEN = "holdfast@acme.test", "cloud-token"
PAT = "data-center-pat"
OAUTH_TOKEN, CLOUD_ID = "oauth-token", "11223344-a1b2-4c3d-9e8f-a1b2c3d4e5f6"
BOT = User("5b10ac8d82e05b22cc7d4ef5", "holdfast", "Holdfast", EMAIL)


class JiraServer(Standin):
    """The server's state and switches; `running` serves one.

    `listeners` are called after each change, with an event's name and a webhook's body, on the thread that made it.
    """

    def __init__(self, cloud: bool = True) -> None:
        super().__init__()
        self.cloud = cloud
        self.site = Site(BOT)
        self.site.tell = self._happened
        self.zone = "UTC"  # our account's: JQL's dates are meant in it
        self.page = 100  # issues with fields that Cloud's search gives at most at once
        self.revoked = False
        self.points_an_hour: int | None = None
        self.writes_per_issue: tuple[int, float] | None = None  # how many in how many seconds
        self._points: dict[datetime, int] = {}
        self._writes: dict[str, list[datetime]] = {}
        self._untold: deque[tuple[str, dict[str, Any]]] = deque()

    # --- how it is set up ---------------------------------------------------------------------------------------------

    def add_project(self, key: str, name: str, *, team_managed: bool = False) -> Project:
        """A project in which we may do everything. A team-managed one knows no resolutions."""
        project = Project(str(self.site.next_id()), key, name, team_managed, has_resolutions=not team_managed)
        self.site.projects.append(project)
        return project

    def add_user(self, name: str, display_name: str, *, active: bool = True) -> User:
        """An account of someone else."""
        account_id = f"5b10a2844c20165700{self.site.next_id():06x}"
        self.site.users.append(User(account_id, name, display_name, f"{name}@acme.test", active))
        return self.site.users[-1]

    def add_component(self, project: Project, name: str) -> Choice:
        """A component of a project."""
        project.components.append(Choice(str(self.site.next_id()), name))
        return project.components[-1]

    def project(self, key: str) -> Project:
        """The project with this key."""
        return next(p for p in self.site.projects if p.key == key)

    @property
    def issues(self) -> list[Issue]:
        """All issues, oldest first."""
        return list(self.site.issues.values())

    def issue(self, key: str) -> Issue:
        """The issue with this key or id; an old key will do."""
        found = self.site.issue(key)
        if found is None:
            raise LookupError(f"no issue {key}")
        return found

    # --- what an admin does -------------------------------------------------------------------------------------------

    def forbid(self, project: Project, *permissions: str) -> None:
        """Take permissions from us; without BROWSE_PROJECTS the project and its issues are as if they were not."""
        project.permissions -= set(permissions)

    def allow(self, project: Project, *permissions: str) -> None:
        """Give permissions back."""
        project.permissions |= set(permissions)

    def require(self, project: Project, issue_type: str, field: str, name: str, allowed: tuple[str, ...] = ()) -> None:
        """Make a field required for new issues of a type: a system field, or a custom one (`customfield_10050`).

        A custom one takes text, or, where values are `allowed`, one of those.
        """
        if field.startswith("customfield_"):
            choices = tuple(Choice(str(self.site.next_id()), value) for value in allowed)
            project.custom[field] = Field(field, name, "option" if allowed else "string", allowed=choices)
        project.required.add((issue_type, field))

    def take_off_screen(self, project: Project, field: str) -> None:
        """Take a field off the screens: it cannot be set any more."""
        project.off_screen.add(field)

    def block_way(self, project: Project, before: str, after: str) -> None:
        """Take the transition between two statuses out of the workflow."""
        project.unreachable.add((before, after))

    # --- what people do -----------------------------------------------------------------------------------------------

    def open_issue(self, project: Project, title: str, by: User = BOT, **values: Any) -> Issue:
        """Open an issue; `values` are by field id."""
        with self._telling():
            return self.site.create(project, by, {"summary": title, **values})

    def transition(self, issue: Issue, status: str, resolution: str | None = None, by: User = BOT) -> None:
        """Bring an issue to a status, with a resolution or none, as a workflow of whatever kind would."""
        with self._telling():
            chosen = named(RESOLUTIONS, resolution) if resolution else None
            self.site.transit(issue, by, named(STATUSES, status), chosen)

    def finish(self, issue: Issue, by: User = BOT) -> None:
        """Do what the issue asks for."""
        self.transition(issue, "Done", "Done", by)

    def decline(self, issue: Issue, by: User = BOT) -> None:
        """Decide against it: the status is done, the resolution says that nothing was."""
        self.transition(issue, "Done", "Won't Do", by)

    def duplicate(self, issue: Issue, of: Issue, by: User = BOT) -> None:
        """Close an issue for another one."""
        with self._telling():
            self.site.link(LINK_TYPES[1], issue, of, by)
        self.transition(issue, "Done", "Duplicate", by)

    def reopen(self, issue: Issue, by: User = BOT) -> None:
        """Take it up again."""
        self.transition(issue, "To Do", None, by)

    def move(self, issue: Issue, project: Project, by: User = BOT) -> None:
        """Take an issue to another project: its id stays, its key changes, the old key still finds it."""
        with self._telling():
            self.site.move(issue, by, project)

    def delete(self, issue: Issue, by: User = BOT) -> None:
        """Delete an issue."""
        with self._telling():
            self.site.delete(issue, by)

    def comment(self, issue: Issue, text: str, by: User = BOT) -> Comment:
        """Say something on an issue."""
        with self._telling():
            return self.site.comment(issue, by, text, {})

    def edit_comment(self, issue: Issue, comment: Comment, text: str, by: User = BOT) -> None:
        """Say something else in a comment."""
        with self._telling():
            self.site.edit_comment(issue, comment, text, by)

    def delete_comment(self, issue: Issue, comment: Comment, by: User = BOT) -> None:
        """Take a comment away."""
        with self._telling():
            self.site.delete_comment(issue, comment, by)

    def edit(self, issue: Issue, by: User = BOT, **values: Any) -> None:
        """Change fields: `summary`, `description`, `assignee`, `duedate` (as `2026-12-24`), `priority` and so on."""
        with self._telling():
            self.site.edit(issue, by, values)

    def assign(self, issue: Issue, to: User | None, by: User = BOT) -> None:
        """Give an issue to someone, or to no one."""
        self.edit(issue, by, assignee=to)

    def label(self, issue: Issue, *labels: str, by: User = BOT) -> None:
        """Add labels."""
        self.edit(issue, by, labels=tuple(dict.fromkeys((*issue.labels, *labels))))

    def unlabel(self, issue: Issue, *labels: str, by: User = BOT) -> None:
        """Take labels away."""
        self.edit(issue, by, labels=tuple(label for label in issue.labels if label not in labels))

    def restrict(self, issue: Issue) -> None:
        """Give an issue a security level that we are not in."""
        issue.restricted = True

    # --- faults -------------------------------------------------------------------------------------------------------

    def limit(
        self,
        retry_after: float | datetime = 5,
        reason: str = "jira-burst-based",
        *,
        method: str = "",
        path: str = "",
        times: int = 1,
    ) -> None:
        """Answer 429 to the next requests; `retry_after` in seconds, or a date (UTC), which is said as one."""
        self.answers(429, "Rate limit exceeded.", _limits(retry_after, reason), method=method, path=path, times=times)

    def lag(self, seconds: float) -> None:
        """Let search know things this late; 0: at once."""
        self.site.lag = timedelta(seconds=seconds)

    # --- answering ----------------------------------------------------------------------------------------------------

    def complaint(self, message: str) -> Any:
        """The body of an error answer, in Jira's shape."""
        return {"errorMessages": [message] if message else [], "errors": {}}

    def limited(self, request: Request, chance: Random) -> Answer:
        """How Jira says "not now": for one reason or another, with seconds or a date."""
        reason = chance.choice(("jira-burst-based", "jira-quota-tenant-based", "jira-per-issue-on-write"))
        soon = datetime.now(UTC) + timedelta(seconds=2)  # a date knows whole seconds: it may be just one from now
        return Answer(429, self.complaint("Rate limit exceeded."), _limits(chance.choice((1, soon)), reason))

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request; who listens hears of it once the server can be asked again."""
        with self._telling():
            return super().answer(request)

    def truth(self, request: Request) -> Answer:
        """What Jira would answer."""
        match = re.fullmatch(r"(/ex/jira/([^/]+))?/rest/api/(2|3|latest)(/.*)", request.path.rstrip("/"))
        if match is None or (not self.cloud and (match[1] or match[3] == "3")):
            return errors(404, "null for uri: " + request.path)
        prefix, cloud_id, version, path = match.groups()
        if path != "/serverInfo" or "authorization" in request.headers:
            refused = self._refused(request, cloud_id)
            if refused is not None:
                return refused
        base = f"{self.url}{prefix or ''}"
        limited = self._limited(request, path)
        if limited is not None:
            return limited
        answer = Rest(self.site, self.cloud, base, 3 if version == "3" else 2, self.zone, self.page).answer(
            request, path
        )
        self._spend(answer)
        return answer

    def _refused(self, request: Request, cloud_id: str | None) -> Answer | None:
        said = request.headers.get("authorization", "")
        if cloud_id is not None:
            right = said == f"Bearer {OAUTH_TOKEN}" and cloud_id == CLOUD_ID
        elif self.cloud:
            right = said == "Basic " + b64encode(f"{EMAIL}:{TOKEN}".encode()).decode()
        else:
            right = said == f"Bearer {PAT}"
        if right and not self.revoked:
            return None
        message = "Client must be authenticated to access this resource."
        return Answer(401, self.complaint(message), {"WWW-Authenticate": 'OAuth realm="jira"'})

    def _limited(self, request: Request, path: str) -> Answer | None:
        now = self.site.clock()
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self.points_an_hour is not None and self._points.get(hour, 0) >= self.points_an_hour:
            wait = (hour + timedelta(hours=1) - now).total_seconds()
            return Answer(429, self.complaint("Rate limit exceeded."), _limits(wait, "jira-quota-global-based"))
        written = re.match(r"/issue/([^/]+)", path) if request.method in ("PUT", "POST", "DELETE") else None
        issue = self.site.issue(written[1]) if written else None
        if self.writes_per_issue is None or issue is None:
            return None
        most, seconds = self.writes_per_issue
        recent = [at for at in self._writes.get(issue.id, []) if at > now - timedelta(seconds=seconds)]
        if len(recent) >= most:
            wait = (recent[0] + timedelta(seconds=seconds) - now).total_seconds()
            return Answer(429, self.complaint("Rate limit exceeded."), _limits(wait, "jira-per-issue-on-write"))
        self._writes[issue.id] = [*recent, now]
        return None

    def _spend(self, answer: Answer) -> None:
        """Count points: one for the request, one for each issue that it reads."""
        hour = self.site.clock().replace(minute=0, second=0, microsecond=0)
        read = len(answer.body["issues"]) if isinstance(answer.body, dict) and "issues" in answer.body else 0
        self._points[hour] = self._points.get(hour, 0) + 1 + read

    # --- telling ------------------------------------------------------------------------------------------------------

    def _happened(self, happening: Happening) -> None:
        # worded at once, since later changes must not show in it; webhooks are in v2's words on Cloud as well
        shapes = Shapes(self.site, self.url, 2, self.cloud, UTC)
        self._untold.append((happening.event, shapes.happening(happening)))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Hold the lock, and tell the listeners after it is free: they may ask the server in turn."""
        with self.lock:
            yield
            untold = list(self._untold)
            self._untold.clear()
        for event, body in untold:
            self.tell(event, body)


def _limits(retry_after: float | datetime, reason: str) -> dict[str, str]:
    if isinstance(retry_after, datetime):
        said, reset = format_datetime(retry_after, usegmt=True), retry_after
    else:
        seconds = max(1, round(retry_after))
        said, reset = str(seconds), datetime.now(UTC) + timedelta(seconds=seconds)
    return {
        "Retry-After": said,
        "RateLimit-Reason": reason,
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%MZ}",
    }


@contextmanager
def running(cloud: bool = True) -> Iterator[JiraServer]:
    """A server on a free loopback port, with the project SCORE."""
    server = JiraServer(cloud)
    server.add_project("SCORE", "acme scoring")
    with serving(server):
        yield server
