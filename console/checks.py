"""What `holdfast check` looks at: for each setting, whether it can be used, and what to do where it cannot.

Looking changes nothing: no schema is brought up to date, no file is made, nothing is written to a tracker.
"""

import asyncio
import tempfile
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr, TypeAdapter
from sqlalchemy.exc import SQLAlchemyError

from building.files import read_catalogue, read_policy, read_routing
from building.recipients import told_by_name
from building.trackers import build_trackers
from console.exposure import why_not
from console.mistakes import in_words
from console.reaching import engine_of_up, is_default, reach
from console.recordkeeping import sqlite_file
from console.serving import identity_provider
from domain.catalogue import Catalogue
from domain.notices import ADMIN
from domain.places import Place, PlaceText
from domain.policy import Policy
from domain.ports import IssueTracker, TrackerError
from domain.rules import RULES
from domain.values import Record
from integrations.notifiers.apprise import address_fault
from integrations.openid import ProviderError
from records.database import Database, DatabaseError
from records.engines import Engines, Ownership
from records.store import Records
from runtime.settings import Settings, SettingsError, TrackerSettings, config_path, load_settings
from runtime.temporal import EngineAwayError, engine_id
from web.sign_in import CALLBACK
from web.wording import counted, listed

PATIENCE = 10
"""Seconds that Temporal has to answer."""

_PLACE: TypeAdapter[Place] = TypeAdapter(PlaceText)


