"""The form of a section: what was posted becomes plain data of a draft, and plain data becomes fields that are shown.

Plain data here is what `DraftDocument` reads. Nothing is checked: what is wrong is said by the document itself.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.drafts.blame import Remark
from domain.model.template import ANSWER
from domain.model.validation_messages import fault
from web.forms.draft_fields import CAUSE_GROUPS, DIMENSION_OF, PARTS, Choices, Field, Kind, Part, Rows

Plain = dict[str, Any]
Form = Mapping[str, Sequence[str]]

BLANK = "__N__"
"""Stands for the number of a row in the row that a script copies."""


def one(form: Form, name: str) -> str:
    """What a form says in a field of which there is one; nothing where it has none."""
    return next(iter(form.get(name, ())), "")


# --- what was posted --------------------------------------------------------------------------------------------------


@dataclass
class Typed:
    """What somebody typed in a section: its value for saving, and all of it for showing it again.

    Rows in which nothing is typed are shown, and not saved: `rows` gives the number of each saved row as it is shown.
    """

    value: Plain = field(default_factory=dict)
    shown: Plain = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)

    def place(self, place: str) -> str:
        """Where that is in what is shown, that a validation found at `place` of what was saved."""
        for path, numbers in self.rows.items():
            match = re.match(rf"{re.escape(path)}\.(\d+)(.*)", place)
            if match and int(match[1]) < len(numbers):
                rest = ".cause" if match[2] == ".dimension" else match[2]
                return f"{path}.{numbers[int(match[1])]}{rest}"
        return place


def parts_of(section: str, label: str = "Answer") -> tuple[Part, ...]:
    """The fields of a section; an answer has one."""
    if section.startswith(ANSWER):
        return (Field(f"answers.{section.removeprefix(ANSWER)}", label, Kind.PROSE),)
    return PARTS[section]


def typed(section: str, form: Form, taken: Sequence[str] = ()) -> Typed:
    """What was typed in a section. A new factor or item gets an id that is not among `taken`."""
    found = Typed()
    for part in parts_of(section):
        if isinstance(part, Field):
            value = _read(part, part.path, form)
            _put(found.shown, part.path, value)
            if value is not None:
                _put(found.value, part.path, value)
            continue
        rows = [_row(part, number, form) for number in _numbers(part, form)]
        _name(part, rows, taken)
        said = [number for number, row in enumerate(rows) if _says_something(row)]
        found.rows[part.path] = said
        _put(found.shown, part.path, rows)
        _put(found.value, part.path, [{k: v for k, v in rows[n].items() if v is not None} for n in said])
    if section == "causes":
        _put(found.value, "considered", {d: why for d, why in found.value["considered"].items() if why})
    return found


def add(section: Typed, path: str) -> None:
    """One more row to be filled in."""
    at(section.shown, path).append({})


def rewrite(section: Typed, path: str, change: Callable[[str], str]) -> None:
    """Say a text in another way, in what is saved and in what is shown."""
    for data in (section.value, section.shown):
        _put(data, path, change(at(data, path)))


def without(form: Form, path: str, number: str) -> Form:
    """What was posted, without a row."""
    return {name: values for name, values in form.items() if not name.startswith(f"{path}.{number}.")}


def at(data: Any, path: str) -> Any:
    """What is at a path of plain data; none where nothing is. A question's id may hold dots itself."""
    head, _, rest = path.partition(".")
    if not isinstance(data, dict) or path in data or not rest:
        return data.get(path) if isinstance(data, dict) else None
    return at(data.get(head), rest)


def _put(data: Plain, path: str, value: Any) -> None:
    head, _, rest = path.partition(".")
    if not rest:
        data[head] = value
    elif head == "answers":
        data[head] = {rest: value}
    else:
        _put(data.setdefault(head, {}), rest, value)


def _numbers(part: Rows, form: Form) -> list[int]:
    names = re.compile(rf"{re.escape(part.path)}\.(\d{{1,6}})\.")
    return sorted({int(match[1]) for name in form if (match := names.match(name))})


def _row(part: Rows, number: int, form: Form) -> Plain:
    row = {each.path: _read(each, f"{part.path}.{number}.{each.path}", form) for each in part.fields}
    if part.letter:
        row["id"] = next(iter(form.get(f"{part.path}.{number}.id", ())), "") or None
    if "cause" in row:
        row["dimension"] = DIMENSION_OF.get(row["cause"] or "")
    return row


def _name(part: Rows, rows: list[Plain], taken: Sequence[str]) -> None:
    """Give new entries the next ids; one that was ever used is not used again as far as that is known."""
    if not part.letter:
        return
    known = [id for id in (*taken, *(row["id"] for row in rows)) if id and re.fullmatch(rf"{part.letter}\d+", id)]
    last = max((int(id[1:]) for id in known), default=0)
    for row in rows:
        if row["id"] is None and _says_something(row):
            last += 1
            row["id"] = f"{part.letter}{last}"


def _says_something(row: Plain) -> bool:
    return any(value for name, value in row.items() if name != "id")


