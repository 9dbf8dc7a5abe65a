"""What a review is: its state, and the things that it is made of.

Nothing here changes or decides; `domain.lifecycle.evolve` makes a new state from an old one and an event.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints

from domain.model.draft_parts import Measured
from domain.model.endorsement import Endorsement, Signature, Verification, Waiver, waiver_id
from domain.model.endorsement import Evidence as Evidence
from domain.model.policy import Policy, Profile
from domain.model.taxonomy import (
    GRAVE,
    Ask,
    Clock,
    Confidence,
    Dimension,
    Effectiveness,
    FailureKind,
    IncidentKind,
    IncidentStatus,
    IssueStatus,
    ItemClass,
    ItemStatus,
    Outcome,
    Realisation,
    Severity,
    Stage,
    StoppedBy,
    Strength,
)
from domain.model.tracker_routing import Place
from domain.model.values import Line, Period, PersonId, Record, TextRef, Utc

OWNING = "owning"
"""How a policy names the team that answers for the review's service."""


def holders(named: Iterable[str], owning: str, roles: Mapping[str, str]) -> tuple[str, ...]:
    """The teams that hold the roles that a policy names, each once: `owning` is the team of the service."""
    return tuple(dict.fromkeys(owning if role == OWNING else roles.get(role, role) for role in named))


BY_HAND = "hand"
"""The source of incidents that people tell of themselves."""

TRACKING_ISSUE = "tracking"
"""Names the issue of a review as a whole where an item's id names that of an item, in our keys; so no item has it."""


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
"""What a source or an incident is called: part of the id of a review, of its workflow, and of addresses."""


class Facts(Record):
    """What a person says of an incident in place of its source; what is left out is as the source tells it."""

    kinds: tuple[IncidentKind, ...] = ()
    models: tuple[Line, ...] = ()
    service: Line | None = None
    severity: Severity | None = None
    began: Utc | None = None
    detected: Utc | None = None
    resolved: Utc | None = None


class Incident(Measured):
    """One incident as its source told it, by the source's own time (`as_of`)."""

    source: Name
    id: Name
    status: IncidentStatus
    as_of: Utc
    title: TextRef
    service: Line
    severity: Severity
    models: tuple[Line, ...] = ()
    team: Line | None = None
    kinds: tuple[IncidentKind, ...] = ()
    realisation: Realisation = Realisation.HARM
    stopped_by: StoppedBy | None = None
    began: Utc | None = None
    detected: Utc | None = None
    resolved: Utc | None = None
    key: Line | None = Field(default=None, description="what the source gives all alerts of the same trouble")
    responder: PersonId | None = Field(default=None, description="who answered last")
    lead: PersonId | None = Field(default=None, description="who leads the team of the service")
    url: str | None = None
    older: dict[str, Utc] = Field(
        default={}, description="what only an earlier telling said, and when; kept by us, never told"
    )
    severities: tuple[tuple[Utc, Severity], ...] = Field(
        default=(), description="what it was called, and since when, oldest first; kept by us, never told"
    )
    facts: Facts = Field(default=Facts(), description="what people corrected; kept by us, never told")
    untold: tuple[IncidentKind, ...] = Field(
        default=(), description="the kinds that people took away from what was told; kept by us, never told"
    )
    raised: tuple[tuple[Utc, Severity], ...] = Field(
        default=(), description="what people called it in place of its source, and since when; kept by us, never told"
    )
    raised_by: PersonId | None = Field(default=None, description="who called it so last; kept by us, never told")

    @property
    def ref(self) -> str:
        """The incident's name across sources; the review that it opens bears it too."""
        return f"{self.source}:{self.id}"

    @property
    def known_facts(self) -> Facts:
        """What is known of it, of that which people correct."""
        return Facts(**{name: getattr(self, name) for name in Facts.model_fields})

    @property
    def called(self) -> tuple[tuple[Utc, Severity], ...]:
        """What it was called, and since when, oldest first."""
        return self.severities or ((self.as_of, self.severity),)

    def counted(self, triage: Period) -> Severity:
        """The gravest severity that stood for as long as triage may take, or that stands in the end.

        Whoever lowers it sooner has found out what it is; whoever lowers it later makes it lighter than it was. What a
        person calls it counts beside what its source does: neither takes back what the other said.
        """
        told = _stood(self.called, triage)
        return min(told, _stood(self.raised, triage)) if self.raised else told

    @property
    def contradiction(self) -> str | None:
        """Why its dates cannot both be right; none where they can, or one of them was not told."""
        if self.began is None or self.resolved is None or self.began <= self.resolved:
            return None
        over, began = (f"{at:%d %b %Y %H:%M:%S} UTC" for at in (self.resolved, self.began))
        return f"it cannot have been over at {over}, before it began at {began}."


