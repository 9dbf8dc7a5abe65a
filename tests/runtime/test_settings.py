import json
from datetime import timedelta
from pathlib import Path

import pytest

from runtime.files import read_yaml
from runtime.settings import CONFIG_VARIABLE, SettingsError, load_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_any_setting_everything_is_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDFAST_DATA_DIR")
    settings = load_settings()
    assert settings.database == f"sqlite:///{tmp_path / '.holdfast' / 'records.db'}"
    assert settings.url == "http://127.0.0.1:8585"
    assert settings.trackers.default == "builtin"


def test_the_environment_counts_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = "web: {port: 1, public_url: 'https://pir.example.org/'}\ntrackers: {sync_every: PT5S}\n"
    (tmp_path / "holdfast.yaml").write_text(file)
    (tmp_path / ".env").write_text("HOLDFAST_ENGINE__PORT=3\nHOLDFAST_WEB__PORT=4\n")
    monkeypatch.setenv("HOLDFAST_WEB__PORT", "2")
    settings = load_settings()
    assert settings.web.port == 2
    assert settings.engine.port == 3
    assert settings.url == "https://pir.example.org"
    assert settings.trackers.sync_every == timedelta(seconds=5)


def test_another_file_can_be_named_and_has_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "other.yaml"))
    with pytest.raises(SettingsError, match="which is not there"):
        load_settings()
    (tmp_path / "other.yaml").write_text("web: {port: 7}\n")
    assert load_settings().web.port == 7


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("web: {port: many}", "web.port"),
        ("wbe: {port: 1}", "wbe"),
        ("pagerduty: {severities: {P1: HIGH}}", "pagerduty.severities.P1"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, file: str, named: str) -> None:
    (tmp_path / "holdfast.yaml").write_text(file)
    with pytest.raises(SettingsError, match=named):
        load_settings()


@pytest.mark.parametrize(
    ("file", "said"),
    [("web: {port", "line 2"), ("- a list", "settings by name"), ("just words", "settings by name")],
)
def test_a_file_that_is_no_settings_is_said(tmp_path: Path, file: str, said: str) -> None:
    (tmp_path / "holdfast.yaml").write_text(f"{file}\n")
    with pytest.raises(SettingsError, match=said):
        load_settings()


def test_a_list_that_is_not_json_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_PAGERDUTY__SECRETS", "hush")
    with pytest.raises(SettingsError, match="written as JSON") as error:
        load_settings()
    assert "hush" not in str(error.value)


def test_what_others_keep_in_dotenv_is_left_alone_and_empty_means_not_set(tmp_path: Path) -> None:
    dotenv = "OTHER=1\nHOLDFAST_AS=somebody\nHOLDFAST_TRACKERS__GITHUB__TOKEN=\nHOLDFAST_WEB__HOST=::1\n"
    (tmp_path / ".env").write_text(dotenv)
    settings = load_settings()
    assert settings.trackers.github.token is None
    assert settings.url == "http://[::1]:8585"


def test_secrets_are_shown_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRACKERS__GITHUB__TOKEN", "TEMPORAL__API_KEY", "INCIDENTS__TOKEN"):
        monkeypatch.setenv(f"HOLDFAST_{name}", "hush-hush")
    monkeypatch.setenv("HOLDFAST_PAGERDUTY__SECRETS", json.dumps(["hush-hush"]))
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", "postgresql://u:hush-hush@127.0.0.1/x")
    settings = load_settings()
    assert "hush" not in repr(settings)
    assert "hush" not in settings.model_dump_json()
    assert settings.database == "postgresql://u:hush-hush@127.0.0.1/x"


def test_a_wrong_secret_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_PAGERDUTY__SECRETS", '{"hush": "hush"}')
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert "hush" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [("a: [1", "line 2"), (None, "is not there"), ("\t", "line 1")],
)
def test_a_file_that_cannot_be_read_is_named_with_the_place(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "file.yaml"
    if content is not None:
        path.write_text(f"{content}\n")
    with pytest.raises(SettingsError, match=said) as error:
        read_yaml(path)
    assert "file.yaml" in str(error.value)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_yaml(tmp_path)
