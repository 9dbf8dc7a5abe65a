"""Where the items of the demo go: the built-in tracker, or stand-ins for GitHub and Jira, served on loopback.

Holdfast meets the stand-ins as it meets the real ones: through its adapters, over HTTP, told by signed webhooks.
Engineers work in them directly, as they do in their tracker; each tracker has an `Engineer` of its own.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from console.shell.errors import Stop
from standins import webhooks
from standins.github.state import GithubState
from standins.jira import server as jira
from standins.jira.adf import text
from standins.webhooks import Webhooks

LOOK_EVERY = "PT5S"
"""How often a stand-in is asked what changed there. Its webhooks are quicker, and do not tell everything."""

NEW_PER_MINUTE = 600
"""A stand-in minds no pace that the real ones ask for."""

PEOPLE = ("ml-engineer", "infrastructure-engineer")
"""Who has an account in the tracker; the first one is who works there. Each is `…@example.org` to Holdfast."""


@dataclass(frozen=True)
class Seen:
    """An issue as people see it in its tracker, with its comments, oldest first."""

    is_open: bool
    comments: tuple[str, ...]


class Engineer(ABC):
    """Who works in the tracker. Issues are named as people call them there: `HF-2`, `acme/scoring#2`, `SCORE-2`."""

    @abstractmethod
    async def finish(self, key: str) -> None:
        """Do what an issue asks for, and close it."""

    @abstractmethod
    async def decline(self, key: str) -> None:
        """Close an issue without doing what it asks for."""

    @abstractmethod
    async def look(self, key: str) -> Seen:
        """Look at an issue."""


class OutsideEngineer(Engineer):
    """Who works in a tracker outside of Holdfast, which tells in webhooks what happens there."""

    def __init__(self, hooks: Webhooks) -> None:
        self.hooks = hooks

    @abstractmethod
    async def say(self, key: str, words: str) -> None:
        """Comment on an issue."""

    @abstractmethod
    async def move(self, key: str) -> str:
        """Move an issue to another project; what it is called there."""


@dataclass(frozen=True)
class DemoTracker:
    """A tracker to play with, and what Holdfast has to know of it.

    `about` says what it is. `settings` are the part `trackers` of `holdfast.yaml`, `people` that of the catalogue.
    `webhook` is the path that takes its webhooks, none for the built-in tracker. `engineer` makes one, who may use the
    web app.
    """

    title: str
    about: str
    settings: Mapping[str, Any]
    people: Mapping[str, Any]
    engineer: Callable[[httpx.AsyncClient], Engineer]
    webhook: str = ""


# --- the built-in tracker ---------------------------------------------------------------------------------------------


class BuiltinEngineer(Engineer):
    """Works in the built-in tracker, through the web app."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def finish(self, key: str) -> None:
        """Do what an issue asks for, and close it."""
        await self._act(key, "done")

    async def decline(self, key: str) -> None:
        """Close an issue without doing what it asks for."""
        await self._act(key, "decline")

    async def look(self, key: str) -> Seen:
        """Look at an issue."""
        found = (await self._http.get(f"/api/issues/{key}")).raise_for_status().json()
        return Seen(found["status"] == "open", tuple(found["comments"]))

    async def _act(self, key: str, action: str) -> None:
        by = {"by": f"{PEOPLE[0]}@example.org"}
        (await self._http.post(f"/api/issues/{key}/{action}", json=by)).raise_for_status()


@contextmanager
def _builtin(web: str) -> Iterator[DemoTracker]:
    about = "kept with the reviews; its issues are among the pages"
    yield DemoTracker("the built-in tracker", about, {"sync_every": "PT1S"}, {}, BuiltinEngineer)


# --- GitHub -----------------------------------------------------------------------------------------------------------


class GithubEngineer(OutsideEngineer):
    """Works in the GitHub-like stand-in."""

    def __init__(self, server: GithubState, hooks: Webhooks, elsewhere: str) -> None:
        super().__init__(hooks)
        self._server = server
        self._elsewhere = elsewhere

    async def finish(self, key: str) -> None:
        """Close an issue as completed."""
        self._server.close(self._server.issue(key), by=PEOPLE[0])

    async def decline(self, key: str) -> None:
        """Close an issue as not planned."""
        self._server.close(self._server.issue(key), "not_planned", by=PEOPLE[0])

    async def look(self, key: str) -> Seen:
        """Look at an issue."""
        with self._server.lock:
            issue = self._server.issue(key)
            return Seen(issue.state == "open", tuple(issue.comments))

    async def say(self, key: str, words: str) -> None:
        """Comment on an issue."""
        self._server.comment(self._server.issue(key), PEOPLE[0], words)

    async def move(self, key: str) -> str:
        """Transfer an issue to another repository."""
        there = self._server.repo(self._elsewhere)
        moved = self._server.transfer(self._server.issue(key), there, by=PEOPLE[0])
        return f"{there.name}#{moved.number}"


