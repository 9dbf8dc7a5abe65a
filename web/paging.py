"""Where a list that is cut into pages goes on: in an address, and in the header that programs follow."""

from typing import Annotated

from fastapi import Query, Request, Response

from records.read_model.paging import Place, place
from web.errors import ApiError

After = Annotated[str | None, Query(description="the place where the page before ended, as its next link has it")]


REVIEWS, ASKED = 1, 2
"""By how many names a list of reviews is sorted, after its due date, and one of what is asked."""


def place_of(after: str | None, names: int) -> Place | None:
    """The place that an address names, in a list sorted by so many names. Raises `ApiError` (422) where it is none."""
    if after is None:
        return None
    try:
        return place(after, names)
    except ValueError as error:
        raise ApiError(422, f"after: {error}.") from None


def link_next(request: Request, response: Response, name: str, following: object) -> None:
    """Tell programs where the next page is, if there is one, as RFC 8288 has it: `Link: <…>; rel="next"`."""
    if following is not None:
        address = request.url.include_query_params(**{name: str(following)})
        response.headers["Link"] = f'<{address.path}?{address.query}>; rel="next"'
