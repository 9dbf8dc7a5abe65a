"""Lists that stay fast: who sees what, what is asked of whom, and which issue is watched, each by an index.

The read model is dropped and made anew from the streams, as at any other time.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.drop_table("reviews")
    op.create_table(
        "reviews",
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=4), nullable=False),
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("team", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=True),
        sa.Column(
            "due",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the earliest due date, past or not; `NEVER` where there is none",
        ),
        sa.Column(
            "look_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when its workflow should have looked at it again",
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy", sa.String(length=80), nullable=True, comment="digest of the policy that is pinned to it"),
        sa.Column("is_private", sa.Boolean(), nullable=False, comment="only the teams in `audiences` see it"),
        sa.Column("state", sa.Text(), nullable=False, comment="the folded review without its policy, as JSON"),
        sa.PrimaryKeyConstraint("review_id"),
    )
    op.create_index("ix_reviews_look_at", "reviews", ["look_at"])
    op.create_index("reviews_pressing", "reviews", ["stage", "due", "review_id", "is_private"])

    op.create_table(
        "audiences",
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column("team", sa.String(length=300), nullable=False, comment="one that sees this private review"),
        sa.PrimaryKeyConstraint("review_id", "team"),
    )

    op.create_table(
        "asked",
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column("key", sa.String(length=700), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False, comment="as what somebody is asked"),
        sa.Column(
            "whom",
            sa.String(length=300),
            nullable=False,
            comment="the person or the team; empty where the role is enough",
        ),
        sa.Column("team", sa.String(length=300), nullable=False, comment="whose work it is; empty: no team's"),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False, comment="`NEVER` where there is no due date"),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("review_id", "key"),
    )
    op.create_index("asked_whom", "asked", ["role", "whom", "until", "review_id", "key"])
    op.create_index("asked_role", "asked", ["role", "until", "review_id", "key"])
    op.create_index("asked_team", "asked", ["team", "until", "review_id", "key"])
    op.create_index("asked_until", "asked", ["until", "review_id", "key"])
    op.create_index("asked_urgent", "asked", ["urgent", "until", "review_id", "key"])

    op.drop_table("watched_issues")
    op.create_table(
        "watched_issues",
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False, comment="the item's id, or `tracking`"),
        sa.Column("ref", sa.Text(), nullable=False, comment="the issue's reference, as JSON"),
        sa.Column("tracker", sa.String(length=40), nullable=False),
        sa.Column("issue", sa.String(length=200), nullable=False, comment="its stable id"),
        sa.Column("project", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column(
            "as_of", sa.DateTime(timezone=True), nullable=True, comment="when the read began that told the status"
        ),
        sa.PrimaryKeyConstraint("review_id", "item"),
    )
    op.create_index("watched_issues_issue", "watched_issues", ["tracker", "issue"])
    op.create_index("watched_issues_project", "watched_issues", ["tracker", "project"])

    op.execute("DELETE FROM projection")  # so that it is rebuilt
