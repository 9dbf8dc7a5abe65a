"""What `holdfast check` looks at in people: who can do what under the policy, for the services of the catalogue."""

from collections.abc import Sequence
from datetime import UTC, datetime

from building.files import read_catalogue, read_policy
from console.checks.result import Checked, ok, warn
from console.services.record_maintenance import are_there, looked_up
from domain.model.catalogue import Catalogue
from domain.model.policy import Policy
from domain.people.memberships import Held, Memberships
from domain.people.staffing import Staffing, staffing
from records.accounts.accounts import Account, Accounts
from runtime.settings import Settings, SettingsError
from web.formatting import listed


def people(settings: Settings) -> list[Checked]:
    """Who can sign, write and approve, for each service and profile: whoever signed in, or is named in the settings."""
    try:
        read, policy = read_catalogue(settings.catalogue), read_policy(settings)
    except SettingsError:
        return []  # told of already
    if settings.sign_in.issuer is None:
        return _unlisted(policy, read)
    accounts = _accounts(settings)
    if accounts is None:
        todo = "See to the database first: who has signed in is kept there."
        return [warn("people", "Who can do what is not known: the records cannot be read.", todo)]
    return [_result(one) for one in staffing(policy, read, _held_by_handle(settings, accounts))]


def _held_by_handle(settings: Settings, accounts: Sequence[Account]) -> dict[str, Held]:
    memberships, now = Memberships.model_validate(settings.sign_in.memberships()), datetime.now(UTC)
    told = {account.handle: account for account in accounts}
    found = {}
    for handle in {*told, *memberships.people}:
        account = told.get(handle)
        claims = (account.held, account.signed_in_at) if account else (None, None)
        standing = memberships.standing(handle, *claims, now, None)
        found[handle] = Held(roles=standing.roles, teams=standing.teams)
    return found


def _accounts(settings: Settings) -> Sequence[Account] | None:
    """Everybody whom the records know, nobody where there are none yet; None where they cannot be read."""
    if not are_there(settings):
        return ()
    return looked_up(settings, lambda opened: Accounts(opened).all() if opened.schema_is_current() else None)


def _result(one: Staffing) -> Checked:
    what = f"people for {listed(one.services)}, profile {one.profile}"
    can = "; ".join(f"{do}: {'1 person' if len(who) == 1 else f'{len(who)} people'}" for do, who in one.able.items())
    if not one.short:
        return ok(what, f"{can}.")
    todo = "Give the role, or the team, to one person more (sign_in.people, or the claims of the identity provider)."
    return warn(what, f"{can}. {' '.join(one.short)}", todo)


def _unlisted(policy: Policy, catalogue: Catalogue) -> list[Checked]:
    """Where nobody signs in, anybody does everything; but a team that nobody has heard of signs nothing."""
    named = {role for profile in policy.profiles for role in profile.teams if role != "owning"}
    held = {role: team for service in catalogue.services for role, team in catalogue.roles_for(service).items()}
    strange = sorted(role for role in named if catalogue.teams and held.get(role, role) not in catalogue.teams)
    if not strange:
        return []
    found = f"The policy has {listed(strange)} sign, and the catalogue has no such team."
    return [warn("catalogue.roles", found, "Say in the catalogue which team holds it: roles: {ROLE: TEAM}.")]
