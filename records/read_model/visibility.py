"""Who sees which review, in SQL: what `permissions.Sight` says, for lists that are cut into pages by the database."""

from sqlalchemy import ColumnElement, Table, exists, not_, or_, true

from domain.lifecycle.permissions import Sight
from records import tables


def seen_by(sight: Sight, rows: Table = tables.reviews) -> ColumnElement[bool]:
    """The condition on rows, of which each is a review's, under which somebody with this sight sees that review."""
    if sight.everything:
        return true()
    shared = exists().where(tables.audiences.c.review_id == rows.c.review_id, tables.audiences.c.team.in_(sight.teams))
    return or_(not_(rows.c.is_private), shared)
