"""The JSON that GitHub gives for what is kept: all fields that its published schemas ask for, and no state.

`api` is the address of the server.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any
from zlib import crc32

from standins.github.model import Comment, Event, Issue, Repo

WEB = "https://github.test"
"""Where people look; nothing answers there."""

DOCS = "https://docs.github.com/rest"


def time(at: datetime | None) -> str | None:
    """A time as GitHub writes it, in seconds."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=1024)  # a page of issues names the same few people hundreds of times
def user(api: str, login: str) -> dict[str, Any]:
    """An account; the ids of one login are always the same. Not to be changed: it is given out again."""
    id, url = crc32(login.encode()), f"{api}/users/{login}"
    follows = ("followers", "subscriptions", "repos", "received_events")
    return {
        "login": login,
        "id": id,
        "node_id": f"U_kg{id}",
        "avatar_url": f"{WEB}/avatars/{id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/{login}",
        **{f"{name}_url": f"{url}/{name}" for name in follows},
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "organizations_url": f"{url}/orgs",
        "events_url": f"{url}/events{{/privacy}}",
        "type": "Bot" if login.endswith("[bot]") else "User",
        "user_view_type": "public",
        "site_admin": False,
    }


_LINKS = (
    *("archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents"),
    *("contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks"),
    *("issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones"),
    *("notifications", "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags"),
    *("teams", "trees"),
)


def repository(api: str, repo: Repo) -> dict[str, Any]:
    """A repository, as webhooks and searches give it."""
    owner, name = repo.name.split("/")
    url, html = f"{api}/repos/{repo.name}", f"{WEB}/{repo.name}"
    open_issues = sum(issue.state == "open" for issue in repo.issues.values())
    return {
        "id": repo.id,
        "node_id": f"R_kg{repo.id}",
        "name": name,
        "full_name": repo.name,
        "owner": user(api, owner) | {"type": "Organization"},
        "private": True,
        "visibility": "private",
        "html_url": html,
        "description": None,
        "fork": False,
        "url": url,
        **{f"{link}_url": f"{url}/{link}" for link in _LINKS},
        "git_url": f"git://github.test/{repo.name}.git",
        "ssh_url": f"git@github.test:{repo.name}.git",
        "clone_url": f"{html}.git",
        "svn_url": html,
        "mirror_url": None,
        "homepage": None,
        "language": "Python",
        "license": None,
        "default_branch": "main",
        "size": 1,
        **dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers", "watchers_count"), 0),
        "open_issues": open_issues,
        "open_issues_count": open_issues,
        "has_issues": repo.has_issues,
        "has_projects": True,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "archived": repo.archived,
        "disabled": False,
        "topics": [],
        "pushed_at": time(repo.created_at),
        "created_at": time(repo.created_at),
        "updated_at": time(repo.created_at),
    }


def full_repository(api: str, repo: Repo, push: bool, pull: bool) -> dict[str, Any]:
    """A repository, asked for by itself: with the role of who asks."""
    role = {"admin": False, "maintain": False, "push": push, "triage": push, "pull": pull}
    return repository(api, repo) | {"subscribers_count": 0, "network_count": 0, "permissions": role}


def label(api: str, repo: Repo, name: str) -> dict[str, Any]:
    id = crc32(f"{repo.id} {name}".encode())
    return {
        "id": id,
        "node_id": f"LA_kw{id}",
        "url": f"{api}/repos/{repo.name}/labels/{name}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
        "archived_at": None,
        "archived_by": None,
    }


def full_issue(api: str, one: Issue) -> dict[str, Any]:
    """An issue or pull request, as REST gives it."""
    return issue(api, one) | {"closed_by": user(api, one.closed_by) if one.closed_by else None}


def issue(api: str, issue: Issue) -> dict[str, Any]:
    """An issue or pull request, as webhooks and searches give it."""
    repo = f"{api}/repos/{issue.repo.name}"
    url = f"{repo}/issues/{issue.number}"
    html = f"{WEB}/{issue.repo.name}/{'pull' if issue.pull_request else 'issues'}/{issue.number}"
    assignees = [user(api, login) for login in issue.assignees]
    done = sum(child.state == "closed" for child in issue.sub_issues)
    total = len(issue.sub_issues)
    found: dict[str, Any] = {
        "id": issue.id,
        "node_id": issue.node_id,
        "number": issue.number,
        "url": url,
        "repository_url": repo,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": html,
        "title": issue.title,
        "body": issue.body,
        "user": user(api, issue.user),
        "author_association": "MEMBER",
        "state": issue.state,
        "state_reason": issue.state_reason,
        "labels": [label(api, issue.repo, name) for name in issue.labels],
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "locked": issue.locked,
        "active_lock_reason": issue.lock_reason,
        "comments": len(issue.thread),
        "created_at": time(issue.created_at),
        "updated_at": time(issue.updated_at),
        "closed_at": time(issue.closed_at),
        "performed_via_github_app": None,
        "reactions": _reactions(f"{url}/reactions"),
        "sub_issues_summary": {
            "total": total,
            "completed": done,
            "percent_completed": 100 * done // total if total else 0,
        },
    }
    if issue.parent is not None:
        found["parent_issue_url"] = f"{api}/repos/{issue.parent.repo.name}/issues/{issue.parent.number}"
    if issue.pull_request:
        pull = f"{repo}/pulls/{issue.number}"
        links = {"url": pull, "html_url": html, "diff_url": f"{html}.diff", "patch_url": f"{html}.patch"}
        found |= {"draft": False, "pull_request": links | {"merged_at": time(issue.merged_at)}}
    return found


def comment(api: str, issue: Issue, comment: Comment) -> dict[str, Any]:
    repo = f"{api}/repos/{issue.repo.name}"
    url = f"{repo}/issues/comments/{comment.id}"
    return {
        "id": comment.id,
        "node_id": f"IC_kw{comment.id}",
        "url": url,
        "html_url": f"{WEB}/{issue.repo.name}/issues/{issue.number}#issuecomment-{comment.id}",
        "issue_url": f"{repo}/issues/{issue.number}",
        "user": user(api, comment.user),
        "author_association": "MEMBER",
        "body": comment.body,
        "created_at": time(comment.created_at),
        "updated_at": time(comment.updated_at),
        "performed_via_github_app": None,
        "reactions": _reactions(f"{url}/reactions"),
    }


def event(api: str, issue: Issue, event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "node_id": f"EV_kw{event.id}",
        "url": f"{api}/repos/{issue.repo.name}/issues/events/{event.id}",
        "actor": user(api, event.actor),
        "event": event.name,
        "commit_id": None,
        "commit_url": None,
        "created_at": time(event.at),
    }


def _reactions(url: str) -> dict[str, Any]:
    kinds = ("total_count", "+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")
    return {"url": url, **dict.fromkeys(kinds, 0)}
