"""`causes`: at least one factor with evidence, and a look along all five dimensions."""

from domain.model.taxonomy import Dimension
from tests.domain.build import document, factor, in_draft, in_remediation


def test_a_draft_with_factor_evidence_and_all_dimensions_passes() -> None:
    assert "causes" not in {b.rule for b in in_remediation().blockers}


def test_before_a_draft_every_dimension_and_a_factor_are_missing() -> None:
    found = {b.subject for b in in_draft().blockers if b.rule == "causes"}
    assert found == {"factors", *Dimension}


def test_a_draft_without_a_factor_is_refused() -> None:
    everywhere = dict.fromkeys(Dimension, "We looked.")
    refused = in_draft().refused_draft(document(factors=[], considered=everywhere, items=[]))
    assert refused == ("No contributing factor is given.",)


def test_a_dimension_that_nobody_considered_is_named() -> None:
    considered = {d: "We looked." for d in Dimension if d not in (Dimension.DATA, Dimension.GOVERNANCE)}
    refused = in_draft().refused_draft(document(considered=considered))
    assert refused == ("Governance was not considered: give a factor, or say why there is none.",)


def test_a_factor_without_evidence_is_named() -> None:
    refused = in_draft().refused_draft(document(factors=[factor(evidence="")]))
    assert refused == ("F1 gives no evidence.",)


def test_light_reviews_and_near_misses_need_one_factor_and_no_tour() -> None:
    for driver in (in_draft(severity="SEV4"), in_draft(realisation="near_miss")):
        assert {b.subject for b in driver.blockers if b.rule == "causes"} == {"factors"}
        assert driver.refused_draft(document(considered={})) == ()
