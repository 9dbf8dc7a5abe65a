"""Reviews are found by what they are known again by: service, models, failure modes.

Filled when the read model is made anew, which every change of the shape of a review causes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "review_traits",
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column("trait", sa.String(length=80), nullable=False, comment="digest of what the review is known again by"),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("review_id", "trait"),
    )
    with op.batch_alter_table("review_traits", schema=None) as batch_op:
        batch_op.create_index("review_traits_found", ["trait", "opened", "review_id"], unique=False)
