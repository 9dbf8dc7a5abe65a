"""What all stand-ins share: a loopback HTTP server, the requests that it saw, and faults in place of the truth."""

import json
import re
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Event, RLock, Thread
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

SLOWEST = 0.3
"""Seconds that a slow answer takes at most: trouble is to be met often, not to be sat out."""


@dataclass
class Answer:
    """What goes back, `delay` seconds later. A body that is a string is sent as it is; 204 and 304 have none."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass
class Fault:
    """What is answered in place of the truth; no `answer`: the connection breaks. `stored`: after doing as asked."""

    answer: Answer | None
    method: str
    path: str
    stored: bool
    times: int


@dataclass(frozen=True)
class Request:
    """What came in. `body` is what the raw bytes say as JSON, none where they say nothing; header names are lower."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]
    raw: bytes = b""


class Trouble(StrEnum):
    """What a request can meet while there is trouble. `…_AFTER`: what was asked for has been done, and nobody knows."""

    BAD_GATEWAY = "bad gateway"
    BAD_GATEWAY_AFTER = "bad gateway after"
    DROPPED = "dropped"
    DROPPED_AFTER = "dropped after"
    LIMITED = "limited"
    SLOW = "slow"


@dataclass
class _Troubles:
    """Trouble that lasts until it is calm.

    What a request meets depends on the seed and on how often its method and path were asked for, not on what other
    threads ask for meanwhile: a run can be repeated.
    """

    seed: int
    share: float
    kinds: Sequence[Trouble]
    method: str
    path: str
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)

    def meets(self, request: Request) -> tuple[Trouble | None, Random]:
        if self.method not in ("", request.method) or not re.search(self.path, request.path):
            return None, Random(0)
        which = (request.method, request.path)
        self.asked[which] += 1
        chance = Random(f"{self.seed} {which} {self.asked[which]}")
        return (chance.choice(self.kinds) if chance.random() < self.share else None), chance


