"""`sign_off`: every required team has signed the text as it was last submitted."""

from datetime import timedelta

from domain.lifecycle.inputs import (
    AssignOwner,
    Close,
    IncidentTold,
    JoinIncident,
    LowerSeverity,
    RequestChanges,
    SignForTeam,
)
from domain.model.review import ChangesWanted
from domain.model.taxonomy import IncidentStatus, Severity, Stage
from tests.domain.build import (
    NOW,
    OWNER,
    POLICY,
    SIGNERS,
    SUBMITTER,
    Driver,
    closed,
    document,
    in_draft,
    in_remediation,
    in_sign_off,
    incident,
    item,
    policy,
    policy_with_section_teams,
)


def missing(driver: Driver) -> set[str]:
    return {b.subject for b in driver.blockers if b.rule == "sign_off"}


def digest(driver: Driver) -> str:
    assert driver.review.submission is not None
    return driver.review.submission.digest


def test_each_team_that_signs_is_one_less_until_remediation_begins() -> None:
    driver = in_draft()
    assert {b.sentence for b in driver.blockers if b.rule == "sign_off"} >= {"Team ml has nothing to sign yet."}
    driver.submit()
    assert missing(driver) == {"ml", "infrastructure", "product"}
    driver.sign("ml")
    assert missing(driver) == {"infrastructure", "product"}
    driver.sign("infrastructure")
    assert driver.is_in(Stage.SIGN_OFF)
    driver.sign("product")
    assert (missing(driver), driver.stage) == (set(), Stage.REMEDIATION)


def test_a_moderate_review_is_signed_by_its_own_team() -> None:
    assert missing(in_sign_off(severity="SEV3")) == {"recs"}
    assert in_remediation(severity="SEV3").stage is Stage.REMEDIATION


def test_every_reason_against_a_signature_is_named_at_once() -> None:
    driver = in_sign_off()
    driver.say(AssignOwner(owner=SUBMITTER))
    refused = driver.reasons(SignForTeam(team="recs", digest="sha256:old"), SUBMITTER)
    assert refused == (
        "Team recs does not sign this review; ml, infrastructure, product do.",
        "The text has changed: revision 1 is to be signed.",
        "Who submitted the draft does not sign it.",
        "The review's owner does not sign it.",
    )


def test_neither_submitter_nor_owner_signs() -> None:
    driver = in_sign_off()
    text = digest(driver)
    assert driver.reasons(SignForTeam(team="ml", digest=text), SUBMITTER) == (
        "Who submitted the draft does not sign it.",
    )
    assert driver.reasons(SignForTeam(team="ml", digest=text), OWNER) == ("The review's owner does not sign it.",)


def test_nobody_signs_for_two_teams_and_no_team_twice() -> None:
    driver = in_sign_off()
    driver.sign("ml", by="ml-signer")
    text = digest(driver)
    assert driver.reasons(SignForTeam(team="product", digest=text), "ml-signer") == (
        "They signed for team ml; nobody signs for two teams.",
    )
    assert driver.reasons(SignForTeam(team="ml", digest=text), "max") == ("Team ml has signed this text already.",)


def test_nobody_is_the_team_of_a_service_that_is_not_listed() -> None:
    driver = in_sign_off(severity="SEV3", team=None, service="unlisted")
    assert missing(driver) == {"owning"}
    assert driver.reasons(SignForTeam(team="owning", digest=digest(driver))) == (
        "This review has no team of its own: unlisted is not in the catalogue.",
    )


def test_a_team_asks_for_changes_and_its_signature_goes() -> None:
    driver = in_sign_off()
    driver.sign("ml")
    driver.sign("product")
    driver.say(RequestChanges(team="ml", reason="text:why", sections=("causes",)), "ml-signer")
    assert driver.is_in(Stage.DRAFT)
    assert set(driver.review.signatures) == {"product"}
    assert driver.review.changes_wanted == (
        ChangesWanted(team="ml", by="ml-signer", reason="text:why", sections=("causes",)),
    )
    said = {b.subject: (b.sentence, b.cleared_by) for b in driver.blockers if b.rule == "sign_off"}
    assert said["ml"] == ("Team ml asked for changes.", "the review's owner")
    assert said["infrastructure"] == ("Team infrastructure has not signed revision 1.", "team infrastructure")
    driver.submit(document(summary="Now clearer."), revision=2)
    assert driver.is_in(Stage.SIGN_OFF)
    assert not driver.review.changes_wanted
    assert "Team ml has not signed revision 2." in {b.sentence for b in driver.blockers}


def test_changes_are_asked_for_by_a_team_that_signs_and_in_sections_that_exist() -> None:
    driver = in_sign_off()
    assert driver.reasons(RequestChanges(team="recs", reason="text:why", sections=("nowhere",))) == (
        "Team recs does not sign this review; ml, infrastructure, product do.",
        "There is no section nowhere.",
    )


def test_a_new_text_voids_only_the_signatures_of_teams_whose_sections_changed() -> None:
    driver = in_sign_off(policy_with_section_teams())
    for team in ("ml", "infrastructure"):
        driver.sign(team)
    driver.submit(document(items=[item(), item("I2")]), revision=2)
    assert set(driver.review.signatures) == {"ml"}
    driver.submit(
        document(items=[item(), item("I2")], considered=document().considered | {"model": "Twice."}), revision=3
    )
    assert driver.review.signatures == {}


