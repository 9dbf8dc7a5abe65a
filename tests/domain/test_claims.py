"""What people put their name to: a word stands for what its giver saw, and for nothing that became of it since."""

from datetime import timedelta
from typing import Any

import pytest

from domain.lifecycle.claims import INCIDENTS, basis_of_waiver, changed, in_words, unsigned
from domain.lifecycle.events import SignaturesVoided, decode
from domain.lifecycle.inputs import AcceptRisk, AskWaiver, ChangeItem, IncidentTold, SignForTeam
from domain.model.taxonomy import IncidentStatus, Severity, Stage
from domain.people.tasks import asks
from tests.domain.build import (
    NOW,
    OWNER,
    SIGNERS,
    SUBMITTER,
    Driver,
    document,
    factor,
    in_draft,
    in_remediation,
    in_sign_off,
    incident,
    item,
    policy,
    policy_with_section_teams,
    spec,
)
from tests.domain.test_delegating import of_three
from tests.domain.test_items import with_item


def fires(driver: Driver, status: IncidentStatus = IncidentStatus.OPEN) -> None:
    driver.now += timedelta(hours=1)
    driver.say(IncidentTold(incident=incident(status=status, as_of=driver.now)))


def test_an_incident_that_comes_again_is_covered_by_a_text_and_signed() -> None:
    driver = in_remediation()
    fires(driver)
    fires(driver, IncidentStatus.RESOLVED)
    assert driver.is_in(Stage.SIGN_OFF)
    driver.sign_all()
    (left,) = [b for b in driver.blockers if b.rule == "sign_off"]
    assert left.sentence == (
        "An incident was added or came again after revision 1 was submitted: submit a text that covers it, the same "
        "one where it does."
    )
    (asked,) = [w for w in asks(driver.review, driver.now) if w.key.endswith("/rule:sign_off/incidents")]
    assert (asked.of.id, asked.sentence) == (OWNER, left.sentence)
    driver.submit(revision=2)
    assert driver.is_in(Stage.REMEDIATION)


def test_a_text_is_not_submitted_twice_while_nothing_else_came_of_the_incidents() -> None:
    assert in_sign_off().refused_draft(document(), revision=2) == ("This text is submitted already, as revision 1.",)


def test_every_team_is_asked_to_sign_a_later_item_until_one_has() -> None:
    driver = with_item(in_remediation(of=document(items=[])), accepted=True)
    asked = [w for w in asks(driver.review, driver.now) if "/sign:" in w.key]
    assert [w.of.id for w in asked] == ["ml", "infrastructure", "product"]
    assert asked[0].sentence == "Sign I9 for team ml, if no other team has: nothing counts that nobody signed."
    assert {SUBMITTER, OWNER, SIGNERS["product"]} <= set(asked[0].but)
    driver.sign("ml")
    assert not [w for w in asks(driver.review, driver.now) if "/sign:" in w.key]


def test_only_the_teams_of_a_changed_section_sign_again() -> None:
    driver = in_remediation(policy_with_section_teams())
    before = driver.review.signatures
    driver.submit(document(items=[item(), item("I2")]), revision=2)
    assert set(before) - set(driver.review.signatures) == set(driver.review.fallen) == {"infrastructure"}
    assert all(unsigned(driver.review, team) == () for team in driver.review.signatures)


@pytest.mark.parametrize(
    ("body", "request_of"),
    [
        (AskWaiver(rule="sign_off", subject="ml", reason="text:why"), "text"),
        (AskWaiver(rule="done", subject="I1", reason="text:why"), "item"),
        (AcceptRisk(factor="F1", reason="text:why"), "factor"),
    ],
)
def test_what_was_lifted_is_back_once_it_is_about_something_else(body: AskWaiver | AcceptRisk, request_of: str) -> None:
    driver = in_sign_off()
    driver.say(body)
    driver.approve()
    review = driver.review
    (word,) = (*review.waivers.values(), *review.risks.values())
    assert changed(review, word) == ()
    if request_of == "item":
        driver.say(ChangeItem(spec=spec(title="text:another"), reason="text:why"))
    else:
        driver.submit(document(summary="Another.", factors=[factor(cause="leakage")]), revision=2)
    assert (driver.review.waivers, driver.review.risks) == ({}, {})


def test_a_waiver_falls_with_the_section_that_it_is_about() -> None:
    review = in_sign_off().review
    assert set(basis_of_waiver(review, "questions", "what_failed")) == {"section/answer:what_failed"}
    assert set(basis_of_waiver(review, "questions", "summary")) == {"section/summary"}
    assert set(basis_of_waiver(review, "prevention", "items")) == {"section/items"}
    assert set(basis_of_waiver(review, "causes", "evaluation")) == {"section/causes"}
    assert basis_of_waiver(in_draft().review, "questions", "what_failed") == {}
    assert INCIDENTS in basis_of_waiver(review, "sign_off", "ml")


