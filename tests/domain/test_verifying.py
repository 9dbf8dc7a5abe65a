"""Verifying: what is done was seen to hold by somebody who had no hand in it, with evidence kept as a copy."""

from datetime import timedelta

import pytest

from domain.lifecycle.closure_rules import WHY_NO_DOERS
from domain.lifecycle.decide import Rejected, decide
from domain.lifecycle.events import EvidenceCopied, ItemStatusesRead, OutsideFailed, decode
from domain.lifecycle.evolve import evolve, fold
from domain.lifecycle.inputs import (
    AskWaiver,
    ChangeItem,
    CommentSaid,
    EffectFailed,
    EvidenceKept,
    Given,
    Input,
    ItemsRead,
    MoveItem,
    ProposeItem,
    VerifyItem,
)
from domain.model.endorsement import Evidence
from domain.model.principal import Standing
from domain.model.taxonomy import Door, FailureKind, IssueStatus, Role, Stage
from domain.model.tracker_routing import Place
from domain.people.tasks import ADMIN, asks
from tests.domain.build import (
    COPY,
    DEFAULT,
    NOW,
    OTHER,
    SUBMITTER,
    Driver,
    document,
    finish,
    in_remediation,
    item,
    policy_with_rules,
    spec,
)

VERIFIED = policy_with_rules(verified="block")
LINK = Evidence(link="text:link")


def just_done() -> Driver:
    """A review whose one item is done; who had a hand in it is not read yet."""
    driver = in_remediation(VERIFIED)
    finish(driver, ["I1"])
    return driver


def done() -> Driver:
    """A review whose one item is done, and only has to be verified."""
    driver = just_done()
    driver.obey()
    driver.wait(minutes=1)
    return driver


def verify(by: str = OTHER, evidence: Evidence = COPY, id: str = "I1") -> VerifyItem:
    return VerifyItem(item=id, evidence=(evidence,))


def sentences(driver: Driver) -> list[str]:
    return [blocker.sentence for blocker in driver.blockers]


def test_the_default_policy_asks_for_it_where_an_incident_was_grave() -> None:
    modes = {profile.name: profile.rules["verified@1"].value for profile in DEFAULT.profiles}
    assert modes == {"near miss": "warn", "grave": "block", "moderate": "warn", "light": "warn"}


def test_a_done_item_that_nobody_verified_blocks() -> None:
    driver = done()
    assert driver.is_in(Stage.REMEDIATION)
    assert sentences(driver) == ["Nobody has verified, with evidence, that I1 holds."]


def test_somebody_else_verifies_it_and_the_next_read_closes_the_review() -> None:
    driver = done()
    driver.say(verify())
    assert driver.blocker_ids == []
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


@pytest.mark.parametrize("first", ["verified", "read"])
def test_who_had_a_hand_in_it_does_not_verify_it(first: str) -> None:
    driver = just_done()
    driver.doers = ("implementer",)
    if first == "read":
        driver.obey()
        assert driver.reasons(verify(), "implementer") == ("They had a hand in I1: somebody else has to verify it.",)
        driver.say(verify())
    else:
        driver.say(verify(), "implementer")
        driver.obey()
        assert "Who verified I1 had a hand in it." in sentences(driver)
        driver.say(verify())
        driver.wait(hours=1)
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


# --- who had a hand in it is read as soon as it is done -----------------------------------------------------------


def test_who_had_a_hand_in_it_is_read_at_once_and_once_whatever_else_is_in_the_way() -> None:
    driver = in_remediation(VERIFIED, of=document(items=[item("I1"), item("I2")]))
    assert driver.owed == []
    finish(driver, ["I1"])
    driver.say(verify())
    assert "Who had a hand in I1 is being read now: it has to be somebody else who verified it." in sentences(driver)
    (effect,) = [effect for effect in driver.plan.effects if effect.kind == "read_items"]
    assert (effect.key, effect.item, effect.tracker) == ("doers:I1", "I1", "github")
    driver.obey()
    assert driver.review.items["I1"].doers == ("engineer",)
    assert driver.blocker_ids == ["done/I2", "verified/I2"]
    assert driver.owed == []


def test_it_is_read_before_anybody_verifies_and_also_where_the_policy_only_wants_that_told() -> None:
    driver = in_remediation(policy_with_rules(verified="warn"), of=document(items=[item("I1"), item("I2")]))
    finish(driver, ["I1"])
    assert "doers:I1" in driver.owed


