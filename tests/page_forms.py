"""The forms of a page as a browser without script sees them: what each would send as it stands, and where."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Form:
    """A form: `values` are what it would send, `names` all that can be said in it, `files` the fields for files."""

    action: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    choices: dict[str, list[str]] = field(default_factory=dict)

    def says(self, name: str) -> str:
        """What it would send in a field of which there is one."""
        return next(iter(self.values.get(name, ())), "")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.alert: list[str] = []
        self._form: Form | None = None
        self._field = ""
        self._text: list[str] | None = None
        self._in_alert = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told: dict[str, Any] = dict(attrs)
        name, value = told.get("name", ""), told.get("value") or ""
        if tag == "section":
            self._in_alert += bool(self._in_alert) or told.get("role") == "alert"
        elif (tag == "li" and self._in_alert) or tag == "textarea":
            self._field, self._text = name, []
        elif tag == "form":
            self._form = Form(told["action"])
            self.forms.append(self._form)
        if self._form is None or not name:
            return
        self._form.names.add(name)
        if tag == "select":
            self._field = name
        elif tag == "input" and told.get("type") == "file":
            self._form.files.add(name)
        elif tag == "input" and (told.get("type") != "checkbox" or "checked" in told):
            self._form.values.setdefault(name, []).append(value)
        if tag == "input" and told.get("type") == "checkbox":
            self._form.choices.setdefault(name, []).append(value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "section":
            self._in_alert -= bool(self._in_alert)
        elif tag == "form":
            self._form = None
        elif tag == "textarea" and self._form is not None and self._text is not None:
            self._form.values.setdefault(self._field, []).append("".join(self._text).removeprefix("\n"))
            self._text = None
        elif tag == "li" and self._in_alert and self._text is not None:
            self.alert.append("".join(self._text))
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)


class _Options(HTMLParser):
    """The choices of every select, and which is chosen: the first where none is said to be."""

    def __init__(self, forms: list[Form]) -> None:
        super().__init__()
        self._forms, self._at, self._name = forms, -1, ""
        self._chosen: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told: dict[str, Any] = dict(attrs)
        if tag == "form":
            self._at += 1
        elif tag == "select":
            self._name, self._chosen = told["name"], None
            self._forms[self._at].choices.setdefault(self._name, [])
        elif tag == "option" and self._name:
            self._forms[self._at].choices[self._name].append(told["value"])
            if self._chosen is None or "selected" in told:
                self._chosen = told["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._forms[self._at].values.setdefault(self._name, []).append(self._chosen or "")
            self._name = ""


def forms_of(page: str) -> list[Form]:
    """Every form of a page."""
    reader = _Reader()
    reader.feed(page)
    _Options(reader.forms).feed(page)
    return reader.forms


def alert(page: str) -> list[str]:
    """The sentences of what a page says first, because something was refused."""
    reader = _Reader()
    reader.feed(page)
    return reader.alert
