"""Accounts: who people are, their sessions, and API tokens; who sees a private review"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("email", sa.String(length=600), nullable=True, comment="verified, without upper and lower case")
        )
        batch_op.add_column(
            sa.Column("github", sa.String(length=300), nullable=True, comment="login, as the identity provider says")
        )
        batch_op.add_column(
            sa.Column("jira", sa.String(length=300), nullable=True, comment="account, as the identity provider says")
        )
        batch_op.add_column(
            sa.Column(
                "held",
                sa.Text(),
                nullable=True,
                comment="the roles and teams that the identity provider gave, as JSON",
            )
        )
        batch_op.add_column(
            sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True, comment="when it said so last")
        )
        batch_op.create_unique_constraint("people_email_key", ["email"])

    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("private_to", sa.Text(), nullable=True, comment="the teams that see it, as JSON; none: everybody")
        )

    op.create_table(
        "sign_ins",
        sa.Column("key", sa.String(length=64), nullable=False, comment="SHA-256 of what the browser has"),
        sa.Column("body", sa.Text(), nullable=False, comment="state, nonce, verifier and where to go on, as JSON"),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"]),
        sa.PrimaryKeyConstraint("issuer", "subject"),
    )
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identities_person"), ["person"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("key", sa.String(length=64), nullable=False, comment="SHA-256 of what the browser has"),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("is_local", sa.Boolean(), nullable=False, comment="nobody proved who they are"),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, comment="to the minute"),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"]),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_person"), ["person"], unique=False)

    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256 of the token"),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False, comment="as JSON"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True, comment="to the hour"),
        sa.ForeignKeyConstraint(["person"], ["people.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_tokens_person"), ["person"], unique=False)
