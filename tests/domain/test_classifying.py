"""Facts of an incident are corrected by a person: they stay corrected, and what would ease closing takes two."""

from datetime import timedelta
from typing import Any

import pytest

from domain.lifecycle import events
from domain.lifecycle.inputs import Approve, Classify, IncidentTold, JoinIncident, LowerSeverity
from domain.model.policy import Policy
from domain.model.taxonomy import Clock, IncidentKind, IncidentStatus, Mode, Realisation, Severity, Stage
from domain.people.tasks import asks
from tests.domain.build import (
    APPROVER,
    CATALOGUE,
    NOW,
    POLICY,
    Driver,
    closed,
    in_draft,
    in_remediation,
    in_stabilization,
    incident,
    newest,
)
from tests.domain.build import policy as policy_with

REF = "pagerduty:PD-1"
GRAVE = POLICY.profile_for(Severity.SEV1, Realisation.HARM, (), "ranker")
LABELS, ATTACK = IncidentKind.LABEL_FAILURE, IncidentKind.ADVERSARIAL


def classify(**facts: Any) -> Classify:
    return Classify(**facts, reason="text:why")


def told_again(driver: Driver, **changes: Any) -> None:
    driver.say(IncidentTold(incident=incident(as_of=driver.now, **changes)))


def test_what_a_person_corrects_stays_so_whatever_the_source_tells_again() -> None:
    driver = in_draft(severity=Severity.SEV3)
    began, detected = NOW - timedelta(hours=9), NOW - timedelta(hours=2)
    driver.say(classify(kinds=(LABELS,), models=("ranker-v3", "embedder"), began=began, detected=detected))
    driver.wait(hours=1)
    told_again(driver, severity=Severity.SEV3, kinds=(ATTACK,), began=NOW, models=("ranker-v3",), title="text:new")
    known = driver.review.incidents[REF]
    assert (known.kinds, known.models) == ((LABELS, ATTACK), ("ranker-v3", "embedder")), "what is new is news"
    assert (known.began, known.detected, known.title) == (began, detected, "text:new")
    driver.say(classify(kinds=(ATTACK,)))
    told_again(driver, severity=Severity.SEV3, kinds=(LABELS,))
    assert (driver.review.kinds, driver.review.models) == ((ATTACK,), ("ranker-v3", "embedder"))


def test_a_severity_that_a_person_raised_is_not_lowered_by_its_source() -> None:
    driver = in_draft(severity=Severity.SEV3)
    driver.say(classify(severity=Severity.SEV1))
    assert (driver.review.severity, driver.review.gravest) == (Severity.SEV1, Severity.SEV1)
    for _ in range(3):
        driver.wait(minutes=10)
        told_again(driver, severity=Severity.SEV3)
    assert (driver.review.severity, driver.review.gravest) == (Severity.SEV1, Severity.SEV1)
    assert driver.review.incidents[REF].severity is Severity.SEV1
    driver.wait(minutes=45)
    sentence = "severity: SEV3 is lower than SEV1: ask for a lower severity, which takes two."
    assert driver.reasons(classify(severity=Severity.SEV3)) == (sentence,)


def test_a_slip_that_is_taken_back_at_once_does_not_count() -> None:
    driver = in_draft(severity=Severity.SEV3)
    driver.say(classify(severity=Severity.SEV1))
    driver.wait(minutes=20)
    lighter = "severity: SEV4 is lower than SEV1: ask for a lower severity, which takes two."
    assert driver.reasons(classify(severity=Severity.SEV4)) == (lighter,), "its source never called it that"
    driver.say(classify(severity=Severity.SEV3))
    assert (driver.review.severity, driver.review.gravest) == (Severity.SEV3, Severity.SEV3), "as its source calls it"
    driver.say(classify(severity=Severity.SEV2))
    driver.wait(hours=2)
    assert driver.review.gravest is Severity.SEV2


def test_taking_a_slip_back_leaves_what_two_have_lowered() -> None:
    driver = in_draft(severity=Severity.SEV2)
    driver.say(classify(severity=Severity.SEV1))
    driver.say(LowerSeverity(severity=Severity.SEV4, reason="text:why"))
    driver.approve()
    driver.say(classify(severity=Severity.SEV2))
    assert driver.review.severity is Severity.SEV4


