"""Drafts of every kind, and texts that are hard to keep."""

from typing import Any

from hypothesis import strategies as st

from domain.drafts.document import DraftDocument
from domain.model.draft_parts import (
    Detection,
    DraftFactor,
    DraftItem,
    FailureModes,
    Impact,
    Latency,
    Looked,
    Metric,
    ModelVersion,
    Moment,
    SafeguardUse,
    ServiceLevel,
)
from domain.model.taxonomy import (
    CAUSES,
    Confidence,
    DetectionGap,
    DetectionMethod,
    Dimension,
    Elsewhere,
    ItemClass,
    Outcome,
    SafeguardOutcome,
    SafeguardType,
    Strength,
)
from domain.model.values import Record

NASTY = (
    *("\n", "\n\n", "\r\n", "\r", "\t", "  \n", " ", "\x07", "\x85", "\u2028", "\ufeff", "\x1c", "\U0001f600"),
    *(
        "## What happened <!-- holdfast:summary -->",
        "# A heading\n",
        "<!-- holdfast:impact -->",
        "<!-- holdfast: a hint",
    ),
    *("<!-- \\holdfast:summary -->", "<!--holdfast:", "<!-- a comment", "-->", "\\", "holdfast:", "&#13;", "&amp;#13;"),
    *("```", "```yaml\n", "````", "---\n", "| a | b |\n|---|---|\n", "- x\n", "null", "~", "0.10", "'", '"', ": ", "#"),
)
"""What a format of files might take for its own."""

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
prose = st.one_of(st.text(characters), st.lists(st.sampled_from(NASTY) | st.text(characters, max_size=4)).map("".join))
lines = (
    st.lists(st.sampled_from(NASTY) | st.text(characters, max_size=4), min_size=1)
    .map(lambda parts: "".join(one for one in "".join(parts) if one.isprintable())[:300])
    .filter(str.strip)
)
decimals = st.decimals(0, 100, allow_nan=False, allow_infinity=False) | st.sampled_from(["0.10", "1E+1", "50.0"])
moments = st.datetimes(timezones=st.timezones())


def records(kind: type[Record], **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """What makes a record of a kind, in which each field is there that has to be, and any other or not."""
    required = {name: strategy for name, strategy in fields.items() if kind.model_fields[name].is_required()}
    optional = {name: strategy for name, strategy in fields.items() if name not in required}
    assert set(fields) == set(kind.model_fields)
    return st.fixed_dictionaries(required, optional=optional)


def one_of(kind: Any) -> st.SearchStrategy[Any]:
    """A value of an enum, or none where the kind is such."""
    return st.sampled_from(list(kind))


def some(strategy: st.SearchStrategy[Any], **more: Any) -> st.SearchStrategy[Any]:
    """A few."""
    return st.lists(strategy, max_size=3, **more)


impacts = records(
    Impact,
    service_levels=some(
        records(
            ServiceLevel,
            objective=lines,
            target=decimals,
            budget_burned=decimals,
            measured=decimals,
            window=lines,
            source=lines,
        )
    ),
    latency=some(
        records(Latency, quantile=st.sampled_from(["p50", "p99.9"]), before=decimals, during=decimals, source=lines)
    ),
    metrics=some(records(Metric, name=lines, slice=lines, before=decimals, during=decimals, source=lines)),
    business=prose,
    people=prose,
)
versions = records(ModelVersion, **dict.fromkeys(ModelVersion.model_fields, lines))
detections = records(Detection, method=one_of(DetectionMethod), gap=one_of(DetectionGap), how=prose)
entries = records(Moment, at=moments, what=prose, source=lines)
safeguards = records(
    SafeguardUse,
    type=one_of(SafeguardType),
    name=lines,
    expected=moments,
    actual=moments,
    outcome=one_of(SafeguardOutcome),
    last_tested=st.dates(),
    predicted=prose,
)
extent = records(Looked, at=lines, found=one_of(Elsewhere), how=prose)
failure_modes = records(FailureModes, touched=some(lines), no_change=prose)


@st.composite
def factors(draw: st.DrawFn, ids: list[str]) -> list[dict[str, Any]]:
    found = []
    for id in ids:
        dimension = draw(one_of(Dimension))
        fields = records(
            DraftFactor,
            id=st.just(id),
            dimension=st.just(dimension),
            cause=st.sampled_from(sorted(CAUSES[dimension])),
            confidence=one_of(Confidence),
            explanation=prose,
            evidence=prose,
            control_that_should_have_caught_it=prose,
            led_to=st.sampled_from(["effect", *ids]),
        )
        found.append(draw(fields))
    return found


def items(ids: list[str], prevented: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.tuples(
        *(
            records(
                DraftItem,
                id=st.just(id),
                title=lines,
                item_class=one_of(ItemClass),
                strength=one_of(Strength),
                outcome=one_of(Outcome),
                end_state=prose,
                prevents=some(st.sampled_from(prevented)) if prevented else st.just([]),
                team=lines,
                owner=lines,
                due=st.dates(),
            )
            for id in ids
        )
    ).map(list)


@st.composite
def documents(draw: st.DrawFn) -> DraftDocument:
    """Whole drafts, in which anything may be missing."""
    known = draw(some(st.sampled_from(["F1", "F2", "F10"]), unique=True))
    said = st.fixed_dictionaries(
        {},
        optional={
            "summary": prose,
            "background": prose,
            "answers": st.dictionaries(lines | st.sampled_from(["what_failed", "latency.load"]), prose, max_size=3),
            "factors": factors(known),
            "considered": st.dictionaries(one_of(Dimension), prose),
            "items": items(draw(some(st.sampled_from(["I3", "I1", "I20"]), unique=True)), []),
            "impact": impacts,
            "versions": some(versions),
            "detection": detections,
            "timeline": some(entries),
            "safeguards": some(safeguards),
            "extent": some(extent, unique_by=lambda looked: looked["at"]),
            "failure_modes": failure_modes,
            "kept": st.dictionaries(lines, prose, max_size=2),
        },
    )
    document = draw(said)
    if "factors" in document:
        document["items"] = draw(items(["I1", "I2"], known))
    return DraftDocument.model_validate(document)
