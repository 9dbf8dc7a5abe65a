"""Fetching evidence over real HTTP: from listed hosts alone, bounded, and every refusal with its meaning."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from domain.model.attachment import LARGEST
from domain.trackers.ports import (
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TrackerError,
    UnauthorisedError,
    UnavailableError,
)
from integrations.evidence import HOPS, HttpEvidence

PAGES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/runs/4711.txt": (200, {"content-type": "text/plain; charset=utf-8"}, b"it held"),
    "/moved": (302, {"location": "/runs/4711.txt"}, b""),
    "/round": (302, {"location": "/round"}, b""),
    "/away": (302, {"location": "http://169.254.169.254/latest"}, b""),
    "/script": (200, {"content-type": "image/svg+xml"}, b"<svg/>"),
    "/nothing": (200, {"content-type": "text/plain"}, b""),
    "/large": (200, {"content-type": "text/plain"}, b"x" * (LARGEST + 1)),
    "/locked": (403, {}, b""),
    "/busy": (429, {}, b""),
    "/broken": (502, {}, b""),
    "/odd": (418, {}, b""),
    "/packed": (200, {"content-type": "text/plain", "content-encoding": "gzip"}, b"x" * 40),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, headers, body = PAGES.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests are quiet."""


@contextmanager
def serving() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.mark.parametrize("path", ["/runs/4711.txt", "/moved"])
def test_what_is_there_is_fetched_with_its_name_and_kind(host: str, path: str) -> None:
    copy = HttpEvidence([host.upper()]).fetch(f"http://{host}{path}")
    assert (copy.name, copy.media_type, copy.data) == (copy.name, "text/plain", b"it held")
    assert copy.name == "4711.txt"


@pytest.mark.parametrize(
    ("path", "meaning"),
    [
        ("/gone", NotFoundError),
        ("/locked", UnauthorisedError),
        ("/busy", RateLimitedError),
        ("/broken", UnavailableError),
        ("/odd", RejectedError),
        ("/script", RejectedError),
        ("/nothing", RejectedError),
        ("/large", RejectedError),
        ("/round", RejectedError),
        ("/away", RejectedError),
    ],
)
def test_what_is_not_to_be_had_says_why(host: str, path: str, meaning: type[TrackerError]) -> None:
    with pytest.raises(meaning):
        HttpEvidence([host]).fetch(f"http://{host}{path}")


def test_a_redirection_is_followed_only_so_often(host: str) -> None:
    with pytest.raises(RejectedError, match=f"more than {HOPS} redirections away"):
        HttpEvidence([host]).fetch(f"http://{host}/round")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/x",
        "ftp://listed.example/x",
        "file:///etc/passwd",
        "http://somebody@listed.example/x",
        "http://listed.example:8080/x",
        "http://[::1",
        "listed.example",
    ],
)
def test_only_listed_hosts_are_asked(address: str) -> None:
    with pytest.raises(RejectedError):
        HttpEvidence(["listed.example"]).fetch(address)


def test_without_a_list_nothing_is_fetched(host: str) -> None:
    with pytest.raises(RejectedError, match=r"list it in evidence\.hosts"):
        HttpEvidence().fetch(f"http://{host}/runs/4711.txt")


def test_a_host_that_is_away_is_unavailable() -> None:
    with serving() as gone:
        pass
    with pytest.raises(UnavailableError):
        HttpEvidence([gone]).fetch(f"http://{gone}/runs/4711.txt")


def test_what_comes_packed_is_refused_before_it_is_unpacked(host: str) -> None:
    with pytest.raises(RejectedError, match="packed"):
        HttpEvidence([host]).fetch(f"http://{host}/packed")


def test_what_comes_too_slowly_is_given_up(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.evidence.LONGEST", -1.0)
    with pytest.raises(UnavailableError, match="did not come within"):
        HttpEvidence([host]).fetch(f"http://{host}/runs/4711.txt")
