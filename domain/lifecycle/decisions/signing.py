"""Owner, draft and signatures.

A function without an underscore carries out the command or the fact that it is named for, on a decision in the making.
"""

from domain.lifecycle import events, inputs
from domain.lifecycle.claims import INCIDENTS, basis_of_signature, claim, has_nothing_to_sign, has_signed
from domain.lifecycle.decisions.decision import Decision, Rejected, refuse_if, these
from domain.lifecycle.independence import Act, not_independent
from domain.lifecycle.submission_rules import lacks
from domain.model.review import OWNING, Review
from domain.model.taxonomy import Stage


def assign_owner(d: Decision, body: inputs.AssignOwner) -> None:
    refuse_if(body.owner == d.review.owner and "They own this review already.")
    d.record(events.OwnerAssigned(owner=body.owner, by=d.by))


def submit_draft(d: Decision, body: inputs.SubmitDraft) -> None:
    content = d.given.draft
    if content is None or content.revision != body.revision:
        raise Rejected(f"There is no saved revision {body.revision} of this draft.")
    if content.digest != body.digest:
        raise Rejected(f"Revision {body.revision} has the digest {content.digest}, not {body.digest}.")
    review = d.review
    if review.submission and review.submission.digest == content.digest and _is_as_then(review):
        raise Rejected(f"This text is submitted already, as revision {review.submission.revision}.")
    sharing = d.given.catalogue.sharing(review.models)
    refuse_if(*(lack.sentence for lack in lacks(review, content, d.by, sharing, d.now)))
    d.record(events.DraftSubmitted.of(content, d.by, sharing, review.models))
    if d.review.stage is not Stage.SIGN_OFF:
        d.enter_sign_off()


def _is_as_then(review: Review) -> bool:
    """Whether the same models and incidents are concerned as when the text was submitted last."""
    submission = review.submission
    assert submission is not None
    knows_models = submission.models is None or set(review.models) <= set(submission.models)
    return knows_models and submission.incidents == claim(review, INCIDENTS)


def sign(d: Decision, body: inputs.SignForTeam) -> None:
    review, submission = d.review, d.review.submission
    assert submission is not None
    signed_for = next((team for team, s in review.signatures.items() if s.by in d.hands and team != body.team), None)
    refuse_if(
        _not_asked(review, body.team),
        body.team == OWNING
        and review.team is None
        and f"This review has no team of its own: {review.service} is not in the catalogue.",
        body.digest != submission.digest and f"The text has changed: revision {submission.revision} is to be signed.",
        *not_independent(review, Act.SIGN, d.hands),
        signed_for is not None and f"They signed for team {signed_for}; nobody signs for two teams.",
        has_nothing_to_sign(review, body.team) and f"Team {body.team} has signed this text already.",
    )
    d.record(events.TeamSigned(team=body.team, by=d.by, at=d.now, basis=basis_of_signature(review, body.team)))
    if review.stage is Stage.REMEDIATION:  # what was added since is approved by it, as all is by the last signature
        d.accept_proposed()


def delegate_signing(d: Decision, body: inputs.DelegateSigning) -> None:
    review = d.review
    refuse_if(
        _not_asked(review, body.team),
        has_signed(review, body.team) and f"Team {body.team} has signed already.",
        review.delegates.get(body.team) == body.to and f"They sign for team {body.team} already.",
        *not_independent(review, Act.SIGN, (body.to,)),
    )
    d.record(events.SigningDelegated(team=body.team, to=body.to, by=d.by))


def _not_asked(review: Review, team: str) -> str | bool:
    teams = review.required_teams
    return team not in teams and f"Team {team} does not sign this review; {these(teams)} do."


def request_changes(d: Decision, body: inputs.RequestChanges) -> None:
    review = d.review
    assert review.policy is not None and review.submission is not None
    unknown = [section for section in body.sections if section not in review.submission.sections]
    refuse_if(
        _not_asked(review, body.team),
        bool(unknown) and f"There is no section {', '.join(unknown)}.",
    )
    d.record(events.ChangesRequested(team=body.team, by=d.by, reason=body.reason, sections=body.sections))
    d.enter_draft()
