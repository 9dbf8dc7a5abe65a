"""Settings, from the environment (`HOLDFAST_…`, also in `.env`) and from `holdfast.yaml`, in this order."""

import os
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSettingError
from yaml import YAMLError

CONFIG_VARIABLE = "HOLDFAST_CONFIG"


class SettingsError(Exception):
    """A setting cannot be used; the message names it and says what was expected."""


def malformed(path: Path, error: YAMLError) -> SettingsError:
    """What is wrong with a file that is no YAML, and where."""
    place = getattr(error, "problem_mark", None)
    where = f", line {place.line + 1}" if place else ""
    return SettingsError(f"{path}{where}: {getattr(error, 'problem', None) or 'not YAML'}.")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TemporalSettings(_Part):
    """The Temporal service that `worker` and `web` connect to. `up` and `demo` bring their own."""

    address: str = Field(default="127.0.0.1:7233", description="host and port")
    namespace: str = "default"
    tls: bool = False
    api_key: SecretStr | None = Field(default=None, description="for Temporal Cloud")
    client_cert: Path | None = Field(default=None, description="for mTLS, PEM")
    client_key: Path | None = Field(default=None, description="for mTLS, PEM")
    embedded: bool = Field(default=False, description="set by `up` and `demo`: no TLS, no key, no certificate")


class EngineSettings(_Part):
    """The embedded Temporal server of `up` and `demo`."""

    port: int = 7233
    ui_port: int = 8233


