"""What a validation found wrong, in people's words: a spelling that nobody knows is answered with one that is near.

The web app, the command line and the draft in an editor all say it in these words.
"""

import difflib
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def fault(error: Mapping[str, Any], model: Any, thing: str = "field") -> str:
    """What is wrong, without its place. `model` is the type that was validated, and `error["loc"]` a path into it."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        *path, name = error["loc"]
        near = difflib.get_close_matches(str(name), _names(model, path), 1)
        return f"unknown {thing}" + (f"; did you mean {near[0]}?" if near else "")
    if kind in ("enum", "literal_error"):
        return f"this has to be {context['expected']}".replace("'", "")
    if kind in _SHAPES:
        return _SHAPES[kind]
    if kind == "union_tag_invalid":
        return f"{context['tag']!r} is not known; known are {context['expected_tags']}".replace("'", "")
    return str(error["msg"]).removeprefix("Value error, ")


_SHAPES = {
    "tuple_type": "this has to be a list",
    "model_type": "this has to have fields of its own",
    "model_attributes_type": "this has to have fields of its own",
}


def _names(model: Any, path: Sequence[Any]) -> list[str]:
    """The names of the fields that there are where `path` leads to."""
    here = list(_models(model))
    for part in path:
        inside = [kind.model_fields[part].annotation for kind in here if part in kind.model_fields]
        tagged = [kind for kind in here if _tag(kind) == part]
        if inside:
            here = [found for annotation in inside for found in _models(annotation)]
        elif tagged:
            here = tagged
        # else it is a place in a list or a key of a map, whose types are there already
    return [name for kind in here for name in kind.model_fields]


def _tag(kind: type[BaseModel]) -> Any:
    """The value of `type` by which a union tells a model from others."""
    return kind.model_fields["type"].default if "type" in kind.model_fields else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model in an annotation: those of a union, of a list, of the values of a map."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from _models(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType, tuple, list, dict):
        for part in get_args(annotation):
            yield from _models(part)
