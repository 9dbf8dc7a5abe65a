"""The parts of a draft: what people tell of an incident in a form that rules and later statistics can read.

A part that a later release added is left out of its text while it is empty, so that the digest of an earlier draft is
what it was.
"""

from datetime import date
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import Field, model_validator

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
from domain.model.values import Line, Prose, Record, Utc, digest_of


def is_empty(part: Any) -> bool:
    """Whether nothing is said in a part; a record says nothing where it is like a new one."""
    if isinstance(part, Record):
        return part == type(part)()
    return part is None or part in ("", (), {})


class DraftFactor(Record):
    """A contributing factor as it is written."""

    id: str = Field(pattern=r"^F\d+$", description="F1, F2, … stable across revisions")
    dimension: Dimension
    cause: str
    confidence: Confidence
    explanation: Prose
    evidence: Prose = ""
    control_that_should_have_caught_it: Prose = ""
    led_to: str | None = Field(default=None, description="the id of another factor, or `effect`")

    @model_validator(mode="after")
    def _cause_fits(self) -> Self:
        if self.cause not in CAUSES[self.dimension]:
            known = ", ".join(sorted(CAUSES[self.dimension]))
            raise ValueError(f"{self.cause!r} is not a cause of dimension {self.dimension}; known are {known}")
        return self


def _is_untold(part: Any) -> bool:
    return part is None


ITEM_ID = r"^I\d{1,6}$"


class DraftItem(Record):
    """An action item as it is written."""

    id: str = Field(pattern=ITEM_ID, description="I1, I2, … stable across revisions")
    title: Line
    item_class: ItemClass
    strength: Strength
    outcome: Outcome
    end_state: Prose = Field(default="", description="how anyone can tell that it is done")
    prevents: tuple[str, ...] = ()
    team: Line | None = None
    owner: Line | None = Field(default=None, description="a person's handle")
    due: date | None = Field(
        default=None, exclude_if=is_empty, description="earlier than the policy asks; none: as the policy says"
    )


class ServiceLevel(Record):
    """An objective, and what the incident cost of it. Percentages are of 100."""

    objective: Line = Field(description="such as: 99.9 % of requests under 120 ms over 30 days")
    target: Decimal | None = Field(default=None, ge=0, le=100, description="percent")
    budget_burned: Decimal | None = Field(default=None, ge=0, description="percent of the error budget; may exceed 100")
    measured: Decimal | None = Field(
        default=None, ge=0, le=100, exclude_if=is_empty, description="percent, against the target"
    )
    window: Line | None = Field(default=None, exclude_if=is_empty, description="over which it was measured: 30 days")
    source: Line | None = Field(default=None, exclude_if=is_empty, description="where that is known from")


class Latency(Record):
    """A quantile of latency, before and during the incident, in milliseconds."""

    quantile: Literal["p50", "p90", "p95", "p99", "p99.9"]
    before: Decimal = Field(ge=0)
    during: Decimal = Field(ge=0)
    source: Line | None = Field(default=None, exclude_if=is_empty, description="where that is known from")


class Metric(Record):
    """A metric before and during the incident; of a slice of the traffic, or of all of it."""

    name: Line
    slice: Line | None = None
    before: Decimal
    during: Decimal
    source: Line | None = Field(default=None, exclude_if=is_empty, description="where that is known from")


class Impact(Record):
    """What it did, to service levels, to the business and to people."""

    service_levels: tuple[ServiceLevel, ...] = ()
    latency: tuple[Latency, ...] = ()
    metrics: tuple[Metric, ...] = ()
    business: Prose = ""
    people: Prose = Field(default="", description="who was affected, and how many")


class ModelVersion(Record):
    """What exactly was running, and what can be gone back to."""

    model: Line
    version: Line | None = None
    dataset: Line | None = None
    features: Line | None = None
    evaluation: Line | None = Field(default=None, description="id of the evaluation that admitted it")
    rollback_to: Line | None = None


class Measured(Record):
    """What a source measured of an incident, and what was running. None: it told nothing of that.

    The names in it stay in the records for good: objectives, metrics and models, and nobody's own.
    """

    service_levels: tuple[ServiceLevel, ...] | None = Field(
        default=None, max_length=50, exclude_if=_is_untold, description="the objectives that it hit"
    )
    latency: tuple[Latency, ...] | None = Field(default=None, max_length=50, exclude_if=_is_untold)
    metrics: tuple[Metric, ...] | None = Field(
        default=None, max_length=200, exclude_if=_is_untold, description="each for all traffic, or for a slice of it"
    )
    versions: tuple[ModelVersion, ...] | None = Field(
        default=None, max_length=50, exclude_if=_is_untold, description="what exactly was running, and where to go back"
    )


class Detection(Record):
    """What noticed it, and why nothing did so earlier."""

    method: DetectionMethod | None = None
    gap: DetectionGap | None = None
    how: Prose = ""


class Moment(Record):
    """An entry of the timeline."""

    at: Utc
    what: Prose
    source: Line | None = Field(default=None, description="where that is known from")


class SafeguardUse(Record):
    """A safeguard: when it should have acted, when it did, and what came of it."""

    type: SafeguardType
    name: Line | None = None
    expected: Utc | None = None
    actual: Utc | None = None
    outcome: SafeguardOutcome
    last_tested: date | None = None
    predicted: Prose = Field(default="", description="what that test had predicted")


class Looked(Record):
    """A model or pipeline in which the same cause was looked for."""

    at: Line = Field(description="id of the model or pipeline")
    found: Elsewhere
    how: Prose = Field(default="", description="how it was looked for, or why it could not be")


class FailureModes(Record):
    """The failure modes that the incident touched; or why the register needs no change."""

    touched: tuple[Line, ...] = ()
    no_change: Prose = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """By what those that were touched are known again elsewhere: digests, since the text can be erased."""
        return tuple(dict.fromkeys(map(mode_key, self.touched)))


def mode_key(name: str) -> str:
    """By what a failure mode is known again, however it is spaced and capitalised."""
    return digest_of(" ".join(name.split()).casefold())