class Level(StrEnum):
    """How a check went. Only `wrong` keeps Holdfast from working as it is set up."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


class Checked(Record):
    """What was found about one setting; `todo` is empty where nothing is to be done."""

    what: str
    level: Level
    found: str
    todo: str = ""


def ok(what: str, found: str) -> Checked:
    """All is well."""
    return Checked(what=what, level=Level.OK, found=found)


def warn(what: str, found: str, todo: str) -> Checked:
    """It works, and perhaps not as was meant."""
    return Checked(what=what, level=Level.WARN, found=found, todo=todo)


def wrong(what: str, found: str, todo: str) -> Checked:
    """It does not work."""
    return Checked(what=what, level=Level.WRONG, found=found, todo=todo)


def look() -> list[Checked]:
    """Look at everything; where the settings cannot be read, at nothing else."""
    try:
        settings = load_settings()
    except SettingsError as error:
        return [
            wrong(
                "settings",
                in_words(error, Settings),
                "Correct it, and check again: nothing else was looked at.",
            )
        ]
    file = config_path()
    sources = [str(file) if file.is_file() else "defaults", *([".env"] if Path(".env").is_file() else [])]
    return [
        ok("settings", f"Read from {listed([*sources, 'the environment'])}."),
        *catalogue(settings),
        *policy(settings),
        database(settings),
        asyncio.run(temporal(settings)),
        *trackers(settings),
        *doors(settings),
        *notify(settings),
        sign_in(settings),
    ]


def catalogue(settings: Settings) -> list[Checked]:
    """Whether the catalogue can be read, and is there."""
    path = settings.catalogue
    if not path.is_file():
        found = f"{path} is not there, so no incident qualifies for a review by itself."
        return [warn("catalogue", found, "Copy catalogue.example.yaml to it and name your services.")]
    try:
        read = read_catalogue(path)
    except SettingsError as error:
        return [wrong("catalogue", in_words(error, Catalogue, path), "Correct the file.")]
    if not read.services:
        return [
            warn("catalogue", f"{path} names no service, so no incident qualifies by itself.", "Add your services.")
        ]
    counts = f"{len(read.services)} services, {len(read.models)} models, {len(read.teams)} teams"
    return [ok("catalogue", f"{path}: {counts}.")]


def policy(settings: Settings) -> list[Checked]:
    """Whether the policy can be read, and this release knows every rule that it names."""
    try:
        read = read_policy(settings)
    except SettingsError as error:
        found = in_words(error, Policy, settings.policy)
        return [wrong("policy", found, "Correct the file, or leave `policy` out for the default policy.")]
    known = ", ".join(sorted(RULES))
    unknown = [
        wrong(
            "policy",
            f"{_profiles(read, rule)} the rule {rule}, which this release does not know.",
            f"It would block every such review. Known are {known}.",
        )
        for rule in dict.fromkeys(rule for profile in read.profiles for rule in profile.rules)
        if rule not in RULES
    ]
    return unknown or [ok("policy", f"{read.name!r} ({settings.policy or 'the default'}), {read.digest[:19]}.")]


def _profiles(policy: Policy, rule: str) -> str:
    named = [repr(profile.name) for profile in policy.profiles if rule in profile.rules]
    return f"Profile {named[0]} names" if len(named) == 1 else f"Profiles {listed(named)} name"


def database(settings: Settings) -> Checked:
    """Whether the database answers, and has the schema of this release."""
    if not _is_there(settings):
        return ok("database", f"{sqlite_file(settings)} is not there yet; the first start makes it.")
    try:
        opened = Database(settings.database)
        current = opened.schema_is_current()
        opened.close()
    except (DatabaseError, SQLAlchemyError, OSError) as error:
        return wrong(
            "database", str(error), "Set database_url to sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DB."
        )
    if not current:
        return warn("database", f"{opened.shown} has an older schema.", "Run `holdfast records migrate`.")
    return ok("database", f"{opened.shown} answers, and its schema is current.")


def _is_there(settings: Settings) -> bool:
    file = sqlite_file(settings)
    return file is None or Path(file).is_file()


def _owner(settings: Settings) -> Ownership | None:
    """The engine that owns the records, where there are any that can be read."""
    if not _is_there(settings):
        return None
    try:
        opened = Database(settings.database)
        try:
            return Engines(opened).owner()
        finally:
            opened.close()
    except (DatabaseError, SQLAlchemyError, OSError):
        return None


async def temporal(settings: Settings) -> Checked:
    """Whether Temporal answers, and is the engine that the records belong to."""
    what, address = "temporal", settings.temporal.address
    try:
        async with asyncio.timeout(PATIENCE):
            reached = await reach(settings)
            found = await engine_id(reached.client)
    except TimeoutError:
        return wrong(what, f"{address} did not answer within {PATIENCE} seconds.", "Set temporal.address, or its TLS.")
    except EngineAwayError as error:
        if is_default(settings):
            here = engine_of_up(settings).address
            places = listed(list(dict.fromkeys((address, here))))
            todo = "Nothing, for `holdfast up`: it brings its own. Else start Temporal, or set temporal.address."
            return warn(what, f"It is not running now (looked at {places}).", todo)
        return wrong(what, str(error), "Start it, or set temporal.address (host:port).")
    except SettingsError as error:
        return wrong(what, str(error), "Correct it.")
    address, instead = reached.address, ""
    if reached.instead_of:
        instead = f" It is the engine of `holdfast up`; nothing answers at {reached.instead_of}."
    owner = await asyncio.to_thread(_owner, settings)
    if owner is not None and owner.engine_id != found:
        since = f"since {owner.since:%d %b %Y %H:%M} UTC"
        return wrong(
            what,
            f"{address} answers, and the records belong to another engine ({since}).{instead}",
            "Go back to that engine, or stop its workers and run `holdfast recover`.",
        )
    return ok(what, f"{address}, namespace {settings.temporal.namespace}, answers.{instead}")


def trackers(settings: Settings) -> list[Checked]:
    """Whether Holdfast can work with every tracker project that the settings and the catalogue name."""
    try:
        read = read_catalogue(settings.catalogue)
    except SettingsError:
        return [warn("trackers", "Not looked at, since the catalogue cannot be read.", "Correct that first.")]
    try:
        routing = read_routing(settings, read)
    except SettingsError as error:
        return [wrong("trackers", str(error), "Write `builtin`, `github:owner/repository` or `jira:PROJECT`.")]
    faults = signing_in(settings)
    checked = [*faults, *routes(settings, read)]
    with tempfile.TemporaryDirectory() as empty:
        records = Records(Database(f"sqlite:///{empty}/records.db"))
        try:
            built = build_trackers(_without(settings, faults), records)
            for place in routing.places:
                checked += _place(settings, place, built, _named_by(settings, read, place))
        except SettingsError as error:
            checked.append(wrong("trackers", str(error), "Correct it; no tracker project was tried."))
        finally:
            records.database.close()
    return [*checked, *hearing(settings, routing.places)]


def _without(settings: Settings, faults: Sequence[Checked]) -> Settings:
    """The settings without those trackers that cannot sign in, so that the others can be tried all the same."""
    faulty = {fault.what.rpartition(".")[2] for fault in faults}
    unset = {name: part for name, part in TrackerSettings() if name in faulty}
    return settings.model_copy(update={"trackers": settings.trackers.model_copy(update=unset)})


def _place(settings: Settings, place: Place, built: Mapping[str, IssueTracker], named_by: str) -> list[Checked]:
    """What is wrong with one place, and what to change."""
    what, tracker = f"tracker {place}", built.get(place.tracker)
    if tracker is None:
        ready = ", ".join(sorted(built))
        found = f"There is no tracker {place.tracker!r} set up; ready are {ready}. {named_by} names it."
        return [wrong(what, found, _to_set_up(settings, place.tracker))]
    try:
        said = tracker.check(place.project)
    except TrackerError as error:
        said = [f"It cannot be looked at: {error}"]
    if not said:
        return [ok(what, "It can be worked with.")]
    todo = f"Until then its items cannot be opened. {named_by} names it."
    return [wrong(what, sentence, todo) for sentence in said]


def _named_by(settings: Settings, catalogue: Catalogue, place: Place) -> str:
    """The settings that send something to a place."""
    named = {"trackers.default": settings.trackers.default}
    named |= {f"trackers.routes.{number}.to": route.to for number, route in enumerate(settings.trackers.routes)}
    named |= {
        f"services.{name}.tracker of the catalogue": to
        for name in catalogue.services
        if (to := catalogue.tracker_for(name))
    }
    return listed([name for name, text in named.items() if _PLACE.validate_python(text) == place])


def _to_set_up(settings: Settings, tracker: str) -> str:
    if tracker == "github" and settings.trackers.github.app is not None:
        return "Leave out trackers.github.token or trackers.github.app."
    if tracker == "github":
        return "Set trackers.github.token (HOLDFAST_TRACKERS__GITHUB__TOKEN), or trackers.github.app."
    if tracker == "jira":
        lacking = listed([f"trackers.jira.{name}" for name in _lacking_of_jira(settings)])
        return f"Set {lacking}." if lacking else "Correct the settings under trackers.jira."
    return "Write `builtin`, `github:owner/repository` or `jira:PROJECT`."


def _lacking_of_jira(settings: Settings) -> list[str]:
    """What signing in to Jira needs beside what is set."""
    jira = settings.trackers.jira
    lacking = [] if jira.url else ["url"]
    lacking += [] if _is_set(jira.token) else ["token"]
    if jira.deployment == "cloud" and not jira.email and not jira.cloud_id:
        lacking.append("email (or cloud_id, for OAuth)")
    return lacking


def signing_in(settings: Settings) -> list[Checked]:
    """Whether what is set of a tracker's credential is whole, and says one thing."""
    github, jira, checked = settings.trackers.github, settings.trackers.jira, []
    if github.app is not None and _is_set(github.token):
        found = "Both a token and an App are set, and only one can sign in."
        checked.append(wrong("trackers.github", found, "Leave out trackers.github.token or trackers.github.app."))
    begun = [name for name in ("url", "token", "email", "cloud_id") if getattr(jira, name)]
    lacking = _lacking_of_jira(settings)
    if begun and lacking:
        is_set = listed([f"trackers.jira.{name}" for name in begun])
        todo = f"Set {listed([f'trackers.jira.{name}' for name in lacking])}."
        checked.append(wrong("trackers.jira", f"It is half set up: {is_set} alone cannot sign in.", todo))
    elif begun and jira.deployment == "cloud" and jira.email and jira.cloud_id:
        todo = "Leave out cloud_id, for an API token; or email, for OAuth."
        checked.append(wrong("trackers.jira", "Both email and cloud_id are set: they are two ways to sign in.", todo))
    elif begun and jira.deployment == "data_center" and (jira.email or jira.cloud_id):
        todo = "Leave both out, or set trackers.jira.deployment to cloud."
        checked.append(wrong("trackers.jira", "Data Center takes a token alone, no email and no cloud_id.", todo))
    return checked


