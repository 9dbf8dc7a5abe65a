"""`holdfast records`, `audit` and `recover`: without the web app, on the records themselves."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from temporalio.client import Client, WorkflowExecutionStatus
from typer.testing import CliRunner, Result

import cli
from domain.lifecycle.inputs import Dismiss, Input, OpenReview
from domain.model.review import Incident
from domain.model.taxonomy import IncidentStatus, Severity
from records.database import Database
from records.store import Records
from runtime.engine import free_port
from runtime.settings import load_settings
from tests.console.conftest import CATALOGUE, Holdfast
from tests.domain.build import POLICY


def run(*args: str, stdin: str = "") -> Result:
    """Run a command."""
    return CliRunner().invoke(cli.app, args, input=stdin)


@pytest.fixture
def kept(elsewhere: Path) -> Records:
    """Records of another engine, with two reviews, one of them dismissed."""
    records = Records(Database(load_settings().database))
    epoch, advance = records.engines.claim("another engine"), records.advance(POLICY, CATALOGUE)
    now = datetime.now(UTC)
    for id in ("one", "two"):
        incident = Incident(
            source="hand",
            id=id,
            status=IncidentStatus.RESOLVED,
            as_of=now,
            title=records.people.keep("It was slow"),
            service="ranking-api",
            severity=Severity.SEV3,
        )
        opening = Input(id=f"open-{id}", by="p-1", body=OpenReview(incident=incident))
        assert advance(f"hand:{id}", opening, now, epoch).answer.accepted
    dismissal = Input(id="dismiss", by="p-1", body=Dismiss(reason=records.people.keep("twice")))
    assert advance("hand:two", dismissal, now, epoch).answer.accepted
    return records


def test_the_read_model_is_made_anew(kept: Records) -> None:
    with kept.database.write() as connection:
        connection.execute(text("DELETE FROM reviews"))
    assert run("records", "rebuild").stdout == "The read model was made anew: 2 reviews.\n"
    assert kept.reviews.ids() == ["hand:one", "hand:two"]
    kept.database.close()


def test_records_that_are_whole_pass_the_audit(kept: Records) -> None:
    result = run("audit", "verify")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "Nothing is wrong.")
    assert result.stdout.startswith(f"Database: {kept.database.shown}\n3 events in 2 reviews, 0 closures.\n")
    head = kept.audit.verify().head
    assert head
    assert f"Head: {head} (3 events)\n" in result.stdout
    one = run("audit", "verify", "hand:one")
    assert f"Head: {kept.audit.verify('hand:one').head} (" in one.stdout
    assert json.loads(run("audit", "verify", "--json").stdout)["wrong"] == []
    kept.database.close()


def test_every_fault_that_an_audit_finds_is_listed(kept: Records) -> None:
    with kept.database.write() as connection:
        connection.execute(text("UPDATE events SET text = replace(text, 'SEV3', 'SEV4') WHERE stream_id = 'hand:one'"))
        connection.execute(text("DELETE FROM reviews WHERE review_id = 'hand:two'"))
    kept.database.close()
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 2
    assert "hand:two: the read model is not what the events make" in result.stderr
    assert "Wrong: 2" in result.stdout
    as_json = run("audit", "verify", "--json")
    assert (as_json.exit_code, len(json.loads(as_json.stdout)["wrong"])) == (1, 2)
    missing = run("audit", "verify", "hand:three")
    assert (missing.exit_code, missing.stderr) == (1, "hand:three: there is no such review.\n")


@pytest.mark.parametrize("args", [("audit", "verify"), ("records", "rebuild")])
def test_where_there_are_no_records_nothing_is_made_and_nothing_passes(elsewhere: Path, args: tuple[str, ...]) -> None:
    result = run(*args)
    file = elsewhere / ".holdfast" / "records.db"
    said = f"There are no records at {file}; is this the right folder?\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", said)
    assert list(elsewhere.iterdir()) == []
    file.parent.mkdir()
    file.touch()
    assert "is this the right folder?" in run(*args).stderr
    file.write_text("this is no database, whatever its name says")
    assert "not a database" in run(*args).stderr


@pytest.mark.parametrize("args", [("records", "migrate"), ("records", "rebuild"), ("audit", "verify"), ("recover",)])
def test_a_database_that_cannot_be_used_is_named(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", "mysql://db.example.org/holdfast")
    result = run(*args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "mysql is not supported; use sqlite:///FILE or postgresql://…\n"


async def test_reviews_go_on_with_another_engine_once_a_person_agrees(
    kept: Records, temporal_address: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", temporal_address)
    declined = await asyncio.to_thread(run, "recover", stdin="n\n")
    assert declined.exit_code == 1
    assert "Have its workers been stopped?" in declined.stdout
    assert declined.stderr.startswith("Nothing was changed.")
    unasked = await asyncio.to_thread(run, "recover")
    assert (unasked.exit_code, unasked.stderr) == (1, declined.stderr)
    agreed = await asyncio.to_thread(run, "recover", stdin="y\n")
    assert agreed.exit_code == 0
    assert agreed.stdout.endswith("1 reviews go on, under epoch 2. Deliveries sent again: 0.\n")
    again = await asyncio.to_thread(run, "recover", "--yes")
    assert again.stdout == "1 reviews go on, under epoch 3. Deliveries sent again: 0.\n"
    started = client.get_workflow_handle("review/hand:one")
    assert (await started.describe()).status is WorkflowExecutionStatus.RUNNING
    await started.terminate()
    kept.database.close()


def test_where_temporal_is_away_nothing_is_lost(kept: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", f"127.0.0.1:{free_port()}")
    result = run("recover", "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("No Temporal service answers at 127.0.0.1:")
    assert result.stderr.endswith("The records are safe. Once Temporal answers, run `holdfast recover` (again).\n")
    owner = kept.engines.owner()
    assert owner is not None
    assert owner.epoch == 1
    kept.database.close()


def test_what_the_web_app_recorded_passes_the_audit(holdfast: Holdfast) -> None:
    review = holdfast.signed()
    report = holdfast.records.audit.verify(review)
    assert report.wrong == ()
