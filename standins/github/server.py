"""A small GitHub on loopback: accounts, issues, GraphQL and limits, and the ways in which they fail.

What is kept and what people do is in `github_state`, the answers in `github_rest` and `github_graphql`, who asks in
`github_accounts`, how often in `github_limits`. A test validates every answer against GitHub's published schemas.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random

from standins.github import accounts as github_accounts
from standins.github import graphql as github_graphql
from standins.github import search as github_search
from standins.github.accounts import Account, Accounts, Installation, Refused, person
from standins.github.limits import Limits
from standins.github.model import Comment, Event, Issue, Repo
from standins.github.rest import GithubRest
from standins.http import Answer, Request, serving

__all__ = ["TOKEN", "Comment", "Event", "GithubServer", "Installation", "Issue", "Repo", "running"]

TOKEN = "ghp_loopback"
"""The token of the person `GithubServer.login`."""


class GithubServer(GithubRest):
    """The whole of it: `accounts` and `limits` have switches of their own. `running` serves one.

    `lag`: how old an issue must be for a search to find it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.login = "holdfast-bot"
        self.lag = timedelta(0)
        self.accounts = Accounts(lambda: self.clock())
        self.limits = Limits(lambda: self.clock())

    # --- switches -----------------------------------------------------------------------------------------------------

    def spend(self, remaining: int = 0, reset_in: timedelta = timedelta(hours=1), resource: str = "core") -> None:
        """Let the token have used up its hourly budget but for so many requests."""
        with self.lock:
            self.limits.spend(person(self.login).name, resource, remaining, reset_in)

    def limits_once(self, *, status: int = 403, wait: int | None = 60, times: int = 1, path: str = "") -> None:
        """Answer the next requests with a secondary limit: with `Retry-After`, or (no `wait`) with the text only."""
        limits = Limits(self.clock, status=status, tells_wait=wait is not None)
        answer = limits.secondary(wait=wait or 60)
        self.answers(answer.status, "", answer.headers, body=answer.body, path=path, times=times)

    def limited(self, request: Request, chance: Random) -> Answer:
        """In trouble: a secondary limit of either status, or the primary one, over in a second."""
        account, resource = person(self.login).name, _resource(request.path)
        if chance.random() < 0.5:
            return Limits(self.clock, status=chance.choice((403, 429))).secondary(wait=1)
        answer = self.limits.primary(account, resource)
        reset = str(int(self.clock().timestamp()) + 1)
        spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        answer.headers = self.limits.headers(account, resource) | spent
        return answer

    # --- answering ----------------------------------------------------------------------------------------------------

    def truth(self, request: Request) -> Answer:
        """What GitHub would answer."""
        authorization = request.headers.get("authorization", "")
        try:
            if answer := self._to_app(authorization, request):
                return answer
            account = self.accounts.account(authorization, TOKEN, self.login)
        except Refused as refused:
            return refused.answer
        resource = _resource(request.path)
        answer = self.limits.refusal(account.name, resource, request) or self._to_account(account, request)
        answer = _conditional(answer, request)
        if answer.status != 304:  # a 304 is free
            self.limits.count(account.name, resource)
        answer.headers = self.limits.headers(account.name, resource) | answer.headers
        return answer

    def _to_account(self, account: Account, request: Request) -> Answer:
        try:
            if request.path == "/graphql" and request.method == "POST":
                return github_graphql.answer(self, self.limits, account, request)
            if request.path == "/search/issues":
                return github_search.answer(self, self.lag, account, request)
            return self.rest(account, request)
        except Refused as refused:
            return refused.answer

    def _to_app(self, authorization: str, request: Request) -> Answer | None:
        """The answer to what an App asks as itself, with a JWT. Raises `Refused`."""
        token = re.fullmatch(r"/app/installations/(\d+)/access_tokens", request.path)
        of_repo = re.fullmatch(r"/(?:repos/([^/]+/[^/]+)|repositories/(\d+))/installation", request.path)
        if not (token and request.method == "POST") and not of_repo:
            return None
        app_id = self.accounts.app(authorization)
        name, id = of_repo.groups() if of_repo else ("", "")
        repo = next((r for r in self.repos if r.name == name or str(r.id) == id), None)
        if repo is None and name in self._old_names:
            return self._elsewhere(f"/repositories/{self._old_names[name].id}/installation", request)
        for installation in self.accounts.installations:
            if installation.app_id != app_id:
                continue
            if token and str(installation.id) == token[1]:
                return Answer(201, self.accounts.issue_token(installation))
            if repo is not None and installation.sees(repo.name):
                return Answer(200, github_accounts.shape(self.url, installation))
        raise Refused(404, "Not Found")


def _resource(path: str) -> str:
    return "graphql" if path == "/graphql" else "search" if path.startswith("/search/") else "core"


def _conditional(answer: Answer, request: Request) -> Answer:
    """What is read bears an `ETag`; to who has it already: 304."""
    if request.method != "GET" or answer.status != 200:
        return answer
    text = json.dumps(answer.body)
    tag = f'W/"{hashlib.sha256(text.encode()).hexdigest()}"'
    headers = answer.headers | {"ETag": tag, "Cache-Control": "private, max-age=60, s-maxage=60"}
    if tag in request.headers.get("if-none-match", ""):
        return Answer(304, None, headers)
    return Answer(200, text, headers)


@contextmanager
def running(port: int = 0) -> Iterator[GithubServer]:
    """A server on a loopback port (0: a free one), with the repository `acme/scoring`."""
    server = GithubServer()
    server.add_repo("acme/scoring")
    with serving(server, port):
        yield server
