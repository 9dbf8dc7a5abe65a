"""The tables, in four kinds that are never mixed: streams, documents, the read model, and operational ones."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData()


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC, with its zone on both databases (SQLite keeps none by itself)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To UTC, and without the zone where the database could not keep it."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """With the zone."""
        if value is None:
            return None
        moment: datetime = value
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for no due date in what is sorted by due date: then one index serves the order."""

ROW = BigInteger().with_variant(Integer, "sqlite")

# --- streams: append-only and hash-chained --------------------------------------------------------------------------

events = Table(
    "events",
    metadata,
    Column("stream_id", String(300), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("type", String(100), nullable=False),
    Column("input_id", String(200), nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("text", Text, nullable=False, comment="what is hashed: the whole envelope, as canonical JSON"),
    Column("hash", String(64), nullable=False, comment="SHA-256 over the hash before it and the text"),
    Index("events_input", "stream_id", "input_id"),
)

# --- documents and erasable texts -----------------------------------------------------------------------------------

drafts = Table(
    "drafts",
    metadata,
    Column("review_id", String(300), primary_key=True),
    Column("salt", String(64), nullable=False),
)

draft_revisions = Table(
    "draft_revisions",
    metadata,
    Column("review_id", String(300), ForeignKey("drafts.review_id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("digest", String(80), nullable=False),
    Column("author", String(40), nullable=False),
    Column("saved_at", UtcTime, nullable=False),
    Column("body", Text, nullable=True, comment="none once it was erased"),
)

texts = Table(
    "texts",
    metadata,
    Column("ref", String(80), primary_key=True),
    Column("salt", String(64), nullable=False),
    Column("body", Text, nullable=True, comment="none once it was erased"),
)

people = Table(
    "people",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("handle", String(300), nullable=True, comment="as it was first given; none once it was erased"),
    Column("folded", String(600), nullable=True, unique=True, comment="the handle without upper and lower case"),
    Column("email", String(600), nullable=True, unique=True, comment="verified, without upper and lower case"),
    Column("github", String(300), nullable=True, comment="login, as the identity provider says"),
    Column("jira", String(300), nullable=True, comment="account, as the identity provider says"),
    Column("held", Text, nullable=True, comment="the roles and teams that the identity provider gave, as JSON"),
    Column("signed_in_at", UtcTime, nullable=True, comment="when it said so last"),
)

identities = Table(
    "identities",
    metadata,
    Column("issuer", String(300), primary_key=True),
    Column("subject", String(300), primary_key=True),
    Column("person", String(40), ForeignKey("people.id"), nullable=False, index=True),
)

attachments = Table(
    "attachments",
    metadata,
    Column("review_id", String(300), primary_key=True),
    Column("digest", String(80), primary_key=True, comment="SHA-256 over the bytes"),
    Column("name", String(300), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("size", Integer, nullable=False, comment="in bytes"),
    Column("author", String(40), nullable=False),
    Column("kept_at", UtcTime, nullable=False),
    Column("body", LargeBinary, nullable=True, comment="none once it was erased"),
)

# --- the read model: dropped and rebuilt from the streams at any time -------------------------------------------------

reviews = Table(
    "reviews",
    metadata,
    Column("review_id", String(300), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("stage", String(20), nullable=False),
    Column("severity", String(4), nullable=False),
    Column("service", String(200), nullable=False),
    Column("team", String(200), nullable=False),
    Column("owner", String(40), nullable=True),
    Column("due", UtcTime, nullable=False, comment="the earliest due date, past or not; `NEVER` where there is none"),
    Column("look_at", UtcTime, nullable=True, index=True, comment="when its workflow should have looked at it again"),
    Column("changed_at", UtcTime, nullable=False),
    Column("policy", String(80), nullable=True, comment="digest of the policy that is pinned to it"),
    Column("is_private", Boolean, nullable=False, comment="only the teams in `audiences` see it"),
    Column("state", Text, nullable=False, comment="the folded review without its policy, as JSON"),
    Index("reviews_pressing", "stage", "due", "review_id", "is_private"),
)

audiences = Table(
    "audiences",
    metadata,
    Column("review_id", String(300), primary_key=True),
    Column("team", String(300), primary_key=True, comment="one that sees this private review"),
)

asked = Table(
    "asked",
    metadata,
    Column("review_id", String(300), primary_key=True),
    Column("key", String(700), primary_key=True),
    Column("role", String(10), nullable=False, comment="as what somebody is asked"),
    Column("whom", String(300), nullable=False, comment="the person or the team; empty where the role is enough"),
    Column("team", String(300), nullable=False, comment="whose work it is; empty: no team's"),
    Column("until", UtcTime, nullable=False, comment="`NEVER` where there is no due date"),
    Column("urgent", Boolean, nullable=False),
    Index("asked_whom", "role", "whom", "until", "review_id", "key"),
    Index("asked_role", "role", "until", "review_id", "key"),
    Index("asked_team", "team", "until", "review_id", "key"),
    Index("asked_until", "until", "review_id", "key"),
    Index("asked_urgent", "urgent", "until", "review_id", "key"),
)

projection = Table(
    "projection",
    metadata,
    Column("one", Integer, primary_key=True, comment="always 1"),
    Column("shape", String(80), nullable=False, comment="digest of the shape that the folded reviews were written in"),
)

review_traits = Table(
    "review_traits",
    metadata,
    Column("review_id", String(300), primary_key=True),
    Column("trait", String(80), primary_key=True, comment="digest of what the review is known again by"),
    Column("opened", UtcTime, nullable=False),
    Index("review_traits_found", "trait", "opened", "review_id"),
)

policies = Table(
    "policies",
    metadata,
    Column("digest", String(80), primary_key=True),
    Column("body", Text, nullable=False, comment="the policy, as JSON; the events that pin it have it too"),
)

watched_issues = Table(
    "watched_issues",
    metadata,
    Column("review_id", String(300), primary_key=True),
    Column("item", String(40), primary_key=True, comment="the item's id, or `tracking`"),
    Column("ref", Text, nullable=False, comment="the issue's reference, as JSON"),
    Column("tracker", String(40), nullable=False),
    Column("issue", String(200), nullable=False, comment="its stable id"),
    Column("project", String(300), nullable=False),
    Column("status", String(20), nullable=False),
    Column("as_of", UtcTime, nullable=True, comment="when the read began that told the status"),
    Index("watched_issues_issue", "tracker", "issue"),
    Index("watched_issues_project", "tracker", "project"),
)

searched = Table(
    "searched",
    metadata,
    Column("id", ROW, primary_key=True, autoincrement=True, comment="higher is newer"),
    Column("review_id", String(300), nullable=False, unique=True),
    Column("is_private", Boolean, nullable=False, comment="as `reviews` has it, and so that nothing else is asked"),
    Column("title", Text, nullable=False, comment="words and stems, as `records.words` cuts them"),
    Column("facts", Text, nullable=False),
    Column("draft", Text, nullable=False),
)

ONLY_IN: dict[str, frozenset[str]] = {
    "sqlite": frozenset({f"searched_words{part}" for part in ("", "_data", "_idx", "_docsize", "_config")}),
    "postgresql": frozenset({"words", "searched_words"}),
}
"""What makes `searched` fast, and has no like in the other database: a full-text table, or a column and its index."""

# --- operational ------------------------------------------------------------------------------------------------------

tracker_projects = Table(
    "tracker_projects",
    metadata,
    Column("tracker", String(40), primary_key=True),
    Column("project", String(300), primary_key=True),
    Column("cursor", Text, nullable=True, comment="where the next look goes on; none: everything is read"),
    Column("looked_at", UtcTime, nullable=True),
    Column("swept_at", UtcTime, nullable=True, comment="when every watched issue was read"),
    Column("sweep_began", UtcTime, nullable=True, comment="of a sweep that is not over"),
    Column("trouble", Text, nullable=True, comment="why it could not be looked at, as JSON"),
)

issues_seen = Table(
    "issues_seen",
    metadata,
    Column("tracker", String(40), primary_key=True),
    Column("issue", String(200), primary_key=True, comment="its stable id"),
    Column("seen_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False, comment="what was seen, as JSON"),
)

looks = Table(
    "looks",
    metadata,
    Column("tracker", String(40), primary_key=True),
    Column("issue", String(200), primary_key=True, comment="its stable id"),
    Column("asked_at", UtcTime, nullable=False),
    Column("look_at", UtcTime, nullable=False, comment="when it is to be started, or started again"),
)

engine = Table(
    "engine",
    metadata,
    Column("one", Integer, primary_key=True, comment="always 1: there is one engine"),
    Column("epoch", Integer, nullable=False),
    Column("engine_id", String(100), nullable=False),
    Column("since", UtcTime, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("position", ROW, primary_key=True, autoincrement=True),
    Column("delivery_id", String(200), nullable=False, unique=True),
    Column("source", String(100), nullable=False),
    Column("kind", String(100), nullable=False),
    Column("review_id", String(300), nullable=True),
    Column("body", Text, nullable=True, comment="the input, as JSON; none for what is ignored"),
    Column("state", String(10), nullable=False, comment="new, waiting, sent, done, ignored or failed"),
    Column("received_at", UtcTime, nullable=False),
    Column("look_at", UtcTime, nullable=True, comment="when to look at it again, while it waits or was sent"),
    Column("finished_at", UtcTime, nullable=True),
    Column("note", Text, nullable=True),
    Index("inbox_state", "state", "position"),
)

routes = Table(
    "routes",
    metadata,
    Column("incident", String(300), primary_key=True),
    Column("review_id", String(300), nullable=False),
    Column("source_key", String(700), nullable=True, index=True, comment="source and key, where the source gave one"),
)

claims = Table(
    "claims",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("first_attempt", UtcTime, nullable=False),
    Column("last_attempt", UtcTime, nullable=False, comment="the last that may have created something"),
    Column("held_until", UtcTime, nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("key", String(64), primary_key=True, comment="SHA-256 of what the browser has"),
    Column("body", Text, nullable=False, comment="state, nonce, verifier and where to go on, as JSON"),
    Column("ends_at", UtcTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("key", String(64), primary_key=True, comment="SHA-256 of what the browser has"),
    Column("person", String(40), ForeignKey("people.id"), nullable=False, index=True),
    Column("is_local", Boolean, nullable=False, comment="nobody proved who they are"),
    Column("seen_at", UtcTime, nullable=False, comment="to the minute"),
    Column("ends_at", UtcTime, nullable=False),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True, comment="SHA-256 of the token"),
    Column("person", String(40), ForeignKey("people.id"), nullable=False, index=True),
    Column("made_by", String(40), nullable=False),
    Column("purpose", String(300), nullable=False),
    Column("scopes", Text, nullable=False, comment="as JSON"),
    Column("made_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime, nullable=True),
    Column("used_at", UtcTime, nullable=True, comment="to the hour"),
)

builtin_issues = Table(
    "builtin_issues",
    metadata,
    Column("number", ROW, primary_key=True, autoincrement=True),
    Column("key", String(300), nullable=False, unique=True),
    Column("project", String(200), nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("assignee", String(300), nullable=True),
    Column("due", Date, nullable=True),
    Column("blocked_by", Text, nullable=False, comment="numbers of the issues that are shown as blocking this one"),
    Column("changed_at", UtcTime, nullable=False, index=True),
    Column("doers", Text, nullable=False, server_default="[]", comment="who was assigned or closed it"),
)

builtin_comments = Table(
    "builtin_comments",
    metadata,
    Column("position", ROW, primary_key=True, autoincrement=True),
    Column("number", ROW, ForeignKey("builtin_issues.number"), nullable=False),
    Column("key", String(300), nullable=False),
    Column("author", String(300), nullable=True, comment="none: Holdfast itself"),
    Column("body", Text, nullable=False),
    Column("written_at", UtcTime, nullable=False),
    UniqueConstraint("number", "key"),
)

notices = Table(
    "notices",
    metadata,
    Column("key", String(500), primary_key=True, comment="of one message, so that it is sent once"),
    Column("recipient", String(320), nullable=False),
    Column("outcome", String(10), nullable=False, comment="due, unknown, sent or failed"),
    Column("due_at", UtcTime, nullable=False, index=True, comment="when it was decided"),
    Column("claimed_at", UtcTime, nullable=True, comment="when sending began; from then on its outcome is unknown"),
    Column("sent_at", UtcTime, nullable=True),
    Column("retry_at", UtcTime, nullable=True, comment="not before this its recipient is sent anything again"),
    Column("says", String(20), nullable=True, comment="why it failed"),
    Column("digest", String(80), nullable=False, comment="of title and text"),
    Column("body", Text, nullable=True, comment="the message, as JSON; none once it was claimed"),
)

notice_steps = Table(
    "notice_steps",
    metadata,
    Column("recipient", String(320), primary_key=True),
    Column("step", String(600), primary_key=True, comment="what was told: an ask, and how far it was"),
    Column("notice", String(500), ForeignKey("notices.key"), nullable=False, index=True),
)

notice_threads = Table(
    "notice_threads",
    metadata,
    Column("recipient", String(320), primary_key=True),
    Column("review_id", String(300), primary_key=True),
    Column("channel", String(320), primary_key=True, comment="as the service calls it, such as `#ml`"),
    Column("thread", String(100), nullable=False, comment="as the service calls it: where the review is told of"),
)
