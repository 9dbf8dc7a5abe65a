"""Jira's REST API, where it tells of the site: what it is, what it knows, its people and its projects."""

from typing import Any

from standins.http import Answer, Request
from standins.jira.fields import RefusedError
from standins.jira.requests import Asked, errors
from standins.jira.state import (
    ISSUE_TYPES,
    LINK_TYPES,
    PERMISSIONS,
    PRIORITIES,
    RESOLUTIONS,
    STATUSES,
    SYSTEM_FIELDS,
    Project,
    User,
)


class SiteAnswers(Asked):
    """What can be asked before there is an issue."""

    def server_info(self, request: Request) -> Answer:
        """What Jira this is."""
        numbers = [1001, 0, 0] if self.cloud else [10, 3, 4]
        found = {
            "baseUrl": self.shapes.base,
            "version": "1001.0.0-SNAPSHOT" if self.cloud else "10.3.4",
            "versionNumbers": numbers,
            "deploymentType": "Cloud" if self.cloud else "Server",
            "buildNumber": 100290,
            "buildDate": "2026-10-01T00:00:00.000+0000",
            "serverTime": self.shapes.stamp(self.site.clock()),
            "scmInfo": "0" * 40,
            "serverTitle": "Jira",
        }
        return Answer(200, found)

    def myself(self, request: Request) -> Answer:
        """Who we are signed in as."""
        return Answer(200, self.shapes.user(self.site.me))

    def my_permissions(self, request: Request) -> Answer:
        """What we may do in a project or with an issue; Cloud wants to be told which permissions are meant."""
        wanted = [name for name in request.query.get("permissions", "").split(",") if name]
        if self.cloud and not wanted:
            return errors(400, "The 'permissions' query parameter is required.")
        if unknown := set(wanted) - set(PERMISSIONS):
            return errors(400, f"Unrecognized permission keys: {', '.join(sorted(unknown))}")
        allowed = set(PERMISSIONS)
        if key := request.query.get("projectKey") or request.query.get("projectId"):
            project = self.known_project(key)
            allowed = project.permissions
        if key := request.query.get("issueKey") or request.query.get("issueId"):
            allowed = self.seen_issue(key).project.permissions
        found = {
            name: {
                "id": str(number),
                "key": name,
                "name": name.replace("_", " ").capitalize(),
                "type": "PROJECT",
                "description": "",
                "havePermission": name in allowed,
            }
            for number, name in enumerate(PERMISSIONS, 10)
            if name in wanted or not wanted
        }
        return Answer(200, {"permissions": found})

    def fields(self, request: Request) -> Answer:
        """All fields of the site."""
        all_fields = SYSTEM_FIELDS | {id: f for p in self.site.projects for id, f in p.custom.items()}
        found = [
            {
                "id": f.id,
                "name": f.name,
                "custom": f.id not in SYSTEM_FIELDS,
                "orderable": True,
                "navigable": True,
                "searchable": True,
                "clauseNames": [f.id],
                "schema": self.shapes.field(f, False)["schema"],
            }
            for f in all_fields.values()
        ]
        return Answer(200, [{**f, "key": f["id"]} for f in found] if self.cloud else found)

    def priorities(self, request: Request) -> Answer:
        """All priorities."""
        described = {"description": "", "statusColor": "#ffab00", "iconUrl": f"{self.shapes.base}/images/priority.svg"}
        return Answer(200, [{**(self.shapes.choice("priority", p) or {}), **described} for p in PRIORITIES])

    def resolutions(self, request: Request) -> Answer:
        """All resolutions."""
        return Answer(200, [{**(self.shapes.choice("resolution", r) or {}), "description": ""} for r in RESOLUTIONS])

    def statuses(self, request: Request) -> Answer:
        """All statuses."""
        return Answer(200, [self.shapes.status(s) for s in STATUSES])

    def link_types(self, request: Request) -> Answer:
        """All kinds of link."""
        return Answer(200, {"issueLinkTypes": [self.shapes.link_type(t) for t in LINK_TYPES]})

    # --- people -------------------------------------------------------------------------------------------------------

    def user(self, request: Request) -> Answer:
        """One account, by its id (Cloud), or its name or key (Data Center)."""
        wanted = request.query.get("accountId" if self.cloud else "username", "")
        key = "" if self.cloud else request.query.get("key", "")
        found = next((u for u in self.site.users if key == f"JIRAUSER{u.account_id}"), None) or self.reader.user(wanted)
        return Answer(200, self.shapes.user(found)) if found else errors(404, "The user does not exist.")

    def users(self, request: Request) -> Answer:
        """Accounts whose name or address begins as asked."""
        asked = request.query.get("query" if self.cloud else "username") or request.query.get("accountId")
        if asked is None:
            return errors(400, "A query parameter is required." if self.cloud else "The username query is required.")
        return Answer(200, [self.shapes.user(u) for u in self._found(self.site.users, asked, request)])

    def assignable_users(self, request: Request) -> Answer:
        """Those of them to whom an issue can be assigned."""
        if key := request.query.get("issueKey"):
            self.seen_issue(key)
        elif key := request.query.get("project") or request.query.get("projectKeys"):
            self.known_project(key)
        else:
            return errors(400, "Either the issueKey or the project parameter is required.")
        asked = request.query.get("query" if self.cloud else "username") or request.query.get("accountId", "")
        active = [user for user in self.site.users if user.active]
        return Answer(200, [self.shapes.user(u) for u in self._found(active, asked, request)])

    def _found(self, users: list[User], asked: str, request: Request) -> list[User]:
        start, size = self.slice(request, 50)
        wanted = asked.lower()
        names = {u.account_id: (u.account_id, u.name, u.email, u.display_name, *u.display_name.split()) for u in users}
        matching = [u for u in users if any(n.lower().startswith(wanted) for n in names[u.account_id])]
        return matching[start : start + size]

    # --- projects -----------------------------------------------------------------------------------------------------

    def project(self, request: Request, key: str) -> Answer:
        """A project."""
        return Answer(200, self.shapes.project(self.known_project(key), ISSUE_TYPES))

    def creatable_types(self, request: Request, key: str) -> Answer:
        """The issue types that can be created in a project, page by page."""
        self._creatable(key)
        found = [self.shapes.issue_type(t) for t in ISSUE_TYPES]
        return self._paged("issueTypes" if self.cloud else "values", found, request)

    def creatable_fields(self, request: Request, key: str, type_id: str) -> Answer:
        """The fields of the screen on which issues of a type are created, page by page."""
        project = self._creatable(key)
        type = next((t for t in ISSUE_TYPES if t.id == type_id), None)
        if type is None:
            return errors(400 if self.cloud else 404, f"Issue type with id '{type_id}' was not found.")
        always = {"project", "issuetype", "summary"}
        found = [
            {"fieldId": f.id, **self.shapes.field(f, f.id in always or (type.name, f.id) in project.required)}
            for f in project.fields.values()
        ]
        return self._paged("fields" if self.cloud else "values", found, request)

    def _creatable(self, key: str) -> Project:
        project = self.known_project(key)
        if "CREATE_ISSUES" not in project.permissions:
            raise RefusedError(400, "You do not have permission to create issues in this project.")
        return project

    def _paged(self, name: str, found: list[Any], request: Request) -> Answer:
        start, size = self.slice(request, 50)
        body = {"startAt": start, "maxResults": size, "total": len(found), name: found[start : start + size]}
        return Answer(200, body if self.cloud else body | {"isLast": start + size >= len(found)})
