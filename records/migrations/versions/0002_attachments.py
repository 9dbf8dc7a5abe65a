"""Copies of evidence, and who did what in the built-in tracker"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False, comment="SHA-256 over the bytes"),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="in bytes"),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True, comment="none once it was erased"),
        sa.PrimaryKeyConstraint("review_id", "digest"),
    )
    with op.batch_alter_table("builtin_issues") as batch_op:
        batch_op.add_column(
            sa.Column("doers", sa.Text(), nullable=False, server_default="[]", comment="who was assigned or closed it")
        )
