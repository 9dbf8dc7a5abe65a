"""Everything that can be said to a review: commands (a person wants), facts (something happened), ticks (time passed).

Free text never travels in an input: the door keeps it first and sends its reference.
"""

from typing import Annotated, Literal

from pydantic import Field

from domain.drafts.draft import DraftContent
from domain.model.catalogue import Catalogue
from domain.model.endorsement import Evidence
from domain.model.policy import Policy
from domain.model.principal import Standing
from domain.model.review import Facts, Incident, IssueRef, ItemSpec, Reading, Told
from domain.model.taxonomy import Door, Effectiveness, FailureKind, IssueStatus, Severity
from domain.model.tracker_routing import PlaceText, Routing
from domain.model.values import Calendar, Line, PersonId, Record, TextRef, Utc

# --- commands -------------------------------------------------------------------------------------------------------


class OpenReview(Record):
    """Start a review by hand, for an incident or a near miss that no source reported."""

    type: Literal["open_review"] = "open_review"
    incident: Incident
    private_to: tuple[Line, ...] = Field(default=(), description="the teams that see it; none: everybody")


class JoinIncident(Record):
    """Add an incident to a review that is already open."""

    type: Literal["join_incident"] = "join_incident"
    incident: Incident


class RemoveIncident(Record):
    """Ask to take an incident out that was added by mistake."""

    type: Literal["remove_incident"] = "remove_incident"
    incident: Line = Field(description="as the review names it: its source, a colon, and its id there")
    reason: TextRef


class Classify(Facts):
    """Correct what is known of an incident. What would ease its closing asks for an approval.

    That is: another service where it has one, a profile that asks for less, and once a text is submitted fewer kinds
    or models. Without `incident` it is the one that opened the review; what is left out stays as it is.
    """

    type: Literal["classify"] = "classify"
    incident: Line | None = None
    reason: TextRef


class AssignOwner(Record):
    type: Literal["assign_owner"] = "assign_owner"
    owner: PersonId


class SubmitDraft(Record):
    """Put a saved revision forward for signing, named by number and digest."""

    type: Literal["submit_draft"] = "submit_draft"
    revision: int
    digest: str


class SignForTeam(Record):
    """Sign the text with this digest for a team."""

    type: Literal["sign"] = "sign"
    team: str
    digest: str


class DelegateSigning(Record):
    """Let somebody sign this review for a team."""

    type: Literal["delegate_signing"] = "delegate_signing"
    team: str
    to: PersonId


class RequestChanges(Record):
    type: Literal["request_changes"] = "request_changes"
    team: str
    reason: TextRef
    sections: tuple[str, ...] = ()


class ProposeItem(Record):
    type: Literal["propose_item"] = "propose_item"
    spec: ItemSpec


class AcceptItem(Record):
    """Promise an item: it is opened in its tracker at once, and its due date counts from now.

    `place` is where, if not where the routes say; `adopts` names an issue there to link in place of a new one.
    """

    type: Literal["accept_item"] = "accept_item"
    item: str
    place: PlaceText | None = None
    adopts: Line | None = None


class WithdrawItem(Record):
    """Take an item back; once it is accepted this asks for an approval."""

    type: Literal["withdraw_item"] = "withdraw_item"
    item: str
    reason: TextRef


class ChangeItem(Record):
    """Change an accepted item; where that weakens it, this asks for an approval."""

    type: Literal["change_item"] = "change_item"
    spec: ItemSpec
    reason: TextRef


class ExtendDue(Record):
    """Ask for a later due date of an item."""

    type: Literal["extend_due"] = "extend_due"
    item: str
    until: Utc
    reason: TextRef


class MoveItem(Record):
    """Give an accepted item another issue: a new one at `place`, or the one there that people call `adopts`."""

    type: Literal["move_item"] = "move_item"
    item: str
    place: PlaceText
    adopts: Line | None = None


class SplitItem(Record):
    """Ask to put several items in the place of one; together they have to promise what it promised."""

    type: Literal["split_item"] = "split_item"
    item: str
    into: tuple[ItemSpec, ...] = Field(min_length=2, max_length=20)
    reason: TextRef


