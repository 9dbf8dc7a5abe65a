"""Messages to people, claimed before they are sent"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("key", sa.String(length=500), nullable=False, comment="of one message, so that it is sent once"),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False, comment="due, unknown, sent or failed"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="when it was decided"),
        sa.Column(
            "claimed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when sending began; from then on its outcome is unknown",
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "retry_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="not before this its recipient is sent anything again",
        ),
        sa.Column("says", sa.String(length=20), nullable=True, comment="why it failed"),
        sa.Column("digest", sa.String(length=80), nullable=False, comment="of title and text"),
        sa.Column("body", sa.Text(), nullable=True, comment="the message, as JSON; none once it was claimed"),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_due_at"), ["due_at"], unique=False)
    op.create_table(
        "notice_steps",
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("step", sa.String(length=600), nullable=False, comment="what was told: an ask, and how far it was"),
        sa.Column("notice", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.key"]),
        sa.PrimaryKeyConstraint("recipient", "step"),
    )
    with op.batch_alter_table("notice_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_steps_notice"), ["notice"], unique=False)
