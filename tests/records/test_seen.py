from datetime import UTC, datetime, timedelta

from domain.model.taxonomy import FailureKind, IssueStatus
from domain.trackers.ports import IssueSeen, ProjectSeen, Trouble
from records.store import Records

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_how_far_a_project_is_known_is_kept_and_kept_anew(records: Records) -> None:
    assert records.seen.project("github", "acme/x") == ProjectSeen(tracker="github", project="acme/x")
    trouble = Trouble(kind=FailureKind.UNAUTHORISED, everywhere=True, says="no", since=NOW, retry_at=NOW)
    known = ProjectSeen(tracker="github", project="acme/x", cursor="1", looked_at=NOW, trouble=trouble)
    records.seen.keep(known)
    assert (records.seen.project("github", "acme/x"), records.seen.troubled("github")) == (known, trouble)
    well = known.model_copy(update={"cursor": "2", "swept_at": NOW, "trouble": None})
    records.seen.keep(well)
    assert (records.seen.projects(), records.seen.troubled("github")) == ([well], None)


def test_what_was_seen_later_counts_whenever_it_is_kept(records: Records) -> None:
    late = IssueSeen(tracker="jira", id="1", status=IssueStatus.DONE, seen_at=NOW + timedelta(minutes=1))
    early = late.model_copy(update={"status": IssueStatus.OPEN, "seen_at": NOW})
    for order in ([early, late], [late, early]):
        records.seen.see(order)
        assert records.seen.issues("jira", ["1", "2"]) == {"1": late}


def test_a_wish_stays_until_it_is_fulfilled_and_one_asked_anew_longer(records: Records) -> None:
    records.seen.want("jira", ["2", "1", "2"])
    asked = records.seen.wanted("jira", 10)
    assert set(asked) == {"1", "2"}
    assert (records.seen.to_start(), records.seen.to_start()) == (["jira"], [])
    records.seen.want("jira", ["2"])
    records.seen.looked("jira", asked)
    assert set(records.seen.wanted("jira", 10)) == {"2"}
    records.seen.want("jira", [])
    assert records.seen.wanted("github", 10) == {}