def _stood(called: tuple[tuple[Utc, Severity], ...], triage: Period) -> Severity:
    """The gravest severity that it was called, or graver, for as long as triage may take; or that it is called last."""
    *_, (_, last) = called
    for severity in Severity:
        since: datetime | None = None
        for at, name in called:
            if name.is_graver_than(severity) or name is severity:
                since = since or at
                continue
            if since is not None and triage.after(since) <= at:
                return min(severity, last)
            since = None
    return last


class Factor(Record):
    """One contributing factor. `evidence` tells whether any is given; the text itself is in the draft."""

    id: str
    dimension: Dimension
    cause: str
    confidence: Confidence
    evidence: bool
    led_to: str | None = None


def _no_issue_of_ours(id: str) -> str:
    if id.lower() == TRACKING_ISSUE:
        raise ValueError(f"must not be {id!r}, which names the issue of the review as a whole")
    return id


class ItemSpec(Record):
    """What an action item is to be, before and after it is accepted."""

    id: Annotated[str, AfterValidator(_no_issue_of_ours)] = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$", description="goes into effect keys and input ids"
    )
    title: TextRef
    item_class: ItemClass
    strength: Strength
    outcome: Outcome
    end_state: TextRef | None = None
    prevents: tuple[str, ...] = Field(default=(), description="ids of the factors that it answers")
    team: str | None = None
    owner: PersonId | None = None
    due: date | None = Field(default=None, description="earlier than the policy asks; it counts from acceptance on")


class IssueRef(Record):
    """Where an issue is kept: a stable id, and the key and address as they are now."""

    tracker: str
    id: str
    key: str
    url: str
    project: str

    def is_same(self, other: "IssueRef") -> bool:
        """Whether this is the same issue, whatever it is called now."""
        return (self.tracker, self.id) == (other.tracker, other.id)


class Told(Record):
    """What is Holdfast's to say in an item's issue; title, assignee and status are its tracker's."""

    item_class: ItemClass
    strength: Strength
    outcome: Outcome
    prevents: tuple[str, ...] = ()
    end_state: TextRef | None = None
    due: Utc | None = None


RESTORED, WITHIN = 3, timedelta(days=7)
"""So often, within so long, is put back what others change of Holdfast's in an issue: more would be a fight."""


