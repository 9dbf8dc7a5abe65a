"""A small GitHub on loopback: only the REST endpoints that the adapter uses, and the ways in which they fail.

Answers follow "REST API endpoints for issues" at docs.github.com, version 2022-11-28, and what is known of the real
one: labels are dropped silently without push rights, a transfer changes all ids, a reason counts only as the state
changes.
"""

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, RLock, Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

TOKEN = "ghp_loopback"


@dataclass
class Repo:
    """A repository. Without `push` the token may read, open issues and comment."""

    id: int
    name: str
    has_issues: bool = True
    archived: bool = False
    push: bool = True
    hidden: bool = False
    forbidden: bool = False
    may_read_issues: bool = True


@dataclass
class Issue:
    id: int
    number: int
    repo: Repo
    title: str
    body: str | None
    labels: list[str]
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    assignees: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    pull_request: bool = False
    forbidden: bool = False


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Fault:
    """What is answered in place of the truth; no `answer`: the connection breaks. `stored`: after doing as asked."""

    answer: Answer | None
    method: str
    path: str
    stored: bool
    times: int


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


class GithubServer:
    """The server's state and switches; `running` starts one."""

    def __init__(self, base_url: str) -> None:
        self.url = base_url
        self.lock = RLock()
        self.repos: list[Repo] = []
        self.issues: list[Issue] = []
        self.requests: list[Request] = []
        self.released = Event()
        self._faults: list[Fault] = []
        self._gone: set[tuple[int, int]] = set()
        self._transferred: dict[tuple[int, int], Issue] = {}
        self._old_names: dict[str, Repo] = {}
        self._ids = iter(range(1001, 10**9))

    # --- switches -----------------------------------------------------------------------------------------------------

    def answers(
        self,
        status: int,
        message: str = "",
        headers: dict[str, str] | None = None,
        *,
        body: Any = None,
        method: str = "",
        path: str = "",
        stored: bool = False,
        times: int = 1,
    ) -> None:
        """Give this answer to the next requests whose method and path match."""
        answer = Answer(status, {"message": message} if body is None else body, headers or {})
        self._faults.append(Fault(answer, method, path, stored, times))

    def breaks(self, method: str = "", *, stored: bool = False, times: int = 1) -> None:
        """Break the connection in place of an answer."""
        self._faults.append(Fault(None, method, "", stored, times))

    def heal(self) -> None:
        """Take all faults back."""
        self._faults.clear()

    def count(self, method: str, path: str = "") -> int:
        """How many requests came in."""
        return sum(r.method == method and re.search(path, r.path) is not None for r in self.requests)

    def add_repo(self, name: str) -> Repo:
        """A repository that the token may write to."""
        self.repos.append(Repo(next(self._ids), name))
        return self.repos[-1]

    def rename(self, repo: Repo, name: str) -> None:
        """Give a repository another name; the old one redirects."""
        self._old_names[repo.name] = repo
        repo.name = name

    def transfer(self, issue: Issue, repo: Repo) -> Issue:
        """Move an issue: it gets a new number and new ids, and its old address redirects."""
        self.issues.remove(issue)
        moved = self.open_issue(repo, issue.title, issue.body, issue.labels)
        self._transferred[(issue.repo.id, issue.number)] = moved
        return moved

    def delete(self, issue: Issue) -> None:
        """Delete an issue: its address answers 410 to who may read the repository."""
        self.issues.remove(issue)
        self._gone.add((issue.repo.id, issue.number))

    def open_issue(self, repo: Repo, title: str, body: str | None, labels: list[str], pull: bool = False) -> Issue:
        """Open an issue or pull request, as a person does."""
        numbers = [i.number for i in self.issues if i.repo is repo]
        number = 1 + max([*numbers, *(n for r, n in (*self._gone, *self._transferred) if r == repo.id)], default=0)
        issue = Issue(next(self._ids), number, repo, title, body, labels, datetime.now(UTC), pull_request=pull)
        self.issues.append(issue)
        return issue

    def issue(self, key: str) -> Issue:
        """The issue with the key `owner/repo#1`."""
        return next(i for i in self.issues if f"{i.repo.name}#{i.number}" == key)

    # --- answering ----------------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request; none: break the connection."""
        with self.lock:
            self.requests.append(request)
            fault = next(
                (f for f in self._faults if f.method in ("", request.method) and re.search(f.path, request.path)), None
            )
            if fault is None:
                return self._truth(request)
            fault.times -= 1
            if fault.times == 0:
                self._faults.remove(fault)
            if fault.stored:
                self._truth(request)
            return fault.answer

    def _truth(self, request: Request) -> Answer:
        if request.headers.get("authorization", "").split(" ")[-1] != TOKEN:
            return Answer(401, {"message": "Bad credentials"})
        match = re.fullmatch(
            r"/(?:repos/([^/]+/[^/]+)|repositories/(\d+))(/issues(?:/(\d+)(/comments)?)?)?", request.path
        )
        if match is None:
            return _not_found()
        name, id, issues, number, comments = match.groups()
        repo = next((r for r in self.repos if r.name == name or str(r.id) == id), None)
        if repo is None and name in self._old_names:
            rest = request.path.removeprefix(f"/repos/{name}")
            return self._elsewhere(f"/repositories/{self._old_names[name].id}{rest}", request)
        if repo is None or repo.hidden:
            return _not_found()
        if repo.forbidden:
            return Answer(403, {"message": "Resource protected by organization SAML enforcement."})
        if issues is None:
            return Answer(200, self._repo_json(repo))
        if not repo.may_read_issues:
            return Answer(403, {"message": "Resource not accessible by personal access token"})
        if not repo.has_issues:
            return Answer(410, {"message": "Issues has been disabled in this repository."})
        if number is None:
            return self._create(repo, request) if request.method == "POST" else self._list(repo, request)
        return self._on_issue(repo, int(number), comments is not None, request)

    def _on_issue(self, repo: Repo, number: int, comments: bool, request: Request) -> Answer:
        moved = self._transferred.get((repo.id, number))
        if moved is not None and not comments:
            return self._elsewhere(f"/repositories/{moved.repo.id}/issues/{moved.number}", request)
        if (repo.id, number) in self._gone:
            return Answer(410, {"message": "This issue was deleted"})
        issue = next((i for i in self.issues if i.repo is repo and i.number == number), None)
        if issue is None:
            return _not_found()
        if issue.forbidden:
            return Answer(403, {"message": "Must have admin rights to Repository."})
        if comments and request.method == "POST":
            issue.comments.append(request.body["body"])
            return Answer(201, self._comment_json(issue, len(issue.comments)))
        if comments:
            found = [self._comment_json(issue, n + 1) for n in range(len(issue.comments))]
            return self._page(found, request)
        if request.method == "PATCH":
            return self._edit(issue, request.body)
        return Answer(200, self._issue_json(issue))

    def _list(self, repo: Repo, request: Request) -> Answer:
        query = request.query
        state, labels = query.get("state", "open"), {label for label in query.get("labels", "").split(",") if label}
        since = datetime.fromisoformat(query["since"]) if "since" in query else datetime.min.replace(tzinfo=UTC)
        found = [
            self._issue_json(i)
            for i in sorted(self.issues, key=lambda i: i.number, reverse=query.get("direction", "desc") == "desc")
            if i.repo is repo and state in ("all", i.state) and labels <= set(i.labels) and i.updated_at >= since
        ]
        return self._page(found, request)

    def _page(self, found: list[Any], request: Request) -> Answer:
        size, page = int(request.query.get("per_page", "30")), int(request.query.get("page", "1"))
        headers = {}
        if len(found) > size * page:
            query = urlencode({**request.query, "page": page + 1})
            headers["Link"] = f'<{self.url}{request.path}?{query}>; rel="next"'
        return Answer(200, found[size * (page - 1) : size * page], headers)

    def _create(self, repo: Repo, request: Request) -> Answer:
        title, body = request.body.get("title"), request.body.get("body")
        if not title or len(title) > 256 or len(body or "") > 65536:
            error = {"resource": "Issue", "code": "invalid", "field": "title"}
            return Answer(422, {"message": "Validation Failed", "errors": [error]})
        labels = request.body.get("labels", []) if repo.push else []
        return Answer(201, self._issue_json(self.open_issue(repo, title, body, list(labels))))

    def _edit(self, issue: Issue, change: dict[str, Any]) -> Answer:
        if not issue.repo.push:
            return Answer(403, {"message": "Must have admin rights to Repository."})
        issue.title, issue.body = change.get("title", issue.title), change.get("body", issue.body)
        state = change.get("state", issue.state)
        if state != issue.state:
            default = "completed" if state == "closed" else "reopened"
            issue.state, issue.state_reason = state, change.get("state_reason", default)
        issue.updated_at = datetime.now(UTC)
        return Answer(200, self._issue_json(issue))

    def _elsewhere(self, path: str, request: Request) -> Answer:
        query = f"?{urlencode(request.query)}" if request.query else ""
        url = f"{self.url}{path}{query}"
        return Answer(301, {"message": "Moved Permanently", "url": url}, {"Location": url})

    def _repo_json(self, repo: Repo) -> dict[str, Any]:
        return {
            "id": repo.id,
            "name": repo.name.split("/")[1],
            "full_name": repo.name,
            "url": f"{self.url}/repos/{repo.name}",
            "has_issues": repo.has_issues,
            "archived": repo.archived,
            "permissions": {"admin": False, "maintain": False, "push": repo.push, "triage": repo.push, "pull": True},
        }

    def _issue_json(self, issue: Issue) -> dict[str, Any]:
        kind = "pull" if issue.pull_request else "issues"
        found: dict[str, Any] = {
            "id": issue.id,
            "node_id": f"I_kw{issue.id}",
            "number": issue.number,
            "url": f"{self.url}/repos/{issue.repo.name}/issues/{issue.number}",
            "html_url": f"https://github.test/{issue.repo.name}/{kind}/{issue.number}",
            "title": issue.title,
            "body": issue.body,
            "state": issue.state,
            "state_reason": issue.state_reason,
            "labels": [{"name": label} for label in issue.labels],
            "assignees": [{"login": login} for login in issue.assignees],
            "updated_at": issue.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return found | ({"pull_request": {"url": found["url"]}} if issue.pull_request else {})

    def _comment_json(self, issue: Issue, number: int) -> dict[str, Any]:
        url = f"{self.url}/repos/{issue.repo.name}/issues/comments/{issue.id}{number}"
        return {"id": int(f"{issue.id}{number}"), "url": url, "body": issue.comments[number - 1]}


def _not_found() -> Answer:
    return Answer(404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"})


def _handler(server: Callable[[], GithubServer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = server().answer(Request(self.command, parts.path, query, body, headers))
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if answer.status == 0:  # say nothing until the test is over
                server().released.wait()
                self.close_connection = True
                return
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PATCH = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: tests look at `requests`."""

    return Handler


class _HttpServer(ThreadingHTTPServer):
    request_queue_size = 64  # with the usual 5, a burst of connections waits a second for each of the others


@contextmanager
def running() -> Iterator[GithubServer]:
    """A server on a free loopback port, with the repository `acme/scoring`."""
    http = _HttpServer(("127.0.0.1", 0), _handler(lambda: server))
    server = GithubServer(f"http://127.0.0.1:{http.server_port}")
    server.add_repo("acme/scoring")
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        http.shutdown()
        thread.join()
        http.server_close()
