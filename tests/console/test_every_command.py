"""Every command, said at three doors: over the API, by the form on the page, and by `holdfast`.

Refused, it is refused for the same reasons at each; accepted, it records the same events.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.lifecycle import inputs
from domain.lifecycle.inputs import COMMANDS
from domain.model.values import Record
from tests.console.conftest import Holdfast
from tests.console.wishes import CASES, FILE, HELD, Wish, known, say
from tests.page_forms import Form, alert, forms_of
from web.forms.command_fields import flat
from web.forms.command_labels import WORDS


def by_api(holdfast: Holdfast, review: str, type: str, wish: Wish) -> list[str]:
    """The reasons for which it is refused; none where it is accepted."""
    answer = say(holdfast, review, known(holdfast, review, {"type": type, **wish.command}), wish.by)
    assert answer.status_code in (200, 409), answer.text
    return [] if answer.is_success else list(answer.json()["reasons"])


def by_command_line(holdfast: Holdfast, review: str, type: str, wish: Wish) -> list[str]:
    result = holdfast.run(*known(holdfast, review, list(wish.args)), by=wish.by)
    assert result.exit_code in (0, 1), result.output
    said = result.stderr.splitlines()
    return said[:-1] if said and said[-1].startswith("The draft was saved as revision") else said


def by_page(holdfast: Holdfast, review: str, type: str, wish: Wish, is_offered: bool = False) -> list[str]:
    """By the form that the page offers; where it offers none, which may be, by what such a form would send."""
    with httpx.Client(base_url=holdfast.url, trust_env=False, headers={"Origin": holdfast.url}) as browser:
        begun = browser.post("/sign-in", data={"handle": wish.by})
        assert begun.status_code == 303, begun.text
        files = ["evidence.0.digest"] if "$file" in str(wish.command) else []
        told = known(holdfast, review, {k: v for k, v in wish.command.items() if not (files and k == "evidence")})
        page = f"/reviews/{review}" + ("/draft" if type == "submit_draft" else "")
        form = offered(browser.get(page).text, type, told)
        assert form is not None or not is_offered, "the page offers no form for it"
        if form is None:
            form = Form(f"/reviews/{review}/say", {"type": [type], "csrf": [csrf(browser, review)]})
            form.values |= {name: list(values) for name, values in typed(told).items()}
        else:
            fill(form, told)
        brought = dict.fromkeys(files, (FILE, HELD))
        answer = browser.post(form.action, data=form.values, files=brought or None)
        assert answer.status_code in (303, 409), answer.text
        return [] if answer.status_code == 303 else alert(answer.text)


def typed(told: Mapping[str, Any]) -> dict[str, Any]:
    """What people would type: days, and one choice for what is in the way."""
    said = {n: [v.replace("T23:59:59Z", "") for v in values] for n, values in flat(told).items()}
    if "subject" in said:
        said["rule/subject"] = [f"{said.pop('rule')[0]}/{said.pop('subject')[0]}"]
    return said


def offered(page: str, type: str, told: Mapping[str, Any]) -> Form | None:
    """The form for that: what it says by itself is what is wanted, and what is wanted can be chosen in it."""
    wanted = typed(told)
    for form in forms_of(page):
        of_type = form.says("type") == type or (type == "submit_draft" and form.action.endswith("/submit"))
        fixed = all(
            form.says(name) == wanted[name][0] for name in ("item", "request", "team", "digest") if name in wanted
        )
        can = all(value in form.choices.get(name, values) for name, values in wanted.items() for value in values)
        if of_type and (fixed or "team" in form.choices) and can:
            return form
    return None


def fill(form: Form, told: Mapping[str, Any]) -> None:
    """Type it; every field of it has its place in the form."""
    for name, values in typed(told).items():
        of_every_row = ".".join("*" if part.isdecimal() else part for part in name.split("."))
        assert {name, of_every_row} & form.names, f"{name} is not in the form: {sorted(form.names)}"
        if name in form.names:
            form.values[name] = list(values)


def csrf(browser: httpx.Client, review: str) -> str:
    forms = forms_of(browser.get(f"/reviews/{review}").text)
    return next(form.says("csrf") for form in forms if "csrf" in form.values)


DOORS = {"api": by_api, "page": by_page, "command line": by_command_line}


def recorded(holdfast: Holdfast, review: str) -> list[tuple[str, str, str]]:
    """What is recorded of a review: type, who, and what the history tells, without the names that differ."""
    answer = httpx.get(f"{holdfast.url}/api/reviews/{review}/history", trust_env=False)
    id = review.partition(":")[2]
    return [(e["type"], e["by"], re.sub(r"HF-\d+", "HF-N", e["sentence"].replace(id, "ID"))) for e in answer.json()]


def test_every_command_has_its_words_and_is_tried_here() -> None:
    assert set(CASES) == set(COMMANDS)
    assert set(WORDS) == set(COMMANDS) - {inputs.SubmitDraft}, "a draft is submitted where it is written"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.model_fields["type"].default)
def test_a_command_is_refused_for_the_same_reasons_at_every_door(holdfast: Holdfast, command: type[Record]) -> None:
    case, type = CASES[command], command.model_fields["type"].default
    review = case.refused_in(holdfast)
    before = recorded(holdfast, review)
    reasons = {name: door(holdfast, review, type, case.refused) for name, door in DOORS.items()}
    assert reasons["api"]
    assert reasons["page"] == reasons["command line"] == reasons["api"]
    assert recorded(holdfast, review) == before


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.model_fields["type"].default)
def test_an_accepted_command_records_the_same_at_every_door(
    holdfast: Holdfast, command: type[Record], tmp_path: Path
) -> None:
    (tmp_path / FILE).write_bytes(HELD)
    case, type = CASES[command], command.model_fields["type"].default
    found, now = {}, holdfast.door.now
    for name, door in DOORS.items():
        holdfast.door.now = now
        review = case.accepted_in(holdfast)
        before = len(recorded(holdfast, review))
        assert door(holdfast, review, type, case.accepted, *([True] if door is by_page else [])) == [], name
        found[name] = recorded(holdfast, review)[before:]
    assert found["api"]
    assert found["page"] == found["command line"] == found["api"]
