"""What the history of an issue on GitHub tells, over GraphQL: who had a hand in it, and whether it was converted.

REST does not lead to the change that closed an issue.

Left out are those who only helped to write a pull request: to read its commits as well would cost ten times as much.
"""

import logging
from collections.abc import Iterator
from typing import Any

log = logging.getLogger(__name__)

HISTORY = """
fragment History on Issue {
  id
  closedAt
  conversions: timelineItems(last: 1, itemTypes: [CONVERTED_TO_DISCUSSION_EVENT]) { nodes { __typename } }
  assignees(first: 10) { nodes { login } }
  hands: timelineItems(first: 100, itemTypes: [ASSIGNED_EVENT, CLOSED_EVENT]) {
    pageInfo { hasNextPage }
    nodes {
      __typename
      ... on AssignedEvent { assignee { __typename ... on Actor { login } } }
      ... on ClosedEvent {
        actor { __typename login }
        closer { __typename ... on PullRequest { ...Pull } ... on Commit { author { name user { login } } } }
      }
    }
  }
  changes: closedByPullRequestsReferences(first: 10, includeClosedPrs: true) {
    pageInfo { hasNextPage }
    nodes { ...Pull }
  }
}
fragment Pull on PullRequest { merged author { __typename login } mergedBy { __typename login } }
"""
"""To be asked of a hundred issues at once, with three more lists of each: 6 of the 5,000 points an hour, and 23,000 of
the 500,000 nodes that a query may reach ("Rate limits and query limits for the GraphQL API" at docs.github.com)."""

_GHOST = "ghost"
"""As GitHub calls who left."""


def was_converted(node: dict[str, Any]) -> bool:
    """Whether it is a discussion by now."""
    return bool(node["conversions"]["nodes"])


def doers_in(node: dict[str, Any], partial: bool) -> tuple[str, ...] | None:
    """Whoever is or was assigned, closed it, or wrote or merged its change; none where that is not all to be seen.

    It is not where a page does not hold it all, and where the answer was `partial`: pull requests were kept from us.
    """
    hands, changes = node["hands"], node["changes"]
    if partial or changes is None or None in changes["nodes"]:
        log.warning("GitHub does not show the changes of issue %s: give the credential Pull requests: read", node["id"])
        return None
    never_closed = all(event["__typename"] != "ClosedEvent" for event in hands["nodes"])
    if hands["pageInfo"]["hasNextPage"] or changes["pageInfo"]["hasNextPage"] or (node["closedAt"] and never_closed):
        return None
    return tuple(dict.fromkeys(_accounts(node)))


def _accounts(node: dict[str, Any]) -> Iterator[str]:
    yield from map(_login, node["assignees"]["nodes"])
    for event in node["hands"]["nodes"]:
        if event["__typename"] == "AssignedEvent":
            yield _login(event["assignee"])
            continue
        yield _login(event["actor"])
        closer = event["closer"] or {"__typename": None}
        if closer["__typename"] == "PullRequest":
            yield from _of_pull(closer)
        if closer["__typename"] == "Commit":
            author = closer["author"] or {}
            yield _login(author["user"]) if author.get("user") else author.get("name") or _GHOST
    for pull in node["changes"]["nodes"]:
        if pull["merged"]:
            yield from _of_pull(pull)


def _of_pull(pull: dict[str, Any]) -> Iterator[str]:
    yield _login(pull["author"])
    yield _login(pull["mergedBy"])


def _login(account: dict[str, Any] | None) -> str:
    """As REST names an account: GraphQL leaves out what marks the account of an App."""
    if account is None:
        return _GHOST
    login: str = account["login"]
    return f"{login}[bot]" if account.get("__typename") == "Bot" else login
