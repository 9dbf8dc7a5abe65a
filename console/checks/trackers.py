"""What `holdfast check` looks at in trackers: credentials, routes, every project that is named, and webhooks."""

import tempfile
from collections.abc import Collection, Mapping, Sequence

from pydantic import SecretStr, TypeAdapter

from building.files import read_catalogue, read_routing
from building.trackers import build_trackers
from console.checks.result import Checked, ok, warn, wrong
from domain.model.catalogue import Catalogue
from domain.model.tracker_routing import Place, PlaceText
from domain.trackers.ports import IssueTracker, TrackerError
from records.database import Database
from records.store import Records
from runtime.settings import Settings, SettingsError, TrackerSettings
from web.formatting import listed

_PLACE: TypeAdapter[Place] = TypeAdapter(PlaceText)


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
