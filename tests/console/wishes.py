"""Every command as a wish that is refused in one state of a review, and accepted in another."""

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import yaml

from domain.lifecycle import inputs
from domain.model.review import Incident
from domain.model.taxonomy import IncidentStatus, Severity
from domain.model.values import Record
from tests.console.conftest import ROOT, Holdfast

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
        give_up = time.monotonic() + 30
        while {item["status"] for item in holdfast.json("review", "show", review)["items"].values()} != {"done"}:
            assert time.monotonic() < give_up, "the review never heard that its items are done"
            time.sleep(0.05)
        return review

    return reached


def watched(holdfast: Holdfast) -> str:
    """A closed review whose effectiveness window is over."""
    review = done(signed)(holdfast)
    holdfast.door.read_for_closing(review)
    assert shown(holdfast, review)["stage"] == "closed"
    holdfast.door.pass_time(review, timedelta(days=91))
    return review


def joined(holdfast: Holdfast) -> str:
    """A review with a second incident."""
    review = opened(holdfast)
    incident = JOIN | {"id": f"j-{review.partition(':')[2]}"}
    assert say(holdfast, review, {"type": "join_incident", "incident": incident}).status_code == 200
    return review


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
    inputs.RemoveIncident: Case(
        opened,
        Wish({"incident": "$review", **WHY}, ("review", "remove-incident", "$review", "$review", *BECAUSE)),
        joined,
        Wish({"incident": "hand:j-$id", **WHY}, ("review", "remove-incident", "$review", "hand:j-$id", *BECAUSE)),
    ),
    inputs.Classify: Case(
        opened,
        Wish({"severity": "SEV4", **WHY}, ("review", "classify", "$review", "--severity", "SEV4", *BECAUSE)),
        opened,
        Wish({"severity": "SEV1", **WHY}, ("review", "classify", "$review", "--severity", "SEV1", *BECAUSE)),
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
    inputs.AnswerEffectiveness: Case(
        signed,
        Wish({"answer": "effective", **WHY}, ("review", "effectiveness", "$review", "effective", *BECAUSE)),
        watched,
        Wish({"answer": "effective", **WHY}, ("review", "effectiveness", "$review", "effective", *BECAUSE)),
    ),
    inputs.Close: Case(
        signed, Wish({}, ("review", "close", "$review")), done(signed), Wish({}, ("review", "close", "$review"))
    ),
}
