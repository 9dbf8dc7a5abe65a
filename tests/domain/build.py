"""Builders for tests: the default policy, a catalogue, an incident, a draft that meets the template, and a driver.

The driver holds the events of one review and carries inputs through `decide`, `evolve` and `plan`, with a tracker that
is nothing but a dictionary. Other rooms' tests may use all of this.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from domain.drafts.document import DraftDocument
from domain.drafts.draft import DraftContent, derive
from domain.lifecycle.closure_rules import RULES, Blocker, blockers
from domain.lifecycle.decide import Rejected, decide, settle_time
from domain.lifecycle.effects import Effect, tracking_digest, tracking_text, uncopied
from domain.lifecycle.events import Event
from domain.lifecycle.evolve import evolve
from domain.lifecycle.inputs import (
    AnswerEffectiveness,
    Approve,
    Body,
    CommentAnswered,
    EvidenceKept,
    Fact,
    Given,
    IncidentTold,
    Input,
    IssueOpened,
    IssueReleased,
    IssueTended,
    ItemsRead,
    OpenReview,
    SignForTeam,
    SubmitDraft,
    Tick,
    TrackingTold,
    WithdrawItem,
)
from domain.lifecycle.plan import Plan, plan
from domain.model.catalogue import Catalogue
from domain.model.endorsement import Evidence
from domain.model.policy import OnEarlyClose, Policy
from domain.model.review import Incident, IssueRef, Item, ItemSpec, Reading, Review
from domain.model.taxonomy import (
    Clock,
    Confidence,
    Dimension,
    Effectiveness,
    IncidentStatus,
    IssueStatus,
    ItemClass,
    ItemStatus,
    Mode,
    Outcome,
    Severity,
    Stage,
    Strength,
)
from domain.model.template import Template, completed
from domain.model.tracker_routing import Place, Routing
from domain.model.values import PersonId

SHIPPED = Path(__file__).parents[2] / "runtime"


def shipped(name: str) -> Any:
    """What a file says that Holdfast ships with."""
    return yaml.safe_load((SHIPPED / name).read_text(encoding="utf-8"))


TEMPLATE = Template.model_validate(shipped("template.yaml"))
DEFAULT = Policy.model_validate(completed(shipped("policy.yaml"), TEMPLATE))
"""The policy that Holdfast ships with, and its template."""

ASKED_ELSEWHERE = ("extent@1", "verified@1")


def lenient(policy: Policy) -> Policy:
    """A policy without those rules that have tests of their own, so that the others need not see to them each time."""
    without = dict.fromkeys(ASKED_ELSEWHERE, Mode.OFF)
    profiles = (
        profile.model_copy(update={"rules": profile.rules | without, "parts": ()}) for profile in policy.profiles
    )
    return policy.model_copy(update={"profiles": tuple(profiles)})


POLICY = lenient(DEFAULT)

CATALOGUE = Catalogue.model_validate(
    {
        "teams": {
            "recs": {"title": "Recommendations", "lead": "recs-lead@example.org"},
            "ml": {"title": "ML platform", "lead": "ml-lead@example.org"},
        },
        "services": {
            "ranker": {"title": "Ranker", "team": "recs", "tracker": "github:acme/ranker", "source_ids": ["PSVC1"]},
            "search": {"title": "Search", "team": "ml"},
        },
        "models": {
            "ranker-v3": {
                "title": "Ranker v3",
                "services": ["ranker"],
                "pipelines": ["clicks"],
                "team": "ml",
                "label_lag": "7 days",
            },
            "embedder": {"title": "Embedder", "services": ["ranker", "search"], "team": "ml"},
        },
        "pipelines": {"clicks": "Click stream"},
    }
)

ROUTING = Routing(default=Place(tracker="github", project="acme/ranker"))

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday morning."""

OWNER, SUBMITTER, APPROVER, OTHER = "owner", "submitter", "approver", "other"
SIGNERS = {
    "ml": "ml-signer",
    "infrastructure": "infrastructure-signer",
    "product": "product-signer",
    "recs": "recs-signer",
}
"""Who signs for which team: nobody twice, and neither the owner nor the submitter."""

SALT = "a salt"

COPY = Evidence(digest="sha256:kept")
"""Evidence of which a copy is kept."""


def policy(**changes: Any) -> Policy:
    """The default policy with other values, validated."""
    return Policy.model_validate(POLICY.model_dump() | changes)


def policy_with_rules(**rules: str) -> Policy:
    """The default policy, where every profile makes this of these rules (`done="warn"`), in their newest version."""
    data = POLICY.model_dump()
    for profile in data["profiles"]:
        profile["rules"] |= {newest(name): mode for name, mode in rules.items()}
    return Policy.model_validate(data)


def newest(rule: str) -> str:
    """The newest version of a rule."""
    return max(name for name in RULES if name.startswith(f"{rule}@"))


