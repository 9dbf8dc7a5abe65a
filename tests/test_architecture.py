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
    "web": frozenset({"domain", "drafting", "workflows", "records", "integrations", "building", "runtime"}),
    "standins": frozenset(),
    "console": frozenset(ROOMS) - {"cli"},
    "cli": frozenset(ROOMS),
    "building": frozenset({"domain", "activities", "integrations", "records", "runtime"}),
    "worker": frozenset(ROOMS) - {"cli", "console", "standins", "web"},
}
"""Which rooms a room may import, beside itself."""

VENDORS = {"github", "jira"}
NEVER: dict[str, set[str]] = {
    "domain": {"temporalio", "sqlalchemy", "alembic", "httpx", "fastapi", "requests", "os", "yaml", "logging", "scipy"}
    | VENDORS,
    "activities": {"sqlalchemy", "alembic", "httpx", "fastapi"} | VENDORS,
    "workflows": {"sqlalchemy", "alembic", "httpx", "fastapi", "os", "random", "time"} | VENDORS,
    "integrations": {"temporalio", "sqlalchemy", "alembic"},
    "records": {"temporalio", "httpx", "fastapi"} | VENDORS,
    "drafting": {"temporalio", "sqlalchemy", "alembic", "httpx", "fastapi", "os", "pathlib"} | VENDORS,
    "standins": {"temporalio", "sqlalchemy", "alembic", "fastapi"} | VENDORS,
    "building": {"temporalio", "sqlalchemy", "alembic"} | VENDORS,
    "web": {"sqlalchemy", "alembic"} | VENDORS,
}

ONLY_THESE: dict[tuple[str, str], frozenset[str]] = {
    ("web", "workflows"): frozenset({"workflows.contract", "workflows.door"}),
    ("web", "records"): frozenset(
        {
            "records.accounts",
            "records.audit",
            "records.database",  # its error alone: that the database is away
            "records.documents",
            "records.event_log.hash_chain",  # what a recorded event looks like, for the history
            "records.operations",
            "records.read_model",
            "records.store",
        }
    ),
}
"""Where a room may import parts of another one only: the web reads, saves drafts and files, and fills the inbox."""


FOLDERS: dict[str, dict[str, frozenset[str]]] = {
    "domain": {
        "model": frozenset(),
        "drafts": frozenset({"model"}),
        "lifecycle": frozenset({"model", "drafts"}),
        "people": frozenset({"model", "lifecycle"}),
        "trackers": frozenset({"model", "lifecycle"}),
    },
    "records": {
        "event_log": frozenset(),
        "read_model": frozenset({"event_log"}),
        "documents": frozenset({"read_model"}),
        "accounts": frozenset({"documents"}),
        "operations": frozenset({"documents", "read_model"}),
        "migrations": frozenset(),
    },
    "web": {
        "auth": frozenset(),
        "views": frozenset({"auth"}),
        "forms": frozenset({"auth"}),
        "webhooks": frozenset(),
        "actions": frozenset({"auth", "views", "webhooks"}),
        "api": frozenset({"actions", "auth", "views", "webhooks"}),
        "pages": frozenset({"actions", "auth", "forms", "views"}),
    },
    "console": {
        "shell": frozenset(),
        "services": frozenset({"shell"}),
        "checks": frozenset({"services", "shell"}),
        "demo": frozenset({"services", "shell"}),
        "commands": frozenset({"checks", "demo", "services", "shell"}),
    },
    "integrations": {
        "incidents": frozenset(),
        "trackers": frozenset({"incidents"}),
        "notifiers": frozenset({"trackers"}),
    },
    "standins": {"github": frozenset(), "jira": frozenset()},
}
"""The folders of a room, and which folders of the same room each may import. Later ones stand on earlier ones."""

GROUND: dict[str, frozenset[str]] = {
    "domain": frozenset(),
    "records": frozenset({"tables", "database", "calendars"}),
    "web": frozenset({"deps", "errors", "formatting", "markdown", "paging", "references", "rendering", "security"}),
    "console": frozenset(),
    "integrations": frozenset({"evidence", "openid"}),
    "standins": frozenset({"http", "webhooks"}),
}
"""A room's own modules on which its folders stand: they import none of the folders."""

ROOF: dict[str, frozenset[str]] = {
    "records": frozenset({"advance", "audit", "store"}),
    "web": frozenset({"app"}),
}
"""A room's own modules that put its folders together: no folder imports them."""


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


def part_of(room: str, module: str) -> str | None:
    """The folder of a room, or the module of its own, that a dotted name is in; none for the room itself."""
    parts = module.split(".")
    return parts[1] if parts[0] == room and len(parts) > 1 else None


@pytest.mark.parametrize("room", FOLDERS)
def test_everything_in_a_room_is_a_folder_ground_or_roof(room: str) -> None:
    found = {path.stem for path in (ROOT / room).iterdir() if path.suffix == ".py" and path.stem != "__init__"}
    assert found == GROUND[room] | ROOF.get(room, frozenset())
    folders = {path.parent.relative_to(ROOT / room).parts[0] for path in (ROOT / room).glob("*/**/*.py")}
    assert folders == set(FOLDERS[room])


@pytest.mark.parametrize("room", FOLDERS)
def test_a_folder_imports_only_the_folders_that_it_stands_on(room: str) -> None:
    ground, roof = GROUND[room], ROOF.get(room, frozenset())
    wrong = set()
    for file in files_of(room):
        here = file.relative_to(ROOT / room).with_suffix("").parts[0]
        may = ground | FOLDERS[room].get(here, frozenset() if here in ground else frozenset(FOLDERS[room]) | roof)
        for module in imports_of(file):
            part = part_of(room, module)
            if part not in (None, here) and part not in may:
                wrong.add(f"{file.relative_to(ROOT)}: {module}")
    assert wrong == set()


@pytest.mark.parametrize("room", FOLDERS)
def test_no_folder_stands_on_a_later_one(room: str) -> None:
    """So there is no circle: `api` and `pages` of the web app, above all, know nothing of each other."""
    earlier: set[str] = set()
    for folder, below in FOLDERS[room].items():
        assert below <= earlier, folder
        earlier.add(folder)


@pytest.mark.parametrize(("room", "folders"), [("domain", 5), ("records", 6), ("console", 5), ("web", 7)])
def test_a_room_shows_its_folders_on_one_screen(room: str, folders: int) -> None:
    assert len(FOLDERS[room]) <= folders
    shown = [path for path in (ROOT / room).iterdir() if path.name != "__pycache__"]
    assert len(shown) <= 20


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


@pytest.mark.parametrize("room", FOLDERS)
def test_each_room_says_when_to_touch_each_of_its_folders(room: str) -> None:
    text = (ROOT / room / "README.md").read_text(encoding="utf-8")
    for folder in FOLDERS[room]:
        assert f"| `{folder}/` |" in text, folder
