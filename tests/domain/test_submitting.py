"""Submitting a draft: only a saved revision, by its digest, and only once."""

from domain.lifecycle.events import DraftSubmitted
from domain.lifecycle.inputs import IncidentTold, SubmitDraft
from domain.model.taxonomy import Clock, IncidentStatus, Stage
from tests.domain.build import SUBMITTER, Driver, content, document, in_draft, in_sign_off, in_stabilization, incident


def submitted(driver: Driver, revision: int, digest: str) -> tuple[str, ...]:
    return driver.reasons(SubmitDraft(revision=revision, digest=digest), SUBMITTER, content())


def test_a_draft_that_meets_the_template_is_submitted_and_starts_the_clock_of_sign_off() -> None:
    driver = in_draft()
    events = driver.submit()
    assert isinstance(events[0], DraftSubmitted)
    assert events[0].digest == content().digest
    assert driver.is_in(Stage.SIGN_OFF)
    assert driver.review.due[Clock.SIGN_OFF] > driver.now


def test_only_a_saved_revision_is_submitted() -> None:
    driver = in_draft()
    assert submitted(driver, 2, content().digest) == ("There is no saved revision 2 of this draft.",)
    nothing = driver.reasons(SubmitDraft(revision=1, digest=content().digest))
    assert nothing == ("There is no saved revision 1 of this draft.",)


def test_a_revision_is_submitted_by_its_digest() -> None:
    assert submitted(in_draft(), 1, "sha256:another") == (
        f"Revision 1 has the digest {content().digest}, not sha256:another.",
    )


def test_the_same_text_is_submitted_once() -> None:
    driver = in_sign_off()
    assert driver.refused_draft(document(), revision=2) == ("This text is submitted already, as revision 1.",)


def test_a_draft_waits_for_the_quiet_window() -> None:
    assert in_stabilization().refused_draft(document()) == (
        "A draft cannot be submitted while the review is in stabilization; the quiet window ends on 03 Mar 09:00 UTC.",
    )
    refired = in_stabilization()
    refired.say(IncidentTold(incident=incident(status=IncidentStatus.OPEN)))
    assert refired.refused_draft(document()) == (
        "A draft cannot be submitted while the review is in stabilization; it waits until pagerduty:PD-1 is resolved.",
    )


def test_every_gap_is_named_at_once() -> None:
    refused = in_draft().refused_draft(document(answers={}, considered={}))
    assert len(refused) == 5 + 4