def test_a_new_text_in_remediation_goes_back_to_sign_off() -> None:
    driver = in_remediation(policy_with_section_teams())
    driver.submit(document(items=[item(), item("I2")]), revision=2)
    assert (driver.stage, missing(driver)) == (Stage.SIGN_OFF, {"infrastructure"})
    driver.sign("infrastructure")
    assert driver.is_in(Stage.REMEDIATION)
    assert driver.review.items["I2"].accepted


def test_a_section_whose_teams_do_not_sign_concerns_everybody_who_does() -> None:
    driver = in_sign_off(policy_with_section_teams(), severity="SEV3")
    driver.sign("recs")
    assert driver.review.submission is not None
    assert signed_sections(driver, "recs") == driver.review.submission.sections


def test_a_section_may_name_the_owning_team() -> None:
    owning = [s.model_dump() | {"teams": ["owning"]} for s in POLICY.sections if s.id == "causes"]
    driver = in_sign_off(policy(sections=owning), team="ml")
    driver.sign("ml")
    driver.sign("product")
    assert "causes" in signed_sections(driver, "ml")
    assert "causes" not in signed_sections(driver, "product")


def signed_sections(driver: Driver, team: str) -> dict[str, str]:
    basis = driver.review.signatures[team].basis
    return {name.removeprefix("section/"): digest for name, digest in basis.items() if name.startswith("section/")}


def test_who_submits_a_new_text_has_not_signed_it() -> None:
    driver = in_sign_off(policy_with_section_teams())
    driver.sign("ml", by="ml-signer")
    driver.submit(document(items=[item(), item("I2")]), by="ml-signer", revision=2)
    assert driver.review.signatures == {}


def test_who_becomes_the_owner_before_closure_has_not_signed() -> None:
    driver = in_sign_off()
    driver.sign("ml", by="ml-signer")
    driver.say(AssignOwner(owner="ml-signer"))
    assert driver.review.signatures == {}
    later = in_remediation()
    later.say(AssignOwner(owner="ml-signer"))
    assert (later.stage, missing(later)) == (Stage.SIGN_OFF, {"ml"})


def test_an_owner_does_not_sign_by_handing_the_review_over_for_a_moment() -> None:
    driver = in_sign_off()
    driver.say(AssignOwner(owner="puppet"), OWNER)
    ml = SignForTeam(team="ml", digest=driver.review.submission.digest if driver.review.submission else "")
    for owner in (OWNER, "puppet"):
        assert driver.reasons(ml, owner) == ("The review's owner does not sign it.",)
    driver.sign("infrastructure")
    driver.say(AssignOwner(owner=SIGNERS["infrastructure"]), OWNER)
    assert driver.review.signatures == {}


def test_who_becomes_the_owner_of_a_closed_review_has_not_signed_it_once_it_goes_on() -> None:
    driver = closed()
    driver.say(AssignOwner(owner="ml-signer"))
    assert (driver.stage, len(driver.review.signatures)) == (Stage.CLOSED, 3)
    driver.say(IncidentTold(incident=incident(status=IncidentStatus.OPEN, as_of=driver.now)))
    assert driver.stage is Stage.STABILIZATION
    assert "ml-signer" not in {signature.by for signature in driver.review.signatures.values()}


def test_a_graver_incident_in_remediation_asks_the_other_teams_to_sign() -> None:
    driver = in_remediation(severity="SEV3")
    driver.say(JoinIncident(incident=incident(id="PD-2", severity="SEV1")))
    assert (driver.review.severity, driver.stage) == (Severity.SEV1, Stage.SIGN_OFF)
    assert missing(driver) == {"ml", "infrastructure", "product", "incidents"}
    driver.submit(revision=2)
    driver.sign_all()
    assert driver.is_in(Stage.REMEDIATION)


def test_a_lower_severity_spares_no_team_its_signature() -> None:
    driver = in_sign_off()
    driver.say(LowerSeverity(severity=Severity.SEV3, reason="text:why"))
    driver.approve()
    assert driver.review.severity is Severity.SEV3
    assert missing(driver) == {"ml", "infrastructure", "product"}


def test_a_signed_review_has_nothing_to_sign_until_its_text_changes() -> None:
    driver = in_remediation()
    assert driver.reasons(SignForTeam(team="ml", digest=digest(driver)), "max") == (
        "Team ml has signed this text already.",
    )
    assert "sign_off" not in {b.rule for b in driver.blockers}
    assert driver.reasons(Close()) == ("I1 (#I1) is open.",)


def test_a_signature_for_all_sections_stands_where_fewer_concern_its_team() -> None:
    driver = in_sign_off(policy_with_section_teams(), team="ml", severity=Severity.SEV3)
    driver.sign("ml")
    driver.say(IncidentTold(incident=incident(severity=Severity.SEV1, as_of=NOW + timedelta(hours=1), team="ml")))
    assert missing(driver) == {"infrastructure", "product"}