def policy_with_section_teams() -> Policy:
    """The default policy, where why concerns `ml` and what will be done `infrastructure`, and the rest everybody."""
    teams = {"causes": ("ml",), "items": ("infrastructure",)}
    return policy(sections=[s.model_dump() | {"teams": teams.get(s.id, ())} for s in POLICY.sections])


def incident(**changes: Any) -> Incident:
    """A SEV1 incident of the ranker that is over."""
    values: dict[str, Any] = {
        "source": "pagerduty",
        "id": "PD-1",
        "status": IncidentStatus.RESOLVED,
        "as_of": NOW,
        "title": "text:title",
        "service": "ranker",
        "severity": Severity.SEV1,
        "models": ("ranker-v3",),
        "team": "recs",
        "responder": OWNER,
    }
    return Incident.model_validate(values | changes)


def spec(id: str = "I1", **changes: Any) -> ItemSpec:
    """What a prevention item of good strength is to be; it answers factor F1."""
    values: dict[str, Any] = {
        "id": id,
        "title": f"text:{id}",
        "item_class": ItemClass.PREVENT,
        "strength": Strength.INTERMEDIATE,
        "outcome": Outcome.TRAINING_OR_EVALUATION_PROCEDURE,
        "prevents": ("F1",),
        "owner": "engineer",
    }
    return ItemSpec.model_validate(values | changes)


def factor(id: str = "F1", **changes: Any) -> dict[str, Any]:
    """A known cause with evidence, as it is written."""
    return {
        "id": id,
        "dimension": Dimension.DATA,
        "cause": "drift",
        "confidence": Confidence.KNOWN,
        "explanation": "The click stream changed its meaning.",
        "evidence": "A plot of both weeks.",
        "led_to": "effect",
    } | changes


def item(id: str = "I1", **changes: Any) -> dict[str, Any]:
    """A prevention item of good strength that answers factor F1, as it is written."""
    return {
        "id": id,
        "title": f"Watch the drift of {id}",
        "item_class": ItemClass.PREVENT,
        "strength": Strength.INTERMEDIATE,
        "outcome": Outcome.MONITORING_OR_ALERTS,
        "prevents": ("F1",),
        "owner": "engineer",
    } | changes


def document(**changes: Any) -> DraftDocument:
    """A draft that meets the template, with one known cause and one item that prevents it."""
    values: dict[str, Any] = {
        "summary": "Recommendations were stale.",
        "answers": {question.id: f"An answer to {question.id}." for question in POLICY.questions},
        "factors": [factor()],
        "considered": {d: "We looked, and found nothing." for d in Dimension if d is not Dimension.DATA},
        "items": [item()],
    }
    return DraftDocument.model_validate(values | changes)


def content(of: DraftDocument | None = None, revision: int = 1, under: Policy = POLICY) -> DraftContent:
    """What is derived from a draft."""
    return derive(of or document(), revision, under, SALT, str.lower)


def as_promised(review: Review, draft: DraftContent) -> DraftContent:
    """What is derived from a draft that says of promised items what was promised."""
    promised = {id: item.spec for id, item in review.items.items() if item.status is not ItemStatus.PROPOSED}
    return draft.model_copy(update={"items": tuple(promised.get(spec.id, spec) for spec in draft.items)})


def ref(item: str = "I1", tracker: str = "github") -> IssueRef:
    """Where the issue of an item is kept."""
    url = f"https://tracker.example/{item}"
    return IssueRef(tracker=tracker, id=f"id-{item}", key=f"#{item}", url=url, project="default")


def issue_of(item: Item) -> IssueRef:
    """The issue that an accepted item gets: the one that it adopts, or one of its own for each move."""
    assert item.place is not None
    name = item.adopts or (f"{item.spec.id}/{item.moves + 1}" if item.moves else item.spec.id)
    return ref(name, item.place.tracker)


def reading(item: str = "I1", status: IssueStatus = IssueStatus.DONE, as_of: datetime = NOW) -> Reading:
    """What an item's issue was found to be."""
    return Reading(item=item, status=status, as_of=as_of, ref=ref(item))


