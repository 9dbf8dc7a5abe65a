"""Whether a policy is whole: what a file that is to come into force leaves open. One that is pinned stays as it is."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from domain.lifecycle.closure_rules import RULES
from domain.model.policy import Policy, Profile
from domain.model.taxonomy import Mode, Severity
from domain.model.values import Period

LONGEST_WAIVER = timedelta(days=366)
MOST_RENEWALS = 12
"""What is put off for longer, or more often, is not put off: it is not wanted."""


def policy_gaps(policy: Policy) -> tuple[str, ...]:
    """What keeps a policy from coming into force, in sentences; empty where it is whole.

    Every rule of the release is named, also where it is off, so that none is left out by mistake; whoever has to sign
    is named; and what is put off comes back some day.
    """
    return tuple(sentence for profile in policy.profiles for sentence in _of_profile(profile)) + tuple(
        _of_times(policy)
    )


def _of_profile(profile: Profile) -> Iterator[str]:
    named, versions = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for rule in profile.rules:
        named[rule.partition("@")[0]].append(rule)
    for rule in RULES:
        versions[rule.partition("@")[0]].append(rule)
    name = f"profile {profile.name!r}"
    for rule, known in versions.items():
        if not named[rule]:
            yield f"{name} does not name the rule {rule}: write {known[-1]}, and off where it is not wanted"
        elif len(named[rule]) > 1:
            yield f"{name} names the rule {rule} more than once: {', '.join(named[rule])}"
    if not profile.teams and Mode.BLOCK in profile.modes_of("sign_off"):
        yield f"{name} blocks on sign_off, and names no team that signs"


def _of_times(policy: Policy) -> Iterator[str]:
    if _length(policy.waivers.longest) > LONGEST_WAIVER:
        yield f"waivers.longest: a waiver lasts {LONGEST_WAIVER.days} days at most"
    if policy.waivers.renewals > MOST_RENEWALS:
        yield f"waivers.renewals: a waiver is renewed {MOST_RENEWALS} times at most"
    if not _length(policy.clocks.effectiveness):
        yield "clocks.effectiveness: whether prevention works is watched for some time after closure"
    for severity in Severity:
        if not _length(policy.clocks.quiet[severity]):
            yield f"clocks.quiet.{severity}: a review waits for some time after its incident is over"


def _length(period: Period) -> timedelta:
    """A period in days and seconds, business days as days."""
    return timedelta(days=period.business_days, seconds=period.seconds)
