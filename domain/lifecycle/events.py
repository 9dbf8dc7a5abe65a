"""What can have happened to a review. Recorded for ever: a released event never changes its meaning.

A new shape gets a new version, and an entry in `UPCASTS` that reads the old one.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from pydantic import ValidationError

from domain.drafts.draft import DraftContent
from domain.model.endorsement import Evidence
from domain.model.policy import Policy
from domain.model.review import Closure, Factor, Facts, Incident, IssueRef, ItemSpec, Reading, Request, Told
from domain.model.taxonomy import Clock, Dimension, Effectiveness, FailureKind, IssueStatus, Severity, Stage
from domain.model.tracker_routing import Place
from domain.model.values import PersonId, Record, TextRef, Utc


class Event(Record):
    """Something that has happened, recorded for ever under this `name`; `version` is that of its shape."""

    name: ClassVar[str]
    version: ClassVar[int] = 1


class IncidentExcluded(Event):
    """An incident gets no review, by this rule of the policy in force."""

    name: ClassVar[str] = "IncidentExcluded"
    incident: Incident
    rule: str
    policy_digest: str


class ReviewOpened(Event):
    """A review began. The policy that it is held to is pinned here."""

    name: ClassVar[str] = "ReviewOpened"
    at: Utc
    incident: Incident
    policy: Policy
    policy_digest: str
    owner: PersonId | None
    quiet_until: Utc | None
    due: dict[Clock, Utc]
    home: Place = Place(tracker="builtin")
    private_to: tuple[str, ...] = ()
    follows: str | None = None
    roles: dict[str, str] = {}


class IncidentUpdated(Event):
    """A known or joined incident was told anew. `refired` tells that it is new here, or open again."""

    name: ClassVar[str] = "IncidentUpdated"
    incident: Incident
    refired: bool
    quiet_until: Utc | None


class IncidentRemoved(Event):
    """An incident was added by mistake, and is no part of the review any more."""

    name: ClassVar[str] = "IncidentRemoved"
    incident: str
    by: PersonId
    reason: TextRef
    quiet_until: Utc | None = None


class IncidentCorrected(Event):
    """A person corrected what is known of an incident; it is as it was told here from now on."""

    name: ClassVar[str] = "IncidentCorrected"
    incident: Incident
    facts: Facts
    roles: dict[str, str] | None = None
    by: PersonId
    reason: TextRef


class SeverityChanged(Event):
    name: ClassVar[str] = "SeverityChanged"
    severity: Severity


class StageEntered(Event):
    name: ClassVar[str] = "StageEntered"
    stage: Stage
    due: dict[Clock, Utc] = {}


class OwnerAssigned(Event):
    name: ClassVar[str] = "OwnerAssigned"
    owner: PersonId
    by: PersonId


class DraftSubmitted(Event):
    name: ClassVar[str] = "DraftSubmitted"
    revision: int
    digest: str
    by: PersonId
    sections: dict[str, str]
    answered: tuple[str, ...]
    factors: tuple[Factor, ...]
    considered: tuple[Dimension, ...]
    items: tuple[ItemSpec, ...]
    filled: tuple[str, ...] = ()
    looked: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    models: tuple[str, ...] | None = None
    failure_modes: tuple[str, ...] = ()
    thin: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        content: DraftContent,
        by: PersonId,
        elsewhere: tuple[str, ...] = (),
        models: tuple[str, ...] | None = None,
    ) -> Self:
        """The submission of what was derived from a revision, without its texts.

        `models` are those of the incidents, and `elsewhere` those that share something with them, as of now.
        """
        return cls(by=by, elsewhere=elsewhere, models=models, **content.model_dump(exclude={"texts", "blame"}))


class SigningDelegated(Event):
    """A team lets somebody sign this review for it."""

    name: ClassVar[str] = "SigningDelegated"
    team: str
    to: PersonId
    by: PersonId


class TeamSigned(Event):
    """A team put its name to these claims, as `lifecycle.claims` names them, with what they said."""

    name: ClassVar[str] = "TeamSigned"
    version: ClassVar[int] = 2
    team: str
    by: PersonId
    at: Utc
    basis: dict[str, str]


class SignaturesVoided(Event):
    """Signatures that no longer stand, because these claims changed; none where who signed is not independent now."""

    name: ClassVar[str] = "SignaturesVoided"
    version: ClassVar[int] = 2
    teams: tuple[str, ...]
    claims: tuple[str, ...] = ()


class ChangesRequested(Event):
    name: ClassVar[str] = "ChangesRequested"
    team: str
    by: PersonId
    reason: TextRef
    sections: tuple[str, ...]


class ItemProposed(Event):
    name: ClassVar[str] = "ItemProposed"
    spec: ItemSpec


class ItemAccepted(Event):
    name: ClassVar[str] = "ItemAccepted"
    item: str
    due: Utc
    place: Place = Place(tracker="builtin")
    adopts: str | None = None


class DueExtended(Event):
    """An item may take longer: the first time one person says so (`by`), later with a second person's approval."""

    name: ClassVar[str] = "DueExtended"
    item: str
    due: Utc
    by: PersonId | None = None
    reason: TextRef | None = None