def test_it_is_not_read_where_nobody_needs_it() -> None:
    two = document(items=[item("I1"), item("I2", item_class="detect")])
    driver = in_remediation(VERIFIED, of=two)
    driver.issues["I2"] = IssueStatus.DONE
    driver.read("I2", IssueStatus.DONE)
    driver.say(AskWaiver(rule="verified", subject="I1", reason="text:why"), SUBMITTER)
    driver.approve()
    driver.read("I1", IssueStatus.DONE)
    assert "doers" not in " ".join(driver.owed)
    off = in_remediation(of=two)
    finish(off, ["I1"])
    assert "doers" not in " ".join(off.owed)


@pytest.mark.parametrize("trouble", ["failed", "silent"])
def test_a_read_that_does_not_tell_who_it_was_blocks_says_so_and_is_made_again_later(trouble: str) -> None:
    driver = in_remediation(VERIFIED, of=document(items=[item("I1"), item("I2")]))
    finish(driver, ["I1"])
    driver.say(verify())
    driver.doers = None
    why = {"failed": "the tracker refused the credential", "silent": WHY_NO_DOERS[FailureKind.INCOMPLETE]}[trouble]
    for count in (1, 2):
        if trouble == "failed":
            driver.say(EffectFailed(key="doers:I1", kind=FailureKind.UNAUTHORISED))
        driver.obey()
        assert driver.review.failures["doers:I1"].count == count
        assert f"Who had a hand in I1 could not be read: {why}." in sentences(driver)
        assert "doers:I1" not in driver.owed
        driver.wake()
        assert "doers:I1" in driver.owed
    driver.doers = ("engineer",)
    driver.obey()
    assert driver.review.failures == {}
    assert "verified/I1" not in driver.blocker_ids


@pytest.mark.parametrize(("mode", "others"), [("warn", ["I2"]), ("block", ["I2"]), ("block", [])])
def test_what_a_tracker_never_tells_is_recorded_seldom_and_asked_of_who_runs_holdfast(
    mode: str, others: list[str]
) -> None:
    driver = in_remediation(policy_with_rules(verified=mode), of=document(items=[item(id) for id in ("I1", *others)]))
    driver.doers = None
    finish(driver, ["I1"])
    driver.say(verify())
    before, end, asked = len(driver.events), driver.now + timedelta(days=30), set()
    while driver.now < end:
        driver.obey()
        asked |= {wanted.key for wanted in asks(driver.review, driver.now) if wanted.of == ADMIN}
        driver.wake()
    assert len(driver.events) - before < 45  # one try a day, and not one an hour
    assert asked == {f"{driver.review.id}/failure:doers:I1/incomplete"}
    driver.doers = ("engineer",)
    driver.now += timedelta(days=1)
    driver.obey()
    assert driver.stage is (Stage.REMEDIATION if others else Stage.CLOSED)
    assert [w for w in asks(driver.review, driver.now) if w.of == ADMIN] == []


def test_what_a_tracker_does_not_tell_is_recorded_where_the_item_itself_is_another() -> None:
    driver = in_remediation(VERIFIED, of=document(items=[item("I1"), item("I2")]))
    driver.doers = None
    finish(driver, ["I1"])
    driver.now += timedelta(minutes=1)
    assert [type(event) for event in driver.say(driver.doers_read("I1"))] == [OutsideFailed]
    driver.issues["I1"] = IssueStatus.OPEN
    driver.now += timedelta(minutes=1)
    assert type(driver.say(driver.doers_read("I1"))[0]) is ItemStatusesRead
    assert driver.review.failures == {}


def test_each_item_is_read_for_itself_and_waits_for_itself() -> None:
    driver = in_remediation(VERIFIED, of=document(items=[item("I1"), item("I2")]))
    finish(driver, ["I1", "I2"])
    assert {"doers:I1", "doers:I2"} <= set(driver.owed)
    driver.doers = None
    driver.say(driver.doers_read("I1"))
    assert list(driver.review.failures) == ["doers:I1"]
    assert "doers:I2" in driver.owed