class Item(Record):
    """An action item's life: proposed, accepted (open in a tracker), and then what the tracker says of it."""

    spec: ItemSpec
    status: ItemStatus = ItemStatus.PROPOSED
    promised: str = Field(default="", description="the digest of what it promises: `lifecycle.claims.promise_of`")
    due: Utc | None = None
    extended: int = Field(default=0, description="how often its due date was put off")
    place: Place | None = Field(default=None, description="where its issue belongs; none until it is accepted")
    adopts: Line | None = Field(default=None, description="an issue there that is to be its own, as people call it")
    moves: int = Field(default=0, description="how often it was given another issue by a person")
    ref: IssueRef | None = None
    issue_status: IssueStatus | None = None
    as_of: Utc | None = Field(default=None, description="when the read that told the status began")
    released: bool = Field(default=False, description="its issue was closed after it was withdrawn")
    answered: bool = Field(default=False, description="that its issue was closed without being done was answered there")
    disturbed: Utc | None = Field(
        default=None, description="when what Holdfast keeps in its issue was found changed; none once it was put back"
    )
    disturbances: tuple[Utc, ...] = Field(default=(), description="when that was found the last times, oldest first")
    told: Told | None = Field(default=None, description="what its issue was last made to say, where that is known")
    retold: int = Field(default=0, description="how often its issue was made to say something else")
    formerly: tuple[IssueRef, ...] = Field(default=(), description="the issues that were its own before, oldest first")
    leaving: tuple[IssueRef, ...] = Field(
        default=(), description="the issues that it was moved away from, still to be closed or let go, oldest first"
    )
    adopted: tuple[IssueRef, ...] = Field(
        default=(), description="those that it was moved away from and that were there before it: they are let go"
    )
    unreadable: FailureKind | None = Field(default=None, description="why its tracker project cannot be read now")
    doers: tuple[PersonId, ...] | None = Field(
        default=None, description="who had a hand in it: assignees, who closed it, who wrote or merged its change"
    )
    strangers: tuple[PersonId, ...] = Field(
        default=(), description="accounts among the doers of whom nobody knows whose they are"
    )
    doers_of_before: bool = Field(
        default=False, description="its doers are those of before it was open last: others may have joined them"
    )
    verification: Verification | None = None
    former_owners: tuple[PersonId, ...] = Field(default=(), description="who owned it before, since it was accepted")

    @property
    def doers_unread(self) -> bool:
        """Whether it is still to be read who had a hand in it."""
        return self.doers is None or self.doers_of_before

    @property
    def asking_who(self) -> str:
        """The key of what reads who had a hand in it."""
        return f"doers:{self.spec.id}"

    def is_doing_of(self, people: Iterable[PersonId]) -> bool:
        """Whether any of these is known to have had a hand in it."""
        return not set(self.doers or ()).isdisjoint(people)

    @property
    def opening(self) -> str:
        """The key of what opens its issue: another one for each move, so that none waits for what is not wanted now."""
        return f"issue:{self.spec.id}" + (f"/{self.moves + 1}" if self.moves else "")

    @property
    def left(self) -> IssueRef | None:
        """The issue that it was moved away from and that is to be closed or let go next."""
        return self.leaving[0] if self.leaving else None

    @property
    def lets_go(self) -> bool:
        """Whether the issue that it gives up next is an engineer's own, which goes on."""
        if self.left is None:
            return self.adopts is not None
        return any(ref.is_same(self.left) for ref in self.adopted)

    @property
    def to_tell(self) -> Told:
        """What its issue has to say."""
        return Told(due=self.due, **{name: getattr(self.spec, name) for name in Told.model_fields if name != "due"})

    @property
    def outdated(self) -> bool:
        """Whether its issue says what does not hold any more."""
        return self.told is not None and self.told != self.to_tell

    @property
    def contested_until(self) -> Utc | None:
        """Until when what was changed in its issue is left so, having been changed too often; none where it is not."""
        often = self.disturbed is not None and len(self.disturbances) > RESTORED
        return self.disturbances[0] + WITHIN if often else None

    def is_contested(self, now: datetime) -> bool:
        """Whether what was changed in its issue is left as it is at `now` (UTC)."""
        return self.contested_until is not None and now < self.contested_until

    def has_left(self, issue: IssueRef) -> bool:
        """Whether a person moved it away from that issue; one that its tracker moved is followed."""
        current = self.ref is not None and self.ref.is_same(issue)
        return self.moves > 0 and not current and any(ref.is_same(issue) for ref in self.formerly)

    @property
    def accepted(self) -> bool:
        """Whether somebody has promised this item and nobody has taken the promise back."""
        return self.status not in (ItemStatus.PROPOSED, ItemStatus.WITHDRAWN)

    @property
    def unanswered(self) -> bool:
        """Whether somebody closed its issue without doing what prevents, and was not told yet what that means."""
        return self.spec.item_class is ItemClass.PREVENT and self.status is ItemStatus.DECLINED and not self.answered


