"""Who somebody is by what an identity provider says, and which roles and teams follow from it and from the settings."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pydantic import Field

from domain.model.principal import Standing
from domain.model.taxonomy import Role, Scope
from domain.model.values import Line, Record


class Held(Record):
    """Roles and teams that somebody holds."""

    roles: tuple[Role, ...] = ()
    teams: tuple[Line, ...] = ()


class Identity(Record):
    """What an identity provider says of who signs in. `subject` never changes at that issuer, all else may."""

    issuer: Line
    subject: Line
    email: Line | None = Field(default=None, description="only one that the provider has verified")
    github: Line | None = None
    jira: Line | None = None
    held: Held = Held()

    @property
    def handle(self) -> str:
        """What they are called where nobody has named them: by e-mail, else in a way that no e-mail address is."""
        return self.email or f"{self.subject} at {urlsplit(self.issuer).hostname or self.issuer}"


class Memberships(Record):
    """Which claims give which roles and teams, and what is given by handle."""

    everyone: tuple[Role, ...] = Field(default=(Role.READER,), description="what everybody has who signs in")
    roles: dict[Role, tuple[str, ...]] = Field(default={}, description="values of the claim that give a role")
    teams: dict[str, tuple[str, ...]] = Field(default={}, description="values of the claim that make a team's member")
    people: dict[str, Held] = Field(default={}, description="what is given by handle, to machines too")
    claims_last: timedelta = Field(default=timedelta(days=30), description="how long claims count, for tokens")

    @property
    def named(self) -> frozenset[str]:
        """Every team that a claim or a handle can give."""
        return frozenset({*self.teams, *(team for held in self.people.values() for team in held.teams)})

    def held(self, for_roles: tuple[str, ...], for_teams: tuple[str, ...]) -> Held:
        """What the values of the two claims give."""
        roles = {*self.everyone, *(role for role, values in self.roles.items() if {*values} & {*for_roles})}
        teams = {team for team, values in self.teams.items() if {*values} & {*for_teams}}
        return Held(roles=tuple(sorted(roles)), teams=tuple(sorted(teams)))

    def standing(
        self, handle: str, told: Held | None, told_at: datetime | None, now: datetime, scopes: tuple[Scope, ...] | None
    ) -> Standing:
        """Where somebody stands at `now` (UTC), with what the provider told of them at `told_at`.

        What is given by handle counts always; what was told counts until it is too old.
        """
        given = [held for name, held in self.people.items() if name.casefold() == handle.casefold()]
        if told is not None and told_at is not None and now < told_at + self.claims_last:
            given.append(told)
        return Standing(
            roles=tuple(sorted({role for held in given for role in held.roles})),
            teams=tuple(sorted({team for held in given for team in held.teams})),
            scopes=scopes,
        )


def doubts(teams: Sequence[str], known: Collection[str], listed: Collection[str], signs_in: bool) -> str | None:
    """What whoever keeps a review to these teams has to know: who does not see it, or sees it all the same.

    `known` are the teams that somebody can be in, and `listed` those of the catalogue, which anybody may be told;
    `signs_in` tells whether anybody has to sign in here.
    """
    said, strange = [], [team for team in teams if team not in known]
    if strange:
        named = ", ".join(sorted(listed)) or "none"
        said.append(f"Nobody is known to be in {', '.join(strange)}; the catalogue lists {named}.")
    if teams and not signs_in:
        said.append("Nobody signs in here, so everybody at this machine sees it all the same.")
    elif teams and len(strange) == len(teams):
        said.append("As long as that is so, auditors alone see it.")
    return " ".join(said) or None
