"""Where issues go: places as text, routes in order, and what is recorded of them."""

import pytest
from pydantic import ValidationError

from domain.lifecycle.inputs import AcceptItem, ProposeItem
from domain.model.taxonomy import Outcome
from domain.model.tracker_routing import Place, Route, Routing
from tests.domain.build import Driver, in_draft, in_sign_off, in_stabilization, spec

JIRA, GITHUB, BUILTIN = Place(tracker="jira", project="ACME"), Place(tracker="github", project="a/b"), "builtin:default"

ROUTING = Routing.model_validate(
    {
        "default": "builtin",
        "routes": [
            {"to": "jira:GOV", "outcomes": ["ownership_and_escalation"]},
            {"to": "github:acme/ml", "teams": ["ml"], "services": ["ranker"]},
            {"to": "jira:REC", "services": ["ranker"]},
            {"to": "jira:EMB", "models": ["embedder", "reranker"]},
        ],
    }
)


def place(driver: Driver, id: str = "I9") -> str:
    return str(driver.review.items[id].place)


@pytest.mark.parametrize(
    ("text", "tracker", "project"),
    [
        ("builtin", "builtin", "default"),
        ("builtin:default", "builtin", "default"),
        (" github:acme/ranker ", "github", "acme/ranker"),
        ("jira:ACME", "jira", "ACME"),
        ("jira_2:ACME", "jira_2", "ACME"),
    ],
)
def test_a_place_is_read_from_text_and_written_as_text(text: str, tracker: str, project: str) -> None:
    read = Route.model_validate({"to": text}).to
    assert read == Place(tracker=tracker, project=project)
    assert Route.model_validate({"to": str(read)}).to == read


@pytest.mark.parametrize(
    "text", ["", "Jira:ACME", "github:", ":acme", "github acme", "2jira:A", "jira:A B", "jira:\x07"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Route.model_validate({"to": text})


def test_what_is_no_place_is_answered_with_examples() -> None:
    with pytest.raises(ValidationError, match="'GitHub' is not a place; write one like 'builtin', 'github:owner"):
        Route.model_validate({"to": "GitHub"})


def test_a_place_may_be_given_as_it_was_kept() -> None:
    assert Route.model_validate({"to": JIRA}).to == JIRA
    assert Route.model_validate({"to": JIRA.model_dump()}).to == JIRA
    with pytest.raises(ValidationError):
        Route.model_validate({"to": 7})


def test_a_route_without_conditions_takes_everything() -> None:
    assert Route(to=JIRA).matches("any", (), None, None)


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ({"services": ("ranker", "search")}, True),
        ({"services": ("search",)}, False),
        ({"models": ("reranker", "embedder")}, True),
        ({"models": ("reranker",)}, False),
        ({"teams": ("ml",)}, True),
        ({"teams": ("recs",)}, False),
        ({"outcomes": (Outcome.RESILIENCE_TEST,)}, True),
        ({"outcomes": (Outcome.MONITORING_OR_ALERTS,)}, False),
        ({"services": ("ranker",), "teams": ("recs",)}, False),
    ],
)
def test_a_route_takes_what_meets_every_condition(condition: dict[str, tuple[str, ...]], matches: bool) -> None:
    route = Route.model_validate({"to": GITHUB} | condition)
    assert route.matches("ranker", ("ranker-v3", "embedder"), "ml", Outcome.RESILIENCE_TEST) is matches


def test_a_review_as_a_whole_has_no_outcome_and_maybe_no_team() -> None:
    assert not Route(to=JIRA, outcomes=(Outcome.RESILIENCE_TEST,)).matches("ranker", (), "ml", None)
    assert not Route(to=JIRA, teams=("ml",)).matches("ranker", (), None, None)


def test_the_first_route_that_matches_counts_and_the_default_takes_the_rest() -> None:
    assert str(ROUTING.place_for("ranker", (), "ml", Outcome.OWNERSHIP_AND_ESCALATION)) == "jira:GOV"
    assert str(ROUTING.place_for("ranker", ("embedder",), "ml")) == "github:acme/ml"
    assert str(ROUTING.place_for("ranker", ("embedder",), "recs")) == "jira:REC"
    assert str(ROUTING.place_for("search", ("embedder",), "recs")) == "jira:EMB"
    assert str(ROUTING.place_for("search")) == BUILTIN


def test_every_place_is_named_once() -> None:
    again = Routing(default=JIRA, routes=(Route(to=GITHUB), Route(to=JIRA, teams=("ml",)), Route(to=GITHUB)))
    assert again.places == (JIRA, GITHUB)
    assert Routing().places == (Place(tracker="builtin"),)


def test_a_review_has_its_home_where_the_routes_say_when_it_opens() -> None:
    assert str(in_stabilization(routing=ROUTING).review.home) == "jira:REC"
    assert str(in_stabilization(routing=ROUTING, team="ml").review.home) == "github:acme/ml"
    assert str(in_stabilization(routing=ROUTING, service="search", models=()).review.home) == BUILTIN


def test_an_accepted_item_goes_where_the_routes_say_for_its_team_and_outcome() -> None:
    driver = in_draft(routing=ROUTING)
    driver.say(ProposeItem(spec=spec("I7", outcome=Outcome.OWNERSHIP_AND_ESCALATION)))
    driver.say(ProposeItem(spec=spec("I8", team="ml")))
    driver.say(ProposeItem(spec=spec("I9")))
    assert driver.review.items["I9"].place is None
    for id in ("I7", "I8", "I9"):
        driver.say(AcceptItem(item=id))
    assert [place(driver, id) for id in ("I7", "I8", "I9")] == ["jira:GOV", "github:acme/ml", "jira:REC"]
    assert [effect.tracker for effect in driver.plan.effects] == ["jira", "github", "jira"]


def test_what_sign_off_accepts_is_routed_too() -> None:
    driver = in_sign_off(routing=ROUTING)
    driver.sign_all()
    assert place(driver, "I1") == "jira:REC"


def test_a_route_that_changes_later_moves_nothing() -> None:
    driver = in_draft(routing=ROUTING)
    driver.say(ProposeItem(spec=spec("I9")))
    driver.say(AcceptItem(item="I9"))
    driver.routing = Routing()
    driver.obey()
    assert (place(driver), str(driver.review.home)) == ("jira:REC", "jira:REC")


def test_who_accepts_an_item_may_say_where_and_name_an_issue_to_adopt() -> None:
    driver = in_draft(routing=ROUTING)
    driver.say(ProposeItem(spec=spec("I9")))
    driver.say(AcceptItem.model_validate({"item": "I9", "place": "github:acme/other", "adopts": "acme/other#7"}))
    item = driver.review.items["I9"]
    assert (str(item.place), item.adopts, item.due is not None) == ("github:acme/other", "acme/other#7", True)
    (effect,) = driver.plan.effects
    assert (effect.kind, effect.tracker) == ("open_issue", "github")


def test_an_issue_may_be_adopted_where_the_routes_say() -> None:
    driver = in_draft(routing=ROUTING)
    driver.say(ProposeItem(spec=spec("I9")))
    driver.say(AcceptItem(item="I9", adopts="REC-7"))
    assert (place(driver), driver.review.items["I9"].adopts) == ("jira:REC", "REC-7")


def test_an_item_that_is_not_proposed_goes_nowhere() -> None:
    driver = in_draft()
    driver.say(ProposeItem(spec=spec("I9")))
    driver.say(AcceptItem(item="I9"))
    assert driver.reasons(AcceptItem(item="I9", place=JIRA)) == ("I9 is open, and not proposed.",)
    assert place(driver) == "github:acme/ranker"
