"""What the catalogue knows, and what it refuses."""

import pytest
from pydantic import ValidationError

from domain.model.catalogue import Catalogue
from tests.domain.build import CATALOGUE


def test_a_service_is_found_by_what_its_sources_call_it() -> None:
    assert CATALOGUE.service_named("PSVC1") == "ranker"
    assert CATALOGUE.service_named("search") == "search"
    assert CATALOGUE.service_named("unheard of") == "unheard of"


def test_a_service_leads_to_its_models_team_lead_and_tracker() -> None:
    assert CATALOGUE.models_of("ranker") == ("embedder", "ranker-v3")
    assert CATALOGUE.team_of("ranker") == "recs"
    assert CATALOGUE.lead_of("ranker") == "recs-lead@example.org"
    assert CATALOGUE.tracker_for("ranker") == "github:acme/ranker"
    assert CATALOGUE.tracker_for("search") is None


def test_a_service_that_is_not_listed_has_nobody() -> None:
    assert CATALOGUE.models_of("unlisted") == ()
    assert CATALOGUE.team_of("unlisted") is None
    assert CATALOGUE.lead_of("unlisted") is None
    assert CATALOGUE.tracker_for("unlisted") is None


def test_people_are_called_by_their_accounts_and_back() -> None:
    people = Catalogue.model_validate(
        {"people": {"Ann@example.org": {"github": "octo-ann", "jira": "5b10"}, "ben@example.org": {"jira": "5b11"}}}
    )
    assert people.account_of(" ann@Example.org", "github") == "octo-ann"
    assert people.account_of("ben@example.org", "jira") == "5b11"
    assert people.account_of("ben@example.org", "github") is None
    assert people.account_of("cem@example.org", "jira") is None
    assert people.account_of("ann@example.org", "another tracker") is None
    assert people.handle_of("octo-ann", "github") == "Ann@example.org"
    assert people.handle_of("5b11", "jira") == "ben@example.org"
    assert people.handle_of("octo-ann", "jira") is None
    assert people.handle_of("octo-ann", "another tracker") is None


def test_the_built_in_tracker_calls_everybody_by_handle() -> None:
    assert CATALOGUE.account_of("ann@example.org", "builtin") == "ann@example.org"
    assert CATALOGUE.handle_of("ann@example.org", "builtin") == "ann@example.org"


def test_every_broken_reference_is_named_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        Catalogue.model_validate(
            {
                "services": {"ranker": {"title": "Ranker", "team": "nobody"}},
                "models": {
                    "m": {"title": "M", "services": ["ranker", "gone"], "pipelines": ["dry"], "team": "no one"},
                },
            }
        )
    for wrong in (
        "services.ranker.team: 'nobody' is not in teams",
        "models.m.team: 'no one' is not in teams",
        "models.m.services: 'gone' is not in services",
        "models.m.pipelines: 'dry' is not in pipelines",
    ):
        assert wrong in str(refused.value)
