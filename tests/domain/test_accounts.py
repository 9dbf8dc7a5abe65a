"""Which roles and teams somebody has: by claims, by handle, and for how long."""

from datetime import timedelta

from domain.model.principal import Standing
from domain.model.taxonomy import Role, Scope
from domain.people.memberships import Held, Identity, Memberships, doubts
from tests.domain.build import NOW

MEMBERSHIPS = Memberships(
    roles={Role.APPROVER: ("leads",), Role.ADMIN: ("ops", "root")},
    teams={"ml": ("ml-risk",), "legal": ("law", "counsel")},
    people={"CI@example.org": Held(roles=(Role.CONTRIBUTOR,), teams=("ml",))},
)


def test_the_values_of_claims_give_roles_and_teams() -> None:
    held = MEMBERSHIPS.held(("leads", "root", "others"), ("counsel", "law", "approver"))
    assert held == Held(roles=(Role.ADMIN, Role.APPROVER, Role.READER), teams=("legal",))
    assert MEMBERSHIPS.held((), ()) == Held(roles=(Role.READER,))


def test_what_is_given_by_handle_counts_without_any_sign_in_and_beside_it() -> None:
    assert MEMBERSHIPS.standing("ci@example.org", None, None, NOW, (Scope.READ,)) == Standing(
        roles=(Role.CONTRIBUTOR,), teams=("ml",), scopes=(Scope.READ,)
    )
    told = Held(roles=(Role.READER, Role.CONTRIBUTOR), teams=("legal",))
    assert MEMBERSHIPS.standing("ci@EXAMPLE.org", told, NOW, NOW, None) == Standing(
        roles=(Role.CONTRIBUTOR, Role.READER), teams=("legal", "ml")
    )
    assert MEMBERSHIPS.standing("nobody@example.org", None, None, NOW, None) == Standing()


def test_what_was_told_counts_until_it_is_too_old() -> None:
    told, month = Held(roles=(Role.ADMIN,)), timedelta(days=30)
    just = NOW + month - timedelta(seconds=1)
    assert MEMBERSHIPS.standing("ann", told, NOW, just, None).roles == (Role.ADMIN,)
    assert MEMBERSHIPS.standing("ann", told, NOW, NOW + month, None).roles == ()


def test_a_handle_is_the_verified_address_or_what_is_none() -> None:
    assert Identity(issuer="https://id.example.org", subject="7", email="ann@example.org").handle == "ann@example.org"
    assert Identity(issuer="https://id.example.org:8443/x", subject="7").handle == "7 at id.example.org"
    assert Identity(issuer="odd", subject="7").handle == "7 at odd"


def test_a_team_that_claims_or_handles_give_can_be_named() -> None:
    means = Memberships(teams={"ml": ("ml-all",)}, people={"ann": Held(teams=("legal",))})
    assert means.named == {"ml", "legal"}


def test_who_keeps_a_review_to_teams_is_told_who_does_not_see_it_or_does_all_the_same() -> None:
    known, listed, here = (
        ("ml", "legal"),
        ("ml",),
        "Nobody signs in here, so everybody at this machine sees it all the same.",
    )
    assert doubts(("ml",), known, listed, True) is None
    assert doubts((), known, listed, False) is None
    assert doubts(("ml",), known, listed, False) == here
    strange = "Nobody is known to be in lgal; the catalogue lists ml."
    assert doubts(("lgal", "ml"), known, listed, True) == strange
    assert doubts(("lgal",), known, listed, True) == f"{strange} As long as that is so, auditors alone see it."
    assert doubts(("lgal",), known, listed, False) == f"{strange} {here}"
    assert (doubts(("a", "b"), (), (), False) or "").startswith(
        "Nobody is known to be in a, b; the catalogue lists none."
    )