def test_nothing_new_is_no_correction_and_what_cannot_be_is_refused() -> None:
    driver = in_draft()
    same = f"That is what is known of {REF} already: say what to correct."
    assert driver.reasons(classify()) == driver.reasons(classify(severity=Severity.SEV1, service="ranker")) == (same,)
    assert driver.reasons(classify(incident="pagerduty:PD-7", kinds=(LABELS,))) == (
        f"There is no incident pagerduty:PD-7; there are {REF}.",
    )
    unlisted = driver.reasons(classify(service="rankr", models=("ranker-v9",)))
    assert [reason.split(" is not in")[0] for reason in unlisted] == ["service: rankr", "models: ranker-v9"]
    late = classify(began=NOW, resolved=NOW - timedelta(hours=1))
    assert driver.reasons(late)[0].startswith("resolved: it cannot have been over")
    assert driver.events[-1].name == "StageEntered", "what is refused leaves no trace"


def test_where_the_source_tells_no_kind_its_owner_is_asked_until_they_say() -> None:
    driver = in_draft()
    wanted = [w for w in asks(driver.review, driver.now) if w.key.endswith("/classify")]
    assert [w.sentence for w in wanted] == ["Say what kind of failure it was."]
    driver.say(classify(kinds=(LABELS,)))
    assert not [w for w in asks(driver.review, driver.now) if w.key.endswith("/classify")]


def test_the_service_of_an_unlisted_incident_is_named_by_one_and_of_a_listed_one_by_two() -> None:
    driver = Driver(policy_with(qualifies=POLICY.qualifies.model_dump() | {"listed_services_only": False}))
    driver.say(IncidentTold(incident=incident(service="PX9", team=None)))
    driver.say(classify(service="ranker"))
    assert (driver.review.service, driver.review.team) == ("ranker", "recs")
    told_again(driver, service="PX9", team=None)
    assert (driver.review.service, driver.review.team) == ("ranker", "recs")
    driver.say(classify(service="search"))
    assert driver.review.team == "recs", "who signs is not chosen by one person"
    driver.approve()
    assert (driver.review.service, driver.review.team) == ("search", "ml")


def test_the_teams_that_hold_the_roles_of_a_policy_are_those_of_the_catalogue_as_it_was_then() -> None:
    driver = Driver()
    search = CATALOGUE.services["search"].model_copy(update={"roles": {"product": "ml"}})
    services = CATALOGUE.services | {"search": search}
    driver.catalogue = CATALOGUE.model_copy(update={"roles": {"infrastructure": "recs"}, "services": services})
    driver.say(IncidentTold(incident=incident()))
    assert [*driver.review.required_teams] == ["ml", "recs", "product"]
    driver.catalogue = CATALOGUE
    told_again(driver, title="text:new")
    assert [*driver.review.required_teams] == ["ml", "recs", "product"], "who signs is not chosen by an edit"
    driver.catalogue = CATALOGUE.model_copy(update={"services": services})
    driver.say(classify(service="search"))
    driver.approve()
    assert [*driver.review.required_teams] == ["ml", "infrastructure"]


def test_once_a_text_is_submitted_kinds_and_models_are_taken_away_by_two() -> None:
    driver = in_draft()
    driver.say(classify(kinds=(ATTACK, LABELS)))
    driver.say(classify(kinds=(LABELS,)))
    assert driver.review.kinds == (LABELS,), "nothing was put forward yet"
    driver.submit()
    driver.say(classify(kinds=(ATTACK,)))
    assert driver.review.kinds == (LABELS,)
    assert driver.reasons(classify(kinds=(ATTACK,))) == ("R1 asks for that already, and waits for an approval.",)
    driver.say(JoinIncident(incident=incident(id="PD-2")))
    assert driver.review.requests["R1"].pending
    driver.approve()
    assert driver.review.kinds == (ATTACK,)
    corrected = [e for e in driver.events if isinstance(e, events.IncidentCorrected)]
    assert [e.by for e in corrected][-1] != APPROVER


def lighter_for(kind: IncidentKind) -> Policy:
    """A policy in which an incident of this kind is held to less."""
    data = POLICY.model_dump()
    light = GRAVE.model_dump() | {"name": "light", "kinds": [kind]}
    light["rules"] = dict.fromkeys(light["rules"], Mode.WARN)
    return Policy.model_validate(data | {"profiles": [light, *data["profiles"]]})


