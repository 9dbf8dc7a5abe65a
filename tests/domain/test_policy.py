"""The policy: what it accepts, and which profile counts."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.lifecycle.closure_rules import RULES, findings
from domain.model.policy import Policy
from domain.model.taxonomy import IncidentKind, Realisation, Severity
from tests.domain.build import POLICY, in_draft, newest, policy

EVERYTHING = {"name": "all", "rules": {"done@1": "block"}, "questions": [], "teams": []}


def profile_name(severity: Severity, realisation: Realisation = Realisation.HARM) -> str:
    return POLICY.profile_for(severity, realisation, (), "ranker").name


def test_the_default_policy_weighs_by_severity_and_realisation() -> None:
    names = [profile_name(severity) for severity in Severity]
    assert names == ["grave", "grave", "moderate", "light"]
    assert profile_name(Severity.SEV1, Realisation.NEAR_MISS) == "near miss"
    assert profile_name(Severity.SEV1, Realisation.HAZARD) == "near miss"


def test_the_default_policy_names_only_known_rules() -> None:
    newest_of = {newest(name.partition("@")[0]) for name in RULES}
    assert {rule for profile in POLICY.profiles for rule in profile.rules} == newest_of


def test_findings_come_in_the_order_of_the_rules_however_a_policy_is_written() -> None:
    driver = in_draft()
    backwards = [
        p.model_dump() | {"rules": {"zeal@1": "warn", "care@1": "warn"} | dict(reversed(p.rules.items()))}
        for p in POLICY.profiles
    ]
    other = in_draft(policy(profiles=backwards))
    assert [b for b in findings(other.review, other.now) if b.subject != "policy"] == findings(
        driver.review, driver.now
    )
    order = list(dict.fromkeys(b.rule for b in findings(other.review, other.now)))
    assert order == ["questions", "causes", "prevention", "sign_off", "care", "zeal"]


def test_a_policy_keeps_its_digest_through_text_and_changes_it_with_its_content() -> None:
    assert Policy.model_validate_json(POLICY.model_dump_json()).digest == POLICY.digest
    assert policy(name="another").digest != POLICY.digest


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ({"kinds": [IncidentKind.PRIVACY_LEAK]}, True),
        ({"kinds": [IncidentKind.LATENCY_SLO]}, False),
        ({"services": ["ranker"]}, True),
        ({"services": ["search"]}, False),
    ],
)
def test_a_profile_may_be_for_kinds_and_services(condition: dict[str, Any], matches: bool) -> None:
    chosen = policy(profiles=[EVERYTHING | {"name": "special"} | condition, EVERYTHING]).profile_for(
        Severity.SEV1, Realisation.HARM, (IncidentKind.PRIVACY_LEAK,), "ranker"
    )
    assert (chosen.name == "special") is matches


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"profiles": []}, "the last profile must be for every review"),
        ({"profiles": [EVERYTHING | {"severities": ["SEV1"]}]}, "the last profile must be for every review"),
        ({"profiles": [EVERYTHING | {"questions": ["who"]}]}, "asks unknown questions: who"),
        ({"clocks": POLICY.clocks.model_dump() | {"draft": {"SEV1": "3 days"}}}, "clocks.draft says nothing for SEV2"),
        ({"nonsense": 1}, "Extra inputs are not permitted"),
    ],
)
def test_a_policy_with_a_hole_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        policy(**changes)
