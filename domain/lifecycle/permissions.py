"""Who may do what: one table, for every command and for everything else that can be done in the web app.

Who may decide about a request of whom, and who signs what, is not said here: `decisions/` has what needs a second
person. Holding a role never lifts any of that.
"""

from enum import StrEnum

from pydantic import Field

from domain.lifecycle import inputs
from domain.lifecycle.inputs import Input
from domain.model.principal import Standing
from domain.model.review import Review
from domain.model.taxonomy import Door, Role, Scope
from domain.model.values import Record


class Act(StrEnum):
    """What can be done in the web app, beside saying a command to a review."""

    REACH = "reach the sign-in, and ask whether Holdfast is well"
    DELIVER = "deliver from a source or a tracker, proved by its own secret"
    SIGN_OUT = "sign out"
    READ = "read reviews, drafts, issues and the state of the trackers"
    SAY = "say a command to a review; each has a right of its own"
    SAVE_DRAFT = "save a draft"
    ACT_ON_ISSUES = "act on an issue of the built-in tracker"
    READ_DELIVERIES = "read what was delivered, and which messages were sent"
    OWN_TOKENS = "make, list and revoke tokens of one's own"
    MANAGE_TOKENS = "make, list and revoke anybody's tokens"
    MANAGE_PEOPLE = "see who there is, and erase a person"


Action = type[Record] | Act
"""Something that one may do or not: the type of a command, or an act."""


class Right(Record):
    """What doing something takes: any of the roles, and of a token the scope."""

    roles: frozenset[Role] | None = Field(description="none: anybody may, signed in or not")
    scope: Scope | None = Field(default=Scope.READ, description="none: any token will do")
    of_team: bool = Field(default=False, description="only for a team that they are in")


ANY_ROLE = frozenset(Role)

_ANYBODY = Right(roles=None)
_READING = Right(roles=ANY_ROLE)
_WRITING = Right(roles=frozenset({Role.CONTRIBUTOR}), scope=Scope.WRITE)
_SIGNING = Right(roles=frozenset({Role.SIGNER}), scope=Scope.DECIDE, of_team=True)
_APPROVING = Right(roles=frozenset({Role.APPROVER}), scope=Scope.DECIDE)
_ADMINISTERING = Right(roles=frozenset({Role.ADMIN}), scope=Scope.ADMIN)

RIGHTS: dict[Action, Right] = {
    inputs.OpenReview: _WRITING,
    inputs.JoinIncident: _WRITING,
    inputs.RemoveIncident: _WRITING,
    inputs.Classify: _WRITING,
    inputs.AssignOwner: _WRITING,
    inputs.SubmitDraft: _WRITING,
    inputs.SignForTeam: _SIGNING,
    inputs.DelegateSigning: _SIGNING,
    inputs.RequestChanges: _SIGNING,
    inputs.ProposeItem: _WRITING,
    inputs.AcceptItem: _WRITING,
    inputs.WithdrawItem: _WRITING,
    inputs.ChangeItem: _WRITING,
    inputs.ExtendDue: _WRITING,
    inputs.MoveItem: _WRITING,
    inputs.SplitItem: _WRITING,
    inputs.VerifyItem: _WRITING,
    inputs.AskWaiver: _WRITING,
    inputs.AcceptRisk: _WRITING,
    inputs.LowerSeverity: _WRITING,
    inputs.Dismiss: _WRITING,
    inputs.Approve: _APPROVING,
    inputs.Refuse: _APPROVING,
    inputs.MakePrivate: _WRITING,
    inputs.Share: _WRITING,
    inputs.AnswerEffectiveness: _WRITING,
    inputs.Close: _WRITING,
    Act.REACH: _ANYBODY,
    Act.DELIVER: _ANYBODY,
    Act.SIGN_OUT: _ANYBODY,
    Act.READ: _READING,
    Act.SAY: Right(roles=ANY_ROLE, scope=None),
    Act.SAVE_DRAFT: _WRITING,
    Act.ACT_ON_ISSUES: _WRITING,
    Act.READ_DELIVERIES: Right(roles=frozenset({Role.AUDITOR, Role.ADMIN})),
    Act.OWN_TOKENS: Right(roles=ANY_ROLE, scope=Scope.ADMIN),
    Act.MANAGE_TOKENS: _ADMINISTERING,
    Act.MANAGE_PEOPLE: _ADMINISTERING,
}
"""The table. Whoever has a role may read; to be an auditor or an admin is not to write, to sign or to approve."""


