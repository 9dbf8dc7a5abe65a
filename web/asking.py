"""What this caller may say to a review now, and why not: found by asking the rules themselves, without saying it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain import inputs
from domain.decide import Rejected, decide
from domain.inputs import Body, Given, Input
from domain.review import Review
from domain.stages import HEARD_IN
from domain.template import ANSWER
from domain.values import Record
from web.callers import Caller
from web.deps import WebDeps
from web.wording import plain

SOMETHING = "text:what somebody will write"
"""Stands for a reason that nobody has written yet."""

SOMEBODY = "whoever will be named"


@dataclass(frozen=True)
class Choice:
    """Something that may be chosen in a form, and how people say it."""

    value: str
    words: str


@dataclass(frozen=True)
class Tried:
    """What somebody said, the reasons for which it was refused, and what they had typed."""

    reasons: tuple[str, ...]
    form: Mapping[str, list[str]]

    def typed(self, type: str, name: str, subject: str = "") -> str:
        """What was typed in a field of the form of a command; of that `subject` where there is one for each."""
        mine = self.form.get("type") == [type] and (not subject or [subject] in (self.form.get("request"),))
        return next(iter(self.form.get(name, ())), "") if mine else ""


NOTHING_TRIED = Tried((), {})


@dataclass(frozen=True)
class Asking:
    """The forms of a review's page that this caller may use; `barred` says why they may not use others."""

    signs: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    delegates: list[str] = field(default_factory=list)
    sections: list[Choice] = field(default_factory=list)
    approves: list[str] = field(default_factory=list)
    refuses: list[str] = field(default_factory=list)
    assigns: bool = False
    writes: bool = False
    barred: list[str] = field(default_factory=list)
    barred_from: Mapping[str, str] = field(default_factory=dict)


def asking(deps: WebDeps, review: Review, who: Caller) -> Asking:
    """What `who` may say to a review (ids in place, not handles) at this moment."""
    if who.person is None or review.policy is None:
        return Asking(writes=review.policy is not None)
    tell = _Trying(deps, review, who)
    submission = review.submission
    signs, changes, barred = list[str](), list[str](), list[str]()
    if submission is not None and tell.is_heard(inputs.SignForTeam):
        for team in review.required_teams:
            reasons = tell.reasons(inputs.SignForTeam(team=team, digest=submission.digest))
            if not reasons:
                signs.append(team)
            elif team not in review.signatures:
                barred.append(f"You do not sign for {team}: {' '.join(reasons)}")
        changes = [
            team
            for team in review.required_teams
            if not tell.reasons(inputs.RequestChanges(team=team, reason=SOMETHING))
        ]
    pending = [id for id, request in review.requests.items() if request.pending]
    approving = {id: tell.reasons(inputs.Approve(request=id)) for id in pending}
    return Asking(
        signs=signs,
        changes=changes,
        delegates=[
            team for team in review.required_teams if not tell.reasons(inputs.DelegateSigning(team=team, to=SOMEBODY))
        ],
        sections=_sections(review) if changes else [],
        approves=[id for id, reasons in approving.items() if not reasons],
        refuses=[id for id in pending if not tell.reasons(inputs.Refuse(request=id, reason=SOMETHING))],
        assigns=not tell.reasons(inputs.AssignOwner(owner=SOMEBODY)),
        writes=True,
        barred=barred,
        barred_from={id: " ".join(reasons) for id, reasons in approving.items() if reasons},
    )


@dataclass(frozen=True)
class _Trying:
    deps: WebDeps
    review: Review
    who: Caller

    def is_heard(self, command: type[Record]) -> bool:
        return self.review.stage in HEARD_IN[command]

    def reasons(self, command: Body) -> tuple[str, ...]:
        """Why this command would be refused; empty where it would not be."""
        assert self.review.policy is not None
        assert self.who.person is not None
        said = Input(
            id="nobody has said it", by=self.who.person, door=self.who.door, standing=self.who.standing, body=command
        )
        given = Given(policy=self.review.policy, catalogue=self.deps.catalogue)
        try:
            decide(self.review, said, self.deps.now(), given)
        except Rejected as refused:
            return refused.reasons
        return ()


def _sections(review: Review) -> list[Choice]:
    assert review.policy is not None
    assert review.submission is not None
    titles = {section.id: section.title for section in review.policy.sections}
    titles |= {f"{ANSWER}{question.id}": question.prompt for question in review.policy.questions}
    told = {id for id in review.submission.sections if not id.startswith(ANSWER)}
    told |= {f"{ANSWER}{id}" for id in review.submission.answered}
    order = [*titles, *sorted(told - set(titles))]
    return [Choice(id, titles.get(id, plain(id))) for id in order if id in told]
