"""The trackers that can be used with these settings."""

from pydantic import ValidationError

from domain.model.validation_messages import fault
from domain.trackers.ports import IssueTracker
from integrations.trackers.github.tracker import GithubApp, GithubTracker
from integrations.trackers.jira.site import JiraSite
from integrations.trackers.jira.tracker import JiraTracker
from records.store import Records
from runtime.settings import JiraSettings, Settings, SettingsError


def build_trackers(settings: Settings, records: Records) -> dict[str, IssueTracker]:
    """The trackers that can be used with these settings, by name. Raises `SettingsError`."""
    trackers: dict[str, IssueTracker] = {"builtin": records.builtin}
    github, jira = settings.trackers.github, settings.trackers.jira
    if github.token is not None and github.app is not None:
        raise SettingsError("trackers.github: give a token or an app, not both.")
    if github.token is not None:
        trackers["github"] = GithubTracker(github.token.get_secret_value(), github.api_url)
    elif github.app is not None:
        key = github.app.private_key.get_secret_value()
        app = GithubApp(app_id=github.app.id, private_key=key, installation_id=github.app.installation)
        trackers["github"] = GithubTracker(app, github.api_url)
    if jira.url is not None or jira.token is not None:
        trackers["jira"] = JiraTracker(_jira_site(jira), search_lag=jira.search_lag)
    return trackers


def _jira_site(jira: JiraSettings) -> JiraSite:
    told = jira.model_dump(exclude={"deployment", "webhook_secret", "new_per_minute", "search_lag"}, exclude_none=True)
    try:
        return JiraSite.model_validate({**told, "cloud": jira.deployment == "cloud"})
    except ValidationError as error:
        wrong = [f"{'.'.join(('trackers.jira', *map(str, e['loc'])))}: {fault(e, JiraSite)}" for e in error.errors()]
        raise SettingsError("; ".join(wrong)) from None