class VerifyItem(Record):
    """Say that a done item does what it promised, with evidence: copies that are kept, or links to be copied."""

    type: Literal["verify_item"] = "verify_item"
    item: str
    others: tuple[str, ...] = Field(default=(), description="further items of which the same evidence shows it")
    evidence: tuple[Evidence, ...] = Field(min_length=1, max_length=20)
    note: TextRef | None = None


class AskWaiver(Record):
    """Ask to lift one rule for one subject for a while (`until`: the policy's default where none is given)."""

    type: Literal["ask_waiver"] = "ask_waiver"
    rule: str
    subject: str
    reason: TextRef
    until: Utc | None = None


class AcceptRisk(Record):
    """Ask to live with a factor, without prevention, for a while."""

    type: Literal["accept_risk"] = "accept_risk"
    factor: str
    reason: TextRef
    until: Utc | None = None


class LowerSeverity(Record):
    type: Literal["lower_severity"] = "lower_severity"
    severity: Severity
    reason: TextRef


class Dismiss(Record):
    """End a review as a false alarm or duplicate; at SEV1 and SEV2 this asks for an approval."""

    type: Literal["dismiss"] = "dismiss"
    reason: TextRef


class Approve(Record):
    type: Literal["approve"] = "approve"
    request: str


class Refuse(Record):
    type: Literal["refuse"] = "refuse"
    request: str
    reason: TextRef


class MakePrivate(Record):
    """Let only these teams see a review; of a private one, fewer teams than before."""

    type: Literal["make_private"] = "make_private"
    teams: tuple[Line, ...] = Field(min_length=1)
    reason: TextRef


class Share(Record):
    """Ask to let these teams see a private review, too; without any, everybody."""

    type: Literal["share"] = "share"
    teams: tuple[Line, ...] = ()
    reason: TextRef


class AnswerEffectiveness(Record):
    """Say whether prevention worked, once the effectiveness window is over, and how one can tell."""

    type: Literal["answer_effectiveness"] = "answer_effectiveness"
    answer: Effectiveness
    reason: TextRef


class Close(Record):
    """Ask for closure now. A review also closes by itself, once nothing blocks it."""

    type: Literal["close"] = "close"


Command = (
    OpenReview
    | JoinIncident
    | RemoveIncident
    | Classify
    | AssignOwner
    | SubmitDraft
    | SignForTeam
    | DelegateSigning
    | RequestChanges
    | ProposeItem
    | AcceptItem
    | WithdrawItem
    | ChangeItem
    | ExtendDue
    | MoveItem
    | SplitItem
    | VerifyItem
    | AskWaiver
    | AcceptRisk
    | LowerSeverity
    | Dismiss
    | Approve
    | Refuse
    | MakePrivate
    | Share
    | AnswerEffectiveness
    | Close
)

# --- facts ----------------------------------------------------------------------------------------------------------


class IncidentTold(Record):
    """A source told something of an incident: that it is open, resolved, or how severe it is."""

    type: Literal["incident_told"] = "incident_told"
    incident: Incident


class HarmReported(Record):
    """More harm was reported of an incident after its review had ended: this one follows that review."""

    type: Literal["harm_reported"] = "harm_reported"
    incident: Incident
    follows: str
    private_to: tuple[Line, ...] = ()


class IssueOpened(Record):
    """An item's issue exists."""

    type: Literal["issue_opened"] = "issue_opened"
    item: str
    ref: IssueRef
    moves: int = Field(default=0, description="how often the item had been moved when this issue was asked for")
    told: Told | None = Field(default=None, description="what it says")
    adopted: bool = Field(default=False, description="it was there before, and is an engineer's own")


class IssueReleased(Record):
    """An issue that its item gave up was closed or let go."""

    type: Literal["issue_released"] = "issue_released"
    item: str


class ItemsRead(Record):
    """Issues were read. `for_closing` tells that this read was made to decide closure, and covers all items.

    `for_doers` tells that it was made to learn who had a hand in these items.
    """

    type: Literal["items_read"] = "items_read"
    readings: tuple[Reading, ...]
    for_closing: bool = False
    for_doers: bool = False


class ItemsUnreadable(Record):
    """The tracker project of these items cannot be read, for this reason; without a reason: it can be read again."""

    type: Literal["items_unreadable"] = "items_unreadable"
    items: tuple[str, ...]
    kind: FailureKind | None


