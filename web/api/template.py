"""What a review's draft is asked, by the template that is pinned to it: for whoever writes it outside the web app."""

from fastapi import APIRouter
from pydantic import Field

from domain.model.template import Question, Section
from domain.model.values import Record
from web.api.reviews import ReviewId
from web.auth.authentication import Who, review_for
from web.deps import WebDeps
from web.errors import ApiError, ErrorBody


class Asked(Record):
    """The parts of a draft, and the questions that this review has to answer."""

    template: str = Field(description="name@version of the pinned template; empty where the policy is older than that")
    sections: tuple[Section, ...]
    questions: tuple[Question, ...] = Field(description="those that are asked of a review of its kinds and service")


def routes(deps: WebDeps) -> APIRouter:
    """The template of a review."""
    router = APIRouter(prefix="/api/reviews", tags=["Reviews"])

    @router.get(
        "/{review_id}/template",
        summary="Read what a draft is made of, and what it is asked",
        responses={404: {"model": ErrorBody, "description": "There is no such review."}},
    )
    def template(review_id: ReviewId, who: Who) -> Asked:
        """As of the policy that the review was opened under."""
        review = review_for(deps, review_id, who)
        policy, profile = review.policy, review.profile
        if policy is None or profile is None:
            raise ApiError(404, f"{review_id} is not reviewed, so its draft is asked nothing.")
        asked = tuple(question for question in policy.questions if profile.asks(question, review.kinds, review.service))
        return Asked(template=policy.template, sections=policy.sections, questions=asked)

    return router
