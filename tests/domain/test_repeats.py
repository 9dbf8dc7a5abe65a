"""Every attempt spaces the next, whatever came of it (GATE, principle 8), and what has ended comes to rest (9)."""

from datetime import timedelta

import pytest

from domain.lifecycle.effects import TRIES_AFTER_THE_END, Effect, EffectKind, basis
from domain.lifecycle.inputs import (
    AskWaiver,
    CommentSaid,
    Dismiss,
    EffectFailed,
    IssueTended,
    ProposeItem,
    TrackingTold,
    VerifyItem,
)
from domain.model.endorsement import Evidence
from domain.model.taxonomy import FailureKind, IssueStatus, Stage
from tests.domain.build import Driver, document, finish, in_remediation, item, ref, spec, withdraw_all

OTHERWISE = "sha256:as another release words it"


def told_otherwise(driver: Driver, rounds: int) -> int:
    """How often the tracking issue is written in so many rounds at one moment, if it never says what is wanted."""
    written = 0
    for _ in range(rounds):
        if driver.owed != ["tracking"]:
            break
        driver.say(TrackingTold(ref=ref("tracking"), told=OTHERWISE, status=IssueStatus.OPEN, as_of=driver.now))
        written += 1
    return written


def test_what_another_release_words_otherwise_is_written_twice_and_then_ever_more_seldom() -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("I3")))
    assert told_otherwise(driver, 50) == 2
    begun, written = driver.now, 0
    while driver.now < begun + timedelta(days=1):
        assert driver.plan.wake_at is not None
        driver.wake()
        written += told_otherwise(driver, 50)
    assert 20 < written < 40, "a minute, two, four, and so on up to an hour"


def test_what_changes_meanwhile_waits_no_longer() -> None:
    driver = in_remediation()
    driver.say(ProposeItem(spec=spec("I3")))
    told_otherwise(driver, 50)
    assert driver.owed == []
    driver.say(ProposeItem(spec=spec("I4")))
    assert driver.owed == ["tracking"]
    driver.obey()
    assert driver.owed == []


def test_a_worker_whose_clock_is_ahead_does_not_write_without_end() -> None:
    """A waiver ends in half a minute: what will hold then is written, and what holds now is wanted."""
    driver = in_remediation(of=document(items=[item(), item("I2", title="Another")]))
    driver.say(AskWaiver(rule="done", subject="I2", reason="text:why", until=driver.now + timedelta(days=1)))
    driver.approve()
    driver.obey()
    driver.now += timedelta(days=1) - timedelta(seconds=30)
    finish(driver, ["I1"])
    rounds = 0
    while driver.plan.effects and rounds < 50:
        rounds += 1
        here, driver.now = driver.now, driver.now + timedelta(minutes=1)
        facts = [driver.result(effect) for effect in driver.plan.effects]
        driver.now = here
        for fact in facts:
            driver.say(fact)
    assert rounds < 5


def test_an_issue_that_is_not_left_as_it_was_told_is_told_again_ever_more_seldom() -> None:
    driver = in_remediation()
    told = driver.review.items["I1"].to_tell.model_copy(update={"strength": "weaker"})
    rounds = 0
    driver.say(IssueTended(item="I1", as_of=driver.now, told=told))
    while driver.owed and rounds < 50:
        rounds += 1
        driver.say(IssueTended(item="I1", as_of=driver.now, told=told))
    assert rounds == 1


@pytest.mark.parametrize("kind", [FailureKind.REJECTED, FailureKind.NOT_FOUND])
def test_what_an_ended_review_owes_is_given_up_in_the_end(kind: FailureKind) -> None:
    driver = in_remediation(of=document(items=[item(), item("I2", title="Another")]))
    finish(driver, ["I1"])
    driver.say(driver.doers_read("I1"))
    driver.say(VerifyItem(item="I1", evidence=(Evidence(link="text:not-listed"),)), "verifier")
    driver.say(CommentSaid(item="I2", comment="c1"), "engineer")
    withdraw_all(driver)
    driver.say(Dismiss(reason="text:why"))
    driver.approve("R2")
    assert driver.is_in(Stage.DISMISSED)
    keys, tries = set(driver.owed), 0
    while not driver.plan.ended:
        for effect in driver.plan.effects:
            driver.say(EffectFailed(key=effect.key, kind=kind))
            tries += 1
        if driver.plan.wake_at is not None:
            driver.now = driver.plan.wake_at
    keys |= set(driver.review.failures)
    assert tries <= TRIES_AFTER_THE_END * len(keys)
    assert driver.plan.wake_at is None


def test_what_an_effect_depends_on_is_its_own() -> None:
    driver = in_remediation()
    kinds: tuple[EffectKind, ...] = (
        "tell_tracking",
        "tend_issue",
        "release_issue",
        "keep_evidence",
        "read_items",
        "answer_comment",
    )
    effects = [Effect(kind=kind, key=kind, input_id="x", item="I1") for kind in kinds]
    before = {effect.kind: basis(driver.review, effect, driver.now) for effect in effects}
    assert len(set(before.values())) == len(kinds)
    assert before == {effect.kind: basis(driver.review, effect, driver.now) for effect in effects}
    driver.read("I1", IssueStatus.DECLINED)
    after = {effect.kind: basis(driver.review, effect, driver.now) for effect in effects}
    assert {kind for kind in kinds if after[kind] != before[kind]} == {"tell_tracking", "tend_issue", "read_items"}
