"""Who sees which review, in SQL: what `domain.access.Sight` says, for lists that are cut into pages by the database."""

from sqlalchemy import ColumnElement, exists, not_, or_, true

from domain.access import Sight
from records import tables


def seen_by(sight: Sight) -> ColumnElement[bool]:
    """The condition on `tables.reviews` under which somebody with this sight sees a review."""
    if sight.everything:
        return true()
    shared = exists().where(
        tables.audiences.c.review_id == tables.reviews.c.review_id, tables.audiences.c.team.in_(sight.teams)
    )
    return or_(not_(tables.reviews.c.is_private), shared)
