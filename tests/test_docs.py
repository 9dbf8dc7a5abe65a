"""The map says what the code does."""

import re
from pathlib import Path
from typing import Any

import pytest
from github import Auth
from github.Issue import Issue
from github.Requester import Requester
from pydantic import BaseModel
from typer.testing import CliRunner

from cli import app
from domain.lifecycle.claims import EXCEPTIONS, FACTOR, GIVEN_FOR, INCIDENTS, ITEM, SECTION
from domain.lifecycle.independence import EXCLUDED, Relation
from domain.lifecycle.permissions import ANY_ROLE, RIGHTS, Act, Action, Right
from domain.lifecycle.stages import TRANSITIONS
from domain.model.policy import Independence, Policy
from domain.model.taxonomy import IssueStatus
from domain.trackers.link_state import Link
from integrations.trackers import webhooks
from integrations.trackers.github.reading import as_told
from integrations.trackers.github.transport import talking
from integrations.trackers.jira import check as jira_check
from integrations.trackers.jira.reading import status_of
from integrations.trackers.jira.responses import Fields
from integrations.trackers.jira.site import JiraSite
from runtime.settings import TrackerSettings

ROOT = Path(__file__).parents[1]
MAP = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TRACKERS = (ROOT / "docs" / "trackers.md").read_text(encoding="utf-8")

ACCOUNTS = (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")


def table(*headings: str) -> list[list[str]]:
    """The rows of the table of docs/trackers.md with these headings, cell by cell."""
    head = f"| {' | '.join(headings)} |\n"
    assert TRACKERS.count(head) >= 1, f"there is no table {headings}"
    rows = []
    for part in TRACKERS.split(head)[1:]:
        for line in part.splitlines()[1:]:
            if not line.startswith("|"):
                break
            rows.append([cell.strip().strip("`") for cell in line.strip("|").split(" | ")])
    return rows


def test_the_drawn_state_machine_is_the_transition_table() -> None:
    drawn = {
        (None if source == "[*]" else source, target)
        for source, target in re.findall(r"^    (\S+) --> (\w+):", MAP, re.MULTILINE)
    }
    assert drawn == {
        (None if source is None else source.value, target.value)
        for source, targets in TRANSITIONS.items()
        for target in targets
    }


def test_every_file_that_the_documents_link_to_is_there() -> None:
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")]
    assert len(documents) > 8
    for document in documents:
        for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} links to {target}"


def test_every_room_of_the_map_is_there() -> None:
    for name in re.findall(r"^(\w+)/ +", MAP, re.MULTILINE):
        assert (ROOT / name).is_dir(), name


def test_every_command_that_the_documents_name_is_there() -> None:
    pages = (ROOT / "README.md", ROOT / "docs" / "editor.md")
    text = "".join(page.read_text(encoding="utf-8") for page in pages) + TRACKERS + ACCOUNTS
    named = set(re.findall(r"(?<!/)holdfast ((?:review|draft|item|issue|audit|records|token) [a-z-]+|[a-z-]+)", text))
    assert len(named) > 10
    for command in sorted(named):
        result = CliRunner().invoke(app, [*command.split(), "--help"])
        assert result.exit_code == 0, f"holdfast {command}: {result.output}"


@pytest.mark.parametrize("row", table("state", "reason", "here"), ids=" ".join)
def test_the_words_of_github_mean_what_the_table_says(row: list[str]) -> None:
    state, reason, here = row
    reasons = {"any": [None, "reopened"], "none, or any other": [None, "reopened", "heard of never"]}.get(
        reason, [reason]
    )
    with talking(Auth.Token("t"), "https://api.github.test", 1, lambda: pytest.fail("nothing is sent")) as requester:
        for each in reasons:
            assert as_told(told_by_github(requester, state, each)).status == here


def told_by_github(requester: Requester, state: str, reason: str | None) -> Issue:
    return Issue(requester, {}, {"state": state, "state_reason": reason, "locked": False}, completed=True)