def test_what_is_open_again_troubles_nobody_with_who_did_it() -> None:
    driver = in_remediation(VERIFIED, of=document(items=[item("I1"), item("I2")]))
    finish(driver, ["I1"])
    driver.doers = None
    driver.obey()
    driver.read("I1", IssueStatus.OPEN)
    assert driver.review.failures == {}


@pytest.mark.parametrize("how", ["opened again", "moved"])
def test_who_finished_it_anew_is_read_anew(how: str) -> None:
    driver = in_remediation(VERIFIED, of=document(items=[item("I1"), item("I2")]))
    finish(driver, ["I1"])
    driver.obey()
    driver.read("I1", IssueStatus.OPEN)
    if how == "moved":
        driver.say(MoveItem(item="I1", place=Place(tracker="builtin")))
        driver.obey()
    driver.doers = (OTHER,)
    finish(driver, ["I1"])
    driver.say(verify())
    driver.obey()
    assert driver.review.items["I1"].doers == ("engineer", OTHER)
    assert "Who verified I1 had a hand in it." in sentences(driver)


def test_of_what_is_lost_it_is_not_read_now() -> None:
    driver = in_remediation(VERIFIED, of=document(items=[item("I1"), item("I2")]))
    finish(driver, ["I1"])
    driver.say(verify())
    driver.read("I1", IssueStatus.FORBIDDEN)
    assert "Who had a hand in I1 was not read yet." in sentences(driver)
    assert "doers:I1" not in driver.owed


def test_who_once_had_a_hand_in_it_had_one_for_good() -> None:
    driver = done()
    driver.say(ItemsRead(readings=(driver.found("I1").model_copy(update={"doers": (OTHER,)}),)))
    driver.now += timedelta(minutes=1)
    driver.say(ItemsRead(readings=(driver.found("I1").model_copy(update={"doers": ("engineer",)}),)))
    assert driver.reasons(verify()) == ("They had a hand in I1: somebody else has to verify it.",)


def test_an_account_of_which_nobody_knows_whose_it_is_blocks_by_name() -> None:
    driver = done()
    driver.say(verify())
    unknown = driver.found("I1").model_copy(update={"doers": ("p-1",), "strangers": ("p-1",)})
    driver.say(ItemsRead(readings=(unknown,), for_closing=True))
    assert "Nobody knows who p-1 is, who had a hand in I1." in sentences(driver)
    driver.now += timedelta(hours=2)
    driver.obey()  # a read that is silent about them lets nobody forget them
    assert driver.is_in(Stage.REMEDIATION)
    driver.now += timedelta(hours=2)
    met = driver.found("I1").model_copy(update={"doers": ("engineer",), "met": ("p-1",)})
    driver.say(ItemsRead(readings=(met,), for_closing=True))  # somebody named the account meanwhile
    assert driver.is_in(Stage.CLOSED)


def test_a_link_counts_when_a_copy_of_what_it_leads_to_is_kept() -> None:
    driver = done()
    driver.say(verify(evidence=LINK))
    assert sentences(driver) == ["No copy is kept of the evidence for I1 yet."]
    assert "evidence:I1" in driver.owed
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    verification = driver.review.items["I1"].verification
    assert verification is not None
    assert verification.evidence == (Evidence(link="text:link", digest="sha256:copied"),)


@pytest.mark.parametrize("kind", FailureKind)
def test_why_no_copy_could_be_kept_is_said(kind: FailureKind) -> None:
    driver = done()
    driver.say(verify(evidence=LINK))
    driver.say(EffectFailed(key="evidence:I1", kind=kind))
    (sentence,) = sentences(driver)
    assert sentence.startswith("No copy is kept of the evidence for I1: ")
    assert sentence.endswith(". Attach a copy.")
    driver.say(verify())
    assert "evidence:I1" not in driver.owed
    driver.obey()
    assert driver.is_in(Stage.CLOSED)


def test_a_copy_that_comes_when_nothing_is_verified_any_more_changes_nothing() -> None:
    driver = done()
    for id in ("I1", "I9"):
        late = EvidenceCopied(item=id, link="text:link", digest="sha256:copied")
        assert evolve(driver.review, late).items == driver.review.items


