"""What is not as it looks where a review is kept to some teams: said where that is done, and shown on its page."""

from collections.abc import Sequence

from domain.people.memberships import doubts
from web.deps import WebDeps


def doubts_about(deps: WebDeps, teams: Sequence[str]) -> str | None:
    """Who will not see what is kept to these teams, or will all the same; none where it is as it looks.

    Teams are known from the catalogue, from the settings, or because somebody who signed in is in them.
    """
    known = {*deps.catalogue.teams, *deps.memberships.named}
    if not known.issuperset(teams):
        known |= {team for one in deps.records.accounts.all() if one.held for team in one.held.teams}
    return doubts(teams, known, deps.catalogue.teams, deps.provider is not None)
