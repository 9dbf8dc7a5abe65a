"""The catalogue: which models, services, pipelines and teams there are, and who answers for them."""

from collections.abc import Iterable, Sequence
from typing import Self

from pydantic import Field, model_validator

from domain.model.values import PeriodText, Record, ZoneName


class Team(Record):
    title: str
    lead: str = Field(description="the handle of the team's lead, such as an e-mail address")
    time_zone: ZoneName = Field(default="UTC", description="by which its due dates are counted")
    country: str | None = Field(default=None, description="whose holidays are no business days, such as `DE`")
    subdivision: str | None = Field(default=None, description="the part of the country, such as `BY`")


class Service(Record):
    title: str
    team: str
    tracker: str | None = Field(default=None, description="tracker project for its items; none: the default tracker")
    source_ids: tuple[str, ...] = Field(default=(), description="ids of this service at the incident sources")
    roles: dict[str, str] = Field(default={}, description="the team that holds a role for this service, if another one")


class Model(Record):
    title: str
    services: tuple[str, ...]
    pipelines: tuple[str, ...] = ()
    team: str
    registry_name: str | None = None
    label_lag: PeriodText | None = None


class Person(Record):
    """How the trackers and the sources of incidents call somebody."""

    github: str | None = Field(default=None, description="login")
    jira: str | None = Field(default=None, description="account id on Jira Cloud, user name on Data Center")
    pagerduty: str | None = Field(default=None, description="id of the user, such as PTUXL6G")


class Catalogue(Record):
    """What `catalogue.yaml` says. References between its parts are checked when it is read."""

    teams: dict[str, Team] = {}
    roles: dict[str, str] = Field(
        default={}, description="which team holds a role that the policy names, such as `ml`; none: the team called so"
    )
    people: dict[str, Person] = Field(default={}, description="by handle, such as an e-mail address")
    services: dict[str, Service] = {}
    models: dict[str, Model] = {}
    pipelines: dict[str, str] = Field(default={}, description="shared pipelines: id and title")

    @model_validator(mode="after")
    def _references_hold(self) -> Self:
        wrong = [
            f"services.{name}.team: {service.team!r} is not in teams"
            for name, service in self.services.items()
            if service.team not in self.teams
        ]
        held = {"roles": self.roles} | {f"services.{name}.roles": s.roles for name, s in self.services.items()}
        wrong += [
            f"{where}.{role}: {team!r} is not in teams"
            for where, roles in held.items()
            for role, team in roles.items()
            if team not in self.teams
        ]
        for name, model in self.models.items():
            if model.team not in self.teams:
                wrong.append(f"models.{name}.team: {model.team!r} is not in teams")
            wrong += [
                f"models.{name}.services: {s!r} is not in services" for s in model.services if s not in self.services
            ]
            wrong += [
                f"models.{name}.pipelines: {p!r} is not in pipelines"
                for p in model.pipelines
                if p not in self.pipelines
            ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def service_named(self, source_id: str) -> str:
        """Our id of a service that a source calls `source_id`; that id itself where the catalogue has none."""
        for name, service in self.services.items():
            if source_id == name or source_id in service.source_ids:
                return name
        return source_id

    def unlisted(self, service: str | None, models: Sequence[str]) -> tuple[str, ...]:
        """Why nobody can mean this service (if any) and these models; where none are listed, any may be meant."""
        reasons = []
        if self.services and service is not None and service not in self.services:
            reasons.append(f"service: {service} is not in the catalogue; it lists {_these(self.services)}.")
        strange = [model for model in models if self.models and model not in self.models]
        if strange:
            are = "is" if len(strange) == 1 else "are"
            reasons.append(f"models: {_these(strange)} {are} not in the catalogue; it lists {_these(self.models)}.")
        return tuple(reasons)

    def models_of(self, service: str) -> tuple[str, ...]:
        """The models that run behind a service, in order of id."""
        return tuple(sorted(name for name, model in self.models.items() if service in model.services))

    def sharing(self, models: Sequence[str]) -> tuple[str, ...]:
        """The other models that share a pipeline or a service with these, in order of id.

        Where the same cause may be, it has to be looked for (ISO/IEC 42001:2023, 10.2).
        """
        known = [self.models[model] for model in models if model in self.models]
        services = {service for model in known for service in model.services}
        pipelines = {pipeline for model in known for pipeline in model.pipelines}
        return tuple(
            sorted(
                name
                for name, model in self.models.items()
                if name not in models and (services & set(model.services) or pipelines & set(model.pipelines))
            )
        )

    def team_of(self, service: str) -> str | None:
        """The team that answers for a service; none for a service that is not listed."""
        return self.services[service].team if service in self.services else None

    def roles_for(self, service: str) -> dict[str, str]:
        """Which team holds each role for a service, of the roles that another team holds than the one called so."""
        return self.roles | (self.services[service].roles if service in self.services else {})

    def lead_of(self, service: str) -> str | None:
        """The handle of the lead of the team that answers for a service."""
        team = self.team_of(service)
        return self.teams[team].lead if team else None

    @property
    def handles(self) -> frozenset[str]:
        """Everybody whom it names, in small letters."""
        return frozenset(one.casefold() for one in (*self.people, *(team.lead for team in self.teams.values())))

    def account_of(self, handle: str, tracker: str) -> str | None:
        """How a tracker calls a person, none where the catalogue does not say; the built-in one calls all by handle."""
        if tracker == "builtin":
            return handle
        person = next((p for name, p in self.people.items() if name.casefold() == handle.strip().casefold()), None)
        return getattr(person, tracker, None) if person else None

    def handle_of(self, account: str, tracker: str) -> str | None:
        """Whose account that is in a tracker or at a source; none where the catalogue does not say."""
        if tracker == "builtin":
            return account
        if tracker not in Person.model_fields:
            return None
        known = ((name, getattr(p, tracker) or "") for name, p in self.people.items())
        return next((name for name, called in known if called.casefold() == account.casefold()), None)

    def tracker_for(self, service: str) -> str | None:
        """The tracker project that takes the items of a service, where the catalogue names one."""
        return self.services[service].tracker if service in self.services else None


def _these(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
