"""`holdfast trackers`: how far each tracker project is known."""

from datetime import timedelta

from domain.model.taxonomy import FailureKind
from domain.trackers.ports import ProjectSeen, Trouble
from tests.console.conftest import Holdfast
from web.formatting import minute


def test_without_any_project_it_says_when_that_begins(holdfast: Holdfast) -> None:
    assert holdfast.done("trackers").startswith("No tracker project is watched yet")
    assert holdfast.json("trackers") == []


def test_each_project_tells_when_it_was_looked_at_and_what_is_wrong(holdfast: Holdfast) -> None:
    now, book = holdfast.door.now, holdfast.records.seen
    trouble = Trouble(
        kind=FailureKind.UNAUTHORISED,
        says="Jira says 401",
        since=now - timedelta(hours=2),
        retry_at=now + timedelta(hours=1),
    )
    book.keep(ProjectSeen(tracker="github", project="acme/x", looked_at=now, swept_at=now))
    book.keep(ProjectSeen(tracker="jira", project="ACME", trouble=trouble))
    heading, jira, github = holdfast.done("trackers").splitlines()
    assert heading.split()[:3] == ["Project", "State", "Watched"]
    assert github.split() == ["github:acme/x", "ok", "0", *minute(now).split(), *minute(now).split()]
    assert jira.split()[:5] == ["jira:ACME", "refused", "0", "never", "never"]
    assert " ".join(jira.split()).endswith(f"Jira says 401 {minute(trouble.since)} {minute(trouble.retry_at)}")
    assert [project["state"] for project in holdfast.json("trackers")] == ["refused", "ok"]


def test_trouble_without_words_is_told_in_ours(holdfast: Holdfast) -> None:
    now = holdfast.door.now
    trouble = Trouble(kind=FailureKind.NOT_FOUND, says="", since=now, retry_at=now)
    holdfast.records.seen.keep(ProjectSeen(tracker="jira", project="ACME", trouble=trouble))
    assert "the tracker project cannot be found" in holdfast.done("trackers")