def routes(settings: Settings, catalogue: Catalogue) -> list[Checked]:
    """Whether the routes speak of what the catalogue lists; a name that it does not list matches nothing."""
    names: dict[str, Collection[str]] = {
        "services": catalogue.services,
        "models": catalogue.models,
        "teams": catalogue.teams,
    }
    return [
        warn(
            f"trackers.routes.{number}.{condition}",
            f"{listed(unknown)}: the catalogue does not list that, so nothing goes this way.",
            "Correct the name, or add it to the catalogue.",
        )
        for number, route in enumerate(settings.trackers.routes)
        for condition, known in names.items()
        if (unknown := [name for name in getattr(route, condition) if name not in known])
    ]


def hearing(settings: Settings, places: Sequence[Place]) -> list[Checked]:
    """Whether the trackers in use can tell us at once what changes."""
    checked = []
    for name, secret in (
        ("github", settings.trackers.github.webhook_secret),
        ("jira", settings.trackers.jira.webhook_secret),
    ):
        what = f"trackers.{name}.webhook_secret"
        if all(place.tracker != name for place in places):
            continue
        if _is_set(secret):
            checked.append(ok(what, "It is set."))
            continue
        minutes = f"{settings.trackers.sync_every.total_seconds() / 60:g} min"
        found = f"There is none, so webhooks are turned away, and a change is known after {minutes} at most."
        todo = f"Where that is too late, make a webhook to {settings.url}/webhooks/{name}, and set its secret here."
        checked.append(warn(what, found, todo))
    return checked


