"""A policy is whole, or it does not come into force (GATE, principle 11)."""

from typing import Any

import pytest

from domain.lifecycle.policy_check import policy_gaps
from domain.model.policy import Policy
from tests.domain.build import DEFAULT


def changed(profile: dict[str, Any] | None = None, **changes: Any) -> Policy:
    """The shipped policy with another first profile, or other values."""
    data = DEFAULT.model_dump(mode="json") | changes
    data["profiles"][0] |= profile or {}
    return Policy.model_validate(data)


RULES = dict(DEFAULT.profiles[0].rules)
CLOCKS = DEFAULT.clocks.model_dump(mode="json")
WAIVERS = DEFAULT.waivers.model_dump(mode="json")


def test_the_shipped_policy_is_whole() -> None:
    assert policy_gaps(DEFAULT) == ()


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (
            changed({"rules": {name: mode for name, mode in RULES.items() if name != "verified@1"}}),
            "profile 'near miss' does not name the rule verified: write verified@1, and off where it is not wanted",
        ),
        (
            changed({"rules": RULES | {"prevention@1": "off"}}),
            "profile 'near miss' names the rule prevention more than once: prevention@2, prevention@1",
        ),
        (
            changed({"rules": RULES | {"sign_off@2": "block"}, "teams": []}),
            "profile 'near miss' blocks on sign_off, and names no team that signs",
        ),
        (changed(waivers=WAIVERS | {"longest": "36500 days"}), "waivers.longest: a waiver lasts 366 days at most"),
        (changed(waivers=WAIVERS | {"renewals": 1000}), "waivers.renewals: a waiver is renewed 12 times at most"),
        (
            changed(clocks=CLOCKS | {"effectiveness": "0 s"}),
            "clocks.effectiveness: whether prevention works is watched for some time after closure",
        ),
        (
            changed(clocks=CLOCKS | {"quiet": CLOCKS["quiet"] | {"SEV1": "0 s"}}),
            "clocks.quiet.SEV1: a review waits for some time after its incident is over",
        ),
    ],
)
def test_what_a_policy_leaves_open_is_said(policy: Policy, sentence: str) -> None:
    assert policy_gaps(policy) == (sentence,)


def test_a_policy_of_an_earlier_version_of_a_rule_is_whole() -> None:
    rules = {name: mode for name, mode in RULES.items() if not name.startswith("prevention")}
    assert policy_gaps(changed({"rules": rules | {"prevention@1": "warn"}})) == ()
