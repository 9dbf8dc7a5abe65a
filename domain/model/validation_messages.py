"""What a validation found wrong, in people's words: a spelling that nobody knows is answered with one that is near.

The web app, the command line and the draft in an editor all say it in these words.
"""

import difflib
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

NEEDED = "this is needed"
UNKNOWN = "this cannot be taken as it is"
"""What is said of a fault that is in no table here. A test holds that none of our inputs can have one."""


def fault(error: Mapping[str, Any], model: Any, thing: str = "field") -> str:
    """What is wrong, without its place. `model` is the type that was validated, and `error["loc"]` a path into it."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        *path, name = error["loc"]
        near = difflib.get_close_matches(str(name), _names(model, path), 1)
        return f"unknown {thing}" + (f"; did you mean {near[0]}?" if near else "")
    if kind in ("value_error", "assertion_error"):  # a rule of ours, which has words of its own
        return str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind == "string_pattern_mismatch":
        return _SPELT.get(context["pattern"], UNKNOWN)
    said = _SAID.get(kind, UNKNOWN).format(**context)
    return said.replace("'", "") if kind in _QUOTED else re.sub(r"\b1 (\w+)s\b", r"1 \1", said)


_FIELDS, _LIST, _TEXT = "this has to have fields of its own", "this has to be a list", "this has to be text"
_WHOLE, _NUMBER = "this has to be a whole number", "this has to be a number"
_DATE = "this has to be a date, such as 2026-11-22"
_MOMENT = "this has to be a time with its zone, such as 2026-11-22T10:05Z"
_DURATION = "this has to be a length of time, such as PT30M for half an hour or P1D for a day"

_SAID = {
    "missing": NEEDED,
    "json_invalid": "this is not JSON",
    "model_type": _FIELDS,
    "model_attributes_type": _FIELDS,
    "dict_type": _FIELDS,
    "invalid_key": "the names in this have to be text",
    "tuple_type": _LIST,
    "list_type": _LIST,
    "too_short": "this has to have at least {min_length} parts",
    "too_long": "this may have at most {max_length} parts",
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "string_too_short": "this has to have at least {min_length} characters",
    "string_too_long": "this may have at most {max_length} characters",
    "bytes_type": "this has to be the bytes of a file",
    "path_type": "this has to be the path of a file",
    "is_instance_of": _TEXT,
    "needs_python_object": _TEXT,
    "enum": "this has to be {expected}",
    "literal_error": "this has to be {expected}",
    "union_tag_invalid": "{tag} is not known; known are {expected_tags}",
    "union_tag_not_found": "this has to say what it is, as its {discriminator}",
    "bool_type": "this has to be true or false",
    "bool_parsing": "this has to be true or false",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": "this number is too large",
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": "this has to be a number that is not endless",
    "greater_than": "this has to be more than {gt}",
    "greater_than_equal": "this has to be at least {ge}",
    "less_than_equal": "this has to be at most {le}",
    "date_type": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "timezone_aware": "this names no time zone: write it such as 2026-11-22T10:05Z",
    "time_delta_type": _DURATION,
    "time_delta_parsing": _DURATION,
}
"""What is expected, for each kind of fault that pydantic can find in our inputs."""

_QUOTED = ("enum", "literal_error", "union_tag_invalid", "union_tag_not_found")
"""Those whose words pydantic puts in quotation marks, which people do not write."""

_SPELT = {
    r"^[A-Za-z0-9._-]{1,100}$": "this has to be 1 to 100 letters, digits, dots, hyphens and underscores",
    r"^[A-Za-z0-9._:-]{1,100}$": "this has to be 1 to 100 letters, digits, dots, colons, hyphens and underscores",
    r"^[A-Za-z0-9_=+/-]{1,200}$": "this has to be an id of at most 200 letters, digits and any of _ = + / -",
    r"^[A-Za-z0-9_./-]{1,300}$": "this has to be a name of at most 300 letters, digits and any of _ . / -",
    r"^[A-Za-z0-9-]*$": "this has to be letters, digits and hyphens",
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$": "this has to begin with a letter or a digit, and to be at most 40 letters, "
    "digits, dots, hyphens and underscores",
    r"^[0-9]{1,20}$": "this has to be a whole number of at most 20 digits",
    r"^F\d+$": "this has to be F and a number, such as F1",
    r"^I\d{1,6}$": "this has to be I and a number, such as I1",
    r"^https?://[^\s/]+": "this has to be a web address, such as https://example.org",
    r"^sha256:[0-9a-f]{64}$": "this has to be sha256: and the 64 digits of a digest",
    r"^[^\x00]*$": "this must not hold a NUL character",
}
"""What is expected where a pattern says how something is spelt."""


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
