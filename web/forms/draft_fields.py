"""Which fields the form of each section of a draft has: one table, with the vocabulary's words to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.model.draft_parts import Latency
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
from web.formatting import plain

Choices = Sequence[tuple[str, str]]
"""What may be chosen: the value, and how people say it."""


class Kind(StrEnum):
    """How a field is written."""

    PROSE = "prose"
    LINE = "line"
    NUMBER = "number"
    MOMENT = "moment"
    DATE = "date"
    CHOICE = "choice"
    CAUSE = "cause"
    FACTORS = "factors"
    FACTOR = "factor"
    LINES = "lines"
    FILE = "file"


@dataclass(frozen=True)
class Field:
    """A field by its path in the document, or in a row of a list."""

    path: str
    label: str
    kind: Kind = Kind.LINE
    choices: Choices = ()
    about: str = ""
    needed: bool = False
    suggests: str = ""


@dataclass(frozen=True)
class Rows:
    """A list: a row of fields for each entry. Where entries have ids, `letter` begins them."""

    path: str
    title: str
    one: str
    fields: tuple[Field, ...]
    letter: str = ""


Part = Field | Rows


def words(of: type[StrEnum]) -> Choices:
    """The values of a vocabulary, as people say them."""
    return [(value.value, plain(value)) for value in of]


_QUANTILES = [(name, name) for name in Latency.model_fields["quantile"].annotation.__args__]  # type: ignore[union-attr]

CAUSE_GROUPS = [(plain(d), [(cause, plain(cause)) for cause in sorted(CAUSES[d])]) for d in Dimension]
"""The causes to choose from, by dimension; each cause is of one dimension only."""

DIMENSION_OF = {cause: dimension.value for dimension in Dimension for cause in CAUSES[dimension]}

_SOURCE = Field("source", "Known from")
_BEFORE = Field("before", "Before", Kind.NUMBER, needed=True)
_DURING = Field("during", "During", Kind.NUMBER, needed=True)

PARTS: dict[str, tuple[Part, ...]] = {
    "summary": (Field("summary", "What happened", Kind.PROSE),),
    "background": (Field("background", "What was known", Kind.PROSE),),
    "impact": (
        Rows(
            "impact.service_levels",
            "Service levels",
            "service level",
            (
                Field("objective", "Objective", about="such as: 99.9 % under 120 ms over 30 days", needed=True),
                Field("target", "Target, %", Kind.NUMBER),
                Field("measured", "Measured, %", Kind.NUMBER),
                Field("window", "Window", about="such as: 30 days"),
                Field("budget_burned", "Error budget burned, %", Kind.NUMBER),
                _SOURCE,
            ),
        ),
        Rows(
            "impact.latency",
            "Latency, in milliseconds",
            "latency",
            (Field("quantile", "Quantile", Kind.CHOICE, _QUANTILES, needed=True), _BEFORE, _DURING, _SOURCE),
        ),
        Rows(
            "impact.metrics",
            "Metrics",
            "metric",
            (
                Field("name", "Metric", needed=True),
                Field("slice", "Slice", about="empty: all traffic"),
                _BEFORE,
                _DURING,
                _SOURCE,
            ),
        ),
        Field("impact.business", "The business", Kind.PROSE),
        Field("impact.people", "People: who was affected, and how many", Kind.PROSE),
    ),
    "versions": (
        Rows(
            "versions",
            "Models",
            "model",
            (
                Field("model", "Model", needed=True, suggests="models"),
                Field("version", "Version"),
                Field("dataset", "Dataset"),
                Field("features", "Features"),
                Field("evaluation", "Evaluation that admitted it"),
                Field("rollback_to", "Can go back to"),
            ),
        ),
    ),
    "detection": (
        Field("detection.method", "What noticed it", Kind.CHOICE, words(DetectionMethod)),
        Field("detection.gap", "Why nothing did earlier", Kind.CHOICE, words(DetectionGap)),
        Field("detection.how", "How", Kind.PROSE),
    ),
    "timeline": (
        Rows(
            "timeline",
            "Moments",
            "moment",
            (
                Field("at", "When, in UTC", Kind.MOMENT, about="as 2026-11-22 10:05", needed=True),
                Field("source", "Known from"),
                Field("what", "What was seen or done", Kind.PROSE, needed=True),
            ),
        ),
    ),
    "safeguards": (
        Rows(
            "safeguards",
            "Safeguards",
            "safeguard",
            (
                Field("type", "Safeguard", Kind.CHOICE, words(SafeguardType), needed=True),
                Field("name", "Name"),
                Field("outcome", "What came of it", Kind.CHOICE, words(SafeguardOutcome), needed=True),
                Field("expected", "Should have acted, in UTC", Kind.MOMENT),
                Field("actual", "Acted, in UTC", Kind.MOMENT),
                Field("last_tested", "Last tested", Kind.DATE),
                Field("predicted", "What that test had predicted", Kind.PROSE),
            ),
        ),
    ),
    "causes": (
        Rows(
            "factors",
            "Contributing factors",
            "factor",
            (
                Field("cause", "Cause", Kind.CAUSE, needed=True),
                Field("confidence", "How sure", Kind.CHOICE, words(Confidence), needed=True),
                Field("led_to", "Led to", Kind.FACTOR),
                Field("explanation", "Explanation", Kind.PROSE, needed=True),
                Field("evidence", "Evidence", Kind.PROSE),
                Field("control_that_should_have_caught_it", "Control that should have caught it", Kind.PROSE),
            ),
            letter="F",
        ),
        *(Field(f"considered.{d}", f"{plain(d)}: if there is no factor, why not", Kind.PROSE) for d in Dimension),
    ),
    "extent": (
        Rows(
            "extent",
            "Where it was looked for",
            "place",
            (
                Field("at", "Model or pipeline", needed=True, suggests="models"),
                Field("found", "What was found", Kind.CHOICE, words(Elsewhere), needed=True),
                Field(
                    "how",
                    "How it was looked for, or why it could not be",
                    Kind.PROSE,
                    about="without this it is not known to have been looked for",
                ),
            ),
        ),
    ),
    "items": (
        Rows(
            "items",
            "Items",
            "item",
            (
                Field("title", "Title", needed=True),
                Field("item_class", "Class", Kind.CHOICE, words(ItemClass), needed=True),
                Field("strength", "Strength", Kind.CHOICE, words(Strength), needed=True),
                Field("outcome", "Outcome", Kind.CHOICE, words(Outcome), needed=True),
                Field("team", "Team", suggests="teams"),
                Field("owner", "Owner", about="a person's handle"),
                Field("due", "Due", Kind.DATE, about="earlier than the policy asks; empty: as it says"),
                Field("prevents", "Prevents", Kind.FACTORS),
                Field("end_state", "End state: how anyone can tell that it is done", Kind.PROSE),
            ),
            letter="I",
        ),
    ),
    "failure_modes": (
        Field("failure_modes.touched", "Failure modes that it touched", Kind.LINES, about="one in each line"),
        Field("failure_modes.no_change", "Or why the register needs no change", Kind.PROSE),
    ),
}
"""By section. An answer has one field, made where it is shown."""
