"""What Jira answers, as far as it is of use here: Cloud and Data Center, v2 and v3, in one set of records."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, RootModel

from domain.model.values import Utc

PROPERTY = "holdfast"
"""The issue property, and the comment property, that carries our key."""

NEW, DONE = "new", "done"
"""Two of the keys of status categories."""


class Answer(BaseModel):
    """An answer, or a part of one; what is not used of it is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class Named(Answer):
    """A resolution, a component, a kind of link."""

    name: str = ""


class Category(Answer):
    """The category of a status; its key is the same in all languages."""

    key: str


class Status(Answer):
    """A status."""

    id: str = ""
    name: str
    category: Category = Field(alias="statusCategory")

    @property
    def is_done(self) -> bool:
        """Whether Jira takes the work for ended, in whatever way."""
        return self.category.key == DONE


class Person(Answer):
    """An account: Cloud has ids, Data Center names, and keys for itself."""

    account_id: str | None = Field(default=None, alias="accountId")
    key: str | None = None
    name: str | None = None

    @property
    def named(self) -> str | None:
        """How Jira calls the account."""
        return self.account_id or self.name


class Made(Answer):
    """An issue as it is named, and our property of it where that was asked for."""

    id: str
    key: str
    properties: dict[str, Any] = {}

    @property
    def our_key(self) -> str | None:
        """Our key, if it bears one."""
        return _our_key(self.properties.get(PROPERTY))


class Link(Answer):
    """A link as an issue shows it; an inward issue is what comes before "blocks"."""

    type: Named
    inward_issue: Made | None = Field(default=None, alias="inwardIssue")


class Comments(Answer):
    """The comments of an issue, of which only the number is of interest."""

    total: int


class Fields(Answer):
    """The fields of an issue that were asked for. Bodies are documents (v3) or text (v2)."""

    status: Status
    resolution: Named | None = None
    summary: str | None = None
    description: Any = None
    labels: tuple[str, ...] | None = None
    assignee: Person | None = None
    duedate: date | None = None
    issuelinks: tuple[Link, ...] | None = None
    updated: Utc | None = None
    comment: Comments | None = None


class Change(Answer):
    """A field that was changed, with the ids of what it was and became."""

    field: str = ""
    before: str | None = Field(default=None, alias="from")
    after: str | None = Field(default=None, alias="to")


class Changed(Answer):
    """What somebody changed of an issue at once."""

    author: Person | None = None
    items: tuple[Change, ...] = ()

    def of(self, field: str) -> list[Change]:
        """The changes of one field."""
        return [item for item in self.items if item.field.casefold() == field]


class Changelog(Answer):
    """What was changed of an issue, as it is told beside the issue."""

    histories: tuple[Changed, ...] = ()
    total: int = 0


class IssueLog(Answer):
    """The same, asked for by itself."""

    id: str = Field(alias="issueId")
    histories: tuple[Changed, ...] = Field(default=(), alias="changeHistories")


class Changelogs(Answer):
    """A page of the changes of many issues."""

    logs: tuple[IssueLog, ...] = Field(default=(), alias="issueChangeLogs")
    next_page_token: str | None = Field(default=None, alias="nextPageToken")


class Issue(Made):
    """An issue with its fields, and its changelog where that was asked for."""

    fields: Fields
    changelog: Changelog | None = None


class Fetched(Answer):
    """What a bulk fetch brings."""

    issues: tuple[Issue, ...]


class Hit(Answer):
    """An issue that a search found."""

    id: str


class Found(Answer):
    """A page of what a search found: Cloud tells the next page, Data Center how many there are."""

    issues: tuple[Hit, ...]
    is_last: bool = Field(default=False, alias="isLast")
    next_page_token: str | None = Field(default=None, alias="nextPageToken")
    total: int = 0


class Property(Answer):
    """A property of a comment."""

    key: str
    value: Any = None


class Said(Answer):
    """A comment."""

    id: str
    created: Utc
    updated: Utc | None = None
    author: Person | None = None
    body: Any = None
    properties: tuple[Property, ...] = ()

    @property
    def changed(self) -> datetime:
        """When it was written or edited last."""
        return self.updated or self.created

    @property
    def our_key(self) -> str | None:
        """Our key, if it bears one."""
        return next((_our_key(each.value) for each in self.properties if each.key == PROPERTY), None)


class Conversation(Answer):
    """A page of comments."""

    comments: tuple[Said, ...]
    total: int = 0


class OnScreen(Answer):
    """A field on a screen."""

    name: str = ""
    required: bool = False
    has_default: bool = Field(default=False, alias="hasDefaultValue")
    allowed: tuple[dict[str, Any], ...] = Field(default=(), alias="allowedValues")

    @property
    def names(self) -> tuple[str, ...]:
        """The values that it takes, by name; empty where it takes any."""
        return tuple(str(value.get("name") or value.get("value") or value.get("id")) for value in self.allowed)


class CreateField(OnScreen):
    """A field on a create screen."""

    id: str = Field(alias="fieldId")


class Transition(Answer):
    """A way to another status, with the fields of its screen."""

    id: str
    name: str
    to: Status
    available: bool = Field(default=True, alias="isAvailable")
    fields: dict[str, OnScreen] = {}

    def asks_only_for(self, given: Collection[str]) -> bool:
        """Whether it can be made with no more than these fields."""
        needed = {id for id, field in self.fields.items() if field.required and not field.has_default}
        return self.available and needed <= set(given)


class Transitions(Answer):
    """The transitions that are offered for an issue."""

    transitions: tuple[Transition, ...]


class Permission(Answer):
    """Whether we have a permission."""

    have: bool = Field(alias="havePermission")


class Permissions(Answer):
    """Permissions by their keys."""

    permissions: dict[str, Permission]


class ProjectParts(Answer):
    """A project, as far as issues name parts of it."""

    components: tuple[Named, ...] = ()


class LinkTypes(Answer):
    """All kinds of link."""

    types: tuple[Named, ...] = Field(alias="issueLinkTypes")


class Resolutions(RootModel[tuple[Named, ...]]):
    """All resolutions."""


class Statuses(RootModel[tuple[Status, ...]]):
    """All statuses."""


class IssueType(Answer):
    """An issue type."""

    id: str
    name: str


class TypesPage(Answer):
    """A page of issue types, which Cloud and Data Center call by different names."""

    items: tuple[IssueType, ...] = Field(validation_alias=AliasChoices("issueTypes", "values"))
    total: int = 0


class FieldsPage(Answer):
    """A page of the fields of a create screen, which Cloud and Data Center call by different names."""

    items: tuple[CreateField, ...] = Field(validation_alias=AliasChoices("fields", "values", "results"))
    total: int = 0


def _our_key(value: Any) -> str | None:
    key = value.get("key") if isinstance(value, dict) else None
    return key if isinstance(key, str) else None