def test_a_kind_that_is_held_to_less_takes_two() -> None:
    driver = in_draft(under=lighter_for(ATTACK))
    driver.say(classify(kinds=(ATTACK,)))
    assert (driver.review.kinds, driver.review.requests["R1"].pending) == ((), True)
    driver.say(classify(kinds=(LABELS,)))
    assert driver.review.kinds == (LABELS,)


@pytest.mark.parametrize(
    ("change", "less"),
    [
        ({}, False),
        ({"rules": GRAVE.rules | {newest("done"): Mode.WARN}}, True),
        ({"questions": ()}, True),
        ({"teams": ("ml",)}, True),
        ({"quorum": 1}, True),
        ({"all_dimensions": False}, True),
        ({"special_questions": False}, True),
    ],
)
def test_which_profile_asks_less_than_another(change: dict[str, Any], less: bool) -> None:
    other = GRAVE.model_copy(update=change)
    assert (other.asks_less_than(GRAVE), GRAVE.asks_less_than(other)) == (less, False)


def test_a_closed_review_that_turns_out_graver_goes_on() -> None:
    driver = closed(severity=Severity.SEV3)
    driver.say(classify(severity=Severity.SEV1))
    assert driver.review.stage is Stage.SIGN_OFF
    assert Clock.REVIEW in driver.review.due


def test_when_an_incident_was_over_is_told_anew_where_it_came_again() -> None:
    driver = in_stabilization()
    over = NOW - timedelta(hours=1)
    driver.say(classify(resolved=over))
    told_again(driver, resolved=NOW)
    assert driver.review.incidents[REF].resolved == over
    driver.wait(minutes=5)
    told_again(driver, status=IncidentStatus.OPEN)
    driver.wait(minutes=5)
    told_again(driver, resolved=driver.now)
    assert driver.review.incidents[REF].resolved == driver.now


def test_a_correction_that_was_overtaken_is_not_granted() -> None:
    driver = in_remediation()
    driver.say(JoinIncident(incident=incident(id="PD-2", kinds=(LABELS,))))
    driver.say(classify(incident="pagerduty:PD-2", kinds=(ATTACK,)))
    assert driver.review.kinds == (LABELS,)
    driver.review = driver.review.model_copy(update={"incidents": {REF: incident()}})
    assert driver.reasons(Approve(request="R1"), APPROVER) == ("pagerduty:PD-2 is no part of this review any more.",)


def test_an_excluded_incident_is_reviewed_once_a_person_says_what_it_is() -> None:
    driver = Driver()
    driver.say(IncidentTold(incident=incident(service="PX9", team=None)))
    assert driver.review.stage is Stage.EXCLUDED
    driver.say(classify(kinds=(LABELS,)))
    assert driver.review.stage is Stage.EXCLUDED, "its service is not in the catalogue yet"
    driver.say(classify(service="ranker"))
    assert (driver.review.stage, driver.review.team, driver.review.kinds) == (Stage.STABILIZATION, "recs", (LABELS,))


def test_what_was_corrected_of_an_excluded_incident_counts_when_its_source_tells_more() -> None:
    driver = Driver()
    driver.say(IncidentTold(incident=incident(service="PX9", team=None, severity=Severity.SEV4, lead="x")))
    driver.say(classify(service="ranker", kinds=(LABELS,), began=NOW))
    assert driver.review.excluded_by == "severity: SEV4 is not reviewed", "and not what it was before"
    driver.wait(minutes=1)
    told_again(driver, service="PX9", team=None)
    assert (driver.review.stage, driver.review.service, driver.review.kinds) == (
        Stage.STABILIZATION,
        "ranker",
        (LABELS,),
    )
    known = driver.review.incidents[REF]
    assert (known.began, known.team) == (NOW, "recs")


def test_a_correction_that_was_asked_before_another_one_is_asked_anew() -> None:
    driver = in_draft()
    driver.say(classify(kinds=(ATTACK, LABELS)))
    driver.submit()
    driver.say(classify(kinds=(ATTACK,)))
    driver.say(classify(kinds=(ATTACK, LABELS, IncidentKind.PRIVACY_LEAK)))
    (reason,) = driver.reasons(Approve(request="R1"), APPROVER)
    assert reason == f"{REF} has changed since R1 was asked; ask anew."


def test_the_same_kinds_in_another_order_are_no_correction() -> None:
    driver = in_draft(kinds=(LABELS, ATTACK))
    assert driver.reasons(classify(kinds=(ATTACK, LABELS)))[0].startswith("That is what is known")
