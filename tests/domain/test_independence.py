"""Who counts as a second person, under each policy: one table (GATE, principle 5)."""

import pytest

from domain.lifecycle.independence import EXCLUDED, Act
from domain.lifecycle.inputs import Approve, AskWaiver, AssignOwner, ChangeItem, SignForTeam, VerifyItem
from domain.model.policy import Independence
from domain.model.taxonomy import ItemStatus, Severity
from tests.domain.build import COPY, OWNER, SUBMITTER, Driver, finish, in_remediation, in_sign_off, policy, spec

SMALL, STANDARD, REGULATED = Independence
PEOPLE = (OWNER, SUBMITTER, "engineer", "implementer", "requester", "somebody")


def may(driver: Driver, body: Approve | SignForTeam | VerifyItem) -> set[str]:
    """Those of `PEOPLE` who may do it, each on the same review."""
    allowed, before = set(), (driver.review, list(driver.events))
    for person in PEOPLE:
        if not driver.reasons(body, person):
            allowed.add(person)
        driver.review, driver.events = before[0], list(before[1])
    return allowed


@pytest.mark.parametrize(
    ("column", "allowed"),
    [
        (SMALL, {OWNER, SUBMITTER, "engineer", "implementer", "somebody"}),
        (STANDARD, {OWNER, "somebody"}),
        (REGULATED, {"somebody"}),
    ],
)
def test_who_approves_what_makes_closing_easier(column: Independence, allowed: set[str]) -> None:
    driver = in_remediation(policy(independence=column))
    driver.say(AskWaiver(rule="done", subject="I1", reason="text:why"), "requester")
    item = driver.review.items["I1"].model_copy(update={"doers": ("implementer",)})
    driver.review = driver.review.model_copy(update={"items": {"I1": item}})
    assert may(driver, Approve(request="R1")) == allowed


@pytest.mark.parametrize(
    ("column", "allowed"),
    [
        (SMALL, set(PEOPLE) - {SUBMITTER}),
        (STANDARD, set(PEOPLE) - {SUBMITTER, OWNER}),
        (REGULATED, set(PEOPLE) - {SUBMITTER, OWNER}),
    ],
)
def test_who_signs(column: Independence, allowed: set[str]) -> None:
    driver = in_sign_off(policy(independence=column))
    assert driver.review.submission is not None
    assert may(driver, SignForTeam(team="ml", digest=driver.review.submission.digest)) == allowed


@pytest.mark.parametrize(
    ("column", "severity", "owner", "allowed"),
    [
        (SMALL, Severity.SEV1, OWNER, set(PEOPLE) - {"implementer"}),
        (STANDARD, Severity.SEV1, OWNER, set(PEOPLE) - {"implementer", "engineer"}),
        (REGULATED, Severity.SEV1, OWNER, set(PEOPLE) - {"implementer", "engineer", OWNER}),
        (STANDARD, Severity.SEV1, "engineer", set(PEOPLE) - {"implementer", "engineer"}),
        (STANDARD, Severity.SEV3, "engineer", set(PEOPLE) - {"implementer"}),
        (REGULATED, Severity.SEV3, "engineer", set(PEOPLE) - {"implementer", "engineer", OWNER}),
    ],
)
def test_who_verifies(column: Independence, severity: Severity, owner: str, allowed: set[str]) -> None:
    driver = in_remediation(policy(independence=column), severity=severity)
    if owner != OWNER:
        driver.say(AssignOwner(owner=owner), OWNER)
    item = driver.review.items["I1"].model_copy(update={"doers": ("implementer",), "status": ItemStatus.DONE})
    driver.review = driver.review.model_copy(update={"items": {"I1": item}})
    assert may(driver, VerifyItem(item="I1", evidence=(COPY,))) == allowed


def test_giving_an_item_away_makes_nobody_independent_of_it() -> None:
    driver = in_remediation()
    driver.say(ChangeItem(spec=spec(title=driver.review.items["I1"].spec.title, owner="friend"), reason="text:why"))
    finish(driver, ["I1"])
    verify = VerifyItem(item="I1", evidence=(COPY,))
    for person in ("engineer", "friend"):
        assert driver.reasons(verify, person) == ("They own item I1: somebody else has to verify it.",)


def test_handing_a_review_over_makes_nobody_independent_of_it() -> None:
    """The honest signer was made owner so that they could not sign, and the owner of before signed in their place."""
    driver = in_sign_off()
    driver.say(AssignOwner(owner="honest"), OWNER)
    assert driver.review.submission is not None
    sign = SignForTeam(team="product", digest=driver.review.submission.digest)
    assert driver.reasons(sign, OWNER) == ("The review's owner does not sign it.",)


def test_each_column_excludes_at_least_whom_the_lighter_one_does() -> None:
    for act in Act:
        small, standard, regulated = (set(EXCLUDED[act][column]) for column in Independence)
        assert small <= standard <= regulated
