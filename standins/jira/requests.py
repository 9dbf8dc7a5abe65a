"""What all of Jira's REST endpoints need to answer a request: the site, the words, and who may see what."""

from typing import Any
from zoneinfo import ZoneInfo

from standins.http import Answer, Request
from standins.jira.fields import FieldReader, RefusedError
from standins.jira.shapes import Shapes
from standins.jira.site import Site
from standins.jira.state import Issue, Project

NO_ISSUE = "Issue does not exist or you do not have permission to see it."


def errors(status: int, *messages: str, **fields: str) -> Answer:
    """A refusal in Jira's shape: sentences, and sentences by field."""
    return Answer(status, {"errorMessages": list(messages), "errors": fields})


def listed(said: Any) -> list[str]:
    """What is said as a list, or with commas."""
    return [part for part in said.split(",") if part] if isinstance(said, str) else [str(part) for part in said]


class Asked:
    """One signed-in request's surroundings. `base` is the address under which it came in, `version` the API's."""

    def __init__(self, site: Site, cloud: bool, base: str, version: int, zone: str, page: int) -> None:
        self.site = site
        self.cloud = cloud
        self.page = page
        self.zone = ZoneInfo(zone)
        self.shapes = Shapes(site, base, version, cloud, self.zone)
        self.reader = FieldReader(site, cloud, version)

    def known_project(self, key: str) -> Project:
        """The project with this key or id, if we may see it."""
        project = self.site.project(key)
        if project is None or "BROWSE_PROJECTS" not in project.permissions:
            raise RefusedError(404, f"No project could be found with key '{key}'.")
        return project

    def seen_issue(self, key: str) -> Issue:
        """The issue with this key or id, if we may see it."""
        issue = self.site.issue(key)
        if issue is None or not self.site.sees(issue):
            raise RefusedError(404, NO_ISSUE)
        return issue

    def needs(self, issue: Issue, permission: str, status: int, message: str) -> None:
        """Refuse where we do not have a permission."""
        if permission not in issue.project.permissions:
            raise RefusedError(status, message)

    def slice(self, request: Request, size: int) -> tuple[int, int]:
        """Where a page begins, and how long it is."""
        return int(request.query.get("startAt", 0)), int(request.query.get("maxResults", size))
