"""Who signs: a team's delegate, and a quorum of the teams where the policy wants no more."""

from typing import Any

from domain.lifecycle.inputs import DelegateSigning, RequestChanges
from domain.model.policy import Policy
from domain.model.taxonomy import Stage
from tests.domain.build import OTHER, OWNER, POLICY, SIGNERS, SUBMITTER, document, factor, in_sign_off, policy


def of_three(quorum: int, **changes: Any) -> Policy:
    profiles = [p.model_dump() | ({"quorum": quorum} if len(p.teams) == 3 else {}) for p in POLICY.profiles]
    return policy(profiles=profiles, **changes)


def test_a_team_names_who_signs_for_it() -> None:
    driver = in_sign_off()
    driver.say(DelegateSigning(team="ml", to=OTHER), SIGNERS["ml"])
    assert driver.review.delegates == {"ml": OTHER}
    assert driver.reasons(DelegateSigning(team="ml", to=OTHER)) == ("They sign for team ml already.",)


def test_who_may_not_sign_is_nobody_s_delegate() -> None:
    driver = in_sign_off()
    assert driver.reasons(DelegateSigning(team="ml", to=OWNER)) == ("The review's owner does not sign it.",)
    assert driver.reasons(DelegateSigning(team="ml", to=SUBMITTER)) == ("Who submitted the draft does not sign it.",)
    driver.sign("ml")
    assert driver.reasons(DelegateSigning(team="ml", to=OTHER)) == ("Team ml has signed already.",)
    (reason,) = driver.reasons(DelegateSigning(team="law", to=OTHER))
    assert reason == "Team law does not sign this review; ml, infrastructure, product do."


def test_a_quorum_of_the_teams_is_enough_where_the_policy_says_so() -> None:
    answers = {id: text for id, text in document().answers.items() if "." not in id}
    driver = in_sign_off(of_three(2), of=document(answers=answers))
    driver.sign("ml")
    assert driver.is_in(Stage.SIGN_OFF)
    driver.sign("product")
    assert driver.is_in(Stage.REMEDIATION)


def test_a_team_that_asked_for_changes_is_waited_for_in_any_case() -> None:
    driver = in_sign_off(of_three(1))
    driver.say(RequestChanges(team="ml", reason="text:why"), SIGNERS["ml"])
    assert driver.is_in(Stage.DRAFT)
    assert "sign_off/ml" in driver.blocker_ids


def test_a_text_that_nobody_signed_is_not_passed_by_the_quorum_of_another() -> None:
    sections = [
        s.model_dump() | {"teams": ["ml"] if s.id == "causes" else ["infrastructure", "product"]}
        for s in POLICY.sections
    ]
    under = policy(sections=sections, profiles=of_three(2).profiles)
    driver = in_sign_off(under)
    driver.sign("infrastructure")
    driver.sign("product")
    assert driver.is_in(Stage.SIGN_OFF), "nobody has signed the causes"
    driver.sign("ml")
    assert driver.is_in(Stage.REMEDIATION)
    driver.submit(document(factors=[factor(explanation="Something else.")]), revision=2)
    assert driver.is_in(Stage.SIGN_OFF)
    assert "ml" not in driver.review.signatures