@pytest.mark.parametrize("row", table("category", "resolution", "status", "here"), ids=" ".join)
def test_the_words_of_jira_mean_what_the_table_says(row: list[str]) -> None:
    category, resolution, status, here = row
    site = JiraSite(url="https://jira.test", token="t", cloud=False)
    for word in words(site, resolution):
        for name in words(site, status):
            key = {"not done": "indeterminate", "done": "done"}[category]
            fields: dict[str, Any] = {
                "status": {"name": name, "statusCategory": {"key": key}},
                "resolution": {"name": word} if word else None,
            }
            assert status_of(site, Fields.model_validate(fields))[0] == here, (word, name)


def words(site: JiraSite, cell: str) -> tuple[str, ...]:
    """What stands in a cell of the table, as words that Jira might say."""
    listed = cell.removeprefix("on `").removesuffix("`")
    if listed != cell:
        return tuple(word.upper() for word in getattr(site, listed))
    return {"none": ("",), "any": ("", "Done", "Archived"), "any other": ("Archived", "Won't Do")}[cell]


def test_the_tables_name_every_status_and_every_state_of_a_link() -> None:
    assert {status for status in IssueStatus if f"`{status}`" not in TRACKERS} == {IssueStatus.UNREAD}
    assert [state for state, _ in table("state", "means")] == list(Link)


def test_the_events_and_permissions_are_those_that_the_code_knows() -> None:
    assert {event for event, _ in table("event", "why")} == {*webhooks._GITHUB, *webhooks._JIRA}
    assert [permission for permission, _ in table("permission", "to")] == list(jira_check._PERMISSIONS)


def test_the_table_of_rights_is_that_of_the_code() -> None:
    rows = ACCOUNTS.split("| what | roles | scope of a token |\n|---|---|---|\n")[1].split("\n\n")[0].splitlines()
    assert [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows] == [
        [_named(action), _held_by(right), right.scope or "–" if right.roles else "–"]
        for action, right in RIGHTS.items()
    ]


def _named(action: Action) -> str:
    return str(action) if isinstance(action, Act) else f"`{action.model_fields['type'].default}`"


def _held_by(right: Right) -> str:
    if right.roles is None:
        return "anybody"
    named = "any role" if right.roles == ANY_ROLE else ", ".join(sorted(right.roles))
    return f"{named} of that team" if right.of_team else named


def test_every_setting_that_the_page_on_trackers_names_is_there() -> None:
    named = {*re.findall(r"`trackers\.([a-z_.]+)`", TRACKERS)}
    named |= {name.lower().replace("__", ".") for name in re.findall(r"HOLDFAST_TRACKERS__([A-Z_]+)", TRACKERS)}
    assert len(named) > 10
    for name in named:
        part: Any = TrackerSettings
        for step in name.split("."):
            assert step in part.model_fields, name
            kinds = [part.model_fields[step].annotation, *getattr(part.model_fields[step].annotation, "__args__", ())]
            part = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    assert {*re.findall(r"`(on_[a-z_]+)", TRACKERS)} == {name for name in Policy.model_fields if name.startswith("on_")}


EXCLUDED_IN_WORDS = {
    Relation.SUBMITTER: "who submitted the text",
    Relation.AUTHOR: "who submitted an earlier one",
    Relation.OWNER: "every owner that the review has had",
    Relation.ITEM_OWNER: "the item's owners",
    Relation.IMPLEMENTER: "who had a hand in it",
    Relation.REQUESTER: "who asked",
}
CLAIMS_IN_WORDS = {
    SECTION: "the text",
    FACTOR: "its factors",
    ITEM: "what items promise",
    INCIDENTS: "its incidents",
    EXCEPTIONS: "its exceptions",
}


def test_the_table_of_what_takes_another_person_is_the_one_in_the_code() -> None:
    head = ["act", "given for, and falls with", *(f"not, under `{column}`" for column in Independence)]
    rows = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for act, excluded in EXCLUDED.items():
        claims = ", ".join(CLAIMS_IN_WORDS[name] for name in GIVEN_FOR[act])
        who = ["; ".join(EXCLUDED_IN_WORDS[relation] for relation in excluded[column]) for column in Independence]
        rows.append(f"| {' | '.join([act.value, claims, *who])} |")
    assert "\n".join(f"  {row}" for row in rows) in ACCOUNTS, "\n".join(rows)
