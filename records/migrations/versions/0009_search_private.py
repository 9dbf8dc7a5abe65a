"""What is searched is made anew, with whether a review is private: before the words, so that SQLite reads it first."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ON_SQLITE = (
    """CREATE VIRTUAL TABLE searched_words USING fts5(
        title, facts, draft, content='searched', content_rowid='id', tokenize='unicode61 remove_diacritics 0'
    )""",
    """CREATE TRIGGER searched_comes AFTER INSERT ON searched BEGIN
        INSERT INTO searched_words (rowid, title, facts, draft) VALUES (new.id, new.title, new.facts, new.draft);
    END""",
    """CREATE TRIGGER searched_goes AFTER DELETE ON searched BEGIN
        INSERT INTO searched_words (searched_words, rowid, title, facts, draft)
        VALUES ('delete', old.id, old.title, old.facts, old.draft);
    END""",
    """CREATE TRIGGER searched_changes AFTER UPDATE ON searched BEGIN
        INSERT INTO searched_words (searched_words, rowid, title, facts, draft)
        VALUES ('delete', old.id, old.title, old.facts, old.draft);
        INSERT INTO searched_words (rowid, title, facts, draft) VALUES (new.id, new.title, new.facts, new.draft);
    END""",
)

ON_POSTGRESQL = (
    # PostgreSQL would cut words again that are cut already: '3e5f2ab' is a number and a word to its parser.
    """CREATE FUNCTION holdfast_words(said text) RETURNS tsvector IMMUTABLE STRICT LANGUAGE sql AS $$
        SELECT coalesce(string_agg(format('%L:%s', word, place), ' '), '')::tsvector
        FROM unnest(string_to_array(said, ' ')) WITH ORDINALITY AS cut (word, place)
        WHERE word <> ''
    $$""",
    """ALTER TABLE searched ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(holdfast_words(title), 'A')
        || setweight(holdfast_words(facts), 'B')
        || setweight(holdfast_words(draft), 'D')
    ) STORED""",
    # Without fastupdate: words that wait to be indexed would make the planner read the whole table.
    "CREATE INDEX searched_words ON searched USING gin (words) WITH (fastupdate = off)",
)


def upgrade() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if not on_postgresql:
        op.drop_table("searched_words")
    op.drop_table("searched")
    row = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "searched",
        sa.Column("id", row, autoincrement=True, nullable=False, comment="higher is newer"),
        sa.Column("review_id", sa.String(length=300), nullable=False),
        sa.Column(
            "is_private",
            sa.Boolean(),
            nullable=False,
            comment="as `reviews` has it, and so that nothing else is asked",
        ),
        sa.Column("title", sa.Text(), nullable=False, comment="words and stems, as `records.words` cuts them"),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("review_id"),
    )
    for statement in ON_POSTGRESQL if on_postgresql else ON_SQLITE:
        op.execute(statement)
    op.execute("DELETE FROM projection")  # so that it is rebuilt
