"""`extent`: the same cause was looked for in the other models and pipelines, and the result is written down."""

from domain.lifecycle.inputs import JoinIncident
from domain.model.taxonomy import Elsewhere
from tests.domain.build import (
    CATALOGUE,
    DEFAULT,
    Driver,
    document,
    in_draft,
    in_sign_off,
    incident,
    policy_with_rules,
)

ASKED = policy_with_rules(extent="block")


def looked(*places: str) -> list[dict[str, object]]:
    return [{"at": place, "found": Elsewhere.NOT_THERE, "how": "Its inputs were compared."} for place in places]


def test_the_default_policy_asks_for_it_where_an_incident_was_grave() -> None:
    modes = {profile.name: profile.rules["extent@1"].value for profile in DEFAULT.profiles}
    assert modes == {"near miss": "warn", "grave": "block", "moderate": "warn", "light": "warn"}


def test_models_that_share_a_pipeline_or_a_service_are_asked_for() -> None:
    assert CATALOGUE.sharing(("ranker-v3",)) == ("embedder",)
    assert CATALOGUE.sharing(("ranker-v3", "embedder")) == ()
    assert CATALOGUE.sharing(("nobody-knows-it",)) == ()


def test_a_draft_is_not_submitted_before_they_were_looked_at() -> None:
    driver = in_draft(ASKED)
    sentence = "The same cause was not looked for in embedder, which shares a pipeline or a service."
    assert driver.refused_draft(document()) == (sentence,)
    assert driver.refused_draft(document(extent=looked("search-pipeline"))) == (sentence,)
    assert driver.refused_draft(document(extent=looked("embedder"))) == ()
    assert "extent" not in {b.rule for b in driver.blockers}


def test_where_nothing_is_shared_one_place_is_asked_for_in_any_case() -> None:
    driver = in_draft(ASKED, models=("ranker-v3", "embedder"))
    assert driver.refused_draft(document()) == (
        "The same cause was looked for nowhere else: say where it was, how, and what was found.",
    )
    driver.submit(document(extent=looked("the batch scorer")))
    assert driver.blocker_ids[0] != "extent/elsewhere"


def test_nothing_was_looked_at_before_there_is_a_draft() -> None:
    assert "extent/elsewhere" in in_draft(ASKED).blocker_ids


def test_what_counts_is_the_catalogue_of_the_day_of_the_submission() -> None:
    driver: Driver = in_sign_off(ASKED, of=document(extent=looked("embedder")))
    driver.catalogue = CATALOGUE.model_copy(
        update={"models": CATALOGUE.models | {"newcomer": CATALOGUE.models["embedder"]}}
    )
    driver.wait(hours=1)
    assert "extent/newcomer" not in driver.blocker_ids


def test_a_place_counts_when_it_is_said_how_it_was_looked_at() -> None:
    driver = in_draft(ASKED)
    silent = [{"at": "embedder", "found": Elsewhere.COULD_NOT_LOOK}]
    assert driver.refused_draft(document(extent=silent)) != ()
    told = [{"at": "embedder", "found": Elsewhere.COULD_NOT_LOOK, "how": "Its logs are gone."}]
    assert driver.refused_draft(document(extent=told)) == ()


def test_a_model_that_is_added_later_has_to_be_looked_from_too() -> None:
    driver = in_sign_off(ASKED, of=document(extent=looked("embedder")))
    driver.say(JoinIncident(incident=incident(id="PD-2", models=("searcher",))))
    assert "extent/searcher" in driver.blocker_ids
    driver.submit(document(extent=looked("embedder")), revision=1)
    assert "extent/searcher" not in driver.blocker_ids
    assert driver.refused_draft(document(extent=looked("embedder"))) == (
        "This text is submitted already, as revision 1.",
    )