class ItemMoved(Event):
    """An item is to have another issue; the one that it has is left behind."""

    name: ClassVar[str] = "ItemMoved"
    item: str
    by: PersonId
    place: Place
    adopts: str | None


class ItemChanged(Event):
    """`due` is when it is due now, where that is sooner than before."""

    name: ClassVar[str] = "ItemChanged"
    spec: ItemSpec
    due: Utc | None = None


class ItemSplit(Event):
    """Several items take the place of one."""

    name: ClassVar[str] = "ItemSplit"
    item: str
    into: tuple[ItemSpec, ...]
    by: PersonId
    reason: TextRef


class ItemVerified(Event):
    name: ClassVar[str] = "ItemVerified"
    item: str
    by: PersonId
    at: Utc
    evidence: tuple[Evidence, ...]
    note: TextRef | None = None
    stands_for: tuple[PersonId, ...] = ()
    basis: dict[str, str] = {}


class EvidenceCopied(Event):
    """A copy is kept of what a link led to that an item was verified with."""

    name: ClassVar[str] = "EvidenceCopied"
    item: str
    link: TextRef
    digest: str


class ItemWithdrawn(Event):
    name: ClassVar[str] = "ItemWithdrawn"
    item: str
    by: PersonId
    reason: TextRef


class ApprovalAsked(Event):
    name: ClassVar[str] = "ApprovalAsked"
    version: ClassVar[int] = 2
    request: Request


class ApprovalGranted(Event):
    name: ClassVar[str] = "ApprovalGranted"
    request: str
    by: PersonId
    basis: dict[str, str] = {}


class ApprovalRefused(Event):
    name: ClassVar[str] = "ApprovalRefused"
    request: str
    by: PersonId
    reason: TextRef


class ReviewMadePrivate(Event):
    """Only these teams see the review from now on, and what is told of it as a whole goes to `home`."""

    name: ClassVar[str] = "ReviewMadePrivate"
    teams: tuple[str, ...]
    by: PersonId
    reason: TextRef
    home: Place


class ReviewShared(Event):
    """These teams see the review now; none: everybody."""

    name: ClassVar[str] = "ReviewShared"
    teams: tuple[str, ...]


class ItemIssueOpened(Event):
    name: ClassVar[str] = "ItemIssueOpened"
    item: str
    ref: IssueRef
    told: Told | None = None


class ItemIssueReleased(Event):
    name: ClassVar[str] = "ItemIssueReleased"
    item: str


class ItemStatusesRead(Event):
    name: ClassVar[str] = "ItemStatusesRead"
    readings: tuple[Reading, ...]


class ItemIssueLeft(Event):
    """An issue was made, or adopted, for an item that had been moved on meanwhile: it is given up."""

    name: ClassVar[str] = "ItemIssueLeft"
    item: str
    ref: IssueRef
    adopted: bool = False


class ItemsFoundUnreadable(Event):
    name: ClassVar[str] = "ItemsFoundUnreadable"
    items: tuple[str, ...]
    kind: FailureKind | None


class IssueFoundDisturbed(Event):
    """Somebody changed what Holdfast keeps in an item's issue: its class and strength, the link, the labels."""

    name: ClassVar[str] = "IssueFoundDisturbed"
    item: str
    as_of: Utc


class ItemIssueTended(Event):
    """What was found in an item's issue until `as_of` is put back and answered there, and it says what it has to."""

    name: ClassVar[str] = "ItemIssueTended"
    item: str
    as_of: Utc
    told: Told | None = None


class CommentHeard(Event):
    """Somebody spoke to us in a comment; `answer` is what they are told, and where it is empty, what is in the way."""

    name: ClassVar[str] = "CommentHeard"
    item: str
    comment: str
    answer: tuple[str, ...]


class CommentWasAnswered(Event):
    name: ClassVar[str] = "CommentWasAnswered"
    comment: str


class TrackingIssueTold(Event):
    name: ClassVar[str] = "TrackingIssueTold"
    ref: IssueRef
    told: str
    status: IssueStatus
    as_of: Utc


class TrackingIssueRead(Event):
    name: ClassVar[str] = "TrackingIssueRead"
    status: IssueStatus
    as_of: Utc
    ref: IssueRef | None = None


class OutsideFailed(Event):
    """Something owed to the outside failed for the `count`th time in a row."""

    name: ClassVar[str] = "OutsideFailed"
    key: str
    kind: FailureKind
    count: int
    retry_at: Utc