class WebSettings(_Part):
    """Where the web app listens. Without an identity provider it stays on loopback."""

    host: str = "127.0.0.1"
    port: int = 8585
    public_url: str | None = Field(default=None, description="how others reach it; links in issues use it")
    allowed_hosts: list[str] = Field(default=["127.0.0.1", "localhost", "[::1]"], description="Host headers to answer")

    @property
    def local_url(self) -> str:
        """How it is reached where it runs."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


SeverityName = Literal["SEV1", "SEV2", "SEV3", "SEV4"]


class GithubAppSettings(_Part):
    """A GitHub App, in place of a token."""

    id: str
    private_key: SecretStr = Field(description="PEM, as GitHub gave it out")
    installation: int | None = Field(default=None, description="none: found for each owner")


class GithubSettings(_Part):
    token: SecretStr | None = Field(default=None, description="may read and write issues of the named repositories")
    app: GithubAppSettings | None = Field(default=None, description="in place of a token")
    api_url: str = "https://api.github.com"
    webhook_secret: SecretStr | None = Field(default=None, description="what GitHub's webhooks are signed with")
    new_per_minute: int = Field(default=60, gt=0, description="how many issues are made a minute; GitHub allows 80")


class JiraSettings(_Part):
    """Jira Cloud (an e-mail address and an API token, or OAuth) or Data Center (a personal access token)."""

    url: str | None = Field(default=None, description="https://acme.atlassian.net, or that of your Data Center")
    deployment: Literal["cloud", "data_center"] = "cloud"
    email: str | None = Field(default=None, description="whose API token it is; Cloud")
    token: SecretStr | None = Field(default=None, description="an API token, a personal access token, or OAuth's")
    cloud_id: str | None = Field(default=None, description="for OAuth: the id of the site")
    oauth_url: str = Field(default="https://api.atlassian.com/ex/jira", description="for OAuth: where requests go")
    webhook_secret: SecretStr | None = Field(default=None, description="what Jira's webhooks are signed with")
    issue_type: str = "Task"
    priorities: dict[SeverityName, str] = Field(default={}, description="Jira's priority for each severity")
    components: dict[str, list[str]] = Field(default={}, description="Jira's components for each of our services")
    fields: dict[str, Any] = Field(default={}, description="other fields that your projects require, and their values")
    done_resolutions: list[str] = Field(default=["Done", "Fixed", "Resolved"], description="which count as done")
    done_statuses: list[str] = Field(default=["Done"], description="which count as done without a resolution")
    duplicate_resolutions: list[str] = ["Duplicate"]
    declined_resolution: str = Field(default="Won't Do", description="how an item is closed that was withdrawn")
    blocks_link_type: str = Field(default="Blocks", description="the type of link that says that one blocks another")
    search_lag: timedelta = Field(
        default=timedelta(minutes=2), description="after a create without an answer: how long search may not show it"
    )
    new_per_minute: int = Field(default=60, gt=0, description="how many issues are made a minute")


class RouteSettings(_Part):
    """Where matching items go; the first that matches counts. What is left out matches everything."""

    to: str = Field(description="`builtin`, `github:owner/repository` or `jira:PROJECT`")
    services: list[str] = []
    models: list[str] = []
    teams: list[str] = []
    outcomes: list[str] = Field(default=[], description="of an item, such as monitoring_or_alerts")
    private: bool = Field(default=False, description="only who may see private reviews sees it; takes nothing else")


class TrackerSettings(_Part):
    """Where action items go. A service in the catalogue can name its own place; routes come before that."""

    default: str = Field(default="builtin", description="`builtin`, `github:owner/repository` or `jira:PROJECT`")
    routes: list[RouteSettings] = []
    sync_every: timedelta = Field(default=timedelta(minutes=5), description="how often a project is asked for changes")
    sweep_every: timedelta = Field(
        default=timedelta(days=1), description="how often every open issue is read, for what lists do not show"
    )
    github: GithubSettings = GithubSettings()
    jira: JiraSettings = JiraSettings()


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as 'Europe/Berlin' or 'UTC'") from None
    return name


def _hours(text: str) -> str:
    begin, dash, end = text.partition("-")
    try:
        time.fromisoformat(begin), time.fromisoformat(end)
    except ValueError:
        dash = ""
    if not dash:
        raise ValueError("must be two times of day, such as '22:00-07:00'")
    return text


ZoneName = Annotated[str, AfterValidator(_zone)]
QuietHours = Annotated[str, AfterValidator(_hours)]


class RecipientSettings(_Part):
    """How somebody is told something. What is left out is as for all."""

    channels: list[SecretStr] = Field(default=[], description="addresses as Apprise writes them; they hold secrets")
    quiet_hours: QuietHours | None = None
    time_zone: ZoneName | None = Field(default=None, description="none: that of the team in the catalogue, or of all")


class NotifySettings(_Part):
    """Who is told what is asked of them, and when. Without any channel the pages alone say it."""

    admin: RecipientSettings = Field(default=RecipientSettings(), description="who runs Holdfast")
    approvers: RecipientSettings = Field(default=RecipientSettings(), description="who approves requests")
    teams: dict[str, RecipientSettings] = Field(default={}, description="by id in the catalogue")
    people: dict[str, RecipientSettings] = Field(default={}, description="by handle, such as an e-mail address")
    quiet_hours: QuietHours = Field(default="22:00-07:00", description="when nothing is sent; 00:00-00:00: never quiet")
    time_zone: ZoneName = Field(default="UTC", description="by whose clock hours and days are meant")
    digest_day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    digest_hour: int = Field(default=9, ge=0, le=23, description="when teams get their week; by their clock")


class PagerDutySettings(_Part):
    secrets: list[SecretStr] = Field(default=[], description="signing secrets of the webhook; several while rotating")
    severities: dict[str, SeverityName] = Field(
        default={"P1": "SEV1", "P2": "SEV2", "P3": "SEV3", "P4": "SEV4", "P5": "SEV4"},
        description="our severity for each of PagerDuty's priorities",
    )
    unmapped: SeverityName = Field(default="SEV2", description="severity of an incident without a known priority")


class EvidenceSettings(_Part):
    """Copies of evidence, such as of what `/holdfast verify ADDRESS` names."""

    hosts: list[str] = Field(default=[], description="hosts that copies are fetched from, such as ci.example.org")


class IncidentSettings(_Part):
    """The generic way in, for everything that can send CloudEvents."""

    token: SecretStr | None = Field(default=None, description="bearer token that senders have to bring")


RoleName = Literal["reader", "contributor", "signer", "approver", "auditor", "admin"]


class HeldSettings(_Part):
    """What somebody has by their handle, whatever their identity provider says."""

    roles: list[RoleName] = []
    teams: list[str] = []


class SignInSettings(_Part):
    """The identity provider (OpenID Connect) by which people sign in, and what its claims mean here."""

    issuer: str | None = Field(default=None, description="its address; none: nobody signs in, on this machine only")
    client_id: str = ""
    client_secret: SecretStr | None = Field(default=None, description="none for a public client")
    scopes: list[str] = ["openid", "profile", "email"]
    roles_claim: str = Field(default="groups", description="which claim gives roles; a path such as realm_access.roles")
    teams_claim: str = Field(default="groups", description="which claim gives teams")
    github_claim: str | None = Field(default=None, description="which claim holds the GitHub login")
    jira_claim: str | None = Field(default=None, description="which claim holds the Jira account")
    trust_email: bool = Field(default=False, description="the provider verifies every e-mail, and does not say so")
    everyone: list[RoleName] = Field(default=["reader"], description="what everybody has who signs in")
    roles: dict[RoleName, list[str]] = Field(default={}, description="for each role, the values of its claim")
    teams: dict[str, list[str]] = Field(default={}, description="for each team, the values of its claim")
    people: dict[str, HeldSettings] = Field(default={}, description="roles and teams by handle, of machines too")
    session: timedelta = Field(default=timedelta(hours=12), description="how long a session lasts at most")
    idle: timedelta = Field(default=timedelta(hours=2), description="how long it lasts unused")
    claims_last: timedelta = Field(
        default=timedelta(days=30),
        description="after the last sign-in: how long its claims count for tokens, and for comments in trackers",
    )

    def memberships(self) -> dict[str, Any]:
        """What claims and handles give, as `domain.people.memberships.Memberships` has it."""
        return self.model_dump(include={"everyone", "roles", "teams", "people", "claims_last"})


class Settings(BaseSettings):
    """All settings, with defaults that work on one machine without any."""

    model_config = SettingsConfigDict(
        env_prefix="HOLDFAST_",
        env_nested_delimiter="__",
        env_file=".env",
        env_ignore_empty=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    data_dir: Path = Field(
        default=Path(".holdfast"), description="where the embedded engine and SQLite keep their files"
    )
    database_url: SecretStr | None = Field(
        default=None, description="sqlite:///FILE or postgresql://…; none: a SQLite file in data_dir"
    )
    catalogue: Path = Path("catalogue.yaml")
    policy: Path | None = Field(default=None, description="a file, or `small team` or `regulated`; none: the default")
    template: Path | None = Field(default=None, description="what a draft is made of; none: the default template")
    questions: list[Path] = Field(default=[], description="files with questions that teams add to the template")
    temporal: TemporalSettings = TemporalSettings()
    engine: EngineSettings = EngineSettings()
    web: WebSettings = WebSettings()
    trackers: TrackerSettings = TrackerSettings()
    pagerduty: PagerDutySettings = PagerDutySettings()
    evidence: EvidenceSettings = EvidenceSettings()
    incidents: IncidentSettings = IncidentSettings()
    notify: NotifySettings = NotifySettings()
    sign_in: SignInSettings = SignInSettings()
    token: SecretStr | None = Field(default=None, description="an API token, which the command line brings along")

    @property
    def database(self) -> str:
        """The address of the database, with its password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir.absolute() / 'records.db'}"

    @property
    def url(self) -> str:
        """How the web app is reached."""
        return (self.web.public_url or self.web.local_url).rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment counts before `.env`, and that before the file."""
        file = YamlConfigSettingsSource(settings_cls, yaml_file=config_path())
        return init_settings, env_settings, _DotEnv(settings_cls), file


class _DotEnv(DotEnvSettingsSource):
    """`.env` as an environment: what others keep there is none of our business, and no mistake in our settings."""

    def __call__(self) -> dict[str, Any]:
        return EnvSettingsSource.__call__(self)


def config_path() -> Path:
    """The configuration file: what `HOLDFAST_CONFIG` names, else `holdfast.yaml` here."""
    return Path(os.environ.get(CONFIG_VARIABLE, "holdfast.yaml"))


def load_settings(**overrides: Any) -> Settings:
    """Read the settings. Raises `SettingsError`, which names every setting that is wrong, and quotes no value."""
    named = os.environ.get(CONFIG_VARIABLE)
    if named and not Path(named).is_file():
        raise SettingsError(f"{CONFIG_VARIABLE} names {named}, which is not there.")
    try:
        return Settings(**overrides)
    except YAMLError as error:
        raise malformed(config_path(), error) from None
    except UnreadableSettingError as error:
        raise SettingsError(f"{error}: lists and mappings in the environment are written as JSON.") from None
    except ValidationError as error:
        wrong = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors(include_input=False)]
        raise SettingsError("; ".join(wrong)) from None
    except (TypeError, ValueError):  # what the reader of the file raises where it holds anything but a mapping
        raise SettingsError(f"{config_path()} has to hold settings by name, such as `web: {{port: 8585}}`.") from None
