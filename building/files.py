"""What is written down: the policy with its template, the catalogue, and the routes of items."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from domain.lifecycle.policy_check import policy_gaps
from domain.model.catalogue import Catalogue
from domain.model.policy import Policy
from domain.model.template import Additions, Template, completed
from domain.model.tracker_routing import Routing
from domain.model.validation_messages import fault
from domain.model.values import Record
from records.calendars import calendar_faults
from runtime.files import DEFAULT_POLICY, DEFAULT_TEMPLATE, SHIPPED_POLICIES, read_yaml
from runtime.settings import Settings, SettingsError

R = TypeVar("R", bound=Record)


def read_routing(settings: Settings, catalogue: Catalogue) -> Routing:
    """Where items go: the routes, then what the catalogue says of a service, then the default.

    Raises `SettingsError`, which names the setting.
    """
    routes = [route.model_dump() for route in settings.trackers.routes]
    routes += [
        {"to": place, "services": [name]} for name in catalogue.services if (place := catalogue.tracker_for(name))
    ]
    try:
        return Routing.model_validate({"default": settings.trackers.default, "routes": routes})
    except ValidationError as error:
        wrong = [f"trackers.{'.'.join(str(part) for part in e['loc'])}: {fault(e, Routing)}" for e in error.errors()]
        raise SettingsError("; ".join(wrong)) from None


def read_policy(settings: Settings) -> Policy:
    """The policy in force, with the template and what teams add to it.

    Raises `SettingsError`, which names the field, and what the policy leaves open.
    """
    named = settings.policy or DEFAULT_POLICY
    path, template = SHIPPED_POLICIES.get(str(named), named), _read(Template, settings.template or DEFAULT_TEMPLATE)
    written, additions = read_yaml(path) or {}, [_read(Additions, file) for file in settings.questions]
    if not isinstance(written, dict):
        raise SettingsError(f"{path} has to hold a policy, as {DEFAULT_POLICY.name} of this release does.")
    if (base := written.pop("based_on", None)) not in (None, "default"):
        raise SettingsError(f"{path}: based_on has to be default, not {base!r}.")
    written = written if base is None else overlaid(read_yaml(DEFAULT_POLICY), written)
    policy = _valid(Policy, completed(written, template, additions), path)
    if gaps := policy_gaps(policy):
        raise SettingsError(f"{path}: {'; '.join(gaps)}")
    return policy


def overlaid(base: Any, over: Any) -> Any:
    """A policy with what another one says in its place: fields by their name, and profiles by theirs."""
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {name: overlaid(base.get(name), value) for name, value in over.items()}
    if _are_named(base) and _are_named(over):
        others = {each["name"]: each for each in over}
        new = [each for name, each in others.items() if name not in {each["name"] for each in base}]
        return [*new, *(overlaid(each, others.get(each["name"], {})) for each in base)]
    return over


def _are_named(values: Any) -> bool:
    """Whether these are profiles, or anything else that is known by its name."""
    return isinstance(values, list) and bool(values) and all(isinstance(v, dict) and "name" in v for v in values)


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue; an empty one where the file is not there. Raises `SettingsError`, which names the field."""
    read = _read(Catalogue, path) if path.is_file() else Catalogue()
    if wrong := calendar_faults(read):
        raise SettingsError(f"{path}: {'; '.join(wrong)}")
    return read


def _read(kind: type[R], path: Path) -> R:
    return _valid(kind, read_yaml(path) or {}, path)


def _valid(kind: type[R], written: Any, path: Path) -> R:
    try:
        return kind.model_validate(written)
    except ValidationError as error:
        wrong = [f"{'.'.join(str(part) for part in e['loc'])}: {fault(e, kind)}".lstrip(": ") for e in error.errors()]
        raise SettingsError(f"{path}: {'; '.join(wrong)}") from None