class EffectRepeated(Event):
    """Something was done for the outside, and is owed again in the same form, for the `count`th time in a row."""

    name: ClassVar[str] = "EffectRepeated"
    key: str
    basis: str
    count: int
    retry_at: Utc


class DeadlinePassed(Event):
    name: ClassVar[str] = "DeadlinePassed"
    deadline: str
    due: Utc


class ClosureAsked(Event):
    name: ClassVar[str] = "ClosureAsked"
    by: PersonId


class ReviewClosed(Event):
    name: ClassVar[str] = "ReviewClosed"
    closure: Closure
    due: dict[Clock, Utc]


class EffectivenessAnswered(Event):
    """The effectiveness window was over, and somebody said whether prevention worked."""

    name: ClassVar[str] = "EffectivenessAnswered"
    answer: Effectiveness
    by: PersonId
    at: Utc
    reason: TextRef


class ReviewReopened(Event):
    """A closed review goes on in a stage, because of these blockers (`rule/subject`), until new due dates."""

    name: ClassVar[str] = "ReviewReopened"
    because: tuple[str, ...]
    stage: Stage = Stage.REMEDIATION
    due: dict[Clock, Utc] = {}


class RegressionSeen(Event):
    """These blockers came up after closure, and the policy wants them told and no more."""

    name: ClassVar[str] = "RegressionSeen"
    because: tuple[str, ...]


class ReviewSucceeded(Event):
    """Harm was reported to a review that has ended: another one, of this id, has to deal with it."""

    name: ClassVar[str] = "ReviewSucceeded"
    successor: str
    incident: Incident


class ReviewDismissed(Event):
    name: ClassVar[str] = "ReviewDismissed"
    by: PersonId
    reason: TextRef


class UnknownEvent(Event):
    """An event that this release cannot read. It blocks closure, and is never rewritten."""

    name: ClassVar[str] = "UnknownEvent"
    recorded_name: str
    recorded_version: int


EVENTS: dict[str, type[Event]] = {
    event.name: event
    for event in (
        IncidentExcluded,
        ReviewOpened,
        IncidentUpdated,
        IncidentRemoved,
        IncidentCorrected,
        SeverityChanged,
        StageEntered,
        OwnerAssigned,
        DraftSubmitted,
        SigningDelegated,
        TeamSigned,
        SignaturesVoided,
        ChangesRequested,
        ItemProposed,
        ItemAccepted,
        DueExtended,
        ItemMoved,
        ItemIssueLeft,
        ItemsFoundUnreadable,
        IssueFoundDisturbed,
        ItemIssueTended,
        CommentHeard,
        CommentWasAnswered,
        RegressionSeen,
        ItemChanged,
        ItemWithdrawn,
        ItemSplit,
        ItemVerified,
        EvidenceCopied,
        ApprovalAsked,
        ApprovalGranted,
        ApprovalRefused,
        ReviewMadePrivate,
        ReviewShared,
        ItemIssueOpened,
        ItemIssueReleased,
        ItemStatusesRead,
        TrackingIssueTold,
        TrackingIssueRead,
        OutsideFailed,
        EffectRepeated,
        DeadlinePassed,
        ClosureAsked,
        ReviewClosed,
        EffectivenessAnswered,
        ReviewReopened,
        ReviewSucceeded,
        ReviewDismissed,
    )
}

Upcast = Callable[[dict[str, Any]], dict[str, Any]]


def _sections_as_claims(data: dict[str, Any]) -> dict[str, Any]:
    basis = {f"section/{id}": digest for id, digest in data["sections"].items()}
    return {name: value for name, value in data.items() if name != "sections"} | {"basis": basis}


def _item_as_claim(data: dict[str, Any]) -> dict[str, Any]:
    return {"teams": data["teams"], "claims": [f"item/{data['item']}"] if data.get("item") else []}


def _request_without_factor(data: dict[str, Any]) -> dict[str, Any]:
    return {"request": {name: value for name, value in data["request"].items() if name != "factor"}}


UPCASTS: dict[tuple[str, int], Upcast] = {
    ("TeamSigned", 1): _sections_as_claims,
    ("SignaturesVoided", 1): _item_as_claim,
    ("ApprovalAsked", 1): _request_without_factor,
}
"""How the data of (event, version) becomes that of the next version."""


def decode(name: str, version: int, data: dict[str, Any], upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS) -> Event:
    """The event that was recorded as `name`, version and data; an `UnknownEvent` where this release cannot tell."""
    kind = EVENTS.get(name)
    recorded = version
    while kind is not None and version < kind.version:
        upcast = upcasts.get((name, version))
        if upcast is None:
            kind = None
        else:
            data, version = upcast(data), version + 1
    if kind is None or version != kind.version:
        return UnknownEvent(recorded_name=name, recorded_version=recorded)
    try:
        return kind.model_validate(data)
    except ValidationError:
        return UnknownEvent(recorded_name=name, recorded_version=recorded)
