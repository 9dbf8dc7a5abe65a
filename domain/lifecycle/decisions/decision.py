"""A decision in the making, and what all decisions share: refusing, entering a stage, promising an item."""

from datetime import datetime

from domain.lifecycle import events, inputs
from domain.lifecycle.evolve import evolve
from domain.lifecycle.stages import TRANSITIONS
from domain.model.review import ItemSpec, Review
from domain.model.taxonomy import Clock, IncidentStatus, ItemStatus, Stage
from domain.model.tracker_routing import Place
from domain.model.values import Period, PersonId, Record, Utc, end_of


class Rejected(Exception):
    """A command that is refused, with every reason. It leaves no trace."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class UnreadableReviewError(Exception):
    """The beginning of this review was written by another release: nothing can be decided, and nothing may be lost."""


class Decision:
    """A decision in the making: the review as it is after the events so far, and those events."""

    def __init__(self, review: Review, input: inputs.Input, now: datetime, given: inputs.Given) -> None:
        self.review, self.input, self.now, self.given = review, input, now, given
        self.recorded: list[events.Event] = []

    @property
    def by(self) -> PersonId:
        return self.input.by

    @property
    def hands(self) -> frozenset[PersonId]:
        """Who counts as this one person, where a second one is needed: see `Standing.stands_for`."""
        return frozenset({self.by, *(self.input.standing.stands_for if self.input.standing else ())})

    def in_time(self, period: Period) -> Utc:
        """When a period has passed that begins now, as the team of the review counts days."""
        return period.after(self.now, self.given.calendar)

    def record(self, event: events.Event) -> None:
        self.review = evolve(self.review, event)
        self.recorded.append(event)

    def enter(self, stage: Stage, due: dict[Clock, Utc] | None = None) -> None:
        assert stage in TRANSITIONS[self.review.stage], f"{self.review.stage} to {stage}"
        self.record(events.StageEntered(stage=stage, due=due or {}))

    def enter_draft(self) -> None:
        """Wait for a draft, until its due date."""
        assert self.review.policy is not None
        clock = self.review.policy.clocks.draft[self.review.severity]
        self.enter(Stage.DRAFT, {Clock.DRAFT: self.in_time(clock)})

    def enter_sign_off(self) -> None:
        """Wait for signatures, until their due date."""
        assert self.review.policy is not None
        clock = self.review.policy.clocks.sign_off[self.review.severity]
        self.enter(Stage.SIGN_OFF, {Clock.SIGN_OFF: self.in_time(clock)})

    def accept(
        self, item: str, place: Place | None = None, adopts: str | None = None, due: datetime | None = None
    ) -> None:
        """Promise an item: its due date counts from now, and its issue goes to `place`, or where the routes say."""
        review = self.review
        assert review.policy is not None
        spec = review.items[item].spec
        due = due or self.in_time(review.policy.clocks.item[review.severity])
        if spec.due is not None:
            due = min(due, end_of(spec.due))
        place = place or self.place_for(spec)
        adopts = place.issue_key(adopts) if adopts else None
        self.record(events.ItemAccepted(item=item, due=due, place=place, adopts=adopts))

    def accept_proposed(self) -> None:
        """Promise all that is proposed: whoever signs approves it."""
        for id, item in self.review.items.items():
            if item.status is ItemStatus.PROPOSED:
                self.accept(id)

    def place_for(self, spec: ItemSpec) -> Place:
        """Where the routes send an item."""
        review = self.review
        return self.given.routing.place_for(
            review.service, review.models, spec.team or review.team, spec.outcome, bool(review.private_to)
        )

    def change(self, spec: ItemSpec) -> None:
        """Change an item. A date that it names anew counts at once where it has been accepted, and is due later."""
        due, named = self.review.items[spec.id].due, end_of(spec.due) if spec.due is not None else None
        is_sooner = due is not None and named is not None and named < due
        self.record(events.ItemChanged(spec=spec, due=named if is_sooner else None))


def refuse_if(*reasons: str | bool | None) -> None:
    real = [reason for reason in reasons if isinstance(reason, str)]
    if real:
        raise Rejected(*real)


def these(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"


def unheard(review: Review, command: type[Record]) -> str:
    """Why a command is not heard in the stage that a review is in."""
    if review.stage is None:
        return f"There is no review {review.id}."
    impossible, place = IMPOSSIBLE[command], where(review)
    if impossible.startswith("The review"):
        place = place.replace("the review", "it")
    return f"{impossible} while {place}{_until_when(review)}."


def where(review: Review) -> str:
    """The stage of a review that has begun, in words."""
    assert review.stage is not None
    return _WHERE[review.stage]


def _until_when(review: Review) -> str:
    if review.stage is not Stage.STABILIZATION:
        return ""
    still_open = tuple(ref for ref, i in review.incidents.items() if i.status is IncidentStatus.OPEN)
    if still_open:
        return f"; it waits until {these(still_open)} {'is' if len(still_open) == 1 else 'are'} resolved"
    return f"; the quiet window ends on {review.quiet_until:%d %b %H:%M} UTC" if review.quiet_until else ""


IMPOSSIBLE: dict[type[Record], str] = {
    inputs.OpenReview: "The review cannot be opened again",
    inputs.JoinIncident: "An incident cannot be added",
    inputs.RemoveIncident: "An incident cannot be taken out",
    inputs.Classify: "What is known of an incident cannot be corrected",
    inputs.AssignOwner: "The owner cannot be changed",
    inputs.SubmitDraft: "A draft cannot be submitted",
    inputs.SignForTeam: "A text cannot be signed",
    inputs.DelegateSigning: "Signing cannot be delegated",
    inputs.RequestChanges: "Changes cannot be asked for",
    inputs.ProposeItem: "An item cannot be proposed",
    inputs.AcceptItem: "An item cannot be accepted",
    inputs.WithdrawItem: "An item cannot be withdrawn",
    inputs.ChangeItem: "An item cannot be changed",
    inputs.ExtendDue: "A due date cannot be put off",
    inputs.MoveItem: "An item cannot be moved",
    inputs.SplitItem: "An item cannot be split",
    inputs.VerifyItem: "An item cannot be verified",
    inputs.AskWaiver: "A waiver cannot be asked for",
    inputs.AcceptRisk: "A risk cannot be accepted",
    inputs.LowerSeverity: "The severity cannot be lowered",
    inputs.Dismiss: "The review cannot be dismissed",
    inputs.Approve: "A request cannot be approved",
    inputs.Refuse: "A request cannot be refused",
    inputs.MakePrivate: "The review cannot be made private",
    inputs.Share: "The review cannot be shared",
    inputs.AnswerEffectiveness: "Whether prevention worked cannot be said",
    inputs.Close: "The review cannot be closed",
}
"""What cannot be done where a command is not heard, in people's words."""

_WHERE = {
    Stage.EXCLUDED: "the incident is excluded from review",
    Stage.STABILIZATION: "the review is in stabilization",
    Stage.DRAFT: "the review is in draft",
    Stage.SIGN_OFF: "the review is in sign-off",
    Stage.REMEDIATION: "the review is in remediation",
    Stage.CLOSED: "the review is closed",
    Stage.ARCHIVED: "the review is archived",
    Stage.DISMISSED: "the review is dismissed",
}
