"""Threads in which teams are told of a review"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "notice_threads",
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column("channel", sa.String(length=320), nullable=False, comment="as the service calls it, such as `#ml`"),
        sa.Column(
            "thread",
            sa.String(length=100),
            nullable=False,
            comment="as the service calls it: where the review is told of",
        ),
        sa.PrimaryKeyConstraint("recipient", "review_id", "channel"),
    )
