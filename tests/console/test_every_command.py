"""Every command, said at three doors: over the API, by the form on the page, and by `holdfast`.

Refused, it is refused for the same reasons at each; accepted, it records the same events.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from domain import inputs
from domain.inputs import COMMANDS
from domain.review import Incident
from domain.taxonomy import IncidentStatus, Severity
from domain.values import Record
from tests.console.conftest import ROOT, Holdfast
from tests.page_forms import Form, alert, forms_of
from web.command_fields import flat
from web.command_words import WORDS

DRAFT = ROOT / "docs/examples/draft.yaml"
LEAD, WRITER, ENGINEER, DIRECTOR = (f"{name}@example.org" for name in ("ml-lead", "writer", "engineer", "director"))
DAY = (datetime.now(UTC) + timedelta(days=20)).date()
LATER = (datetime.now(UTC) + timedelta(days=300)).date()
WHY = {"reason": "It is as good, and sooner."}
BECAUSE = ("--reason", WHY["reason"])
SPEC = {
    "id": "I7",
    "title": "Check units on read",
    "item_class": "prevent",
    "strength": "intermediate",
    "outcome": "inference_or_admission_policy",
    "prevents": ["F1"],
    "team": "ml",
}
ADD = (
    *("--title", "Check units on read", "--class", "prevent", "--strength", "intermediate"),
    *("--outcome", "inference_or_admission_policy", "--prevents", "F1", "--team", "ml"),
)
FILE, HELD = "replay.log", b"it held"


def end_of(day: object) -> str:
    return f"{day}T23:59:59Z"


# --- the states in which it is said -----------------------------------------------------------------------------------


def after(state: Callable[[Holdfast], str], *commands: dict[str, Any]) -> Callable[[Holdfast], str]:
    """A state, and what was said in it by the lead."""

    def reached(holdfast: Holdfast) -> str:
        review = state(holdfast)
        for command in commands:
            answer = say(holdfast, review, command)
            assert answer.status_code == 200, answer.text
        return review

    return reached


def say(holdfast: Holdfast, review: str, command: Mapping[str, Any], by: str = LEAD) -> httpx.Response:
    body = {"by": by, "command": command}
    return httpx.post(f"{holdfast.url}/api/reviews/{review}/commands", json=body, trust_env=False)


opened, submitted, signed = Holdfast.opened, Holdfast.submitted, Holdfast.signed
proposed = after(opened, {"type": "propose_item", "spec": SPEC})
promised = after(proposed, {"type": "accept_item", "item": "I7"})
private = after(opened, {"type": "make_private", "teams": ["ml"], **WHY})
asked = after(opened, {"type": "lower_severity", "severity": "SEV3", **WHY})
NUMBERS = count(1)


def done(state: Callable[[Holdfast], str]) -> Callable[[Holdfast], str]:
    """A state, and every item in it is done."""

    def reached(holdfast: Holdfast) -> str:
        review = state(holdfast)
        for item in holdfast.json("review", "show", review)["items"].values():
            holdfast.done("issue", "done", item["ref"]["key"], by=ENGINEER)
        return review

    return reached


def excluded(holdfast: Holdfast) -> str:
    """The policy reviews no SEV4."""
    id = f"A-{next(NUMBERS)}"
    incident = Incident(
        source="alerts",
        id=id,
        status=IncidentStatus.RESOLVED,
        as_of=holdfast.door.now,
        title=holdfast.records.people.keep("A dashboard was slow", f"alerts:{id}"),
        service="ranking-api",
        severity=Severity.SEV4,
    )
    holdfast.door.tell(f"alerts:{id}", inputs.IncidentTold(incident=incident))
    return f"alerts:{id}"


# --- what is said -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """The same as JSON and in words of the command line, by somebody.

    `$review` and `$id` stand for the review, and what is a key of `LATER_KNOWN` for what it says then.
    """

    command: Mapping[str, Any]
    args: tuple[str, ...]
    by: str = LEAD


@dataclass(frozen=True)
class Case:
    """A wish that is refused in one state, and one that is accepted in another."""

    refused_in: Callable[[Holdfast], str]
    refused: Wish
    accepted_in: Callable[[Holdfast], str]
    accepted: Wish


def shown(holdfast: Holdfast, review: str) -> Any:
    return holdfast.json("review", "show", review)


def newest(holdfast: Holdfast, review: str) -> str:
    """Save the draft that the command line saves by itself; its digest."""
    body = {"by": WRITER, "document": yaml.safe_load(DRAFT.read_text(encoding="utf-8"))}
    answer = httpx.put(f"{holdfast.url}/api/reviews/{review}/draft", json=body, trust_env=False)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["digest"])


def kept(holdfast: Holdfast, review: str) -> str:
    body = {"by": LEAD, "name": FILE, "media_type": "text/plain", "data": base64.b64encode(HELD).decode()}
    answer = httpx.post(f"{holdfast.url}/api/reviews/{review}/attachments", json=body, trust_env=False)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["digest"])


LATER_KNOWN: dict[str, Callable[[Holdfast, str], Any]] = {
    "$digest": lambda holdfast, review: shown(holdfast, review)["submission"]["digest"],
    "$newest": newest,
    "$incident": lambda holdfast, review: shown(holdfast, review)["incidents"][review],
    "$file": kept,
}


def known(holdfast: Holdfast, review: str, value: Any) -> Any:
    """A wish of this review, with everything in place."""
    if isinstance(value, dict):
        return {name: known(holdfast, review, part) for name, part in value.items()}
    if isinstance(value, list):
        return [known(holdfast, review, part) for part in value]
    if value in LATER_KNOWN:
        return LATER_KNOWN[value](holdfast, review)
    id = review.partition(":")[2]
    return value.replace("$review", review).replace("$id", id) if isinstance(value, str) else value


LINK = "https://ci.example.org/1"
JOIN = {
    "source": "hand",
    "id": "$id",
    "status": "resolved",
    "as_of": "2026-11-20T10:00:00Z",
    "title": "The same alert again",
    "service": "ranking-api",
    "severity": "SEV3",
}
JOINED = ("--source", "hand", "--title", "The same alert again", "--severity", "SEV3", "--at", "2026-11-20T10:00Z")
INTO = [SPEC | {"id": "I7a", "title": "Check metres"}, SPEC | {"id": "I7b", "title": "Check seconds"}]
PARTS = ("--part", "I7a=Check metres", "--part", "I7b=Check seconds")

CASES: dict[type[Record], Case] = {
    inputs.OpenReview: Case(
        opened,
        Wish({"incident": "$incident"}, ("review", "open", "--excluded", "$review")),
        excluded,
        Wish({"incident": "$incident"}, ("review", "open", "--excluded", "$review")),
    ),
    inputs.JoinIncident: Case(
        opened,
        Wish({"incident": JOIN}, ("review", "join", "$review", "--incident", "$id", *JOINED)),
        opened,
        Wish({"incident": JOIN | {"id": "b-$id"}}, ("review", "join", "$review", "--incident", "b-$id", *JOINED)),
    ),
    inputs.AssignOwner: Case(
        after(opened, {"type": "assign_owner", "owner": WRITER}),
        Wish({"owner": WRITER}, ("review", "assign", "$review", WRITER)),
        opened,
        Wish({"owner": WRITER}, ("review", "assign", "$review", WRITER)),
    ),
    inputs.SubmitDraft: Case(
        submitted,
        Wish({"revision": 1, "digest": "$digest"}, ("review", "submit", "$review", str(DRAFT)), WRITER),
        opened,
        Wish({"revision": 1, "digest": "$newest"}, ("review", "submit", "$review", str(DRAFT)), WRITER),
    ),
    inputs.SignForTeam: Case(
        submitted,
        Wish({"team": "catering", "digest": "$digest"}, ("review", "sign", "$review", "--team", "catering"), WRITER),
        submitted,
        Wish({"team": "ml", "digest": "$digest"}, ("review", "sign", "$review", "--team", "ml"), DIRECTOR),
    ),
    inputs.DelegateSigning: Case(
        submitted,
        Wish(
            {"team": "catering", "to": WRITER}, ("review", "delegate", "$review", "--team", "catering", "--to", WRITER)
        ),
        submitted,
        Wish({"team": "ml", "to": ENGINEER}, ("review", "delegate", "$review", "--team", "ml", "--to", ENGINEER)),
    ),
    inputs.RequestChanges: Case(
        submitted,
        Wish(
            {"team": "catering", "sections": ["dessert"], **WHY},
            ("review", "request-changes", "$review", "--team", "catering", "--section", "dessert", *BECAUSE),
        ),
        submitted,
        Wish(
            {"team": "ml", "sections": ["causes"], **WHY},
            ("review", "request-changes", "$review", "--team", "ml", "--section", "causes", *BECAUSE),
        ),
    ),
    inputs.ProposeItem: Case(
        proposed,
        Wish({"spec": SPEC}, ("item", "add", "$review", "I7", *ADD)),
        proposed,
        Wish({"spec": SPEC | {"id": "I8"}}, ("item", "add", "$review", "I8", *ADD)),
    ),
    inputs.AcceptItem: Case(
        promised,
        Wish({"item": "I7"}, ("item", "accept", "$review", "I7")),
        proposed,
        Wish(
            {"item": "I7", "place": "github:acme/x", "adopts": "45"},
            ("item", "accept", "$review", "I7", "--place", "github:acme/x", "--adopt", "45"),
        ),
    ),
    inputs.WithdrawItem: Case(
        promised,
        Wish({"item": "I9", **WHY}, ("item", "withdraw", "$review", "I9", *BECAUSE)),
        promised,
        Wish({"item": "I7", **WHY}, ("item", "withdraw", "$review", "I7", *BECAUSE)),
    ),
    inputs.ChangeItem: Case(
        promised,
        Wish({"spec": SPEC, **WHY}, ("item", "change", "$review", "I7", "--team", "ml", *BECAUSE)),
        promised,
        Wish(
            {"spec": SPEC | {"strength": "weaker", "due": f"{DAY}"}, **WHY},
            ("item", "change", "$review", "I7", "--strength", "weaker", "--due", f"{DAY}", *BECAUSE),
        ),
    ),
    inputs.ExtendDue: Case(
        promised,
        Wish(
            {"item": "I7", "until": end_of("2020-01-01"), **WHY},
            ("item", "extend", "$review", "I7", "--until", "2020-01-01", *BECAUSE),
        ),
        promised,
        Wish(
            {"item": "I7", "until": end_of(LATER), **WHY},
            ("item", "extend", "$review", "I7", "--until", f"{LATER}", *BECAUSE),
        ),
    ),
    inputs.MoveItem: Case(
        promised,
        Wish({"item": "I7", "place": "builtin"}, ("item", "move", "$review", "I7", "--place", "builtin")),
        promised,
        Wish({"item": "I7", "place": "jira:ACME"}, ("item", "move", "$review", "I7", "--place", "jira:ACME")),
    ),
    inputs.SplitItem: Case(
        promised,
        Wish(
            {"item": "I7", "into": [part | {"id": "I7"} for part in INTO], **WHY},
            ("item", "split", "$review", "I7", "--part", "I7=Check metres", "--part", "I7=Check seconds", *BECAUSE),
        ),
        promised,
        Wish({"item": "I7", "into": INTO, **WHY}, ("item", "split", "$review", "I7", *PARTS, *BECAUSE)),
    ),
    inputs.VerifyItem: Case(
        promised,
        Wish({"item": "I7", "evidence": [{"link": LINK}]}, ("item", "verify", "$review", "I7", "--link", LINK)),
        done(promised),
        Wish(
            {"item": "I7", "evidence": [{"digest": "$file"}], "note": "The replay raises it."},
            ("item", "verify", "$review", "I7", "--evidence", FILE, "--note", "The replay raises it."),
        ),
    ),
    inputs.AskWaiver: Case(
        signed,
        Wish(
            {"rule": "done", "subject": "I9", "until": end_of(LATER), **WHY},
            ("review", "waive", "$review", "done", "I9", "--until", f"{LATER}", *BECAUSE),
        ),
        signed,
        Wish(
            {"rule": "done", "subject": "I1", "until": end_of(DAY), **WHY},
            ("review", "waive", "$review", "done", "I1", "--until", f"{DAY}", *BECAUSE),
        ),
    ),
    inputs.AcceptRisk: Case(
        submitted,
        Wish(
            {"factor": "F9", "until": end_of("2020-01-01"), **WHY},
            ("review", "accept-risk", "$review", "F9", "--until", "2020-01-01", *BECAUSE),
        ),
        submitted,
        Wish(
            {"factor": "F1", "until": end_of(DAY), **WHY},
            ("review", "accept-risk", "$review", "F1", "--until", f"{DAY}", *BECAUSE),
        ),
    ),
    inputs.LowerSeverity: Case(
        opened,
        Wish({"severity": "SEV1", **WHY}, ("review", "lower-severity", "$review", "SEV1", *BECAUSE)),
        opened,
        Wish({"severity": "SEV3", **WHY}, ("review", "lower-severity", "$review", "SEV3", *BECAUSE)),
    ),
    inputs.Dismiss: Case(
        after(opened, {"type": "dismiss", **WHY}),
        Wish(WHY, ("review", "dismiss", "$review", *BECAUSE)),
        opened,
        Wish(WHY, ("review", "dismiss", "$review", *BECAUSE)),
    ),
    inputs.Approve: Case(
        asked,
        Wish({"request": "R1"}, ("review", "approve", "$review", "R1")),
        asked,
        Wish({"request": "R1"}, ("review", "approve", "$review", "R1"), DIRECTOR),
    ),
    inputs.Refuse: Case(
        asked,
        Wish({"request": "R7", **WHY}, ("review", "refuse", "$review", "R7", *BECAUSE)),
        asked,
        Wish({"request": "R1", **WHY}, ("review", "refuse", "$review", "R1", *BECAUSE), DIRECTOR),
    ),
    inputs.MakePrivate: Case(
        private,
        Wish({"teams": ["ml"], **WHY}, ("review", "make-private", "$review", "--team", "ml", *BECAUSE)),
        opened,
        Wish({"teams": ["ml"], **WHY}, ("review", "make-private", "$review", "--team", "ml", *BECAUSE)),
    ),
    inputs.Share: Case(
        private,
        Wish({"teams": ["ml"], **WHY}, ("review", "share", "$review", "--team", "ml", *BECAUSE)),
        private,
        Wish({"teams": ["product"], **WHY}, ("review", "share", "$review", "--team", "product", *BECAUSE)),
    ),
    inputs.Close: Case(
        signed, Wish({}, ("review", "close", "$review")), done(signed), Wish({}, ("review", "close", "$review"))
    ),
}


# --- the doors --------------------------------------------------------------------------------------------------------


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
    return forms_of(browser.get(f"/reviews/{review}").text)[0].says("csrf")


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
