"""Every event as a sentence."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.lifecycle import events
from domain.lifecycle.events import Event
from domain.model.review import Closure, Facts, Incident, IssueRef, ItemSpec, Reading, Request
from domain.model.taxonomy import Ask, Clock, FailureKind, IssueStatus, Severity, Stage
from domain.model.tracker_routing import Place
from domain.trackers.issue_text import TRACKING
from tests.domain.build import POLICY
from tests.web.site import DRAFT
from web.views.history import sentence

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 4, 12, tzinfo=UTC)
REF = IssueRef(tracker="builtin", id="1", key="HF-1", url="/issues/HF-1", project="default")
SPEC = ItemSpec.model_validate(DRAFT["items"][0])


def incident(**changes: Any) -> Incident:
    """An incident that is over."""
    values = {"source": "grafana", "id": "G", "status": "resolved", "as_of": NOW, "title": "T", "service": "s"}
    return Incident.model_validate(values | {"severity": "SEV1"} | changes)


def request(ask: Ask, **about: Any) -> Request:
    """Something that was asked for."""
    return Request(id="R1", ask=ask, by="p", at=NOW, reason="Because.", **about)


def closure(*readings: Reading) -> Closure:
    """A closure on these readings."""
    return Closure(at=NOW, readings=readings, waivers=(), policy="d", submission="d")


DONE = Reading(item="I1", status=IssueStatus.DONE, as_of=NOW)
LOST = Reading(item="I2", status=IssueStatus.FORBIDDEN, as_of=NOW)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            events.IncidentExcluded(incident=incident(), rule="severity: SEV4 is not reviewed", policy_digest="d"),
            "Not reviewed. Severity: SEV4 is not reviewed.",
        ),
        (
            events.ReviewOpened(
                at=NOW,
                incident=incident(),
                policy=POLICY,
                policy_digest="d",
                owner=None,
                quiet_until=None,
                due={},
            ),
            "Review opened for grafana:G (SEV1), under the policy “default”.",
        ),
        (
            events.IncidentUpdated(incident=incident(status="open"), refired=True, quiet_until=None),
            "Incident grafana:G is open: a re-fire.",
        ),
        (
            events.IncidentUpdated(incident=incident(), refired=True, quiet_until=None),
            "Incident grafana:G came in, resolved: a re-fire.",
        ),
        (
            events.IncidentUpdated(incident=incident(), refired=False, quiet_until=None),
            "Incident grafana:G was told anew: resolved, SEV1.",
        ),
        (
            events.IncidentRemoved(incident="grafana:G2", by="p", reason="Another service."),
            "Incident grafana:G2 was taken out: Another service.",
        ),
        (
            events.EffectivenessAnswered(answer="ineffective", by="p", at=NOW, reason="It fell again in June."),
            "Prevention did not work. It fell again in June.",
        ),
        (
            events.IncidentCorrected(
                incident=incident(),
                facts=Facts(kinds=("label_failure", "adversarial"), severity="SEV1", began=LATER),
                by="p",
                reason="Seen by all.",
            ),
            "Corrected of incident grafana:G: kinds label failure, adversarial, severity SEV1 and began 4 Dec 12:00. "
            "Seen by all.",
        ),
        (events.SeverityChanged(severity=Severity.SEV3), "The severity is now SEV3."),
        (events.StageEntered(stage=Stage.REMEDIATION), "Remediation began."),
        (
            events.StageEntered(stage=Stage.SIGN_OFF, due={Clock.SIGN_OFF: LATER}),
            "Sign-off began. Sign-off is due 4 Dec.",
        ),
        (events.OwnerAssigned(owner="ml-lead", by="p"), "ml-lead owns this review."),
        (events.TeamSigned(team="ml", by="p", at=NOW, basis={}), "Signed for team ml."),
        (
            events.SignaturesVoided(teams=("ml", "product")),
            "What ml and product signed has changed: to be signed again.",
        ),
        (
            events.SignaturesVoided(teams=("ml",), claims=("section/causes", "item/I1")),
            "What ml signed has changed, because the text and item I1 changed: to be signed again.",
        ),
        (
            events.ChangesRequested(team="ml", by="p", reason="Why?", sections=("answer:early_signals", "causes")),
            "Team ml asks for changes in early signals and why: Why?",
        ),
        (events.ChangesRequested(team="ml", by="p", reason="Why?", sections=()), "Team ml asks for changes: Why?"),
        (events.ItemProposed(spec=SPEC), f"I1 was proposed: {SPEC.title}"),
        (events.ItemAccepted(item="I1", due=LATER), "I1 was accepted, due 4 Dec."),
        (events.ItemChanged(spec=SPEC), f"I1 was changed: {SPEC.title}"),
        (events.ItemWithdrawn(item="I1", by="p", reason="Gone."), "I1 was withdrawn: Gone."),
        (
            events.ApprovalAsked(request=request(Ask.WAIVE, rule="done", subject="I1", until=LATER)),
            "R1 asks to waive done for I1 until 4 Dec: Because.",
        ),
        (events.ApprovalAsked(request=request(Ask.DISMISS)), "R1 asks to dismiss the review: Because."),
        (
            events.ApprovalAsked(request=request(Ask.ACCEPT_RISK, subject="F1")),
            "R1 asks to accept the risk of F1: Because.",
        ),
        (
            events.ApprovalAsked(request=request(Ask.WITHDRAW_ITEM, subject="I1")),
            "R1 asks to withdraw I1: Because.",
        ),
        (
            events.ApprovalAsked(request=request(Ask.LOWER_SEVERITY, severity=Severity.SEV3)),
            "R1 asks to lower the severity to SEV3: Because.",
        ),
        (
            events.ApprovalAsked(request=request(Ask.CHANGE_ITEM, subject="I1")),
            "R1 asks to change what I1 promises: Because.",
        ),
        (
            events.ApprovalAsked(request=request(Ask.EXTEND_DUE, subject="I1", until=LATER)),
            "R1 asks to put off I1 until 4 Dec: Because.",
        ),
        (
            events.ApprovalAsked(
                request=request(Ask.EXTEND_DUE, subject="I1", until=LATER).model_copy(update={"reason": ""})
            ),
            "R1 asks to put off I1 until 4 Dec, since its date was put off in the tracker.",
        ),
        (
            events.ItemAccepted(item="I1", due=LATER, place=Place(tracker="jira", project="ACME")),
            "I1 was accepted, due 4 Dec. It goes to jira:ACME.",
        ),
        (
            events.ItemAccepted(item="I1", due=LATER, place=Place(tracker="jira", project="ACME"), adopts="ACME-1"),
            "I1 was accepted, due 4 Dec. ACME-1 in jira:ACME is its issue.",
        ),
        (
            events.ItemMoved(item="I1", by="p", place=Place(tracker="github", project="acme/x"), adopts=None),
            "I1 was moved. It goes to github:acme/x.",
        ),
        (
            events.ItemMoved(item="I1", by="p", place=Place(tracker="builtin"), adopts=None),
            "I1 was moved. It goes to the built-in tracker.",
        ),
        (events.DueExtended(item="I1", due=LATER), "I1 may take longer, and is due 4 Dec."),
        (
            events.DueExtended(item="I1", due=LATER, by="p", reason="The vendor is late."),
            "I1 may take longer, and is due 4 Dec: The vendor is late.",
        ),
        (
            events.ItemsFoundUnreadable(items=("I1", "I2"), kind=FailureKind.UNAUTHORISED),
            "I1 and I2 cannot be read: the tracker refused the credential.",
        ),
        (events.ItemsFoundUnreadable(items=("I1",), kind=None), "I1 can be read again."),
        (
            events.IssueFoundDisturbed(item="I1", as_of=NOW),
            "What Holdfast keeps in the issue of I1 was changed there.",
        ),
        (
            events.ItemIssueTended(item="I1", as_of=NOW),
            "The issue of I1 was put right, and what was found there answered.",
        ),
        (
            events.CommentHeard(item="I1", comment="c", answer=()),
            "A comment on the issue of I1 asks what is in the way.",
        ),
        (
            events.CommentHeard(item=TRACKING, comment="c", answer=("R1 waits.",)),
            "A comment on the tracking issue is answered: R1 waits.",
        ),
        (events.CommentWasAnswered(comment="c"), "The comment was answered."),
        (events.RegressionSeen(because=("done/I1",)), "Come up after closure: done/I1."),
        (events.RegressionSeen(because=()), "What came up after closure is cleared."),
        (
            events.OutsideFailed(key="tend:I1", kind=FailureKind.UNAVAILABLE, count=1, retry_at=LATER),
            "Answering in the issue of I1 failed: the tracker cannot be reached (1 time). Next try 4 Dec 12:00.",
        ),
        (
            events.OutsideFailed(key="comment:IC_1", kind=FailureKind.UNAVAILABLE, count=1, retry_at=LATER),
            "Answering a comment failed: the tracker cannot be reached (1 time). Next try 4 Dec 12:00.",
        ),
        (events.ApprovalGranted(request="R1", by="p"), "R1 was approved."),
        (events.ApprovalRefused(request="R1", by="p", reason="No."), "R1 was refused: No."),
        (events.ItemIssueOpened(item="I1", ref=REF), "I1 is HF-1 in builtin."),
        (
            events.ItemIssueLeft(item="I1", ref=REF),
            "HF-1 was opened for I1, which had gone on: it is given up.",
        ),
        (events.ItemIssueReleased(item="I1"), "The issue that I1 gave up was closed or let go."),
        (
            events.ItemStatusesRead(readings=(DONE, LOST)),
            "Read from the trackers: I1 done and I2 not readable.",
        ),
        (events.ItemStatusesRead(readings=()), "The trackers can be read again."),
        (
            events.TrackingIssueTold(ref=REF, told="d", status=IssueStatus.OPEN, as_of=NOW),
            "The tracking issue HF-1 was brought up to date.",
        ),
        (
            events.TrackingIssueRead(status=IssueStatus.DONE, as_of=NOW),
            "The tracking issue was found done.",
        ),
        (
            events.OutsideFailed(key="issue:I1", kind=FailureKind.UNAVAILABLE, count=2, retry_at=LATER),
            "Opening the issue of I1 failed: the tracker cannot be reached (2 times). Next try 4 Dec 12:00.",
        ),
        (
            events.OutsideFailed(key="release:I1", kind=FailureKind.REJECTED, count=1, retry_at=LATER),
            "Closing the issue of I1 failed: the tracker rejected the request (1 time). Next try 4 Dec 12:00.",
        ),
        (
            events.OutsideFailed(key="read", kind=FailureKind.RATE_LIMITED, count=1, retry_at=LATER),
            "Reading the items failed: the tracker's rate limit is reached (1 time). Next try 4 Dec 12:00.",
        ),
        (
            events.OutsideFailed(key="tracking", kind=FailureKind.NOT_FOUND, count=1, retry_at=LATER),
            "Telling the tracking issue failed: the tracker project cannot be found (1 time). Next try 4 Dec 12:00.",
        ),
        (events.DeadlinePassed(deadline="draft:2026", due=NOW), "Draft was due 22 Nov, and is late."),
        (events.DeadlinePassed(deadline="item:I1:2026", due=NOW), "Item I1 was due 22 Nov, and is late."),
        (events.ClosureAsked(by="p"), "Closure was asked for."),
        (events.ReviewClosed(closure=closure(DONE), due={}), "Closed on a read of 1 item."),
        (events.ReviewReopened(because=("done/I1", "done/I2")), "Open again, because of done/I1 and done/I2."),
        (events.ReviewDismissed(by="p", reason="A drill."), "Dismissed: A drill."),
        (
            events.ReviewSucceeded(successor="grafana:G~2", incident=incident()),
            "More harm was reported of grafana:G: review grafana:G~2 follows.",
        ),
        (
            events.EffectRepeated(key="tracking", basis="sha256:1", count=2, retry_at=LATER),
            "Telling the tracking issue changed nothing (2 times). Next try 4 Dec 12:00.",
        ),
        (
            events.UnknownEvent(recorded_name="Odd", recorded_version=3),
            "This release cannot read this event (Odd@3).",
        ),
    ],
)
def test_an_event_is_a_sentence(event: Event, said: str) -> None:
    assert sentence(event, NOW) == said


def test_a_submission_and_a_closure_with_waivers_are_counted() -> None:
    submitted = events.DraftSubmitted(
        revision=3, digest="d", by="p", sections={}, answered=(), factors=(), considered=(), items=(SPEC,)
    )
    assert sentence(submitted, NOW) == "Revision 3 was submitted: 0 factors, 1 item."
    waiver = {"rule": "done", "subject": "I2", "until": LATER, "asked_by": "p", "granted_by": ("q",)}
    closed = Closure.model_validate(closure(DONE).model_dump() | {"waivers": [waiver]})
    assert (
        sentence(events.ReviewClosed(closure=closed, due={}), NOW)
        == "Closed on a read of 1 item, with 1 waiver in force."
    )
