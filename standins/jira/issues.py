"""Jira's REST API, where it is about one issue: its fields, comments, links, properties and transitions."""

from standins.http import Answer, Request
from standins.jira.fields import not_on_screen
from standins.jira.requests import Asked, errors, listed
from standins.jira.shapes import Json
from standins.jira.state import LINK_TYPES, RESOLUTIONS, STATUSES, Issue, Status


class IssueAnswers(Asked):
    """What can be asked of an issue, and done to it."""

    def create(self, request: Request) -> Answer:
        """Open an issue, with its properties."""
        properties = _properties(request)
        project, values = self.reader.creation(request.body.get("fields", {}))
        issue = self.site.create(project, self.site.me, values | {"properties": properties})
        return Answer(201, {"id": issue.id, "key": issue.key, "self": f"{self.shapes.url}/issue/{issue.id}"})

    def read(self, request: Request, key: str) -> Answer:
        """An issue; asked by a key from before a move, it answers with what it is now."""
        query = request.query
        issue = self.seen_issue(key)
        found = self.shapes.issue(issue, listed(query.get("fields", "*all")), listed(query.get("properties", "")))
        expand = listed(query.get("expand", ""))
        if "transitions" in expand:
            found["transitions"] = self._transitions(issue, "transitions.fields" in expand)
        if "changelog" in expand:
            found["changelog"] = self.shapes.changelog(issue, 100 if self.cloud else None)
        return Answer(200, found)

    def edit(self, request: Request, key: str) -> Answer:
        """Change an issue's fields."""
        issue = self.seen_issue(key)
        self.needs(issue, "EDIT_ISSUES", 403, "You do not have permission to edit issues in this project.")
        properties = _properties(request)
        values, comments = self.reader.edition(issue, request.body)
        self.site.edit(issue, self.site.me, values)
        for body in comments:
            self.site.comment(issue, self.site.me, body, {})
        issue.properties |= properties
        return Answer(204, "")

    def delete(self, request: Request, key: str) -> Answer:
        """Delete an issue."""
        issue = self.seen_issue(key)
        self.needs(issue, "DELETE_ISSUES", 403, "You do not have permission to delete issues in this project.")
        self.site.delete(issue, self.site.me)
        return Answer(204, "")

    def assign(self, request: Request, key: str) -> Answer:
        """Give an issue to someone, or to no one."""
        issue = self.seen_issue(key)
        self.needs(issue, "ASSIGN_ISSUES", 403, "You do not have permission to assign issues.")
        self.site.edit(issue, self.site.me, {"assignee": self.reader.assignee(request.body)})
        return Answer(204, "")

    # --- comments, links, properties ----------------------------------------------------------------------------------

    def comments(self, request: Request, key: str) -> Answer:
        """An issue's comments, page by page."""
        issue = self.seen_issue(key)
        start, size = self.slice(request, 100)
        newest_first = request.query.get("orderBy") == "-created"
        ordered = list(reversed(issue.comments)) if newest_first else issue.comments
        page = ordered[start : start + size]
        found = self.shapes.comments(issue, page, start, size)
        if "properties" in listed(request.query.get("expand", "")):
            found["comments"] = [self.shapes.comment(issue, c, properties=True) for c in page]
        return Answer(200, found)

    def comment(self, request: Request, key: str) -> Answer:
        """Say something on an issue."""
        issue = self.seen_issue(key)
        self.needs(issue, "ADD_COMMENTS", 400, "You do not have the permission to comment on this issue.")
        body = self.reader.body("comment", request.body.get("body"))
        said = self.site.comment(issue, self.site.me, body, _properties(request))
        return Answer(201, self.shapes.comment(issue, said))

    def remote_links(self, request: Request, key: str) -> Answer:
        """An issue's links to elsewhere; with a `globalId`, the one with that."""
        issue = self.seen_issue(key)
        wanted = request.query.get("globalId")
        if wanted is None:
            return Answer(200, [self.shapes.remote_link(issue, link) for link in issue.remote_links])
        found = next((link for link in issue.remote_links if link.content.get("globalId") == wanted), None)
        return Answer(200, self.shapes.remote_link(issue, found)) if found else errors(404, "No link was found.")

    def remote_link(self, request: Request, key: str) -> Answer:
        """Link an issue to elsewhere: with a `globalId` that is there already, the link is written anew."""
        issue = self.seen_issue(key)
        self.needs(issue, "LINK_ISSUES", 403, "You do not have permission to link issues in this project.")
        missing = [name for name in ("url", "title") if not request.body.get("object", {}).get(name)]
        if missing:
            return errors(400, **{name: f"'{name}' is required." for name in missing})
        names = ("globalId", "application", "relationship", "object")
        content = {name: request.body[name] for name in names if request.body.get(name) is not None}
        link, new = self.site.link_elsewhere(issue, self.site.me, content)
        return Answer(
            201 if new else 200, {"id": link.id, "self": f"{self.shapes.url}/issue/{issue.key}/remotelink/{link.id}"}
        )

    def link(self, request: Request) -> Answer:
        """Link two issues, "from the first (`inwardIssue`) to the second by the outward description"; twice is once."""
        asked = request.body
        types = (t for t in LINK_TYPES if t.name == asked["type"].get("name") or t.id == asked["type"].get("id"))
        type = next(types, None)
        if type is None:
            return errors(404, f"No issue link type with name '{asked['type'].get('name')}' found.")
        source, target = (
            self.seen_issue(str(asked[side].get("id") or asked[side].get("key")))
            for side in ("inwardIssue", "outwardIssue")
        )
        self.needs(
            source,
            "LINK_ISSUES",
            404 if self.cloud else 401,
            "You do not have permission to link issues in this project.",
        )
        self.site.link(type, source, target, self.site.me)
        return Answer(201, "")

    def property_keys(self, request: Request, key: str) -> Answer:
        """The keys of an issue's properties."""
        issue = self.seen_issue(key)
        where = f"{self.shapes.url}/issue/{issue.key}/properties"
        return Answer(200, {"keys": [{"key": name, "self": f"{where}/{name}"} for name in issue.properties]})

    def property(self, request: Request, key: str, name: str) -> Answer:
        """One property of an issue."""
        issue = self.seen_issue(key)
        if name not in issue.properties:
            return errors(404, f"The property with key '{name}' does not exist.")
        return Answer(200, {"key": name, "value": issue.properties[name]})

    def set_property(self, request: Request, key: str, name: str) -> Answer:
        """Give an issue a property; searches by it are not acted."""
        issue = self.seen_issue(key)
        self.needs(issue, "EDIT_ISSUES", 403, "You do not have permission to edit issues in this project.")
        status = 200 if name in issue.properties else 201
        issue.properties[name] = request.body
        return Answer(status, "")

    # --- transitions --------------------------------------------------------------------------------------------------

    def transitions(self, request: Request, key: str) -> Answer:
        """Where an issue can go from its status."""
        issue = self.seen_issue(key)
        with_fields = "transitions.fields" in listed(request.query.get("expand", ""))
        return Answer(200, {"expand": "transitions", "transitions": self._transitions(issue, with_fields)})

    def transit(self, request: Request, key: str) -> Answer:
        """Bring an issue through a transition, with a resolution where its screen has one."""
        issue, id = self.seen_issue(key), str(request.body["transition"]["id"])
        status = dict(self._ways(issue)).get(id)
        if status is None:
            return errors(400, f"Transition id '{id}' is not valid for this issue.")
        given = request.body.get("fields", {})
        shown = self.shapes.transition(id, status, issue, True)["fields"]
        if unknown := [name for name in given if name not in shown]:
            return errors(400, **{name: not_on_screen(name) for name in unknown})
        if issue.project.resolution_required and shown and "resolution" not in given:
            return errors(400, resolution="Resolution is required.")
        comments = self.reader.said(request.body)
        # as the usual workflow does: what is done has a resolution, even if none was chosen
        resolution = self.reader.choice("resolution", given["resolution"]) if "resolution" in given else RESOLUTIONS[0]
        self.site.transit(issue, self.site.me, status, resolution)
        for body in comments:
            self.site.comment(issue, self.site.me, body, {})
        return Answer(204, "")

    def _ways(self, issue: Issue) -> list[tuple[str, Status]]:
        if "TRANSITION_ISSUES" not in issue.project.permissions:
            return []
        there = [(str(10 * number + 1), status) for number, status in enumerate(STATUSES, 1)]
        here, closed = issue.status.name, issue.project.unreachable
        return [(id, s) for id, s in there if s.name != here and (here, s.name) not in closed]

    def _transitions(self, issue: Issue, with_fields: bool) -> list[Json]:
        return [self.shapes.transition(id, status, issue, with_fields) for id, status in self._ways(issue)]


def _properties(request: Request) -> Json:
    return {entry["key"]: entry["value"] for entry in request.body.get("properties", [])}
