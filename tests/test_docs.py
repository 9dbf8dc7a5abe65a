"""The map says what the code does."""

import re
from pathlib import Path

from typer.testing import CliRunner

from cli import app
from domain.stages import TRANSITIONS

ROOT = Path(__file__).parents[1]
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_drawn_state_machine_is_the_transition_table() -> None:
    drawn = {
        (None if source == "[*]" else source, target)
        for source, target in re.findall(r"^    (\S+) --> (\w+):", MAP, re.MULTILINE)
    }
    assert drawn == {
        (None if source is None else source.value, target.value)
        for source, targets in TRANSITIONS.items()
        for target in targets
    }


def test_every_file_that_the_documents_link_to_is_there() -> None:
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")]
    assert len(documents) > 8
    for document in documents:
        for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} links to {target}"


def test_every_room_of_the_map_is_there() -> None:
    for name in re.findall(r"^(\w+)/ +", MAP, re.MULTILINE):
        assert (ROOT / name).is_dir(), name


def test_every_command_that_the_readme_names_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"holdfast ((?:review|item|issue|audit|records) [a-z-]+|[a-z-]+)", readme))
    assert len(named) > 10
    for command in sorted(named):
        result = CliRunner().invoke(app, [*command.split(), "--help"])
        assert result.exit_code == 0, f"holdfast {command}: {result.output}"
