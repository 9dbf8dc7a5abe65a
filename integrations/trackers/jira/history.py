"""Who had a hand in an issue in Jira, as its changelog tells it.

The change that closed it is not known: what the development panel shows is in no public API, and links to pull requests
have no author.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from integrations.trackers.jira.responses import Changed, Changelogs, Issue, Person, Statuses
from integrations.trackers.jira.site import JiraSite
from integrations.trackers.jira.transport import Api, Refusal

EXPAND = "changelog"

_MOST = 40
"""Cloud tells no more than so many changes beside an issue, and not dependably that there are others ("Bulk fetch
issues" in Atlassian's description of the API)."""

_THOUSAND = 1000
_ASSIGNEE, _STATUS = "assignee", "status"
_NOBODY = "anonymous"
"""As Jira calls who changes something without an account, or has none any more."""


def doers_of(api: Api, site: JiraSite, issues: Mapping[str, Issue]) -> dict[str, tuple[str, ...]]:
    """Whoever is or was assigned to each issue, or brought it to a status that is done, by the issue's id.

    An issue whose history is not all to be seen is left out. More requests are made only where there is more to ask:
    a long changelog on Cloud, a status that none of the issues is in, an account that Data Center names by its key.
    """
    histories = {id: issue.changelog.histories for id, issue in issues.items() if issue.changelog}
    cut = [id for id, issue in issues.items() if _is_cut(site, issue)]
    histories |= _in_full(api, cut) if cut and site.cloud else {}
    ends = _ends(api, issues.values(), histories)
    names = _Names(api, site, issues.values(), histories)
    return {
        id: tuple(dict.fromkeys(_accounts(issue, histories[id], ends, names)))
        for id, issue in issues.items()
        if (site.cloud or id not in cut) and _is_all_there(issue, histories[id], ends)
    }


def _is_cut(site: JiraSite, issue: Issue) -> bool:
    told = issue.changelog
    return told is None or len(told.histories) < told.total or (site.cloud and len(told.histories) >= _MOST)


def _in_full(api: Api, ids: Sequence[str]) -> dict[str, tuple[Changed, ...]]:
    """The changes of assignee and status of these issues, oldest first. Data Center has no such request."""
    found: dict[str, tuple[Changed, ...]] = dict.fromkeys(ids, ())
    for start in range(0, len(ids), _THOUSAND):
        asked: dict[str, Any] = {"issueIdsOrKeys": ids[start : start + _THOUSAND], "fieldIds": [_ASSIGNEE, _STATUS]}
        more = True
        while more:
            told = Changelogs.model_validate(api.post("changelog/bulkfetch", asked))
            found |= {log.id: (*found.get(log.id, ()), *log.histories) for log in told.logs}
            asked["nextPageToken"], more = told.next_page_token, told.next_page_token is not None
    return found


def _ends(api: Api, issues: Iterable[Issue], histories: Mapping[str, tuple[Changed, ...]]) -> dict[str | None, bool]:
    """Of each status that an issue ever came to, whether it is done. One that is gone by now may have been."""
    known: dict[str | None, bool] = {issue.fields.status.id: issue.fields.status.is_done for issue in issues}
    met = {item.after for told in histories.values() for each in told for item in each.of(_STATUS)}
    if not met <= known.keys():
        known |= {status.id: status.is_done for status in Statuses.model_validate(api.get("status")).root}
    return {id: known.get(id, True) for id in met}


def _is_all_there(issue: Issue, histories: tuple[Changed, ...], ends: Mapping[str | None, bool]) -> bool:
    """Whether somebody is known to have closed it, if it is closed."""
    return not issue.fields.status.is_done or any(_closes(each, ends) for each in histories)


def _closes(changed: Changed, ends: Mapping[str | None, bool]) -> bool:
    return any(ends[item.after] for item in changed.of(_STATUS))


def _accounts(
    issue: Issue, histories: tuple[Changed, ...], ends: Mapping[str | None, bool], names: "_Names"
) -> Iterator[str]:
    if issue.fields.assignee is not None:
        yield issue.fields.assignee.named or _NOBODY
    for changed in histories:
        for item in changed.of(_ASSIGNEE):
            yield from (names.of(id) for id in (item.before, item.after) if id)
        if _closes(changed, ends):
            yield (changed.author.named if changed.author else None) or _NOBODY


class _Names:
    """What the accounts are called that a changelog names: on Data Center it has their keys, which people never see."""

    def __init__(
        self, api: Api, site: JiraSite, issues: Iterable[Issue], histories: Mapping[str, tuple[Changed, ...]]
    ) -> None:
        self._api = api
        self._cloud = site.cloud
        seen = [*(issue.fields.assignee for issue in issues), *(c.author for told in histories.values() for c in told)]
        self._known = {person.key: person.name for person in seen if person and person.key and person.name}

    def of(self, id: str) -> str:
        """The account as it signs in; its key, where there is no such account any more."""
        if self._cloud:
            return id
        if id not in self._known:
            try:
                self._known[id] = Person.model_validate(self._api.get("user", key=id)).name or id
            except Refusal as refusal:
                if not refusal.is_gone:
                    raise
                self._known[id] = id
        return self._known[id]
