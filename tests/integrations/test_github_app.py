"""Signing in as a GitHub App: tokens are fetched, kept, renewed, and never shown."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from domain.model.taxonomy import IssueStatus
from domain.trackers.ports import IssueSpec, IssueTracker, RateLimitedError, UnauthorisedError, UnavailableError
from integrations.trackers.github.tracker import GithubApp, GithubTracker
from standins.github.server import GithubServer, Installation, running
from tests.integrations.test_github import GithubEngineer
from tests.integrations.tracker_contract import RemoteEngineer, RemoteTrackerContract

SPEC = IssueSpec(key="P1/item-1", project="acme/scoring", title="Alert on drift", body="Why.", labels=("holdfast",))
FETCHES = "/access_tokens$"
LOOK_UPS = "/installation$"


def _keys() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


PRIVATE, PUBLIC = _keys()


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with running() as server:
        yield server


@pytest.fixture
def installation(server: GithubServer) -> Installation:
    return server.accounts.install(PUBLIC)


@pytest.fixture
def github(server: GithubServer, installation: Installation) -> GithubTracker:
    return GithubTracker(GithubApp(4711, PRIVATE), server.url, timeout=5)


class TestGithubTrackerAsApp(RemoteTrackerContract):
    @pytest.fixture
    def tracker(self, server: GithubServer, installation: Installation) -> IssueTracker:
        return GithubTracker(GithubApp(4711, PRIVATE, installation.id), server.url, timeout=5)

    @pytest.fixture
    def engineer(self, server: GithubServer, tracker: IssueTracker) -> RemoteEngineer:
        tracker.check("acme/scoring")
        tracker.read([tracker.ensure_issue(SPEC, None)])  # signed in, so that the next answer is about what is asked
        server.delete(server.issues[0])
        return GithubEngineer(server)

    @pytest.fixture
    def lose_next_answer(self, server: GithubServer) -> Callable[[], None]:
        return lambda: server.answers(502, "Bad Gateway", method="POST", stored=True)


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_an_installation_is_looked_up_and_its_token_fetched_once(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    github.comment(ref, "due:1", "Due on Friday.")
    assert github.read([ref])[0].status is IssueStatus.OPEN
    assert (server.count("GET", LOOK_UPS), server.count("POST", FETCHES)) == (1, 1)


def test_with_its_id_an_installation_is_not_looked_up(server: GithubServer, installation: Installation) -> None:
    github = GithubTracker(GithubApp(4711, PRIVATE, installation.id), server.url)
    github.ensure_issue(SPEC, None)
    assert (server.count("GET", LOOK_UPS), server.count("POST", FETCHES)) == (0, 1)


def test_nothing_is_sent_before_a_token_is_needed(server: GithubServer, github: GithubTracker) -> None:
    github.changes("acme/scoring", None, set())
    assert github.read([]) == []
    assert server.requests == []


def test_many_threads_fetch_one_token_and_do_not_mix(server: GithubServer, github: GithubTracker) -> None:
    specs = [SPEC.model_copy(update={"key": f"item-{n}", "title": f"Item {n}"}) for n in range(16)]
    with ThreadPoolExecutor(16) as pool:
        refs = list(pool.map(lambda spec: github.ensure_issue(spec, None), specs))
    assert [server.issue(ref.key).title for ref in refs] == [spec.title for spec in specs]
    assert server.count("POST", FETCHES) == 1


def test_a_token_is_renewed_shortly_before_it_runs_out(server: GithubServer, installation: Installation) -> None:
    at = [datetime.now(UTC)]
    github = GithubTracker(GithubApp(4711, PRIVATE), server.url, now=lambda: at[0])
    ref = github.ensure_issue(SPEC, None)
    for minutes, fetched in ((54, 1), (1.5, 2)):
        at[0] += timedelta(minutes=minutes)
        github.read([ref])
        assert server.count("POST", FETCHES) == fetched


def test_a_token_that_is_refused_is_given_up_and_another_one_tried_once(
    server: GithubServer, github: GithubTracker
) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.accounts.expire()
    github.comment(ref, "due:1", "Due on Friday.")
    assert server.issue(ref.key).comments[0].startswith("Due on Friday.")
    assert server.count("POST", FETCHES) == 2
    server.answers(401, "Bad credentials", path="/issues", times=2)
    with pytest.raises(UnauthorisedError):
        github.read([ref])
    assert server.count("POST", FETCHES) == 3
    assert github.read([ref])[0].status is IssueStatus.OPEN


def test_a_write_that_was_refused_for_its_token_happens_once(server: GithubServer, github: GithubTracker) -> None:
    github.check("acme/scoring")
    server.answers(401, "Bad credentials", method="POST", path="/issues$")
    github.ensure_issue(SPEC, None)
    assert len(server.issues) == 1


def test_an_app_that_was_installed_again_is_found_again(server: GithubServer, github: GithubTracker) -> None:
    ref = github.ensure_issue(SPEC, None)
    server.accounts.expire()
    server.accounts.installations.clear()
    with pytest.raises(UnauthorisedError, match=r"4711 is not installed on acme/scoring"):
        github.read([ref])
    server.accounts.install(PUBLIC).id = 99
    assert github.read([ref])[0].status is IssueStatus.OPEN


def test_each_owner_has_an_installation_of_its_own(server: GithubServer, github: GithubTracker) -> None:
    server.add_repo("other/serving")
    there = server.accounts.install(PUBLIC, "other")
    refs = [
        github.ensure_issue(SPEC, None),
        github.ensure_issue(SPEC.model_copy(update={"project": "other/serving"}), None),
    ]
    assert [s.status for s in github.read([*refs, *refs])] == [IssueStatus.OPEN] * 4
    assert server.count("POST", FETCHES) == 2
    there.suspended = True
    first, second = github.read(refs)
    assert (first.status, second.status) == (IssueStatus.OPEN, IssueStatus.FORBIDDEN)
    assert "suspended" in second.note
    with pytest.raises(UnauthorisedError, match="suspended"):
        github.read(refs[1:])


def test_an_installation_is_found_through_any_repository_of_its_owner(
    server: GithubServer, installation: Installation, github: GithubTracker
) -> None:
    first = github.ensure_issue(SPEC, None)
    server.add_repo("acme/serving")
    second = github.ensure_issue(SPEC.model_copy(update={"project": "acme/serving"}), None)
    installation.repos = {"acme/serving"}
    fresh = GithubTracker(GithubApp(4711, PRIVATE), server.url)
    assert [s.status for s in fresh.read([first, second])] == [IssueStatus.MISSING, IssueStatus.OPEN]


def test_in_a_renamed_repository_the_app_is_found_all_the_same(server: GithubServer, github: GithubTracker) -> None:
    server.answers(301, headers={"Location": f"{server.url}/repos/acme/scoring/installation"}, path=LOOK_UPS)
    assert github.ensure_issue(SPEC, None).key == "acme/scoring#1"
    other = GithubTracker(GithubApp(4711, PRIVATE), server.url)
    server.answers(301, headers={"Location": "https://elsewhere.test/repositories/1/installation"}, path=LOOK_UPS)
    assert "elsewhere.test" in other.check("acme/scoring")[0]
    again = {"Location": f"{server.url}/repos/acme/scoring/installation"}
    server.answers(301, headers=again, path=LOOK_UPS, times=2)
    assert "too often" in other.check("acme/scoring")[0]


def test_a_limit_and_trouble_while_signing_in_are_told_as_such(server: GithubServer, github: GithubTracker) -> None:
    server.answers(403, "You have exceeded a secondary rate limit.", {"Retry-After": "70"}, path=LOOK_UPS)
    with pytest.raises(RateLimitedError):
        github.ensure_issue(SPEC, None)
    server.answers(502, "Bad Gateway", path=FETCHES)
    with pytest.raises(UnavailableError):
        github.ensure_issue(SPEC, None)
    server.answers(200, body={"token": "ghs_x"}, path=FETCHES)
    with pytest.raises(UnavailableError, match="cannot be read"):
        github.ensure_issue(SPEC, None)
    assert github.ensure_issue(SPEC, None).key == "acme/scoring#1"


def test_nobody_waits_for_long_behind_a_call_that_hangs(server: GithubServer, installation: Installation) -> None:
    server.answers(0, path=FETCHES, times=2)
    github = GithubTracker(GithubApp(4711, PRIVATE, installation.id), server.url, timeout=0.2)
    with ThreadPoolExecutor(4) as pool:
        began = datetime.now(UTC)
        calls = [pool.submit(github.find, "acme/scoring#1") for _ in range(4)]
        errors = [call.exception() for call in calls]
        assert datetime.now(UTC) - began < timedelta(seconds=3)
    assert any(isinstance(error, UnavailableError) for error in errors)


# --- checking ---------------------------------------------------------------------------------------------------------


def test_a_check_names_a_key_that_is_none_and_does_not_repeat_it(server: GithubServer) -> None:
    for key in ("", "secret-and-no-pem", PRIVATE[:300]):
        (sentence,) = GithubTracker(GithubApp(4711, key), server.url).check("acme/scoring")
        assert "The private key of GitHub App 4711 cannot be read" in sentence
        assert not key or key not in sentence
    assert server.requests == []


def test_a_check_names_a_key_of_another_app(server: GithubServer, installation: Installation) -> None:
    (sentence,) = GithubTracker(GithubApp(4711, _keys()[0]), server.url).check("acme/scoring")
    assert "GitHub refuses GitHub App 4711" in sentence
    assert "private key" in sentence


def test_a_check_names_an_app_that_is_not_installed_there(server: GithubServer, installation: Installation) -> None:
    installation.repos = set()
    for app in (GithubApp(4711, PRIVATE), GithubApp(4711, PRIVATE, installation.id), GithubApp(12, PRIVATE)):
        (sentence,) = GithubTracker(app, server.url).check("acme/scoring")
        assert f"App {app.app_id} is not installed on acme/scoring" in sentence


def test_a_check_names_all_that_is_wrong_with_an_installation(server: GithubServer, installation: Installation) -> None:
    installation.suspended, installation.permissions = True, {"metadata": "read", "issues": "read"}
    other, suspended, may, pulls = GithubTracker(GithubApp(4711, PRIVATE, 5), server.url).check("acme/scoring")
    assert f"as installation {installation.id}, not 5" in other
    assert "suspended" in suspended
    assert "Issues: read on acme/scoring" in may
    assert "Issues: read and write" in may
    assert "Pull requests: read-only" in pulls
    installation.suspended, installation.permissions = False, {"metadata": "read", "pull_requests": "read"}
    (may,) = GithubTracker(GithubApp(4711, PRIVATE), server.url).check("acme/scoring")
    assert "Issues: none" in may


def test_an_installation_that_is_not_there_any_more_is_named(server: GithubServer, installation: Installation) -> None:
    with pytest.raises(UnauthorisedError, match=r"no installation 5 any more"):
        GithubTracker(GithubApp(4711, PRIVATE, 5), server.url).find("acme/scoring#1")


def test_keys_and_tokens_are_in_no_message_and_no_log(
    server: GithubServer, github: GithubTracker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "github")
    ref = github.ensure_issue(SPEC, None)
    server.accounts.refuse()
    with pytest.raises(UnauthorisedError) as caught:
        github.read([ref])
    said = f"{caught.value!r} {caught.value.__cause__!r} {github.check('acme/scoring')} {GithubApp(4711, PRIVATE)}"
    for text in (said, caplog.text):
        assert "ghs_" not in text
        assert "PRIVATE KEY" not in text
        assert "Bearer" not in text
