"""Everything that is persisted or public, by name, as text: what stands in `pinned.txt`.

What is recorded is read for ever, and what is public is used by others. So a change of any of it is a decision, which a
reader of the difference sees. `python -m tests.pinned` writes the file anew.
"""

import asyncio
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args, get_type_hints

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from temporalio import activity, workflow
from typer.main import get_command

import activities
import workflows
from cli import app as cli
from domain.lifecycle import events, inputs
from domain.lifecycle.closure_rules import RULES
from domain.lifecycle.effects import EffectKind
from records.tables import metadata
from runtime.settings import Settings
from tests.domain.lives import Life
from tests.web.site import site
from workflows import contract

FILE = Path(__file__).parent / "pinned.txt"


def lines(app: FastAPI) -> list[str]:
    """One line for each thing: its kind, its name, what belongs to it."""
    found = [
        *_events(),
        *_inputs(),
        *(f"rule {name}" for name in RULES),
        *(f"effect {kind}" for kind in get_args(EffectKind)),
        *(f"effect key {key}" for key in _effect_keys()),
        *_temporal(),
        *_settings(Settings, "HOLDFAST_"),
        *_api(app),
        *_cli(get_command(cli), "holdfast"),
        *(
            f"table {table.name}.{column.name}: {column.type!r}{'' if column.nullable else ', required'}"
            for table in metadata.tables.values()
            for column in table.columns
        ),
    ]
    return list(dict.fromkeys(found))


# --- records --------------------------------------------------------------------------------------------------------


def _events() -> Iterator[str]:
    for event in events.EVENTS.values():
        yield f"event {event.name}@{event.version}: {_fields(event)}"
    yield from _parts(*events.EVENTS.values())


def _inputs() -> Iterator[str]:
    yield f"input: {_fields(inputs.Input)}"
    kinds = [kind for union in get_args(inputs.Body)[:1] for kind in get_args(union)]
    for kind in kinds:
        yield f"input {kind.model_fields['type'].default}: {_fields(kind)}"
    yield from _parts(inputs.Input)


def _fields(record: type[BaseModel]) -> str:
    """Its fields; those that may be left out are marked."""
    return " ".join(f"{name}{'' if field.is_required() else '?'}" for name, field in record.model_fields.items())


def _parts(*roots: type[BaseModel]) -> Iterator[str]:
    """The records and enumerations that these are made of."""
    kinds = {id(kind): kind for root in roots for kind in _inside(root, set())}
    for kind in sorted(kinds.values(), key=lambda k: k.__name__):
        if kind in roots or issubclass(kind, events.Event):
            continue
        if issubclass(kind, Enum):
            yield f"words {kind.__name__}: {' '.join(str(member.value) for member in kind)}"
        elif "type" not in kind.model_fields:
            yield f"record {kind.__name__}: {_fields(kind)}"


def _inside(record: type[BaseModel], seen: set[type]) -> Iterator[type[Any]]:
    """A record and every record and enumeration below it."""
    if record in seen:
        return
    seen.add(record)
    yield record
    for hint in get_type_hints(record, include_extras=True).values():
        for kind in _classes(hint):
            if issubclass(kind, BaseModel):
                yield from _inside(kind, seen)
            elif issubclass(kind, Enum):
                yield kind


def _classes(hint: Any) -> Iterator[type[Any]]:
    if inspect.isclass(hint):
        yield hint
    for argument in get_args(hint):
        yield from _classes(argument)


# --- what runs ------------------------------------------------------------------------------------------------------


def _effect_keys() -> list[str]:
    """Keys that generated lives owed, items and comments left out of them."""
    keys = {re.sub(r"\b(I|c)\d+", r"\1#", key) for seed in range(400) for key in Life(seed).live().driver.effect_keys}
    return sorted(re.sub(r"/\d+$", "/#", key) for key in keys)


def _temporal() -> Iterator[str]:
    for room in (activities, workflows):
        for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if kind.__module__ == module.name:
                    yield from _workflow(kind)
                    yield from _activities(kind)
    yield f"task queue {contract.TASK_QUEUE}"
    yield f"task queue {contract.tracker_queue(contract.TASK_QUEUE, 'jira', creating=True)}"
    yield f"task queue {contract.notify_queue(contract.TASK_QUEUE)}"
    yield f"schedule {contract.WAKE_SCHEDULE}"
    yield f"schedule {contract.NOTIFY_SCHEDULE}"
    yield f"schedule {contract.sync_schedule('github', 'acme/ranker')}"
    yield f"workflow id {contract.workflow_id('pagerduty:PD-1')}"
    yield f"workflow id {contract.look_id('jira')}"
    for key in contract.SEARCH_ATTRIBUTES:
        yield f"search attribute {key.name}: {key.indexed_value_type.name}"


def _workflow(kind: type) -> Iterator[str]:
    definition = workflow._Definition.from_class(kind)
    if definition is None:
        return
    yield f"workflow {definition.name}"
    for what in ("signals", "updates", "queries"):
        for name in getattr(definition, what):
            yield f"{what} {definition.name}.{name}"


def _activities(kind: type) -> Iterator[str]:
    for _, function in inspect.getmembers(kind, inspect.isfunction):
        definition = activity._Definition.from_callable(function)
        if definition is None:
            continue
        hints = get_type_hints(function)
        given = ", ".join(f"{_shape(hint)}" for name, hint in hints.items() if name != "return")
        yield f"activity {definition.name}({given}) -> {_shape(hints['return'])}"


def _shape(hint: Any) -> str:
    if inspect.isclass(hint) and issubclass(hint, BaseModel):
        return f"{hint.__name__}: {_fields(hint)}"
    return str(getattr(hint, "__name__", hint))


# --- what people use ------------------------------------------------------------------------------------------------


def _settings(part: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in part.model_fields.items():
        inner = field.annotation
        if inspect.isclass(inner) and issubclass(inner, BaseModel):
            yield from _settings(inner, f"{prefix}{name.upper()}__")
        else:
            yield f"setting {prefix}{name.upper()}"


def _api(app: FastAPI) -> Iterator[str]:
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            yield f"{'api' if route.include_in_schema else 'page'} {method} {route.path}"
    for name, schema in app.openapi()["components"]["schemas"].items():
        if properties := schema.get("properties"):
            yield f"api record {name}: {' '.join(properties)}"


def _cli(command: Any, name: str) -> Iterator[str]:
    options = [
        parameter.opts[-1] if parameter.param_type_name == "option" else parameter.name.upper()
        for parameter in command.params
        if parameter.name != "help"
    ]
    yield f"command {name}: {' '.join(options)}".rstrip(": ")
    for part, inner in getattr(command, "commands", {}).items():
        yield from _cli(inner, f"{name} {part}")


async def _write() -> None:
    with TemporaryDirectory() as directory:
        async with site(Path(directory)) as web:
            FILE.write_text("".join(f"{line}\n" for line in lines(web.app)), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_write())