def is_open_to_anybody(action: Action) -> bool:
    """Whether nobody has to sign in for this."""
    return RIGHTS[action].roles is None


def refusals(standing: Standing | None, action: Action, team: str | None = None) -> tuple[str, ...]:
    """Why somebody may not do this, for `team` where it is done for one; empty where they may.

    Without a standing (nobody signs in on this machine) everybody may do everything.
    """
    right = RIGHTS[action]
    if standing is None or right.roles is None:
        return ()
    lacking = []
    if not right.roles & set(standing.roles):
        lacking.append(f"This takes the role {_either(right.roles)}; they have {_these(standing.roles)}.")
    if right.of_team and team not in standing.teams:
        lacking.append(f"Only who is in team {team} may do this for it; they are in {_these(standing.teams)}.")
    if standing.scopes is not None and right.scope is not None and right.scope not in standing.scopes:
        lacking.append(f"This takes a token with the scope {right.scope}; theirs has {_these(standing.scopes)}.")
    return tuple(lacking)


class Sight(Record):
    """Which reviews somebody sees: every one, or those that are kept to no team and to any of theirs."""

    everything: bool = False
    teams: tuple[str, ...] = ()

    def reaches(self, kept_to: tuple[str, ...]) -> bool:
        """Whether they see what only these teams see; where none is named, everybody does."""
        return self.everything or not kept_to or not {*kept_to}.isdisjoint(self.teams)


def sight(standing: Standing | None) -> Sight:
    """Which reviews somebody sees.

    An auditor sees everything: what nobody outside may look into could not be audited.
    """
    if standing is None or Role.AUDITOR in standing.roles:
        return Sight(everything=True)
    return Sight(teams=standing.teams)


def visible_to(standing: Standing | None, teams: tuple[str, ...]) -> bool:
    """Whether somebody sees what only these teams see; where none is named, everybody does."""
    return sight(standing).reaches(teams)


def visible(standing: Standing | None, review: Review) -> bool:
    """Whether somebody sees a review: everywhere, in lists and exports too, or nowhere."""
    return visible_to(standing, review.private_to)


def barred(input: Input, review: Review) -> tuple[str, ...]:
    """Why who says `input` may not say it to this review; empty where they may. Facts and ticks always may."""
    if not input.is_command:
        return ()
    if input.standing is None and input.door in (Door.SIGNED_IN, Door.TOKEN):
        return ("It is not known what they may do: sign in anew.",)
    if not visible(input.standing, review):
        return (f"There is no review {review.id} that they see.",)
    team = getattr(input.body, "team", None)
    return refusals(_as_delegate(input, review, team), type(input.body), team)


def _as_delegate(input: Input, review: Review, team: str | None) -> Standing | None:
    """What somebody is taken for whom a team lets sign this review: for that, one of its signers."""
    signs = isinstance(input.body, inputs.SignForTeam | inputs.RequestChanges)
    if input.standing is None or team is None or not signs or review.delegates.get(team) != input.by:
        return input.standing
    held = input.standing
    return held.model_copy(update={"roles": (*held.roles, Role.SIGNER), "teams": (*held.teams, team)})


def token_refusals(standing: Standing | None, for_oneself: bool, scopes: tuple[Scope, ...]) -> tuple[str, ...]:
    """Why somebody may not make a token with these scopes, for themselves or for another; empty where they may.

    Nobody makes a token that signs or approves in another's name: with it one person could be two.
    """
    lacking = list(refusals(standing, Act.OWN_TOKENS if for_oneself else Act.MANAGE_TOKENS))
    if not for_oneself and {Scope.DECIDE, Scope.ADMIN} & set(scopes):
        lacking.append("A token that signs, approves or makes tokens is made by who is to use it, and by nobody else.")
    if standing is not None and standing.scopes is not None and (more := set(scopes) - set(standing.scopes)):
        lacking.append(f"A token makes none that may do more than itself: not {_these(tuple(sorted(more)))}.")
    if not scopes:
        lacking.append(f"A token needs a scope: {_either(frozenset(Scope))}.")
    return tuple(lacking)


def _either(names: frozenset[Role] | frozenset[Scope]) -> str:
    return " or ".join(sorted(names))


def _these(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"
