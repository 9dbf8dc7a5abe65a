"""The built-in tracker's issues, and what engineers do with them: the review that watches one hears of it at once."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from domain.model.values import Record
from records.operations.builtin_tracker import BuiltinIssue
from web.actions.issues import LAST, Acted, Action, IssueShown, carry_out, find_issue, list_issues
from web.auth.authentication import Who, acting
from web.deps import WebDeps
from web.errors import WRONG_BODY, ErrorBody, Responses
from web.paging import link_next
from web.references import require_handle
from web.webhooks.dispatch import Dispatcher


class Act(Record):
    """Who acts."""

    by: str | None = Field(
        default=None,
        description="a handle; who closes an issue had a hand in it, and becomes its assignee where nobody is that",
    )


_NO_ISSUE: Responses = {404: {"model": ErrorBody, "description": "There is no such issue."}}


def routes(deps: WebDeps, dispatcher: Dispatcher) -> APIRouter:
    """Reading issues and acting on them."""
    router = APIRouter(prefix="/api/issues", tags=["Built-in tracker"])

    @router.get("", summary="List the issues")
    def list_all(
        request: Request,
        response: Response,
        who: Who,
        limit: Annotated[int, Query(ge=1, le=500, description="how many at once")] = 30,
        before: Annotated[int | None, Query(ge=1, le=LAST, description="only those with a lower number")] = None,
    ) -> list[BuiltinIssue]:
        """The newest issues of the built-in tracker first, without those of reviews that you do not see.

        Where there are more, the header `Link` says where they are (`rel="next"`).
        """
        issues, following = list_issues(deps, who, limit, before)
        link_next(request, response, "before", following)
        return issues

    @router.get("/{key}", summary="Read an issue", responses=_NO_ISSUE)
    def read_issue(key: str, who: Who) -> IssueShown:
        """With its comments, oldest first."""
        return find_issue(deps, key, who)

    @router.post(
        "/{key}/{action}",
        summary="Finish, decline, reopen or delete an issue",
        responses=_NO_ISSUE
        | WRONG_BODY
        | {409: {"model": ErrorBody, "description": "The issue is closed in another way: reopen it first."}},
    )
    async def act(key: str, action: Action, who: Who, body: Annotated[Act | None, Body()] = None) -> Acted:
        """As an engineer would. Only done is done: a declined or deleted issue goes on blocking its review."""
        by = require_handle("by", body.by).strip() if body and body.by is not None else None
        if who.person is not None:
            await run_in_threadpool(acting, deps, who, by)
            by = who.handle
        acted = await run_in_threadpool(carry_out, deps, key, action, by, who)
        dispatcher.poke()
        return acted

    return router
