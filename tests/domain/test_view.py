"""What can be told of a review without its texts."""

import json

from domain.lifecycle.closure_rules import blockers
from domain.lifecycle.inputs import IncidentTold, WithdrawItem
from domain.lifecycle.view import Answer, View, next_deadline, outcome, told_of, view
from domain.model.taxonomy import Severity, Stage
from tests.domain.build import (
    NOW,
    OWNER,
    POLICY,
    Driver,
    closed,
    finish,
    in_draft,
    in_remediation,
    in_stabilization,
    incident,
    policy,
)


def shown(driver: Driver) -> View:
    return view(driver.review, blockers(driver.review, driver.now))


def test_whoever_approves_a_change_is_told_which_signatures_it_voided() -> None:
    driver = in_remediation()
    driver.say(WithdrawItem(item="I1", reason="text:why"))
    assert told_of(driver.approve()) == (
        "What ml, infrastructure, product signed stands no more, because item I1 changed: it is to be signed again.",
    )
    assert told_of(driver.sign("ml")) == ()


def test_what_comes_back_for_an_input_is_the_answer_what_is_owed_and_what_is_shown() -> None:
    driver = in_remediation()
    answer = Answer(accepted=True, events=("ItemMoved",), stage=driver.stage)
    back = outcome(driver.review, driver.now, answer)
    assert (back.answer, back.plan, back.view) == (answer, driver.plan, shown(driver))


def test_a_review_that_nobody_heard_of_shows_nothing() -> None:
    assert shown(Driver()) == View()


def test_an_excluded_incident_shows_why() -> None:
    driver = Driver()
    driver.say(IncidentTold(incident=incident(severity="SEV3")))
    assert shown(driver).details == "Not reviewed. severity: SEV3 is not reviewed."


def test_an_open_review_shows_what_is_in_its_way_and_names_nobody() -> None:
    driver = in_remediation()
    seen = shown(driver)
    assert (seen.stage, seen.severity, seen.service, seen.team) == (Stage.REMEDIATION, Severity.SEV1, "ranker", "recs")
    assert seen.models == ("ranker-v3",)
    assert "In the way of closure: 1." in seen.details
    assert "- I1 (#I1) is open. (whoever does it in the tracker)" in seen.details
    assert OWNER not in seen.model_dump_json()
    finish(driver, ["I1"])
    assert "Nothing is in the way of closure." in shown(driver).details


def test_what_is_shown_fits_where_it_is_shown() -> None:
    models = tuple(f"{letter}" * 290 for letter in "abcdefghij")
    driver = in_remediation(models=models, service="s" * 300, team="t" * 300)
    seen = shown(driver)
    assert (seen.service, seen.team) == ("s" * 200, "t" * 200)
    assert seen.models == tuple(model[:200] for model in models[:7])
    far = in_remediation(models=("\U0001f600" * 300, "b"), service="\U0001f600" * 300)
    assert len(shown(far).service) < 200
    for value in (shown(far).service, shown(far).models):
        assert len(json.dumps(value).encode()) <= 1_510


def test_details_are_cut_where_they_would_not_fit() -> None:
    prompts = [q.model_dump() | {"prompt": "\N{LATIN SMALL LETTER U WITH DIAERESIS}" * 5_000} for q in POLICY.questions]
    seen = shown(in_draft(policy(questions=prompts)))
    assert 14_990 < len(seen.details.encode()) <= 15_000


def test_a_closed_review_shows_nothing_in_its_way() -> None:
    assert "in the way" not in shown(closed()).details.lower()


def test_the_next_deadline_is_the_nearest_one() -> None:
    driver = in_stabilization()
    assert next_deadline(driver.review) == driver.review.quiet_until
    assert shown(in_stabilization(team=None)).team == ""
    driver = in_remediation()
    assert next_deadline(driver.review) == driver.review.items["I1"].due
    assert next_deadline(Driver().review) is None
    assert driver.now > NOW


def test_what_a_newer_release_adds_to_a_message_is_left_alone() -> None:
    said = View(stage=Stage.DRAFT).model_dump() | {"added_later": 1}
    assert View.model_validate(said) == View(stage=Stage.DRAFT)