@contextmanager
def _github(web: str) -> Iterator[DemoTracker]:
    try:
        from standins.github.server import TOKEN, running
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "graphql":
            raise
        raise Stop(
            "The stand-in for GitHub is not installed. Install it with: pip install 'holdfast[standins]'"
        ) from None
    path, secret, elsewhere = "/webhooks/github", secrets.token_hex(16), "acme/platform"
    with running() as server, webhooks.sending(f"{web}{path}", secret, webhooks.GITHUB) as hooks:
        server.add_repo(elsewhere)
        hooks.listen(server)
        told = {"token": TOKEN, "api_url": server.url, "webhook_secret": secret, "new_per_minute": NEW_PER_MINUTE}
        yield DemoTracker(
            "GitHub",
            f"a stand-in at {server.url}, which answers programs and has no pages",
            {"default": f"github:{server.repos[0].name}", "sync_every": LOOK_EVERY, "github": told},
            {f"{name}@example.org": {"github": name} for name in PEOPLE},
            lambda http: GithubEngineer(server, hooks, elsewhere),
            path,
        )


# --- Jira -------------------------------------------------------------------------------------------------------------


class JiraEngineer(OutsideEngineer):
    """Works in the Jira-like stand-in."""

    def __init__(self, server: jira.JiraServer, hooks: Webhooks, elsewhere: str) -> None:
        super().__init__(hooks)
        self._server = server
        self._elsewhere = elsewhere
        self._me = next(user for user in server.site.users if user.name == PEOPLE[0])

    async def finish(self, key: str) -> None:
        """Bring an issue to Done."""
        self._server.finish(self._server.issue(key), self._me)

    async def decline(self, key: str) -> None:
        """Close an issue as Won't Do."""
        self._server.decline(self._server.issue(key), self._me)

    async def look(self, key: str) -> Seen:
        """Look at an issue."""
        with self._server.lock:
            issue = self._server.issue(key)
            return Seen(issue.status.category != "done", tuple(text(comment.body) for comment in issue.comments))

    async def say(self, key: str, words: str) -> None:
        """Comment on an issue."""
        self._server.comment(self._server.issue(key), words, self._me)

    async def move(self, key: str) -> str:
        """Move an issue to another project."""
        issue = self._server.issue(key)
        self._server.move(issue, self._server.project(self._elsewhere), self._me)
        return issue.key


@contextmanager
def _jira(web: str) -> Iterator[DemoTracker]:
    path, secret, elsewhere = "/webhooks/jira", secrets.token_hex(16), "PLAT"
    with jira.running() as server, webhooks.sending(f"{web}{path}", secret, webhooks.JIRA) as hooks:
        server.add_project(elsewhere, "acme platform")
        accounts = {name: server.add_user(name, name.replace("-", " ").capitalize()) for name in PEOPLE}
        hooks.listen(server)
        told = {
            "url": server.url,
            "email": jira.EMAIL,
            "token": jira.TOKEN,
            "webhook_secret": secret,
            "search_lag": "PT3S",
            "new_per_minute": NEW_PER_MINUTE,
        }
        yield DemoTracker(
            "Jira",
            f"a stand-in at {server.url}, which answers programs and has no pages",
            {"default": f"jira:{server.site.projects[0].key}", "sync_every": LOOK_EVERY, "jira": told},
            {f"{name}@example.org": {"jira": user.account_id} for name, user in accounts.items()},
            lambda http: JiraEngineer(server, hooks, elsewhere),
            path,
        )


TRACKERS: dict[str, Callable[[str], AbstractContextManager[DemoTracker]]] = {
    "builtin": _builtin,
    "github": _github,
    "jira": _jira,
}
"""By name, each there for as long as its block lasts; made with the web app's address, where its webhooks go.

`github` raises `Stop` where the extra `standins` is not installed.
"""
