"""Every sequence of commands, facts and ticks: no review closes, or stays closed, while anything stands in its way."""

import json
import os
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.drafts.document import DraftDocument
from domain.lifecycle import events, inputs
from domain.lifecycle.claims import GIVEN_FOR, claim, sections_for
from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.decide import Rejected, decide, settled
from domain.lifecycle.effects import time_moments
from domain.lifecycle.evolve import evolve, fold
from domain.lifecycle.independence import Act
from domain.lifecycle.plan import Plan, plan
from domain.lifecycle.stages import ENDED_STAGES, OPEN_STAGES, TRANSITIONS
from domain.model.endorsement import Endorsement, Evidence, Waiver
from domain.model.policy import OnEarlyClose, OnRegression, Policy
from domain.model.review import Item, Review
from domain.model.taxonomy import (
    GRAVE,
    Ask,
    Confidence,
    Dimension,
    Effectiveness,
    FailureKind,
    IncidentKind,
    IncidentStatus,
    IssueStatus,
    ItemClass,
    ItemStatus,
    Mode,
    Realisation,
    Severity,
    Stage,
    Strength,
)
from domain.model.tracker_routing import Place
from domain.people.tasks import Role, Wanted, asks
from tests.domain.build import (
    CATALOGUE,
    COPY,
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
from tests.domain.principles import dropped, eased

POLICIES = {
    "default": POLICY,
    "sections name teams": policy_with_section_teams(),
    "comment": policy(on_early_close=OnEarlyClose.COMMENT),
    "tell": policy(on_regression=OnRegression.TELL),
    "all warn": policy_with_rules(questions="warn", causes="warn", prevention="warn", done="warn", sign_off="warn"),
    "verified": policy_with_rules(verified="block"),
    "only done": policy_with_rules(questions="off", causes="off", prevention="off", sign_off="off"),
    "unknown rule": policy(
        profiles=[p.model_dump() | {"rules": p.rules | {"sign_off@9": Mode.WARN}} for p in POLICY.profiles]
    ),
}

PEOPLE = (OWNER, "submitter", "approver", "engineer", *SIGNERS.values())
people = st.sampled_from(PEOPLE)
teams = st.sampled_from((*SIGNERS, "owning"))
item_ids = st.sampled_from(("I1", "I2", "I3", "read"))
minutes_ago = st.integers(-5, 90).map(lambda m: timedelta(minutes=m))
pauses = st.sampled_from((0.01, 0.2, 4, 24, 24 * 8, 24 * 31, 24 * 95)).map(lambda h: timedelta(hours=h))
issue_statuses = st.sampled_from((IssueStatus.DONE, IssueStatus.DONE, *IssueStatus))
often = st.sampled_from((True, True, True, False))
specs = st.builds(
    spec,
    id=item_ids,
    title=st.sampled_from(("text:title", "text:title", "text:another title")),
    item_class=st.sampled_from(ItemClass),
    strength=st.sampled_from(Strength),
    prevents=st.sampled_from(((), ("F1",), ("F1", "F2"))),
    end_state=st.sampled_from((None, "text:end", "text:another end")),
    owner=st.sampled_from((None, "engineer", "approver")),
)
places = st.sampled_from((None, Place(tracker="builtin"), Place(tracker="jira", project="ACME"), ROUTING.default))
adopted = st.sampled_from((None, None, "{}", "{}/2", "{}/9"))
later = st.sampled_from((None, None, -40, -1, 0, 1, 9, 9, 40))
untils = st.sampled_from((None, None, timedelta(days=-1), timedelta(days=1), timedelta(days=89), timedelta(days=91)))


GIVEN = inputs.Given(policy=POLICY, catalogue=CATALOGUE, routing=ROUTING)
AHEAD = (timedelta(seconds=1), timedelta(hours=5), timedelta(days=2), timedelta(days=33), timedelta(days=100))


LINK = Evidence(link="text:link")


@st.composite
def documents(draw: st.DrawFn) -> DraftDocument:
    """Drafts, mostly such that meet the template."""
    factors = [factor(confidence=draw(st.sampled_from(Confidence)))]
    if draw(st.booleans()):
        factors.append(
            factor("F2", dimension=Dimension.SYSTEM, cause="cache", confidence=draw(st.sampled_from(Confidence)))
        )
    items = [
        item(id, item_class=draw(st.sampled_from(ItemClass)), strength=draw(st.sampled_from(Strength)))
        for id in draw(st.sampled_from(((), ("I1",), ("I1",), ("I1", "I2"), ("I3",))))
    ]
    values: dict[str, Any] = {
        "summary": draw(st.sampled_from(("", "This.", "That."))),
        "factors": factors,
        "items": items,
    }
    flaw = draw(st.sampled_from((None, None, None, None, "answers", "considered", "evidence", "factors")))
    if flaw == "evidence":
        factors[0]["evidence"] = ""
    elif flaw:
        values |= {flaw: {} if flaw != "factors" else []}
        if flaw == "factors":
            values["items"] = []
    return document(**values)


class Reviews(RuleBasedStateMachine):
    """One review, and everything that can be said to it."""

    def __init__(self) -> None:
        super().__init__()
        self.driver = Driver()
        self.revision = 0
        self.under_way: list[inputs.Fact] = []
        self.seen = 0
        self.harm = False
        self.judged = 0
        self.read_by: dict[str, Review] = {}

    @property
    def review(self) -> Review:
        return self.driver.review

    @initialize(
        under=st.sampled_from((*POLICIES.values(), POLICIES["tell"])),
        severity=st.sampled_from((Severity.SEV1, Severity.SEV3, Severity.SEV3, *Severity)),
        realisation=st.sampled_from((Realisation.HARM, Realisation.HARM, *Realisation)),
        by_hand=st.sampled_from((True, True, False)),
        begun=st.sampled_from((6, 6, 6, 6, 5, 5, 5, 4, 3, 3, 2, 1, 0)),
        team=st.sampled_from(("recs", "ml", None)),
        then=st.sampled_from(("", "", "move", "move", "move back", "move back", "regress", "disturb", "extend")),
    )
    def open(
        self,
        under: Policy,
        severity: Severity,
        realisation: Realisation,
        by_hand: bool,
        begun: int,
        team: str | None,
        then: str,
    ) -> None:
        self.driver = Driver(under)
        told = incident(severity=severity, realisation=realisation, team=team)
        if begun:
            self.command(inputs.OpenReview(incident=told), "approver") if by_hand else self.fact(
                inputs.IncidentTold(incident=told)
            )
        if begun > 1:
            self.sleep(timedelta(hours=24))
        if begun > 2:
            self.submit(document(), "submitter", honest=True, words_of_items=True)
        if begun > 3:
            self.sign_all(except_for=None)
        if begun > 4:
            self.obey()
        if begun > 5:
            self.do_everything()
            self.obey()
        if "I1" in self.review.items:
            self.happen(then)

    def happen(self, what: str) -> None:
        """What is rare in the life of an item, and changes what comes after it."""
        it = self.review.items["I1"]
        if what.startswith("move"):
            self.command(inputs.MoveItem(item="I1", place=Place(tracker="jira", project="ACME")), OWNER)
        if what == "move back":
            self.command(inputs.MoveItem(item="I1", place=ROUTING.default, adopts="I1"), OWNER)
            self.obey()
        elif what == "regress" and it.ref:
            self.driver.now += timedelta(minutes=1)
            self.fact(inputs.ItemsRead(readings=(self.driver.found("I1", IssueStatus.DECLINED),)))
        elif what == "disturb":
            self.fact(inputs.IssueDisturbed(item="I1", as_of=self.driver.now))
        elif what == "extend":
            until = (it.due or NOW) + timedelta(days=9)
            self.command(inputs.ExtendDue(item="I1", until=until, reason="text:why"), OWNER)

    # --- saying it, and what holds then -----------------------------------------------------------------------------

    def command(self, body: Any, by: str, draft: Any = None) -> None:
        before = self.review
        on_time = settled(before, self.driver.now, GIVEN)
        reasons = self.driver.reasons(body, by, draft)
        assert all(reason.strip() for reason in reasons)
        if self.driver.refused:
            assert reasons
            assert self.review == on_time, "a refused command leaves no trace of itself"
        assert eased(on_time, self.review, body, self.driver.now) == []
        assert dropped(on_time, self.review, body) == []
        self.heard(body, before)

    def fact(self, body: Any) -> None:
        before = self.review
        self.driver.say(body, "holdfast")
        self.heard(body, before)

    def heard(self, body: Any, before: Review) -> None:
        said = inputs.Input(id="x", body=body)
        assert inputs.Input.model_validate_json(said.model_dump_json()) == said
        review = before
        for event in self.driver.events[self.seen :]:
            read = events.decode(event.name, event.version, json.loads(event.model_dump_json()))
            assert read == event
            after = evolve(review, read)
            if isinstance(event, events.SeverityChanged):
                assert after.profile == review.profile, "who lowers the severity lifts no rule"
            if after.stage is not review.stage:
                assert after.stage in TRANSITIONS[review.stage]
            if after.stage is Stage.ARCHIVED and review.stage is Stage.CLOSED:
                assert blockers(review.model_copy(update={"waivers": {}, "risks": {}}), self.driver.now) == []
            if isinstance(event, events.ReviewClosed):
                assert blockers(review, self.driver.now) == []
                nothing_stands(review, event)
            if after.stage is not review.stage and after.stage in (Stage.DISMISSED, Stage.ARCHIVED):
                # A review ends with nothing that is promised and open (GATE, principle 4).
                assert all(it.status is ItemStatus.DONE for it in after.items.values() if it.accepted)
            if isinstance(event, events.IncidentRemoved):
                self.harm = after.realisation is Realisation.HARM  # two persons say that it was none of it
            if isinstance(event, events.TeamSigned):
                self.read_by[event.team] = review
            review = after
        assert review == self.review
        if len(self.driver.events) > self.seen:
            assert Review.model_validate_json(review.model_dump_json()) == review
        self.seen = len(self.driver.events)

    @invariant()
    def a_closed_review_has_nothing_in_its_way(self) -> None:
        """But for what was done and is so no more, where the policy wants that told and no more."""
        if self.review.stage is Stage.CLOSED:
            assert tuple(self.driver.blocker_ids) == self.review.regressions
        pinned = self.review.policy or self.driver.policy
        told = self.review.stage is Stage.CLOSED and pinned.on_regression is OnRegression.TELL
        assert told or self.review.regressions == ()

    @invariant()
    def what_holdfast_itself_clears_is_owed_now(self) -> None:
        reads = {f"doers:{b.subject}" for b in self.driver.blockers if b.cleared_by == "Holdfast itself"}
        assert reads <= set(self.driver.owed)

    @invariant()
    def a_word_is_given_for_the_claims_of_the_table(self) -> None:
        given: list[tuple[Act, Endorsement]] = [(Act.SIGN, s) for s in self.review.signatures.values()]
        given += [(Act.VERIFY, it.verification) for it in self.review.items.values() if it.verification]
        given += [(Act.APPROVE, word) for word in (*self.review.waivers.values(), *self.review.risks.values())]
        for act, word in given:
            assert {name.partition("/")[0] for name in word.basis} <= {*GIVEN_FOR[act]}

    @invariant()
    def an_item_has_not_left_the_issue_that_it_has(self) -> None:
        for it in self.review.items.values():
            assert it.ref is None or not any(left.is_same(it.ref) for left in it.leaving)
            assert it.ref is None or it.accepted or it.status is ItemStatus.WITHDRAWN
            assert (it.place is None) == (it.due is None)

    @invariant()
    def a_date_in_the_tracker_is_asked_for_once(self) -> None:
        asked = [
            (r.subject, r.until) for r in self.review.requests.values() if r.ask is Ask.EXTEND_DUE and not r.reason
        ]
        assert len(set(asked)) == len(asked)

    @invariant()
    def no_signature_of_the_owner_stands_while_a_review_is_open(self) -> None:
        if self.review.stage in OPEN_STAGES and self.review.owner:
            assert self.review.owner not in {signature.by for signature in self.review.signatures.values()}

    @invariant()
    def what_is_asked_can_be_done_and_not_by_those_who_may_not(self) -> None:
        asked = asks(self.review, self.driver.now)
        assert len({wanted.key for wanted in asked}) == len(asked)
        for wanted in asked:
            if wanted.of.role is Role.APPROVER or (wanted.of.role is Role.TEAM and "/sign:" in wanted.key):
                assert self.could_do(wanted, "a stranger")
                assert not any(self.could_do(wanted, person) for person in wanted.but)

    def could_do(self, wanted: Wanted, by: str) -> bool:
        """Whether somebody could do what is wanted now."""
        digest = self.review.submission.digest if self.review.submission else ""
        signs = wanted.of.role is Role.TEAM
        body: inputs.Command = inputs.Approve(request=wanted.subject)
        if signs:
            body = inputs.SignForTeam(team=wanted.subject, digest=digest)
        given = GIVEN.model_copy(update={"policy": self.driver.policy})
        try:
            return bool(decide(self.review, inputs.Input(id="asked", by=by, body=body), self.driver.now, given))
        except Rejected:
            return False

    @invariant()
    def what_stands_in_the_way_is_asked_of_somebody(self) -> None:
        """But for what time alone mends, and for proposed items that sign-off accepts."""
        if self.review.stage in (Stage.SIGN_OFF, Stage.REMEDIATION):
            asked = {wanted.subject for wanted in asks(self.review, self.driver.now)}
            left = {"done"} if self.review.stage is Stage.SIGN_OFF else set()
            in_the_way = {b.subject for b in self.driver.blockers if b.rule not in left and b.id != "done/read"}
            assert in_the_way <= asked

    @invariant()
    def harm_that_was_done_is_not_undone(self) -> None:
        if self.review.stage in (*OPEN_STAGES, Stage.CLOSED):
            self.harm = self.harm or self.review.realisation is Realisation.HARM
            assert self.harm == (self.review.realisation is Realisation.HARM)

    @invariant()
    def no_rule_is_lost_by_a_lower_severity(self) -> None:
        """What is asked is asked by the gravest severity that stood for longer than triage (GATE, principle 1)."""
        for known in self.review.incidents.values():
            assert known.severity is min(called[-1][1] for called in (known.called, known.raised) if called)
            assert not known.severity.is_graver_than(self.review.gravest)
            for called in (known.called, known.raised):
                assert sorted(since for since, _ in called) == [since for since, _ in called]
                for (since, severity), (until, _) in pairwise(called):
                    assert until - since < timedelta(hours=1) or not severity.is_graver_than(self.review.gravest)

    @invariant()
    def a_second_person_is_independent(self) -> None:
        """Who approved or signed is none of those whom the policy excludes (GATE, principle 5), told in another way."""
        for event in self.driver.events[self.judged :]:
            if isinstance(event, events.ApprovalGranted):
                request = self.review.requests[event.request]
                submission, owned = self.review.submission, self.review.items.get(request.subject)
                assert event.by not in {request.by, request.item.owner if request.item else None}
                assert owned is None or event.by not in (*(owned.doers or ()), *owned.former_owners)
                assert submission is None or event.by != submission.by
        self.judged = len(self.driver.events)

    @invariant()
    def what_was_signed_is_what_was_read(self) -> None:
        """Sections, items and incidents are as they were when the team signed; what was added since is no matter."""
        review = self.review
        if review.stage not in OPEN_STAGES or review.submission is None:
            return
        for team in review.signatures:
            read = self.read_by[team]
            assert read.submission is not None
            assert set(read.incidents) == set(review.incidents)
            assert read.refires == review.refires
            for id in sections_for(review, team, review.submission.sections):
                assert read.submission.sections.get(id) == review.submission.sections[id]
            for id, it in read.items.items():
                if it.status is not ItemStatus.WITHDRAWN:
                    assert promise(it) == promise(review.items[id]), id
                    assert review.items[id].status is not ItemStatus.WITHDRAWN

    @invariant()
    def a_review_is_in_sign_off_exactly_while_signatures_are_missing(self) -> None:
        if self.review.stage in (Stage.SIGN_OFF, Stage.REMEDIATION):
            missing = any(blocker.rule == "sign_off" for blocker in self.driver.blockers)
            assert missing == (self.review.stage is Stage.SIGN_OFF)

    @invariant()
    def the_plan_can_be_obeyed(self) -> None:
        planned = self.driver.plan
        assert Plan.model_validate_json(planned.model_dump_json()) == planned
        assert plan(self.review, self.driver.now, self.driver.blockers) == planned
        several = ("read_items", "keep_evidence")
        assert all(effect.tracker or effect.kind in several for effect in planned.effects)
        keys = [effect.key for effect in planned.effects]
        assert len(set(keys)) == len(keys)
        assert len({effect.input_id for effect in planned.effects}) == len(keys)
        assert all(len(effect.input_id) <= 200 for effect in planned.effects)
        if self.time_owes(self.driver.now):
            assert planned.wake_at == self.driver.now
        elif planned.wake_at is not None:
            assert planned.wake_at > self.driver.now
        if planned.ended:
            assert not planned.effects
            assert self.review.stage in (None, *ENDED_STAGES)
        elif not planned.effects and planned.wake_at is None:
            assert waits_for_somebody(self.review, self.driver)

    def time_owes(self, at: datetime) -> bool:
        """Whether a tick would record something then."""
        return self.review.policy is not None and settled(self.review, at, GIVEN) != self.review

    @invariant()
    def time_records_nothing_before_the_plan_wakes(self) -> None:
        """Whatever was said last: a repeated, refused or late input moves no timer past what time owes."""
        wakes = self.driver.plan.wake_at
        for moment in (*time_moments(self.review), *(self.driver.now + ahead for ahead in AHEAD)):
            if moment > self.driver.now and (wakes is None or moment < wakes):
                assert not self.time_owes(moment), (moment, wakes)

    def teardown(self) -> None:
        recorded = [events.decode(e.name, e.version, json.loads(e.model_dump_json())) for e in self.driver.events]
        assert fold(Review(id=self.review.id), recorded) == self.review

    # --- time -------------------------------------------------------------------------------------------------------

    @rule(pause=pauses)
    def sleep(self, pause: timedelta) -> None:
        self.driver.now += pause
        self.fact(inputs.Tick())

    @precondition(lambda self: self.driver.plan.wake_at is not None)
    @rule()
    def wake(self) -> None:
        self.driver.now = self.driver.plan.wake_at or NOW
        self.fact(inputs.Tick())

    # --- incidents --------------------------------------------------------------------------------------------------

    @rule(
        id=st.sampled_from(("PD-1", "PD-1", "PD-2")),
        status=st.sampled_from((IncidentStatus.RESOLVED, IncidentStatus.RESOLVED, IncidentStatus.OPEN)),
        ago=minutes_ago,
        severity=st.sampled_from(Severity),
        realisation=st.sampled_from(Realisation),
        by=st.sampled_from((None, None, "approver")),
        service=st.sampled_from(("ranker", "ranker", "unlisted")),
    )
    def tell(self, by: str | None, ago: timedelta, **about: Any) -> None:
        told = incident(as_of=self.driver.now - ago, **about)
        if by:
            self.command(inputs.JoinIncident(incident=told), by)
        else:
            self.fact(inputs.IncidentTold(incident=told))

    @precondition(lambda self: any(i.status is IncidentStatus.OPEN for i in self.review.incidents.values()))
    @rule()
    def resolve(self) -> None:
        for known in self.review.incidents.values():
            as_of = max(self.driver.now, known.as_of + timedelta(seconds=1))
            changes = {"status": IncidentStatus.RESOLVED, "as_of": as_of, "resolved": as_of}
            self.fact(inputs.IncidentTold(incident=known.model_copy(update=changes)))

    # --- people -----------------------------------------------------------------------------------------------------

    @rule(by=people, severity=st.sampled_from(Severity))
    def open_again(self, by: str, severity: Severity) -> None:
        self.command(inputs.OpenReview(incident=incident(severity=severity)), by)

    @rule(by=people, owner=people)
    def assign_owner(self, by: str, owner: str) -> None:
        self.command(inputs.AssignOwner(owner=owner), by)

    @rule(of=documents(), by=people, honest=often, words_of_items=often)
    def submit(self, of: DraftDocument, by: str, honest: bool, words_of_items: bool) -> None:
        self.revision += 1
        draft = content(of, self.revision, self.review.policy or self.driver.policy)
        draft = as_promised(self.review, draft) if words_of_items else draft
        digest = draft.digest if honest else "sha256:another"
        self.command(inputs.SubmitDraft(revision=self.revision, digest=digest), by, draft)

    @rule(except_for=st.sampled_from((None, None, *SIGNERS)))
    def sign_all(self, except_for: str | None) -> None:
        for team in self.review.required_teams:
            if self.review.submission and team != except_for:
                by = SIGNERS.get(team, "approver")
                self.command(inputs.SignForTeam(team=team, digest=self.review.submission.digest), by)

    @rule(team=teams, by=people)
    def sign(self, team: str, by: str) -> None:
        digest = self.review.submission.digest if self.review.submission else "sha256:none"
        self.command(inputs.SignForTeam(team=team, digest=digest), by)

    @rule(team=teams, by=people, sections=st.sampled_from(((), ("causes",), ("nowhere",))))
    def request_changes(self, team: str, by: str, sections: tuple[str, ...]) -> None:
        self.command(inputs.RequestChanges(team=team, reason="text:why", sections=sections), by)

    @rule(wanted=specs, by=people)
    def propose_item(self, wanted: Any, by: str) -> None:
        self.command(inputs.ProposeItem(spec=wanted), by)

    @rule(id=item_ids, by=people, place=places, adopts=adopted)
    def accept_item(self, id: str, by: str, place: Place | None, adopts: str | None) -> None:
        self.command(inputs.AcceptItem(item=id, place=place, adopts=adopts and adopts.format(id)), by)

    @precondition(lambda self: any(item.due for item in self.review.items.values()))
    @rule(data=st.data(), by=people, days=st.sampled_from((-9, 0, 1, 9, 9, 40)))
    def extend_due(self, data: st.DataObject, by: str, days: int) -> None:
        id = data.draw(st.sampled_from([id for id, item in self.review.items.items() if item.due]))
        until = (self.review.items[id].due or NOW) + timedelta(days=days)
        self.command(inputs.ExtendDue(item=id, until=until, reason="text:why"), by)

    @precondition(lambda self: bool(self.review.items))
    @rule(data=st.data(), by=people, place=places, adopts=adopted)
    def move_item(self, data: st.DataObject, by: str, place: Place | None, adopts: str | None) -> None:
        id = data.draw(st.sampled_from([*self.review.items, "I9"]))
        there = place or ROUTING.default
        self.command(inputs.MoveItem(item=id, place=there, adopts=adopts and adopts.format(id)), by)

    @rule(data=st.data(), by=people, ids=st.sampled_from((("I7", "I8"), ("I7", "I7"), ("I1", "I8"))))
    def split_item(self, data: st.DataObject, by: str, ids: tuple[str, str]) -> None:
        whole = data.draw(st.sampled_from([*self.review.items, "I9"]))
        known = self.review.items.get(whole)
        parts = [known.spec.model_copy(update={"id": id}) if known else spec(id) for id in ids]
        if data.draw(st.sampled_from((False, False, True))):
            parts = [part.model_copy(update={"prevents": ()}) for part in parts]
        self.command(inputs.SplitItem(item=whole, into=tuple(parts), reason="text:why"), by)

    @precondition(lambda self: bool(self.review.items))
    @rule(data=st.data(), by=people, evidence=st.sampled_from((COPY, COPY, LINK, Evidence())))
    def verify_item(self, data: st.DataObject, by: str, evidence: Evidence) -> None:
        id = data.draw(st.sampled_from([*self.review.items, "I9"]))
        self.command(inputs.VerifyItem(item=id, evidence=(evidence,)), by)

    @precondition(lambda self: bool(self.review.items))
    @rule(data=st.data(), link=st.sampled_from(("text:link", "text:other")))
    def copy_evidence(self, data: st.DataObject, link: str) -> None:
        id = data.draw(st.sampled_from([*self.review.items, "I9"]))
        self.fact(inputs.EvidenceKept(item=id, link=link, digest="sha256:kept"))

    @rule(id=item_ids, by=people)
    def withdraw_item(self, id: str, by: str) -> None:
        self.command(inputs.WithdrawItem(item=id, reason="text:why"), by)

    @rule(wanted=specs, by=people)
    def change_item(self, wanted: Any, by: str) -> None:
        self.command(inputs.ChangeItem(spec=wanted, reason="text:why"), by)

    @precondition(lambda self: bool(self.driver.blockers))
    @rule(data=st.data(), by=people, until=untils)
    def ask_waiver(self, data: st.DataObject, by: str, until: timedelta | None) -> None:
        about = data.draw(st.sampled_from(self.driver.blockers))
        ends = until and self.driver.now + until
        self.command(inputs.AskWaiver(rule=about.rule, subject=about.subject, reason="text:why", until=ends), by)

    @rule(data=st.data(), by=people, until=untils)
    def renew_waiver(self, data: st.DataObject, by: str, until: timedelta | None) -> None:
        nothing = Waiver(rule="done", subject="nothing", until=NOW, asked_by="approver", granted_by=())
        about = data.draw(st.sampled_from([nothing, *self.review.waivers.values()]))
        ends = until and self.driver.now + until
        self.command(inputs.AskWaiver(rule=about.rule, subject=about.subject, reason="text:why", until=ends), by)

    @rule(factor=st.sampled_from(("F1", "F2", "F9")), by=people, until=untils)
    def accept_risk(self, factor: str, by: str, until: timedelta | None) -> None:
        ends = until and self.driver.now + until
        self.command(inputs.AcceptRisk(factor=factor, reason="text:why", until=ends), by)

    @rule(data=st.data(), by=people)
    def remove_incident(self, data: st.DataObject, by: str) -> None:
        ref = data.draw(st.sampled_from([*self.review.incidents, "pagerduty:PD-9"]))
        self.command(inputs.RemoveIncident(incident=ref, reason="text:why"), by)

    @rule(data=st.data(), severity=st.none() | st.sampled_from(Severity), by=people)
    def classify(self, data: st.DataObject, severity: Severity | None, by: str) -> None:
        facts: dict[str, Any] = {
            "severity": severity,
            "kinds": data.draw(st.sampled_from(((), *((kind,) for kind in list(IncidentKind)[:3])))),
            "models": data.draw(st.sampled_from(((), ("ranker-v3",), ("embedder", "other")))),
            "service": data.draw(st.sampled_from((None, "ranker", "search"))),
        }
        self.command(inputs.Classify(**facts, reason="text:why"), by)

    @rule(under=st.sampled_from(sorted(POLICIES)))
    def another_policy_comes_into_force(self, under: str) -> None:
        """Somebody edits the policy file: what is under way is held to what was pinned."""
        before = self.review.profile
        self.driver.policy = POLICIES[under]
        assert self.review.profile == before

    @rule(team=st.sampled_from(("recs", "ml")), shared=st.booleans())
    def another_catalogue_comes_into_force(self, team: str, shared: bool) -> None:
        """Somebody edits the catalogue: who answers for the service, and which models share something."""
        services = CATALOGUE.services | {"ranker": CATALOGUE.services["ranker"].model_copy(update={"team": team})}
        models = CATALOGUE.models if shared else {"ranker-v3": CATALOGUE.models["ranker-v3"]}
        self.driver.catalogue = CATALOGUE.model_copy(update={"services": services, "models": models})

    @rule(answer=st.sampled_from(Effectiveness), by=people)
    def answer_effectiveness(self, answer: Effectiveness, by: str) -> None:
        self.command(inputs.AnswerEffectiveness(answer=answer, reason="text:why"), by)

    @rule(severity=st.sampled_from(Severity), by=people)
    def lower_severity(self, severity: Severity, by: str) -> None:
        self.command(inputs.LowerSeverity(severity=severity, reason="text:why"), by)

    @rule(by=people, meant=st.sampled_from((True, False, False, False)))
    def dismiss(self, by: str, meant: bool) -> None:
        if meant:
            self.command(inputs.Dismiss(reason="text:why"), by)

    @rule(data=st.data(), by=people, approve=st.sampled_from((True, True, False)))
    def decide_request(self, data: st.DataObject, by: str, approve: bool) -> None:
        pending = [id for id, request in self.review.requests.items() if request.pending]
        id = data.draw(st.sampled_from([*(pending or self.review.requests), "R99"]))
        self.command(inputs.Approve(request=id) if approve else inputs.Refuse(request=id, reason="text:why"), by)

    @precondition(lambda self: any(request.pending for request in self.review.requests.values()))
    @rule(by=st.sampled_from(("uma", "vic", "wes")))
    def approve_all(self, by: str) -> None:
        for id, request in self.review.requests.items():
            if request.pending:
                self.command(inputs.Approve(request=id), by)

    @rule(by=people)
    def close(self, by: str) -> None:
        self.command(inputs.Close(), by)

    # --- the outside ------------------------------------------------------------------------------------------------

    @rule(id=item_ids, status=issue_statuses)
    def work(self, id: str, status: IssueStatus) -> None:
        self.driver.issues[id] = status

    @precondition(lambda self: bool(self.review.items))
    @rule()
    def do_everything(self) -> None:
        self.driver.now += timedelta(minutes=1)
        for id in self.review.items:
            self.driver.issues[id] = IssueStatus.DONE
        self.fact(inputs.ItemsRead(readings=self.driver.closing_read().readings))

    @rule()
    def obey(self) -> None:
        """Success upon success ends: nothing is owed for ever."""
        for _ in range(30):
            if not self.driver.plan.effects:
                return
            for result in [self.driver.result(effect) for effect in self.driver.plan.effects]:
                self.fact(result)
        pytest.fail(f"owed for ever: {self.driver.owed}")

    @precondition(lambda self: bool(self.driver.plan.effects))
    @rule()
    def begin(self) -> None:
        self.under_way += [self.driver.result(effect) for effect in self.driver.plan.effects]

    @precondition(lambda self: bool(self.under_way))
    @rule(data=st.data(), twice=st.booleans())
    def end(self, data: st.DataObject, twice: bool) -> None:
        result = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        for _ in range(2 if twice else 1):
            self.fact(result)

    @rule(
        data=st.data(),
        kind=st.sampled_from(FailureKind),
        later=st.sampled_from((None, timedelta(seconds=1), timedelta(hours=7))),
    )
    def fail(self, data: st.DataObject, kind: FailureKind, later: timedelta | None) -> None:
        key = data.draw(
            st.sampled_from([*self.driver.owed, "read", "tracking", "doers:I1", "issue:I1", "tend:I1", "release:I1"])
        )
        retry_at = later and self.driver.now + later
        self.fact(inputs.EffectFailed(key=key, kind=kind, retry_at=retry_at))

    @rule(
        read=st.lists(st.tuples(item_ids, issue_statuses, minutes_ago, later), max_size=4),
        for_closing=st.booleans(),
        for_doers=st.booleans(),
        early=st.booleans(),
    )
    def read_items(
        self,
        read: list[tuple[str, IssueStatus, timedelta, int | None]],
        for_closing: bool,
        for_doers: bool,
        early: bool,
    ) -> None:
        """`early` reads the issues that the items had before they were moved anywhere."""
        readings = []
        for id, status, ago, days in read:
            it = self.review.items.get(id)
            due = (it.due if it and it.due else NOW) + timedelta(days=days) if days is not None else None
            found = {
                "as_of": self.driver.now - ago,
                "due": due and due.date(),
                "ref": ref(id) if early or it is None else it.ref,
            }
            readings.append(self.driver.found(id, status).model_copy(update=found))
        self.fact(inputs.ItemsRead(readings=tuple(readings), for_closing=for_closing, for_doers=for_doers))

    @precondition(lambda self: bool(self.review.tracked_items))
    @rule(data=st.data(), status=issue_statuses, name=st.sampled_from(("{}", "{}/8")))
    def rename_issue(self, data: st.DataObject, status: IssueStatus, name: str) -> None:
        """The tracker calls an issue something else, or makes another of it."""
        id = data.draw(st.sampled_from(list(self.review.tracked_items)))
        self.driver.now += timedelta(minutes=1)
        found = self.driver.found(id, status)
        assert found.ref is not None
        new = found.ref.model_copy(update={"id": f"id-{name.format(id)}", "key": f"#{self.driver.now.minute}"})
        self.fact(inputs.ItemsRead(readings=(found.model_copy(update={"ref": new}),)))

    @precondition(lambda self: bool(self.review.tracked_items))
    @rule(data=st.data(), status=st.sampled_from((IssueStatus.OPEN, IssueStatus.DECLINED)))
    def regress(self, data: st.DataObject, status: IssueStatus) -> None:
        id = data.draw(st.sampled_from(list(self.review.tracked_items)))
        self.driver.issues[id] = status
        self.driver.now += timedelta(minutes=1)
        self.fact(inputs.ItemsRead(readings=(self.driver.found(id, status),)))

    @precondition(lambda self: bool(self.review.items))
    @rule(data=st.data(), kind=st.sampled_from((None, None, *FailureKind)))
    def lose_items(self, data: st.DataObject, kind: FailureKind | None) -> None:
        ids = data.draw(st.lists(st.sampled_from([*self.review.items, "I9"]), max_size=3))
        self.fact(inputs.ItemsUnreadable(items=tuple(ids), kind=kind))

    @precondition(lambda self: bool(self.review.items))
    @rule(data=st.data(), ago=minutes_ago, tended=st.sampled_from((False, False, True)))
    def disturb_issue(self, data: st.DataObject, ago: timedelta, tended: bool) -> None:
        id, as_of = data.draw(st.sampled_from([*self.review.items, "I9"])), self.driver.now - ago
        self.fact(inputs.IssueTended(item=id, as_of=as_of) if tended else inputs.IssueDisturbed(item=id, as_of=as_of))

    @rule(id=item_ids, comment=st.sampled_from(("c1", "c2")), by=people, wants=later, answered=st.booleans())
    def comment(self, id: str, comment: str, by: str, wants: int | None, answered: bool) -> None:
        if answered:
            self.fact(inputs.CommentAnswered(comment=comment))
            return
        until = self.driver.now + timedelta(days=wants or 0)
        asked = inputs.ExtendDue(item=id, until=until, reason="text:why") if wants else None
        before, body = self.review, inputs.CommentSaid(item=id, comment=comment, wants=asked)
        self.driver.say(body, by)
        self.heard(body, before)

    @rule(status=issue_statuses, ago=minutes_ago, told=st.booleans())
    def touch_tracking(self, status: IssueStatus, ago: timedelta, told: bool) -> None:
        as_of = self.driver.now - ago
        if told:
            self.fact(inputs.TrackingTold(ref=ref("tracking"), told="sha256:old", status=status, as_of=as_of))
        else:
            self.fact(inputs.TrackingRead(status=status, as_of=as_of))

    @rule(id=item_ids, released=st.booleans(), moves=st.sampled_from((0, 0, 1, 2)))
    def touch_issue(self, id: str, released: bool, moves: int) -> None:
        opened = inputs.IssueOpened(item=id, ref=ref(f"{id}/{moves + 1}" if moves else id), moves=moves)
        self.fact(inputs.IssueReleased(item=id) if released else opened)


def promise(it: Item) -> tuple[Any, ...]:
    """What an item promises, and the issue that a person chose for it."""
    spec = it.spec
    return (spec.title, spec.item_class, spec.strength, spec.end_state, spec.prevents, it.adopts)


def waits_for_somebody(review: Review, driver: Driver) -> bool:
    """Whether a person, or what a person does in a tracker, is what such a review waits for."""
    if review.stage is Stage.CLOSED:
        undone = [i for i in review.items.values() if i.accepted and i.status is not ItemStatus.DONE]
        return bool(undone or review.regressions)
    return review.stage is Stage.DRAFT or bool(driver.blockers)


def nothing_stands(review: Review, event: events.ReviewClosed) -> None:
    """The rules again, told in another way than in `domain.lifecycle.closure_rules`, for those that block."""
    at = event.closure.at
    rules = review.profile.rules if review.profile else {}

    def waived(rule: str, subject: str) -> bool:
        return any(w.rule == rule and w.subject == subject and w.until > at for w in review.waivers.values())

    assert all(known.status is IncidentStatus.RESOLVED for known in review.incidents.values())
    assert set(rules) <= {"questions@1", "causes@1", "extent@1", "prevention@2", "done@1", "verified@1", "sign_off@2"}
    if rules["verified@1"] is Mode.BLOCK:
        for id, it in review.items.items():
            lifted = waived("verified", id) or waived("done", id)
            if it.accepted and it.spec.item_class is ItemClass.PREVENT and not lifted:
                assert it.verification is not None
                assert it.doers is not None
                assert not it.doers_of_before
                assert set(it.verification.hands).isdisjoint(it.doers)
                assert any(evidence.digest for evidence in it.verification.evidence)
                assert not it.strangers
    if rules["done@1"] is Mode.BLOCK:
        for id, it in review.items.items():
            if it.status is not ItemStatus.WITHDRAWN and it.spec.item_class is ItemClass.PREVENT:
                assert it.issue_status is IssueStatus.DONE or waived("done", id)
    if rules["sign_off@2"] is Mode.BLOCK:
        signed = [review.signatures[team] for team in review.required_teams if not waived("sign_off", team)]
        assert len({s.by for s in signed}) == len(signed)
        assert review.submission is not None
        assert review.submission.by not in {s.by for s in signed}
        covered = {name for s in signed for name in s.basis}
        if len(signed) == len(review.required_teams):
            assert {f"section/{id}" for id in review.submission.sections} <= covered
        assert all(claim(review, name) == digest for s in signed for name, digest in s.basis.items())
        assert review.submission.incidents == claim(review, "incidents")
    if rules["prevention@2"] is Mode.BLOCK and review.submission:
        for cause in review.submission.factors:
            risk = review.risks.get(cause.id)
            lifted = (risk is not None and risk.until > at) or waived("prevention", cause.id)
            answers = [
                (id, it)
                for id, it in review.items.items()
                if it.status is not ItemStatus.WITHDRAWN
                and cause.id in it.spec.prevents
                and it.spec.strength is not Strength.WEAKER
            ]
            if cause.confidence is Confidence.KNOWN:
                assert lifted or any(it.spec.item_class is ItemClass.PREVENT for _, it in answers)
            elif review.gravest in GRAVE:
                assert lifted or answers
                if rules["done@1"] is Mode.BLOCK:
                    assert all(it.issue_status is IssueStatus.DONE or waived("done", id) for id, it in answers)


SHARDS = 6
LIVES = int(os.environ.get("HOLDFAST_LIVES", "1500"))
"""How many lives are lived in all, a part of them from each seed; `make lives` asks for more."""

ORDINARY = settings(
    max_examples=LIVES // SHARDS,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


# It takes a minute alone, and more where other tests run beside it and its coverage is counted.
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_sequence_closes_a_review_with_a_blocker(shard: int) -> None:
    run_state_machine_as_test(seed(shard)(type(f"Reviews{shard}", (Reviews,), {})), settings=ORDINARY)
