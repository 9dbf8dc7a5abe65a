"""What a review asks of whom: everything that waits for somebody, of the right one, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest

from domain.lifecycle.inputs import (
    AcceptRisk,
    AskWaiver,
    AssignOwner,
    ChangeItem,
    Dismiss,
    EffectFailed,
    ExtendDue,
    IncidentTold,
    ItemsUnreadable,
    LowerSeverity,
    ProposeItem,
    RequestChanges,
    WithdrawItem,
)
from domain.model.policy import OnRegression
from domain.model.review import Review
from domain.model.taxonomy import Clock, FailureKind, IncidentStatus, IssueStatus, ItemClass, Severity, Strength
from domain.people.tasks import ADMIN, Role, Wanted, Whom, asks
from tests.domain.build import (
    APPROVER,
    NOW,
    OWNER,
    POLICY,
    SUBMITTER,
    Driver,
    closed,
    document,
    in_draft,
    in_remediation,
    in_sign_off,
    in_stabilization,
    incident,
    item,
    policy,
    policy_with_rules,
    spec,
)

OWNERS = Whom(role=Role.PERSON, id=OWNER)
ENGINEER = Whom(role=Role.PERSON, id="engineer")


def asked(driver: Driver) -> dict[str, Wanted]:
    return {wanted.key.removeprefix(f"{driver.review.id}/"): wanted for wanted in asks(driver.review, driver.now)}


def test_nothing_is_asked_of_a_review_that_has_not_begun_or_has_ended() -> None:
    assert asks(Review(id="r"), NOW) == ()
    driver = in_draft(severity=Severity.SEV3)
    driver.say(Dismiss(reason="text:why"))
    assert asks(driver.review, driver.now) == ()


def test_while_an_incident_settles_only_what_cannot_wait_is_asked() -> None:
    assert asked(in_stabilization()) == {}


def test_an_incident_that_is_open_again_is_told_to_the_owner_at_once_and_each_time_anew() -> None:
    driver = in_draft()
    driver.say(IncidentTold(incident=incident(status=IncidentStatus.OPEN, as_of=driver.now)), "holdfast")
    wanted = asked(driver)["incident:pagerduty:PD-1/1"]
    assert (wanted.of, wanted.urgent, wanted.subject) == (OWNERS, True, "pagerduty:PD-1")
    driver.now += timedelta(hours=1)
    driver.say(IncidentTold(incident=incident(as_of=driver.now)), "holdfast")
    assert not any("incident" in key for key in asked(driver))
    driver.now += timedelta(hours=1)
    driver.say(IncidentTold(incident=incident(status=IncidentStatus.OPEN, as_of=driver.now)), "holdfast")
    assert "incident:pagerduty:PD-1/2" in asked(driver)


def test_the_owner_writes_the_draft_until_it_is_due() -> None:
    driver = in_draft()
    wanted = asked(driver)["draft:0"]
    assert (wanted.of, wanted.until, wanted.place) == (OWNERS, driver.review.due[Clock.DRAFT], "#draft")
    assert wanted.urgent
    assert not asked(in_draft(severity=Severity.SEV3))["draft:0"].urgent


def test_who_asked_for_changes_is_named_to_the_owner() -> None:
    driver = in_sign_off()
    driver.say(RequestChanges(team="ml", reason="text:why"))
    assert "team ml asked for changes" in asked(driver)["draft:1"].sentence


def test_each_team_that_has_not_signed_is_asked_to() -> None:
    driver = in_sign_off()
    driver.sign("ml")
    found = asked(driver)
    assert "sign:ml/1" not in found
    wanted = found["sign:product/1"]
    assert wanted.of == Whom(role=Role.TEAM, id="product")
    assert wanted.until == driver.review.due[Clock.SIGN_OFF]
    assert wanted.but == (SUBMITTER, OWNER, "ml-signer")


def test_a_team_whose_signature_was_voided_is_asked_anew_and_told_why_each_time() -> None:
    driver = in_sign_off()
    driver.sign("ml")
    keys = set()
    for strength in (Strength.WEAKER, Strength.STRONGER):
        driver.say(ChangeItem(spec=spec(strength=strength), reason="text:why"))
        (key,) = [key for key in asked(driver) if key.startswith("sign:ml/1/")]
        said = "Sign revision 1 again for team ml, or ask for changes, because item I1 changed."
        assert asked(driver)[key].sentence == said
        keys.add(key)
        driver.sign("ml")
    assert len(keys) == 2
    driver.say(AssignOwner(owner="ml-signer"))
    assert [w.sentence for key, w in asked(driver).items() if key.startswith("sign:ml/1/")] == [
        "Read revision 1, and sign it for team ml or ask for changes."
    ]


def test_a_team_that_is_to_sign_again_is_told_the_newest_reason_and_none_of_another_text() -> None:
    driver = in_sign_off(of=document(items=[item("I1"), item("I2")]))
    driver.sign("ml")
    found: dict[str, str] = {}

    def ask_of_ml() -> str:
        (key,) = [key for key in asked(driver) if key.startswith("sign:ml/")]
        assert key not in found
        found[key] = asked(driver)[key].sentence
        return found[key]

    driver.say(ChangeItem(spec=spec("I1", strength=Strength.WEAKER), reason="text:why"))
    assert ask_of_ml().endswith(", because item I1 changed.")
    driver.sign("ml")
    driver.say(ChangeItem(spec=spec("I2", strength=Strength.WEAKER), reason="text:why"))
    assert ask_of_ml().endswith(", because item I2 changed.")
    driver.say(RequestChanges(team="product", reason="text:why"), "product-signer")
    driver.submit(document(summary="Another text.", items=[item("I1"), item("I2")]), revision=2)
    assert ask_of_ml() == "Read revision 2, and sign it for team ml or ask for changes."
    driver.sign("ml")
    driver.say(ChangeItem(spec=spec("I2", strength=Strength.WEAKER), reason="text:why"))
    assert ask_of_ml().endswith(", because item I2 changed.")


def test_where_nobody_can_sign_the_catalogue_is_to_be_mended() -> None:
    driver = in_sign_off(severity=Severity.SEV3, team=None, responder=None)
    wanted = asked(driver)["sign:owning/1"]
    assert (wanted.of, "ranker in the catalogue" in wanted.sentence) == (ADMIN, True)
    assert wanted.but == ()


@pytest.mark.parametrize(("team", "of"), [("recs", Whom(role=Role.LEAD, id="recs")), (None, ADMIN)])
def test_a_review_without_an_owner_asks_the_lead_for_one_and_for_all_that_an_owner_does(
    team: str | None, of: Whom
) -> None:
    found = asked(in_draft(responder=None, team=team))
    assert found["owner"].urgent
    assert {found["owner"].of, found["draft:0"].of} == {of}


def test_a_second_person_decides_what_an_item_promises_where_no_team_signs() -> None:
    driver = in_remediation(policy_with_rules(sign_off="off"))
    driver.say(ChangeItem(spec=spec(title="text:new"), reason="text:why"))
    assert asked(driver)["request:R1"].sentence == "Approve or refuse R1: to change what item I1 promises."


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (AskWaiver(rule="done", subject="I1", reason="text:why"), "a waiver of done for I1 until 02 Apr 2026"),
        (AcceptRisk(factor="F1", reason="text:why"), "to live with the risk of F1 until 02 Apr 2026"),
        (WithdrawItem(item="I1", reason="text:why"), "to withdraw item I1"),
        (LowerSeverity(severity=Severity.SEV3, reason="text:why"), "to lower the severity to SEV3"),
        (
            ExtendDue(item="I1", until=NOW + timedelta(days=30), reason="text:why"),
            "more time for item I1, until 01 Apr 2026",
        ),
    ],
)
def test_a_second_person_is_asked_to_decide_each_request(body: Any, says: str) -> None:
    driver = in_remediation()
    driver.say(body)
    wanted = asked(driver)["request:R1"]
    assert wanted.sentence == f"Approve or refuse R1: {says}."
    assert (wanted.of, wanted.place) == (Whom(role=Role.APPROVER, id="recs"), "#request-R1")
    assert wanted.but[0] == "other"
    driver.approve()
    assert "request:R1" not in asked(driver)


def test_a_second_person_is_asked_to_decide_a_dismissal() -> None:
    driver = in_draft()
    driver.say(Dismiss(reason="text:why"))
    assert asked(driver)["request:R1"].sentence == "Approve or refuse R1: to dismiss the review."


def test_a_later_date_in_the_tracker_waits_for_a_second_person() -> None:
    driver = in_remediation()
    driver.read("I1", IssueStatus.OPEN, (NOW + timedelta(days=20)).date())
    assert asked(driver)["request:R1"].sentence.endswith("until 22 Mar 2026, by the date in its tracker.")


def test_a_request_without_an_end_names_none_and_one_that_nobody_can_grant_any_more_is_not_asked_for() -> None:
    driver = in_remediation()
    until = driver.now + timedelta(days=2)
    driver.say(AskWaiver(rule="done", subject="I1", reason="text:why", until=until))
    driver.now = until
    assert "request:R1" not in asked(driver)
    request = driver.review.requests["R1"].model_copy(update={"until": None})
    open_end = driver.review.model_copy(update={"requests": {"R1": request}})
    assert "a waiver of done for I1." in next(w.sentence for w in asks(open_end, driver.now) if w.subject == "R1")


def test_an_item_is_asked_of_whoever_does_it() -> None:
    driver = in_remediation()
    wanted = asked(driver)["item:I1"]
    assert (wanted.of, wanted.sentence, wanted.place) == (ENGINEER, "Finish I1 (#I1).", "#item-I1")
    assert (wanted.until, wanted.urgent) == (driver.review.items["I1"].due, False)
    for about, of in (({"team": "ml", "owner": None}, Whom(role=Role.TEAM, id="ml")), ({"owner": None}, OWNERS)):
        changed = driver.review.items["I1"].model_copy(update={"spec": spec(**about), "ref": None})
        review = driver.review.model_copy(update={"items": {"I1": changed}})
        assert next(w for w in asks(review, driver.now) if w.subject == "I1").of == of


def test_an_item_whose_issue_is_gone_needs_another_one() -> None:
    driver = in_remediation()
    driver.read("I1", IssueStatus.MISSING)
    assert asked(driver)["link:I1/missing"].sentence == "I1 (#I1) is gone from its tracker: give it another issue."
    driver.read("I1", IssueStatus.UNREAD)
    assert "link:I1/unread" not in asked(driver)


def test_a_prevention_item_that_was_closed_undone_is_asked_for_and_another_item_is_not() -> None:
    items = [item(), item("I2", item_class=ItemClass.DETECT)]
    driver = in_remediation(of=document(items=items))
    driver.read("I1", IssueStatus.DECLINED)
    driver.read("I2", IssueStatus.DECLINED)
    found = asked(driver)
    assert "not planned, which is not done: open it again" in found["link:I1/declined"].sentence
    assert not any("I2" in key for key in found)


def test_an_item_proposed_after_sign_off_is_to_be_accepted() -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("I9")))
    assert asked(driver)["proposed:I9"].of == OWNERS


def test_what_the_rules_find_after_a_submission_is_asked_of_the_owner() -> None:
    driver = in_sign_off(of=document(items=[]))
    assert {"rule:prevention/F1", "rule:prevention/items"} <= set(asked(driver))
    assert asked(driver)["rule:prevention/F1"].of == OWNERS


def test_what_this_release_does_not_know_is_for_whoever_runs_holdfast() -> None:
    profiles = [p.model_dump() | {"rules": p.rules | {"magic@1": "block"}} for p in POLICY.profiles]
    driver = in_draft(policy(profiles=profiles))
    assert asked(driver)["rule:magic/policy"].of == ADMIN
    later = driver.review.model_copy(update={"unknown": ("Newfangled",)})
    assert [w.of for w in asks(later, driver.now) if w.subject == "Newfangled"] == [ADMIN]


def test_the_review_as_a_whole_is_due() -> None:
    driver = in_remediation()
    assert asked(driver)["close"].until == driver.review.due[Clock.REVIEW]


def test_a_regression_that_is_only_told_is_told_to_the_owner() -> None:
    driver = closed(policy(on_regression=OnRegression.TELL))
    assert asked(driver) == {}
    driver.read("I1", IssueStatus.OPEN)
    found = asked(driver)
    assert found["regression:I1/0"].of == OWNERS
    assert found["item:I1"].of == ENGINEER


def test_a_project_that_cannot_be_read_is_asked_once_for_all_reviews() -> None:
    driver = in_remediation()
    driver.say(ItemsUnreadable(items=("I1",), kind=FailureKind.UNAUTHORISED), "holdfast")
    wanted = asked(driver)["project:github:default/unauthorised"]
    assert (wanted.of, wanted.urgent) == (ADMIN, True)
    assert wanted.sentence == "Let github:default be read: the tracker refused the credential."


def test_what_time_does_not_mend_is_asked_of_whoever_runs_holdfast() -> None:
    driver = in_sign_off()
    driver.sign_all()
    for kind, told in ((FailureKind.UNAVAILABLE, False), (FailureKind.REJECTED, True)):
        driver.say(EffectFailed(key="issue:I1", kind=kind), "holdfast")
        assert (f"failure:issue:I1/{kind}" in asked(driver)) is told
    found = asked(driver)["failure:issue:I1/rejected"]
    assert found.sentence == "The issue of I1 cannot be opened: the tracker rejected the request."


def test_what_is_due_at_this_very_moment_is_not_late() -> None:
    wanted = asked(in_draft())["draft:0"]
    assert wanted.until is not None
    assert not wanted.is_late(wanted.until)
    assert wanted.is_late(wanted.until + timedelta(microseconds=1))
    assert not wanted.model_copy(update={"until": None}).is_late(NOW)


def test_what_a_private_review_asks_is_marked() -> None:
    driver = in_draft()
    assert not any(w.private for w in asks(driver.review, driver.now))
    private = driver.review.model_copy(update={"private_to": ("security",)})
    assert all(w.private for w in asks(private, driver.now))


def test_the_approver_stands_aside_where_they_may_not_renew() -> None:
    driver = in_remediation()
    ask = AskWaiver(rule="done", subject="I1", reason="text:why")
    driver.say(ask)
    driver.approve()
    driver.say(ask)
    assert asked(driver)["request:R2"].but == ("other", SUBMITTER, "engineer", APPROVER)


def test_a_waiver_that_has_ended_is_not_asked_about() -> None:
    driver = in_remediation()
    driver.say(AskWaiver(rule="done", subject="I1", reason="text:why"))
    driver.approve()
    later = driver.now + timedelta(days=40)
    assert any("waiver:" in wanted.key for wanted in asks(driver.review, driver.now))
    assert not any("waiver:" in wanted.key for wanted in asks(driver.review, later))