def test_a_copy_of_another_link_is_not_taken_for_it() -> None:
    driver = done()
    driver.say(verify(evidence=LINK))
    assert driver.say(EvidenceKept(item="I1", link="text:other", digest="sha256:copied")) == []
    assert driver.say(EvidenceKept(item="I9", link="text:link", digest="sha256:copied")) == []


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (Evidence(digest="sha256:nowhere"), "No copy is kept here of sha256:nowhere: attach it first."),
        (Evidence(), "Evidence is a kept copy, or a link."),
    ],
)
def test_evidence_has_to_be_kept_or_to_be_found(evidence: Evidence, reason: str) -> None:
    assert done().reasons(verify(evidence=evidence)) == (reason,)


def test_what_is_not_done_is_not_verified() -> None:
    driver = in_remediation(VERIFIED)
    assert driver.reasons(verify()) == ("I1 is open: it can be verified once it is done.",)
    assert driver.reasons(verify(id="I9")) == ("There is no item I9; there are I1.",)
    assert driver.blocker_ids == ["done/I1", "verified/I1"]


@pytest.mark.parametrize("status", [IssueStatus.OPEN, IssueStatus.DECLINED])
def test_what_is_open_again_has_to_be_verified_again(status: IssueStatus) -> None:
    driver = done()
    driver.say(verify())
    driver.read("I1", status)
    driver.read("I1", IssueStatus.DONE)
    assert driver.review.items["I1"].verification is None


def test_what_cannot_be_read_for_a_while_stays_verified() -> None:
    driver = done()
    driver.say(verify())
    driver.read("I1", IssueStatus.FORBIDDEN)
    driver.read("I1", IssueStatus.DONE)
    assert driver.review.items["I1"].verification is not None


def test_another_issue_has_to_be_verified_anew() -> None:
    driver = in_remediation(VERIFIED, of=document(items=[item("I1"), item("I2")]))
    finish(driver, ["I1"])
    driver.say(verify())
    driver.say(EvidenceKept(item="I1", link="text:link", digest="sha256:copied"))
    driver.read("I1", IssueStatus.MISSING)
    driver.say(MoveItem(item="I1", place=Place(tracker="builtin")))
    assert driver.review.items["I1"].verification is None


def test_an_item_that_does_not_prevent_needs_no_verifying() -> None:
    driver = in_remediation(VERIFIED, of=document(items=[item("I1"), item("I2", item_class="detect")]))
    assert "verified/I2" not in driver.blocker_ids


def test_what_need_not_be_done_for_a_while_need_not_be_verified_for_as_long() -> None:
    driver = in_remediation(VERIFIED)
    driver.say(AskWaiver(rule="done", subject="I1", reason="text:why"), SUBMITTER)
    driver.approve()
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    driver.read("I1", IssueStatus.DONE)
    assert driver.is_in(Stage.CLOSED)
    driver.wait(days=31)
    assert driver.is_in(Stage.REMEDIATION)
    assert driver.blocker_ids == ["verified/I1"]


def test_what_was_put_off_and_is_verified_in_time_reopens_nothing() -> None:
    driver = in_remediation(VERIFIED)
    driver.say(AskWaiver(rule="done", subject="I1", reason="text:why"), SUBMITTER)
    driver.approve()
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    finish(driver, ["I1"])
    assert driver.owed == ["doers:I1"]
    driver.doers = ("implementer",)
    driver.obey()
    assert driver.reasons(verify(), "implementer") == ("They had a hand in I1: somebody else has to verify it.",)
    driver.say(verify())
    driver.wait(days=31)
    assert driver.is_in(Stage.CLOSED)


def test_who_was_assigned_while_it_was_open_is_not_all_who_had_a_hand_in_it() -> None:
    driver = in_remediation(VERIFIED, of=document(items=[item("I1"), item("I2")]))
    driver.now += timedelta(minutes=1)
    driver.say(driver.doers_read("I1"))
    assert driver.review.items["I1"].doers == ("engineer",)
    finish(driver, ["I1"])
    assert "doers:I1" in driver.owed


def test_a_regression_of_what_was_verified_reopens_the_review() -> None:
    driver = done()
    driver.say(verify())
    driver.obey()
    driver.read("I1", IssueStatus.OPEN)
    assert driver.is_in(Stage.REMEDIATION)
    assert driver.blocker_ids == ["done/I1", "verified/I1"]


