"""Who may do what: the table, and that every door gives the reasons that it gives."""

import pytest

from domain.lifecycle import inputs
from domain.lifecycle.decide import Rejected, decide
from domain.lifecycle.inputs import COMMANDS, Given, Input
from domain.lifecycle.permissions import RIGHTS, Act, Action, is_open_to_anybody, refusals, token_refusals
from domain.model.principal import NOBODY, Standing
from domain.model.taxonomy import Door, Role, Scope
from tests.domain.build import CATALOGUE, NOW, POLICY, in_remediation, in_sign_off

SIGNING: set[Action] = {inputs.SignForTeam, inputs.DelegateSigning, inputs.RequestChanges}
WRITES = {*SIGNING, inputs.Approve, inputs.Refuse}


def has(*roles: Role, teams: tuple[str, ...] = (), scopes: tuple[Scope, ...] | None = None) -> Standing:
    return Standing(roles=roles, teams=teams, scopes=scopes)


def may(standing: Standing | None, action: Action, team: str | None = None) -> bool:
    return not refusals(standing, action, team)


def test_every_command_and_every_act_has_a_right() -> None:
    assert set(RIGHTS) == {*COMMANDS, *Act}


def test_where_nobody_signs_in_everybody_may_do_everything() -> None:
    assert all(may(None, action) for action in RIGHTS)


def test_who_is_not_signed_in_may_do_nothing_but_reach_the_sign_in() -> None:
    assert {action for action in RIGHTS if may(NOBODY, action)} == {Act.REACH, Act.DELIVER, Act.SIGN_OUT}
    assert {action for action in RIGHTS if is_open_to_anybody(action)} == {Act.REACH, Act.DELIVER, Act.SIGN_OUT}


@pytest.mark.parametrize(
    ("role", "commands", "acts"),
    [
        (Role.READER, set(), set()),
        (Role.AUDITOR, set(), {Act.READ_DELIVERIES}),
        (Role.CONTRIBUTOR, {*COMMANDS} - WRITES, {Act.SAVE_DRAFT, Act.ACT_ON_ISSUES}),
        (Role.SIGNER, SIGNING, set()),
        (Role.APPROVER, {inputs.Approve, inputs.Refuse}, set()),
        (Role.ADMIN, set(), {Act.READ_DELIVERIES, Act.MANAGE_TOKENS, Act.MANAGE_PEOPLE}),
    ],
)
def test_a_role_by_itself_may_do_this_and_no_more(role: Role, commands: set[Action], acts: set[Action]) -> None:
    everybody = {Act.REACH, Act.DELIVER, Act.SIGN_OUT, Act.READ, Act.SAY, Act.OWN_TOKENS}
    assert {a for a in RIGHTS if may(has(role, teams=("ml",)), a, "ml")} == commands | acts | everybody


def test_a_signer_signs_for_their_own_teams_only() -> None:
    signer = has(Role.SIGNER, teams=("ml", "legal"))
    assert may(signer, inputs.SignForTeam, "legal")
    assert refusals(signer, inputs.SignForTeam, "product") == (
        "Only who is in team product may do this for it; they are in ml, legal.",
    )


def test_every_reason_is_told_at_once() -> None:
    reader = has(Role.READER, scopes=(Scope.READ,))
    assert refusals(reader, inputs.SignForTeam, "ml") == (
        "This takes the role signer; they have reader.",
        "Only who is in team ml may do this for it; they are in none.",
        "This takes a token with the scope decide; theirs has read.",
    )
    assert refusals(NOBODY, Act.READ_DELIVERIES) == ("This takes the role admin or auditor; they have none.",)


def test_a_scope_narrows_a_role_and_gives_nothing() -> None:
    everything = has(*Role, teams=("ml",), scopes=(Scope.READ,))
    assert may(everything, Act.READ)
    assert not may(everything, Act.SAVE_DRAFT)
    assert may(has(Role.APPROVER, scopes=(Scope.DECIDE,)), Act.SAY)
    assert not may(everything, Act.OWN_TOKENS)
    assert not may(has(Role.READER, scopes=tuple(Scope)), Act.SAVE_DRAFT)


def test_a_command_is_refused_by_the_rules_whichever_door_it_takes() -> None:
    driver = in_sign_off()

    def reasons(door: Door, standing: Standing | None) -> tuple[str, ...]:
        assert driver.review.submission is not None
        body = inputs.SignForTeam(team="ml", digest=driver.review.submission.digest)
        said = Input(id="sign", by="ml-signer", door=door, standing=standing, body=body)
        try:
            decide(driver.review, said, NOW, Given(policy=POLICY, catalogue=CATALOGUE))
        except Rejected as refused:
            return refused.reasons
        return ()

    for door in (Door.SIGNED_IN, Door.TOKEN):
        assert reasons(door, has(Role.SIGNER, teams=("ml",))) == ()
        assert reasons(door, has(Role.READER, teams=("ml",))) == ("This takes the role signer; they have reader.",)
        assert reasons(door, None) == ("It is not known what they may do: sign in anew.",)
    assert reasons(Door.LOCAL_UNAUTHENTICATED, None) == ()


