"""What all stand-ins share, over real HTTP: the log, the faults, and trouble that can be repeated."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import httpx
import pytest

from standins.http import SLOWEST, Answer, Request, Standin, Trouble, serving

AFTER = (Trouble.BAD_GATEWAY_AFTER, Trouble.DROPPED_AFTER, Trouble.SLOW)


class Shelf(Standin):
    """Keeps what is put on it."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []

    def truth(self, request: Request) -> Answer:
        if request.method == "GET":
            return Answer(304 if request.query.get("have") else 200, self.kept, {"ETag": '"1"'})
        if request.method == "DELETE":
            self.kept.clear()
            return Answer(204, None)
        self.kept.append(request.path)
        return Answer(201, {"body": request.body, "bytes": len(request.raw)})


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with serving(Shelf()) as shelf:
        yield shelf


@pytest.fixture
def client(shelf: Shelf) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shelf.url, timeout=5, trust_env=False) as client:
        yield client


def outcomes(client: httpx.Client, paths: list[str]) -> list[int]:
    """What each POST was answered with; 0: nothing."""
    found = []
    for path in paths:
        try:
            found.append(client.post(path).status_code)
        except httpx.TransportError:
            found.append(0)
    return found


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_what_is_sent_arrives_as_json_and_as_raw_bytes(shelf: Shelf, client: httpx.Client, method: str) -> None:
    assert client.request(method, "/a", content=b'{"b": 1 }').json() == {"body": {"b": 1}, "bytes": 9}
    assert client.request(method, "/a", content=b"not json").json() == {"body": None, "bytes": 8}
    assert shelf.requests[0].raw == b'{"b": 1 }'


def test_answers_without_a_body_leave_the_connection_usable(client: httpx.Client) -> None:
    client.post("/a")
    assert client.delete("/").status_code == 204
    unchanged = client.get("/", params={"have": "1"})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", '"1"')
    assert client.get("/").json() == []


def test_a_fault_comes_before_or_after_what_was_asked_is_done(shelf: Shelf, client: httpx.Client) -> None:
    shelf.answers(502, method="POST")
    shelf.answers(502, method="POST", stored=True)
    shelf.breaks("POST")
    shelf.breaks("POST", stored=True)
    assert outcomes(client, ["/1", "/2", "/3", "/4", "/5"]) == [502, 502, 0, 0, 201]
    assert shelf.kept == ["/2", "/4", "/5"]


def test_healing_takes_faults_back(shelf: Shelf, client: httpx.Client) -> None:
    shelf.answers(500, times=9)
    shelf.heal()
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("kind", Trouble)
def test_each_kind_of_trouble_does_what_it_says(shelf: Shelf, client: httpx.Client, kind: Trouble) -> None:
    shelf.trouble(Random(1), share=1, kinds=[kind])
    began = time.monotonic()
    (status,) = outcomes(client, ["/1"])
    assert time.monotonic() - began < SLOWEST + 3
    assert shelf.kept == (["/1"] if kind in AFTER else [])
    expected = {Trouble.LIMITED: 429, Trouble.SLOW: 201, Trouble.DROPPED: 0, Trouble.DROPPED_AFTER: 0}
    assert status == expected.get(kind, 502)
    assert shelf.troubled == {kind: 1}
    shelf.calm()
    assert outcomes(client, ["/2"]) == [201]


def test_trouble_meets_the_share_that_it_was_told_to(shelf: Shelf) -> None:
    shelf.trouble(Random(7), share=0.2, kinds=[Trouble.BAD_GATEWAY])
    for n in range(2000):
        shelf.answer(Request("POST", f"/{n}", {}, None, {}))
    assert 340 < shelf.troubled[Trouble.BAD_GATEWAY] < 460


def test_trouble_is_the_same_again_whatever_other_threads_do() -> None:
    paths = [f"/{n}" for n in range(60)]
    runs = []
    for threads in (1, 8):
        with serving(Shelf()) as shelf, httpx.Client(base_url=shelf.url, trust_env=False) as client:
            shelf.trouble(Random(3), share=0.5, kinds=[Trouble.BAD_GATEWAY, Trouble.LIMITED])
            with ThreadPoolExecutor(threads) as pool:
                runs.append(list(pool.map(lambda path: outcomes(client, [path, path]), paths)))
    assert runs[0] == runs[1]


def test_trouble_can_be_kept_to_some_requests(shelf: Shelf, client: httpx.Client) -> None:
    shelf.trouble(Random(1), share=1, kinds=[Trouble.BAD_GATEWAY], method="POST", path="^/a")
    assert outcomes(client, ["/a", "/b"]) == [502, 201]
    assert client.get("/a").status_code == 200


def test_requests_that_are_forgotten_are_still_counted(shelf: Shelf, client: httpx.Client) -> None:
    outcomes(client, ["/1", "/2", "/2"])
    shelf.keep(requests=2)
    client.get("/1")
    assert [r.path for r in shelf.requests] == ["/2", "/1"]
    assert (shelf.count(), shelf.count("POST"), shelf.count(path="^/1$")) == (4, 3, 2)
    shelf.forget()
    assert shelf.count() == 0


def test_a_client_that_hangs_up_is_not_a_failure_of_the_server(
    shelf: Shelf, client: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    shelf.trouble(Random(2), share=1, kinds=[Trouble.SLOW])
    for n in range(5):
        with pytest.raises(httpx.TimeoutException):
            client.get(f"/{n}", timeout=0.001)
    shelf.calm()
    time.sleep(SLOWEST)
    assert client.get("/").status_code == 200
    assert capfd.readouterr().err == ""


def test_what_happens_is_told_to_every_listener(shelf: Shelf) -> None:
    told: list[tuple[str, object]] = []
    shelf.listeners += [lambda event, payload: told.append((event, payload))] * 2
    shelf.tell("kept", {"a": 1})
    assert told == [("kept", {"a": 1})] * 2