class Standin:
    """A vendor's server as far as it is acted. Derive from it, and give `truth`; `serving` serves one.

    Its life is: made, served, asked and switched about from any thread, released. `listeners` are told by name and
    payload what happens in it (see `standins.webhooks`). `troubled` counts what requests met.
    """

    url = ""

    def __init__(self) -> None:
        self.lock = RLock()
        self.requests: list[Request] = []
        self.released = Event()
        self.troubled: Counter[Trouble] = Counter()
        self.listeners: list[Callable[[str, dict[str, Any]], None]] = []
        self._faults: list[Fault] = []
        self._troubles: _Troubles | None = None
        self._kept: int | None = None
        self._forgotten: Counter[tuple[str, str]] = Counter()

    def truth(self, request: Request) -> Answer:
        """What the vendor would answer. Called under the lock."""
        raise NotImplementedError

    def complaint(self, message: str) -> Any:
        """The body of an error answer, in the vendor's shape."""
        return {"message": message}

    def limited(self, request: Request, chance: Random) -> Answer:
        """How the vendor says "not now", with a wait of about a second; `chance` chooses where there are ways."""
        return Answer(429, self.complaint("Too many requests"), {"Retry-After": "1"})

    # --- switches -----------------------------------------------------------------------------------------------------

    def answers(
        self,
        status: int,
        message: str = "",
        headers: dict[str, str] | None = None,
        *,
        body: Any = None,
        method: str = "",
        path: str = "",
        stored: bool = False,
        times: int = 1,
    ) -> None:
        """Give this answer to the next requests whose method and path (a pattern) match; status 0: say nothing."""
        answer = Answer(status, self.complaint(message) if body is None else body, headers or {})
        with self.lock:
            self._faults.append(Fault(answer, method, path, stored, times))

    def breaks(self, method: str = "", path: str = "", *, stored: bool = False, times: int = 1) -> None:
        """Break the connection in place of an answer."""
        with self.lock:
            self._faults.append(Fault(None, method, path, stored, times))

    def heal(self) -> None:
        """Take all faults back."""
        with self.lock:
            self._faults.clear()

    def trouble(
        self,
        random: Random,
        share: float = 0.2,
        kinds: Sequence[Trouble] = tuple(Trouble),
        *,
        method: str = "",
        path: str = "",
    ) -> None:
        """Let a share of the requests (those whose method and path match) meet one of these kinds, until `calm`."""
        with self.lock:
            self._troubles = _Troubles(random.getrandbits(64), share, tuple(kinds), method, path)

    def calm(self) -> None:
        """End the trouble."""
        with self.lock:
            self._troubles = None

    def keep(self, requests: int) -> None:
        """Keep only the last so many requests; of older ones there is only what `count` needs."""
        with self.lock:
            self._kept = requests
            self._forget_old()

    def forget(self) -> None:
        """Begin to log and to count anew."""
        with self.lock:
            self.requests.clear()
            self._forgotten.clear()
            self.troubled.clear()

    def count(self, method: str = "", path: str = "") -> int:
        """How many requests came in (`method` empty: any; `path` is a pattern)."""
        with self.lock:
            seen = Counter(self._forgotten)
            seen.update((r.method, r.path) for r in self.requests)
            return sum(n for (m, p), n in seen.items() if method in ("", m) and re.search(path, p))

    # --- answering ----------------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request; none: break the connection."""
        with self.lock:
            self.requests.append(request)
            self._forget_old()
            fault = self.fault_for(request)
            if fault is not None:
                if fault.stored:
                    self.truth(request)
                return fault.answer
            trouble, chance = self._troubles.meets(request) if self._troubles else (None, Random(0))
            if trouble is None:
                return self.truth(request)
            self.troubled[trouble] += 1
            return self._in_trouble(trouble, chance, request)

    def fault_for(self, request: Request) -> Fault | None:
        """The fault that this request meets, if any; one that was set for some times is used up by that."""
        for fault in self._faults:
            if fault.method in ("", request.method) and re.search(fault.path, request.path):
                fault.times -= 1
                if fault.times == 0:
                    self._faults.remove(fault)
                return fault
        return None

    def tell(self, event: str, payload: dict[str, Any]) -> None:
        """Tell the listeners that something happened, in the vendor's words."""
        for listener in self.listeners:
            listener(event, payload)

    def _in_trouble(self, trouble: Trouble, chance: Random, request: Request) -> Answer | None:
        if trouble is Trouble.LIMITED:
            return self.limited(request, chance)
        if trouble not in (Trouble.BAD_GATEWAY, Trouble.DROPPED):
            truth = self.truth(request)
            if trouble is Trouble.SLOW:
                return Answer(truth.status, truth.body, truth.headers, delay=chance.uniform(0, SLOWEST))
        if trouble in (Trouble.DROPPED, Trouble.DROPPED_AFTER):
            return None
        return Answer(502, self.complaint("Bad Gateway"))

    def _forget_old(self) -> None:
        old = len(self.requests) - self._kept if self._kept is not None else 0
        if old > 0:
            self._forgotten.update((r.method, r.path) for r in self.requests[:old])
            del self.requests[:old]


def _handler(server: Standin) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # head and body in one packet; in two, the second waits 40 ms for the first one's receipt

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = server.answer(Request(self.command, parts.path, query, _json(raw), headers, raw))
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            if answer.status == 0:  # say nothing until the test is over
                server.released.wait()
                self.close_connection = True
                return
            if answer.delay:
                server.released.wait(answer.delay)
            self._send(answer)

        def _send(self, answer: Answer) -> None:
            text = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
            self.send_response(answer.status)
            bodiless = answer.status in (204, 304)
            kind = {} if bodiless else {"Content-Type": "application/json", "Content-Length": str(len(text))}
            for name, value in {**kind, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if not bodiless:
                self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: tests look at `requests`."""

    return Handler


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


class _HttpServer(ThreadingHTTPServer):
    request_queue_size = 64  # with the usual 5, a burst of connections waits a second for each of the others

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up before they are answered: with short timeouts and kills, they do."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


S = TypeVar("S", bound=Standin)


@contextmanager
def serving(standin: S, port: int = 0) -> Iterator[S]:
    """Serve a stand-in on a loopback port (0: a free one); its `url` says where."""
    http = _HttpServer(("127.0.0.1", port), _handler(standin))
    standin.url = f"http://127.0.0.1:{http.server_port}"
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield standin
    finally:
        standin.released.set()
        http.shutdown()
        thread.join()
        http.server_close()