class Reading(Record):
    """What one item's issue was found to be; `as_of` is when that read began."""

    item: str
    status: IssueStatus
    as_of: Utc
    ref: IssueRef | None = None
    asked: IssueRef | None = Field(default=None, description="the issue that was asked about, found or not")
    due: date | None = Field(default=None, description="the date that the tracker shows, if any")
    doers: tuple[PersonId, ...] | None = Field(
        default=None, description="who had a hand in it, whoever they are; none: this read does not tell"
    )
    strangers: tuple[PersonId, ...] = Field(default=(), description="those of them of whom nobody knows who they are")
    met: tuple[PersonId, ...] = Field(
        default=(), description="strangers of before of whom it is known by now; who they are is among the doers"
    )

    def is_of_one_left(self, item: Item) -> bool:
        """Whether this tells of an issue that a person moved the item away from."""
        current = self.ref is not None and item.ref is not None and self.ref.is_same(item.ref)
        return not current and any(ref is not None and item.has_left(ref) for ref in (self.asked, self.ref))


class Submission(Record):
    """A draft revision that was put forward for signing, and what was derived from it."""

    revision: int
    digest: str
    by: PersonId
    sections: dict[str, str] = Field(description="section id to the digest of its text")
    answered: tuple[str, ...]
    factors: tuple[Factor, ...]
    considered: tuple[Dimension, ...]
    items: tuple[str, ...]
    filled: tuple[str, ...] = Field(default=(), description="ids of the sections in which something is said")
    looked: tuple[str, ...] = Field(default=(), description="models and pipelines in which the cause was looked for")
    elsewhere: tuple[str, ...] = Field(default=(), description="models that share something with those of the incident")
    models: tuple[str, ...] | None = Field(default=None, description="those of the incidents, as they were then")
    failure_modes: tuple[str, ...] = Field(default=(), description="keys of those that it touched")
    thin: tuple[str, ...] = Field(default=(), description="ids of the sections in which next to nothing is said")
    incidents: str = Field(default="", description="the digest of the incidents that it covers")


class Fallen(Record):
    """A signature that stands no more, until its team signs again. `seq` tells one from the next.

    `claims` are those that have changed since it was given, of the text that is submitted now.
    """

    seq: int
    claims: tuple[str, ...] = ()


class ChangesWanted(Record):
    """A team wants another text before it signs. `sections` are those that it means; none: the whole."""

    team: str
    by: PersonId
    reason: TextRef
    sections: tuple[str, ...]


class Request(Endorsement):
    """Something that makes closing easier, asked for by one person and decided by another."""

    id: str
    ask: Ask
    by: PersonId
    at: Utc
    reason: TextRef
    subject: str = ""
    rule: str = ""
    until: Utc | None = None
    severity: Severity | None = None
    change: ItemSpec | None = None
    into: tuple[ItemSpec, ...] = Field(default=(), description="the items that an item is to be split into")
    item: ItemSpec | None = Field(default=None, description="the item that it is about, as it was when this was asked")
    teams: tuple[str, ...] = Field(default=(), description="who is to see a private review, too; none: everybody")
    facts: Facts | None = Field(default=None, description="what is to be corrected of an incident")
    known: Facts | None = Field(default=None, description="what was known of that incident when this was asked")
    decided_by: PersonId | None = None
    granted: bool | None = None

    @property
    def pending(self) -> bool:
        """Whether it still waits for its second person."""
        return self.granted is None


class Failure(Record):
    """The last failure of something that the outside is owed, and when it is tried again."""

    kind: FailureKind
    count: int
    retry_at: Utc


