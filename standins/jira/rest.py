"""Jira's REST API as far as it is acted: which request is answered by what.

Paths, parameters and statuses follow "The Jira Cloud platform REST API" and "Jira Data Center REST API" at
developer.atlassian.com. What they leave open (which of 400, 403 and 404 it is) follows what is known of the real ones.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

from standins.http import Answer, Request
from standins.jira.about import SiteAnswers
from standins.jira.fields import RefusedError
from standins.jira.issues import IssueAnswers
from standins.jira.requests import errors
from standins.jira.search import SearchAnswers


class Rest(SiteAnswers, IssueAnswers, SearchAnswers):
    """Answers one signed-in request."""

    def answer(self, request: Request, path: str) -> Answer:
        """The answer to a request; `path` is what follows the version."""
        known = False
        for method, pattern, cloud, act in ROUTES:
            found = re.fullmatch(pattern, path)
            if found is None or cloud not in (None, self.cloud):
                continue
            known = True
            if method == request.method:
                try:
                    return act(self, request, *(unquote(part) for part in found.groups()))
                except RefusedError as refusal:
                    return errors(refusal.status, *refusal.messages, **refusal.fields)
                except (KeyError, TypeError, AttributeError, ValueError):
                    return errors(400, "Invalid request payload. Refer to the REST API documentation and try again.")
        return errors(405 if known else 404, "Method Not Allowed" if known else "null for uri")


_ISSUE = "/issue/([^/]+)"
ROUTES: tuple[tuple[str, str, bool | None, Callable[..., Answer]], ...] = (
    ("GET", "/serverInfo", None, Rest.server_info),
    ("GET", "/myself", None, Rest.myself),
    ("GET", "/mypermissions", None, Rest.my_permissions),
    ("GET", "/field", None, Rest.fields),
    ("GET", "/priority", None, Rest.priorities),
    ("GET", "/resolution", None, Rest.resolutions),
    ("GET", "/status", None, Rest.statuses),
    ("GET", "/issueLinkType", None, Rest.link_types),
    ("GET", "/user", None, Rest.user),
    ("GET", "/user/search", None, Rest.users),
    ("GET", "/user/assignable/(?:multiProjectSearch|search)", None, Rest.assignable_users),
    ("GET", "/project/([^/]+)", None, Rest.project),
    ("GET", "/issue/createmeta/([^/]+)/issuetypes", None, Rest.creatable_types),
    ("GET", "/issue/createmeta/([^/]+)/issuetypes/([^/]+)", None, Rest.creatable_fields),
    ("POST", "/issue/bulkfetch", True, Rest.bulk_fetch),
    ("POST", "/changelog/bulkfetch", True, Rest.bulk_changes),
    ("GET", "/search/jql", True, Rest.search_jql),
    ("POST", "/search/jql", True, Rest.search_jql),
    ("GET", "/search", True, Rest.search_gone),
    ("POST", "/search", True, Rest.search_gone),
    ("GET", "/search", False, Rest.search),
    ("POST", "/search", False, Rest.search),
    ("POST", "/issue", None, Rest.create),
    ("POST", "/issueLink", None, Rest.link),
    ("GET", _ISSUE, None, Rest.read),
    ("PUT", _ISSUE, None, Rest.edit),
    ("DELETE", _ISSUE, None, Rest.delete),
    ("PUT", f"{_ISSUE}/assignee", None, Rest.assign),
    ("GET", f"{_ISSUE}/comment", None, Rest.comments),
    ("POST", f"{_ISSUE}/comment", None, Rest.comment),
    ("GET", f"{_ISSUE}/remotelink", None, Rest.remote_links),
    ("POST", f"{_ISSUE}/remotelink", None, Rest.remote_link),
    ("GET", f"{_ISSUE}/properties", None, Rest.property_keys),
    ("GET", f"{_ISSUE}/properties/([^/]+)", None, Rest.property),
    ("PUT", f"{_ISSUE}/properties/([^/]+)", None, Rest.set_property),
    ("GET", f"{_ISSUE}/transitions", None, Rest.transitions),
    ("POST", f"{_ISSUE}/transitions", None, Rest.transit),
)
