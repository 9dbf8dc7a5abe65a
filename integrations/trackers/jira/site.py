"""One Jira as its settings describe it: where it is, how to sign in, and what its words mean."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import Field, SecretStr, model_validator

from domain.model.taxonomy import Severity
from domain.model.values import Record


class JiraSite(Record):
    """A Jira, and how action items are to look in it.

    Three ways to sign in: Cloud with an account's `email` and API `token`; Data Center (`cloud` false) with a personal
    access `token`; Cloud with an OAuth access `token` for the site `cloud_id`. `url` is the address that people use.
    """

    url: str = Field(pattern=r"^https?://[^\s/]+")
    token: SecretStr
    cloud: bool = True
    email: str = ""
    cloud_id: str = Field(default="", pattern=r"^[A-Za-z0-9-]*$")
    oauth_url: str = "https://api.atlassian.com/ex/jira"
    issue_type: str = "Task"
    priorities: Mapping[Severity, str] = {}
    components: Mapping[str, tuple[str, ...]] = Field(default={}, description="by service")
    fields: Mapping[str, Any] = Field(
        default={}, description="values of further fields, by field id, as Jira takes them"
    )
    done_resolutions: tuple[str, ...] = ("Done", "Fixed", "Resolved")
    done_statuses: tuple[str, ...] = Field(default=("Done",), description="count where an issue has no resolution")
    duplicate_resolutions: tuple[str, ...] = ("Duplicate",)
    declined_resolution: str = "Won't Do"
    blocks_link_type: str = "Blocks"

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        if not re.fullmatch(r"[!-~]+", self.token.get_secret_value()):
            raise ValueError("the token is empty, or has characters in it that no token has")
        if self.cloud and bool(self.email) == bool(self.cloud_id):
            raise ValueError("Jira Cloud needs either an email (with an API token) or a cloud_id (with an OAuth token)")
        if not self.cloud and (self.email or self.cloud_id):
            raise ValueError("Jira Data Center needs a personal access token, and neither an email nor a cloud_id")
        return self

    @property
    def api_url(self) -> str:
        """Where requests go."""
        return f"{self.oauth_url.rstrip('/')}/{self.cloud_id}" if self.cloud_id else self.url.rstrip("/")


def is_among(name: str, names: Iterable[str]) -> bool:
    """Whether a name is one of some, however it is capitalised."""
    return name.casefold() in {each.casefold() for each in names}
