"""GitHub's limits, as switches that count for themselves.

From "Rate limits for the REST API" and "Rate limits and query limits for the GraphQL API" at docs.github.com: an
hourly budget for each account and resource (primary); points a minute and content created a minute (secondary).
The first is always counted, the others once they are switched on.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from standins.http import Answer, Request

PRIMARY = "API rate limit exceeded for {account}."
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
CREATION = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content creation."
    " Please retry your request again later."
)
PRIMARY_DOCS = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
SECONDARY_DOCS = f"{PRIMARY_DOCS}#about-secondary-rate-limits"

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Budget:
    """What an account may still ask of a resource until the window ends."""

    limit: int
    reset: datetime
    used: int = 0

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass
class Limits:
    """The limits, and what has been used of them.

    `hourly`: requests an hour by resource, for each account. `points` and `content`: a minute, none while switched
    off (really 900 and 80). A secondary limit is told with `status` 403 or 429, and with `Retry-After` where
    `tells_wait`. `graphql_type` is how GraphQL names the primary one; `RATE_LIMIT` has been seen as well.
    """

    clock: Callable[[], datetime]
    hourly: dict[str, int] = field(default_factory=lambda: {"core": 5000, "graphql": 5000, "search": 1800})
    points: int | None = None
    content: int | None = None
    status: int = 403
    tells_wait: bool = True
    graphql_type: str = "RATE_LIMITED"
    _budgets: dict[tuple[str, str], Budget] = field(default_factory=dict)
    _points: deque[tuple[datetime, int]] = field(default_factory=deque)
    _content: deque[tuple[datetime, int]] = field(default_factory=deque)

    # --- switches -----------------------------------------------------------------------------------------------------

    def switch_on(self, *, points: int | None = 900, content: int | None = 80, hourly: int | None = None) -> None:
        """Count points and created content a minute from now on, and give each account so many requests an hour."""
        self.points, self.content = points, content
        self._points.clear()
        self._content.clear()
        if hourly is not None:
            self.hourly["core"] = self.hourly["graphql"] = hourly
            self._budgets.clear()

    def switch_off(self) -> None:
        """Count no points and no content, and forget what was spent."""
        self.points = self.content = None
        self._budgets.clear()

    def spend(self, account: str, resource: str = "core", remaining: int = 0, reset_in: timedelta = HOUR) -> None:
        """Let an account have used up its budget but for so many requests, until then."""
        budget = self._budgets[account, resource] = Budget(self.hourly[resource], self.clock() + reset_in)
        budget.used = budget.limit - remaining

    # --- counting -----------------------------------------------------------------------------------------------------

    def budget(self, account: str, resource: str) -> Budget:
        """What is left for an account; a new window begins with its first request."""
        budget = self._budgets.get((account, resource))
        if budget is None or budget.reset <= self.clock():
            budget = self._budgets[account, resource] = Budget(self.hourly[resource], self.clock() + HOUR)
        return budget

    def refusal(self, account: str, resource: str, request: Request) -> Answer | None:
        """The answer to a request that a limit forbids; none where none does. The request is counted against bursts."""
        budget = self.budget(account, resource)
        if budget.remaining == 0:
            return self.primary(account, resource)
        now, creates = self.clock(), request.method == "POST" and resource == "core"
        if self.points is not None and _full(self._points, now, self.points):
            return self.secondary(SECONDARY, self._wait(self._points))
        if self.content is not None and creates and _full(self._content, now, self.content):
            return self.secondary(CREATION, self._wait(self._content))
        if self.points is not None:
            self._points.append((now, 1 if request.method == "GET" or resource == "graphql" else 5))
        if self.content is not None and creates:
            self._content.append((now, 1))
        return None

    def count(self, account: str, resource: str) -> None:
        """Take a request from the budget."""
        self.budget(account, resource).used += 1

    def headers(self, account: str, resource: str) -> dict[str, str]:
        """What each answer tells of the budget."""
        budget = self.budget(account, resource)
        return {
            "X-RateLimit-Limit": str(budget.limit),
            "X-RateLimit-Remaining": str(budget.remaining),
            "X-RateLimit-Used": str(budget.used),
            "X-RateLimit-Reset": str(int(budget.reset.timestamp())),
            "X-RateLimit-Resource": resource,
        }

    # --- answers ------------------------------------------------------------------------------------------------------

    def primary(self, account: str, resource: str) -> Answer:
        """The hourly budget is spent. GraphQL tells that with 200."""
        message = PRIMARY.format(account=account)
        if resource == "graphql":
            return Answer(200, {"errors": [{"type": self.graphql_type, "message": message}]})
        return Answer(403, {"message": message, "documentation_url": PRIMARY_DOCS, "status": "403"})

    def secondary(self, message: str = SECONDARY, wait: int = 60) -> Answer:
        """Too much at once."""
        headers = {"Retry-After": str(wait)} if self.tells_wait else {}
        body: dict[str, Any] = {"message": message, "documentation_url": SECONDARY_DOCS, "status": str(self.status)}
        return Answer(self.status, body, headers)

    def _wait(self, window: deque[tuple[datetime, int]]) -> int:
        return max(1, int((window[0][0] + MINUTE - self.clock()).total_seconds()) + 1) if window else 60


def _full(window: deque[tuple[datetime, int]], now: datetime, limit: int) -> bool:
    while window and window[0][0] <= now - MINUTE:
        window.popleft()
    return sum(points for _, points in window) >= limit
