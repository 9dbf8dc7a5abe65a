"""The template: what a draft of a review is made of, and what it is asked, as data.

It is part of the policy in force, and so is pinned to a review with it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import Field, model_validator

from domain.model.taxonomy import IncidentKind
from domain.model.values import Line, Record

SECTIONS = (
    "summary",
    "background",
    "impact",
    "versions",
    "detection",
    "timeline",
    "safeguards",
    "causes",
    "extent",
    "items",
    "failure_modes",
)
"""The sections that a draft can have beside its answers, in the order in which they are read."""


ANSWER = "answer:"
"""How the section of an answer is called, before the id of its question."""


class Section(Record):
    """A part of the draft that teams sign. Without `teams` it concerns every team."""

    id: str
    title: str
    teams: tuple[str, ...] = ()
    about: str = Field(default="", description="what belongs there, for whoever writes it")


class Question(Record):
    """A question that a draft answers; each is a section of its own."""

    id: str
    prompt: str
    kinds: tuple[IncidentKind, ...] = Field(default=(), description="asked only for these kinds; empty: for every kind")
    teams: tuple[str, ...] = ()
    about: str = Field(default="", description="what a good answer says, for whoever writes it")
    services: tuple[str, ...] = Field(default=(), description="asked only for these services; empty: for every service")

    @property
    def is_special(self) -> bool:
        """Whether it is asked of some reviews only, and so of those without being named in a profile."""
        return bool(self.kinds or self.services)

    def suits(self, kinds: Sequence[IncidentKind], service: str) -> bool:
        """Whether it is meant for incidents of these kinds of that service."""
        return (not self.kinds or bool(set(self.kinds) & set(kinds))) and (
            not self.services or service in self.services
        )


class Template(Record):
    """Sections and questions, under a name and a version. A changed template is a new version."""

    name: Line
    version: int = Field(ge=1)
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]

    @model_validator(mode="after")
    def _sections_are_known(self) -> Self:
        unknown = [section.id for section in self.sections if section.id not in SECTIONS]
        if unknown:
            raise ValueError(f"sections: there is no {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
        return self


class Additions(Record):
    """Questions that a team adds: their ids begin with the name of the team, so that nobody takes another's."""

    team: Line
    questions: tuple[Question, ...]

    @model_validator(mode="after")
    def _ids_are_its_own(self) -> Self:
        for number, question in enumerate(self.questions):
            if not question.id.startswith(f"{self.team}."):
                raise ValueError(f"questions.{number}.id: {question.id!r} has to begin with '{self.team}.'")
            if not question.is_special:
                raise ValueError(
                    f"questions.{number}: {question.id} has to say for which services or kinds it is asked"
                )
        return self


def completed(policy: Mapping[str, Any], template: Template, additions: Sequence[Additions] = ()) -> dict[str, Any]:
    """A policy, as it is written, with the template in it; sections and questions of its own come before those."""
    added = [question.model_dump(mode="json") for more in additions for question in more.questions]
    written = template.model_dump(mode="json")
    return {
        "template": f"{template.name}@{template.version}",
        "sections": written["sections"],
        **policy,
        "questions": [*policy.get("questions", written["questions"]), *added],
    }
