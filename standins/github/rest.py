"""The REST answers of the GitHub-like stand-in: repositories, issues, comments, labels, sub-issues.

Follows "REST API endpoints for issues" at docs.github.com, and what is known of the real one: labels are dropped
silently without push rights, a reason counts only as the state changes, only reads are redirected with 301.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlencode

from standins.github import shapes
from standins.github.accounts import Account, Refused
from standins.github.model import Comment, Issue, Repo
from standins.github.state import GithubState
from standins.http import Answer, Request

REASONS = ("completed", "not_planned", "duplicate", "reopened")
LOCKS = ("off-topic", "too heated", "resolved", "spam")
NOT_ACCESSIBLE = "Resource not accessible by {}"
NO_RIGHTS = "Must have admin rights to Repository."
TWICE = (
    "An error occurred while adding the sub-issue to the parent issue."
    " Issue may not contain duplicate sub-issues and Sub issue may only have one parent"
)


@dataclass(frozen=True)
class Call:
    """A request about a repository, and who makes it."""

    account: Account
    repo: Repo
    request: Request

    @property
    def body(self) -> dict[str, Any]:
        if not isinstance(self.request.body, dict):
            raise Refused(400, "Problems parsing JSON")
        return self.request.body


class GithubRest(GithubState):
    """Answers REST requests of accounts about repositories."""

    def rest(self, account: Account, request: Request) -> Answer:
        """The answer to a request. Raises `Refused`."""
        match = re.fullmatch(r"/(?:repos/([^/]+/[^/]+)|repositories/(\d+))(/.*)?", request.path)
        if match is None:
            raise Refused(404, "Not Found")
        name, id, tail = match.groups()
        repo = next((r for r in self.repos if r.name == name or str(r.id) == id), None)
        if repo is None and name in self._old_names:
            return self._elsewhere(f"/repositories/{self._old_names[name].id}{tail or ''}", request)
        if repo is None or not self.sees(account, repo):
            raise Refused(404, "Not Found")
        if repo.forbidden:
            raise Refused(403, "Resource protected by organization SAML enforcement.")
        call = Call(account, repo, request)
        if tail is None:
            role = account.installation is None
            return Answer(200, shapes.full_repository(self.url, repo, repo.push and role, role))
        if not self.may_read(account, repo):
            raise Refused(403, NOT_ACCESSIBLE.format(_kind(account)))
        if not repo.has_issues:
            raise Refused(410, "Issues has been disabled in this repository.")
        for method, pattern, handler in ROUTES:
            if method == request.method and (found := re.fullmatch(pattern, tail)):
                return handler(self, call, *found.groups())
        raise Refused(404, "Not Found")

    # --- rights -------------------------------------------------------------------------------------------------------

    def sees(self, account: Account, repo: Repo) -> bool:
        """To this account, the repository exists."""
        return not repo.hidden and (account.installation is None or account.installation.sees(repo.name))

    def may_read(self, account: Account, repo: Repo) -> bool:
        """It may read the repository's issues."""
        return repo.may_read_issues and (account.installation is None or "issues" in account.installation.permissions)

    def may_read_pulls(self, account: Account, repo: Repo) -> bool:
        """It may read the repository's pull requests, as far as issues lead to them."""
        installation = account.installation
        return repo.may_read_pulls and (installation is None or "pull_requests" in installation.permissions)

    def _may_write(self, call: Call, *, push: bool = False) -> None:
        installation = call.account.installation
        if not call.repo.may_write_issues or (installation and installation.permissions.get("issues") != "write"):
            raise Refused(403, NOT_ACCESSIBLE.format(_kind(call.account)))
        if call.repo.archived:
            raise Refused(403, "Repository was archived so is read-only.")
        if push and not call.repo.push:
            raise Refused(403, NO_RIGHTS)

    def _found(self, call: Call, number: str) -> Issue:
        """The issue with that number, below which something is asked for: what was transferred is not there."""
        issue = call.repo.issues.get(int(number))
        if issue is None:
            if (call.repo.id, int(number)) in self._gone:
                raise Refused(410, "This issue was deleted")
            raise Refused(404, "Not Found")
        if issue.forbidden:
            raise Refused(403, NO_RIGHTS)
        return issue

    # --- issues -------------------------------------------------------------------------------------------------------

    def _list(self, call: Call) -> Answer:
        query = call.request.query
        state, since = query.get("state", "open"), _since(query)
        labels = {label.casefold() for label in query.get("labels", "").split(",") if label}
        found = [
            issue
            for issue in call.repo.issues.values()
            if state in ("all", issue.state)
            and issue.updated_at >= since
            and labels <= {label.casefold() for label in issue.labels}
            and query.get("creator") in (None, issue.user)
            and query.get("assignee") in (None, "*", *issue.assignees)
        ]
        orders: dict[str, Callable[[Issue], Any]] = {
            "updated": lambda issue: issue.updated_at,
            "comments": lambda issue: len(issue.thread),
        }
        order = orders.get(query.get("sort", "created"), lambda issue: issue.number)
        found.sort(key=order, reverse=query.get("direction", "desc") == "desc")
        return self.page(found, lambda issue: shapes.full_issue(self.url, issue), call.request)

    def _create(self, call: Call) -> Answer:
        self._may_write(call)
        title, body = call.body.get("title"), call.body.get("body")
        self._check_text("title", title or "", 256, least=1)
        self._check_text("body", body or "", 65536)
        labels = [_name(label) for label in call.body.get("labels") or ()] if call.repo.push else []
        assignees = self._assignees(call) if call.repo.push else []
        by = call.account.login
        issue = self.open_issue(call.repo, str(title), body, labels, by=by, assignees=assignees)
        shape = shapes.full_issue(self.url, issue)
        return Answer(201, shape, {"Location": shape["url"]})

    def _get(self, call: Call, number: str) -> Answer:
        moved = self._moved(call, number)
        return moved or Answer(200, shapes.full_issue(self.url, self._found(call, number)))

    def _edit(self, call: Call, number: str) -> Answer:
        if moved := self._moved(call, number):
            return moved
        issue, change, by = self._found(call, number), call.body, call.account.login
        self._may_write(call, push=True)
        state, reason = change.get("state", issue.state), change.get("state_reason")
        if state not in ("open", "closed") or reason not in (None, *REASONS):
            raise _invalid("state" if state not in ("open", "closed") else "state_reason", state)
        self._check_text("title", change.get("title") or issue.title, 256)
        self._check_text("body", change.get("body") or "", 65536)
        assignees = self._assignees(call)
        self.edit(issue, title=change.get("title"), body=change["body"] or "" if "body" in change else None, by=by)
        if "labels" in change:
            names = [_name(label) for label in change["labels"] or ()]
            self.unlabel(issue, *(set(issue.labels) - set(names)), by=by)
            self.label(issue, *names, by=by)
        if "assignees" in change:
            self.unassign(issue, *(set(issue.assignees) - set(assignees)), by=by)
            self.assign(issue, *assignees, by=by)
        if state == "closed":
            self.close(issue, reason or "completed", by)
        else:
            self.reopen(issue, by)
        return Answer(200, shapes.full_issue(self.url, issue))

    def _moved(self, call: Call, number: str) -> Answer | None:
        moved = self._transferred.get((call.repo.id, int(number)))
        if moved is None:
            return None
        return self._elsewhere(f"/repositories/{moved.repo.id}/issues/{moved.number}", call.request)

    def _events(self, call: Call, number: str) -> Answer:
        issue = self._found(call, number)
        return self.page(issue.events, lambda event: shapes.event(self.url, issue, event), call.request)

    def _lock(self, call: Call, number: str) -> Answer:
        issue = self._found(call, number)
        self._may_write(call, push=True)
        reason = (call.request.body or {}).get("lock_reason")
        if reason not in (None, *LOCKS):
            raise _invalid("lock_reason", reason)
        self.lock_issue(issue, reason, call.account.login)
        return Answer(204, None)

    def _unlock(self, call: Call, number: str) -> Answer:
        issue = self._found(call, number)
        self._may_write(call, push=True)
        self.unlock_issue(issue, call.account.login)
        return Answer(204, None)

    # --- labels -------------------------------------------------------------------------------------------------------

    def _labels(self, call: Call, number: str) -> Answer:
        issue = self._found(call, number)
        return self.page(issue.labels, lambda name: shapes.label(self.url, call.repo, name), call.request)

    def _add_labels(self, call: Call, number: str) -> Answer:
        issue, body = self._found(call, number), call.request.body
        self._may_write(call, push=True)
        names = body.get("labels") if isinstance(body, dict) else body  # the real one takes a bare list too
        self.label(issue, *(_name(label) for label in names or ()), by=call.account.login)
        return Answer(200, [shapes.label(self.url, call.repo, name) for name in issue.labels])

    def _remove_label(self, call: Call, number: str, name: str) -> Answer:
        issue, name = self._found(call, number), unquote(name)
        self._may_write(call, push=True)
        if name not in issue.labels:
            raise Refused(404, "Label does not exist")
        self.unlabel(issue, name, by=call.account.login)
        return Answer(200, [shapes.label(self.url, call.repo, name) for name in issue.labels])

    # --- comments -----------------------------------------------------------------------------------------------------

    def _comments(self, call: Call, number: str) -> Answer:
        issue, since = self._found(call, number), _since(call.request.query)
        found = [comment for comment in issue.thread if comment.updated_at >= since]
        return self.page(found, lambda comment: shapes.comment(self.url, issue, comment), call.request)

    def _all_comments(self, call: Call) -> Answer:
        since, query = _since(call.request.query), call.request.query
        found = [(i, c) for i in call.repo.issues.values() for c in i.thread if c.updated_at >= since]
        backwards = query.get("direction", "asc" if query.get("sort") is None else "desc") == "desc"
        found.sort(key=lambda f: f[1].updated_at if query.get("sort") == "updated" else f[1].id, reverse=backwards)
        return self.page(found, lambda f: shapes.comment(self.url, *f), call.request)

    def _comment(self, call: Call, number: str) -> Answer:
        issue = self._found(call, number)
        self._may_write(call)
        self._check_text("body", call.body.get("body") or "", 65536, least=1)
        if issue.locked and not call.repo.push:
            raise Refused(403, "Unable to create comment because issue is locked.")
        comment = self.comment(issue, call.account.login, call.body["body"])
        shape = shapes.comment(self.url, issue, comment)
        return Answer(201, shape, {"Location": shape["url"]})

    def _one_comment(self, call: Call, id: str) -> Answer:
        issue, comment = self._found_comment(call, id)
        return Answer(200, shapes.comment(self.url, issue, comment))

    def _change_comment(self, call: Call, id: str) -> Answer:
        issue, comment = self._found_comment(call, id)
        self._may_write(call)
        if call.request.method == "DELETE":
            self.delete_comment(issue, comment, call.account.login)
            return Answer(204, None)
        self._check_text("body", call.body.get("body") or "", 65536, least=1)
        self.edit_comment(issue, comment, call.body["body"], call.account.login)
        return Answer(200, shapes.comment(self.url, issue, comment))

    def _found_comment(self, call: Call, id: str) -> tuple[Issue, Comment]:
        for issue in call.repo.issues.values():
            for comment in issue.thread:
                if comment.id == int(id):
                    return issue, comment
        raise Refused(404, "Not Found")

    # --- sub-issues ---------------------------------------------------------------------------------------------------

    def _sub_issues(self, call: Call, number: str) -> Answer:
        found = self._found(call, number).sub_issues
        return self.page(found, lambda issue: shapes.full_issue(self.url, issue), call.request)

    def _add_sub_issue(self, call: Call, number: str) -> Answer:
        issue = self._found(call, number)
        self._may_write(call, push=True)
        child = self._child(call)
        if child is issue or child in issue.sub_issues or (child.parent and not call.body.get("replace_parent")):
            raise Refused(422, TWICE)
        self.add_sub_issue(issue, child)
        return Answer(201, shapes.full_issue(self.url, issue))

    def _remove_sub_issue(self, call: Call, number: str) -> Answer:
        issue = self._found(call, number)
        self._may_write(call, push=True)
        child = self._child(call)
        if child.parent is not issue:
            raise Refused(404, "Not Found")
        self.remove_sub_issue(child)
        return Answer(200, shapes.full_issue(self.url, issue))

    def _parent(self, call: Call, number: str) -> Answer:
        parent = self._found(call, number).parent
        if parent is None:
            raise Refused(404, "Not Found")
        return Answer(200, shapes.full_issue(self.url, parent))

    def _child(self, call: Call) -> Issue:
        """The issue that a body names by its id, which is not its number."""
        id = call.body.get("sub_issue_id")
        child = self.by_node.get(f"I_kw{id}")
        if child is None or not self.sees(call.account, child.repo):
            raise Refused(404, "The provided sub-issue does not exist")
        return child

    # --- underneath ---------------------------------------------------------------------------------------------------

    def page(self, found: Sequence[Any], shape: Callable[[Any], dict[str, Any]], request: Request) -> Answer:
        """The page of what was found that a request asks for, with links to the others."""
        size = min(100, max(1, _number(request.query.get("per_page"), 30)))
        page, last = max(1, _number(request.query.get("page"), 1)), max(1, -(-len(found) // size))
        pages = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        if page >= last:
            del pages["next"], pages["last"]
        if page == 1:
            del pages["prev"], pages["first"]
        links = [
            f'<{self.url}{request.path}?{urlencode({**request.query, "page": n})}>; rel="{rel}"'
            for rel, n in pages.items()
        ]
        shown = [shape(one) for one in found[size * (page - 1) : size * page]]
        return Answer(200, shown, {"Link": ", ".join(links)} if links else {})

    def _elsewhere(self, path: str, request: Request) -> Answer:
        """Reads are redirected with 301, writes with 307: they are to be repeated as they are."""
        query = f"?{urlencode(request.query)}" if request.query else ""
        url = f"{self.url}{path}{query}"
        body = {"message": "Moved Permanently", "url": url, "documentation_url": shapes.DOCS}
        return Answer(301 if request.method == "GET" else 307, body, {"Location": url})

    def _assignees(self, call: Call) -> list[str]:
        logins = [str(login) for login in call.body.get("assignees") or ()]
        for login in logins:
            if call.repo.assignable is not None and login not in call.repo.assignable:
                raise _invalid("assignees", login)
        return logins

    @staticmethod
    def _check_text(name: str, text: str, most: int, least: int = 0) -> None:
        if len(text) < least:
            raise Refused(422, "Validation Failed", {"resource": "Issue", "code": "missing_field", "field": name})
        if len(text) > most:
            raise _invalid(name, f"{name} is too long (maximum is {most} characters)")


ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", r"/issues", GithubRest._list),
    ("POST", r"/issues", GithubRest._create),
    ("GET", r"/issues/comments", GithubRest._all_comments),
    ("GET", r"/issues/comments/(\d+)", GithubRest._one_comment),
    ("PATCH", r"/issues/comments/(\d+)", GithubRest._change_comment),
    ("DELETE", r"/issues/comments/(\d+)", GithubRest._change_comment),
    ("GET", r"/issues/(\d+)", GithubRest._get),
    ("PATCH", r"/issues/(\d+)", GithubRest._edit),
    ("GET", r"/issues/(\d+)/comments", GithubRest._comments),
    ("POST", r"/issues/(\d+)/comments", GithubRest._comment),
    ("GET", r"/issues/(\d+)/events", GithubRest._events),
    ("GET", r"/issues/(\d+)/labels", GithubRest._labels),
    ("POST", r"/issues/(\d+)/labels", GithubRest._add_labels),
    ("DELETE", r"/issues/(\d+)/labels/(.+)", GithubRest._remove_label),
    ("PUT", r"/issues/(\d+)/lock", GithubRest._lock),
    ("DELETE", r"/issues/(\d+)/lock", GithubRest._unlock),
    ("GET", r"/issues/(\d+)/sub_issues", GithubRest._sub_issues),
    ("POST", r"/issues/(\d+)/sub_issues", GithubRest._add_sub_issue),
    ("DELETE", r"/issues/(\d+)/sub_issue", GithubRest._remove_sub_issue),
    ("GET", r"/issues/(\d+)/parent", GithubRest._parent),
)


def _kind(account: Account) -> str:
    return "personal access token" if account.installation is None else "integration"


def _name(label: Any) -> str:
    return str(label["name"] if isinstance(label, dict) else label)


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() else otherwise


def _since(query: dict[str, str]) -> datetime:
    try:
        return datetime.fromisoformat(query["since"]) if "since" in query else datetime.min.replace(tzinfo=UTC)
    except ValueError as error:
        raise _invalid("since", query["since"]) from error


def _invalid(name: str, value: Any) -> Refused:
    return Refused(
        422, "Validation Failed", {"resource": "Issue", "code": "invalid", "field": name, "value": str(value)}
    )
