"""Jira's REST API, where it is about many issues: search, which may be late, and fetching in bulk, which never is."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from standins.http import Answer, Request
from standins.jira.fields import RefusedError
from standins.jira.jql import JqlError, Query, parse
from standins.jira.requests import NO_ISSUE, Asked, errors, listed
from standins.jira.shapes import Json
from standins.jira.state import Issue

UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
MOST_CHANGES = 40
"""How many changes of an issue are told beside it in bulk."""

REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline "
    "is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


class SearchAnswers(Asked):
    """What finds issues."""

    def bulk_fetch(self, request: Request) -> Answer:
        """Up to a hundred issues by id or key, as they are now; those that cannot be read are named."""
        wanted: list[str] = [str(key) for key in request.body.get("issueIdsOrKeys", [])]
        if not 0 < len(wanted) <= 100:
            return errors(400, "The number of issue IDs or keys must be between 1 and 100.")
        found: dict[str, Issue] = {}
        unreadable = []
        for key in wanted:
            issue = self.site.issue(key)
            if issue is not None and self.site.sees(issue):
                found[issue.id] = issue
            else:
                unreadable.append({"id": key, "errorMessage": NO_ISSUE})
        fields, properties = request.body.get("fields") or ["*navigable"], request.body.get("properties")
        ordered = sorted(found.values(), key=lambda issue: int(issue.id))
        with_changes = "changelog" in (request.body.get("expand") or ())
        issues = [
            self.shapes.issue(issue, fields, properties)
            | ({"changelog": self.shapes.changelog(issue, MOST_CHANGES)} if with_changes else {})
            for issue in ordered
        ]
        return Answer(200, {"issues": issues, "issueErrors": unreadable})

    def bulk_changes(self, request: Request) -> Answer:
        """All changes of some fields of up to a thousand issues, oldest first, page by page."""
        wanted = [self.site.issue(str(key)) for key in request.body.get("issueIdsOrKeys", [])]
        if not 0 < len(wanted) <= 1000:
            return errors(400, "The number of issue IDs or keys must be between 1 and 1000.")
        fields, size = request.body.get("fieldIds"), int(request.body.get("maxResults") or 1000)
        start = int(request.body.get("nextPageToken") or 0)
        found = [
            (issue.id, self.shapes.history(history))
            for issue in wanted
            if issue is not None and self.site.sees(issue)
            for history in issue.histories
            if not fields or any(change.field in fields for change in history.changes)
        ]
        logs: dict[str, list[Json]] = {}
        for id, history in found[start : start + size]:
            logs.setdefault(id, []).append(history)
        told = [{"issueId": id, "changeHistories": histories} for id, histories in logs.items()]
        following = {"nextPageToken": str(start + size)} if start + size < len(found) else {}
        return Answer(200, {"issueChangeLogs": told, **following})

    def search_gone(self, request: Request) -> Answer:
        """What Cloud says of its search of old."""
        return errors(410, REMOVED)

    def search(self, request: Request) -> Answer:
        """Data Center's search: from a number on, with a total.

        One issue that it does not know refuses a whole `id in (…)`, unless it is told not to validate.
        """
        asked = _asked(request)
        query, problems = self._query(str(asked.get("jql", "")))
        problems += [_unknown(key) for key in query.ids if not self._is_there(key)]
        if problems and str(asked.get("validateQuery", "true")).lower() == "true":
            return errors(400, *problems)
        found = self._matching(query, set())
        start, size = int(asked.get("startAt", 0)), min(int(asked.get("maxResults", 50)), 1000)
        fields = listed(asked.get("fields") or "*navigable")
        page = [self.shapes.issue(i, fields) | {"expand": ""} for i in found[start : start + size]]
        body = {"startAt": start, "maxResults": size, "total": len(found), "issues": page, "expand": ""}
        return Answer(200, body | ({"warningMessages": problems} if problems else {}))

    def search_jql(self, request: Request) -> Answer:
        """Cloud's search: bounded, ids alone unless fields are named, a token for the next page, and late.

        What is named in `reconcileIssues` is seen as it is now.
        """
        asked = _asked(request)
        query, problems = self._query(str(asked.get("jql", "")))
        if problems:
            return errors(400, *problems)
        if not query.tests:
            return errors(400, UNBOUNDED)
        reconciled = {str(id) for id in listed(asked.get("reconcileIssues") or "")}
        if len(reconciled) > 50:
            return errors(400, "The number of issues to reconcile must not exceed 50.")
        fields = listed(asked.get("fields") or "id")
        most = 5000 if set(fields) <= {"id", "key"} else self.page
        size = min(int(asked.get("maxResults") or 50), most)
        token = asked.get("nextPageToken")
        try:
            start = int(urlsafe_b64decode(str(token))) if token else 0
        except ValueError:
            return errors(400, "The provided next page token is invalid.")
        found = self._matching(query, reconciled)
        properties = listed(asked.get("properties") or "")
        page = [self.shapes.issue(i, fields, properties) for i in found[start : start + size]]
        if start + size >= len(found):
            return Answer(200, {"issues": page, "isLast": True})
        following = urlsafe_b64encode(str(start + size).encode()).decode()
        return Answer(200, {"issues": page, "isLast": False, "nextPageToken": following})

    def _query(self, jql: str) -> tuple[Query, list[str]]:
        """The query, and what it names that is not there."""
        try:
            query = parse(jql, self.site.clock(), self.zone, self._id_of)
        except JqlError as error:
            raise RefusedError(400, str(error)) from None
        problems = []
        for key in query.projects:
            found = next((p for p in self.site.projects if key in (p.key, p.id, p.name)), None)
            if found is None or "BROWSE_PROJECTS" not in found.permissions:
                problems.append(f"The value '{key}' does not exist for the field 'project'.")
        return query, problems

    def _id_of(self, said: str) -> str:
        found = self.site.issue(said)
        return found.id if found else said

    def _is_there(self, said: str) -> bool:
        found = self.site.issue(said)
        return found is not None and self.site.sees(found)

    def _matching(self, query: Query, current: set[str]) -> list[Issue]:
        seen = {id for id, issue in self.site.issues.items() if self.site.sees(issue)}
        return query.of([issue for issue in self.site.indexed(current) if issue.id in seen])


def _unknown(said: str) -> str:
    if said.isdigit():
        return f"A value with ID '{said}' does not exist for the field 'id'."
    return f"An issue with key '{said}' does not exist for field 'key'."


def _asked(request: Request) -> Json:
    return dict(request.body) if request.method == "POST" else dict(request.query)
