from sqlalchemy import func, select, update

from domain.drafts.prefill import traits
from domain.lifecycle.inputs import AssignOwner, IncidentTold, MakePrivate, SubmitDraft
from domain.model.review import Review
from domain.model.taxonomy import Severity, Stage
from records import tables
from records.store import Records
from tests.domain.build import document
from tests.records.build import Teller, told


def test_reviews_that_another_release_wrote_in_another_shape_are_made_anew(records: Records) -> None:
    teller = Teller(records)
    review = teller.to_remediation()
    before = teller.find(review)
    with records.database.write() as connection:
        connection.execute(update(tables.reviews).values(state=func.replace(tables.reviews.c.state, "{", '{"of":1,')))
        connection.execute(update(tables.projection).values(shape="of another release"))
    again = Records(records.database)
    assert again.reviews.find(review) == before
    assert again.audit.verify().wrong == ()


def test_opening_the_records_again_makes_nothing_anew(records: Records) -> None:
    teller = Teller(records)
    review = teller.open()
    changed = select(tables.reviews.c.changed_at)
    with records.database.read() as connection:
        before = connection.execute(changed).scalar_one()
    with Records(records.database).database.read() as connection:
        assert connection.execute(changed).scalar_one() == before
    assert teller.say(review, AssignOwner(owner="p-new")).answer.accepted


def test_a_policy_that_many_reviews_are_under_is_kept_once(records: Records) -> None:
    teller = Teller(records)
    reviews = [teller.open(f"Q{n}") for n in range(3)]
    assert len({id(teller.find(review).policy) for review in reviews}) == 1
    with records.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.policies)).scalar_one() == 1


def alike(records: Records, review: Review, touched: tuple[str, ...] = (), limit: int = 10) -> list[str]:
    return [other.id for other in records.reviews.alike(review, traits(review, touched), limit)]


def test_earlier_reviews_of_the_same_service_are_found_the_newest_first_and_no_more_than_asked_for(
    records: Records,
) -> None:
    teller = Teller(records)
    first, second, third, last = (teller.to_draft(f"Q{n}") for n in range(4))
    assert alike(records, teller.find(third)) == [second, first], "neither itself nor what came later"
    assert alike(records, teller.find(last), limit=2) == [third, second]
    assert alike(records, Review(id="hand:1")) == []
    unopened = teller.find(first).model_copy(update={"id": "hand:1", "opened": None})
    assert alike(records, unopened) == [last, third, second, first]
    teller.say(second, MakePrivate(teams=("recs",), reason="text:why"))
    assert alike(records, teller.find(third)) == [first]
    records.reviews.rebuild()
    assert alike(records, teller.find(third)) == [first]


def test_an_excluded_incident_was_no_review_and_is_not_found(records: Records) -> None:
    teller = Teller(records)
    small = told("Q0").incident.model_copy(update={"severity": Severity.SEV4})
    teller.say("pagerduty:Q0", IncidentTold(incident=small))
    assert teller.find("pagerduty:Q0").stage is Stage.EXCLUDED
    assert alike(records, teller.find(teller.open("Q1"))) == []


def test_reviews_are_found_by_the_failure_modes_that_were_submitted(records: Records) -> None:
    teller = Teller(records)
    before = teller.to_draft("Q1")
    saved = records.drafts.save(before, document(failure_modes={"touched": ["FM-12"]}), "p-submitter")
    assert teller.say(before, SubmitDraft(revision=saved.revision, digest=saved.digest), "p-submitter").answer.accepted
    review = teller.find(teller.to_draft("Q2"))
    elsewhere = review.model_copy(update={"incidents": {}})
    assert alike(records, elsewhere) == []
    assert alike(records, elsewhere, ("fm-12",)) == [before]
    assert records.audit.verify().wrong == ()
