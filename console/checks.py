"""What `holdfast check` looks at: for each setting, whether it can be used, and what to do where it cannot.

Looking changes nothing: no schema is brought up to date, no file is made, nothing is written to a tracker.
"""

import asyncio
import tempfile
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

import worker
from console.addresses import is_loopback
from console.mistakes import in_words
from console.reaching import engine_of_up, is_default, reach
from console.recordkeeping import sqlite_file
from domain.catalogue import Catalogue
from domain.policy import Policy
from domain.rules import RULES
from domain.values import Record
from records.database import Database, DatabaseError
from records.engines import Engines, Ownership
from runtime.settings import Settings, SettingsError, config_path, load_settings
from runtime.temporal import EngineAwayError, engine_id
from web.wording import listed

PATIENCE = 10
"""Seconds that Temporal has to answer."""


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
        bind_address(settings),
    ]


def catalogue(settings: Settings) -> list[Checked]:
    """Whether the catalogue can be read, and is there."""
    path = settings.catalogue
    if not path.is_file():
        found = f"{path} is not there, so no incident qualifies for a review by itself."
        return [warn("catalogue", found, "Copy catalogue.example.yaml to it and name your services.")]
    try:
        read = worker.read_catalogue(path)
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
        read = worker.read_policy(settings.policy)
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
    with tempfile.TemporaryDirectory() as empty:
        apart = settings.model_copy(update={"database_url": SecretStr(f"sqlite:///{empty}/records.db")})
        try:
            parts = worker.build_parts(apart)
        except SettingsError:
            return [warn("trackers", "Not looked at, since a file cannot be read.", "Correct that first.")]
        parts.records.database.close()
    checked, unlisted = [], ""
    for name, project in sorted({parts.places.place_for(service) for service in (unlisted, *parts.catalogue.services)}):
        what, tracker = f"tracker {name}:{project}", parts.trackers.get(name)
        if tracker is None:
            todo = (
                "Set trackers.github.token (HOLDFAST_TRACKERS__GITHUB__TOKEN)."
                if name == "github"
                else "Write `builtin` or `github:owner/repository`."
            )
            ready = ", ".join(sorted(parts.trackers))
            checked.append(wrong(what, f"There is no tracker {name!r} set up; ready are {ready}.", todo))
            continue
        said = tracker.check(project)
        checked += [wrong(what, sentence, "Its items cannot be opened until then.") for sentence in said]
        if not said:
            checked.append(ok(what, "It can be worked with."))
    return checked


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


def bind_address(settings: Settings) -> Checked:
    """Whether the web app keeps to this machine, as it has to without sign-in."""
    host = settings.web.host
    if is_loopback(host):
        return ok("web.host", f"{host}: only this machine reaches it.")
    return wrong(
        "web.host", f"{host} can be reached from outside, and there is no sign-in yet.", "Set it to 127.0.0.1."
    )
