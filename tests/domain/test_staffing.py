"""Who can do what under a policy, with the people that there are."""

from typing import Any

import pytest

from domain.model.catalogue import Catalogue
from domain.model.policy import Policy
from domain.people.memberships import Held
from domain.people.staffing import Staffing, staffing
from tests.domain.build import CATALOGUE, DEFAULT, policy_with_rules

EVERY = ("contributor", "signer", "approver")


def grave(people: dict[str, Held], catalogue: Catalogue = CATALOGUE) -> Staffing:
    return next(one for one in staffing(DEFAULT, catalogue, people) if one.profile == "grave")


def held(*teams: str, roles: Any = EVERY) -> Held:
    return Held(roles=roles, teams=teams)


def test_a_company_with_somebody_to_spare_is_short_of_nobody() -> None:
    people = {f"{team}-{n}": held(team) for team in ("ml", "infrastructure", "product") for n in (1, 2)}
    found = grave(people)
    assert (found.services, found.short) == (("ranker", "search"), ())
    assert found.able["sign for ml"] == ("ml-1", "ml-2")
    assert set(found.able) == {"write", "approve", "sign for ml", "sign for infrastructure", "sign for product"}


def test_what_nobody_can_do_or_one_alone_is_said() -> None:
    found = grave({"a": held("ml"), "b": held("ml", "product"), "c": held("ml", roles=("reader",))})
    assert found.short == (
        "Nobody can sign for infrastructure.",
        "Only b can sign for product: if they are away, or may not, nobody can.",
    )
    assert grave({}).short[:2] == ("Nobody can write.", "Nobody can approve.")


def test_nobody_signs_for_two_teams_nor_what_they_wrote() -> None:
    both = {"a": held("ml", "infrastructure", "product"), "b": held("ml", "infrastructure", "product")}
    assert grave(both).short == (
        "Too few are left to sign for ml, infrastructure, product once somebody has written it: "
        "nobody signs for two teams.",
    )
    assert grave(both | {"c": held("ml"), "d": held("product")}).short == ()


def test_where_some_of_the_teams_are_enough_fewer_people_are() -> None:
    profiles = [p.model_dump() | ({"quorum": 2} if p.name == "grave" else {}) for p in DEFAULT.profiles]
    two = Policy.model_validate(DEFAULT.model_dump() | {"profiles": profiles})
    every = held("ml", "infrastructure", "product")
    people = {"a": every, "b": every, "c": every}
    assert next(one for one in staffing(two, CATALOGUE, people) if one.profile == "grave").short == ()
    assert len(grave(people).short) == 1


def test_roles_are_held_by_the_teams_that_the_catalogue_says() -> None:
    roles = {"ml": "recs", "infrastructure": "ml", "product": "ml"}
    services = CATALOGUE.services | {"search": CATALOGUE.services["search"].model_copy(update={"roles": {"ml": "ml"}})}
    catalogue = CATALOGUE.model_copy(update={"roles": roles, "services": services})
    found = [one for one in staffing(DEFAULT, catalogue, {}) if one.profile == "grave"]
    signing = {one.services: [what for what in one.able if what.startswith("sign")] for one in found}
    assert signing == {("ranker",): ["sign for recs", "sign for ml"], ("search",): ["sign for ml"]}


def test_where_no_signature_is_asked_for_nobody_has_to_sign() -> None:
    found = staffing(policy_with_rules(sign_off="warn"), CATALOGUE, {"a": held(), "b": held()})
    assert {what for one in found for what in one.able} == {"write", "approve"}
    assert {one.short for one in found} == {()}


@pytest.mark.parametrize("where", ["roles", "service"])
def test_a_role_is_held_by_a_team_that_there_is(where: str) -> None:
    data = CATALOGUE.model_dump(exclude_none=True)
    (data if where == "roles" else data["services"]["search"])["roles"] = {"ml": "nobody"}
    with pytest.raises(ValueError, match=r"roles.ml: 'nobody' is not in teams"):
        Catalogue.model_validate(data)
