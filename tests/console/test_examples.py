"""The example files are true: they can be used as they are, and name every setting that there is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from console.shell.parsing import read_draft
from domain.lifecycle.closure_rules import DRAFT_RULES
from runtime.settings import Settings, load_settings
from tests.console.conftest import CATALOGUE, ROOT, Holdfast
from tests.domain.build import POLICY

SETTINGS = ROOT / "holdfast.example.yaml"
ENVIRONMENT = ROOT / ".env.example"


def fields(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all settings that can be set, parts included in none."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation, (*path, name))
        else:
            yield (*path, name)


def leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of what a file sets, as far as the settings have parts."""
    if isinstance(value, dict) and path not in set(fields(Settings)):
        for name, part in value.items():
            yield from leaves(part, (*path, name))
    else:
        yield path


def uncommented(text: str) -> str:
    """The text with every line that sets something set, and every sentence still a comment."""
    return re.sub(r"^# (?= *[a-z_]+:( |$))", "", text, flags=re.MULTILINE)


def test_the_settings_file_can_be_used_as_it_is(elsewhere: Path) -> None:
    (elsewhere / "holdfast.yaml").write_text(SETTINGS.read_text())
    assert load_settings() == Settings()


def test_the_settings_file_names_every_setting_and_shows_its_default(elsewhere: Path) -> None:
    text = uncommented(SETTINGS.read_text())
    assert set(leaves(yaml.safe_load(text))) == set(fields(Settings))
    (elsewhere / "holdfast.yaml").write_text(text)
    _only_examples_differ(load_settings())


def test_the_environment_file_names_every_variable_and_shows_its_default(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ENVIRONMENT.read_text()
    named = re.findall(r"^# (HOLDFAST_[A-Z_]+)=", text, flags=re.MULTILINE)
    assert sorted(named) == sorted(f"HOLDFAST_{'__'.join(path).upper()}" for path in fields(Settings))
    (elsewhere / ".env").write_text(text)
    assert load_settings() == Settings()
    (elsewhere / ".env").write_text(re.sub(r"^# (?=HOLDFAST_)", "", text, flags=re.MULTILINE))
    _only_examples_differ(load_settings())


def _only_examples_differ(read: Settings) -> None:
    """What has no default is shown by an example; everything else is shown as it is without being set."""
    default = Settings.model_construct()
    for path in fields(Settings):
        shown, without = read, default
        for name in path:
            shown, without = getattr(shown, name), getattr(without, name)
        assert shown == without or not without, ".".join(path)


def test_no_line_of_the_examples_is_too_wide_to_read() -> None:
    for file in (SETTINGS, ENVIRONMENT, ROOT / "catalogue.example.yaml", ROOT / "docs/examples/draft.yaml"):
        assert [line for line in file.read_text().splitlines() if len(line) > 120] == []


def test_the_catalogue_names_the_teams_that_sign() -> None:
    assert {team for profile in POLICY.profiles for team in profile.teams} <= {*CATALOGUE.teams, "owning"}
    assert CATALOGUE.models_of("ranking-api") == ("ranker",)


def test_the_draft_can_be_read_and_meets_the_default_policy(holdfast: Holdfast) -> None:
    document = read_draft(ROOT / "docs/examples/draft.yaml")
    assert {item.owner for item in document.items} <= {team.lead for team in CATALOGUE.teams.values()}
    in_the_way = holdfast.json("review", "why", holdfast.submitted("SEV1"))["blockers"]
    assert {b["rule"] for b in in_the_way} & {*DRAFT_RULES, "prevention"} == set()