def test_what_happened_is_heard_whoever_tells_it() -> None:
    driver = in_sign_off()
    tick = Input(id="tick", door=Door.TOKEN, standing=NOBODY, body=inputs.Tick())
    assert decide(driver.review, tick, driver.now, Given(policy=POLICY)) == []


def test_nobody_makes_a_token_that_decides_in_another_s_name() -> None:
    admin, reader = has(Role.ADMIN), has(Role.READER)
    assert token_refusals(admin, False, (Scope.READ, Scope.WRITE)) == ()
    assert token_refusals(admin, True, (Scope.DECIDE,)) == ()
    assert token_refusals(reader, True, tuple(Scope)) == ()
    assert token_refusals(admin, False, (Scope.DECIDE,)) == (
        "A token that signs, approves or makes tokens is made by who is to use it, and by nobody else.",
    )
    assert token_refusals(reader, False, ()) == (
        "This takes the role admin; they have reader.",
        "A token needs a scope: admin or decide or read or write.",
    )
    assert token_refusals(None, False, (Scope.DECIDE,))


def test_who_made_somebody_s_token_is_no_second_person() -> None:
    driver = in_remediation()
    driver.say(inputs.AskWaiver(rule="done", subject="I1", reason="text:why"), by="ci")

    def reasons(body: inputs.Command, stands_for: tuple[str, ...]) -> tuple[str, ...]:
        standing = Standing(roles=tuple(Role), teams=("ml",), stands_for=stands_for)
        said = Input(id="x", by="admin", door=Door.SIGNED_IN, standing=standing, body=body)
        try:
            decide(driver.review, said, driver.now, Given(policy=POLICY, catalogue=CATALOGUE))
        except Rejected as refused:
            return refused.reasons
        return ()

    approve = inputs.Approve(request="R1")
    assert reasons(approve, ("ci",)) == ("Who asked for R1 does not approve it: another person has to.",)
    assert reasons(approve, ("another",)) == ()
    driver = in_sign_off()
    submission = driver.review.submission
    assert submission is not None
    sign = inputs.SignForTeam(team="ml", digest=submission.digest)
    assert reasons(sign, (submission.by,)) == ("Who submitted the draft does not sign it.",)


def test_who_a_team_lets_sign_signs_that_review_for_it_and_nothing_else() -> None:
    driver = in_sign_off()
    driver.say(inputs.DelegateSigning(team="ml", to="deputy"))
    assert driver.review.submission is not None
    digest, reader = driver.review.submission.digest, has(Role.READER)

    def reasons(body: inputs.Command, by: str = "deputy", standing: Standing = reader) -> tuple[str, ...]:
        said = Input(id="x", by=by, door=Door.SIGNED_IN, standing=standing, body=body)
        try:
            decide(driver.review, said, NOW, Given(policy=POLICY, catalogue=CATALOGUE))
        except Rejected as refused:
            return refused.reasons
        return ()

    sign = inputs.SignForTeam(team="ml", digest=digest)
    assert reasons(sign) == ()
    assert reasons(inputs.RequestChanges(team="ml", reason="text:why")) == ()
    assert "This takes the role signer; they have reader." in reasons(sign, by="another")
    assert reasons(inputs.SignForTeam(team="product", digest=digest)) != ()
    assert reasons(inputs.DelegateSigning(team="ml", to="another")) != ()
    narrowed = has(Role.READER, scopes=(Scope.READ,))
    assert reasons(sign, standing=narrowed) == ("This takes a token with the scope decide; theirs has read.",)


def test_a_token_makes_none_that_may_do_more_than_itself() -> None:
    person = has(Role.ADMIN, scopes=(Scope.ADMIN,))
    (reason,) = token_refusals(person, True, (Scope.ADMIN, Scope.DECIDE))
    assert reason == "A token makes none that may do more than itself: not decide."
    assert token_refusals(person, True, (Scope.ADMIN,)) == ()
    assert token_refusals(has(Role.ADMIN), True, tuple(Scope)) == ()


def test_nobody_makes_a_token_that_makes_tokens_in_the_name_of_another() -> None:
    assert token_refusals(has(Role.ADMIN), False, (Scope.ADMIN,)) != ()
