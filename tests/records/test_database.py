from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text

from domain.people.memberships import Identity
from records import tables
from records.accounts.accounts import Accounts
from records.database import Database, DatabaseError, _alembic


def test_the_migrations_make_the_tables_that_the_code_describes(database: Database) -> None:
    database.migrate()
    beside = tables.ONLY_IN[database.engine.dialect.name]
    left_out: set[str] = set()

    def is_in_both(object: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
        if name not in beside or not reflected:
            return True
        left_out.add(name)
        return False

    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_in_both})
        assert compare_metadata(context, tables.metadata) == []
    assert left_out == beside
    assert database.schema_is_current()


def test_who_was_known_before_there_were_accounts_is_known_after(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'records.db'}")
    with database.write() as connection:
        command.upgrade(_alembic(connection), "0001")
        connection.execute(text("INSERT INTO people (id, handle, folded) VALUES ('p-1', 'Ann@x.org', 'ann@x.org')"))
    database.migrate()
    identity = Identity(issuer="https://login.example.org", subject="s", email="ANN@x.org")
    assert Accounts(database).sign_in(identity, datetime.now(UTC)).person == "p-1"
    database.close()


def test_migrating_again_and_at_once_changes_nothing(database: Database) -> None:
    database.migrate()
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: database.migrate(), range(4))) == [None] * 4
    assert database.schema_is_current()


def test_a_fresh_file_is_not_current(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'deeper' / 'records.db'}")
    assert not database.schema_is_current()
    database.close()


def test_a_write_that_fails_changes_nothing(database: Database) -> None:
    database.migrate()

    def fail_half_way() -> None:
        with database.write() as connection:
            connection.execute(insert(tables.people).values(id="p-1", handle="someone"))
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail_half_way()
    with database.read() as connection:
        assert connection.execute(select(tables.people)).all() == []


def test_an_unknown_kind_of_database_is_refused_with_what_to_use() -> None:
    with pytest.raises(DatabaseError, match="sqlite:///FILE or postgresql"):
        Database("mysql://127.0.0.1/x")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "not understood"),
        ("sqlite://", "needs a file"),
        ("sqlite:////dev/null/x/records.db", "cannot be made"),
    ],
)
def test_an_address_that_cannot_be_used_is_said(url: str, said: str) -> None:
    with pytest.raises(DatabaseError, match=said):
        Database(url)


def test_a_database_that_is_away_is_an_error_without_the_password() -> None:
    database = Database("postgresql://holdfast:secret@127.0.0.1:1/none?connect_timeout=2")
    for act in (database.migrate, database.schema_is_current):
        with pytest.raises(DatabaseError) as error:
            act()
        assert "secret" not in str(error.value)
        assert "127.0.0.1" in str(error.value)
    database.close()
