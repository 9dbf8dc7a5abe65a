"""What the catalogue knows, and what it refuses."""

import pytest
from pydantic import ValidationError

from domain.catalogue import Catalogue
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
