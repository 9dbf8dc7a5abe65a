"""`holdfast check`: every setting that cannot be used is named, with what to do."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli
from console.checks import settings as checks
from console.checks.people import people
from console.checks.result import Level
from console.services import find_temporal as reaching
from domain.people.memberships import Identity
from domain.trackers.ports import IssueTracker, UnavailableError
from integrations.trackers.github.tracker import GithubTracker
from records.database import Database
from records.store import Records
from runtime.engine import free_port
from runtime.hosts import is_loopback
from runtime.settings import load_settings
from runtime.temporal import connect, engine_id
from tests.console.conftest import ROOT
from tests.web.provider import provider


@pytest.fixture
def here(elsewhere: Path, monkeypatch: pytest.MonkeyPatch, temporal_address: str) -> Path:
    """A folder where everything can be used."""
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", temporal_address)
    monkeypatch.setenv("HOLDFAST_PAGERDUTY__SECRETS", '["one", "two"]')
    monkeypatch.setenv("HOLDFAST_INCIDENTS__TOKEN", "a long random text")
    monkeypatch.setenv("HOLDFAST_NOTIFY__ADMIN__CHANNELS", '["json://127.0.0.1:1/"]')
    (elsewhere / "catalogue.yaml").write_text((ROOT / "catalogue.example.yaml").read_text())
    return elsewhere


def checked(code: int) -> dict[str, Any]:
    """What `holdfast check` finds, by setting."""
    result = CliRunner().invoke(cli.app, ["check", "--json"])
    assert result.exit_code == code, result.output
    read = json.loads(result.stdout)
    assert read["usable"] is (code == 0)
    return {line["what"]: line for line in read["checked"]}


def test_where_all_is_well_nothing_is_to_be_done_and_nothing_is_made(here: Path) -> None:
    before = sorted(here.iterdir())
    found = checked(0)
    assert {line["level"] for line in found.values()} == {"ok"}
    assert {line["todo"] for line in found.values()} == {""}
    assert sorted(here.iterdir()) == before
    result = CliRunner().invoke(cli.app, ["check"])
    assert result.exit_code == 0
    assert result.stdout.endswith("\n\nNothing is wrong.\n")


def test_what_is_wrong_is_told_in_full_and_ends_with_one(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_WEB__HOST", "0.0.0.0")
    result = CliRunner().invoke(cli.app, ["check"])
    assert result.exit_code == 1
    line = next(line for line in result.stdout.splitlines() if line.startswith("wrong"))
    assert "0.0.0.0 can be reached from outside, and no sign-in is set up" in line
    assert line.endswith(" or set web.host to 127.0.0.1.")
    assert result.stdout.endswith("\n\n1 wrong.\n")


def test_wrong_settings_are_named_and_nothing_else_is_looked_at(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_WEB__PORT", "front")
    assert checked(1)["settings"]["found"].startswith("web.port: this has to be a whole number")


def test_where_the_settings_come_from_is_told(here: Path) -> None:
    (here / "holdfast.yaml").write_text("engine: {port: 7000}\n")
    assert checked(0)["settings"]["found"] == "Read from holdfast.yaml and the environment."
    (here / ".env").write_text("")
    assert checked(0)["settings"]["found"] == "Read from holdfast.yaml, .env and the environment."


@pytest.mark.parametrize(
    ("text", "level", "found"),
    [
        (None, "warn", "catalogue.yaml is not there, so no incident qualifies for a review by itself."),
        ("teams: {}", "warn", "catalogue.yaml names no service"),
        ("services: {api: {title: API, team: ops}}", "wrong", "services.api.team: 'ops' is not in teams"),
        ("service: {}", "wrong", "catalogue.yaml: service: unknown field; did you mean services?"),
        ("teams: [", "wrong", "catalogue.yaml, line 1: "),
    ],
)
def test_a_catalogue_that_says_nothing_or_wrong_things_is_told_of(
    here: Path, text: str | None, level: str, found: str
) -> None:
    (here / "catalogue.yaml").unlink()
    if text is not None:
        (here / "catalogue.yaml").write_text(text)
    line = checked(1 if level == "wrong" else 0)["catalogue"]
    assert line["level"] == level
    assert found in line["found"]
    assert line["todo"]


def test_a_policy_has_to_be_there_and_name_rules_that_there_are(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_POLICY", "policy.yaml")
    found = checked(1)
    assert found["policy"]["found"] == "policy.yaml is not there."
    assert found["tracker builtin:default"]["level"] == "ok"
    default = (ROOT / "runtime/policy.yaml").read_text()
    (here / "policy.yaml").write_text(default.replace("causes@1", "causes@7", 1))
    assert checked(1)["policy"]["found"] == (
        "Profile 'near miss' names the rule causes@7, which this release does not know."
    )
    (here / "policy.yaml").write_text(default.replace("causes@1", "causes@7"))
    assert checked(1)["policy"]["found"].startswith("Profiles 'near miss', 'grave', 'moderate' and 'light' name the")
    (here / "policy.yaml").write_text(default.replace("severities: [SEV1, SEV2]", "severities: [SEV1, SEV9]", 1))
    assert checked(1)["policy"]["found"] == (
        "policy.yaml: qualifies.severities.1: this has to be SEV1, SEV2, SEV3 or SEV4"
    )
    (here / "policy.yaml").write_text(default)
    assert checked(0)["policy"]["found"].startswith("'default' (policy.yaml), sha256:")


def test_the_database_is_looked_at_and_left_as_it_is(here: Path) -> None:
    assert checked(0)["database"]["found"].endswith("records.db is not there yet; the first start makes it.")
    file = here / ".holdfast" / "records.db"
    file.parent.mkdir()
    file.touch()
    found = checked(0)["database"]
    assert (found["level"], found["todo"]) == ("warn", "Run `holdfast records migrate`.")
    assert CliRunner().invoke(cli.app, ["records", "migrate"]).stdout.endswith("has the newest schema.\n")
    assert checked(0)["database"]["found"].endswith("answers, and its schema is current.")


@pytest.mark.parametrize(
    "url", ["holdfast.db", "mysql://db.example.org/holdfast", "postgresql://postgres:word@127.0.0.1:1/holdfast"]
)
def test_a_database_that_cannot_be_used_is_told_of_without_its_password(
    here: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", url)
    found = checked(1)
    assert found["database"]["level"] == "wrong"
    assert "sqlite:///FILE or postgresql://" in found["database"]["todo"]
    assert "word" not in json.dumps(found).replace("USER:PASSWORD", "")
    assert found["temporal"]["level"] == "ok"


def test_records_of_another_engine_are_told_of(here: Path, temporal_address: str) -> None:
    records = Records(Database(load_settings().database))
    records.engines.claim("another engine")
    line = checked(1)["temporal"]
    assert f"{temporal_address} answers, and the records belong to another engine (since " in line["found"]
    assert "holdfast recover" in line["todo"]

    async def id_here() -> str:
        return await engine_id(await connect(load_settings().temporal))

    records.engines.take_over(asyncio.run(id_here()))
    records.database.close()
    assert checked(0)["temporal"]["level"] == "ok"


def test_temporal_has_to_answer(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", address)
    assert f"No Temporal service answers at {address}." in checked(1)["temporal"]["found"]


def test_temporal_that_nobody_set_may_be_away(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDFAST_TEMPORAL__ADDRESS")
    away, engine = f"127.0.0.1:{free_port()}", free_port()
    monkeypatch.setattr(reaching, "is_default", lambda settings: True)
    monkeypatch.setattr(checks, "is_default", lambda settings: True)
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", away)
    monkeypatch.setenv("HOLDFAST_ENGINE__PORT", str(engine))
    line = checked(0)["temporal"]
    assert (line["level"], line["found"]) == (
        "warn",
        f"It is not running now (looked at {away} and 127.0.0.1:{engine}).",
    )


def test_the_engine_of_up_is_found_where_it_listens(
    here: Path, monkeypatch: pytest.MonkeyPatch, temporal_address: str
) -> None:
    away = f"127.0.0.1:{free_port()}"
    monkeypatch.setattr(reaching, "is_default", lambda settings: True)
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", away)
    monkeypatch.setenv("HOLDFAST_ENGINE__PORT", temporal_address.rpartition(":")[2])
    line = checked(0)["temporal"]
    assert line["level"] == "ok"
    assert f"It is the engine of `holdfast up`; nothing answers at {away}." in line["found"]
    records = Records(Database(load_settings().database))
    records.engines.claim("another engine")
    records.database.close()
    assert "the records belong to another engine" in checked(1)["temporal"]["found"]


def test_an_address_that_somebody_set_is_the_only_one_looked_at(
    here: Path, monkeypatch: pytest.MonkeyPatch, temporal_address: str
) -> None:
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("HOLDFAST_ENGINE__PORT", temporal_address.rpartition(":")[2])
    assert checked(1)["temporal"]["level"] == "wrong"
    monkeypatch.setenv("HOLDFAST_TEMPORAL__CLIENT_CERT", "gone.pem")
    monkeypatch.setenv("HOLDFAST_TEMPORAL__CLIENT_KEY", "gone.pem")
    monkeypatch.setenv("HOLDFAST_TEMPORAL__ADDRESS", temporal_address)
    assert checked(1)["temporal"]["todo"] == "Correct it."


def test_an_unknown_setting_is_answered_with_one_that_is_near(here: Path) -> None:
    (here / "holdfast.yaml").write_text("web: {prot: 8585}\n")
    assert checked(1)["settings"]["found"] == "web.prot: unknown setting; did you mean port?"
    said = CliRunner().invoke(cli.app, ["worker"])
    assert (said.exit_code, said.stderr) == (1, "web.prot: unknown setting; did you mean port?\n")
    (here / "holdfast.yaml").write_text("web: [")
    assert CliRunner().invoke(cli.app, ["worker"]).stderr.startswith("holdfast.yaml, line 1: ")


def test_temporal_has_to_answer_in_time(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(settings: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(reaching, "connect", never)
    monkeypatch.setattr(checks, "PATIENCE", 0.01)
    assert "did not answer within" in checked(1)["temporal"]["found"]


def test_a_tracker_has_to_be_set_up(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_TRACKERS__DEFAULT", "github:example-org/items")
    line = checked(1)["tracker github:example-org/items"]
    assert line["found"] == ("There is no tracker 'github' set up; ready are builtin. trackers.default names it.")
    assert "HOLDFAST_TRACKERS__GITHUB__TOKEN" in line["todo"]
    monkeypatch.setenv("HOLDFAST_TRACKERS__DEFAULT", "jira:ITEMS")
    assert checked(1)["tracker jira:ITEMS"]["todo"] == (
        "Set trackers.jira.url, trackers.jira.token and trackers.jira.email (or cloud_id, for OAuth)."
    )
    monkeypatch.setenv("HOLDFAST_TRACKERS__DEFAULT", "gitlab:items")
    assert "`jira:PROJECT`" in checked(1)["tracker gitlab:items"]["todo"]


def test_a_place_that_is_none_is_told_of_by_its_setting(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_TRACKERS__ROUTES", '[{"to": "builtin"}, {"to": "GitHub acme"}]')
    line = checked(1)["trackers"]
    assert line["level"] == "wrong"
    assert "trackers.routes.1.to: " in line["found"]
    assert "'GitHub acme' is not a place" in line["found"]


def test_a_catalogue_that_cannot_be_read_leaves_the_trackers_alone(here: Path) -> None:
    (here / "catalogue.yaml").write_text("teams: [")
    assert checked(1)["trackers"]["found"] == "Not looked at, since the catalogue cannot be read."


def test_a_route_that_names_what_the_catalogue_does_not_is_told_of(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    routes = [{"to": "builtin", "services": ["ranking-api", "rankin-api"], "models": ["ranker"], "teams": ["mll"]}]
    monkeypatch.setenv("HOLDFAST_TRACKERS__ROUTES", json.dumps(routes))
    found = checked(0)
    assert found["trackers.routes.0.services"]["found"].startswith("rankin-api: the catalogue does not list that")
    assert found["trackers.routes.0.teams"]["level"] == "warn"
    assert "trackers.routes.0.models" not in found


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"URL": "https://jira.example.org"}, "Set trackers.jira.token and trackers.jira.email (or cloud_id"),
        ({"TOKEN": "t"}, "Set trackers.jira.url and trackers.jira.email (or cloud_id"),
        ({"EMAIL": "holdfast@example.org"}, "Set trackers.jira.url and trackers.jira.token."),
        ({"URL": "https://jira.example.org", "DEPLOYMENT": "data_center"}, "Set trackers.jira.token."),
        (
            {"URL": "https://jira.example.org", "TOKEN": "t", "EMAIL": "a@example.org", "CLOUD_ID": "1"},
            "Leave out cloud_id, for an API token; or email, for OAuth.",
        ),
        (
            {"URL": "https://jira.example.org", "TOKEN": "t", "EMAIL": "a@example.org", "DEPLOYMENT": "data_center"},
            "Leave both out, or set trackers.jira.deployment to cloud.",
        ),
    ],
)
def test_a_jira_that_is_half_set_up_is_told_of_and_the_others_are_tried(
    here: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], lacking: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"HOLDFAST_TRACKERS__JIRA__{name}", value)
    found = checked(1)
    assert (found["trackers.jira"]["level"], found["trackers.jira"]["todo"][: len(lacking)]) == ("wrong", lacking)
    assert found["tracker builtin:default"]["level"] == "ok"


def test_a_token_and_an_app_at_once_are_told_of(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_TRACKERS__DEFAULT", "github:example-org/items")
    monkeypatch.setenv("HOLDFAST_TRACKERS__GITHUB__TOKEN", "token")
    monkeypatch.setenv("HOLDFAST_TRACKERS__GITHUB__APP", '{"id": "1", "private_key": "secret"}')
    found = checked(1)
    for what in ("trackers.github", "tracker github:example-org/items"):
        assert found[what]["todo"] == "Leave out trackers.github.token or trackers.github.app."
    assert "secret" not in json.dumps(found["trackers.github"])


def test_a_sign_in_that_cannot_be_built_is_told_of(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"URL": "jira.example.org", "TOKEN": "t", "EMAIL": "a@example.org"}.items():
        monkeypatch.setenv(f"HOLDFAST_TRACKERS__JIRA__{name}", value)
    line = checked(1)["trackers"]
    assert line["found"].startswith("trackers.jira.url: ")
    assert line["todo"] == "Correct it; no tracker project was tried."
    monkeypatch.setenv("HOLDFAST_TRACKERS__JIRA__URL", "https://jira.example.org")
    monkeypatch.setenv("HOLDFAST_TRACKERS__DEFAULT", "builtin")
    assert checked(0)["tracker builtin:default"]["level"] == "ok"


def test_a_tracker_in_use_without_webhooks_is_told_of(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GithubTracker, "check", lambda self, project: [])
    monkeypatch.setenv("HOLDFAST_TRACKERS__DEFAULT", "github:example-org/items")
    monkeypatch.setenv("HOLDFAST_TRACKERS__GITHUB__TOKEN", "token")
    line = checked(0)["trackers.github.webhook_secret"]
    assert (line["level"], "a change is known after 5 min at most" in line["found"]) == ("warn", True)
    assert "/webhooks/github" in line["todo"]
    assert "trackers.jira.webhook_secret" not in checked(0)
    monkeypatch.setenv("HOLDFAST_TRACKERS__GITHUB__WEBHOOK_SECRET", "secret")
    assert checked(0)["trackers.github.webhook_secret"]["level"] == "ok"


def test_a_tracker_that_fails_in_being_checked_is_told_of(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(self: IssueTracker, project: str) -> list[str]:
        raise UnavailableError("nobody answered")

    monkeypatch.setattr(GithubTracker, "check", check)
    monkeypatch.setenv("HOLDFAST_TRACKERS__ROUTES", '[{"to": "github:example-org/items", "teams": ["ml"]}]')
    monkeypatch.setenv("HOLDFAST_TRACKERS__GITHUB__TOKEN", "token")
    line = checked(1)["tracker github:example-org/items"]
    assert line["found"] == "It cannot be looked at: nobody answered"
    assert line["todo"].endswith("trackers.routes.0.to names it.")


def test_every_tracker_project_is_tried(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = here / "catalogue.yaml"
    catalogue.write_text(catalogue.read_text().replace("    # tracker: ", "    tracker: "))
    monkeypatch.setenv("HOLDFAST_TRACKERS__GITHUB__TOKEN", "token")
    asked = []

    def check(self: IssueTracker, project: str) -> list[str]:
        asked.append(project)
        return [f"Issues are switched off in {project}."]

    monkeypatch.setattr(GithubTracker, "check", check)
    found = checked(1)
    assert asked == ["example-org/fraud"]
    assert found["tracker github:example-org/fraud"]["found"] == "Issues are switched off in example-org/fraud."
    assert found["tracker builtin:default"]["level"] == "ok"


def test_incidents_need_a_way_in(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDFAST_PAGERDUTY__SECRETS")
    monkeypatch.setenv("HOLDFAST_INCIDENTS__TOKEN", "")
    found = checked(0)
    assert [found[what]["level"] for what in ("pagerduty.secrets", "incidents.token")] == ["warn", "warn"]


@pytest.mark.parametrize(
    ("host", "near"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("holdfast.example.org", False)],
)
def test_only_addresses_of_this_machine_are_near(host: str, near: bool) -> None:
    assert is_loopback(host) is near


def test_channels_that_cannot_be_used_are_told_of_without_their_secrets(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checked(0)["notify"]["found"].startswith("1 recipient can be told.")
    monkeypatch.setenv("HOLDFAST_NOTIFY__PEOPLE", '{"ann@example.org": {"channels": ["json://h/", "slack://hush"]}}')
    monkeypatch.setenv("HOLDFAST_NOTIFY__TEAMS", '{"mll": {"channels": ["json://h/"]}}')
    found = checked(1)
    line = found["notify person/ann@example.org, channel 2"]
    assert line["level"] == "wrong"
    assert line["found"].startswith("What follows slack:// is not what Apprise expects there")
    assert "hush" not in json.dumps(found)
    assert found["notify.teams.mll"]["level"] == "warn"
    (here / "catalogue.yaml").write_text("teams: [")
    assert "notify.teams.mll" not in checked(1)


def test_where_nobody_can_be_told_of_what_is_asked_it_says_so(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDFAST_NOTIFY__ADMIN__CHANNELS")
    assert checked(0)["notify"]["found"] == "There is no channel, so nobody is told what is asked of them."
    monkeypatch.setenv("HOLDFAST_NOTIFY__TEAMS", '{"ml": {"channels": ["json://h/"]}}')
    assert checked(0)["notify.admin"]["todo"] == "Set notify.admin.channels."


def test_a_country_without_known_holidays_is_told_of(here: Path) -> None:
    (here / "catalogue.yaml").write_text("teams: {ml: {title: ML, lead: l@example.org, country: XX}}")
    assert "the holidays of 'XX' are not known" in checked(1)["catalogue"]["found"]


def test_who_can_do_what_is_told_and_warned_of_below_one_to_spare(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every = {"roles": ["contributor", "signer", "approver"]}
    teams = ("ml", "infrastructure", "product")
    named = {f"{team}-{n}@example.org": every | {"teams": [team]} for team in teams for n in (1, 2)}
    monkeypatch.setenv("HOLDFAST_SIGN_IN__ISSUER", "https://id.example")
    monkeypatch.setenv("HOLDFAST_SIGN_IN__CLIENT_ID", "holdfast")
    monkeypatch.setenv("HOLDFAST_SIGN_IN__PEOPLE", json.dumps(named))
    found = {line.what: line for line in people(load_settings())}
    told = found["people for feature-store, fraud-scoring and ranking-api, profile grave"]
    assert (told.level, told.found.split(";")[0]) == (Level.OK, "write: 6 people")
    del named["product-2@example.org"]
    monkeypatch.setenv("HOLDFAST_SIGN_IN__PEOPLE", json.dumps(named))
    records = Records(Database(load_settings().database))
    records.accounts.sign_in(Identity(issuer="https://id.example", subject="1"), datetime.now(UTC))
    records.database.close()
    short = [line for line in people(load_settings()) if "profile grave" in line.what]
    assert [line.level for line in short] == [Level.WARN]
    assert "Only product-1@example.org can sign for product" in short[0].found


def test_a_team_that_is_to_sign_and_that_the_catalogue_does_not_list_is_told_of(here: Path) -> None:
    file = here / "catalogue.yaml"
    file.write_text(file.read_text().replace("product:", "payments:", 1))
    line = checked(0)["catalogue.roles"]
    assert line["found"] == "The policy has product sign, and the catalogue has no such team."
    file.write_text(file.read_text() + "\nroles: {product: payments}\n")
    assert "catalogue.roles" not in checked(0)


async def test_an_identity_provider_is_asked_who_it_is(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with provider("http://127.0.0.1:8585/sign-in/callback") as asked:
        monkeypatch.setenv("HOLDFAST_SIGN_IN__ISSUER", asked.issuer)
        monkeypatch.setenv("HOLDFAST_SIGN_IN__CLIENT_ID", "holdfast")
        found = await asyncio.to_thread(checks.sign_in, load_settings())
        assert found.level is Level.OK
        assert "http://127.0.0.1:8585/sign-in/callback" in found.found
        asked.described = {"issuer": "https://another.example.org"}
        found = await asyncio.to_thread(checks.sign_in, load_settings())
        assert (found.level, found.what) == (Level.WRONG, "sign_in.issuer")
