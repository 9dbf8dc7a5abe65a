"""Who can do what under a policy, with the people that there are: whether an honest review can be led to its end."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field

from domain.model.catalogue import Catalogue
from domain.model.policy import Policy, Profile
from domain.model.review import holders
from domain.model.taxonomy import Mode, Role
from domain.model.values import Record
from domain.people.memberships import Held

People = Mapping[str, Held]
"""What everybody holds, by handle."""


class Staffing(Record):
    """Who there is for the reviews of these services, under a profile of the policy."""

    services: tuple[str, ...]
    profile: str
    able: dict[str, tuple[str, ...]] = Field(description="who can do what: `write`, `approve`, and `sign for TEAM`")
    short: tuple[str, ...] = Field(description="what nobody can do, or one person alone, in sentences")


def staffing(policy: Policy, catalogue: Catalogue, people: People) -> tuple[Staffing, ...]:
    """For each profile, and all services whose reviews the same teams sign: who can do what."""
    found = []
    for profile in policy.profiles:
        signing: dict[tuple[str, ...], list[str]] = {}
        for service in sorted(catalogue.services):
            signing.setdefault(_signing(profile, catalogue, service), []).append(service)
        for teams, services in signing.items():
            able = _able(teams, people)
            short = (*_short(teams, profile.quorum, able), *_merged(profile, teams))
            found.append(Staffing(services=tuple(services), profile=profile.name, able=able, short=short))
    return tuple(found)


def _signing(profile: Profile, catalogue: Catalogue, service: str) -> tuple[str, ...]:
    """The teams that sign the review of a service, each once; none where nobody has to."""
    if Mode.BLOCK not in profile.modes_of("sign_off"):
        return ()
    return holders(profile.teams, catalogue.services[service].team, catalogue.roles_for(service))


def _able(teams: Sequence[str], people: People) -> dict[str, tuple[str, ...]]:
    able = {
        "write": _with(people, Role.CONTRIBUTOR),
        "approve": _with(people, Role.APPROVER),
    }
    return able | {f"sign for {team}": _with(people, Role.SIGNER, team) for team in teams}


def _with(people: People, role: Role, team: str | None = None) -> tuple[str, ...]:
    return tuple(
        sorted(who for who, held in people.items() if role in held.roles and (team is None or team in held.teams))
    )


def _short(teams: Sequence[str], quorum: int | None, able: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Whoever writes a review neither signs nor approves it, and nobody signs for two teams."""
    for what, who in able.items():
        if not who:
            yield f"Nobody can {what}."
        elif len(who) == 1:
            yield f"Only {who[0]} can {what}: if they are away, or may not, nobody can."
    wanted, enough = [f"sign for {team}" for team in teams], min(quorum or len(teams), len(teams))
    for writer in able["write"]:
        others = {what: tuple(one for one in able[what] if one != writer) for what in wanted}
        if _by_others(wanted, others) >= enough:
            return
    if enough and able["write"] and all(able[what] for what in wanted):
        named = ", ".join(teams)
        yield f"Too few are left to sign for {named} once somebody has written it: nobody signs for two teams."


def _merged(profile: Profile, teams: Sequence[str]) -> Iterator[str]:
    """A team that holds several roles signs once for all of them: that is lighter than the policy reads."""
    if 0 < len(teams) < len(profile.teams):
        yield f"{', '.join(profile.teams)} are held by {', '.join(teams)}: fewer sign than the policy names."


def _by_others(wanted: Sequence[str], able: Mapping[str, tuple[str, ...]]) -> int:
    """How many of these can be done, each by another person (a greatest matching of the two)."""
    does: dict[str, str] = {}

    def given(what: str, tried: set[str]) -> bool:
        for who in able[what]:
            if who not in tried:
                tried.add(who)
                if who not in does or given(does[who], tried):
                    does[who] = what
                    return True
        return False

    return sum(given(what, set()) for what in wanted)