def test_changed_claims_in_words() -> None:
    assert in_words(("section/causes", "section/summary", "item/I1", "factor/F1", "incidents")) == (
        "the text and item I1 and factor F1 and the incidents it covers changed"
    )
    assert in_words(()) == ""


def test_nothing_is_signed_in_remediation_that_was_signed_before() -> None:
    driver = in_remediation(severity=Severity.SEV2)
    digest = driver.review.submission.digest if driver.review.submission else ""
    said = driver.reasons(SignForTeam(team="ml", digest=digest), SIGNERS["ml"])
    assert said == ("Team ml has signed this text already.",)


def test_what_earlier_releases_recorded_of_signatures_is_read() -> None:
    at = NOW.isoformat()
    signed = decode("TeamSigned", 1, {"team": "ml", "by": "p", "at": at, "sections": {"causes": "d"}})
    assert signed.model_dump()["basis"] == {"section/causes": "d"}
    assert decode("SignaturesVoided", 1, {"teams": ["ml"], "item": "I1", "became": "changed"}) == SignaturesVoided(
        teams=("ml",), claims=("item/I1",)
    )
    assert decode("SignaturesVoided", 1, {"teams": ["ml"]}) == SignaturesVoided(teams=("ml",))
    asked = {"id": "R1", "ask": "dismiss", "by": "p", "at": at, "reason": "text:why", "factor": None}
    assert decode("ApprovalAsked", 1, {"request": asked}).model_dump()["request"]["id"] == "R1"


def waived(driver: Driver, *of: tuple[str, str]) -> None:
    for rule, subject in of:
        driver.say(AskWaiver(rule=rule, subject=subject, reason="text:why"), "friend")
        driver.approve(list(driver.review.requests)[-1], by="approver")


TWO = document(items=[item(), item("I2")])
ALL_BUT_PRODUCT = (("sign_off", "ml"), ("sign_off", "infrastructure"))


def test_with_too_many_exceptions_the_team_that_answers_for_risk_signs_and_nobody_waives_that() -> None:
    driver = in_sign_off(of=TWO)
    waived(driver, ("sign_off", "product"), *ALL_BUT_PRODUCT, ("done", "I1"))
    assert driver.review.risk_team == "product"
    (left,) = [b for b in driver.blockers if b.rule == "sign_off"]
    assert left.sentence == ("Team product has not signed revision 1. It answers for risk, and there are 4 exceptions.")
    asked = AskWaiver(rule="sign_off", subject="product", reason="text:why")
    assert driver.reasons(asked, "friend")[0].startswith("Nothing to waive: sign_off/product does not block.")
    driver.sign("product")
    assert driver.is_in(Stage.REMEDIATION)


def test_each_exception_more_is_agreed_to_anew() -> None:
    driver = in_sign_off(of=TWO)
    driver.sign("product")
    waived(driver, *ALL_BUT_PRODUCT)
    assert driver.is_in(Stage.REMEDIATION), "as many as others may grant"
    waived(driver, ("done", "I1"))
    assert driver.is_in(Stage.SIGN_OFF)
    driver.sign("product")
    assert driver.is_in(Stage.REMEDIATION)
    driver.say(AcceptRisk(factor="F1", reason="text:why"), "friend")
    driver.approve(list(driver.review.requests)[-1], by="approver")
    (left,) = [b for b in driver.blockers if b.rule == "sign_off"]
    assert "because what it makes exceptions of changed" in left.sentence


def test_a_quorum_does_not_stand_for_the_team_that_answers_for_risk() -> None:
    answers = {id: text for id, text in document().answers.items() if "." not in id}
    of = document(items=[item(), item("I2")], answers=answers)
    driver = in_sign_off(of_three(2, exceptions={"limit": 0, "risk": "product"}), of=of)
    waived(driver, ("done", "I1"))
    driver.sign("ml")
    driver.sign("infrastructure")
    assert [b.id for b in driver.blockers if b.rule == "sign_off"] == ["sign_off/product"]
    driver.sign("product")
    assert driver.is_in(Stage.REMEDIATION)


@pytest.mark.parametrize("about", [{"severity": Severity.SEV3}, {"under": policy(exceptions={"limit": 0})}])
def test_below_sev2_and_without_such_a_team_there_is_no_limit(about: dict[str, Any]) -> None:
    limited = {"under": policy(exceptions={"limit": 0, "risk": "product"})} | about
    driver = in_sign_off(**limited)
    waived(driver, ("done", "I1"))
    assert driver.review.risk_team is None