class Repeat(Record):
    """Something that was done for the outside and is owed again in the same form: how often, and when it is done next.

    `basis` is the digest of what it depends on: where that changes, it waits no longer.
    """

    basis: str
    count: int
    retry_at: Utc


class Tracking(Record):
    """The issue in the tracker that stands for the review as a whole."""

    ref: IssueRef
    told: str = Field(description="digest of what the issue was last made to say")
    status: IssueStatus
    as_of: Utc
    closed_early: bool = Field(default=False, description="somebody closed it, and has not been answered yet")


class Question(Record):
    """A comment that waits for its answer; where `answer` is empty, for what is in the way."""

    item: str
    answer: tuple[str, ...]


class Closure(Record):
    """Why the review was allowed to close: what an auditor folds again."""

    at: Utc
    readings: tuple[Reading, ...]
    waivers: tuple[Waiver, ...]
    policy: str
    submission: str
    doubts: tuple[str, ...] = Field(default=(), description="what was worth a look when it closed, in sentences")

    def judged(self, item: str) -> bool:
        """Whether it was decided on what was known of that item, with nothing about it put off."""
        put_off = {waiver.id for waiver in self.waivers}
        known = any(reading.item == item for reading in self.readings)
        return known and put_off.isdisjoint({waiver_id("done", item), waiver_id("verified", item)})


class EffectivenessAnswer(Record):
    """What somebody said once the effectiveness window was over: whether prevention worked, and how they know."""

    answer: Effectiveness
    by: PersonId
    at: Utc
    reason: TextRef


