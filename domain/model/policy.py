"""The policy: what is asked of a review, by weight, as data.

The policy in force when a review opens is pinned to it. It names rules as `rule@version`; what a rule means is in
`domain.lifecycle.closure_rules`, and a name that is not known there blocks.
"""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from domain.model.taxonomy import IncidentKind, Mode, Realisation, Severity
from domain.model.template import Question, Section
from domain.model.values import Period, PeriodText, Record, digest_of


class Profile(Record):
    """What is asked of the reviews that match. The first profile that matches counts."""

    name: str
    severities: tuple[Severity, ...] = ()
    realisations: tuple[Realisation, ...] = ()
    kinds: tuple[IncidentKind, ...] = ()
    services: tuple[str, ...] = ()
    rules: dict[str, Mode]
    questions: tuple[str, ...] = Field(description="ids of the questions that must be answered")
    parts: tuple[str, ...] = Field(default=(), description="ids of the sections that must not be empty")
    special_questions: bool = Field(default=True, description="those for some kinds or services are asked, too")
    all_dimensions: bool = Field(default=True, description="each of the five dimensions must be considered")
    teams: tuple[str, ...] = Field(description="who signs; `owning` stands for the review's own team")
    quorum: int | None = Field(default=None, ge=1, description="how many of them have to sign; none: all")

    def asks(self, question: Question, kinds: tuple[IncidentKind, ...], service: str) -> bool:
        """Whether such a review has to answer a question."""
        if question.is_special:
            return self.special_questions and question.suits(kinds, service)
        return question.id in self.questions

    def modes_of(self, rule: str) -> frozenset[Mode]:
        """What it makes of a rule, in any of its versions."""
        return frozenset(mode for name, mode in self.rules.items() if name.partition("@")[0] == rule)

    def asks_less_than(self, other: "Profile") -> bool:
        """Whether something that the other profile asks for is not asked for by this one, or not as strictly."""
        modes = [*Mode]
        lifted = any(modes.index(self.rules.get(rule, Mode.OFF)) < modes.index(m) for rule, m in other.rules.items())
        fewer = any({*getattr(other, name)} - {*getattr(self, name)} for name in ("questions", "parts", "teams"))
        looser = any(getattr(other, n) and not getattr(self, n) for n in ("special_questions", "all_dimensions"))
        return lifted or fewer or looser or (self.quorum or len(self.teams)) < (other.quorum or len(other.teams))

    def matches(
        self, severity: Severity, realisation: Realisation, kinds: tuple[IncidentKind, ...], service: str
    ) -> bool:
        """Whether this profile is for such a review; an empty condition matches everything."""
        return (
            (not self.severities or severity in self.severities)
            and (not self.realisations or realisation in self.realisations)
            and (not self.kinds or bool(set(self.kinds) & set(kinds)))
            and (not self.services or service in self.services)
        )


class Qualification(Record):
    """Which incidents get a review without being asked. Near misses and reviews opened by hand always do."""

    severities: tuple[Severity, ...]
    listed_services_only: bool = True
    shortest: PeriodText = Period()


class Clocks(Record):
    """How long things may take. A period is turned into a date once, when its clock starts."""

    quiet: dict[Severity, PeriodText]
    draft: dict[Severity, PeriodText]
    sign_off: dict[Severity, PeriodText]
    review: dict[Severity, PeriodText]
    item: dict[Severity, PeriodText]
    effectiveness: PeriodText
    answer: PeriodText = Field(
        default=Period(business_days=10), description="how long after that is waited for whether prevention worked"
    )
    triage: PeriodText = Field(
        default=Period(seconds=3600), description="a severity that is told and stands no longer does not count"
    )

    @model_validator(mode="after")
    def _every_severity(self) -> Self:
        for name in ("quiet", "draft", "sign_off", "review", "item"):
            missing = [s.value for s in Severity if s not in getattr(self, name)]
            if missing:
                raise ValueError(f"clocks.{name} says nothing for {', '.join(missing)}")
        return self


class WaiverTerms(Record):
    default: PeriodText
    longest: PeriodText
    renewals: int


class ExceptionTerms(Record):
    """How many waivers and accepted risks a SEV1 or SEV2 may stand on before the team that answers for risk agrees."""

    limit: int = Field(default=2, ge=0)
    risk: str | None = Field(default=None, description="the team that has to sign above the limit; none: no limit")


class Escalation(Record):
    """Who else is told of what is late, counted from its due date on."""

    lead: PeriodText = Field(default=Period(business_days=1), description="after which the team's lead is told too")
    further: PeriodText = Field(default=Period(business_days=5), description="after which `to` is told too")
    to: str | None = Field(default=None, description="a person's handle; none: whoever runs Holdfast")


class OnEarlyClose(StrEnum):
    """What happens when somebody closes an issue that is not done with: it is opened again, or only commented on."""

    REOPEN = "reopen"
    COMMENT = "comment"


class OnRegression(StrEnum):
    """What happens when an item of a closed review is open again in its tracker."""

    REOPEN = "reopen"
    TELL = "tell"


class Independence(StrEnum):
    """Who counts as a second person: a column of `lifecycle.independence`."""

    SMALL_TEAM = "small team"
    STANDARD = "standard"
    REGULATED = "regulated"


class Policy(Record):
    """Everything that a team may decide about its reviews."""

    name: str
    template: str = Field(default="", description="name and version of the template that sections and questions are of")
    qualifies: Qualification
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    profiles: tuple[Profile, ...]
    clocks: Clocks
    waivers: WaiverTerms
    exceptions: ExceptionTerms = ExceptionTerms()
    escalation: Escalation = Escalation()
    independence: Independence = Independence.STANDARD
    on_early_close: OnEarlyClose = OnEarlyClose.REOPEN
    on_declined: OnEarlyClose = Field(
        default=OnEarlyClose.COMMENT, description="when somebody closes the issue of a prevention item as not planned"
    )
    on_regression: OnRegression = OnRegression.REOPEN
    oldest_read: PeriodText = Field(
        default=Period(seconds=600), description="a read of the trackers older than this closes nothing"
    )

    @property
    def digest(self) -> str:
        """The name by which this policy is pinned."""
        return digest_of(self)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        questions, sections = [question.id for question in self.questions], [section.id for section in self.sections]
        for what, ids in (("questions", questions), ("sections", sections)):
            twice = sorted({id for id in ids if ids.count(id) > 1})
            if twice:
                raise ValueError(f"{what}: {', '.join(twice)} is there twice")
        for profile in self.profiles:
            unknown = sorted(set(profile.questions) - set(questions))
            if unknown:
                raise ValueError(f"profile {profile.name!r} asks unknown questions: {', '.join(unknown)}")
            unknown = sorted(set(profile.parts) - set(sections))
            if unknown:
                raise ValueError(f"profile {profile.name!r} asks for unknown sections: {', '.join(unknown)}")
            if profile.quorum is not None and profile.quorum > len(profile.teams):
                raise ValueError(
                    f"profile {profile.name!r} wants {profile.quorum} of {len(profile.teams)} teams to sign"
                )
        last = self.profiles[-1] if self.profiles else None
        if last is None or last.severities or last.realisations or last.kinds or last.services:
            raise ValueError("the last profile must be for every review, so that none is left without rules")
        return self

    def profile_for(
        self, severity: Severity, realisation: Realisation, kinds: tuple[IncidentKind, ...], service: str
    ) -> Profile:
        """The first profile that matches; the last one is for every review."""
        return next(p for p in self.profiles if p.matches(severity, realisation, kinds, service))
