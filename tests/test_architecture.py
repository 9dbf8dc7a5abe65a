"""The import table of the design, held against the code."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROOMS = (
    "domain",
    "drafting",
    "activities",
    "workflows",
    "integrations",
    "records",
    "runtime",
    "web",
    "console",
    "standins",
    "cli",
    "building",
    "worker",
)

MAY_IMPORT: dict[str, frozenset[str]] = {
    "domain": frozenset(),
    "drafting": frozenset({"domain"}),
    "activities": frozenset({"domain"}),
    "workflows": frozenset({"domain", "activities"}),
    "integrations": frozenset({"domain"}),
    "records": frozenset({"domain"}),
    "runtime": frozenset(),
    "web": frozenset({"domain", "workflows", "records", "integrations", "runtime"}),
    "standins": frozenset(),
    "console": frozenset(ROOMS) - {"cli"},
    "cli": frozenset(ROOMS),
    "building": frozenset({"domain", "activities", "integrations", "records", "runtime"}),
    "worker": frozenset(ROOMS) - {"cli", "console", "standins", "web"},
}
"""Which rooms a room may import, beside itself."""

VENDORS = {"github", "jira"}
NEVER: dict[str, set[str]] = {
    "domain": {"temporalio", "sqlalchemy", "alembic", "httpx", "fastapi", "requests", "os", "yaml", "logging"}
    | VENDORS,
    "activities": {"sqlalchemy", "alembic", "httpx", "fastapi"} | VENDORS,
    "workflows": {"sqlalchemy", "alembic", "httpx", "fastapi", "os", "random", "time"} | VENDORS,
    "integrations": {"temporalio", "sqlalchemy", "alembic"},
    "records": {"temporalio", "httpx", "fastapi"} | VENDORS,
    "drafting": {"temporalio", "sqlalchemy", "alembic", "httpx", "fastapi", "os", "pathlib"} | VENDORS,
    "standins": {"temporalio", "sqlalchemy", "alembic", "fastapi"} | VENDORS,
    "web": {"sqlalchemy", "alembic"} | VENDORS,
}

ONLY_THESE: dict[tuple[str, str], frozenset[str]] = {
    ("web", "workflows"): frozenset({"workflows.contract", "workflows.door"}),
    ("web", "records"): frozenset(
        {
            "records.accounts.accounts",
            "records.read_model.tasks",
            "records.documents.attachments",
            "records.audit",
            "records.operations.builtin_tracker",
            "records.event_log.hash_chain",  # what a recorded event looks like, for the history
            "records.database",
            "records.documents.drafts",
            "records.operations.inbox",
            "records.operations.notifications",
            "records.read_model.paging",
            "records.documents.erasable_texts",
            "records.read_model.reviews",
            "records.read_model.search",
            "records.accounts.sessions",
            "records.store",
            "records.accounts.tokens",
            "records.read_model.tokenizer",
        }
    ),
}
"""Where a room may import parts of another one only: the web reads, saves drafts and files, and fills the inbox."""


def files_of(room: str) -> list[Path]:
    if (ROOT / f"{room}.py").is_file():
        return [ROOT / f"{room}.py"]
    return sorted((ROOT / room).rglob("*.py"))


def imports_of(file: Path) -> set[str]:
    """Every module that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            assert node.module is not None
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(module: str) -> str:
    return module.partition(".")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_files(room: str) -> None:
    assert files_of(room)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_that_the_design_allows(room: str) -> None:
    wrong = {
        f"{file.relative_to(ROOT)}: {module}"
        for file in files_of(room)
        for module in imports_of(file)
        if room_of(module) in ROOMS and room_of(module) not in MAY_IMPORT[room] | {room}
    }
    assert wrong == set()


@pytest.mark.parametrize("room", NEVER)
def test_a_room_never_imports_what_is_not_its_business(room: str) -> None:
    wrong = {
        f"{file.relative_to(ROOT)}: {module}"
        for file in files_of(room)
        for module in imports_of(file)
        if room_of(module) in NEVER[room]
    }
    assert wrong == set()


@pytest.mark.parametrize(("room", "other"), ONLY_THESE)
def test_a_room_imports_no_more_of_another_than_it_may(room: str, other: str) -> None:
    allowed = ONLY_THESE[room, other]
    wrong = {
        f"{file.relative_to(ROOT)}: {module}"
        for file in files_of(room)
        for module in imports_of(file)
        if room_of(module) == other
        and module != other
        and not any(module == part or module.startswith(f"{part}.") for part in allowed)
    }
    assert wrong == set()


def test_the_core_needs_pydantic_and_the_standard_library_only() -> None:
    wrong = {
        f"{file.name}: {module}"
        for file in files_of("domain")
        for module in imports_of(file)
        if room_of(module) not in {"domain", "pydantic", *sys.stdlib_module_names}
    }
    assert wrong == set()


def test_the_core_asks_no_clock() -> None:
    for file in files_of("domain"):
        text = file.read_text(encoding="utf-8")
        assert ".now(" not in text, file
        assert "utcnow" not in text, file


def test_nobody_but_the_command_line_imports_the_worker() -> None:
    for room in set(ROOMS) - {"cli", "console", "worker"}:
        for file in files_of(room):
            assert "worker" not in {room_of(module) for module in imports_of(file)}, file


@pytest.mark.parametrize("room", ["workflows", "activities"])
def test_rooms_that_the_sandbox_loads_have_empty_packages(room: str) -> None:
    assert (ROOT / room / "__init__.py").read_text(encoding="utf-8").strip() == ""


def test_workflow_ids_and_task_queues_stand_in_the_contract_only() -> None:
    for room in ROOMS:
        for file in files_of(room):
            if file.name == "contract.py":
                continue
            text = file.read_text(encoding="utf-8")
            for name in ('"review/', "'review/", '"holdfast-sync"'):
                assert name not in text, f"{file} spells {name}"


@pytest.mark.parametrize(
    "room",
    [
        "activities",
        "console",
        "domain",
        "drafting",
        "integrations",
        "records",
        "runtime",
        "standins",
        "web",
        "workflows",
    ],
)
def test_each_room_says_when_to_touch_it(room: str) -> None:
    first = (ROOT / room / "README.md").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("Touch this when") for line in first[:4]), room
