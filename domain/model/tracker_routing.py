"""Which tracker project takes an item: decided by routes once, when the item is accepted, and recorded with it."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from domain.model.taxonomy import Outcome
from domain.model.values import Line, Record

_PLACE = re.compile(r"([a-z][a-z0-9_]*)(?::(\S+))?")


class Place(Record):
    """A project in a tracker. As text: `tracker:project`, or `builtin`, which has one project."""

    tracker: Line
    project: Line = "default"

    def __str__(self) -> str:
        return f"{self.tracker}:{self.project}"

    def issue_key(self, name: str) -> str:
        """What people call an issue here in full: a bare number is that of this project's own."""
        number = name.removeprefix("#")
        is_number = number.isascii() and number.isdigit()
        return KEY_FORMS.get(self.tracker, "{number}").format(place=self, number=number) if is_number else name


KEY_FORMS = {"github": "{place.project}#{number}", "jira": "{place.project}-{number}", "builtin": "HF-{number}"}
"""How the trackers write the key of an issue, by its project and number."""


def _read_place(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _PLACE.fullmatch(value.strip())
    if match is None:
        raise ValueError(
            f"{value!r} is not a place; write one like 'builtin', 'github:owner/repository' or 'jira:ACME'"
        )
    return Place(tracker=match[1], project=match[2]) if match[2] else Place(tracker=match[1])


PlaceText = Annotated[Place, BeforeValidator(_read_place)]
"""A `Place` that reads itself from text."""


class Route(Record):
    """Where matching items go. A condition that is left out matches everything; each that is given has to."""

    to: PlaceText
    services: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = Field(default=(), description="of an item; a review as a whole has none")
    private: bool = Field(default=False, description="for private reviews, and for no other")

    def matches(self, service: str, models: tuple[str, ...], team: str | None, outcome: Outcome | None) -> bool:
        """Whether an item like this goes here."""
        return (
            (not self.services or service in self.services)
            and (not self.models or bool(set(self.models) & set(models)))
            and (not self.teams or team in self.teams)
            and (not self.outcomes or outcome in self.outcomes)
        )


_OURS = Place(tracker="builtin")


class Routing(Record):
    """The routes in force, in order, and where everything else goes."""

    default: PlaceText = Place(tracker="builtin")
    trackers: tuple[str, ...] = Field(default=(), description="those that can be used; none: nobody has said")
    routes: tuple[Route, ...] = ()

    def place_for(
        self,
        service: str,
        models: tuple[str, ...] = (),
        team: str | None = None,
        outcome: Outcome | None = None,
        private: bool = False,
    ) -> Place:
        """The place of the first route that matches; what is private goes to a private one, else stays with us."""
        routes = (route for route in self.routes if route.private is private)
        found = (route.to for route in routes if route.matches(service, models, team, outcome))
        return next(found, _OURS if private else self.default)

    def kept_private(
        self,
        place: Place | None,
        service: str,
        models: tuple[str, ...] = (),
        team: str | None = None,
        outcome: Outcome | None = None,
    ) -> Place:
        """The same place where it is private, else the private one that takes this."""
        if place is not None and self.is_private(place):
            return place
        return self.place_for(service, models, team, outcome, private=True)

    def is_private(self, place: Place) -> bool:
        """Whether what goes there is seen only by who may: in our own tracker, and where the settings say so."""
        return place.tracker == _OURS.tracker or any(route.private and route.to == place for route in self.routes)

    def refused(self, place: Place | None, private: bool = False) -> str | None:
        """Why nothing, or nothing `private`, can be sent to a place."""
        if place is not None and private and not self.is_private(place):
            return f"The review is private, and {place} is not: only places that the settings mark private take it."
        if place is None or not self.trackers or place.tracker in self.trackers:
            return None
        return f"No tracker called {place.tracker} is set up; there are {', '.join(self.trackers)}."

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place that something can be sent to, each once."""
        return tuple(dict.fromkeys((self.default, *(route.to for route in self.routes))))