class Driver:
    """One review: its events, its clock, and the outside world as far as it needs one."""

    def __init__(
        self,
        policy: Policy = POLICY,
        catalogue: Catalogue = CATALOGUE,
        now: datetime = NOW,
        routing: Routing = ROUTING,
    ) -> None:
        self.policy, self.catalogue, self.now, self.routing = policy, catalogue, now, routing
        self.events: list[Event] = []
        self.review = Review(id="pagerduty:PD-1")
        self.issues: dict[str, IssueStatus] = {}
        self.doers: tuple[PersonId, ...] | None = ("engineer",)
        self.refused = False
        self._inputs = 0

    # --- saying something -------------------------------------------------------------------------------------------

    def say(self, body: Body, by: PersonId = OTHER, draft: DraftContent | None = None) -> list[Event]:
        """Let time come first, as `advance` does; then carry an input through `decide`. Raises `Rejected`."""
        self._inputs += 1
        given = Given(
            policy=self.policy,
            catalogue=self.catalogue,
            routing=self.routing,
            draft=draft,
            kept=frozenset({COPY.digest}),
        )
        owed = self._record(settle_time(self.review, self.now, given)[1])
        recorded = self._record(
            decide(self.review, Input(id=f"input {self._inputs}", by=by, body=body), self.now, given)
        )
        return [*owed, *recorded] if isinstance(body, Tick) else recorded

    def _record(self, recorded: list[Event]) -> list[Event]:
        for event in recorded:
            self.review = evolve(self.review, event)
        self.events += recorded
        return recorded

    def reasons(self, body: Body, by: PersonId = OTHER, draft: DraftContent | None = None) -> tuple[str, ...]:
        """Why a command is refused; empty where it is not."""
        self.refused = False
        try:
            self.say(body, by, draft)
        except Rejected as refused:
            self.refused = True
            return refused.reasons
        return ()

    def submit(self, of: DraftDocument | None = None, by: PersonId = SUBMITTER, revision: int = 1) -> list[Event]:
        """Submit a draft, with what is derived from it."""
        draft = content(of, revision, self.review.policy or self.policy)
        return self.say(SubmitDraft(revision=revision, digest=draft.digest), by, draft)

    def refused_draft(self, of: DraftDocument, by: PersonId = SUBMITTER, revision: int = 1) -> tuple[str, ...]:
        """Why a draft is refused; empty where it is not."""
        try:
            self.submit(of, by, revision)
        except Rejected as refused:
            return refused.reasons
        return ()

    def sign(self, team: str, by: PersonId | None = None) -> list[Event]:
        """Sign the text as it was submitted last."""
        assert self.review.submission is not None
        return self.say(SignForTeam(team=team, digest=self.review.submission.digest), by or SIGNERS[team])

    def sign_all(self) -> None:
        """Let every required team sign, where signatures are asked for."""
        for team in self.review.required_teams:
            if self.stage is Stage.SIGN_OFF:
                self.sign(team)

    def approve(self, request: str = "R1", by: PersonId = APPROVER) -> list[Event]:
        """Approve a request."""
        return self.say(Approve(request=request), by)

    def wait(self, **period: float) -> list[Event]:
        """Let time pass (`days=3`), and tick."""
        self.now += timedelta(**period)
        return self.say(Tick(), "holdfast")

    def wake(self) -> list[Event]:
        """Sleep until the plan says to look again, and tick."""
        wake_at = self.plan.wake_at
        assert wake_at is not None
        self.now = wake_at
        return self.say(Tick(), "holdfast")

    def answer(self, answer: Effectiveness = Effectiveness.EFFECTIVE) -> list[Event]:
        """Wait until the effectiveness window is over, and say whether prevention worked."""
        self.now = max(self.now, self.review.due[Clock.EFFECTIVENESS])
        return self.say(AnswerEffectiveness(answer=answer, reason="text:why"))

    # --- the outside ------------------------------------------------------------------------------------------------

    def result(self, effect: Effect) -> Fact:
        """What doing an effect now brings, by the state of `issues`."""
        if effect.kind == "tell_tracking":
            is_open, _ = tracking_text(self.review, self.now)
            return TrackingTold(
                ref=ref("tracking"),
                told=tracking_digest(self.review, self.now),
                status=self._tracking_status(is_open),
                as_of=self.now,
            )
        if effect.kind == "read_items":
            return self.doers_read(effect.item) if effect.item else self.closing_read()
        assert effect.item is not None
        if effect.kind == "answer_comment":
            return CommentAnswered(comment=effect.item)
        if effect.kind == "keep_evidence":
            link = uncopied(self.review.items[effect.item])[0]
            return EvidenceKept(item=effect.item, link=link, digest="sha256:copied")
        if effect.kind == "tend_issue":
            return IssueTended(item=effect.item, as_of=self.now, told=self.review.items[effect.item].to_tell)
        item = self.review.items[effect.item]
        if effect.kind == "release_issue":
            if item.left is None:
                self.issues[effect.item] = IssueStatus.DECLINED
            return IssueReleased(item=effect.item)
        if item.moves:
            self.issues[effect.item] = IssueStatus.OPEN
        self.issues.setdefault(effect.item, IssueStatus.OPEN)
        return IssueOpened(
            item=effect.item,
            ref=issue_of(item),
            moves=item.moves,
            told=item.to_tell,
            adopted=item.adopts is not None,
        )

    def _tracking_status(self, is_open: bool) -> IssueStatus:
        tracking = self.review.tracking
        if is_open and tracking and tracking.closed_early and self.policy.on_early_close is OnEarlyClose.COMMENT:
            return tracking.status
        return IssueStatus.OPEN if is_open else IssueStatus.DONE

    def closing_read(self) -> ItemsRead:
        """A read of all issues, made now to decide closure."""
        asked = [
            id
            for id, item in self.review.items.items()
            if item.ref is not None and item.status is not ItemStatus.WITHDRAWN
        ]
        return ItemsRead(readings=tuple(map(self._found_with_doers, asked)), for_closing=True)

    def doers_read(self, id: str) -> ItemsRead:
        """A read of one item's issue, made now to learn who had a hand in it."""
        return ItemsRead(readings=(self._found_with_doers(id),), for_doers=True)

    def _found_with_doers(self, id: str) -> Reading:
        found = self.found(id, self.issues.get(id, IssueStatus.MISSING))
        return found.model_copy(update={"doers": self.doers})

    def found(self, id: str, status: IssueStatus = IssueStatus.DONE, due: date | None = None) -> Reading:
        """What a read of an item's issue finds that is made now."""
        item = self.review.items.get(id)
        ref = item.ref if item else None
        return Reading(item=id, status=status, as_of=self.now, ref=ref, asked=ref, due=due)

    def read(self, id: str, status: IssueStatus, due: date | None = None) -> list[Event]:
        """Read an item's issue a minute from now, and let the review hear of it."""
        self.now += timedelta(minutes=1)
        return self.say(ItemsRead(readings=(self.found(id, status, due),)), "holdfast")

    def obey(self, rounds: int = 30) -> None:
        """Do what the plan owes, successfully, until it owes nothing."""
        for _ in range(rounds):
            effects = self.plan.effects
            if not effects:
                return
            for fact in [self.result(effect) for effect in effects]:
                self.say(fact, "holdfast")
        raise RuntimeError(f"still owed after {rounds} rounds: {', '.join(e.key for e in self.plan.effects)}")

    # --- looking ----------------------------------------------------------------------------------------------------

    @property
    def plan(self) -> Plan:
        return plan(self.review, self.now)

    @property
    def blockers(self) -> list[Blocker]:
        return blockers(self.review, self.now)

    @property
    def blocker_ids(self) -> list[str]:
        return [blocker.id for blocker in self.blockers]

    @property
    def stage(self) -> Stage | None:
        return self.review.stage

    def is_in(self, stage: Stage) -> bool:
        """Whether the review is in this stage; unlike a comparison, it narrows no types."""
        return self.stage is stage

    @property
    def owed(self) -> list[str]:
        """The keys of what the plan owes now."""
        return [effect.key for effect in self.plan.effects]


