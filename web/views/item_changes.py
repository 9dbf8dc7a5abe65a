"""What would become of an item or an incident, in words: whoever is asked to agree to that sees all of it."""

from datetime import datetime
from enum import StrEnum

from domain.model.review import Facts, ItemSpec, Request
from domain.model.taxonomy import IncidentKind
from web.formatting import listed, minute, plain

_NAMES = {"item_class": "class"}
_QUOTED = ("title", "end_state")


def differing(before: ItemSpec, after: ItemSpec) -> tuple[str, ...]:
    """Each field that differs, in words: `strength: stronger → intermediate`. Texts and handles have to be in place."""
    names = [name for name in ItemSpec.model_fields if name != "id" and getattr(before, name) != getattr(after, name)]
    return tuple(f"{_NAMES.get(name, plain(name))}: {_said(name, before)} → {_said(name, after)}" for name in names)


def would_change(request: Request) -> tuple[str, ...]:
    """What a request makes of its item or incident: each field that differs, or each part of a split; else nothing.

    One that was asked before the item was kept with it does not tell.
    """
    if request.facts is not None and request.known is not None:
        said, known = request.facts, request.known
        told = [name for name in Facts.model_fields if getattr(said, name)]
        return tuple(f"{plain(name)}: {fact(getattr(known, name))} → {fact(getattr(said, name))}" for name in told)
    if request.item is None:
        return ()
    if request.change is not None:
        return differing(request.item, request.change)
    return tuple(_part(request.item, part) for part in request.into)


def fact(value: object) -> str:
    """A fact of an incident as people write it."""
    if isinstance(value, tuple):
        return ", ".join(plain(one) if isinstance(one, IncidentKind) else str(one) for one in value) or "none"
    if isinstance(value, datetime):
        return minute(value)
    return "not known" if value is None else str(value)


def _part(whole: ItemSpec, part: ItemSpec) -> str:
    """A part by its title, and in what else it is not as the whole was."""
    others = differing(whole.model_copy(update={"title": part.title}), part)
    return ", ".join([f"{part.id}: {_said('title', part)}", *others])


def _said(name: str, spec: ItemSpec) -> str:
    value = getattr(spec, name)
    if not value:
        return "none"
    if name in _QUOTED:
        return f"“{value}”"
    if isinstance(value, tuple):
        return listed(value)
    return plain(value) if isinstance(value, StrEnum) else str(value)
