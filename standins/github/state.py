"""What people do in the GitHub-like stand-in.

People's doings are plain methods: they ask for no rights, count against no limit, and are told to the listeners as
GitHub would tell them. Rights and limits stand before the REST and GraphQL answers only.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from itertools import count
from typing import Any

from standins.github import shapes
from standins.github.model import SOMEBODY, Comment, Commit, Event, Issue, Repo
from standins.http import Standin


class GithubState(Standin):
    """Repositories and issues, and what people do with them."""

    def __init__(self) -> None:
        super().__init__()
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.repos: list[Repo] = []
        self.by_node: dict[str, Issue] = {}
        self._gone: set[tuple[int, int]] = set()
        self._transferred: dict[tuple[int, int], Issue] = {}
        self._old_names: dict[str, Repo] = {}
        self._ids = count(1001)

    # --- looking ------------------------------------------------------------------------------------------------------

    @property
    def issues(self) -> list[Issue]:
        """All issues and pull requests, repository by repository, oldest first."""
        with self.lock:
            return [issue for repo in self.repos for issue in repo.issues.values()]

    def issue(self, key: str) -> Issue:
        """The issue with the key `owner/repo#1`."""
        name, number = key.rsplit("#", 1)
        return next(r for r in self.repos if r.name == name).issues[int(number)]

    def repo(self, name: str) -> Repo:
        """The repository with this name now."""
        return next(r for r in self.repos if r.name == name)

    # --- repositories -------------------------------------------------------------------------------------------------

    def add_repo(self, name: str) -> Repo:
        """A repository that the token may write to."""
        with self.lock:
            self.repos.append(Repo(next(self._ids), name, created_at=self.clock()))
            return self.repos[-1]

    def rename(self, repo: Repo, name: str) -> None:
        """Give a repository another name; the old one redirects."""
        with self.lock:
            self._old_names[repo.name] = repo
            repo.name = name

    def archive(self, repo: Repo, archived: bool = True) -> None:
        """Make a repository read-only, or writable again."""
        repo.archived = archived

    def switch_issues(self, repo: Repo, on: bool) -> None:
        """Switch a repository's issues on or off; off, they answer 410."""
        repo.has_issues = on

    def hide(self, repo: Repo, hidden: bool = True) -> None:
        """Take the token out of those who may see a repository: all of it answers 404; or let it in again."""
        repo.hidden = hidden

    def take_away(self, repo: Repo, *, reading: bool = False, writing: bool = False) -> None:
        """Take rights on a repository's issues away from the token, midway; without reading there is no writing."""
        repo.may_read_issues = repo.may_read_issues and not reading
        repo.may_write_issues = repo.may_write_issues and not (reading or writing)

    def give_back(self, repo: Repo) -> None:
        """Give all rights on a repository back."""
        repo.may_read_issues = repo.may_write_issues = repo.may_read_pulls = repo.push = True
        repo.hidden = repo.forbidden = False

    def drop_labels(self, repo: Repo) -> None:
        """Take pushing away: labels are dropped silently, and only opening and commenting is left."""
        repo.push = False

    # --- issues -------------------------------------------------------------------------------------------------------

    def open_issue(
        self,
        repo: Repo,
        title: str,
        body: str | None,
        labels: list[str],
        pull: bool = False,
        *,
        by: str = SOMEBODY,
        assignees: Collection[str] = (),
    ) -> Issue:
        """Open an issue or pull request."""
        with self.lock:
            issue = self._add(repo, title, body, list(labels), pull, by)
            issue.assignees = list(assignees)
            self._happened(issue, "opened", by)
            for login in assignees:
                issue.events.append(Event(next(self._ids), "assigned", by, issue.updated_at, login))
            return issue

    def edit(self, issue: Issue, *, title: str | None = None, body: str | None = None, by: str = SOMEBODY) -> None:
        """Change the title, the body, or both."""
        with self.lock:
            changes: dict[str, Any] = {}
            if title is not None and title != issue.title:
                changes["title"], issue.title = {"from": issue.title}, title
            if body is not None and body != issue.body:
                changes["body"], issue.body = {"from": issue.body or ""}, body
            if changes:
                self._happened(issue, "edited", by, changes=changes)

    def close(
        self,
        issue: Issue,
        reason: str | None = "completed",
        by: str = SOMEBODY,
        *,
        closer: "Issue | Commit | None" = None,
    ) -> None:
        """Close an issue as `completed`, `not_planned` or `duplicate`; a closed one keeps its reason."""
        with self.lock:
            if issue.state == "open":
                issue.state, issue.state_reason, issue.closed_by = "closed", reason, by
                issue.closed_at = self.clock()
                self._happened(issue, "closed", by)
                issue.events[-1].closer = closer

    def merge(self, pull: Issue, by: str = SOMEBODY) -> None:
        """Merge a pull request into the default branch, which closes the issues that it is linked with."""
        with self.lock:
            pull.merged_at, pull.merged_by = self.clock(), by
            self.close(pull, None, by)
            for issue in self.issues:
                if pull in issue.changes:
                    self.close(issue, by=by, closer=pull)

    def push(self, issue: Issue, commit: Commit, by: str = SOMEBODY) -> None:
        """Push a commit to the default branch that says that it closes an issue."""
        self.close(issue, by=by, closer=commit)

    def reopen(self, issue: Issue, by: str = SOMEBODY) -> None:
        """Open a closed issue again."""
        with self.lock:
            if issue.state == "closed":
                issue.state, issue.state_reason, issue.closed_at, issue.closed_by = "open", "reopened", None, None
                self._happened(issue, "reopened", by)

    def comment(self, issue: Issue, login: str, text: str) -> Comment:
        """Comment on an issue as `login`."""
        with self.lock:
            now = self.clock()
            comment = Comment(next(self._ids), login, text, now, now)
            issue.thread.append(comment)
            self._commented(issue, comment, "created", login)
            return comment

    def edit_comment(self, issue: Issue, comment: Comment, text: str, by: str | None = None) -> None:
        """Change a comment's text; its author does, where nobody is named."""
        with self.lock:
            old, comment.body, comment.updated_at = comment.body, text, self.clock()
            self._commented(issue, comment, "edited", by or comment.user, changes={"body": {"from": old}})

    def delete_comment(self, issue: Issue, comment: Comment, by: str | None = None) -> None:
        """Take a comment away."""
        with self.lock:
            issue.thread.remove(comment)
            self._commented(issue, comment, "deleted", by or comment.user)

    def assign(self, issue: Issue, *logins: str, by: str = SOMEBODY) -> None:
        """Assign an issue to these too."""
        with self.lock:
            for login in logins:
                if login not in issue.assignees:
                    issue.assignees.append(login)
                    self._happened(issue, "assigned", by, assignee=shapes.user(self.url, login))
                    issue.events[-1].assignee = login

    def unassign(self, issue: Issue, *logins: str, by: str = SOMEBODY) -> None:
        """Take an issue from these."""
        with self.lock:
            for login in logins:
                if login in issue.assignees:
                    issue.assignees.remove(login)
                    self._happened(issue, "unassigned", by, assignee=shapes.user(self.url, login))
                    issue.events[-1].assignee = login

    def label(self, issue: Issue, *names: str, by: str = SOMEBODY) -> None:
        """Add labels to an issue."""
        with self.lock:
            for name in names:
                if name not in issue.labels:
                    issue.labels.append(name)
                    self._happened(issue, "labeled", by, label=shapes.label(self.url, issue.repo, name))

    def unlabel(self, issue: Issue, *names: str, by: str = SOMEBODY) -> None:
        """Take labels from an issue."""
        with self.lock:
            for name in names:
                if name in issue.labels:
                    issue.labels.remove(name)
                    self._happened(issue, "unlabeled", by, label=shapes.label(self.url, issue.repo, name))

    def lock_issue(self, issue: Issue, reason: str | None = None, by: str = SOMEBODY) -> None:
        """Lock the conversation (`off-topic`, `too heated`, `resolved`, `spam`): only who may push can comment."""
        with self.lock:
            issue.locked, issue.lock_reason = True, reason
            self._happened(issue, "locked", by)

    def unlock_issue(self, issue: Issue, by: str = SOMEBODY) -> None:
        """Let everybody comment again."""
        with self.lock:
            issue.locked, issue.lock_reason = False, None
            self._happened(issue, "unlocked", by)

    def convert(self, issue: Issue, reason: str | None = None, by: str = SOMEBODY) -> None:
        """Convert an issue to a discussion: the issue stays, closed and locked, and only its events tell why."""
        with self.lock:
            self.close(issue, reason, by)
            self.lock_issue(issue, None, by)
            issue.events.append(Event(next(self._ids), "converted_to_discussion", by, self.clock()))

    def transfer(self, issue: Issue, repo: Repo, by: str = SOMEBODY) -> Issue:
        """Move an issue: it gets a new number and new ids, and its old address redirects."""
        with self.lock:
            self._take_out(issue)
            moved = self._add(repo, issue.title, issue.body, list(issue.labels), issue.pull_request, issue.user)
            moved.state, moved.state_reason = issue.state, issue.state_reason
            moved.closed_at, moved.closed_by, moved.created_at = issue.closed_at, issue.closed_by, issue.created_at
            moved.assignees, moved.locked, moved.lock_reason = list(issue.assignees), issue.locked, issue.lock_reason
            moved.thread = [Comment(next(self._ids), c.user, c.body, c.created_at, c.updated_at) for c in issue.thread]
            self._relate_again(issue, moved)
            self._transferred[(issue.repo.id, issue.number)] = moved
            there = {
                "new_issue": shapes.issue(self.url, moved),
                "new_repository": shapes.repository(self.url, repo),
            }
            here = {
                "old_issue": shapes.issue(self.url, issue),
                "old_repository": shapes.repository(self.url, issue.repo),
            }
            self._happened(issue, "transferred", by, changes=there)
            self._happened(moved, "opened", by, changes=here)
            return moved

    def delete(self, issue: Issue, by: str = SOMEBODY) -> None:
        """Delete an issue: its address answers 410 to who may read the repository."""
        with self.lock:
            self._take_out(issue)
            self._relate_again(issue, None)
            self._gone.add((issue.repo.id, issue.number))
            self._happened(issue, "deleted", by)

    def add_sub_issue(self, parent: Issue, child: Issue) -> None:
        """Put an issue below another one; it leaves the one that it was below."""
        with self.lock:
            self.remove_sub_issue(child)
            parent.sub_issues.append(child)
            child.parent = parent
            parent.updated_at = child.updated_at = self.clock()

    def remove_sub_issue(self, child: Issue) -> None:
        """Take an issue out from below another one."""
        with self.lock:
            if child.parent is not None:
                child.parent.sub_issues.remove(child)
                child.parent = None

    # --- underneath ---------------------------------------------------------------------------------------------------

    def _add(self, repo: Repo, title: str, body: str | None, labels: list[str], pull: bool, by: str) -> Issue:
        now = self.clock()
        issue = Issue(next(self._ids), next(repo.numbers), repo, title, body, labels, now, now, by, pull_request=pull)
        repo.issues[issue.number] = issue
        self.by_node[issue.node_id] = issue
        return issue

    def _take_out(self, issue: Issue) -> None:
        del issue.repo.issues[issue.number]
        del self.by_node[issue.node_id]

    def _relate_again(self, issue: Issue, moved: Issue | None) -> None:
        """Let the issue that it has become (or none) take its place above and below others."""
        parent, children = issue.parent, list(issue.sub_issues)
        self.remove_sub_issue(issue)
        for child in children:
            self.remove_sub_issue(child)
        if moved is not None:
            if parent is not None:
                self.add_sub_issue(parent, moved)
            for child in children:
                self.add_sub_issue(moved, child)

    def _happened(self, issue: Issue, action: str, by: str, **more: Any) -> None:
        issue.updated_at = self.clock()
        if action not in ("opened", "edited", "deleted"):  # the timeline does not list these
            issue.events.append(Event(next(self._ids), action, by, issue.updated_at))
        if self.listeners:
            self.tell("issues", self._payload(issue, action, by) | more)

    def _commented(self, issue: Issue, comment: Comment, action: str, by: str, **more: Any) -> None:
        issue.updated_at = self.clock()
        if self.listeners:
            payload = self._payload(issue, action, by) | {"comment": shapes.comment(self.url, issue, comment)}
            self.tell("issue_comment", payload | more)

    def _payload(self, issue: Issue, action: str, by: str) -> dict[str, Any]:
        return {
            "action": action,
            "issue": shapes.issue(self.url, issue),
            "repository": shapes.repository(self.url, issue.repo),
            "sender": shapes.user(self.url, by),
        }