# --- reviews that have come some way --------------------------------------------------------------------------------


def in_stabilization(under: Policy = POLICY, routing: Routing = ROUTING, **about: Any) -> Driver:
    """A review that an incident has just opened (near misses and graver severities qualify by themselves)."""
    driver = Driver(under, routing=routing)
    driver.say(IncidentTold(incident=incident(**about)))
    if driver.stage is not Stage.STABILIZATION:
        driver.say(OpenReview(incident=incident(**about)))
    return driver


def in_draft(under: Policy = POLICY, **about: Any) -> Driver:
    """A review whose quiet window has passed."""
    driver = in_stabilization(under, **about)
    driver.wait(hours=24)
    return driver


def in_sign_off(under: Policy = POLICY, of: DraftDocument | None = None, **about: Any) -> Driver:
    """A review whose draft was submitted."""
    driver = in_draft(under, **about)
    driver.submit(of)
    return driver


def in_remediation(under: Policy = POLICY, of: DraftDocument | None = None, **about: Any) -> Driver:
    """A review that every required team has signed, with its issues open in the tracker."""
    driver = in_sign_off(under, of, **about)
    driver.sign_all()
    driver.obey()
    return driver


def closed(under: Policy = POLICY, of: DraftDocument | None = None, **about: Any) -> Driver:
    """A review that was closed on a read that found every item done."""
    driver = in_remediation(under, of, **about)
    finish(driver, driver.review.items)
    driver.obey()
    return driver


def withdraw_all(driver: Driver) -> None:
    """Take back what is promised, with a second person's approval: nothing may be dropped in silence."""
    for id, item in driver.review.items.items():
        if item.accepted and item.status is not ItemStatus.DONE:
            driver.say(WithdrawItem(item=id, reason="text:why"))
            driver.approve(list(driver.review.requests)[-1])


def finish(driver: Driver, items: Iterable[str]) -> None:
    """Do items in the tracker a minute from now, and let the review hear of it."""
    driver.now += timedelta(minutes=1)
    for id in items:
        driver.issues[id] = IssueStatus.DONE
    driver.say(ItemsRead(readings=tuple(driver.found(id) for id in items)))
