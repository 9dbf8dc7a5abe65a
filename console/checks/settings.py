"""What `holdfast check` looks at: for each setting, whether it can be used, and what to do where it cannot.

Looking changes nothing: no schema is brought up to date, no file is made, nothing is written to a tracker.
"""

import asyncio
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from building.files import read_catalogue, read_policy
from building.recipients import told_by_name
from console.checks.people import people
from console.checks.result import Checked, ok, warn, wrong
from console.checks.trackers import trackers
from console.services.exposure import why_not
from console.services.find_temporal import engine_of_up, is_default, reach
from console.services.record_maintenance import are_there, looked_up, sqlite_file
from console.services.serving import identity_provider
from console.shell.settings_messages import in_words
from domain.lifecycle.closure_rules import RULES
from domain.model.catalogue import Catalogue
from domain.model.policy import Policy
from domain.people.notifications import ADMIN
from integrations.notifiers.apprise import address_fault
from integrations.openid import ProviderError
from records.database import Database, DatabaseError
from records.event_log.ownership import Engines, Ownership
from runtime.settings import Settings, SettingsError, config_path, load_settings
from runtime.temporal import EngineAwayError, engine_id
from web.auth.sign_in import CALLBACK
from web.formatting import counted, listed

PATIENCE = 10
"""Seconds that Temporal has to answer."""


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
        *people(settings),
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
    if not are_there(settings):
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


def _owner(settings: Settings) -> Ownership | None:
    """The engine that owns the records, where there are any that can be read."""
    return looked_up(settings, lambda opened: Engines(opened).owner()) if are_there(settings) else None


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
