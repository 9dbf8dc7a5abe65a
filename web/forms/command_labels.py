"""What the pages say of each command: one table, in words. What a command is made of is told by its record.

A test holds every command of `domain.lifecycle.inputs` against this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.lifecycle import inputs
from domain.model.values import Record
from web.forms.draft_fields import Kind


@dataclass(frozen=True)
class Label:
    """What a field is called, and a hint; `kind` where it is written in another way than its type says."""

    words: str
    about: str = ""
    kind: Kind | None = None
    suggests: str = ""


@dataclass(frozen=True)
class Words:
    """How a command is said. In `title`, `button` and `cannot` a name in braces stands for what it is about.

    `asks` are the paths of the fields that a form shows, where those are not all; `labels` what they are called in this
    command alone. `rows` is how many rows of a list a form begins with, `one` what such a row is called.
    """

    title: str
    button: str
    about: str = ""
    cannot: str = ""
    asks: tuple[str, ...] | None = None
    labels: Mapping[str, Label] = field(default_factory=dict)
    rows: int = 1
    one: str = ""


LABELS: Mapping[str, Label] = {
    "reason": Label("Why?", "it is kept with the review"),
    "until": Label("Until when?", "to the end of that day, in UTC"),
    "team": Label("Team", suggests="teams"),
    "teams": Label("Teams"),
    "owner": Label("Owner", "such as an e-mail address"),
    "place": Label(
        "Where?",
        "such as builtin, github:owner/repository or jira:PROJECT; empty: as the routes say",
        suggests="places",
    ),
    "adopts": Label("An issue that is there already", "such as ACME-12 or 45; empty: a new one is made"),
    "severity": Label("Severity"),
    "id": Label("Id"),
    "title": Label("Title", kind=Kind.LINE),
    "item_class": Label("Class"),
    "strength": Label("Strength"),
    "outcome": Label("Outcome"),
    "end_state": Label("End state: how anyone can tell that it is done"),
    "prevents": Label("Prevents", kind=Kind.FACTORS),
    "due": Label("Due", "earlier than the policy asks; empty: as it says"),
}
"""What fields are called, by their path or its last name."""

_UNTIL = Label("Until when?", "to the end of that day, in UTC; empty: as long as the policy says")
_TEAM = Label("Team", kind=Kind.CHOICE)
_WHO = "such as an e-mail address"

WORDS: Mapping[type[Record], Words] = {
    inputs.OpenReview: Words("Review it after all", "Review it after all", asks=()),
    inputs.AssignOwner: Words("Name an owner", "Assign", labels={"owner": Label("Who owns it?", _WHO)}),
    inputs.SignForTeam: Words(
        "Sign for {team}", "Sign revision {revision} for {team}", cannot="You do not sign for {team}", asks=()
    ),
    inputs.RequestChanges: Words(
        "Ask for changes",
        "Ask for changes",
        labels={
            "team": _TEAM,
            "reason": Label("What should be said otherwise?"),
            "sections": Label("Where?", "none: the whole text", kind=Kind.FACTORS),
        },
    ),
    inputs.DelegateSigning: Words(
        "Let somebody else sign", "Let them sign", labels={"team": _TEAM, "to": Label("Who signs?", _WHO)}
    ),
    inputs.AcceptItem: Words(
        "Accept it", "Accept {item}", about="It is opened in its tracker at once, and its due date counts from now."
    ),
    inputs.ChangeItem: Words(
        "Change what it says",
        "Change {item}",
        about="Where an item promises something else, whoever has signed it signs it again.",
    ),
    inputs.ExtendDue: Words(
        "Put its date off",
        "Put it off",
        about="The first time by no more than the time that it was given; else another person has to approve it.",
    ),
    inputs.VerifyItem: Words(
        "Verify it",
        "Verify {item}",
        about="Somebody who had no hand in it says that it does what it promised, and leaves evidence.",
        labels={
            "digest": Label("A file, of which a copy is kept", kind=Kind.FILE),
            "link": Label("Or where it is found", "an address, of which a copy is fetched", kind=Kind.LINE),
            "note": Label("What was seen"),
            "others": Label("What else does it show?", "further items that are done", kind=Kind.FACTORS),
        },
        one="evidence",
    ),
    inputs.SplitItem: Words(
        "Split it",
        "Ask to split {item}",
        about="Several items in its place, promised where and until when it was. Another person has to approve it.",
        asks=("into.*.id", "into.*.title", "reason"),
        rows=2,
        one="part",
    ),
    inputs.MoveItem: Words(
        "Give it another issue",
        "Move {item}",
        about="The issue that it had is closed, with a link to the new one.",
        labels={
            "place": Label("Where?", "such as builtin, github:owner/repository or jira:PROJECT", suggests="places")
        },
    ),
    inputs.WithdrawItem: Words(
        "Take it back", "Withdraw {item}", about="Once it is accepted, another person has to approve that."
    ),
    inputs.Approve: Words("Approve {request}", "Approve {request}", cannot="You do not approve it"),
    inputs.Refuse: Words("Refuse {request}", "Refuse {request}", labels={"reason": Label("Why not?")}),
    inputs.ProposeItem: Words("Propose an item", "Propose it", labels={"id": Label("Id", "such as I7")}),
    inputs.AskWaiver: Words(
        "Ask for a waiver",
        "Ask for a waiver",
        about="One thing that is in the way is lifted for a while. Another person has to approve it.",
        labels={"rule/subject": Label("What should be lifted?", kind=Kind.CHOICE), "until": _UNTIL},
    ),
    inputs.AcceptRisk: Words(
        "Accept a risk",
        "Ask to accept the risk",
        about="To live with a factor, without prevention, for a while. Another person has to approve it.",
        labels={"factor": Label("Which factor?", kind=Kind.CHOICE), "until": _UNTIL},
    ),
    inputs.LowerSeverity: Words(
        "Lower the severity",
        "Ask for a lower severity",
        about="The stricter rules hold until another person agrees.",
        labels={"severity": Label("Which should it have?")},
    ),
    inputs.JoinIncident: Words(
        "Add an incident",
        "Add it",
        about="An incident of the same trouble becomes part of this review.",
        asks=tuple(f"incident.{name}" for name in ("title", "source", "id", "status", "severity", "service", "as_of")),
        labels={
            "incident.title": Label("What happened, in one line", kind=Kind.LINE),
            "incident.source": Label("Who knows it?", "such as pagerduty"),
            "incident.id": Label("Its id there"),
            "incident.status": Label("Is it over?"),
            "incident.service": Label("Service", suggests="services"),
            "incident.as_of": Label("As of, in UTC", "as 2026-11-22 10:05", kind=Kind.MOMENT),
        },
    ),
    inputs.Classify: Words(
        "Correct what is known",
        "Correct it",
        about="What is left empty stays as it is. What would make closing easier takes another person's approval.",
        labels={
            "incident": Label("Which incident?", "empty: the one that opened the review", kind=Kind.CHOICE),
            "kinds": Label("Kinds of failure"),
            "models": Label("Models", "one in each line"),
            "service": Label("Service", suggests="services"),
            "severity": Label("Severity", "graver than it is called now"),
            "began": Label("Began, in UTC", "as 2026-11-22 10:05", kind=Kind.MOMENT),
            "detected": Label("Detected, in UTC", kind=Kind.MOMENT),
            "resolved": Label("Resolved, in UTC", kind=Kind.MOMENT),
        },
    ),
    inputs.RemoveIncident: Words(
        "Take an incident out",
        "Ask to take it out",
        about="One that was added by mistake. Another person has to approve it, and the text is signed again.",
        labels={"incident": Label("Which one?", kind=Kind.CHOICE)},
    ),
    inputs.MakePrivate: Words(
        "Make it private",
        "Make it private",
        about="Only these teams see it, everywhere. To let more see it again takes another person's approval.",
        labels={"teams": Label("Who alone sees it?", kind=Kind.FACTORS)},
    ),
    inputs.Share: Words(
        "Let more people see it",
        "Ask to share it",
        about="Another person has to approve it.",
        labels={"teams": Label("Who is to see it, too?", "none: everybody", kind=Kind.FACTORS)},
    ),
    inputs.Dismiss: Words(
        "Dismiss the review",
        "Dismiss it",
        about="As a false alarm or a duplicate. At SEV1 and SEV2 another person has to approve it.",
    ),
    inputs.AnswerEffectiveness: Words(
        "Say whether prevention worked",
        "Say so",
        labels={"answer": Label("Did it?"), "reason": Label("How can anyone tell?", "what was looked at, and when")},
    ),
    inputs.Close: Words("Close the review", "Close it now"),
}
"""In the order in which a page offers them. A draft is submitted on the page on which it is written."""
