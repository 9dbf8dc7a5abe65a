from sqlalchemy import func, select, update

from domain.inputs import AssignOwner
from records import tables
from records.store import Records
from tests.records.build import Teller


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