class Review(Record):
    """The whole state of a review. An empty one (`seq` 0) is a review that nobody has heard of."""

    id: str
    seq: int = Field(default=0, description="how many events made this state")
    stage: Stage | None = None
    policy: Policy | None = None
    policy_digest: str = ""
    opened: Utc | None = None
    home: Place | None = Field(default=None, description="where the issue of the review as a whole belongs")
    excluded_by: str | None = None
    severity: Severity = Severity.SEV1
    incidents: dict[str, Incident] = {}
    refires: int = 0
    owner: PersonId | None = None
    owners: tuple[PersonId, ...] = Field(default=(), description="all that it has had, this one too")
    roles: dict[str, str] = Field(default={}, description="the teams that hold roles of the policy, by role")
    private_to: tuple[str, ...] = Field(default=(), description="the teams that see it; none: everybody")
    quiet_until: Utc | None = None
    due: dict[Clock, Utc] = {}
    late: frozenset[str] = Field(default=frozenset(), description="deadlines whose passing was recorded")
    submission: Submission | None = None
    authors: tuple[PersonId, ...] = Field(default=(), description="all who have submitted a text, each once")
    removed: dict[str, Incident] = Field(default={}, description="the incidents that were taken out, by two persons")
    signatures: dict[str, Signature] = {}
    fallen: dict[str, Fallen] = Field(default={}, description="signatures to be given anew, by team")
    delegates: dict[str, PersonId] = Field(default={}, description="who signs this review for a team, by team")
    changes_wanted: tuple[ChangesWanted, ...] = Field(default=(), description="asked for since the last submission")
    items: dict[str, Item] = {}
    requests: dict[str, Request] = {}
    waivers: dict[str, Waiver] = {}
    risks: dict[str, Waiver] = {}
    failures: dict[str, Failure] = {}
    repeats: dict[str, Repeat] = Field(default={}, description="what was done and is owed again, by key")
    tracking: Tracking | None = None
    closure: Closure | None = None
    effectiveness: EffectivenessAnswer | None = Field(default=None, description="none: nobody has answered")
    reopened: int = 0
    follows: str | None = Field(default=None, description="the ended review of whose incident more harm was reported")
    successor: str | None = Field(default=None, description="the review that follows this one in the same way")
    questions: dict[str, Question] = Field(default={}, description="comments that wait for an answer, by id")
    regressions: tuple[str, ...] = Field(default=(), description="what got in the way after closure, and is only told")
    unknown: tuple[str, ...] = Field(default=(), description="events that this release cannot read")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values; what follows from them is found anew."""
        copy = super().model_copy(update=update, deep=deep)
        for name in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[name]
        return copy

    @property
    def first_incident(self) -> Incident | None:
        """The incident that opened the review."""
        return next(iter(self.incidents.values()), None)

    @cached_property
    def gravest(self) -> Severity:
        """The severity that counts: the gravest of its incidents, whatever it was lowered to since."""
        triage = self.policy.clocks.triage if self.policy else Period(seconds=3600)
        return min((incident.counted(triage) for incident in self.incidents.values()), default=Severity.SEV4)

    @property
    def realisation(self) -> Realisation:
        """Harm if any of its incidents did harm, else what the first one was."""
        told = [incident.realisation for incident in self.incidents.values()]
        return Realisation.HARM if Realisation.HARM in told or not told else told[0]

    @property
    def kinds(self) -> tuple[IncidentKind, ...]:
        """The kinds of all its incidents, each once."""
        return tuple(dict.fromkeys(kind for incident in self.incidents.values() for kind in incident.kinds))

    @property
    def models(self) -> tuple[str, ...]:
        """The models of all its incidents, each once."""
        return tuple(dict.fromkeys(model for incident in self.incidents.values() for model in incident.models))

    @property
    def service(self) -> str:
        """The service of the incident that opened the review."""
        return self.first_incident.service if self.first_incident else ""

    @property
    def team(self) -> str | None:
        """The team that answers for that service."""
        return self.first_incident.team if self.first_incident else None

    @property
    def title(self) -> TextRef | None:
        """The title of the incident that opened the review."""
        return self.first_incident.title if self.first_incident else None

    @property
    def tracked_items(self) -> dict[str, Item]:
        """The items whose issue in the tracker matters: closure asks about these, and about no others."""
        return {
            id: item
            for id, item in self.items.items()
            if item.ref is not None and item.status is not ItemStatus.WITHDRAWN
        }

    def ref_of(self, item: str) -> IssueRef | None:
        """The issue of an item, or of the review as a whole where no item is called so."""
        if item in self.items:
            return self.items[item].ref
        return self.tracking.ref if self.tracking else None

    def factor(self, id: str) -> Factor | None:
        """The factor of that id in the text as it was last submitted."""
        return next((f for f in self.submission.factors if f.id == id), None) if self.submission else None

    @cached_property
    def profile(self) -> Profile | None:
        """What the pinned policy asks of this review, by the gravest severity: lowering it lifts no rule."""
        if self.policy is None:
            return None
        return self.policy.profile_for(self.gravest, self.realisation, self.kinds, self.service)

    @cached_property
    def required_teams(self) -> tuple[str, ...]:
        """Who has to sign. A review without a team of its own still asks for `owning`, which then nobody can be."""
        profile, risk = self.profile, self.risk_team
        return self.resolved((*(profile.teams if profile else ()), *((risk,) if risk else ())))

    @property
    def exceptions(self) -> tuple[str, ...]:
        """What it stands on instead of what its rules ask for, by name: waivers, risks, incidents taken out."""
        removed = (f"incident/{ref}" for ref in self.removed)
        return (*self.waivers, *(f"risk/{factor}" for factor in self.risks), *removed)

    @property
    def risk_team(self) -> str | None:
        """The team that has to agree to its exceptions, where it has more of them than its policy leaves to others."""
        terms = self.policy.exceptions if self.policy else None
        if terms is None or terms.risk is None or self.gravest not in GRAVE or len(self.exceptions) <= terms.limit:
            return None
        return self.resolved((terms.risk,))[0]

    def resolved(self, teams: tuple[str, ...]) -> tuple[str, ...]:
        """The teams that hold these roles of the policy, each once: the review's own team, and by the catalogue."""
        return holders(teams, self.team or OWNING, self.roles)
