"""The first schema"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "builtin_issues",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("project", sa.String(length=200), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("assignee", sa.String(length=300), nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column(
            "blocked_by", sa.Text(), nullable=False, comment="numbers of the issues that are shown as blocking this one"
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("builtin_issues", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_builtin_issues_changed_at"), ["changed_at"], unique=False)

    op.create_table(
        "claims",
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("first_attempt", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "last_attempt",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the last that may have created something",
        ),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "drafts",
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("review_id"),
    )
    op.create_table(
        "engine",
        sa.Column("one", sa.Integer(), nullable=False, comment="always 1: there is one engine"),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("engine_id", sa.String(length=100), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
    op.create_table(
        "events",
        sa.Column("stream_id", sa.String(length=300), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("input_id", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="what is hashed: the whole envelope, as canonical JSON"),
        sa.Column("hash", sa.String(length=64), nullable=False, comment="SHA-256 over the hash before it and the text"),
        sa.PrimaryKeyConstraint("stream_id", "seq"),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("events_input", ["stream_id", "input_id"], unique=False)

    op.create_table(
        "inbox",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("review_id", sa.String(length=300), nullable=True),
        sa.Column("body", sa.Text(), nullable=True, comment="the input, as JSON; none for what is ignored"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="new, waiting, sent, done, ignored or failed"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "look_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when to look at it again, while it waits or was sent",
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("delivery_id"),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index("inbox_state", ["state", "position"], unique=False)

    op.create_table(
        "people",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column(
            "handle", sa.String(length=300), nullable=True, comment="as it was first given; none once it was erased"
        ),
        sa.Column("folded", sa.String(length=600), nullable=True, comment="the handle without upper and lower case"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("folded"),
    )
    op.create_table(
        "projection",
        sa.Column("one", sa.Integer(), nullable=False, comment="always 1"),
        sa.Column(
            "shape",
            sa.String(length=80),
            nullable=False,
            comment="digest of the shape that the folded reviews were written in",
        ),
        sa.PrimaryKeyConstraint("one"),
    )
    op.create_table(
        "policies",
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="the policy, as JSON; the events that pin it have it too"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "reviews",
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=4), nullable=False),
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("team", sa.String(length=200), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=True),
        sa.Column("next_deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "look_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when its workflow should have looked at it again",
        ),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy", sa.String(length=80), nullable=True, comment="digest of the policy that is pinned to it"),
        sa.Column("state", sa.Text(), nullable=False, comment="the folded review without its policy, as JSON"),
        sa.PrimaryKeyConstraint("review_id"),
    )
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reviews_look_at"), ["look_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_reviews_stage"), ["stage"], unique=False)

    op.create_table(
        "routes",
        sa.Column("incident", sa.String(length=300), nullable=False),
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column(
            "source_key", sa.String(length=700), nullable=True, comment="source and key, where the source gave one"
        ),
        sa.PrimaryKeyConstraint("incident"),
    )
    with op.batch_alter_table("routes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_routes_source_key"), ["source_key"], unique=False)

    op.create_table(
        "texts",
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=True, comment="none once it was erased"),
        sa.PrimaryKeyConstraint("ref"),
    )
    op.create_table(
        "tracker_projects",
        sa.Column("tracker", sa.String(length=40), nullable=False),
        sa.Column("project", sa.String(length=300), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True, comment="where the next look goes on; none: everything is read"),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True, comment="when every watched issue was read"),
        sa.Column("sweep_began", sa.DateTime(timezone=True), nullable=True, comment="of a sweep that is not over"),
        sa.Column("trouble", sa.Text(), nullable=True, comment="why it could not be looked at, as JSON"),
        sa.PrimaryKeyConstraint("tracker", "project"),
    )
    op.create_table(
        "issues_seen",
        sa.Column("tracker", sa.String(length=40), nullable=False),
        sa.Column("issue", sa.String(length=200), nullable=False, comment="its stable id"),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="what was seen, as JSON"),
        sa.PrimaryKeyConstraint("tracker", "issue"),
    )
    op.create_table(
        "looks",
        sa.Column("tracker", sa.String(length=40), nullable=False),
        sa.Column("issue", sa.String(length=200), nullable=False, comment="its stable id"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "look_at", sa.DateTime(timezone=True), nullable=False, comment="when it is to be started, or started again"
        ),
        sa.PrimaryKeyConstraint("tracker", "issue"),
    )
    op.create_table(
        "watched_issues",
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False, comment="the item's id, or `tracking`"),
        sa.Column("ref", sa.Text(), nullable=False, comment="the issue's reference, as JSON"),
        sa.Column("tracker", sa.String(length=40), nullable=False),
        sa.Column("project", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column(
            "as_of", sa.DateTime(timezone=True), nullable=True, comment="when the read began that told the status"
        ),
        sa.PrimaryKeyConstraint("review_id", "item"),
    )
    with op.batch_alter_table("watched_issues", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_watched_issues_tracker"), ["tracker"], unique=False)

    op.create_table(
        "builtin_comments",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("author", sa.String(length=300), nullable=True, comment="none: Holdfast itself"),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["number"],
            ["builtin_issues.number"],
        ),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("number", "key"),
    )
    op.create_table(
        "draft_revisions",
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=True, comment="none once it was erased"),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["drafts.review_id"],
        ),
        sa.PrimaryKeyConstraint("review_id", "revision"),
    )
