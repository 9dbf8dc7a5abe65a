"""API tokens from the command line, and the command line with a token."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from console.services.exposure import why_not
from integrations.openid import OpenIdProvider
from runtime.settings import HeldSettings, SignInSettings, WebSettings, load_settings
from tests.console.conftest import Holdfast, serving
from web.app import create_app


def invoke(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, ["token", *args])
    return result.exit_code, result.stdout, result.stderr


def test_a_token_is_made_listed_and_revoked(elsewhere: Path) -> None:
    (elsewhere / "holdfast.yaml").write_text("sign_in: {people: {ci@example.org: {roles: [contributor]}}}\n")
    code, secret, warned = invoke("create", "ci@example.org", "--purpose", "deploys", "--scope", "read")
    assert (code, warned) == (0, "")
    assert secret.startswith("hf_")
    (line,) = json.loads(invoke("list", "--json")[1])
    assert (line["holder"], line["purpose"], line["scopes"]) == ("ci@example.org", "deploys", ["read"])
    assert (line["state"].startswith("until "), line["used"]) == (True, None)
    assert "deploys" in invoke("list")[1]
    assert invoke("revoke", line["id"]) == (0, f"{line['id']} is revoked.\n", "")
    assert "revoked" in invoke("list")[1]
    assert invoke("revoke", "t-none") == (1, "", "There is no token t-none; see `holdfast token list`.\n")
    assert secret.strip() not in invoke("list", "--json")[1]


def test_who_has_no_role_gets_a_token_and_a_word(elsewhere: Path) -> None:
    code, told, warned = invoke("create", "ci@example.org", "--purpose", "deploys", "--json", "--days", "1")
    assert (code, json.loads(told)["token"][:3]) == (0, "hf_")
    assert warned == ("ci@example.org has no role yet, so this opens nothing: give them one under sign_in.people.\n")


def test_a_token_that_decides_is_not_made_for_another(elsewhere: Path) -> None:
    code, told, said = invoke("create", "ann@example.org", "--purpose", " ", "--scope", "decide")
    assert (code, told) == (1, "")
    assert "--purpose: one line, and not empty." in said
    assert "A token that signs, approves or makes tokens is made by who is to use it" in said


def test_the_command_line_acts_as_whose_token_it_is(holdfast: Holdfast, monkeypatch: pytest.MonkeyPatch) -> None:
    people = {"ci@example.org": HeldSettings(roles=["contributor"])}
    holdfast.deps.provider = OpenIdProvider("http://127.0.0.1:9", "holdfast", None, ["openid"])
    holdfast.deps.sign_in = SignInSettings(people=people)
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", f"{holdfast.records.database.url}")
    secret = invoke("create", "ci@example.org", "--purpose", "x", "--scope", "read", "--scope", "write")[1].strip()
    with serving(create_app(holdfast.deps)) as url:

        def run(*args: str, **env: str) -> tuple[int, str, str]:
            result = CliRunner().invoke(cli.app, args, env={"HOLDFAST_URL": url, **env})
            return result.exit_code, result.stdout, result.stderr

        told = ("--title", "x", "--service", "ranking-api", "--severity", "SEV2", "--id", "1")
        assert run("review", "open", *told) == (1, "", "Sign in first, or bring an API token as a bearer token.\n")
        assert run("review", "list", HOLDFAST_TOKEN="hf_wrong")[2] == (
            "authorization: this token has ended, was revoked, or never was.\n"
        )
        assert run("review", "open", *told, HOLDFAST_TOKEN=secret)[0] == 0
        (first, *_) = json.loads(run("review", "history", "hand:1", "--json", HOLDFAST_TOKEN=secret)[1])
        assert (first["by"], first["door"]) == ("ci@example.org", "token")
        other = run("review", "assign", "hand:1", "b@example.org", "--as", "b@example.org", HOLDFAST_TOKEN=secret)
        assert other[0] == 2
        assert "nobody acts for somebody else" in other[2]
        refused = run("review", "sign", "hand:1", "--team", "ml", HOLDFAST_TOKEN=secret)
        assert refused[0] == 1


@pytest.mark.parametrize(
    ("web", "sign_in", "setting"),
    [
        ({}, {}, None),
        ({"host": "0.0.0.0"}, {}, "web.host"),
        ({}, {"issuer": "http://login.example.org", "client_id": "x"}, "sign_in.issuer"),
        ({}, {"issuer": "https://login.example.org"}, "sign_in.client_id"),
        ({}, {"issuer": "https://login.example.org", "client_id": "x"}, None),
        ({"host": "0.0.0.0"}, {"issuer": "https://login.example.org", "client_id": "x"}, "web.public_url"),
        (
            {"host": "0.0.0.0", "public_url": "http://pir.example.org"},
            {"issuer": "https://login.example.org", "client_id": "x"},
            "web.public_url",
        ),
        (
            {"host": "0.0.0.0", "public_url": "https://pir.example.org"},
            {"issuer": "https://login.example.org", "client_id": "x"},
            None,
        ),
    ],
)
def test_others_are_served_only_where_they_sign_in_over_tls(
    elsewhere: Path, web: dict[str, str], sign_in: dict[str, str], setting: str | None
) -> None:
    settings = load_settings(web=WebSettings.model_validate(web), sign_in=SignInSettings.model_validate(sign_in))
    assert (why_not(settings) or (None,))[0] == setting


def test_up_refuses_to_be_reached_from_outside_without_a_sign_in(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_WEB__HOST", "0.0.0.0")
    result = CliRunner().invoke(cli.app, ["up"])
    assert result.exit_code == 1
    assert result.stderr.startswith("0.0.0.0 can be reached from outside, and no sign-in is set up")
    assert not (elsewhere / ".holdfast").exists()