def _is_set(secret: SecretStr | None) -> bool:
    return secret is not None and bool(secret.get_secret_value())


def doors(settings: Settings) -> list[Checked]:
    """Whether incidents can come in."""
    pagerduty = (
        ok("pagerduty.secrets", f"{len(settings.pagerduty.secrets)} signing secret(s).")
        if settings.pagerduty.secrets
        else warn(
            "pagerduty.secrets",
            "There is none, so PagerDuty's webhooks are turned away.",
            "Where you use PagerDuty, set pagerduty.secrets to the webhook's signing secret.",
        )
    )
    generic = (
        ok("incidents.token", "It is set.")
        if settings.incidents.token is not None and settings.incidents.token.get_secret_value()
        else warn(
            "incidents.token",
            "There is none, so incidents sent as CloudEvents are turned away.",
            "Where you use them, set incidents.token to a long random text that senders bring.",
        )
    )
    return [pagerduty, generic]


def notify(settings: Settings) -> list[Checked]:
    """Whether people can be told what is asked of them. No address is quoted: each holds a secret."""
    told = told_by_name(settings)
    checked = [
        wrong(f"notify {name}, channel {number}", found, "Correct it: nothing can be sent over it.")
        for name, recipient in told.items()
        for number, address in enumerate(recipient.channels, 1)
        if (found := address_fault(address))
    ]
    checked += _unlisted_teams(settings)
    if not told:
        todo = "Set notify.admin.channels, and notify.teams and notify.people, to addresses as Apprise writes them."
        checked.append(warn("notify", "There is no channel, so nobody is told what is asked of them.", todo))
    elif ADMIN not in told:
        found = "Who runs Holdfast has no channel, and is not told of trackers that refuse a credential."
        checked.append(warn("notify.admin", found, "Set notify.admin.channels."))
    return checked or [ok("notify", f"{counted(len(told), 'recipient')} can be told. Try `holdfast notify test`.")]


def _unlisted_teams(settings: Settings) -> list[Checked]:
    try:
        listed_teams = read_catalogue(settings.catalogue).teams
    except SettingsError:
        return []  # told of already
    return [
        warn(f"notify.teams.{name}", "The catalogue does not list that team.", "Correct the name, or add the team.")
        for name in settings.notify.teams
        if name not in listed_teams
    ]


def sign_in(settings: Settings) -> Checked:
    """Whether the web app may be served so, and the identity provider is the one that it is said to be."""
    if found := why_not(settings):
        return wrong(*found)
    provider = identity_provider(settings)
    if provider is None:
        return ok("sign_in", f"Nobody has to sign in; only this machine reaches {settings.web.host}.")
    try:
        asyncio.run(provider.describe())
    except ProviderError as error:
        return wrong("sign_in.issuer", str(error), "Correct the address, or see that it can be reached from here.")
    redirect = f"{settings.url}{CALLBACK}"
    return ok("sign_in", f"{provider.issuer} answers. It has to allow the redirect address {redirect}.")
