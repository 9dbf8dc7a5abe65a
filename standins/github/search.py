"""The search of the GitHub-like stand-in, which lags."""

import re
from datetime import timedelta

from standins.github import shapes
from standins.github.accounts import Account, Refused
from standins.github.model import Issue
from standins.github.rest import GithubRest
from standins.http import Answer, Request


def answer(server: GithubRest, lag: timedelta, account: Account, request: Request) -> Answer:
    """What is found among the issues that are older than the lag, as they are now. Raises `Refused`."""
    terms = re.findall(r'-?\w+:"[^"]*"|"[^"]*"|\S+', request.query.get("q", ""))
    named = [term.split(":", 1)[1] for term in terms if term.startswith("repo:")]
    repos = [r for r in server.repos if server.sees(account, r) and server.may_read(account, r) and not r.forbidden]
    if named and not any(repo.name in named for repo in repos):
        error = "The listed users and repositories cannot be searched either because the resources do not exist"
        detail = {"message": f"{error} or you do not have permission to view them.", "resource": "Search"}
        raise Refused(422, "Validation Failed", detail | {"field": "q", "code": "invalid"})
    newest = server.clock() - lag
    found = [
        issue
        for repo in repos
        for issue in repo.issues.values()
        if issue.created_at <= newest and all(_matches(issue, term) for term in terms)
    ]
    page = server.page(found, lambda issue: shapes.issue(server.url, issue) | {"score": 1.0}, request)
    body = {"total_count": len(found), "incomplete_results": False, "search_type": "lexical", "items": page.body}
    return Answer(200, body, page.headers)


def _matches(issue: Issue, term: str) -> bool:
    """An issue is what a word or qualifier asks for; a qualifier that is not acted here asks for nothing."""
    name, _, value = term.partition(":")
    value = value.strip('"')
    if not value or term.startswith('"'):
        return term.strip('"').casefold() in f"{issue.title} {issue.body}".casefold()
    kinds = {"issue": not issue.pull_request, "pr": issue.pull_request, "open": issue.state == "open"}
    kinds["closed"] = not kinds["open"]
    return {
        "repo": issue.repo.name == value,
        "is": kinds.get(value, True),
        "type": kinds.get(value, True),
        "state": issue.state == value,
        "label": value in issue.labels,
        "assignee": value in issue.assignees,
        "author": issue.user == value,
    }.get(name, True)
