from activities.reading import read_following
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import IssueSpec
from integrations.trackers.github.tracker import GithubTracker
from standins.github.server import TOKEN, running


def test_an_issue_that_github_transferred_is_read_where_it_is_now() -> None:
    with running() as server:
        there = server.add_repo("acme/elsewhere")
        tracker = GithubTracker(TOKEN, server.url)
        specs = [IssueSpec(key=f"k{n}", project="acme/scoring", title="T", body="B") for n in range(3)]
        stays, moves, hidden = (tracker.ensure_issue(spec, None) for spec in specs)
        server.close(server.transfer(server.issue(moves.key), there))
        server.delete(server.issue(hidden.key))
        found = read_following(tracker, [moves, stays, hidden])
    assert [snapshot.asked for snapshot in found] == [moves, stays, hidden]
    assert [snapshot.status for snapshot in found] == [IssueStatus.DONE, IssueStatus.OPEN, IssueStatus.MISSING]
    assert found[0].ref is not None
    assert found[0].ref.project == "acme/elsewhere"
    assert found[0].ref.id != moves.id