def test_verifying_in_a_comment_is_the_same_command() -> None:
    driver = done()
    driver.say(CommentSaid(item="I1", comment="c1", wants=verify(evidence=LINK)))
    assert driver.review.questions["c1"].answer == ("I1 is verified, as soon as a copy of the evidence is kept.",)
    driver.say(CommentSaid(item="I1", comment="c2", wants=verify(id="I9", evidence=LINK)))
    assert driver.review.questions["c2"].answer == ("There is no item I9; there are I1.",)


def test_what_is_verified_with_a_copy_is_not_verified_worse() -> None:
    driver = done()
    driver.say(verify())
    reason = "I1 is verified with evidence that is kept: bring a copy of yours, or leave it at that."
    assert driver.reasons(verify(evidence=LINK), "product-signer") == (reason,)
    driver.say(verify(), "product-signer")
    driver.obey()
    assert driver.is_in(Stage.CLOSED)
    assert driver.reasons(verify(evidence=LINK)) == (reason,)


def test_a_waiver_of_it_ends_when_the_item_becomes_another_thing() -> None:
    driver = done()
    driver.say(AskWaiver(rule="verified", subject="I1", reason="text:why"), SUBMITTER)
    driver.approve()
    assert "verified/I1" in driver.review.waivers
    changed = driver.review.items["I1"].spec.model_copy(update={"title": "text:another"})
    driver.say(ChangeItem(spec=changed, reason="text:why"), SUBMITTER)
    assert driver.review.waivers == {}


@pytest.mark.parametrize("first", ["verified", "read"])
def test_who_made_a_doer_s_token_does_not_verify_either(first: str) -> None:
    driver = just_done()
    driver.doers = ("implementer",)
    given = Given(policy=driver.policy, catalogue=driver.catalogue, kept=frozenset({str(COPY.digest)}))
    standing = Standing(roles=(Role.CONTRIBUTOR,), stands_for=("implementer",))
    said = Input(id="x", by=OTHER, door=Door.SIGNED_IN, standing=standing, body=verify())
    if first == "read":
        driver.obey()
        with pytest.raises(Rejected, match="They had a hand in I1: somebody else has to verify it"):
            decide(driver.review, said, driver.now, given)
    else:
        driver.review = fold(driver.review, decide(driver.review, said, driver.now, given))
        driver.obey()
        assert "Who verified I1 had a hand in it." in sentences(driver)
    another = said.model_copy(update={"standing": Standing(roles=standing.roles)})
    assert decide(driver.review, another, driver.now, given)


def test_a_verification_that_was_recorded_without_it_stands_for_its_maker_alone() -> None:
    recorded = {"item": "I1", "by": OTHER, "at": NOW, "evidence": [COPY.model_dump()], "note": None}
    event = decode("ItemVerified", 1, recorded)
    verification = evolve(just_done().review, event).items["I1"].verification
    assert verification is not None
    assert verification.hands == (OTHER,)


def test_one_act_verifies_all_that_the_evidence_is_about_or_nothing() -> None:
    driver = in_remediation(of=document(items=[item("I1"), item("I2")]))
    finish(driver, ["I1"])
    both = VerifyItem(item="I1", others=("I2", "I1"), evidence=(COPY,))
    assert driver.reasons(both, OTHER) == ("I2 is open: it can be verified once it is done.",)
    assert driver.review.items["I1"].verification is None
    finish(driver, ["I2"])
    driver.say(both, OTHER)
    assert {id for id, each in driver.review.items.items() if each.verification} == {"I1", "I2"}


def test_who_signs_after_the_last_signature_accepts_what_was_proposed_since() -> None:
    driver = in_remediation(of=document(items=[]))
    driver.say(ProposeItem(spec=spec("I9")))
    driver.sign("ml")
    assert driver.review.items["I9"].accepted


def test_what_was_verified_is_to_be_verified_again_once_it_promises_something_else() -> None:
    driver = done()
    driver.say(verify(), OTHER)
    assert driver.review.items["I1"].verification is not None
    spec_now = driver.review.items["I1"].spec
    driver.say(ChangeItem(spec=spec_now.model_copy(update={"owner": "uma"}), reason="text:why"), SUBMITTER)
    assert driver.review.items["I1"].verification is not None
    driver.say(ChangeItem(spec=spec_now.model_copy(update={"title": "text:another"}), reason="text:why"), SUBMITTER)
    assert driver.review.items["I1"].verification is None
