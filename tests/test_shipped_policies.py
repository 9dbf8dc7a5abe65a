"""The policies that come with Holdfast, and files that say only in what they differ from the default."""

from pathlib import Path

import pytest

from building.files import overlaid, read_policy
from domain.lifecycle.policy_check import policy_gaps
from domain.model.policy import Independence
from domain.model.taxonomy import Mode, Severity
from runtime.files import SHIPPED_POLICIES
from runtime.settings import Settings, SettingsError
from tests.domain.build import DEFAULT, NOW


@pytest.mark.parametrize("name", SHIPPED_POLICIES)
def test_each_is_whole_and_its_clocks_agree(name: str) -> None:
    policy = read_policy(Settings(policy=Path(name)))
    assert policy_gaps(policy) == ()
    assert policy.independence.value == name
    assert [profile.name for profile in policy.profiles] == [profile.name for profile in DEFAULT.profiles]
    for severity in Severity:
        assert policy.clocks.draft[severity].after(NOW) < policy.clocks.review[severity].after(NOW)


def test_a_policy_inherits_what_it_does_not_set() -> None:
    regulated, small = (read_policy(Settings(policy=Path(name))) for name in ("regulated", "small team"))
    moderate = next(profile for profile in regulated.profiles if profile.name == "moderate")
    assert (moderate.rules["verified@1"], moderate.rules["causes@1"]) == (Mode.BLOCK, Mode.BLOCK)
    assert (regulated.exceptions.limit, regulated.exceptions.risk) == (0, DEFAULT.exceptions.risk)
    assert (small.exceptions.risk, small.clocks) == (None, DEFAULT.clocks)
    assert small.independence is Independence.SMALL_TEAM


def test_a_profile_of_another_name_comes_first() -> None:
    base = {"profiles": [{"name": "light", "teams": ["ml"]}], "clocks": {"quiet": 1}}
    assert overlaid(base, {"profiles": [{"name": "fraud", "teams": []}], "more": [1]}) == {
        "profiles": [{"name": "fraud", "teams": []}, {"name": "light", "teams": ["ml"]}],
        "clocks": {"quiet": 1},
        "more": [1],
    }


def test_a_list_is_replaced_as_a_whole_by_an_empty_one_or_by_nothing() -> None:
    base = {"teams": ["ml"], "profiles": [{"name": "light"}]}
    for value in ([], None, ["product"]):
        assert overlaid(base, {"teams": value, "profiles": value}) == {"teams": value, "profiles": value}


def test_a_policy_is_based_on_the_default_only(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("name: ours\nbased_on: theirs\n")
    with pytest.raises(SettingsError, match="based_on has to be default, not 'theirs'"):
        read_policy(Settings(policy=file))
