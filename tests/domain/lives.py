"""Generated lives of reviews, the same for the same seed on every machine and release of Python.

A life is a course of commands, facts and ticks drawn by a seeded generator and played on the domain's driver.
Hypothesis searches for what breaks an invariant; these lives show instead whether anything has changed: see
`tests.domain.corpus`.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from domain.drafts.document import DraftDocument
from domain.drafts.draft import DraftContent
from domain.lifecycle import inputs
from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.decide import Rejected
from domain.lifecycle.events import Event
from domain.lifecycle.plan import plan
from domain.model.endorsement import Evidence
from domain.model.policy import OnEarlyClose, OnRegression, Policy
from domain.model.review import ItemSpec
from domain.model.taxonomy import (
    Confidence,
    Dimension,
    Effectiveness,
    FailureKind,
    IncidentKind,
    IncidentStatus,
    IssueStatus,
    ItemClass,
    Realisation,
    Severity,
    Stage,
    Strength,
)
from domain.model.tracker_routing import Place
from domain.model.values import PersonId, canonical_json
from tests.domain.build import (
    COPY,
    DEFAULT,
    NOW,
    OWNER,
    POLICY,
    ROUTING,
    SIGNERS,
    Driver,
    as_promised,
    content,
    document,
    factor,
    incident,
    item,
    policy,
    policy_with_rules,
    policy_with_section_teams,
    ref,
    spec,
)

POLICIES = (
    POLICY,
    POLICY,
    DEFAULT,
    policy_with_section_teams(),
    policy(on_early_close=OnEarlyClose.COMMENT),
    policy(on_regression=OnRegression.TELL),
    policy_with_rules(questions="warn", causes="warn", prevention="warn", done="warn", sign_off="warn"),
    policy_with_rules(verified="block"),
    policy_with_rules(questions="off", causes="off", prevention="off", sign_off="off"),
)
PEOPLE = (OWNER, "submitter", "approver", "engineer", *SIGNERS.values())
TEAMS = (*SIGNERS, "owning")
ITEMS = ("I1", "I1", "I2", "I3", "I9")
SOMEWHERE = (None, None, Place(tracker="builtin"), Place(tracker="jira", project="ACME"), ROUTING.default)
PAUSES = (0.01, 0.2, 4, 4, 24, 24, 24 * 8, 24 * 31, 24 * 95)
UNTILS = (None, None, None, -1, 1, 30, 89, 91)
STATUSES = (IssueStatus.DONE, IssueStatus.DONE, IssueStatus.DONE, *IssueStatus)


class Transcript:
    """Two digests over everything that was said and decided in a life.

    `outline` holds what keeps its name for ever: kinds of inputs and events, rules, subjects, effects, moments.
    `wording` holds everything, sentences and names of fields included.
    """

    def __init__(self) -> None:
        self._outline, self._wording = hashlib.sha256(), hashlib.sha256()

    def note(self, outline: Any, wording: Any) -> None:
        """Take one input and what became of it into both digests."""
        self._outline.update(canonical_json(outline).encode())
        self._wording.update(canonical_json(wording).encode())

    @property
    def digests(self) -> tuple[str, str]:
        """Outline and wording, in hexadecimal."""
        return self._outline.hexdigest(), self._wording.hexdigest()


class TranscribedDriver(Driver):
    """A driver that writes down all that it is told, and all that is decided."""

    def __init__(self, under: Policy) -> None:
        super().__init__(under)
        self.transcript = Transcript()
        self.effect_keys: set[str] = set()

    def say(self, body: inputs.Body, by: PersonId = "other", draft: DraftContent | None = None) -> list[Event]:
        """As `Driver.say`, and written down. Raises `Rejected`."""
        try:
            recorded = super().say(body, by, draft)
        except Rejected as refused:
            self._note(body, by, [], refused.reasons)
            raise
        self._note(body, by, recorded, ())
        return recorded

    def _note(self, body: inputs.Body, by: PersonId, recorded: list[Event], reasons: tuple[str, ...]) -> None:
        found = blockers(self.review, self.now)
        planned = plan(self.review, self.now, found)
        named = [f"{event.name}@{event.version}" for event in recorded]
        at = self.now.isoformat()
        owed = [(effect.kind, effect.key, effect.tracker) for effect in planned.effects]
        outline = [body.type, by, at, named, len(reasons), [b.id for b in found], owed, str(planned.wake_at)]
        told = [event.model_dump(mode="json") for event in recorded]
        sentences = [b.model_dump(mode="json") for b in found]
        wording = [body.model_dump(mode="json"), told, reasons, sentences, planned.model_dump(mode="json")]
        self.effect_keys |= {effect.key for effect in planned.effects}
        self.transcript.note(outline, [outline, wording])


class Life:
    """One generated life: begun some way along, and then whatever the generator draws."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.driver = TranscribedDriver(self.pick(POLICIES))
        self.under_way: list[inputs.Fact] = []
        self.revision = 0

    def pick(self, values: Any) -> Any:
        """One of these, each as likely."""
        return self.random.choice(tuple(values))

    def live(self, acts: int = 18) -> "Life":
        """Begin, and let so many acts follow."""
        self.begin()
        names = tuple(_ACTS)
        for name in self.random.choices(names, [_ACTS[name] for name in names], k=acts):
            getattr(self, name)()
        return self

    def begin(self) -> None:
        """An incident, and an honest course up to one of seven points."""
        severity = self.pick((Severity.SEV1, Severity.SEV2, Severity.SEV3, *Severity))
        realisation = self.pick((Realisation.HARM, Realisation.HARM, *Realisation))
        told = incident(severity=severity, realisation=realisation, team=self.pick(("recs", "recs", "ml", None)))
        begun = self.pick((1, 2, 3, 4, 4, 5, 5, 6, 6, 6))
        if self.pick((True, False)):
            self.fact(inputs.IncidentTold(incident=told))
        if self.driver.stage is None or (self.driver.stage is Stage.EXCLUDED and self.pick((True, True, False))):
            self.command(inputs.OpenReview(incident=told), "approver")
        steps: tuple[Callable[[], None], ...] = (
            lambda: self.pause(24),
            lambda: self.submit_text(document(), "submitter"),
            self.sign_all,
            self.obey,
            self.finish_all,
        )
        for step in steps[: begun - 1]:
            step()
        if begun == 6:
            self.obey()

    # --- saying it --------------------------------------------------------------------------------------------------

    def command(self, body: Any, by: str | None = None, draft: DraftContent | None = None) -> None:
        """Say a command, whatever becomes of it."""
        self.driver.reasons(body, by or self.pick(PEOPLE), draft)

    def fact(self, body: Any) -> None:
        """Let the review hear of a fact."""
        self.driver.say(body, "holdfast")

    def pause(self, hours: float) -> None:
        """Let time pass, and tick."""
        self.driver.now += timedelta(hours=hours)
        self.fact(inputs.Tick())

    def submit_text(self, of: DraftDocument, by: str) -> None:
        """Submit a draft."""
        self.revision += 1
        draft = content(of, self.revision, self.driver.review.policy or self.driver.policy)
        draft = as_promised(self.driver.review, draft)
        self.command(inputs.SubmitDraft(revision=self.revision, digest=draft.digest), by, draft)

    def minutes_ago(self) -> timedelta:
        """A little before now, or a little after it."""
        return timedelta(minutes=self.random.randint(-5, 90))

    def an_item(self) -> str:
        """The id of an item that is there, mostly."""
        return str(self.pick((*self.driver.review.items, *self.driver.review.items, "I9")))

    def a_spec(self) -> ItemSpec:
        """What an item could be."""
        return spec(
            id=self.pick(ITEMS),
            title=self.pick(("text:title", "text:another title")),
            item_class=self.pick((ItemClass.PREVENT, *ItemClass)),
            strength=self.pick(Strength),
            prevents=self.pick(((), ("F1",), ("F1", "F2"))),
            end_state=self.pick((None, "text:end", "text:another end")),
            owner=self.pick((None, "engineer", "approver")),
        )

    def until(self) -> Any:
        """A moment that somebody could ask for; often none."""
        days = self.pick(UNTILS)
        return None if days is None else self.driver.now + timedelta(days=days)

    # --- time and incidents -----------------------------------------------------------------------------------------

    def sleep(self) -> None:
        self.pause(self.pick(PAUSES))

    def wake(self) -> None:
        if wake_at := self.driver.plan.wake_at:
            self.driver.now = wake_at
            self.fact(inputs.Tick())

    def tell(self) -> None:
        told = incident(
            id=self.pick(("PD-1", "PD-1", "PD-2")),
            as_of=self.driver.now - self.minutes_ago(),
            status=self.pick((IncidentStatus.RESOLVED, IncidentStatus.RESOLVED, IncidentStatus.OPEN)),
            severity=self.pick(Severity),
            realisation=self.pick(Realisation),
            service=self.pick(("ranker", "ranker", "unlisted")),
        )
        if self.pick((True, True, False)):
            self.fact(inputs.IncidentTold(incident=told))
        else:
            self.command(inputs.JoinIncident(incident=told))

    def resolve(self) -> None:
        for known in self.driver.review.incidents.values():
            as_of = max(self.driver.now, known.as_of + timedelta(seconds=1))
            changes = {"status": IncidentStatus.RESOLVED, "as_of": as_of, "resolved": as_of}
            self.fact(inputs.IncidentTold(incident=known.model_copy(update=changes)))

    # --- people -----------------------------------------------------------------------------------------------------

    def assign_owner(self) -> None:
        self.command(inputs.AssignOwner(owner=self.pick(PEOPLE)))

    def submit(self) -> None:
        factors = [factor(confidence=self.pick(Confidence))]
        if self.pick((True, False)):
            factors.append(factor("F2", dimension=Dimension.SYSTEM, cause="cache", confidence=self.pick(Confidence)))
        ids = self.pick(((), ("I1",), ("I1",), ("I1", "I2"), ("I3",)))
        items = [item(id, item_class=self.pick(ItemClass), strength=self.pick(Strength)) for id in ids]
        values: dict[str, Any] = {"summary": self.pick(("", "This.", "That.")), "factors": factors, "items": items}
        values |= self.pick(({}, {}, {}, {"answers": {}}, {"considered": {}}, {"factors": [], "items": []}))
        self.submit_text(document(**values), self.pick(PEOPLE))

    def sign_all(self) -> None:
        for team in self.driver.review.required_teams:
            if self.driver.review.submission:
                digest = self.driver.review.submission.digest
                self.command(inputs.SignForTeam(team=team, digest=digest), SIGNERS.get(team, "approver"))

    def sign(self) -> None:
        submission = self.driver.review.submission
        digest = submission.digest if submission else "sha256:none"
        self.command(inputs.SignForTeam(team=self.pick(TEAMS), digest=digest))

    def delegate(self) -> None:
        self.command(inputs.DelegateSigning(team=self.pick(TEAMS), to=self.pick(PEOPLE)))

    def request_changes(self) -> None:
        sections = self.pick(((), ("causes",), ("nowhere",)))
        self.command(inputs.RequestChanges(team=self.pick(TEAMS), reason="text:why", sections=sections))

    def propose(self) -> None:
        self.command(inputs.ProposeItem(spec=self.a_spec()))

    def accept(self) -> None:
        id, adopts = self.an_item(), self.pick((None, None, "{}", "{}/2"))
        self.command(inputs.AcceptItem(item=id, place=self.pick(SOMEWHERE), adopts=adopts and adopts.format(id)))

    def extend(self) -> None:
        id = self.an_item()
        known = self.driver.review.items.get(id)
        until = ((known.due if known else None) or NOW) + timedelta(days=self.pick((-9, 0, 1, 9, 9, 40)))
        self.command(inputs.ExtendDue(item=id, until=until, reason="text:why"))

    def move(self) -> None:
        id, adopts = self.an_item(), self.pick((None, None, "{}", "{}/2"))
        place = self.pick(SOMEWHERE) or ROUTING.default
        self.command(inputs.MoveItem(item=id, place=place, adopts=adopts and adopts.format(id)))

    def split(self) -> None:
        whole = self.an_item()
        known = self.driver.review.items.get(whole)
        parts = [known.spec.model_copy(update={"id": id}) if known else spec(id) for id in ("I7", "I8")]
        self.command(inputs.SplitItem(item=whole, into=tuple(parts), reason="text:why"))

    def verify(self) -> None:
        evidence = self.pick((COPY, COPY, Evidence(link="text:link")))
        self.command(inputs.VerifyItem(item=self.an_item(), evidence=(evidence,)))

    def withdraw(self) -> None:
        self.command(inputs.WithdrawItem(item=self.an_item(), reason="text:why"))

    def change(self) -> None:
        self.command(inputs.ChangeItem(spec=self.a_spec(), reason="text:why"))

    def ask_waiver(self) -> None:
        known = [(b.rule, b.subject) for b in self.driver.blockers]
        rule, subject = self.pick(
            (*known, *((w.rule, w.subject) for w in self.driver.review.waivers.values()), ("", ""))
        )
        self.command(inputs.AskWaiver(rule=rule, subject=subject, reason="text:why", until=self.until()))

    def accept_risk(self) -> None:
        self.command(inputs.AcceptRisk(factor=self.pick(("F1", "F2", "F9")), reason="text:why", until=self.until()))

    def lower(self) -> None:
        self.command(inputs.LowerSeverity(severity=self.pick(Severity), reason="text:why"))

    def remove_incident(self) -> None:
        ref = self.pick((*self.driver.review.incidents, "pagerduty:PD-9"))
        self.command(inputs.RemoveIncident(incident=ref, reason="text:why"))

    def answer_effectiveness(self) -> None:
        self.command(inputs.AnswerEffectiveness(answer=self.pick(Effectiveness), reason="text:why"))

    def classify(self) -> None:
        facts: dict[str, Any] = {
            "severity": self.pick((None, *Severity)),
            "kinds": self.pick(((), *((kind,) for kind in list(IncidentKind)[-2:]))),
            "service": self.pick((None, None, "ranker", "search")),
        }
        self.command(inputs.Classify(**facts, reason="text:why"))

    def dismiss(self) -> None:
        self.command(inputs.Dismiss(reason="text:why"))

    def decide_request(self) -> None:
        id = self.pick((*self.driver.review.requests, *self.driver.review.requests, "R99"))
        approve = self.pick((True, True, False))
        self.command(inputs.Approve(request=id) if approve else inputs.Refuse(request=id, reason="text:why"))

    def approve_all(self) -> None:
        by = self.pick(("uma", "vic", "wes"))
        for id, request in self.driver.review.requests.items():
            if request.pending:
                self.command(inputs.Approve(request=id), by)

    def keep_private(self) -> None:
        teams = self.pick((("recs",), ("recs", "ml")))
        self.command(inputs.MakePrivate(teams=teams, reason="text:why"))

    def share(self) -> None:
        self.command(inputs.Share(teams=self.pick(((), ("ml",))), reason="text:why"))

    def close(self) -> None:
        self.command(inputs.Close())

    # --- the outside ------------------------------------------------------------------------------------------------

    def finish_all(self) -> None:
        self.driver.now += timedelta(minutes=1)
        for id in self.driver.review.items:
            self.driver.issues[id] = IssueStatus.DONE
        self.fact(inputs.ItemsRead(readings=self.driver.closing_read().readings))

    def obey(self) -> None:
        for _ in range(30):
            if not (effects := self.driver.plan.effects):
                return
            for result in [self.driver.result(effect) for effect in effects]:
                self.fact(result)
        raise AssertionError(f"owed for ever: {self.driver.owed}")

    def begin_effects(self) -> None:
        self.under_way += [self.driver.result(effect) for effect in self.driver.plan.effects]

    def end_effect(self) -> None:
        if self.under_way:
            result = self.under_way.pop(self.random.randrange(len(self.under_way)))
            for _ in range(self.pick((1, 1, 2))):
                self.fact(result)

    def fail(self) -> None:
        key = self.pick((*self.driver.owed, "read", "tracking", "doers:I1", "issue:I1", "tend:I1", "release:I1"))
        retry_in = self.pick((None, timedelta(seconds=1), timedelta(hours=7)))
        retry_at = retry_in and self.driver.now + retry_in
        self.fact(inputs.EffectFailed(key=key, kind=self.pick(FailureKind), retry_at=retry_at))

    def read_item(self) -> None:
        id = self.an_item()
        known, due = self.driver.review.items.get(id), None
        if known and known.due and self.pick((True, False, False)):
            due = (known.due + timedelta(days=self.pick((-1, 9, 40)))).date()
        status = self.pick(STATUSES)
        self.driver.issues[id] = status
        found = self.driver.found(id, status, due).model_copy(update={"as_of": self.driver.now - self.minutes_ago()})
        self.fact(inputs.ItemsRead(readings=(found,), for_closing=self.pick((True, False, False))))

    def lose(self) -> None:
        self.fact(inputs.ItemsUnreadable(items=(self.an_item(),), kind=self.pick((None, *FailureKind))))

    def disturb(self) -> None:
        id, as_of = self.an_item(), self.driver.now - self.minutes_ago()
        kind = self.pick((inputs.IssueDisturbed, inputs.IssueDisturbed, inputs.IssueTended))
        self.fact(kind(item=id, as_of=as_of))

    def comment(self) -> None:
        id, comment = self.an_item(), self.pick(("c1", "c2"))
        until = self.driver.now + timedelta(days=self.pick((-40, 9, 40)))
        asked = inputs.ExtendDue(item=id, until=until, reason="text:why") if self.pick((True, False)) else None
        self.driver.say(inputs.CommentSaid(item=id, comment=comment, wants=asked), self.pick(PEOPLE))

    def touch_tracking(self) -> None:
        status, as_of = self.pick(IssueStatus), self.driver.now - self.minutes_ago()
        if self.pick((True, False)):
            self.fact(inputs.TrackingTold(ref=ref("tracking"), told="sha256:old", status=status, as_of=as_of))
        else:
            self.fact(inputs.TrackingRead(status=status, as_of=as_of))

    def touch_issue(self) -> None:
        id, moves = self.an_item(), self.pick((0, 0, 1, 2))
        if self.pick((True, False)):
            self.fact(inputs.IssueReleased(item=id))
        else:
            self.fact(inputs.IssueOpened(item=id, ref=ref(f"{id}/{moves + 1}" if moves else id), moves=moves))


_ACTS: dict[str, int] = {
    "sleep": 5,
    "wake": 3,
    "tell": 4,
    "resolve": 2,
    "assign_owner": 2,
    "submit": 5,
    "sign_all": 6,
    "sign": 2,
    "delegate": 1,
    "request_changes": 2,
    "propose": 3,
    "accept": 3,
    "extend": 3,
    "move": 2,
    "split": 2,
    "verify": 4,
    "withdraw": 2,
    "change": 3,
    "ask_waiver": 4,
    "accept_risk": 2,
    "lower": 2,
    "remove_incident": 1,
    "classify": 2,
    "answer_effectiveness": 2,
    "dismiss": 1,
    "decide_request": 4,
    "approve_all": 4,
    "keep_private": 1,
    "share": 1,
    "close": 2,
    "finish_all": 4,
    "obey": 8,
    "begin_effects": 3,
    "end_effect": 4,
    "fail": 3,
    "read_item": 5,
    "lose": 2,
    "disturb": 2,
    "comment": 2,
    "touch_tracking": 2,
    "touch_issue": 2,
}
"""What may happen next, and how often of a hundred or so."""
