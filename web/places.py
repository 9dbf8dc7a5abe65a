"""Where a list that is cut into pages goes on: in an address, and in the header that programs follow."""

from typing import Annotated

from fastapi import Query, Request, Response

from records.paging import Place, place
from web.errors import ApiError

After = Annotated[str | None, Query(description="the place where the page before ended, as its next link has it")]


def place_of(after: str | None) -> Place | None:
    """The place in a list that an address names. Raises `ApiError` (422) where no page gave it."""
    if after is None:
        return None
    try:
        return place(after)
    except ValueError as error:
        raise ApiError(422, f"after: {error}.") from None


def link_next(request: Request, response: Response, name: str, following: object) -> None:
    """Tell programs where the next page is, if there is one, as RFC 8288 has it: `Link: <…>; rel="next"`."""
    if following is not None:
        address = request.url.include_query_params(**{name: str(following)})
        response.headers["Link"] = f'<{address.path}?{address.query}>; rel="next"'