def _read(field: Field, name: str, form: Form) -> Any:
    """What is typed in a field; none where a field says nothing that is not prose."""
    values = [value.replace("\r\n", "\n") for value in form.get(name, ())]
    if field.kind is Kind.FACTORS:
        return values
    text = values[0] if values else ""
    if field.kind is Kind.PROSE:
        return text
    if field.kind is Kind.LINES:
        return [line.strip() for line in text.split("\n") if line.strip()]
    if field.kind is Kind.MOMENT:
        return moment(text) or None
    return text.strip() or None


def moment(text: str) -> str:
    """A moment as people write it in UTC, such as `2026-11-22 10:05`, with its zone; anything else as it is."""
    text = text.strip()
    known = re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?", text)
    return f"{text.replace(' ', 'T')}Z" if known else text


_AS_DATA = [fault({"type": kind, "loc": ()}, None) for kind in ("datetime_parsing", "timezone_aware")]
_IN_UTC = "this has to be a time in UTC, such as 2026-11-22 10:05"


def in_form(said: str) -> str:
    """What is wrong, as a form has to say it: a time is written there in another way than in data."""
    for words in _AS_DATA:
        said = said.replace(words, _IN_UTC)
    return said


# --- what is shown ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A field as it is shown: `name` is that in the form, and its id after `f-`."""

    name: str
    label: str
    kind: str
    value: Any
    groups: list[tuple[str, Choices]]
    about: str
    needed: bool
    suggests: str
    wrong: str
    remarks: list[Remark]


@dataclass(frozen=True)
class ShownRow:
    name: str
    number: str
    id: str
    title: str
    fields: list[Shown]
    wrong: str


@dataclass(frozen=True)
class ShownRows:
    path: str
    title: str
    one: str
    rows: list[ShownRow]
    blank: ShownRow


@dataclass(frozen=True)
class Marks:
    """What is said of places of a draft: mistakes by the name of the field, and remarks of the lint by place."""

    wrong: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, list[Remark]] = field(default_factory=dict)


def shown(parts: Sequence[Part], data: Plain, marks: Marks) -> list[Shown | ShownRows]:
    """The fields of a section with what `data` says; factors to choose among are those in it."""
    factors = [row["id"] for row in data.get("factors") or () if row.get("id")]
    return [
        _shown_rows(part, data, factors, marks)
        if isinstance(part, Rows)
        else _shown(part, part.path, part.path, at(data, part.path), factors, marks)
        for part in parts
    ]


def _shown_rows(part: Rows, data: Plain, factors: list[str], marks: Marks) -> ShownRows:
    def row(number: str, entry: Plain) -> ShownRow:
        name, id = f"{part.path}.{number}", entry.get("id") or ""
        place = f"{part.path}.{id}" if id else f"{part.path}.{_moment(entry)}"
        fields = [
            _shown(f, f"{name}.{f.path}", f"{place}.{f.path}", entry.get(f.path), factors, marks, place)
            for f in part.fields
        ]
        title = id or f"New {part.one}" if part.letter else part.one.capitalize()
        return ShownRow(name, number, id, title, fields, marks.wrong.get(name, ""))

    rows = [row(str(number), entry) for number, entry in enumerate(at(data, part.path) or ())]
    return ShownRows(part.path, part.title, part.one, rows, row(BLANK, {}))


def _moment(entry: Plain) -> str:
    """How the lint names an entry of the timeline."""
    return str(entry.get("at") or "").replace("Z", "+00:00")


def _shown(part: Field, name: str, place: str, value: Any, factors: list[str], marks: Marks, row: str = "") -> Shown:
    heard = marks.remarks.get(place, [])
    if part.path == "what":
        heard = marks.remarks.get(row, [])  # of a moment the lint names the whole
    return Shown(
        name=name,
        label=part.label,
        kind=part.kind.value,
        value=_as_text(part, value),
        groups=list(_groups(part, factors, value)),
        about=part.about,
        needed=part.needed,
        suggests=part.suggests,
        wrong=marks.wrong.get(name, ""),
        remarks=heard,
    )


def _as_text(part: Field, value: Any) -> Any:
    if part.kind is Kind.FACTORS:
        return list(value or ())
    if part.kind is Kind.LINES:
        return "\n".join(value or ())
    if part.kind is Kind.MOMENT and value:
        return re.sub(r"(?<=\d\d:\d\d):00$", "", value.replace("T", " ").removesuffix("Z"))
    return value or ""


def _groups(part: Field, factors: list[str], value: Any) -> Iterator[tuple[str, Choices]]:
    """What may be chosen in groups; the group of all has no name."""
    if part.kind is Kind.CAUSE:
        yield from CAUSE_GROUPS
    elif part.kind is Kind.FACTOR:
        yield "", [("effect", "what happened"), *((id, id) for id in factors)]
    elif part.kind is Kind.FACTORS:
        gone = [id for id in value or () if id not in factors]
        yield "", [*((id, id) for id in factors), *((id, f"{id}, which is gone") for id in gone)]
    else:
        yield "", part.choices
