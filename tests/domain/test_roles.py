"""Which roles people have in a review, and by which names they are known."""

from domain.model.catalogue import Catalogue
from domain.model.review import Review
from domain.people.review_roles import COLLEAGUE, roles_by_name, roles_in
from tests.domain.build import SIGNERS, SUBMITTER, in_draft, in_remediation

PEOPLE = Catalogue.model_validate(
    {
        "teams": {"recs": {"title": "Recommendations", "lead": "recs.lead@example.org"}},
        "people": {"ann.two@example.org": {"github": "anntwo", "jira": "atwo"}, "bo@example.org": {}},
    }
)


def test_everybody_has_the_role_that_says_most_of_what_they_did_then() -> None:
    review = in_remediation(responder="on-call", lead="lead").review
    assert roles_in(review) == {
        "engineer": "the owner of I1",
        **{by: f"the signer for {team}" for team, by in SIGNERS.items() if team in review.signatures},
        SUBMITTER: "the author of the draft",
        "lead": "the team lead",
        "on-call": "the on-call engineer",
    }
    other = review.model_copy(update={"owner": SUBMITTER})
    assert roles_in(other)[SUBMITTER] == "the owner of the review"
    assert roles_in(Review(id="hand:1")) == {}


def test_people_are_known_by_handle_by_account_and_by_the_name_in_their_address() -> None:
    review = in_draft(responder="on-call", lead=None).review
    handles = {"on-call": "ann.two@example.org"}
    assert roles_by_name(review, PEOPLE, handles, ["x@example.org"]) == {
        "x@example.org": COLLEAGUE,
        "ann.two@example.org": "the on-call engineer",
        "anntwo": "the on-call engineer",
        "atwo": "the on-call engineer",
        "Ann Two": "the on-call engineer",
        "bo@example.org": COLLEAGUE,
        "recs.lead@example.org": "the lead of Recommendations",
        "Recs Lead": "the lead of Recommendations",
    }
    assert roles_by_name(review, Catalogue(), {}) == {}, "who was erased is called by nothing"