class IssueDisturbed(Record):
    """What Holdfast keeps in an item's issue was found changed."""

    type: Literal["issue_disturbed"] = "issue_disturbed"
    item: str
    as_of: Utc


class IssueTended(Record):
    """What was found in an item's issue until `as_of` is put back and answered there, and it says what is `told`."""

    type: Literal["issue_tended"] = "issue_tended"
    item: str
    as_of: Utc
    told: Told | None = None


class CommentSaid(Record):
    """Somebody spoke to us in a comment on an issue of an item, or of the review as a whole.

    `wants` is what they want, as the command that it is anywhere else; none where they ask what is in the way.
    `wrong` says why nothing can be made of it.
    """

    type: Literal["comment_said"] = "comment_said"
    item: str
    comment: str
    wants: Annotated[ExtendDue | VerifyItem, Field(discriminator="type")] | None = None
    wrong: Line | None = None


class CommentAnswered(Record):
    """A comment was answered where it was written."""

    type: Literal["comment_answered"] = "comment_answered"
    comment: str


class EvidenceKept(Record):
    """A copy of what a link led to is kept."""

    type: Literal["evidence_kept"] = "evidence_kept"
    item: str
    link: TextRef
    digest: str


class TrackingTold(Record):
    """The tracking issue was made to say what has the digest `told`."""

    type: Literal["tracking_told"] = "tracking_told"
    ref: IssueRef
    told: str
    status: IssueStatus
    as_of: Utc


class TrackingRead(Record):
    """The tracking issue was read."""

    type: Literal["tracking_read"] = "tracking_read"
    status: IssueStatus
    as_of: Utc
    ref: IssueRef | None = None


class EffectFailed(Record):
    """Something that the outside was owed could not be done."""

    type: Literal["effect_failed"] = "effect_failed"
    key: str
    kind: FailureKind
    retry_at: Utc | None = None


Fact = (
    IncidentTold
    | HarmReported
    | IssueOpened
    | IssueReleased
    | ItemsRead
    | ItemsUnreadable
    | IssueDisturbed
    | IssueTended
    | CommentSaid
    | CommentAnswered
    | EvidenceKept
    | TrackingTold
    | TrackingRead
    | EffectFailed
)


class Tick(Record):
    """Time has passed."""

    type: Literal["tick"] = "tick"


Body = Annotated[Command | Fact | Tick, Field(discriminator="type")]

COMMANDS: tuple[type[Record], ...] = (
    OpenReview,
    JoinIncident,
    RemoveIncident,
    Classify,
    AssignOwner,
    SubmitDraft,
    SignForTeam,
    DelegateSigning,
    RequestChanges,
    ProposeItem,
    AcceptItem,
    WithdrawItem,
    ChangeItem,
    ExtendDue,
    MoveItem,
    SplitItem,
    VerifyItem,
    AskWaiver,
    AcceptRisk,
    LowerSeverity,
    Dismiss,
    Approve,
    Refuse,
    MakePrivate,
    Share,
    AnswerEffectiveness,
    Close,
)


class Input(Record):
    """One thing said to a review: what, by whom, through which door. The same `id` is only ever heard once."""

    id: str = Field(min_length=1, max_length=200)
    by: PersonId = "holdfast"
    door: Door = Door.ENGINE
    standing: Standing | None = Field(default=None, description="what they may do; none where nobody signs in")
    at: Utc | None = Field(default=None, description="when it happened outside, where that is known")
    body: Body

    @property
    def is_command(self) -> bool:
        """Whether a person wants this (and so may be refused)."""
        return isinstance(self.body, COMMANDS)


class Given(Record):
    """What a decision needs beside the review: data, loaded by whoever calls `decide`."""

    policy: Policy
    catalogue: Catalogue = Catalogue()
    routing: Routing = Routing()
    calendar: Calendar = Field(default=Calendar(), description="how the team of the review counts days")
    draft: DraftContent | None = None
    kept: frozenset[str] = Field(default=frozenset(), description="digests of the copies that are kept for this review")
    elsewhere: str | None = Field(default=None, description="the other review that an incident to be joined is part of")
